"""Forward passes of the integer language model, for the tests of `tasks::language`.

    python make_egg.py

writes egg.json beside this script. Needs Python only. Everything here follows the published definition of the model, one number at a
time: one sequence, token after token through all layers, every product written out. Of Hatchery it takes the
address of noise alone (Philox4x32-10 of generation and tensor, where the published code folds keys of JAX).
"""

import json
import math
from pathlib import Path

MASK32, MASK64 = 2**32 - 1, 2**64 - 1
TABLE = [(37 * i + 11) % 95 - 47 for i in range(4096)]
SIGMA_SHIFT = 4


def splitmix(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK64
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK64
    return x ^ (x >> 31)


def philox(counter, key):
    c, (k0, k1) = list(counter), key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k0, p1 & MASK32, (p0 >> 32) ^ c[3] ^ k1, p0 & MASK32]
        k0, k1 = (k0 + 0x9E3779B9) & MASK32, (k1 + 0xBB67AE85) & MASK32
    return c


def noise(seed, generation, pair, tensor, length):
    """A slice of the table: `length` numbers for one tensor and one pair."""
    key = splitmix(splitmix(seed) ^ 2)
    word = philox((generation, 0, tensor, 0), (key & MASK32, key >> 32))[0]
    spread = (((pair >> 16) ^ pair) * 0x45D9F3B) & MASK32
    start = min((word ^ spread) & (len(TABLE) - 1), len(TABLE) - length)
    return TABLE[start : start + length]


def sat(v):
    return max(-127, min(127, v))


def shapes(d, layers):
    """Name, rows, columns; one column for a vector."""
    out = [("emb", 256, d)]
    for layer in range(layers):
        for name, rows, cols in [
            ("ln1.w", d, 1), ("Wf", d, d), ("Uf", d, d), ("bf", d, 1), ("Wh", d, d), ("Uh", d, d),
            ("bh", d, 1), ("ln2.w", d, 1), ("mlp.0", 4 * d, d), ("mlp.1", d, 4 * d),
        ]:
            out.append((f"layers.{layer}.{name}", rows, cols))
    return out + [("ln_out.w", d, 1), ("head", 256, d)]


def parameters(d, layers):
    """Numbers without a random generator; the test has the same formula."""
    numbers, i = {}, 0
    for name, rows, cols in shapes(d, layers):
        numbers[name] = [(j * (j % 13 + 7) + 3) % 61 - 30 for j in range(i, i + rows * cols)]
        i += rows * cols
    return numbers


class Member:
    def __init__(self, d, layers, seed, generation, pair, sign, zero):
        self.d, self.layers, self.zero, self.sign = d, layers, zero, sign
        self.centre = parameters(d, layers)
        self.shape = {name: (rows, cols) for name, rows, cols in shapes(d, layers)}
        self.noise = {
            name: noise(seed, generation, pair, tensor, 2 * rows if cols == 1 else rows + cols)
            for tensor, (name, rows, cols) in enumerate(shapes(d, layers))
        }
        self.state = [[0] * d for _ in range(layers)]

    def vector(self, name):
        p, n = self.centre[name], self.noise[name]
        if self.sign == 0:
            return p
        return [
            sat(v + ((self.sign * n[2 * i] * n[2 * i + 1]) >> (4 + SIGMA_SHIFT))) for i, v in enumerate(p)
        ]

    def matmul(self, u, name):
        rows, cols = self.shape[name]
        w, n = self.centre[name], self.noise[name]
        b, a = n[:cols], n[cols:]
        along = sum(x * y for x, y in zip(u, b))
        out = []
        for i in range(rows):
            total = sum(x * y for x, y in zip(u, w[i * cols : (i + 1) * cols]))
            if self.sign != 0:
                total += (along * (self.sign * a[i])) >> (4 + SIGMA_SHIFT)
            out.append(sat(total // (16 * math.isqrt(cols))))
        return out

    def embed(self, token):
        n = self.noise["emb"]
        b, a = n[: self.d], n[self.d :]
        row = self.centre["emb"][token * self.d : (token + 1) * self.d]
        if self.sign == 0:
            return row
        return [sat(e + ((self.sign * a[token] * b[j]) >> (4 + SIGMA_SHIFT))) for j, e in enumerate(row)]

    def norm(self, u, name):
        mean = max(1, sum(abs(x) for x in u)) // self.d
        if mean == 0 and self.zero == "reference":
            return [-2 if x * w != 0 else -1 for x, w in zip(u, self.vector(name))]
        return [sat((x * w) // max(1, mean)) for x, w in zip(u, self.vector(name))]

    def step(self, token):
        if token == 0:
            self.state = [[0] * self.d for _ in range(self.layers)]
        y = self.embed(token)
        for layer in range(self.layers):
            at = f"layers.{layer}."
            u, s = self.norm(y, at + "ln1.w"), self.state[layer]
            p, q = self.matmul(u, at + "Wf"), self.matmul(s, at + "Uf")
            f = [sat(a + b + c) for a, b, c in zip(p, q, self.vector(at + "bf"))]
            reset = [((g + 127) * x) >> 8 for g, x in zip(f, s)]
            p, q = self.matmul(u, at + "Wh"), self.matmul(reset, at + "Uh")
            h = [sat(a + b + c) for a, b, c in zip(p, q, self.vector(at + "bh"))]
            s = [x + (((g + 127) * (n - x)) >> 8) for g, n, x in zip(f, h, s)]
            self.state[layer] = s
            y = [sat(a + b) for a, b in zip(y, s)]
            u = self.norm(y, at + "ln2.w")
            u = self.matmul(self.matmul(u, at + "mlp.0"), at + "mlp.1")
            y = [sat(a + b) for a, b in zip(y, u)]
        return self.matmul(self.norm(y, "ln_out.w"), "head")


def log_likelihood(logits, target):
    total = sum(int(16 * 2 ** ((z + 128) / 16)) for z in logits)
    return logits[target] + 128 - int(16 * math.log2(total / 16))


def case(d, layers, zero):
    text = list(b"In the beginning\0God created") + [0, 0, 255]
    seed, generation, members = 9, 3, []
    for member in range(4):
        pair, sign = member // 2, 1 - 2 * (member % 2)
        net = Member(d, layers, seed, generation, pair, sign, zero)
        logits = [net.step(token) for token in text[:-1]]
        total = sum(log_likelihood(z, target) for z, target in zip(logits, text[1:]))
        state = [x for layer in net.state for x in layer]
        members.append({"log_likelihood": total, "state": state})
    net = Member(d, layers, seed, generation, 0, 0, zero)
    logits = [net.step(token) for token in text[:-1]]
    return {
        "width": d, "depth": layers, "zero": zero, "seed": seed, "generation": generation, "text": text,
        "members": members, "last_logits": logits[-1],
        "log_likelihood": sum(log_likelihood(z, target) for z, target in zip(logits, text[1:])),
    }


cases = [case(16, 2, "reference"), case(16, 1, "one"), case(12, 1, "one"), case(64, 1, "reference")]
golden = {"origin": f"{Path(__file__).name}, plain Python, from the published definition", "cases": cases}
Path(__file__).with_name("egg.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
