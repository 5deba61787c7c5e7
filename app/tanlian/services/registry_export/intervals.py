"""Serials cut into pieces that were issued together and share one fate."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from tanlian.readmodel.queries.open_data import Issue
from tanlian.readmodel.queries.units import Certificate


@dataclass(frozen=True, slots=True)
class Piece:
    """Serials `first` to `last` of one issue, both included, one per kg.

    `retired` is the certificate that retired them, None for those that are held.
    """

    issue: Issue
    first: int
    last: int
    retired: Certificate | None

    @property
    def amount_kg(self) -> int:
        return self.last - self.first + 1


def pieces(issues: Iterable[Issue], certificates: Iterable[Certificate]) -> Iterator[Piece]:
    """Cut every issue where certificates begin and end; both may come in any order.

    Retirements take the lowest serials that are left, so that the held ones of an issue are one
    piece at its end; the cut relies on the serials themselves only.
    """
    retired: dict[int, list[Certificate]] = {}
    for certificate in certificates:
        retired.setdefault(certificate.instrument.token_id, []).append(certificate)
    ordered = sorted(issues, key=lambda issue: (issue.instrument.token_id, issue.first_serial))
    for token, together in groupby(ordered, key=lambda issue: issue.instrument.token_id):
        gone = sorted(retired.get(token, []), key=lambda certificate: certificate.first_serial)
        place = 0
        for issue in together:
            at, end = issue.first_serial, issue.first_serial + issue.amount_kg
            while at < end:
                while place < len(gone) and _end(gone[place]) <= at:
                    place += 1
                if place < len(gone) and gone[place].first_serial < end:
                    start = gone[place].first_serial
                    if start > at:
                        yield Piece(issue, at, start - 1, None)
                        at = start
                    upto = min(_end(gone[place]), end)
                    yield Piece(issue, at, upto - 1, gone[place])
                    at = upto
                else:
                    yield Piece(issue, at, end - 1, None)
                    at = end


def _end(certificate: Certificate) -> int:
    return certificate.first_serial + certificate.amount_kg
