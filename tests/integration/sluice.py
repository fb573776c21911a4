"""`sluice run` as a user runs it: a folder with a manifest, processes, and what they leave."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import textwrap
import time

BIN = pathlib.Path(os.environ["SLUICE_BIN"]).resolve()


def wait_for(condition, what, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.002)


def alive(pid):
    with contextlib.suppress(OSError, IndexError):
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


class Project:
    """A folder of its own, removed at the end."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="sluice-run-"))
        self.root = self.path / ".sluice"

    def close(self):
        shutil.rmtree(self.path, ignore_errors=True)

    def write(self, name, text):
        (self.path / name).write_text(textwrap.dedent(text))

    def pipeline(self, steps, head=""):
        """A Pipeline 'p' with the given steps (YAML at column 0)."""
        text = "apiVersion: sluice.dev/v1alpha1\nkind: Pipeline\nmetadata: {name: p}\nspec:\n"
        text += textwrap.indent(textwrap.dedent(head), "  ")
        text += "  steps:\n" + textwrap.indent(textwrap.dedent(steps), "  ")
        (self.path / "p.yaml").write_text(text)

    def start(self, *args, file=True, **options):
        command = [BIN / "sluice", "run", *(["p.yaml"] if file else []), "--host-exec", *args]
        return subprocess.Popen(command, cwd=self.path, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **options)

    def run(self, *args, file=True, expect=0):
        process = self.start(*args, file=file)
        out, err = process.communicate(timeout=120)
        if process.returncode != expect:
            raise AssertionError(f"exit code {process.returncode}, expected {expect}\n{out}\n{err}")
        return out + err

    def state(self, index=-1):
        """run.json of the newest run."""
        runs = sorted((self.root / "runs").glob("*/run.json"))
        return json.loads(runs[index].read_text())["status"]

    def step(self, name):
        return self.state()["steps"].get(name, {})

    def outcomes(self):
        return {name: s.get("outcome") for name, s in self.state()["steps"].items()}

    def text(self, name):
        path = self.path / name
        return path.read_text() if path.exists() else ""

    def attempts(self, step):
        """Folders of attempts in storage that have a result or logs."""
        return sorted(int(p.name) for p in self.root.glob(f"storage/default/p/*/{step}/*"))

    def kill_run(self, process):
        """kill -9 of `sluice run`, and its pipes drained."""
        process.send_signal(signal.SIGKILL)
        process.communicate()
