"""Transfers out of nothing or into nothing, and the events that must give their reason."""

from dataclasses import dataclass, field

from tanlian.domain.audit.findings import Findings
from tanlian.domain.errors import InvalidInput
from tanlian.domain.holder import holder_address

NOBODY = "0x" + "00" * 20


@dataclass(frozen=True, slots=True)
class Movement:
    """An amount of one asset that an account got or gave up, for a reason of this kind."""

    kind: str
    asset: str
    address: str
    amount: int


@dataclass(slots=True)
class Reasons:
    """Movements that wait for their reason; the transfer always comes first."""

    findings: Findings
    waiting: list[tuple[Movement, str]] = field(default_factory=list)

    def expect(self, movement: Movement, where: str) -> None:
        self.waiting.append((movement, where))

    def give(self, movement: Movement, where: str) -> None:
        """Take the movement that this reason explains off the list."""
        for place, (waiting, _) in enumerate(self.waiting):
            if waiting == movement:
                del self.waiting[place]
                return
        self.findings.compare(_words(movement), "a transfer", None, where)

    def give_for(
        self, kind: str, asset: str, organisation: int, *, amount: int, where: str
    ) -> None:
        """The same for the registry account of an organisation."""
        try:
            address = holder_address(organisation)
        except InvalidInput as error:
            self.findings.compare("an organisation", "an id", error.user_message, where)
            return
        self.give(Movement(kind, asset, address, amount), where)

    def finish(self) -> None:
        """Note every movement that got no reason."""
        for movement, where in self.waiting:
            self.findings.compare(_words(movement), "a reason", None, where)
        self.waiting.clear()


def _words(movement: Movement) -> str:
    return f"{movement.kind} of {movement.amount} of {movement.asset} at {movement.address}"
