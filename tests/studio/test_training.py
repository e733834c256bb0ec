"""A look learned in the studio: what is shown while it learns, and how it is stopped, resumed and ended.

The network itself is a stand-in here; tests/recipes has the real one.
"""

import importlib
import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from muslin import runs, store
from muslin.images import encode_image
from muslin.studio import capabilities, jobs, looks, projects, sets, submitting
from muslin.studio.errors import StudioError
from muslin.studio.service import Studio
from muslin.studio.work import prints, training
from muslin.textiles.procedural import swatch

imagine = importlib.import_module("muslin.imagine")  # `from muslin import imagine` is the function
PARAMS = {"kind": "imagine", "model": {"name": "garden", "sha256": "0"}, "seed": 5, "controls": {}, "styles": []}


class Imaginer:
    """Prints that are what their seed says."""

    prints = True

    def __init__(self, look):
        self.look = look

    def pictures(self, n, *, seed=0, between=None, **_):
        imagine._check(n, 0.5, 1.0, 1)  # as the real one
        for number in range(n):
            made = np.full((32, 32, 3), seed + number, np.uint8)
            yield imagine.Imagined(made, {**PARAMS, "seed": seed + number})


@pytest.fixture
def studio(tmp_path, monkeypatch):
    monkeypatch.setenv("MUSLIN_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(capabilities, "reasons", lambda: dict.fromkeys(("imagine", "train", "pdf")))
    monkeypatch.setattr(imagine, "Imaginer", Imaginer)
    model = SimpleNamespace(file=lambda name: tmp_path / name, folder=tmp_path, name="garden")
    monkeypatch.setattr(store, "load", lambda name: model)

    def publish(folder, name):
        (tmp_path / "models" / name).mkdir(parents=True)  # an error where there is one already
        return SimpleNamespace(folder=tmp_path / "models" / name, name=name)

    monkeypatch.setattr(store, "publish", publish)
    return Studio(tmp_path / "studio")


@pytest.fixture
def own(studio):
    pictures = [(encode_image(swatch("tartan", seed, 160), "PNG"), f"{seed}.png") for seed in range(5)]
    owner = sets.add(studio, sets.create(studio, "Cloths")["id"], pictures)["id"]
    request = {"kind": "train", "project": projects.current(studio)["id"], "set": owner, "name": "garden",
               "minutes": 0.5, "seed": 3}  # fmt: skip
    jobs.submit(studio, request, submitting.prepare(studio, request), None)
    return jobs.claim(studio.database, "train", "w")


def trainer(seen, *, finishes=True):
    def train(recipe, data, *, folder, say, minutes, seed, options, screen):
        assert (recipe, minutes, seed, options["look"]) == ("print", 0.5, 3, "garden")
        assert len(list(data.iterdir())) == 5
        (folder / "previews").mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps({"images": 400}))
        with open(folder / "log.jsonl", "a") as file:
            file.write(json.dumps({"images_seen": seen}) + "\n" + '{"images_se')
        (folder / "previews" / f"{seen:08d}.png").write_bytes(encode_image(swatch("ikat", seen, 64), "PNG"))
        say("Measuring how fast this computer trains.")
        history = SimpleNamespace(images_seen=seen, verdict="Converged.", records=[])
        model = SimpleNamespace(folder=folder / "model") if finishes else None
        return runs.Run(folder, history, model, 1.0)

    return train


def test_a_training_shows_itself_and_becomes_looks(studio, own, monkeypatch):
    monkeypatch.setattr(runs, "train", trainer(100))
    training.run(studio, own, lambda: False)
    job = jobs.view(studio, jobs.get(studio, own.identity))
    assert job["state"] == "done" and job["output"]["verdict"] == "Converged." and not job["resumable"]
    assert len(job["samples"]) == 1 and job["log"] == ["Measuring how fast this computer trains."]
    made = [looks.view(studio, looks.get(studio, identity)) for identity in job["looks"]]
    assert [look["kind"] for look in made] == ["imagined"] * training.SHOWN
    assert [look["origin"]["seed"] for look in made] == [3, 4, 5, 6]
    assert not (studio.runs / own.identity).exists()


def test_a_stopped_training_is_resumed_with_what_it_had(studio, own, monkeypatch):
    monkeypatch.setattr(runs, "train", trainer(100, finishes=False))
    training.run(studio, own, lambda: True)
    stopped = jobs.view(studio, jobs.get(studio, own.identity))
    assert stopped["state"] == "cancelled" and stopped["resumable"] and stopped["progress"] == 0.25
    assert stopped["note"] == "Stopped after 100 images."
    assert (studio.runs / own.identity / "run" / "config.json").exists()
    jobs.resume(studio, own.identity)
    again = jobs.claim(studio.database, "train", "w2")
    monkeypatch.setattr(runs, "train", trainer(200))
    training.run(studio, again, lambda: False)
    job = jobs.view(studio, jobs.get(studio, own.identity))
    assert job["state"] == "done" and len(job["samples"]) == 2  # the first is not shown twice


def test_a_training_interrupted_after_its_last_print_ends(studio, own, monkeypatch):
    monkeypatch.setattr(runs, "train", trainer(100))
    for number, picture in enumerate(Imaginer("garden").pictures(training.SHOWN, seed=3)):
        prints.keep(studio, own, picture, "garden", str(number + 1), 0.0, 1.0)  # then its worker died
    training.run(studio, own, lambda: False)
    job = jobs.view(studio, jobs.get(studio, own.identity))
    assert job["state"] == "done" and len(job["looks"]) == training.SHOWN


def test_of_a_long_training_no_sample_is_shown_twice(studio, own):
    """More previews than a job keeps samples: the watcher of the resumed run shows those that came since."""
    folder = studio.runs / own.identity / "run"
    (folder / "previews").mkdir(parents=True)

    def preview(number):
        made = np.full((32, 32, 3), number, np.uint8)
        (folder / "previews" / f"{number:08d}.png").write_bytes(encode_image(made, "PNG"))

    def watch(last):
        with training.Watcher(studio, own, folder):
            preview(last)
        return jobs.view(studio, jobs.get(studio, own.identity))["samples"]

    for number in range(jobs.SAMPLES + 4):
        preview(number)
    before = watch(jobs.SAMPLES + 4)
    after = watch(jobs.SAMPLES + 5)
    assert len(after) == jobs.SAMPLES and after[:-1] == before[1:]


def test_a_taken_name_and_a_bad_set_are_refused_at_once(studio, own, tmp_path):
    (tmp_path / "models" / "garden").mkdir(parents=True)
    with pytest.raises(StudioError) as error:
        submitting.prepare(studio, dict(own.request))
    assert error.value.status == 409
    free = {**own.request, "name": "other"}
    assert "--name other" in submitting.prepare(studio, free)
    few = sets.remove(studio, own.request["set"], sets.pictures_of(studio, own.request["set"])[0])
    assert not sets.view(studio, few)["ready"]
    with pytest.raises(ValueError, match="at least 5 pictures"):
        submitting.prepare(studio, free)


def test_two_trainings_cannot_await_one_name(studio, own):
    """The second would have hidden the first one's model; the same request asked again is that job, not another."""
    with pytest.raises(StudioError) as error:
        submitting.prepare(studio, dict(own.request))
    assert error.value.status == 409 and "Choose another name" in error.value.advice
    jobs.cancel(studio, own.identity)
    again, new = jobs.submit(studio, own.request, submitting.prepare(studio, dict(own.request)), "key")
    assert new and jobs.known(studio, own.request, "key")["id"] == again["id"]
    assert jobs.known(studio, own.request, "other key") is None is jobs.known(studio, own.request, None)
    with pytest.raises(StudioError, match="came with another request"):
        jobs.known(studio, {**own.request, "seed": 4}, "key")


def test_a_model_that_came_while_it_was_learned_stays(studio, own, tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "train", trainer(100))
    kept = tmp_path / "models" / "garden" / "model.json"
    kept.parent.mkdir(parents=True)
    kept.write_text("another's")
    training.run(studio, own, lambda: False)
    job = jobs.view(studio, jobs.get(studio, own.identity))
    assert kept.read_text() == "another's" and job["state"] == "done"
    assert job["output"]["look"] == "garden-2" and job["log"][-1].endswith("This one is called 'garden-2'.")
    made = [looks.view(studio, looks.get(studio, identity)) for identity in job["looks"]]
    assert {look["name"].rpartition(" ")[0] for look in made} == {"Garden 2"}


def test_a_number_on_a_long_name_keeps_it_a_name():
    found = training.names("a" * 64)
    assert [next(found) for _ in range(9)] == ["a" * 64, *(f"{'a' * 62}-{number}" for number in range(2, 10))]
    assert next(found) == f"{'a' * 61}-10"


@pytest.mark.parametrize("published", [False, True])
def test_a_training_whose_worker_died_at_its_end_ends(studio, own, tmp_path, monkeypatch, published):
    """Its run is finished: it is not begun again, and a model that it has published is not published twice."""

    def train(*_, **__):
        raise AssertionError("the run is finished")

    monkeypatch.setattr(runs, "train", train)
    files = {"generator.onnx": {"sha256": "5" * 64, "bytes": 3}}
    made = studio.runs / own.identity / "run" / "model"
    made.mkdir(parents=True)
    card = {"name": "print", "verdict": "Converged.", "images_seen": 400, "files": files}
    (made / "model.json").write_text(json.dumps(card))
    if published:
        (tmp_path / "models" / "garden").mkdir(parents=True)
        (tmp_path / "models" / "garden" / "model.json").write_text(json.dumps({**card, "name": "garden"}))
    training.run(studio, own, lambda: False)
    job = jobs.view(studio, jobs.get(studio, own.identity))
    assert job["state"] == "done" and job["output"]["look"] == "garden" and job["output"]["images_seen"] == 400
    assert job["output"]["verdict"] == "Converged." and len(job["looks"]) == training.SHOWN
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["garden"]


def asked_for_prints(studio, **more):
    request = {"kind": "imagine", "project": projects.current(studio)["id"], "model": "garden", "count": 4, "seed": 7,
               "mix": None, "weight": 0.5, "between": None, "scale": 1.0, "size": 64, "palette": None,
               **more}  # fmt: skip
    jobs.submit(studio, request, "", None)
    return jobs.claim(studio.database, "work", "w")


def test_prints_go_on_with_the_next_seed(studio):
    own = asked_for_prints(studio)
    first = next(Imaginer("garden").pictures(1, seed=7))
    prints.keep(studio, own, first, "garden", "7", 0.1, 0.25)  # then its worker died
    prints.run(studio, own)
    job = jobs.view(studio, jobs.get(studio, own.identity))
    seeds = [looks.view(studio, looks.get(studio, identity))["origin"]["seed"] for identity in job["looks"]]
    assert job["state"] == "done" and seeds == [7, 8, 9, 10] and len(job["output"]["results"]) == 4


@pytest.mark.parametrize("between", [None, [7, 9]])
def test_prints_interrupted_after_the_last_one_end(studio, between):
    own = asked_for_prints(studio, count=2, between=between)
    for picture in Imaginer("garden").pictures(2, seed=7):
        prints.keep(studio, own, picture, "garden", "7", 0.1, 0.25)  # then its worker died
    prints.run(studio, own)
    job = jobs.view(studio, jobs.get(studio, own.identity))
    assert job["state"] == "done" and len(job["looks"]) == 2 == len(job["output"]["results"])


def test_a_stop_waits_until_the_training_can_hear_it():
    """A process that imports and reads its pictures ignores SIGINT, as the terminal's Ctrl-C is the server's."""
    script = """
import signal, threading, time
from muslin.studio.worker import Worker
signal.signal(signal.SIGINT, signal.SIG_IGN)
worker = Worker(None, "train", "t", print)
worker.job, heard = "a", []
threading.Thread(target=worker._interrupt, args=("a",)).start()
time.sleep(0.3)
assert not heard
signal.signal(signal.SIGINT, lambda *_: heard.append(1))
time.sleep(0.5)
assert heard == [1], heard
worker.job = "b"
worker._interrupt("a")  # a stop of another job is nobody's
assert heard == [1], heard
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_training_stopped_while_it_was_measured_says_so(studio, own, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "train", interrupted)
    training.run(studio, own, lambda: True)
    job = jobs.view(studio, jobs.get(studio, own.identity))
    assert (job["state"], job["note"]) == ("cancelled", "Stopped after 0 images.")
