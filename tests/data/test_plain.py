"""Plain or printed, by looking: rendered garments, whose cloth is known, without labels or masks."""

from pathlib import Path

import numpy as np

from muslin.data.photos import held_out
from muslin.data.plain import plain_and_printed
from muslin.data.truth import render
from muslin.images import write_image


def test_garments_without_labels_and_masks_are_looked_at(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("MUSLIN_CACHE", str(tmp_path / "cache"))
    (tmp_path / "photos").mkdir()
    for seed in range(30, 54):
        write_image(tmp_path / f"photos/{seed}.png", render(seed, 224, plain=seed % 2 == 0).photo)
    plain, printed = plain_and_printed(tmp_path / "photos")
    assert not any(held_out(photo.key) for photo in plain + printed)
    wrong = [photo.key for photo in plain if int(Path(photo.key).stem) % 2]
    assert len(plain) >= 4 and len(wrong) <= 1, (wrong, len(plain), len(printed))
    assert all(photo.mask is not None and photo.mask.shape == photo.pixels.shape[:2] for photo in plain + printed)


def test_labels_have_the_last_word(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("MUSLIN_CACHE", str(tmp_path / "cache"))
    folder, names = tmp_path / "garments", [f"{seed}.png" for seed in range(12)]
    folder.mkdir()
    (tmp_path / "masks").mkdir()
    for seed, name in enumerate(names):
        rendered = render(seed, 96, plain=True)
        write_image(folder / name, rendered.photo)
        write_image(tmp_path / "masks" / name, np.rint(rendered.mask * 255).astype(np.uint8)[..., None].repeat(3, -1))
    rows = [f"{name},{'plain' if i < 6 else 'floral'}" for i, name in enumerate(names[:10])]
    (folder / "style_labels.csv").write_text("\n".join(["file,style", *rows]))
    plain, printed = plain_and_printed(tmp_path)
    known = {name for name in names if not held_out(name)}
    assert {photo.key for photo in printed} == known & set(names[6:10])  # the last two have no label
    assert {photo.key for photo in plain} <= known & set(names[:6])
