"""Words on contact sheets and PDF pages: lines, in a font that has all its letters.

Inter (its Latin letters, 48 kB) is shipped. Names in other scripts are drawn with a font of the computer: every system
that shows Chinese has one, and Pillow finds it by its file name. Where there is none, accents are left off and what
still cannot be drawn becomes a dash, rather than boxes.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

SHIPPED = Path(__file__).with_name("inter-latin.woff2")
KNOWN = (  # file names of fonts with many scripts: Linux, macOS, Windows
    "NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "NotoSansSC-Regular.otf", "NotoSansSC-Regular.ttf",
    "SourceHanSansCN-Regular.otf", "SourceHanSansSC-Regular.otf", "wqy-microhei.ttc", "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf", "DroidSansFallback.ttf", "uming.ttc",
    "PingFang.ttc", "Hiragino Sans GB.ttc", "STHeiti Light.ttc", "Songti.ttc", "Arial Unicode.ttf",
    "msyh.ttc", "simhei.ttf", "simsun.ttc", "YuGothM.ttc", "malgun.ttf",
    "NotoSans-Regular.ttf", "DejaVuSans.ttf", "segoeui.ttf", "arial.ttf", "Helvetica.ttc",
)  # fmt: skip
MISSING = "\ufffe"  # no character: what a font draws for it, it draws for every letter that it lacks
DASH = "-"


def line(
    pen: Any, place: tuple[float, float], text: str, size: float, colour: tuple[int, int, int],
    room: float | None = None, anchor: str = "la",
) -> None:  # fmt: skip
    """Draw one line, cut with an ellipsis where it does not fit into `room` pixels. pen: a Pillow ImageDraw."""
    font, text = chosen(" ".join(text.split()), size)
    if room is not None and pen.textlength(text, font=font) > room:
        while text and pen.textlength(text + "…", font=font) > room:
            text = text[:-1]
        text = text.rstrip() + "…"
    pen.text(place, text, font=font, fill=colour, anchor=anchor)


def wrapped(text: str, size: float, room: float, most: int) -> list[str]:
    """The text in lines of at most `room` pixels, broken between words; what goes beyond `most` is in the last."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and (len(lines) >= most or _length(longer, size) <= room):
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _length(text: str, size: float) -> float:
    font, text = chosen(text, size)
    return float(font.getlength(text))


def chosen(text: str, size: float) -> tuple[Any, str]:
    """(the first font that has every letter of the text, the text as that font can draw it)."""
    for name in (str(SHIPPED), *KNOWN):
        if all(_has(name, letter) for letter in set(text)):
            return _font(name, size), text
    best = str(SHIPPED) if _font(str(SHIPPED), 20) is not None else ""
    plain = "".join(letter if _has(best, letter) else unicodedata.normalize("NFKD", letter) for letter in text)
    words = "".join(part if _has(best, part) else DASH for part in plain if not unicodedata.combining(part))
    while DASH * 2 in words:
        words = words.replace(DASH * 2, DASH)
    return _font(best, size), words


@lru_cache(maxsize=256)
def _font(name: str, size: float) -> Any:
    """The font of that file name; Pillow's own for ''; None where there is no such font."""
    from PIL import ImageFont

    if not name:
        return ImageFont.load_default(size)
    try:
        return ImageFont.truetype(name, size)
    except OSError:  # not on this computer, or a FreeType that does not read WOFF2
        return None


@lru_cache(maxsize=4096)
def _has(name: str, letter: str) -> bool:
    font = _font(name, 20)
    if font is None:
        return False
    if letter.isspace():
        return True
    drawn, missing = font.getmask(letter), font.getmask(MISSING)
    return (drawn.size, bytes(drawn)) != (missing.size, bytes(missing))
