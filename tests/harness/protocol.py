"""Every contract of register, market, emissions and duties in one deployment, none of them mocked."""

from dataclasses import dataclass
from typing import Any

import boa

from harness.consortium import CEA24, DOCUMENT, Member, deploy, deploy_register
from harness.duties import Duties, with_duties
from harness.emissions import (
    AR5,
    CN_POWER,
    STARTS,
    abi_line,
    approve_plan,
    calendar,
    load_set,
)
from harness.market import UTC_OFFSET, Market
from tanlian.domain.emission_methods import ActivityLine, Method
from tanlian.domain.factor_set import Unit, factor_set

YEAR = 2024
MILLIONTHS = 10**6


@dataclass
class Protocol:
    """The whole protocol; attributes are looked for in the duties, then in the consortium."""

    duties: Duties
    market: Market
    monitoring: Any

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.duties, name)

    def verified_year(
        self, member: Member, tonnes_of_diesel: int, corrected_to: int | None = None
    ) -> int:
        """Bring a report of the year through verification; return the accepted kilograms."""
        reg, ver = self.regulator.account, self.verifier.account
        boa.env.timestamp = max(boa.env.timestamp, STARTS[YEAR + 1] + 1)
        approve_plan(self.consortium, member)
        self.emissions.report(YEAR, diesel(tonnes_of_diesel), DOCUMENT, sender=member.account)
        self.emissions.assign(member.org_id, YEAR, self.verifier.org_id, sender=reg)
        if corrected_to is None:
            self.emissions.endorse(member.org_id, YEAR, 1, DOCUMENT, sender=ver)
        else:
            lines = diesel(corrected_to)
            self.emissions.correct(member.org_id, YEAR, 1, lines, "meter log", DOCUMENT, sender=ver)
            self.emissions.agree(YEAR, sender=member.account)
        figure = self.emissions.record_of(member.org_id, YEAR).verified_kg
        self.emissions.accept(member.org_id, YEAR, figure, DOCUMENT, sender=reg)
        return figure


def diesel(tonnes: int) -> list[tuple]:
    """The activity data of so many tonnes of diesel oil."""
    return [abi_line(ActivityLine(Method.FUEL, "diesel", Unit.TONNE, tonnes * MILLIONTHS))]


def deploy_protocol(now: int = STARTS[YEAR]) -> Protocol:
    """Deploy and seal everything; the reporting year 2024 is open."""
    boa.env.timestamp = now
    it = deploy_register()
    it.contracts.methods = methods = deploy("EmissionMethods", it.membership)
    it.contracts.sets = {
        name: load_set(methods, factor_set(name), it.regulator.account) for name in (CN_POWER, AR5)
    }
    it.contracts.monitoring = monitoring = deploy("MonitoringRegistry", it.membership)
    emissions = deploy("EmissionRegistry", it.membership, methods, monitoring)
    house = deploy("ClearingHouse", it.membership, UTC_OFFSET)
    contract = deploy("CarbonMarket", it.membership, it.ledger, it.money, house)
    contract.event_abi_for.update(house.event_abi_for)  # it runs the house's code
    sessions = deploy("TradingSessions", it.membership, contract)
    settlement = deploy("MarginSettlement", it.membership, contract)
    blocks = deploy("BlockTrades", it.membership, contract, sessions)
    with boa.env.prank(it.deployer):
        contract.wire(sessions, settlement, blocks)
        contract.seal()
    duties = with_duties(it, emissions, settlement, facilities=(contract,))
    market = Market(it, contract, sessions, settlement, blocks, house)
    sessions.list_instrument(CEA24, sender=it.exchange.account)
    monitoring.open_year(YEAR, STARTS[YEAR], STARTS[YEAR + 1], sender=it.regulator.account)
    emissions.open_year(YEAR, calendar(it, YEAR), sender=it.regulator.account)
    return Protocol(duties, market, monitoring)
