"""pyoperon and gplearn on the rows of our formulas bench, for comparison on the same machine.

    cargo bench --bench formulas -- --table --seeds 3 --json ours.json --rows ROWS_DIR
    pip install pyoperon==0.6.2 sympy      (or gplearn==0.4.3 sympy: their requirements exclude each other)
    python3 benches/peers/formulas_peers.py ROWS_DIR --json peers.json [--seconds 10]
    python3 benches/peers/formulas_peers.py --symbolic ours.json peers.json

One thread, processor seconds. Solved (numeric): R2 > 0.999999 on 1,000 fresh rows without noise. Solved (symbolic): the formula minus
the true one, or divided by it, is a constant after sympy has simplified it with numbers rounded to three digits (the rule of
SRBench); a text that sympy does not finish in half a minute is not solved.
"""

import argparse
import json
import multiprocessing
import pathlib
import time

import numpy as np

SYMBOLS = "add,sub,mul,div,sin,cos,exp,log,sqrt,square,constant,variable"


def operon(train, columns, seconds, seed):
    """Minimises the squared error alone, in runs of four times the evaluations until one fits; its time is that of the last run."""
    from pyoperon.sklearn import SymbolicRegressor

    evaluations = 1000
    while True:
        began = time.process_time()
        model = SymbolicRegressor(
            allowed_symbols=SYMBOLS,
            optimizer_iterations=5,
            max_length=30,
            population_size=1000,
            generations=1_000_000,
            max_evaluations=evaluations,
            max_time=seconds,
            objectives=["mse"],
            model_selection_criterion="mean_squared_error",
            n_threads=1,
            random_state=seed,
        )
        model.fit(train[:, :-1], train[:, -1])
        used = time.process_time() - began
        error = model.predict(train[:, :-1]) - train[:, -1]
        if np.mean(error**2) < 1e-7 * np.var(train[:, -1]) or used > 0.5 * seconds:
            return model.predict, model.get_model_string(model.model_, precision=8, names=columns), used
        evaluations *= 4


def gplearn(train, columns, seconds, seed):
    from gplearn.functions import make_function
    from gplearn.genetic import SymbolicRegressor

    exp = make_function(function=lambda x: np.exp(np.minimum(x, 50.0)), name="exp", arity=1)
    square = make_function(function=lambda x: np.minimum(x * x, 1e30), name="square", arity=1)
    began = time.process_time()
    generations = 1
    model = SymbolicRegressor(
        population_size=1000,
        generations=generations,
        function_set=("add", "sub", "mul", "div", "sin", "cos", "log", "sqrt", exp, square),
        metric="mse",
        stopping_criteria=1e-14,
        parsimony_coefficient=1e-5,
        feature_names=columns,
        warm_start=True,
        low_memory=True,
        random_state=seed,
    )
    while True:
        model.set_params(generations=generations)
        model.fit(train[:, :-1], train[:, -1])
        generations += 1
        if time.process_time() - began > seconds or model._program.raw_fitness_ < 1e-7 * np.var(train[:, -1]):
            return model.predict, str(model._program), time.process_time() - began


def solved(rows, text, r2):
    return {"text": text, "r2": r2, "solved": bool(r2 > 0.999999), "true": rows["text"]}


def run(folder, seconds):
    found = []
    for name, engine in (("pyoperon", operon), ("gplearn", gplearn)):
        try:
            __import__(name)
        except ImportError:
            continue
        for path in sorted(pathlib.Path(folder).glob("*.json")):
            rows = json.loads(path.read_text())
            train, test = np.array(rows["train"]).T, np.array(rows["test"]).T
            predict, text, used = engine(train, rows["columns"], seconds, rows["seed"])
            with np.errstate(all="ignore"):
                error = np.nan_to_num(predict(test[:, :-1]) - test[:, -1], nan=np.inf)
            r2 = 1.0 - float(np.mean(error**2) / np.var(test[:, -1]))
            row = {"engine": name, "formula": rows["formula"], "seed": rows["seed"], "noise": rows["noise"], "cpu_seconds": used}
            found.append(row | solved(rows, text, r2))
            print(name, rows["formula"], rows["seed"], f"R2 {r2:.7f}  {used:.1f} s  {text[:90]}", flush=True)
    return found


def equal(pair):
    import sympy

    own, true = pair
    names = {s: sympy.Symbol(s, positive=True) for s in "x y x1 x2 y1 y2 t q q1 q2 e r E B v m u w c d1 d2 n t1 t2 n0 g k T a p Bx By Bz".split()}
    names |= {"square": lambda x: x**2, "add": lambda x, y: x + y, "sub": lambda x, y: x - y, "mul": lambda x, y: x * y}
    names |= {"div": lambda x, y: x / y, "neg": lambda x: -x, "inv": lambda x: 1 / x, "pi": sympy.pi}
    parse = lambda text: sympy.sympify(text.replace("^", "**"), locals=names)
    rounded = lambda e: e.xreplace({n: sympy.Float(round(float(n), 3)) for n in e.atoms(sympy.Float)})
    own, true = rounded(sympy.N(parse(own))), rounded(sympy.N(parse(true)))
    for expression in (own - true, own / true):
        expression = rounded(sympy.simplify(rounded(sympy.expand(expression))))
        expression = sympy.nsimplify(expression, rational=False)
        if not expression.free_symbols:
            return True
    return False


def symbolic(path):
    rows = json.loads(path.read_text())
    for row in rows:
        row["solved_symbolic"] = False
        if not row["solved"]:
            continue
        with multiprocessing.Pool(1) as pool:
            try:
                row["solved_symbolic"] = pool.apply_async(equal, ((row["text"], row["true"]),)).get(30)
            except Exception as error:  # A formula that sympy cannot read or finish is not solved.
                row["symbolic_error"] = type(error).__name__
    path.write_text(json.dumps(rows, indent=2) + "\n")
    engines = sorted({row.get("engine", "hatchery") for row in rows})
    for engine in engines:
        own = [row for row in rows if row.get("engine", "hatchery") == engine]
        print(f"{engine}: {len(own)} runs, numeric {sum(r['solved'] for r in own)}, symbolic {sum(r['solved_symbolic'] for r in own)}")
        for formula in dict.fromkeys(row["formula"] for row in own):
            of = [row for row in own if row["formula"] == formula]
            times = sorted(r["cpu_seconds"] for r in of)
            print(
                f"  {formula:18} numeric {sum(r['solved'] for r in of)}/{len(of)}  symbolic {sum(r['solved_symbolic'] for r in of)}/{len(of)}"
                f"  median {times[len(times) // 2]:.2f} s"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="?", help="folder that --rows of the bench has written")
    parser.add_argument("--json", help="file for the results")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--symbolic", nargs="+", type=pathlib.Path, default=[], help="results to be judged by sympy")
    options = parser.parse_args()
    if options.rows:
        results = run(options.rows, options.seconds)
        if options.json:
            pathlib.Path(options.json).write_text(json.dumps(results, indent=2) + "\n")
    for path in options.symbolic:
        symbolic(path)
