"""Units: issue, moves, freezes, claw-back, retirement and certificates."""

import boa
import pytest
from eth_utils import keccak

from harness.access.membership import add_account
from harness.consortium import (
    CEA24,
    DOCUMENT,
    REASON,
    TONNE,
    deploy_register,
    key_of,
)
from harness.events import arguments, event
from tanlian.domain.instrument import allowance, offset

CREDIT = offset(7, 2024).token_id
CEA25 = allowance(2025).token_id
SURRENDER, CANCELLATION, CLAW_BACK = 1, 2, 3
ZERO_ADDRESS = "0x" + "00" * 20


@pytest.fixture
def held(it):
    """The emitter holds ten tonnes of the vintage."""
    it.allocate(it.emitter, 10 * TONNE)
    return it


def send(it, amount, sender=None, owner=None, to=None, token_id=CEA24, data=b""):
    it.ledger.safeTransferFrom(
        owner or it.emitter.account,
        to or it.trader.account,
        token_id,
        amount,
        data,
        sender=sender or it.emitter.account,
    )


def issue(it, amount, token_id=CREDIT, to=None):
    return it.ledger.issue(
        (to or it.emitter).org_id, token_id, amount, DOCUMENT, sender=it.facility.address
    )


def retire(it, amount, token_id=CEA24, purpose=CANCELLATION, sender=None):
    return it.ledger.retire(
        it.emitter.org_id,
        token_id,
        amount,
        purpose,
        keccak(text="why"),
        sender=sender or it.emitter.account,
    )


def totals(it, token_id=CEA24):
    supply = it.ledger.supply(token_id)
    assert supply.issued_kg == supply.held_kg + supply.surrendered_kg + supply.cancelled_kg
    return tuple(supply)


def test_issue__by_the_issuer__block_with_serials_from_one(it):
    assert issue(it, 700) == 1
    log = event(it.ledger, "UnitsIssued")
    assert (log.first_serial, log.amount_kg, log.basis) == (1, 700, DOCUMENT)
    assert issue(it, 300, to=it.trader) == 701
    second = it.ledger.issue_block_of_serial(CREDIT, 701)
    assert tuple(it.ledger.issue_block(second)) == (
        CREDIT,
        it.trader.org_id,
        701,
        300,
        boa.env.timestamp,
        DOCUMENT,
    )
    assert it.ledger.issue_block_count(CREDIT) == 2
    assert totals(it, CREDIT) == (1000, 1000, 0, 0)
    assert it.ledger.holding(it.emitter.org_id, CREDIT) == 700


@pytest.mark.parametrize(
    ("token_id", "amount", "reason"),
    [
        (CREDIT, 0, "serial_book: zero amount"),
        (CREDIT, 2**88, "serial_book: serials exhausted"),
        (CEA24, 5, "carbon_ledger: not an issuer of this kind"),
        (3 << 48 | 2024, 5, "instrument: unknown kind"),
        (0, 5, "instrument: unknown kind"),
        (2**255, 5, "instrument: unknown kind"),
        (1 << 48, 5, "instrument: vintage out of range"),
        (1 << 48 | 7 << 16 | 2024, 5, "instrument: project out of range"),
        (2 << 48 | 2024, 5, "instrument: project out of range"),
    ],
)
def test_issue__bad_value__refused(it, refused, token_id, amount, reason):
    with refused(reason):
        issue(it, amount, token_id)


def test_issue__largest_amount__then_no_serial_is_left(it, refused):
    issue(it, 2**88 - 1)
    with refused("serial_book: serials exhausted"):
        issue(it, 1)


def test_issue__to_a_suspended_or_unknown_organisation__refused(it, refused):
    for org_id in (it.suspended.org_id, 999, 0):
        with refused("carbon_ledger: not an active organisation"):
            it.ledger.issue(org_id, CREDIT, 5, DOCUMENT, sender=it.facility.address)


def test_issue__before_sealing__refused():
    it = deploy_register()
    with boa.env.prank(it.deployer):
        it.ledger.wire([(1, it.outsider())], [], [])
    with pytest.raises(boa.BoaError, match="wiring: not sealed yet"):
        it.ledger.issue(it.emitter.org_id, CEA24, 5, DOCUMENT, sender=it.outsider())


def test_transfer__between_active_members__moves_between_registry_accounts(held):
    send(held, 4 * TONNE)
    log = event(held.ledger, "TransferSingle")
    assert arguments(log)[:3] == (
        held.emitter.account,
        held.emitter.holder,
        held.trader.holder,
    )
    assert held.ledger.balanceOf(held.trader.account, CEA24) == 4 * TONNE
    assert held.ledger.balanceOf(held.trader.holder, CEA24) == 4 * TONNE
    assert held.ledger.balanceOf(held.emitter.account, CEA24) == 6 * TONNE
    assert totals(held) == (10 * TONNE, 10 * TONNE, 0, 0)


def test_transfer__by_another_account_of_the_organisation__moves(held):
    second = key_of("second account")
    add_account(held, held.emitter, second)
    send(held, TONNE, sender=second.address)
    send(held, TONNE, sender=second.address, owner=held.emitter.holder)
    assert held.ledger.balanceOf(second.address, CEA24) == 8 * TONNE


def test_transfer__more_than_held__refused(held, refused):
    with refused("erc1155: insufficient balance for transfer"):
        send(held, 10 * TONNE + 1)
    send(held, 10 * TONNE)
    with refused("erc1155: insufficient balance for transfer"):
        send(held, 1)


def test_transfer__of_anothers_units__refused(held, refused):
    for thief in (held.other_emitter, held.regulator, held.exchange):
        with refused("custody: not the owner's account"):
            send(held, 1, sender=thief.account)
    with refused("custody: not the owner's account"):
        send(held, 1, sender=held.outsider())


def test_transfer__to_no_active_member__refused(held, refused):
    with refused("custody: receiver not a member"):
        send(held, 1, to=held.outsider())
    with refused("custody: receiver not a member"):
        send(held, 1, to=ZERO_ADDRESS)
    with refused("custody: receiver not a member"):
        send(held, 1, to=held.ledger.address)
    for to in (held.suspended.account, held.suspended.holder):
        with refused("custody: receiver not an active member"):
            send(held, 1, to=to)


def test_transfer__by_a_suspended_member__refused(held, refused):
    held.suspend(held.emitter)
    with refused("custody: sender not an active member"):
        send(held, 1)


def test_transfer__to_a_facility__calls_it_with_the_registry_account(held):
    send(held, 3, to=held.facility.address, data=b"session 1")
    assert tuple(held.facility.last_receipt()) == (
        held.emitter.account,
        held.emitter.holder,
        CEA24,
        3,
        b"session 1",
    )
    assert held.ledger.balanceOf(held.facility.address, CEA24) == 3


def test_transfer__facility_refuses__nothing_moves(held, refused):
    held.facility.refuse(True)
    with refused("erc1155: transfer to non-IERC1155Receiver implementer"):
        send(held, 3, to=held.facility.address)
    with refused("erc1155: transfer to non-IERC1155Receiver implementer"):
        held.ledger.safeBatchTransferFrom(
            held.emitter.account,
            held.facility.address,
            [CEA24],
            [3],
            b"",
            sender=held.emitter.account,
        )


def test_transfer__facility_to_a_suspended_organisation__goes_home(held, refused):
    send(held, 3, to=held.facility.address)
    held.suspend(held.emitter)
    facility = held.facility.address
    send(held, 2, sender=facility, owner=facility, to=held.emitter.holder)
    send(held, 1, sender=facility, owner=facility, to=held.emitter.account)
    assert held.ledger.holding(held.emitter.org_id, CEA24) == 10 * TONNE
    with refused("custody: receiver not a member"):
        send(held, 0, sender=facility, owner=facility, to=held.outsider())
    with refused("custody: a facility pays members only"):
        send(held, 0, sender=facility, owner=facility, to=facility)


def test_transfer__facility_takes__only_with_approval_and_from_an_active_owner(held, refused):
    facility = held.facility.address
    with refused("carbon_ledger: not approved"):
        send(held, 3, sender=facility, to=facility)
    held.ledger.setApprovalForAll(facility, True, sender=held.emitter.account)
    assert held.ledger.isApprovedForAll(held.emitter.holder, facility)
    send(held, 3, sender=facility, to=facility)
    assert held.ledger.balanceOf(facility, CEA24) == 3
    with boa.env.anchor():
        held.suspend(held.emitter)
        with refused("custody: sender not an active member"):
            send(held, 3, sender=facility, to=facility)
    held.ledger.setApprovalForAll(facility, False, sender=held.emitter.account)
    with refused("carbon_ledger: not approved"):
        send(held, 3, sender=facility, to=facility)


def test_set_approval__for_a_member_or_stranger__refused(it, refused):
    for operator in (it.trader.account, it.outsider(), ZERO_ADDRESS):
        with refused("carbon_ledger: operator is no facility"):
            it.ledger.setApprovalForAll(operator, True, sender=it.emitter.account)


def test_batch__two_vintages__both_move(held):
    held.allocate(held.emitter, 5 * TONNE, period=2025)
    held.ledger.safeBatchTransferFrom(
        held.emitter.account,
        held.trader.account,
        [CEA24, CEA25],
        [TONNE, 2 * TONNE],
        b"",
        sender=held.emitter.account,
    )
    owners = [held.emitter.account, held.trader.holder, held.trader.account]
    assert held.ledger.balanceOfBatch(owners, [CEA24, CEA24, CEA25]) == [
        9 * TONNE,
        TONNE,
        2 * TONNE,
    ]


def test_batch__lengths_differ__refused(held, refused):
    def batch(ids, amounts):
        held.ledger.safeBatchTransferFrom(
            held.emitter.account,
            held.trader.account,
            ids,
            amounts,
            b"",
            sender=held.emitter.account,
        )

    with refused("erc1155: ids and amounts length mismatch"):
        batch([CEA24], [1, 2])
    freeze(held, 1)
    with refused("carbon_ledger: ids and amounts differ"):
        batch([CEA24, CEA24], [1])
    with refused("carbon_ledger: owners and ids differ"):
        held.ledger.balanceOfBatch([held.emitter.account], [])


def test_batch__same_id_twice__frozen_units_do_not_slip_out(held, refused):
    freeze(held, 9 * TONNE)

    def batch(*amounts):
        held.ledger.safeBatchTransferFrom(
            held.emitter.account,
            held.trader.account,
            [CEA24] * len(amounts),
            amounts,
            b"",
            sender=held.emitter.account,
        )

    with refused("freezes: units frozen"):
        batch(600, 401)
    batch(600, 400)
    assert held.ledger.free_holding(held.emitter.org_id, CEA24) == 0


def freeze(it, amount, token_id=CEA24):
    it.ledger.freeze(it.emitter.org_id, token_id, amount, REASON, sender=it.regulator.account)


def test_freeze__part__only_the_rest_leaves(held, refused):
    freeze(held, 7 * TONNE)
    log = event(held.ledger, "UnitsFrozen")
    assert (log.old_frozen_kg, log.new_frozen_kg, log.reason) == (0, 7 * TONNE, REASON)
    assert held.ledger.free_holding(held.emitter.org_id, CEA24) == 3 * TONNE
    with refused("freezes: units frozen"):
        send(held, 3 * TONNE + 1)
    with refused("freezes: units frozen"):
        retire(held, 3 * TONNE + 1)
    with refused("freezes: units frozen"):
        retire(held, 3 * TONNE + 1, purpose=SURRENDER, sender=held.facility.address)
    send(held, 3 * TONNE)
    with refused("freezes: units frozen"):
        send(held, 1)


def test_freeze__more_than_held__later_arrivals_are_bound(held, refused):
    freeze(held, 15 * TONNE)
    held.allocate(held.emitter, 6 * TONNE)
    assert held.ledger.free_holding(held.emitter.org_id, CEA24) == TONNE
    with refused("freezes: units frozen"):
        send(held, TONNE + 1)
    send(held, TONNE)


def test_freeze__one_vintage__another_is_free(held):
    held.allocate(held.emitter, TONNE, period=2025)
    freeze(held, 10 * TONNE)
    send(held, TONNE, token_id=CEA25)
    assert held.ledger.holding(held.trader.org_id, CEA25) == TONNE


def test_freeze_and_unfreeze__in_steps__adds_up(held, refused):
    freeze(held, 2)
    freeze(held, 3)
    assert held.ledger.frozen_kg(held.emitter.org_id, CEA24) == 5
    with refused("freezes: not so much is frozen"):
        held.ledger.unfreeze(held.emitter.org_id, CEA24, 6, REASON, sender=held.regulator.account)
    held.ledger.unfreeze(held.emitter.org_id, CEA24, 5, REASON, sender=held.regulator.account)
    log = event(held.ledger, "UnitsUnfrozen")
    assert (log.old_frozen_kg, log.new_frozen_kg) == (5, 0)
    send(held, 10 * TONNE)


def test_freeze__bad_value__refused(it, refused, regulator):
    with refused("freezes: zero amount"):
        freeze(it, 0)
    with refused("instrument: unknown kind"):
        freeze(it, 1, token_id=9)
    with refused("carbon_ledger: no such organisation"):
        it.ledger.freeze(999, CEA24, 1, REASON, sender=regulator)
    with refused("carbon_ledger: reason missing"):
        it.ledger.freeze(it.emitter.org_id, CEA24, 1, "", sender=regulator)


def test_freeze_holder__whole_holding__nothing_leaves_and_all_may_arrive(held, refused, regulator):
    held.ledger.freeze_holder(held.emitter.org_id, REASON, sender=regulator)
    assert held.ledger.is_holder_frozen(held.emitter.org_id)
    assert held.ledger.free_holding(held.emitter.org_id, CEA24) == 0
    for act in (send, retire):
        with refused("freezes: holder frozen"):
            act(held, 1)
    held.allocate(held.emitter, 1)
    with refused("freezes: holder frozen already"):
        held.ledger.freeze_holder(held.emitter.org_id, REASON, sender=regulator)
    held.ledger.unfreeze_holder(held.emitter.org_id, REASON, sender=regulator)
    with refused("freezes: holder not frozen"):
        held.ledger.unfreeze_holder(held.emitter.org_id, REASON, sender=regulator)
    send(held, 10 * TONNE + 1)


def test_claw_back__frozen_units_of_a_suspended_organisation__reached(held, regulator):
    freeze(held, 10 * TONNE)
    held.ledger.freeze_holder(held.emitter.org_id, REASON, sender=regulator)
    held.suspend(held.emitter)
    certificate = held.ledger.claw_back(
        held.emitter.org_id, CEA24, 4 * TONNE, REASON, DOCUMENT, sender=regulator
    )
    log = event(held.ledger, "UnitsClawedBack")
    assert (log.certificate_id, log.amount_kg, log.reason) == (certificate, 4 * TONNE, REASON)
    assert totals(held) == (10 * TONNE, 6 * TONNE, 0, 4 * TONNE)
    assert held.ledger.certificate(certificate).purpose == CLAW_BACK


def test_claw_back__more_than_held_or_without_reason__refused(held, refused, regulator):
    held.allocate(held.other_emitter, TONNE)
    with refused("erc1155: burn amount exceeds balance"):
        held.ledger.claw_back(
            held.emitter.org_id, CEA24, 10 * TONNE + 1, REASON, DOCUMENT, sender=regulator
        )
    with refused("carbon_ledger: reason missing"):
        held.ledger.claw_back(held.emitter.org_id, CEA24, 1, "", DOCUMENT, sender=regulator)
    with refused("serial_book: zero amount"):
        held.ledger.claw_back(held.emitter.org_id, CEA24, 0, REASON, DOCUMENT, sender=regulator)


def test_claw_back__issuer_of_credits_on_allowances__refused(held, refused):
    with refused("member_guard: not an active member"):
        held.ledger.claw_back(
            held.emitter.org_id, CEA24, 1, REASON, DOCUMENT, sender=held.facility.address
        )


def test_retire__in_turn__next_serials_and_a_certificate_each(held):
    first = retire(held, 3 * TONNE)
    second = retire(held, 2 * TONNE, purpose=SURRENDER, sender=held.facility.address)
    log = event(held.ledger, "UnitsRetired")
    assert (log.first_serial, log.amount_kg, log.purpose) == (3001, 2 * TONNE, SURRENDER)
    assert tuple(held.ledger.certificate(second)) == (
        CEA24,
        held.emitter.org_id,
        3001,
        2000,
        boa.env.timestamp,
        SURRENDER,
        keccak(text="why"),
    )
    assert held.ledger.certificate(first).first_serial == 1
    assert totals(held) == (10 * TONNE, 5 * TONNE, 2 * TONNE, 3 * TONNE)
    assert held.ledger.certificate_count(CEA24) == 2
    found = [held.ledger.certificate_of_serial(CEA24, n) for n in (1, 3000, 3001, 5000)]
    assert found == [first, first, second, second]


def test_certificate__unknown__refused(held, refused):
    retire(held, 5)
    for serial in (0, 6, 2**256 - 1):
        with refused("serial_book: serial not consumed"):
            held.ledger.certificate_of_serial(CEA24, serial)
    with refused("serial_book: serial not consumed"):
        held.ledger.certificate_of_serial(CEA25, 1)
    with refused("serial_book: no such entry"):
        held.ledger.certificate(CEA24 << 40 | 2)
    with refused("serial_book: no such entry"):
        held.ledger.issue_block(CEA24 << 40)


@pytest.mark.parametrize("purpose", [0, SURRENDER, CLAW_BACK, 4, 255])
def test_retire__by_the_holder_for_another_purpose__refused(held, refused, purpose):
    with refused("carbon_ledger: purpose not allowed"):
        retire(held, 1, purpose=purpose)


@pytest.mark.parametrize("purpose", [0, CLAW_BACK, 4])
def test_retire__by_a_retirer_for_another_purpose__refused(held, refused, purpose):
    with refused("carbon_ledger: purpose not allowed"):
        retire(held, 1, purpose=purpose, sender=held.facility.address)


def test_retire__bad_amount_or_anothers_units__refused(held, refused):
    with refused("serial_book: zero amount"):
        retire(held, 0)
    with refused("erc1155: burn amount exceeds total_supply"):
        retire(held, 10 * TONNE + 1)
    with refused("carbon_ledger: not the holder"):
        retire(held, 1, sender=held.other_emitter.account)


def test_retire__surrender_of_a_suspended_organisation__reaches_it(held):
    held.suspend(held.emitter)
    retire(held, TONNE, purpose=SURRENDER, sender=held.facility.address)
    assert totals(held) == (10 * TONNE, 9 * TONNE, TONNE, 0)


def test_wire__twice_sealed_or_no_contract__refused(it):
    new = deploy_register()
    with boa.env.prank(new.deployer):
        with boa.reverts("wiring: not wired yet"):
            new.ledger.seal()
        with boa.reverts("custody: facility is no contract"):
            new.ledger.wire([], [], [new.outsider()])
        new.ledger.wire([], [], [])
        with boa.reverts("wiring: wired already"):
            new.ledger.wire([], [], [])
        assert not new.ledger.is_sealed()
        new.ledger.seal()
        assert new.ledger.is_sealed()
        for act in (lambda: new.ledger.wire([], [], []), new.ledger.seal):
            with boa.reverts("wiring: sealed"):
                act()


def test_interfaces__erc1155_and_metadata__declared(it):
    for interface in ("0x01ffc9a7", "0xd9b67a26", "0x0e89341c"):
        assert it.ledger.supportsInterface(bytes.fromhex(interface[2:]))
    assert it.ledger.uri(CEA24) == f"https://example.org/units/{CEA24}"


@pytest.mark.parametrize("blind", ["safeTransferFrom", "safeBatchTransferFrom"])
def test_reentrancy__hostile_receiver__cannot_call_back(held, blind):
    """The receiver tries to take out what it is being given; the deposit itself goes through."""
    batch = blind == "safeBatchTransferFrom"
    facility = held.facility
    args = (
        (facility.address, held.trader.holder, [CEA24], [TONNE], b"")
        if batch
        else (facility.address, held.trader.holder, CEA24, TONNE, b"")
    )
    attack = getattr(held.ledger, blind).prepare_calldata(*args)
    facility.arm(held.ledger.address, attack)
    send(held, TONNE, to=facility.address)
    assert not facility.has_reentered()
    assert held.ledger.balanceOf(facility.address, CEA24) == TONNE
    facility.act(held.ledger.address, attack)
    assert held.ledger.holding(held.trader.org_id, CEA24) == TONNE


def test_reentrancy__every_other_function__cannot_be_entered_from_a_callback(held):
    """Even an act to which the receiver is entitled waits until the ledger is done."""
    facility = held.facility
    entitled = [
        held.ledger.issue.prepare_calldata(held.trader.org_id, CREDIT, 5, DOCUMENT),
        held.ledger.retire.prepare_calldata(held.emitter.org_id, CEA24, 5, SURRENDER, DOCUMENT),
        held.ledger.claw_back.prepare_calldata(held.emitter.org_id, CREDIT, 5, REASON, DOCUMENT),
    ]
    issue(held, 100)
    for attack in entitled:
        facility.arm(held.ledger.address, attack)
        send(held, 1, to=facility.address)
        assert not facility.has_reentered()
        with boa.env.anchor():
            facility.act(held.ledger.address, attack)


def test_reentrancy__balance__may_be_read_from_a_callback(held):
    facility = held.facility
    reads = held.ledger.balanceOf.prepare_calldata(facility.address, CEA24)
    facility.arm(held.ledger.address, reads)
    send(held, 1, to=facility.address)
    assert facility.has_reentered()
