"""The calls of Hailo's compiler that the package makes, and what is handed to them: written down, no more.

The compiler itself is on no package index. A test puts this on sys.path as `hailo_sdk_client`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx

LOG = Path(__file__).with_name("calls.json")


class ClientRunner:
    """A compiler that checks names and shapes against the network, as the real one must."""

    def __init__(self, hw_arch: str) -> None:
        self.calls: list[Any] = [["ClientRunner", hw_arch]]

    def translate_onnx_model(
        self, model: str, net_name: str, *, start_node_names: list[str], end_node_names: list[str]
    ) -> None:
        graph = onnx.load(model).graph
        assert [entry.name for entry in graph.input] == start_node_names
        assert set(end_node_names) <= {node.name for node in graph.node}
        assert "." not in net_name
        self.name = net_name
        self.inputs = [[d.dim_value for d in entry.type.tensor_type.shape.dim] for entry in graph.input]
        self.calls.append(["translate", net_name, end_node_names])

    def load_model_script(self, script: str) -> None:
        assert "quantization_param" in Path(script).read_text()
        if "broken" in script:
            raise RuntimeError("unknown command in line 1")
        self.calls.append(["script", Path(script).name])

    def optimize(self, calib_data: Mapping[str, Any], work_dir: str) -> None:
        assert Path(work_dir).is_dir()
        for number, shape in enumerate(self.inputs, 1):
            found = calib_data[f"{self.name}/input_layer{number}"]
            assert found.dtype == np.float32 and np.isfinite(found).all()
            nhwc = [1, *shape[1:]] if len(shape) == 3 else [shape[2], shape[3], shape[1]]
            assert list(found.shape[1:]) == nhwc, (found.shape, shape)
        self.calls.append(["optimize", sorted((name, len(rows)) for name, rows in calib_data.items())])

    def save_har(self, path: str) -> None:
        Path(path).write_text("har")

    def compile(self) -> bytes:
        self.calls.append(["compile"])
        log = json.loads(LOG.read_text()) if LOG.exists() else []
        LOG.write_text(json.dumps([*log, self.calls]))
        return b"hef of " + self.name.encode()
