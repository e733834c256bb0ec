"""The formats a model can be exported to: how each is written, and how it is run for the comparison."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from muslin.errors import UserError, missing_extra
from muslin.export import parity
from muslin.export.onnx_files import needs_tensorflow, plain_function, to_onnx
from muslin.export.parity import Arrays, Runs


@dataclass(frozen=True)
class Original:
    """A network of a model: its ONNX file, or the Keras network, or both.

    checked: size -> input -> axes, where one size for all free axes will not do (Recipe.checked_inputs).
    """

    name: str
    onnx: Path | None
    network: Any = None  # keras.Model
    checked: Mapping[str, parity.Shapes] = field(default_factory=dict)

    @cached_property
    def runs(self) -> Runs:
        """The network itself, to compare with: arrays in, arrays out, by the names of inputs and outputs."""
        return parity.keras_runs(self.network) if self.network else parity.onnx_runs(self.onnx or Path())

    def shapes(self, size: int) -> parity.Shapes:
        """The axes of the inputs at `size` px, the batch first; None where an axis takes the size."""
        if str(size) in self.checked:
            return self.checked[str(size)]
        return parity.keras_shapes(self.network) if self.network else parity.onnx_shapes(self.onnx or Path())


@dataclass(frozen=True)
class Format:
    """How one format is written to a path, and a written path opened to be run.

    suffix: of what is written, "" for a folder. keras: whether only a Keras network can be written so. write and opened
    raise UserError (exit code 5) where the package that they need is not installed.
    """

    suffix: str
    write: Callable[[Original, Path], None]
    opened: Callable[[Path], Runs]
    keras: bool
    summary: str


def write_onnx(original: Original, path: Path) -> None:
    """ONNX: from the Keras network, else a copy of its file. UserError where TensorFlow is needed and missing."""
    if original.network is not None:
        to_onnx(original.network, path)
    elif original.onnx is not None and original.onnx != path:
        shutil.copyfile(original.onnx, path)


def write_openvino(original: Original, path: Path) -> None:
    """OpenVINO's .xml and .bin, in float32. Read from ONNX by its core: its converter would report its use."""
    openvino = _openvino()
    with tempfile.TemporaryDirectory() as folder:
        file = original.onnx
        if file is None:
            file = Path(folder) / "network.onnx"
            to_onnx(original.network, file)
        openvino.save_model(openvino.Core().read_model(str(file)), str(path), compress_to_fp16=False)


def run_openvino(path: Path) -> Runs:
    """OpenVINO's .xml as arrays in, arrays out, in float32 on the processor."""
    # On processors that can, OpenVINO would compute in bfloat16.
    compiled = _openvino().Core().compile_model(str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def run(arrays: Arrays) -> Arrays:
        found = compiled(arrays)
        return {name: found[port] for port in compiled.outputs for name in port.get_names()}

    return run


def write_saved_model(original: Original, path: Path) -> None:
    """TensorFlow's SavedModel, with one signature: inputs and outputs by the names that the network has."""
    needs_tensorflow("A SavedModel")
    import tensorflow as tf

    module = tf.Module()
    function, signature, _ = plain_function(original.network)
    module.variables_of_the_network = [variable.value for variable in original.network.variables]
    with _quiet():
        tf.saved_model.save(module, str(path), signatures=function.get_concrete_function(*signature))


def run_saved_model(path: Path) -> Runs:
    """A SavedModel's one signature as arrays in, arrays out. Needs TensorFlow."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))
    serve = loaded.signatures["serving_default"]

    def run(arrays: Arrays) -> Arrays:
        assert loaded is not None  # the variables live as long as it does
        return {name: value.numpy() for name, value in serve(**{k: tf.constant(v) for k, v in arrays.items()}).items()}

    return run


def write_litert(original: Original, path: Path) -> None:
    """LiteRT's flat file (TensorFlow Lite), float32, built-in operations only, so that every LiteRT runs it."""
    needs_tensorflow("LiteRT")
    _litert()
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder, _quiet():
        write_saved_model(original, Path(folder) / "saved")
        converter = tf.lite.TFLiteConverter.from_saved_model(str(Path(folder) / "saved"))
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        try:
            path.write_bytes(converter.convert())
        except Exception as error:  # the converter's own exceptions share no base class
            raise UserError(
                f"The network '{original.name}' cannot be written in LiteRT's own operations.",
                received=str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__,
                possible=[name for name in FORMATS if name != "litert"],
            ) from error


def run_litert(path: Path) -> Runs:
    """A .tflite's one signature as arrays in, arrays out, on one thread."""
    interpreter = _litert()(model_path=str(path), num_threads=1)
    runner = interpreter.get_signature_runner("serving_default")

    def run(arrays: Arrays) -> Arrays:
        return dict(runner(**arrays))

    return run


def _openvino() -> Any:
    try:
        import openvino
    except ImportError as error:
        raise missing_extra("openvino", "openvino") from error
    return openvino


def _litert() -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise missing_extra("ai-edge-litert", "litert") from error
    return Interpreter


class _quiet:
    """TensorFlow's exporters tell the terminal about every layer; only errors are a user's business."""

    def __enter__(self) -> None:
        import logging

        self.logger = logging.getLogger("tensorflow")
        self.level = self.logger.level
        self.logger.setLevel(logging.ERROR)

    def __exit__(self, *_: Any) -> None:
        self.logger.setLevel(self.level)


FORMATS = {
    "onnx": Format(".onnx", write_onnx, parity.onnx_runs, False, "ONNX, what muslin itself runs"),
    "openvino": Format(".xml", write_openvino, run_openvino, False, "OpenVINO, for Intel's processors"),
    "litert": Format(".tflite", write_litert, run_litert, True, "LiteRT (TensorFlow Lite), for phones"),
    "saved-model": Format("", write_saved_model, run_saved_model, True, "SavedModel, for TensorFlow and its servers"),
}
