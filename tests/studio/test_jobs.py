"""Jobs outlive what kills them: cancelled, refused, interrupted, resumed, never lost and never made twice."""

import json
import os
import signal
import time

import cv2
import numpy as np
import pytest

from muslin.images import encode_image

from .conftest import Server, until


@pytest.fixture(scope="module")
def large(server, rendered):
    """A garment of 1024 px: sixteen variants of a small one are done before they can be cancelled on a fast machine."""
    photo, mask = (cv2.resize(field, None, fx=4, fy=4) for field in (rendered.photo, rendered.mask))
    made = server.upload("garments", encode_image(photo, "PNG"), "large_dress.png", length_cm=100)
    content, headers = encode_image(np.uint8(mask * 255), "PNG"), {"Content-Type": "image/png"}
    return server.client.put(f"/v1/garments/{made['id']}/mask", content=content, headers=headers).json()


@pytest.fixture
def slow(server, large, look):
    """Submits jobs that take long enough to be interrupted, and cancels them afterwards."""
    made = []

    def submit(**more):
        made.append(server.submit(large, look, **{"variants": 16, **more})["id"])
        return made[-1]

    yield submit
    for identity in made:
        server.client.delete(f"/v1/jobs/{identity}")


def records(server, identity):
    return [server.client.get(f"/v1/results/{one}").json() for one in server.job(identity)["results"]]


def test_the_same_key_is_the_same_job(server, garment, look):
    body = {"kind": "restyle", "project": server.project, "garments": [garment["id"]],
            "looks": [{"look": look["id"]}], "variants": 1}  # fmt: skip
    headers = {"Idempotency-Key": "press-1"}
    first = server.client.post("/v1/jobs", json=body, headers=headers)
    again = server.client.post("/v1/jobs", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (202, 200) and first.json()["id"] == again.json()["id"]
    other = server.client.post("/v1/jobs", json={**body, "seed": 5}, headers=headers)
    assert other.status_code == 409 and other.json()["type"] == "urn:muslin:conflict"
    assert server.ended(first.json()["id"])["state"] == "done"


def test_a_full_queue_says_when_to_come_again(server, garment, look, slow):
    slow()
    body = {"kind": "restyle", "project": server.project, "garments": [garment["id"]], "looks": [{"look": look["id"]}],
            "variants": 16}  # fmt: skip
    made = []
    for _ in range(30):  # the worker may finish some of them meanwhile; it cannot finish all
        answer = server.client.post("/v1/jobs", json=body)
        if answer.status_code != 202:
            break
        made.append(answer.json()["id"])
    for identity in made:
        server.client.delete(f"/v1/jobs/{identity}")
    assert answer.status_code == 429 and answer.json()["type"] == "urn:muslin:busy"
    assert 1 <= int(answer.headers["retry-after"]) <= 60


def test_cancel_ends_the_work_within_a_second(server, slow):
    identity = slow()
    until(lambda: server.job(identity)["results"])
    waiting = slow()
    started = time.monotonic()
    cancelled = server.client.delete(f"/v1/jobs/{identity}").json()
    assert cancelled["state"] == "cancelled" and 1 <= len(cancelled["results"]) < 16
    until(lambda: server.job(waiting)["state"] == "running")  # the worker is free again
    assert time.monotonic() - started < 1.0 + server_start_seconds()
    assert len(server.job(identity)["results"]) == len(cancelled["results"])
    assert server.client.delete(f"/v1/jobs/{identity}").status_code == 409
    _, _, queued = slow(), slow(), slow()
    assert server.client.delete(f"/v1/jobs/{queued}").json()["started"] is None


def server_start_seconds() -> float:
    """What a new Python process costs on this machine now: a stuck worker is replaced by one."""
    import subprocess
    import sys

    started = time.monotonic()
    subprocess.run([sys.executable, "-c", "import numpy, cv2"], check=True)
    return 3 * (time.monotonic() - started)


def test_a_killed_worker_loses_nothing(server, slow):
    first, second = slow(variants=6, seed=11), slow(variants=2, seed=12)
    until(lambda: server.job(first)["results"])
    kept = server.job(first)["results"]
    old = server.worker()
    server.kill_worker()
    assert until(lambda: server.worker() != old and server.worker())
    done = server.ended(first)
    assert done["state"] == "done" and done["results"][: len(kept)] == kept
    assert [one["number"] for one in records(server, first)] == list(range(6))
    assert len({one["picture"]["sha256"] for one in records(server, first)}) == 6
    assert server.ended(second)["state"] == "done"


def test_a_killed_server_loses_nothing(tmp_path, photo, mask, tartan):
    server = Server(tmp_path / "data")
    try:
        garment = server.upload("garments", photo, "a.png")
        look = server.upload("looks", tartan, "t.png")
        finished = server.ended(server.submit(garment, look, variants=1)["id"])
        running = server.submit(garment, look, variants=5)["id"]
        queued = server.submit(garment, look, variants=1, seed=2)["id"]
        until(lambda: server.job(running)["results"])
        kept = server.job(running)["results"]
        worker = server.worker()
        server.kill()
        until(lambda: not alive(worker), 10)  # it does not outlive its server
        server.start()
        assert server.job(finished["id"]) == finished
        done = server.ended(running)
        assert done["state"] == "done" and done["results"][: len(kept)] == kept
        assert [one["number"] for one in records(server, running)] == list(range(5))
        assert server.ended(queued)["state"] == "done"
        assert server.client.get("/v1/info").json()["project"] == finished["project"]
    finally:
        server.close()


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return open(f"/proc/{process}/stat").read().split()[2] != "Z" if os.path.exists(f"/proc/{process}/stat") else False


def test_two_studios_do_not_share_a_folder(server):
    from muslin.errors import UserError
    from muslin.studio.server import serve

    with pytest.raises(UserError, match="open already"):
        serve(server.data, port=0)


def test_one_bad_garment_does_not_spoil_a_batch(server, garment, look, photo):
    bad = server.upload("garments", photo, "bad.png")
    path = next(server.data.glob(f"files/*/{bad['mask']['picture']['sha256']}.png"))
    kept = path.read_bytes()
    if bad["mask"]["picture"]["sha256"] == garment["mask"]["picture"]["sha256"]:
        pytest.skip("both garments share the file")
    try:
        path.write_bytes(b"not a picture any more")
        body = {"garments": [bad["id"], garment["id"]], "variants": 1, "seed": 77}
        job = server.ended(server.submit(garment, look, **body)["id"])
    finally:
        path.write_bytes(kept)
    assert job["state"] == "done" and len(job["results"]) == 1
    assert job["output"]["failed"][0]["source"] == "bad.png" and "damaged" not in job["state"]


def test_a_garment_deleted_meanwhile_is_left_out_of_its_batch_by_name(server, garment, look, photo, slow):
    """Deleted while the batch waits, before any of its garments has been made."""
    lost = server.upload("garments", photo, "lost coat.png")
    made = server.ended(server.submit(lost, look, variants=1)["id"])
    waiting = slow()
    job = server.submit(garment, look, garments=[lost["id"], garment["id"]], variants=1)["id"]
    server.client.delete(f"/v1/garments/{lost['id']}").raise_for_status()
    server.client.delete(f"/v1/jobs/{waiting}").raise_for_status()
    done = server.ended(job)
    assert done["state"] == "done" and len(done["results"]) == 1, done["problem"]
    (failed,) = done["output"]["failed"]
    assert failed["source"] == "lost-coat.png" and failed["error"]["problem"] == "The garment was deleted."
    assert made["state"] == "done"


def test_what_cannot_be_done_is_said_before_the_queue(server, garment, look):
    base = {"kind": "restyle", "project": server.project, "garments": [garment["id"]], "looks": [{"look": look["id"]}]}
    for change, status in (
        ({"garments": ["0" * 16]}, 404), ({"looks": [{"look": "0" * 16}]}, 404), ({"project": "0" * 16}, 404),
        ({"controls": {"scale": 21}}, 422), ({"controls": {"colour": "red"}}, 422), ({"kind": "paint"}, 422),
        ({"controls": {"print_cm": 0.1}}, 422), ({"variants": "4"}, 422),
    ):  # fmt: skip
        answer = server.client.post("/v1/jobs", json={**base, **change})
        assert answer.status_code == status, (change, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
    answer = server.client.post("/v1/jobs", json={**base, "kind": "imagine"}).json()
    assert answer["errors"] and all(set(entry) == {"where", "message"} for entry in answer["errors"])


def test_restyling_cannot_be_stopped_or_resumed_only_cancelled(server, garment, look):
    job = server.submit(garment, look, variants=1)["id"]
    server.ended(job)
    assert server.client.post(f"/v1/jobs/{job}/stop").status_code == 409
    assert server.client.post(f"/v1/jobs/{job}/resume").status_code == 409


def test_the_worker_ends_with_a_dead_server_even_in_the_middle_of_a_job(tmp_path, photo, tartan):
    server = Server(tmp_path / "data")
    look, garment = server.upload("looks", tartan), server.upload("garments", photo)
    job = server.submit(garment, look, variants=16)["id"]
    until(lambda: server.job(job)["state"] == "running")
    worker = server.worker()
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    until(lambda: not alive(worker), 10)
    assert json.loads((tmp_path / "data" / "worker-work.lock").read_text()) == worker


def test_garments_and_results_of_another_project_are_refused(server, garment, look):
    """Their pictures would land where nobody looks for them."""
    made = server.ended(server.submit(garment, look, variants=1)["id"])
    other = server.client.post("/v1/projects", json={"name": "Winter"}).json()["id"]
    bodies = (
        {"kind": "restyle", "garments": [garment["id"]], "looks": [{"look": look["id"]}], "variants": 1},
        {"kind": "colourways", "garment": garment["id"], "looks": [{"look": look["id"]}], "palettes": [["#102030"]]},
        {"kind": "deliver", "results": made["results"], "format": "zip"},
    )
    for body in bodies:
        answer = server.client.post("/v1/jobs", json={**body, "project": other})
        assert answer.status_code == 422 and "another project" in answer.json()["title"], answer.text
    assert server.client.get(f"/v1/jobs?project={other}").json()["items"] == []
    server.client.patch(f"/v1/projects/{server.project}", json={"opened": True})
    server.client.delete(f"/v1/projects/{other}")
