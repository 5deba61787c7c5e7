"""Hands out evidence bundles from the pages' server, which signs them with a key of its own.

The signature says only who put a file together; what the file proves rests on the devices'
signatures and the validators' seals.
"""

from collections.abc import Sequence
from pathlib import Path

from tanlian.chain.keys import Key
from tanlian.services.access import Access
from tanlian.services.evidence_export import Case, export_case
from tanlian.services.reading_files import ReadingFile


class EvidenceDesk:
    """Exports cases of one market."""

    def __init__(self, access: Access, secret: bytes, authority: Path | None = None) -> None:
        """Sign with this secret; `authority` is the file of the consortium's certificate."""
        self._access = access
        self._key = Key(secret)
        self._authority = authority

    def bundle(
        self,
        organisation: int,
        year: int,
        readings: ReadingFile | None = None,
        keys: Sequence[tuple[int, int, int]] = (),
    ) -> bytes:
        """Return a bundle that `tanlian-check` accepts.

        Raises:
            ChainUnreachable: the headers and receipts come from the node, which is away.
            NotFound: a reading's batch is not on the chain.
            InvalidInput: the copy holds no such reading.
        """
        validators = self._access.connection.request("qbft_getValidatorsByBlockNumber", "latest")
        authority = self._authority
        ca = authority.read_text() if authority is not None and authority.exists() else ""
        case = Case(organisation, year, readings, keys, ca=ca)
        return export_case(self._access, case, self._key, validators)
