"""Who seals blocks: votes of organisations on ValidatorSet, over the real Membership."""

import boa
import pytest
from eth_utils import keccak, to_canonical_address

from harness.consortium import DOCUMENT, EMPTY, REASON
from harness.validator_set import SEATED, bound, consortium_of_operators, founding, node_address
from tanlian.domain.roles import Role
from tanlian_node.genesis import set_hash
from tanlian_node.validators import acceptance_digest

OUTSIDER = "0x00000000000000000000000000000000000000ff"
TWO_WEEKS = 14 * 24 * 60 * 60


@pytest.fixture(scope="module")
def world():
    return bound()


@pytest.fixture
def seats(world):
    with boa.env.anchor():
        yield world


@pytest.fixture
def account(seats):
    return {name: seats.it.members[name].account for name in seats.it.members}


def seated(seats):
    return [str(one) for one in seats.contract.getValidators()]


def add(seats, account, name, organisation, voters=("regulator", "exchange", "bank")):
    first, *others = voters
    number = seats.propose_addition(name, organisation, account[first])
    for voter in others:
        seats.contract.approve(number, sender=account[voter])
    return number


def refused(seats, reason, act):
    before = seats.state()
    with boa.reverts(reason):
        act()
    assert seats.state() == before


def test_genesis__preset_storage__is_read_as_voted():
    with boa.env.anchor():
        seats = founding()
        addresses = [node_address(name) for name in SEATED]
        assert seated(seats) == sorted(addresses, key=str.lower)
        assert seats.contract.set_hash() == set_hash(addresses)
        for name in SEATED:
            found = seats.contract.organisation_of(node_address(name))
            assert found == seats.it.members[name].org_id
            member = seats.it.members[name]
            assert seats.contract.founding_organisation(member.account) == member.org_id


def test_set_hash__any_set__is_keccak_of_the_prefixed_sorted_addresses(seats, account):
    add(seats, account, "newcomer", seats.it.operator.org_id)
    listed = sorted(to_canonical_address(one) for one in seated(seats))
    assert seats.contract.set_hash() == keccak(b"".join(b"\x94" + one for one in listed))


def test_acceptance_digest__computed_off_chain__equals_the_contract(seats):
    chain_id = boa.env.evm.patch.chain_id
    for organisation in (1, 7, 2**24 - 1):
        computed = acceptance_digest(chain_id, organisation, seats.contract.address)
        assert computed == seats.contract.acceptance_digest(organisation)


def test_propose_addition__three_of_four__seats_in_order(seats, account):
    number = seats.propose_addition("newcomer", seats.it.operator.org_id, account["regulator"])
    assert seats.contract.tally(number) == (1, 3)
    seats.contract.approve(number, sender=account["exchange"])
    assert len(seated(seats)) == 4
    seats.contract.approve(number, sender=account["bank"])
    logs = seats.contract.get_logs()
    assert seated(seats) == sorted(
        [*(node_address(name) for name in SEATED), node_address("newcomer")], key=str.lower
    )
    (added,) = [log for log in logs if type(log).__name__ == "ValidatorAdded"]
    assert added.validator == node_address("newcomer")
    assert added.organisation == seats.it.operator.org_id
    assert added.change == number
    assert added.size == 5
    assert added.set_hash == seats.contract.set_hash()


def test_propose_addition__several_nodes_of_one_organisation__one_vote(seats, account):
    add(seats, account, "second", seats.it.regulator.org_id)
    add(seats, account, "third", seats.it.regulator.org_id)
    number = seats.propose_addition("newcomer", seats.it.operator.org_id, account["regulator"])
    assert seats.contract.tally(number) == (1, 3)  # six validators, four organisations


def test_propose_addition__key_did_not_accept__refused(seats, account):
    organisation = seats.it.operator.org_id
    v, r, s = seats.accept("newcomer", organisation + 1)
    refused(
        seats,
        "validator_set: seat not accepted by its key",
        lambda: seats.contract.propose_addition(
            node_address("newcomer"), organisation, v, r, s, EMPTY, sender=account["bank"]
        ),
    )


def test_propose_addition__zero_address__refused(seats, account):
    refused(
        seats,
        "validator_set: no address",
        lambda: seats.contract.propose_addition(
            "0x" + "0" * 40, 1, 27, 0, 0, EMPTY, sender=account["bank"]
        ),
    )


def test_propose_addition__seated_already__refused(seats, account):
    refused(
        seats,
        "validator_set: already seated",
        lambda: seats.propose_addition("bank", seats.it.bank.org_id, account["bank"]),
    )


@pytest.mark.parametrize("name", ["emitter", "suspended"])
def test_propose_addition__organisation_is_no_operator__refused(seats, account, name):
    organisation = seats.it.members[name].org_id
    refused(
        seats,
        "validator_set: not an active operator",
        lambda: seats.propose_addition("newcomer", organisation, account["bank"]),
    )


def test_propose_addition__full_set__refused(seats, account):
    for number in range(28):
        add(seats, account, f"node {number}", seats.it.regulator.org_id)
    organisation = seats.it.operator.org_id
    assert len(seated(seats)) == 32
    refused(
        seats,
        "validator_set: the set is full",
        lambda: seats.propose_addition("one more", organisation, account["bank"]),
    )


def test_approve__second_of_the_same_organisation__refused(seats, account):
    number = seats.propose_addition("newcomer", seats.it.operator.org_id, account["bank"])
    refused(
        seats,
        "validator_set: already approved",
        lambda: seats.contract.approve(number, sender=account["bank"]),
    )


def test_approve__unknown_or_enacted_or_lapsed__refused(seats, account):
    refused(
        seats,
        "validator_set: no such change",
        lambda: seats.contract.approve(99, sender=account["bank"]),
    )
    enacted = add(seats, account, "newcomer", seats.it.operator.org_id)
    refused(
        seats,
        "validator_set: change is enacted",
        lambda: seats.contract.approve(enacted, sender=account["verifier"]),
    )
    number = seats.propose_addition("later", seats.it.operator.org_id, account["bank"])
    boa.env.time_travel(seconds=TWO_WEEKS + 1)
    refused(
        seats,
        "validator_set: vote has lapsed",
        lambda: seats.contract.approve(number, sender=account["exchange"]),
    )


def test_approve__last_second__counts(seats, account):
    number = seats.propose_addition("newcomer", seats.it.operator.org_id, account["bank"])
    boa.env.time_travel(seconds=TWO_WEEKS)
    seats.contract.approve(number, sender=account["exchange"])
    assert seats.contract.tally(number) == (2, 3)


def test_approve__voter_suspended_meanwhile__its_approval_does_not_count(seats, account):
    number = seats.propose_addition("newcomer", seats.it.operator.org_id, account["bank"])
    seats.contract.approve(number, sender=account["exchange"])
    seats.it.suspend(seats.it.bank)
    seats.contract.approve(number, sender=account["verifier"])
    assert seats.contract.tally(number) == (2, 3)
    assert len(seated(seats)) == 4
    seats.it.reinstate(seats.it.bank)
    assert seats.contract.tally(number) == (3, 3)


def test_approve__two_suspended__the_rest_cannot_take_the_chain(seats, account):
    seats.it.suspend(seats.it.bank)
    seats.it.suspend(seats.it.exchange)
    number = seats.contract.propose_removal(
        node_address("bank"), DOCUMENT, True, sender=account["regulator"]
    )
    seats.contract.approve(number, sender=account["verifier"])
    assert seats.contract.tally(number) == (2, 3)
    assert len(seated(seats)) == 4


def test_approve__newcomer_lost_its_role_before_the_last_vote__refused(seats, account):
    number = seats.propose_addition("newcomer", seats.it.operator.org_id, account["bank"])
    seats.contract.approve(number, sender=account["exchange"])
    seats.it.membership.revoke_roles(
        seats.it.operator.org_id, int(Role.OPERATOR), DOCUMENT, sender=account["regulator"]
    )
    refused(
        seats,
        "validator_set: not an active operator",
        lambda: seats.contract.approve(number, sender=account["verifier"]),
    )
    assert not seats.contract.has_approved(number, seats.it.verifier.org_id)


def test_withdraw_approval__open_change__no_longer_counts(seats, account):
    number = seats.propose_addition("newcomer", seats.it.operator.org_id, account["bank"])
    seats.contract.withdraw_approval(number, sender=account["bank"])
    assert seats.contract.tally(number) == (0, 3)
    refused(
        seats,
        "validator_set: not approved",
        lambda: seats.contract.withdraw_approval(number, sender=account["bank"]),
    )


def test_propose_removal__of_five__by_three_of_four(seats, account):
    add(seats, account, "newcomer", seats.it.regulator.org_id)
    number = seats.contract.propose_removal(
        node_address("newcomer"), EMPTY, False, sender=account["exchange"]
    )
    seats.contract.approve(number, sender=account["bank"])
    seats.contract.approve(number, sender=account["verifier"])
    assert node_address("newcomer") not in seated(seats)
    assert seats.contract.organisation_of(node_address("newcomer")) == 0
    assert seats.contract.set_hash() == set_hash(node_address(name) for name in SEATED)


def test_propose_removal__below_four_without_override__refused(seats, account):
    refused(
        seats,
        "validator_set: below the safe size",
        lambda: seats.contract.propose_removal(
            node_address("bank"), EMPTY, False, sender=account["exchange"]
        ),
    )


def test_propose_removal__override_without_statement__refused(seats, account):
    refused(
        seats,
        "validator_set: override unstated",
        lambda: seats.contract.propose_removal(
            node_address("bank"), EMPTY, True, sender=account["exchange"]
        ),
    )


def test_propose_removal__stated_override__goes_down_to_one_never_to_none(seats, account):
    def remove(name, *voters):
        number = seats.contract.propose_removal(
            node_address(name), DOCUMENT, True, sender=account[voters[0]]
        )
        for voter in voters[1:]:
            seats.contract.approve(number, sender=account[voter])

    remove("bank", "regulator", "exchange", "verifier")
    remove("verifier", "regulator", "exchange")
    remove("exchange", "regulator", "exchange")
    assert seated(seats) == [node_address("regulator")]
    refused(
        seats,
        "validator_set: the set would be empty",
        lambda: seats.contract.propose_removal(
            node_address("regulator"), DOCUMENT, True, sender=account["regulator"]
        ),
    )


def test_propose_removal__two_open_at_four__second_enactment_is_checked_again(seats, account):
    add(seats, account, "newcomer", seats.it.regulator.org_id)
    numbers = [
        seats.contract.propose_removal(node_address(name), EMPTY, False, sender=account["exchange"])
        for name in ("newcomer", "bank")
    ]
    for number in numbers:
        seats.contract.approve(number, sender=account["bank"])
    seats.contract.approve(numbers[0], sender=account["verifier"])
    refused(
        seats,
        "validator_set: below the safe size",
        lambda: seats.contract.approve(numbers[1], sender=account["verifier"]),
    )


def test_propose_removal__not_seated__refused(seats, account):
    refused(
        seats,
        "validator_set: not seated",
        lambda: seats.contract.propose_removal(
            OUTSIDER, DOCUMENT, False, sender=account["exchange"]
        ),
    )


def test_founding__before_membership__founders_vote_and_others_do_not():
    with boa.env.anchor():
        seats = founding()
        account = {name: member.account for name, member in seats.it.members.items()}
        refused(
            seats,
            "validator_set: no seat in the set",
            lambda: seats.contract.propose_removal(
                node_address("bank"), DOCUMENT, True, sender=account["operator"]
            ),
        )
        refused(
            seats,
            "validator_set: not a founding operator",
            lambda: seats.propose_addition(
                "newcomer", seats.it.operator.org_id, account["regulator"]
            ),
        )
        add(seats, account, "newcomer", seats.it.bank.org_id)
        assert len(seated(seats)) == 5


def test_propose_membership__unknown_register__refused(seats, account):
    refused(
        seats,
        "validator_set: no contract there",
        lambda: seats.contract.propose_membership(OUTSIDER, EMPTY, sender=account["bank"]),
    )
    refused(
        seats,
        "validator_set: already bound",
        lambda: seats.contract.propose_membership(
            seats.it.membership.address, EMPTY, sender=account["bank"]
        ),
    )


def test_propose_membership__seated_organisation_is_no_operator_there__refused(seats, account):
    other = consortium_of_operators()
    other.membership.revoke_roles(
        other.bank.org_id, int(Role.OPERATOR), DOCUMENT, sender=other.regulator.account
    )
    refused(
        seats,
        "validator_set: seated organisation unknown",
        lambda: seats.contract.propose_membership(
            other.membership.address, EMPTY, sender=account["exchange"]
        ),
    )


def test_propose_membership__voter_is_another_there__refused(seats, account):
    other = consortium_of_operators()
    other.membership.suspend(other.exchange.org_id, REASON, sender=other.regulator.account)
    refused(
        seats,
        "validator_set: no operator in new register",
        lambda: seats.contract.propose_membership(
            other.membership.address, EMPTY, sender=account["exchange"]
        ),
    )


def test_propose_membership__three_of_four__voters_follow_the_new_register(seats, account):
    other = consortium_of_operators()
    former = seats.it.membership.address
    number = seats.contract.propose_membership(
        other.membership.address, DOCUMENT, sender=account["bank"]
    )
    for voter in ("exchange", "verifier"):
        seats.contract.approve(number, sender=account[voter])
    assert seats.contract.membership() == other.membership.address
    assert former != other.membership.address
    seats.it.suspend(seats.it.bank)  # in the former register, which no longer counts
    seats.contract.propose_removal(node_address("bank"), DOCUMENT, True, sender=account["bank"])


def test_founding_account__after_binding__has_no_vote_of_its_own(seats, account):
    seats.it.suspend(seats.it.bank)
    refused(
        seats,
        "validator_set: not an active operator",
        lambda: seats.contract.propose_removal(
            node_address("exchange"), DOCUMENT, True, sender=account["bank"]
        ),
    )


def test_approve__full_set_of_organisations__stays_within_a_block(seats, account):
    """The most that one vote can cost: 32 validators, each asked for its organisation."""
    for number in range(27):
        add(seats, account, f"node {number}", seats.it.regulator.org_id)
    change = seats.propose_addition("last", seats.it.operator.org_id, account["regulator"])
    seats.contract.approve(change, sender=account["exchange"])
    seats.contract.approve(change, sender=account["bank"])
    assert seats.contract._computation.get_gas_used() < 3_000_000
