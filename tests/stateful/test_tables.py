"""The tables beside contracts under random acts: whatever is done, they say the same."""

import boa
from hypothesis import strategies as st
from hypothesis.stateful import initialize, run_state_machine_as_test

from harness.boa_node import recorded
from harness.projected import assert_equal
from stateful.test_compliance_year import ComplianceYear, walk
from stateful.test_emission_finality import Finality


class Projected(Finality):
    """The search of finality, recorded; the tables are made and compared at its end."""

    @initialize(steps=st.integers(0, 7))
    def deploy(self, steps):
        self.recording = recorded()
        self.node = self.recording.__enter__()
        super().deploy(steps)

    def teardown(self):
        try:
            if hasattr(self, "it"):
                assert_equal(self.node, self.it)
        finally:
            if hasattr(self, "recording"):
                self.recording.__exit__(None, None, None)


def test_reports__any_sequence_of_acts__tables_equal_the_contracts() -> None:
    with boa.env.anchor():
        run_state_machine_as_test(Projected)


def test_compliance_year__random_walk__tables_equal_the_contracts(monkeypatch) -> None:
    """Every contract at once, with acts taken back in between; compared along the way and after."""
    years = []

    def remember(year, declared):
        years.append(year)
        begin(year, declared=declared)

    begin = ComplianceYear.begin
    monkeypatch.setattr(ComplianceYear, "begin", remember)
    with boa.env.anchor(), recorded() as node:
        walk(2)
        verdict = assert_equal(node, years[0].it)
    assert verdict.views > 100
