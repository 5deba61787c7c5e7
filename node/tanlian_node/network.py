"""A consortium as one value: organisations, nodes, and the terms of their chain."""

from dataclasses import dataclass, field
from enum import StrEnum

from tanlian_node.errors import InvalidNetwork

SAFE_SIZE = 4  # the smallest set of validators that goes on with one of them down
MAX_VALIDATORS = 32  # ValidatorSet and the light client of another chain hold no more
MIN_GAS_LIMIT = 16_000_000  # the largest single call (a clearing of 10,000 orders)
MAX_GAS_LIMIT = 100_000_000  # beyond it blocks outlast the round timeout on small machines
STALE_SECONDS = 30
STALE_PERIODS = 5


class NodeRole(StrEnum):
    VALIDATOR = "validator"
    OBSERVER = "observer"


class ValidatorMode(StrEnum):
    CONTRACT = "contract"  # ValidatorSet in genesis; votes of organisations
    HEADER = "header"  # Besu's own votes of validators (qbft_proposeValidatorVote)


@dataclass(frozen=True, slots=True)
class Organisation:
    """A member of the consortium; `id` is the number it gets in Membership."""

    id: int
    name: str
    slug: str
    account: str | None  # its founding account; without it one is made under organisations/


@dataclass(frozen=True, slots=True)
class NodePlan:
    name: str
    organisation: str
    role: NodeRole
    host: str
    p2p_port: int
    rpc_port: int
    metrics_port: int
    storage: str
    besu_options: dict[str, str | int | bool]
    public_key: str | None  # 64 bytes in hex where the member keeps the private key itself


@dataclass(frozen=True, slots=True)
class RpcAccess:
    """Who reaches a node's RPC; anything beyond loopback needs TLS and JWT."""

    host: str = "127.0.0.1"
    tls: bool = False
    jwt: bool = False
    batch_size: int = 1024

    @property
    def is_loopback(self) -> bool:
        return self.host in {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True, slots=True)
class Network:
    name: str
    chain_id: int
    block_period_seconds: int
    empty_block_period_seconds: int
    request_timeout_seconds: int
    epoch_length: int
    gas_limit: int
    validators: ValidatorMode
    besu_version: int  # major version the files are written for, e.g. 25 or 26
    java_options: str
    rpc: RpcAccess
    permissioned: bool
    organisations: tuple[Organisation, ...]
    nodes: tuple[NodePlan, ...]
    alloc: dict[str, int] = field(default_factory=dict)
    accounts: tuple[str, ...] = ()  # first entries of the account allowlists

    @property
    def idle_seconds(self) -> int:
        """The longest distance of two blocks while all is well and nobody sends."""
        return max(self.block_period_seconds, self.empty_block_period_seconds)

    def node(self, name: str) -> NodePlan:
        for node in self.nodes:
            if node.name == name:
                return node
        known = ", ".join(node.name for node in self.nodes)
        raise InvalidNetwork(f"There is no node {name!r}; the network has {known}.", name=name)

    def organisation(self, slug: str) -> Organisation:
        for organisation in self.organisations:
            if organisation.slug == slug:
                return organisation
        raise InvalidNetwork(f"There is no organisation {slug!r} in the network.", slug=slug)

    @property
    def validator_nodes(self) -> tuple[NodePlan, ...]:
        return tuple(node for node in self.nodes if node.role is NodeRole.VALIDATOR)


def size_warning(network: Network) -> str | None:
    """Say what a small set of validators cannot do; None where it is large enough."""
    count = len(network.validator_nodes)
    if count >= SAFE_SIZE:
        return None
    return f"With {count} of the 4 validators that are safe, one of them down stops the chain."


def stale_seconds(idle_seconds: int) -> int:
    """After how long without a block a chain has halted, by the distance its blocks may have."""
    return max(STALE_SECONDS, STALE_PERIODS * idle_seconds)
