"""Keeps the read model at the head of the chain: each range of blocks in one transaction."""

import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.engine import Connection as Database
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from tanlian.chain.connection import Connection
from tanlian.chain.contracts import Contracts
from tanlian.chain.errors import ChainError
from tanlian.domain.errors import TanlianError
from tanlian.readmodel.belonging import Belonging, NodeBehind, OtherChain
from tanlian.readmodel.checkpoints import Position, position
from tanlian.readmodel.draft import Draft
from tanlian.readmodel.emptying import empty
from tanlian.readmodel.projections import load
from tanlian.readmodel.projections.registry import (
    Fact,
    is_organisation,
    takers,
)
from tanlian.readmodel.store import mend
from tanlian.readmodel.stretches import Stretch, StretchReader
from tanlian.readmodel.tables import blocks, checkpoint, event_subjects, events
from tanlian.readmodel.trading_accounts import refresh
from tanlian.readmodel.turn import Turn, turn

log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.1
PAUSE_WITHOUT_CHAIN_SECONDS = 2.0
PAUSE_FOR_TURN_SECONDS = 1.0
LOOK_FOR_TABLES_SECONDS = 1.0
SUBJECTS = (
    "organisation", "organisation_id", "buyer", "seller", "emitter", "verifier", "bank", "owner",
    "proposer", "counterparty", "treasury",
    "grantee", "complainant",
)  # fmt: skip


class TablesMoved(TanlianError):
    """Another process projected into the same database at this moment."""

    code = "tables_moved"


class Projector:
    """Projects one deployment into one database."""

    def __init__(self, engine: Engine, contracts: Contracts) -> None:
        load()
        self._engine = engine
        self._contracts = contracts
        self._chain: Connection = contracts.connection
        self._reader = StretchReader(contracts)
        self._belonging = Belonging(engine, contracts)

    def catch_up(self, last: int | None = None) -> Position:
        """Project every block that is missing, up to the head or `last`.

        Raises:
            OtherChain: the tables belong to another chain; rebuild them.
            ChainError: the node does not answer, or refuses, or is behind the tables.
        """
        head = self._chain.head() if last is None else last
        here = self._belonging.verified_position()
        while (start := self._next(here)) <= head:
            try:
                for stretch in self._reader.read(start, head):
                    here = self._write(stretch, here, head)
            except TablesMoved:
                here = self._belonging.verified_position()
        if here is None:
            raise NodeBehind("The chain ends before the block of the deployment; check the node.")
        return here

    def _next(self, here: Position | None) -> int:
        return here.block + 1 if here else self._contracts.book.first_block()

    def follow(self, stop: threading.Event) -> None:
        """Stay at the head until `stop` is set; what is away is waited for.

        Tables that are gone, or of another chain than the book's, are made anew. Of several
        processes on one database one projects; when it ends another one takes over.
        """
        while not stop.is_set():
            try:
                with turn(self._engine) as mine:
                    if mine is not None:
                        self._keep_up(stop, mine)
            except SQLAlchemyError as error:
                log.warning("the read model waits for its database: %s", error)
            stop.wait(PAUSE_FOR_TURN_SECONDS)

    def _keep_up(self, stop: threading.Event, mine: Turn) -> None:
        looked = float("-inf")
        while not stop.is_set() and mine.is_mine():
            if time.monotonic() - looked > LOOK_FOR_TABLES_SECONDS:
                if mend(self._engine):
                    log.warning("tables were gone; they are made anew from the chain")
                looked = time.monotonic()
            try:
                self._keep_up_once()
                pause = PAUSE_SECONDS
            except ChainError as error:
                log.warning("the read model waits for the chain: %s", error.user_message)
                pause = PAUSE_WITHOUT_CHAIN_SECONDS
            stop.wait(pause)

    def _keep_up_once(self) -> None:
        try:
            self.catch_up()
        except OtherChain as error:
            self._belonging.check_chain()
            log.warning("the tables are made anew from the chain: %s", error.user_message)
            self._empty()

    def rebuild(self) -> Position:
        """Throw the tables' contents away and make them anew from block 0 of the deployment."""
        mend(self._engine)
        self._empty()
        return self.catch_up()

    def _empty(self) -> None:
        with self._engine.begin() as db:
            empty(db)

    def _write(self, stretch: Stretch, before: Position | None, head: int) -> Position:
        last, end = stretch.last, stretch.headers[stretch.last]
        with _claimed(self._engine, before) as db:
            draft = Draft(db)
            _take_all(draft, stretch)
            draft.write()
            refresh(
                db, self._contracts, draft.touched_accounts, block=last if last == head else None
            )
            whole_from = head if before is None else before.whole_from
            db.execute(
                insert(checkpoint).values(
                    id=1,
                    chain_id=self._chain.chain_id,
                    genesis_hash=self._chain.genesis_hash,
                    block=last,
                    block_hash=end.hash,
                    block_time=end.time,
                    whole_from=whole_from,
                )
            )
        return Position(last, end.hash, end.time, whole_from)


@contextmanager
def _claimed(engine: Engine, before: Position | None) -> Iterator[Database]:
    """Begin a transaction in which nobody else goes on from `before`; the block writes the new end.

    Raises:
        TablesMoved: somebody did already.
    """
    moved = TablesMoved("Another process keeps these tables at this moment; it goes on alone.")
    try:
        with engine.begin() as db:
            if before is not None:
                taken = db.execute(delete(checkpoint).where(checkpoint.c.block == before.block))
                if taken.rowcount != 1:
                    raise moved
            yield db
    except IntegrityError:
        with engine.connect() as db:
            if position(db) == before:
                raise
        raise moved from None


def _take_all(draft: Draft, stretch: Stretch) -> None:
    for number in sorted({event.block for event in stretch.found}):
        header = stretch.headers[number]
        draft.add(blocks, number=number, hash=header.hash, time=header.time)
    for event in stretch.found:
        draft.add(
            events,
            block=event.block,
            log_index=event.log_index,
            contract=event.contract,
            name=event.name,
            tx_hash=event.tx_hash,
            body=_body(event.arguments),
        )
        for organisation in subjects(event.arguments):
            draft.add(
                event_subjects,
                organisation=organisation,
                block=event.block,
                log_index=event.log_index,
            )
        take = takers.get((event.contract, event.name))
        if take is not None:
            take(
                draft,
                Fact(
                    event.contract,
                    event.name,
                    event.arguments,
                    event.block,
                    event.log_index,
                    event.tx_hash,
                    stretch.headers[event.block].time,
                    stretch.data.get(event.tx_hash, b""),
                    stretch.answers.get((event.block, event.log_index)),
                ),
            )


def subjects(said: Mapping[str, Any]) -> set[int]:
    """The organisations that an event is about."""
    named = [said[name] for name in _names_of_subjects(tuple(said))]
    return {number for number in named if is_organisation(number)}


@cache
def _names_of_subjects(arguments: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in arguments if name in SUBJECTS)


def _plain(value: Any) -> str:
    """Bytes in JSON; integers are written as such and read back exactly by Python."""
    return "0x" + bytes(value).hex()


_body = json.JSONEncoder(default=_plain).encode
