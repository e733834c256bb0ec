"""One Ray on this computer for all tests of the folder: it takes seconds to start."""

import numpy as np
import pytest

from muslin.images import write_image


@pytest.fixture(scope="session")
def ray():
    pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    from muslin.distributed import cluster

    with cluster.connected(cpus=8) as module:
        yield module


@pytest.fixture(scope="session")
def swatch(tmp_path_factory):
    pixels = np.zeros((24, 24, 3), np.uint8)
    pixels[:12, :, 0] = pixels[:, 12:, 2] = 200
    return write_image(tmp_path_factory.mktemp("cloth") / "check.png", pixels)


@pytest.fixture
def photos(tmp_path):
    """A function: count -> a folder of so many small photos, all different."""

    def make(count, name="photos"):
        for index in range(count):
            rows, columns = np.mgrid[:48, :40]
            pixels = np.stack([rows * 3 + index, columns * 4, rows + columns], axis=2).astype(np.uint8)
            (tmp_path / name / "sub").mkdir(parents=True, exist_ok=True)
            write_image(tmp_path / name / ("sub" if index % 3 == 2 else "") / f"p{index:02d}.jpg", pixels)
        return tmp_path / name

    return make
