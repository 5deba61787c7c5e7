"""The register's modules on their own, beside their mirrors in the domain."""

from bisect import bisect_right

import boa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.consortium import deployer_of
from tanlian.domain.errors import InvalidInput
from tanlian.domain.holder import MAX_ORGANISATION, holder_address, organisation_of_holder
from tanlian.domain.instrument import Instrument, Kind, allowance, offset
from tanlian.domain.roles import ALL_ROLES, Role


@pytest.fixture(scope="module")
def modules():
    return deployer_of("tests/mocks/RegisterModulesMock.vy").deploy()


@pytest.fixture
def refused():
    """The modules here are pure, so that there is nothing a refusal could change."""
    return boa.reverts


def uint(bits):
    return st.integers(0, 2**bits - 1)


def test_roles__contract_and_domain__same_bits(modules):
    assert list(modules.roles()) == [*(role.value for role in Role), ALL_ROLES.value]


@given(st.integers(1, MAX_ORGANISATION))
def test_holder__any_organisation__there_and_back_in_both_languages(modules, org_id):
    address = modules.holder_of(org_id)
    assert address.lower() == holder_address(org_id)
    assert modules.organisation_of(address) == org_id == organisation_of_holder(address)
    assert bytes.fromhex(address[2:]).startswith(b"tanlian")


@given(st.integers(0, 2**160 - 1))
def test_holder__any_other_address__none(modules, value):
    address = f"0x{value:040x}"
    assert modules.organisation_of(address) == (organisation_of_holder(address) or 0)


@pytest.mark.parametrize("value", [0, MAX_ORGANISATION + 1])
def test_holder__first_number_outside__refused(modules, refused, value):
    address = f"0x{int.from_bytes(b'tanlian') << 104 | value:040x}"
    assert modules.organisation_of(address) == 0
    assert organisation_of_holder(address) is None
    with refused("holder: no such organisation"):
        modules.holder_of(value)
    with pytest.raises(InvalidInput):
        holder_address(value)


@given(st.integers(1, 2**32 - 1), st.integers(1, 2**16 - 1))
def test_instrument__any__same_id_and_parts_in_both_languages(modules, project, vintage):
    assert modules.allowance(vintage) == allowance(vintage).token_id
    token_id = modules.offset(project, vintage)
    assert token_id == offset(project, vintage).token_id
    assert modules.instrument_parts(token_id) == (2, project, vintage)
    assert Instrument.from_token_id(token_id) == offset(project, vintage)


@given(
    st.one_of(
        uint(256),
        st.builds(
            lambda kind, project, vintage: kind << 48 | project << 16 | vintage,
            uint(3),
            st.sampled_from([0, 1, 2**32 - 1]),
            st.sampled_from([0, 1, 2**16 - 1]),
        ),
    )
)
def test_instrument__any_word__accepted_by_both_or_neither(modules, refused, word):
    try:
        found = Instrument.from_token_id(word)
    except InvalidInput:
        with refused():
            modules.instrument_parts(word)
    else:
        assert modules.instrument_parts(word) == (found.kind, found.project, found.vintage)


@pytest.mark.parametrize(("project", "vintage"), [(0, 1), (2**32, 1), (1, 0), (1, 2**16)])
def test_instrument__out_of_range__refused_by_both(modules, refused, project, vintage):
    what = "vintage" if project == 1 else "project"
    with refused(f"instrument: {what} out of range"):
        modules.offset(project, vintage)
    with pytest.raises(InvalidInput, match=rf"(?i){what}"):
        Instrument(Kind.OFFSET, project, vintage)


def test_instrument__symbol__as_on_a_ticker():
    assert (allowance(2024).symbol, offset(7, 2009).symbol) == ("CEA24", "CCER7-09")


@given(uint(24), uint(16), uint(16), uint(16), st.booleans())
def test_standing__any_values__there_and_back(modules, org_id, roles, sector, region, active):
    word = modules.pack_standing(org_id, roles, sector, region, active)
    assert modules.standing_parts(word) == (org_id, roles, sector, region, active)
    assert word < 2**73


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ((2**24, 0, 0, 0), "standing: organisation id too large"),
        ((0, 2**16, 0, 0), "standing: unknown roles"),
        ((0, 0, 2**16, 0), "standing: sector too large"),
        ((0, 0, 0, 2**16), "standing: region too large"),
    ],
)
def test_standing__too_large__refused(modules, refused, values, reason):
    with refused(reason):
        modules.pack_standing(*values, True)


@given(uint(16), uint(8), uint(88), uint(88))
def test_allocation_word__any_values__there_and_back(modules, region, stage, entitled, issued):
    word = modules.pack_allocation(region, stage, entitled, issued)
    assert modules.allocation_parts(word) == (region, stage, entitled, issued)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ((2**16, 0, 0, 0), "allocation_word: region too large"),
        ((0, 2**8, 0, 0), "allocation_word: stage too large"),
        ((0, 0, 2**88, 0), "allocation_word: amount too large"),
        ((0, 0, 0, 2**88), "allocation_word: amount too large"),
    ],
)
def test_allocation_word__too_large__refused(modules, refused, values, reason):
    with refused(reason):
        modules.pack_allocation(*values)


@given(uint(87), st.integers(1, 2**87), uint(24), uint(40), uint(16))
def test_serial_entry__any_values__there_and_back(modules, first, amount, org_id, time, tag):
    word = modules.pack_entry(first, amount, org_id, time, tag)
    assert modules.entry_parts(word) == (first, amount, org_id, time, tag)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ((1, 0, 0, 0, 0), "serial_book: zero amount"),
        ((2, 2**88 - 1, 0, 0, 0), "serial_book: serials exhausted"),
        ((1, 2**256 - 1, 0, 0, 0), "serial_book: serials exhausted"),
        ((1, 1, 2**24, 0, 0), "serial_book: organisation id too large"),
        ((1, 1, 0, 2**40, 0), "serial_book: time too large"),
        ((1, 1, 0, 0, 2**16), "serial_book: tag too large"),
    ],
)
def test_serial_entry__out_of_range__refused(modules, refused, values, reason):
    with refused(reason):
        modules.pack_entry(*values)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=24), st.data())
def test_serial_book__any_appends__each_serial_found_in_its_one_entry(modules, amounts, data):
    starts, following = [], 1
    for number, amount in enumerate(amounts, start=1):
        assert modules.append(1, 77, amount) == (77 << 40 | number, following)
        modules.append(2, 77, 3)  # another book goes its own way
        modules.append(1, 78, 4)  # and another token id
        starts.append(following)
        following += amount
    for serial in {1, following - 1, *data.draw(st.sets(st.integers(1, following - 1)))}:
        assert modules.find(1, 77, serial) == 77 << 40 | bisect_right(starts, serial)
    for serial in (0, following):
        with boa.reverts("serial_book: serial not consumed"):
            modules.find(1, 77, serial)


def test_serial_book__find_in_many_entries__cost_grows_with_the_logarithm(modules):
    def cost():
        modules.find(1, 5, 1)
        return modules._computation.get_gas_used()

    for _ in range(8):
        modules.append(1, 5, 1)
    after_8 = cost()
    for _ in range(248):
        modules.append(1, 5, 1)
    assert cost() < 3 * after_8  # 8 halvings instead of 3
