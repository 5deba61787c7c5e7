"""A list of a workbench, declared once: who sees it, its columns, what can be done with a row.

From a declaration come the page with its links to prefilled forms, the CSV file, and, where rows
wait for the organisation, the tasks on its desk.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from tanlian.domain.roles import Role


@dataclass(frozen=True, slots=True)
class Visitor:
    """For whom a list is made: the organisation, its roles, and the chain's time."""

    organisation: int
    roles: Role
    now: int


@dataclass(frozen=True, slots=True)
class Column:
    """`kind` says how a value is shown: text, tonnes, yuan, coins, price, count, moment, member,
    state (a word to be translated), code (a hash or address), units (an instrument), roles.
    """

    title: str
    value: Callable[[Any], Any]
    kind: str = "text"

    @property
    def is_figure(self) -> bool:
        return self.kind in {"tonnes", "yuan", "coins", "price", "count"}


@dataclass(frozen=True, slots=True)
class Link:
    """An act that fits a row: its name in the catalogue, what the form is given, and when."""

    act: str
    title: str
    given: Callable[[Any], Mapping[str, object]]
    when: Callable[[Any, Visitor], bool] = lambda _row, _visitor: True


@dataclass(frozen=True, slots=True)
class Page:
    """A page that belongs to a row: its endpoint and the values of its address."""

    endpoint: str
    title: str
    values: Callable[[Any], Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Listing:
    """`waits` tells whether a row is a task of the visitor; `until` its deadline, if it has one.

    `tops` are acts that need no row. A list that is not `on_desk` is reached from another one.
    """

    name: str
    title: str
    explains: str
    roles: Role
    rows: Callable[[Connection, Visitor], Sequence[Any]]
    columns: tuple[Column, ...]
    empty: str
    links: tuple[Link, ...] = ()
    pages: tuple[Page, ...] = ()
    tops: tuple[str, ...] = ()
    waits: Callable[[Any, Visitor], bool] | None = None
    until: Callable[[Any], int | None] = lambda _row: None
    on_desk: bool = True

    def links_of(self, row: Any, visitor: Visitor) -> list[Link]:
        return [link for link in self.links if link.when(row, visitor)]
