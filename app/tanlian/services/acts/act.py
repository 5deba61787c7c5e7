"""An act, and the desk at which it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tanlian.domain.errors import TanlianError
from tanlian.domain.roles import Role
from tanlian.services.acts.fields import Field, Raw

if TYPE_CHECKING:
    from tanlian.chain.keys import Call
    from tanlian.chain.transactions import Receipt
    from tanlian.services.access import Access

Values = Mapping[str, Any]
Calls = Callable[["Desk", Values], "Sequence[Call]"]
Preview = Callable[["Desk", Values], "Sequence[Figure]"]
Argument = str | Callable[["Desk", Values], Any]


class FieldsRefused(TanlianError, ValueError):
    """Some of what was given cannot be read; `errors` has one error for each such field."""

    code = "fields_refused"

    def __init__(self, errors: Mapping[str, TanlianError]) -> None:
        said = "; ".join(f"{name}: {error.user_message}" for name, error in errors.items())
        super().__init__(said, names=list(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Desk:
    """Where an act is done: the market, who acts with which account, and the chain's time.

    `find` tells the number of an organisation from the words of a person; without it the chain is
    asked. `check_payee` refuses payees to whom the organisation lets no money go.
    """

    access: Access
    organisation: int
    account: str
    now: int
    find: Callable[[str], int] | None = None
    check_payee: Callable[[bytes], None] = lambda _payee: None

    def organisation_called(self, words: str) -> int:
        """Find an organisation by number, account, name or identifier.

        Raises:
            NotFound: nobody, or several, are called so.
        """
        if self.find is not None:
            return self.find(words)
        from tanlian.services.organisations import find

        return find(self.access, words)


@dataclass(frozen=True, slots=True)
class Figure:
    """What an act would come to, before it is signed: a mass in kg with the words beside it."""

    words: str
    amount_kg: int


@dataclass(frozen=True, slots=True)
class Act:
    """Something that a member does.

    `noun` and `verb` name it (`duty.surrender`); `title` is what a button says, `explains` what it
    brings about. One of `roles` is needed; none named: any member may. A `sensitive` act asks for
    the password again, and for a second person where the organisation wants that. `created` names
    the event and its argument that number what the act makes. `command` makes it a verb of the
    command line, such as "duty surrender"; empty where a command was written by hand. `preview`
    tells what the values come to, as the contract calculates.
    """

    noun: str
    verb: str
    title: str
    explains: str
    roles: Role
    fields: tuple[Field, ...]
    calls: Calls
    sensitive: bool = False
    created: tuple[str, str] | None = None
    command: str = ""
    preview: Preview | None = None

    @property
    def name(self) -> str:
        return f"{self.noun}.{self.verb}"

    def values(self, desk: Desk, raws: Mapping[str, Raw]) -> dict[str, Any]:
        """Read what was given for each field.

        Raises:
            FieldsRefused: naming every field that cannot be read, and every unknown one.
        """
        found, errors = {}, dict[str, TanlianError]()
        for field in self.fields:
            try:
                found[field.name] = field.value(desk, raws.get(field.name))
            except TanlianError as error:
                errors[field.name] = error
        for name in raws.keys() - {field.name for field in self.fields}:
            errors[name] = TanlianError(f"{self.name} has no field {name!r}.", name=name)
        if errors:
            raise FieldsRefused(errors)
        return found

    def calls_for(self, desk: Desk, raws: Mapping[str, Raw]) -> list[Call]:
        """Return the calls that the act comes to, in their order; nothing is sent.

        Raises:
            FieldsRefused: something given cannot be read.
            TanlianError: what the act refers to does not exist, or does not fit.
        """
        return list(self.calls(desk, self.values(desk, raws)))

    def previewed(self, desk: Desk, raws: Mapping[str, Raw]) -> Sequence[Figure]:
        """Return what the values come to; fields that the preview does not need may be missing.

        Raises:
            FieldsRefused, TanlianError: a value that is needed cannot be read.
        """
        if self.preview is None:
            return ()
        found, errors = {}, dict[str, TanlianError]()
        for field in self.fields:
            try:
                found[field.name] = field.value(desk, raws.get(field.name))
            except TanlianError as error:
                if raws.get(field.name):
                    errors[field.name] = error
        if errors:
            raise FieldsRefused(errors)
        return self.preview(desk, found)

    def number_made(self, access: Access, receipt: Receipt) -> int | None:
        """Return the number of what the act created, if it creates something."""
        if self.created is None:
            return None
        event, argument = self.created
        for said in access.contracts.events().decode(receipt.logs):
            if said.name == event:
                return int(said[argument])
        return None


def call(contract: str, function: str, *arguments: Argument) -> Calls:
    """One call of a contract; an argument is the name of a field or a function of the values."""

    def calls(desk: Desk, values: Values) -> list[Call]:
        given = [values[a] if isinstance(a, str) else a(desk, values) for a in arguments]
        return [desk.access.contracts[contract].call(function, *given)]

    return calls


def own(desk: Desk, _values: Values) -> int:
    """The acting organisation, as an argument."""
    return desk.organisation
