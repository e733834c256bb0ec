"""Killed at any moment and started again, a run ends with the very same weights."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
STEPS = 600
KILLS = 3


def start(run: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(HERE / "resumable.py"), str(run), str(STEPS)],
        env={**os.environ, "KERAS_BACKEND": "tensorflow", "PYTHONPATH": str(HERE)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> list[str]:
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err[-3000:]
    return out.split()


def stop_in_the_middle(run: Path, how: signal.Signals, wait: float) -> subprocess.Popen[str]:
    """Start the run, wait until this very process has saved a state, a little longer, then stop it."""
    state = run / "state.npz"
    before = state.stat().st_mtime_ns if state.exists() else 0
    process = start(run)
    while process.poll() is None and (not state.exists() or state.stat().st_mtime_ns == before):
        time.sleep(0.005)
    time.sleep(wait)
    process.send_signal(how)
    process.wait(timeout=60)
    return process


def log(run: Path) -> list[dict[str, float]]:
    records = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [{key: value for key, value in record.items() if key != "seconds"} for record in records]


def test_killed_and_continued_is_the_same_run(tmp_path: Path) -> None:
    whole = finish(start(tmp_path / "whole"))
    assert whole[:2] == ["finished", str(STEPS * 32)]

    rng = random.Random(time.time_ns())  # another moment each time the test is run
    killed = 0
    for kill in range(KILLS):
        how = signal.SIGINT if kill == 0 else signal.SIGKILL
        process = stop_in_the_middle(tmp_path / "broken", how, rng.uniform(0.0, 0.3))
        if how == signal.SIGINT and process.returncode == 0 and process.stdout is not None:
            assert process.stdout.read().split()[0] in ("stopped", "finished")  # Ctrl-C ends between two steps
        killed += process.returncode != 0
        with np.load(tmp_path / "broken" / "state.npz") as state:
            assert int(state["images_seen"]) % 32 == 0
    assert killed, "the run was too fast to be killed"
    assert finish(start(tmp_path / "broken")) == whole

    records = log(tmp_path / "broken")
    assert len(records) == STEPS // 50 and records == log(tmp_path / "whole")  # to the bit, for the monitor reads them
