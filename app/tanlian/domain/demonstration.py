"""A small generated consortium for demonstrations: invented names and figures from one seed.

Nothing here is a real organisation or a real figure; the same seed gives the same consortium.
"""

from dataclasses import dataclass
from random import Random

from tanlian.domain.errors import InvalidInput
from tanlian.domain.roles import Role

MOST_EMITTERS = 120
FIRST_SYLLABLES = (
    ("青", "Qing"), ("澜", "Lan"), ("云", "Yun"), ("石", "Shi"), ("松", "Song"), ("白", "Bai"),
    ("长", "Chang"), ("玉", "Yu"), ("柳", "Liu"), ("星", "Xing"), ("沧", "Cang"), ("荷", "He"),
)  # fmt: skip
LAST_SYLLABLES = (
    ("川", "chuan"), ("浦", "pu"), ("原", "yuan"), ("陵", "ling"), ("港", "gang"), ("溪", "xi"),
    ("台", "tai"), ("屿", "yu"), ("岭", "ling"), ("渡", "du"),
)  # fmt: skip
REGIONS = {21: "辽宁 Liaoning", 42: "湖北 Hubei", 44: "广东 Guangdong"}  # GB/T 2260 codes
VERIFIERS = ("衡正核查 Hengzheng Verification", "清度认证 Qingdu Certification")


@dataclass(frozen=True, slots=True)
class Sector:
    """A sector of the demonstration: its number on the chain and the usual size of a plant."""

    number: int
    chinese: str
    english: str
    least_t: int
    most_t: int


SECTORS = (
    Sector(1, "热电", "Power", 900_000, 2_600_000),
    Sector(2, "钢铁", "Steel", 1_200_000, 3_800_000),
    Sector(3, "水泥", "Cement", 400_000, 1_300_000),
    Sector(4, "铝业", "Aluminium", 500_000, 1_600_000),
)


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation to be admitted; figures in tonnes, none for those that emit nothing."""

    alias: str
    name: str
    role: Role
    sector: int = 0
    region: int = 0
    allocation_t: int = 0
    verified_t: int = 0


REGULATOR = Party("regulator", "生态环境主管部门 Competent authority", Role.REGULATOR)
EXCHANGE = Party("exchange", "碳排放权交易所 Carbon exchange", Role.EXCHANGE)
BANK = Party("bank", "结算银行 Settlement bank", Role.BANK)
OBSERVER = Party("observer", "环保公益组织 Environmental association", Role.OBSERVER)


def institutions() -> list[Party]:
    """Return everyone who runs or checks the market; the regulator first."""
    verifiers = [
        Party(f"verifier-{number}", name, Role.VERIFIER)
        for number, name in enumerate(VERIFIERS, start=1)
    ]
    return [REGULATOR, EXCHANGE, BANK, *verifiers]


def emitters(count: int, seed: int, year: int) -> list[Party]:
    """Return generated emitters, half of them short of allowances and half with some left.

    The seed gives the names, seed and year together the figures.

    Raises:
        InvalidInput: fewer than four make no market, and the names reach for `MOST_EMITTERS`.
    """
    if not 4 <= count <= MOST_EMITTERS:
        raise InvalidInput(
            f"The demonstration takes 4 to {MOST_EMITTERS} members, not {count}.", members=count
        )
    # not for secrets: the seed is stated so that anyone can generate the same consortium
    random = Random(seed)  # noqa: S311
    figures = Random(f"{seed}/{year}")  # noqa: S311
    places = [(first, last) for first in FIRST_SYLLABLES for last in LAST_SYLLABLES]
    random.shuffle(places)
    found = []
    for number in range(count):
        first, last = places[number]
        sector = SECTORS[number % len(SECTORS)]
        verified_t = figures.randrange(sector.least_t, sector.most_t)
        per_mille = figures.randint(30, 110)
        left = verified_t * per_mille // 1000
        # members come in pairs of neighbours: one short, one long, so that both sides exist
        allocation_t = verified_t + (left if number % 2 else -left)
        found.append(
            Party(
                alias=f"emitter-{number + 1}",
                name=f"{first[0]}{last[0]}{sector.chinese} {first[1]}{last[1]} {sector.english}",
                role=Role.EMITTER,
                sector=sector.number,
                region=list(REGIONS)[number % len(REGIONS)],
                allocation_t=allocation_t,
                verified_t=verified_t,
            )
        )
    return found
