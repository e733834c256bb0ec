"""kill -9 at random moments of a training run and of a folder of photos, then the same command again, until it is done.

    python benchmarks/kills.py [train | batch] [--kills 50] [--seed N] [--json FILE]

train: `muslin train dcgan` on a handful of pictures at 16 px, with a state kept every 0.05 s instead of every minute
(the one thing that is changed, so that there is something to lose at any moment). Killed at a moment drawn evenly from
the time that the unbroken command takes, importing and exporting included; started again until it ends; then a new run,
until there were so many kills. What must hold at each end: weights, averages, optimizers and counters bit for bit those
of the unbroken run, the exported network byte for byte, every record of the log once, no unfinished file.

batch: `muslin restyle FOLDER` on 16 photos, killed likewise. After each kill every result that is there must be byte
for byte that of an unbroken run; at the end every photo has its result once, and no unfinished file is left.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "hostile"))

import corpus

from muslin.images import write_image

STATE_SECONDS = 0.05
OFTEN = f"""
import sys
from muslin.cli import run
from muslin.training import engine
engine.train.__kwdefaults__["checkpoint_every_seconds"] = {STATE_SECONDS}
sys.exit(run(sys.argv[1:]))
"""
PICTURES, PHOTOS = 8, 16


def pictures(folder: Path, count: int, height: int, width: int) -> Path:
    """Different garments: the scene in other colours."""
    folder.mkdir()
    for number in range(count):
        tint = np.random.default_rng(number).uniform(0.5, 1.0, 3)
        write_image(folder / f"{number:02d}.png", (corpus.scene(height, width) * tint).astype(np.uint8))
    return folder


def killed(command: list[str], wait: float | None) -> bool:
    """Run the command, to its end or for `wait` seconds; True where it had to be killed."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(wait)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    return False


def hunt(command: Callable[[Path], list[str]], done: Callable[[Path], bool], check: Callable[[Path, bool], list[str]],
         root: Path, seconds: float, kills: int, rng: random.Random) -> dict[str, object]:  # fmt: skip
    """{kills, runs, faults}. command, done, check: of the folder that a run writes."""
    made, runs, faults, moments = 0, 0, [], []
    while made < kills:
        folder = root / f"broken{runs}"
        while not done(folder):
            wait = rng.uniform(0, seconds) if made < kills else None
            if killed(command(folder), wait):
                made += 1
                moments.append(round(wait or 0, 2))
            faults += check(folder, False)
        faults += check(folder, True)
        print(*sorted(set(faults)), sep="\n", file=sys.stderr)
        runs += 1
        print(f"{made} kills, {runs} runs, {len(faults)} faults", file=sys.stderr, flush=True)
    spread = [round(float(quantile), 2) for quantile in np.quantile(moments, [0, 0.25, 0.5, 0.75, 1])]
    return {"kills": made, "runs": runs, "unbroken s": round(seconds, 1), "moments s": spread, "faults": faults}


def unfinished(folder: Path) -> list[str]:
    return [f"unfinished {path.name}" for path in folder.rglob(".*") if path.is_file()]


def arrays(path: Path) -> dict[str, bytes]:
    with np.load(path) as stored:
        return {key: stored[key].tobytes() for key in stored.files}


def training(root: Path, kills: int, rng: random.Random) -> dict[str, object]:
    data = pictures(root / "data", PICTURES, 32, 32)

    def command(run: Path) -> list[str]:
        words = ["train", "dcgan", str(data), "--run", str(run), "--size", "16", "--batch", "8", "--images", "1600"]
        return [sys.executable, "-c", OFTEN, *words, "--option", "masks=none", "--option", "channels=8", "-q"]

    started = time.perf_counter()
    assert not killed(command(root / "whole"), None)
    seconds = time.perf_counter() - started
    state = arrays(root / "whole" / "state.npz")
    network = (root / "whole" / "model" / "generator.onnx").read_bytes()

    def check(run: Path, ended: bool) -> list[str]:
        if not ended:
            return []
        log = [json.loads(line)["images_seen"] for line in (run / "log.jsonl").read_text().splitlines()]
        faults = unfinished(run)
        faults += ["another state"] if arrays(run / "state.npz") != state else []
        faults += ["another network"] if (run / "model" / "generator.onnx").read_bytes() != network else []
        return faults + (["another log"] if log != sorted(set(log)) or log[-1] != 1600 else [])

    return hunt(command, lambda run: (run / "model" / "model.json").is_file(), check, root, seconds, kills, rng)


def batch(root: Path, kills: int, rng: random.Random) -> dict[str, object]:
    photos = pictures(root / "photos", PHOTOS, 480, 360)
    cloth = write_image(root / "cloth.png", np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8))

    def command(made: Path) -> list[str]:
        return [sys.executable, "-m", "muslin.cli", "restyle", str(photos), "-s", str(cloth), "-o", str(made), "-q"]

    started = time.perf_counter()
    assert not killed(command(root / "whole"), None)
    seconds = time.perf_counter() - started
    whole = {path.name: path.read_bytes() for path in (root / "whole").iterdir()}
    assert len(whole) == PHOTOS

    def check(made: Path, ended: bool) -> list[str]:
        results = {path.name: path.read_bytes() for path in made.glob("*.png")} if made.is_dir() else {}
        faults = [f"another {name}" for name, data in results.items() if whole.get(name) != data]
        return faults + (unfinished_later(made) if ended else [])

    def unfinished_later(made: Path) -> list[str]:
        """Parts of killed processes are removed by the next command, once they are a minute old."""
        for part in made.glob(".muslin-*.part"):
            old = time.time() - 120
            os.utime(part, (old, old))
        killed(command(made), None)
        return unfinished(made)

    def done(made: Path) -> bool:
        return made.is_dir() and {path.name for path in made.glob("*.png")} == set(whole)

    return hunt(command, done, check, root, seconds, kills, rng)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["train", "batch"], help="default: both")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    figures = {}
    for what in [options.what] if options.what else ["train", "batch"]:
        with tempfile.TemporaryDirectory() as root:
            hunted = training if what == "train" else batch
            figures[what] = hunted(Path(root), options.kills, random.Random(options.seed))
            print(json.dumps({what: figures[what]}), flush=True)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 1 if any(figure["faults"] for figure in figures.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
