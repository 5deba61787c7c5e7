"""`network.toml`: the one description of a consortium from which all files are made."""

import re
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from tanlian_node.errors import InvalidNetwork
from tanlian_node.network import (
    MAX_GAS_LIMIT,
    MAX_VALIDATORS,
    MIN_GAS_LIMIT,
    Network,
    NodePlan,
    NodeRole,
    Organisation,
    RpcAccess,
    ValidatorMode,
)

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
Choice = TypeVar("Choice", bound=StrEnum)


def load_network(path: Path) -> Network:
    """Read and check a `network.toml`.

    Raises:
        InvalidNetwork: the file is missing, or says something that cannot be run safely.
    """
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except FileNotFoundError as error:
        raise InvalidNetwork(
            f"There is no {path}; copy deployments/consortium/network.toml and adapt it."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise InvalidNetwork(f"{path} is not valid TOML: {error}") from error
    return parse_network(table)


def parse_network(table: dict[str, Any]) -> Network:
    """Turn a parsed description into a network, refusing what is unknown or unsafe."""
    _only(table, {"network", "rpc", "organisations", "nodes", "alloc", "accounts"}, "the file")
    head = _table(table, "network")
    _only(
        head,
        {
            "name",
            "chain_id",
            "block_period_seconds",
            "empty_block_period_seconds",
            "request_timeout_seconds",
            "epoch_length",
            "gas_limit",
            "validators",
            "besu_version",
            "java_options",
            "permissioned",
            "besu_options",
        },
        "[network]",
    )
    shared = _besu_options(head.get("besu_options", {}), "[network.besu_options]")
    organisations = tuple(_organisation(entry) for entry in table.get("organisations", []))
    nodes = tuple(_node(entry, shared) for entry in table.get("nodes", []))
    network = Network(
        name=_name(head.get("name"), "network.name"),
        chain_id=_integer(head, "chain_id", low=1, high=2**53),
        block_period_seconds=_integer(head, "block_period_seconds", default=1, low=1, high=60),
        empty_block_period_seconds=_integer(
            head, "empty_block_period_seconds", default=0, low=0, high=3600
        ),
        request_timeout_seconds=_integer(head, "request_timeout_seconds", default=4, low=2),
        epoch_length=_integer(head, "epoch_length", default=30_000, low=1),
        gas_limit=_integer(
            head, "gas_limit", default=30_000_000, low=MIN_GAS_LIMIT, high=MAX_GAS_LIMIT
        ),
        validators=_choice(ValidatorMode, head.get("validators", "contract"), "validators"),
        besu_version=_integer(head, "besu_version", default=26, low=25, high=26),
        java_options=str(head.get("java_options", "")),
        rpc=_rpc(table.get("rpc", {})),
        permissioned=bool(head.get("permissioned", True)),
        organisations=organisations,
        nodes=nodes,
        alloc=_alloc(table.get("alloc", {})),
        accounts=tuple(_address(entry, "accounts") for entry in table.get("accounts", [])),
    )
    _check_whole(network)
    return network


def _check_whole(network: Network) -> None:
    """Refuse what each part allows and the whole does not."""
    if network.request_timeout_seconds <= network.block_period_seconds:
        raise InvalidNetwork(
            "request_timeout_seconds must be longer than block_period_seconds, else every block "
            "needs several rounds."
        )
    _check_distinct(network)
    for node in network.nodes:
        if len({node.p2p_port, node.rpc_port, node.metrics_port}) < 3:
            raise InvalidNetwork(f"The node {node.name} uses one port for two purposes.")
        network.organisation(node.organisation)
    count = len(network.validator_nodes)
    if not 1 <= count <= MAX_VALIDATORS:
        raise InvalidNetwork(f"A network has 1 to {MAX_VALIDATORS} validators, not {count}.")
    if not network.rpc.is_loopback and not (network.rpc.tls and network.rpc.jwt):
        raise InvalidNetwork(
            f"RPC on {network.rpc.host} can be reached from other machines: set tls = true and "
            "jwt = true in [rpc], or bind it to 127.0.0.1."
        )
    if network.validators is ValidatorMode.CONTRACT:
        for node in network.validator_nodes:
            if not 1 <= network.organisation(node.organisation).id < 2**24:
                raise InvalidNetwork(f"The organisation of {node.name} needs an id from 1.")


def _check_distinct(network: Network) -> None:
    columns: list[tuple[str, list[str]]] = [
        ("node name", [node.name for node in network.nodes]),
        ("organisation slug", [one.slug for one in network.organisations]),
        ("organisation id", [str(one.id) for one in network.organisations]),
        ("endpoint", [f"{node.host}:{node.p2p_port}" for node in network.nodes]),
        ("endpoint", [f"{node.host}:{node.rpc_port}" for node in network.nodes]),
        ("endpoint", [f"{node.host}:{node.metrics_port}" for node in network.nodes]),
    ]
    for what, values in columns:
        doubled = {value for value in values if values.count(value) > 1}
        if doubled:
            raise InvalidNetwork(f"The {what} {min(doubled)} occurs twice.")


def _only(table: dict[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise InvalidNetwork(
            f"{where} has the unknown entry {unknown[0]!r}; known are {', '.join(sorted(known))}."
        )


def _table(table: dict[str, Any], name: str) -> dict[str, Any]:
    value = table.get(name)
    if not isinstance(value, dict):
        raise InvalidNetwork(f"The file needs a table [{name}].")
    return value


def _integer(
    table: dict[str, Any],
    name: str,
    *,
    default: int | None = None,
    low: int = 0,
    high: int = 2**63,
) -> int:
    value = table.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise InvalidNetwork(f"{name} must be a whole number from {low} to {high}, not {value!r}.")
    return value


def _name(value: Any, where: str) -> str:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise InvalidNetwork(
            f"{where} must be small letters, digits and hyphens (at most 32), not {value!r}."
        )
    return value


def _address(value: Any, where: str) -> str:
    if not isinstance(value, str) or not ADDRESS.fullmatch(value):
        raise InvalidNetwork(f"{where}: {value!r} is not an address.")
    return value.lower()


def _choice(kind: type[Choice], value: Any, where: str) -> Choice:
    try:
        return kind(value)
    except ValueError as error:
        raise InvalidNetwork(f"{where} must be one of {', '.join(kind)}, not {value!r}.") from error


def _organisation(entry: dict[str, Any]) -> Organisation:
    _only(entry, {"id", "name", "slug", "account"}, "[[organisations]]")
    account = entry.get("account")
    return Organisation(
        id=_integer(entry, "id", low=1, high=2**24 - 1),
        name=str(entry.get("name", entry.get("slug", ""))),
        slug=_name(entry.get("slug"), "organisations.slug"),
        account=None if account is None else _address(account, "organisations.account"),
    )


def _node(entry: dict[str, Any], shared: dict[str, str | int | bool]) -> NodePlan:
    _only(
        entry,
        {
            "name",
            "organisation",
            "role",
            "host",
            "p2p_port",
            "rpc_port",
            "metrics_port",
            "storage",
            "besu_options",
            "public_key",
        },
        "[[nodes]]",
    )
    storage = str(entry.get("storage", "FOREST")).upper()
    if storage not in {"FOREST", "BONSAI"}:
        raise InvalidNetwork(f"storage must be FOREST or BONSAI, not {storage!r}.")
    key = entry.get("public_key")
    if key is not None and not re.fullmatch(r"(0x)?[0-9a-fA-F]{128}", str(key)):
        raise InvalidNetwork(f"The public key of {entry.get('name')} is not 64 bytes in hex.")
    return NodePlan(
        name=_name(entry.get("name"), "nodes.name"),
        organisation=_name(entry.get("organisation"), "nodes.organisation"),
        role=_choice(NodeRole, entry.get("role", "validator"), "role"),
        host=str(entry.get("host", "127.0.0.1")),
        p2p_port=_integer(entry, "p2p_port", default=30303, low=1, high=65535),
        rpc_port=_integer(entry, "rpc_port", default=8545, low=1, high=65535),
        metrics_port=_integer(entry, "metrics_port", default=9545, low=1, high=65535),
        storage=storage,
        besu_options={**shared, **_besu_options(entry.get("besu_options", {}), "besu_options")},
        public_key=None if key is None else str(key).removeprefix("0x").lower(),
    )


def _besu_options(table: Any, where: str) -> dict[str, str | int | bool]:
    if not isinstance(table, dict) or any(
        not isinstance(value, str | int | bool) for value in table.values()
    ):
        raise InvalidNetwork(f"{where} must be a table of texts, whole numbers and true or false.")
    return {str(name).removeprefix("--"): value for name, value in table.items()}


def _rpc(table: dict[str, Any]) -> RpcAccess:
    _only(table, {"host", "tls", "jwt", "batch_size"}, "[rpc]")
    return RpcAccess(
        host=str(table.get("host", "127.0.0.1")),
        tls=bool(table.get("tls", False)),
        jwt=bool(table.get("jwt", False)),
        batch_size=_integer(table, "batch_size", default=1024, low=1, high=10_000),
    )


def _alloc(table: dict[str, Any]) -> dict[str, int]:
    balances: dict[str, int] = {}
    for account, amount in table.items():
        value = int(amount) if isinstance(amount, str) and amount.isdigit() else amount
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise InvalidNetwork(f"alloc: {amount!r} is not a balance in wei.")
        balances[_address(account, "alloc")] = value
    return balances
