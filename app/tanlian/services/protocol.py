"""The protocol as a list: which contracts, made with what, wired how, and what must hold then.

A contract is added here in three places at most: `contracts`, `wiring`, `expectations`. Names are
those by which people call the contracts (`ledger`, `market`); the order fixes the addresses.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tanlian.chain.keyfiles import Keyfiles
from tanlian.domain.errors import InvalidInput
from tanlian.domain.identity import bare_key_fingerprint, identity_of
from tanlian.services.deployment import Arguments, New, Plan, Setting
from tanlian.services.networks import Network, deployments

REGULATOR_ID = 1  # the register founds it first


def _founder(setting: Setting) -> tuple[Any, ...]:
    regulator = setting.params["regulator"]
    return (
        identity_of(regulator["identity"]),
        regulator["name"],
        regulator["sector"],
        regulator["region"],
        regulator["certificate"],
        regulator["account"],
    )


def _at(*names: str) -> Arguments:
    """The addresses of other contracts as arguments."""
    return lambda setting: tuple(setting.at(name) for name in names)


PLAN = Plan(
    contracts=(New("membership", "Membership", _founder),),
    wiring=(),
    expectations=(),
)


def settled(network: Network) -> Mapping[str, Any]:
    """The parameters with what they name filled in: the regulator's account and certificate.

    Raises:
        KeyfileError: the regulator's keyfile is missing.
        InvalidInput: the certificate cannot be read.
    """
    regulator = dict(network.section("regulator"))
    if "account" not in regulator:
        regulator["account"] = Keyfiles(network.keys).address(str(regulator["key"]))
    name = str(regulator.get("certificate", ""))
    regulator["certificate"] = (
        fingerprint(deployments() / network.name / name)
        if name
        else bare_key_fingerprint(regulator["account"])
    )
    return {**network.params, "regulator": regulator}


def fingerprint(certificate: Path) -> bytes:
    """The SHA-256 fingerprint of an X.509 certificate in a PEM file."""
    try:
        return x509.load_pem_x509_certificate(certificate.read_bytes()).fingerprint(hashes.SHA256())
    except (OSError, ValueError) as error:
        raise InvalidInput(
            f"{certificate} is no readable PEM certificate: {error}.", path=str(certificate)
        ) from error
