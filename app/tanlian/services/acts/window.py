"""The window at which people and programs of an organisation do its acts."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Engine

from tanlian.accounts import api_access, kept_documents, payees, policies
from tanlian.accounts.api_access import Once
from tanlian.accounts.audit_log import Origin
from tanlian.accounts.errors import AnswerKnown
from tanlian.accounts.people import Person
from tanlian.chain.errors import ChainUnreachable
from tanlian.readmodel.queries import members
from tanlian.services.access import Access
from tanlian.services.acts.act import Act, Desk
from tanlian.services.acts.fields import DOCUMENT, Raw
from tanlian.services.outbox import Outbox


@dataclass(frozen=True, slots=True)
class Window:
    """Takes acts in: read, tried out, drafted in the outbox. `now` is the clock of the server."""

    access: Access
    outbox: Outbox
    accounts: Engine
    tables: Engine
    now: Callable[[], int]

    def desk(self, who: Person, account: str) -> Desk:
        """Return the desk at which a person acts with one of the organisation's accounts."""
        return Desk(
            self.access,
            who.organisation,
            account,
            self.chain_time(),
            find=self._number_called,
            check_payee=lambda payee: self._check_payee(who.organisation, payee),
        )

    def chain_time(self) -> int:
        """Return the chain's time; the server's own while the chain does not answer."""
        try:
            return self.access.connection.now()
        except ChainUnreachable:
            return self.now()

    def needs_second_person(self, who: Person, act: Act) -> bool:
        with self.accounts.connect() as db:
            return act.sensitive and policies.needs_second_person(db, who.organisation)

    def submit(
        self,
        origin: Origin,
        who: Person,
        act: Act,
        raws: Mapping[str, Raw],
        *,
        account: str,
        once: str,
    ) -> str:
        """Draft an act; returns its id. The same `once` gives the same act.

        Raises:
            FieldsRefused: a value cannot be read.
            ContractRefused: the contract would refuse; nothing was stored.
            IdempotencyConflict: `once` was used for something else.
        """
        details = shown(raws)
        content = json.dumps([act.name, account, details], sort_keys=True).encode()
        request = Once.of(f"{act.name}:{once}", content)
        with self.accounts.connect() as db:
            known = api_access.answer(db, who.organisation, request)
        if known is not None:
            return known
        desk = self.desk(who, account)
        calls = act.calls_for(desk, raws)
        self._hold_documents(desk, act, raws)
        try:
            return self.outbox.draft(
                origin,
                who,
                account=account,
                act=act.name,
                details=details,
                calls=calls,
                second_person=self.needs_second_person(who, act),
                once=request,
            )
        except AnswerKnown:  # the same request came twice at a time
            return self.submit(origin, who, act, raws, account=account, once=once)

    def _hold_documents(self, desk: Desk, act: Act, raws: Mapping[str, Raw]) -> None:
        """See to it that the documents that the act names, and that are kept, stay."""
        named = [one.value(desk, raws.get(one.name)) for one in act.fields if one.kind is DOCUMENT]
        hashes = [digest.hex() for digest in named if digest is not None]
        if hashes:
            with self.accounts.begin() as db:
                kept_documents.mark_used(db, desk.organisation, hashes, self.now())

    def _number_called(self, words: str) -> int:
        with self.tables.connect() as db:
            return members.number_called(db, words)

    def _check_payee(self, organisation: int, payee: bytes) -> None:
        with self.accounts.connect() as db:
            payees.check(db, organisation, "0x" + payee.hex(), self.now())


def shown(raws: Mapping[str, Raw]) -> dict[str, Any]:
    """Return what was given, as it can be stored and shown; of a file its SHA-256."""
    return {
        name: {"sha256": hashlib.sha256(raw).hexdigest()} if isinstance(raw, bytes) else raw
        for name, raw in raws.items()
    }
