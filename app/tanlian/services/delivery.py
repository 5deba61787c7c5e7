"""Delivery: hands signed transactions over until the chain shows what became of each.

It needs no key, and it may stop at any moment: what it does is decided by the database and the
chain alone, and whenever in doubt it hands the same bytes over again, which is one transaction to
the chain. One is given up for two reasons only: the chain shows its number as used by another
transaction, or a node refuses, for what cannot change, bytes that no node ever took. The number is
free then; the next act that is signed gets it, and what waits behind it goes on as it was signed.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from tanlian.accounts import outbox
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.outbox import Act, Step, Told
from tanlian.chain.connection import Connection, quantity, result_of
from tanlian.chain.errors import ChainError, ChainUnreachable, NeverTaken, NodeRefused, NonceTaken
from tanlian.chain.signed_transactions import raw_of
from tanlian.chain.transactions import (
    IN_FLIGHT,
    is_known,
    is_refused_for_good,
    number_is_taken,
    outcome_of,
)
from tanlian.chain.used_numbers import User, user_of
from tanlian.readmodel.turn import DELIVERING, Turn, turn
from tanlian.services.news import News
from tanlian.services.recovery import Recovery
from tanlian.services.submitted import call_of, told

log = logging.getLogger(__name__)

BUSY_SECONDS = 0.02
WAITING_SECONDS = 0.2
IDLE_SECONDS = 0.5
SLOWER = 1.5
WITHOUT_CHAIN_SECONDS = 0.5
TURN_SECONDS = 0.5
LOOK_AGAIN_SECONDS = 3.0  # for transactions that a node has lost, as when it restarts
DOUBT_SECONDS = 10.0
HOUSEKEEPING_SECONDS = 60.0


class Deliverer:
    """Delivers for one database and one chain; of several processes one does."""

    def __init__(
        self,
        engine: Engine,
        connection: Connection,
        chain: str,
        now: Callable[[], int],
        news: News,
    ) -> None:
        self._engine = engine
        self._connection = connection
        self._chain = chain
        self._now = now
        self._news = news
        self._recovery = Recovery(engine, connection, chain, self._origin)
        self._looked_at: dict[str, float] = {}  # hash -> when the node last had it
        self._doubts: dict[str, float] = {}  # hash -> since when its number is used by nobody known
        self._noted: dict[int, str] = {}  # act -> why it waits, as the database has it
        self._tidied = float("-inf")
        self._is_waiting = False

    def follow(self, stop: threading.Event) -> None:
        """Deliver until `stop` is set; what is away is waited for."""
        while not stop.is_set():
            try:
                with turn(self._engine, DELIVERING) as mine:
                    if mine is not None:
                        self._deliver(stop, mine)
            except SQLAlchemyError as error:
                log.warning("delivery waits for its database: %s", error)
            except Exception:
                log.exception("delivery stumbled and begins anew")
            stop.wait(TURN_SECONDS)

    def _deliver(self, stop: threading.Event, mine: Turn) -> None:
        pause = BUSY_SECONDS
        self._looked_at.clear()
        self._noted.clear()
        while not stop.is_set() and mine.is_mine():
            try:
                went_on = self.round()
            except ChainUnreachable as error:
                log.warning("delivery waits for the chain: %s", error.user_message)
                self._looked_at.clear()  # a node that comes back may have lost its pool
                self._all_wait_for(outbox.CHAIN)
                stop.wait(WITHOUT_CHAIN_SECONDS)
                continue
            except ChainError as error:
                log.warning("delivery waits for the node: %s", error.user_message)
                self._all_wait_for(outbox.NODE)
                stop.wait(WITHOUT_CHAIN_SECONDS)
                continue
            longest = WAITING_SECONDS if self._is_waiting else IDLE_SECONDS
            pause = BUSY_SECONDS if went_on else min(pause * SLOWER, longest)
            if self._news.wait_for_signed(pause):
                pause = BUSY_SECONDS

    def round(self) -> bool:
        """Look once at everything that is on its way; says whether something went on.

        Raises:
            ChainError: the node does not answer, or refuses.
        """
        self._tidy()
        with self._engine.connect() as db:
            steps = outbox.open_steps(db, self._chain)
        self._is_waiting, went_on = bool(steps), False
        if steps:
            counts = self._counts({step.account for step in steps})
            used = [step for step in steps if step.nonce < counts[step.account]]
            waiting = [step for step in steps if step.nonce >= counts[step.account]]
            went_on = self._take_ends(used)
            went_on |= self._hand_over(waiting, counts)
        return self._recovery.look() or went_on

    def _origin(self) -> Origin:
        return Origin("delivery", self._now())

    def _tidy(self) -> None:
        if time.monotonic() - self._tidied < HOUSEKEEPING_SECONDS:
            return
        self._tidied = time.monotonic()
        with self._engine.begin() as db:
            outbox.lapse(db, self._origin())

    def _counts(self, accounts: Collection[str]) -> dict[str, int]:
        """How many transactions of each account are in blocks: asked before any receipt, so that a
        number that counts as used and has no receipt of ours was used by another.
        """
        asked = sorted(accounts)
        answers = self._connection.batch(
            [("eth_getTransactionCount", [account, "latest"]) for account in asked]
        )
        return {a: quantity(result_of(answer)) for a, answer in zip(asked, answers, strict=True)}

    # -- what ended ------------------------------------------------------------------------------

    def _take_ends(self, steps: Sequence[Step]) -> bool:
        if not steps:
            return False
        answers = self._connection.batch(
            [("eth_getTransactionReceipt", [step.tx_hash]) for step in steps]
        )
        acts = self._acts(steps)
        ended: list[tuple[Step, dict[str, object]]] = []
        for step, answer in zip(steps, answers, strict=True):
            receipt = result_of(answer)
            if receipt is None:
                values = self._overtaken(step)
            else:
                call = call_of(acts[step.act].calls[step.position])
                outcome = outcome_of(self._connection, step.account, call, receipt)
                values = {
                    "state": outbox.REFUSED if outcome.error else outbox.DONE,
                    "block": quantity(receipt["blockNumber"]),
                    "gas_used": quantity(receipt["gasUsed"]),
                    "error": told(outcome.error) if outcome.error else None,
                }
            if values is not None:
                ended.append((step, values))
        if ended:
            self._record(ended)
        return bool(ended)

    def _record(self, ended: Sequence[tuple[Step, dict[str, object]]]) -> None:
        with self._engine.begin() as db:
            for step, values in ended:
                outbox.change_step(db, step, **values)
            for number in sorted({step.act for step, _ in ended}):
                outbox.settle(db, self._origin(), number)
        for step, _ in ended:
            self._looked_at.pop(step.tx_hash, None)
            self._doubts.pop(step.tx_hash, None)
        self._news.ended()

    def _overtaken(self, step: Step) -> dict[str, object] | None:
        """What is so if another transaction used the number; None while that is not certain."""
        other = user_of(self._connection, step.account, step.nonce)
        if other is None:  # the node has forgotten that time, or its answers crossed with a block
            since = self._doubts.setdefault(step.tx_hash, time.monotonic())
            if time.monotonic() - since < DOUBT_SECONDS:
                return None
            return {"state": outbox.OVERTAKEN, "error": _told_overtaken(step, None)}
        if other.tx_hash == step.tx_hash:
            return None  # the receipt is about to follow
        if step.signed_in == outbox.WALLET and self._is_same(step, other):
            with self._engine.connect() as db:
                if not outbox.hash_stands(db, other.tx_hash):  # sped up in the wallet
                    return {"tx_hash": other.tx_hash, "raw": raw_of(other.body)}
        return {"state": outbox.OVERTAKEN, "error": _told_overtaken(step, other.tx_hash)}

    def _is_same(self, step: Step, other: User) -> bool:
        call = call_of(self._acts([step])[step.act].calls[step.position])
        return (other.to, other.data, other.value) == (call.to, call.data, call.value)

    # -- handing over ----------------------------------------------------------------------------

    def _hand_over(self, steps: Sequence[Step], counts: dict[str, int]) -> bool:
        """Hand over what no node has yet, and again what one had and lost."""
        due = [
            step
            for step in steps
            if step.raw is not None
            and step.nonce < counts[step.account] + IN_FLIGHT
            and (step.state == outbox.SIGNED or self._is_lost(step))
        ]
        lost = self._lost([step for step in due if step.state == outbox.SENT])
        due = [step for step in due if step.state == outbox.SIGNED or step.id in lost]
        answers = self._connection.batch(
            [("eth_sendRawTransaction", ["0x" + (step.raw or b"").hex()]) for step in due]
        )
        taken: list[Step] = []
        refused: list[tuple[Step, Told]] = []
        void: list[tuple[Step, dict[str, object]]] = []
        for step, answer in zip(due, answers, strict=True):
            error = answer.get("error")
            if error is None or is_known(error):
                self._looked_at[step.tx_hash] = time.monotonic()
                taken.append(step)
            elif step.state == outbox.SIGNED and is_refused_for_good(error):
                void.append((step, {"state": outbox.VOID, "error": _told_never(step, error)}))
            elif not number_is_taken(error):  # the next round finds out by whom
                refused.append((step, _told_refusal(answer)))
        if taken or refused:
            self._note(taken, refused)
        if void:
            self._record(void)
            given_up = {step.id for step, _ in void}
            steps = [step for step in steps if step.id not in given_up]
        self._say_why(steps, taken, refused, self._gaps(steps, counts))
        return bool(taken or void)

    def _gaps(self, steps: Sequence[Step], counts: dict[str, int]) -> dict[str, int]:
        """The lowest number of each account that is free and that others wait for."""
        with self._engine.connect() as db:
            found = outbox.gaps(db, self._chain, {step.account for step in steps})
        waited_for = {a: [n for n in numbers if n >= counts[a]] for a, numbers in found.items()}
        return {account: numbers[0] for account, numbers in waited_for.items() if numbers}

    def _is_lost(self, step: Step) -> bool:
        """Whether it is time to ask the node if it still has a transaction."""
        seen = self._looked_at.get(step.tx_hash)
        return seen is None or time.monotonic() - seen > LOOK_AGAIN_SECONDS

    def _lost(self, steps: Sequence[Step]) -> set[int]:
        answers = self._connection.batch(
            [("eth_getTransactionByHash", [step.tx_hash]) for step in steps]
        )
        lost = set()
        for step, answer in zip(steps, answers, strict=True):
            if result_of(answer) is None:
                lost.add(step.id)
            else:
                self._looked_at[step.tx_hash] = time.monotonic()
        return lost

    def _note(self, taken: Sequence[Step], refused: Sequence[tuple[Step, Told]]) -> None:
        with self._engine.begin() as db:
            for step in taken:
                if step.state == outbox.SIGNED or step.error is not None:
                    outbox.change_step(db, step, state=outbox.SENT, error=None)
            for step, error in refused:
                if step.error != error:
                    log.warning("the node does not take %s: %s", step.tx_hash, error["sentence"])
                    outbox.change_step(db, step, error=error)

    def _say_why(
        self,
        steps: Sequence[Step],
        taken: Sequence[Step],
        refused: Sequence[tuple[Step, Told]],
        gaps: dict[str, int],
    ) -> None:
        """Let each act say what it waits for, where that has changed."""
        had, unhappy = {step.id for step in taken}, {step.act for step, _ in refused}
        whys = dict.fromkeys((step.act for step in steps), outbox.POOL)
        for step in steps:
            if step.act in unhappy:
                whys[step.act] = outbox.NODE
            elif step.account in gaps and step.nonce > gaps[step.account]:
                whys[step.act] = outbox.GAP
            elif step.state == outbox.SIGNED and step.id not in had:
                whys[step.act] = outbox.HAND_OVER
        changed: dict[str, set[int]] = {}
        for number, why in whys.items():
            if self._noted.get(number) != why:
                changed.setdefault(why, set()).add(number)
        if changed:
            with self._engine.begin() as db:
                for why, numbers in changed.items():
                    outbox.wait_for(db, self._chain, why, numbers)
        self._noted = whys

    def _all_wait_for(self, reason: str) -> None:
        self._noted.clear()
        with self._engine.begin() as db:
            outbox.wait_for(db, self._chain, reason, None)

    def _acts(self, steps: Sequence[Step]) -> dict[int, Act]:
        with self._engine.connect() as db:
            found = outbox.acts_numbered(db, {step.act for step in steps})
        return {act.number: act for act in found}


def _told_overtaken(step: Step, other: str | None) -> Told:
    by = f"transaction {other}" if other else "another transaction"
    return told(
        NonceTaken(
            f"The number {step.nonce} of the account {step.account} was used by {by}, so this one "
            "did not happen and never will; sign again.",
            account=step.account,
            nonce=step.nonce,
            other=other or "",
        )
    )


def _told_never(step: Step, error: Any) -> Told:
    said = str(error.get("message", error) if isinstance(error, dict) else error)
    log.warning("no node takes %s: %s", step.tx_hash, said)
    return told(
        NeverTaken(
            f"The node refuses this transaction for good ({said}), so it did not happen and never "
            f"will. Its number {step.nonce} goes to the next act that is signed with this account.",
            account=step.account,
            nonce=step.nonce,
            said=said,
        )
    )


def _told_refusal(answer: dict[str, object]) -> Told:
    try:
        result_of(answer)
    except ChainError as error:
        return told(error)
    return told(NodeRefused("The node does not take this transaction."))
