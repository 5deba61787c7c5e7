"""Tells receivers of the events about their organisation, signed as Standard Webhooks are.

The tables and the accounts decide alone what is to be told, so it may stop at any moment; an event
whose delivery was not noted is sent again with the same id. One process does it for all.
"""

import base64
import hashlib
import hmac
import json
import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from tanlian.accounts import webhooks
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.people import Person
from tanlian.accounts.secrets_box import SecretsBox
from tanlian.accounts.webhooks import Webhook
from tanlian.chain.contracts import Contracts
from tanlian.domain.errors import InvalidInput, TanlianError
from tanlian.readmodel.checkpoints import position
from tanlian.readmodel.queries.units import events_about
from tanlian.readmodel.turn import CALLING, turn
from tanlian.services.outgoing import Outgoing, Undelivered

log = logging.getLogger(__name__)

AT_ONCE = 8  # organisations served side by side; each has one delivery under way
IN_A_ROW = 100  # events of one receiver before another has its turn
LAST_OF_A_BLOCK = 2**31 - 1
IDLE_SECONDS = 0.5
TURN_SECONDS = 2.0


def kinds_of(contracts: Contracts) -> dict[str, tuple[str, ...]]:
    """Return the events that there are, by contract."""
    return {name: tuple(sorted(contracts[name].interface.events)) for name in sorted(contracts)}


def read_kinds(known: Mapping[str, tuple[str, ...]], words: list[str]) -> tuple[str, ...]:
    """Return what a receiver wants to be told; nothing named: everything.

    Raises:
        InvalidInput: there is no such contract or event.
    """
    for word in words:
        contract, _, event = word.partition(".")
        if contract not in known or (event and event not in known[contract]):
            raise InvalidInput(
                f"There is no event {word!r}. Write a contract, as in market, or one of its "
                "events, as in market.Traded.",
                kind=word,
            )
    return tuple(dict.fromkeys(words))


def message_of(one: Webhook, event: Mapping[str, Any]) -> tuple[str, bytes]:
    """Return id and body of the message about an event; the same however often it is sent."""
    about = {
        "type": f"{event['contract']}.{event['event']}",
        "timestamp": datetime.fromtimestamp(event["time"], UTC).isoformat(),
        "data": event,
    }
    number = event["cursor"].replace(".", "_")
    return f"evt_{one.id}_{number}", json.dumps(about, ensure_ascii=False).encode()


def signature(secret: str, message: str, moment: int, body: bytes) -> str:
    """Return `v1,` and the HMAC-SHA256 of id, time and body (standardwebhooks.com)."""
    key = base64.b64decode(secret.removeprefix(webhooks.PREFIX))
    signed = hmac.digest(key, f"{message}.{moment}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(signed).decode()


@dataclass(slots=True)
class Courier:
    """Delivers for one installation."""

    engine: Engine
    tables: Engine
    box: SecretsBox
    outgoing: Outgoing
    now: Callable[[], int]
    _busy: set[int] = field(default_factory=set)  # organisations with a delivery under way
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def subscribe(
        self,
        origin: Origin,
        by: Person,
        known: Mapping[str, tuple[str, ...]],
        *,
        url: str,
        kinds: list[str],
        after: tuple[int, int] | None = None,
    ) -> tuple[int, str]:
        """Have a receiver told of what comes, or of everything behind a place.

        Returns its number and the secret that signs what it is sent, shown once.

        Raises:
            InvalidInput: what is wrong with the address or the kinds of events.
        """
        self.outgoing.check(url)
        wanted = read_kinds(known, kinds)
        if after is None:
            with self.tables.connect() as db:
                here = position(db)
            after = (here.block, LAST_OF_A_BLOCK) if here else (0, 0)
        with self.engine.begin() as db:
            return webhooks.add(db, self.box, origin, by, url=url, kinds=wanted, after=after)

    def follow(self, stop: threading.Event) -> None:
        """Deliver until `stop` is set; what is away is waited for."""
        while not stop.is_set():
            try:
                with turn(self.engine, CALLING) as mine:
                    if mine is not None:
                        with ThreadPoolExecutor(AT_ONCE, "webhook") as pool:
                            while not stop.is_set() and mine.is_mine():
                                self._begin(pool, stop)
                                stop.wait(IDLE_SECONDS)
            except SQLAlchemyError as error:
                log.warning("webhooks wait for their database: %s", error)
            stop.wait(TURN_SECONDS)

    def round(self) -> None:
        """Tell every receiver that is due what it was not told yet, one after another."""
        with self.engine.connect() as db:
            due = webhooks.due(db, self.now())
        for one in due:
            self.serve(one, threading.Event())

    def _begin(self, pool: ThreadPoolExecutor, stop: threading.Event) -> None:
        with self.engine.connect() as db:
            due = webhooks.due(db, self.now())
        for one in due:
            with self._lock:
                if one.organisation in self._busy:
                    continue
                self._busy.add(one.organisation)
            pool.submit(self._serve, one, stop)

    def _serve(self, one: Webhook, stop: threading.Event) -> None:
        try:
            with self.engine.connect() as db:  # it may have been told something meanwhile
                fresh = [w for w in webhooks.due(db, self.now()) if w.id == one.id]
            for again in fresh:
                self.serve(again, stop)
        except SQLAlchemyError as error:
            log.warning("webhook %s waits for its database: %s", one.id, error)
        except Exception:
            log.exception("webhook %s stumbled", one.id)
        finally:
            with self._lock:
                self._busy.discard(one.organisation)

    def serve(self, one: Webhook, stop: threading.Event) -> None:
        """Tell a receiver what it was not told yet, in order, until it fails."""
        with self.tables.connect() as db:
            found = events_about(
                db, one.organisation, after=(one.block, one.log_index), limit=IN_A_ROW
            )
        unwanted = None
        for event in found:
            place = _place(event)
            if not one.wants(event["contract"], event["event"]):
                unwanted = place
            elif stop.is_set() or not self._tell(one, event, place):
                return
            else:
                unwanted = None
        if unwanted is not None:
            with self.engine.begin() as db:
                webhooks.passed(db, one.id, unwanted)

    def _tell(self, one: Webhook, event: Mapping[str, Any], place: tuple[int, int]) -> bool:
        try:
            status = self.send(one, *message_of(one, event))
        except TanlianError as error:
            self._fail(one, error.user_message)
            return False
        if HTTPStatus(200) <= status < HTTPStatus(300):
            with self.engine.begin() as db:
                webhooks.delivered(db, one.id, place, f"HTTP {status}", self.now())
            return True
        self._fail(one, f"HTTP {status}", for_good=status == HTTPStatus.GONE)
        return False

    def try_out(self, one: Webhook) -> int:
        """Send a message that is about nothing; returns the HTTP status.

        Raises:
            Undelivered: there was no answer.
        """
        moment = datetime.fromtimestamp(self.now(), UTC).isoformat()
        about = {"type": "webhook.test", "timestamp": moment, "data": {"webhook": one.id}}
        return self.send(one, f"test_{secrets.token_hex(8)}", json.dumps(about).encode())

    def send(self, one: Webhook, message: str, body: bytes) -> int:
        """Send a signed message; returns the HTTP status.

        Raises:
            Undelivered: there was no answer.
        """
        moment = self.now()
        signatures = [
            signature(self.box.open(locked).decode(), message, moment, body)
            for locked in one.secrets(moment)
        ]
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Tanlian-Webhooks/1",
            "webhook-id": message,
            "webhook-timestamp": str(moment),
            "webhook-signature": " ".join(signatures),
        }
        try:
            return self.outgoing.post(one.url, headers, body)
        except InvalidInput as error:  # the operator's settings allow it no more
            raise Undelivered(error.user_message) from error

    def _fail(self, one: Webhook, answer: str, *, for_good: bool = False) -> None:
        with self.engine.begin() as db:
            webhooks.failed(db, one, answer, self.now(), for_good=for_good)


def _place(event: Mapping[str, Any]) -> tuple[int, int]:
    block, _, log_index = event["cursor"].partition(".")
    return int(block), int(log_index)
