"""What is typed arrives at the commands as what they take, and their help says what there is."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from muslin.cli import app, run


def typed(name: str, *words: str) -> dict[str, Any]:
    """What the command `name` is called with for these words."""
    group = click.Context(app, info_name="muslin", **app.context_settings)
    found = app.get_command(group, name)
    assert found is not None
    return found.make_context(name, list(words), parent=group).params


def test_what_is_not_given_is_the_default() -> None:
    restyle, imagine, evaluate = typed("restyle"), typed("imagine"), typed("evaluate", "made")
    assert restyle["photos"] == restyle["style"] == () and restyle["number"] == 1 and restyle["overwrite"] is False
    left_open = ("mask", "scale", "repeat", "mix", "seamless", "seed", "output", "settings", "model", "ray", "workers")
    assert all(restyle[name] is None for name in left_open)
    assert imagine["look"] == "print" and imagine["between"] is None and imagine["sheet"] is True
    assert imagine["number"] == 6 and imagine["scale"] == 1.0 and imagine["choose"] == 4
    assert evaluate["real"] is None and evaluate["number"] == 200 and evaluate["most"] == 2000
    assert typed("demo") == {"minutes": 3.0, "output": Path("demo")}


def test_words_become_what_the_commands_take() -> None:
    restyle = typed("restyle", "a", "--repeat", "half-drop", "-s", "x:2", "b", "--style", "y", "--scale", "2",
                    "--settings", "c.png", "--", "-d")  # fmt: skip
    assert restyle["photos"] == ("a", "b", "-d") and restyle["style"] == ("x:2", "y")
    assert restyle["repeat"] == "half-drop" and restyle["scale"] == 2.0 and restyle["settings"] == Path("c.png")
    imagine = typed("imagine", "--between", "3", "-4", "--no-sheet", "-o", "out")
    assert imagine["between"] == (3, -4) and imagine["sheet"] is False and imagine["output"] == Path("out")
    train = typed("train", "dcgan", "data", "--option", "a=1", "--option", "b=2", "--from", "old")
    assert train["data"] == Path("data") and train["option"] == ("a=1", "b=2") and train["start"] == "old"


@pytest.mark.parametrize(
    "words",
    [
        ["restyle", "a", "--repeat", "half_drop"],
        ["restyle", "a", "-n", "1001"],
        ["demo", "-m", "0.05"],
        ["imagine", "--between", "1"],
        ["restyle", "--stitch", "2"],
    ],
)
def test_what_does_not_fit_is_refused(words: list[str]) -> None:
    with pytest.raises(click.ClickException) as caught:
        typed(*words)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("learn", "argument 'SWATCHES'"),
        ("learn swatches", "option '--name'"),
        ("lookbook", "argument 'RESULTS...'"),
        ("train", "argument 'RECIPE'"),
        ("evaluate", "argument 'MADE'"),
        ("export", "argument 'MODEL'"),
        ("data check", "argument 'DIR'"),
        ("models show", "argument 'NAME'"),
    ],
)
def test_what_is_missing_is_named(line: str, missing: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(line.split()) == 2
    assert f"Missing {missing}." in capsys.readouterr().err


def test_help_names_arguments_options_and_defaults() -> None:
    text = CliRunner().invoke(app, ["restyle", "--help"]).output
    assert "PHOTO...  Photos, or folders of photos;" in text and "--scale NUMBER" in text and "-h, --help" in text
    assert "[straight|half-drop|brick|mirror|once]" in text and "Writes PHOTO.LOOK.png beside each photo" in text
    text = CliRunner().invoke(app, ["models", "show", "-h"]).output
    assert "NAME  Name or folder of a model." in text and "[16<=x<=2048]" in text
    assert "[default: 3.0; 0.1<=x<=600]" in " ".join(CliRunner().invoke(app, ["demo", "--help"]).output.split())


def test_every_command_has_a_line_that_fits() -> None:
    lines = CliRunner().invoke(app, ["--help"]).output.split("Commands:\n")[1].split("\n\n")[0].splitlines()
    assert len(lines) == len(app.list_commands(click.Context(app)))
    assert all(line.endswith(".") and not line.endswith("...") for line in lines)


def test_every_command_has_a_line_and_words_for_each_parameter() -> None:
    def walk(group: click.Group) -> None:
        context = click.Context(group)
        for name in group.list_commands(context):
            found = group.get_command(context, name)
            assert found is not None and found.get_short_help_str()
            if isinstance(found, click.Group):
                walk(found)
            for parameter in found.params:
                assert parameter.help, (name, parameter.name)

    walk(app)


def test_a_command_does_not_wait_for_what_others_need() -> None:
    code = (
        "import sys; from muslin.cli import run; run(['restyle', '--help'])\n"
        "unneeded = {'numpy', 'pydantic', 'rich', 'muslin.cli.train', 'muslin.distributed.order'} & set(sys.modules)\n"
        "sys.exit(str(sorted(unneeded)) if unneeded else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
