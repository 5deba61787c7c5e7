"""The gateway: every doubt, gaps, batches, outages; nothing lost, nothing counted twice."""

import csv
import dataclasses
import io
import json
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cems_files import load_cems
from tanlian.chain.errors import ChainUnreachable
from tanlian.domain.errors import InvalidInput, NotFound
from tanlian.domain.monitoring.plausibility import Doubt, MonitoringRules, demonstration_rules
from tanlian.domain.monitoring.substitution import substitute_mass
from tanlian.domain.reading import Reading, ReadingStatus
from tanlian.proofs.period_roots import Period, period_roots
from tanlian.proofs.reading_signature import address_of, sign_reading
from tanlian.services.gateway.gateway import AnchorConflict, Gateway
from tanlian.services.gateway.http import application
from tanlian.services.gateway.service import GatewayService
from tanlian.services.gateway.settings import GatewaySettings
from tanlian.services.gateway.store import GatewayStore, Taken
from tanlian.services.reading_files import Anchor, Device, SignedReading

START = 1_704_067_200
FIRST = START // 3600
KEY, OTHER_KEY, STRANGER = (bytes(31) + bytes([n]) for n in (1, 2, 3))
DEVICES = {
    (1, 11): Device(1, "boiler 1", 11, "analyser", address_of(KEY)),
    (2, 22): Device(2, "turbine", 22, "analyser", address_of(OTHER_KEY)),
}
KINDS = {1: "coal", 2: "gas"}
GRACE = demonstration_rules().grace_seconds
SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


class Clock:
    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now


class FakeChain:
    """A logbook that can be out of reach, before or after it took a batch."""

    def __init__(self):
        self.anchors = []
        self.down = False
        self.lose_answer = False

    def next_hour(self):
        if self.down:
            raise ChainUnreachable("The node does not answer.")
        return self.anchors[-1].first_hour + self.anchors[-1].hours if self.anchors else FIRST

    def anchor(self, batch):
        assert batch.first_hour == self.next_hour()
        self.anchors.append(
            dataclasses.replace(
                batch, transaction=f"0x{len(self.anchors)}", block=len(self.anchors)
            )
        )
        if self.lose_answer:
            self.lose_answer = False
            raise ChainUnreachable("The answer got lost.")
        return self.anchors[-1].transaction, self.anchors[-1].block

    def find(self, first_hour):
        for anchor in self.anchors:
            if anchor.first_hour == first_hour:
                return anchor
        raise NotFound("nothing")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def gateway(tmp_path, clock):
    return open_gateway(tmp_path, clock)


def open_gateway(folder, clock):
    store = GatewayStore(folder / "gateway.db")
    return Gateway(
        store,
        DEVICES,
        KINDS,
        demonstration_rules(),
        first_hour=FIRST,
        end_hour=FIRST + 366 * 24,
        now=clock,
    )


def reading(hour, device=11, **changes):
    source, heat = (1, 1_000) if device == 11 else (2, 1_000)
    mass_g = 88_200 if device == 11 else 50_000
    base = Reading(START + 3600 * hour, source, device, hour + 1, mass_g, 10, heat)
    return dataclasses.replace(base, **changes)


def signed(item, key=None):
    key = key or (KEY if item.device == 11 else OTHER_KEY)
    return SignedReading(item, sign_reading(key, item.body))


def message(item, key=None):
    one = signed(item, key)
    return json.dumps({"body": one.reading.body.hex(), "signature": one.signature.hex()}).encode()


def feed(gateway, clock, hours, devices=(11, 22)):
    clock.now = max(clock.now, START + 3600 * (max(hours) + 1))
    for hour in hours:
        for device in devices:
            assert gateway.take(signed(reading(hour, device)), "test").taken is Taken.STORED


# Taking


def test_take_message__good_reading__stored_once_and_known_the_second_time(gateway, clock):
    clock.now += 3600
    assert gateway.take_message(message(reading(0)), "test").taken is Taken.STORED
    assert gateway.take_message(message(reading(0)), "test").taken is Taken.KNOWN
    assert [s.reading for s in gateway.store.readings(FIRST, 24)] == [reading(0)]
    assert gateway.store.quarantine() == []


DOUBTS = [
    (message(reading(3), STRANGER), Doubt.WRONG_SIGNATURE),
    (message(reading(3), OTHER_KEY), Doubt.WRONG_SIGNATURE),
    (message(reading(3)).replace(b'"signature": "', b'"signature": "ff'), Doubt.WRONG_SIGNATURE),
    (message(reading(3, device=99, source=1), KEY), Doubt.UNKNOWN_DEVICE),
    (message(reading(3, source=2), KEY), Doubt.UNKNOWN_DEVICE),
    (message(reading(0, mass_g=90_000)), Doubt.REPLAYED),  # another mass for a stored hour
    (message(reading(3, sequence=1)), Doubt.REPLAYED),  # a number used before
    (message(reading(3, sequence=0)), Doubt.OUT_OF_SEQUENCE),
    (message(reading(1, sequence=9)), Doubt.OUT_OF_SEQUENCE),  # a later number for an earlier hour
    (message(reading(5)), Doubt.FUTURE),
    (message(reading(3, start=START + 3 * 3600 + 1)), Doubt.NOT_AN_HOUR),
    (message(reading(3, duration_s=1800)), Doubt.NOT_AN_HOUR),
    (message(reading(3, mass_g=2_000_000_001, heat_mj=20_000_000)), Doubt.OUT_OF_RANGE),
    (message(reading(3, status=ReadingStatus.SUBSTITUTED, rule=2)), Doubt.OUT_OF_RANGE),
    (message(reading(3, mass_g=79_999)), Doubt.OUT_OF_PROPORTION),
    (message(reading(3, mass_g=110_001)), Doubt.OUT_OF_PROPORTION),
    (message(reading(-1, sequence=1)), Doubt.OTHER_PERIOD),  # before the logbook begins
    (b"", Doubt.MALFORMED),
    (b"[1, 2]", Doubt.MALFORMED),
    (b'{"body": "00", "signature": ""}', Doubt.MALFORMED),
    (b'{"body": "zz", "signature": ""}', Doubt.MALFORMED),
    (b"\xff\xfe", Doubt.MALFORMED),
    (b"[" * 100_000, Doubt.MALFORMED),  # more brackets than a parser goes down
    (b'{"body": ' * 100_000, Doubt.MALFORMED),
]


@pytest.mark.parametrize(("payload", "doubt"), DOUBTS, ids=lambda v: str(v)[:24])
def test_take_message__doubtful__put_aside_with_the_reason_and_nothing_stored(
    gateway, clock, payload, doubt
):
    clock.now = START + 4 * 3600
    for hour in (0, 2):
        gateway.take(signed(reading(hour)), "test")
    answer = gateway.take_message(payload, "mqtt tanlian/readings/11")
    assert (answer.taken, answer.doubt) == (Taken.QUARANTINED, doubt)
    assert len(gateway.store.readings(FIRST - 1, 48)) == 2
    (aside,) = gateway.store.quarantine()
    assert (aside.reason, aside.origin, aside.received_at) == (
        doubt, "mqtt tanlian/readings/11", clock.now
    )  # fmt: skip


@given(payload=st.binary(max_size=200))
def test_take_message__any_bytes__put_aside_never_an_error(tmp_path_factory, payload):
    gateway = open_gateway(tmp_path_factory.mktemp("gateway"), Clock())
    assert gateway.take_message(payload, "test").taken is Taken.QUARANTINED


def test_take__clock_ahead_within_tolerance__stored_and_a_second_more_refused(gateway, clock):
    ahead = demonstration_rules().future_seconds
    clock.now = START + 3600 - ahead - 1
    assert gateway.take(signed(reading(0)), "test").doubt is Doubt.FUTURE
    clock.now += 1
    assert gateway.take(signed(reading(0)), "test").taken is Taken.STORED


def test_take__after_its_batch_closed__late_and_what_stands_for_the_hour_stays(gateway, clock):
    feed(gateway, clock, range(23))
    clock.now = START + 24 * 3600 + GRACE
    gateway.close_due()
    before = gateway.store.readings(FIRST, 24)
    assert len(before) == 48
    assert gateway.take(signed(reading(23)), "test").doubt is Doubt.LATE
    assert gateway.take(signed(reading(22)), "test").taken is Taken.KNOWN  # came in time
    assert gateway.take(signed(reading(22, mass_g=88_201)), "test").doubt is Doubt.REPLAYED
    assert gateway.take(signed(reading(23, sequence=5)), "test").doubt is Doubt.REPLAYED
    assert gateway.store.readings(FIRST, 24) == before
    assert [aside.reason for aside in gateway.store.quarantine()] == [
        Doubt.LATE, Doubt.REPLAYED, Doubt.REPLAYED
    ]  # fmt: skip


def test_close_due__reading_comes_while_the_batch_closes__late_and_in_no_root(gateway, clock):
    feed(gateway, clock, range(23))
    feed(gateway, clock, [23], devices=[22])
    clock.now = START + 24 * 3600 + GRACE
    answers, look = [], gateway.store.measured_before
    late = threading.Thread(target=lambda: answers.append(gateway.take(signed(reading(23)), "t")))

    def measured_before(*args):
        """The gap is known here, and not filled yet."""
        late.start()
        late.join(0.3)
        return look(*args)

    gateway.store.measured_before = measured_before
    (batch,) = gateway.close_due()
    late.join(10)
    assert [answer.doubt for answer in answers] == [Doubt.LATE]
    kept = [one.reading for one in gateway.store.readings(FIRST, 24)]
    assert sum(one.mass_g for one in kept) == batch.root.mass_g
    assert len(kept) == batch.root.count == 48


# Batches


def test_close_due__all_hours_there__root_of_exactly_these_after_the_grace(gateway, clock):
    feed(gateway, clock, range(24))
    clock.now = START + 24 * 3600 + GRACE - 1
    assert gateway.close_due() == []
    clock.now += 1
    (batch,) = gateway.close_due()
    assert (batch.first_hour, batch.hours, batch.root.count) == (FIRST, 24, 48)
    assert batch.root.mass_g == 24 * (88_200 + 50_000)
    assert gateway.close_due() == []


def test_close_due__hours_missing_without_history__stand_as_missing(gateway, clock):
    feed(gateway, clock, range(20))
    clock.now = START + 24 * 3600 + GRACE
    (batch,) = gateway.close_due()
    missing = [
        s.reading for s in gateway.store.readings(FIRST, 24)
        if s.reading.status is ReadingStatus.MISSING
    ]  # fmt: skip
    assert len(missing) == 8
    assert {r.mass_g for r in missing} == {0}
    assert (batch.root.count, batch.root.mass_g) == (48, 20 * (88_200 + 50_000))


def test_close_due__hours_missing_with_history__substituted_and_marked(gateway, clock):
    feed(gateway, clock, range(24))
    feed(gateway, clock, range(24, 45))
    clock.now = START + 48 * 3600 + GRACE
    _, second = gateway.close_due()
    filled = [s for s in gateway.store.readings(FIRST + 24, 24) if s.reading.sequence == 0]
    assert len(filled) == 6
    for one in filled:
        assert (one.reading.status, one.reading.rule) == (ReadingStatus.SUBSTITUTED, 2)
        assert one.reading.mass_g == (88_200 if one.reading.source == 1 else 50_000)
        assert one.signature == b""
    assert second.root.count == 48


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=50))
def test_substitute_mass__any_history__mean_plus_two_deviations_rounded_up(masses):
    mean = sum(masses) / len(masses)
    deviation = (sum((m - mean) ** 2 for m in masses) / len(masses)) ** 0.5
    assert substitute_mass(2, masses) == pytest.approx(mean + 2 * deviation, abs=2, rel=1e-9)
    assert substitute_mass(2, masses) * len(masses) >= sum(masses)
    assert substitute_mass(1, masses) == max(masses)


def test_substitute_mass__unknown_rule__refused():
    with pytest.raises(InvalidInput, match="no substitution rule 7"):
        substitute_mass(7, [1])


def test_rules__without_a_section_or_kind__refused():
    with pytest.raises(InvalidInput, match="lack 'clock'"):
        MonitoringRules.parse({"version": "x"})
    with pytest.raises(InvalidInput, match="no range for peat"):
        demonstration_rules().doubt(reading(0), "peat", START)


# Anchoring


def closed(gateway, clock, days):
    for day in range(days):
        feed(gateway, clock, range(24 * day, 24 * day + 24))
    clock.now = START + 24 * days * 3600 + GRACE
    assert len(gateway.close_due()) == days


def test_close_due__end_of_the_logbook__last_batch_is_cut_there(tmp_path, clock):
    store = GatewayStore(tmp_path / "short.db")
    gateway = Gateway(
        store,
        DEVICES,
        KINDS,
        demonstration_rules(),
        first_hour=FIRST,
        end_hour=FIRST + 30,
        now=clock,
    )
    feed(gateway, clock, range(30))
    assert gateway.take(signed(reading(30)), "test").doubt is Doubt.FUTURE
    clock.now += 90 * 86_400
    assert gateway.take(signed(reading(30)), "test").doubt is Doubt.OTHER_PERIOD
    assert [(b.first_hour, b.hours) for b in gateway.close_due()] == [(FIRST, 24), (FIRST + 24, 6)]


def test_anchor_due__batches_in_order__once_each(gateway, clock):
    chain = FakeChain()
    closed(gateway, clock, 3)
    assert [a.first_hour for a in gateway.anchor_due(chain)] == [FIRST, FIRST + 24, FIRST + 48]
    assert gateway.anchor_due(chain) == []
    assert gateway.store.batches(anchored=True) == chain.anchors


def test_anchor_due__node_down__goes_on_later_without_loss(gateway, clock):
    chain = FakeChain()
    closed(gateway, clock, 2)
    chain.down = True
    with pytest.raises(ChainUnreachable):
        gateway.anchor_due(chain)
    assert len(gateway.store.batches(anchored=False)) == 2
    chain.down = False
    assert len(gateway.anchor_due(chain)) == 2


def test_service__node_down__the_round_ends_quietly_and_the_next_one_anchors(tmp_path, clock):
    gateway, chain = open_gateway(tmp_path, clock), FakeChain()
    closed(gateway, clock, 2)
    service = GatewayService(described(tmp_path), gateway, chain)
    chain.down = True
    assert service.work() == 0
    assert chain.anchors == []
    chain.down = False
    chain.lose_answer = True
    assert service.work() == 0  # the chain took one, its answer got lost
    assert service.work() == 2
    assert gateway.store.batches(anchored=True) == chain.anchors
    assert len(chain.anchors) == 2


def test_anchor_due__answer_lost_after_the_chain_took_it__not_anchored_twice(gateway, clock):
    chain = FakeChain()
    closed(gateway, clock, 2)
    chain.lose_answer = True
    with pytest.raises(ChainUnreachable):
        gateway.anchor_due(chain)
    assert len(chain.anchors) == 1
    gateway.anchor_due(chain)
    assert [a.first_hour for a in chain.anchors] == [FIRST, FIRST + 24]
    assert gateway.store.batches(anchored=True) == chain.anchors


def test_anchor_due__chain_holds_another_batch__conflict_and_nothing_marked(gateway, clock):
    chain = FakeChain()
    closed(gateway, clock, 1)
    (batch,) = gateway.store.batches(anchored=False)
    forged = dataclasses.replace(batch.root, mass_g=0)
    chain.anchors.append(Anchor(FIRST, 24, forged, "0xbad", 1))
    with pytest.raises(AnchorConflict, match="holds another batch"):
        gateway.anchor_due(chain)
    assert gateway.store.batches(anchored=True) == []


def test_restart__at_any_point__everything_taken_is_still_there(tmp_path, clock):
    gateway = open_gateway(tmp_path, clock)
    closed(gateway, clock, 1)
    gateway.take_message(b"nonsense", "test")
    gateway.store.close()
    again = open_gateway(tmp_path, clock)
    assert len(again.store.readings(FIRST, 24)) == 48
    assert len(again.store.quarantine()) == 1
    assert again.close_due() == []
    chain = FakeChain()
    assert len(again.anchor_due(chain)) == 1


# Settings


RULES = """version = "mine"
clock = {future_seconds = 60, grace_seconds = 0}
plausibility.coal = {least_g_per_mj = 0, most_g_per_mj = 1000, most_g_per_hour = 100000}
substitution = {rule = 1, hours = 2, least_hours = 1}
"""


def described(folder, rules=None, kind="coal", **changes):
    """The settings of a gateway of one device, with rules of its own if there are any."""
    (folder / "devices.csv").write_text(
        f"source,source_name,device,device_name,signer\n1,boiler,11,analyser,{address_of(KEY)}\n"
    )
    lines = ['store = "own.db"', 'devices = "devices.csv"', "year = 2024",
             f"first_hour = {FIRST}", f"end_hour = {FIRST + 48}"]  # fmt: skip
    if rules is not None:
        for old, new in changes.items():
            rules = rules.replace(old, new)
        (folder / "rules.toml").write_text(rules)
        lines.append('rules = "rules.toml"')
    (folder / "gateway.toml").write_text("\n".join([*lines, "[kinds]", f'1 = "{kind}"', ""]))
    return GatewaySettings.load(folder / "gateway.toml")


def test_settings__rules_of_its_own__decide_what_is_taken_and_what_fills_a_gap(tmp_path, clock):
    gateway = described(tmp_path, RULES).open(clock)
    clock.now = START + 24 * 3600
    for hour, mass_g in ((0, 70_000), (1, 90_000), (2, 80_000)):
        item = reading(hour, mass_g=mass_g)
        assert gateway.take(signed(item), "test").taken is Taken.STORED
    assert gateway.take(signed(reading(3, mass_g=100_001)), "test").doubt is Doubt.OUT_OF_RANGE
    (batch,) = gateway.close_due()  # no grace
    filled = [s.reading for s in gateway.store.readings(FIRST + 3, 21)]
    assert {(r.status, r.rule, r.mass_g) for r in filled} == {
        (ReadingStatus.SUBSTITUTED, 1, 90_000)  # the highest of the last two
    }
    assert batch.root.mass_g == 240_000 + 21 * 90_000


@pytest.mark.parametrize(
    ("changes", "kind", "reason"),
    [
        ({}, "peat", "no range for peat"),
        ({"rule = 1": "rule = 7"}, "coal", "no substitution rule 7"),
        ({"least_hours = 1": "least_hours = 0"}, "coal", "at least one hour"),
        ({"least_hours = 1": "least_hours = 3"}, "coal", "at least one hour"),
        ({", grace_seconds = 0": ""}, "coal", "lack 'grace_seconds'"),
        ({"{future_seconds = 60, grace_seconds = 0}": "5"}, "coal", "cannot be read"),
        ({'version = "mine"': "version ="}, "coal", "cannot be read"),
    ],
)
def test_settings__rules_that_make_no_sense__refused(tmp_path, changes, kind, reason):
    with pytest.raises(InvalidInput, match=reason):
        described(tmp_path, RULES, kind, **changes)


def test_settings__rules_that_are_not_there__refused(tmp_path):
    described(tmp_path, RULES)
    (tmp_path / "rules.toml").unlink()
    with pytest.raises(InvalidInput, match="cannot be read"):
        GatewaySettings.load(tmp_path / "gateway.toml")


# HTTP


def call(gateway, method, path, body=b""):
    answers = []
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body), "REMOTE_ADDR": "192.0.2.7",
    }  # fmt: skip
    content = application(gateway)(environ, lambda status, headers: answers.append(status))
    return answers[0], json.loads(b"".join(content))


def test_http__one_and_many_readings__answered_each(gateway, clock):
    clock.now += 4 * 3600
    assert call(gateway, "POST", "/readings", message(reading(0))) == (
        "202 Accepted", [{"taken": "stored"}]
    )  # fmt: skip
    many = b"[" + b",".join([message(reading(0)), message(reading(1)), b"{}"]) + b"]"
    status, answers = call(gateway, "POST", "/readings", many)
    assert status == "202 Accepted"
    assert [a["taken"] for a in answers] == ["known already", "stored", "quarantined"]
    status, listed = call(gateway, "GET", "/quarantine")
    assert (listed[0]["reason"], listed[0]["origin"]) == ("malformed", "http 192.0.2.7")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/readings", b"", "405"), ("GET", "/", b"", "404"), ("POST", "/quarantine", b"", "405"),
        ("POST", "/readings", b"", "413"), ("POST", "/readings", b"nonsense", "202"),
        ("POST", "/readings", b"[" * 100_000, "202"),
    ],
)  # fmt: skip
def test_http__anything_else__says_so_and_stores_nothing(gateway, method, path, body, status):
    assert call(gateway, method, path, body)[0].startswith(status)
    assert gateway.store.readings(FIRST, 24) == []


# Published measurements


def small_file(path):
    rows = ["unit,t,load_mw,co2_t,heat_gj"]
    rows += [f"UNIT-1,2024-01-{1 + h // 24:02}T{h % 24:02},100.5,88.2,1000" for h in range(48)]
    path.write_text("\n".join(rows))
    return path


def run_through(tmp_path, clock, hours, kind, batch_hours=24):
    """Sign a file's hours as a device and send them through a gateway; return it."""
    store = GatewayStore(tmp_path / "cems.db")
    first = hours[0].start // 3600
    gateway = Gateway(
        store, {(1, 11): DEVICES[1, 11]}, {1: kind}, demonstration_rules(),
        first_hour=first - first % 24, end_hour=first + 366 * 24, now=clock,
        batch_hours=batch_hours,
    )  # fmt: skip
    clock.now = hours[-1].start + 3600
    with store.together():
        for number, hour in enumerate(hours, start=1):
            answer = gateway.take(signed(hour.reading(1, 11, number)), "csv")
            assert answer.taken is Taken.STORED, answer
    clock.now += 48 * 3600
    return gateway


def test_cems__generated_file__every_hour_taken_and_the_sum_in_the_roots(tmp_path, clock):
    hours = list(load_cems(small_file(tmp_path / "cems.csv")))
    batches = run_through(tmp_path, clock, hours, "coal").close_due()
    assert sum(b.root.mass_g for b in batches[:2]) == 48 * 88_200_000


@pytest.mark.parametrize(
    ("old", "new", "reason"), [("88.2", "much", "line 2 is no"), ("co2_t", "co2", "lacks")]
)
def test_cems__file_with_a_fault__refused_with_its_place(tmp_path, old, new, reason):
    path = small_file(tmp_path / "cems.csv")
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(InvalidInput, match=reason):
        list(load_cems(path))


@pytest.mark.skipif(not SHARED.exists(), reason="the reference data is not on this machine")
@pytest.mark.parametrize("batch_hours", [1, 24])
def test_cems__published_year_of_every_unit__every_hour_taken_and_every_sum_kept(
    tmp_path, clock, batch_hours
):
    hours = list(load_cems(SHARED / "cems_hourly_avert_2024.csv"))
    units = sorted({hour.unit for hour in hours})
    keys = {unit: bytes(31) + bytes([n + 1]) for n, unit in enumerate(units)}
    devices = {
        (n + 1, n + 1): Device(n + 1, unit, n + 1, "analyser", address_of(keys[unit]))
        for n, unit in enumerate(units)
    }
    with (SHARED / "cems_units.csv").open(newline="") as stream:
        fuels = {row["unit"]: row["fuel"].lower() for row in csv.DictReader(stream)}
    first = hours[0].start // 3600
    gateway = Gateway(
        GatewayStore(tmp_path / "year.db"), devices,
        {n: fuels[unit] for n, unit in enumerate(units, start=1)},
        demonstration_rules(), first_hour=first, end_hour=first + 8_784, now=clock,
        batch_hours=batch_hours,
    )  # fmt: skip
    clock.now = START + 400 * 86_400
    counts = dict.fromkeys(units, 0)
    with gateway.store.together():
        for hour in hours:
            counts[hour.unit] += 1
            number = units.index(hour.unit) + 1
            one = signed(hour.reading(number, number, counts[hour.unit]), keys[hour.unit])
            assert gateway.take(one, "csv").taken is Taken.STORED
        batches = gateway.close_due()
    assert set(counts.values()) == {8_784}
    assert len(batches) == 8_784 // batch_hours
    total = sum(hour.mass_g for hour in hours)
    assert sum(batch.root.mass_g for batch in batches) == total
    (year,) = period_roots(batches, Period.YEAR)
    assert (year.hours, year.root.mass_g, year.root.count) == (8_784, total, len(hours))
    of_days = dict.fromkeys(range(first, first + 8_784, 24), 0)
    for hour in hours:
        of_days[hour.start // 86_400 * 24] += hour.mass_g
    days = period_roots(batches, Period.DAY)
    assert {day.first_hour: day.root.mass_g for day in days} == of_days
    assert [m.hours for m in period_roots(batches, Period.MONTH)] == [
        24 * n for n in (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    ]


@pytest.mark.skipif(not SHARED.exists(), reason="the reference data is not on this machine")
@pytest.mark.parametrize("batch_hours", [1, 24])
def test_cems__measured_week_with_a_gap__every_hour_taken_and_the_gap_visible(
    tmp_path, clock, batch_hours
):
    hours = list(load_cems(SHARED / "cems_bowen_measured_week_2019.csv"))
    gateway = run_through(tmp_path, clock, hours, "coal", batch_hours)
    batches = gateway.close_due()
    stored = gateway.store.readings(hours[0].start // 3600 - 24, 24 * 12)
    measured = [s.reading for s in stored if s.reading.status is ReadingStatus.MEASURED]
    assert sum(r.mass_g for r in measured) == sum(h.mass_g for h in hours)
    assert sum(b.root.mass_g for b in batches) == sum(s.reading.mass_g for s in stored)
    filled = [s for s in stored if s.reading not in measured]
    assert filled
    assert all(s.reading.sequence == 0 and s.signature == b"" for s in filled)
    assert len(stored) == batch_hours * len(batches)


def test_keep__the_thousandth_reading__costs_what_the_tenth_did(gateway, clock):
    """Steps of SQLite's machine, which no busy processor changes."""
    clock.now = START + 2_000 * 3_600
    steps = []
    gateway.store._db.set_progress_handler(lambda: steps.append(1) and None, 1)
    costs = []
    for hour in range(1_000):
        steps.clear()
        assert gateway.take(signed(reading(hour)), "test").taken is Taken.STORED
        costs.append(len(steps))
    assert 0 < costs[-1] <= 2 * costs[9]
