"""A studio with replicas, asked over HTTP: the results are those of a studio without; deaths cost a second try."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from muslin.errors import UserError
from muslin.images import encode_image

httpx = pytest.importorskip("httpx")
pytest.importorskip("fastapi")


def picture(seed, height=96, width=72):
    _, columns = np.mgrid[:height, :width]
    pixels = np.full((height, width, 3), 235, np.uint8)
    pixels[12:-12, 12:-12] = (90 + 30 * seed, 60, 160)
    pixels[12:-12, 12:-12, 1] += (30 * np.sin(columns / 7)[12:-12, 12:-12] + 30).astype(np.uint8)
    return encode_image(pixels, "PNG")


def check(seed):
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[:16, :, 0], pixels[:, 16:, 1 + seed % 2] = 220, 200
    return encode_image(pixels, "PNG")


class Serving:
    """`muslin serve` as a process."""

    def __init__(self, data, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "muslin.cli", "serve", "--data", str(data), "--port", "0", *arguments],
            stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        address = self.process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), address
        self.client = httpx.Client(base_url=address, timeout=60)
        self.project = self.client.get("/v1/info").json()["project"]

    def post(self, path, **more):
        answer = self.client.post(f"/v1/{path}", **more)
        assert answer.status_code in (201, 202), answer.text
        return answer.json()

    def upload(self, kind, data, name):
        return self.post(kind, files={"file": (name, data)}, data={"project": self.project})

    def submit(self, garments, look, **more):
        body = {"kind": "restyle", "project": self.project, "garments": garments, "looks": [{"look": look}], **more}
        return self.post("jobs", json=body)["id"]

    def ended(self, job):
        for _ in range(600):
            answer = self.client.get(f"/v1/jobs/{job}").json()
            if answer["state"] not in ("queued", "running"):
                return answer
            time.sleep(0.1)
        raise AssertionError(answer)

    def pixels(self, job):
        """The bytes of each result, without what names files."""
        return [self.client.get(f"/v1/results/{identity}/download").content for identity in job["results"]]

    def close(self):
        self.client.close()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)


def replicas():
    """Process ids of all of Ray's replicas on this computer."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                if b"ServeReplica" in file.read():
                    found.append(int(entry))
        except OSError:
            continue
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_team_gets_the_same_pictures_and_a_dead_replica_costs_none(tmp_path):
    pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    before = set(replicas())
    made = []
    for name, arguments in (("alone", ()), ("team", ("--ray", "--replicas", "2"))):
        serving = Serving(tmp_path / name, *arguments)
        try:
            garments = [serving.upload("garments", picture(seed), f"g{seed}.png")["id"] for seed in range(2)]
            look = serving.upload("looks", check(0), "check.png")["id"]
            jobs = [serving.submit([garment], look, variants=3, seed=5) for garment in garments]
            ended = [serving.ended(job) for job in jobs]
            assert [job["state"] for job in ended] == ["done", "done"]
            made.append([data for job in ended for data in serving.pixels(job)])
            if name == "team":
                jobs = [serving.submit([garment], look, variants=8, seed=9) for garment in garments * 2]
                time.sleep(0.3)
                for process in set(replicas()) - before:
                    os.kill(process, signal.SIGKILL)
                assert [serving.ended(job)["state"] for job in jobs] == ["done"] * 4
                assert all(len(serving.ended(job)["results"]) == 8 for job in jobs)
        finally:
            serving.close()
    assert len(made[0]) == 6 and made[0] == made[1]


def test_what_cannot_be_served_is_said(tmp_path):
    from muslin.studio.replicas import deployed

    with pytest.raises(UserError, match=r"Ray's client.*--ray auto"), deployed("ray://head:10001", None, 1):
        pass
    answer = subprocess.run(
        [sys.executable, "-m", "muslin.cli", "serve", "--data", str(tmp_path), "--replicas", "3"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 2 and "Add --ray" in answer.stderr and not answer.stdout
