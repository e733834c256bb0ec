"""Delivery jobs: contact sheet, lookbook (HTML or PDF), and ZIP archives of PNGs, cut-outs or print TIFFs."""

from __future__ import annotations

import json
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from muslin.errors import UserError
from muslin.studio import pictures, projects, results
from muslin.studio.controls import slug
from muslin.studio.database import Row
from muslin.studio.errors import StudioError
from muslin.studio.jobs import Own
from muslin.studio.service import Studio

if TYPE_CHECKING:
    from muslin.restyle.lookbook import Look

FORMATS = ("contact_sheet", "lookbook_html", "lookbook_pdf", "cutouts", "tiffs", "zip")
ARCHIVES = {"cutouts": "cutout", "tiffs": "tiff", "zip": "png"}
FIELDS = ("project", "garment", "look", "number", "date")
LONGEST_NAME = 100  # letters of a file's name, which people read in lists
MOST_BYTES = 200  # of it: a file system takes 255, and a suffix comes behind


def run(studio: Studio, own: Own) -> None:
    """Make the file, keep it, name it. Results that were deleted since are left out, and counted as skipped.

    Raises UserError where none is left.
    """
    request = own.request
    found = {identity: _result(studio, identity) for identity in request["results"]}
    rows = [row for row in found.values() if row is not None]
    skipped = [identity for identity, row in found.items() if row is None]
    if not rows:
        raise UserError("All results of this order were deleted.", advice="Choose results and order again.")
    name = slug(request["title"])
    form = request["format"]
    if form in ARCHIVES:
        sha256, media = _archive(studio, own, rows), "application/zip"
        file = f"{name}.zip" if form == "zip" else f"{name}.{form}.zip"
    else:
        data, media, suffix = _book(_looks(studio, own, rows), len(rows), form, request["title"])
        sha256, file = studio.files.add(data, media), f"{name}{suffix}"
    files = [{"name": file, "sha256": sha256}]
    own.end({"written": [file], "looks": len(rows), "skipped": skipped}, files=files)


def _result(studio: Studio, identity: str) -> Row | None:
    try:
        return results.get(studio, identity)
    except StudioError:
        return None


def _book(found: Iterable[Look], count: int, form: str, title: str) -> tuple[bytes, str, str]:
    """(bytes, media type, suffix)."""
    from muslin.images import encode_image
    from muslin.restyle import contact_sheet, lookbook
    from muslin.studio.work import pdf

    if form == "lookbook_pdf":  # page by page: those of a large batch do not fit into memory together
        return pdf.draw(found, count, title), "application/pdf", ".pdf"
    looks = list(found)
    if form == "contact_sheet":
        return encode_image(contact_sheet.draw(looks, title), "PNG"), "image/png", ".contact-sheet.png"
    return lookbook.page(looks, title).encode("utf-8"), "text/html", ".html"


def _looks(studio: Studio, own: Own, rows: Sequence[Row]) -> Iterator[Look]:
    """Results as the lookbook takes them."""
    from muslin.images import at_most
    from muslin.restyle import lookbook

    before = WeakValueDictionary[str, Any]()  # one photo of many looks is kept once, and as long as one of them is
    for number, row in enumerate(rows):
        own.write(progress=round(number / len(rows), 4), note=f"{number + 1} of {len(rows)}")
        about = pictures.summary(studio, row)
        settings = about["settings"]
        photo = settings["source"]["sha256"]
        plain = before.get(photo)
        if plain is None:
            plain = before[photo] = at_most(studio.engine.photo(photo).pixels, lookbook.PAGE_SIDE)
        cloths = dict.fromkeys(style["sha256"] for style in lookbook.cloths(settings))
        worn = [studio.engine.photo(sha256).pixels for sha256 in cloths]
        yield lookbook.Look(
            after=at_most(studio.engine.photo(row["picture"]).pixels, lookbook.PAGE_SIDE),
            before=plain,
            swatches=tuple(map(lookbook.middle_square, worn)),
            garment=about["garment"],
            name=about["look"],
            how=lookbook.controls_in_words(settings, about["print_cm"]),
            group=photo,
            params=settings,
        )


def _archive(studio: Studio, own: Own, rows: Sequence[Row]) -> str:
    """SHA-256 of the kept ZIP: the pictures under the names of the template, and manifest.json."""
    from muslin import __version__

    request = own.request
    project = projects.get(studio, request["project"])["name"]
    form = ARCHIVES[request["format"]]
    taken: set[str] = set()
    listed = []
    with tempfile.NamedTemporaryFile(dir=studio.data, prefix=".deliver-", suffix=".zip", delete=False) as file:
        path = Path(file.name)
        try:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                for number, row in enumerate(rows, start=1):
                    own.write(progress=round((number - 1) / len(rows), 4), note=f"{number} of {len(rows)}")
                    about = pictures.summary(studio, row)
                    fields = {**about, "project": project, "number": f"{number:03d}", "date": time.strftime("%Y-%m-%d")}
                    name = _distinct(named(request["template"], fields), pictures.FORMATS[form][1], taken)
                    data = pictures.encoded(
                        studio, row, form, None if form == "png" else request["ppi"], request["strip_metadata"]
                    )
                    archive.writestr(name, data)
                    listed.append({"file": name, **(_plain(about) if request["strip_metadata"] else about)})
                head = {"format": 1, "title": request["title"], "project": project}
                if not request["strip_metadata"]:
                    head["muslin"] = __version__
                manifest = {**head, "results": listed}
                archive.writestr("manifest.json", json.dumps(manifest, indent=1, ensure_ascii=False))
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    return studio.files.adopt(path, "application/zip")


def _plain(about: Mapping[str, Any]) -> dict[str, Any]:
    """What a manifest says of a picture whose settings and origin stay in the house."""
    return {name: about[name] for name in ("garment", "look")}


def named(template: str, fields: Mapping[str, Any]) -> str:
    """A file name by a template such as '{project}_{garment}_{look}_{number}'; other braces go.

    Long names are shortened each for itself, so that what comes last in the template is still there.
    """
    for longest in range(60, 4, -5):
        name = template
        for field in FIELDS:
            name = name.replace("{" + field + "}", slug(str(fields[field]), longest))
        name = slug(name.replace(".", "-"), 1000)
        if len(name) <= LONGEST_NAME and len(name.encode()) <= MOST_BYTES:
            break
    return slug(name, LONGEST_NAME)


def _distinct(name: str, suffix: str, taken: set[str]) -> str:
    candidate, number = name + suffix, 2
    while candidate.lower() in taken:
        candidate, number = f"{name}-{number}{suffix}", number + 1
    taken.add(candidate.lower())
    return candidate
