"""Training on Ray: a killed worker changes nothing of what comes out, and mistakes are said in words."""

import json
import os
import signal
import subprocess
import threading
import time

import numpy as np
import pytest
from tiny_recipes import TINY, collection

from muslin import cli

IMAGES = 600


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return collection(tmp_path_factory.mktemp("together") / "data")


def state(run):
    with np.load(run / "state.npz") as stored:
        return {key: stored[key] for key in stored.files}


def workers():
    """Process ids of Ray Train's workers."""
    listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True).stdout.splitlines()
    return [int(line.split()[0]) for line in listed if "ray::RayTrainWorker" in line or "ray::_RayTrainWorker" in line]


def train(folder, data, say=print, **more):
    from muslin.distributed.train import train

    return train("r3gan", str(data), folder=folder, workers=2, images=IMAGES, seed=1, options=TINY["r3gan"], say=say,
                 checkpoint_every_seconds=0.0, until_converged=False, **more)  # fmt: skip


def test_a_killed_worker_ends_with_the_same_weights(ray, data, tmp_path):
    pytest.importorskip("tensorflow")
    if not os.environ.get("MUSLIN_SLOW"):
        pytest.skip("the group starts three times, a minute of importing: with MUSLIN_SLOW=1")
    before = set(workers())
    whole = train(tmp_path / "whole", data)
    killed: list[int] = []

    def kill():
        log = tmp_path / "broken" / "log.jsonl"
        while not (log.exists() and log.read_bytes().count(b"\n") >= 3):
            time.sleep(0.05)
        killed.append(max(set(workers()) - before))
        os.kill(killed[0], signal.SIGKILL)

    threading.Thread(target=kill, daemon=True).start()
    said: list[str] = []
    broken = train(tmp_path / "broken", data, said.append)
    assert killed and any("worker was lost" in line for line in said)
    assert broken.history.images_seen == whole.history.images_seen == IMAGES
    one, other = state(tmp_path / "whole"), state(tmp_path / "broken")
    assert one.keys() == other.keys() and all((one[key] == other[key]).all() for key in one)
    logs = [[json.loads(line) for line in (tmp_path / name / "log.jsonl").read_text().splitlines()]
            for name in ("whole", "broken")]  # fmt: skip
    for first, second in zip(*logs, strict=True):
        assert {**first, "seconds": 0} == {**second, "seconds": 0}
    assert broken.model is not None
    assert not list(tmp_path.glob(".*.ray"))


def test_minutes_are_refused_at_once(data, tmp_path, capsys):
    asked = ["train", "r3gan", str(data), "--run", str(tmp_path / "r"), "--workers", "2"]
    assert cli.run([*asked, "--minutes", "3"]) == 2
    assert "--images" in capsys.readouterr().err
