"""Sources, plans, devices, gateways, and logbooks that nobody alters unseen."""

import boa
import pytest
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from harness.consortium import DOCUMENT, key_of
from harness.emissions import HOUR, STARTS, YEAR, approve_plan, open_logbook, with_registries
from harness.transaction_gas import fresh_environment, transaction_gas
from tanlian.domain.reading import Reading
from tanlian.proofs.logbook import Batch, Logbook
from tanlian.proofs.merkle_sum import body_words
from tanlian.proofs.period_copy import PeriodCopy

FIRST = STARTS[YEAR] // HOUR
GATEWAY = key_of("gateway").address
NEXT_GATEWAY = key_of("next gateway").address
DEVICE_KEY = key_of("device").address
ROOT = keccak(text="root")


@pytest.fixture(scope="module")
def it():
    return with_registries()


@pytest.fixture
def logbook(it):
    open_logbook(it, it.emitter, GATEWAY)
    boa.env.timestamp = STARTS[YEAR + 1]
    return it.monitoring


def anchor(it, first_hour=FIRST, hours=24, root=ROOT, mass_g=10**9, count=24, sender=GATEWAY):
    it.monitoring.anchor(YEAR, first_hour, hours, root, mass_g, count, sender=sender)


# Anchoring


def test_anchor__next_batch__tallied_and_hashed_into_the_head(it, logbook):
    before = logbook.logbook_of(GATEWAY, YEAR)
    anchor(it)
    (event,) = (e for e in logbook.get_logs() if type(e).__name__ == "BatchAnchored")
    after = logbook.logbook_of(GATEWAY, YEAR)
    assert (after.mass_g, after.count, after.batches) == (10**9, 24, 1)
    assert (after.next_hour, after.end_hour) == (FIRST + 24, STARTS[YEAR + 1] // HOUR)
    commitment = logbook.commitment((ROOT, 10**9, 24, FIRST, 24))
    assert after.head == keccak(before.head + commitment)
    assert (event.organisation, event.year, event.gateway) == (it.emitter.org_id, YEAR, GATEWAY)
    assert (event.first_hour, event.hours, event.root) == (FIRST, 24, ROOT)
    assert (event.mass_g, event.count, event.previous_head) == (10**9, 24, before.head)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"first_hour": FIRST + 1}, "logbook: not the next hour"),
        ({"first_hour": FIRST - 24}, "logbook: not the next hour"),
        ({"hours": 0}, "logbook: batch of no hours"),
        ({"hours": 31 * 24 + 1}, "monitoring_registry: batch too long"),
        ({"root": bytes(32)}, "monitoring_registry: no root"),
        ({"mass_g": 2**64}, "logbook: mass out of range"),
        ({"count": 2**40}, "logbook: count out of range"),
        ({"sender": NEXT_GATEWAY}, "monitoring_registry: not a gateway"),
    ],
)
def test_anchor__batch_that_does_not_fit__refused_and_nothing_changed(it, logbook, changes, reason):
    before = logbook.logbook_of(GATEWAY, YEAR)
    with boa.reverts(reason):
        anchor(it, **changes)
    assert logbook.logbook_of(GATEWAY, YEAR) == before


def test_anchor__same_batch_again__refused(it, logbook):
    anchor(it)
    with boa.reverts("logbook: not the next hour"):
        anchor(it)


def test_anchor__sums_beyond_their_fields__refused(it, logbook):
    anchor(it, hours=1, mass_g=2**64 - 5, count=2**40 - 5)
    with boa.reverts("logbook: mass out of range"):
        anchor(it, first_hour=FIRST + 1, hours=1, mass_g=5, count=1)
    with boa.reverts("logbook: count out of range"):
        anchor(it, first_hour=FIRST + 1, hours=1, mass_g=4, count=5)
    anchor(it, first_hour=FIRST + 1, hours=1, mass_g=4, count=4)


def test_anchor__hours_not_over__refused_until_the_last_second(it, logbook):
    boa.env.timestamp = STARTS[YEAR] + 24 * HOUR - 1
    with boa.reverts("monitoring_registry: hours not over"):
        anchor(it)
    boa.env.timestamp += 1
    anchor(it)


def test_anchor__beyond_the_year__refused(it, logbook):
    boa.env.timestamp = STARTS[YEAR + 1] + 40 * 24 * HOUR
    hours = (STARTS[YEAR + 1] - STARTS[YEAR]) // HOUR
    for first in range(0, hours - 24, 31 * 24):
        anchor(it, first_hour=FIRST + first, hours=min(31 * 24, hours - 24 - first))
    with boa.reverts("logbook: beyond the year"):
        anchor(it, first_hour=FIRST + hours - 24, hours=25)
    assert not it.monitoring.measured(it.emitter.org_id, YEAR).complete
    anchor(it, first_hour=FIRST + hours - 24)
    assert it.monitoring.measured(it.emitter.org_id, YEAR).complete


def test_anchor__suspended_emitter__its_gateway_goes_on(it, logbook):
    it.suspend(it.emitter)
    anchor(it)
    assert logbook.logbook_of(GATEWAY, YEAR).batches == 1


def test_anchor__any_number_of_readings__same_gas_below_the_record():
    gas = []
    with fresh_environment():
        it = with_registries()
        open_logbook(it, it.emitter, GATEWAY)
        boa.env.timestamp = STARTS[YEAR + 1]
        for day, count in enumerate((24, 1_000, 1_000_000, 10**9)):
            args = (YEAR, FIRST + 24 * day, 24, ROOT, 123_456_789_012, count)
            gas.append(transaction_gas(it.monitoring, "anchor", args, GATEWAY))
    assert max(gas[1:]) - min(gas[1:]) <= 100  # only the bytes of the count
    assert max(gas) <= 46_100


# Proving what was anchored


def readings(day):
    return [
        Reading(STARTS[YEAR] + HOUR * (24 * day + h), source, source, 24 * day + h + 1, 10**6 + h)
        for h in range(24)
        for source in (1, 2, 3)
    ]


def anchor_days(it, days):
    """Anchor real trees; return the Python logbook that mirrors the contract's."""
    copy = PeriodCopy(body_words([r.body for day in range(days) for r in readings(day)]))
    head = it.monitoring.logbook_of(GATEWAY, YEAR).head
    mirror = Logbook(head)
    for hour, root in copy.batch_roots.items():
        mirror.add(Batch(hour, 24, root))
        anchor(it, hour, 24, root.digest, root.mass_g, root.count)
    return copy, mirror


def abi(node):
    return (node.digest, node.mass_g, node.count)


def test_logbook__python_and_contract__same_head_and_sums(it, logbook):
    _, mirror = anchor_days(it, 4)
    state = it.monitoring.logbook_of(GATEWAY, YEAR)
    assert (mirror.head, mirror.mass_g, mirror.count) == (state.head, state.mass_g, state.count)


@pytest.mark.parametrize("day", [0, 1, 3])
def test_is_anchored__any_batch_and_reading__proved_and_nothing_else_is(it, logbook, day):
    copy, mirror = anchor_days(it, 4)
    reading = readings(day)[40]
    hour, proof = copy.prove(*reading.key)
    before, batch, later = mirror.opening(hour)
    args = (
        GATEWAY, YEAR, before, (batch.root.digest, batch.root.mass_g, batch.root.count, hour, 24),
        later, [proof.body[:32], proof.body[32:]], proof.place, [abi(n) for n in proof.path],
        abi(proof.source_root), proof.source_place, proof.sources,
        [abi(n) for n in proof.source_path],
    )  # fmt: skip
    assert it.monitoring.is_anchored_reading(*args)
    assert it.monitoring.is_anchored(*args[:5])
    lied = (args[3][0], args[3][1] + 1, *args[3][2:])
    assert not it.monitoring.is_anchored(*args[:3], lied, args[4])
    assert not it.monitoring.is_anchored(*args[:4], [*later, bytes(32)])
    assert not it.monitoring.is_anchored(NEXT_GATEWAY, *args[1:5])
    assert not it.monitoring.is_anchored(GATEWAY, YEAR, bytes(32), *args[3:5])
    with boa.reverts("merkle_sum: another root"):
        it.monitoring.is_anchored_reading(*args[:5], [proof.body[:32], bytes(32)], *args[6:])
    with boa.reverts("merkle_sum: another mass"):
        it.monitoring.is_anchored_reading(*args[:3], lied, *args[4:])


@given(
    st.lists(
        st.tuples(st.integers(1, 48), st.integers(0, 2**40), st.integers(0, 10**6)), max_size=12
    )
)
def test_logbook__any_batches__python_mirror_follows(it, batches):
    with boa.env.anchor():
        open_logbook(it, it.emitter, GATEWAY)
        boa.env.timestamp = STARTS[YEAR + 1]
        mirror = Logbook(it.monitoring.logbook_of(GATEWAY, YEAR).head)
        hour = FIRST
        for at, (hours, mass_g, count) in enumerate(batches):
            root = keccak(bytes([at]))
            anchor(it, hour, hours, root, mass_g, count)
            mirror.add(Batch.of(hour, hours, root, mass_g, count))
            hour += hours
        state = it.monitoring.logbook_of(GATEWAY, YEAR)
        assert (mirror.head, mirror.mass_g, mirror.count) == (state.head, state.mass_g, state.count)
        assert state.next_hour == hour
        measured = it.monitoring.measured(it.emitter.org_id, YEAR)
        assert (measured.mass_g, measured.count, measured.gateways) == (
            state.mass_g,
            state.count,
            1,
        )
        assert measured.commitment == keccak(bytes(32) + state.head)


# Logbooks and gateways


def test_open_logbook__refusals(it):
    act = it.monitoring.open_logbook
    with boa.reverts("monitoring_registry: year not open"):
        act(2030, GATEWAY, sender=it.emitter.account)
    with boa.reverts("monitoring_registry: no approved plan"):
        act(YEAR, GATEWAY, sender=it.emitter.account)
    approve_plan(it, it.emitter)
    with boa.reverts("monitoring_registry: no gateway"):
        act(YEAR, "0x" + "00" * 20, sender=it.emitter.account)
    act(YEAR, GATEWAY, sender=it.emitter.account)
    with boa.reverts("monitoring_registry: gateway taken"):
        act(YEAR, GATEWAY, sender=it.emitter.account)
    for number in range(7):
        act(YEAR, key_of(f"gateway {number}").address, sender=it.emitter.account)
    with boa.reverts("monitoring_registry: too many gateways"):
        act(YEAR, NEXT_GATEWAY, sender=it.emitter.account)
    assert len(it.monitoring.gateways(it.emitter.org_id, YEAR)) == 8


def test_open_logbook__another_organisation_takes_the_gateway__refused(it, logbook):
    approve_plan(it, it.other_emitter)
    with boa.reverts("monitoring_registry: gateway taken"):
        it.monitoring.open_logbook(YEAR, GATEWAY, sender=it.other_emitter.account)


def test_replace_gateway__logbook_goes_on_under_the_new_key_only(it, logbook):
    anchor(it)
    old = logbook.logbook_of(GATEWAY, YEAR)
    logbook.replace_gateway(YEAR, GATEWAY, NEXT_GATEWAY, "key lost", sender=it.emitter.account)
    assert logbook.logbook_of(NEXT_GATEWAY, YEAR) == old
    assert logbook.gateways(it.emitter.org_id, YEAR) == [NEXT_GATEWAY]
    with boa.reverts("monitoring_registry: not a gateway"):
        anchor(it, FIRST + 24)
    anchor(it, FIRST + 24, sender=NEXT_GATEWAY)
    assert logbook.measured(it.emitter.org_id, YEAR).mass_g == 2 * 10**9
    with boa.reverts("monitoring_registry: gateway taken"):
        logbook.open_logbook(YEAR, GATEWAY, sender=it.emitter.account)


@pytest.mark.parametrize(
    ("old", "new", "reason_given", "who", "reason"),
    [
        (GATEWAY, NEXT_GATEWAY, "", "emitter", "monitoring_registry: no reason"),
        (NEXT_GATEWAY, GATEWAY, "lost", "emitter", "monitoring_registry: not a gateway"),
        (GATEWAY, NEXT_GATEWAY, "lost", "other_emitter", "monitoring_registry: not your gateway"),
        (GATEWAY, GATEWAY, "lost", "emitter", "monitoring_registry: gateway taken"),
        (GATEWAY, "0x" + "00" * 20, "lost", "emitter", "monitoring_registry: no gateway"),
    ],
)
def test_replace_gateway__refusals(it, logbook, old, new, reason_given, who, reason):
    with boa.reverts(reason):
        logbook.replace_gateway(YEAR, old, new, reason_given, sender=getattr(it, who).account)
    assert logbook.gateways(it.emitter.org_id, YEAR) == [GATEWAY]


# Years, sources, plans, devices


@pytest.mark.parametrize(
    ("year", "starts", "ends", "reason"),
    [
        (YEAR, STARTS[YEAR], STARTS[YEAR + 1], "year opened before"),
        (2030, 0, 3600, "year ends before it starts"),
        (2030, 7200, 7200, "year ends before it starts"),
        (2030, 3601, 7200, "not a full hour"),
        (2030, 3600, 7201, "not a full hour"),
    ],
)
def test_open_year__that_makes_no_sense__refused(it, year, starts, ends, reason):
    with boa.reverts(f"monitoring_registry: {reason}"):
        it.monitoring.open_year(year, starts, ends, sender=it.regulator.account)


def test_sources__registered_and_closed__by_their_organisation_only(it):
    with boa.reverts("monitoring_registry: source without a name"):
        it.monitoring.register_source("", sender=it.emitter.account)
    source = it.monitoring.register_source("boiler 1", sender=it.emitter.account)
    assert it.monitoring.source(source)[:2] == (it.emitter.org_id, "boiler 1")
    with boa.reverts("monitoring_registry: not your source"):
        it.monitoring.close_source(source, "sold", sender=it.other_emitter.account)
    with boa.reverts("monitoring_registry: no reason"):
        it.monitoring.close_source(source, "", sender=it.emitter.account)
    it.monitoring.close_source(source, "taken down", sender=it.emitter.account)
    assert it.monitoring.source(source).closed_at == boa.env.timestamp
    with boa.reverts("monitoring_registry: source closed"):
        it.monitoring.register_device(source, DEVICE_KEY, "analyser", sender=it.emitter.account)


def test_plan__filed_returned_filed_again_and_approved__newest_version_only(it):
    file, org_id = it.monitoring.file_plan, it.emitter.org_id
    with boa.reverts("monitoring_registry: no document"):
        file(YEAR, bytes(32), sender=it.emitter.account)
    with boa.reverts("monitoring_registry: not the newest version"):
        it.monitoring.approve_plan(org_id, YEAR, 0, sender=it.regulator.account)
    assert file(YEAR, DOCUMENT, sender=it.emitter.account) == 1
    with boa.reverts("monitoring_registry: no reason"):
        it.monitoring.return_plan(org_id, YEAR, 1, "", sender=it.regulator.account)
    it.monitoring.return_plan(org_id, YEAR, 1, "no analyser", sender=it.regulator.account)
    assert file(YEAR, ROOT, sender=it.emitter.account) == 2
    with boa.reverts("monitoring_registry: not the newest version"):
        it.monitoring.approve_plan(org_id, YEAR, 1, sender=it.regulator.account)
    it.monitoring.approve_plan(org_id, YEAR, 2, sender=it.regulator.account)
    with boa.reverts("monitoring_registry: plan approved before"):
        it.monitoring.return_plan(org_id, YEAR, 2, "late", sender=it.regulator.account)
    plan = it.monitoring.plan(org_id, YEAR)
    assert (plan.document, plan.version, plan.approved_at) == (ROOT, 2, boa.env.timestamp)
    file(YEAR, DOCUMENT, sender=it.emitter.account)
    assert it.monitoring.plan(org_id, YEAR).approved_at == 0  # a new version is a new question


def test_plan__regulator_that_is_also_an_emitter__cannot_approve_its_own(it):
    from tanlian.domain.roles import Role

    both = it.admit("both", Role.REGULATOR | Role.EMITTER)
    version = it.monitoring.file_plan(YEAR, DOCUMENT, sender=both.account)
    with boa.reverts("monitoring_registry: own plan"):
        it.monitoring.approve_plan(both.org_id, YEAR, version, sender=both.account)


def test_device__key_replaced_and_retired__an_old_key_is_never_used_again(it):
    source = it.monitoring.register_source("boiler 1", sender=it.emitter.account)
    register = it.monitoring.register_device
    for key, name, who, reason in (
        (DEVICE_KEY, "", "emitter", "device without a name"),
        ("0x" + "00" * 20, "analyser", "emitter", "no key"),
        (DEVICE_KEY, "analyser", "other_emitter", "not your source"),
    ):
        with boa.reverts(f"monitoring_registry: {reason}"):
            register(source, key, name, sender=getattr(it, who).account)
    device = register(source, DEVICE_KEY, "analyser", sender=it.emitter.account)
    with boa.reverts("monitoring_registry: key used before"):
        register(source, DEVICE_KEY, "second analyser", sender=it.emitter.account)
    new_key = key_of("new device key").address
    replace, retire = it.monitoring.replace_device_key, it.monitoring.retire_device
    with boa.reverts("monitoring_registry: not your device"):
        replace(device, new_key, "stolen", sender=it.other_emitter.account)
    with boa.reverts("monitoring_registry: no reason"):
        replace(device, new_key, "", sender=it.emitter.account)
    replace(device, new_key, "stolen", sender=it.emitter.account)
    with boa.reverts("monitoring_registry: key used before"):
        replace(device, DEVICE_KEY, "found again", sender=it.emitter.account)
    assert it.monitoring.device_of(DEVICE_KEY) == it.monitoring.device_of(new_key) == device
    assert it.monitoring.device(device).key == new_key
    with boa.reverts("monitoring_registry: no reason"):
        retire(device, "", sender=it.emitter.account)
    retire(device, "worn out", sender=it.emitter.account)
    assert it.monitoring.device(device).retired_at == boa.env.timestamp
    with boa.reverts("monitoring_registry: device retired"):
        retire(device, "worn out", sender=it.emitter.account)
