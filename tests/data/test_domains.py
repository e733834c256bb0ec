import csv

import numpy as np
import pytest

from muslin.data import domains
from muslin.data.domains import choose_pair, cut_out, list_domains, load_domains, load_pair
from muslin.data.photos import held_out
from muslin.errors import UserError
from muslin.images import write_image


def picture(path, value, mask=None, size=(48, 40)):
    """A square of one colour in the middle of grey; its mask where one is asked for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((*size, 3), 128, np.uint8)
    pixels[10:30, 12:28] = value
    write_image(path, pixels)
    if mask is not None:
        mask.parent.mkdir(parents=True, exist_ok=True)
        inside = np.zeros(size, np.uint8)
        inside[10:30, 12:28] = 255
        write_image(mask, inside)


def test_two_folders_of_peers_just_work(tmp_path):
    for index in range(5):
        picture(tmp_path / f"trainA/{index}.png", (200, index, 0), tmp_path / f"trainA_masks/{index}.png")
        picture(tmp_path / f"trainB/{index}.png", (0, index, 200), tmp_path / f"trainB_masks/{index}.png")
        picture(tmp_path / f"testA/{index}.png", (9, 9, 9))
    source, target, sentence = load_pair(tmp_path, 32)
    assert (source.name, target.name) == ("A", "B") and "From A (5 pictures) to B (5)" in sentence
    assert source.images.shape == (5, 32, 32, 3) and source.masks.shape == (5, 32, 32)
    assert source.images.dtype == source.masks.dtype == np.uint8
    for domain, channel in ((source, 0), (target, 2)):
        assert (np.abs(domain.images[:, 16, 16, channel].astype(int) - 200) < 3).all()
        assert (domain.images[:, 0, 0] == 255).all()  # laid on white
        assert (domain.masks[:, 16, 16] == 255).all() and (domain.masks[:, 0] == 0).all()
    assert len(load_domains(tmp_path, 32, ["A"], held=True, masks="none")["A"]) == 5


def test_a_labelled_collection_by_label_and_its_held_out_side(tmp_path):
    rows = [("shirt", look) for look in ["plain"] * 30 + ["floral"] * 24 + ["denim"] * 12]
    with open(tmp_path / "labels.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "style"])
        for index, (kind, look) in enumerate(rows):
            mask = tmp_path / f"garment_masks/{kind}/{index}.png"
            picture(tmp_path / "garments" / kind / f"{index}.png", index, mask)
            writer.writerow([f"{kind}/{index}.png", look])
    picture(tmp_path / "garments/shirt/unlabelled.png", 1)
    picture(tmp_path / "styles/dots/a.png", 1)
    (tmp_path / "garments" / "style_labels.csv").write_bytes((tmp_path / "labels.csv").read_bytes())
    found, held = list_domains(tmp_path), list_domains(tmp_path, held=True)
    assert list(found) == ["denim", "floral", "plain"]
    keys = [item.key for items in found.values() for item in items]
    out = [item.key for items in held.values() for item in items]
    assert len(keys) + len(out) == len(rows) and not any(map(held_out, keys)) and all(map(held_out, out))
    counts = {name: len(items) for name, items in found.items()}
    first, second, sentence = choose_pair(counts, None, None)
    assert (first, second) == ("plain", "floral") and "denim" in sentence
    source, target, _ = load_pair(tmp_path, 32, target="denim")
    assert (source.name, target.name) == ("plain", "denim") and source.keys[0].startswith("shirt/")


def test_folders_of_looks_and_what_is_missing(tmp_path):
    for index in range(4):
        picture(tmp_path / "leather" / f"{index}.png", 3)
        picture(tmp_path / "denim" / f"{index}.png", 200)
    assert list(load_domains(tmp_path, 32, masks="none")) == ["denim", "leather"]
    for names, words in ((("denim", "silk"), "silk.*denim"), (("denim", "denim"), "two kinds")):
        with pytest.raises(UserError, match=words):
            load_pair(tmp_path, 32, *names)
    with pytest.raises(UserError, match="too few pictures called 'leather'"):
        load_domains(tmp_path, 32, ["leather"], most=3, masks="none")
    with pytest.raises(UserError, match="find masks"):
        load_domains(tmp_path, 32, masks="guessed")
    flat = tmp_path / "denim"
    with pytest.raises(UserError, match="of which kind"):
        load_pair(flat, 32)


def test_the_choice_of_a_pair():
    counts = {"a": 3, "plain": 5, "z": 9}
    assert choose_pair(counts, None, None)[:2] == ("plain", "z")
    assert choose_pair(counts, "z", None)[:2] == ("z", "plain")
    assert choose_pair(counts, None, "plain")[:2] == ("a", "plain")
    assert choose_pair({"B": 2, "A": 1}, None, None)[:2] == ("A", "B")
    assert "There are also" not in choose_pair({"B": 2, "A": 1}, None, None)[2]


def test_pictures_without_a_mask_are_cut_square_and_taken_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(domains, "found_mask", lambda path, pixels: None)
    for index in range(4):
        picture(tmp_path / "one" / f"{index}.png", index)
        picture(tmp_path / "two" / f"{index}.png", index)
    loaded = load_domains(tmp_path, 24)
    assert (loaded["one"].masks == 255).all() and (loaded["one"].images[:, 0, 0] == 128).all()


def test_rendered_domains_and_arrays():
    source, target, _ = load_pair({"x": np.zeros((4, 20, 30, 3), np.uint8), "y": np.full((5, 9, 9), 7, np.uint8)}, 16)
    assert source.images.shape == (4, 16, 16, 3) and (target.images == 7).all() and (target.masks == 255).all()
    with pytest.raises(UserError, match="tartan"):
        load_domains(None, 32, ["plaid"])


def test_a_garment_cut_out_fills_its_square():
    pixels, mask = np.full((50, 400, 3), 9, np.uint8), np.zeros((50, 400), np.uint8)
    mask[20:40, 300:340] = 255  # 40 wide: with the margin, the square's side is 45.6 photo pixels
    image, inside = cut_out(pixels, mask, 57, background=200)
    columns, rows = np.flatnonzero((inside > 127).any(0)), np.flatnonzero((inside > 127).any(1))
    assert abs(len(columns) - 50) <= 1 and abs(len(rows) - 25) <= 1
    assert abs(columns.mean() - 28) < 1 and abs(rows.mean() - 28) < 1
    assert (image[inside == 0] == 200).all() and (image[inside == 255] == 9).all()
