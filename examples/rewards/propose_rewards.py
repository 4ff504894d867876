"""Proposes rewards to Hatchery: Python 3, standard library only.

Each line on standard input is a message, each line on standard output an answer; print to standard error what you like.
Rewards are sums of primitives with weights, varied from the best so far, unless `ask_model` knows better.
"""

import json
import os
import random
import sys

WEIGHTS = [-1.0, -0.5, -0.2, 0.1, 0.25, 0.5, 1.0, 2.0]
# A term has four nodes: weight, product, name, sum.
TERMS_MAX = 7
# What was tried: expression, value, and the weights if it is one of ours. Only this is saved.
tried = []


def ask_model(prompt):
    """HERE GOES THE CALL OF A LANGUAGE MODEL: send it the prompt, return what it writes. `None`: there is no model.

    Its access key must be named in `env` of the configuration, or the program does not see it.
    """
    return None


def prompt_text(world, n):
    """What a model has to know: the primitives, the best and the latest rewards, the form of the answer."""
    lines = [f"Reinforcement learning in the world '{world['task']}' needs a reward for whole episodes."]
    lines += ["It is an expression over these primitives:"]
    lines += [f"  {p['name']} in {p['range']}: {p['doc']}" for p in world["prims"]]
    lines += [f"Operators: {' '.join(world['ops'])}, numbers, parentheses; at most {world['max_nodes']} nodes."]
    best = sorted(tried, key=lambda one: -one["v"])[:10]
    for title, some in ("best", best), ("latest", tried[-10:]):
        lines += [f"The {title} so far, with the success of policies that were trained with them, from 0 to 1:"]
        lines += [f"  {one['v']:.3f}  {one['expr']}" for one in some]
    return "\n".join(lines + [f"Write {n} new ones that may do better, one a line, and nothing else."])


def text(weights):
    """An expression: the outcome, and what has a weight."""
    return " + ".join(["g1"] + [f"{weight}*{name}" for name, weight in weights.items()]).replace("+ -", "- ")


def varied(names, dice):
    """The winner of a tournament with one or two changes; something at random as long as little is known."""
    ours = [one for one in tried if one["weights"] is not None]
    if len(ours) < 8:
        return {name: dice.choice(WEIGHTS) for name in dice.sample(names, min(len(names), dice.randint(1, 3)))}
    parent = max(dice.sample(ours, 4), key=lambda one: one["v"])
    child = dict(parent["weights"])
    for _ in range(dice.randint(1, 2)):
        name = dice.choice(names)
        if name in child and dice.random() < 0.3:
            del child[name]
        else:
            child[name] = dice.choice(WEIGHTS)
    while len(child) > TERMS_MAX:
        del child[dice.choice(sorted(child))]
    return child


def proposals(world, message):
    n, dice = message["n"], random.Random(message["seed"])
    answer = ask_model(prompt_text(world, n))
    if answer is not None:
        return [line.strip() for line in answer.splitlines() if line.strip()][:n], {}
    names = [p["name"] for p in world["prims"] if p["name"] != "g1"]
    ours = [varied(names, dice) for _ in range(n)]
    return [text(weights) for weights in ours], {text(weights): weights for weights in ours}


def say(**message):
    print(json.dumps(message), flush=True)


world, ours = {}, {}
for line in sys.stdin:
    message = json.loads(line)
    kind = message["t"]
    if kind == "hello":
        world = message
        say(t="ready", learns=True)
    elif kind == "propose":
        exprs, ours = proposals(world, message)
        say(t="proposal", step=message["step"], exprs=exprs)
    elif kind == "feedback":
        for one in message["items"]:
            if one["valid"]:
                expr, v = one["expr"], one["v"] or 0.0
                tried.append({"expr": expr, "v": v, "weights": ours.get(expr)})
            else:
                print(f"{one['expr']}: {one['err']}", file=sys.stderr)
        say(t="ack", step=message["step"])
    elif kind == "save":
        with open(message["path"] + ".new", "w") as file:
            json.dump(tried, file)
        os.replace(message["path"] + ".new", message["path"])
    elif kind == "load":
        with open(message["path"]) as file:
            tried = json.load(file)
    elif kind == "bye":
        break
