"""What the outbox tells of an act: its state, why it waits, and what became of each step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tanlian.accounts import outbox
from tanlian.accounts.outbox import Act, Step, Told
from tanlian.chain.keys import Call, checksum
from tanlian.domain.errors import TanlianError
from tanlian.domain.texts import N_

WHYS = {
    outbox.HAND_OVER: N_("It is signed and kept, and is about to be handed to the chain."),
    outbox.CHAIN: N_("The chain does not answer at this moment; it goes on as soon as it does."),
    outbox.POOL: N_("The chain has it and takes it into one of the next blocks."),
    outbox.GAP: N_(
        "A transaction of this account before it was refused for good, so that its number is "
        "free and the chain waits for it. The next act that you sign with this account gets that "
        "number; then this one goes on."
    ),
    outbox.NODE: N_("The chain's node does not take it yet; it is handed over again and again."),
}
UNTRIED = N_("The chain did not answer when this was drafted; it is tried out when it is signed.")


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction of an act; `position` counts its steps from 0."""

    position: int
    nonce: int
    tx_hash: str
    state: str
    block: int | None
    gas_used: int | None
    error: TanlianError | None


@dataclass(frozen=True, slots=True)
class Submitted:
    """An act as people and programs see it; times in UTC seconds.

    `state` is one of drafted, asked, approved, declined, signed, done, refused, overtaken,
    withdrawn, lapsed. `why` says why it waits, empty where it does not. `steps` is how many
    transactions it needs; `transactions` lists those that were signed, also overtaken ones.
    """

    id: str
    organisation: int
    user_id: int
    account: str
    act: str
    details: dict[str, Any]
    state: str
    why: str
    error: TanlianError | None
    approval: int | None
    created_at: int
    signed_at: int | None
    ended_at: int | None
    steps: int
    transactions: tuple[Transaction, ...]

    @property
    def is_open(self) -> bool:
        """Whether somebody or the chain still has to do something."""
        return self.state in outbox.OPEN

    @property
    def failed_step(self) -> int | None:
        """The number of the step that the chain refused, counted from 1."""
        return None if self.error is None else self.error.fields.get("step")


def submitted(act: Act, steps: Sequence[Step]) -> Submitted:
    """Return what is stored of an act in the form for people."""
    why = WHYS.get(act.waits_for, "")
    if act.waits_for == outbox.CHAIN and act.state in outbox.UNSIGNED:
        why = UNTRIED
    return Submitted(
        id=act.id,
        organisation=act.organisation,
        user_id=act.user_id,
        account=act.account,
        act=act.act,
        details=act.details,
        state=act.state,
        why=why if act.state in outbox.OPEN else "",
        error=error_of(act.error),
        approval=act.approval,
        created_at=act.created_at,
        signed_at=act.signed_at,
        ended_at=act.ended_at,
        steps=len(act.calls),
        transactions=tuple(
            Transaction(
                position=step.position,
                nonce=step.nonce,
                tx_hash=step.tx_hash,
                state=step.state,
                block=step.block,
                gas_used=step.gas_used,
                error=error_of(step.error),
            )
            for step in steps
        ),
    )


def told(error: TanlianError) -> Told:
    """Return an error as it can be stored."""
    fields = {k: v for k, v in error.fields.items() if isinstance(v, str | int | bool)}
    return {"code": error.code, "sentence": error.user_message, "fields": fields}


def error_of(stored: Told | None) -> TanlianError | None:
    """Return a stored error: same code, sentence and fields."""
    if stored is None:
        return None
    kind: type[TanlianError] = type("Told", (TanlianError,), {"code": stored["code"]})
    return kind(stored["sentence"], **stored["fields"])


def stored_call(call: Call) -> dict[str, Any]:
    to = checksum(call.to) if call.to else None
    return {"to": to, "data": call.data.hex(), "gas": call.gas, "value": call.value}


def call_of(stored: dict[str, Any]) -> Call:
    return Call(stored["to"], bytes.fromhex(stored["data"]), stored["gas"], stored["value"])
