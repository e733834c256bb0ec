from pathlib import Path

import numpy as np
import pytest

from muslin import preprocess_data
from muslin.cli.jobs import plan
from muslin.data.truth import render
from muslin.folders import walk
from muslin.images import find_images, write_image


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """A folder of links to two folders, one of them with a link back to the first."""
    for index, name in enumerate(["one", "one", "two", "two"]):
        (tmp_path / name).mkdir(exist_ok=True)
        write_image(tmp_path / name / f"{index}.png", render(index, 64).photo)
    root = tmp_path / "links"
    root.mkdir()
    (root / "a").symlink_to("../one")
    (root / "b").symlink_to(tmp_path / "two")
    (tmp_path / "two" / "back").symlink_to(root)
    (root / ".hidden").symlink_to("../one")
    return root


def test_links_are_followed_once_and_loops_not_at_all(linked: Path) -> None:
    assert [folder.relative_to(linked).as_posix() for folder, _, _ in walk(linked)] == [".", "a", "b"]


def test_every_way_into_muslin_sees_the_same_pictures(linked: Path) -> None:
    expected = ["0.png", "1.png", "2.png", "3.png"]
    assert [path.name for path in find_images([linked])] == expected
    assert [Path(job.source).name for job in plan([str(linked)], None, "look", 1)] == expected
    assert len(preprocess_data(str(linked), size=16)[1]) == 4
    assert np.isfinite(preprocess_data(str(linked), size=16)[1]).all()
