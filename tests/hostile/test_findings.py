"""What fuzzing (benchmarks/fuzz.py) and kills (benchmarks/kills.py) found, kept so that it stays found."""

from __future__ import annotations

import io
import os
import time
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from muslin.errors import EXIT_DATA, UserError
from muslin.images import read_image, remove_parts


def test_a_tiff_that_only_opencv_reads_has_a_type() -> None:
    """The studio asked Pillow what an upload was, after OpenCV had read it: an answer of 500."""
    from muslin.studio.uploads import media_type

    data = cv2.imencode(".tiff", np.full((20, 20, 3), 0.5, np.float32))[1].tobytes()
    assert read_image(data).pixels.shape == (20, 20, 3) and media_type(data) == "image/tiff"


def test_an_archive_with_a_negative_place_is_no_project() -> None:
    """zipfile raises ValueError for it, which no one expected."""
    exchange = pytest.importorskip("muslin.studio.exchange")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("manifest.json", "{}")
    whole = buffer.getvalue()
    for start in range(1, 60):  # without its beginning, the places that the directory names lie before the file
        with pytest.raises(UserError) as caught:
            exchange.read(None, io.BytesIO(whole[start:]))
        assert caught.value.exit_code == EXIT_DATA


def test_parts_of_killed_processes_go_and_those_at_work_stay(tmp_path: Path) -> None:
    old, young, other = (tmp_path / name for name in (".muslin-1-ab.part", ".muslin-2-cd.part", "photo.png"))
    for path in (old, young, other):
        path.write_bytes(b"half")
    past = time.time() - 3600
    os.utime(old, (past, past))
    remove_parts(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([young, other])
    remove_parts(tmp_path / "absent")


def test_the_same_network_is_exported_as_the_same_bytes(tmp_path: Path) -> None:
    """tf2onnx numbers constants and free sides by a counter of the process: a run that was resumed had other bytes."""
    pytest.importorskip("tensorflow")
    import keras

    from muslin.export.onnx_files import to_onnx

    if keras.backend.backend() != "tensorflow":
        pytest.skip("ONNX is written through TensorFlow")
    image = keras.Input((None, None, 3), name="image")
    network = keras.Model(image, keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="out")(image))
    for name in ("one", "two"):
        to_onnx(network, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
