"""Words that pages take from data, listed so that the catalogues have them."""

from tanlian.domain.incentives import Trigger
from tanlian.domain.market_events import Kind
from tanlian.domain.market_states import (
    AuctionState,
    BidState,
    CaseState,
    RatingState,
    ReplacementState,
)
from tanlian.domain.offset_states import AttestationState, ProjectState
from tanlian.domain.report_state import ReportState


def N_(word: str) -> str:  # noqa: N802 - the name by which extraction tools know it
    """Mark a word for translation where it is shown."""
    return word


STAGES = (
    N_("announced"),
    N_("stage one: quotes"),
    N_("stage one: additions only"),
    N_("clearing"),
    N_("stage two"),
    N_("closing"),
    N_("closed"),
    N_("paused"),
)
KINDS = {
    Kind.AUCTION: N_("Double auction"),
    Kind.BUYER_TOOK: N_("Taken by the buyer"),
    Kind.SELLER_TOOK: N_("Taken by the seller"),
    Kind.BLOCK: N_("Block trade"),
}
ROLES = (
    N_("regulator"),
    N_("emitter"),
    N_("verifier"),
    N_("exchange"),
    N_("bank"),
    N_("observer"),
    N_("trader"),
    N_("operator"),
)
ACT_STATES = {
    "drafted": N_("to be signed"),
    "asked": N_("waits for a second person"),
    "approved": N_("approved, to be signed"),
    "declined": N_("declined"),
    "signed": N_("on its way"),
    "sent": N_("on its way"),
    "waiting": N_("on its way"),
    "done": N_("done"),
    "refused": N_("refused"),
    "failed": N_("failed"),
    "overtaken": N_("not done"),
    "void": N_("refused by the node"),
    "withdrawn": N_("withdrawn"),
    "lapsed": N_("lapsed"),
}
ACT_SENTENCES = {
    "drafted": N_("Nothing has been sent yet. Check the figures and sign."),
    "asked": N_("Nothing has been sent yet. Another person of your organisation decides."),
    "approved": N_("A second person approved it. Whoever asked for it can sign it now."),
    "declined": N_("A second person declined it. Nothing was sent."),
    "signed": N_("It is signed and kept until the chain has it; you may leave this page."),
    "done": N_("It took effect."),
    "refused": N_("It was refused; the reason stands below."),
    "overtaken": N_(
        "Another transaction of the key took its number; nothing happened. Sign again."
    ),
    "withdrawn": N_("It was withdrawn before it was signed."),
    "lapsed": N_("It was not signed in time. Begin anew."),
}
REPORT_STATES = {
    ReportState.NONE_YET: N_("nothing reported"),
    ReportState.SUBMITTED: N_("submitted"),
    ReportState.ASSIGNED: N_("with the verifier"),
    ReportState.REJECTED: N_("returned to the emitter"),
    ReportState.CORRECTED: N_("corrected"),
    ReportState.ENDORSED: N_("endorsed"),
    ReportState.OBJECTED: N_("objected to"),
    ReportState.ESTIMATED: N_("estimated"),
    ReportState.ACCEPTED: N_("accepted"),
}
REPORT_EVENTS = {
    "ReportSubmitted": N_("Report submitted"),
    "VerifierAssigned": N_("Verifier assigned"),
    "ReportEndorsed": N_("Report endorsed"),
    "ReportCorrected": N_("Report corrected"),
    "ReportRejected": N_("Report returned"),
    "FigureAgreed": N_("Figure agreed to"),
    "ObjectionRaised": N_("Objection raised"),
    "ObjectionDecided": N_("Objection decided"),
    "EmissionsEstimated": N_("Conservative estimate"),
    "EmissionsAccepted": N_("Emissions accepted"),
    "ReexaminationOpened": N_("Re-examination opened"),
}
CASE_STATES = {
    CaseState.OPEN: N_("open"),
    CaseState.APPEALED: N_("appealed"),
    CaseState.DONE: N_("settled"),
    CaseState.DISMISSED: N_("dismissed"),
}
RATING_STATES = {
    RatingState.PUBLISHED: N_("published"),
    RatingState.CONTESTED: N_("contested"),
    RatingState.REVIEWED: N_("reviewed"),
}
PROJECT_STATES = {
    ProjectState.REGISTERED: N_("registered"),
    ProjectState.UNDER_REVIEW: N_("under review"),
    ProjectState.APPROVED: N_("approved"),
    ProjectState.REJECTED: N_("rejected"),
    ProjectState.WITHDRAWN: N_("withdrawn"),
}
ATTESTATION_STATES = {
    AttestationState.ATTESTED: N_("attested"),
    AttestationState.ISSUED: N_("issued"),
    AttestationState.REVOKED_UNISSUED: N_("revoked before issue"),
    AttestationState.REVOKED: N_("revoked"),
    AttestationState.MADE_GOOD: N_("made good"),
}
AUCTION_STATES = {
    AuctionState.ANNOUNCED: N_("announced"),
    AuctionState.FUNDED: N_("open"),
    AuctionState.CLEARING: N_("clearing"),
    AuctionState.CLEARED: N_("cleared"),
    AuctionState.CANCELLED: N_("cancelled"),
}
BID_STATES = {
    BidState.COMMITTED: N_("sealed"),
    BidState.REVEALED: N_("revealed"),
    BidState.SETTLED: N_("settled"),
    BidState.FORFEITED: N_("forfeited"),
}
TRIGGERS = {trigger: trigger.name.lower().replace("_", " ") for trigger in Trigger}
TRIGGER_WORDS = (
    N_("honest report"), N_("misreport"), N_("late report"), N_("missing report"),
    N_("below benchmark"), N_("below last period"), N_("market default"), N_("shortfall"),
    N_("endorsement upheld"), N_("endorsement overturned"), N_("reward decision"),
    N_("penalty decision"),
)  # fmt: skip
REPLACEMENT_STATES = {
    ReplacementState.PROPOSED: N_("proposed"),
    ReplacementState.APPROVED: N_("approved"),
    ReplacementState.DONE: N_("done"),
    ReplacementState.VETOED: N_("vetoed"),
    ReplacementState.WITHDRAWN: N_("withdrawn"),
}
ALLOCATION_EVENTS = {
    "PlanSet": N_("Plan set"),
    "AllowancesAllocated": N_("Allowances allocated"),
    "AllowancesWithdrawn": N_("Allowances withdrawn"),
    "AllowancesSetAside": N_("Allowances set aside"),
    "AllocationRefused": N_("Allocation refused"),
    "ReductionRecorded": N_("Reduction recorded"),
}
STATES = (  # of plans, redemptions, obligations, blocks
    N_("open"), N_("withdrawn"), N_("traded"),
    N_("filed"), N_("approved"), N_("returned"), N_("replaced"), N_("requested"), N_("paid out"),
    N_("rejected"), N_("cancelled"), N_("owed"), N_("paid"), N_("defaulted"),
)  # fmt: skip
OWN_PAGES = {  # of the menu for people who are signed in: endpoint and words
    "acts": N_("Acts"),
    "documents": N_("Documents"),
    "keys": N_("Keys"),
    "payees": N_("Payees"),
    "programs": N_("Programs"),
    "people": N_("People"),
    "activity": N_("Activity"),
}
NOUNS = {
    "organisation": N_("Organisations"),
    "account": N_("Accounts"),
    "certificate": N_("Certificate"),
    "replacement": N_("Replacement of keys"),
    "cap": N_("Caps"),
    "allocation": N_("Allocation"),
    "units": N_("Units"),
    "money": N_("Money"),
    "instrument": N_("Instruments"),
    "session": N_("Sessions"),
    "order": N_("Orders"),
    "obligation": N_("Payment obligations"),
    "block": N_("Block trades"),
    "monitoring": N_("Monitoring"),
    "source": N_("Emission sources"),
    "device": N_("Devices"),
    "plan": N_("Monitoring plans"),
    "logbook": N_("Logbooks of gateways"),
    "report": N_("Reports"),
    "verification": N_("Verification"),
    "emissions": N_("Reporting years"),
    "conflict": N_("Conflicts of interest"),
    "objection": N_("Objections"),
    "duty": N_("Duties"),
    "net-sales": N_("Net sales"),
    "project": N_("Offset projects"),
    "credits": N_("Offset credits"),
    "registry": N_("Other registries"),
    "coin": N_("Coins"),
    "case": N_("Cases"),
    "rules": N_("Rules of incentives"),
    "check": N_("Periodic checks"),
    "rating": N_("Credit ratings"),
    "auction": N_("One-way auctions"),
    "view": N_("Granted views"),
    "complaint": N_("Complaints"),
}
ACTS = (
    N_("door made"),
    N_("door opened"),
    N_("came in by the door"),
    N_("invited"),
    N_("joined"),
    N_("signed in"),
    N_("sign-in refused"),
    N_("deactivated"),
    N_("key stored"),
    N_("key unlocked"),
    N_("approval asked"),
    N_("approved"),
    N_("refused"),
    N_("approval used"),
    N_("payee added"),
    N_("payee removed"),
    N_("API key issued"),
    N_("API key revoked"),
    N_("act drafted"),
    N_("act signed"),
    N_("act done"),
    N_("act refused"),
    N_("act overtaken"),
    N_("act withdrawn"),
    N_("act lapsed"),
    N_("key exported"),
    N_("second person required"),
    N_("second person waived"),
    N_("webhook added"),
    N_("webhook removed"),
    N_("webhook secret renewed"),
    N_("webhook resumed"),
    N_("document kept"),
    N_("document opened"),
    N_("document removed"),
    N_("form saved"),
    N_("form removed"),
)
# said by static/proof.js; {names} are filled in there
PROOF_STEPS = {
    "block": N_("Block {block} hashes to {hash}."),
    "seals": N_("{good} of {known} known validators sealed it, {needed} are needed. Seals of:"),
    "receipt": N_("Receipt {index} of the block hashes up to the root in its header."),
    "event": N_("The ledger {ledger} said so: certificate {certificate}, {amount} kg."),
    "figures": N_("Every figure on this page is the one in the event."),
    "differs": N_("{name} is {proved} in the event, but {shown} on this page"),
    "failed": N_("Not proved: {why}."),
    "proved": N_("Proved, with validators and a ledger that you know yourself."),
    "proved_trusting": N_(
        "Proved, if validators and ledger are the ones that this site names; compare them with a "
        "source of your own."
    ),
    "not_proved": N_("This certificate is not proved. Do not rely on it, and tell the regulator."),
}
