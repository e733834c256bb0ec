"""The contact sheet: every garment with its looks on one quiet white grid, as PNG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from muslin.images import resize
from muslin.restyle import lettering

if TYPE_CHECKING:
    from muslin.restyle.lookbook import Look

WIDTH = 2400  # pixels: A4 at 200 to 300 ppi
LARGEST_HEIGHT = 20_000
MOST_TITLES = 2
MOST_LINES = 8  # of a caption: more than any settings take, fewer than a hostile file could ask for
INK, QUIET, LINE, PAPER = (26, 25, 24), (111, 107, 101), (222, 218, 211), (255, 255, 255)


@dataclass(frozen=True)
class Cell:
    """One place on the grid: a photo as it was (no look), or a result."""

    picture: np.ndarray
    title: str
    detail: str = ""
    swatches: tuple[np.ndarray, ...] = ()
    opens: bool = False  # the first of its garment


@dataclass(frozen=True)
class Grid:
    """Sizes in pixels.

    Everything is a multiple of one unit, so that the sheet looks the same at any count.
    """

    columns: int
    width: int  # of a cell's picture
    height: int
    gap: int
    space: int  # between garments, beside the gap
    margin: int
    unit: int
    caption: int  # height of the words and swatches below a picture

    @property
    def row(self) -> int:
        return self.height + self.caption + self.gap

    def tops(self, rows: Sequence[Sequence[Cell]], first: int) -> list[int]:
        """Where each row begins, the first at `first`; a new garment is set apart."""
        tops = [first]
        for row in rows[1:]:
            tops.append(tops[-1] + self.row + (self.space if row[0].opens else 0))
        return tops


def draw(looks: Sequence[Look], title: str = "Lookbook", noun: str = "look") -> np.ndarray:
    """The sheet as uint8 HxWx3, 2400 px wide. Looks of one photo share a row, led by the photo itself.

    noun: what one of them is called where they are counted.
    """
    from PIL import Image, ImageDraw

    rows = arrange(looks)
    grid = _grid(rows)
    tops = grid.tops(rows, first=grid.margin + 19 * grid.unit)
    height = tops[-1] + grid.row - grid.gap + grid.margin
    canvas = Image.new("RGB", (WIDTH, height), PAPER)
    pen = ImageDraw.Draw(canvas)
    count = f"{len(looks)} {noun}" + ("" if len(looks) == 1 else "s")
    lettering.line(pen, (grid.margin, grid.margin), title, 7 * grid.unit, INK, WIDTH - 2 * grid.margin)
    lettering.line(pen, (grid.margin, grid.margin + 10 * grid.unit), count, 2.4 * grid.unit, QUIET, WIDTH // 2)
    for top, row in zip(tops, rows, strict=True):
        for column, cell in enumerate(row):
            _draw_cell(canvas, pen, cell, grid, grid.margin + column * (grid.width + grid.gap), top)
    return np.asarray(canvas)


def arrange(looks: Sequence[Look]) -> list[list[Cell]]:
    """Rows of cells. Few looks a garment: several garments share a row; many: a garment wraps to several
    rows.
    """
    from muslin.restyle.lookbook import groups

    parts = []
    for group in groups(looks):
        before = next((look.before for look in group if look.before is not None), None)
        cells = [Cell(before, group[0].garment, "as it was")] if before is not None else []
        cells += [Cell(look.after, look.name, look.how, look.swatches) for look in group]
        parts.append([replace(cells[0], opens=True), *cells[1:]])
    return _in_rows(parts, _columns(parts))


def _in_rows(parts: Sequence[list[Cell]], columns: int) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for cells in parts:
        if rows and len(rows[-1]) + len(cells) <= columns:
            rows[-1] = rows[-1] + cells
        else:
            rows += [cells[start : start + columns] for start in range(0, len(cells), columns)]
    return rows


def _columns(parts: Sequence[list[Cell]]) -> int:
    """3 to 6 columns: those that leave the fewest places empty; short groups stand side by side, of a collection up to
    8 in a row, or the sheet of 70 photos would be eight times as high as wide.
    """
    lengths = [len(cells) for cells in parts]
    if max(lengths) <= 3:
        side_by_side = 1 if sum(lengths) <= 6 else 2 if sum(lengths) <= 40 else 8 // max(lengths)
        return max(3, max(lengths) * side_by_side)
    mostly_short = sum(lengths) > 40 and sorted(lengths)[len(lengths) // 2] <= 3
    possible = (8, 6, 5, 4) if mostly_short else (5, 4, 6, 3)
    return min(possible, key=lambda columns: round(columns * len(_in_rows(parts, columns)) / sum(lengths), 1))


def _grid(rows: Sequence[Sequence[Cell]]) -> Grid:
    columns = max(3, max(len(row) for row in rows))
    ratios = [cell.picture.shape[0] / cell.picture.shape[1] for row in rows for cell in row]
    ratio = float(np.clip(np.median(ratios), 0.6, 1.6))
    unit, margin, space, gap = 10 if columns <= 6 else 7, 130, 50, 64 if columns <= 4 else 48
    width = (WIDTH - 2 * margin - (columns - 1) * gap) // columns
    height = round(width * ratio)
    caption = 3 * unit + round(max(_caption(cell, width, unit).bottom for row in rows for cell in row))
    # very many looks: flatter cells rather than a sheet no program opens
    room = (LARGEST_HEIGHT - 600) // len(rows) - caption - gap - space
    return Grid(columns, width, max(40, min(height, room)), gap, space, margin, unit, caption)


@dataclass(frozen=True)
class Caption:
    """Where the words below a picture stand, in pixels: beside the swatches, or below them where they take up most of
    the width.
    """

    left: float
    top: float
    room: float
    titles: tuple[str, ...]  # lines of the title: two names of cloth are longer than a cell
    lines: tuple[str, ...]  # of the detail, whole: colours that are cut off name other colours
    bottom: float


def _caption(cell: Cell, width: int, unit: int) -> Caption:
    chips = len(cell.swatches[:3]) * (6 * unit + unit // 2)
    beside = width - chips - unit > width / 2
    left, top = (chips + unit if chips else 0, 0) if beside else (0, 7 * unit)
    titles = tuple(lettering.wrapped(cell.title, 2.7 * unit, width - left, MOST_TITLES))
    lines = tuple(lettering.wrapped(cell.detail, 2.2 * unit, width - left, MOST_LINES))
    bottom = top + (3.4 * max(1, len(titles)) + 2.9 * len(lines)) * unit
    return Caption(left, top, width - left, titles, lines, max(6 * unit, bottom))


def _draw_cell(canvas: Any, pen: Any, cell: Cell, grid: Grid, left: int, top: int) -> None:
    """The picture whole, centred in its place; under it the swatch, the name and how it was made."""
    from PIL import Image

    height, width = cell.picture.shape[:2]
    factor = min(grid.width / width, grid.height / height)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    picture = Image.fromarray(resize(cell.picture, *size))
    canvas.paste(picture, (left + (grid.width - size[0]) // 2, top + (grid.height - size[1]) // 2))
    y = top + grid.height + 2 * grid.unit
    x = left
    chip = 6 * grid.unit
    for swatch in cell.swatches[:3]:
        canvas.paste(Image.fromarray(resize(swatch, chip, chip)), (x, y))
        pen.rectangle((x, y, x + chip - 1, y + chip - 1), outline=LINE)
        x += chip + grid.unit // 2
    words = _caption(cell, grid.width, grid.unit)
    start, below = left + words.left, y + words.top
    for line in words.titles:
        lettering.line(pen, (start, below), line, 2.7 * grid.unit, INK, words.room)
        below += 3.4 * grid.unit
    for line in words.lines:
        lettering.line(pen, (start, below), line, 2.2 * grid.unit, QUIET, words.room)
        below += 2.9 * grid.unit
