"""The command `muslin`. Words at the terminal become calls, results become paths or JSON, errors become
words.

stdout carries data only (paths, one a line, or one JSON document), stderr progress and errors. Exit codes: 0
done, 1 failed while running, 2 wrong usage, 3 bad input, 4 model missing, 5 optional dependency missing, 130
interrupted.

Everything heavy is imported inside the commands, so that --help comes at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from muslin.cli import (
    data,
    demo,
    evaluate,
    export,
    imagine,
    info,
    learn,
    lookbook,
    models,
    recipes,
    restyle,
    serve,
    studio,
    terminal,
    train,
)
from muslin.cli.cluster import with_address
from muslin.errors import EXIT_FAILURE, UserError

INTERRUPTED = 130

app = typer.Typer(
    name="muslin",
    help="Restyle photographs of garments with generative adversarial networks, on your own computer.",
    epilog="Start with: muslin restyle photo.jpg --style swatch.jpg",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("restyle")(restyle.restyle)
app.command("imagine")(imagine.imagine)
app.command("learn")(learn.learn)
app.command("lookbook")(lookbook.lookbook)
app.command("studio")(studio.studio)
app.command("serve")(serve.serve)
app.command("train")(train.train)
app.command("recipes")(recipes.recipes)
app.command("evaluate")(evaluate.evaluate)
app.command("export")(export.export)
app.command("demo")(demo.demo)
app.add_typer(data.app, name="data")
app.add_typer(models.app, name="models")
app.command("info")(info.info)


def _version(asked: bool) -> None:
    if asked:
        from muslin import __version__

        print(f"muslin {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: sys.argv) and return its exit code. Never raises."""
    arguments = with_address(sys.argv[1:] if arguments is None else arguments)
    try:
        result = app(args=arguments, prog_name="muslin", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except UserError as error:
        terminal.user_error(error, as_json="--json" in arguments)
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        terminal.say("Stopped.")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        terminal.discard_stdout()
        return EXIT_FAILURE
    except Exception as error:
        if hasattr(error, "format_message"):  # what the command line parser raises, of whatever version
            terminal.usage_error(error)
            return int(getattr(error, "exit_code", 2))
        terminal.unexpected(error, as_json="--json" in arguments)
        return EXIT_FAILURE


def main() -> None:
    """Entry point of the `muslin` script."""
    sys.exit(run())
