"""Makes small real ONNX, TFLite and OpenVINO IR files, to look into and to damage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

WEIGHTS = np.arange(12, dtype=np.float32).reshape(4, 3)


def onnx_model() -> Any:  # noqa: ANN401 - a ModelProto
    """x [batch, 4] -> y = x W + 1, with f32, f16 and i64 numbers in it."""
    from onnx import TensorProto, helper, numpy_helper

    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["product"]),
        helper.make_node("Constant", [], ["one"], value=numpy_helper.from_array(np.float32(1))),
        helper.make_node("Add", ["product", "one"], ["sum"]),
        helper.make_node("If", ["yes"], ["y"], then_branch=_branch(1), else_branch=_branch(2)),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])],
        [
            numpy_helper.from_array(WEIGHTS, "w"),
            numpy_helper.from_array(WEIGHTS.astype(np.float16), "half"),
            helper.make_tensor("listed", TensorProto.INT64, [2], [1, 2]),
            helper.make_tensor("yes", TensorProto.BOOL, [], [True]),
        ],
    )
    model = helper.make_model(graph, producer_name="a test", opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    helper.set_model_props(model, {"audio_context": "500"})
    return model


def _branch(number: int) -> Any:  # noqa: ANN401
    """A graph in a graph, with numbers of its own."""
    from onnx import TensorProto, helper, numpy_helper

    kept = numpy_helper.from_array(np.array([number], np.int8), f"kept {number}")
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    return helper.make_graph([helper.make_node("Identity", ["sum"], ["y"])], "branch", [], [y], [kept])


def tflite_bytes() -> bytes:
    """x [1, 3] -> y = x Wt [1, 4], with a signature."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT()
    model.version = 3
    model.description = "a test"
    model.buffers = [schema.BufferT(), schema.BufferT()]
    model.buffers[1].data = np.frombuffer(WEIGHTS.tobytes(), np.uint8)
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FULLY_CONNECTED
    model.operatorCodes = [code]
    graph = schema.SubGraphT()
    weights = _tensor(schema, "w", [4, 3], 1)
    graph.tensors = [_tensor(schema, "x", [1, 3], 0), weights, _tensor(schema, "y", [1, 4], 0)]
    graph.inputs, graph.outputs = [0], [2]
    operator = schema.OperatorT()
    operator.inputs, operator.outputs = [0, 1, -1], [2]
    graph.operators = [operator]
    model.subgraphs = [graph]
    model.signatureDefs = [_signature(schema)]
    model.metadata = [schema.MetadataT()]
    model.metadata[0].name = "min_runtime_version"
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def tflite_of_one_table(count: int) -> bytes:
    """A model whose only tensor is listed `count` times: small, and endless for who believes it."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    builder = flatbuffers.Builder(1024)
    tensor = _tensor(schema, "w", [4, 3], 0).Pack(builder)
    builder.StartVector(4, count, 4)
    for _ in range(count):
        builder.PrependUOffsetTRelative(tensor)
    tensors = builder.EndVector()
    schema.SubGraphStart(builder)
    schema.SubGraphAddTensors(builder, tensors)
    graph = schema.SubGraphEnd(builder)
    builder.StartVector(4, 1, 4)
    builder.PrependUOffsetTRelative(graph)
    graphs = builder.EndVector()
    schema.ModelStart(builder)
    schema.ModelAddSubgraphs(builder, graphs)
    builder.Finish(schema.ModelEnd(builder), b"TFL3")
    return bytes(builder.Output())


def _tensor(schema: Any, name: str, shape: list[int], buffer: int) -> Any:  # noqa: ANN401
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.buffer = name, shape, buffer
    tensor.type = schema.TensorType.FLOAT32
    return tensor


def _signature(schema: Any) -> Any:  # noqa: ANN401
    signature = schema.SignatureDefT()
    signature.signatureKey = "serving_default"
    for ends, name, index in (("inputs", "features", 0), ("outputs", "tokens", 2)):
        one = schema.TensorMapT()
        one.name, one.tensorIndex = name, index
        setattr(signature, ends, [one])
    return signature


IR = """<?xml version="1.0"?>
<net name="small" version="11">
  <layers>
    <layer id="0" name="x" type="Parameter" version="opset1">
      <data shape="1,2..3000,4" element_type="f32"/>
      <output><port id="0" precision="FP32"><dim>1</dim><dim>-1</dim><dim>4</dim></port></output>
    </layer>
    <layer id="1" name="w" type="Const" version="opset1">
      <data element_type="f16" shape="4, 3" offset="8" size="24"/>
      <output><port id="0" precision="FP16"><dim>4</dim><dim>3</dim></port></output>
    </layer>
    <layer id="2" name="product" type="MatMul" version="opset1"/>
    <layer id="3" name="y" type="Result" version="opset1">
      <input><port id="0" precision="FP32"><dim>1</dim><dim>-1</dim><dim>3</dim></port></input>
    </layer>
  </layers>
  <edges><edge from-layer="0" from-port="0" to-layer="2" to-port="0"/></edges>
  <rt_info>
    <info name="OpenVINO Runtime" value="2026.4"/>
    <pywhispercpp><model value="ggml-tiny.bin"/><weights value="f16"/></pywhispercpp>
  </rt_info>
</net>
"""


def write_ir(folder: Path, xml: str = IR, weights: bytes = bytes(32)) -> Path:
    """The two files of an IR; return the XML."""
    path = folder / "small.xml"
    path.write_text(xml)
    path.with_suffix(".bin").write_bytes(weights)
    return path
