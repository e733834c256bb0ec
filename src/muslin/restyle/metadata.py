"""Settings and provenance carried by every saved picture, so that it can be made again and is honest about
itself.

A PNG carries two text chunks: `parameters` (one line for people and for picture browsers) and `muslin`
(JSON, the settings themselves). Every format carries XMP with the IPTC digital source type, and the same
JSON inside it.

The settings are a plain dict, built by `describe`:

    {"format": 1, "muslin": "0.1.0", "kind": "restyle",
     "model": {"name": "drape", "sha256": "..."},
     "source": {"path": "shirt.jpg", "sha256": "..."},
     "styles": [{"path": "tartan.png", "sha256": "...", "weight": 1.0}],  ("shows": "garment" if its cloth was cut)
     "mask": {"kind": "auto", "path": None, "sha256": None, "confidence": 0.97},
     "seed": 0, "size": [768, 1024],
     "controls": {"scale": 1.0, "rotation": 0.0, "repeat": "straight", "strength": 1.0, ...},
     "on": {"collar": {"path": "white.png", "sha256": "..."}, "strip": "keep"}}        (where parts wear other cloth)

Paths are kept as they were given; `recall` looks for the files again, checks their hashes and says what
changed.
"""

from __future__ import annotations

import hashlib
import html
import json
import math
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from muslin.errors import EXIT_DATA, UserError

if TYPE_CHECKING:
    from muslin.images import Photo

FORMAT = 1
KEEP = "keep"  # of garments.parts, not imported just to read settings
MASK_WORDS = ("auto", "upper", "lower", "none")  # in place of a mask: found, a part of what is worn, everything
MAX_SETTINGS_CHARS = 1_000_000  # a picture comes from anywhere; its settings must not fill the memory
LARGEST_NUMBER = 1e18  # of a setting; JSON knows larger ones, which overflow
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XMP = "http://ns.adobe.com/xap/1.0/"
IPTC_EXTENSION = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
MUSLIN = "urn:x-muslin:settings#"

# What a person calls each control, in the order in which the line names them.
LABELS = {
    "scale": "Scale",
    "rotation": "Rotation",
    "offset": "Offset",
    "repeat": "Repeat",
    "strength": "Strength",
    "shading": "Shading",
    "palette": "Palette",
    "mix": "Mix",
    "seams": "Seams",
    "seamless": "Seamless",
    "shows": "Shows",
    "look": "Look",
    "look_mix": "Looks",
}


def file_entry(path: str | Path | None, **more: Any) -> dict[str, Any]:
    """Path (as given) and SHA-256 of a file; both None when there is no file (an array, standard input)."""
    if path is None:
        return {"path": None, "sha256": None, **more}
    return {"path": str(path), "sha256": sha256_of(path), **more}


def model_entry(model: Any, given: str) -> dict[str, Any]:
    """Name and hash of a `store.Model`; and the folder, where it was `given` by that and not by its name."""
    own = {"name": model.name, "sha256": model.sha256}
    return own if given == model.name else {**own, "folder": given}


def sha256_of(path: str | Path) -> str | None:
    """Hexadecimal SHA-256 of a file's bytes; None when it cannot be read (twice: a pipe gives its bytes once)."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return None


def describe(
    *,
    model: Mapping[str, Any],
    source: str | Path | None,
    styles: Iterable[tuple[str | Path | None, float]],
    mask: Mapping[str, Any],
    seed: int,
    size: Sequence[int],
    controls: Mapping[str, Any],
    on: Mapping[str, str | Path | None] | None = None,
    kind: str = "restyle",
) -> dict[str, Any]:
    """The settings of one picture as the dict above.

    `size` is (width, height) in pixels. on: of each part that wears something else its file, or KEEP. Files are hashed
    here.
    """
    from muslin import __version__

    parts = {name: KEEP if path == KEEP else file_entry(path) for name, path in (on or {}).items()}
    return {
        "format": FORMAT,
        "muslin": __version__,
        "kind": kind,
        "model": dict(model),
        "source": file_entry(source),
        "styles": [file_entry(path, weight=float(weight)) for path, weight in styles],
        "mask": dict(mask),
        "seed": int(seed),
        "size": [int(side) for side in size],
        "controls": dict(controls),
        **({"on": parts} if parts else {}),
    }


def settings_to_text(params: Mapping[str, Any]) -> dict[str, str]:
    """The PNG text chunks for these settings: 'parameters' (one human line) and 'muslin' (JSON)."""
    return {"parameters": human_line(params), "muslin": to_json(params)}


def to_json(params: Mapping[str, Any]) -> str:
    """ASCII JSON without NaN: safe inside iTXt and XML whatever a file is called."""
    return json.dumps(_plain(params), ensure_ascii=True, allow_nan=False, sort_keys=False)


def human_line(params: Mapping[str, Any]) -> str:
    """One line such as 'restyle shirt.jpg in tartan.png, Scale: 1, Repeat: half-drop, Seed: 3, Model:
    drape'.
    """
    controls = _mapping(params.get("controls"))
    styles = [_mapping(style) for style in listed(params.get("styles"))]
    looks = " + ".join(
        _name(style) + (f" ({_short(style.get('weight'))})" if len(styles) > 1 else "") for style in styles
    )
    head = f"{params.get('kind', 'restyle')} {_name(_mapping(params.get('source')))}"
    parts = [f"{head} in {looks}" if looks else head]
    parts += [f"{name.capitalize()}: {_worn(entry)}" for name, entry in _mapping(params.get("on")).items()]
    parts += [f"{label}: {_short(controls[key])}" for key, label in LABELS.items() if controls.get(key) is not None]
    model = _mapping(params.get("model"))
    parts += [f"Mask: {_mapping(params.get('mask')).get('kind', 'auto')}", f"Seed: {params.get('seed', 0)}"]
    if listed(params.get("size")):
        parts.append("Size: " + "x".join(str(side) for side in listed(params["size"])))
    if model.get("name"):
        parts.append(f"Model: {model['name']}")
    if model.get("sha256"):
        parts.append(f"Model hash: {str(model['sha256'])[:10]}")
    parts.append(f"Version: muslin {params.get('muslin', '')}".rstrip())
    line = ", ".join(parts)
    return " ".join(line.encode("utf-8", "replace").decode("utf-8").split())


def provenance_xmp(params: Mapping[str, Any]) -> bytes:
    """An XMP packet (UTF-8) that says a trained algorithm had a part in this picture, and the settings.

    IPTC NewsCodes digital source type: 'composite with trained algorithmic media' for a restyled photo,
    'trained algorithmic media' for a picture made from noise alone.
    """
    generated = params.get("kind", "restyle") not in ("restyle", "recolour")
    source_type = SOURCE_TYPE + ("trainedAlgorithmicMedia" if generated else "compositeWithTrainedAlgorithmicMedia")
    packet = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="{RDF}">
  <rdf:Description rdf:about="" xmlns:xmp="{XMP}" xmlns:Iptc4xmpExt="{IPTC_EXTENSION}"
  xmlns:muslin="{MUSLIN}">
   <xmp:CreatorTool>muslin {html.escape(str(params.get("muslin", "")), quote=False)}</xmp:CreatorTool>
   <Iptc4xmpExt:DigitalSourceType>{source_type}</Iptc4xmpExt:DigitalSourceType>
   <muslin:settings>{html.escape(to_json(params), quote=False)}</muslin:settings>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""
    return packet.encode("utf-8")


def settings_from(photo: Photo) -> dict[str, Any] | None:
    """The settings a picture carries, or None when it carries none that can be read."""
    metadata = photo.metadata
    text = metadata.get("muslin")
    if not text and metadata.get("xmp"):
        text = _settings_in_xmp(metadata["xmp"])
    if not text or len(text) > MAX_SETTINGS_CHARS:
        return None
    try:
        settings = json.loads(text, parse_int=lambda digits: int(digits) if len(digits) < 40 else math.inf)
    except (ValueError, RecursionError):
        return None
    return settings if isinstance(settings, dict) else None


def _settings_in_xmp(xmp: str | bytes) -> str | None:
    """The muslin:settings text of an XMP packet; None when absent, malformed or carrying a DTD (entity
    bombs).
    """
    from xml.etree import ElementTree

    data = xmp if isinstance(xmp, bytes) else xmp.encode("utf-8", "replace")
    if len(data) > 2 * MAX_SETTINGS_CHARS or b"<!" in data:
        return None
    try:
        element = ElementTree.fromstring(data).find(f".//{{{MUSLIN}}}settings")
    except (ElementTree.ParseError, ValueError):
        return None
    return None if element is None else element.text


@dataclass(frozen=True)
class Recalled:
    """What is needed to make a picture again. `notes` says in words which files changed or moved."""

    source: Path | None
    styles: list[tuple[Path, float]]
    mask: Path | str | None  # a file, 'auto', 'none', or None: as the photo itself says
    seed: int
    controls: dict[str, Any]
    model: str | None
    on: dict[str, Path | str] = field(default_factory=dict)  # what parts wear, a file or 'keep'
    notes: list[str] = field(default_factory=list)


def recall(settings: Mapping[str, Any], near: str | Path) -> Recalled:
    """Turn settings back into files and controls. `near` is the picture that carried them.

    Files are looked for where they were, then relative to the picture and beside it; a file whose hash
    differs is used with a note. Raises UserError when a swatch is nowhere to be found or a value is not what
    it should be.
    """
    notes: list[str] = []
    folder = Path(near).parent
    styles = []
    for style in _sequence(settings.get("styles"), "styles"):
        entry = _mapping(style)
        path = _swatch(entry, Path(near), notes, "--style")
        styles.append((path, _number(entry.get("weight", 1.0), "weight")))
    mask = _recalled_mask(_mapping(settings.get("mask")), folder, notes)
    return Recalled(
        source=locate(_mapping(settings.get("source")), folder, notes),
        styles=styles,
        mask=mask,
        seed=int(_number(settings.get("seed", 0), "seed")),
        controls=controls_from(_mapping(settings.get("controls"))),
        model=_recalled_model(_mapping(settings.get("model"))),
        on={
            name: KEEP if entry == KEEP else _swatch(_mapping(entry), Path(near), notes, f"--on {name}=")
            for name, entry in parts_from(settings).items()
        },
        notes=notes,
    )


def parts_from(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What parts wear, by name: entries of files, or KEEP. Raises UserError for names that no garment's part has."""
    recorded = settings.get("on")
    if recorded is None:
        return {}
    from muslin.garments.parts import NAMES

    if not isinstance(recorded, Mapping) or not all(name in NAMES for name in recorded):
        raise _not_a(recorded, "on", "mapping from the parts of a garment")
    return dict(recorded)


def _swatch(entry: Mapping[str, Any], near: Path, notes: list[str], option: str) -> Path:
    """The file of a swatch. Raises UserError where it is nowhere to be found."""
    path = locate(entry, near.parent, notes)
    if path is None:
        raise UserError(
            f"The swatch '{_name(entry)}' of these settings cannot be found.",
            received=entry.get("path") or "a swatch that was not a file",
            advice=f"Put it beside {near.name}, or give another one with {option}.",
            exit_code=EXIT_DATA,
        )
    return path


def _recalled_mask(entry: Mapping[str, Any], folder: Path, notes: list[str]) -> Path | str | None:
    kind = entry.get("kind")
    if kind == "file":
        found = locate(entry, folder, notes)
        if found is None:
            notes.append("the mask file is gone: the garment is found automatically instead")
        return found
    if kind == "array":
        notes.append("the mask was not a file: the garment is found automatically instead")
    return str(kind) if kind in MASK_WORDS else None


def _recalled_model(entry: Mapping[str, Any]) -> str | None:
    """The folder that it was used from, where it still is; else the name."""
    folder, name = entry.get("folder"), entry.get("name")
    if folder and _is_file(Path(str(folder)) / "model.json"):
        return str(folder)
    return None if name is None else str(name)


def locate(
    entry: Mapping[str, Any], folder: Path, notes: list[str] | None = None, *, exact: bool = False
) -> Path | None:
    """The file of a {'path', 'sha256'} entry: where it was, relative to `folder`, or beside it; None if
    nowhere.

    A file with the right hash wins over one that only has the right name; the latter adds a line to `notes`.
    exact: only the former counts. So it must be for a page that is shown to others: a stranger's picture may name any
    file of this computer, but does not know its hash.
    """
    if not entry.get("path"):
        return None
    recorded = Path(str(entry["path"]))
    base = Path(_base_name(str(entry["path"])))
    # Recorded paths are often relative to where the command was given, which lies somewhere above the picture.
    above = [parent / recorded for parent in folder.resolve().parents[:8]]
    candidates = [recorded, folder / recorded, folder / base, folder.parent / base, *above]
    found = [path for path in dict.fromkeys(candidates) if _is_file(path)]
    if not found:
        return None
    wanted = entry.get("sha256")
    for path in found:
        if (not wanted and not exact) or (wanted and sha256_of(path) == wanted):
            return path
    if exact:
        return None
    if notes is not None:
        notes.append(f"{found[0]} has changed since the picture was made")
    return found[0]


def controls_from(recorded: Mapping[str, Any]) -> dict[str, Any]:
    """Only the controls muslin knows, each of the right type: a picture's text is not to be trusted."""
    controls: dict[str, Any] = {}
    for key in ("scale", "rotation", "strength", "shading", "vary", "lines"):
        if recorded.get(key) is not None:
            controls[key] = _number(recorded[key], key)
    if recorded.get("look_mix"):
        mix = list(_mapping(recorded["look_mix"]).items())[:64]
        controls["look_mix"] = {str(name): _number(weight, "look_mix") for name, weight in mix}
    for key in ("repeat", "seamless", "mix", "seams", "shows", "look"):
        if recorded.get(key) is not None:
            value = recorded[key]
            controls[key] = value if isinstance(value, bool) else str(value)
    if recorded.get("palette"):
        palette = recorded["palette"]
        if not isinstance(palette, str):
            colours = _sequence(palette, "palette")
            palette = ",".join(colour if isinstance(colour, str) else _color(colour) for colour in colours)
        controls["palette"] = palette
    if recorded.get("offset") is not None:
        offset = [_number(part, "offset") for part in _sequence(recorded["offset"], "offset")[:2]]
        if len(offset) == 2:
            controls["offset"] = (offset[0], offset[1])
    return controls


def _color(value: Any) -> str:
    """A colour as textiles.palette.parse_colors reads it."""
    if value is None:
        return "keep"
    parts = _sequence(value, "palette")[:3]
    return "#" + "".join(f"{max(0, min(255, int(_number(part, 'palette')))):02x}" for part in parts)


def _sequence(value: Any, name: str, most: int = 64) -> list[Any]:
    """The first items of a list; None is an empty one. Raises UserError for anything else."""
    if value is None or isinstance(value, (list, tuple)):
        return list(value or ())[:most]
    raise _not_a(value, name, "list")


def _number(value: Any, name: str) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= LARGEST_NUMBER:
        return float(value)
    raise _not_a(value, name, "number")


def _not_a(value: Any, name: str, kind: str) -> UserError:
    return UserError(
        f"The settings in this picture are damaged: {name} is not a {kind}.",
        received=repr(value)[:60],
        advice="Give the controls on the command line instead.",
        exit_code=EXIT_DATA,
    )


def _plain(value: Any) -> Any:
    """`value` with paths, tuples, NumPy scalars and arrays as JSON types; NaN and infinity become None."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    return str(value)


def listed(value: Any) -> Sequence[Any]:
    """A list of the settings, empty where they have something else there."""
    return value if isinstance(value, (list, tuple)) else ()


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _base_name(path: str) -> str:
    """The last part of a path written on any system."""
    return path.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


def _name(entry: Mapping[str, Any]) -> str:
    return _base_name(str(entry["path"])) if entry.get("path") else "(array)"


def _worn(entry: Any) -> str:
    return KEEP if entry == KEEP else _name(_mapping(entry))


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (list, tuple)):
        return " ".join(_short(item) for item in value)
    if isinstance(value, Mapping):
        return " ".join(f"{name} {_short(item)}" for name, item in value.items())
    return str(value)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
