"""The colours of states can be told from their grounds, in both schemes."""

import re
from pathlib import Path

import pytest

from tanlian.services.proved_readings import ReadingState
from tanlian.services.spread_pictures import SHADES

SHEET = (Path(__file__).parents[3] / "app/tanlian/web/static/plant.css").read_text()
PAPER = "#ffffff"
LEAST_SHAPE, LEAST_TEXT = 3.0, 4.5  # WCAG 2.1, 1.4.11 and 1.4.3


def luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    digits = "".join(2 * d for d in digits) if len(digits) == 3 else digits[:6]
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def variables(part: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]+)", part))


def schemes() -> dict[str, dict[str, str]]:
    light, dark = SHEET.split("@media (prefers-color-scheme: dark)")
    found = variables(light)
    return {"light": found, "dark": found | variables(dark.split("\n}\n")[0])}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", list(ReadingState))
def test_state__in_the_picture__stands_out_from_the_sky(scheme, state) -> None:
    colours = schemes()[scheme]
    assert contrast(colours[f"state-{state.value}"], colours["sky"]) >= LEAST_SHAPE


@pytest.mark.parametrize("state", list(ReadingState))
def test_state__in_the_table__stands_out_from_the_paper(state) -> None:
    assert contrast(schemes()["light"][f"state-{state.value}"], PAPER) >= LEAST_SHAPE


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_labels__on_their_back__are_legible(scheme) -> None:
    colours = schemes()[scheme]
    assert contrast(colours["label"], colours["label-back"]) >= LEAST_TEXT
    assert contrast(colours["label"], colours["sky"]) >= LEAST_TEXT


@pytest.mark.parametrize("shade", range(SHADES + 1))
def test_tile__its_words__are_legible(shade) -> None:
    ground = re.search(rf"\.shade-{shade} {{ fill: (#[0-9a-f]+)", SHEET)[1]
    words = re.search(rf"text\.on-{shade}\b[^{{]*{{ fill: (#[0-9a-f]+)", SHEET)[1]
    assert contrast(ground, words) >= LEAST_TEXT
