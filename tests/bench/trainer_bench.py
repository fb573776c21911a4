"""Trainer beside scikit-learn's MLP and logistic regression, XGBoost 3, and PyTorch where it is installed.

Same rows, same transformed features, same network, batch and steps, the median of the runs in turn. The
peers' times are those of their fit on matrices in memory; ours is the whole process: start, reading,
training, validation, threshold, model.onnx, writing.
"""
import os
import pathlib
import statistics
import sys
import tempfile
import time
import warnings

import duckdb
import numpy as np
from threadpoolctl import threadpool_limits

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/integration"))
import artifacts  # noqa: E402
import trainer_quality_test as quality  # noqa: E402
import trainer_test as common  # noqa: E402

RUNS = int(os.environ.get("BENCH_RUNS", "3"))
FLIGHT_ROWS = 1000000
THREADS = 2


def ours(folder, inputs, params):
    times = []
    for run in range(RUNS):
        begin = time.perf_counter()
        done, _ = artifacts.run_step("trainer", folder / f"run{run}-{len(list(folder.iterdir()))}/1", inputs,
                                     common.OUTPUTS, params, THREADS)
        times.append(time.perf_counter() - begin)
        if done.returncode != 0:
            sys.exit(done.stderr)
    return statistics.median(times)


def peer(fit):
    times = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        with warnings.catch_warnings(), threadpool_limits(THREADS):
            warnings.simplefilter("ignore")
            fit()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def told(what, mine, name, theirs):
    print(f"{what:34} sluice {mine:7.2f} s   {name} {theirs:7.2f} s   {theirs / mine:5.1f} x")


def torch_fit(x, y, hidden, batch, steps):
    """A closure that trains the same network in PyTorch, or None where it is not installed."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(THREADS)
    x, y = torch.tensor(x.astype(np.float32)), torch.tensor(y.astype(np.float32))

    def fit():
        layers, width = [], x.shape[1]
        for units in hidden:
            layers += [torch.nn.Linear(width, units), torch.nn.ReLU()]
            width = units
        net = torch.nn.Sequential(*layers, torch.nn.Linear(width, 1))
        adam, loss = torch.optim.Adam(net.parameters(), 1e-3), torch.nn.BCEWithLogitsLoss()
        for step in range(steps):
            rows = torch.randint(len(y), (batch,))
            adam.zero_grad()
            loss(net(x[rows])[:, 0], y[rows]).backward()
            adam.step()
    return fit


def birdstrikes(folder):
    """The taxi line of the design: 1,000 steps of 40, hidden 128 and 64."""
    birds = common.Pipeline(folder / "birds", common.CSV, common.LABELS, common.COSTS)
    params = {"model": "dnn", "hidden": [128, 64], "batch": 40, "steps": 1000}
    mine = ours(folder, birds.inputs("binary", params), params)
    made = birds.transform("binary", "dense")
    table = common.read_split(made["transformed_examples"], "train")
    y = table["damaged"].to_numpy()
    spec = quality.json.loads((common.path_of(made["transform_graph"]) / "transform.json").read_text())
    x = np.hstack([np.eye(o["size"])[table[o["name"]].to_numpy()] if o.get("size")
                   else table[o["name"]].to_numpy().reshape(-1, 1) for o in spec["outputs"]])
    epochs = round(1000 * 40 / len(y))
    told("birdstrikes dnn, 1000 steps of 40", mine, "scikit-learn", peer(
        lambda: quality.MLPClassifier((128, 64), batch_size=40, max_iter=epochs, tol=0).fit(x, y)))
    fit = torch_fit(x, y, [128, 64], 40, 1000)
    if fit:
        told("birdstrikes dnn, 1000 steps of 40", mine, "PyTorch     ", peer(fit))
    else:
        print("PyTorch is not installed: not compared")


def flights(folder):
    path = folder / "flights.parquet"
    duckdb.sql(f"copy (from '{quality.FLIGHTS}' limit {FLIGHT_ROWS}) to '{path}' (format parquet)")
    data = common.Pipeline(folder / "flights", path, quality.LABELS, [])
    made = data.transform("late", "dense")
    x, y = quality.one_hot(made, "train")
    rows = len(y)

    params = {"model": "dnn", "hidden": [64, 32], "batch": 1024, "epochs": 2, "evalEvery": 1000}
    told(f"flights dnn, 2 epochs of {rows}", ours(folder, data.inputs("late", params), params), "scikit-learn",
         peer(lambda: quality.MLPClassifier((64, 32), batch_size=1024, max_iter=2, tol=0).fit(x, y)))
    params = {"model": "linear"}
    told(f"flights linear, {rows} rows", ours(folder, data.inputs("late", params), params), "scikit-learn",
         peer(lambda: quality.LogisticRegression(max_iter=200).fit(x, y)))

    x, y = quality.numbers(data.transform("late", "trees"), "train")
    params = {"model": "gbdt", "trees": 50, "earlyStopping": 0}
    told(f"flights gbdt, 50 trees, {rows} rows", ours(folder, data.inputs("late", params), params),
         "XGBoost 3   ", peer(lambda: quality.xgboost.train(
             {"objective": "binary:logistic", "tree_method": "hist", "max_depth": 6, "eta": 0.1,
              "nthread": THREADS}, quality.xgboost.DMatrix(x, y), 50)))


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        birdstrikes(folder)
        flights(folder)


if __name__ == "__main__":
    main()
