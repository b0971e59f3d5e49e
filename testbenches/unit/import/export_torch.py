#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Exports click models with torch.onnx and what torch computes: FOLDER/NAME.onnx and NAME.json.

    /usr/bin/python3 testbenches/unit/import/export_torch.py FOLDER    (Debian: python3-torch)
"""
import json
import pathlib
import sys
import warnings

import torch
from torch import nn

warnings.filterwarnings("ignore")
TABLES, DENSE, DIM, SAMPLES = (40, 7, 23), 5, 8, 16


def mlp(widths, last=None):
    layers = []
    for a, b in zip(widths, widths[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1], *([last] if last else []))


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.tables = nn.ModuleList([nn.Embedding(rows, DIM) for rows in TABLES])

    def rows(self, i):
        return [table(i[:, t]) for t, table in enumerate(self.tables)]


class Dlrm(Base):
    def __init__(self):
        super().__init__()
        self.bottom = mlp([DENSE, 16, DIM], nn.ReLU())
        self.top = mlp([DIM + 6, 16, 1], nn.Sigmoid())

    def forward(self, x, i):
        b = self.bottom(x)
        t = torch.cat([b] + self.rows(i), dim=1).view(b.shape[0], -1, b.shape[1])
        z = torch.bmm(t, t.transpose(1, 2))
        n = z.shape[1]
        r = torch.tensor([a for a in range(n) for _ in range(a)])
        c = torch.tensor([k for a in range(n) for k in range(a)])
        return self.top(torch.cat([b, z[:, r, c]], dim=1))


class DlrmBags(Dlrm):
    def __init__(self):
        super().__init__()
        self.tables = nn.ModuleList([nn.EmbeddingBag(rows, DIM, mode="sum") for rows in TABLES])

    def rows(self, i):
        return [table(i[:, t:t + 1]) for t, table in enumerate(self.tables)]


class DlrmTril(Dlrm):
    def forward(self, x, i):
        b = self.bottom(x)
        t = torch.stack([b] + self.rows(i), dim=1)
        z = torch.matmul(t, t.transpose(1, 2))
        r, c = torch.tril_indices(4, 4, -1)
        return self.top(torch.cat([b, z[:, r, c]], dim=1)).squeeze(1)


class WideDeep(Base):
    def __init__(self):
        super().__init__()
        self.wide = nn.ModuleList([nn.Embedding(rows, 1) for rows in TABLES])
        self.first = nn.Linear(DENSE, 1)
        self.deep = mlp([DENSE + 3 * DIM, 32, 16, 1])

    def forward(self, x, i):
        wide = sum(w(i[:, t]) for t, w in enumerate(self.wide)) + self.first(x)
        return torch.sigmoid(wide + self.deep(torch.cat(self.rows(i) + [x], dim=1)))


class DeepFm(nn.Module):
    """As in many libraries: one table for all fields, their indices shifted."""

    def __init__(self):
        super().__init__()
        self.register_buffer("offsets", torch.tensor([[0, 40, 47]]))
        self.first, self.table = nn.Embedding(70, 1), nn.Embedding(70, DIM)
        self.bias = nn.Parameter(torch.randn(1))
        self.deep = nn.Sequential(nn.Linear(3 * DIM, 16), nn.BatchNorm1d(16), nn.ReLU(),
                                  nn.Dropout(0.2), nn.Linear(16, 1))
        self.deep[1].running_mean.normal_()
        self.deep[1].running_var.uniform_(0.5, 2)

    def forward(self, i):
        at = i + self.offsets
        e = self.table(at)
        fm = 0.5 * (e.sum(dim=1) ** 2 - (e ** 2).sum(dim=1)).sum(dim=1, keepdim=True)
        first = self.first(at).sum(dim=1) + self.bias
        return torch.sigmoid((first + fm + self.deep(e.view(-1, 3 * DIM))).squeeze(1))


class Dcn(Base):
    def __init__(self):
        super().__init__()
        width = DENSE + 3 * DIM
        self.cross = nn.ModuleList([nn.Linear(width, width) for _ in range(2)])
        self.deep = mlp([width, 16, 8], nn.ReLU())
        self.last = nn.Linear(width + 8, 1)

    def forward(self, x, i):
        x0 = xl = torch.cat(self.rows(i) + [x], dim=1)
        for layer in self.cross:
            xl = x0 * layer(xl) + xl
        return torch.sigmoid(self.last(torch.cat([xl, self.deep(x0)], dim=1)))


class NormMlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(DENSE, 16), nn.LayerNorm(16), nn.ReLU(),
                                 nn.Linear(16, 16), nn.ReLU(), nn.LayerNorm(16), nn.Linear(16, 1))
        for p in self.parameters():
            nn.init.normal_(p, std=0.5)

    def forward(self, x):
        return self.net(x)


class Attention(Base):
    def __init__(self):
        super().__init__()
        self.q, self.k, self.v = nn.Linear(DIM, DIM), nn.Linear(DIM, DIM), nn.Linear(DIM, DIM)
        self.norm, self.last = nn.LayerNorm(DIM), nn.Linear(3 * DIM, 1)

    def forward(self, i):
        x = torch.stack(self.rows(i), dim=1)
        q, k, v = [f(x).view(-1, 3, 2, DIM // 2).transpose(1, 2) for f in (self.q, self.k, self.v)]
        a = torch.softmax(q @ k.transpose(2, 3) / (DIM // 2) ** 0.5, dim=-1) @ v
        y = self.norm(x + a.transpose(1, 2).reshape(-1, 3, DIM))
        return torch.sigmoid(self.last(y.flatten(1)))


def export(folder, name, model, opset, dynamic, names):
    model.eval()
    x = torch.randn(SAMPLES, DENSE)
    i = torch.stack([torch.randint(0, rows, (SAMPLES,)) for rows in TABLES], 1)
    given = tuple({"dense": x, "sparse": i}[n] for n in names)
    axes = {n: {0: "batch"} for n in names} if dynamic else None
    torch.onnx.export(model, given, str(folder / (name + ".onnx")), opset_version=opset,
                      input_names=names, output_names=["click"], dynamic_axes=axes)
    with torch.no_grad():
        y = model(*given).double().view(SAMPLES, -1)
    tables = TABLES if "sparse" in names else ()
    text = {"tables": tables, "dense": (x if "dense" in names else x[:, :0]).double().tolist(),
            "indices": (i if tables else i[:, :0]).tolist(), "expected": y.tolist()}
    (folder / (name + ".json")).write_text(json.dumps(text))


if __name__ == "__main__":
    out = pathlib.Path(sys.argv[1])
    torch.manual_seed(1)
    both = ["dense", "sparse"]
    for tag, opset, dynamic in (("", 14, True), ("_fixed", 11, False)):
        export(out, "dlrm" + tag, Dlrm(), opset, dynamic, both)
        export(out, "dlrm_bags" + tag, DlrmBags(), opset, dynamic, both)
        export(out, "dlrm_tril" + tag, DlrmTril(), opset, dynamic, both)
        export(out, "wide_deep" + tag, WideDeep(), opset, dynamic, both)
        export(out, "deepfm" + tag, DeepFm(), opset, dynamic, ["sparse"])
        export(out, "dcn" + tag, Dcn(), opset, dynamic, both)
        export(out, "norm_mlp" + tag, NormMlp(), opset, dynamic, ["dense"])
        export(out, "attention" + tag, Attention(), opset, dynamic, ["sparse"])
