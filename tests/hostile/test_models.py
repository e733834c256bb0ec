"""Models come from strangers: they are data, checked against their hashes, and never code, paths or pickles."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import corpus
import numpy as np
import pytest

from muslin import store
from muslin.errors import EXIT_MODEL, UserError
from muslin.garments.network import Network

NASTY: list[Any] = [None, True, -1, 10**400, 1.5, "", "x" * 10_000, "\0\x1b[2J", [], [[]], {}, {"a": None}, [None, 1]]


def folder_of(root: Path, network: bytes = b"no network", recipe: str = "drape", **card: Any) -> Path:
    """A model whose card and hashes agree, with whatever is inside."""
    root.mkdir(parents=True)
    (root / "generator.onnx").write_bytes(network)
    store.write_card(root, {"name": "stranger", "recipe": recipe, **card})
    return root


def altered(folder: Path, change: Callable[[dict[str, Any]], Any]) -> Path:
    card = json.loads((folder / store.CARD).read_text())
    card = change(card) or card
    (folder / store.CARD).write_text(json.dumps(card))
    return folder


def refused(muslin: Any, folder: Path) -> str:
    """Whatever is done with it: exit code 4 in words."""
    outcome = muslin("restyle", "good.jpg", "-s", "cloth.png", "--mask", "none", "-o", "no.png", "--model", folder)
    assert outcome.code == EXIT_MODEL and not Path("no.png").exists()
    assert muslin("models", "list").code == 0
    return outcome.err


CARDS = {
    "empty": b"", "no JSON": b"{", "a list": b"[]", "a number": b"7", "null": b"null",
    "no UTF-8": b'{"format": "\xff"}',
    "deep": b"[" * 100_000, "NaN": b'{"format": NaN}', "no files": b'{"format": 1, "name": "a", "recipe": "drape"}',
    "an executable": b"\x7fELF" + bytes(100), "a pickle": pickle.dumps({"format": 1}),
}  # fmt: skip


@pytest.mark.parametrize("name", CARDS)
def test_a_card_that_is_no_card(muslin, name: str) -> None:
    folder = folder_of(Path("models/stranger"))
    (folder / store.CARD).write_bytes(CARDS[name])
    refused(muslin, folder)
    assert muslin("models", "show", "stranger").code == EXIT_MODEL


@pytest.mark.parametrize(
    "key", ["format", "name", "recipe", "network", "files", "exported", "settings", "size", "looks"]
)
def test_a_card_with_anything_anywhere(muslin, key: str) -> None:
    """Any value under any key is refused or harmless; listing models goes on."""
    folder = folder_of(Path("models/stranger"))
    for value in NASTY:
        altered(folder, lambda card, value=value: card.update({key: value}))
        refused(muslin, folder)


@pytest.mark.parametrize(
    "entry", [{}, {"sha256": None}, {"sha256": 1, "bytes": 1}, {"sha256": "0" * 64, "bytes": "9"}, []]
)
def test_a_card_without_hashes(muslin, entry: Any) -> None:
    folder = altered(folder_of(Path("models/stranger")), lambda card: card["files"].update({"generator.onnx": entry}))
    assert "neither hash nor size" in refused(muslin, folder)


@pytest.mark.parametrize("name", ["../good.jpg", "/etc/passwd", "a/../../x", "..\\x", "C:\\x", "a\0b", "", "\x1b[2J"])
def test_paths_out_of_the_folder(muslin, name: str) -> None:
    entry = {"sha256": hashlib.sha256(corpus.good()).hexdigest(), "bytes": len(corpus.good())}
    folder = altered(folder_of(Path("models/stranger")), lambda card: card.update(network=name, files={name: entry}))
    assert "impossible file name" in refused(muslin, folder)


def test_files_that_are_not_what_the_card_says(muslin) -> None:
    folder = folder_of(Path("models/stranger"))
    network, size = folder / "generator.onnx", (folder / "generator.onnx").stat().st_size
    network.write_bytes(b"NO network")
    assert "hash differs" in refused(muslin, folder)
    with open(network, "wb") as file:
        file.truncate(1 << 40)  # a terabyte of nothing: its size alone says that it is another
    refused(muslin, folder)
    network.unlink()
    refused(muslin, folder)
    network.mkdir()
    refused(muslin, folder)
    network.rmdir()
    network.symlink_to("generator.onnx")
    refused(muslin, folder)
    network.unlink()
    os.mkfifo(network)
    refused(muslin, folder)
    network.unlink()
    altered(folder, lambda card: card["files"]["generator.onnx"].update(bytes=size + 1))
    network.write_bytes(b"no network")
    refused(muslin, folder)


def shipped() -> bytes:
    return store.load("drape").file().read_bytes()


def test_networks_that_are_none(muslin) -> None:
    """The hash agrees, so the runtime itself has to refuse: cut off, damaged, a pickle, nothing."""
    whole, rng = shipped(), np.random.default_rng(3)
    broken = [b"", whole[:1000], whole[: len(whole) // 2], pickle.dumps([1]), rng.bytes(5000), whole[:-5] + bytes(9)]
    for number, network in enumerate(broken):
        refused(muslin, folder_of(Path(f"odd/{number}"), network))


def test_networks_of_another_shape(muslin) -> None:
    """A sound network in the wrong place: other inputs, outputs or sizes."""
    for number, name in enumerate(["mask", "features", "print"]):
        network = store.load(name).file().read_bytes()
        assert "does not fit" in refused(muslin, folder_of(Path(f"odd/{number}"), network))
        for recipe in ("cut", "stargan_v2"):
            folder = folder_of(Path(f"odd/{recipe}{number}"), network, recipe, domains=["a", "b"], looks=["a"], size=64)
            outcome = muslin("restyle", "good.jpg", "--mask", "none", "--look", "b", "-o", "n.png", "--model", folder)
            assert outcome.code in (2, EXIT_MODEL) and not Path("n.png").exists()


def test_damaged_networks_never_end_the_process(tmp_path: Path) -> None:
    """Bytes of a network changed at random: words, or numbers."""
    whole, rng = shipped(), np.random.default_rng(5)
    image, mask = np.zeros((1, 64, 64, 3), np.float32), np.ones((1, 64, 64, 1), np.float32)
    path = tmp_path / "damaged.onnx"
    for _ in range(25):
        path.write_bytes(corpus.mutated(whole, rng, 3))
        try:
            Network(path)(image=image, mask=mask)
        except UserError as error:
            assert error.exit_code == EXIT_MODEL


def test_weights_beside_the_network_cannot_be_another_file(tmp_path: Path) -> None:
    """ONNX may keep its weights in another file, named by the network: it must not name one outside the folder."""
    onnx = pytest.importorskip("onnx")
    secret = tmp_path / "secret.bin"
    secret.write_bytes(np.arange(4, dtype=np.float32).tobytes())
    weights = onnx.TensorProto(name="w", data_type=1, dims=[4], data_location=onnx.TensorProto.EXTERNAL)
    weights.external_data.add(key="location", value="../secret.bin")
    out = onnx.helper.make_tensor_value_info("out", 1, [4])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["w"], ["out"])], "g", [], [out], [weights])
    folder = tmp_path / "model"
    folder.mkdir()
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    (folder / "generator.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(UserError) as caught:
        Network(folder / "generator.onnx")()
    assert caught.value.exit_code == EXIT_MODEL


def test_models_are_data_only() -> None:
    """No line of muslin unpickles, evaluates or imports what a file says; NumPy's pickles stay forbidden."""
    forbidden = re.compile(
        r"pickle|\bexec\(|\beval\(|yaml\.load|load_model|__import__|allow_pickle|torch\.load|joblib|marshal"
    )
    found = [
        f"{path.name}: {line.strip()}"
        for path in Path(store.__file__).parent.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if forbidden.search(line)
    ]
    assert [line for line in found if "the text of our own source" not in line] == []


def test_an_array_file_with_code_inside_is_refused(tmp_path: Path) -> None:
    """A pickle in an .npz would run when it is read; here it is bad data."""
    from muslin.training import checkpoint

    class Bomb:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "ran"),)

    np.savez(tmp_path / "state.npz", images_seen=np.array([Bomb()], dtype=object))
    with pytest.raises(UserError):
        checkpoint.load_state(tmp_path, {})
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["drape", "mask", "print", "features"])
def test_shipped_models_are_what_was_published(name: str) -> None:
    model = store.load(store.shipped_folder() / name)
    model.verify()
    listed = {path.relative_to(model.folder).as_posix() for path in model.folder.rglob("*") if path.is_file()}
    assert listed == set(model.card["files"]) | {store.CARD}  # nothing lies there unlisted
