"""Settings inside pictures, palettes, tables, runs and controls, as a stranger or a spreadsheet may write them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import corpus
import numpy as np
import pytest
from PIL import Image

from muslin.data.folder import scan
from muslin.data.photos import load_garments
from muslin.data.tables import read_rows
from muslin.errors import EXIT_DATA, EXIT_MODEL, EXIT_USAGE, UserError
from muslin.images import encode_image, read_image
from muslin.restyle import metadata
from muslin.training import checkpoint

NASTY: list[Any] = [
    None, True, -1, 0, 10**400, 1e308, -1e308, 0.5, "", "x" * 10_000, "\0", "/dev/zero", "../../etc/passwd",
    "-", "https://example.org/x.png", [], [None], ["x"] * 1000, [[[[1]]]], {}, {"path": None}, {"path": "\0"},
    {"path": ["a"]}, {"path": "/dev/zero", "sha256": 5}, [{"path": "/dev/zero"}],
    [{"path": "cloth.png", "weight": "x"}],
]  # fmt: skip
KEYS = ["format", "kind", "model", "source", "styles", "mask", "seed", "size", "controls", "on"]
CONTROLS = [
    "scale",
    "rotation",
    "offset",
    "repeat",
    "strength",
    "shading",
    "palette",
    "mix",
    "seamless",
    "look",
    "look_mix",
]


def carrying(settings: Any) -> bytes:
    """A picture with these settings inside."""
    return encode_image(corpus.scene(24, 18), "PNG", text={"muslin": json.dumps(settings)})


def honest(**changed: Any) -> dict[str, Any]:
    entry = {"path": "good.jpg", "sha256": None}
    return {
        "format": 1, "muslin": "0.1.0", "kind": "restyle", "model": {"name": "luminance"}, "source": entry,
        "styles": [{"path": "cloth.png", "weight": 1.0}], "mask": {"kind": "none"}, "seed": 0, "size": [72, 96],
        "controls": {"scale": 1.0}, **changed,
    }  # fmt: skip


def test_honest_settings_make_the_picture_again(muslin) -> None:
    Path("s.png").write_bytes(carrying(honest()))
    assert muslin("restyle", "--settings", "s.png", "-o", "again.png").code == 0


@pytest.mark.parametrize("key", [*KEYS, *CONTROLS])
def test_settings_with_anything_anywhere(muslin, key: str) -> None:
    Path("carried").mkdir()
    seen = {repr(({"scale": 1.0}, "luminance", "none")), repr(({"scale": 1.0}, "luminance", None))}
    for number, value in enumerate(NASTY):
        settings = honest(**({key: value} if key in KEYS else {"controls": {key: value}}))
        picture = Path(f"carried/{number}.png")
        picture.write_bytes(carrying(settings))
        metadata.human_line(settings)
        try:
            recalled = metadata.recall(metadata.settings_from(read_image(picture)) or {}, picture)
        except UserError as error:
            assert error.exit_code == EXIT_DATA
            continue
        new = repr((recalled.controls, recalled.model, recalled.mask))
        if new not in seen:
            seen.add(new)
            outcome = muslin("restyle", "--settings", picture, "-o", "again.png", "--overwrite")
            assert outcome.code in (0, EXIT_USAGE, EXIT_DATA, EXIT_MODEL), (value, outcome.err)
    assert muslin("lookbook", "carried", "-o", "book.html").code == 0
    assert "root:x:0" not in Path("book.html").read_text(encoding="utf-8")


TEXTS = {
    "no JSON": "{", "deep": "[" * 200_000, "deep objects": '{"a":' * 100_000,
    "long": '{"a": "' + "x" * 2_000_000 + '"}',
    "a list": "[1]", "NaN": '{"seed": NaN, "styles": [], "controls": {"scale": Infinity}}',
    "markup": '{"styles": [], "source": {"path": "</script><script>alert(1)</script>"}, "seed": 0}',
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_settings_that_are_no_settings(muslin, name: str) -> None:
    Path("s.png").write_bytes(encode_image(corpus.scene(), "PNG", text={"muslin": TEXTS[name]}))
    assert muslin("restyle", "good.jpg", "-s", "cloth.png", "--settings", "s.png", "--mask", "none").code in (
        0,
        EXIT_DATA,
    )
    assert muslin("lookbook", "s.png", "-o", "book.html").code == 0
    assert "<script>alert" not in Path("book.html").read_text(encoding="utf-8")


def test_entities_in_xmp_do_not_expand() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "' + "b" * 1000 + '"><!ENTITY c "' + "&b;" * 1000 + '">]>'
    for head in (bomb, '<!DOCTYPE a [<!ENTITY c SYSTEM "file:///etc/passwd">]>'):
        packet = f'{head}<x xmlns:m="{metadata.MUSLIN}"><m:settings>&c;</m:settings></x>'
        buffer = io.BytesIO()
        Image.fromarray(corpus.scene()).save(buffer, "JPEG", xmp=packet.encode())
        assert metadata.settings_from(read_image(buffer.getvalue())) is None


@pytest.mark.parametrize(
    "palette", ["", ",", "3", "#ggg", "nan", "red;blue", "red," * 5000, "\u202e", "cloth.png", "-1"]
)
def test_palettes_that_are_none(muslin, palette: str) -> None:
    outcome = muslin("restyle", "good.jpg", "-s", "cloth.png", "--mask", "none", f"--palette={palette}", "-o", "p.png")
    assert outcome.code == EXIT_USAGE and "\u202e" not in outcome.err


CONTROL_WORDS = [
    ("scale", "nan", 2), ("scale", "1e400", 2), ("rotate", "nan", 2), ("rotate", "1e308", 0), ("strength", "-1", 2),
    ("offset", "1e300,-1e300", 0), ("offset", "1", 2), ("seed", "-5", 0), ("seed", str(2**80), 0), ("number", "0", 2),
    ("number", "1001", 2), ("model", "../../etc", 4), ("model", "/etc/passwd", 4), ("model", "a" * 5000, 4),
    ("model", "a\0b", 4), ("style", "cloth.png:0", 2), ("style", "/dev/zero", 3), ("mask", "/dev/zero", 3),
    ("mask", "nothere", 3), ("settings", "nothere.png", 3), ("style", ".", 3), ("look", "x", 2),
]  # fmt: skip


@pytest.mark.parametrize(("option", "value", "code"), CONTROL_WORDS)
def test_controls_outside_their_range(muslin, option: str, value: str, code: int) -> None:
    line = ["restyle", "good.jpg", "-s", "cloth.png", "--mask=none", f"--{option}={value}", "-o", "made"]
    assert muslin(*line, *(["-n", "2"] if option == "seed" else [])).code == code


def test_prints_from_odd_numbers(muslin) -> None:
    small = ("--size", "64", "--choose", "1", "-o", "tile.png", "--overwrite")
    for seed, code in ((-5, EXIT_USAGE), (2**70, 0)):
        assert muslin("imagine", "ikat", "-n", "1", f"--seed={seed}", *small).code == code
    for words in (("--size", "0"), ("--size", "99999"), ("--scale", "nan"), ("--weight", "inf"), ("--size", "1x1")):
        assert muslin("imagine", "ikat", "-n", "1", *small, *words).code == EXIT_USAGE
    assert muslin("imagine", "../ikat", "-n", "1", *small).code == EXIT_MODEL


TABLES = {
    "empty": b"", "no columns": b"\n\n", "other columns": b"a,b\n1,2\n",
    "zeros": bytes(3000), "a picture": corpus.good(),
    "a huge field": b"file,style\n" + b"x" * 500_000 + b",plain\n",
    "an open quote": b'file,style\n"' + b"a\n" * 200_000,
}  # fmt: skip
READABLE = {
    "latin": "file,style\nübér.jpg,plain\n".encode("latin-1"), "short rows": b"file,style\na.jpg\n",
    "long rows": b"file,style\na.jpg,plain,1,2,3\n", "mac line ends": b"file,style\ra.jpg,plain\r",
    "a mark": "\ufefffile,style\na.jpg,plain\n".encode(),
}  # fmt: skip


def collection(table: bytes, name: str) -> Path:
    root = Path("data")
    (root / "garments").mkdir(parents=True)
    (root / "garments" / "a.jpg").write_bytes(corpus.good())
    (root / "garments" / name).write_bytes(table)
    return root


@pytest.mark.parametrize("name", [*TABLES, *READABLE])
def test_tables_of_labels(muslin, name: str) -> None:
    root = collection((TABLES | READABLE)[name], "style_labels.csv")
    if name in READABLE:
        assert len(load_garments(root, side=32)) == 1
        assert read_rows(root / "garments" / "style_labels.csv", "file")[0].keys() >= {"file", "style"}
    else:
        with pytest.raises(UserError) as caught:
            load_garments(root, side=32)
        assert caught.value.exit_code == EXIT_DATA and "style_labels.csv" in str(caught.value)
    (root / "garments" / "style_labels.csv").rename(root / "garments" / "manifest.csv")
    assert len(scan(root).records) == 1  # which pictures belong together is a help, no condition


RUNS = {
    "config.json": [b"", b"{", b"[]", b"null", b'{"recipe": 1, "settings": {}}', b"\xff\xfe", b"[" * 100_000],
    "state.npz": [b"", b"PK\3\4", corpus.good(), bytes(1000)],
}


@pytest.mark.parametrize("name", RUNS)
def test_runs_that_were_damaged(tmp_path: Path, name: str) -> None:
    for content in RUNS[name]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError) as caught:
            checkpoint.read_config(tmp_path) if name == "config.json" else checkpoint.load_state(tmp_path, {})
        assert caught.value.exit_code == EXIT_DATA


def test_states_cut_off_anywhere(tmp_path: Path) -> None:
    np.savez(tmp_path / "state.npz", images_seen=np.int64(64))
    whole, rng = (tmp_path / "state.npz").read_bytes(), np.random.default_rng(0)
    assert checkpoint.load_state(tmp_path, {}) == 64
    for content in [whole[:length] for length in range(len(whole))] + [corpus.mutated(whole, rng) for _ in range(100)]:
        (tmp_path / "state.npz").write_bytes(content)
        try:
            checkpoint.load_state(tmp_path, {})
        except UserError as error:
            assert error.exit_code in (1, EXIT_DATA)
