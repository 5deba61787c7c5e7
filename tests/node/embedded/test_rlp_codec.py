import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st

from tanlian_node.embedded import rlp_codec

items = st.recursive(
    st.binary(max_size=70), lambda inner: st.lists(inner, max_size=5), max_leaves=20
)


@given(items)
def test_encode__any_item__same_bytes_as_pyrlp_and_back(item):
    encoded = rlp_codec.encode(item)
    assert encoded == rlp.encode(item)
    assert rlp_codec.decode(encoded) == item


@given(st.binary(max_size=80))
def test_decode__any_bytes__accepts_exactly_what_pyrlp_accepts(data):
    try:
        expected = rlp.decode(data)
    except rlp.exceptions.DecodingError:
        with pytest.raises(ValueError, match=r"."):
            rlp_codec.decode(data)
    else:
        assert rlp.encode(expected) == data
        assert rlp_codec.encode(rlp_codec.decode(data)) == data


@pytest.mark.parametrize(
    "data",
    [b"", b"\x81\x05", b"\xb8\x01\x00", b"\xc2\x01", b"\x80\x80", b"\xb9\x00\x40" + bytes(64)],
)
def test_decode__not_canonical__refused(data):
    with pytest.raises(ValueError, match=r"RLP|byte"):
        rlp_codec.decode(data)


@given(st.integers(0, 2**256))
def test_encode_int__any_number__comes_back(number):
    assert rlp_codec.decode_int(rlp_codec.encode_int(number)) == number


def test_decode_int__leading_zero__refused():
    with pytest.raises(ValueError, match="leading zeros"):
        rlp_codec.decode_int(b"\x00\x01")
