"""The minding of workers, where the system refuses what it needs."""

import asyncio
import sqlite3
import subprocess
import sys

import pytest

from muslin.studio import jobs, projects
from muslin.studio.service import Studio
from muslin.studio.supervisor import Supervisor

from .conftest import until


@pytest.fixture
def studio(tmp_path):
    return Studio(tmp_path / "studio")


def test_a_lane_outlives_what_may_pass(studio, monkeypatch):
    """No memory for a process, then a locked database when its job is to be queued again: neither is the end."""
    request = {"kind": "restyle", "project": projects.current(studio)["id"]}
    identity = jobs.submit(studio, request, "", None)[0]["id"]
    start, requeue, tries, requeued = subprocess.Popen, jobs.requeue_of, [], []

    def popen(line, **more):
        tries.append(line)
        if len(tries) == 1:
            raise OSError(12, "Cannot allocate memory")
        code = "input()"
        if len(tries) == 2:  # this worker takes the job and dies
            assert jobs.claim(studio.database, "work", line[line.index("--token") + 1])
            code = ""
        return start([sys.executable, "-c", code], **more)

    def requeue_of(studio, token):
        requeued.append(token)
        if len(requeued) == 2:
            raise sqlite3.OperationalError("database is locked")
        requeue(studio, token)

    monkeypatch.setattr(subprocess, "Popen", popen)
    monkeypatch.setattr(jobs, "requeue_of", requeue_of)
    office = Supervisor(studio, lambda: None)
    office.start()
    try:
        assert until(lambda: office.trouble) == {"work": "OSError"}
        assert until(lambda: office.trouble.get("work") == "OperationalError")
        until(lambda: len(tries) == 3 and office.ready)
        assert office.trouble == {} and jobs.get(studio, identity)["state"] == "queued"
    finally:
        office.close()


def test_trouble_is_said_to_who_asks_whether_it_is_ready(studio):
    from muslin.studio.api.app import create_app

    app = create_app(studio, with_samples=False)  # its workers are not started
    assert asked(app, "/readyz").json()["title"] == "The worker is starting."
    app.state.desk.supervisor.lanes["train"][0].trouble = "OSError"
    answer = asked(app, "/readyz")
    assert answer.status_code == 503 and "train: OSError" in answer.json()["title"]


def asked(app, path):
    """What the app answers, asked without a server."""
    import httpx

    async def ask():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://studio") as client:
            return await client.get(path)

    return asyncio.run(ask())
