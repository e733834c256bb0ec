"""Fuzzing: real bytes, damaged at random for minutes, against everything that reads what came from outside.

    python benchmarks/fuzz.py [--minutes 10] [--targets jpeg png ...] [--seed N] [--findings DIR] [--json FILE]

Each target starts from sound files (tests/hostile/corpus.py) and from mutants that taught something new: an answer (an
error's words, a picture's kind) that was not seen before is kept as a start for others. A finding is any exception
that is not words for the user, a run of more than SLOWEST seconds, growth by more than HEAVIEST, or the death of the
process; the input that caused it is left in DIR. Each target runs in a process of its own, which is started again after
a death. Exit code 1 where anything was found.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import multiprocessing
import os
import re
import resource
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "hostile"))

import corpus

from muslin import store
from muslin.data import domains, photos
from muslin.data.tables import read_rows
from muslin.errors import UserError
from muslin.garments.network import Network
from muslin.images import encode_image, read_image
from muslin.restyle import metadata

SLOWEST = 10.0  # seconds of processor time for one input
HEAVIEST = 1_500_000  # kB more than before
Target = tuple[list[bytes], Callable[[bytes], object]]


def pictures(kind: str, suffixes: tuple[str, ...]) -> Target:
    """A format's files: as a photo, with its settings recalled; as an upload its type is asked for too."""
    seeds = [corpus.good(kind)] + [data for name, data in corpus.odd_pictures() if name.endswith(suffixes)]
    seeds.append(encode_image(corpus.scene(), kind, text={"muslin": json.dumps(SETTINGS)}, xmp=b"<x:xmpmeta/>", dpi=96))

    def read(data: bytes) -> object:
        from muslin.studio.uploads import media_type

        photo = read_image(data, max_pixels=4_000_000, max_bytes=4_000_000)
        found = metadata.settings_from(photo)
        if found is not None:
            metadata.human_line(found)
        return media_type(data), photo.alpha is None, sorted(photo.metadata)[:3], photo.dpi is None

    return seeds, read


SETTINGS = {
    "format": 1, "muslin": "0.1.0", "kind": "restyle", "model": {"name": "drape", "sha256": "0" * 64},
    "source": {"path": "a.jpg", "sha256": "1" * 64}, "styles": [{"path": "b.png", "sha256": None, "weight": 1.0}],
    "mask": {"kind": "file", "path": "m.png", "sha256": None}, "seed": 3, "size": [72, 96],
    "controls": {"scale": 1.0, "rotation": 0.0, "offset": [0.1, 0.2], "repeat": "brick",
                 "strength": 1.0, "shading": 1.0,
                 "palette": ["#112233", [1, 2, 3], None], "seamless": "auto", "mix": "panels", "look_mix": {"a": 1}},
}  # fmt: skip


def settings(folder: Path) -> Target:
    """The JSON and the XMP that a picture carries."""
    from muslin.images import Photo
    from muslin.restyle import controls, lookbook, styles

    for name in ("a.jpg", "b.png", "m.png"):
        (folder / name).write_bytes(corpus.good("PNG", 24, 18))
    pixels = corpus.scene(24, 18)

    def read(data: bytes) -> object:
        text = data.decode("utf-8", "replace")
        key = "xmp" if text.lstrip().startswith("<") else "muslin"
        found = metadata.settings_from(Photo(pixels, metadata={key: text}))
        if found is None:
            return None
        metadata.human_line(found)
        lookbook._look(pixels, found, folder, {})
        recalled = metadata.recall(found, folder / "a.jpg")
        known = {k: v for k, v in recalled.controls.items() if k in controls.Controls.__dataclass_fields__}
        settings = controls.Controls(**known)
        if settings.palette is not None:
            styles.prepare_swatch(pixels, settings)
        return sorted(recalled.controls), recalled.notes[:1]

    return [json.dumps(SETTINGS).encode(), metadata.provenance_xmp(SETTINGS)], read


def cards(folder: Path) -> Target:
    """model.json, and what is done with one before any network is opened."""
    from muslin.restyle import looks, translate

    model = folder / "model"
    model.mkdir()
    (model / "generator.onnx").write_bytes(b"no network")
    more = {"domains": ["a", "b"], "looks": ["c"], "size": 64, "exported": ["generator"], "settings": {"size": 64}}
    store.write_card(model, {"name": "m", "recipe": "cut", **more})
    seeds = [(model / store.CARD).read_bytes()]
    seeds += [(store.shipped_folder() / name / store.CARD).read_bytes() for name in ("drape", "mask", "print")]

    def read(data: bytes) -> object:
        (model / store.CARD).write_bytes(data)
        found = store.load(model)
        text = f"{found.name} {found.recipe} {found.sha256} {found.size}"
        translate.looks_of(found), looks.looks_of(found)
        found.verify()
        return len(text) > 100

    return seeds, read


def networks(folder: Path) -> Target:
    """ONNX files whose hash agrees: the runtime has to refuse or to run them."""
    path = folder / "network.onnx"
    image, mask = np.zeros((1, 64, 64, 3), np.float32), np.ones((1, 64, 64, 1), np.float32)
    seeds = [store.load(name).file().read_bytes() for name in ("drape", "mask")]

    def read(data: bytes) -> object:
        path.write_bytes(data)
        network = Network(path, 1)
        inputs = {"image": image, "mask": mask} if len(network.inputs) > 1 else {"image": image}
        return sorted(network(**inputs))

    return seeds, read


def tables(folder: Path) -> Target:
    """style_labels.csv and manifest.csv."""
    garments = folder / "garments"
    garments.mkdir()
    (garments / "a.jpg").write_bytes(corpus.good("JPEG", 24, 18))
    seeds = [b'file,style\na.jpg,plain\n"b,""c.jpg",dots\n', "\ufefffile,style\r\nü.jpg,ä\r\n".encode()]

    def read(data: bytes) -> object:
        (garments / "style_labels.csv").write_bytes(data)
        found = domains._labels(folder)
        photos.load_garments(folder, side=16)
        return len(found), len(read_rows(garments / "style_labels.csv", "file"))

    return seeds, read


def projects(folder: Path) -> Target:
    """The studio's exported projects: the archive as a whole, and a manifest inside a sound archive."""
    from muslin.studio import exchange
    from muslin.studio.service import Limits, Studio

    studio = Studio(folder / "studio", Limits(upload_bytes=3_000_000, upload_pixels=4_000_000), threads=1)
    picture, mask = corpus.good("PNG"), encode_image(255 - corpus.scene()[..., 0], "PNG")
    names = [hashlib.sha256(data).hexdigest() for data in (picture, mask)]
    made = {"created": 1.0, "sample": False, "photo": names[0], "mask": names[1], "mask_kind": "auto"}
    garment = {**made, "id": "0" * 16, "name": "x", "mask_source": "network", "confidence": 1.0, "share": 0.5,
               "box": [0, 0, 1, 1], "length_cm": 70.0, "auto": {**made, "mask": names[1], "share": 0.5,
               "box": "[0,0,1,1]", "mask_source": "network", "confidence": 1.0}}  # fmt: skip
    manifest = json.dumps({"format": 1, "project": "x", "garments": [garment], "looks": [], "results": []}).encode()

    def archive(document: bytes) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as file:
            file.writestr("manifest.json", document)
            for name, data in zip(names, (picture, mask), strict=True):
                file.writestr(f"files/{name}.png", data)
        return buffer.getvalue()

    def read(data: bytes) -> object:
        whole = data if data.startswith(b"PK") else archive(data)
        return len(exchange.read(studio, io.BytesIO(whole))["name"])

    return [archive(manifest), manifest], read


TARGETS: dict[str, Callable[[Path], Target]] = {
    "jpeg": lambda folder: pictures("JPEG", (".jpg",)),
    "png": lambda folder: pictures("PNG", (".png",)),
    "webp": lambda folder: pictures("WEBP", (".webp",)),
    "tiff": lambda folder: pictures("TIFF", (".tif",)),
    "settings": settings,
    "cards": cards,
    "networks": networks,
    "tables": tables,
    "projects": projects,
}


def texts(data: bytes, rng: np.random.Generator) -> bytes:
    """A JSON or CSV with one value in it replaced: random bytes hardly ever are JSON any more."""
    values = [
        b"null",
        b"-1",
        b"1e999",
        b"9" * 400,
        b'""',
        b"[]",
        b"{}",
        b'"\\u0000"',
        b'"../../x"',
        b"true",
        b"[[[1]]]",
    ]
    places = list(re.finditer(rb'(?<=: )("[^"]*"|[\d.]+|\[[^\[\]]*\]|null)', data))
    for _ in range(int(rng.integers(1, 4)) if places else 0):
        place = places[int(rng.integers(len(places)))]
        value = values[int(rng.integers(len(values)))]
        if data[place.start() : place.end()] == place.group():
            data = data[: place.start()] + value + data[place.end() :]
    return data


def fuzz(name: str, seconds: float, seed: int, last: str, counts: Any) -> None:
    """In a process of its own. The input being tried lies in the file `last`, so that it outlives the process."""
    rng, seen = np.random.default_rng(seed), set()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["MUSLIN_MODELS"] = str(Path(scratch) / "none")
        pool, read = TARGETS[name](Path(scratch))
        for sound in pool:
            with contextlib.suppress(UserError):  # but no other error: then the target itself is at fault
                read(sound)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            data = pool[int(rng.integers(len(pool)))]
            data = texts(data, rng) if name in ("settings", "cards", "projects") and rng.random() < 0.6 else data
            data = corpus.mutated(data, rng) if rng.random() < 0.7 else data
            Path(last).write_bytes(data)
            before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
            try:
                answer = repr(read(data))
            except UserError as error:
                answer = re.sub(r"[\d']+", "", str(error))[:120]
            counts[0] += 1
            taken = time.process_time() - started  # a busy machine is no finding
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            if taken > SLOWEST or grown > HEAVIEST:
                raise TimeoutError(f"{taken:.1f} s, {grown / 1e6:.1f} GB")
            if answer not in seen and len(pool) < 500:
                seen.add(answer)
                pool.append(data)
                counts[1] = len(seen)


def guarded(name: str, seconds: float, seed: int, last: str, counts: Any, words: Any) -> None:
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    try:
        fuzz(name, seconds, seed, last, counts)
    except BaseException:
        words.value = traceback.format_exc()[-1500:].encode()
        os._exit(1)


def hunt(name: str, seconds: float, seed: int, findings: Path) -> dict[str, object]:
    """One target for so long; {executions, answers, findings}."""
    context, until, runs, found = multiprocessing.get_context("spawn"), time.monotonic() + seconds, 0, {}
    counts, total, answers = context.Array("l", 2), 0, 0
    with tempfile.TemporaryDirectory() as scratch:
        last = f"{scratch}/last"
        while (left := until - time.monotonic()) > 2 and runs < 20:
            counts[0] = counts[1] = 0
            words = context.Array("c", 2000)
            process = context.Process(target=guarded, args=(name, left, seed + runs, last, counts, words))
            process.start()
            process.join(left + 60)
            hung = process.is_alive()
            if hung:
                process.kill()
                process.join()
            runs, total, answers = runs + 1, total + counts[0], max(answers, counts[1])
            if hung or process.exitcode:
                what = words.value.decode("utf-8", "replace").strip() or f"died with exit code {process.exitcode}"
                line = (
                    "it hung" if hung else re.sub(r"0x[0-9a-f]+|[0-9]+|/tmp/[^ ']*", "N", what.splitlines()[-1])[:160]
                )
                if line not in found:
                    data = Path(last).read_bytes() if Path(last).exists() else b""
                    findings.mkdir(parents=True, exist_ok=True)
                    file = findings / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}"
                    file.write_bytes(data)
                    file.with_suffix(".txt").write_text(what)
                    found[line] = str(file)
    return {"seconds": round(seconds), "executions": total, "answers": answers, "findings": found}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="of all targets together")
    parser.add_argument("--targets", nargs="+", choices=list(TARGETS), default=list(TARGETS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--findings", type=Path, default=Path("fuzz-findings"))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    share, figures = options.minutes * 60 / len(options.targets), {}
    for name in options.targets:
        figures[name] = hunt(name, share, options.seed, options.findings)
        print(json.dumps({name: figures[name]}), flush=True)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 1 if any(figure["findings"] for figure in figures.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
