"""A simulator that Hatchery optimises: Python 3, standard library only.

Each line on standard input is a request, each line on standard output an answer; print to standard error what you like.
"""

import json
import sys


def energy(x):
    """A chain of Rosenbrock valleys: 0 where all entries are 1."""
    return sum(100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in zip(x, x[1:]))


def answer(message):
    print(json.dumps(message), flush=True)


for line in sys.stdin:
    request = json.loads(line)
    if request["op"] == "hello":
        # Up to 64 requests may wait in the pipe: no time is lost between one evaluation and the next.
        answer({"op": "ready", "name": "chain", "parallel": 64})
    elif request["op"] == "eval":
        answer({"id": request["id"], "f": energy(request["x"]), "status": "ok"})
    elif request["op"] == "stop":
        break
