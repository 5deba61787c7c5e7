"""Published installations as the emitters of a simulated year."""

from tanlian.domain.year_simulation import Emitter
from tanlian.services.eutl_files import Selection


def emitters_of(selection: Selection) -> list[Emitter]:
    """Return the selected installations with the figures that a year needs."""
    return [
        Emitter(
            name=f"{row.installation.installation_id} {row.installation.name}",
            allocation_t=row.year.allocation_t,
            verified_t=row.year.verified_t,
            surrendered_t=row.year.surrendered_t,
            code=row.year.compliance_code,
        )
        for row in selection.members
        if row.year.verified_t is not None
    ]
