"""Pictures that are damaged, lie, explode or are merely unusual: each is read rightly or refused in words."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import corpus
import numpy as np
import pytest
from PIL import Image

from muslin.errors import EXIT_DATA, UserError
from muslin.images import read_image

BROKEN = dict(corpus.broken_pictures())
ODD = dict(corpus.odd_pictures())


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_picture_is_refused_in_words(name: str) -> None:
    with pytest.raises(UserError) as caught:
        read_image(BROKEN[name])
    assert caught.value.exit_code == EXIT_DATA and str(caught.value).isprintable()


@pytest.mark.parametrize("name", ODD)
def test_what_is_merely_unusual_is_read(name: str) -> None:
    """Every one of them shows the scene: its garment is dark and its ground is light."""
    photo = read_image(ODD[name])
    assert photo.pixels.shape == (96, 72, 3) and photo.pixels.dtype == np.uint8
    if "nan" not in name and "palette" not in name:  # holes and transparency change the picture
        truth = corpus.scene().astype(float).mean(-1)
        assert np.corrcoef(photo.pixels.mean(-1).ravel(), truth.ravel())[0, 1] > 0.6


def test_bombs_are_refused_before_they_go_off() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name, data in corpus.bombs():
        assert len(data) < 2_000_000, name
        with pytest.raises(UserError):
            read_image(data)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_cut_off_anywhere(kind: str) -> None:
    """Half a picture is no picture, wherever the download ended; only a tail that holds no pixels may be missing."""
    data = corpus.good(kind)
    whole = read_image(data).pixels
    for length in np.unique(np.linspace(0, len(data) - 1, 60).astype(int)):
        try:
            photo = read_image(data[:length])
        except UserError as error:
            assert error.exit_code == EXIT_DATA
        else:
            assert (photo.pixels == whole).all(), f"{kind} cut to {length} of {len(data)} bytes"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_any_damage_is_words_or_a_picture(kind: str) -> None:
    """The quick version of benchmarks/fuzz.py, which goes on for minutes."""
    rng = np.random.default_rng(7)
    for _ in range(150):
        damaged = corpus.mutated(corpus.good(kind), rng)
        try:
            photo = read_image(damaged, max_pixels=1_000_000)
        except UserError as error:
            assert error.exit_code == EXIT_DATA
        else:
            assert photo.pixels.ndim == 3 and photo.pixels.dtype == np.uint8 and photo.pixels.size


SIDES = [(1, 1), (1, 2), (3, 3), (8, 8), (1, 30_000), (30_000, 1)]


@pytest.mark.parametrize("sides", SIDES)
def test_any_size_is_restyled_and_is_a_swatch(muslin, sides: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*sides, 3), dtype=np.uint8)
    Image.fromarray(pixels).save("odd.png")
    muslin("restyle", "odd.png", "-s", "cloth.png", "--mask", "none", "-o", "photo.png")
    assert Image.open("photo.png").size == sides[::-1]
    assert muslin("restyle", "odd.png", "-s", "cloth.png", "-o", "found.png").code in (0, EXIT_DATA)
    dyed = ("--seamless", "yes", "--palette", "navy,red")
    assert muslin("restyle", "good.jpg", "-s", "odd.png", "--mask", "none", *dyed, "-o", "swatch.png").code == 0
    other = muslin("restyle", "good.jpg", "-s", "cloth.png", "--mask", "odd.png", "-o", "mask.png")
    assert other.code == EXIT_DATA and not Path("mask.png").exists()


def test_a_folder_of_everything(muslin) -> None:
    """The good ones are done, the bad ones listed, none is in both lists, and no half result is left."""
    folder = Path("photos")
    folder.mkdir()
    odd = dict(list(ODD.items())[::2])
    for name, data in {**BROKEN, **odd}.items():
        (folder / name).write_bytes(data)
    (folder / "folder.jpg").mkdir()
    outcome = muslin("restyle", folder, "-s", "cloth.png", "--mask", "none", "-o", "made", "--json")
    assert outcome.code == 1
    report = json.loads(outcome.out)
    failed = {Path(entry["source"]).name for entry in report["failed"]}
    assert failed == set(BROKEN)
    assert {Path(entry["source"]).name for entry in report["results"]} == set(odd)
    assert all(entry["error"]["exit_code"] == EXIT_DATA for entry in report["failed"])
    made = sorted(path.name for path in Path("made").iterdir())
    assert made == sorted(Path(entry["output"]).name for entry in report["results"])
    assert all(read_image(Path("made") / name).pixels.shape == (96, 72, 3) for name in made)


@pytest.mark.parametrize("what", ["--style", "--mask", "--settings", "photo"])
@pytest.mark.parametrize("name", ["html.jpg", "bomb-pixels.png", "cut-0.5.jpg", "empty.jpg"])
def test_a_bad_file_in_any_place_is_bad_data(muslin, what: str, name: str) -> None:
    Path(name).write_bytes(BROKEN[name])
    words = {"photo": "good.jpg", "--style": "cloth.png", "--mask": "none", what: name}
    outcome = muslin("restyle", words.pop("photo"), *[word for pair in words.items() for word in pair])
    assert outcome.code == EXIT_DATA and name in outcome.err
