"""Where the certificate authority keeps its files, and what is done with them.

    ca/root.pem, root.key                        the root; its key belongs offline
    ca/<organisation>/ca.pem, ca.key, crl.pem    an organisation's authority and its revocations
    ca/<organisation>/<name>.pem .key .binding.json   what it issued; former ones as <name>-<n>.pem

Private keys are encrypted with the passphrase.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12

from tanlian_node import ca
from tanlian_node.binding import Binding, bind, certificate_fingerprint, check_both_ways
from tanlian_node.certificates import check_chain
from tanlian_node.errors import BadCertificate, BadKey
from tanlian_node.keys import write_secret


@dataclass(frozen=True, slots=True)
class CaFolder:
    folder: Path
    passphrase: str
    chain_id: int

    def create_root(self, consortium: str, now: datetime) -> x509.Certificate:
        """Make the root, once."""
        if (self.folder / "root.pem").exists():
            raise BadCertificate(f"There is a root in {self.folder} already.")
        root = ca.create_root(consortium, now)
        self._keep(self.folder / "root", root.certificate, root.key)
        return root.certificate

    def create_authority(self, organisation: str, secret: bytes, now: datetime) -> x509.Certificate:
        """Make an organisation's authority, bound to the account whose key is given."""
        place = self.folder / organisation / "ca"
        if place.with_suffix(".pem").exists():
            raise BadCertificate(f"{organisation} has an authority already; renew it instead.")
        key = ca.new_key()
        binding = bind(secret, self.chain_id, key.public_key())
        made = ca.issue_authority(self._authority(None), organisation, binding, key, now)
        self._keep(place, made.certificate, key, binding)
        self._write_list(organisation, now)
        return made.certificate

    def issue(
        self,
        organisation: str,
        name: str,
        secret: bytes,
        *,
        purpose: ca.Purpose,
        now: datetime,
        hosts: tuple[str, ...] = (),
        days: int = ca.LEAF_DAYS,
    ) -> x509.Certificate:
        """Make a key and a certificate for a member or node, bound to its address."""
        place = self.folder / organisation / name
        if place.with_suffix(".pem").exists():
            raise BadCertificate(f"{name} has a certificate already; renew it instead.")
        key = ca.new_key()
        binding = bind(secret, self.chain_id, key.public_key())
        request = ca.make_request(name, organisation, key, binding)
        made = ca.issue(
            self._authority(organisation), request, purpose, now, hosts=hosts, days=days
        )
        self._keep(place, made, key, binding)
        return made

    def renew(self, organisation: str, name: str, secret: bytes, now: datetime) -> x509.Certificate:
        """Replace a certificate by its successor with a new key; the former one is kept aside."""
        place = self.folder / organisation / name
        old = load_certificate(place.with_suffix(".pem"))
        key = ca.new_key()
        binding = bind(secret, self.chain_id, key.public_key())
        request = ca.make_request(name, organisation, key, binding)
        made = ca.renew(self._authority(organisation), old, request, now)
        number = 1
        while place.with_name(f"{name}-{number}.pem").exists():
            number += 1
        place.with_name(f"{name}-{number}.pem").write_bytes(ca.pem(old))
        self._keep(place, made, key, binding)
        return made

    def revoke(
        self, organisation: str, serial: int, reason: x509.ReasonFlags, now: datetime
    ) -> None:
        """Put a certificate on its authority's revocation list."""
        path = self.folder / organisation / "revoked.json"
        entries = json.loads(path.read_text()) if path.exists() else []
        if any(entry["serial"] == str(serial) for entry in entries):
            raise BadCertificate(f"The certificate {serial} is revoked already.")
        entries.append({"serial": str(serial), "at": int(now.timestamp()), "reason": reason.value})
        path.write_text(json.dumps(entries, indent=1) + "\n")
        self._write_list(organisation, now)

    def refresh_list(self, organisation: str, now: datetime) -> None:
        """Sign the revocation list anew; it has to be done before it is out of date."""
        self._write_list(organisation, now)

    def check(self, organisation: str, name: str, at: datetime) -> str:
        """Check a certificate up to the root, and its binding both ways; returns the address."""
        place = self.folder / organisation / name
        certificate = load_certificate(place.with_suffix(".pem"))
        check_chain(
            certificate,
            load_certificate(self.folder / organisation / "ca.pem"),
            load_certificate(self.folder / "root.pem"),
            [x509.load_pem_x509_crl((self.folder / organisation / "crl.pem").read_bytes())],
            at,
        )
        binding = Binding.from_json(place.with_suffix(".binding.json").read_text())
        return check_both_ways(certificate, binding)

    def fingerprint(self, organisation: str, name: str = "ca") -> bytes:
        """What Membership keeps of a certificate (for an organisation, of its authority)."""
        return certificate_fingerprint(
            load_certificate((self.folder / organisation / name).with_suffix(".pem"))
        )

    def write_tls(self, organisation: str, name: str, place: Path) -> None:
        """Write what Besu serves TLS with: a PKCS#12 store and its password file."""
        certificate = load_certificate(self.folder / organisation / f"{name}.pem")
        chain = [
            load_certificate(self.folder / organisation / "ca.pem"),
            load_certificate(self.folder / "root.pem"),
        ]
        key = self._key(self.folder / organisation / f"{name}.key")
        encryption = serialization.BestAvailableEncryption(self.passphrase.encode())
        store = pkcs12.serialize_key_and_certificates(
            name.encode(), key, certificate, chain, encryption
        )
        place.mkdir(parents=True, exist_ok=True)
        write_secret(place / "password", self.passphrase)
        target = place / "node.p12"
        target.touch(mode=0o600)
        target.write_bytes(store)

    def export(self, organisation: str, name: str, place: Path) -> tuple[Path, Path]:
        """Write what a web server serves TLS with: the chain (PEM) and the key, encrypted as here.

        Returns the two paths.
        """
        own = self.folder / organisation / f"{name}.pem"
        key = self.folder / organisation / f"{name}.key"
        load_certificate(own)
        self._key(key)  # refuses a wrong passphrase now, not when the server starts
        place.mkdir(parents=True, exist_ok=True)
        chain = place / f"{name}.chain.pem"
        authority = self.folder / organisation / "ca.pem"
        chain.write_bytes(own.read_bytes() + authority.read_bytes())
        write_secret(place / f"{name}.key", key.read_text())
        return chain, place / f"{name}.key"

    def _authority(self, organisation: str | None) -> ca.Authority:
        place = self.folder / "root" if organisation is None else self.folder / organisation / "ca"
        return ca.Authority(
            load_certificate(place.with_suffix(".pem")), self._key(place.with_suffix(".key"))
        )

    def _key(self, path: Path) -> ec.EllipticCurvePrivateKey:
        try:
            key = serialization.load_pem_private_key(path.read_bytes(), self.passphrase.encode())
        except FileNotFoundError as error:
            raise BadKey(f"There is no key at {path}; it may be kept offline.") from error
        except ValueError as error:
            raise BadKey(f"{path} cannot be opened: the passphrase is wrong.") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise BadKey(f"{path} holds a key of another kind.")
        return key

    def _keep(
        self,
        place: Path,
        certificate: x509.Certificate,
        key: ec.EllipticCurvePrivateKey,
        binding: Binding | None = None,
    ) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        encrypted = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(self.passphrase.encode()),
        )
        write_secret(place.with_suffix(".key"), encrypted.decode())
        place.with_suffix(".pem").write_bytes(ca.pem(certificate))
        if binding is not None:
            place.with_suffix(".binding.json").write_text(binding.to_json())

    def _write_list(self, organisation: str, now: datetime) -> None:
        place = self.folder / organisation
        path = place / "revoked.json"
        entries = json.loads(path.read_text()) if path.exists() else []
        revoked = [
            (
                int(entry["serial"]),
                datetime.fromtimestamp(entry["at"], UTC),
                x509.ReasonFlags(entry["reason"]),
            )
            for entry in entries
        ]
        number = 1
        if (place / "crl.pem").exists():
            former = x509.load_pem_x509_crl((place / "crl.pem").read_bytes())
            extension = former.extensions.get_extension_for_class(x509.CRLNumber)
            number = extension.value.crl_number + 1
        made = ca.revocation_list(self._authority(organisation), revoked, number, now)
        (place / "crl.pem").write_bytes(ca.pem(made))


def load_certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except FileNotFoundError as error:
        raise BadCertificate(f"There is no certificate at {path}.") from error
    except ValueError as error:
        raise BadCertificate(f"{path} is no certificate in PEM.") from error
