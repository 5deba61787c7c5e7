"""Who holds which units: recomputed from the ledger's transfers and their reasons.

Every transfer that makes or destroys units must stand beside its issue or retirement, with the same
figures; serials follow one another without gap; issued = held + surrendered + cancelled.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from tanlian.domain.audit.findings import Findings, Said, place_of
from tanlian.domain.audit.reasons import NOBODY, Movement, Reasons

SURRENDER = 1  # the ledger's purposes
CANCELLATION = 2
CLAW_BACK = 3
ENTRY_BITS = 40  # an entry's id is token id << 40 | its number


@dataclass(slots=True)
class Kind:
    """The totals of one token id and its serials."""

    issued_kg: int = 0
    surrendered_kg: int = 0
    cancelled_kg: int = 0
    blocks: int = 0
    certificates: int = 0

    @property
    def retired_kg(self) -> int:
        return self.surrendered_kg + self.cancelled_kg


@dataclass(slots=True)
class UnitBooks:
    """The ledger as its events tell it."""

    findings: Findings
    balances_kg: dict[tuple[int, str], int] = field(default_factory=lambda: defaultdict(int))
    kinds: dict[int, Kind] = field(default_factory=lambda: defaultdict(Kind))
    frozen_kg: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    frozen_whole: set[int] = field(default_factory=set)
    _clawed_back: list[tuple[int, int, int, int]] = field(default_factory=list)
    _reasons: Reasons = field(init=False)

    def __post_init__(self) -> None:
        self._reasons = Reasons(self.findings)

    def apply(self, event: Said) -> None:
        """Take in one event of the ledger."""
        said = event.arguments
        match event.name:
            case "TransferSingle":
                self._move(event, said["_id"], said["_value"])
            case "TransferBatch":
                for token_id, amount in zip(said["_ids"], said["_values"], strict=True):
                    self._move(event, token_id, amount)
            case "UnitsIssued":
                self._issue(event)
            case "UnitsRetired":
                self._retire(event)
            case "UnitsClawedBack":
                self._claw_back(event)
            case "UnitsFrozen" | "UnitsUnfrozen":
                self._freeze(event)
            case "HolderFrozen":
                self.frozen_whole.add(said["organisation"])
            case "HolderUnfrozen":
                self.frozen_whole.discard(said["organisation"])
            case _:
                pass

    def finish(self) -> None:
        """Note what was left unexplained, and where units are not conserved."""
        self._reasons.finish()
        for told in self._clawed_back:
            self.findings.compare("claw-back", told, None, "all events")
        for token_id, kind in self.kinds.items():
            held = sum(kg for (token, _), kg in self.balances_kg.items() if token == token_id)
            self.findings.compare(
                f"units {token_id}: held + surrendered + cancelled",
                kind.issued_kg,
                held + kind.retired_kg,
                "all events",
            )

    def _move(self, event: Said, token_id: int, amount: int) -> None:
        giver, taker = (event.arguments[name].lower() for name in ("_from", "_to"))
        where, asset = place_of(event), str(token_id)
        if giver == NOBODY:
            self._reasons.expect(Movement("issue", asset, taker, amount), where)
        else:
            self.balances_kg[token_id, giver] -= amount
            left = self.balances_kg[token_id, giver]
            self.findings.hold(left >= 0, f"units {asset} of {giver} never negative", left, where)
        if taker == NOBODY:
            self._reasons.expect(Movement("retirement", asset, giver, amount), where)
        else:
            self.balances_kg[token_id, taker] += amount

    def _issue(self, event: Said) -> None:
        said, where = event.arguments, place_of(event)
        token_id, amount = said["token_id"], said["amount_kg"]
        kind = self.kinds[token_id]
        self._reasons.give_for(
            "issue", str(token_id), said["organisation"], amount=amount, where=where
        )
        first = kind.issued_kg + 1
        self.findings.compare("first serial issued", first, said["first_serial"], where)
        kind.issued_kg += amount
        kind.blocks += 1
        number = token_id << ENTRY_BITS | kind.blocks
        self.findings.compare("number of the issue", number, said["block_id"], where)

    def _retire(self, event: Said) -> None:
        said, where = event.arguments, place_of(event)
        token_id, amount, purpose = said["token_id"], said["amount_kg"], said["purpose"]
        kind = self.kinds[token_id]
        self._reasons.give_for(
            "retirement", str(token_id), said["organisation"], amount=amount, where=where
        )
        first = kind.retired_kg + 1
        self.findings.compare("first serial retired", first, said["first_serial"], where)
        known = purpose in {SURRENDER, CANCELLATION, CLAW_BACK}
        self.findings.hold(known, "a known purpose", purpose, where)
        if purpose == SURRENDER:
            kind.surrendered_kg += amount
        else:
            kind.cancelled_kg += amount
        kind.certificates += 1
        number = token_id << ENTRY_BITS | kind.certificates
        self.findings.compare("certificate", number, said["certificate_id"], where)
        if purpose == CLAW_BACK:
            self._clawed_back.append((token_id, said["organisation"], number, amount))

    def _claw_back(self, event: Said) -> None:
        said = event.arguments
        told = (said["token_id"], said["organisation"], said["certificate_id"], said["amount_kg"])
        expected = self._clawed_back.pop(0) if self._clawed_back else None
        self.findings.compare("claw-back", expected, told, place_of(event))

    def _freeze(self, event: Said) -> None:
        said, where = event.arguments, place_of(event)
        key = (said["organisation"], said["token_id"])
        old, new = said["old_frozen_kg"], said["new_frozen_kg"]
        self.findings.compare("frozen before", self.frozen_kg[key], old, where)
        right = new > old if event.name == "UnitsFrozen" else new < old
        self.findings.hold(right, "a freeze adds, an unfreeze takes away", new, where)
        self.frozen_kg[key] = new
