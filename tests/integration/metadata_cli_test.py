"""`sluice get, lineage, logs, rollback, reindex` over storage and a real run. YAML is read back by PyYAML."""
import hashlib
import json
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import runs  # noqa: E402

SLUICE = os.path.join(os.environ["SLUICE_BIN"], "sluice")
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def dump(path):
    """Every table with every row: equal databases give equal lists."""
    with sqlite3.connect(path) as db:
        tables = [t for (t,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
        return {t: sorted(db.execute(f"SELECT * FROM {t}").fetchall(), key=repr) for t in tables}


class WithRuns(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.storage = self.folder / ".sluice/storage"
        self.database = self.folder / ".sluice/sluice.db"
        self.serving = self.folder / "serving"

    def sluice(self, *args, code=0):
        done = subprocess.run([SLUICE, *map(str, args)], cwd=self.folder, text=True, capture_output=True)
        self.assertEqual(done.returncode, code, f"{args}: {done.stdout}{done.stderr}")
        return done.stdout if code == 0 else done.stderr

    def json(self, *args):
        return json.loads(self.sluice(*args, "-o", "json"))

    def two_runs(self):
        runs.taxi(self.storage, "u1", 1_000_000_000, destination=self.serving)
        runs.taxi(self.storage, "u2", 2_000_000_000, model=b"better", destination=self.serving)
        self.assertEqual(self.json("reindex"), {"runs": 2, "unfinished": 0, "gone": 0, "notes": []})


class Get(WithRuns):
    def test_runs(self):
        self.two_runs()
        first, second = self.json("get", "runs")
        self.assertEqual((first["name"], first["outcome"], first["created_by"], first["steps"]), ("taxi-u2", "succeeded", "ann", 4))
        self.assertEqual(second["created"], "1970-01-01T00:16:40Z")
        self.assertAlmostEqual(second["seconds"], 0.009)
        table = self.sluice("get", "runs").splitlines()
        self.assertEqual(table[0].split(), ["NAME", "PIPELINE", "OUTCOME", "STARTED", "DURATION", "STEPS", "BY", "MESSAGE"])
        self.assertEqual(table[1].split()[:3], ["taxi-u2", "default/taxi", "succeeded"])
        self.assertEqual(len(table), 3)
        self.assertEqual(self.json("get", "runs", "--limit", "1"), [first])
        self.assertEqual(self.json("get", "runs", "taxi-u1"), [second])
        self.assertEqual(self.json("get", "runs", "--pipeline=other"), [])
        self.assertEqual(self.sluice("get", "runs", "--outcome", "failed"), "There are no runs.\n")

    def test_yaml_is_json(self):
        self.two_runs()
        for resource in ("runs", "steps", "artifacts", "models", "pushes"):
            self.assertEqual(yaml.safe_load(self.sluice("get", resource, "-o", "yaml")), self.json("get", resource))
        self.assertEqual(yaml.safe_load(self.sluice("lineage", "1", "-oyaml")), self.json("lineage", "1"))

    def test_steps_and_artifacts(self):
        self.two_runs()
        steps = self.json("get", "steps", "-r", "taxi-u1")
        self.assertEqual([s["step"] for s in steps], ["examples", "train", "evaluate", "push"])
        self.assertEqual((steps[0]["rows_in"], steps[0]["rows_out"]), (10000, 9000))
        [model] = self.json("get", "artifacts", "--type", "Model", "--run", "u1")
        self.assertEqual((model["state"], model["step"], model["name"], model["bytes"]), ("LIVE", "train", "model", 9))

    def test_models_and_pushes(self):
        self.two_runs()
        newest, oldest = self.json("get", "models")
        self.assertEqual((newest["version"], newest["stage"], newest["aliases"]), (2, "pushed", "blessed,latest,production"))
        self.assertEqual(oldest["aliases"], None)
        push = self.json("get", "pushes", "taxi")[0]
        self.assertEqual((push["version"], push["created_by"], push["model_version"]), ("2000", "ann", 2))
        self.assertEqual([d["type"] for d in push["data"]], ["Examples", "file"])

    def test_exit_codes(self):
        self.assertIn("no metadata database", self.sluice("get", "runs", code=4))
        self.two_runs()
        self.assertIn("runs, steps", self.sluice("get", "everything", code=2))
        self.assertIn("did you mean '--limit'", self.sluice("get", "runs", "--limt", "3", code=2))
        self.assertIn("whole number", self.sluice("get", "runs", "-nfive", code=2))
        self.assertIn("table, json or yaml", self.sluice("get", "runs", "-o", "xml", code=2))
        self.assertIn("usage", self.sluice("lineage", code=2))
        self.assertIn("there is no artifact", self.sluice("lineage", "12345", code=4))
        self.assertIn("did you mean 'taxi-u", self.sluice("logs", "taxi-u/x", code=4))
        self.assertIn("expected RUN/STEP", self.sluice("logs", "taxi-u1", code=2))
        self.assertIn("did you mean 'default/taxi'", self.sluice("rollback", "taxy", code=4))
        (self.folder / "broken").mkdir()
        (self.folder / "broken/sluice.db").write_bytes(b"no database at all" * 100)
        self.assertIn("not a database", self.sluice("get", "runs", "--root", "broken", code=1))
        for verb in ("get", "lineage", "logs", "rollback", "reindex", "version"):
            self.assertIn("Usage: sluice " + verb, self.sluice(verb, "--help"))

    def test_version(self):
        self.assertRegex(self.sluice("version"), r"^sluice \d+\.\d+\.\d+")
        self.assertIn("ExampleGen", self.json("version")["builds"])


class Lineage(WithRuns):
    def test_tree(self):
        self.two_runs()
        [model] = self.json("get", "artifacts", "--type", "Model", "--run", "u1")
        short = model["digest"][:12]
        ids = {a["type"]: a for a in self.json("get", "artifacts", "--run", "u1")}
        tree = self.sluice("lineage", short)
        self.assertEqual(tree, f"""\
Model {model['id']}  {short}  {model['uri']}
made from
└─ train: Trainer, run taxi-u1, COMPLETE
   └─ examples: Examples {ids['Examples']['id']}  {ids['Examples']['digest'][:12]}
      └─ examples: ExampleGen, run taxi-u1, COMPLETE
         └─ file:///data/taxi.csv
used by
├─ evaluate: Evaluator, run taxi-u1, COMPLETE
│  ├─ blessing: ModelBlessing {ids['ModelBlessing']['id']}  {ids['ModelBlessing']['digest'][:12]}
│  │  └─ push: Pusher, run taxi-u1, COMPLETE
│  │     └─ pushed_model: PushedModel {ids['PushedModel']['id']}  {ids['PushedModel']['digest'][:12]}
│  └─ evaluation: ModelEvaluation {ids['ModelEvaluation']['id']}  {ids['ModelEvaluation']['digest'][:12]}
└─ push: Pusher, run taxi-u1, COMPLETE (above)
""")
        self.assertEqual(self.sluice("lineage", str(model["id"])), tree)
        self.assertEqual(self.sluice("lineage", model["uri"] + "/model.json"), tree)


class Logs(WithRuns):
    def test_last_attempt_or_the_one_asked_for(self):
        run = runs.Run(self.storage, "u1", 1_000_000_000)
        run.step("train", "Trainer", outcome="failed", logs=b"first try\n")
        run.record["steps"].clear()
        run.step("train", "Trainer", logs=b"second try", attempt=2)
        run.finish()
        other = runs.Run(self.storage, "u2", 2_000_000_000)
        other.cached("train", "Trainer", run.record["steps"][0], {})
        other.record["steps"][0]["cached_run"] = "u1"
        other.finish()
        self.json("reindex")
        self.assertEqual(self.sluice("logs", "taxi-u1/train"), "second try\n")
        self.assertEqual(self.sluice("logs", "u1/train", "--attempt", "1"), "first try\n")
        self.assertEqual(self.sluice("logs", "taxi-u2/train"), "second try\n")
        self.assertIn("its last is 2", self.sluice("logs", "u1/train", "--attempt=3", code=4))
        self.assertIn("has no logs", self.sluice("logs", "u1/evaluate", code=4))


class Rollback(WithRuns):
    def versions(self):
        return sorted(int(p.name) for p in self.serving.iterdir())

    def test_the_earlier_model_is_pushed_again(self):
        self.two_runs()
        self.assertIn("would be", self.sluice("rollback", "taxi", "--dry-run"))
        self.assertEqual(self.versions(), [1000, 2000])
        done = self.json("rollback", "taxi", "--by", "bob")
        self.assertEqual((done["to"], done["model_version"], done["created_by"]), ("1000", 1, "bob"))
        newest = self.versions()[-1]
        self.assertGreater(newest, 2000)
        self.assertEqual((self.serving / str(newest) / "weights.bin").read_bytes(), b"weights")
        push = self.json("get", "pushes")[0]
        self.assertEqual((push["action"], push["created_by"], push["version"]), ("rollback", "bob", str(newest)))
        self.assertEqual([m["aliases"] for m in self.json("get", "models")], ["blessed,latest", "production"])
        # And forth again, by name.
        self.assertEqual(self.json("rollback", "default/taxi", "2000")["model_version"], 2)
        self.assertEqual((self.serving / str(self.versions()[-1]) / "weights.bin").read_bytes(), b"better")
        self.assertIn("live already", self.sluice("rollback", "taxi", "2000", code=2))
        self.assertIn("was never pushed", self.sluice("rollback", "taxi", "77", code=4))

    def test_what_was_pushed_serves_when_the_artifact_is_gone(self):
        self.two_runs()
        [model] = self.json("get", "artifacts", "--type", "Model", "--run", "u1")
        (pathlib.Path(model["uri"][len("file://"):]) / "_manifest.json").unlink()
        self.json("rollback", "taxi")
        self.assertEqual((self.serving / str(self.versions()[-1]) / "weights.bin").read_bytes(), b"weights")

    def test_changed_files_are_refused(self):
        self.two_runs()
        [model] = self.json("get", "artifacts", "--type", "Model", "--run", "u1")
        (pathlib.Path(model["uri"][len("file://"):]) / "weights.bin").write_bytes(b"Weights")
        self.assertIn("weights.bin", self.sluice("rollback", "taxi", code=1))
        self.assertEqual(len(self.json("get", "pushes")), 2)


class Reindex(WithRuns):
    def test_fresh_keeps_the_old_one_aside(self):
        self.two_runs()
        before = dump(self.database)
        self.json("rollback", "taxi")
        self.json("reindex", "--fresh")
        self.assertEqual(dump(self.database), before)
        self.assertEqual(len(dump(self.folder / ".sluice/sluice.db.old")["sluice_pushes"]), 3)

    def test_killed_at_any_moment_and_done_again(self):
        """`kill -9` while publishing: what is there is whole, and publishing again completes it."""
        for i in range(60):
            runs.taxi(self.storage, f"u{i:03}", 1_000_000_000 + i * 7_000, model=str(i).encode(), blessed=i % 2 == 0)
        started = time.monotonic()
        self.json("reindex")
        whole = time.monotonic() - started
        expected = dump(self.database)
        for path in self.database.parent.glob("sluice.db*"):
            path.unlink()
        rng = random.Random(3)
        for _ in range(12):
            child = subprocess.Popen([SLUICE, "reindex"], cwd=self.folder, stdout=subprocess.DEVNULL)
            try:
                child.wait(timeout=rng.uniform(0, whole))
            except subprocess.TimeoutExpired:
                child.send_signal(signal.SIGKILL)
                child.wait()
            if self.database.exists():
                with sqlite3.connect(self.database) as db:
                    self.assertEqual(db.execute("PRAGMA integrity_check").fetchone(), ("ok",))
        self.json("reindex")
        self.assertEqual(dump(self.database), expected)

    def test_two_at_once(self):
        for i in range(20):
            runs.taxi(self.storage, f"u{i:03}", 1_000_000_000 + i * 1_000_000)
        for _ in range(10):  # Each time they make the database too.
            for file in self.folder.glob(".sluice/sluice.db*"):
                file.unlink()
            children = [subprocess.Popen([SLUICE, "reindex"], cwd=self.folder, stdout=subprocess.DEVNULL) for _ in range(3)]
            self.assertEqual([c.wait() for c in children], [0, 0, 0])
        both = dump(self.database)
        self.json("reindex", "--fresh")
        self.assertEqual(dump(self.database), both)


PIPELINE = """
apiVersion: sluice.dev/v1alpha1
kind: Pipeline
metadata: {name: birds}
spec:
  steps:
  - name: examples
    component: ExampleGen
    params: {input: birds.csv, splits: [{name: train, buckets: 8}, {name: eval, buckets: 1}]}
  - {name: statistics, component: StatisticsGen, inputs: {examples: examples}}
  - {name: again, component: StatisticsGen, inputs: {examples: examples}}
  - {name: schema, component: SchemaGen, inputs: {statistics: statistics}}
  - {name: validate, component: ExampleValidator, inputs: {statistics: again, schema: schema}}
"""


class RealRun(WithRuns):
    """What the engine publishes as it happens is what storage gives back."""

    def test_reindex_gives_the_same_database(self):
        source = (ROOT / "manifests/examples/birdstrikes/birdstrikes.csv").read_text().splitlines()
        (self.folder / "birds.csv").write_text("\n".join(source[:500]) + "\n")
        (self.folder / "pipeline.yaml").write_text(PIPELINE)
        for _ in range(2):
            self.sluice("run", "pipeline.yaml")
        second = self.json("get", "runs")[0]["uid"]
        source[3] = source[4]
        (self.folder / "birds.csv").write_text("\n".join(source[:500]) + "\n")
        self.sluice("run", "pipeline.yaml")
        outcomes = [r["outcome"] for r in self.json("get", "steps")]
        self.assertEqual(set(outcomes), {"succeeded", "cached"})
        self.assertEqual([r["outcome"] for r in self.json("get", "steps", second)], ["cached"] * 5)
        live = dump(self.database)
        self.json("reindex", "--fresh")
        self.assertEqual(dump(self.database), live)


if __name__ == "__main__":
    unittest.main()
