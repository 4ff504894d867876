"""Training of the networks of our offline bench in PyTorch, on the same machine, for comparison.

    cargo bench --bench offline -- speed
    pip install torch numpy
    python3 benches/peers/surrogates_peers.py [--threads 2] [--json FILE]

Two hidden layers, leaky ReLU (slope 0.3), two outputs, likelihood of a normal distribution with the deviation squeezed between two
constant bounds, Adam (epsilon 1e-7), 24 inputs, batches of 128 that are gathered from memory: what `network::train` does. Eager mode
and torch.compile are both tried, the faster one is printed beside the slower. Medians over repeats.
"""

import argparse
import json
import math
import statistics
import time

import torch

LOW, HIGH = math.log(0.1), math.log(0.2)


def loss_of(net, x, y):
    out = net(x)
    log = HIGH - torch.nn.functional.softplus(HIGH - out[:, 1])
    log = LOW + torch.nn.functional.softplus(log - LOW)
    z = (y - out[:, 0]) * torch.exp(-log)
    return (0.5 * z * z + log + 0.5 * math.log(2 * math.pi)).mean()


def milliseconds(width, steps, repeats, compiled):
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Linear(24, width),
        torch.nn.LeakyReLU(0.3),
        torch.nn.Linear(width, width),
        torch.nn.LeakyReLU(0.3),
        torch.nn.Linear(width, 2),
    )
    adam = torch.optim.Adam(net.parameters(), lr=3e-4, eps=1e-7)
    rows = 128 * steps
    x, y = torch.randn(rows, 24), torch.randn(rows)

    def step(x, y):
        adam.zero_grad(set_to_none=True)
        loss = loss_of(net, x, y)
        loss.backward()
        adam.step()

    run = torch.compile(step) if compiled else step
    order = torch.randperm(rows)
    for at in range(3):
        run(x[order[:128]], y[order[:128]])
    times = []
    for _ in range(repeats):
        order = torch.randperm(rows)
        began = time.perf_counter()
        for at in range(steps):
            chosen = order[128 * at : 128 * (at + 1)]
            run(x[chosen], y[chosen])
        times.append(1e3 * (time.perf_counter() - began) / steps)
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    records = []
    for width, steps in [(256, 256), (2048, 20)]:
        weights = 24 * width + width + width * width + width + 2 * width + 2
        for compiled in [False, True]:
            try:
                ms = milliseconds(width, steps, arguments.repeats, compiled)
            except Exception as error:  # torch.compile needs a C++ compiler
                print(f"2 x {width}  compiled {compiled}: {type(error).__name__}")
                continue
            rate = 6 * 128 * weights / ms / 1e6
            print(f"2 x {width}  compiled {compiled}  {ms:.3f} ms a step  {rate:.1f} GFLOP/s")
            records.append({"width": width, "compiled": compiled, "ms_a_step": ms, "gflops": rate})
    print(f"torch {torch.__version__}, {arguments.threads} threads")
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump({"torch": torch.__version__, "threads": arguments.threads, "rows": records}, file, indent=1)


if __name__ == "__main__":
    main()
