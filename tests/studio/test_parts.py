"""The parts of the studio without a server: the queue's rules, controls, colours, files, locks, gates."""

import asyncio
import json
import shlex
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest

from muslin.cli import imagine as imagine_command
from muslin.errors import UserError
from muslin.images import encode_image
from muslin.restyle.lookbook import Look
from muslin.studio import (
    collecting,
    colours,
    controls,
    garments,
    jobs,
    locks,
    looks,
    projects,
    samples,
    sets,
    submitting,
)  # fmt: skip
from muslin.studio.database import insert, revise
from muslin.studio.engine import Kept
from muslin.studio.errors import StudioError
from muslin.studio.jobs import NoLongerOwn
from muslin.studio.pictures import over_outline
from muslin.studio.service import Limits, Studio
from muslin.studio.uploads import name_from
from muslin.studio.work import delivering, restyling
from muslin.studio.work.delivering import named
from muslin.textiles.procedural import swatch

from .conftest import httpx


@pytest.fixture
def studio(tmp_path):
    return Studio(tmp_path / "studio", Limits(queue=3))


def submit(studio, key=None, seed=0, kind="restyle"):
    request = {"kind": kind, "project": projects.current(studio)["id"], "seed": seed}
    return jobs.submit(studio, request, "", key)[0]["id"]


def state(studio, identity):
    return jobs.get(studio, identity)["state"]


# ---------------------------------------------------------------------------------------------------------- queue


def test_the_oldest_job_of_a_lane_comes_first_and_once(studio):
    first, training, second = submit(studio), submit(studio, kind="train"), submit(studio)
    claimed = [jobs.claim(studio.database, "work", token) for token in ("a", "b", "c")]
    assert [own and own.identity for own in claimed] == [first, second, None]
    assert jobs.claim(studio.database, "train", "d").identity == training


def test_who_lost_a_job_writes_nothing(studio):
    identity = submit(studio)
    own = jobs.claim(studio.database, "work", "a")
    jobs.requeue_of(studio, "a")
    other = jobs.claim(studio.database, "work", "b")
    with pytest.raises(NoLongerOwn), own.writing(note="stale") as connection:
        insert(connection, "meta", key="written", value="by a ghost")
    assert studio.database.value("SELECT 1 FROM meta WHERE key = 'written'") is None
    other.end({"results": []})
    with pytest.raises(NoLongerOwn):
        other.write(progress=0.1)
    assert state(studio, identity) == "done" and jobs.get(studio, identity)["progress"] == 1


def test_a_job_that_kills_its_workers_fails_unless_it_gets_on(studio):
    identity = submit(studio)
    for crash in range(jobs.MOST_CRASHES - 1):
        jobs.claim(studio.database, "work", f"w{crash}")
        jobs.requeue_of(studio, f"w{crash}")
        assert state(studio, identity) == "queued"
    own = jobs.claim(studio.database, "work", "good")
    own.write(crashes=0)  # it made a result: the counting begins anew
    jobs.requeue_of(studio, "good")
    assert state(studio, identity) == "queued"
    for crash in range(jobs.MOST_CRASHES - 1):
        jobs.claim(studio.database, "work", f"x{crash}")
        jobs.requeue_of(studio, f"x{crash}")
    assert state(studio, identity) == "failed"
    assert json.loads(jobs.get(studio, identity)["problem"])["title"].startswith("The work ended without a word")


def test_a_new_server_finds_what_the_last_one_left(studio):
    running, queued = submit(studio), submit(studio)
    jobs.claim(studio.database, "work", "dead")
    assert jobs.requeue_orphans(studio) == 1
    assert (state(studio, running), state(studio, queued)) == ("queued", "queued")
    assert jobs.claim(studio.database, "work", "new").identity == running  # it keeps its place
    assert jobs.get(studio, running)["crashes"] == 0


def test_cancelled_and_ended_jobs_stay_so(studio):
    identity = submit(studio)
    own = jobs.claim(studio.database, "work", "a")
    assert jobs.cancel(studio, identity)[1] is True
    with pytest.raises(NoLongerOwn):
        own.end({})
    with pytest.raises(StudioError) as error:
        jobs.cancel(studio, identity)
    assert error.value.status == 409 and state(studio, identity) == "cancelled"


def test_queues_are_bounded_each_for_itself(studio):
    for _ in range(3):
        submit(studio)
    with pytest.raises(StudioError) as error:
        submit(studio)
    assert error.value.status == 429 and error.value.retry_after >= 1
    submit(studio, kind="train")
    assert jobs.claim(studio.database, "work", "a") and submit(studio)


def test_a_full_queue_still_knows_its_keys(studio):
    identity = submit(studio, key="k")
    submit(studio), submit(studio)
    assert submit(studio, key="k") == identity


def test_a_training_that_was_stopped_goes_on(studio):
    identity = submit(studio, kind="train")
    jobs.claim(studio.database, "train", "a").write(resumable=1)
    jobs.cancel(studio, identity)
    assert jobs.view(studio, jobs.get(studio, identity))["resumable"] is True
    assert jobs.resume(studio, identity)["state"] == "queued"
    with pytest.raises(StudioError):
        jobs.resume(studio, identity)


def test_each_change_has_a_revision_of_its_own(studio):
    seen = []
    for _ in range(3):
        with studio.database.writing() as connection:
            seen.append(revise(connection))
    assert seen == [seen[0], seen[0] + 1, seen[0] + 2]
    with pytest.raises(ZeroDivisionError), studio.database.writing() as connection:
        revise(connection)
        raise ZeroDivisionError
    with studio.database.writing() as connection:
        assert revise(connection) == seen[-1] + 1


def test_who_was_away_hears_everything_once_and_in_order(studio, monkeypatch):
    pytest.importorskip("fastapi")
    from muslin.studio.api import events

    monkeypatch.setattr(events, "MOST", 2)
    made = [submit(studio, kind=kind) for kind in ("restyle", "train", "restyle", "train", "restyle")]
    heard, last = [], 0
    while True:
        reached, found = events.news_since(studio, last, None, None)
        heard += [item["id"] for _, item in found]
        if reached == last:
            break
        last = reached
    assert heard == made
    jobs.cancel(studio, made[1])
    assert [item["state"] for _, item in events.news_since(studio, last, None, None)[1]] == ["cancelled"]
    assert len(events.news_since(studio, None, None, None)[1]) == 2  # at first what is queued, a part of it


# ------------------------------------------------------------------------------------------------------- controls


def test_centimetres_become_scale():
    assert controls.for_garment({"print_cm": 21, "scale": 3.0}, 70)["scale"] == pytest.approx(1)
    assert controls.print_cm(1.0, 70) == 21
    with pytest.raises(UserError, match=r"1.4 cm|possible|Possible"):
        controls.for_garment({"print_cm": 0.2}, 70)


def test_the_family_is_that_of_the_command_line():
    from dataclasses import asdict

    from muslin.restyle.restyler import Restyler

    class Recorder(Restyler):
        def __init__(self):
            self.seen = []

        def examine(self, photo, mask=None):
            from muslin.restyle.restyler import Garment

            return object.__new__(Garment)

        def restyle(self, photo, style, mask=None, *, seed=0, on=None, **given):
            self.seen.append((seed, given))

    recorder = Recorder()
    list(recorder.variants(np.zeros((8, 8, 3), np.uint8), "x", 4, seed=7, scale=1.5))
    family = list(controls.family({"scale": 1.5}, 7, 0, 4, ["print"], []))
    from muslin.restyle.controls import Controls

    assert [(7 + number, asdict(Controls(**given))) for number, given in family] == recorder.seen


@pytest.mark.parametrize("colour", ["#8a8a8a", "#ffffff", "#000000", "#c03020", "#1c2a3f"])
def test_a_colour_has_shades_that_the_eye_can_tell(colour):
    from muslin.textiles.palette import delta_e

    made = np.array([controls.rgb(controls.shade(colour, number)) for number in range(5)], np.uint8)
    assert tuple(made[0]) == controls.rgb(colour)
    assert min(float(delta_e(made[i], made[j])) for i in range(5) for j in range(i)) > 4


def test_a_weight_in_a_command_is_the_very_weight():
    assert controls.exactly(1.0) == "1" and controls.exactly(0.35) == "0.35"
    assert float(controls.exactly(2 / 3)) == 2 / 3


def test_hues_turn_and_lightness_stays():
    from muslin.textiles.palette import to_oklab

    before = ["#804040", "#405080", "#c0c0c0"]
    after = controls.turned(before, 120)
    labs = [to_oklab(np.array([controls.rgb(colour) for colour in side], np.uint8)) for side in (before, after)]
    assert np.abs(labs[0][:, 0] - labs[1][:, 0]).max() < 0.02
    angle = np.degrees(np.arctan2(labs[1][0, 2], labs[1][0, 1]) - np.arctan2(labs[0][0, 2], labs[0][0, 1])) % 360
    assert angle == pytest.approx(120, abs=4) and after[2] == before[2]


def test_command_lines_survive_a_shell():
    line = controls.command("a b.png", "m'.png", [("x.png", 0.7), ("y z.png", 0.3)], {"offset": (0.5, -0.25)}, "o.png")
    words = shlex.split(line)
    assert words[:3] == ["muslin", "restyle", "a b.png"] and "m'.png" in words and "y z.png:0.3" in words
    assert words[words.index("--offset") + 1] == "0.5,-0.25"


def test_names_of_files():
    fields = {"project": "SS 27", "garment": "Lin/en", "look": "../x", "number": "001", "date": "2026-11-23"}
    assert named("{project}_{garment}_{look}_{number}", fields) == "SS-27_Lin-en_x_001"
    assert named("../{number}{other}", fields) == "001-other"
    assert controls.slug("衬衫 一") == "衬衫-一" and controls.slug("///") == "untitled"


@pytest.mark.parametrize(
    "name", ["a very long name of a garment of the summer collection ", "夏季系列里一件名字很长的亚麻连衣裙"]
)
def test_names_of_files_keep_look_and_number_where_names_are_long(name):
    fields = {"project": name * 3, "garment": name * 3, "look": "Dots " + name * 3, "number": "017", "date": "2026"}
    made = named("{project}_{garment}_{look}_{number}", fields)
    assert made.endswith("_017") and "_Dots-" in made and made.count("_") == 3
    assert len(made) <= 100 and len(made.encode()) <= 200


def test_what_browsers_encode_in_a_file_name_is_read():
    assert name_from(None, "12%22 skirt%0A_50%25.png", "Garment") == '12" skirt 50%25'
    assert name_from("given %22", "x.png", "Garment") == "given %22"


# ------------------------------------------------------------------------------------------- pictures and colours


def test_an_enlarged_tile_still_tiles():
    y, x = np.mgrid[0:48, 0:48] * 2 * np.pi / 48
    wave = np.stack([128 + 90 * np.sin(x + phase) * np.cos(y) for phase in (0, 1, 2)], -1).astype(np.uint8)
    large = colours.at_size(wave, 121, 97).astype(int)
    assert large.shape == (97, 121, 3)
    for axis in (0, 1):
        inside = np.abs(np.diff(large, axis=axis)).max()
        across = np.abs(np.take(large, 0, axis) - np.take(large, -1, axis)).max()
        assert across <= inside + 1


def test_overprint_of_one_cloth_with_itself_is_that_cloth():
    swatch = np.random.default_rng(0).integers(30, 226, (20, 20, 3), np.uint8)
    again = colours.at_one_size([swatch, swatch], [0.3, 0.7], 20, 20)
    assert np.abs(again.astype(int) - swatch).max() <= 1


def test_a_cut_out_has_no_fringe_of_the_backdrop():
    mask = np.zeros((20, 20), np.uint8)
    mask[:, 8], mask[:, 9:] = 100, 255
    share = mask[..., None] / 255
    mixed = np.round(share * (200, 30, 40) + (1 - share) * (10, 250, 10)).astype(np.uint8)
    cleaned = over_outline(mixed, mask)
    assert (cleaned[:, 8:] == (200, 30, 40)).all() and (cleaned[:, :8] == (10, 250, 10)).all()


def test_cards_give_dark_for_dark():
    rng = np.random.default_rng(0)
    new = colours._from_card(["#eeeeee", "#111111", "#777777"], {2}, ["#222244", "#ddccbb"], rng)
    assert new == ["#ddccbb", "#222244", "#777777"]


# ---------------------------------------------------------------------------------------------- files, locks, gates


def test_files_are_kept_once_and_go_when_nobody_needs_them(studio, tartan):
    first, second = studio.files.add(tartan, "image/png", 96, 96), studio.files.add(tartan, "image/png", 96, 96)
    assert first == second and studio.database.value("SELECT COUNT(*) FROM files") == 1
    row = looks.add(studio, tartan, "Tartan")
    loose = studio.files.add(b"x", "application/zip")
    assert collecting.collect(studio, older_than=3600) == 0
    assert collecting.collect(studio, older_than=-1) == 1
    assert studio.files.path(row["picture"]).read_bytes() == tartan
    with pytest.raises(StudioError):
        studio.files.path(loose)
    with pytest.raises(StudioError):
        studio.files.path("../" + "0" * 61)


def test_what_was_damaged_behind_the_studios_back_is_said_without_its_path(studio, tartan):
    kept = studio.files.add(tartan, "image/png", 96, 96)
    path = studio.files.path(kept)
    for harm, words in (
        (lambda: path.write_bytes(tartan[:200]), "The image is damaged or incomplete."),
        (path.unlink, "The image is gone from the studio's folder."),
    ):
        harm()
        with pytest.raises(UserError) as caught:
            studio.engine.photo(kept)
        assert caught.value.problem == words and str(studio.files.root) not in str(caught.value)


def test_a_deleted_garment_leaves_what_its_results_show(studio, photo, mask, tartan):
    project = projects.current(studio)["id"]
    row = garments.add(studio, photo, project, "Dress", mask=mask)
    garments.delete(studio, row["id"])
    assert collecting.collect(studio, older_than=-1) == 2


def test_only_one_process_holds_a_lock(tmp_path):
    path = tmp_path / "x.lock"
    held = locks.acquire(path, wait=False, text="http://here")
    code = ("import sys, pathlib\nfrom muslin.studio import locks\n"
            "try:\n    locks.acquire(pathlib.Path(sys.argv[1]), wait=False)\n"
            "except locks.Busy as busy:\n    print(busy.text)")  # fmt: skip
    told = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "http://here"
    held.close()
    told = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert told.stdout == ""


def test_a_gate_counts_who_waits():
    pytest.importorskip("fastapi")
    from muslin.studio.api.desk import Gate

    gate = Gate(1, 1)
    with gate, pytest.raises(StudioError) as error, gate:
        pass
    assert error.value.status == 429
    with gate:
        pass


def test_what_was_used_last_is_kept():
    kept, made = Kept(room=2), []

    def get(key):
        return kept.get(key, lambda: made.append(key) or key)

    for key in ("a", "b", "a", "c", "a", "b"):
        assert get(key) == key
    assert made == ["a", "b", "c", "b"]


def test_samples_name_things_that_exist():
    from muslin.data.truth import GARMENTS
    from muslin.textiles.procedural import TEXTILES

    assert {sample.kind for sample in samples.GARMENTS} <= set(GARMENTS)
    assert {textile for _, textile, _, _ in samples.LOOKS} <= set(TEXTILES)


def test_a_desktop_entry_starts_this_muslin(tmp_path, monkeypatch):
    from muslin.studio import desktop

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "executable", "/opt/my $python/bin/python")
    if sys.platform in ("win32", "darwin"):
        with pytest.raises(UserError):
            desktop.install()
        return
    lines = desktop.install().read_text("utf-8").splitlines()
    assert r'Exec="/opt/my \\$python/bin/python" -m muslin.cli studio' in lines


def test_connections_of_threads_that_ended_are_closed(studio):
    """A server's threads come and go all day, and each connection holds files open."""

    def ask():
        assert studio.database.value("SELECT 1") == 1

    for _ in range(20):
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert len(studio.database._open) <= 3
    assert studio.database.value("SELECT 1") == 1  # this thread's own is still there


def test_runs_of_deleted_trainings_are_collected(studio):
    kept = submit(studio, kind="train")
    for name in (kept, "0123456789abcdef"):
        (studio.runs / name / "run").mkdir(parents=True)
    collecting.collect(studio)
    assert [path.name for path in studio.runs.iterdir()] == [kept]


def test_a_file_added_again_while_it_is_collected_stays(studio, monkeypatch):
    """Between the look for old files and their removal somebody may add the very same picture."""
    sha256 = studio.files.add(b"old", "image/png", 1, 1)
    with studio.database.writing() as connection:
        connection.execute("UPDATE files SET created = 0")
    every = studio.database.all

    def then_added(query, *values):
        found = every(query, *values)
        assert studio.files.refresh(sha256) and not studio.files.refresh("0" * 64)
        return found

    monkeypatch.setattr(studio.database, "all", then_added)
    assert studio.files.collect([]) == 0
    assert studio.files.data(sha256) == b"old"


def test_a_set_keeps_what_fits_and_is_looked_through(tmp_path):
    studio = Studio(tmp_path / "studio", Limits(set_pictures=(2, 3)))
    cloths = [(encode_image(swatch("tartan", seed, 160), "PNG"), f"{seed}.png") for seed in range(5)]
    owner = sets.create(studio, "Cloths")["id"]
    shown = sets.view(studio, sets.add(studio, owner, cloths))
    assert len(sets.pictures_of(studio, owner)) == 3 and shown["ready"]
    (full,) = [finding for finding in shown["check"] if finding["kind"] == "full"]
    assert full["problem"] == "The set is full: 2 of these pictures were left out." and "at most 3" in full["advice"]
    with pytest.raises(UserError, match="too many pictures"):  # nothing fits
        sets.add(studio, owner, cloths[3:])
    assert len(sets.pictures_of(studio, owner)) == 3


def test_more_pictures_than_a_set_holds_make_a_set_at_once_as_they_do_later(tmp_path):
    from muslin.studio.api.app import create_app

    app = create_app(Studio(tmp_path / "studio", Limits(set_pictures=(2, 3))), with_samples=False)
    cloths = [("files", (f"{seed}.png", encode_image(swatch("tartan", seed, 160), "PNG"))) for seed in range(5)]

    async def post():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://studio") as client:
            return await client.post("/v1/sets", files=cloths)

    made = asyncio.run(post())
    assert made.status_code == 201 and len(made.json()["pictures"]) == 3
    assert "full" in {finding["kind"] for finding in made.json()["check"]}


def test_the_command_of_new_prints_is_taken_by_the_command_line(studio, monkeypatch):
    request = {"kind": "imagine", "project": projects.current(studio)["id"], "model": "print", "count": 3, "seed": 1,
               "mix": None, "weight": 0.5, "between": [3, 8], "scale": 1.23456789, "size": 128,
               "palette": None}  # fmt: skip
    monkeypatch.setattr(submitting.capabilities, "require", lambda name: None)
    words = shlex.split(submitting._imagine(request))
    context = imagine_command.imagine.make_context("imagine", words[2:])
    assert context.params["between"] == (3, 8) and context.params["scale"] == 1.23456789
    assert context.params["size"] == "128" and not context.params["tile"]


@pytest.mark.parametrize(("vary", "shown", "more"), [(["palette"], 50, 270), (["print"], 20, 0)])
def test_the_command_of_a_batch_is_planned_no_further_than_it_is_shown(studio, photo, mask, tartan, monkeypatch,
                                                                      vary, shown, more):  # fmt: skip
    project, look = projects.current(studio)["id"], looks.add(studio, tartan, "Tartan")["id"]
    batch = [garments.add(studio, photo, project, "Dress", mask=mask)["id"] for _ in range(20)]
    request = {"kind": "restyle", "project": project, "garments": batch, "looks": [{"look": look, "weight": 1.0}],
               "controls": {"print_cm": 12.0, "palette": ["#102030", "#405060"]}, "variants": 16, "seed": 1, "start": 0,
               "vary": vary}  # fmt: skip
    looked, planned = [], []
    find, piece = colours.stable_palette, restyling.Piece
    monkeypatch.setattr(colours, "stable_palette", lambda *given: looked.append(given) or find(*given))
    monkeypatch.setattr(restyling, "Piece", lambda *given: planned.append(given) or piece(*given))
    lines = submitting.prepare(studio, request).splitlines()
    assert len(lines) == shown + bool(more) and all(line.startswith("muslin restyle") for line in lines[:shown])
    assert lines[shown:] == ([f"# and {more} more; each result has its own"] if more else [])
    assert len(looked) <= 2  # once for each number of colours
    assert len(planned) <= shown + len(batch)
    garments.change(studio, batch[-1], None, 0.1)  # the centimetres do not suit it
    with pytest.raises(UserError, match="does not suit"):
        submitting.prepare(studio, request)


def test_a_pdf_holds_one_page_and_one_look_at_a_time(monkeypatch):
    """Of 500 results all pages together are 6 GB."""
    from muslin.studio.work import pdf

    known, alive, draw = [], [], pdf._page

    def page(look, *more):
        made = draw(look, *more)
        known.extend(map(weakref.ref, (look, made)))
        alive.append(sum(one() is not None for one in known))
        return made

    monkeypatch.setattr(pdf, "_page", page)
    looks = (Look(np.full((40, 30, 3), 40 * number, np.uint8), name=str(number)) for number in range(6))
    book = delivering._book(looks, 6, "lookbook_pdf", "Spring")[0]
    assert book.count(b"/Type /Page\n") == 6
    assert len(alive) == 6 and max(alive) <= 4  # what is being drawn, and the last one until it is replaced
