"""Words of the pages on plants, readings and evidence, listed so that the catalogues have them."""

from dataclasses import dataclass

from tanlian.domain.anomalies.rules import AnomalyKind
from tanlian.domain.calibre.causes import CauseKind
from tanlian.domain.calibre.plausibility import SuspicionKind
from tanlian.domain.emission_methods import Basis, Method
from tanlian.services.proved_readings import ReadingState
from tanlian.services.supervision_figures import Measure
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
CALIBRES = {
    "measured": N_("measured"),
    "calculated": N_("calculated"),
    "declared": N_("declared"),
    "anchored": N_("anchored"),
}
CAUSES = {
    CauseKind.UNIT: N_("a unit was mistaken"),
    CauseKind.SCALE: N_("the decimal point slipped"),
    CauseKind.SOURCE: N_("a source is missing on one side"),
    CauseKind.DEVICE: N_("a registered device sent nothing"),
    CauseKind.MISSING_HOURS: N_("hours are missing"),
    CauseKind.SUBSTITUTION: N_("hours were substituted"),
    CauseKind.QUANTITY: N_("the quantity of fuel or its heat is wrong"),
    CauseKind.FACTOR: N_("the emission factor is wrong"),
    CauseKind.DECLARED: N_("the declared figure does not follow from the activity data"),
    CauseKind.COPY: N_("these readings are not those that were anchored"),
    CauseKind.UNEXPLAINED: N_("none of the known causes fits"),
}
SUSPICIONS = {
    SuspicionKind.CARBON_PER_HEAT: N_("carbon per heat out of bounds"),
    SuspicionKind.HEAT_PER_UNIT: N_("heat per tonne out of bounds"),
    SuspicionKind.COAL_USE: N_("coal per kilowatt hour out of bounds"),
    SuspicionKind.EMISSION_PER_HEAT: N_("emission per heat not constant"),
    SuspicionKind.SAME_CARBON: N_("the same carbon value for months"),
    SuspicionKind.SAME_LINE: N_("the same line twice"),
    SuspicionKind.REPEATED_HOURS: N_("the same figures hour after hour"),
    SuspicionKind.REPEATED_DAY: N_("a day repeats another to the gram"),
}
ORIGINS = {
    "PlanFiled": N_("monitoring plan filed"),
    "PlanApproved": N_("monitoring plan approved"),
    "PlanReturned": N_("monitoring plan returned"),
    "BatchAnchored": N_("readings anchored"),
    "ReportSubmitted": N_("report submitted"),
    "VerifierAssigned": N_("verifier assigned"),
    "ReportEndorsed": N_("report endorsed"),
    "ReportCorrected": N_("figure corrected by the verifier"),
    "ReportRejected": N_("report rejected"),
    "FigureAgreed": N_("figure agreed to"),
    "ObjectionRaised": N_("objection raised"),
    "ObjectionDecided": N_("objection decided"),
    "EmissionsEstimated": N_("emissions estimated"),
    "EmissionsAccepted": N_("emissions accepted"),
    "ReexaminationOpened": N_("re-examination opened"),
}
METHODS = {
    Method.FUEL: N_("fuel, CO2"),
    Method.FUEL_CH4: N_("fuel, CH4"),
    Method.FUEL_N2O: N_("fuel, N2O"),
    Method.ELECTRICITY: N_("electricity"),
    Method.PROCESS: N_("process"),
    Method.GAS: N_("gas"),
}
BASES = {
    Basis.DEFAULT: N_("default values"),
    Basis.MEASURED_HEAT: N_("heat measured"),
    Basis.MEASURED_HEAT_AND_CARBON: N_("heat and carbon measured"),
    Basis.MEASURED_CARBON: N_("carbon measured as received"),
    Basis.MEASURED_AIR_DRY_CARBON: N_("carbon measured air-dry"),
}
MEASURES = {
    Measure.ACCEPTED: N_("Accepted emissions"),
    Measure.DECLARED: N_("Declared emissions"),
    Measure.ALLOCATED: N_("Allocated"),
    Measure.TRADED: N_("Traded allowances of the year"),
    Measure.CAP_USED: N_("Accepted emissions as a share of the cap"),
}


@dataclass(frozen=True, slots=True)
class AnomalyWords:
    """What a kind of anomaly is called, in which unit, and the page with its evidence."""

    title: str
    unit: str  # share, count, kg, span
    endpoint: str


ANOMALIES = {
    AnomalyKind.QUARANTINED: AnomalyWords(
        N_("messages put aside by the gateway"), "count", "plant"
    ),
    AnomalyKind.SUBSTITUTION: AnomalyWords(N_("hours filled or missing"), "share", "plant"),
    AnomalyKind.CALIBRE_GAP: AnomalyWords(
        N_("gap between measured and reported"), "share", "calibre"
    ),
    AnomalyKind.MISREPORT: AnomalyWords(N_("gap between declared and accepted"), "share", "figure"),
    AnomalyKind.REPEATED: AnomalyWords(
        N_("repeated or disproportionate readings"), "count", "calibre"
    ),
    AnomalyKind.NOT_AS_ANCHORED: AnomalyWords(
        N_("batches of a copy that are not as anchored"), "count", "locate"
    ),
    AnomalyKind.FAR_FROM_SECTOR: AnomalyWords(
        N_("accepted per allocated, distances from the sector's quartiles"), "share", "figure"
    ),
    AnomalyKind.LATE: AnomalyWords(N_("report late or missing"), "span", "figure"),
    AnomalyKind.DEFAULT: AnomalyWords(N_("payments not made"), "count", "figure"),
    AnomalyKind.SHORTFALL: AnomalyWords(N_("not surrendered in time"), "kg", "figure"),
}
