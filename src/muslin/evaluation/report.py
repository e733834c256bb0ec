"""An evaluation as one HTML page that needs nothing else: figures in words, then the pictures, the worst first."""

from __future__ import annotations

import base64
import html
from pathlib import Path
from string import Template

from muslin.errors import UserError
from muslin.evaluation.evaluate import Case, Evaluation
from muslin.evaluation.measures import FAIR, GOOD, POOR, Measure
from muslin.images import encode_image, read_image, resize, write_bytes

SIDE, SMALL = 420, 150  # px, the longer side of a made picture, and of what stands beside it
SHOWN = 60  # pictures on the page
SCALES = {
    "shading": (0.0, 1.0),
    "density": (0.0, 2.0),
    "seam": (0.0, 1.0),
    "palette": (0.0, 30.0),
    "leakage": (0, 0.05),
}


def write(found: Evaluation, path: str | Path, *, title: str | None = None, overwrite: bool = False) -> Path:
    """Write the page. Raises UserError where the file exists and `overwrite` is False."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_bytes(path, page(found, title).encode("utf-8"), overwrite=overwrite)


def page(found: Evaluation, title: str | None = None) -> str:
    """The whole page: pictures inside as data, no outside request, every text escaped."""
    from muslin import __version__

    template = Template(Path(__file__).with_name("report.html").read_text(encoding="utf-8"))
    made, real = found.counts
    lead = f"{made:,} made" + (f" · {real:,} of yours ({Path(found.real).name})" if found.real else "")
    patches = ", on patches" if found.network.get("patches") else ""
    return template.substitute(
        title=html.escape(title or Path(found.made).name or "Evaluation"),
        lead=html.escape(lead),
        verdict=html.escape(verdict(found)),
        version=html.escape(__version__),
        warnings=_list(found.warnings),
        groups="\n".join(_group(name, measures) for name, measures in grouped(found).items()),
        cases=_cases(found.cases),
        network=html.escape(
            f"Pictures are compared by {found.network['name']} at {found.network['side']} px{patches}, "
            f"SHA-256 {found.network['sha256']}."
        ),
    )


def grouped(found: Evaluation) -> dict[str, list[Measure]]:
    """Heading -> its measures, in the order in which they stand in measures.KINDS."""
    groups: dict[str, list[Measure]] = {}
    for measure in found.measures:
        groups.setdefault(measure.kind.group, []).append(measure)
    return groups


def verdict(found: Evaluation) -> str:
    """The whole in a sentence or two: what to look at first, what is well."""
    by_level: dict[str, list[str]] = {}
    for measure in found.measures:
        words = f"{measure.kind.title[:1].lower()}{measure.kind.title[1:]} ({measure.shown})"
        by_level.setdefault(measure.judged[0], []).append(words)
    parts = [
        f"{head}: {', '.join(by_level[level])}."
        for level, head in ((POOR, "Look first at"), (FAIR, "Then at"), (GOOD, "Well"))
        if level in by_level
    ]
    return " ".join(parts)


def _group(name: str, measures: list[Measure]) -> str:
    rows = "\n".join(_row(measure) for measure in measures)
    return f"<section>\n<h2>{html.escape(name)}</h2>\n{rows}\n</section>"


def _row(measure: Measure) -> str:
    level, sentence = measure.judged
    note = f" · {measure.note}" if measure.note else ""
    return (
        f'<div class="row"><div>{html.escape(measure.kind.title)}'
        f'<span class="term">{html.escape(measure.kind.term + note)}</span></div>'
        f'<div class="value">{html.escape(measure.shown)}</div><div class="meter">{_track(measure, level)}'
        f'<div class="range">{html.escape(measure.interval)}</div></div>'
        f'<div class="says"><span class="dot {level}"></span>'
        f"<span>{html.escape(_sentence(sentence))}</span></div></div>"
    )


def _track(measure: Measure, level: str) -> str:
    """The interval and the value on a line, where the measure has ends."""
    ends = SCALES.get(measure.key, (0.0, 1.0) if measure.kind.unit else None)
    if ends is None:
        return ""
    places = [
        100.0 * min(1.0, max(0.0, (value - ends[0]) / (ends[1] - ends[0])))
        for value in (measure.estimate.low, measure.estimate.high, measure.estimate.value)
    ]
    low, high, value = places
    return (
        f'<div class="track"><i style="left:{low:.1f}%;width:{max(0.0, high - low):.1f}%"></i>'
        f'<b class="{level}" style="left:{value:.1f}%"></b></div>'
    )


def _list(warnings: tuple[str, ...]) -> str:
    if not warnings:
        return ""
    return '<ul class="warnings">' + "".join(f"<li>{html.escape(text)}</li>" for text in warnings) + "</ul>"


def _cases(cases: tuple[Case, ...]) -> str:
    figures = [figure for case in cases[:SHOWN] if (figure := _figure(case))]
    more = f" The first {SHOWN} of {len(cases):,}." if len(cases) > SHOWN else ""
    note = f'<p class="note">The most worrying come first.{more}</p>'
    return (
        f'<section>\n<h2>The pictures</h2>\n{note}\n<div class="cases">\n' + "\n".join(figures) + "\n</div>\n</section>"
    )


def _figure(case: Case) -> str:
    made = _data(case.made, SIDE)
    if made is None:
        return ""
    beside = []
    for path, words in (
        (case.origin.photo, "the photo"),
        *((swatch, "the swatch") for swatch in case.origin.swatches[:2]),
        (case.nearest, "most like it, of yours"),
    ):
        if path is not None and (data := _data(path, SMALL)) is not None:
            beside.append(f'<span><img alt="" src="{data}">{words}</span>')
    head = f"<em>{html.escape(case.words)}</em>" if case.words else ""
    return (
        f'<figure><img class="made" alt="{html.escape(case.made.stem, quote=True)}" src="{made}">'
        f'<div class="beside">{"".join(beside)}</div>'
        f"<figcaption>{head}<small>{html.escape(_figures(case))}</small></figcaption></figure>"
    )


def _figures(case: Case) -> str:
    one = case.faithful
    parts = [case.made.name]
    if one is not None:
        parts.append(f"outline {one.silhouette:.0%}, light {one.shading:.2f}")
        if one.leakage:
            parts.append(f"{one.leakage:.2%} changed outside")
        if one.ghost is not None:
            parts.append(f"{one.ghost:.0%} of the old print left")
        if one.palette is not None:
            parts.append(f"colour {one.palette:.0f} off the swatch")
    elif case.closeness is not None:
        parts.append(f"{case.closeness:.2f} of the usual distance")
    return " · ".join(parts)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _data(path: Path, side: int) -> str | None:
    """The picture as a data address, at most `side` px; None where it cannot be read."""
    try:
        pixels = read_image(path).pixels
    except UserError:
        return None
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    if scale < 1 or max(height, width) < 128:  # tiny ones are enlarged here: browsers would blur them
        pixels = resize(pixels, max(1, round(width * scale)), max(1, round(height * scale)))
    return "data:image/webp;base64," + base64.b64encode(encode_image(pixels, "WEBP", quality=84)).decode("ascii")
