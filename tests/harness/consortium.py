"""The whole protocol under titanoboa, with actors named by role.

`deploy_register()` deploys the register's four contracts and admits the actors; the contracts stay
unsealed, so that another group (market, emissions, ...) can be deployed on top and wired in. Then
`seal_register(...)` wires and seals. `consortium()` does both without any facility.
"""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boa
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils import keccak, to_checksum_address

from tanlian.domain.holder import holder_address
from tanlian.domain.instrument import allowance
from tanlian.domain.roles import Role

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = keccak(text="document")
REASON = "case 2024-17"
PERIOD = 2024
CEA24 = allowance(PERIOD).token_id
POWER = 1  # a sector
NORTH, SOUTH = 21, 44  # regions
TONNE = 1_000
YUAN = 1_000_000
EMPTY = bytes(32)

# Who stands in every test: two emitters, two banks, so that "another organisation" has a name.
CAST: dict[str, tuple[Role, int]] = {
    "regulator": (Role.REGULATOR, NORTH),
    "exchange": (Role.EXCHANGE, NORTH),
    "bank": (Role.BANK, NORTH),
    "other_bank": (Role.BANK, SOUTH),
    "verifier": (Role.VERIFIER, NORTH),
    "other_verifier": (Role.VERIFIER, SOUTH),
    "emitter": (Role.EMITTER, NORTH),
    "other_emitter": (Role.EMITTER, NORTH),
    "trader": (Role.TRADER, NORTH),
    "observer": (Role.OBSERVER, NORTH),
    "operator": (Role.OPERATOR, NORTH),
    "suspended": (Role.EMITTER, NORTH),
}


@dataclass(frozen=True)
class Member:
    """An organisation of the cast: its id, one account, and where its holdings lie."""

    name: str
    org_id: int
    key: LocalAccount
    roles: Role
    region: int

    @property
    def account(self) -> str:
        return self.key.address

    @property
    def holder(self) -> str:
        return to_checksum_address(holder_address(self.org_id))


@dataclass
class Consortium:
    """The deployed protocol. Later groups add their contracts as attributes of `contracts`."""

    deployer: str
    membership: Any
    ledger: Any
    money: Any
    allocation: Any
    members: dict[str, Member] = field(default_factory=dict)
    contracts: SimpleNamespace = field(default_factory=SimpleNamespace)
    _references: int = 0

    def __getattr__(self, name: str) -> Any:
        """Let `consortium.emitter` be the member and `consortium.market` the contract."""
        if not name.startswith("_"):
            if name in self.members:
                return self.members[name]
            if hasattr(self.contracts, name):
                return getattr(self.contracts, name)
        raise AttributeError(name)

    def admit(self, name: str, roles: Role, region: int = NORTH, sector: int = POWER) -> Member:
        key = key_of(name)
        org_id = self.membership.admit(
            keccak(text=f"identity of {name}"),
            name,
            int(roles),
            sector,
            region,
            keccak(text=f"certificate of {name}"),
            key.address,
            sender=self.regulator.account,
        )
        self.members[name] = member = Member(name, org_id, key, roles, region)
        return member

    def suspend(self, member: Member) -> None:
        self.membership.suspend(member.org_id, REASON, sender=self.regulator.account)

    def reinstate(self, member: Member) -> None:
        self.membership.reinstate(member.org_id, REASON, sender=self.regulator.account)

    def set_cap(self, cap_kg: int, region: int = NORTH, period: int = PERIOD) -> None:
        self.allocation.set_plan(
            region, period, cap_kg, cap_kg, cap_kg, DOCUMENT, sender=self.regulator.account
        )

    def fund(self, member: Member, amount: int) -> None:
        """Let the bank issue money to a member."""
        self._references += 1
        reference = keccak(text=f"payment {self._references}")
        self.money.issue(member.org_id, amount, reference, sender=self.bank.account)

    def allocate(self, member: Member, amount_kg: int, period: int = PERIOD) -> None:
        """Let the regulator allocate to an emitter, under a cap that is ample if none was set."""
        if self.allocation.plan(member.region, period).cap_kg == 0:
            self.set_cap(10**12, member.region, period)
        stage = self.allocation.account(member.org_id, period).stage
        act = self.allocation.top_up if stage else self.allocation.pre_allocate
        act(member.org_id, period, amount_kg, DOCUMENT, sender=self.regulator.account)

    def outsider(self) -> str:
        """An account of no organisation."""
        return key_of("outsider").address


def key_of(name: str) -> LocalAccount:
    """The key of an actor, always the same for one name."""
    return Account.from_key(keccak(text=f"key of {name}"))


@cache
def deployer_of(path: str) -> Any:
    """Compile a contract once per run; `path` is relative to the repository."""
    return boa.load_partial(str(ROOT / path), compiler_args={"evm_version": "cancun"})


def deploy(name: str, *args: Any, sender: str | None = None) -> Any:
    """Deploy `contracts/<name>.vy`."""
    with boa.env.prank(sender or key_of("deployer").address):
        return deployer_of(f"contracts/{name}.vy").deploy(*args)


def deploy_register() -> Consortium:
    """Deploy the register's contracts, unsealed, with the cast admitted."""
    deployer = key_of("deployer").address
    regulator = key_of("regulator")
    membership = deploy(
        "Membership",
        keccak(text="identity of regulator"),
        "regulator",
        0,
        NORTH,
        keccak(text="certificate of regulator"),
        regulator.address,
    )
    ledger = deploy("CarbonLedger", membership, "https://example.org/units/")
    money = deploy("SettlementToken", membership)
    allocation = deploy("Allocation", membership, ledger)
    it = Consortium(deployer, membership, ledger, money, allocation)
    it.members["regulator"] = Member("regulator", 1, regulator, Role.REGULATOR, NORTH)
    for name, (roles, region) in CAST.items():
        if name != "regulator":
            it.admit(name, roles, region)
    it.suspend(it.members["suspended"])
    return it


def seal_register(
    it: Consortium,
    *,
    unit_facilities: tuple[Any, ...] = (),
    money_facilities: tuple[Any, ...] = (),
    issuers: tuple[tuple[int, Any], ...] = (),
    retirers: tuple[Any, ...] = (),
    recorders: tuple[Any, ...] = (),
) -> Consortium:
    """Wire the register to the contracts on top of it, and seal it.

    `issuers` are pairs of kind and contract beside Allocation, which issues allowances.
    """
    with boa.env.prank(it.deployer):
        kinds = [(1, it.allocation), *issuers]
        it.ledger.wire(
            [(kind, _address(contract)) for kind, contract in kinds],
            [_address(contract) for contract in retirers],
            [_address(contract) for contract in unit_facilities],
        )
        it.money.wire([_address(contract) for contract in money_facilities])
        it.allocation.wire([_address(contract) for contract in recorders])
        for contract in (it.ledger, it.money, it.allocation):
            contract.seal()
    return it


def consortium() -> Consortium:
    """The register alone, sealed, with the cast admitted and nothing issued."""
    return seal_register(deploy_register())


def _address(contract: Any) -> str:
    return contract if isinstance(contract, str) else contract.address
