"""kill -9 of `sluice run`, or of a step, at random moments of a real pipeline; each run is resumed and ends with the
artifacts of a run that nobody disturbed, and no step that had finished has run twice.

CRASH_N: how many runs (15; `make crash` takes 100). CRASH_SEED: the first one's seed."""
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import time
import unittest

from integration.sluice import BIN, Project

ROOT = pathlib.Path(__file__).resolve().parents[2]
N = int(os.environ.get("CRASH_N", "15"))
SEED = int(os.environ.get("CRASH_SEED", "1"))
# What may differ: they carry clocks (DESIGN 5).
CLOCKED = {"ModelRun", "PushedModel"}


def children(pid):
    """Processes that the run has started; their parent is one of its threads."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(p) for p in task.read_text().split()]
        except OSError:
            pass
    return found


class CrashTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.p = Project()
        folder = ROOT / "manifests/examples/birdstrikes"
        shutil.copy(folder / "birdstrikes.csv", cls.p.path)
        text = (folder / "pipeline.yaml").read_text().replace("backoff: 1s", "backoff: 1ms")
        (cls.p.path / "p.yaml").write_text(text)
        begin = time.monotonic()
        cls.expected = cls.finish(cls.start(cls.p.path / "reference"), cls.p.path / "reference")
        cls.seconds = time.monotonic() - begin

    @classmethod
    def tearDownClass(cls):
        cls.p.close()

    @classmethod
    def start(cls, root):
        """The same command for the first time and for every other: with nothing to resume it starts anew."""
        return subprocess.Popen([BIN / "sluice", "run", "p.yaml", "-p", "steps=100", "--resume", "--root", root],
                                cwd=cls.p.path, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    @classmethod
    def finish(cls, process, root):
        """Digests by step and output of the only run under `root`, all files checked."""
        out, _ = process.communicate(timeout=300)
        if process.returncode != 0:
            raise AssertionError(f"exit code {process.returncode}\n{out}")
        record, = root.glob("storage/*/*/*/_run.json")
        digests = {}
        for step in json.loads(record.read_text())["steps"]:
            for name, output in step["outputs"].items():
                cls.check_files(pathlib.Path(output["uri"].removeprefix("file://")), output["digest"])
                if output["type"] not in CLOCKED:
                    digests[step["step"], name] = output["digest"]
        return digests

    @staticmethod
    def check_files(folder, digest):
        manifest = json.loads((folder / "_manifest.json").read_text())
        assert manifest["digest"] == digest, folder
        for entry in manifest["files"]:
            data = (folder / entry["path"]).read_bytes()
            assert hashlib.sha256(data).hexdigest() == entry["sha256"], folder / entry["path"]

    def disturb(self, process, rng):
        """Waits a while and kills somebody. True: it was the run."""
        time.sleep(rng.uniform(0, self.seconds))
        victims = children(process.pid)
        if victims and rng.random() < 0.5:
            try:
                os.kill(rng.choice(victims), signal.SIGKILL)
            except ProcessLookupError:
                pass
            return False
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return True

    def one(self, seed):
        rng = random.Random(seed)
        root = self.p.path / f"root-{seed}"
        process = self.start(root)
        for _ in range(rng.randint(1, 4)):
            if self.disturb(process, rng):
                process = self.start(root)
        digests = self.finish(process, root)
        differ = {k for k in digests.keys() | self.expected.keys() if digests.get(k) != self.expected.get(k)}
        self.assertEqual(differ, set())
        for step in root.glob("storage/*/*/*/*/"):
            done = [r for r in step.glob("*/_result.json") if json.loads(r.read_text())["outcome"] == "succeeded"]
            self.assertLessEqual(len(done), 1, f"{step.name} ran again after it had finished")
        self.assertEqual(len(list((root / "runs").glob("*/spec.json"))), 1)
        shutil.rmtree(root)

    def test_killed_at_random(self):
        for seed in range(SEED, SEED + N):
            with self.subTest(seed=seed):
                self.one(seed)


if __name__ == "__main__":
    unittest.main()
