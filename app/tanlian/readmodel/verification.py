"""Proof that the tables equal the chain: made anew elsewhere, and compared with contract views."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, create_engine, select
from sqlalchemy.engine import Connection as Database
from sqlalchemy.engine import Engine
from sqlalchemy.pool import StaticPool

from tanlian.chain.contracts import Contracts
from tanlian.readmodel.checkpoints import position
from tanlian.readmodel.projector import Projector
from tanlian.readmodel.tables import metadata
from tanlian.readmodel.views import duties, emissions, incentives, market, registers, supervision
from tanlian.readmodel.views.question import Question

AREAS = tuple(
    area.questions for area in (registers, market, emissions, duties, incentives, supervision)
)


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that the tables say otherwise than the chain."""

    where: str
    expected: Any
    found: Any


@dataclass(frozen=True, slots=True)
class Verdict:
    """`rows` rows and `views` contract views were compared, as of `block`."""

    block: int
    rows: int
    views: int
    differences: tuple[Difference, ...]

    @property
    def is_equal(self) -> bool:
        return not self.differences


def verify(engine: Engine, contracts: Contracts) -> Verdict:
    """Bring the tables to the head, make them anew in memory, and compare with both.

    Raises:
        OtherChain: the tables belong to another chain.
    """
    here = Projector(engine, contracts).catch_up()
    fresh = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(fresh)
    Projector(fresh, contracts).catch_up(here.block)
    rows = 0
    differences: list[Difference] = []
    with engine.connect() as ours, fresh.connect() as theirs:
        found = position(ours)
        if found is None or found.block != here.block:
            return verify(engine, contracts)  # another process moved the tables on meanwhile
        for table in metadata.sorted_tables:
            expected, present = _rows(theirs, table), _rows(ours, table)
            rows += len(expected)
            differences += _compare(table.name, expected, present)
        asked = list(_questions(ours, contracts))
    answers = contracts.read_many((question.reading for question in asked), block=here.block)
    for question, answer in zip(asked, answers, strict=True):
        same, chain = question.same_as(answer)
        if not same:
            differences.append(Difference(question.where, chain, question.said))
    return Verdict(here.block, rows, len(asked), tuple(differences))


def _questions(db: Database, contracts: Contracts) -> Iterator[Question]:
    for questions in AREAS:
        yield from questions(db, contracts)


def _rows(db: Database, table: Table) -> dict[tuple[Any, ...], dict[str, Any]]:
    names = [column.name for column in table.primary_key]
    compared = [column for column in table.columns if not column.info.get("of_the_tables")]
    found = db.execute(select(*compared)).mappings()
    return {tuple(row[name] for name in names): dict(row) for row in found}


def _compare(
    name: str,
    expected: dict[tuple[Any, ...], dict[str, Any]],
    present: dict[tuple[Any, ...], dict[str, Any]],
) -> Iterator[Difference]:
    for key in expected.keys() | present.keys():
        if expected.get(key) != present.get(key):
            yield Difference(f"{name} {key}", expected.get(key), present.get(key))
