"""Parquet codec on one thread, against pyarrow and DuckDB on one thread: flights, 3 M rows.

Ours is a process of its own for every figure (start and file reads counted), theirs a warm interpreter.
"""

import os
import statistics
import subprocess
import tempfile
import time

import duckdb
import pyarrow
import pyarrow.parquet

TOOL = "build/release/tests/integration/tools/parquet_dump"
FLIGHTS = "manifests/examples/flights/flights-3m.parquet"
RUNS = 7


def seconds(run):
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def main():
    subprocess.run(["make", "--no-print-directory", "-s", TOOL], check=True)
    pyarrow.set_cpu_count(1)
    duck = duckdb.connect()
    duck.execute("set threads = 1")
    duck.execute(f"create table flights as from '{FLIGHTS}'")
    table = pyarrow.parquet.read_table(FLIGHTS)
    with tempfile.TemporaryDirectory() as folder:
        to = os.path.join(folder, "out.parquet")
        jobs = {
            "read": lambda: subprocess.run([TOOL, "read", FLIGHTS], check=True, stdout=subprocess.DEVNULL),
            "read, pyarrow": lambda: pyarrow.parquet.read_table(FLIGHTS, use_threads=False),
            "read and write": lambda: subprocess.run([TOOL, "copy", FLIGHTS, to], check=True),
            "write, pyarrow": lambda: pyarrow.parquet.write_table(table, to, compression="zstd", compression_level=1),
            "write, DuckDB": lambda: duck.execute(
                f"copy flights to '{to}' (format parquet, compression zstd, compression_level 1)"),
        }
        times, sizes = {name: [] for name in jobs}, {}
        for _ in range(RUNS):
            for name, job in jobs.items():
                times[name].append(seconds(job))
                if "write" in name:
                    sizes[name] = os.path.getsize(to)
    middle = {name: statistics.median(values) for name, values in times.items()}
    for name, values in times.items():
        size = f", {sizes[name]:,} bytes" if name in sizes else ""
        print(f"{name:16} {middle[name] * 1e3:6.0f} ms ({min(values) * 1e3:.0f} to {max(values) * 1e3:.0f}){size}")
    print(f"read: {middle['read, pyarrow'] / middle['read']:.1f}x pyarrow")
    for peer in ("pyarrow", "DuckDB"):
        print(f"read and write: {middle[f'write, {peer}'] / middle['read and write']:.1f}x {peer}'s write alone")


if __name__ == "__main__":
    main()
