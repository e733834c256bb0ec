"""What the studio bears: previews, first variant, thousands of jobs, 200 clients, kill -9 in the middle of jobs.

    python benchmarks/studio.py preview            latency of previews, warm
    python benchmarks/studio.py first              from pressing the button to the first variant, and to four
    python benchmarks/studio.py memory [--jobs N]  memory of server and worker after N jobs
    python benchmarks/studio.py load [--clients N] clients that submit, wait, look and cancel; nothing lost, no 5xx
    python benchmarks/studio.py cancel [--side PX] from cancelling a running job to the end of its work
    python benchmarks/studio.py kill [--times N]   kill -9 of worker and server in turns; nothing lost
    python benchmarks/studio.py contract [--examples N]  schemathesis against the OpenAPI document

Each runs a studio of its own in a temporary folder and speaks to it over loopback only. Prints one JSON document.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from muslin.data.truth import render
from muslin.images import encode_image
from muslin.textiles.procedural import swatch

START = """
import sys, pathlib
from muslin.studio.server import serve
from muslin.studio.service import Limits
serve(pathlib.Path(sys.argv[1]), port=0, with_samples=False, limits=Limits(queue=int(sys.argv[2])),
      on_ready=lambda address: print(address, flush=True))
"""
ENDED = ("done", "failed", "cancelled")


class Server:
    """A studio in a process of its own, with one garment and one look."""

    def __init__(self, folder: Path, side: int = 1024, queue: int = 64) -> None:
        self.folder, self.queue = folder, queue
        self.start()
        made = render(11, (side, side * 3 // 4), kind="dress", plain=True)
        self.project = self.client.get("/v1/info").json()["project"]
        photo = encode_image(made.photo, "JPEG")
        mask = encode_image(np.round(made.mask * 255).astype(np.uint8), "PNG")
        form = {"project": self.project}
        garment = self.client.post("/v1/garments", files={"file": ("dress.jpg", photo)}, data=form).json()
        headers = {"Content-Type": "image/png"}
        self.garment = self.client.put(f"/v1/garments/{garment['id']}/mask", content=mask, headers=headers).json()["id"]
        cloth = encode_image(swatch("floral", 4, 512), "PNG")
        self.look = self.client.post("/v1/looks", files={"file": ("floral.png", cloth)}).json()["id"]

    def start(self) -> None:
        command = [sys.executable, "-c", START, str(self.folder), str(self.queue)]
        started = time.perf_counter()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        self.start_seconds = time.perf_counter() - started
        self.client = httpx.Client(base_url=self.address, timeout=300)

    def body(self, **more: Any) -> dict[str, Any]:
        return {"kind": "restyle", "project": self.project, "garments": [self.garment],
                "looks": [{"look": self.look}], **more}  # fmt: skip

    def submit(self, **more: Any) -> str:
        return str(self.client.post("/v1/jobs", json=self.body(**more)).raise_for_status().json()["id"])

    def job(self, identity: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/v1/jobs/{identity}").json()
        return found

    def worker(self) -> int:
        while True:
            text = (self.folder / "worker-work.lock").read_text() if (self.folder / "worker-work.lock").exists() else ""
            if text:
                return int(text)
            time.sleep(0.02)

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(30)


def wait(ask: Callable[[], Any], every: float = 0.02) -> Any:
    while not (found := ask()):
        time.sleep(every)
    return found


def cpu_seconds(process: int) -> float:
    """User and system time of a process so far (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(process: int) -> float:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return float("nan")


def spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {"median": round(statistics.median(ordered), 1), "p95": round(ordered[int(len(ordered) * 0.95) - 1], 1),
            "most": round(ordered[-1], 1)}  # fmt: skip


def preview(server: Server, arguments: argparse.Namespace) -> dict[str, Any]:
    """A slider that moves: each request has other controls."""
    asked = {"scale": lambda k: {"scale": 0.5 + k / 40}, "rotation": lambda k: {"rotation": k * 3.0},
             "palette": lambda k: {"palette": [f"#{40 + k:02x}3050", "#c0a080", "#f0e0d0"]}}  # fmt: skip
    found: dict[str, Any] = {}
    for name, controls in asked.items():
        wall, before = [], 0.0
        for k in range(arguments.repeats + 3):
            if k == 3:
                before, wall = cpu_seconds(server.process.pid), []
            body = {"garment": server.garment, "looks": [{"look": server.look}], "controls": controls(k)}
            started = time.perf_counter()
            server.client.post("/v1/preview", json=body).raise_for_status()
            wall.append((time.perf_counter() - started) * 1000)
        cpu = (cpu_seconds(server.process.pid) - before) * 1000 / arguments.repeats
        found[name] = {"wall_ms": spread(wall), "cpu_ms": round(cpu, 1)}
    return found


def first(server: Server, arguments: argparse.Namespace) -> dict[str, Any]:
    """From the press of the button until the first of four variants can be shown, and the last."""
    firsts, lasts = [], []
    for seed in range(arguments.repeats):
        started = time.perf_counter()
        job = server.submit(seed=seed, variants=4)
        wait(lambda job=job: server.job(job)["results"])  # type: ignore[misc]
        firsts.append((time.perf_counter() - started) * 1000)
        wait(lambda job=job: server.job(job)["state"] in ENDED)  # type: ignore[misc]
        lasts.append((time.perf_counter() - started) * 1000)
    return {"start_seconds": round(server.start_seconds, 2), "cold_first_ms": round(firsts[0], 1),
            "first_ms": spread(firsts[1:]), "four_ms": spread(lasts[1:])}  # fmt: skip


def memory(server: Server, arguments: argparse.Namespace) -> dict[str, Any]:
    """Resident memory along a long row of jobs."""
    along = []
    for number in range(arguments.jobs):
        while True:
            answer = server.client.post("/v1/jobs", json=server.body(variants=1, seed=number))
            if answer.status_code != 429:
                break
            time.sleep(0.2)
        if number % max(1, arguments.jobs // 10) == 0 or number == arguments.jobs - 1:
            job = answer.json()["id"]
            wait(lambda job=job: server.job(job)["state"] in ENDED, 0.1)  # type: ignore[misc]
            point = {"jobs": number + 1, "server_mb": round(memory_mb(server.process.pid))}
            along.append({**point, "worker_mb": round(memory_mb(server.worker()))})
    done = len(_all(server, "done"))
    return {"jobs": arguments.jobs, "done": done, "along": along}


def _all(server: Server, state: str | None = None) -> list[dict[str, Any]]:
    items, cursor = [], None
    while True:
        asked = {"limit": 200, **({"state": state} if state else {}), **({"cursor": cursor} if cursor else {})}
        page = server.client.get("/v1/jobs", params=asked).json()
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items


def load(server: Server, arguments: argparse.Namespace) -> dict[str, Any]:
    """Clients that behave as pages do, all at once."""
    statuses: Counter[str] = Counter()
    waits: list[float] = []
    submitted: dict[str, str] = {}

    async def client(number: int, web: httpx.AsyncClient) -> None:
        rng = random.Random(number)
        for turn in range(arguments.turns):
            key = f"{number}-{turn}"
            body = server.body(variants=1, seed=number * 1000 + turn)
            while True:
                started = time.perf_counter()
                answer = await web.post("/v1/jobs", json=body, headers={"Idempotency-Key": key})
                waits.append((time.perf_counter() - started) * 1000)
                statuses[f"submit {answer.status_code}"] += 1
                if answer.status_code != 429:
                    break
                assert "retry-after" in answer.headers
                await asyncio.sleep(int(answer.headers["retry-after"]) * (0.5 + rng.random()))
            job = answer.json()["id"]
            assert submitted.setdefault(key, job) == job
            if rng.random() < 0.3:  # a press that was sent twice
                again = await web.post("/v1/jobs", json=body, headers={"Idempotency-Key": key})
                statuses[f"again {again.status_code}"] += 1
                assert again.json()["id"] == job
            for path in ("/v1/info", "/v1/looks", f"/v1/garments?project={server.project}", f"/v1/jobs/{job}"):
                answer = await web.get(path)
                statuses[f"read {answer.status_code}"] += 1
            if rng.random() < 0.3:
                asked = {"garment": server.garment, "looks": [{"look": server.look}], "side": 128}
                answer = await web.post("/v1/preview", json=asked)
                statuses[f"preview {answer.status_code}"] += 1
            if rng.random() < 0.2:
                answer = await web.delete(f"/v1/jobs/{job}")
                statuses[f"cancel {answer.status_code}"] += 1

    async def everyone() -> None:
        limits = httpx.Limits(max_connections=arguments.clients)
        async with httpx.AsyncClient(base_url=server.address, timeout=600, limits=limits) as web:
            await asyncio.gather(*(client(number, web) for number in range(arguments.clients)))

    started = time.perf_counter()
    asyncio.run(everyone())
    wait(lambda: not _all(server, "queued") and not _all(server, "running"), 0.5)
    found = {job["id"]: job["state"] for job in _all(server)}
    lost = [key for key, job in submitted.items() if found.get(job) not in ("done", "cancelled")]
    return {
        "clients": arguments.clients, "submitted": len(submitted), "seconds": round(time.perf_counter() - started, 1),
        "states": dict(Counter(found.values())), "lost": lost, "statuses": dict(sorted(statuses.items())),
        "submit_ms": spread(waits), "server_faults": sum(n for s, n in statuses.items() if s.split()[1][0] == "5"),
    }  # fmt: skip


def cancel(server: Server, arguments: argparse.Namespace) -> dict[str, Any]:
    """From the cancelling of a running job until its work has ended: the worker is gone, or at the next job."""
    seconds, replaced = [], 0
    rng = random.Random(0)
    for seed in range(arguments.repeats):
        job, after = server.submit(seed=seed, variants=16), server.submit(seed=seed, variants=1)
        wait(lambda job=job: server.job(job)["state"] == "running")  # type: ignore[misc]
        time.sleep(rng.uniform(0, arguments.pause))
        worker, started = server.worker(), time.perf_counter()
        server.client.delete(f"/v1/jobs/{job}").raise_for_status()
        wait(lambda: not _alive(worker) or server.job(after)["state"] != "queued", 0.005)  # noqa: B023
        seconds.append((time.perf_counter() - started) * 1000)
        replaced += not _alive(worker)
        wait(lambda after=after: server.job(after)["state"] in ENDED)  # type: ignore[misc]
    return {"cancel_ms": spread(seconds), "times": arguments.repeats, "workers_replaced": replaced}


def _alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill(server: Server, arguments: argparse.Namespace) -> dict[str, Any]:
    """Worker and server in turns, at a random moment of a job; then every job must have all its results."""
    rng = random.Random(0)
    jobs: list[str] = []
    killed: Counter[str] = Counter()
    for turn in range(arguments.times):
        jobs.append(server.submit(seed=turn, variants=3))
        wait(lambda: server.job(jobs[-1])["state"] != "queued")
        time.sleep(rng.uniform(0, arguments.pause))
        if turn % 2:
            killed["worker"] += 1
            os.kill(server.worker(), signal.SIGKILL)
        else:
            killed["server"] += 1
            server.process.kill()
            server.process.wait()
            server.start()
        if turn % 5 == 4:
            wait(lambda: server.job(jobs[-1])["state"] in ENDED, 0.1)
    for job in jobs:
        wait(lambda job=job: server.job(job)["state"] in ENDED, 0.1)  # type: ignore[misc]
    ended = [server.job(job) for job in jobs]
    states = Counter(job["state"] for job in ended)
    whole = sum(_numbers(server, job) == [0, 1, 2] for job in jobs)
    return {"killed": dict(killed), "jobs": len(jobs), "states": dict(states), "with_all_results_once": whole,
            "problems": [job["problem"]["detail"] for job in ended if job["problem"]]}  # fmt: skip


def _numbers(server: Server, job: str) -> list[int]:
    items = server.client.get("/v1/results", params={"job": job}).json()["items"]
    return sorted(item["number"] for item in items)


def contract(server: Server, arguments: argparse.Namespace) -> dict[str, Any]:
    """Every boundary of every field, and `examples` random requests a route; paths name things that are there."""
    job = server.submit(variants=1)
    wait(lambda: server.job(job)["state"] in ENDED)
    cloth = [("files", (f"{k}.png", encode_image(swatch("tartan", k, 160), "PNG"))) for k in range(5)]
    look = server.client.get(f"/v1/looks/{server.look}").json()
    known = {
        "garments": server.garment, "looks": server.look, "jobs": job, "results": server.job(job)["results"][0],
        "projects": server.project, "sets": server.client.post("/v1/sets", files=cloth).json()["id"],
        "files": look["picture"]["sha256"],
    }  # fmt: skip
    config = server.folder / "schemathesis.toml"
    config.write_text(CONFIG + "".join(KNOWN.format(*item) for item in known.items()))
    made = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "--no-color", "--config-file", str(config), "run",
         f"{server.address}v1/openapi.json", "--max-examples", str(arguments.examples), "--exclude-path-regex",
         "events$", "--suppress-health-check", "all", "--request-timeout", "120", "--seed", "1", "--workers", "2",
         "--phases", "examples,coverage,fuzzing", "--warnings", "off"],
        capture_output=True, text=True, cwd=server.folder,
    )  # fmt: skip
    return {"findings": made.returncode, "report": made.stdout.splitlines()[-40:]}


# As in tests/studio/test_contract.py: what a schema allows may be about nothing (404) or no picture (422).
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "413", "415", "422", "429", "501"]
"""
KNOWN = """
[[operations]]
include-path-regex = "^/v1/{0}/[{{]"
exclude-method = "DELETE"
parameters = {{ identity = "{1}", other = "{1}", sha256 = "{1}" }}
"""
TASKS = {
    "preview": preview, "first": first, "memory": memory, "load": load, "cancel": cancel, "kill": kill,
    "contract": contract,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--side", type=int, default=1024, help="px, longer side of the garment photo")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--turns", type=int, default=2, help="jobs of each client")
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds into a job at most, before the kill")
    parser.add_argument("--examples", type=int, default=50)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "data", arguments.side)
        try:
            time.sleep(3)  # networks are loaded in the background
            found = TASKS[arguments.task](server, arguments)
        finally:
            server.close()
    print(json.dumps({"task": arguments.task, "side": arguments.side, "load": os.getloadavg()[0], **found}, indent=1))


if __name__ == "__main__":
    main()
