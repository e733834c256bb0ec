"""The command `muslin`. Words at the terminal become calls, results become paths or JSON, errors become
words.

stdout carries data only (paths, one a line, or one JSON document), stderr progress and errors. Exit codes: 0
done, 1 failed while running, 2 wrong usage, 3 bad input, 4 model missing, 5 optional dependency missing, 130
interrupted.

Everything heavy is imported inside the commands, so that --help comes at once.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import click

from muslin import __version__
from muslin.cli import terminal
from muslin.errors import EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_USAGE, UserError

NAMES = (
    "restyle", "imagine", "learn", "lookbook", "studio", "serve", "train", "recipes", "evaluate", "export", "demo",
    "data", "models", "info",
)  # fmt: skip


class LazyGroup(click.Group):
    """A group whose commands are imported when they, or the list, are asked for (Click's documentation, "Lazily loading
    subcommands"): the start of the program is a good part of a restyle (docs/notebook.md).

    places: name -> "module:command".
    """

    def __init__(self, *words: Any, places: Mapping[str, str], **more: Any) -> None:
        super().__init__(*words, **more)
        self.places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.places:
            return None
        module, _, command = self.places[cmd_name].partition(":")
        found: click.Command = getattr(import_module(module), command)
        return found


@click.group(
    cls=LazyGroup,
    places={name: f"muslin.cli.{name}:{name}" for name in NAMES},
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True, "max_content_width": 110},
    epilog="Start with: muslin restyle photo.jpg --style swatch.jpg",
)
@click.version_option(__version__, message="muslin %(version)s", help="Print the version and stop.")
def app() -> None:
    """Restyle photographs of garments with generative adversarial networks, on your own computer."""


def _named(arguments: Sequence[str]) -> None:
    """Raises UserError (exit code 2) for an empty argument: as a path it would be the present folder and all in it."""
    for before, argument in zip(["", *arguments], arguments, strict=False):
        if argument == "" and before not in ("--title", "--token"):  # these are words, checked where they are used
            raise UserError(
                "One of the arguments is empty.",
                received=" ".join(word or "''" for word in arguments),
                advice="A shell variable that is not set gives one. Name the present folder as '.'.",
                exit_code=EXIT_USAGE,
            )


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: sys.argv) and return its exit code. Never raises."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if "--ray" in arguments:
        from muslin.cli.cluster import with_address

        arguments = with_address(arguments)
    try:
        _named(arguments)
        result = app.main(args=arguments, prog_name="muslin", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except UserError as error:
        terminal.user_error(error, as_json="--json" in arguments)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        terminal.say("Stopped.")
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        terminal.discard_stdout()
        return EXIT_FAILURE
    except click.exceptions.NoArgsIsHelpError as error:  # a group without a command
        terminal.say(error.format_message())
        return EXIT_USAGE
    except click.ClickException as error:
        terminal.usage_error(error, as_json="--json" in arguments)
        return error.exit_code
    except Exception as error:
        terminal.unexpected(error, as_json="--json" in arguments)
        return EXIT_FAILURE


def main() -> None:
    """Entry point of the `muslin` script."""
    code = run()
    gc.freeze()  # what lives now dies with the process: looking for rubbish in it takes a tenth of a second
    sys.exit(code)
