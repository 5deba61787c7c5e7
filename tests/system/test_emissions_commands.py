"""A reporting year from the command line: honest, corrected, and what is refused."""

import pytest

from harness.emissions import sample_lines
from harness.served import served
from tanlian.chain.keys import keccak
from tanlian.domain.emission_methods import total_kg
from tanlian.domain.errors import InvalidInput
from tanlian.domain.factor_set import factor_set
from tanlian.domain.roles import Role
from tanlian.services.activity_files import activity_of, load_activity, rows_of

FIGURE = total_kg(sample_lines(), factor_set("cn-power-2022"), factor_set("gwp-ar5"))
ACTIVITY = """method,key,unit,quantity,basis,ncv,carbon,moisture_received,moisture_dry,share
fuel,coal_bituminous,t,1500000,measured_carbon,,0.5612,,,
fuel,diesel,t,820,,,,,,
process,caco3,t,30000,,,,,,0.93
"""


@pytest.fixture
def activity(tmp_path):
    path = tmp_path / "activity.csv"
    path.write_text(ACTIVITY)
    return path


@pytest.fixture
def market(tmp_path, monkeypatch):
    with served(tmp_path, monkeypatch) as it:
        access = it.deploy()
        for number, (name, role) in enumerate(
            (("emitter", Role.EMITTER), ("verifier", Role.VERIFIER))
        ):
            access.act(
                it.sender("regulator"), "membership", "admit", keccak(name.encode()), name,
                int(role), 1, 21, keccak(b"certificate" + bytes([number])), it.key(name).address,
            )  # fmt: skip
        yield it


def test_load_activity__the_sample__the_same_lines(activity):
    assert tuple(load_activity(activity)) == sample_lines()


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("fuel,diesel", "magic,diesel", "line 3: there is no 'MAGIC'"),
        ("diesel,t", "diesel,barrel", "line 3: there is no 'barrel'"),
        ("820", "-820", "line 3: -820 is negative"),
        ("quantity", "amount", "lacks the columns quantity"),
    ],
)
def test_load_activity__a_fault__refused_with_its_line(activity, old, new, reason):
    activity.write_text(ACTIVITY.replace(old, new))
    with pytest.raises(InvalidInput, match=reason):
        load_activity(activity)


def test_emissions_commands__a_year__from_factors_to_acceptance(market, activity):
    document = "11" * 32

    def run(*arguments, by=None, fails=False):
        result = market.run(*arguments, *(["--as", by] if by else []))
        assert (result.exit_code != 0) is fails, result.output
        return result.output

    run("monitoring", "open-year", 2024, by="regulator")
    assert "is source 1" in run("monitoring", "source", "boiler", by="emitter")
    key = market.key("device").address
    assert "is device 1" in run("monitoring", "device", 1, key, "analyser", by="emitter")
    run("monitoring", "replace-key", 1, market.key("new").address, "--reason", "lost", by="emitter")
    run("monitoring", "retire", 1, "--reason", "worn out", by="emitter")
    run("monitoring", "file-plan", 2024, "--document", document, by="emitter")
    run("monitoring", "approve-plan", "emitter", 2024, "--version", 1, by="regulator")
    gateway = market.key("gateway").address
    assert "begins with hour 473352" in run("monitoring", "logbook", 2024, gateway, by="emitter")
    for name in ("cn-power-2022", "gwp-ar5", "gwp-ar5"):
        assert "is factor set" in run("emissions", "load-factors", name, by="regulator")
    run(
        "emissions", "open-year", 2024, "--factors", "cn-power-2022", "--gases", "gwp-ar5",
        "--report-days", 3000, by="regulator",
    )  # fmt: skip
    said = run("emissions", "report", 2024, activity, "--document", document, by="emitter")
    assert f"Version 1 for 2024: {FIGURE} kg CO2e." in said
    run("emissions", "assign", "emitter", 2024, "verifier", by="regulator")
    why = ("--reason", "meter log", "--document", document)
    run("emissions", "reject", "emitter", 2024, "--version", 1, *why, by="verifier")
    run("emissions", "report", 2024, activity, "--document", document, "--amend", by="emitter")
    run("emissions", "correct", "emitter", 2024, activity, "--version", 2, *why, by="verifier")
    run("emissions", "object", 2024, *why, by="emitter")
    run("emissions", "decide", "emitter", 2024, "--dismissed", *why, by="regulator")
    refused = run(
        "emissions", "accept", "emitter", 2024, FIGURE - 1, "--document", document,
        by="regulator", fails=True,
    )  # fmt: skip
    assert "is not the one that you named" in refused
    run("emissions", "accept", "emitter", 2024, FIGURE, "--document", document, by="regulator")
    shown = run("emissions", "show", "emitter", 2024)
    assert "accepted, version 2" in shown
    assert f"accepted_kg  {FIGURE}" in shown
    run("emissions", "reexamine", "emitter", 2024, *why, by="regulator")
    nothing = run(
        "emissions", "endorse", "emitter", 2024, "--version", 2, "--document", document,
        by="verifier", fails=True,
    )  # fmt: skip
    assert "not with a verifier" in nothing
    assert "no corrected or estimated" in run("emissions", "agree", 2024, by="emitter", fails=True)
    stuck = run("emissions", "estimate", "emitter", 2024, FIGURE, *why, by="regulator", fails=True)
    assert "nobody estimates" in stuck


def test_rows_of__the_sample__read_back_as_the_same_lines():
    assert tuple(activity_of(rows_of(sample_lines()))) == sample_lines()
