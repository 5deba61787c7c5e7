"""Organisations: admission, roles, suspension, accounts, certificates."""

import boa
import pytest
from eth_utils import keccak

from harness.access.membership import consent
from harness.consortium import DOCUMENT, EMPTY, NORTH, POWER, REASON, SOUTH, key_of
from harness.events import event
from tanlian.domain.holder import holder_address
from tanlian.domain.roles import ALL_ROLES, Role

NEW = key_of("a new account")
IDENTITY = keccak(text="unified social credit code 91310000")
CERTIFICATE = keccak(text="certificate of a newcomer")
ACTIVE = 1 << 72


def admission(**changes):
    given = {
        "identity": IDENTITY,
        "name": "华能 newcomer",
        "roles": int(Role.EMITTER),
        "sector": POWER,
        "region": NORTH,
        "certificate": CERTIFICATE,
        "account": NEW.address,
    }
    return list((given | changes).values())


def sloads(contract):
    code = contract._computation.code
    return sum(code._raw_code_bytes[pc] == 0x54 for pc in code._trace)


def test_constructor__first_regulator__stands_active(it):
    standing = it.membership.standing(it.regulator.account)
    assert standing == 1 | Role.REGULATOR << 24 | NORTH << 56 | ACTIVE
    assert it.membership.organisation(1).name == "regulator"
    assert it.membership.active_regulators() == 1


def test_admit__new_identity__found_by_account_identity_and_id(it, regulator):
    org_id = it.membership.admit(*admission(), sender=regulator)
    log = event(it.membership, "OrganisationAdmitted")
    assert log.organisation == org_id
    assert log.identity == IDENTITY
    assert log.account == NEW.address
    assert log.signer == regulator
    assert org_id == it.membership.organisation_count()
    assert it.membership.organisation_of(NEW.address) == org_id
    assert it.membership.organisation_by_identity(IDENTITY) == org_id
    assert it.membership.organisation_by_certificate(CERTIFICATE) == org_id
    assert it.membership.accounts_of(org_id) == [NEW.address]
    found = it.membership.organisation(org_id)
    assert (found.identity, found.name, found.certificate) == (
        IDENTITY,
        "华能 newcomer",
        CERTIFICATE,
    )
    assert (found.roles, found.sector, found.region, found.active) == (2, POWER, NORTH, True)
    word = org_id | Role.EMITTER << 24 | POWER << 40 | NORTH << 56 | ACTIVE
    assert it.membership.standing(NEW.address) == word
    assert it.membership.standing_of(org_id) == word


def test_admit__second_organisation__gets_the_next_id(it, regulator):
    first = it.membership.admit(*admission(), sender=regulator)
    second = it.membership.admit(
        *admission(identity=DOCUMENT, certificate=DOCUMENT, account=key_of("x").address),
        sender=regulator,
    )
    assert second == first + 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"identity": EMPTY}, "membership: identity missing"),
        ({"identity": keccak(text="identity of emitter")}, "membership: identity admitted already"),
        ({"name": ""}, "membership: name missing"),
        ({"roles": 0}, "membership: unknown roles"),
        ({"roles": 256}, "membership: unknown roles"),
        ({"roles": 2**256 - 1}, "membership: unknown roles"),
        ({"sector": 2**16}, "standing: sector too large"),
        ({"region": 2**16}, "standing: region too large"),
        ({"certificate": EMPTY}, "membership: certificate missing"),
        (
            {"certificate": keccak(text="certificate of emitter")},
            "membership: certificate was used",
        ),
        ({"account": "0x" + "00" * 20}, "membership: account missing"),
        ({"account": key_of("emitter").address}, "membership: account was used"),
        ({"account": holder_address(3)}, "membership: a registry account"),
    ],
)
def test_admit__bad_value__refused(it, refused, regulator, changes, reason):
    with refused(reason):
        it.membership.admit(*admission(**changes), sender=regulator)


@pytest.mark.parametrize("changes", [{"roles": int(ALL_ROLES)}, {"sector": 2**16 - 1, "region": 0}])
def test_admit__largest_values__packed_exactly(it, regulator, changes):
    org_id = it.membership.admit(*admission(**changes), sender=regulator)
    found = it.membership.organisation(org_id)
    assert {name: getattr(found, name) for name in changes} == changes


def test_standing__unknown_removed_or_registry_account__zero(it, outsider):
    assert it.membership.standing(outsider) == 0
    assert it.membership.standing(it.emitter.holder) == 0
    assert it.membership.standing_of(0) == 0
    assert it.membership.standing_of(10_000) == 0


def test_standing__any_account__reads_two_slots(it, outsider):
    it.membership.standing(it.emitter.account)
    assert sloads(it.membership) == 2
    it.membership.standing(outsider)
    assert sloads(it.membership) == 1
    it.membership.standing_of(it.emitter.org_id)
    assert sloads(it.membership) == 1


def test_organisation__unknown__refused(it, refused):
    with refused("membership: no such organisation"):
        it.membership.organisation(10_000)


def test_reclassify__known_organisation__moves_and_names_old_and_new(it, regulator):
    it.membership.reclassify(it.emitter.org_id, 9, SOUTH, DOCUMENT, sender=regulator)
    log = event(it.membership, "OrganisationReclassified")
    assert (log.old_sector, log.new_sector) == (POWER, 9)
    assert (log.old_region, log.new_region) == (NORTH, SOUTH)
    found = it.membership.organisation(it.emitter.org_id)
    assert (found.sector, found.region, found.roles, found.active) == (9, SOUTH, 2, True)


def test_reclassify__without_document__refused(it, refused, regulator):
    with refused("membership: document missing"):
        it.membership.reclassify(it.emitter.org_id, 9, SOUTH, EMPTY, sender=regulator)
    with refused("membership: no such organisation"):
        it.membership.reclassify(999, 9, SOUTH, DOCUMENT, sender=regulator)


def test_grant_and_revoke_roles__each__names_old_and_new(it, regulator):
    it.membership.grant_roles(it.emitter.org_id, int(Role.TRADER), DOCUMENT, sender=regulator)
    log = event(it.membership, "RolesChanged")
    assert (log.old_roles, log.new_roles) == (Role.EMITTER, Role.EMITTER | Role.TRADER)
    assert (log.document, log.signer) == (DOCUMENT, regulator)
    it.membership.revoke_roles(it.emitter.org_id, int(Role.EMITTER), DOCUMENT, sender=regulator)
    assert it.membership.organisation(it.emitter.org_id).roles == Role.TRADER


def test_grant_roles__granted_already_or_unknown__refused(it, refused, regulator):
    with refused("membership: role granted already"):
        it.membership.grant_roles(it.emitter.org_id, 2 | 64, DOCUMENT, sender=regulator)
    for roles in (0, 256):
        with refused("membership: unknown roles"):
            it.membership.grant_roles(it.emitter.org_id, roles, DOCUMENT, sender=regulator)


def test_revoke_roles__not_granted__refused(it, refused, regulator):
    with refused("membership: role not granted"):
        it.membership.revoke_roles(it.emitter.org_id, 2 | 64, DOCUMENT, sender=regulator)


def test_last_regulator__revoked_or_suspended__refused(it, refused, regulator):
    with refused("membership: last active regulator"):
        it.membership.revoke_roles(1, int(Role.REGULATOR), DOCUMENT, sender=regulator)
    with refused("membership: last active regulator"):
        it.membership.suspend(1, REASON, sender=regulator)


def test_second_regulator__takes_over__first_cannot_act_while_suspended(it, refused, regulator):
    second = it.admit("second_regulator", Role.REGULATOR)
    assert it.membership.active_regulators() == 2
    it.membership.suspend(1, REASON, sender=second.account)
    assert it.membership.active_regulators() == 1
    with refused("membership: not an active member"):
        it.membership.suspend(second.org_id, REASON, sender=regulator)
    with refused("membership: last active regulator"):
        it.membership.suspend(second.org_id, REASON, sender=second.account)
    it.membership.reinstate(1, REASON, sender=second.account)
    assert it.membership.active_regulators() == 2


def test_revoke_regulator__of_a_suspended_one__leaves_the_count_of_active_ones(
    it, refused, regulator
):
    second = it.admit("second_regulator", Role.REGULATOR)
    it.suspend(second)
    it.membership.revoke_roles(second.org_id, 1, DOCUMENT, sender=regulator)
    assert it.membership.active_regulators() == 1
    with refused("membership: last active regulator"):
        it.membership.suspend(1, REASON, sender=regulator)


def test_suspend_and_reinstate__emitter__standing_follows_with_reason(it, regulator):
    before = it.membership.standing(it.emitter.account)
    it.membership.suspend(it.emitter.org_id, REASON, sender=regulator)
    log = event(it.membership, "OrganisationSuspended")
    assert (log.organisation, log.reason, log.signer) == (it.emitter.org_id, REASON, regulator)
    assert it.membership.standing(it.emitter.account) == before ^ ACTIVE
    it.membership.reinstate(it.emitter.org_id, REASON, sender=regulator)
    assert it.membership.standing(it.emitter.account) == before


def test_suspend_and_reinstate__twice_or_without_reason__refused(it, refused, regulator):
    with refused("membership: reason missing"):
        it.membership.suspend(it.emitter.org_id, "", sender=regulator)
    with refused("membership: suspended already"):
        it.membership.suspend(it.suspended.org_id, REASON, sender=regulator)
    with refused("membership: not suspended"):
        it.membership.reinstate(it.emitter.org_id, REASON, sender=regulator)
    with refused("membership: reason missing"):
        it.membership.reinstate(it.suspended.org_id, "", sender=regulator)
    with refused("membership: no such organisation"):
        it.membership.suspend(999, REASON, sender=regulator)


def test_rotate_certificate__by_the_organisation__old_one_stays_its(it):
    old, new = keccak(text="certificate of emitter"), keccak(text="renewed")
    it.membership.rotate_certificate(it.emitter.org_id, new, sender=it.emitter.account)
    log = event(it.membership, "CertificateRotated")
    assert (log.old_certificate, log.new_certificate) == (old, new)
    assert it.membership.organisation(it.emitter.org_id).certificate == new
    assert it.membership.organisation_by_certificate(old) == it.emitter.org_id


def test_rotate_certificate__used_or_missing__refused(it, refused, regulator):
    for used in ("certificate of bank", "certificate of emitter"):
        with refused("membership: certificate was used"):
            it.membership.rotate_certificate(
                it.emitter.org_id, keccak(text=used), sender=it.emitter.account
            )
    with refused("membership: certificate missing"):
        it.membership.rotate_certificate(it.emitter.org_id, EMPTY, sender=it.emitter.account)
    with refused("membership: no such organisation"):
        it.membership.rotate_certificate(999, DOCUMENT, sender=regulator)


def test_add_account__with_consent__both_act_for_the_organisation(it):
    it.membership.add_account(
        NEW.address, consent(it, it.emitter.org_id, NEW), sender=it.emitter.account
    )
    log = event(it.membership, "AccountAdded")
    assert (log.account, log.signer) == (NEW.address, it.emitter.account)
    assert it.membership.accounts_of(it.emitter.org_id) == [it.emitter.account, NEW.address]
    assert it.membership.standing(NEW.address) == it.membership.standing(it.emitter.account)


def test_add_account__consent_to_another_or_by_another__refused(it, refused):
    to_another = consent(it, it.other_emitter.org_id, NEW)
    by_another = consent(it, it.emitter.org_id, key_of("outsider"))
    for signature in (to_another, by_another):
        with refused("membership: account did not consent"):
            it.membership.add_account(NEW.address, signature, sender=it.emitter.account)


def test_add_account__of_another_organisation__refused(it, refused):
    with refused("membership: account was used"):
        it.membership.add_account(
            it.bank.account,
            consent(it, it.emitter.org_id, it.bank.key),
            sender=it.emitter.account,
        )


def test_add_account__seventeenth__refused(it, refused):
    def add(number):
        key = key_of(f"account {number}")
        it.membership.add_account(
            key.address, consent(it, it.emitter.org_id, key), sender=it.emitter.account
        )

    for number in range(15):
        add(number)
    assert len(it.membership.accounts_of(it.emitter.org_id)) == 16
    with refused("membership: too many accounts"):
        add(15)


def test_remove_account__one_of_three__others_stay_and_it_is_never_used_again(
    it, refused, regulator
):
    third = key_of("third account")
    for key in (NEW, third):
        it.membership.add_account(
            key.address, consent(it, it.emitter.org_id, key), sender=it.emitter.account
        )
    it.membership.remove_account(it.emitter.account, REASON, sender=NEW.address)
    log = event(it.membership, "AccountRemoved")
    assert (log.account, log.reason, log.signer) == (it.emitter.account, REASON, NEW.address)
    assert it.membership.accounts_of(it.emitter.org_id) == [third.address, NEW.address]
    assert it.membership.standing(it.emitter.account) == 0
    assert it.membership.organisation_of(it.emitter.account) == 0
    assert it.membership.organisation_ever_of(it.emitter.account) == it.emitter.org_id
    with refused("membership: account was used"):
        it.membership.admit(*admission(account=it.emitter.account), sender=regulator)
    with refused("membership: not an active member"):
        it.membership.remove_account(NEW.address, REASON, sender=it.emitter.account)


def test_remove_account__last_unknown_or_without_reason__refused(it, refused, regulator, outsider):
    with refused("membership: last account"):
        it.membership.remove_account(it.emitter.account, REASON, sender=regulator)
    with refused("membership: not a current account"):
        it.membership.remove_account(outsider, REASON, sender=regulator)
    with refused("membership: reason missing"):
        it.membership.remove_account(it.emitter.account, "", sender=regulator)


def test_time__admission__is_block_time(it, regulator):
    org_id = it.membership.admit(*admission(), sender=regulator)
    assert it.membership.organisation(org_id).admitted_at == boa.env.timestamp
