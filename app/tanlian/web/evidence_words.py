"""Words of the pages on plants, readings and evidence, listed so that the catalogues have them."""

from tanlian.services.proved_readings import ReadingState
from tanlian.web.words import N_

READING_STATES = {
    ReadingState.PROVED: N_("proved against the chain"),
    ReadingState.ANCHORED: N_("anchored, signature not at hand"),
    ReadingState.LIVE: N_("live, not anchored yet"),
    ReadingState.SUBSTITUTED: N_("substituted by rule"),
    ReadingState.MISSING: N_("missing"),
    ReadingState.FORGED: N_("not signed by its device"),
    ReadingState.ALTERED: N_("not as anchored"),
    ReadingState.QUARANTINED: N_("put aside by the gateway"),
    ReadingState.ABSENT: N_("nothing at hand"),
}
READING_PROOF_STEPS = {
    "reading": N_("Leaf of the reading"),
    "neighbour": N_("Neighbour in the tree of the source"),
    "source": N_("Root of the source's readings in the batch"),
    "neighbour source": N_("Neighbour in the tree of the sources"),
    "batch": N_("Root of the batch, computed from the readings at hand"),
}
DOUBTS = (
    N_("malformed"),
    N_("unknown device"),
    N_("wrong signature"),
    N_("replayed with another content"),
    N_("out of sequence"),
    N_("late: its batch is closed"),
    N_("outside the logbook's period"),
    N_("future-dated"),
    N_("not one full hour"),
    N_("out of range"),
    N_("mass out of proportion to heat"),
)
STANDINGS = (
    N_("absent"),
    N_("not signed"),
    N_("signed by the device"),
    N_("not signed by the device"),
    N_("signed, device unknown"),
    N_("anchored: both"),
    N_("anchored: neither"),
    N_("anchored: unknown"),
)
