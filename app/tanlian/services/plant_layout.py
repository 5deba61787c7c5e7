"""Where the parts of a plant stand in its picture: laid out from the registry, always the same.

All lengths are decimetres. A house, a stack and a flue for each source; its first device sits on
the stack, the others stand as cabinets in front of the house. How high a stack is, and how large
its plume, tells the source's mass beside that of the largest one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isqrt

PITCH_X, PITCH_Z = 420, 380
HOUSE = (170, 90, 130)  # width, height, depth
STACK_WIDTH = 34
LOWEST_STACK, HIGHEST_STACK = 160, 520
FLUE = (60, 16, 16)
CABINET = (26, 38, 20)
CABINET_PITCH = 40
RING = (50, 20, 50)
LEAST_PLUME, MOST_PLUME = 16, 90
PER_MILLE = 1000


@dataclass(frozen=True, slots=True)
class Body:
    """One part. `at` is the middle of its base; `of` names the device or source it belongs to."""

    kind: str  # house, stack, flue, plume, ring, cabinet
    of: str
    at: tuple[int, int, int]
    size: tuple[int, int, int]


def lay_out(
    devices: Mapping[int, Sequence[int]],
    year_mass: Mapping[int, int],
    hour_mass: Mapping[int, int],
) -> list[Body]:
    """Return the parts of a plant.

    `devices` are the devices of each source; the masses, of the year and of the hour shown, are by
    source.
    """
    columns = max(isqrt(max(len(devices) - 1, 0)) + 1, 1)
    most_year, most_hour = max(year_mass.values(), default=0), max(hour_mass.values(), default=0)
    found: list[Body] = []
    for place, (source, mine) in enumerate(sorted(devices.items())):
        x, z = place % columns * PITCH_X, place // columns * PITCH_Z
        name = f"source-{source}"
        height = LOWEST_STACK + _share(
            year_mass.get(source, 0), most_year, HIGHEST_STACK - LOWEST_STACK
        )
        stack_x = x + HOUSE[0] // 2 + FLUE[0] + STACK_WIDTH // 2
        found += [
            Body("house", name, (x, 0, z), HOUSE),
            Body("flue", name, (x + HOUSE[0] // 2 + FLUE[0] // 2, HOUSE[1] // 2, z), FLUE),
            Body("stack", name, (stack_x, 0, z), (STACK_WIDTH, height, STACK_WIDTH)),
        ]
        if hour_mass.get(source, 0):
            size = LEAST_PLUME + _share(hour_mass[source], most_hour, MOST_PLUME - LEAST_PLUME)
            found.append(Body("plume", name, (stack_x, height, z), (size, size, size)))
        found += _devices(sorted(mine), (x, z), (stack_x, height * 2 // 3, z))
    return found


def _devices(
    mine: Sequence[int], house: tuple[int, int], on_stack: tuple[int, int, int]
) -> list[Body]:
    if not mine:
        return []
    first, *others = mine
    left = house[0] - (len(others) - 1) * CABINET_PITCH // 2
    front = house[1] + HOUSE[2] // 2 + CABINET[2]
    return [
        Body("ring", f"device-{first}", on_stack, RING),
        *(
            Body("cabinet", f"device-{device}", (left + n * CABINET_PITCH, 0, front), CABINET)
            for n, device in enumerate(others)
        ),
    ]


def _share(part: int, whole: int, of: int) -> int:
    """Return how much of a length a part of a whole takes."""
    return min(part, whole) * PER_MILLE // whole * of // PER_MILLE if whole else 0
