"""A founded market with an observer and factor sets, and the year before this one open for reports."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.founded import found, ok
from harness.served import Served, served
from harness.visitor import Page, Visitor, joined
from tanlian.bootstrap import serving

REGULATOR, EXCHANGE, BANK, SELLER, BUYER, OTHER, WATCH = range(1, 8)
ALIASES = {REGULATOR: "regulator", SELLER: "seller", BUYER: "buyer", WATCH: "watch"}
LINE = {"lines-lines": "6", "lines-0-method": "fuel", "lines-0-key": "anthracite",
        "lines-0-unit": "t", "lines-0-quantity": "1000"}  # fmt: skip


@contextmanager
def watched(folder: Path) -> Iterator[tuple[Served, str]]:
    """The chain and the address of its pages."""
    with pytest.MonkeyPatch.context() as environment, served(folder, environment) as chain:
        found(chain, folder)
        who = ("--identity", "id:watch", "--name", "The watch", "--roles", "observer")
        ok(chain, "admit", *who, "--account", chain.key("watch").address, "--region", 1,
           "--as", "regulator")  # fmt: skip
        for name in ("ipcc-2006", "gwp-ar5"):
            ok(chain, "emissions", "load-factors", name, "--as", "regulator")
        with serving(chain.target, "127.0.0.1", 0) as address:
            yield chain, address


def people_of(market: tuple[Served, str]) -> dict[int, Visitor]:
    """A person of the regulator, the seller, the buyer and the observer each."""
    return joined(*market, ALIASES)


def open_last_year(chain: Served, regulator: Visitor) -> str:
    number = str(datetime.fromtimestamp(chain.connection().now(), UTC).year - 1)
    done(regulator.act("monitoring.open-year", year=number))
    done(regulator.act("emissions.open-year", year=number, factors="ipcc-2006", gases="gwp-ar5",
                       report_days="3000", verify_days="60", correction_days="30",
                       objection_days="7", most_years="3"))  # fmt: skip
    return number


def done(page: Page) -> Page:
    """The page of an act that is done."""
    assert page.status == 200, page.alerts
    assert page.state == "done", page.text
    return page
