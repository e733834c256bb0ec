"""What the source of a recipe says about its options is what its class has; and every wrong word is explained."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from muslin import recipes
from muslin.cli import run as command
from muslin.errors import EXIT_USAGE, UserError
from muslin.recipes import RECIPES, options


@pytest.mark.parametrize("name", RECIPES)
def test_the_source_agrees_with_the_class(name: str) -> None:
    fields = {item.name: item for item in dataclasses.fields(recipes.find(name)) if item.init}
    found = options.options(name)
    assert found.keys() <= fields.keys() and {"seed", "batch_size"} <= found.keys()
    for key, option in found.items():
        default = fields[key].default
        text = ",".join(map(str, default)) if isinstance(default, tuple) else str(default)
        assert option.parse(text) == default, key
        assert option.parse(text) is None or type(option.parse(text)) is type(default) or isinstance(default, int)
    hidden = fields.keys() - found.keys()
    assert all(fields[key].type not in ("int", "float", "str", "bool") for key in hidden)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_explains_itself(name: str) -> None:
    assert 20 < len(options.headline(name)) < 140
    for word in ("Command:", "Cost:"):
        assert word in options.description(name), f"the header of {name} has no '{word}'"


def test_words_become_values() -> None:
    kinds = {
        "int": [("8", 8), ("2e4", 20_000), ("60_000", 60_000)],
        "float": [("0.5", 0.5), ("1e-3", 1e-3)],
        "bool": [("yes", True), ("False", False)],
        "str": [("hinge", "hinge"), ('"hinge"', "hinge")],
        "tuple[int, ...]": [("8,16", (8, 16)), ("(8, 16,)", (8, 16)), ("8", (8,)), ("", ())],
        "float | None": [("none", None), ("2", 2.0)],
        "tuple[int, int]": [("1,2", (1, 2))],
    }
    for kind, pairs in kinds.items():
        for text, value in pairs:
            assert options.Option("x", kind, "0", "").parse(text) == value
    for kind, text in (("int", "2.5"), ("float", "much"), ("bool", "perhaps"), ("tuple[int, int]", "1")):
        with pytest.raises(UserError, match="takes"):
            options.Option("x", kind, "0", "what x is").parse(text)


def test_mistakes_teach() -> None:
    assert options.parse("dcgan", ["loss=hinge", "r1-weight=2"]) == {"loss": "hinge", "r1_weight": 2.0}
    with pytest.raises(UserError, match="no option 'colour'") as caught:
        options.parse("dcgan", ["colour=3"])
    assert caught.value.exit_code == EXIT_USAGE and "px, of the square pictures" in str(caught.value.advice)
    with pytest.raises(UserError, match="key=value"):
        options.parse("dcgan", ["hinge"])


def test_the_command_lists_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["recipes"]) == 0
    listed = capsys.readouterr().out
    assert [line.split()[0] for line in listed.splitlines()] == list(RECIPES)
    assert command(["recipes", "dcgan"]) == 0
    assert "Radford" in (told := capsys.readouterr().out) and "latent_size=64" in told
    assert command(["recipes", "weave"]) == EXIT_USAGE


def test_help_and_mistakes_do_not_wait_for_keras() -> None:
    code = (
        "import sys\nfrom muslin.cli import run\n"
        "assert run(['train', '--help']) == 0 and run(['recipes', 'dcgan']) == 0\n"
        "assert run(['train', 'dcgan', '--option', 'colour=3']) == 2\n"
        "heavy = {'keras', 'tensorflow', 'numpy'} & set(sys.modules)\nassert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
