"""Whose keys signed."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.engine import Connection

from tanlian.readmodel.tables import accounts


def organisations_of(db: Connection, addresses: Iterable[str]) -> dict[str, int]:
    """Return the organisation of each account, also of a removed one; strangers are left out.

    An account belongs to one organisation for ever.
    """
    wanted = {address.lower() for address in addresses}
    query = select(accounts.c.address, accounts.c.organisation).where(
        accounts.c.address.in_(wanted)
    )
    return {row[0]: row[1] for row in db.execute(query)} if wanted else {}
