"""The registry account of an organisation; the mirror of `contracts/modules/holder.vy`."""

from tanlian.domain.errors import InvalidInput
from tanlian.domain.units import OrganisationId

MAX_ORGANISATION = 2**24 - 1
_PREFIX = int.from_bytes(b"tanlian") << 104


def holder_address(organisation: int) -> str:
    """The permanent address of an organisation's holdings, in lower-case hex; no key owns it.

    Raises:
        InvalidInput: no organisation can have this id.
    """
    if not 0 < organisation <= MAX_ORGANISATION:
        raise InvalidInput(f"No organisation has the id {organisation}.", organisation=organisation)
    return f"0x{_PREFIX | organisation:040x}"


def organisation_of_holder(address: str) -> OrganisationId | None:
    """The organisation whose registry account this is, or None for any other address."""
    organisation = int(address, 16) ^ _PREFIX
    return OrganisationId(organisation) if 0 < organisation <= MAX_ORGANISATION else None
