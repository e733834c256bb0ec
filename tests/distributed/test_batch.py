"""A batch on Ray: the plain command's bytes, each photo once whatever is killed, the bad ones named."""

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from muslin import cli
from muslin.distributed import batch, worker
from muslin.distributed.manifest import Manifest
from muslin.distributed.order import Order, Record, Task
from muslin.distributed.sources import names, rows_of
from muslin.images import read_image

LIGHT = ["--model", "luminance", "--mask", "none"]  # nothing to load, quick to make


def results(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in Path(folder).rglob("*.png")}


def order_of(swatch, **more):
    return Order("luminance", [(read_image(swatch), 1.0)], {}, look="check", mask="none", **more)


def tasks_of(folder, out):
    found = sorted(Path(folder).rglob("*.jpg"))
    return [Task(str(path), str(path), (f"{out}/{path.stem}.png",)) for path in found]


def test_the_same_bytes_as_the_plain_command_and_a_second_run_makes_nothing(ray, photos, swatch, tmp_path, capsys):
    folder = photos(5)
    (folder / "torn.jpg").write_bytes((folder / "p00.jpg").read_bytes()[:300])
    (folder / "words.jpg").write_text("not a photo")
    asked = ["restyle", str(folder), "--style", str(swatch), "-n", "2", "--seed", "3", "--scale", "0.4"]
    assert cli.run([*asked, "-o", str(tmp_path / "plain")]) == 1
    capsys.readouterr()
    assert cli.run([*asked, "-o", str(tmp_path / "out"), "--ray", "--workers", "2", "--json"]) == 1
    shown = capsys.readouterr()
    document = json.loads(shown.out)
    assert sorted(Path(item["source"]).name for item in document["failed"]) == ["torn.jpg", "words.jpg"]
    assert "not a picture" in shown.err and "damaged" in shown.err
    made = results(tmp_path / "out")
    assert made == results(tmp_path / "plain") and len(made) == 10

    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.png")}
    for name in ("torn.jpg", "words.jpg"):
        (folder / name).unlink()
    assert cli.run([*asked, "-o", str(tmp_path / "out"), "--ray", "--workers", "2"]) == 0
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.png")} == before
    assert "5 done before" in capsys.readouterr().err


def test_uris_and_shards_give_the_pixels_of_the_files(ray, photos, swatch, tmp_path, capsys):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    folder = photos(4, "in the cloud ü")
    one = (folder / "p00.jpg").read_bytes()
    with tarfile.open(tmp_path / "web.tar", "w") as archive:
        for name, data in [("a/000.jpg", one), ("../../out.jpg", one), ("a/000.jpg", one), ("bad.jpg", b""),
                           ("000.json", b"{}")]:  # fmt: skip
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    pq.write_table(pa.table({"image": [{"bytes": one, "path": "x.jpg"}] * 2, "label": [1, 2]}), tmp_path / "hf.parquet")
    whole = (tmp_path / "web.tar").read_bytes()
    (tmp_path / "cut.tar").write_bytes(whole[: len(whole) // 2])
    out = tmp_path / "out"
    asked = [folder.as_uri(), str(tmp_path / "web.tar"), str(tmp_path / "hf.parquet"), str(tmp_path / "cut.tar")]
    command = ["restyle", *asked, "-s", str(swatch), *LIGHT, "-o", out.as_uri(), "--ray", "--workers", "1"]
    os.chdir(tmp_path)  # where the manifest of results at a URI is kept
    assert cli.run([*command, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert cli.run(["restyle", str(folder), "-s", str(swatch), *LIGHT, "-o", str(tmp_path / "plain")]) == 0
    made, plain = results(out), results(tmp_path / "plain")
    shards = {"web/a/000.check.png", "web/out.check.png", "web/a/000_2.check.png", "hf/x.check.png", "hf/x_2.check.png"}
    assert shards | plain.keys() <= made.keys()
    for name, content in made.items():
        expected = plain.get(name, plain["p00.check.png"])
        assert (read_image(content).pixels == read_image(expected).pixels).all()
    failed = {item["source"]: item["error"]["problem"] for item in document["failed"]}
    assert failed.keys() == {"bad.jpg", "cut"}
    assert "empty" in failed["bad.jpg"] and "cut.tar" in failed["cut"]
    assert not (tmp_path.parent / "out.check.png").exists()
    capsys.readouterr()
    assert cli.run([*command, "--json"]) == 1  # the bad ones are tried again, nothing else
    again = json.loads(capsys.readouterr().out)
    assert not again["results"] and {item["source"] for item in again["failed"]} == failed.keys()


def test_a_killed_worker_costs_no_photo_and_a_deadly_photo_is_named(ray, photos, swatch, tmp_path):
    folder, out = photos(12), tmp_path / "out"
    deadly = str(folder / "p04.jpg")
    pids = tmp_path / "pids"

    class Mortal(worker.Worker):
        def __call__(self, row):
            with open(pids, "a") as file:
                file.write(f"{os.getpid()}\n")
            time.sleep(0.05)
            if Task.from_json(row["task"]).place == deadly:
                os.kill(os.getpid(), signal.SIGKILL)
            return super().__call__(row)

    def watch(record, total):
        if len(seen) == 0:  # the one that is at work now, in the middle of a photo
            os.kill(int(pids.read_text().split()[-1]), signal.SIGKILL)
        seen.append(record.key)

    seen: list = []
    outcome = batch.run(order_of(swatch), tasks_of(folder, out), workers=2, manifest=tmp_path / "m.jsonl",
                        watch=watch, worker=Mortal)  # fmt: skip
    assert outcome.done == 11 and len(results(out)) == 11
    assert [record.key for record in outcome.failed] == [deadly]
    assert "died" in outcome.failed[0].error["problem"]
    assert max(Counter(seen).values()) == 1 and len(seen) == 12


def test_a_killed_driver_goes_on_where_it_was(ray, photos, swatch, tmp_path):
    folder, out = photos(30), tmp_path / "out"
    address = ray.get_runtime_context().gcs_address
    asked = ["restyle", str(folder), "-s", str(swatch), *LIGHT, "-o", str(out), "--ray", address, "--workers", "1"]
    driver = subprocess.Popen([sys.executable, "-m", "muslin.cli", *asked], stdout=subprocess.PIPE)
    for _ in range(3):
        driver.stdout.readline()
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    leftover = out / ".muslin-1-abc.part"
    leftover.write_bytes(b"half a picture")
    (manifest,) = out.rglob("*.jsonl")
    recorded = len(manifest.read_bytes().splitlines())
    assert 3 <= recorded < 30
    with open(manifest, "ab") as file:
        file.write(b'{"key": "torn')
    assert cli.run(asked) == 0
    assert cli.run(["restyle", str(folder), "-s", str(swatch), *LIGHT, "-o", str(tmp_path / "plain")]) == 0
    assert results(out) == results(tmp_path / "plain")
    assert not leftover.exists()
    keys = Counter(json.loads(line)["key"] for line in manifest.read_text().splitlines())
    assert len(keys) == 30 and set(keys.values()) == {1}


def test_what_is_wrong_with_all_stops_the_batch(ray, photos, swatch, tmp_path, capsys):
    folder = photos(3)
    asked = ["restyle", str(folder), "-s", str(swatch), "-o", str(tmp_path / "out"), "--ray", "--workers", "1"]
    assert cli.run([*asked, "--model", "velvet"]) == 4
    assert "velvet" in capsys.readouterr().err
    assert cli.run([*asked, *LIGHT, "-o", "-"]) == 2
    assert cli.run(["restyle", "s4://bucket/x", "-s", str(swatch), "-o", str(tmp_path), "--ray"]) == 2
    assert cli.run(["restyle", (tmp_path / "none").as_uri(), "-s", str(swatch), "-o", str(tmp_path), "--ray"]) == 3


def test_without_ray_the_extra_is_named(photos, swatch, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert cli.run(["restyle", str(photos(1)), "-s", str(swatch), "-o", str(tmp_path / "o"), "--ray"]) == 5
    assert "muslin[ray]" in capsys.readouterr().err


def test_an_address_may_be_left_out_and_a_photo_is_none():
    from muslin.cli.cluster import with_address

    assert with_address(["restyle", "--ray", "photos/", "-s", "x"])[1:3] == ["--ray=local", "photos/"]
    assert with_address(["restyle", "a", "--ray"]) == ["restyle", "a", "--ray=local"]
    for address in ("auto", "10.0.0.7:6379", "ray://head:10001"):
        assert with_address(["train", "--ray", address, "x"]) == ["train", f"--ray={address}", "x"]


def test_a_manifest_knows_what_was_done_and_what_has_changed(tmp_path):
    path = tmp_path / "m" / "x.jsonl"
    with Manifest(path) as kept:
        kept.add(Record("a", state="1"))
        kept.add(Record("b", state="1", error={"problem": "bad"}))
        for key in ("x", "y"):
            kept.add(Record(key, shard="s", state="7"))
        assert kept.done_in("s", "7") == ("x", "y")
        kept.add(Record("s", shard="s", state="7", rows=2))
    with open(path, "ab") as file:
        file.write(b'{"key": "c", "sta')
    with Manifest(path) as kept:
        assert kept.is_done("a", "1") and not kept.is_done("a", "2")
        assert not kept.is_done("b", "1") and not kept.is_done("c", "")
        assert kept.done_in("s", "7") is None and kept.done_in("s", "8") == ()
        with pytest.raises(Exception, match="running already"), Manifest(path):
            pass
        kept.add(Record("c"))
    with Manifest(path) as kept:
        assert kept.is_done("c", "")


def test_a_manifest_looks_at_each_photo_once(tmp_path):
    """Counted anew at each record, a shard of a million photos would never end."""

    class State(str):
        compared = 0
        __hash__ = str.__hash__

        def __eq__(self, other):
            State.compared += 1
            return str.__eq__(self, other)

    state, count = State("7"), 300
    with Manifest(tmp_path / "x.jsonl") as kept:
        kept.add(Record("s", shard="s", state=state, rows=count))
        for number in range(count):
            kept.add(Record(str(number), shard="s", state=state))
        assert State.compared <= 10 * count
        assert kept.done_in("s", "7") is None


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.jpg", "/etc/x.jpg", "a/./../../b.png", "..", "", "a\0b", "C:\\x.jpg"]
)
def test_a_name_in_a_shard_cannot_leave_the_output(name, swatch, tmp_path):
    (target,) = names(str(tmp_path), name, order_of(swatch))
    assert Path(os.path.normpath(target)).is_relative_to(tmp_path) and ".." not in Path(target).parts
    assert target.endswith(".check.png") and "\0" not in target


def test_orders_that_make_other_pictures_have_other_fingerprints(swatch):
    from dataclasses import replace

    order = order_of(swatch)
    others = [{"seed": 1}, {"number": 2}, {"controls": {"scale": 2}}, {"mask": "auto"}, {"model": "drape"}]
    assert len({order.fingerprint, *(replace(order, **other).fingerprint for other in others)}) == 6
    assert replace(order, threads=4, overwrite=True).fingerprint == order.fingerprint


def test_a_parquet_without_pictures_is_said_in_words(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"x": [1]}), tmp_path / "n.parquet")
    ((_, error),) = rows_of(Task("n", str(tmp_path / "n.parquet"), kind="shard"))
    assert "no column of pictures" in str(error).lower()


def test_a_result_is_kept_if_it_is_ours_and_refused_if_it_is_not(tmp_path):
    from muslin.errors import UserError

    pytest.importorskip("pyarrow")  # it opens the file:// form
    target = tmp_path / "a" / "r.png"
    for place in (str(target), target.as_uri()):
        worker.keep(place, b"ours", overwrite=False)
        worker.keep(place, b"ours", overwrite=False)
        with pytest.raises(UserError, match="exists already"):
            worker.keep(place, b"another", overwrite=False)
    worker.keep(str(target), b"another", overwrite=True)
    assert target.read_bytes() == b"another" and len(list(target.parent.iterdir())) == 1


def test_a_photo_that_was_lost_with_its_worker_is_tried_again_and_then_named(swatch, monkeypatch):
    """The end of a shard may come although a block of its photos did not: 3 were counted, 1 was done before."""
    task = Task("s.tar", "/data/s.tar", kind="shard", skip=("a.jpg",))
    asked = []

    def passed(self, tasks, block):
        asked.append([(each.key, each.skip) for each in tasks])
        if block > 1 or len(asked) == 1:
            yield Record("b.jpg", ("out/b.png",), shard="s.tar")
        yield Record("s.tar", shard="s.tar", rows=3)

    monkeypatch.setattr(batch._Batch, "_pass", passed)
    monkeypatch.setattr(batch, "model_hash", lambda name: None)
    made = list(batch._Batch(None, order_of(swatch), 1, "out", None).records([task]))
    assert asked == [[("s.tar", ("a.jpg",))], [("s.tar", ("a.jpg", "b.jpg"))]]
    assert made[-1].key == "s.tar" and "died at 1 of the photos" in made[-1].error["problem"]
    asked.clear()
    whole = replace(task, skip=("a.jpg", "c.jpg"))
    made = list(batch._Batch(None, order_of(swatch), 1, "out", None).records([whole]))
    assert all(record.error is None for record in made)
    assert len(asked) == 1


def test_one_photo_to_a_file_and_what_ray_needs_not(ray, photos, swatch, tmp_path, capsys):
    photo = photos(1) / "p00.jpg"
    asked = ["restyle", str(photo), "--style", str(swatch), "--mask", "none", "--ray", "-o", str(tmp_path / "one.png")]
    assert cli.run([*asked, "--skip-existing"]) == 2
    assert "exclude each other" in capsys.readouterr().err
    assert cli.run(asked) == 0 and (tmp_path / "one.png").is_file()
