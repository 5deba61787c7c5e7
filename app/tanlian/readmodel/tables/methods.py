"""Factor sets as they were loaded: the figures behind every calculated kilogram."""

from sqlalchemy import Column, Integer, String, Table

from tanlian.readmodel.tables.types import Amount, Whole, metadata

factor_sets = Table(
    "factor_sets",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=False),
    Column("name", String(31), nullable=False),
    Column("effective_from", Whole, nullable=False),
    Column("document", String(66), nullable=False),  # SHA-256 of the data files
    Column("source", String(160), nullable=False),
    Column("opened_at", Whole, nullable=False),
    Column("sealed_at", Whole),  # none: still being loaded, and of no use yet
    Column("signer", String(42), nullable=False),
    Column("tx_hash", String(66), nullable=False),
)

fuel_factors = Table(
    "fuel_factors",
    metadata,
    Column("factor_set", Whole, primary_key=True, autoincrement=False),
    Column("key", String(66), primary_key=True),
    Column("unit", Integer, nullable=False),
    Column("ncv", Amount, nullable=False),  # 10^-6 GJ per unit
    Column("carbon", Amount, nullable=False),  # 10^-9 tC per GJ
    Column("oxidation", Amount, nullable=False),  # 10^-6
    Column("ch4", Amount, nullable=False),  # 10^-6 kg per TJ
    Column("n2o", Amount, nullable=False),
    Column("status", Integer, nullable=False),
)

factors = Table(
    "factors",
    metadata,
    Column("factor_set", Whole, primary_key=True, autoincrement=False),
    Column("kind", Integer, primary_key=True, autoincrement=False),  # 1 grid, 2 process, 3 gas
    Column("key", String(66), primary_key=True),
    Column("unit", Integer, nullable=False),
    Column("amount", Amount, nullable=False),  # 10^-9 t CO2e per unit; of a gas its GWP
    Column("status", Integer, nullable=False),
)
