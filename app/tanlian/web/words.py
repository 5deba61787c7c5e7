"""Words that pages take from data, listed so that the catalogues have them."""

from tanlian.domain.market_events import Kind


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
ACTS = (
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
