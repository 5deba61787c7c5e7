"""Numbers in queries that no table holds: the page as if they had not been named."""

import pytest
from werkzeug.datastructures import MultiDict

from tanlian.services.acts.catalogue import act
from tanlian.web.act_forms import filled
from unit.web.conftest import EMITTER

PAGES = {"sessions": "before", "prices": "before", "members": "after", "activity": "before",
         "documents": "before"}  # fmt: skip


@pytest.mark.parametrize("number", ["9" * 30, str(2**63), "-1", "x", "", "1.5"])
@pytest.mark.parametrize("endpoint", PAGES)
def test_page__number_beyond_every_row__as_without_it(site, endpoint, number) -> None:
    site.announce(1, {"opens_at": 1, "cancels_until": 2, "auction_ends_at": 3, "closes_at": 4,
                      "reference_tick": 7_000})  # fmt: skip
    site.join("wang", EMITTER)
    browser = site.browser()
    browser.sign_in("wang")
    answers = [browser.get(endpoint), browser.get(endpoint, **{PAGES[endpoint]: number})]
    assert [answer.status_code for answer in answers] == [200, 200]
    rows = [answer.text.count("<tr>") for answer in answers]
    assert rows[0] == rows[1]


@pytest.mark.parametrize("told", ["3", str(10**15), "-1", "x", ""])
def test_lines_of_a_form__more_announced_than_sent__those_that_were_sent(site, told) -> None:
    sent = MultiDict({"year": "2024", "units-lines": told})
    for number in range(3):
        sent[f"units-{number}-instrument"] = "CEA24"
        sent[f"units-{number}-amount"] = f"{number}"
    with site.app.test_request_context(method="POST", data=sent):
        lines = filled(act("duty.surrender"), lambda name, _content: name).given["units"]
    expected = [] if told == "-1" else ["0", "1", "2"]
    assert [line["amount"] for line in lines] == expected
