"""Which pictures are kept out of training: the same answer everywhere, and the one the shipped networks had."""

import hashlib

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from muslin.data import folder, photos
from muslin.data.splits import held_out, position


@given(st.text())
def test_the_answer_is_the_one_that_the_shipped_networks_were_split_by(key):
    assert held_out(key) == (hashlib.sha1(key.encode("utf-8", "surrogateescape")).digest()[0] % 10 == 0)


@given(st.text(), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_holds_the_smaller_one(key, first, second):
    assert 0 <= position(key) < 1
    assert held_out(key, max(first, second)) or not held_out(key, min(first, second))


def test_the_share_is_what_was_asked_for():
    places = np.sort([position(f"shirt/{index}.jpg") for index in range(20_000)])
    # Kolmogorov-Smirnov: 1.63 / sqrt(n) is the 1 % bound, and six digits of a byte have 26 parts of 256: 156 in all.
    uneven = 156 / 256 - 0.6
    assert np.abs(places - (np.arange(20_000) + 0.5) / 20_000).max() < 1.63 / np.sqrt(20_000) + uneven


def test_looking_at_a_folder_and_training_on_it_split_alike(tmp_path):
    rng = np.random.default_rng(0)
    names = [f"garments/dress/{index}.png" for index in range(40)] + [f"styles/dots/{index}.png" for index in range(40)]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / name), rng.integers(0, 255, (12, 12, 3), np.uint8))
    rows = ["file,source,original_path"] + [f"dots/{index}.png,museum,bolt {index // 4}" for index in range(40)]
    (tmp_path / "styles" / "manifest.csv").write_text("\n".join(rows))
    found = folder.scan(tmp_path)
    test = {record.path.name for record in found.select(split="test", domain="garments")}
    assert test == {f"{i}.png" for i in range(40) if held_out(f"dress/{i}.png")} and test
    held = photos.load_swatches(tmp_path, held=True)
    assert len(held) == len(found.select(split="test", domain="styles")) > 0
