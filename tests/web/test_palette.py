"""The tokens of theme.css: contrast, and venues that colour-blind eyes tell apart.

Simulation of colour blindness: Machado, Oliveira and Fernandes 2009, severity 1. Distances are Oklab's times 100; 2 is
just noticeable.
"""

import itertools
import math
import re
from pathlib import Path

import pytest

from web.served import FOLDER

STATIC = FOLDER / "static"
SURFACES = ("page", "surface", "raised")
TEXTS = ("text", "muted", "faint", *(f"venue-{look}" for look in range(1, 9)), "alarm")
SEEN_AS = {
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "without red": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "without green": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "without blue": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def tokens(theme: str) -> dict[str, str]:
    sheet = (STATIC / ("theme.css" if theme == "dark" else "light.css")).read_text()
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", sheet.split(":root {")[1].split("}")[0]))


def linear(colour: str) -> list[float]:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def contrast(one: str, other: str) -> float:
    lights = [sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), linear(each), strict=True)) for each in (one, other)]
    return (max(lights) + 0.05) / (min(lights) + 0.05)


def oklab(colour: str, sight: str) -> tuple[float, float, float]:
    own = linear(colour)
    red, green, blue = (min(1.0, max(0.0, sum(w * v for w, v in zip(row, own, strict=True)))) for row in SEEN_AS[sight])
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def apart(one: str, other: str, sight: str) -> float:
    return 100 * math.dist(oklab(one, sight), oklab(other, sight))


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_text_and_venue_has_enough_contrast_on_every_surface(theme: str) -> None:
    known = tokens(theme)
    low = {(text, surface): contrast(known[text], known[surface]) for text in TEXTS for surface in SURFACES}
    assert {pair: ratio for pair, ratio in low.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("sight", SEEN_AS)
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_first_three_venues_and_the_alarm_are_told_apart(theme: str, sight: str) -> None:
    known = tokens(theme)
    names = ("venue-1", "venue-2", "venue-3", "alarm")
    near = {pair: apart(known[pair[0]], known[pair[1]], sight) for pair in itertools.combinations(names, 2)}
    assert {pair: distance for pair, distance in near.items() if distance < 10} == {}


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_venue_has_a_colour_that_differs_and_a_shape_of_its_own(theme: str) -> None:
    known = tokens(theme)
    near = {
        pair: apart(known[f"venue-{pair[0]}"], known[f"venue-{pair[1]}"], "all")
        for pair in itertools.combinations(range(1, 9), 2)
    }
    assert {pair: distance for pair, distance in near.items() if distance < 5} == {}
    shapes = re.findall(r"--shape: ([^;]+);", Path(FOLDER / "static" / "theme.css").read_text())
    assert len(set(shapes)) == 8
