"""How a new member joins: an invitation that it can check, and an answer that the others can.

The invitation holds all public facts of the chain and is signed by an inviting member's account.
The newcomer makes its own keys from it; they never leave its machine. Its answer names its node and
account, signed by that account; a member then lets the node in.
"""

import json
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.messages import encode_defunct
from eth_keys.datatypes import PrivateKey
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError

from tanlian_node.access import open_rpc
from tanlian_node.errors import InvalidNetwork, NodeUnreachable, RpcRefused
from tanlian_node.keys import (
    STRONG,
    create_keyfile,
    keyfile_address,
    new_node_key,
    open_keyfile,
    read_node_key,
    write_node_key,
)
from tanlian_node.network_file import parse_network
from tanlian_node.network_files import (
    NetworkRecord,
    NodeRecord,
    read_record,
    write_node,
    write_record,
)
from tanlian_node.peers import add_static_peer


@dataclass(frozen=True, slots=True)
class Place:
    """Where the newcomer's node will listen."""

    name: str
    host: str
    p2p_port: int
    rpc_port: int
    metrics_port: int


def invite(
    record: NetworkRecord,
    table: dict[str, Any],
    organisation: dict[str, Any],
    secret: bytes,
    *,
    accounts: list[str],
) -> str:
    """Write an invitation for an organisation (`id`, `slug`, `name`)."""
    root = record.folder / "ca" / "root.pem"
    body = {
        "kind": "tanlian invitation",
        "table": table,
        "genesis": (record.folder / "genesis.json").read_text(),
        "nodes": [asdict(node) for node in record.nodes],
        "founders": record.founders,
        "accounts": sorted(accounts),
        "organisation": organisation,
        "root": root.read_text() if root.exists() else None,
    }
    return _signed(body, secret)


def join(
    invitation: str,
    inviter: str,
    folder: Path,
    place: Place,
    passphrase: str,
    *,
    cost: int = STRONG,
) -> str:
    """Make the newcomer's folder from an invitation; returns its answer.

    Raises:
        InvalidNetwork: the invitation was not signed by `inviter`, or does not fit.
    """
    body = _checked(invitation, "tanlian invitation", inviter)
    slug = body["organisation"]["slug"]
    keyfile = folder / "organisations" / f"{slug}.json"
    if not keyfile.exists():
        create_keyfile(keyfile, passphrase, cost=cost)
    account = keyfile_address(keyfile)
    place_folder = folder / "nodes" / place.name
    if not (place_folder / "key").exists():
        write_node_key(place_folder / "key", new_node_key())
    key = read_node_key(place_folder / "key")
    others = [NodeRecord(**entry) for entry in body["nodes"] if entry["name"] != place.name]
    own = {
        "name": place.name,
        "organisation": slug,
        "role": "observer",
        "host": place.host,
        "p2p_port": place.p2p_port,
        "rpc_port": place.rpc_port,
        "metrics_port": place.metrics_port,
    }
    table = dict(body["table"])
    known = [one for one in table["organisations"] if one["slug"] != slug]
    table["organisations"] = [*known, {**body["organisation"], "account": account}]
    table["nodes"] = [*(one for one in table["nodes"] if one["name"] != place.name), own]
    network = parse_network(table)
    enode = f"enode://{key.public_key}@{place.host}:{place.p2p_port}"
    enodes = {**{node.name: node.enode for node in others}, place.name: enode}
    (folder / "genesis.json").write_text(body["genesis"])
    (place_folder / "genesis.json").write_text(body["genesis"])
    accounts = sorted({*body["accounts"], *body["founders"], account})
    write_node(network, network.node(place.name), place_folder, enodes, accounts)
    if body["root"] is not None:
        (folder / "ca").mkdir(exist_ok=True)
        (folder / "ca" / "root.pem").write_text(body["root"])
    scheme = "https" if network.rpc.tls else "http"
    record = NodeRecord(
        name=place.name,
        organisation=slug,
        role="observer",
        address=key.address,
        enode=enode,
        rpc=f"{scheme}://{place.host}:{place.rpc_port}",
        metrics=f"http://127.0.0.1:{place.metrics_port}/metrics",
    )
    write_record(
        NetworkRecord(
            network.name,
            network.chain_id,
            folder,
            (record,),
            body["founders"],
            network.java_options,
        )
    )
    return _signed(
        {"kind": "tanlian answer", "node": asdict(record), "account": account},
        open_keyfile(keyfile, passphrase),
    )


def welcome(folder: Path, answer: str) -> tuple[NodeRecord, list[str]]:
    """Let a newcomer's node in: into every node's allowlist, as their peer, into the record.

    Returns the node and a sentence for each node that could not be told.
    """
    body = _checked(answer, "tanlian answer", None)
    newcomer = NodeRecord(**body["node"])
    record = read_record(folder)
    if any(node.name == newcomer.name and node != newcomer for node in record.nodes):
        raise InvalidNetwork(f"There is another node named {newcomer.name} already.")
    problems = []
    for node in record.nodes:
        if node.name == newcomer.name:
            continue
        rpc = open_rpc(record, node.name)
        try:
            if newcomer.enode not in rpc.call("perm_getNodesAllowlist"):
                rpc.call("perm_addNodesToAllowlist", [newcomer.enode])
            if body["account"] not in rpc.call("perm_getAccountsAllowlist"):
                rpc.call("perm_addAccountsToAllowlist", [body["account"]])
            rpc.call("admin_addPeer", newcomer.enode)
        except (NodeUnreachable, RpcRefused) as error:
            problems.append(f"{node.name}: {error.user_message}")
        if record.node_folder(node.name).is_dir():
            add_static_peer(record.node_folder(node.name), newcomer.enode)
    if all(node.name != newcomer.name for node in record.nodes):
        write_record(replace(record, nodes=(*record.nodes, newcomer)))
    return newcomer, problems


def _signed(body: dict[str, Any], secret: bytes) -> str:
    """The body with its author's address and signature."""
    author = PrivateKey(secret).public_key.to_address()
    signed = Account.sign_message(encode_defunct(_digest(body)), secret)
    return (
        json.dumps(
            {"body": body, "author": author, "signature": "0x" + signed.signature.hex()}, indent=1
        )
        + "\n"
    )


def _checked(text: str, kind: str, author: str | None) -> dict[str, Any]:
    """The body, if it was signed by the author it names (and by the one that is expected)."""
    try:
        envelope = json.loads(text)
        body: dict[str, Any] = envelope["body"]
        signature = bytes.fromhex(envelope["signature"].removeprefix("0x"))
        signer = Account.recover_message(encode_defunct(_digest(body)), signature=signature)
    except (ValueError, KeyError, TypeError, BadSignature, ValidationError) as error:
        raise InvalidNetwork(f"This is no {kind}: {error}") from error
    if body.get("kind") != kind:
        raise InvalidNetwork(f"This is a {body.get('kind')!r}, not a {kind}.")
    expected = {envelope["author"].lower(), (author or envelope["author"]).lower()}
    if expected != {str(signer).lower()}:
        raise InvalidNetwork(
            f"The {kind} was signed by {signer}, not by {author or envelope['author']}. Compare "
            "the address with the one you were told by other means."
        )
    if kind == "tanlian answer" and body["account"].lower() != str(signer).lower():
        raise InvalidNetwork("The answer was signed by another account than it names.")
    return body


def _digest(body: dict[str, Any]) -> bytes:
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    return sha256(canonical).digest()
