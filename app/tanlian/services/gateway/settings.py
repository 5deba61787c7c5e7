"""The file that describes one gateway.

store = "gateway.db"          # relative to the file
devices = "devices.csv"       # see tanlian.services.reading_files
year = 2024
first_hour = 473352           # of the logbook, hours since 1970
end_hour = 482136             # the hour after its last one
batch_hours = 24              # 1 anchors every hour, 24 (as without this line) every day
rules = "rules.toml"          # optional: plausibility and substitution, else the demonstration's
http_port = 8600              # optional
mqtt_host = "127.0.0.1"       # optional
mqtt_port = 1883
[kinds]                       # what burns at a source, by its number: coal, gas, any
1 = "coal"
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tanlian.domain.errors import InvalidInput
from tanlian.domain.monitoring.plausibility import MonitoringRules, demonstration_rules
from tanlian.proofs.period_copy import DAY_HOURS
from tanlian.services.gateway.gateway import Gateway
from tanlian.services.gateway.store import GatewayStore
from tanlian.services.reading_files import Device, load_devices

MQTT_PORT = 1883
MOST_BATCH_HOURS = 31 * 24  # what MonitoringRegistry takes in one batch


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """What one gateway serves and where."""

    store: Path
    devices_file: Path
    devices: Mapping[tuple[int, int], Device]
    kinds: Mapping[int, str]
    year: int
    first_hour: int
    end_hour: int
    batch_hours: int
    rules: MonitoringRules
    http_port: int | None
    mqtt_host: str | None
    mqtt_port: int

    def __post_init__(self) -> None:
        if not 1 <= self.batch_hours <= MOST_BATCH_HOURS:
            raise InvalidInput(
                f"batch_hours is {self.batch_hours}; a batch has 1 to {MOST_BATCH_HOURS} hours."
            )
        if not 0 <= self.first_hour < self.end_hour:
            raise InvalidInput("The logbook's end_hour must lie after its first_hour.")
        if strange := sorted(set(self.kinds.values()) - self.rules.ranges.keys()):
            raise InvalidInput(f"The monitoring rules have no range for {', '.join(strange)}.")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file.

        Raises:
            InvalidInput: it or its rules are no TOML, lack a key, or do not fit together.
        """
        try:
            document = tomllib.loads(path.read_text())
            return cls(
                store=path.parent / document["store"],
                devices_file=path.parent / document["devices"],
                devices=load_devices(path.parent / document["devices"]),
                kinds={int(source): kind for source, kind in document["kinds"].items()},
                year=int(document["year"]),
                first_hour=int(document["first_hour"]),
                end_hour=int(document["end_hour"]),
                batch_hours=int(document.get("batch_hours", DAY_HOURS)),
                rules=_rules(path.parent, document.get("rules")),
                http_port=document.get("http_port"),
                mqtt_host=document.get("mqtt_host"),
                mqtt_port=int(document.get("mqtt_port", MQTT_PORT)),
            )
        except KeyError as error:
            raise InvalidInput(f"{path.name} lacks {error}.") from error
        except InvalidInput:
            raise
        except (OSError, ValueError) as error:
            raise InvalidInput(f"{path.name} cannot be read: {error}.") from error

    def open(self, now: Callable[[], int]) -> Gateway:
        """Open the gateway with its store."""
        return Gateway(
            GatewayStore(self.store),
            self.devices,
            self.kinds,
            self.rules,
            first_hour=self.first_hour,
            end_hour=self.end_hour,
            now=now,
            batch_hours=self.batch_hours,
        )


def _rules(folder: Path, name: str | None) -> MonitoringRules:
    if name is None:
        return demonstration_rules()
    return MonitoringRules.parse(tomllib.loads((folder / name).read_text(encoding="utf-8")))
