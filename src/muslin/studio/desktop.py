"""An entry in the desktop's menu, so that the studio opens without a terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from muslin.errors import UserError
from muslin.images import write_bytes

ENTRY = """[Desktop Entry]
Type=Application
Name=muslin studio
Name[zh_CN]=muslin 工作室
Comment=Restyle photographs of garments
Comment[zh_CN]=为服装照片更换面料
Exec={command}
Icon=applications-graphics
Terminal=true
Categories=Graphics;
"""


def install() -> Path:
    """Write the entry and return its path. Linux desktops only (freedesktop.org); UserError elsewhere."""
    if sys.platform in ("win32", "darwin"):
        raise UserError(
            "A desktop entry can be installed on Linux desktops only.",
            received=sys.platform,
            advice="Make a shortcut to the command: muslin studio",
        )
    base = Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "applications"
    base.mkdir(parents=True, exist_ok=True)
    # Twice: the words of Exec are quoted, and a backslash in a value is written as two.
    python = sys.executable
    for character in ("\\", '"', "$", "`"):
        python = python.replace(character, "\\" + character)
    command = f'"{python}" -m muslin.cli studio'.replace("\\", "\\\\").replace("%", "%%")
    entry = ENTRY.format(command=command)
    return write_bytes(base / "muslin-studio.desktop", entry.encode("utf-8"), overwrite=True)
