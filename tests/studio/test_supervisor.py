"""Whether the studio lives: its workers, where the system refuses what they need, and its health, where all is busy."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from anyio.to_thread import current_default_thread_limiter, run_sync

from muslin.studio import jobs, projects
from muslin.studio.service import Studio
from muslin.studio.supervisor import Supervisor

from .conftest import httpx, until


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


def test_health_is_told_while_every_thread_is_busy(studio):
    from muslin.studio.api.app import create_app

    app, release = create_app(studio, with_samples=False), threading.Event()

    async def while_busy():
        current_default_thread_limiter().total_tokens = 1
        busy = asyncio.create_task(run_sync(release.wait))
        try:
            return [await asyncio.wait_for(ask(app, path), 3) for path in ("/healthz", "/readyz")]
        finally:
            release.set()
            await busy

    assert [answer.status_code for answer in finished(while_busy())] == [200, 503]


def test_full_gates_leave_threads_for_the_rest(studio, monkeypatch):
    from muslin.studio.api import app as web

    for name in ("start", "close"):
        monkeypatch.setattr(Supervisor, name, lambda self: None)
    monkeypatch.setattr(web, "_prepare", lambda *_: None)
    app = web.create_app(studio, with_samples=False)

    async def threads():
        usual = current_default_thread_limiter().total_tokens
        async with app.router.lifespan_context(app):
            return usual, current_default_thread_limiter().total_tokens

    usual, threads = finished(threads())
    desk = app.state.desk
    assert threads - sum(gate.most for gate in (desk.previews, desk.uploads, desk.renderings)) >= usual


def finished(work):
    """What a coroutine returns, run in a thread of its own: the browser of other tests leaves a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def asked(app, path):
    return finished(ask(app, path))


async def ask(app, path):
    """What the app answers, asked without a server."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://studio") as client:
        return await client.get(path)
