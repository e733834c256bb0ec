import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from muslin.data import folder
from muslin.errors import EXIT_DATA, UserError


def picture(path, seed=0, size=(40, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def test_a_plain_folder(tmp_path):
    for seed in range(5):
        picture(tmp_path / f"{seed}.png", seed)
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / ".hidden.png").write_bytes(b"")
    found = folder.scan(tmp_path)
    assert found.layout == "plain" and len(found.records) == 5 and not found.problems
    assert {(record.width, record.height) for record in found.records} == {(40, 30)}
    assert {record.label for record in found.records} == {None} and not found.split_by_folder


def test_folders_of_classes_are_labels_and_masks_are_found_everywhere(tmp_path):
    root = tmp_path / "garments"
    picture(root / "shirt" / "a.jpg", 1)
    picture(root / "skirt" / "b.jpg", 2)
    picture(root / "skirt" / "c.jpg", 3)
    beside = picture(root / "skirt" / "masks" / "c.png", 4)
    sibling = picture(tmp_path / "garment_masks" / "shirt" / "a.png", 5)
    found = folder.scan(root)
    assert found.layout == "classes" and found.labels == ["shirt", "skirt"]
    assert {record.path.name: record.mask for record in found.records} == {
        "a.jpg": sibling,
        "b.jpg": None,
        "c.jpg": beside,
    }
    assert len(found.select(label="skirt")) == 2


def test_unpaired_and_paired_and_split_folders(tmp_path):
    for index, name in enumerate(["trainA/x.png", "trainB/y.png", "testA/z.png"]):
        picture(tmp_path / "cyclegan" / name, index)
    found = folder.scan(tmp_path / "cyclegan")
    assert found.layout == "unpaired" and found.split_by_folder
    assert [(r.path.name, r.domain, r.split) for r in found.records] == [
        ("z.png", "A", "test"),
        ("x.png", "A", "train"),
        ("y.png", "B", "train"),
    ]
    for index, name in enumerate(["A/train/x.png", "B/train/x.png", "A/val/y.png"]):
        picture(tmp_path / "pairs" / name, index)
    found = folder.scan(tmp_path / "pairs")
    assert found.layout == "paired" and len(found.select(domain="A", split="test")) == 1
    for index, name in enumerate(["train/floral/x.png", "test/floral/y.png"]):
        picture(tmp_path / "looks" / name, index)
    found = folder.scan(tmp_path / "looks")
    assert found.layout == "classes" and found.labels == ["floral"]
    assert [record.split for record in found.records] == ["test", "train"]


def test_a_collection_of_garments_and_styles(tmp_path):
    picture(tmp_path / "garments" / "shirt" / "a.jpg", 1)
    picture(tmp_path / "styles" / "floral" / "b.jpg", 2)
    mask = picture(tmp_path / "garment_masks" / "shirt" / "a.png", 3)
    found = folder.scan(tmp_path)
    assert found.layout == "collection"
    assert [(r.domain, r.label, r.mask) for r in found.records] == [
        ("garments", "shirt", mask),
        ("styles", "floral", None),
    ]


def test_bad_files_are_reported_and_the_rest_goes_on(tmp_path):
    picture(tmp_path / "good.png")
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "text.jpg").write_text("hello")
    (tmp_path / "huge.png").write_bytes(
        # a PNG header that promises 60,000 x 60,000 pixels
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xea\x60\0\0\xea\x60\x08\x02\0\0\0" + b"\0" * 4
    )
    found = folder.scan(tmp_path)
    assert [record.path.name for record in found.records] == ["good.png"]
    assert sorted(problem.path.name for problem in found.problems) == ["empty.jpg", "huge.png", "text.jpg"]


def test_the_size_is_the_size_seen(tmp_path):
    exif = Image.Exif()
    exif[folder.ORIENTATION] = 6
    Image.new("RGB", (40, 30)).save(tmp_path / "turned.jpg", exif=exif)
    (record,) = folder.scan(tmp_path).records
    assert (record.width, record.height, record.orientation) == (30, 40, 6)


def test_originals_and_equal_content_stay_on_one_side(tmp_path):
    rows = ["file,original_path"]
    for seed in range(60):
        picture(tmp_path / f"{seed}.png", seed)
        rows.append(f"{seed}.png,painting {seed // 6}")
    picture(tmp_path / "copy.png", 0)  # of 0.png, but said to be of another original
    rows.append("copy.png,painting 9")
    (tmp_path / "manifest.csv").write_text("\n".join(rows))
    found = folder.scan(tmp_path, test_fraction=0.5)
    sides = {}
    for record in found.records:
        sides.setdefault(record.original, set()).add(record.split)
    assert len(sides) == 9 and all(len(side) == 1 for side in sides.values())
    assert {record.split for record in found.records} == {"train", "test"}
    assert folder.scan(tmp_path, test_fraction=0.5) == found


def test_no_folder_and_no_picture(tmp_path):
    with pytest.raises(UserError, match="no folder") as caught:
        folder.scan(tmp_path / "missing")
    assert caught.value.exit_code == EXIT_DATA
    with pytest.raises(UserError, match="no picture"):
        folder.scan(tmp_path)


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=20))
def test_groups_are_the_connected_parts(pairs):
    found = folder.groups(12, pairs)
    members = [index for group in found for index in group]
    assert len(members) == len(set(members)) and all(len(group) > 1 for group in found)
    of = {index: number for number, group in enumerate(found) for index in group}
    for first, second in pairs:
        assert first == second or of[first] == of[second]
    reach = np.eye(12, dtype=bool)
    for first, second in pairs:
        reach[first, second] = reach[second, first] = True
    for _ in range(4):
        reach = (reach.astype(int) @ reach.astype(int)) > 0
    for group in found:
        assert all(reach[a, b] for a in group for b in group)
