"""The emission contracts on top of the register, with the published factor sets loaded."""

from functools import cache

import boa

from harness.consortium import consortium, deploy
from tanlian.domain.emission_methods import ActivityLine, Basis, Method
from tanlian.domain.factor_set import FactorSet, Unit, factor_set, set_names

CN_POWER = "cn-power-2022"
AR5 = "gwp-ar5"
BATCH = 64


def key32(text: str) -> bytes:
    """A name as the contracts hold it: ASCII, left-aligned."""
    return text.encode().ljust(32, b"\0")


def abi_line(line: ActivityLine) -> tuple:
    """A line of activity data as the contract takes it."""
    return (
        int(line.method), key32(line.key), int(line.unit), line.quantity, int(line.basis),
        line.ncv, line.carbon, line.moisture_received, line.moisture_dry, line.share,
    )  # fmt: skip


def load_set(methods, published: FactorSet, regulator: str, *, seal: bool = True) -> int:
    """Load a published factor set; return its number on the chain."""
    set_id = methods.open_set(
        published.name,
        published.effective_from,
        published.document,
        published.source,
        sender=regulator,
    )
    fuels = [
        (key32(f.key), int(f.unit), f.ncv, f.carbon, f.oxidation, f.ch4, f.n2o, int(f.status))
        for f in published.fuels.values()
    ]
    factors = [
        (int(kind), key32(f.key), int(f.unit), f.value, int(f.status))
        for (kind, _), f in published.factors.items()
    ]
    for at in range(0, len(fuels), BATCH):
        methods.load_fuels(set_id, fuels[at : at + BATCH], sender=regulator)
    for at in range(0, len(factors), BATCH):
        methods.load_factors(set_id, factors[at : at + BATCH], sender=regulator)
    if seal:
        methods.seal_set(set_id, sender=regulator)
    return set_id


def with_methods():
    """A consortium with EmissionMethods and every published factor set, sealed."""
    it = consortium()
    boa.env.timestamp = max(boa.env.timestamp, 1_735_689_600)
    it.contracts.methods = deploy("EmissionMethods", it.membership)
    it.contracts.sets = {
        name: load_set(it.methods, factor_set(name), it.regulator.account) for name in set_names()
    }
    return it


@cache
def sample_lines() -> tuple[ActivityLine, ...]:
    """A coal-fired plant's year: coal with measured carbon, oil, limestone."""
    return (
        ActivityLine(
            Method.FUEL, "coal_bituminous", Unit.TONNE, 1_500_000 * 10**6, Basis.MEASURED_CARBON,
            carbon=561_200_000,
        ),
        ActivityLine(Method.FUEL, "diesel", Unit.TONNE, 820 * 10**6),
        ActivityLine(Method.PROCESS, "caco3", Unit.TONNE, 30_000 * 10**6, share=930_000),
    )  # fmt: skip
