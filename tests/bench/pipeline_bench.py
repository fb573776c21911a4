"""Whole pipelines: wall time and peak memory of each step, all cached, and the engine's own overhead per step.

Limits (DESIGN 9): birdstrikes cold <= 1 s and <= 150 MB, all cached <= 0.1 s; a chain of 10 Importer steps <= 20 ms a step."""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BIN = pathlib.Path(os.environ["SLUICE_BIN"])


def wrap(folder):
    """A folder of executables that log their own wall time and peak memory."""
    folder.mkdir()
    log = folder / "log"
    for program in BIN.iterdir():
        if program.name == "sluice":
            continue
        wrapper = folder / program.name
        wrapper.write_text(f'#!/bin/sh\nexec /usr/bin/time -f "{program.name} %e %M" -a -o {log} {program}\n')
        wrapper.chmod(0o755)
    return folder, log


def run(manifest, folder, *args, bin_folder=None):
    env = dict(os.environ, SLUICE_BIN=str(bin_folder or BIN))
    begin = time.monotonic()
    done = subprocess.run([BIN / "sluice", "run", manifest, *args], cwd=folder, env=env, capture_output=True, text=True)
    took = time.monotonic() - begin
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return took, done.stdout


def print_steps(title, manifest):
    with tempfile.TemporaryDirectory() as tmp:
        tmp = pathlib.Path(tmp)
        wrapped, log = wrap(tmp / "bin")
        took, _ = run(manifest, tmp, bin_folder=wrapped)
        print(f"{title}: {took:.2f} s in all")
        for line in log.read_text().splitlines():
            name, wall, kib = line.rsplit(" ", 2)
            print(f"  {name:<20} {float(wall):8.2f} s {int(kib) / 1024:8.1f} MB")


def birdstrikes():
    manifest = ROOT / "manifests/examples/birdstrikes/pipeline.yaml"
    cold, cached = [], []
    for _ in range(5):
        with tempfile.TemporaryDirectory() as tmp:
            cold.append(run(manifest, tmp)[0])
            cached.append(run(manifest, tmp)[0])
    print(f"birdstrikes, 8 steps, cold: median {statistics.median(cold):.3f} s (limit 1 s, ratio {statistics.median(cold):.2f})")
    print(f"birdstrikes, all cached: median {statistics.median(cached):.3f} s (limit 0.1 s, ratio {statistics.median(cached) / 0.1:.2f})")
    print_steps("birdstrikes, each step", manifest)


def chain():
    """Ten Importer steps one after the other, each of a file of its own; the executable alone is measured beside it."""
    with tempfile.TemporaryDirectory() as tmp:
        tmp = pathlib.Path(tmp)
        steps = []
        for i in range(10):
            (tmp / f"f{i}").write_text(str(i))
            after = f"\n    after: [s{i - 1}]" if i else ""
            steps.append(f"  - name: s{i}\n    component: Importer{after}\n    params: {{uri: f{i}, type: Thing}}\n")
        manifest = tmp / "chain.yaml"
        manifest.write_text("apiVersion: sluice.dev/v1alpha1\nkind: Pipeline\nmetadata: {name: chain}\nspec:\n  steps:\n" + "".join(steps))
        runs = [run(manifest, tmp, "--no-cache") for _ in range(7)]
    took = statistics.median(t for t, _ in runs)
    print(f"chain of 10 Importer steps: median {took * 1000:.0f} ms, {took * 100:.1f} ms a step in all (limit 20 ms, ratio {took * 5:.2f})")


if __name__ == "__main__":
    birdstrikes()
    chain()
    print_steps("flights, 3 M rows, gbdt", ROOT / "manifests/examples/flights/pipeline.yaml")
