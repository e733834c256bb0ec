"""What the commands print: data on stdout, words on stderr.

Colour only for a person, and never with NO_COLOR.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from muslin.errors import UserError

# Characters that would steer a terminal instead of showing a name, but for line ends and the styles of `paint`.
CONTROL = re.compile(r"(?!\x1b\[(?:31|0|1|2)m)[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
RED, BOLD, DIM, PLAIN = "31", "1", "2", "0"


def paint(text: str, style: str, stream: TextIO | None = None) -> str:
    """`text` in an ANSI style when the stream (default stderr) is a terminal that wants colour."""
    stream = stream or sys.stderr
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return f"\x1b[{style}m{text}\x1b[0m" if wanted and stream.isatty() else text


def say(text: str = "") -> None:
    """A line for the person, on stderr."""
    print(_printable(text, sys.stderr), file=sys.stderr, flush=True)


def put(text: str) -> None:
    """A line of data, on stdout."""
    print(_printable(text, sys.stdout), flush=True)


def put_json(document: Any) -> None:
    """The one JSON document of a command, on stdout."""
    print(json.dumps(document, indent=2, ensure_ascii=True), flush=True)


def user_error(error: UserError, *, as_json: bool = False) -> None:
    """The error in red on stderr: what is wrong on the first line, what helps below."""
    say(f"{paint('Error:', RED)} {error.problem}")
    if error.received is not None:
        say(f"  received: {error.received}")
    if error.possible is not None:
        possible = error.possible
        listed = isinstance(possible, (list, tuple, set, frozenset))
        say(f"  possible: {', '.join(map(str, possible)) if listed else possible}")  # type: ignore[call-overload]
    if error.advice is not None:
        say(f"  {error.advice}")
    if as_json:
        put_json({"error": error.as_dict()})


def as_user_error(error: Exception) -> UserError:
    """Any exception as words. What the system refuses is no fault of muslin's; the rest is, and says so.

    With MUSLIN_DEBUG=1 an exception that nobody foresaw is raised as it is.
    """
    if isinstance(error, UserError):
        return error
    if isinstance(error, BrokenPipeError):
        raise error
    if isinstance(error, OSError) and error.strerror:
        name = error.filename2 or error.filename  # of a copy, the one that is written
        name = f"'{name}': " if name else ""
        return UserError(f"The system refused: {name}{error.strerror}.")
    if isinstance(error, MemoryError):
        return UserError("There is not enough memory.", advice="Close other programs, or use smaller pictures.")
    if os.environ.get("MUSLIN_DEBUG"):
        raise error
    text = " ".join(str(error).split())[:200]
    return UserError(
        f"muslin failed: {type(error).__name__}{': ' + text if text else ''}.",
        advice="This is a fault of muslin, not yours. Run it again with MUSLIN_DEBUG=1 to see where it happened.",
    )


def usage_error(error: Any, *, as_json: bool = False) -> None:
    """What the parser of the command line (a click.ClickException) complains about, and where to read more."""
    context = getattr(error, "ctx", None)
    advice = f"See: {context.command_path if context else 'muslin'} --help"
    say(f"{paint('Error:', RED)} {error.format_message()}")
    say(f"  {advice}")
    if as_json:
        told = UserError(error.format_message(), advice=advice, exit_code=error.exit_code)
        put_json({"error": told.as_dict()})


def unexpected(error: Exception, *, as_json: bool = False) -> None:
    """What nobody foresaw, in words; the traceback with MUSLIN_DEBUG=1."""
    try:
        user_error(as_user_error(error), as_json=as_json)
    except Exception:
        import traceback

        traceback.print_exception(error)


def discard_stdout() -> None:
    """Point stdout at nothing, so that the interpreter does not complain about a closed pipe when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def progress(label: str, total: int | None = None, *, quiet: bool = False) -> Iterator[Any]:
    """A progress bar on stderr; gives a function (done, total=None, note='') to call.

    Silent when quiet, when there is one thing to do, or when no person is looking.
    """
    if quiet or total == 1 or not sys.stderr.isatty():
        yield lambda done, total=None, note="": None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", style="dim", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total, note="")
        yield lambda done, total=None, note="": bar.update(task, completed=done, total=total, note=note)


def _printable(text: str, stream: TextIO) -> str:
    """`text` as the stream can encode it: file names may hold bytes that are no text, terminals may be
    narrow.
    """
    if stream is sys.stderr or stream.isatty():  # a program that reads our output wants names as they are
        text = CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode(), text)
    encoding = stream.encoding or "utf-8"
    if encoding.lower().replace("-", "") == "utf8":
        return text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text.encode(encoding, "backslashreplace").decode(encoding)
