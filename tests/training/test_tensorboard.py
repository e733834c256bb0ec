from __future__ import annotations

from pathlib import Path

import pytest

from muslin.training.tensorboard import EventWriter, crc32c


def test_checksum() -> None:
    assert crc32c(b"123456789") == 0xE3069283  # the published check value


def test_tensorflow_reads_what_we_wrote(tmp_path: Path) -> None:
    tf = pytest.importorskip("tensorflow")
    from tensorflow.core.util import event_pb2

    writer = EventWriter(tmp_path)
    writer.scalars({"generator/loss": 0.5, "a/b": -2.0}, 1_000_000)
    writer.picture("preview", b"not really a png", 30, 20, 7)
    records = [bytes(record.numpy()) for record in tf.data.TFRecordDataset(str(writer.path))]
    first, scalars, picture = [event_pb2.Event.FromString(record) for record in records]
    assert first.file_version == "brain.Event:2"
    assert scalars.step == 1_000_000
    assert {value.tag: value.simple_value for value in scalars.summary.value} == {"generator/loss": 0.5, "a/b": -2.0}
    image = picture.summary.value[0].image
    assert (image.height, image.width, image.colorspace) == (20, 30, 3)
    assert image.encoded_image_string == b"not really a png"
