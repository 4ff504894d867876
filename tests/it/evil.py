"""A worker that misbehaves at random: kinds and their share of the requests come as arguments, KIND=SHARE."""

import json
import os
import random
import signal
import subprocess
import sys
import time

KINDS = {name: float(share) for name, share in (word.split("=") for word in sys.argv[1:])}
chance = random.SystemRandom()


def value(x):
    return sum((b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in zip(x, x[1:])) + x[0] * x[0]


def say(text):
    sys.stdout.write(text)
    sys.stdout.flush()


def hang():
    # A child in the same group: it must die as well.
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
    time.sleep(1000)


def flood():
    while True:
        say("nothing of any use\n" * 1000)


def misbehave(kind, request):
    number = request["id"]
    good = json.dumps({"id": number, "f": value(request["x"])})
    if kind == "exit":
        sys.exit(3)
    elif kind == "signal":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif kind == "hang":
        hang()
    elif kind == "flood":
        flood()
    elif kind == "half":
        say(good[: len(good) // 2])
        sys.exit(0)
    elif kind == "wrong-id":
        say(json.dumps({"id": number + 1000000, "f": -1e9}) + "\n" + good + "\n")
    elif kind == "twice":
        say(good + "\n" + json.dumps({"id": number, "f": -1e9}) + "\n")
    elif kind == "garbage":
        sys.stdout.buffer.write(b"\xff\xfe\x00 {\n" + b"y" * 100000 + b"\n[]\n\n")
        sys.stdout.flush()
        say(good + "\n")
    elif kind == "nan":
        say('{"id": %d, "f": NaN}\n' % number)
    elif kind == "fail":
        say('{"id": %d, "status": "fail", "why": "no mesh"}\n' % number)
    elif kind == "huge":
        say("z" * (17 << 20) + "\n" + good + "\n")


for line in sys.stdin:
    request = json.loads(line)
    if request["op"] == "hello":
        say(json.dumps({"op": "ready", "parallel": 4, "more": {}}) + "\n")
    elif request["op"] == "eval":
        draw = chance.random()
        for kind, share in KINDS.items():
            draw -= share
            if draw < 0:
                misbehave(kind, request)
                break
        else:
            say(json.dumps({"status": "ok", "f": value(request["x"]), "id": request["id"]}) + "\n")
    elif request["op"] == "stop":
        print("stopped in order", file=sys.stderr)
        break
