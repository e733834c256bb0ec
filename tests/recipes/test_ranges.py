"""Numbers that no recipe can work with are refused in words before anything is built; all others build."""

from __future__ import annotations

import math
from typing import Any

import pytest
from tiny_recipes import TINY

from muslin import recipes
from muslin.errors import EXIT_USAGE, UserError
from muslin.recipes import RECIPES, options

NUMERIC = [
    (name, option)
    for name in RECIPES
    for option in options.options(name).values()
    if "int" in option.type or "float" in option.type
]
TUPLES: tuple[tuple[int, ...], ...] = ((), (0,), (-8,), (10, 20, 30), (20, 40, 60), (8, 16, 8))
SHAPELESS = ("batch_size", "seed", "_images", "rendered_garments", "pool")  # whole numbers that shape no network
DEEP = ("blocks", "levels", "mapping_depth", "strided")  # many of them take long to build


def build(name: str, **given: Any) -> Any:
    return recipes.build(name, {**TINY[name], **given})


def refused_or_built(name: str, option: str, value: Any) -> None:
    try:
        build(name, **{option: value})
    except UserError as error:
        assert error.exit_code == EXIT_USAGE and error.possible


@pytest.mark.parametrize(("name", "option"), NUMERIC, ids=lambda part: getattr(part, "name", part))
def test_every_number_has_its_range(name: str, option: options.Option) -> None:
    several = option.type.startswith("tuple")
    for value in (-1, -math.inf, math.inf, math.nan):
        with pytest.raises(UserError, match=f"{option.name}' of .* outside its range"):
            build(name, **{option.name: (value,) * 3 if several else value})
    if several:
        for widths in TUPLES:
            refused_or_built(name, option.name, widths)
    elif "int" in option.type:
        with pytest.raises(UserError, match=f"{option.name}' of .* outside its range"):
            build(name, **{option.name: 2.5})
        if not option.name.endswith(SHAPELESS):
            for odd in (0, 1, 3) if option.name in DEEP else (0, 9, 50):
                refused_or_built(name, option.name, odd)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("mask", {"size": 50}, "multiples of 32 from 32"),
        ("print", {"widths": (10, 20, 30)}, "multiples of 8 from 8, 3 of them"),
        ("dcgan", {"latent_size": 0}, "whole numbers from 1"),
        ("dcgan", {"learning_rate": 0.0}, "numbers above 0"),
        ("pix2pix", {"widths": ()}, "multiples of 8 from 8"),
        ("pix2pix", {"painted": 1.5}, "numbers from 0 to 1"),
        ("cut", {"beta_2": 1.0}, "numbers from 0 to below 1"),
        ("stargan_v2", {"levels": 6}, "multiples of 64 px, or fewer levels"),
        ("distill", {"channels": "wide"}, "multiples of 8"),
    ],
)
def test_what_is_possible_is_said(name: str, given: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError) as told:
        build(name, **given)
    assert words in str(told.value)


def test_infinity_is_no_whole_number() -> None:
    with pytest.raises(UserError, match="takes a whole number"):
        options.parse("dcgan", ["batch_size=inf"])
