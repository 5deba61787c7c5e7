"""The members of a run: admitted, allocated to, given money, their assets deposited.

Every step looks at the chain first and does only what is missing, so that a run that was
interrupted goes on where it stopped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from tanlian.chain.crowd import Act, Crowd
from tanlian.chain.keys import Call, Key
from tanlian.chain.transactions import Sender
from tanlian.domain.errors import TanlianError
from tanlian.domain.holder import holder_address
from tanlian.domain.identity import bare_key_fingerprint, identity_of, reference_of
from tanlian.domain.roles import Role
from tanlian.domain.units import KILOGRAMS_PER_LOT
from tanlian.services.access import Access
from tanlian.services.allocations import Grant, Rejected, allocate_many, set_plan
from tanlian.services.market_parts import part_with
from tanlian.services.narration import Narrator

# limits for acts sent without trying each out first; gas is free, blocks hold thousands
GAS_OF_ADMISSION = 700_000
GAS_OF_MONEY = 250_000
GAS_OF_APPROVAL = 120_000
GAS_OF_DEPOSIT = 400_000
CAP_OVER_ALLOCATION = 2  # a demonstration's region may hand out twice what it needs


@dataclass(frozen=True, slots=True)
class Candidate:
    """An organisation to be admitted, and the key that acts for it."""

    identity: str
    name: str
    role: Role
    sector: int
    region: int
    key: Key


@dataclass(frozen=True, slots=True)
class Member:
    """An admitted organisation with its key in this process."""

    organisation: int
    name: str
    role: Role
    region: int
    key: Key


class AllocationRefused(TanlianError):
    """If the register refuses an allocation that a run needs, this carries its reason."""

    code = "run_allocation_refused"


@dataclass(slots=True)
class Consortium:
    """A market with the keys of those who act in a run."""

    access: Access
    regulator: Sender
    narrator: Narrator
    crowd: Crowd

    def admit(self, candidates: Sequence[Candidate]) -> list[Member]:
        """Admit everyone who is not a member yet, and return all in the given order."""
        known = self._organisations(candidates)
        membership = self.access.contracts.membership
        calls = [
            membership.call(
                "admit",
                identity_of(candidate.identity),
                candidate.name,
                int(candidate.role),
                candidate.sector,
                candidate.region,
                bare_key_fingerprint(candidate.key.address),
                candidate.key.address,
                gas=GAS_OF_ADMISSION,
            )
            for candidate, organisation in zip(candidates, known, strict=True)
            if organisation == 0
        ]
        if calls:
            with self.narrator.progress("admitting members") as advance:
                for outcome in self.regulator.send_many(calls, progress=advance):
                    outcome.unwrap()
            known = self._organisations(candidates)
        return [
            Member(organisation, c.name, c.role, c.region, c.key)
            for c, organisation in zip(candidates, known, strict=True)
        ]

    def _organisations(self, candidates: Sequence[Candidate]) -> list[int]:
        membership = self.access.contracts.membership
        return self.access.contracts.read_many(
            membership.reading("organisation_by_identity", identity_of(candidate.identity))
            for candidate in candidates
        )

    def plan(self, period: int, allocations_t: Sequence[tuple[Member, int]], document: str) -> None:
        """Give every region a cap that holds these allocations, where it has none yet."""
        caps: dict[int, int] = {}
        for member, tonnes in allocations_t:
            caps[member.region] = caps.get(member.region, 0) + tonnes * KILOGRAMS_PER_LOT
        allocation = self.access.contracts.allocation
        regions = list(caps)
        plans = self.access.contracts.read_many(
            allocation.reading("plan", region, period) for region in regions
        )
        for region, found in zip(regions, plans, strict=True):
            cap_kg = caps[region] * CAP_OVER_ALLOCATION or KILOGRAMS_PER_LOT
            if found.cap_kg < cap_kg:
                set_plan(
                    self.access,
                    self.regulator,
                    region=region,
                    period=period,
                    cap_kg=cap_kg,
                    target_kg=caps[region],
                    capacity_kg=cap_kg,
                    document=sha256(document.encode()).digest(),
                )

    def allocate(
        self, period: int, allocations_t: Sequence[tuple[Member, int]], document: bytes
    ) -> None:
        """Allocate finally, in batches, to everyone who has no final allocation of the period.

        Raises:
            AllocationRefused: the register refused one; nothing of the run makes sense then.
        """
        allocation = self.access.contracts.allocation
        accounts = self.access.contracts.read_many(
            allocation.reading("account", member.organisation, period)
            for member, _ in allocations_t
        )
        grants = [
            Grant(member.organisation, tonnes * KILOGRAMS_PER_LOT, line)
            for line, ((member, tonnes), found) in enumerate(
                zip(allocations_t, accounts, strict=True), start=1
            )
            if tonnes and found.entitled_kg != tonnes * KILOGRAMS_PER_LOT
        ]
        with self.narrator.progress("allocating") as advance:
            refused: list[Rejected] = allocate_many(
                self.access, self.regulator, "final", grants,
                period=period, document=document, progress=advance,
            )  # fmt: skip
        if refused:
            member, _ = allocations_t[refused[0].line - 1]
            raise AllocationRefused(
                f"{len(refused)} of {len(grants)} allocations were refused, the first one of "
                f"{member.name}: {refused[0].reason}.",
                refused=refused,
            )

    def issue_money(
        self, bank: Member, amounts: Sequence[tuple[Member, int]], payment: str
    ) -> None:
        """Let the bank issue money against one payment each; a payment issues once."""
        money = self.access.contracts.money
        asked = [
            (member, amount, reference_of(f"{payment}/{member.organisation}"))
            for member, amount in amounts
            if amount
        ]
        used = self.access.contracts.read_many(
            money.reading("is_payment_used", bank.organisation, reference)
            for _, _, reference in asked
        )
        calls = [
            money.call("issue", member.organisation, amount, reference, gas=GAS_OF_MONEY)
            for (member, amount, reference), is_used in zip(asked, used, strict=True)
            if not is_used
        ]
        with self.narrator.progress("the bank issues money") as advance:
            sender = Sender(self.access.connection, bank.key)
            for outcome in sender.send_many(calls, progress=advance):
                outcome.unwrap()

    def list_instrument(self, exchange: Member, instrument: int) -> None:
        """Let the exchange list an instrument, so that it can be deposited."""
        desk = part_with(self.access.contracts, "list_instrument")
        call = desk.call("list_instrument", instrument, gas=GAS_OF_DEPOSIT)
        Sender(self.access.connection, exchange.key).send(call)

    def deposit_units(self, instrument: int, lots: Sequence[tuple[Member, int]]) -> None:
        """Bring every seller's units in its trading account up to these lots."""
        ledger, market = self.access.contracts.ledger, self.access.contracts.market
        inside = self.access.contracts.read_many(
            market.reading("account", instrument, member.organisation) for member, _ in lots
        )
        acts = [
            self._act(
                member,
                ledger.call(
                    "safeTransferFrom",
                    holder_address(member.organisation),
                    market.address,
                    instrument,
                    (wanted - found.lots_free) * KILOGRAMS_PER_LOT,
                    b"",
                    gas=GAS_OF_DEPOSIT,
                ),
            )
            for (member, wanted), found in zip(lots, inside, strict=True)
            if wanted > found.lots_free
        ]
        with self.narrator.progress("sellers deposit units") as advance:
            self.crowd.send_all(acts, progress=advance)

    def deposit_money(self, instrument: int, amounts: Sequence[tuple[Member, int]]) -> None:
        """Bring every buyer's money in its trading account up to these amounts."""
        money, market = self.access.contracts.money, self.access.contracts.market
        inside = self.access.contracts.read_many(
            market.reading("account", instrument, member.organisation) for member, _ in amounts
        )
        missing = [
            (member, wanted - found.money_free)
            for (member, wanted), found in zip(amounts, inside, strict=True)
            if wanted > found.money_free
        ]
        approvals = [
            self._act(m, money.call("approve", market.address, amount, gas=GAS_OF_APPROVAL))
            for m, amount in missing
        ]
        deposits = [
            self._act(m, market.call("deposit_money", instrument, amount, gas=GAS_OF_DEPOSIT))
            for m, amount in missing
        ]
        with self.narrator.progress("buyers deposit money") as advance:
            self.crowd.send_all([*approvals, *deposits], progress=advance)

    def withdraw_all(self, instrument: int, members: Sequence[Member]) -> None:
        """Take everything that is free back to the registry accounts: it always works."""
        market = self.access.contracts.market
        inside = self.access.contracts.read_many(
            market.reading("account", instrument, member.organisation) for member in members
        )
        acts = []
        for member, found in zip(members, inside, strict=True):
            if found.money_free:
                call = market.call(
                    "withdraw_money", instrument, found.money_free, gas=GAS_OF_DEPOSIT
                )
                acts.append(self._act(member, call))
            if found.lots_free:
                amount_kg = found.lots_free * KILOGRAMS_PER_LOT
                call = market.call("withdraw_units", instrument, amount_kg, gas=GAS_OF_DEPOSIT)
                acts.append(self._act(member, call))
        with self.narrator.progress("withdrawing what is left") as advance:
            self.crowd.send_all(acts, progress=advance)

    @staticmethod
    def _act(member: Member, call: Call) -> Act:
        return Act(member.key, call)
