"""StatisticsGen beside DuckDB's SUMMARIZE: the same Parquet files, the same cores, one run.

Ours is the whole step as a process (start, read, compute, write, report); DuckDB's is the query
alone in a warm process. SUMMARIZE computes less: no histograms, no top values, estimates of
distinct counts and quantiles. Each figure is the best of several rounds, taken in turns.
"""
import os
import pathlib
import statistics
import sys
import tempfile
import time

import duckdb
import numpy as np
import pyarrow as pa

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/integration"))
import artifacts  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS", "5"))
CORES = len(os.sched_getaffinity(0))


def numeric(n=3_000_000):
    rng = np.random.default_rng(1)
    return pa.table({
        "normal": rng.normal(size=n),
        "price": np.round(rng.lognormal(3, 1, n), 2),
        "count": rng.poisson(4, n),
        "id": rng.integers(0, 2**40, n),
        "with_nulls": pa.array(rng.random(n), mask=rng.random(n) < 0.1),
    })


def flights():
    path = ROOT / "manifests/examples/flights/flights-3m.parquet"
    return artifacts.to_arrow(duckdb.connect(), f"select * from '{path}'")


def distinct(n=1_000_000):
    rng = np.random.default_rng(2)
    return pa.table({"id": [f"{a:016x}-{i:07d}" for i, a in
                            enumerate(rng.integers(0, 2**62, n).tolist())]})


def time_ours(folder, examples, index):
    begin = time.perf_counter()
    done, _ = artifacts.run_step("statistics_gen", folder / f"run{index}", {"examples": examples},
                                 {"statistics": "ExampleStatistics"}, threads=CORES)
    wall = time.perf_counter() - begin
    assert done.returncode == 0, done.stderr
    return wall


def time_duckdb(connection, path):
    begin = time.perf_counter()
    connection.execute(f"summarize select * from '{path}'").fetchall()
    return time.perf_counter() - begin


def measure(name, table, least):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        examples = artifacts.write_examples(folder / "examples", {"train": table})
        path = next((folder / "examples").rglob("*.parquet"))
        connection = duckdb.connect(config={"threads": CORES})
        ours, theirs = [], []
        for i in range(ROUNDS):
            ours.append(time_ours(folder, examples, i))
            theirs.append(time_duckdb(connection, path))
    ratio = min(theirs) / min(ours)
    print(f"{name:10} {table.num_rows:>9,} x {table.num_columns}: StatisticsGen {min(ours):.3f} s "
          f"(median {statistics.median(ours):.3f}), DuckDB {duckdb.__version__} {min(theirs):.3f} s "
          f"(median {statistics.median(theirs):.3f}), ratio {ratio:.1f}, "
          f"to hold {least}{'' if ratio >= least else ': NOT HELD'}", flush=True)


def main():
    print(f"{CORES} cores, {ROUNDS} rounds")
    measure("numeric", numeric(), 3)
    measure("flights", flights(), 3)
    measure("distinct", distinct(), 1)


if __name__ == "__main__":
    main()
