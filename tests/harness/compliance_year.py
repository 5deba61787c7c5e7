"""A served market in a compliance year: reports accepted, one emitter long and one short."""

from pathlib import Path

from harness.founded import found, ok
from harness.profiles import profile_text
from harness.served import Served
from tanlian.services.activity_files import COLUMNS

YEAR = 2024
DOCUMENT = "ab" * 32
OTHER_DOCUMENT = "cd" * 32
REGULATOR = ("--as", "regulator")
RULES = {
    "surrender_deadline": "2098-12-31",
    "carry_window_end": "2098-12-31",
    "carry_deadline": "2099-06-10",
}
CARRY_BASE_T = "1000"
AFTER_DEADLINE = 4_070_908_800  # 2099-01-01
AFTER_CARRY_OVER = 4_085_000_000  # later than 2099-06-10
VERIFIED_T = {"seller": 1_000, "buyer": 12_000}


def open_year(chain: Served, folder: Path) -> Path:
    """Found the market, open the year and bring two reports through verification.

    The seller holds 10,000 t for a duty of 1,000 t, the buyer 10,000 t for one of 12,000 t.
    """
    found(chain, folder)
    account = chain.key("verifier").address
    who = ("--identity", "id:verifier", "--name", "The verifier", "--account", account)
    ok(chain, "admit", *REGULATOR, *who, "--roles", "verifier", "--region", 1)
    for name in ("ipcc-2006", "gwp-ar5"):
        ok(chain, "emissions", "load-factors", name, *REGULATOR)
    ok(chain, "monitoring", "open-year", YEAR, *REGULATOR)
    sets = ("--factors", "ipcc-2006", "--gases", "gwp-ar5")
    ok(chain, "emissions", "open-year", YEAR, *sets, "--report-days", 900, *REGULATOR)
    rules = folder / "rules.toml"
    text = profile_text(**RULES, carry_base_t=CARRY_BASE_T, carry_multiplier="1.5")
    rules.write_text(text, encoding="utf-8")
    ok(chain, "duty", "open-year", "--year", YEAR, "--rules", rules, *REGULATOR)
    for alias, tonnes in VERIFIED_T.items():
        report(chain, folder, alias, tonnes)
    return rules


def report(chain: Served, folder: Path, alias: str, tonnes: int) -> None:
    """Report, verify and accept so many tonnes."""
    activity = folder / f"{alias}.csv"
    line = f"gas,CO2,t,{tonnes},default" + "," * (len(COLUMNS) - 5)
    activity.write_text(f"{','.join(COLUMNS)}\n{line}\n", encoding="utf-8")
    name, by = f"The {alias}", ("--document", DOCUMENT)
    ok(chain, "emissions", "report", YEAR, activity, *by, "--as", alias)
    ok(chain, "emissions", "assign", name, YEAR, "The verifier", *REGULATOR)
    ok(chain, "emissions", "endorse", name, YEAR, "--version", 1, *by, "--as", "verifier")
    ok(chain, "emissions", "accept", name, YEAR, tonnes * 1_000, *by, *REGULATOR)


def go_to(chain: Served, moment: int) -> None:
    """Put the chain's clock to a moment."""
    chain.connection().request("evm_setNextBlockTimestamp", hex(moment))
    chain.connection().request("evm_mine")
