"""The options of a recipe as its source states them: no help text and no typing error waits for Keras.

A recipe is a frozen dataclass, so its file already says everything: name, type, default, and in the comment what
the number means. It is read here with `ast`, the classes it inherits from included.
"""

from __future__ import annotations

import ast
import importlib.util
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from muslin.errors import EXIT_USAGE, UserError
from muslin.recipes import RECIPES

TYPES = {"int": int, "float": float, "str": str, "bool": bool, "tuple": tuple, "None": None}
TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


@dataclass(frozen=True)
class Option:
    """One field of a recipe. type, default: as written in the source; comment: '' where there is none."""

    name: str
    type: str
    default: str
    comment: str

    def parse(self, text: str) -> Any:
        """The value that `text` means for this field. Raises UserError (usage) for one that it cannot mean."""
        try:
            return _parse(text.strip(), _kind(self.type))
        except (ValueError, OverflowError):  # of infinity there is no whole number
            raise UserError(
                f"The option '{self.name}' takes {_in_words(self.type)}.",
                received=repr(text),
                possible=f"for instance {self.name}={self.default.strip(chr(34))}",
                advice=self.comment or None,
                exit_code=EXIT_USAGE,
            ) from None


def headline(name: str) -> str:
    """What the recipe does, one sentence: the first line of its file."""
    text = _header(name).splitlines()[0]
    return text.removeprefix(f"{name}:").strip()


def description(name: str) -> str:
    """The header of the recipe's file: paper, command, cost, expected result."""
    return _header(name)


@cache
def options(name: str) -> dict[str, Option]:
    """Name -> option, those of the recipe's own file first. `name` is one of RECIPES."""
    module, _, attribute = RECIPES[name].partition(":")
    found: dict[str, Option] = {}
    for fields in _classes(module, attribute):
        for option in fields:
            found.setdefault(option.name, option)
    return {name: option for name, option in found.items() if _simple(option.type)}


def parse(name: str, pairs: Iterable[str]) -> dict[str, Any]:
    """['loss=hinge', 'widths=8,16'] -> {'loss': 'hinge', 'widths': (8, 16)}.

    Raises UserError (usage) for what is no key=value, for an unknown key (listing all of them with their defaults
    and meanings), and for a value of another type.
    """
    known, values = options(name), {}
    for pair in pairs:
        key, separator, text = pair.partition("=")
        key = key.strip().replace("-", "_")
        if not separator:
            raise UserError(
                "An option is written as key=value.",
                received=repr(pair),
                possible=sorted(known),
                exit_code=EXIT_USAGE,
            )
        if key not in known:
            raise UserError(
                f"The recipe '{name}' has no option '{key}'.",
                possible=sorted(known),
                advice="What they mean:\n" + table(name),
                exit_code=EXIT_USAGE,
            )
        values[key] = known[key].parse(text)
    return values


def table(name: str, indent: str = "    ") -> str:
    """All options of a recipe, one a line: name=default  meaning."""
    rows = [(f"{option.name}={option.default}", option.comment) for option in options(name).values()]
    width = min(32, max(len(left) for left, _ in rows))
    return "\n".join(f"{indent}{left:<{width}}  {comment}".rstrip() for left, comment in rows)


def _header(name: str) -> str:
    return ast.get_docstring(_source(RECIPES[name].partition(":")[0])[0]) or name


@cache
def _source(module: str) -> tuple[ast.Module, tuple[str, ...]]:
    """The parsed file of a module and its lines. The module itself is not imported, only the folder it is in."""
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        raise UserError("There is no such module.", received=module)
    text = Path(found.origin).read_text("utf-8")
    return ast.parse(text), tuple(text.splitlines())


def _classes(module: str, name: str) -> Iterator[list[Option]]:
    """The fields of a class, then those of the muslin classes it inherits from."""
    tree, lines = _source(module)
    imported = {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
        for alias in node.names
    }
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            yield [_spelled_out(option, tree, imported) for option in _fields(node, lines)]
            for base in node.bases:
                if isinstance(base, ast.Name):
                    home, attribute = imported.get(base.id, (module, base.id))
                    if home.split(".")[0] == "muslin":
                        yield from _classes(home, attribute)


def _fields(node: ast.ClassDef, lines: tuple[str, ...]) -> Iterator[Option]:
    for item in node.body:
        if not isinstance(item, ast.AnnAssign) or not isinstance(item.target, ast.Name) or item.value is None:
            continue
        written, default = ast.unparse(item.annotation), ast.unparse(item.value).replace("'", '"')
        if written.startswith("ClassVar") or default.startswith("field("):
            continue
        last = lines[(item.end_lineno or item.lineno) - 1].encode()[item.end_col_offset or 0 :].decode()
        _, _, comment = last.partition("#")
        yield Option(item.target.id, written, default, comment.strip())


def _spelled_out(option: Option, tree: ast.Module, imported: Mapping[str, tuple[str, str]]) -> Option:
    """The option with its default as a value, where the source names a constant."""
    wanted, home = option.default, tree
    if wanted in imported:
        module, wanted = imported[wanted]
        home = _source(module)[0]
    for node in home.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == wanted for t in node.targets):
            return replace(option, default=ast.unparse(node.value).replace("'", '"'))
    return option


def _simple(written: str) -> bool:
    """Whether a word on the command line can become such a value."""
    try:
        return _kind(written) is not Any
    except (NameError, TypeError, SyntaxError):
        return False


def _kind(written: str) -> Any:
    return eval(written, {"__builtins__": {}}, TYPES)  # the text of our own source, and these six names only


def _parse(text: str, kind: Any) -> Any:
    if isinstance(kind, types.UnionType):
        kinds = typing.get_args(kind)
        if type(None) in kinds and text.lower() in ("none", ""):
            return None
        return _parse(text, next(choice for choice in kinds if choice is not type(None)))
    if typing.get_origin(kind) is tuple:
        inner = [choice for choice in typing.get_args(kind) if choice is not ...]
        parts = [part for part in text.strip("()[] ").split(",") if part.strip()]
        if ... not in typing.get_args(kind) and len(parts) != len(inner):
            raise ValueError(text)
        return tuple(_parse(part.strip(), inner[min(index, len(inner) - 1)]) for index, part in enumerate(parts))
    if kind is bool:
        if text.lower() not in (*TRUE, *FALSE):
            raise ValueError(text)
        return text.lower() in TRUE
    if kind is int:
        number = float(text)  # 60_000, 6e4
        if number != int(number):
            raise ValueError(text)
        return int(number)
    return text.strip("\"'") if kind is str else kind(text)


def _in_words(written: str) -> str:
    words = {"int": "a whole number", "float": "a number", "str": "a word", "bool": "true or false"}
    if written.startswith("tuple"):
        return "numbers with commas between them" if "int" in written or "float" in written else "words with commas"
    plain = written.replace(" | None", "")
    return words.get(plain, plain) + (" or none" if plain != written else "")
