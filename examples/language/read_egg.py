"""Logits of an exported integer language model, to the bit, in NumPy: python read_egg.py parameters.safetensors "In the beginning"."""
import json, math, struct, sys
import numpy as np

data = open(sys.argv[1], "rb").read()
size = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8 : 8 + size])
about = json.loads(header.pop("__metadata__")["model"])
W = {
    name: np.frombuffer(data, np.int8, math.prod(t["shape"]), 8 + size + t["data_offsets"][0]).reshape(t["shape"]).astype(np.int64)
    for name, t in header.items()
}
layers, reference = int(about["depth"]), about["zero_mean"] == "reference"
state = np.zeros((layers, int(about["width"])), np.int64)
sat = lambda v: np.clip(v, -127, 127)


def linear(u, name):
    return sat((W[name] @ u) // (16 * math.isqrt(len(u))))


def norm(u, name):
    a, products = max(1, int(abs(u).sum())) // len(u), u * W[name]
    if a == 0 and reference:
        return np.where(products == 0, -1, -2)
    return sat(products // max(1, a))


def step(token):
    y = W["emb"][token]
    for l in range(layers):
        at = lambda name: f"layers.{l}.{name}"
        u, s = norm(y, at("ln1.w")), state[l] * (token != 0)
        f = sat(linear(u, at("Wf")) + linear(s, at("Uf")) + W[at("bf")])
        h = sat(linear(u, at("Wh")) + linear(((f + 127) * s) >> 8, at("Uh")) + W[at("bh")])
        state[l] = s + (((f + 127) * (h - s)) >> 8)
        y = sat(y + state[l])
        y = sat(y + linear(linear(norm(y, at("ln2.w")), at("mlp.0")), at("mlp.1")))
    return linear(norm(y, "ln_out.w"), "head")


for byte in b"\0" + sys.argv[2].encode():
    logits = step(byte)
print(" ".join(map(str, logits)))
