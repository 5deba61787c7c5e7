"""A duty as people read it: the facts of the contracts, its letter, the certificates."""

from collections.abc import Sequence
from dataclasses import dataclass

from tanlian.domain.compliance import ComplianceCode, compliance_code
from tanlian.services.access import Access
from tanlian.services.organisations import organisation

WORDS = {
    ComplianceCode.OPEN: "the deadline has not passed",
    ComplianceCode.SURRENDERED: "surrendered what was due",
    ComplianceCode.SHORT: "surrendered less than was due",
    ComplianceCode.UNREPORTED: "no accepted emissions at the deadline",
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """One surrender."""

    number: int
    amount_kg: int
    surrendered_at: int
    in_time: bool
    identity: bytes


@dataclass(frozen=True, slots=True)
class DutyOfYear:
    """One organisation's duty of a year, in kilograms."""

    organisation: int
    name: str
    code: ComplianceCode
    accepted: bool
    duty_kg: int
    surrendered_kg: int
    in_time_kg: int
    offsets_kg: int
    outstanding_kg: int
    shortfall_kg: int
    cut_kg: int
    carried_kg: int
    deadline_at: int
    certificates: Sequence[Certificate]

    @property
    def words(self) -> str:
        return WORDS[self.code]


def duty_of(access: Access, name: str, year: int) -> DutyOfYear:
    """Read a duty and the surrenders that met it.

    Raises:
        NotFound: nobody, or several, are called so.
        ContractRefused: the year was not opened.
    """
    who = organisation(access, name)
    compliance = access.contracts["compliance"]
    asked = ("duty", "cut_kg", "carried_kg")
    duty, cut_kg, carried_kg = access.contracts.read_many(
        compliance.reading(view, who.id, year) for view in asked
    )
    now = int(access.connection.block()["timestamp"], 16)
    return DutyOfYear(
        organisation=who.id,
        name=who.name,
        code=compliance_code(
            accepted=duty.accepted,
            duty=duty.duty_kg,
            surrendered=duty.surrendered_kg,
            deadline_passed=now > duty.deadline_at,
        ),
        accepted=duty.accepted,
        duty_kg=duty.duty_kg,
        surrendered_kg=duty.surrendered_kg,
        in_time_kg=duty.in_time_kg,
        offsets_kg=duty.offsets_kg,
        outstanding_kg=duty.outstanding_kg,
        shortfall_kg=duty.recorded_shortfall_kg,
        cut_kg=cut_kg,
        carried_kg=carried_kg,
        deadline_at=duty.deadline_at,
        certificates=_certificates(access, who.id, year),
    )


def _certificates(access: Access, organisation_id: int, year: int) -> list[Certificate]:
    contracts = access.contracts
    events = contracts.events().read(
        contracts.book.first_block(), contracts=["compliance"], names=["DutySurrendered"]
    )
    numbers = [
        int(event["surrender_id"])
        for event in events
        if event["organisation"] == organisation_id and event["period"] == year
    ]
    compliance = contracts["compliance"]
    found = contracts.read_many(compliance.reading("surrender_certificate", n) for n in numbers)
    marks = contracts.read_many(compliance.reading("certificate_identity", n) for n in numbers)
    return [
        Certificate(n, one.amount_kg, one.surrendered_at, one.in_time, bytes(mark))
        for n, one, mark in zip(numbers, found, marks, strict=True)
    ]
