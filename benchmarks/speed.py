"""What a restyle costs: seconds and memory, cold and warm, and of a folder.

    python benchmarks/speed.py [--model NAME] [--json FILE] [--sizes 512 1024 2048 4096]

Cold is the whole command, interpreter included, its modules compiled as an installation leaves them; warm is one more
photo in a process that has done one, decoding and writing included. Memory is the process's peak (resident). Photos are
rendered garments, saved as JPEG.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

from muslin.data.truth import render
from muslin.images import write_image
from muslin.textiles.procedural import swatch

MUSLIN = [sys.executable, "-m", "muslin.cli"]


# A child's peak begins with what its parent held when it was started, so a small process starts it.
STARTER = """
import os, sys, time
start = time.perf_counter()
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
_, status, usage = os.wait4(process, 0)
os.write(3, f"{status} {time.perf_counter() - start} {usage.ru_maxrss / 1024}".encode())
"""


def as_installed(folder: Path) -> None:
    """From here on, commands find their modules compiled, as pip leaves them: muslin's may lie in a working tree, and
    the environment may forbid Python to keep what it compiled, which would then be done at every start.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")


def measured(command: list[str]) -> tuple[float, float]:
    """(seconds, peak MB) of one command, which must succeed."""
    reader, writer = os.pipe()
    starter = ["bash", "-c", 'exec 3>&"$0" "$@"', str(writer), sys.executable, "-S", "-E", "-c", STARTER]
    done = subprocess.run([*starter, *command], capture_output=True, pass_fds=[writer])
    os.close(writer)
    with os.fdopen(reader) as pipe:
        status, seconds, memory = pipe.read().split()
    if status != "0":
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr.decode()}")
    return float(seconds), float(memory)


def photo_of(folder: Path, side: int, seed: int = 3) -> Path:
    """A rendered garment of side x 3/4 side, JPEG."""
    small = render(seed, (1024, 768)).photo
    pixels = cv2.resize(small, (side * 3 // 4, side), interpolation=cv2.INTER_CUBIC)
    return write_image(folder / f"photo_{side}_{seed}.jpg", pixels, overwrite=True)


def of_sizes(folder: Path, cloth: Path, sizes: list[int], model: str, repeats: int) -> dict[str, object]:
    rows = {}
    for side in sizes:
        photo = photo_of(folder, side)
        command = [*MUSLIN, "restyle", str(photo), "--style", str(cloth), "--model", model, "-o", str(folder / "out")]
        command += ["--overwrite", "-q"]
        cold = [measured(command) for _ in range(repeats + 1)][1:]  # the first one compiles
        code = f"""
import time
from muslin.restyle.restyler import Restyler
restyler = Restyler({model!r})
times = []
for index in range({repeats + 1}):
    start = time.perf_counter()
    restyler.restyle({str(photo)!r}, {str(cloth)!r}).save({str(folder / "warm.png")!r}, overwrite=True)
    times.append(time.perf_counter() - start)
print(sorted(times[1:])[len(times[1:]) // 2])
"""
        warm = float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
        rows[f"{side} px"] = {
            "cold s": round(float(np.median([row[0] for row in cold])), 2),
            "cold peak MB": round(max(row[1] for row in cold)),
            "warm s": round(warm, 2),
        }
    return rows


def of_folders(folder: Path, cloth: Path, model: str, counts: tuple[int, ...] = (10, 40)) -> dict[str, object]:
    """Rate and peak memory for few and for many photos: flat memory is the same peak."""
    rows = {}
    for count in counts:
        photos = folder / f"folder_{count}"
        photos.mkdir()
        for seed in range(count):
            os.replace(photo_of(folder, 1024, seed), photos / f"{seed}.jpg")
        command = [*MUSLIN, "restyle", str(photos), "--style", str(cloth), "--model", model]
        seconds, memory = measured([*command, "-o", str(folder / f"restyled_{count}"), "-q"])
        rows[f"{count} photos"] = {"s a photo": round(seconds / count, 2), "peak MB": round(memory)}
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", default="drape")
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 1024, 2048, 4096])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cloth = write_image(folder / "cloth.png", swatch("tartan", 1))
        as_installed(folder)
        measured([*MUSLIN, "--help"])
        figures: dict[str, object] = {"start s (muslin --help)": round(measured([*MUSLIN, "--help"])[0], 2)}
        figures |= of_sizes(folder, cloth, options.sizes, options.model, options.repeats)
        figures |= of_folders(folder, cloth, options.model)
    print(json.dumps(figures, indent=2))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
