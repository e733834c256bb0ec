"""The whole measurement on folders whose answer is known: halves of one world, copies, flat colours, edited photos."""

from __future__ import annotations

import html.parser
import json
from pathlib import Path

import numpy as np
import pytest

from muslin.cli import run as command
from muslin.data.truth import render
from muslin.errors import UserError
from muslin.evaluation import report
from muslin.evaluation.evaluate import evaluate
from muslin.evaluation.measures import KINDS, Measure
from muslin.evaluation.pictures import by_name, origin_of, pictures_in
from muslin.images import write_image
from muslin.metrics.estimates import Estimate


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """real and more: two halves of one world; poor: flat colours; copies: some of real. 24 pictures each, 64 px."""
    root = tmp_path_factory.mktemp("world")
    photos = [np.rint(render(seed, 64).photo).astype(np.uint8) for seed in range(48)]
    rng = np.random.default_rng(0)
    for index in range(24):
        for name, picture in (
            ("real", photos[index]),
            ("more", photos[24 + index]),
            ("poor", np.full((64, 64, 3), rng.integers(100, 120), np.uint8)),
            ("copies", photos[index] if index < 6 else photos[24 + index]),
        ):
            (root / name).mkdir(exist_ok=True)
            write_image(root / name / f"{index:02d}.png", picture)
    return root


@pytest.fixture(scope="module")
def near(world):
    return evaluate(world / "more", world / "real")


@pytest.fixture(scope="module")
def copied(world):
    return evaluate(world / "copies", world / "real")


def test_the_same_world_is_near_and_flat_colours_are_far(world, near):
    far = evaluate(world / "poor", world / "real")
    assert near["kid"].low <= 0.0 or near["kid"].value < 0.1 * far["kid"].value
    assert far["kid"].low > near["kid"].high
    assert near["told_apart"].value < 0.8 < far["told_apart"].value == 1
    assert near["precision"].value > 0.6 > far["precision"].value == 0
    assert near["coverage"].value > 0.6 > far["coverage"].value == 0
    assert near["variety"].low < 1 < near["variety"].high + 0.1 and far["variety"].value < 0.2
    assert near["copied"].value == 0
    assert any("intervals are wide" in warning for warning in near.warnings)
    with pytest.raises(KeyError):
        near["frechet"]  # too few pictures for it


def test_copies_come_first(copied):
    found = copied
    assert found["copied"].value == pytest.approx(6 / 24)
    assert {case.made.name for case in found.cases[:6]} == {f"{index:02d}.png" for index in range(6)}
    assert all(
        case.nearest.name == case.made.name and "close to one of yours" in case.words for case in found.cases[:6]
    )


def test_faithfulness_from_photos_beside_them(tmp_path):
    drawn = render(3, 160)
    photo, mask = np.rint(drawn.photo).astype(np.uint8), np.rint(drawn.mask * 255).astype(np.uint8)
    for folder in ("photos", "masks", "made"):
        (tmp_path / folder).mkdir()
    write_image(tmp_path / "photos" / "coat.png", photo)
    write_image(tmp_path / "masks" / "coat.png", mask)
    darker = np.where(mask[..., None] > 0, photo // 2, photo)
    leaking = darker.copy()
    leaking[:8] = 255 - leaking[:8]
    write_image(tmp_path / "made" / "coat.tartan.png", darker)
    write_image(tmp_path / "made" / "coat.tartan.2.png", leaking)
    found = evaluate(tmp_path / "made", photos=tmp_path / "photos", masks=tmp_path / "masks")
    assert [case.made.name for case in found.cases] == ["coat.tartan.2.png", "coat.tartan.png"]
    leaks = [case.faithful.leakage for case in found.cases]
    assert leaks[1] == 0 and leaks[0] == pytest.approx((mask[:8] == 0).sum() / (mask == 0).sum(), rel=0.02)
    assert found.cases[1].faithful.shading > 0.9  # half the light everywhere is the same shading
    assert "changed outside the garment" in found.cases[0].words.lower()
    with pytest.raises(UserError, match="has its photo"):
        evaluate(tmp_path / "made", photos=_empty(tmp_path))


def test_an_old_print_that_is_still_there_is_told(tmp_path):
    """A garment in stripes: rendered in grey it has no ghost of them, the photo made darker is all ghost."""
    stripes = np.repeat(np.uint8([[[170, 40, 45]], [[220, 210, 190]]]), 32, axis=0).repeat(64, axis=1)
    worn, plain = render(3, 200, textile=stripes), render(3, 200, textile=np.full((64, 64, 3), 150, np.uint8))
    for folder in ("photos", "masks", "made"):
        (tmp_path / folder).mkdir()
    write_image(tmp_path / "photos" / "coat.png", worn.photo)
    write_image(tmp_path / "masks" / "coat.png", np.rint(worn.mask * 255).astype(np.uint8))
    inside = worn.mask[..., None]
    for name, dressed in (("coat.grey.png", plain.photo), ("coat.dark.png", worn.photo // 2)):
        write_image(tmp_path / "made" / name, np.rint(inside * dressed + (1 - inside) * worn.photo).astype(np.uint8))
    found = evaluate(tmp_path / "made", photos=tmp_path / "photos", masks=tmp_path / "masks")
    left = {case.made.name: case.faithful.ghost for case in found.cases}
    assert left["coat.grey.png"] < 0.1 and left["coat.dark.png"] == pytest.approx(1, abs=0.15)
    assert found.cases[0].made.name == "coat.dark.png" and "the old print shows" in found.cases[0].words.lower()
    assert 0.4 < found["ghost"].value < 0.7


def test_a_picture_that_lost_its_garment_counts(tmp_path):
    """It is the worst that can be made: left out, it would make the others' figures look good."""
    drawn = render(3, 160)
    for folder in ("photos", "masks", "made"):
        (tmp_path / folder).mkdir()
    write_image(tmp_path / "photos" / "coat.png", np.rint(drawn.photo).astype(np.uint8))
    write_image(tmp_path / "masks" / "coat.png", np.rint(drawn.mask * 255).astype(np.uint8))
    write_image(tmp_path / "made" / "coat.png", np.full((160, 160, 3), 255, np.uint8))
    found = evaluate(tmp_path / "made", photos=tmp_path / "photos", masks=tmp_path / "masks")
    assert found["silhouette"].value == 0 and found["leakage"].value > 0.5
    assert any("In 1 of 1 made pictures no garment was found" in warning for warning in found.warnings)


def _empty(root: Path) -> Path:
    (root / "others").mkdir(exist_ok=True)
    write_image(root / "others" / "shoe.png", np.zeros((9, 9, 3), np.uint8), overwrite=True)
    return root / "others"


def test_restyled_pictures_know_their_photo_mask_and_swatch(tmp_path):
    from muslin.restyle.restyler import Restyler

    drawn = render(3, 128)
    write_image(tmp_path / "coat.png", np.rint(drawn.photo).astype(np.uint8))
    write_image(tmp_path / "mask.png", np.rint(drawn.mask * 255).astype(np.uint8))
    write_image(tmp_path / "red.png", np.full((16, 16, 3), (180, 40, 40), np.uint8))
    made = Restyler("luminance", mask_model=None).restyle(
        tmp_path / "coat.png", tmp_path / "red.png", tmp_path / "mask.png"
    )
    (tmp_path / "made").mkdir()
    made.save(tmp_path / "made" / "x.png")
    origin = origin_of(tmp_path / "made" / "x.png", None, None)
    assert origin.photo == tmp_path / "coat.png" and origin.swatches == (tmp_path / "red.png",)
    assert origin.mask == tmp_path / "mask.png"
    found = evaluate(tmp_path / "made")
    assert found["leakage"].value == 0  # the contract, measured from the files alone
    assert found["palette"].value < 15 and found["shading"].value > 0.9


def test_names_and_drawing_lots(tmp_path, world):
    assert len(pictures_in(world / "real", 5)) == 5 and pictures_in(world / "real", 5) == pictures_in(world / "real", 5)
    assert by_name(world / "real")["07"].name == "07.png"


def test_nothing_to_measure_is_said(tmp_path, world):
    few = tmp_path / "few"
    few.mkdir()
    write_image(few / "a.png", np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(UserError, match="nothing to measure"):
        evaluate(few, world / "real")
    with pytest.raises(UserError, match="no folder"):
        evaluate(tmp_path / "nowhere", world / "real")


def test_a_damaged_file_is_left_out_and_told_and_nothing_else_changes(world, near, tmp_path):
    import shutil

    shutil.copytree(world / "more", tmp_path / "made")
    (tmp_path / "made" / "zz.png").write_bytes((world / "more" / "00.png").read_bytes()[:300])
    found = evaluate(tmp_path / "made", world / "real")
    assert found.counts == (24, 24) and any("could not be read" in warning for warning in found.warnings)
    assert found["kid"] == near["kid"] and found["told_apart"] == near["told_apart"]  # to the bit, run again


class Page(html.parser.HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.sources += [found[key] for key in ("src", "href") if found.get(key)]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_and_loads_nothing(copied):
    found = copied
    text = report.page(found, title="Spring <script>alert(1)</script>")
    page = Page(text)
    assert not page.open and len(page.sources) == 48
    assert all(source.startswith("data:image/webp;base64,") for source in page.sources)
    assert "<script>" not in text and "EfficientNet-Lite0" in text and found.network["sha256"] in text
    assert text.index("<figcaption>") == text.index("<figcaption><em>Very close to one of yours")
    assert "FID," not in text and "http" not in text.replace("http-equiv", "")


def test_the_command(world, tmp_path, capsys):
    page, both = tmp_path / "page.html", [str(world / "more"), str(world / "real"), "--most", "20", "-q"]
    assert command(["evaluate", *both, "--json", "--html", str(page)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["network"]["name"] == "EfficientNet-Lite0" and len(document["network"]["sha256"]) == 64
    assert document["made"]["pictures"] == 20 and page.is_file()
    for entry in document["measures"].values():
        assert entry["low"] <= entry["value"] <= entry["high"] and entry["count"] > 0 and entry["reading"]
    assert command(["evaluate", *both]) == 0
    assert "Distance to your pictures" in capsys.readouterr().out
    assert command(["evaluate", *both, "--html", str(page)]) == 1
    assert command(["evaluate", "no-such-model", str(world / "real")]) == 4
    assert command(["evaluate", "drape"]) == 2


def test_kid_in_words():
    read = [Measure("kid", Estimate(value, value - 0.002, value + 0.002, 200)).judged for value in
            (-0.0033, -0.0004, 0.0047, 0.03, 0.114)]  # fmt: skip
    assert [level for level, _ in read] == ["poor", "good", "good", "fair", "poor"]
    assert "copies" in read[0][1]


def test_every_measure_reads_in_words():
    for key, kind in KINDS.items():
        for value in (-0.5, 0.0, 0.01, 0.5, 1.0, 20.0):
            measure = Measure(key, Estimate(value, value - 0.1, value + 0.1, 30))
            level, sentence = measure.judged
            assert level in ("good", "fair", "poor", "plain") and sentence and kind.title
    assert Measure("leakage", Estimate(0.0, 0.0, 0.0, 30)).judged[0] == "good"
    assert Measure("leakage", Estimate(1e-5, 0.0, 0.1, 30)).judged[0] != "good"
    assert Measure("kid", Estimate(0.0123, -0.0005, 0.02, 30)).interval == "−0.5 – 20.0"


def test_too_few_that_can_be_read_is_said(world, tmp_path):
    for index in range(24):
        (tmp_path / f"{index}.png").write_bytes(b"not a picture")
    with pytest.raises(UserError, match="nothing to measure"):
        evaluate(tmp_path, world / "real", tiles=True)


def test_what_lies_in_a_kept_folder_is_not_measured(world, tmp_path, capsys):
    (tmp_path / "00001.png").write_bytes(b"mine")
    assert command(["evaluate", "drape", str(world / "real"), "--keep", str(tmp_path)]) == 2
    assert "not empty" in capsys.readouterr().err and (tmp_path / "00001.png").read_bytes() == b"mine"
