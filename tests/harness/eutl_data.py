"""Files in the layout of the EUTL's, generated: no real installation is in them."""

from pathlib import Path
from random import Random

from tanlian.domain.eutl import COMPLIANCE_COLUMNS, INSTALLATION_COLUMNS

ACTIVITIES = (20, 24, 29, 31, 36)


def write_eutl(folder: Path, count: int, *, seed: int = 1, year: int = 2020, registry: str = "XX"):
    """Write both files with that many good installations; half of them are short."""
    random = Random(seed)
    installations = [",".join(INSTALLATION_COLUMNS)]
    years = [",".join(COMPLIANCE_COLUMNS)]
    for number in range(1, count + 1):
        name = f"{registry}_{number}"
        activity = ACTIVITIES[number % len(ACTIVITIES)]
        installations.append(
            f'{name},{registry},"Werk Ä {number}, Süd",Betreiber,Stadt,{activity},,,,open'
        )
        verified = random.randrange(2_000, 400_000)
        gap = random.randrange(0, verified // 5)
        allocation = verified + (gap if number % 2 else -gap)
        years.append(f"{name},{year},{allocation},{verified},{verified},1,1,A")
    (folder / "eutl_installations.csv").write_text("\n".join(installations) + "\n", "utf-8")
    (folder / "eutl_compliance_2018_2020.csv").write_text("\n".join(years) + "\n", "utf-8")


def append(path: Path, row: str) -> int:
    """Add a line to a file and return its number."""
    with path.open("a", encoding="utf-8") as file:
        file.write(row + "\n")
    return len(path.read_text(encoding="utf-8").splitlines())
