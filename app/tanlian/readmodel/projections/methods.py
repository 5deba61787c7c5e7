"""Factor sets as they are loaded and sealed."""

from tanlian.readmodel.draft import Draft
from tanlian.readmodel.projections.registry import Fact, hexadecimal, takes, text_of
from tanlian.readmodel.tables.methods import factor_sets, factors, fuel_factors


@takes("methods", "FactorSetOpened")
def opened(draft: Draft, fact: Fact) -> None:
    said = fact.said
    draft.row(factor_sets, id=said["set_id"]).update(
        name=said["name"],
        effective_from=said["effective_from"],
        document=hexadecimal(said["document"]),
        source=said["source"],
        opened_at=fact.time,
        sealed_at=None,
        signer=said["signer"].lower(),
        tx_hash=fact.tx_hash,
    )


@takes("methods", "FactorSetSealed")
def sealed(draft: Draft, fact: Fact) -> None:
    draft.row(factor_sets, id=fact.said["set_id"])["sealed_at"] = fact.time


@takes("methods", "FuelFactorLoaded")
def fuel_loaded(draft: Draft, fact: Fact) -> None:
    names = ("unit", "ncv", "carbon", "oxidation", "ch4", "n2o", "status")
    draft.add(
        fuel_factors,
        factor_set=fact.said["set_id"],
        key=text_of(fact.said["key"]),
        **{name: fact.said[name] for name in names},
    )


@takes("methods", "FactorLoaded")
def factor_loaded(draft: Draft, fact: Fact) -> None:
    names = ("kind", "unit", "amount", "status")
    draft.add(
        factors,
        factor_set=fact.said["set_id"],
        key=text_of(fact.said["key"]),
        **{name: fact.said[name] for name in names},
    )
