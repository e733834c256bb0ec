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
from collections.abc import Sequence

import click

from muslin.cli import terminal
from muslin.cli.commands import Commands
from muslin.errors import EXIT_FAILURE, EXIT_USAGE, UserError

INTERRUPTED = 130
NAMES = ("restyle", "imagine", "learn", "lookbook", "studio", "serve", "train", "recipes", "evaluate", "export", "demo")


def _version(context: click.Context, option: click.Parameter, asked: bool) -> None:
    if asked:
        from muslin import __version__

        print(f"muslin {__version__}")
        context.exit()


app = Commands(
    "muslin",
    "Restyle photographs of garments with generative adversarial networks, on your own computer.",
    {name: f"muslin.cli.{name}:{name}" for name in NAMES}
    | {"data": "muslin.cli.data:app", "models": "muslin.cli.models:app", "info": "muslin.cli.info:info"},
    epilog="Start with: muslin restyle photo.jpg --style swatch.jpg",
    params=[
        click.Option(
            ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_version,
            help="Print the version and stop.",
        )
    ],
)  # fmt: skip


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: sys.argv) and return its exit code. Never raises."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if "--ray" in arguments:
        from muslin.cli.cluster import with_address

        arguments = with_address(arguments)
    try:
        result = app.main(args=arguments, prog_name="muslin", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except UserError as error:
        terminal.user_error(error, as_json="--json" in arguments)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        terminal.say("Stopped.")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        terminal.discard_stdout()
        return EXIT_FAILURE
    except click.exceptions.NoArgsIsHelpError as error:  # a group without a command
        terminal.say(error.format_message())
        return EXIT_USAGE
    except click.ClickException as error:
        terminal.usage_error(error)
        return error.exit_code
    except Exception as error:
        terminal.unexpected(error, as_json="--json" in arguments)
        return EXIT_FAILURE


def main() -> None:
    """Entry point of the `muslin` script."""
    code = run()
    gc.freeze()  # what lives now dies with the process: looking for rubbish in it takes a tenth of a second
    sys.exit(code)
