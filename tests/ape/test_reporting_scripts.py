"""The emitter's, the verifier's and the regulator's scripts: a reporting year through Ape."""

import pytest

from tanlian.chain.keys import keccak
from tanlian.domain.reading import Reading
from tanlian.domain.roles import Role
from tanlian.proofs.reading_signature import address_of, sign_reading
from tanlian.services.access import open_access
from tanlian.services.reading_files import SignedReading, write_readings

pytestmark = pytest.mark.timeout(400)
YEAR, START = 2024, 1_704_067_200
FIRST = START // 3600
DOCUMENT = "11" * 32
DEVICE = bytes(31) + b"\7"
ACTIVITY = """source,month,method,key,unit,quantity,basis,ncv,carbon,moisture_received,moisture_dry,share
1,1,fuel,coal_bituminous,t,1000,,,,,,
"""
FIGURE = 1_741_750


@pytest.fixture(scope="module")
def office(deployed):
    """Members for a reporting year, and a way to act as one of them by script."""
    access = open_access(deployed.chain.target)
    for number, (name, role) in enumerate(
        (("emitter", Role.EMITTER), ("verifier", Role.VERIFIER), ("rival", Role.VERIFIER))
    ):
        access.act(
            deployed.chain.sender("regulator"), "membership", "admit", keccak(name.encode()), name,
            int(role), 1, 21, keccak(b"c" + bytes([number])), deployed.chain.key(name).address,
        )  # fmt: skip
    (deployed.folder / "activity.csv").write_text(ACTIVITY)

    def act(script, *arguments, by=None, status=0):
        done = deployed.script(f"operate/{script}", *arguments, *(["--as", by] if by else []))
        assert done.exit_code == status, done.output
        return done.output

    return deployed, access, act


def test_scripts__reporting_year__from_the_first_source_to_acceptance(office):
    ape, access, act = office
    activity = ape.folder / "activity.csv"
    act("monitoring", "open-year", YEAR, by="regulator")
    source = (
        act("monitoring", "source", "boiler", by="emitter").split(" is source ")[1].split(".")[0]
    )
    device = act(
        "monitoring", "device", source, address_of(DEVICE), "analyser", by="emitter"
    ).split(" is device ")[1].split(" ")[0]  # fmt: skip
    act("monitoring", "file-plan", YEAR, "--document", DOCUMENT, by="emitter")
    act("monitoring", "approve-plan", "emitter", YEAR, "--version", 1, by="regulator")
    gateway = ape.chain.key("gateway").address
    act("monitoring", "logbook", YEAR, gateway, by="emitter")
    (ape.folder / "devices.csv").write_text(
        "source,source_name,device,device_name,signer\n"
        f"{source},boiler,{device},analyser,{address_of(DEVICE)}\n"
    )
    settings = ape.folder / "gateway.toml"
    settings.write_text(
        f'store = "gateway.db"\ndevices = "devices.csv"\nyear = {YEAR}\nfirst_hour = {FIRST}\n'
        f'end_hour = {FIRST + 24}\nbatch_hours = 24\n[kinds]\n{source} = "coal"\n'
    )
    hours = [
        Reading(START + 3600 * h, int(source), int(device), h + 1, 72_572_917, 0, 820_000)
        for h in range(24)
    ]
    write_readings(
        ape.folder / "signed.csv", [SignedReading(r, sign_reading(DEVICE, r.body)) for r in hours]
    )
    assert "24 stored" in act("gateway", "import", settings, ape.folder / "signed.csv")
    assert "1 batches anchored." in act("gateway", "run", settings, "--once", by="gateway")
    act("gateway", "export", settings, ape.folder / "mine.csv", ape.folder / "anchors.csv")
    for name in ("cn-power-2022", "gwp-ar5"):
        act("emissions", "load-factors", name, by="regulator")
    act(
        "emissions", "open-year", YEAR, "--factors", "cn-power-2022", "--gases", "gwp-ar5",
        "--report-days", 3000, by="regulator",
    )  # fmt: skip
    assert f"{FIGURE} kg" in act(
        "emissions", "report", YEAR, activity, "--document", DOCUMENT, by="emitter"
    )
    act("emissions", "assign", "emitter", YEAR, "verifier", by="regulator")
    calibre = act(
        "calibre", activity, ape.folder / "mine.csv", "--devices", ape.folder / "devices.csv",
        "--case", f"{_number(access)}-{YEAR}",
    )  # fmt: skip
    assert "0 of 3 comparisons exceed the tolerance" in calibre
    same = act("locate", ape.folder / "mine.csv", ape.folder / "signed.csv")
    assert "0 of 24 readings differ" in same
    version = ("--version", 1, "--document", DOCUMENT)
    refused = act("emissions", "endorse", "emitter", YEAR, *version, by="rival", status=1)
    assert "assigned" in refused
    assert _record(access).status == 2  # still with its verifier
    act("emissions", "endorse", "emitter", YEAR, *version, by="verifier")
    act("emissions", "accept", "emitter", YEAR, FIGURE, "--document", DOCUMENT, by="regulator")
    assert _record(access).accepted_kg == FIGURE
    case = ape.folder / "case.json"
    act("evidence", "export", f"{_number(access)}-{YEAR}", case, by="regulator")
    assert "EmissionsAccepted" in act("evidence", "check", case)


def test_scripts__documents__sealed_and_opened_through_ape(office):
    ape, _, act = office
    store = ("--store", ape.folder / "documents")
    act("documents", "key", "reader", "--keys", ape.folder / "readers")
    said = act(
        "documents", "seal", ape.folder / "activity.csv", "--to",
        ape.folder / "readers" / "reader.pub", *store, by="emitter",
    )  # fmt: skip
    sealed = next(line for line in said.splitlines() if line.startswith("0x"))
    out = ape.folder / "opened.csv"
    act(
        "documents",
        "open",
        sealed,
        "--key",
        ape.folder / "readers" / "reader.pem",
        "--out",
        out,
        *store,
    )
    assert out.read_text() == ACTIVITY


def _number(access):
    from tanlian.services.organisations import find

    return find(access, "emitter")


def _record(access):
    return access.contracts["emissions"].read("record_of", _number(access), YEAR)
