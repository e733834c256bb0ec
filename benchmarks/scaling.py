"""What a batch on Ray costs: photos per second of one and of two workers, memory over ten thousand photos.

    python benchmarks/scaling.py efficiency PHOTOS --style SWATCH [-n 60] [--rounds 3]
    python benchmarks/scaling.py memory PHOTOS --style SWATCH [-n 10000] [--model luminance]
    python benchmarks/scaling.py overhead [-n 20000]

PHOTOS is a folder of garments; where it holds fewer than -n, they are taken again under other names. Efficiency is
measured between the first and the last photo, so that starting Ray (said apart) does not count. `plain` is the same
without Ray: one process, then two side by side, which is the most that this computer's cores allow.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from muslin.distributed import batch, cluster
from muslin.distributed.order import Order, Task
from muslin.images import find_images, read_image


def tasks_of(photos: Path, count: int, out: Path) -> list[Task]:
    found = find_images([photos])
    chosen = [found[index % len(found)] for index in range(count)]
    return [Task(f"{i}", str(path), (f"{out}/{i // 1000:03d}/{i:06d}.png",)) for i, path in enumerate(chosen)]


def run(order: Order, tasks: list[Task], workers: int, out: Path, every: int = 0) -> dict[str, object]:
    """Seconds to the first photo, photos per second after it, and memory (MB) at every `every` photos."""
    times: list[float] = []
    memory: list[dict[str, float]] = []

    def watch(record: object, total: int) -> None:
        times.append(time.perf_counter())
        if every and len(times) % every == 0:
            memory.append({"photos": len(times), **resident()})
            print(json.dumps(memory[-1]), file=sys.stderr, flush=True)

    started = time.perf_counter()
    outcome = batch.run(order, tasks, workers=workers, manifest=out / "m.jsonl", watch=watch)
    steady = times[len(times) // 10 :]
    return {
        "workers": workers, "photos": outcome.done, "failed": len(outcome.failed),
        "first_photo_seconds": round(times[0] - started, 1),
        "photos_per_second": round((len(steady) - 1) / (steady[-1] - steady[0]), 3),
        "whole_seconds": round(time.perf_counter() - started, 1), **({"memory": memory} if every else {}),
    }  # fmt: skip


def resident() -> dict[str, float]:
    """MB of this process, of the largest worker, of all workers, and of the object store in use."""
    import ray

    workers = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cmdline").read_bytes().startswith(b"ray::"):
                workers.append(_rss(process))
        except OSError:
            continue
    total, free = (ray.cluster_resources(), ray.available_resources())
    store = total.get("object_store_memory", 0) - free.get("object_store_memory", 0)
    return {"driver": _rss(Path("/proc/self")), "worker": max(workers, default=0.0), "workers": round(sum(workers), 1),
            "store": round(store / 1e6, 1)}  # fmt: skip


def _rss(process: Path) -> float:
    """Resident memory without shared pages of the object store, MB."""
    pages = [int(word) for word in (process / "statm").read_text().split()]
    return round((pages[1] - pages[2]) * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


PLAIN = """
import sys, time, cv2
from muslin.restyle.opening import restyler_for
from muslin.images import read_image
from pathlib import Path
model, swatch, mask, out, *photos = sys.argv[1:]
cv2.setNumThreads(1)
restyler = restyler_for(model, 1)
style = [(read_image(swatch), 1.0)]
for index, photo in enumerate(photos):
    if index == max(1, len(photos) // 10):
        start = time.perf_counter()
    for restyled in restyler.variants(Path(photo), style, n=1, mask=None if mask == "auto" else mask):
        restyled.save(f"{out}/{index}.png", overwrite=True)
print((len(photos) - max(1, len(photos) // 10)) / (time.perf_counter() - start))
"""


def plain(order: Order, tasks: list[Task], processes: int, out: Path, style: str) -> float:
    """Photos per second of so many processes of one thread each, which know nothing of each other."""
    started = []
    for index in range(processes):
        (out / f"plain{index}").mkdir(exist_ok=True)
        mine = [task.place for task in tasks[index::processes]]
        command = [sys.executable, "-c", PLAIN, order.model, style, order.mask or "auto", str(out / f"plain{index}")]
        started.append(subprocess.Popen([*command, *mine], stdout=subprocess.PIPE, text=True))
    return round(sum(float(process.communicate()[0]) for process in started), 3)


class Idle:
    """A worker that does nothing: what is left is Ray and the manifest."""

    def __init__(self, order: Order, models: object) -> None:
        pass

    def __call__(self, row: dict) -> dict:
        from muslin.distributed.order import Record

        return {"record": Record(Task.from_json(row["task"]).key).as_json()}


def efficiency(order: Order, tasks: list[Task], rounds: int, out: Path, style: str) -> dict[str, object]:
    """The best of `rounds` rounds, one worker and two by turns: what else the computer does only makes slower."""
    best: dict[str, float] = {}
    for place in range(rounds):
        for workers in (1, 2):
            folder = out / f"{place}-{workers}"
            folder.mkdir()
            moved = [replace(task, targets=(f"{folder}/{task.key}.png",)) for task in tasks]
            with cluster.connected(cpus=4):
                made = run(order, moved, workers, folder)
            both = {
                f"ray {workers}": float(str(made["photos_per_second"])),
                f"plain {workers}": plain(order, tasks, workers, out, style),
            }
            print(json.dumps({**both, "first": made["first_photo_seconds"]}), file=sys.stderr, flush=True)
            best = {**best, **{name: max(rate, best.get(name, 0.0)) for name, rate in both.items()}}
    return {**best, **{f"{kind} efficiency": round(best[f"{kind} 2"] / best[f"{kind} 1"] / 2, 3)
                       for kind in ("ray", "plain")}}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["efficiency", "memory", "overhead"])
    parser.add_argument("photos", type=Path, nargs="?")
    parser.add_argument("--style")
    parser.add_argument("-n", type=int, default=60)
    parser.add_argument("--model", default="drape")
    parser.add_argument("--mask", default="auto")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    styles = [(read_image(asked.style), 1.0)] if asked.style else []
    order = Order(asked.model, styles, {}, mask=None if asked.mask == "auto" else asked.mask)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        if asked.what == "overhead":
            tasks = [Task(str(i), f"photo{i}", (f"/tmp/{i}",)) for i in range(asked.n)]
            started = time.perf_counter()
            outcome = batch.run(replace(order, model="luminance"), tasks, workers=1, manifest=out / "m", worker=Idle)
            seconds = time.perf_counter() - started
            print(json.dumps({"records": outcome.done, "seconds": round(seconds, 1)}))
            return
        tasks = tasks_of(asked.photos, asked.n, out)
        if asked.what == "memory":
            print(json.dumps(run(order, tasks, asked.workers, out, every=max(1, asked.n // 20)), indent=2))
            return
        print(json.dumps(efficiency(order, tasks, asked.rounds, out, asked.style), indent=2))


if __name__ == "__main__":
    main()
