"""Signatures made elsewhere, by a wallet or a program: believed once they are what the act asks.

A wallet sends by itself and tells the hash; the chain's node then says what that transaction is.
A program hands in signed bytes, which say it themselves.
"""

import re
import time
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from sqlalchemy.engine import Connection as Database
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError

from tanlian.accounts import outbox
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.errors import ActClosed, SignatureRefused
from tanlian.accounts.outbox import Act
from tanlian.accounts.people import Person
from tanlian.chain.connection import Connection, quantity
from tanlian.chain.keys import checksum
from tanlian.chain.signed_transactions import SignedTransaction, raw_of, read_signed
from tanlian.domain.errors import InvalidInput, NotFound
from tanlian.services.news import News
from tanlian.services.signing_terms import Terms
from tanlian.services.submitted import call_of

PATIENCE_SECONDS = 2.0  # a transaction sent to another node reaches ours a little later
LOOK_SECONDS = 0.1
_HASH = re.compile(r"0x[0-9a-f]{64}")


class Claim(Protocol):
    """Makes an act signed, unless somebody was faster."""

    def __call__(
        self, db: Database, origin: Origin, by: Person, act: Act, *, signs_all: bool
    ) -> None: ...


class Elsewhere:
    """Takes note of what was signed elsewhere."""

    def __init__(self, engine: Engine, connection: Connection, news: News, claim: Claim) -> None:
        self._engine = engine
        self._connection = connection
        self._news = news
        self._claim = claim

    def is_known(self, act: Act, position: int, tx_hash: str) -> bool:
        """Whether this very transaction is noted for this step already."""
        with self._engine.connect() as db:
            steps = outbox.steps_of(db, [act.number])[act.number]
        return (position, tx_hash.lower()) in {(s.position, s.tx_hash) for s in steps}

    def are_known(self, act: Act, raws: Sequence[bytes]) -> bool:
        """Whether these very bytes were taken for this act already."""
        with self._engine.connect() as db:
            steps = outbox.steps_of(db, [act.number])[act.number]
        return bool(raws) and set(raws) <= {step.raw for step in steps}

    def sent(self, origin: Origin, by: Person, act: Act, position: int, tx_hash: str) -> None:
        """Note a transaction that a wallet sent.

        Raises:
            InvalidInput: that is no hash.
            NotFound: the node knows no such transaction.
            SignatureRefused: it is not the call at this position of the act.
        """
        tx_hash = tx_hash.lower()
        if not _HASH.fullmatch(tx_hash):
            raise InvalidInput("A transaction's hash is 0x and 64 hexadecimal digits.")
        found = self._look(tx_hash)
        self.note(origin, by, act, position, found)

    def note(
        self, origin: Origin, by: Person, act: Act, position: int, found: dict[str, Any]
    ) -> None:
        """Note a transaction as a node describes it; raises as `sent`."""
        if not 0 <= position < len(act.calls):
            raise InvalidInput(f"The act has no step {position}.", position=position)
        to = checksum(found["to"]) if found.get("to") else None
        data = bytes.fromhex(found["input"][2:])
        _must_match(
            act, position, _Content(checksum(found["from"]), to, data, quantity(found["value"]))
        )
        try:
            with self._engine.begin() as db:
                outbox.lock(db, act.chain, act.account)
                self._must_lack(db, act, position)
                missing = self._missing(db, act)
                self._claim(db, origin, by, act, signs_all=missing == [position])
                self._add(
                    db,
                    act,
                    position,
                    nonce=quantity(found["nonce"]),
                    tx_hash=found["hash"].lower(),
                    raw=raw_of(found),
                    signed_in=outbox.WALLET,
                    state=outbox.SENT,
                )
        except IntegrityError as error:
            raise _taken() from error
        self._news.signed()

    def take(
        self, origin: Origin, by: Person, act: Act, raws: Sequence[bytes], conditions: Terms
    ) -> None:
        """Keep transactions that a program signed, all or none.

        Raises:
            SignatureRefused, InvalidInput: one is not what the act asks for.
        """
        signed = [read_signed(raw) for raw in raws]
        try:
            with self._engine.begin() as db:
                outbox.lock(db, act.chain, act.account)
                missing = self._missing(db, act)
                if len(signed) != len(missing):
                    raise SignatureRefused(
                        f"The act lacks {len(missing)} signed transactions, not {len(signed)}; "
                        "fetch the unsigned ones and sign each, in their order."
                    )
                numbers = outbox.free_numbers(
                    db,
                    act.chain,
                    act.account,
                    conditions.first_nonce,
                    len(missing),
                    used=conditions.used_nonces,
                )
                for one, position, nonce in zip(signed, missing, numbers, strict=True):
                    self._must_be_deliverable(act, position, one, nonce, conditions)
                self._claim(db, origin, by, act, signs_all=True)
                for one, position in zip(signed, missing, strict=True):
                    self._add(
                        db,
                        act,
                        position,
                        nonce=one.nonce,
                        tx_hash=one.tx_hash,
                        raw=one.raw,
                        signed_in=outbox.PROGRAM,
                        state=outbox.SIGNED,
                    )
        except IntegrityError as error:
            raise _taken() from error
        self._news.signed()

    def _look(self, tx_hash: str) -> dict[str, Any]:
        ends = time.monotonic() + PATIENCE_SECONDS
        while True:
            found = self._connection.request("eth_getTransactionByHash", tx_hash)
            if found is not None:
                return dict(found)
            if time.monotonic() > ends:
                raise NotFound(
                    f"The chain knows no transaction {tx_hash} yet; look whether the wallet is "
                    "connected to this chain, and tell it again in a moment.",
                    tx_hash=tx_hash,
                )
            time.sleep(LOOK_SECONDS)

    @staticmethod
    def _missing(db: Database, act: Act) -> list[int]:
        return outbox.unsigned_positions(act, outbox.steps_of(db, [act.number])[act.number])

    def _must_lack(self, db: Database, act: Act, position: int) -> None:
        if position not in self._missing(db, act):
            raise ActClosed(f"Step {position + 1} of this act is signed already.", state=act.state)

    @staticmethod
    def _add(db: Database, act: Act, position: int, **values: Any) -> None:
        if outbox.hash_stands(db, values["tx_hash"]):
            raise _taken()
        if outbox.number_stands(db, act.chain, act.account, values["nonce"]):
            raise SignatureRefused(
                f"Another act holds the number {values['nonce']} of this account; tell it again "
                "when that act has ended.",
                nonce=values["nonce"],
            )
        outbox.add_step(db, act, position, **values)

    def _must_be_deliverable(
        self, act: Act, position: int, one: SignedTransaction, nonce: int, conditions: Terms
    ) -> None:
        """Refuse what would not happen, or would stand in the way of what comes behind it."""
        _must_match(act, position, _Content(one.sender, one.to, one.data, one.value))
        wanted = call_of(act.calls[position])
        if one.chain_id != self._connection.chain_id:
            raise SignatureRefused(f"This is signed for chain {one.chain_id}, another one.")
        if one.nonce != nonce:
            raise SignatureRefused(
                f"The next number of this account is {nonce}, not {one.nonce}; fetch the unsigned "
                "transactions again and sign those.",
                expected=nonce,
                nonce=one.nonce,
            )
        if not wanted.gas <= one.gas <= conditions.gas_limit:
            raise SignatureRefused(
                f"The gas limit must lie between {wanted.gas} and {conditions.gas_limit}.",
                gas=one.gas,
            )
        if one.max_fee < conditions.fees.max_fee:
            raise SignatureRefused(
                f"The chain asks for {conditions.fees.max_fee} wei for gas; offer that.",
                max_fee=one.max_fee,
            )


class _Content(NamedTuple):
    """What a transaction does, and in whose name."""

    signer: str
    receiver: str | None
    content: bytes
    value: int


def _must_match(act: Act, position: int, found: _Content) -> None:
    call = call_of(act.calls[position])
    wanted = _Content(act.account, call.to, call.data, call.value)
    for what, one, other in zip(_Content._fields, found, wanted, strict=True):
        if one != other:
            raise SignatureRefused(
                f"That is another transaction: its {what} is not what step {position + 1} of the "
                "act asks for.",
                step=position + 1,
                differs=what,
            )


def _taken() -> SignatureRefused:
    return SignatureRefused("That transaction stands for another act already.")
