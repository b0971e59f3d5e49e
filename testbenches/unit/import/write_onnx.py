#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the ONNX files of import_test and what they compute: data/NAME.onnx and data/NAME.json.

    /usr/bin/python3 testbenches/unit/import/write_onnx.py        (Debian: python3-onnx)

The expected outputs come from numpy formulas of each model beside its graph, not from the graph.
"""
import json
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).resolve().parent / "data"
SAMPLES = 6


class File:
    """One graph in the making: nodes, initializers, samples."""

    def __init__(self, name, dense=0, tables=(), opset=14):
        self.name, self.dense, self.tables, self.opset = name, dense, list(tables), opset
        self.random = np.random.RandomState(len(name) * 7 + dense)
        self.nodes, self.weights, self.inputs, self.count = [], [], [], 0
        self.x = self.random.randn(SAMPLES, dense).astype(np.float32)
        self.i = np.stack([self.random.randint(0, rows, SAMPLES) for rows in tables], 1) \
            if tables else np.zeros((SAMPLES, 0), np.int64)

    def float_input(self, name="dense", dims=None):
        self.inputs.append(helper.make_tensor_value_info(
            name, TensorProto.FLOAT, dims or ["batch", self.dense]))
        return name

    def index_input(self, name="sparse", dims=None, type=TensorProto.INT64):
        self.inputs.append(helper.make_tensor_value_info(
            name, type, dims or ["batch", len(self.tables)]))
        return name

    def weight(self, *shape, scale=0.5):
        value = (self.random.randn(*shape) * scale).astype(np.float32)
        return self.constant(value), value

    def constant(self, value, typed=False):
        name = "w%d" % len(self.weights)
        value = np.asarray(value)
        if typed:  # The values in float_data or int64_data, not as bytes.
            kind = TensorProto.FLOAT if value.dtype == np.float32 else TensorProto.INT64
            tensor = helper.make_tensor(name, kind, value.shape, value.flatten().tolist())
        else:
            tensor = numpy_helper.from_array(value, name)
        self.weights.append(tensor)
        return name

    def ints(self, *values):
        return self.constant(np.array(values, np.int64))

    def node(self, op, *inputs, outputs=1, domain="", **attributes):
        names = ["v%d" % (self.count + i) for i in range(outputs)]
        self.count += outputs
        self.nodes.append(helper.make_node(op, list(inputs), names, name="%s_%d" % (
            op.lower(), len(self.nodes)), domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def linear(self, x, inputs, outputs):
        """Gemm with bias; returns (name, function of numpy)."""
        w, W = self.weight(outputs, inputs)
        b, B = self.weight(outputs)
        return self.node("Gemm", x, w, b, transB=1), lambda v: v @ W.T + B

    def rows(self, i, dim):
        """One embedding a table: names and values."""
        names, values = [], []
        for t, rows in enumerate(self.tables):
            w, W = self.weight(rows, dim)
            column = self.node("Gather", i, self.constant(np.array(t, np.int64)), axis=1)
            names.append(self.node("Gather", w, column))
            values.append(W[self.i[:, t]])
        return names, values

    def parts_of_norm(self, x, epsilon=1e-5):
        """A LayerNorm as opsets before 17 have it, without gain and bias."""
        c = self.node("Sub", x, self.node("ReduceMean", x, axes=[-1]))
        v = self.node("ReduceMean", self.node("Mul", c, c), axes=[-1])
        v = self.node("Add", v, self.constant(np.float32(epsilon)))
        return self.node("Div", c, self.node("Sqrt", v))

    def save(self, output, expected, directory=HERE):
        graph = helper.make_graph(
            self.nodes, self.name, self.inputs,
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)], self.weights)
        model = helper.make_model(graph, producer_name="recpim tests",
                                  opset_imports=[helper.make_opsetid("", self.opset)])
        model.ir_version = 7
        directory.mkdir(exist_ok=True)
        onnx.save(model, str(directory / (self.name + ".onnx")))
        expected = np.asarray(expected, np.float64).reshape(SAMPLES, -1)
        text = {"tables": self.tables, "dense": self.x.astype(float).round(7).tolist(),
                "indices": self.i.tolist(), "expected": expected.round(9).tolist()}
        (directory / (self.name + ".json")).write_text(json.dumps(text) + "\n")


def relu(v):
    return np.maximum(v, 0)


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def norm(v, axis=-1):
    mean = v.mean(axis, keepdims=True)
    return (v - mean) / np.sqrt(((v - mean) ** 2).mean(axis, keepdims=True) + 1e-5)


def dlrm(name, opset, triangle):
    """Bottom, embeddings, dots in one of several exported forms, top."""
    f = File(name, 5, (7, 11, 4), opset)
    x, i = f.float_input(), f.index_input()
    h, g = f.linear(x, 5, 4)
    b, B = f.node("Relu", h), relu(g(f.x))
    names, values = f.rows(i, 4)
    t = f.node("Reshape", f.node("Concat", b, *names, axis=1), f.ints(-1, 4, 4))
    T = np.stack([B] + values, 1)
    z = f.node("MatMul", t, f.node("Transpose", t, perm=[0, 2, 1]))
    Z = T @ T.transpose(0, 2, 1)
    pairs = [(r, c) for r in range(4) for c in range(r)]
    if triangle == "upper":
        pairs = [(r, c) for r in range(4) for c in range(r + 1, 4)]
    places = f.ints(*[r * 4 + c for r, c in pairs])
    if triangle == "index":  # What PyTorch writes for Z[:, li, lj].
        dims = f.node("Shape", z)
        columns = f.node("Gather", dims, f.ints(2))
        flat = f.node("Flatten", f.node("Transpose", z, perm=[1, 2, 0]), axis=2)
        at = f.node("Add", f.ints(*[c for _, c in pairs]),
                    f.node("Mul", f.ints(*[r for r, _ in pairs]), columns))
        dots = f.node("Transpose", f.node("Gather", flat, at, axis=0), perm=[1, 0])
    else:
        dots = f.node("Gather", f.node("Reshape", z, f.ints(0, 16)), places, axis=1)
    D = np.stack([Z[:, r, c] for r, c in pairs], 1)
    h, g1 = f.linear(f.node("Concat", b, dots, axis=1), 10, 8)
    o, g2 = f.linear(f.node("Relu", h), 8, 1)
    f.save(f.node("Sigmoid", o), sigmoid(g2(relu(g1(np.concatenate([B, D], 1))))))


def deepfm():
    """One table with offsets for all fields (first order and FM), BatchNorm in the deep part."""
    f = File("deepfm", 0, (6, 9, 5))
    i = f.index_input(type=TensorProto.INT32, dims=["batch", 3])
    offsets = np.array([[0, 6, 15]], np.int64)
    at = f.node("Add", f.node("Cast", i, to=TensorProto.INT64), f.constant(offsets, typed=True))
    w, W = f.weight(20, 4)
    v, V = f.weight(20, 1)
    I = f.i + offsets
    e, E = f.node("Gather", w, at), W[I]
    first = f.node("ReduceSum", f.node("Gather", v, at), f.ints(1), keepdims=0)
    bias, Bias = f.weight(1)
    first = f.node("Add", first, bias)
    square = f.node("Pow", f.node("ReduceSum", e, f.ints(1), keepdims=0),
                    f.constant(np.float32(2)))
    squares = f.node("ReduceSum", f.node("Pow", e, f.constant(np.float32(2))), f.ints(1),
                     keepdims=0)
    fm = f.node("Mul", f.node("ReduceSum", f.node("Sub", square, squares), f.ints(1), keepdims=1),
                f.constant(np.float32(0.5)))
    FM = 0.5 * (E.sum(1) ** 2 - (E ** 2).sum(1)).sum(1, keepdims=True)
    h, g = f.linear(f.node("Flatten", e), 12, 6)
    p = [np.abs(f.weight(6)[1]) + 0.1 for _ in range(4)]
    h = f.node("BatchNormalization", h, *[f.constant(q.astype(np.float32)) for q in p])
    P = [q.astype(np.float32) for q in p]
    deep = relu((g(E.reshape(SAMPLES, -1)) - P[2]) / np.sqrt(P[3] + 1e-5) * P[0] + P[1])
    o, g2 = f.linear(f.node("Relu", h), 6, 1)
    logit = f.node("Add", f.node("Add", first, fm), o)
    out = f.node("Sigmoid", f.node("Squeeze", logit, f.ints(1)))
    f.save(out, sigmoid(V[I].sum(1) + Bias + FM + g2(deep)))


def dcn():
    """Cross layers of both versions; one input a table."""
    f = File("dcn", 3, (8, 6))
    x = f.float_input()
    names, values = [], []
    for t, rows in enumerate(f.tables):
        i = f.index_input("field%d" % t, ["batch", 1] if t else ["batch"])
        w, W = f.weight(rows, 2)
        e = f.node("Gather", w, i)
        names.append(f.node("Reshape", e, f.ints(-1, 2)) if t else e)
        values.append(W[f.i[:, t]])
    x0, X0 = f.node("Concat", *names, x, axis=1), np.concatenate(values + [f.x], 1)
    w, W = f.weight(7, 7)
    b, B = f.weight(7)
    x1 = f.node("Add", f.node("Mul", x0, f.node("Add", f.node("MatMul", x0, w), b)), x0)
    X1 = X0 * (X0 @ W + B) + X0
    v, V = f.weight(7, 1)
    c, C = f.weight(7)
    x2 = f.node("Add", f.node("Add", f.node("Mul", x0, f.node("MatMul", x1, v)), c), x1)
    X2 = X0 * (X1 @ V) + C + X1
    o, g = f.linear(x2, 7, 1)
    f.save(f.node("Sigmoid", o), sigmoid(g(X2)))


def norms():
    """LayerNorm as one node and in parts, on rows and on columns, with ReLU; a logit at the end."""
    f = File("norms", 6, (5, 4, 6), 17)
    x, i = f.float_input(), f.index_input()
    h, g = f.linear(x, 6, 4)
    gain, G = f.weight(4)
    bias, B = f.weight(4)
    y = f.node("Relu", f.node("LayerNormalization", h, gain, bias, axis=-1))
    Y = relu(norm(g(f.x)) * G + B)
    names, values = f.rows(i, 4)
    rows = f.node("Concat", *[f.node("Unsqueeze", n, f.ints(1)) for n in [y] + names], axis=1)
    R = np.stack([Y] + values, 1)
    # An fc and a LayerNorm along the rows, in parts.
    w, W = f.weight(4, 3)
    t = f.node("MatMul", f.node("Transpose", rows, perm=[0, 2, 1]), w)
    T = R.transpose(0, 2, 1) @ W
    c = f.node("Sub", t, f.node("ReduceMean", t, axes=[-1]))
    v = f.node("ReduceMean", f.node("Pow", c, f.constant(np.float32(2))), axes=[-1])
    d = f.node("Sqrt", f.node("Add", v, f.constant(np.float32(1e-5))))
    gain, G = f.weight(3)
    bias, B = f.weight(3)
    n = f.node("Add", f.node("Mul", f.node("Div", c, d), gain), bias)
    N = norm(T) * G + B
    back = f.node("Relu", f.node("Transpose", n, perm=[0, 2, 1]))
    # A LayerNorm of joined rows, and a matrix on their left.
    m, M = f.weight(2, 3)
    left = f.node("MatMul", m, back)
    L = M @ relu(N.transpose(0, 2, 1))
    o, g2 = f.linear(f.node("Flatten", left), 8, 1)
    f.save(o, g2(L.reshape(SAMPLES, -1)))


def attention():
    """Projections in one matrix, two heads, a residual sum, and a gate by a sigmoid."""
    f = File("attention", 0, (5, 7, 6))
    i = f.index_input()
    names, values = f.rows(i, 4)
    rows = f.node("Concat", *[f.node("Unsqueeze", n, f.ints(1)) for n in names], axis=1)
    R = np.stack(values, 1)
    w, W = f.weight(4, 12, scale=1)
    b, B = f.weight(12)
    parts = f.node("Split", f.node("Add", f.node("MatMul", rows, w), b), f.ints(4, 4, 4), axis=2,
                   outputs=3)
    P = np.split(R @ W + B, 3, 2)
    heads = [f.node("Transpose", f.node("Reshape", p, f.ints(0, 3, 2, 2)), perm=[0, 2, 1, 3])
             for p in parts]
    H = [p.reshape(SAMPLES, 3, 2, 2).transpose(0, 2, 1, 3) for p in P]
    s = f.node("MatMul", f.node("Mul", heads[0], f.constant(np.float32(0.5))),
               f.node("Transpose", heads[1], perm=[0, 1, 3, 2]))
    S = np.exp(0.5 * H[0] @ H[1].transpose(0, 1, 3, 2))
    a = f.node("MatMul", f.node("Softmax", s, axis=-1), heads[2])
    A = S / S.sum(-1, keepdims=True) @ H[2]
    a = f.node("Reshape", f.node("Transpose", a, perm=[0, 2, 1, 3]), f.ints(0, 3, 4))
    A = A.transpose(0, 2, 1, 3).reshape(SAMPLES, 3, 4)
    y = f.node("Flatten", f.node("Add", rows, a))
    Y = (R + A).reshape(SAMPLES, -1)
    gate, g = f.linear(y, 12, 12)
    y, Y = f.node("Mul", y, f.node("Sigmoid", gate)), Y * sigmoid(g(Y))
    o, g = f.linear(y, 12, 1)
    f.save(f.node("Sigmoid", o), sigmoid(g(Y)))


def moves():
    """Slices, pads, means, Relu of a sum, norm of a Relu: what no operator of ours has as it is."""
    f = File("moves", 7, ())
    x = f.float_input(dims=[1, 7])  # A batch of a fixed size.
    a = f.node("Slice", x, f.ints(1), f.ints(7), f.ints(1), f.ints(2))
    A = f.x[:, 1:7:2]
    h, g = f.linear(a, 3, 4)
    r = f.node("Relu", h)
    R = relu(g(A))
    s = f.node("Relu", f.node("Sub", r, f.node("Slice", x, f.ints(0), f.ints(4), f.ints(1))))
    S = relu(R - f.x[:, :4])
    m = f.node("ReduceMean", f.node("Reshape", s, f.ints(1, 2, 2)), axes=[1], keepdims=0)
    M = S.reshape(SAMPLES, 2, 2).mean(1)
    p = f.node("Pad", m, f.ints(0, 1, 0, 2))
    P = np.pad(M, ((0, 0), (1, 2)))
    n = f.node("Neg", f.node("Div", p, f.constant(np.float32(4))))
    y = f.parts_of_norm(r)
    last = f.node("Gather", r, f.ints(-1, 1), axis=1)
    o, g2 = f.linear(f.node("Concat", n, f.node("Identity", r), y, last, axis=1), 15, 3)
    f.save(o, g2(np.concatenate([-P / 4, R, norm(R), R[:, [-1, 1]]], 1)))


def bags():
    """Several indices a sample: Gather and ReduceSum; ATen's EmbeddingBag."""
    f = File("bags", 0, (6, 9))
    i = f.index_input("a", ["batch", 2])
    j = f.index_input("b", ["total"])
    offsets = f.index_input("b_offsets", ["batch"])
    w, W = f.weight(6, 3)
    v, V = f.weight(9, 3)
    a = f.node("ReduceSum", f.node("Gather", w, i), f.ints(1), keepdims=0)
    f.weights.append(helper.make_tensor("zero", TensorProto.INT64, [], [0]))
    b = f.node("ATen", v, j, offsets, "zero", "zero", outputs=4, domain="org.pytorch.aten",
               operator="embedding_bag")[0]
    o, g = f.linear(f.node("Concat", a, b, axis=1), 6, 1)
    f.save(f.node("Sigmoid", o),
           sigmoid(g(np.concatenate([W[f.i[:, 0]], V[f.i[:, 1]]], 1))))


def bad():
    """Files that must be refused."""
    def mlp(name, op="Relu", missing=False, inputs=4, epsilon=None):
        f = File(name, 4)
        f.x = f.x[:, :4]
        h, _ = f.linear(f.float_input(), inputs, 3)
        if missing:
            h = f.node("Add", h, "absent")
        if op == "LayerNormalization":
            f.opset = 17
            w, _ = f.weight(3)
            h = f.node(op, h, w, w, epsilon=epsilon)
        elif epsilon is not None:
            h = f.parts_of_norm(h, epsilon)
        else:
            h = f.node(op, h)
        o, _ = f.linear(h, 3, 1)
        f.save(o, np.zeros((SAMPLES, 1)))
        (HERE / (name + ".json")).unlink()

    mlp("bad_operator", op="Tanh")
    mlp("bad_initializer", missing=True)
    mlp("bad_dims", inputs=5)
    mlp("bad_epsilon", op="LayerNormalization", epsilon=1e-3)
    mlp("bad_epsilon_of_parts", epsilon=1e-3)


if __name__ == "__main__":
    dlrm("dlrm", 14, "index")
    dlrm("dlrm_upper", 11, "upper")
    deepfm()
    dcn()
    norms()
    attention()
    moves()
    bags()
    bad()
