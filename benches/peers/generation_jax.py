"""The same generation in JAX, for comparison on the same machine: pip install jax; python3 generation_jax.py

Low-rank noise for antithetic pairs, forward pass of all members with ReLU between layers, centred ranks, update with pairs
folded: one jitted function, float32. `cheap` draws bytes instead of normals. Prints members a second, medians of nine.
"""

import time

import jax
import jax.numpy as jnp


def rate(side, layers, members, rank, cheap):
    weights = [jax.random.normal(jax.random.key(k), (side, side)) / side**0.5 for k in range(layers)]
    inputs = jax.random.normal(jax.random.key(9), (members, side))
    pairs = members // 2
    signs = jnp.array([1.0, -1.0])[:, None, None]
    sigma = 0.1

    def draw(key, shape):
        if cheap:
            return (jax.random.bits(key, shape, dtype=jnp.uint8).astype(jnp.float32) * 2 - 255) * 0.006765875
        return jax.random.normal(key, shape)

    @jax.jit
    def generation(weights, inputs, seed):
        keys = jax.random.split(jax.random.key(seed), 2 * layers)
        factors, h = [], inputs
        for k, w in enumerate(weights):
            a, b = draw(keys[2 * k], (pairs, side, rank)), draw(keys[2 * k + 1], (pairs, side, rank))
            factors.append((a, b))
            t = jnp.einsum("sdi,dir->sdr", h.reshape(2, pairs, side), b)
            noise = signs * sigma / rank**0.5 * jnp.einsum("sdr,dor->sdo", t, a)
            y = h @ w.T + noise.reshape(members, side)
            h = jax.nn.relu(y) if k + 1 < layers else y
        fitness = h[:, ::2].sum(1) - h[:, 1::2].sum(1)
        ranks = jnp.argsort(jnp.argsort(fitness)) / (members - 1) - 0.5
        folded = (ranks[:pairs] - ranks[pairs:]) / rank**0.5
        updates = [jnp.einsum("dor,dir->oi", a * folded[:, None, None], b) for a, b in factors]
        return [w + 1e-6 * g for w, g in zip(weights, updates)]

    jax.block_until_ready(generation(weights, inputs, 0))
    times = []
    for seed in range(9):
        start = time.perf_counter()
        jax.block_until_ready(generation(weights, inputs, seed))
        times.append(time.perf_counter() - start)
    return members / sorted(times)[4]


print("jax", jax.__version__, jax.devices())
for layers in (1, 3):
    for rank in (1, 4):
        for members in (8192, 65536):
            if (layers, rank, members) == (3, 4, 65536):
                continue
            for cheap in (False, True):
                found = rate(256, layers, members, rank, cheap)
                print(f"{layers}x256 rank {rank} members {members} {'cheap' if cheap else 'normal'}: {found / 1e3:.0f} k", flush=True)
