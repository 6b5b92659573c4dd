"""Hailo's Dataflow Compiler: ONNX, model script and calibration set in, a .hef for the device out.

It is Hailo's own, on no package index. Never run where this was written: the calls are those of Hailo's
public conversion scripts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from pywhispercpp.errors import ExportError
from pywhispercpp.models.export.emitter import Array
from pywhispercpp.models.export.pair import replaced_together
from pywhispercpp.models.progress import Progress

__all__ = ["WHERE", "Network", "compiled", "installed"]

WHERE = (
    "install Hailo's Dataflow Compiler (hailo_dataflow_compiler-….whl of Hailo's Developer Zone, "
    "hailo.ai/developer-zone: 3.31 or newer of 3.x for hailo8 and hailo8l, 5.x for hailo10h; x86_64 Linux, "
    "Python 3.10 or 3.11)"
)


@dataclass(frozen=True)
class Network:
    """One network to compile. start, end: the names of its inputs in their order, and of its last nodes."""

    onnx: Path
    script: Path
    start: Sequence[str]
    end: Sequence[str]

    @property
    def name(self) -> str:
        """What the compiler calls it; it writes a dot as _ itself."""
        return self.onnx.stem.replace(".", "_")


def installed() -> str | None:
    """Return why the compiler cannot be imported, None when it can."""
    try:
        import_module("hailo_sdk_client")
    except ImportError as error:
        return str(error)
    return None


def compiled(network: Network, calibration: Mapping[str, Array], hw_arch: str, report: Progress) -> Path:
    """Write `.hef` and the three `.har` of its making beside the network; return the `.hef`.

    calibration: for each input layer ("input_layer1") its samples. Raises ExportError for whatever the
    compiler says.
    """
    stem = f"{network.onnx.stem}-{hw_arch}"
    endings = (".har", "_optimized.har", "_compiled.har", ".hef")
    targets = [network.onnx.with_name(stem + ending) for ending in endings]
    with replaced_together(targets, report) as new:
        parsed, optimized, har, hef = (new / target.name for target in targets)
        try:
            runner: Any = import_module("hailo_sdk_client").ClientRunner(hw_arch=hw_arch)
            report.note(f"{network.onnx}: parsing")
            runner.translate_onnx_model(
                str(network.onnx),
                network.name,
                start_node_names=list(network.start),
                end_node_names=list(network.end),
            )
            runner.save_har(str(parsed))
            report.note(
                f"{network.onnx}: optimizing, by {network.script.name}; this takes hours without a GPU"
            )
            runner.load_model_script(str(network.script))
            samples = {f"{network.name}/{layer}": array for layer, array in calibration.items()}
            runner.optimize(samples, work_dir=str(new))
            runner.save_har(str(optimized))
            report.note(f"{network.onnx}: compiling for {hw_arch}")
            hef.write_bytes(runner.compile())
            runner.save_har(str(har))
        except OSError:
            raise
        except Exception as error:  # it has many kinds of its own
            raise ExportError(f"{network.onnx}: Hailo's compiler gave up: {error!r}") from error
    return targets[-1]
