"""The shipped networks under ONNX Runtime and under OpenVINO: seconds to load, seconds a photo, memory, agreement.

    python benchmarks/runtimes.py [--repeats 7] [--threads N] [--json FILE]

Needs openvino (pip install 'muslin[openvino]'). What one photo asks of the two networks of a restyle: the mask network
three times (128 px and its mirror image, 256 px), the drape network three times (256 px, 128 px and its mirror image).
Each process is new, the runtimes in turn; OpenVINO computes in float32 (INFERENCE_PRECISION_HINT: it would take half
precision where the processor has it) and for latency: without its cache of compiled models, with it full, and with a
model compiled for each size and batch. `loaded` counts the import of the runtime. Processor time is measured beside
the clock: a busy machine blurs the latter. Medians.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from speed import as_installed

from muslin import store

RUNTIMES = ("onnxruntime", "openvino", "openvino, cache", "openvino, cache, fixed sizes")
PHOTOS = 8  # after the first one
WORK = """
import json, resource, sys, time
import numpy as np
runtime, files, cache, out, threads, photos = json.loads(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
def now():
    return np.array([time.perf_counter(), time.process_time()])
rng = np.random.default_rng(0)
def asked(which, count, size):
    arrays = {"image": rng.uniform(-1, 1, (count, size, size, 3)).astype(np.float32)}
    return which, size, arrays | ({"mask": np.ones((count, size, size, 1), np.float32)} if which else {})
questions = [asked(*one) for one in ((0, 2, 128), (0, 1, 256), (1, 1, 256), (1, 1, 128), (1, 1, 128))]
start = now()
networks = {}
if runtime == "onnxruntime":
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.enable_cpu_mem_arena = False  # as muslin has it
    options.intra_op_num_threads = threads
    for which, file in enumerate(files):
        networks[which] = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    run = lambda which, size, arrays: networks[which].run(None, arrays)
else:
    import openvino
    core = openvino.Core()
    if "cache" in runtime:
        core.set_property({"CACHE_DIR": cache})
    settings = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads}
    fixed = "fixed" in runtime
    for which, size, arrays in questions:
        if (which, size if fixed else 0) not in networks:
            model = core.read_model(files[which])
            if fixed:
                model.reshape({name: array.shape for name, array in arrays.items()})
            networks[which, size if fixed else 0] = core.compile_model(model, "CPU", settings)
    run = lambda which, size, arrays: list(networks[which, size if fixed else 0](arrays).values())
loaded = now() - start
def photo():
    start = now()
    given = [run(*question) for question in questions]
    return now() - start, given
first, given = photo()
later = [photo()[0] for _ in range(photos)]
np.savez(out, *[array for arrays in given for array in arrays])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"loaded": loaded.tolist(), "first photo": first.tolist(), "photo": np.median(later, 0).tolist(),
                  "MB added": peak - before}))
"""


def measured(runtime: str, files: list[str], cache: Path, out: Path, threads: int) -> dict[str, list[float]]:
    order = [runtime, files, str(cache), str(out), threads, PHOTOS]
    done = subprocess.run([sys.executable, "-c", WORK, json.dumps(order)], check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def contest(folder: Path, repeats: int, threads: int) -> dict[str, dict[str, object]]:
    """Runtime -> seconds by the clock and of the processor, MB, and the largest difference from ONNX Runtime."""
    files = [str(store.load(name).file()) for name in ("mask", "drape")]
    rows: dict[str, list[dict[str, list[float]]]] = {name: [] for name in RUNTIMES}
    for turn in range(repeats + 1):
        for place, name in enumerate(RUNTIMES):
            row = measured(name, files, folder / "cache", folder / f"{place}.npz", threads)
            if turn > 0:  # the first turn compiles modules and fills the cache
                rows[name].append(row)
    found: dict[str, dict[str, object]] = {}
    own = np.load(folder / "0.npz")
    for place, (name, several) in enumerate(rows.items()):
        other = np.load(folder / f"{place}.npz")
        figures: dict[str, object] = {
            key: {"s": round(float(clock), 4), "processor s": round(float(work), 4)}
            for key in ("loaded", "first photo", "photo")
            for clock, work in [np.median([row[key] for row in several], 0)]
        }
        figures["MB added"] = round(float(np.median([row["MB added"] for row in several])))
        figures["largest difference"] = max(float(np.abs(own[key] - other[key]).max()) for key in own.files)
        found[name] = figures
    found["cache on disk, MB"] = {
        "MB": round(sum(file.stat().st_size for file in (folder / "cache").rglob("*") if file.is_file()) / 1e6, 1)
    }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        as_installed(Path(name))
        figures = contest(Path(name), options.repeats, options.threads)
    figures["threads"] = {"threads": options.threads}
    print(json.dumps(figures, indent=2))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
