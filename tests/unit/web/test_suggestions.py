import pytest

from tanlian.web.suggestions import suggested
from unit.web.conftest import EMITTER


@pytest.mark.parametrize("year", ["", None, "2024", "x", "-1", "99999", "٢٠٢٤", "1e3", "0"])
def test_surrender__year_without_rules_or_none_at_all__nothing_offered(site, year) -> None:
    with site.tables.connect() as db:
        assert suggested(db, "duty.surrender", EMITTER, {"year": year}) == {}
