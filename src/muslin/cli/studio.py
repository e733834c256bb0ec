"""muslin studio: the designer's page, served on this computer."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from muslin.cli import shared, terminal


@click.command()
@shared.port
@shared.host
@shared.token
@shared.data
@click.option("--browser/--no-browser", default=True, help="Open the page in a browser.")
@click.option("--install-desktop-entry", is_flag=True, help="Put the studio into the desktop's menu, and stop.")
def studio(
    port: int | None,
    host: str,
    token: str | None,
    data: Path | None,
    browser: bool,
    install_desktop_entry: bool,
) -> None:
    """Open the studio: a page to restyle, compare, keep and deliver.

    It opens in your browser, and everything stays on this computer.

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
