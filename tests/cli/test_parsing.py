"""Commands from annotated functions: what is typed arrives as the functions' own types."""

import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import click
import pytest
from click.testing import CliRunner

from muslin.cli import app
from muslin.cli.commands import Argument, Option, command


class Cut(StrEnum):
    straight = "straight"
    on_bias = "on-bias"


def sew(
    pieces: Annotated[list[Path], Argument(metavar="PIECE...", help="What is sewn.")],
    cut: Annotated[Cut | None, Option(help="How it was cut.")] = None,
    seam: Annotated[float, Option("-s", "--seam-allowance", min=0, max=3, help="In cm.")] = 1.5,
    place: Annotated[tuple[int, int] | None, Option(help="Where.")] = None,
    thread: Annotated[list[str] | None, Option(metavar="COLOUR", help="One or more.")] = None,
    iron: Annotated[bool, Option("--iron/--no-iron", help="After each seam.")] = True,
) -> dict:
    """Sew pieces together.

    With a machine.
    """
    return dict(pieces=pieces, cut=cut, seam=seam, place=place, thread=thread, iron=iron)


def sewn(*words: str) -> dict:
    return command("sew", sew).main(list(words), standalone_mode=False)


def test_what_is_not_given_is_the_default() -> None:
    assert sewn("a") == dict(pieces=[Path("a")], cut=None, seam=1.5, place=None, thread=None, iron=True)


def test_words_become_the_types_of_the_function() -> None:
    found = sewn("a", "--cut", "on-bias", "-s", "0", "b", "--thread", "red", "--thread", "blue", "--no-iron",
                 "--place", "3", "-4", "--", "-c")  # fmt: skip
    assert found == dict(
        pieces=[Path("a"), Path("b"), Path("-c")], cut=Cut.on_bias, seam=0.0, place=(3, -4), thread=["red", "blue"],
        iron=False,
    )  # fmt: skip
    assert isinstance(found["cut"], Cut) and isinstance(found["thread"], list)


@pytest.mark.parametrize(
    "words", [[], ["a", "--cut", "round"], ["a", "-s", "3.5"], ["a", "--place", "1"], ["a", "--stitch", "2"]]
)
def test_what_does_not_fit_is_refused(words: list[str]) -> None:
    with pytest.raises(click.ClickException) as caught:
        sewn(*words)
    assert caught.value.exit_code == 2


def test_help_names_arguments_options_and_defaults() -> None:
    text = CliRunner().invoke(command("sew", sew), ["--help"]).output
    assert "PIECE...  What is sewn." in text and "--seam-allowance NUMBER" in text and "[default: 1.5; 0<=x<=3]" in text
    assert "[straight|on-bias]" in text and "With a machine." in text


def test_every_command_has_a_line_and_words_for_each_parameter() -> None:
    def walk(group: click.Group) -> None:
        context = click.Context(group)
        for name in group.list_commands(context):
            found = group.get_command(context, name)
            assert found is not None and found.get_short_help_str()
            if isinstance(found, click.Group):
                walk(found)
            for parameter in found.params:
                assert isinstance(parameter, click.Argument) or getattr(parameter, "help", None), (name, parameter.name)

    walk(app)


def test_a_command_does_not_wait_for_what_others_need() -> None:
    code = (
        "import sys; from muslin.cli import run; run(['restyle', '--help'])\n"
        "unneeded = {'numpy', 'pydantic', 'rich', 'muslin.cli.train', 'muslin.distributed.order'} & set(sys.modules)\n"
        "sys.exit(str(sorted(unneeded)) if unneeded else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
