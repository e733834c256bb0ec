"""A designer's controls: centimetres become scale, a family of variants, and the command line that says the same."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

KEEP = "keep"
NAMES = ("scale", "rotation", "offset", "repeat", "strength", "shading", "palette", "seamless", "mix", "seams")


def for_garment(controls: Mapping[str, Any], length_cm: float) -> dict[str, Any]:
    """Keyword arguments of Restyler.restyle for a garment whose longer side is `length_cm` in reality.

    controls: as the API takes them; `print_cm` (width of one swatch on the garment) goes before `scale`.
    Raises UserError where the centimetres ask for a scale outside the range.
    """
    from muslin.errors import EXIT_USAGE, UserError
    from muslin.restyle.styles import REPEAT_SHARE

    given = {name: controls[name] for name in NAMES if controls.get(name) is not None}
    given["shows"] = "cloth"  # of what showed a garment the cloth was cut when it came (studio/looks.py)
    if "offset" in given:
        given["offset"] = tuple(given["offset"])
    if controls.get("print_cm") is not None:
        scale = float(controls["print_cm"]) / (REPEAT_SHARE * length_cm)
        if not 0.02 <= scale <= 20:
            raise UserError(
                "A print of that size does not suit this garment.",
                received=f"{controls['print_cm']:g} cm on a garment of {length_cm:g} cm",
                possible=f"{0.02 * REPEAT_SHARE * length_cm:.2g} to {20 * REPEAT_SHARE * length_cm:.4g} cm",
                exit_code=EXIT_USAGE,
            )
        given["scale"] = scale
    if given.get("palette"):
        given["palette"] = ",".join(given["palette"])
    return given


def as_answered(controls: Mapping[str, Any], print_cm: float | None = None) -> dict[str, Any]:
    """Controls of a result (the dataclass as a dict) as the API answers them: lists, colours as a list of words."""
    palette = controls.get("palette")
    if isinstance(palette, str):
        palette = [word.strip() for word in palette.split(",")]
    answered = {**controls, "offset": list(controls["offset"]), "palette": palette, "print_cm": print_cm}
    answered.pop("shows", None)
    return answered


def print_cm(scale: float, length_cm: float) -> float:
    """Width of one swatch's longer side on the garment, in cm."""
    from muslin.restyle.styles import REPEAT_SHARE

    return round(scale * REPEAT_SHARE * length_cm, 3)


def family(
    controls: Mapping[str, Any],
    seed: int,
    start: int,
    count: int,
    vary: Sequence[str],
    colours: Sequence[str],
    kept: Collection[int] = (),
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(number, keyword arguments) of `count` variants from `start` on; the same seed gives the same family.

    Number 0 is the controls as given. With vary == ("print",) these are the variants of `muslin restyle -n`.
    colours: of the look, which "palette" turns about the colour circle and pairs with light and dark of its own.
    kept: places of those that stay: as they are, or as `controls` has changed them.
    """
    from dataclasses import asdict

    from muslin.restyle.controls import Controls, vary_print

    for number in range(start, start + count):
        varied = dict(controls)
        if number > 0:
            if "print" in vary:
                varied = asdict(vary_print(Controls(**controls), np.random.default_rng((seed, number))))
            if "palette" in vary and colours:
                rng = np.random.default_rng((seed, number, 1))
                varied["palette"] = _turned_but(colours, float(rng.uniform(40, 320)), kept, controls.get("palette"))
        yield number, varied


def _turned_but(colours: Sequence[str], degrees: float, kept: Collection[int], given: str | None) -> str:
    """Colours turned; those of the places `kept` stay, as `given` has them, and then each names what it replaces."""
    new = turned(colours, degrees)
    if not kept:
        return ",".join(new)
    changed = dict(word.split("=", 1) for word in (given or "").split(",") if "=" in word)
    stay = [changed.get(own, KEEP) if place in kept else new[place] for place, own in enumerate(colours)]
    return ",".join(f"{own}={colour}" for own, colour in zip(colours, stay, strict=True))


def turned(colours: Sequence[str], degrees: float) -> list[str]:
    """#rrggbb colours with their hues turned in OKLab; lightness and colourfulness stay as far as sRGB can show."""
    from muslin.textiles.palette import from_oklab, to_oklab

    lab = to_oklab(np.array([rgb(colour) for colour in colours], np.uint8))
    angle = np.radians(degrees)
    a, b = lab[..., 1].copy(), lab[..., 2].copy()
    lab[..., 1], lab[..., 2] = np.cos(angle) * a - np.sin(angle) * b, np.sin(angle) * a + np.cos(angle) * b
    return ["#" + bytes(colour).hex() for colour in from_oklab(lab)]


def shade(colour: str, number: int) -> str:
    """The colour itself (0), lighter, darker, warmer, cooler, then the same again in larger steps."""
    from muslin.textiles.palette import from_oklab, to_oklab

    if number == 0:
        return colour
    lab = to_oklab(np.array(rgb(colour), np.uint8)).astype(np.float64)
    lab[0] = np.clip(lab[0], 0.2, 0.95)  # black and white have shades on one side only
    rounds, place = divmod(number - 1, 4)
    step = 1 + 0.6 * rounds
    light, warm = ((0.1, 0.0), (-0.1, 0.0), (0.0, 0.05), (0.0, -0.05))[place]
    if not 0.15 < lab[0] + step * light < 1:
        light *= -2
    lab += step * np.array([light, warm / 2, warm])
    lab[0] = np.clip(lab[0], 0, 1)
    return "#" + bytes(from_oklab(lab)).hex()


def rgb(colour: str) -> tuple[int, int, int]:
    """'#aabbcc' -> (170, 187, 204)."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def command(
    photo: str,
    mask: str,
    looks: Sequence[tuple[str, float]],
    controls: Mapping[str, Any],
    output: str,
    count: int = 1,
    seed: int = 0,
    on: Mapping[str, str] | None = None,
) -> str:
    """The line of `muslin restyle` that makes the same picture. photo, mask, looks: paths. on: paths, or 'keep'."""
    words = ["muslin", "restyle", photo]
    for path, weight in looks:
        words += ["--style", path if len(looks) == 1 else f"{path}:{exactly(weight)}"]
    for part, cloth in (on or {}).items():
        words += ["--on", f"{part}={cloth}"]
    words += ["--mask", mask]
    flags = {"scale": "--scale", "rotation": "--rotate", "repeat": "--repeat", "strength": "--strength",
             "shading": "--shading", "mix": "--mix", "seams": "--seams", "palette": "--palette"}  # fmt: skip
    for name, flag in flags.items():
        value = controls.get(name)
        if value is not None:
            words += [flag, repr(float(value)) if isinstance(value, (int, float)) else str(value)]
    if tuple(controls.get("offset") or (0, 0)) != (0, 0):
        words += ["--offset", ",".join(repr(float(part)) for part in controls["offset"])]
    if controls.get("seamless") in (True, False):
        words += ["--seamless", "yes" if controls["seamless"] else "no"]
    if controls.get("shows"):
        words += ["--shows", controls["shows"]]
    if count > 1:
        words += ["--number", str(count)]
    if count > 1 or seed:
        words += ["--seed", str(seed)]
    return shlex.join([*words, "--output", output, "--json"])


def exactly(number: float) -> str:
    """As few digits as give this very number back: a weight that is a little different makes another picture."""
    short = f"{number:g}"
    return short if float(short) == number else repr(float(number))


def slug(name: str, longest: int = 60) -> str:
    """A name as part of a file name: letters and digits of any script, hyphens for the rest."""
    text = re.sub(r"[^\w]+", "-", name, flags=re.UNICODE).strip("-_")
    return text[:longest].rstrip("-_") or "untitled"
