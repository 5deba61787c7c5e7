"""Supervision under random acts of everybody, beside a model in another shape.

The model keeps a log of what went through and nothing else: each question (is a complaint open, who
may see what, is a deadline missed) is answered by reading the whole log. It says of each act whether
it must go through. Laws that need no model: an act of supervision changes nothing of anybody's
units, money, coins or figures, and a closed complaint never changes again.
"""

import boa
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from harness.consortium import CEA24, DOCUMENT, NORTH, PERIOD, REASON, SOUTH
from harness.duties import DAY, Duties
from harness.refusal import reason_of
from harness.supervision import (
    EVIDENCE,
    RULES,
    STATEMENT,
    accept,
    deploy_supervision,
    party,
    reexamine,
    report,
)
from tanlian.domain.roles import Role
from tanlian.domain.supervision import (
    Extent,
    GrantedView,
    Scope,
    ViewKind,
    may_view,
)

REGULATORS = ("regulator", "other_regulator")
COMPLAINANTS = ("observer", "bank", "regulator", "emitter")
SUBJECTS = ("emitter", "other_emitter", "verifier", "regulator", "observer")
WATCHERS = ("observer", "bank")
CHECK, CASE, EXAMINATION, INSPECTION = 1, 2, 3, 4
ENDINGS = {"upheld", "dismissed", "withdrawn"}
REACHED: set[str] = set()
ACTS = {"file", "take up", "pursue", "resolve", "withdraw", "escalate", "grant", "revoke"}
ROUTES = {f"route {number}" for number in (CASE, EXAMINATION, INSPECTION)}

who = st.sampled_from((*COMPLAINANTS, "other_regulator", "verifier"))
regulators = st.sampled_from((*REGULATORS * 2, *COMPLAINANTS[:2]))
picks = st.integers(0, 7)


class Supervision(RuleBasedStateMachine):
    begun = False
    it: Duties  # deployed once; each run is undone

    @initialize(
        filed=st.integers(0, 5), named=st.integers(0, 3), late=st.booleans(), ended=st.booleans()
    )
    def begin(self, filed, named, late, ended):
        """Begin anywhere in the life of a few complaints: a search of few steps reaches the end."""
        self.anchor = boa.env.anchor()
        self.anchor.__enter__()
        self.begun = True
        self.log = []  # (time, act, number, facts)
        self.suspended = set()
        self.cases = []  # numbers, of the emitter
        for name in ("emitter", "other_emitter"):
            self.it.allocate(self.it.members[name], 1_000)
            self.it.fund(self.it.members[name], 1_000)
            report(self.it, self.it.members[name])
        accept(self.it, self.it.emitter)
        self.examine()
        self.open_case()
        for kind, by in (
            (1, "observer"),
            (2, "observer"),
            (1, "bank"),
            (2, "bank"),
            (1, "regulator"),
        )[:filed]:
            self.file(by=by, subject="emitter", kind=kind, early=False)
        for number in range(1, min(filed, named) + 1):
            route = (INSPECTION, CASE, EXAMINATION)[number - 1]
            self.take_up(by="regulator", pick=number, route=route, what={CASE: 1}.get(route, 3))
        if named:
            self.pursue(by="regulator", pick=1, route=INSPECTION, what=5)
        if ended:
            self.resolve(by="regulator", pick=1, upheld=late)
        if late:
            self.wait(days=16)
            self.escalate(by="observer", pick=filed)
        for grantee in WATCHERS:
            self.grant(
                by="regulator", grantee=grantee, kinds=5, scope=Scope.REGION, south=False, days=20
            )

    def teardown(self):
        if self.begun:
            self.anchor.__exit__(None, None, None)

    # --- reading the log

    def acts(self, number):
        return [
            (at, act, facts) for at, act, n, facts in self.log if n == number and "view" not in act
        ]

    def filed(self):
        return [(n, facts) for _, act, n, facts in self.log if act == "file"]

    def steps(self, number):
        return [act for _, act, _ in self.acts(number)]

    def is_open(self, number):
        return not ENDINGS & set(self.steps(number))

    def named(self, number):
        """The last that was opened for a complaint, if any."""
        named = [f for _, act, f in self.acts(number) if act in {"take up", "pursue"}]
        return named[-1] if named else None

    def deadline(self, number):
        taken = [at for at, act, _ in self.acts(number) if act == "take up"]
        if taken:
            return taken[0] + RULES.resolve_seconds
        return self.acts(number)[0][0] + RULES.take_up_seconds

    def escalated(self, number):
        """Whether the running deadline was escalated: after the last change of state."""
        steps = [act for act in self.steps(number) if act != "pursue"]
        return bool(steps) and steps[-1] == "escalate"

    def is_over(self, number):
        route, reference, acceptances = self.named(number)
        if route == CASE:
            return self.it.incentives.case(reference).status in {3, 4}
        if route == EXAMINATION:
            found = self.it.emissions.record_of(reference, PERIOD)
            return found.acceptances > acceptances
        return True

    def may_be_named(self, number, route, reference):
        _, complaint = next((n, facts) for n, facts in self.filed() if n == number)
        filed_at = self.acts(number)[0][0]
        if route == CASE:
            if not 0 < reference <= len(self.cases):
                return False
            case = self.it.incentives.case(reference)
            fresh = case.status in {1, 2} or case.opened_at >= filed_at
            return fresh and (case.organisation, case.period) == (complaint[1], complaint[3])
        if route == EXAMINATION:
            found = self.it.emissions.record_of(reference, complaint[3])
            people = {reference, found.assigned_to, found.verifier_id, found.accepted_verifier}
            has_figure = found.version > 0 or found.acceptances > 0
            return has_figure and found.status != 8 and complaint[1] in people
        return route == INSPECTION and reference != 0

    # --- doing and judging one act

    def elsewhere(self):
        """Units, money, coins and figures of those who are complained about most."""
        it = self.it
        return [
            (
                it.ledger.holding(member.org_id, CEA24),
                it.ledger.free_holding(member.org_id, CEA24),
                it.money.balanceOf(member.holder),
                it.coins(member),
                it.emissions.commitment_of(member.org_id, PERIOD),
            )
            for member in (it.emitter, it.other_emitter)
        ]

    def act(self, name, may, function, *args, by):
        before = self.elsewhere()
        try:
            result = getattr(self.it.supervision, function)(
                *args, sender=self.it.members[by].account
            )
        except boa.BoaError as refusal:
            assert not may, f"{name} by {by} refused: {reason_of(refusal)}"  # noqa: PT017
            REACHED.add(f"{name} refused")
            went = False
        else:
            assert may, f"{name}{args} by {by} went through"
            REACHED.add(name)
            went = True
        note(f"{name} by {by}: {went}")
        assert self.elsewhere() == before
        return result if went else None

    def number(self, pick):
        """One of the complaints, or one that is not there."""
        return pick % (len(self.filed()) + 1)

    def judges(self, by, number):
        complaint = dict(self.filed()).get(number)
        org_id = self.it.members[by].org_id
        return (
            complaint is not None
            and by in REGULATORS
            and by not in self.suspended
            and org_id not in complaint[:2]
        )

    def stamp(self, act, number, facts=()):
        self.log.append((boa.env.timestamp, act, number, facts))

    # --- complaints

    @rule(by=who, subject=st.sampled_from(SUBJECTS), kind=st.integers(0, 2), early=st.booleans())
    def file(self, by, subject, kind, early):
        period = PERIOD - early
        me, other = self.it.members[by].org_id, self.it.members[subject].org_id
        key = (me, other, kind, period)
        clash = any(self.is_open(n) for n, facts in self.filed() if facts == key)
        may = by not in self.suspended and me != other and kind != 0 and not clash
        number = self.act(
            "file", may, "file_complaint", other, kind, period, EVIDENCE, STATEMENT, by=by
        )
        if may:
            assert number == len(self.filed()) + 1
            self.stamp("file", number, key)

    def reference(self, route, pick):
        if route == CASE:
            return pick % (len(self.cases) + 2)
        if route == EXAMINATION:
            return self.it.members[("emitter", "other_emitter", "bank")[pick % 3]].org_id
        return pick

    def naming(self, route, reference):
        acceptances = 0
        if route == EXAMINATION:
            acceptances = self.it.emissions.record_of(reference, PERIOD).acceptances
        return (route, reference, acceptances)

    @rule(
        by=regulators,
        pick=picks,
        route=st.sampled_from([CASE, EXAMINATION, INSPECTION, 0]),
        what=picks,
    )
    def take_up(self, by, pick, route, what):
        number, reference = self.number(pick), self.reference(route, what)
        may = (
            self.judges(by, number)
            and self.is_open(number)
            and self.named(number) is None
            and self.may_be_named(number, route, reference)
        )
        args = (number, route, reference, DOCUMENT)
        self.act("take up", may, "take_up", *args, by=by)
        if may:
            REACHED.add(f"route {route}")
            self.stamp("take up", number, self.naming(route, reference))

    @rule(
        by=regulators,
        pick=picks,
        route=st.sampled_from([CASE, EXAMINATION, INSPECTION]),
        what=picks,
    )
    def pursue(self, by, pick, route, what):
        number, reference = self.number(pick), self.reference(route, what)
        may = (
            self.judges(by, number)
            and self.is_open(number)
            and self.named(number) is not None
            and self.is_over(number)
            and (route == EXAMINATION or self.named(number)[:2] != (route, reference))
            and self.may_be_named(number, route, reference)
        )
        self.act("pursue", may, "pursue", number, route, reference, DOCUMENT, by=by)
        if may:
            self.stamp("pursue", number, self.naming(route, reference))

    @rule(by=regulators, pick=picks, upheld=st.booleans())
    def resolve(self, by, pick, upheld):
        number = self.number(pick)
        may = (
            self.judges(by, number)
            and self.is_open(number)
            and self.named(number) is not None
            and self.is_over(number)
        )
        self.act("resolve", may, "resolve", number, upheld, REASON, DOCUMENT, by=by)
        if may:
            self.stamp("upheld" if upheld else "dismissed", number)

    @rule(by=who, pick=picks, own=st.booleans())
    def withdraw(self, by, pick, own):
        number = self.number(pick)
        complaint = dict(self.filed()).get(number)
        if own and complaint is not None:
            by = next(m.name for m in self.it.members.values() if m.org_id == complaint[0])
        mine = complaint is not None and complaint[0] == self.it.members[by].org_id
        may = mine and self.is_open(number)
        self.act("withdraw", may, "withdraw", number, REASON, by=by)
        if may:
            self.stamp("withdrawn", number)

    @rule(by=who, pick=picks)
    def escalate(self, by, pick):
        number = self.number(pick)
        may = (
            number in dict(self.filed())
            and self.is_open(number)
            and boa.env.timestamp > self.deadline(number)
            and not self.escalated(number)
        )
        self.act("escalate", may, "escalate", number, by=by)
        if may:
            self.stamp("escalate", number)

    # --- grants

    @rule(
        by=regulators,
        grantee=st.sampled_from((*WATCHERS, "regulator")),
        kinds=st.integers(0, 7),
        scope=st.sampled_from([Scope.EVERYONE, Scope.REGION, Scope.ORGANISATION]),
        south=st.booleans(),
        days=st.integers(0, 40),
    )
    def grant(self, by, grantee, kinds, scope, south, days):
        fields = {}
        if scope is Scope.REGION:
            fields["region"] = SOUTH if south else NORTH
        if scope is Scope.ORGANISATION:
            fields["subject"] = self.it.emitter.org_id
        extent = Extent(ViewKind(kinds), scope, PERIOD - 1, PERIOD, **fields)
        until = boa.env.timestamp + days * DAY
        may = (
            by in REGULATORS
            and not self.suspended & {by, grantee}
            and by != grantee
            and kinds != 0
            and days > 0
        )
        org_id = self.it.members[grantee].org_id
        number = self.act(
            "grant", may, "grant_view", org_id, extent.as_struct(), until, DOCUMENT, by=by
        )
        if may:
            self.stamp("grant view", number, (org_id, extent, until))

    @rule(by=regulators, pick=picks)
    def revoke(self, by, pick):
        granted = self.granted()
        number = pick % (len(granted) + 1)
        grant = next((g for g in granted if g.number == number), None)
        may = (
            by in REGULATORS
            and by not in self.suspended
            and grant is not None
            and grant.is_in_force(boa.env.timestamp)
        )
        self.act("revoke", may, "revoke_view", number, REASON, by=by)
        if may:
            self.stamp("revoke view", number)

    def granted(self):
        revoked = {n: at for at, act, n, _ in self.log if act == "revoke view"}
        return [
            GrantedView(n, facts[0], facts[1], at, facts[2], revoked.get(n, 0))
            for at, act, n, facts in self.log
            if act == "grant view"
        ]

    # --- what goes on around it

    @rule(days=st.sampled_from([0, 1, 8, 16, 61]))
    def wait(self, days):
        boa.env.timestamp += days * DAY + 1

    @rule(name=st.sampled_from(["observer", "bank", "emitter", "other_regulator"]))
    def suspend_or_reinstate(self, name):
        member = self.it.members[name]
        if name in self.suspended:
            self.it.reinstate(member)
        else:
            self.it.suspend(member)
        self.suspended ^= {name}

    @rule(south=st.booleans())
    def move(self, south):
        it = self.it
        region = SOUTH if south else NORTH
        it.membership.reclassify(
            it.other_emitter.org_id, 1, region, DOCUMENT, sender=it.regulator.account
        )

    @rule()
    def open_case(self):
        text = f"decision {len(self.cases)}"
        self.cases.append(self.it.penalise(self.it.emitter, 1_000_000, text))

    @rule(pick=picks)
    def settle_case(self, pick):
        for number in self.cases[pick : pick + 1]:
            case = self.it.incentives.case(number)
            if case.status == 1 and boa.env.timestamp > case.appeal_until:
                self.it.incentives.settle(number)

    @rule()
    def examine(self):
        """Open the accepted figure again, or bring the examination to its end."""
        it = self.it
        record = it.emissions.record_of(it.emitter.org_id, PERIOD)
        if record.status == 8:
            reexamine(it, it.emitter)
        else:
            # who gave a figure never gets its case again, so each examination has a verifier of its own
            name = f"verifier {record.acceptances}"
            accept(it, it.emitter, it.consortium.admit(name, Role.VERIFIER))

    # --- what always holds

    @invariant()
    def complaints_stand_as_the_log_says(self):
        if not self.begun:
            return
        desk = self.it.supervision
        assert desk.complaint_count() == len(self.filed())
        for number, facts in self.filed():
            found = desk.complaint(number)
            assert (found.complainant, found.subject, found.kind, found.period) == facts
            steps = self.steps(number)
            ending = [act for act in steps if act in ENDINGS]
            stands = {"upheld": 3, "dismissed": 4, "withdrawn": 5}
            expected = stands[ending[0]] if ending else 2 if "take up" in steps else 1
            assert found.status == expected
            assert len(ending) <= 1
            assert found.act_by == (0 if ending else self.deadline(number))
            assert desk.is_overdue(number) == (
                not ending and boa.env.timestamp > self.deadline(number)
            )
            opened = [n for n, f in self.filed() if f == facts and self.is_open(n)]
            assert desk.open_complaint(*facts) == (opened[0] if opened else 0)
            assert len(opened) <= 1

    @invariant()
    def views_are_those_of_the_log(self):
        if not self.begun:
            return
        now = boa.env.timestamp
        subjects = [party(self.it, self.it.members[n].org_id) for n in ("emitter", "other_emitter")]
        for name in WATCHERS:
            viewer = party(self.it, self.it.members[name].org_id)
            grants = [grant for grant in self.granted() if grant.grantee == viewer.org_id]
            live = [grant.number for grant in grants if grant.is_in_force(now)]
            assert list(self.it.supervision.live_grants(viewer.org_id)) == live
            for subject in subjects:
                for kind in (ViewKind.REPORTS, ViewKind.HOLDINGS, ViewKind.COINS):
                    assert self.it.supervision.may_view(
                        viewer.org_id, kind, subject.org_id, PERIOD, now
                    ) == may_view(viewer, grants, kind, subject, year=PERIOD, at=now)


def test_supervision__random_acts__are_those_of_the_model():
    Supervision.it = deploy_supervision()
    run_state_machine_as_test(Supervision)
    missing = (ACTS | ROUTES | {f"{act} refused" for act in ACTS}) - REACHED
    assert not missing, f"the search never reached {sorted(missing)}"
