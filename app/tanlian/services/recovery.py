"""Recovery of what a wallet sent without telling: the browser was closed, the line broke.

An act that was offered to a wallet looks like a draft until somebody says which transaction it
became; signed again it would happen twice. So the numbers that the account used since are looked
through for it.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError

from tanlian.accounts import approvals, outbox
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.errors import ApprovalRefused
from tanlian.accounts.outbox import Act
from tanlian.accounts.people import person
from tanlian.chain.connection import Connection, quantity
from tanlian.chain.signed_transactions import raw_of
from tanlian.chain.used_numbers import User, user_of
from tanlian.services.submitted import call_of

log = logging.getLogger(__name__)

PAUSE_SECONDS = 2.0
LOOKED_THROUGH = 20  # numbers at once


class Recovery:
    """Looks for transactions of offered acts."""

    def __init__(
        self, engine: Engine, connection: Connection, chain: str, origin: Callable[[], Origin]
    ) -> None:
        self._engine = engine
        self._connection = connection
        self._chain = chain
        self._origin = origin
        self._looked = float("-inf")

    def look(self) -> bool:
        """Look once, if it is time; says whether something was found."""
        if time.monotonic() - self._looked < PAUSE_SECONDS:
            return False
        self._looked = time.monotonic()
        with self._engine.connect() as db:
            acts = outbox.offered(db, self._chain)
        found = [self._look_for(act) for act in acts]
        return any(found)

    def _look_for(self, act: Act) -> bool:
        assert act.offered_nonce is not None
        count = self._connection.request("eth_getTransactionCount", act.account, "latest")
        first = act.offered_nonce
        upto = min(quantity(count), first + LOOKED_THROUGH)
        found = False
        for nonce in range(first, upto):
            with self._engine.connect() as db:
                is_ours = outbox.number_stands(db, self._chain, act.account, nonce)
            other = None if is_ours else user_of(self._connection, act.account, nonce)
            if other is not None and self._adopt(act, other):
                found = True
        if upto > first:
            with self._engine.begin() as db:
                outbox.move(db, act, outbox.TO_SIGN, offered_nonce=upto)
        return found

    def _adopt(self, act: Act, other: User) -> bool:
        """Take a transaction for a step that lacks one and asks for exactly this."""
        origin = self._origin()
        try:
            with self._engine.begin() as db:
                outbox.lock(db, act.chain, act.account)
                steps = outbox.steps_of(db, [act.number])[act.number]
                missing = outbox.unsigned_positions(act, steps)
                position = next((p for p in missing if _asks_for(act, p, other)), None)
                if position is None or outbox.hash_stands(db, other.tx_hash):
                    return False
                values: dict[str, Any] = {"signed_at": origin.now, "error": None, "ended_at": None}
                if missing == [position]:
                    values |= {"state": outbox.SIGNED, "waits_for": outbox.POOL}
                    values |= {"offered_nonce": None}
                if not outbox.move(db, act, outbox.TO_SIGN, **values):
                    return False
                if act.approval is not None and not steps:
                    approvals.take(db, origin, person(db, act.user_id), act.approval)
                outbox.add_step(
                    db,
                    act,
                    position,
                    nonce=quantity(other.body["nonce"]),
                    tx_hash=other.tx_hash,
                    raw=raw_of(other.body),
                    signed_in=outbox.WALLET,
                    state=outbox.SENT,
                )
                outbox.record(db, origin, "act signed", act)
        except IntegrityError:
            return False  # the wallet's page told it at the same moment
        except ApprovalRefused as error:
            log.warning("act %s was sent by a wallet, but: %s", act.id, error.user_message)
            return False
        log.info("found what a wallet sent for act %s: %s", act.id, other.tx_hash)
        return True


def _asks_for(act: Act, position: int, other: User) -> bool:
    call = call_of(act.calls[position])
    return (call.to, call.data, call.value) == (other.to, other.data, other.value)
