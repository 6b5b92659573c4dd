"""The flags that say what model is loaded and how, and their Model."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from pywhispercpp.cli.progress import shown
from pywhispercpp.encoder import BACKENDS, PRECISIONS
from pywhispercpp.errors import UsageError
from pywhispercpp.model import Model

# Passed on under the same name.
KEYWORDS = ("cpu_variant", "backend", "precision", "openvino_model_path", "openvino_cache_dir", "optimize")


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add them."""
    group = parser.add_argument_group("model")
    add = group.add_argument
    add("-m", "--model", default="base.en", help="name or path of the model (default: base.en)")
    add("--models-dir", metavar="DIR", help="where models are kept by name")
    add("-dtw", "--dtw", metavar="MODEL", help="times of tokens by DTW: the model's name, such as base.en")
    add("-fa", "--flash-attn", action="store_true", default=None, help="flash attention (the default)")
    add("-nfa", "--no-flash-attn", dest="flash_attn", action="store_false", help="no flash attention")
    add("-ng", "--no-gpu", dest="use_gpu", action="store_false", default=None, help="compute on the CPU")
    add("-dev", "--device", help="number of the GPU, or the OpenVINO device: CPU (default), GPU, NPU, …")
    add("-oved", "--ov-e-device", metavar="DEVICE", help="the OpenVINO device")
    add("--cpu-variant", help="CPU code to compute with (default: the best that this CPU can run)")
    add(
        "--backend",
        choices=BACKENDS,
        default="auto",
        help="whose encoder runs (default: OpenVINO's where it and an IR of the model are there)",
    )
    add("--precision", choices=PRECISIONS, help="what the encoder computes in (default: its own choice)")
    add("--openvino-model-path", metavar="XML", help="the IR (default: beside the model)")
    add("--openvino-cache-dir", metavar="DIR", help="where OpenVINO keeps what it compiled")
    add(
        "--optimize",
        metavar="NAMES",
        default="all",
        help="faster ways to compute: all, none, all,-NAME (default: all)",
    )


def load(args: argparse.Namespace) -> Model:
    """Return the model that the flags ask for, downloaded with a bar when it is missing."""
    found = keywords(args)
    found["model"] = _downloaded(args.model, args.models_dir, quiet=args.no_prints)
    with _numpy_meanwhile():
        return Model(redirect_whispercpp_logs_to=sys.stderr if args.verbose else False, **found)


@contextmanager
def _numpy_meanwhile() -> Iterator[None]:
    """Import NumPy beside the block: samples need it next, and whisper.cpp reads a model without the GIL."""

    def bring() -> None:
        with suppress(ImportError):  # told where it is used
            import_module("numpy")

    thread = threading.Thread(target=bring)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def keywords(args: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments of Model that the flags ask for; another machine can load the same with them."""
    found: dict[str, Any] = {name: getattr(args, name) for name in KEYWORDS}
    if args.dtw is not None:
        found["dtw"] = args.dtw
    found["model"] = args.model
    found["models_dir"] = args.models_dir
    found["context_params"] = _context(args)
    found["device"] = _openvino_device(args)
    return found


def _downloaded(name: str, models_dir: str | None, quiet: bool) -> str | os.PathLike[str]:
    """The path of a published model that was not there; any other name as it is."""
    from pywhispercpp import models

    if name not in models.MODELS or Path(name).exists() or models.find_local(name, models_dir) or quiet:
        return name
    with shown(f"ggml-{name}.bin", sys.stderr) as progress:
        return models.download_model(name, models_dir, progress=progress)


def _context(args: argparse.Namespace) -> dict[str, Any]:
    number = args.device if args.device is not None else os.environ.get("WHISPER_ARG_DEVICE")
    found = {"use_gpu": args.use_gpu, "flash_attn": args.flash_attn}
    found["gpu_device"] = int(number) if number is not None and number.isdecimal() else None
    return {name: value for name, value in found.items() if value is not None}


def _openvino_device(args: argparse.Namespace) -> str | None:
    """What -oved says, or -dev where it is no number."""
    device: str | None = args.device
    if device is None or device.isdecimal():
        return None if args.ov_e_device is None else str(args.ov_e_device)
    if args.ov_e_device not in (None, device):
        raise UsageError(f"--device {device} and --ov-e-device {args.ov_e_device}: only one can be")
    return device
