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


def test_pairs_across_blocks(folder):
    garment(7).save(folder / "zz.jpg", quality=60)
    looks = [likeness.look_at(record) for record in scan(folder).records]
    assert list(likeness.near_pairs(looks, block=4)) == list(likeness.near_pairs(looks)) == [(7, 25)]


def test_progress_is_told(folder):
    told = []
    check(folder, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (25, 25) and len(told) == 25
