"""Writes update_rules.json: what optax does, for the tests of engine::update and engine::schedule.

Run as `python make_update_rules.py` with `pip install optax jax`; the result lies beside this file.
All is computed in float64. Gradients and starting points are whole multiples of 2^-10, so that
float32 holds them exactly, and they do not depend on theta, so that no error can grow by feedback.
"""

import json
import pathlib
import re

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import optax  # noqa: E402

STEPS = 40
PARAMETERS = 4
RATE = 0.05
SCHEDULES = [
    # (name of the schedule's table, start, what optax makes of it)
    ({"kind": "constant"}, 0.3, lambda s: optax.constant_schedule(s)),
    ({"kind": "exponential", "factor": 0.9, "floor": 0.02}, 0.5,
     lambda s: optax.exponential_decay(s, 1, 0.9, end_value=0.02)),
    ({"kind": "linear", "generations": 30, "end": 0.01}, 0.4,
     lambda s: optax.linear_schedule(s, 0.01, 30)),
    ({"kind": "cosine", "generations": 25, "end": 0.05}, 0.2,
     lambda s: optax.cosine_decay_schedule(s, 25, alpha=0.05 / s)),
]


def with_decay(decay, rule):
    """The decay that is added to the gradient (L2), before the rule sees it."""
    return optax.chain(optax.add_decayed_weights(decay), rule)


# The learning rate falls by 2 % each step in every case, so that each also tests the schedule.
ALPHA = optax.exponential_decay(RATE, 1, 0.98)
RULES = [
    ({"optimiser": "sgd"}, optax.sgd(ALPHA)),
    ({"optimiser": "sgd", "weight_decay": 0.1}, with_decay(0.1, optax.sgd(ALPHA))),
    ({"optimiser": "momentum"}, optax.sgd(ALPHA, momentum=0.9)),
    ({"optimiser": "momentum", "momentum": 0.8, "nesterov": True},
     optax.sgd(ALPHA, momentum=0.8, nesterov=True)),
    ({"optimiser": "momentum", "momentum": 0.5, "weight_decay": 0.05},
     with_decay(0.05, optax.sgd(ALPHA, momentum=0.5))),
    ({"optimiser": "adam"}, optax.adam(ALPHA)),
    ({"optimiser": "adam", "beta1": 0.5, "beta2": 0.9, "epsilon": 0.001, "weight_decay": 0.2},
     with_decay(0.2, optax.adam(ALPHA, b1=0.5, b2=0.9, eps=0.001))),
    ({"optimiser": "adamw"}, optax.adamw(ALPHA)),
    ({"optimiser": "adamw", "beta1": 0.8, "beta2": 0.95, "weight_decay": 0.3},
     optax.adamw(ALPHA, b1=0.8, b2=0.95, weight_decay=0.3)),
    ({"optimiser": "lion"}, optax.lion(ALPHA)),
    ({"optimiser": "lion", "beta1": 0.7, "beta2": 0.95, "weight_decay": 0.25},
     optax.lion(ALPHA, b1=0.7, b2=0.95, weight_decay=0.25)),
]


def course(rule, theta, gradients):
    """theta after every step."""
    theta, state, rows = jnp.asarray(theta), rule.init(jnp.asarray(theta)), []
    for gradient in gradients:
        updates, state = rule.update(jnp.asarray(gradient), state, theta)
        theta = optax.apply_updates(theta, updates)
        rows.append([float(x) for x in theta])
    return rows


def main():
    rng = np.random.default_rng(7)
    grid = lambda x: np.round(x * 1024) / 1024  # noqa: E731
    theta = grid(rng.normal(size=PARAMETERS))
    # Scales from 0.1 to 3 and a drift, so that momentum has something to remember.
    gradients = grid(rng.normal(size=(STEPS, PARAMETERS)) * [0.1, 0.5, 1.0, 3.0] + [0.05, -0.3, 0, 1])
    golden = {
        "origin": f"make_update_rules.py with optax {optax.__version__}, jax {jax.__version__}, float64",
        "learning_rate": {"start": RATE, "schedule": {"kind": "exponential", "factor": 0.98}},
        "theta": theta.tolist(),
        "gradients": gradients.tolist(),
        "rules": [{"config": c, "theta": course(r, theta, gradients)} for c, r in RULES],
        "schedules": [
            {"schedule": table, "start": start,
             "values": [float(make(start)(g)) for g in range(STEPS)]}
            for table, start, make in SCHEDULES
        ],
    }
    text = json.dumps(golden, indent=1)
    # One row of numbers per line.
    text = re.sub(r"\[\s+(-?[\d.][^\[\]{}]*?)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m[1]) + "]", text)
    pathlib.Path(__file__).with_name("update_rules.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
