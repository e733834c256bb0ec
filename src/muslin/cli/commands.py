"""Commands from functions: what the annotations say of each parameter becomes an option or an argument of Click.

    def info(as_json: Annotated[bool, Option("--json", help="Print one JSON document.")] = False) -> int: ...
    app = Commands("muslin", "What it is for.", {"info": "muslin.cli.info:info"})

The first paragraph of the function's docstring is its line in the list of commands. A command's module is imported
when that command, or the list, is asked for: the start of the program is a good part of a restyle (docs/benchmarks.md).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import click

SETTINGS = {"help_option_names": ["-h", "--help"], "show_default": True, "max_content_width": 110}


class Option:
    """An option of a command. names: "-n", "--number"; none: the parameter's own. min, max: of a number, inclusive."""

    def __init__(
        self, *names: str, help: str, metavar: str | None = None, min: float | None = None, max: float | None = None
    ) -> None:
        self.names, self.help, self.metavar, self.min, self.max = names, help, metavar, min, max


@dataclass(frozen=True)
class Argument:
    """An argument of a command: a word, or for a list all words that are no options."""

    metavar: str
    help: str


class Commands(click.Group):
    """A group of commands. places: name -> "module:function", or "module:group" for a group of its own."""

    def __init__(self, name: str, help: str, places: Mapping[str, str], **more: Any) -> None:
        super().__init__(name, help=help, context_settings=SETTINGS, **more)
        self.places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.places:
            return None
        module, _, function = self.places[cmd_name].partition(":")
        found = getattr(import_module(module), function)
        return found if isinstance(found, click.Command) else command(cmd_name, found)


class _Command(click.Command):
    """A command whose help has a word for each argument, which Click's own has not."""

    arguments: list[Argument]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.arguments:
            with formatter.section("Arguments"):
                formatter.write_dl([(one.metavar, one.help) for one in self.arguments])
        super().format_options(ctx, formatter)


def command(name: str, function: Callable[..., Any]) -> click.Command:
    """The command that calls `function` with what its annotated parameters are given as."""
    hints = get_type_hints(function, include_extras=True)
    parameters = inspect.signature(function).parameters.values()
    made = [_parameter(one.name, hints[one.name], one.default) for one in parameters]
    text = inspect.getdoc(function) or ""
    short = " ".join(text.partition("\n\n")[0].split())
    found = _Command(name, callback=function, params=made, help=text, short_help=short, context_settings=SETTINGS)
    found.arguments = [one for one in map(_stated, hints.values()) if isinstance(one, Argument)]
    return found


def _stated(hint: Any) -> Option | Argument | None:
    extras = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return next((one for one in extras if isinstance(one, (Option, Argument))), None)


def _parameter(name: str, hint: Any, default: Any) -> click.Parameter:
    stated = _stated(hint)
    assert stated is not None, f"the parameter {name} of a command is no Option and no Argument"
    required = default is inspect.Parameter.empty
    kind = get_args(hint)[0]
    if type(None) in get_args(kind):
        kind = next(one for one in get_args(kind) if one is not type(None))
    several = get_origin(kind) is list
    shape: dict[str, Any] = {"required": required, "default": None if required else default}
    if several:
        kind = get_args(kind)[0]
        shape |= {"callback": lambda ctx, parameter, value: list(value) or None, "default": None}
    elif get_origin(kind) is tuple:
        kind, shape["nargs"] = get_args(kind)[0], len(get_args(kind))
    if isinstance(stated, Argument):
        shape |= {"nargs": -1} if several else {}
        return click.Argument([name], type=_type(kind), metavar=stated.metavar, **shape)
    long = () if any(one.startswith("--") for one in stated.names) else ("--" + name.replace("_", "-"),)
    names = [*stated.names, *long, name]
    if kind is bool:
        return click.Option(names, is_flag=True, help=stated.help, **shape)
    typed = _type(kind, stated.min, stated.max)
    metavar = stated.metavar or ("NUMBER" if kind in (int, float) else None)
    return click.Option(names, type=typed, multiple=several, help=stated.help, metavar=metavar, **shape)


def _type(kind: Any, least: float | None = None, most: float | None = None) -> Any:
    if issubclass(kind, Enum):
        return _Member(kind)
    if issubclass(kind, Path):
        return click.Path(path_type=Path)
    if least is None and most is None:
        return kind
    return click.FloatRange(least, most) if kind is float else click.IntRange(least, most)  # type: ignore[arg-type]


class _Member(click.Choice):
    """One of an enumeration of words, by its value."""

    def __init__(self, kind: type[Enum]) -> None:
        super().__init__([str(one.value) for one in kind])
        self.kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return self.kind(super().convert(value, param, ctx))
