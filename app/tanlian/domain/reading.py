"""One reading of a monitoring device, and the 64 bytes that are signed, hashed and compared."""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Self

from tanlian.domain.errors import InvalidInput

BODY_BYTES = 64
# start, source, device, sequence, mass, energy, heat, flow, duration, status, rule
_LAYOUT = struct.Struct(">QIIQQQQQIHH")
_LIMITS = {"source": 32, "device": 32, "duration_s": 32, "rule": 16}
SECONDS_PER_HOUR = 3600


class ReadingStatus(IntEnum):
    """How the figures of an hour came about."""

    MEASURED = 1
    SUBSTITUTED = 2  # by the rule that `rule` names
    MISSING = 3  # explicit, with no mass: nobody has filled the hour yet


@dataclass(frozen=True, slots=True, order=True)
class Reading:
    """What one device says of one span of time. All figures are integers; mass is grams of CO2.

    The order of the fields is the order of the readings in a tree: by time, source, device.
    """

    start: int  # Unix seconds
    source: int
    device: int
    sequence: int  # counts up by one per device, whatever is sent
    mass_g: int
    energy_kwh: int = 0
    heat_mj: int = 0
    flow_m3: int = 0
    duration_s: int = SECONDS_PER_HOUR
    status: ReadingStatus = ReadingStatus.MEASURED
    rule: int = 0  # number of the substitution rule; 0 for measured hours

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            bits = _LIMITS.get(name, 64)
            if name != "status" and not 0 <= value < 1 << bits:
                raise InvalidInput(f"{name} {value} is outside 0 to 2^{bits} - 1.", field=name)

    @property
    def key(self) -> tuple[int, int, int]:
        """What may occur once in a period: the start, the source and the device."""
        return (self.start, self.source, self.device)

    @property
    def body(self) -> bytes:
        """The 64 bytes that stand for this reading everywhere."""
        return _LAYOUT.pack(
            self.start, self.source, self.device, self.sequence, self.mass_g, self.energy_kwh,
            self.heat_mj, self.flow_m3, self.duration_s, self.status, self.rule,
        )  # fmt: skip

    @classmethod
    def from_body(cls, body: bytes) -> Self:
        """Read the 64 bytes back.

        Raises:
            InvalidInput: another length, or a status that does not exist.
        """
        if len(body) != BODY_BYTES:
            raise InvalidInput(f"A reading has {BODY_BYTES} bytes, not {len(body)}.")
        fields = dict(zip(cls.__dataclass_fields__, _LAYOUT.unpack(body), strict=True))
        try:
            fields["status"] = ReadingStatus(fields["status"])
        except ValueError as error:
            raise InvalidInput(f"There is no reading status {fields['status']}.") from error
        return cls(**fields)

    def sentence(self) -> str:
        """Say in words what the reading states."""
        begin = datetime.fromtimestamp(self.start, UTC).isoformat()
        return (
            f"source {self.source}, device {self.device}, from {begin} for {self.duration_s} s: "
            f"{self.mass_g} g CO2 ({self.status.name.lower()})"
        )
