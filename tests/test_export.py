"""Every format computes what the Keras network computes, on two sizes; and what cannot be exported is explained."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from keras import layers

from muslin import export, recipes, store
from muslin.cli import run as command
from muslin.cli import terminal
from muslin.errors import EXIT_DEPENDENCY, EXIT_MODEL, EXIT_USAGE, UserError
from muslin.export import formats, parity, rounding
from muslin.layers import DepthToSpace, GroupNorm
from muslin.training import engine

TINY = {"size": 16, "channels": 2, "latent_size": 4, "batch_size": 4, "augmentation": "none"}
NEEDS = {"onnx": "tf2onnx", "openvino": "openvino", "litert": "ai_edge_litert", "saved-model": "tensorflow"}


@pytest.fixture(scope="module")
def network() -> keras.Model:
    """Two inputs of free size, a named dict of outputs, normalisation and upsampling: what translators are made of."""
    image, mask = keras.Input((None, None, 3), name="image"), keras.Input((None, None, 1), name="mask")
    x = layers.Concatenate()([image, mask])
    x = GroupNorm(4)(layers.Conv2D(8, 3, 2, "same")(x))
    x = DepthToSpace(2)(layers.Conv2D(16, 1)(layers.LeakyReLU(0.2)(x)))
    made = layers.Conv2D(3, 3, padding="same", activation="tanh")(x)
    return keras.Model([image, mask], {"made": made, "shape": layers.GlobalAveragePooling2D()(x)})


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> store.Model:
    """A finished model whose weights are not those of a new recipe."""
    recipe = recipes.build("dcgan", {**TINY, "seed": 3})
    for variable in recipe.networks["generator"].trainable_variables:
        variable.assign(variable + 0.05)
    return export.export_recipe(recipe, tmp_path_factory.mktemp("model"), card={"summary": "test"})


def latent() -> np.ndarray:
    return np.random.default_rng(1).standard_normal((3, TINY["latent_size"])).astype(np.float32)


@pytest.mark.parametrize("name", export.FORMATS)
def test_a_network_of_free_size_survives_each_format(name: str, network: keras.Model, tmp_path: Path) -> None:
    if importlib.util.find_spec(NEEDS[name]) is None:
        pytest.skip(f"{NEEDS[name]} is not installed")
    wanted, original = export.FORMATS[name], formats.Original("generator", None, network)
    path = tmp_path / f"generator{wanted.suffix}"
    wanted.write(original, path)
    found = parity.differences(original.shapes, original.runs, wanted.opened(path), (32, 48))
    assert set(found) == {"32", "48"} and max(found.values()) < 1e-4
    # And once by hand, at a third size: names, shapes and numbers.
    rng = np.random.default_rng(0)
    given = {"image": rng.uniform(-1, 1, (1, 24, 40, 3)).astype("f4"), "mask": np.ones((1, 24, 40, 1), "f4")}
    made = wanted.opened(path)(given)
    assert set(made) == {"made", "shape"} and made["made"].shape == (1, 24, 40, 3)
    expected = network([given["image"], given["mask"]], training=False)
    np.testing.assert_allclose(made["made"], keras.ops.convert_to_numpy(expected["made"]), atol=1e-4)


def test_networks_take_few_steps_and_give_the_same_numbers(tmp_path: Path) -> None:
    """Normalised after a convolution and a sum, enlarged; on the input itself other steps are written, which stay."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("tf2onnx")
    image = keras.Input((None, None, 6), name="image")
    x = layers.Conv2D(8, 3, padding="same")(GroupNorm(3)(image))
    x = layers.Add()([x, layers.Activation("silu")(GroupNorm(4)(x))])
    x = layers.UpSampling2D(2, interpolation="nearest")(layers.Conv2D(8, 1)(GroupNorm(2)(x)))
    x = x / (1 + layers.GlobalAveragePooling2D(keepdims=True)(x) ** 2)  # and a quotient of another kind
    network = keras.Model(image, layers.Activation("tanh", name="made")(x))
    rng = np.random.default_rng(0)
    for weight in network.weights:
        weight.assign(rng.normal(0.5, 1, weight.shape))
    wanted, original = export.FORMATS["onnx"], formats.Original("generator", None, network)
    wanted.write(original, path := tmp_path / "norm.onnx")
    kinds = [node.op_type for node in onnx.load(path).graph.node]
    assert kinds.count("InstanceNormalization") == 2 and kinds.count("Sqrt") == 1 and len(kinds) < 60
    assert kinds.count("Resize") == 1 and "Tile" not in kinds
    given = {"image": rng.normal(2, 3, (2, 20, 28, 6)).astype("f4")}
    expected = keras.ops.convert_to_numpy(network(given["image"], training=False))
    np.testing.assert_allclose(wanted.opened(path)(given)["made"], expected, atol=1e-4)


def test_a_wrong_file_is_noticed(network: keras.Model, tmp_path: Path) -> None:
    original = formats.Original("generator", None, network)
    off = lambda arrays: {name: value + 0.01 for name, value in original.runs(arrays).items()}  # noqa: E731
    with pytest.raises(UserError, match="does not compute") as caught:
        parity.differences(original.shapes, original.runs, off, (32, 48))
    assert "0.01" in str(caught.value.received)


def test_inputs_that_differ_in_size_are_compared_as_the_recipe_says(tmp_path: Path) -> None:
    picture, coarse = keras.Input((None, None, 3), name="picture"), keras.Input((None, None, 2), name="coarse")
    joined = layers.Concatenate()([layers.AveragePooling2D(4)(picture), coarse])
    network = keras.Model([picture, coarse], layers.Conv2D(1, 1)(joined))
    checked = {str(size): {"picture": (None, size, size, 3), "coarse": (None, size // 4, size // 4, 2)}
               for size in (32, 48)}  # fmt: skip
    original = formats.Original("generator", None, network, checked)
    formats.write_onnx(original, tmp_path / "generator.onnx")
    runs = parity.onnx_runs(tmp_path / "generator.onnx")
    assert max(parity.differences(original.shapes, original.runs, runs, (32, 48)).values()) < 1e-5


def test_what_rounding_changes_is_measured_on_inputs_of_their_own_sizes(tmp_path: Path) -> None:
    """Of `print`, whose networks take pictures and coarse fields together."""
    recipe = recipes.build("print", {"looks": 2, "batch_size": 2, "widths": (8, 8, 8), "discriminator_widths": (8, 8)})
    whole = export.export_recipe(recipe, tmp_path / "whole")
    small = export.export_model(whole.folder, "onnx", tmp_path / "small", weights="int8")
    assert set(small.card["largest_difference_by_rounding"]) == set(whole.card["exported"])


def test_the_card_holds_the_comparison_and_the_weights_are_kept(trained: store.Model) -> None:
    found = trained.card["parity"]["onnx"]["generator"]
    assert set(found) == {"64", "96"} and max(found.values()) <= trained.card["tolerance"]
    again = export.load_recipe(trained)
    assert (again.size, again.latent_size) == (16, 4)
    (exported,) = parity.onnx_runs(trained.file())({"latent": latent()}).values()
    (kept,) = parity.keras_runs(again.networks["generator"])({"latent": latent()}).values()
    np.testing.assert_allclose(exported, kept, atol=1e-5)


def test_an_exported_folder_is_a_model_and_computes_the_same(trained: store.Model, tmp_path: Path) -> None:
    made = export.export_model(trained.folder, "openvino", tmp_path / "out")
    made.verify()
    assert set(made.card["files"]) == {"generator.xml", "generator.bin"}
    assert set(made.card["parity"]) == {"onnx", "openvino"}
    (expected,) = parity.onnx_runs(trained.file())({"latent": latent()}).values()
    (found,) = formats.run_openvino(made.file("generator.xml"))({"latent": latent()}).values()
    np.testing.assert_allclose(found, expected, atol=1e-4)
    with pytest.raises(UserError, match="already there"):
        export.export_model(trained.folder, "onnx", tmp_path / "out")
    again = export.export_model(trained.folder, "onnx", tmp_path / "out", overwrite=True)
    assert set(again.card["files"]) == {"generator.onnx"}


def test_a_difference_is_seen_beside_the_size_of_its_output() -> None:
    """Half of a logit of thousands is its last digits; the same of a probability is another answer."""
    shapes = {"image": (None, 4)}
    large = np.full((3, 4), 3000, np.float32)
    off = lambda arrays: {"logits": large + np.float32(0.5), "said": arrays["image"]}  # noqa: E731
    same = lambda arrays: {"logits": large, "said": arrays["image"]}  # noqa: E731
    assert parity.differences(lambda size: shapes, same, off) == {"64": 0.5, "96": 0.5}
    wrong = lambda arrays: {"logits": large, "said": arrays["image"] + np.float32(0.003)}  # noqa: E731
    with pytest.raises(UserError, match="said"):
        parity.differences(lambda size: shapes, same, wrong)
    deeper = lambda arrays: {"logits": large[None], "said": arrays["image"]}  # noqa: E731
    with pytest.raises(UserError, match="another shape"):
        parity.differences(lambda size: shapes, same, deeper)
    nothing = lambda arrays: {"logits": large * np.float32(np.nan), "said": arrays["image"]}  # noqa: E731
    with pytest.raises(UserError, match="logits"):
        parity.differences(lambda size: shapes, same, nothing)


def test_an_unfinished_run_is_exported_as_it_is(tmp_path: Path) -> None:
    recipe = recipes.build("dcgan", TINY)
    pictures = np.random.default_rng(0).integers(0, 255, (8, 16, 16, 3), dtype=np.uint8)
    engine.train(recipe, recipe.stream(pictures, 0), tmp_path / "run", images=8, screen=False, preview_every_images=0)
    made = export.export_model(tmp_path / "run", "onnx", tmp_path / "out")
    assert made.card["images_seen"] == 8
    (found,) = parity.onnx_runs(made.file())({"latent": latent()}).values()
    (expected,) = parity.keras_runs(recipe.networks["generator"])({"latent": latent()}).values()
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(("weights", "size", "off"), [("float16", 0.6, 5e-3), ("int8", 0.4, 5e-2)])
def test_smaller_weights_make_a_smaller_file_that_says_what_it_computes(
    weights: str, size: float, off: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file computes exactly the rounded network, which is nearly the other one."""
    recipe = recipes.build("dcgan", {**TINY, "channels": 16})
    whole = export.export_recipe(recipe, tmp_path / "whole")
    smaller = ["export", str(whole.folder), "--weights", weights]
    assert command([*smaller, "-o", str(tmp_path / "small")]) == 0
    small = store.load(tmp_path / "small")
    assert small.file().stat().st_size < size * whole.file().stat().st_size
    assert max(small.card["parity"]["onnx"]["generator"].values()) < 1e-5 and weights in small.card["weights"]
    (expected,), (found,) = (parity.onnx_runs(m.file())({"latent": latent()}).values() for m in (whole, small))
    away = float(np.abs(found - expected).max())
    assert 0 < away < off
    said = small.card["largest_difference_by_rounding"]["generator"]
    assert away / 5 < said < 5 * away, "on other latents"
    assert f"changes its output by up to {said:.2g}" in " ".join(capsys.readouterr().err.split())
    assert command([*smaller, "-f", "litert", "-o", str(tmp_path / "x")]) == EXIT_USAGE
    assert "'onnx' alone" in capsys.readouterr().err
    assert command(["export", str(small.folder), *smaller[2:], "-o", str(tmp_path / "again")]) == EXIT_MODEL
    assert "without its Keras weights" in capsys.readouterr().err
    with pytest.raises(UserError, match="int4"):
        export.export_model(whole.folder, "onnx", tmp_path / "x", weights="int4")


@given(
    arrays(np.float32, (40, 3, 12), elements=st.floats(-1e6, 1e6, width=32)),
    st.permutations((0, 1, 2)),
)
def test_steps_of_int8_are_found_again_however_a_kernel_lies(kernel: np.ndarray, order: list[int]) -> None:
    """What was rounded is stored in a byte a number, exactly, transposed or not, and is off by half a step at most."""
    steps = rounding._in_steps(kernel, axis=-2)
    length = np.abs(kernel).max(axis=-2, keepdims=True) / 127
    assert (np.abs(steps - kernel) <= 0.501 * length + 1e-38).all()
    lying = np.transpose(steps, order)
    small, scale = rounding._smallest(lying)
    assert small.dtype == np.int8 and scale is not None and (small * scale == lying).all()


def test_weights_beyond_half_precision_stay_finite(tmp_path: Path) -> None:
    image = keras.Input((None, None, 32), name="image")
    network = keras.Model(image, layers.Conv2D(32, 1, name="made")(image))
    network.get_layer("made").kernel.assign(np.full((1, 1, 32, 32), 1e6, np.float32))
    export.models.round_weights([network], "float16")
    formats.write_onnx(formats.Original("generator", None, network), tmp_path / "generator.onnx")
    found = parity.onnx_runs(tmp_path / "generator.onnx")({"image": np.full((1, 2, 2, 32), 1, np.float32)})
    np.testing.assert_allclose(found["made"], 32 * 65504)


def test_what_cannot_be_exported_is_explained(
    trained: store.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UserError, match="litert") as caught:
        export.export_model(trained.folder, "core-ml", tmp_path / "a")
    assert caught.value.exit_code == EXIT_USAGE
    shutil.copytree(trained.folder, tmp_path / "bare")
    shutil.rmtree(tmp_path / "bare" / export.models.WEIGHTS)
    store.write_card(tmp_path / "bare", {k: v for k, v in trained.card.items() if k != "files"})
    with pytest.raises(UserError, match="without its Keras weights") as caught:
        export.export_model(tmp_path / "bare", "litert", tmp_path / "b")
    assert caught.value.exit_code == EXIT_MODEL
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(UserError, match=r"muslin\[openvino\]") as caught:
        export.export_model(trained.folder, "openvino", tmp_path / "c")
    assert caught.value.exit_code == EXIT_DEPENDENCY
    assert command(["export", "no-such-model"]) == EXIT_MODEL
    assert "no-such-model" in capsys.readouterr().err


def test_the_command(trained: store.Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["export", str(trained.folder), "-f", "saved-model", "-o", str(tmp_path / "out"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["folder"] == str(tmp_path / "out") and max(told["parity"]["generator"].values()) < 1e-5


def test_jax_and_torch_leave_the_same_model(trained: store.Model, tmp_path: Path) -> None:
    """Another backend reads the kept weights and has its ONNX file written by a process that runs TensorFlow."""
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    code = (
        "import sys; from pathlib import Path; from muslin import export, store\n"
        "recipe = export.load_recipe(store.load(sys.argv[1])); export.export_recipe(recipe, Path(sys.argv[2]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(trained.folder), str(tmp_path / "torch")],
        env={**os.environ, "KERAS_BACKEND": "torch"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (expected,) = parity.onnx_runs(trained.file())({"latent": latent()}).values()
    (found,) = parity.onnx_runs(store.load(tmp_path / "torch").file())({"latent": latent()}).values()
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_what_was_exported_for_another_program_is_not_for_muslin(trained: store.Model, tmp_path: Path) -> None:
    made = export.export_model(trained.folder, "openvino", tmp_path / "out")
    with pytest.raises(UserError, match="another program") as caught:
        parity.onnx_runs(made.file("generator.xml"))({"latent": latent()})
    assert caught.value.exit_code == EXIT_MODEL


def test_an_export_that_fails_leaves_nothing(
    trained: store.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(original: formats.Original, path: Path) -> None:
        path.write_bytes(b"half of it")
        raise OSError(28, "No space left on device", "from", None, "to")

    monkeypatch.setitem(export.FORMATS, "onnx", dataclasses.replace(export.FORMATS["onnx"], write=full))
    with pytest.raises(OSError, match="No space"):
        export.export_model(trained.folder, "onnx", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    error = terminal.as_user_error(OSError(28, "No space left on device", "from", None, "to"))
    assert "'to'" in error.problem  # of a copy, where there is no room


@pytest.mark.parametrize("weights", ["float16", "int8"])
def test_constants_do_not_take_the_names_of_steps(weights: str, tmp_path: Path) -> None:
    """Casts of small weights beside casts of the network's own, as in the network of drape."""
    recipe = recipes.build("drape", {"widths": (16, 16, 16)})
    export.models.round_weights([recipe.networks["generator"]], weights)
    made = export.export_recipe(recipe, tmp_path / "model", keep_weights=False)
    assert max(made.card["parity"]["onnx"]["generator"].values()) < 2e-3


def test_a_converter_that_errs_once_is_asked_again(
    network: keras.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """tf2onnx left out a step now and then: the file had an axis too many, and whoever opened it was told so."""
    from muslin.export import models

    right, tried = formats.FORMATS["onnx"], []

    def write(original: formats.Original, path: Path) -> None:
        right.write(original, path)
        tried.append(path)
        if len(tried) == 1:
            onnx = importlib.import_module("onnx")
            model = onnx.load(path)
            for axis in model.graph.output:
                node = next(n for n in model.graph.node if axis.name in n.output)
                node.output[list(node.output).index(axis.name)] = f"{axis.name}_inner"
                model.graph.node.append(onnx.helper.make_node("Unsqueeze", [f"{axis.name}_inner", "zero"], [axis.name]))
                del axis.type.tensor_type.shape.dim[:]
            model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([0]), "zero"))
            onnx.save(model, path)

    monkeypatch.setitem(formats.FORMATS, "onnx", dataclasses.replace(right, write=write))
    models._write([formats.Original("made", None, network, {})], "onnx", tmp_path, (32, 48))
    assert len(tried) == 2
