"""The protocol as a list: which contracts, made with what, wired how, and what must hold then.

A contract is added here in three places at most: `contracts`, `wiring`, `expectations`. Names are
those by which people call the contracts (`ledger`, `market`); the order fixes the addresses.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tanlian.chain.keyfiles import Keyfiles
from tanlian.domain.credit_rating import load_rating_rules
from tanlian.domain.errors import InvalidInput
from tanlian.domain.identity import bare_key_fingerprint, identity_of
from tanlian.domain.incentives import load_rules
from tanlian.domain.instrument import Kind
from tanlian.domain.supervision import load_supervision_rules
from tanlian.services.deployment import Arguments, Expect, New, Plan, Setting, Wire, nothing
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


# Who may do what at the ledger and the money. A name counts once its contract is deployed.
ISSUERS = ((Kind.ALLOWANCE, "allocation"), (Kind.ALLOWANCE, "compliance"), (Kind.OFFSET, "offsets"))
RETIRERS = ("compliance",)
UNIT_FACILITIES = ("market", "auction")
MONEY_FACILITIES = ("market", "auction", "coin")
ALLOCATION_RECORDERS = ("compliance",)


def _present(setting: Setting, names: Sequence[str]) -> list[str]:
    """The addresses of those of the named contracts that this deployment has."""
    return [setting.at(name) for name in names if name in setting.addresses]


def _issuers(setting: Setting) -> list[tuple[int, str]]:
    return [(int(k), setting.at(name)) for k, name in ISSUERS if name in setting.addresses]


def _ledger_wiring(setting: Setting) -> tuple[Any, ...]:
    return _issuers(setting), _present(setting, RETIRERS), _present(setting, UNIT_FACILITIES)


def _clearing_house(setting: Setting) -> tuple[Any, ...]:
    return setting.at("membership"), setting.params["market"]["utc_offset_seconds"]


def _coin(setting: Setting) -> tuple[Any, ...]:
    rules = load_rules(setting.params["incentives"]["rules"])
    return setting.at("membership"), rules.money_per_coin, rules.notice_seconds


def _incentives(setting: Setting) -> tuple[Any, ...]:
    rules = load_rules(setting.params["incentives"]["rules"])
    return (
        setting.at("membership"),
        rules.in_order(),
        rules.rules_hash,
        rules.appeal_seconds,
        rules.vote_seconds,
        rules.delay_seconds,
        rules.quorum,
    )


def _periodic_check(setting: Setting) -> tuple[Any, ...]:
    rules = load_rating_rules(setting.params["incentives"]["rating"])
    weights, masks = list(rules.weights), list(rules.masks)
    return setting.at("membership"), weights, masks, rules.contest_seconds, rules.rules_hash


def _supervision(setting: Setting) -> tuple[Any, ...]:
    rules = load_supervision_rules(setting.params["supervision"]["rules"])
    return (
        setting.at("membership"),
        *(setting.at(name) for name in ("periodic_check", "incentives", "emissions")),
        rules.take_up_seconds,
        rules.resolve_seconds,
        rules.longest_grant_seconds,
        rules.rules_hash,
    )


def _each(contract: str, view: str, names: Sequence[str]) -> tuple[Expect, ...]:
    """That a view of one contract says yes to each of these others."""
    return tuple(Expect(contract, view, _at(name), True, needs=name) for name in names)


CONTRACTS = (
    New("membership", "Membership", _founder),
    New("ledger", "CarbonLedger", lambda s: (s.at("membership"), s.params["ledger"]["base_uri"])),
    New("money", "SettlementToken", _at("membership")),
    New("allocation", "Allocation", _at("membership", "ledger")),
    New("clearing_house", "ClearingHouse", _clearing_house),
    New("market", "CarbonMarket", _at("membership", "ledger", "money", "clearing_house")),
    New("sessions", "TradingSessions", _at("membership", "market")),
    New("settlement", "MarginSettlement", _at("membership", "market")),
    New("block_trades", "BlockTrades", _at("membership", "market", "sessions")),
    New("methods", "EmissionMethods", _at("membership")),
    New("monitoring", "MonitoringRegistry", _at("membership")),
    New("emissions", "EmissionRegistry", _at("membership", "methods", "monitoring")),
    New("offsets", "OffsetRegistry", _at("membership")),
    New("compliance", "Compliance", _at("membership")),
    New("auction", "OneWayAuction", _at("membership")),
    New("coin", "CreditCoin", _coin),
    New("incentives", "Incentives", _incentives),
    New("periodic_check", "PeriodicCheck", _periodic_check),
    New("supervision", "Supervision", _supervision),
)
_FACTS = ("emissions", "compliance", "allocation")
WIRING = (
    Wire("ledger", "wire", _ledger_wiring),
    Wire("ledger", "seal"),
    Wire("money", "wire", lambda s: (_present(s, MONEY_FACILITIES),)),
    Wire("money", "seal"),
    Wire("allocation", "wire", lambda s: (_present(s, ALLOCATION_RECORDERS),)),
    Wire("allocation", "seal"),
    Wire("market", "wire", _at("sessions", "settlement", "block_trades")),
    Wire("market", "seal"),
    Wire("offsets", "wire", _at("ledger")),
    Wire("offsets", "seal"),
    Wire("compliance", "wire", _at("ledger", "allocation", "emissions", "offsets")),
    Wire("compliance", "seal"),
    Wire("auction", "wire", _at("ledger", "money")),
    Wire("auction", "seal"),
    Wire("coin", "wire", _at("incentives", "money")),
    Wire("coin", "seal"),
    Wire("incentives", "wire", _at("coin", *_FACTS, "settlement", "periodic_check")),
    Wire("incentives", "seal"),
    Wire("periodic_check", "wire", _at("incentives", *_FACTS, "ledger", "settlement")),
    Wire("periodic_check", "seal"),
)
EXPECTATIONS = (
    Expect("ledger", "membership", nothing, _at("membership")),
    Expect("money", "membership", nothing, _at("membership")),
    Expect("allocation", "membership", nothing, _at("membership")),
    Expect("allocation", "ledger", nothing, _at("ledger")),
    Expect("market", "membership", nothing, _at("membership")),
    Expect("market", "ledger", nothing, _at("ledger")),
    Expect("market", "money", nothing, _at("money")),
    Expect("market", "house", nothing, _at("clearing_house")),
    Expect("market", "sessions", nothing, _at("sessions")),
    Expect("market", "block_desk", nothing, _at("block_trades")),
    Expect("sessions", "market", nothing, _at("market")),
    Expect("settlement", "market", nothing, _at("market")),
    Expect("block_trades", "market", nothing, _at("market")),
    Expect("methods", "membership", nothing, _at("membership")),
    Expect("monitoring", "membership", nothing, _at("membership")),
    Expect("emissions", "membership", nothing, _at("membership")),
    Expect("emissions", "methods", nothing, _at("methods")),
    Expect("emissions", "monitoring", nothing, _at("monitoring")),
    *(
        Expect(name, "membership", nothing, _at("membership"))
        for name in ("offsets", "compliance", "auction", "coin", "incentives", "periodic_check")
    ),
    Expect("supervision", "membership", nothing, _at("membership")),
    Expect("supervision", "periodic_check", nothing, _at("periodic_check")),
    Expect("supervision", "incentives", nothing, _at("incentives")),
    Expect("supervision", "emissions", nothing, _at("emissions")),
    *_each("ledger", "is_facility", UNIT_FACILITIES),
    *_each("money", "is_facility", MONEY_FACILITIES),
    *_each("ledger", "is_retirer", RETIRERS),
    *_each("allocation", "is_recorder", ALLOCATION_RECORDERS),
)
PLAN = Plan(CONTRACTS, WIRING, EXPECTATIONS)


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
