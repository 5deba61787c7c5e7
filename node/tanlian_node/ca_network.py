"""Certificates for a whole network whose keys lie in one folder."""

from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from tanlian_node.ca import Purpose
from tanlian_node.ca_folder import CaFolder
from tanlian_node.keys import open_keyfile, read_node_key, write_secret
from tanlian_node.network_files import NetworkRecord, read_record


def ca_folder(folder: Path, passphrase: str) -> CaFolder:
    """The authority's files of a network."""
    return CaFolder(folder / "ca", passphrase, read_record(folder).chain_id)


def issue_for_network(record: NetworkRecord, passphrase: str, now: datetime) -> list[str]:
    """Make what is missing: root, authorities, node certificates, TLS stores.

    Organisations and nodes whose keys are elsewhere are left to their owners; the sentences say so.
    """
    place = CaFolder(record.folder / "ca", passphrase, record.chain_id)
    said: list[str] = []
    if not (place.folder / "root.pem").exists():
        place.create_root(record.name, now)
        said.append(f"root of {record.name}; move {place.folder / 'root.key'} offline")
    for organisation in sorted({node.organisation for node in record.nodes}):
        if (place.folder / organisation / "ca.pem").exists():
            continue
        keyfile = record.folder / "organisations" / f"{organisation}.json"
        if not keyfile.exists():
            said.append(f"{organisation}: its keyfile is elsewhere, let it ask for an authority")
            continue
        place.create_authority(organisation, open_keyfile(keyfile, passphrase), now)
        said.append(f"authority of {organisation}: 0x{place.fingerprint(organisation).hex()}")
    for node in record.nodes:
        key = record.node_folder(node.name) / "key"
        authority = place.folder / node.organisation / "ca.pem"
        if not key.exists() or not authority.exists():
            said.append(f"{node.name}: left to its owner")
            continue
        if not (place.folder / node.organisation / f"{node.name}.pem").exists():
            host = urlsplit(node.rpc).hostname or "127.0.0.1"
            place.issue(
                node.organisation,
                node.name,
                read_node_key(key).secret,
                purpose=Purpose.NODE,
                now=now,
                hosts=tuple(dict.fromkeys((host, "localhost", "127.0.0.1"))),
            )
            said.append(f"certificate of {node.name}")
        place.write_tls(node.organisation, node.name, record.node_folder(node.name) / "tls")
    return said


def write_jwt(record: NetworkRecord) -> None:
    """Make the operator's key for RPC tokens once, and give every node its public half."""
    from tanlian_node.jwt import new_jwt_key

    private = record.folder / "jwt" / "operator.pem"
    public = record.folder / "jwt" / "public.pem"
    if not private.exists():
        secret, shared = new_jwt_key()
        write_secret(private, secret.decode())
        public.write_bytes(shared)
    for node in record.nodes:
        (record.node_folder(node.name) / "jwt.pem").write_bytes(public.read_bytes())
