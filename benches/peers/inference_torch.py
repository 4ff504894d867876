"""Plain batched inference in PyTorch, bf16, at the sizes of `population_scaling --cuda`: python3 inference_torch.py [SCALING.json]

One product per layer with ReLU between layers, in a CUDA graph; microseconds, medians of seven. With the bench's JSON file beside
it, prints what share of this speed a population with its noise reaches. Prints JSON on the last line.
"""

import json
import statistics
import sys
import time

import torch

SETTINGS = [(8192, 1, 1024), (8192, 1, 4096), (8192, 1, 8192), (8192, 1, 16384), (8192, 1, 65536), (2048, 1, 16384), (2048, 1, 65536), (1024, 1, 1 << 17), (512, 1, 1 << 18), (256, 1, 1 << 20), (256, 3, 1 << 20)]


def microseconds(width, layers, batch):
    x = torch.randn(batch, width, device="cuda", dtype=torch.bfloat16)
    weights = [torch.randn(width, width, device="cuda", dtype=torch.bfloat16) / width**0.5 for _ in range(layers)]

    def forward(h):
        for k, w in enumerate(weights):
            h = h @ w.T
            if k + 1 < layers:
                h = torch.relu_(h)
        return h

    for _ in range(3):
        forward(x)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        forward(x)

    def run(count):
        start = time.perf_counter()
        for _ in range(count):
            graph.replay()
        torch.cuda.synchronize()
        return (time.perf_counter() - start) / count

    run(3)
    count = max(1, int(0.05 / run(3)))
    return 1e6 * statistics.median(run(count) for _ in range(7))


plain = {}
for width, layers, batch in SETTINGS:
    found = microseconds(width, layers, batch)
    plain[f"{layers}x{width} batch {batch}"] = found
    rate = 2e-6 * batch * layers * width * width / found
    print(f"{layers}x{width} batch {batch}: {found:.1f} us, {rate:.0f} TFLOP/s", flush=True)

shares = []
if len(sys.argv) > 1:
    ours = json.load(open(sys.argv[1]))
    print(f"\n{'layer':>8} {'members':>8} {'rows':>4} {'rank':>4} | of PyTorch's inference: {'plain':>7} {'stored':>7} {'drawn':>7} {'generation':>10} (limit)")
    for line in ours["layers"]:
        layer = f"{line['layers']}x{line['width']}"
        peer = plain.get(f"{layer} batch {line['members'] * line['rows']}")
        if peer is None:
            continue
        share = {name: peer / line[f"{name}_us"] for name in ("plain", "stored", "drawn", "generation")}
        shares.append({"layer": layer, "members": line["members"], "rows": line["rows"], "rank": line["rank"], **share})
        print(
            f"{layer:>8} {line['members']:>8} {line['rows']:>4} {line['rank']:>4} | {'':>23} "
            f"{share['plain']:>7.1%} {share['stored']:>7.1%} {share['drawn']:>7.1%} {share['generation']:>10.1%} ({line['arithmetic_limit']:.1%})"
        )
print(json.dumps({"torch": torch.__version__, "device": torch.cuda.get_device_name(), "plain_us": plain, "of_torch": shares}))
