"""Factor sets and their figures."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.engine import Connection

from tanlian.domain.factor_set import FactorKind, FuelFactor, Status, Unit
from tanlian.readmodel.tables.methods import factor_sets, factors, fuel_factors


@dataclass(frozen=True, slots=True)
class LoadedSet:
    """A factor set on the chain; of no use before it is sealed and in effect."""

    id: int
    name: str
    effective_from: int
    document: str
    source: str
    opened_at: int
    sealed_at: int | None


@dataclass(frozen=True, slots=True)
class LoadedFactor:
    """A factor in 10^-9 t CO2e per unit; for a gas its warming potential in 10^-9."""

    kind: FactorKind
    key: str
    unit: Unit
    amount: int
    status: Status


def sets(db: Connection) -> list[LoadedSet]:
    """Return the factor sets, newest first."""
    query = select(factor_sets).order_by(factor_sets.c.id.desc())
    return [
        LoadedSet(
            row["id"],
            row["name"],
            row["effective_from"],
            row["document"],
            row["source"],
            row["opened_at"],
            row["sealed_at"],
        )
        for row in db.execute(query).mappings()
    ]


def fuels(db: Connection, factor_set: int) -> list[FuelFactor]:
    """Return the fuels of a set by name."""
    query = (
        select(fuel_factors)
        .where(fuel_factors.c.factor_set == factor_set)
        .order_by(fuel_factors.c.key)
    )
    return [
        FuelFactor(
            row["key"],
            Unit(row["unit"]),
            row["ncv"],
            row["carbon"],
            row["oxidation"],
            row["ch4"],
            row["n2o"],
            Status(row["status"]),
        )
        for row in db.execute(query).mappings()
    ]


def others(db: Connection, factor_set: int) -> list[LoadedFactor]:
    """Return the grids, processes and gases of a set by kind and name."""
    query = (
        select(factors)
        .where(factors.c.factor_set == factor_set)
        .order_by(factors.c.kind, factors.c.key)
    )
    return [
        LoadedFactor(
            FactorKind(row["kind"]),
            row["key"],
            Unit(row["unit"]),
            row["amount"],
            Status(row["status"]),
        )
        for row in db.execute(query).mappings()
    ]
