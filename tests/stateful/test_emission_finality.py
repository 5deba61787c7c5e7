"""Nobody but the regulator makes a figure final, whatever all others do, in any order.

Emitters, verifiers and outsiders call every function with any arguments, collude, and wait; the
regulator acts too. The model keeps only what the regulator's own calls did. Laws: an accepted figure
changes in no other call than an acceptance that went through; it is the figure the regulator named;
what was endorsed is never accepted under another version; the first declared figure never changes;
a verifier whose figure was handed back never has the case again;
a commitment always equals the record.
"""

import boa
from eth_abi import encode
from eth_utils import keccak
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from harness.consortium import DOCUMENT, REASON
from harness.emissions import DAY, STARTS, YEAR, abi_line, report_by, with_registries
from tanlian.domain.emission_methods import ActivityLine, Method
from tanlian.domain.factor_set import Unit
from unit.emissions.test_emission_registry import RECORD

EMITTERS = ("emitter", "other_emitter")
VERIFIERS = ("verifier", "other_verifier")
OTHERS = (*EMITTERS, *VERIFIERS, "trader", "observer", "exchange", "bank", "operator")
FIGURES = st.sampled_from([1_000, 2_000, 50_000])
VERSIONS = st.integers(1, 3)


def co2(kilograms):
    return [abi_line(ActivityLine(Method.GAS, "CO2", Unit.KILOGRAM, kilograms * 10**6))]


class Finality(RuleBasedStateMachine):
    acceptances = 0  # in all runs together

    @initialize(steps=st.integers(0, 7))
    def deploy(self, steps):
        """Begin anywhere on the way of an honest case: a search of few steps reaches its end."""
        self.it = with_registries()
        self.accepted = {}  # emitter -> figure that the regulator accepted last
        self.declared = {}
        self.undone = {emitter: set() for emitter in EMITTERS}  # verifiers, by emitter
        boa.env.timestamp = STARTS[YEAR + 1] + DAY
        for _ in range(steps):
            self.proceed("emitter", 1_000)

    def attempt(self, who, function, *args):
        """Call; return whether it went through."""
        member = getattr(self.it, who)
        try:
            getattr(self.it.emissions, function)(*args, sender=member.account)
        except boa.BoaError:
            return False
        note(f"{who}: {function}{args}")
        return True

    def org(self, emitter):
        return getattr(self.it, emitter).org_id

    @rule(days=st.integers(1, 40))
    def wait(self, days):
        boa.env.timestamp += days * DAY

    @rule()
    def wait_until_late(self):
        boa.env.timestamp = max(boa.env.timestamp, report_by(YEAR) + 1)

    @rule(who=st.sampled_from(OTHERS), kilograms=FIGURES, amending=st.booleans())
    def report(self, who, kilograms, amending):
        function = "amend" if amending else "report"
        if self.attempt(who, function, YEAR, co2(kilograms), DOCUMENT) and who not in self.declared:
            self.declared[who] = kilograms

    @rule(who=st.sampled_from(OTHERS), emitter=st.sampled_from(EMITTERS), version=VERSIONS)
    def endorse(self, who, emitter, version):
        self.attempt(who, "endorse", self.org(emitter), YEAR, version, DOCUMENT)

    @rule(
        who=st.sampled_from(VERIFIERS), emitter=st.sampled_from(EMITTERS), version=VERSIONS,
        kilograms=FIGURES,
    )  # fmt: skip
    def correct(self, who, emitter, version, kilograms):
        self.attempt(
            who, "correct", self.org(emitter), YEAR, version, co2(kilograms), REASON, DOCUMENT
        )

    @rule(who=st.sampled_from(VERIFIERS), emitter=st.sampled_from(EMITTERS), version=VERSIONS)
    def reject(self, who, emitter, version):
        self.attempt(who, "reject", self.org(emitter), YEAR, version, REASON, DOCUMENT)

    @rule(who=st.sampled_from(EMITTERS), objecting=st.booleans())
    def answer(self, who, objecting):
        if objecting:
            self.attempt(who, "object_to_figure", YEAR, REASON, DOCUMENT)
        else:
            self.attempt(who, "agree", YEAR)

    @rule(
        who=st.sampled_from((*OTHERS, "regulator")),
        emitter=st.sampled_from(EMITTERS),
        kilograms=FIGURES,
    )
    def estimate(self, who, emitter, kilograms):
        self.attempt(who, "estimate", self.org(emitter), YEAR, kilograms, REASON, DOCUMENT)

    @rule(who=st.sampled_from(OTHERS), emitter=st.sampled_from(EMITTERS), kilograms=FIGURES)
    def usurp(self, who, emitter, kilograms):
        """Everything that is the regulator's alone, tried by all others."""
        org_id = self.org(emitter)
        assert not self.attempt(who, "accept", org_id, YEAR, kilograms, DOCUMENT)
        assert not self.attempt(who, "reexamine", org_id, YEAR, REASON, DOCUMENT)
        assert not self.attempt(who, "decide_objection", org_id, YEAR, False, REASON, DOCUMENT)
        assert not self.attempt(who, "assign", org_id, YEAR, self.it.verifier.org_id)

    @rule(emitter=st.sampled_from(EMITTERS), verifier=st.sampled_from(VERIFIERS))
    def assign(self, emitter, verifier):
        verifier_id = getattr(self.it, verifier).org_id
        self.attempt("regulator", "assign", self.org(emitter), YEAR, verifier_id)

    @rule(emitter=st.sampled_from(EMITTERS), upheld=st.booleans())
    def decide(self, emitter, upheld):
        judged = self.it.emissions.record_of(self.org(emitter), YEAR).verifier_id
        args = (self.org(emitter), YEAR, upheld, REASON, DOCUMENT)
        if self.attempt("regulator", "decide_objection", *args) and upheld:
            self.undone[emitter].add(judged)

    @rule(emitter=st.sampled_from(EMITTERS), kilograms=FIGURES)
    def accept(self, emitter, kilograms):
        before = self.it.emissions.record_of(self.org(emitter), YEAR)
        if self.attempt("regulator", "accept", self.org(emitter), YEAR, kilograms, DOCUMENT):
            assert before.verified_kg == kilograms
            self.accepted[emitter] = kilograms
            Finality.acceptances += 1

    @rule(emitter=st.sampled_from(EMITTERS))
    def accept_what_stands(self, emitter):
        standing = self.it.emissions.record_of(self.org(emitter), YEAR).verified_kg
        if self.attempt("regulator", "accept", self.org(emitter), YEAR, standing, DOCUMENT):
            self.accepted[emitter] = standing
            Finality.acceptances += 1

    @rule(emitter=st.sampled_from(EMITTERS), kilograms=FIGURES)
    def proceed(self, emitter, kilograms):
        """The next step of an honest case, so that later states are reached often."""
        record = self.it.emissions.record_of(self.org(emitter), YEAR)
        match record.status:
            case 0:
                self.report(emitter, kilograms, amending=False)
            case 1:
                free = [
                    v for v in VERIFIERS if getattr(self.it, v).org_id not in self.undone[emitter]
                ]
                for verifier in free[:1]:
                    self.assign(emitter, verifier)
            case 2:
                for who in VERIFIERS:
                    self.endorse(who, emitter, record.version)
            case 3:
                self.report(emitter, kilograms, amending=True)
            case 4 | 7:
                self.answer(emitter, objecting=False)
            case 5:
                self.accept_what_stands(emitter)
            case 6:
                self.decide(emitter, upheld=False)
            case 8:
                self.reexamine(emitter)

    @rule(emitter=st.sampled_from(EMITTERS))
    def reexamine(self, emitter):
        judged = self.it.emissions.record_of(self.org(emitter), YEAR).verifier_id
        if self.attempt("regulator", "reexamine", self.org(emitter), YEAR, REASON, DOCUMENT):
            self.undone[emitter].add(judged)

    @invariant()
    def nobody_has_a_case_again_in_which_its_figure_was_handed_back(self):
        for emitter in EMITTERS if hasattr(self, "it") else ():
            record = self.it.emissions.record_of(self.org(emitter), YEAR)
            assert record.assigned_to == 0 or record.assigned_to not in self.undone[emitter]

    @invariant()
    def only_the_regulator_made_figures_final(self):
        for emitter in EMITTERS if hasattr(self, "it") else ():
            final = self.it.emissions.verified_emissions(self.org(emitter), YEAR)
            assert final == (emitter in self.accepted, self.accepted.get(emitter, 0))
            facts = self.it.emissions.report_facts(self.org(emitter), YEAR)
            assert facts.declared_kg == self.declared.get(emitter, 0)
            assert (facts.accepted_at != 0) == (emitter in self.accepted)

    @invariant()
    def commitments_equal_records(self):
        for emitter in EMITTERS if hasattr(self, "it") else ():
            org_id = self.org(emitter)
            record = self.it.emissions.record_of(org_id, YEAR)
            commitment = self.it.emissions.commitment_of(org_id, YEAR)
            if record.status or record.verified_kg:
                encoded = encode(["uint256", "uint256", RECORD], [org_id, YEAR, tuple(record)])
                assert commitment == keccak(encoded)
            else:
                assert commitment == bytes(32)


def test_finality__any_sequence_of_calls__only_the_regulator_makes_figures_final():
    run_state_machine_as_test(Finality)
    assert Finality.acceptances > 0  # the machine does reach the end of cases
