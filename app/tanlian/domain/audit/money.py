"""Who holds how much settlement money: recomputed from the transfers and their reasons.

Money comes from a bank against a payment and goes against a payout, each reference once; what is
asked back lies with the token itself until the bank answers.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from tanlian.domain.audit.findings import Findings, Said, place_of
from tanlian.domain.audit.reasons import NOBODY, Movement, Reasons

ASSET = "money"


@dataclass(slots=True)
class Bank:
    """What one bank issued, paid out and is asked to pay."""

    issued: int = 0
    paid_out: int = 0
    pending: int = 0


@dataclass(slots=True)
class Redemption:
    """A request for payout."""

    organisation: int
    bank: int
    amount: int
    is_open: bool = True


@dataclass(slots=True)
class MoneyBooks:
    """The settlement token as its events tell it."""

    findings: Findings
    address: str
    balances: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    banks: dict[int, Bank] = field(default_factory=lambda: defaultdict(Bank))
    redemptions: dict[int, Redemption] = field(default_factory=dict)
    _references: set[tuple[str, int, bytes]] = field(default_factory=set)
    _reasons: Reasons = field(init=False)

    def __post_init__(self) -> None:
        self.address = self.address.lower()
        self._reasons = Reasons(self.findings)

    @property
    def total(self) -> int:
        return sum(bank.issued - bank.paid_out for bank in self.banks.values())

    def apply(self, event: Said) -> None:
        """Take in one event of the token."""
        match event.name:
            case "Transfer":
                self._move(event)
            case "MoneyIssued":
                self._issue(event)
            case "RedemptionRequested":
                self._request(event)
            case "RedemptionPaidOut":
                self._pay_out(event)
            case "RedemptionRejected" | "RedemptionCancelled":
                self._give_back(event)
            case _:
                pass

    def finish(self) -> None:
        """Note what was left unexplained, and whether money is conserved."""
        self._reasons.finish()
        held = sum(self.balances.values())
        self.findings.compare("money held", self.total, held, "all events")

    def _move(self, event: Said) -> None:
        giver, taker = (event.arguments[name].lower() for name in ("sender", "receiver"))
        amount, where = event.arguments["value"], place_of(event)
        if giver == NOBODY:
            self._reasons.expect(Movement("issue", ASSET, taker, amount), where)
        else:
            self.balances[giver] -= amount
            left = self.balances[giver]
            self.findings.hold(left >= 0, f"money of {giver} never negative", left, where)
        if taker == NOBODY:
            self._reasons.expect(Movement("payout", ASSET, giver, amount), where)
            return
        self.balances[taker] += amount
        if taker == self.address:
            self._reasons.expect(Movement("request", ASSET, giver, amount), where)
        if giver == self.address:
            self._reasons.expect(Movement("return", ASSET, taker, amount), where)

    def _issue(self, event: Said) -> None:
        said, where = event.arguments, place_of(event)
        amount = said["amount"]
        self._reasons.give_for("issue", ASSET, said["organisation"], amount=amount, where=where)
        self._use("payment", said["bank"], said["payment_reference"], where)
        self.banks[said["bank"]].issued += amount

    def _request(self, event: Said) -> None:
        said, where = event.arguments, place_of(event)
        amount = said["amount"]
        self._reasons.give_for("request", ASSET, said["organisation"], amount=amount, where=where)
        number = len(self.redemptions) + 1
        self.findings.compare("number of the redemption", number, said["redemption"], where)
        self.redemptions[number] = Redemption(said["organisation"], said["bank"], amount)
        self.banks[said["bank"]].pending += amount

    def _pay_out(self, event: Said) -> None:
        said, where = event.arguments, place_of(event)
        if self._ended(event):
            self._reasons.give(Movement("payout", ASSET, self.address, said["amount"]), where)
            self._use("payout", said["bank"], said["payout_reference"], where)
            self.banks[said["bank"]].paid_out += said["amount"]

    def _give_back(self, event: Said) -> None:
        said, where = event.arguments, place_of(event)
        if self._ended(event):
            self._reasons.give_for(
                "return", ASSET, said["organisation"], amount=said["amount"], where=where
            )

    def _ended(self, event: Said) -> bool:
        said, where = event.arguments, place_of(event)
        request = self.redemptions.get(said["redemption"])
        told = (said["organisation"], said["bank"], said["amount"], True)
        if request is None:
            return self.findings.compare("an open redemption", None, told, where)
        expected = (request.organisation, request.bank, request.amount, request.is_open)
        if not self.findings.compare("an open redemption", expected, told, where):
            return False
        request.is_open = False
        self.banks[request.bank].pending -= request.amount
        return True

    def _use(self, kind: str, bank: int, reference: bytes, where: str) -> None:
        key = (kind, bank, reference)
        fresh = key not in self._references
        self.findings.hold(fresh, f"a {kind} reference is used once", reference.hex(), where)
        self._references.add(key)
