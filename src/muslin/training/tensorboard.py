"""Event files for TensorBoard, written without it: records framed as TFRecord around protocol buffers.

Formats: tensorflow/core/lib/io/record_writer.h (framing), tensorflow/core/util/event.proto and
tensorflow/core/framework/summary.proto (field numbers below).
"""

from __future__ import annotations

import struct
import time
from collections.abc import Mapping
from pathlib import Path


class EventWriter:
    """Scalars and pictures over images seen, in a new file of `folder`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"events.out.tfevents.{time.time_ns() // 1000}.muslin"
        self._write(_string(3, b"brain.Event:2"), step=0)

    def scalars(self, values: Mapping[str, float], images_seen: int) -> None:
        parts = [_string(1, _string(1, tag.encode()) + _float(2, value)) for tag, value in values.items()]
        self._write(_string(5, b"".join(parts)), images_seen)

    def picture(self, tag: str, png: bytes, width: int, height: int, images_seen: int) -> None:
        """png: the encoded file, RGB."""
        image = _integer(1, height) + _integer(2, width) + _integer(3, 3) + _string(4, png)
        self._write(_string(5, _string(1, _string(1, tag.encode()) + _string(4, image))), images_seen)

    def _write(self, content: bytes, step: int) -> None:
        event = _double(1, time.time()) + _integer(2, step) + content
        length = struct.pack("<Q", len(event))
        with open(self.path, "ab") as file:
            file.write(length + _checksum(length) + event + _checksum(event))


def crc32c(data: bytes) -> int:
    """Castagnoli's checksum (RFC 3720, appendix B.4)."""
    value = 0xFFFFFFFF
    for byte in data:
        value = _TABLE[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFF


def _entry(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    return value


_TABLE = [_entry(index) for index in range(256)]


def _checksum(data: bytes) -> bytes:
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _string(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _float(field: int, value: float) -> bytes:
    return _varint(field << 3 | 5) + struct.pack("<f", value)
