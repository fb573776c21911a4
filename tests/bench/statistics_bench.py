"""StatisticsGen beside DuckDB's SUMMARIZE: the same Parquet files, the same cores, one run.

Ours is the whole step as a process (start, read, compute, write, report); DuckDB's is the query
alone in a warm process. SUMMARIZE computes less: no histograms, no top values, estimates of
distinct counts and quantiles. Files lie in memory where there is a place for it, so that nobody
waits for a disk. Each figure is the best of several rounds, taken in turns; CPU time stands beside
it for machines that are not idle.
"""
import os
import pathlib
import resource
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
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


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
    """Wall and CPU seconds of the step."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    done, _ = artifacts.run_step("statistics_gen", folder / f"run{index}", {"examples": examples},
                                 {"statistics": "ExampleStatistics"}, threads=CORES)
    wall = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def time_duckdb(connection, path):
    begin, cpu = time.perf_counter(), time.process_time()
    connection.execute(f"summarize select * from '{path}'").fetchall()
    return time.perf_counter() - begin, time.process_time() - cpu


def best(rounds):
    return tuple(min(column) for column in zip(*rounds))


def measure(name, table, least):
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        folder = pathlib.Path(folder)
        examples = artifacts.write_examples(folder / "examples", {"train": table})
        path = next((folder / "examples").rglob("*.parquet"))
        connection = duckdb.connect(config={"threads": CORES})
        ours, theirs = [], []
        for i in range(ROUNDS):
            ours.append(time_ours(folder, examples, i))
            theirs.append(time_duckdb(connection, path))
    (wall, cpu), (their_wall, their_cpu) = best(ours), best(theirs)
    ratio = their_wall / wall
    print(f"{name:8} {table.num_rows:>9,} x {table.num_columns}: "
          f"StatisticsGen {wall:.3f} s (CPU {cpu:.3f}), "
          f"DuckDB {duckdb.__version__} {their_wall:.3f} s (CPU {their_cpu:.3f}), "
          f"ratio {ratio:.2f} (of CPU {their_cpu / cpu:.2f}), "
          f"to hold {least}{'' if ratio >= least else ': NOT HELD'}", flush=True)


def main():
    print(f"{CORES} cores, {ROUNDS} rounds")
    measure("numeric", numeric(), 3)
    measure("flights", flights(), 3)
    measure("distinct", distinct(), 1)


if __name__ == "__main__":
    main()
