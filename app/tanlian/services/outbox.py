"""The outbox: how what a person or a program wants becomes transactions, exactly once.

An act is drafted, perhaps approved, and signed with all its transactions numbered ahead; the signed
bytes are stored before anything is sent. From then on no key is needed: `delivery` hands the same
bytes over until the chain has them, whatever stops or restarts meanwhile.
"""

import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.engine import Connection as Database
from sqlalchemy.engine import Engine

from tanlian.accounts import api_access, approvals, outbox
from tanlian.accounts.api_access import Once
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.errors import ActClosed, ApprovalRefused, SignatureRefused
from tanlian.accounts.outbox import Act
from tanlian.accounts.people import Person
from tanlian.chain.errors import ChainUnreachable
from tanlian.chain.keys import Call, Fees, Key, checksum, keccak
from tanlian.chain.transactions import (
    GAS_OF_DISTINCTION,
    GAS_WHERE_UNSTATED,
    estimate,
    with_reserve,
)
from tanlian.domain.errors import InvalidInput
from tanlian.services.access import Access
from tanlian.services.delivery import Deliverer
from tanlian.services.news import News
from tanlian.services.signed_elsewhere import Elsewhere
from tanlian.services.signing_terms import Terms, terms
from tanlian.services.submitted import Submitted, call_of, stored_call, submitted

TRIED_SECONDS = 60  # an act that the chain would have taken so recently is not tried out again
LOOK_SECONDS = 0.1


def key_from(secret: bytes) -> Key:
    """Return the key of a secret, to sign with and to forget."""
    return Key(secret)


class Outbox:
    """The acts of all organisations over one market. `now` is the server's clock."""

    def __init__(self, engine: Engine, access: Access, now: Callable[[], int]) -> None:
        self.access = access
        self._engine = engine
        self._connection = access.connection
        self._chain = access.book.genesis_hash
        self._now = now
        self._news = News()
        self._elsewhere = Elsewhere(engine, access.connection, self._news, self._claim)

    # -- before signing --------------------------------------------------------------------------

    def draft(
        self,
        origin: Origin,
        by: Person,
        *,
        account: str,
        act: str,
        details: Mapping[str, Any],
        calls: Sequence[Call],
        second_person: bool,
        once: Once | None = None,
    ) -> str:
        """Store an act that `account` is to sign; returns its id.

        The first call is tried out before; while the chain does not answer it is stored untried.
        The act and the answer to the request that it comes `once` from are stored together.

        Raises:
            AnswerKnown: that request was made before; nothing was stored.
            ContractRefused: the contract would refuse it; nothing was stored.
            InvalidInput: it comes to no call at all.
        """
        if not calls:
            raise InvalidInput("There is nothing to do: the act comes to no transaction.")
        account = checksum(account)
        wanted = [replace(call, gas=call.gas or GAS_WHERE_UNSTATED) for call in calls]
        tried_at: int | None = origin.now
        try:
            wanted[0] = self._tried(account, calls[0])
        except ChainUnreachable:
            tried_at, wanted[0] = None, calls[0]
        with self._engine.begin() as db:
            approval = None
            if second_person:
                approval = approvals.ask(db, origin, by, act, dict(details))
            act_id = outbox.add(
                db,
                origin,
                by,
                chain=self._chain,
                account=account,
                act=act,
                details=details,
                calls=[stored_call(call) for call in wanted],
                tried_at=tried_at,
                approval=approval,
            )
            if once is not None:
                api_access.remember(db, by.organisation, once, act_id, origin.now)
            return act_id

    def decide(self, origin: Origin, by: Person, act_id: str, *, agreed: bool) -> None:
        """Approve or decline an act as the second person.

        Raises:
            NotFound: the organisation has no such act.
            ActClosed: it waits for nobody's approval.
            ApprovalRefused: the same person asked for it, or the request expired.
        """
        with self._engine.begin() as db:
            act = outbox.act_of(db, by.organisation, act_id)
            if act.approval is None or act.state != outbox.ASKED:
                raise _closed(act)
            approvals.decide(db, origin, by, act.approval, agreed=agreed)
            state = outbox.APPROVED if agreed else outbox.DECLINED
            ended_at = None if agreed else origin.now
            if not outbox.move(db, act, [outbox.ASKED], state=state, ended_at=ended_at):
                raise _closed(act)

    def withdraw(self, origin: Origin, by: Person, act_id: str) -> None:
        """Close an act that was not signed, or has to be signed again.

        Raises:
            NotFound: the organisation has no such act.
            ActClosed: it is signed, or has ended.
        """
        with self._engine.begin() as db:
            act = outbox.act_of(db, by.organisation, act_id)
            values = {"state": outbox.WITHDRAWN, "waits_for": outbox.NOTHING}
            if not outbox.move(db, act, outbox.UNSIGNED, ended_at=origin.now, **values):
                raise _closed(act)
            if act.approval is not None:
                approvals.withdraw(db, act.approval)
            outbox.record(db, origin, "act withdrawn", act, by)

    # -- signing ---------------------------------------------------------------------------------

    def sign(self, origin: Origin, by: Person, act_id: str, key: Key) -> None:
        """Sign every transaction that the act lacks, and keep them; delivery goes on by itself.

        Raises:
            NotFound: the organisation has no such act.
            ActClosed: it is signed already, was withdrawn, or waits for approval.
            ApprovalRefused: another person asked for it, or the approval expired.
            SignatureRefused: the key is of another account.
            ContractRefused, ChainUnreachable: nothing was signed; the draft stays.
        """
        act = self._signable(by, act_id)
        if key.address != act.account:
            raise SignatureRefused(
                f"This key is of {key.address}, but the act is to be signed by {act.account}; "
                "unlock that account's key.",
                account=act.account,
            )
        act = self._tried_again(act)
        conditions = terms(self._connection, act)
        with self._engine.begin() as db:
            outbox.lock(db, act.chain, act.account)
            positions = outbox.unsigned_positions(
                act, outbox.steps_of(db, [act.number])[act.number]
            )
            self._claim(db, origin, by, act, signs_all=True)
            numbers = outbox.free_numbers(
                db,
                act.chain,
                act.account,
                conditions.first_nonce,
                len(positions),
                used=conditions.used_nonces,
            )
            for position, nonce in zip(positions, numbers, strict=True):
                raw = self._signed(key, call_of(act.calls[position]), nonce, conditions.fees)
                outbox.add_step(
                    db,
                    act,
                    position,
                    nonce=nonce,
                    tx_hash="0x" + keccak(raw).hex(),
                    raw=raw,
                    signed_in=outbox.HERE,
                    state=outbox.SIGNED,
                )
        self._news.signed()

    def unsigned(self, by: Person, act_id: str) -> list[dict[str, Any]]:
        """Return the transactions that the act lacks, for a wallet or a program to sign.

        Each is as `eth_sendTransaction` takes it, with its `position` in the act. Programs use the
        `nonce` as it is; wallets count for themselves.

        Raises:
            NotFound, ActClosed, ApprovalRefused, ContractRefused, ChainUnreachable: as `sign`.
        """
        act = self._tried_again(self._signable(by, act_id))
        conditions = terms(self._connection, act)
        with self._engine.begin() as db:
            positions = outbox.unsigned_positions(
                act, outbox.steps_of(db, [act.number])[act.number]
            )
            numbers = outbox.free_numbers(
                db,
                act.chain,
                act.account,
                conditions.first_nonce,
                len(positions),
                used=conditions.used_nonces,
            )
            if act.offered_nonce is None:
                outbox.move(db, act, outbox.TO_SIGN, offered_nonce=conditions.used_nonces)
        return [
            self._for_wallet(act, position, nonce, conditions)
            for position, nonce in zip(positions, numbers, strict=True)
        ]

    def sent_elsewhere(
        self, origin: Origin, by: Person, act_id: str, position: int, tx_hash: str
    ) -> None:
        """Take note of a transaction that a wallet signed and sent, once the chain confirms it.

        Raises:
            NotFound: the organisation has no such act, or no node knows the transaction yet.
            SignatureRefused: that transaction is not what the act asks for.
            ActClosed, ApprovalRefused: as `sign`.
        """
        act = self._act(by, act_id)
        if self._elsewhere.is_known(act, position, tx_hash):
            return
        try:
            self._elsewhere.sent(origin, by, self._signable(by, act_id), position, tx_hash)
        except ActClosed:
            # the delivery may have found this very transaction by itself meanwhile
            if not self._elsewhere.is_known(self._act(by, act_id), position, tx_hash):
                raise

    def take_signed(self, origin: Origin, by: Person, act_id: str, raws: Sequence[bytes]) -> None:
        """Take the transactions of `unsigned`, signed by a program, in their order; deliver them.

        Sending the same bytes again is answered as the first time.

        Raises:
            SignatureRefused: one of them is not what the act asks for; nothing was kept.
            NotFound, ActClosed, ApprovalRefused, ChainUnreachable: as `sign`.
        """
        if not self._elsewhere.are_known(self._act(by, act_id), raws):
            act = self._tried_again(self._signable(by, act_id))
            self._elsewhere.take(origin, by, act, raws, terms(self._connection, act))

    # -- what became of it -----------------------------------------------------------------------

    def act(self, by: Person, act_id: str) -> Submitted:
        """Return an act of the person's own organisation.

        Raises:
            NotFound: it has none of that id.
        """
        return self._submitted([self._act(by, act_id)])[0]

    def acts_of(
        self, organisation: int, *, before: str | None, limit: int, open_only: bool = False
    ) -> list[Submitted]:
        """Return an organisation's acts, newest first, from behind the act `before` on.

        Raises:
            NotFound: the organisation has no act `before`.
        """
        with self._engine.connect() as db:
            found = outbox.acts_of(
                db, organisation, before=before, limit=limit, open_only=open_only
            )
        return self._submitted(found)

    def wait(self, act_id: str, seconds: float) -> Submitted:
        """Return an act as soon as it has ended, or as it is after `seconds`."""
        ends = time.monotonic() + seconds
        while True:
            told = self._news.ends()
            with self._engine.connect() as db:
                act = outbox.act_with(db, act_id)
            assert act is not None, "only acts that were signed are waited for"
            if act.state != outbox.SIGNED or time.monotonic() >= ends:
                return self._submitted([act])[0]
            self._news.wait_for_end(told, LOOK_SECONDS)

    def follow(self, stop: threading.Event) -> None:
        """Deliver what is signed, until `stop` is set."""
        Deliverer(self._engine, self._connection, self._chain, self._now, self._news).follow(stop)

    # -- parts -----------------------------------------------------------------------------------

    def _act(self, by: Person, act_id: str) -> Act:
        with self._engine.connect() as db:
            return outbox.act_of(db, by.organisation, act_id)

    def _signable(self, by: Person, act_id: str) -> Act:
        act = self._act(by, act_id)
        _must_be_signable(act, by)
        if act.chain != self._chain:
            raise ActClosed(
                "This act was drafted for a chain that is no more; begin anew.", state=act.state
            )
        return act

    def _claim(
        self, db: Database, origin: Origin, by: Person, act: Act, *, signs_all: bool
    ) -> None:
        """Make an act signed, unless somebody was faster; the first signature uses the approval."""
        _must_be_signable(act, by)
        values: dict[str, Any] = {"calls": act.calls, "error": None, "ended_at": None}
        values |= {"signed_at": origin.now}
        if signs_all:
            values |= {"state": outbox.SIGNED, "waits_for": outbox.HAND_OVER, "offered_nonce": None}
        if not outbox.move(db, act, outbox.TO_SIGN, **values):
            raise _closed(outbox.acts_numbered(db, [act.number])[0])
        if act.approval is not None and not outbox.steps_of(db, [act.number])[act.number]:
            approvals.take(db, origin, by, act.approval)
        outbox.record(db, origin, "act signed", act, by)

    def _tried(self, account: str, call: Call) -> Call:
        """Try a call out; it comes back with a gas limit.

        Raises:
            ContractRefused, NodeRefused, ChainUnreachable: nothing was sent.
        """
        needed = estimate(self._connection, account, call)
        return replace(call, gas=call.gas or with_reserve(needed))

    def _tried_again(self, act: Act) -> Act:
        """Try the first call out where that is long ago, unless it was signed before."""
        with self._engine.connect() as db:
            steps = outbox.steps_of(db, [act.number])[act.number]
        is_fresh = act.tried_at is not None and self._now() - act.tried_at < TRIED_SECONDS
        if is_fresh or 0 not in outbox.unsigned_positions(act, steps):
            return act
        first = self._tried(act.account, call_of(act.calls[0]))
        return replace(act, calls=[stored_call(first), *act.calls[1:]], tried_at=self._now())

    def _signed(self, key: Key, call: Call, nonce: int, fees: Fees) -> bytes:
        """Sign with a gas limit that no other process with this key has by chance, so that its
        transaction is never taken for this one.
        """
        call = replace(call, gas=call.gas + secrets.randbelow(GAS_OF_DISTINCTION))
        chain_id = self._connection.chain_id
        return key.sign_transaction(call, nonce=nonce, chain_id=chain_id, fees=fees)

    def _for_wallet(self, act: Act, position: int, nonce: int, conditions: Terms) -> dict[str, Any]:
        call = call_of(act.calls[position])
        asked = {
            "position": position,
            "type": "0x2",
            "from": act.account,
            "data": "0x" + call.data.hex(),
            "value": hex(call.value),
            "chainId": hex(self._connection.chain_id),
            "gas": hex(call.gas),
            "maxFeePerGas": hex(conditions.fees.max_fee),
            "maxPriorityFeePerGas": hex(conditions.fees.priority),
            "nonce": hex(nonce),
        }
        return asked if call.to is None else asked | {"to": call.to}

    def _submitted(self, found: Sequence[Act]) -> list[Submitted]:
        with self._engine.connect() as db:
            steps = outbox.steps_of(db, [act.number for act in found])
        return [submitted(act, steps[act.number]) for act in found]


def _must_be_signable(act: Act, by: Person) -> None:
    if act.state not in outbox.TO_SIGN:
        raise _closed(act)
    if act.approval is not None and act.user_id != by.id:
        raise ApprovalRefused(
            "A second person approved this; only the one who asked for it can sign it now."
        )


def _closed(act: Act) -> ActClosed:
    sentences = {
        outbox.ASKED: "A second person has to approve this act before it is signed.",
        outbox.SIGNED: "This act is signed already and on its way; nothing more is to be done.",
        outbox.DONE: "This act took effect already.",
        outbox.WITHDRAWN: "This act was withdrawn; begin anew.",
        outbox.DECLINED: "A second person declined this act; begin anew.",
        outbox.LAPSED: "This act was not signed in time; begin anew.",
        outbox.REFUSED: "This act was refused; begin anew.",
    }
    return ActClosed(
        sentences.get(act.state, "This act waits for nobody's approval."), state=act.state
    )
