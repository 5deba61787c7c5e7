"""Words of the pages on granted views and complaints, listed so that the catalogues have them."""

from tanlian.domain.supervision import ComplaintStatus
from tanlian.web.words import N_

GRANT_STATES = {
    "in force": N_("in force"),
    "revoked": N_("revoked"),
    "expired": N_("expired"),
}
COMPLAINT_STATES = {
    ComplaintStatus.FILED: N_("waits to be taken up"),
    ComplaintStatus.TAKEN_UP: N_("taken up"),
    ComplaintStatus.UPHELD: N_("upheld"),
    ComplaintStatus.DISMISSED: N_("dismissed"),
    ComplaintStatus.WITHDRAWN: N_("withdrawn"),
}
COMPLAINT_EVENTS = {
    "ComplaintFiled": N_("Complaint filed"),
    "ComplaintTakenUp": N_("Taken up"),
    "ComplaintPursued": N_("Pursued further"),
    "ComplaintResolved": N_("Resolved"),
    "ComplaintWithdrawn": N_("Withdrawn"),
    "ComplaintEscalated": N_("Missed deadline put on record"),
}
