"""Trained networks become models: files in several formats, each compared with its original, and a card."""

import muslin.backend  # noqa: F401  (before Keras: it says how TensorFlow is to be loaded)
from muslin.export.formats import FORMATS as FORMATS
from muslin.export.models import export_model as export_model
from muslin.export.models import export_recipe as export_recipe
from muslin.export.models import load_recipe as load_recipe
from muslin.export.models import trained_model as trained_model
from muslin.export.onnx_files import to_onnx as to_onnx
from muslin.export.parity import check_parity as check_parity
