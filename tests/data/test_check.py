import io
import json

import cv2
import numpy as np
import pytest
from PIL import Image

from muslin.data import likeness
from muslin.data.check import LEVELS, check
from muslin.data.folder import scan


def garment(seed, size=(240, 320)):
    """A smooth random picture with structure at every scale, another one for each seed."""
    random = np.random.default_rng(seed)
    pixels = np.zeros((size[1], size[0], 3), np.float32)
    for cells in (3, 9, 27):
        noise = random.uniform(-1, 1, (cells, cells, 3)).astype(np.float32)
        pixels += cv2.resize(noise, size, interpolation=cv2.INTER_CUBIC)
    return Image.fromarray(np.clip(128 + 50 * pixels, 0, 255).astype(np.uint8))


@pytest.fixture
def folder(tmp_path):
    for seed in range(25):
        garment(seed).save(tmp_path / f"{seed:02}.jpg", quality=92)
    return tmp_path


def kinds(report):
    return {finding.kind: finding for finding in report.findings}


def test_a_good_folder_has_no_findings(folder):
    report = check(folder)
    assert report.findings == () and report.usable and report.images == 25
    assert report.sizes["median"] == [240, 320]
    json.dumps(report.to_dict(), allow_nan=False)


def test_everything_that_can_be_wrong_is_found(folder):
    (folder / "cut.jpg").write_bytes((folder / "00.jpg").read_bytes()[:3000])
    (folder / "same.jpg").write_bytes((folder / "01.jpg").read_bytes())
    garment(2).resize((170, 227)).save(folder / "resized.png")
    garment(3).point(lambda value: min(255, int(value * 1.1))).save(folder / "brighter.jpg", quality=50)
    garment(90, (60, 80)).save(folder / "small.png")
    garment(91, (150, 600)).save(folder / "long.png")
    garment(92).convert("L").save(folder / "grey.png")
    exif = Image.Exif()
    exif[0x0112] = 8
    garment(93).save(folder / "turned.jpg", exif=exif)
    clear = garment(94).convert("RGBA")
    clear.paste((0, 0, 0, 0), (0, 0, 240, 80))
    clear.save(folder / "clear.png")
    report = check(folder)
    found = kinds(report)
    assert found["unreadable"].files == ("cut.jpg",) and not report.usable
    assert found["duplicates"].groups == (("01.jpg", "same.jpg"),)
    assert found["near-duplicates"].groups == (("02.jpg", "resized.png"), ("03.jpg", "brighter.jpg"))
    assert found["small"].files == ("small.png",)
    assert found["aspect"].files == ("long.png",)
    assert found["grey"].files == ("grey.png",)
    assert found["rotated"].files == ("turned.jpg",)
    assert found["alpha"].files == ("clear.png",)
    assert [finding.level for finding in report.findings] == sorted(
        (finding.level for finding in report.findings), key=LEVELS.index
    )
    assert all(finding.advice and finding.text.endswith(".") for finding in report.findings)


def test_leakage_between_the_folders_train_and_test(tmp_path):
    for seed in range(24):
        side = "train" if seed < 20 else "test"
        (tmp_path / side).mkdir(exist_ok=True)
        garment(seed).save(tmp_path / side / f"{seed}.jpg")
    assert check(tmp_path).usable
    garment(5).resize((180, 240)).save(tmp_path / "test" / "again.jpg")
    report = check(tmp_path)
    assert kinds(report)["leakage"].groups == (("test/again.jpg", "train/5.jpg"),) and not report.usable


def test_masks_are_compared_with_their_pictures(folder):
    (folder / "masks").mkdir()
    mask = np.zeros((320, 240), np.uint8)
    mask[80:240, 60:180] = 255
    for seed in range(4):
        Image.fromarray(mask).save(folder / "masks" / f"{seed:02}.png")
    Image.fromarray(mask.T).save(folder / "masks" / "01.png")
    Image.fromarray(mask * 0).save(folder / "masks" / "02.png")
    found = kinds(check(folder))
    assert found["masks"].files == ("01.jpg", "02.jpg")
    assert len(found["no-mask"].files) == 21


def test_few_pictures(tmp_path):
    for seed in range(3):
        garment(seed).save(tmp_path / f"{seed}.png")
    found = kinds(check(tmp_path))
    assert found["few"].level == "warning" and "3 pictures" in found["few"].text


def test_plain_colours_are_the_same_only_when_equal(tmp_path):
    for name, colour in {"red": (200, 30, 30), "red2": (200, 31, 30), "blue": (30, 30, 200)}.items():
        Image.new("RGB", (200, 200), colour).save(tmp_path / f"{name}.png")
    assert kinds(check(tmp_path))["near-duplicates"].groups == (("red.png", "red2.png"),)


def dots(period, radius, side=256):
    """A square grid of black dots on white, drawn at four times the size: a texture that is grey at 32 px."""
    across, down = np.meshgrid(*[(np.arange(4 * side) / 4) % period - period / 2] * 2)
    paper = np.where(np.hypot(across, down) < radius, 0, 255).astype(np.float32)
    return Image.fromarray(cv2.resize(paper, (side, side), interpolation=cv2.INTER_AREA).astype(np.uint8)).convert(
        "RGB"
    )


def saved(image, quality, factor=1.0, cut=0.0):
    """The picture cropped by `cut` of each side, resized, and written to and read from a JPEG."""
    width, height = image.size
    cropped = image.crop((int(cut * width), int(cut * height), int((1 - cut) * width), int((1 - cut) * height)))
    buffer = io.BytesIO()
    size = (round(cropped.width * factor), round(cropped.height * factor))
    cropped.resize(size, Image.Resampling.BICUBIC).save(buffer, "jpeg", quality=quality)
    return Image.open(buffer)


def test_textures_of_one_kind_are_not_the_same_and_their_copies_are(tmp_path):
    # Shares of ink of 8, 35 and 58 %, another period, stripes: at 32 px all of them are even greys.
    textures = {"light": dots(5, 0.8), "middle": dots(5, 1.7), "dark": dots(5, 2.2), "wide": dots(8, 1.3)}
    stripes = np.tile(np.array([0, 255, 255, 255], np.uint8), (256, 64))
    textures |= {"stripes": Image.fromarray(stripes).convert("RGB"), "white": Image.new("RGB", (256, 256), "white")}
    for name, texture in textures.items():
        texture.save(tmp_path / f"{name}.png")
    assert "near-duplicates" not in kinds(check(tmp_path))
    for name, texture in textures.items():
        saved(texture, 80, 0.5).save(tmp_path / f"{name}-half.png")
        saved(texture, 60).save(tmp_path / f"{name}-saved.png")
    groups = kinds(check(tmp_path))["near-duplicates"].groups
    assert sorted(groups) == [(f"{name}-half.png", f"{name}-saved.png", f"{name}.png") for name in sorted(textures)]


def test_weaves_of_one_colour_and_strength_are_told_by_their_threads(tmp_path):
    """Noise of one kind, seed by seed: grey at 32 px, equal in mean and strength. Its copies are found, cropped too."""
    for seed in range(6):
        threads = np.random.default_rng(seed).normal(180, 12, (256, 256))
        weave = Image.fromarray(np.clip(np.rint(threads), 0, 255).astype(np.uint8)).convert("RGB")
        weave.save(tmp_path / f"{seed}.png")
        if seed < 2:
            saved(weave, 85, cut=0.02).save(tmp_path / f"{seed}-cropped.png")
            saved(weave, 85, 0.5).save(tmp_path / f"{seed}-half.png")
    groups = kinds(check(tmp_path))["near-duplicates"].groups
    assert groups == tuple((f"{seed}-cropped.png", f"{seed}-half.png", f"{seed}.png") for seed in range(2))


def test_copies_cropped_a_little_are_found(folder):
    for seed in range(5):
        saved(garment(seed), 90, 0.8, cut=0.02).save(folder / f"{seed:02}-cropped.png")
    groups = kinds(check(folder))["near-duplicates"].groups
    assert groups == tuple((f"{seed:02}-cropped.png", f"{seed:02}.jpg") for seed in range(5))


def same(first, second):
    return likeness.same(*(likeness.Close.of(picture) for picture in (first, second)))


def wave(strength, turns, red=128, blue=128):
    """uint8 128 x 128 x 3 in YCrCb: waves down the picture in one colour, and in another one on every other band."""
    down = np.arange(128)[:, None] + np.zeros(128)
    bands = np.where(down % 32 < 16, 1, -1)
    luma = 128 + strength * np.sin(2 * np.pi * turns * down / 128)
    return np.dstack([luma, 128 + bands * (red - 128), 128 + bands * (blue - 128)]).round().astype(np.uint8)


def test_a_print_in_other_dyes_is_another_picture():
    assert same(wave(30, 8, 150, 140), wave(30, 8, 150, 140))
    assert not same(wave(30, 8, 150, 140), wave(30, 8, 106, 116))  # equally bright, the dyes exchanged
    assert same(wave(30, 8), wave(36, 8)) and not same(wave(30, 8), wave(60, 8))  # paler cloth


def test_weaves_of_one_colour_differ_by_their_strength():
    # 40 turns in 128 px: finer than anything that is laid over each other after a crop, so told by strength alone.
    moved = [np.roll(wave(strength, 40), 1, axis=0) for strength in (12, 48)]
    assert same(wave(12, 40), moved[0]) and not same(wave(12, 40), moved[1])
    assert not same(wave(12, 40), moved[0] + np.array([10, 0, 0], np.uint8))  # the same weave in a lighter grey


@pytest.mark.parametrize(("correlation", "one"), [(0.97, True), (0.7, False)])
def test_pictures_are_one_by_the_correlation_of_their_detail(correlation, one):
    # Two waves that are orthogonal over whole periods: r of one and sqrt(1 - r^2) of the other correlates by r with it.
    turns = 2 * np.pi * np.arange(128) / 128
    first, other = 30 * np.sin(8 * turns)[:, None] + 0 * turns, 30 * np.sin(8 * turns)[None] + 0 * turns[:, None]
    second = correlation * first + np.sqrt(1 - correlation**2) * other
    pictures = [np.dstack([128 + wave, *[np.full((128, 128), 128)] * 2]).astype(np.uint8) for wave in (first, second)]
    assert same(*pictures) is one and same(*pictures[::-1]) is one
    assert same(pictures[0], pictures[0])


def test_drawings_beside_photos_are_named_and_not_complained_of(tmp_path):
    for seed in range(24):
        for folder in ("garments", "edges"):
            (tmp_path / folder / "dress").mkdir(parents=True, exist_ok=True)
        garment(seed).save(tmp_path / "garments" / "dress" / f"{seed}.jpg")
        garment(seed + 100).convert("L").save(tmp_path / "edges" / "dress" / f"{seed}.jpg")
    report = check(tmp_path)
    assert report.labels == {"dress": 24} and report.images == 48
    assert [(finding.kind, finding.level) for finding in report.findings] == [("drawings", "note")]
    assert report.findings[0].files == tuple(sorted(f"edges/dress/{seed}.jpg" for seed in range(24)))
    garment(50).convert("L").save(tmp_path / "garments" / "dress" / "grey.jpg")
    assert kinds(check(tmp_path))["grey"].files == ("garments/dress/grey.jpg",)


def test_a_grey_side_of_pairs_is_drawings(tmp_path):
    for seed in range(24):
        for side, image in (("A", garment(seed + 100).convert("L")), ("B", garment(seed))):
            (tmp_path / side / "train").mkdir(parents=True, exist_ok=True)
            image.save(tmp_path / side / "train" / f"{seed}.png")
    found = kinds(check(tmp_path))
    assert "grey" not in found and len(found["drawings"].files) == 24


def test_tiny_pictures_are_compared_too(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        garment(seed).resize((5, 3) if name == "b" else (7, 9)).save(tmp_path / f"{name}.png")
    check(tmp_path)


def test_pairs_across_blocks(folder):
    garment(7).save(folder / "zz.jpg", quality=60)
    looks = [likeness.look_at(record) for record in scan(folder).records]
    assert list(likeness.near_pairs(looks, block=4)) == list(likeness.near_pairs(looks)) == [(7, 25)]


def test_progress_is_told(folder):
    told = []
    check(folder, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (25, 25) and len(told) == 25
