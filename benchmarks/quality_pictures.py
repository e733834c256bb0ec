"""Pictures of what benchmarks/quality.py measured: the curves, and a sheet of what each contestant made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]
COLOURS: dict[str, Colour] = {
    "drape": (0, 110, 90),
    "cut": (40, 90, 200),
    "cut fast": (140, 80, 190),
    "FastCUT": (205, 70, 40),
}
PANELS = {
    "kid": "KID x 1000 to garments of the look; bars: 95 %; dashes: the photos as they are",
    "shading": "shading correlation with the photo",
    "visible leakage": "share of the pixels outside the garment that changed by more than 16 of 255",
}
WIDTH, HEIGHT, LEFT, RIGHT, GAP = 1400, 380, 90, 30, 80
FIRST = 5.0  # seconds, at the left end
GREY = (225, 225, 225)


def best(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return min(rows, key=lambda row: row["kid"])


def chart(result: dict[str, Any]) -> np.ndarray:
    """A panel for each measure, over processor seconds on a logarithmic axis. uint8 HxWx3."""
    picture = Image.new("RGB", (WIDTH, len(PANELS) * (HEIGHT + GAP) + 20), "white")
    draw = ImageDraw.Draw(picture)
    contestants = {name: result[name] for name in COLOURS if result[name]}
    last = 1.15 * max(row["seconds"] for rows in contestants.values() for row in rows)
    for number, (key, title) in enumerate(PANELS.items()):
        shown = [row for rows in contestants.values() for row in rows] + [result["the photos as they are"]]
        most = 200 * np.ceil(max(row["high"] for row in shown if "high" in row) / 200) if key == "kid" else 1.0
        place = axes(draw, 40 + number * (HEIGHT + GAP), title, last, most)
        level = place(FIRST, result["the photos as they are"][key])[1]
        for start in range(LEFT, WIDTH - RIGHT, 16):
            draw.line([(start, level), (start + 8, level)], (120, 120, 120), 2)
        for line, (name, rows) in enumerate(contestants.items()):
            curve(draw, place, key, rows, COLOURS[name])
            if number == 0:
                at = (WIDTH - RIGHT - 12, 52 + 28 * line)
                draw.text(at, name, COLOURS[name], ImageFont.load_default(24), anchor="ra")
    return np.asarray(picture)


def axes(draw: Any, top: int, title: str, last: float, most: float) -> Callable[[float, float], tuple[float, float]]:
    """Draw a panel's frame; returns (seconds, value) -> (x, y) in it."""
    font, right, bottom = ImageFont.load_default(20), WIDTH - RIGHT, top + HEIGHT

    def place(seconds: float, value: float) -> tuple[float, float]:
        share = np.log(seconds / FIRST) / np.log(last / FIRST)
        return LEFT + share * (right - LEFT), bottom - HEIGHT * max(value, 0.0) / most

    draw.text((LEFT, top - 32), title, "black", font)
    for share in (0, 0.25, 0.5, 0.75, 1):
        _, y = place(FIRST, share * most)
        draw.line([(LEFT, y), (right, y)], GREY, 1)
        draw.text(
            (LEFT - 10, y), f"{share * most:.0f}" if most > 5 else f"{share * most:.2f}", "black", font, anchor="rm"
        )
    for seconds in (10, 30, 100, 300, 1000, 3000):
        if seconds < last:
            x, _ = place(seconds, 0)
            draw.line([(x, top), (x, bottom)], GREY, 1)
            draw.text((x, bottom + 6), f"{seconds} s", "black", font, anchor="ma")
    return place


def curve(draw: Any, place: Callable[..., Any], key: str, rows: list[dict[str, Any]], colour: Colour) -> None:
    points = [place(row["seconds"], row[key]) for row in rows]
    if key == "kid":
        pale = tuple(part // 2 + 127 for part in colour)
        for row in rows:
            draw.line([place(row["seconds"], row["low"]), place(row["seconds"], row["high"])], pale, 3)
    draw.line(points, colour, 4, joint="curve")
    for x, y in points:
        draw.ellipse([x - 5, y - 5, x + 5, y + 5], colour)


def sheet(work: Path, result: dict[str, Any], columns: int = 10) -> np.ndarray:
    """Rows: photos; FastCUT, cut fast, cut at their best; drape at once and at its end; real garments of the look."""
    pictures = dict(np.load(work / "set.npz"))

    def kept(name: str, row: dict[str, Any]) -> np.ndarray:
        return np.load(work / name / f"{row['seconds']:.1f}.npz")["made"]

    rows = [pictures["judged"]]
    rows += [kept(name, best(result[name])) for name in ("FastCUT", "cut fast", "cut") if result[name]]
    rows += [kept("drape", row) for row in result["drape"][:: max(1, len(result["drape"]) - 1)]]
    rows.append(pictures["look"][:: max(1, len(pictures["look"]) // columns)])
    small = np.vstack([np.hstack(list(row[:columns])) for row in rows])
    return cv2.resize(small, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
