"""muslin studio: the designer's page, served on this computer."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

from muslin.cli import terminal
from muslin.cli.commands import Option


def studio(
    port: Annotated[
        int | None, Option("--port", "-p", min=0, max=65535, help="Port to listen on. [8765, or the next free]")
    ] = None,
    host: Annotated[
        str, Option(help="Address to listen on; anything but loopback asks visitors for a token.")
    ] = "127.0.0.1",
    token: Annotated[
        str | None, Option(metavar="WORD", help="The token to ask for. [a new one, where one is needed]")
    ] = None,
    data: Annotated[
        Path | None, Option(metavar="DIR", help="Where projects and pictures are kept. [your data folder]")
    ] = None,
    browser: Annotated[bool, Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
    install_desktop_entry: Annotated[
        bool, Option("--install-desktop-entry", help="Put the studio into the desktop's menu, and stop.")
    ] = False,
) -> None:
    """Open the studio: a page in your browser to restyle, compare, keep and deliver. Everything stays on this computer.

    End it with Ctrl-C. Nothing is lost: jobs that were running go on when it is opened again.
    """
    from muslin.studio import desktop, server, service

    if install_desktop_entry:
        terminal.put(str(desktop.install()))
        return

    shows = browser and _has_display()
    folder = data or service.data_folder()
    if shows and (known := server.address_of(folder)) is not None:  # the menu's entry was chosen twice
        _show(known, "The studio is open already; here it is.")
        return

    def ready(address: str) -> None:
        terminal.put(address)
        terminal.say("The studio is open. Ctrl-C closes it.")
        if shows:
            _show(address)

    server.serve(folder, host=host, port=port, token=token, on_ready=ready)


def _show(address: str, words: str | None = None) -> None:
    import webbrowser

    if words:
        terminal.put(address)
        terminal.say(words)
    webbrowser.open(address)


def _has_display() -> bool:
    """Whether a browser window can appear: without one, webbrowser would start a text browser in the terminal."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
