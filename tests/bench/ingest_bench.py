"""CSV -> Examples beside DuckDB's `COPY (FROM read_csv(..., sample_size=-1)) TO ... (zstd Parquet)`.

Same file, same number of threads, in turn, the median of the runs. DuckDB's time leaves out the
import of its module and its start; ours is the whole process. ExampleGen also splits rows by hash and
computes the digests.
"""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import duckdb

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/integration"))
import artifacts  # noqa: E402

RUNS = int(os.environ.get("BENCH_RUNS", "5"))
FLIGHTS = ROOT / "manifests/examples/flights/flights-3m.parquet"
BIRDSTRIKES = ROOT / "manifests/examples/birdstrikes/birdstrikes.csv"


def inputs(folder):
    """{name: CSV file}"""
    connection = duckdb.connect()
    flights, birds, numbers = (folder / f"{n}.csv" for n in ("flights", "birdstrikes100", "numbers"))
    connection.execute(f"copy (from '{FLIGHTS}') to '{flights}'")
    connection.execute(f"""copy (select b.* from range(100) cross join
                           read_csv('{BIRDSTRIKES}', sample_size=-1) b) to '{birds}' (force_quote *)""")
    columns = ", ".join(f"round(random() * 1000, {i % 7}) as x{i}" for i in range(20))
    connection.execute(f"copy (select {columns} from range(500000)) to '{numbers}'")
    return {"flights 3 M x 5": flights, "birdstrikes x 100, all quoted": birds,
            "500 k x 20 decimals": numbers}


def run_duckdb(path, out, threads):
    connection = duckdb.connect()
    connection.execute(f"set threads = {threads}")
    begin = time.perf_counter()
    connection.execute(f"""copy (from read_csv('{path}', sample_size=-1))
                           to '{out}' (format parquet, compression zstd)""")
    return time.perf_counter() - begin


def run_ours(path, folder, threads):
    begin = time.perf_counter()
    done, _ = artifacts.run_step("example_gen", folder, {}, {"examples": "Examples"},
                                 {"input": "x"}, threads, [("input", path)])
    elapsed = time.perf_counter() - begin
    if done.returncode != 0:
        sys.exit(done.stderr)
    return elapsed


def main():
    if not FLIGHTS.exists():
        subprocess.run([ROOT / "hack/deps", "data"], cwd=ROOT, check=True)
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for title, path in inputs(folder).items():
            for threads in sorted({1, cores}):
                ours, theirs = [], []
                for i in range(RUNS):
                    theirs.append(run_duckdb(path, folder / "out.parquet", threads))
                    ours.append(run_ours(path, folder / f"{path.stem}-{threads}-{i}", threads))
                x, y = statistics.median(ours), statistics.median(theirs)
                print(f"{title}, {path.stat().st_size / 1e6:.0f} MB, {threads} threads: "
                      f"ExampleGen {x:.3f} s, DuckDB {y:.3f} s, ratio {y / x:.2f}", flush=True)


if __name__ == "__main__":
    main()
