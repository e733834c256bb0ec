"""A lookbook from any set of results: one HTML page that needs nothing else, and a contact sheet.

`gather` turns results (Restyled objects, or files that carry their settings) into looks, `page` and
`contact_sheet.draw` lay them out, `write` saves both.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from muslin.errors import EXIT_DATA, UserError
from muslin.images import CONTACT_SHEET, at_most, encode_image, read_image, resize, write_bytes, write_image
from muslin.restyle import contact_sheet, metadata

PAGE_SIDE = 1200  # pixels, longer side of a picture on the page
MOST_ALONE = 1.5  # looks a garment, below which garments have no sections of their own
SWATCH_SIDE = 132  # three times what is shown, for dense screens


@dataclass(frozen=True)
class Look:
    """One result, small enough to keep hundreds.

    after: uint8 HxWx3. before: the photo it was made from, uint8, or None when it cannot be found.
    swatches: uint8, square.  garment, name, how: words.  group: looks of one photo share it.
    """

    after: np.ndarray
    before: np.ndarray | None = None
    swatches: tuple[np.ndarray, ...] = ()
    garment: str = "Garment"
    name: str = "Look"
    how: str = ""
    group: str = ""
    params: Mapping[str, Any] = field(default_factory=dict, compare=False)


def gather(results: Iterable[Any]) -> tuple[list[Look], list[str]]:
    """The looks of Restyled objects and of files (PNG, JPEG, ...); and, in words, what had to be left out.

    A file that cannot be read is left out, and so is a picture without settings among pictures with them (a
    folder that holds photos and results); pictures without settings alone are shown as they are, without a
    slider.
    """
    looks: list[Look] = []
    plain: list[Look] = []
    skipped: list[str] = []
    cache: dict[tuple[Path, bool], np.ndarray | None] = {}
    arrays: dict[bytes, np.ndarray] = {}  # one photo of many looks is kept once
    for result in results:
        if not isinstance(result, (str, Path)):
            before = at_most(result.garment.photo.pixels, PAGE_SIDE)
            before = arrays.setdefault(hashlib.sha1(before.tobytes()).digest(), before)
            looks.append(_look(result.image, result.params, Path("."), cache, before=before))
            continue
        try:
            photo = read_image(result)
        except UserError as error:
            skipped.append(str(error))
            continue
        settings = metadata.settings_from(photo)
        if settings is None:
            name = words(Path(result).stem)
            plain.append(Look(at_most(photo.pixels, PAGE_SIDE), garment=name, name=name, group=str(result)))
        else:
            looks.append(_look(photo.pixels, settings, Path(result).parent, cache))
    if looks:
        skipped += [f"{look.group}: it carries no settings, so it is no result of muslin." for look in plain]
    return looks or plain, skipped


def write(looks: Sequence[Look], output: str | Path, *, title: str = "Lookbook", overwrite: bool = False) -> list[Path]:
    """Write the page (output ends in .html), the sheet (in .png, .jpg, ...), or both into the folder
    `output`.

    Raises UserError when there are no looks, or when a file exists and `overwrite` is False.
    """
    if not looks:
        raise UserError(
            "There is nothing to put into the lookbook.",
            advice="Give pictures made by muslin restyle, or a folder of them.",
            exit_code=EXIT_DATA,
        )
    output = Path(output)
    suffix = output.suffix.lower()
    if suffix in (".html", ".htm"):
        page_path, sheet_path = output, None
    elif suffix in (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff"):
        page_path, sheet_path = None, output
    else:
        page_path, sheet_path = output / "lookbook.html", output / CONTACT_SHEET
    for path in (page_path, sheet_path):
        if path is not None and path.exists() and not overwrite:
            raise UserError(f"'{path}' exists already.", advice="Allow replacing it with --overwrite, or use -o.")
    (page_path or sheet_path or output).parent.mkdir(parents=True, exist_ok=True)
    written = []
    if page_path is not None:
        written.append(write_bytes(page_path, page(looks, title).encode("utf-8"), overwrite=overwrite))
    if sheet_path is not None:
        written.append(write_image(sheet_path, contact_sheet.draw(looks, title), overwrite=overwrite))
    return written


def groups(looks: Sequence[Look]) -> list[list[Look]]:
    """The looks of each garment photo together, in the order of their first appearance."""
    found: dict[str, list[Look]] = {}
    for look in looks:
        found.setdefault(look.group, []).append(look)
    return list(found.values())


def page(looks: Sequence[Look], title: str = "Lookbook") -> str:
    """The whole page as HTML: pictures inside as data, no outside request, every text escaped."""
    from muslin import __version__

    template = Template(Path(__file__).with_name("lookbook.html").read_text(encoding="utf-8"))
    parts = groups(looks)
    lead = f"{_count(len(looks), 'look')} on {_count(len(parts), 'garment')}"
    # Garments with hardly more than one look each would make a page of headings: they share one section.
    single = len(looks) < MOST_ALONE * len(parts)
    sections = (
        [_section("", list(looks), 0)]
        if single
        else [_section(part[0].garment, part, number) for number, part in enumerate(parts)]
    )
    return template.substitute(
        title=html.escape(title),
        lead=html.escape(lead),
        version=html.escape(__version__),
        sections="\n".join(sections),
    )


def _section(heading: str, looks: Sequence[Look], number: int) -> str:
    head = f"<h2>{html.escape(heading)}<small>{_count(len(looks), 'look')}</small></h2>\n" if heading else ""
    shown: dict[int, str] = {}
    columns = min((4, 3), key=lambda count: -len(looks) % count) if len(looks) > 3 else 3
    figures = "\n".join(_figure(look, f"p{number}-{index}", shown, not heading) for index, look in enumerate(looks))
    return f'<section>\n{head}<div class="looks" style="--columns: {columns}">\n{figures}\n</div>\n</section>'


def _figure(look: Look, identity: str, shown: dict[int, str], name_garment: bool) -> str:
    """One card. A photo that several looks share is embedded once (`shown`) and copied by the page's script."""
    height, width = look.after.shape[:2]
    ratio = min(1.5, max(0.56, width / height))
    name = f"{look.garment} in {look.name}" if name_garment and look.garment != look.name else look.name
    label = html.escape(name, quote=True)
    inner = [f'<img class="after" alt="{label}" src="{_data(look.after)}">']
    if look.before is not None:
        if id(look.before) in shown:
            source = f'data-copy="{shown[id(look.before)]}"'
        else:
            shown[id(look.before)] = identity
            source = f'id="{identity}" src="{_data(look.before)}"'
        inner += [
            f'<img class="before" alt="" {source}>',
            '<span class="seam"></span>',
            '<span class="tag left">Before</span><span class="tag right">After</span>',
            f'<input type="range" min="0" max="100" value="34" aria-label="Before and after, {label}">',
        ]
    swatches = "".join(f'<img alt="" src="{_data(swatch)}">' for swatch in look.swatches)
    caption = [
        f'<span class="swatches">{swatches}</span>' if swatches else "<span></span>",
        f'<span class="name">{html.escape(name)}</span>',
        f'<span class="how">{html.escape(look.how)}</span>' if look.how else "",
        '<button type="button" aria-pressed="false">Larger</button>',
    ]
    return (
        f'<figure style="--ratio: {ratio:.4f}"><div class="frame">{"".join(inner)}</div>'
        f"<figcaption>{''.join(caption)}</figcaption></figure>"
    )


def _look(
    image: np.ndarray,
    params: Mapping[str, Any],
    folder: Path,
    cache: dict[tuple[Path, bool], np.ndarray | None],
    before: np.ndarray | None = None,
) -> Look:
    def picture(entry: Any, square: bool) -> np.ndarray | None:
        path = metadata.locate(entry, folder, exact=True) if isinstance(entry, Mapping) else None
        if path is None:
            return None
        if (path, square) not in cache:  # a garment may be a swatch as well
            try:
                pixels = read_image(path).pixels
                cache[path, square] = middle_square(pixels) if square else at_most(pixels, PAGE_SIDE)
            except UserError:
                cache[path, square] = None
        return cache[path, square]

    source: Any = params.get("source")
    source = source if isinstance(source, Mapping) else {}
    styles = [style for style in metadata.listed(params.get("styles")) if isinstance(style, Mapping)]
    worn = {str(style.get("sha256") or style.get("path")): style for style in cloths(params)}.values()  # each once
    before = picture(source, False) if before is None else before
    after = at_most(image, PAGE_SIDE)
    if before is not None and abs(before.shape[0] / before.shape[1] / (after.shape[0] / after.shape[1]) - 1) > 0.02:
        before = None  # another crop: laid over each other they would not match
    name = " + ".join(words(_stem(style["path"])) for style in styles if style.get("path"))
    garment = words(_stem(source["path"])) if source.get("path") else "Garment"
    return Look(
        after=after,
        before=before,
        swatches=tuple(p for p in (picture(style, True) for style in worn) if p is not None),
        garment=garment,
        name=name or "Look",
        how=controls_in_words(params),
        group=str(source.get("sha256") or source.get("path") or (id(before) if before is not None else id(params))),
        params=params,
    )


def cloths(params: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Entries of all swatches of a result, those that parts wear last."""
    on = params.get("on")
    return [
        entry
        for entry in (*metadata.listed(params.get("styles")), *(on.values() if isinstance(on, Mapping) else ()))
        if isinstance(entry, Mapping)
    ]


def _parts_in_words(on: Any) -> list[str]:
    """'collar in White', 'strip kept'."""
    worn = on.items() if isinstance(on, Mapping) else ()
    return [
        f"{name} in {words(_stem(entry['path']))}" if isinstance(entry, Mapping) else f"{name} kept"
        for name, entry in worn
        if entry == metadata.KEEP or (isinstance(entry, Mapping) and entry.get("path"))
    ]


def controls_in_words(params: Mapping[str, Any], print_cm: float | None = None) -> str:
    """The controls that were moved, as a designer says them: 'scale 1.4, half-drop, 15°, strength 80 %'.

    print_cm: width of one repeat on the garment, where it is known; said in place of the scale.
    """
    controls = params.get("controls")
    if not isinstance(controls, Mapping):
        return ""
    said = _parts_in_words(params.get("on"))
    scale, rotation = controls.get("scale"), controls.get("rotation")
    if isinstance(scale, (int, float)):
        if print_cm is not None:
            said.append("print " + f"{print_cm:.1f}".removesuffix(".0") + " cm")
        elif abs(scale - 1) > 0.005:
            said.append(f"scale {scale:.2f}".rstrip("0").rstrip("."))
    if isinstance(controls.get("repeat"), str) and controls["repeat"] != "straight":
        said.append("placed once" if controls["repeat"] == "once" else controls["repeat"])
    if isinstance(rotation, (int, float)) and abs(rotation) > 0.05:
        said.append(f"{rotation:.1f}".rstrip("0").rstrip(".") + "°")
    for name in ("strength", "shading"):
        if isinstance(controls.get(name), (int, float)) and abs(controls[name] - 1) > 0.005:
            said.append(f"{name} {controls[name]:.0%}".replace("%", " %"))
    if controls.get("palette"):
        said.append(_palette_in_words(controls["palette"]))
    return ", ".join(said)


def _palette_in_words(palette: Any, most: int = 3) -> str:
    """The new colours, 'in #606989, #a098ea'; what is kept ('#865f5c=keep') is not among them."""
    given = palette.split(",") if isinstance(palette, str) else []
    new = [name for word in given if (name := word.split("=")[-1].strip()) not in ("", "keep")]
    return f"in {', '.join(new[:most])}{'…' if len(new) > most else ''}" if new else "recoloured"


def _stem(path: Any) -> str:
    """Of a path as any system writes it."""
    return Path(str(path).replace("\\", "/")).stem


def words(stem: str) -> str:
    """A file's stem as words: 'tartan_red-2' -> 'Tartan red 2'."""
    text = " ".join(re.sub(r"[_\-.\s]+", " ", stem).split())
    return text[:1].upper() + text[1:] if text else "Untitled"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def middle_square(pixels: np.ndarray, side: int = SWATCH_SIDE) -> np.ndarray:
    """The middle of a swatch, as large a square as it holds."""
    height, width = pixels.shape[:2]
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    return resize(np.ascontiguousarray(pixels[top : top + edge, left : left + edge]), side, side)


def _data(pixels: np.ndarray) -> str:
    encoded = encode_image(pixels, "WEBP", quality=84)
    return "data:image/webp;base64," + base64.b64encode(encoded).decode("ascii")
