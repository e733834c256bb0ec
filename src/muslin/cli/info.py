"""muslin info: what is installed, and where things are."""

from __future__ import annotations

from typing import Any

import click

from muslin.cli import shared, terminal

RUNTIME = ("numpy", "opencv-python-headless", "pillow", "onnxruntime")
TRAINING = ("keras", "tensorflow", "tensorflow-cpu", "jax", "torch", "tf2onnx", "openvino", "ai-edge-litert")


@click.command()
@shared.as_json
def info(as_json: bool) -> None:
    """Show versions, backends, devices and folders. What a bug report needs."""
    facts = collect()
    if as_json:
        terminal.put_json(facts)
        return
    terminal.put(f"muslin   {facts['muslin']}")
    terminal.put(f"python   {facts['python']} on {facts['platform']}, {facts['cores']} cores")
    terminal.put("runtime  " + _versions(facts["runtime"]))
    terminal.put("training " + (_versions(facts["training"]) or "not installed: pip install 'muslin[train]'"))
    terminal.put(f"backend  {facts['backend'] or 'none'}" + f" (possible: {', '.join(facts['backends']) or 'none'})")
    terminal.put("devices  " + ", ".join(facts["devices"]))
    terminal.put("models   " + (", ".join(facts["models"]) or "none"))
    terminal.put(f"         yours in {facts['model_folder']}, shipped in {facts['shipped_folder']}")


def collect() -> dict[str, Any]:
    """The facts as plain JSON types. No training framework is imported: that would take ten seconds."""
    import os
    import platform
    import sys

    from muslin import __version__, store

    runtime, training = _installed(RUNTIME), _installed(TRAINING)
    backends = [
        name
        for name, packages in {
            "tensorflow": ("tensorflow", "tensorflow-cpu"),
            "jax": ("jax",),
            "torch": ("torch",),
        }.items()
        if "keras" in training and any(package in training for package in packages)
    ]
    return {
        "muslin": __version__,
        "python": platform.python_version(),
        "executable": sys.executable,
        "platform": platform.platform(terse=True),
        "cores": os.cpu_count(),
        "runtime": runtime,
        "training": training,
        "backends": backends,
        "backend": os.environ.get("KERAS_BACKEND") or (backends[0] if backends else None),
        "devices": _devices(),
        "models": [model.name for model in store.models()],
        "model_folder": str(store.user_folder()),
        "shipped_folder": str(store.shipped_folder()),
    }


def _installed(packages: tuple[str, ...]) -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _devices() -> list[str]:
    """What ONNX Runtime can run on here."""
    try:
        import onnxruntime
    except ImportError:
        return []
    names = [name.removesuffix("ExecutionProvider") for name in onnxruntime.get_available_providers()]
    return [name for name in names if name != "Azure"]  # for models elsewhere; nothing here ever asks for it


def _versions(packages: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in packages.items())
