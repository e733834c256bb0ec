"""Painted looks on photos of any size: what must stay stays, what changes changes by the right amount."""

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muslin import store
from muslin.cli import run
from muslin.errors import UserError
from muslin.images import linear_to_srgb, read_image, srgb_to_linear, write_image
from muslin.restyle import metadata
from muslin.restyle.translate import Translator, carry, working_size


def model(folder, operation="Neg", recipe="cut", **card):
    """A model whose network is one ONNX operation on [-1, 1]: Neg turns every colour into its opposite."""
    folder.mkdir(parents=True, exist_ok=True)
    shape = ["batch", "height", "width", 3]
    image, made = (onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name in ("image", "out"))
    graph = onnx.helper.make_graph([onnx.helper.make_node(operation, ["image"], ["out"])], "painter", [image], [made])
    opset = onnx.helper.make_opsetid("", 17)
    (folder / "generator.onnx").write_bytes(
        onnx.helper.make_model(graph, opset_imports=[opset], ir_version=9).SerializeToString()
    )
    return store.write_card(folder, {"name": "opposite", "recipe": recipe, "size": 32, **card})


def photo(height=90, width=70, seed=0):
    """A garment with folds and a weave finer than the network's pixels, on a noisy ground; and its soft mask."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    cloth = 120 + 40 * np.sin(x / 9) + 14 * ((x + y) % 2)
    pixels = rng.integers(0, 255, (height, width, 3)).astype(np.uint8)
    inside = (abs(x - width / 2) < width * 0.3) & (abs(y - height / 2) < height * 0.4)
    pixels[inside] = np.stack([cloth, cloth * 0.8, cloth * 0.6], -1)[inside]
    mask = inside.astype(np.float32)
    mask[1:] = np.maximum(mask[1:], 0.5 * mask[:-1])  # a soft edge
    return pixels, mask


@pytest.fixture(scope="module")
def opposite(tmp_path_factory):
    return Translator(model(tmp_path_factory.mktemp("m") / "opposite").folder, mask_model=None)


@settings(max_examples=12, deadline=None)
@given(st.integers(20, 300), st.integers(20, 300), st.integers(0, 99), st.floats(0, 1))
def test_outside_the_mask_every_byte_stays(opposite, height, width, seed, strength):
    pixels, mask = photo(height, width, seed)
    made = opposite.restyle(pixels, mask, strength=strength)
    assert made.image.shape == pixels.shape and made.image.dtype == np.uint8
    np.testing.assert_array_equal(made.image[made.mask == 0], pixels[made.mask == 0])


def test_a_model_of_whole_pictures_gets_them_whole_unless_there_is_a_mask(tmp_path):
    pixels, mask = photo()
    made = Translator(model(tmp_path / "whole", recipe="pix2pix", whole=True).folder, mask_model=None)
    assert made.restyle(pixels).mask.min() == 1 and made.restyle(pixels).params["mask"] == {"kind": "none"}
    assert made.restyle(pixels, mask).mask.min() == 0


def test_strength_goes_from_the_photo_to_the_look_without_turning_back(opposite):
    pixels, mask = photo()
    results = [opposite.restyle(pixels, mask, strength=s).image.astype(int) for s in (0, 0.25, 0.5, 0.75, 1)]
    np.testing.assert_array_equal(results[0], pixels)
    changes = [np.abs(result - pixels).mean() for result in results]
    assert changes == sorted(changes) and changes[4] > 20
    up_or_down = np.sign(np.diff(np.stack(results), axis=0))
    assert not ((up_or_down > 0).any(axis=0) & (up_or_down < 0).any(axis=0)).any()


def test_a_network_that_changes_nothing_gives_the_photo_back(tmp_path):
    same = Translator(model(tmp_path / "same", "Identity").folder, mask_model=None)
    pixels, mask = photo(231, 180)
    np.testing.assert_array_equal(same.restyle(pixels, mask).image, pixels)


def test_a_darker_cloth_keeps_its_weave():
    """A network that halves the light at 32 px must halve the light of a weave that 32 px cannot show."""
    from muslin.garments.fields import garment_square
    from muslin.garments.framing import garment_box, garment_frame

    pixels, mask = photo(360, 280)
    mask = (mask > 0.9).astype(np.float32)
    frame = garment_frame(garment_box(mask), 32)
    before, inside = garment_square(pixels, mask, frame, 32)
    after = linear_to_srgb(0.5 * srgb_to_linear(before))
    made = carry(pixels, mask, frame, before, after, inside).astype(float)
    true = linear_to_srgb(0.5 * srgb_to_linear(pixels)).astype(float)
    core = np.zeros_like(mask, bool)
    core[60:300, 70:210] = True
    error = np.abs(made - true)[core].mean()
    weave = np.abs(true[:, 1:] - true[:, :-1])[core[:, 1:]].mean()
    assert weave > 5 and error < 0.15 * weave, (error, weave)
    smooth = np.repeat(np.repeat(after, 12, 0), 12, 1)[:360, :280]
    assert error < 0.2 * np.abs(smooth - true)[core].mean()  # the painting alone, enlarged, has lost the weave


def test_the_network_sees_what_it_saw_in_training():
    assert [working_size(size) for size in (64, 96, 100)] == [64, 96, 104]


def test_both_looks_of_a_model_that_goes_both_ways(tmp_path):
    made = model(tmp_path / "both", "Neg", "cyclegan", domains=["plain", "stripes"])
    (made.folder / "generator_back.onnx").write_bytes(
        (model(tmp_path / "other", "Identity").folder / "generator.onnx").read_bytes()
    )
    store.write_card(made.folder, dict(made.card))
    both = Translator(made.folder, mask_model=None)
    pixels, mask = photo()
    assert list(both.looks) == ["stripes", "plain"]
    np.testing.assert_array_equal(both.restyle(pixels, mask, look="plain").image, pixels)
    assert (both.restyle(pixels, mask, look="stripes").image == both.restyle(pixels, mask).image).all()
    with pytest.raises(UserError, match=r"no look 'denim'.*stripes, plain"):
        both.restyle(pixels, mask, look="denim")


def test_the_command_takes_a_model_that_paints(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MUSLIN_MODELS", str(tmp_path / "models"))
    model(tmp_path / "run" / "model", domains=["plain", "stripes"])
    pixels, mask = photo()
    for name in ("in/a.png", "in/deep/b.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write_image(tmp_path / name, pixels)
    write_image("mask.png", (mask * 255).astype(np.uint8))
    line = ["restyle", "in/a.png", "--model", "run/model", "--mask", "mask.png"]
    assert run([*line, "--strength", "0.5"]) == 0
    first = read_image("in/a.stripes.png")
    assert run(["restyle", "--settings", "in/a.stripes.png", "-o", "again.png"]) == 0
    np.testing.assert_array_equal(read_image("again.png").pixels, first.pixels)
    assert metadata.settings_from(first)["controls"] == {"strength": 0.5}
    assert run(["restyle", "in", "--model", "run/model", "--mask", "none", "-o", "out"]) == 0
    assert (tmp_path / "out/a.stripes.png").is_file() and (tmp_path / "out/deep/b.stripes.png").is_file()
    capsys.readouterr()
    write_image("cloth.png", pixels)
    for more, words in (
        (["--style", "cloth.png"], "takes no --style"),
        (["--scale", "2"], "no cloth to turn"),
        (["-n", "3"], "one result"),
        (["--look", "denim"], "no look 'denim'"),
        (["--strength", "2"], "0 to 1"),
    ):
        assert run([*line, *more, "-o", "other.png"]) == 2
        assert words in capsys.readouterr().err
    assert run(["restyle", "in/a.png", "--style", "cloth.png", "--look", "denim"]) == 2
    assert "--look" in capsys.readouterr().err


def test_a_model_of_another_recipe_is_refused(tmp_path):
    with pytest.raises(UserError, match="does not translate"):
        Translator(model(tmp_path / "noise", recipe="dcgan").folder)
