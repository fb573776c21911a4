"""The main job as a user runs it: CSV to a pushed model, cached the second time, the same bytes for any number of threads."""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import pandas as pd

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EXAMPLE = ROOT / "manifests/examples/birdstrikes/pipeline.yaml"
BIN = pathlib.Path(os.environ["SLUICE_BIN"])
STEPS = ["examples", "statistics", "schema", "validate", "transform", "train", "evaluate", "push"]


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def sluice(self, *args, code=0):
        done = subprocess.run([BIN / "sluice", *map(str, args)], cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def run_example(self, *args, manifest=EXAMPLE, code=0):
        return self.sluice("run", manifest, *args, code=code)

    def states(self, output):
        """{step: state} of the final table."""
        table = output[output.index("\nSTEP "):]
        return dict(re.findall(r"^(\S+) +(\w+) ", table, re.M)[1:len(STEPS) + 1])

    def digests(self, run=None):
        """{step: {output: digest}} of the newest run, from its record in storage."""
        records = sorted(self.folder.glob(".sluice/storage/default/*/*/_run.json"), key=lambda p: p.stat().st_mtime)
        found = {}
        for result in sorted(records[-1].parent.glob("*/*/_result.json")):
            outputs = json.loads(result.read_text())["outputs"]
            found[result.parent.parent.name] = {name: o["digest"] for name, o in outputs.items()}
        return found


class Birdstrikes(Case):
    def test_from_csv_to_a_pushed_model_then_all_cached(self):
        first = self.run_example()
        self.assertEqual(self.states(first), dict.fromkeys(STEPS, "succeeded"))
        self.assertIn("EVALUATION (evaluate)", first)
        for slice_name in ["overall", "Time of day:Dawn", "Wildlife Size:Large"]:
            self.assertRegex(first, rf"(?m)^{slice_name} +\d+ +0\.\d+")
        self.assertRegex(first, r"(?m)^blessed: ")
        versions = list((self.folder / "serving/birdstrikes").iterdir())
        self.assertEqual(len(versions), 1)
        for name in ["model.json", "model.onnx", "_manifest.json"]:
            self.assertTrue((versions[0] / name).is_file(), name)
        for report in re.findall(r"^report of \S+: (\S+)$", first, re.M):
            self.assertIn("</html>", pathlib.Path(report).read_text())

        second = self.run_example()
        self.assertEqual(self.states(second), dict.fromkeys(STEPS, "cached"))
        self.assertEqual(len(list((self.folder / "serving/birdstrikes").iterdir())), 1)

    def test_a_changed_parameter_runs_what_depends_on_it_only(self):
        self.run_example()
        states = self.states(self.run_example("-p", "steps=300"))
        self.assertEqual({s: states[s] for s in STEPS[:5]}, dict.fromkeys(STEPS[:5], "cached"))
        self.assertEqual({s: states[s] for s in STEPS[5:7]}, dict.fromkeys(STEPS[5:7], "succeeded"))

    def test_changed_data_runs_again(self):
        data = pd.read_csv(EXAMPLE.parent / "birdstrikes.csv", dtype=str, keep_default_na=False)
        manifest = self.folder / "p.yaml"
        manifest.write_text(EXAMPLE.read_text())
        data.to_csv(self.folder / "birdstrikes.csv", index=False)
        self.run_example("-p", "steps=100", manifest=manifest)
        data.iloc[:-1].to_csv(self.folder / "birdstrikes.csv", index=False)
        out = self.run_example("-p", "steps=100", "--explain-cache", manifest=manifest)
        self.assertEqual(self.states(out)["examples"], "succeeded")
        self.assertRegex(out, r"(?m)^examples: file .*: its content changed")

    def test_bytes_do_not_depend_on_threads(self):
        seen = {}
        for threads in [1, 2, 7]:
            self.run_example("--no-cache", "--threads", threads, "-p", "steps=50")
            seen[threads] = {s: d for s, d in self.digests().items() if s in STEPS[:5]}
        self.assertEqual(len(seen[1]), 5)
        self.assertEqual(seen[1], seen[2])
        self.assertEqual(seen[1], seen[7])

    def test_the_same_threads_train_the_same_model(self):
        self.run_example("--no-cache", "--threads", 2, "-p", "steps=200")
        first = self.digests()
        self.run_example("--no-cache", "--threads", 2, "-p", "steps=200")
        second = self.digests()
        self.assertEqual(first["train"]["model"], second["train"]["model"])
        self.assertEqual(first["evaluate"]["evaluation"], second["evaluate"]["evaluation"])

    def test_a_model_that_is_not_good_enough_is_not_pushed(self):
        manifest = self.folder / "p.yaml"
        manifest.write_text(EXAMPLE.read_text().replace("min: 0.7,", "min: 0.99,"))
        out = self.run_example("-p", f"data={EXAMPLE.parent}/birdstrikes.csv", manifest=manifest)
        states = self.states(out)
        self.assertEqual(states["evaluate"], "succeeded")
        self.assertEqual(states["push"], "skipped")
        self.assertRegex(out, r"(?m)^not blessed: .*auc 0\.\d+, at least 0\.99 is wanted")
        self.assertFalse((self.folder / "serving").exists())

    def test_data_that_breaks_the_schema_stops_the_pipeline(self):
        self.run_example()
        schema = next(self.folder.glob(".sluice/storage/default/birdstrikes/*/schema/1/schema/schema.pbtxt"))
        (self.folder / "schema.pbtxt").write_text(schema.read_text())
        data = pd.read_csv(EXAMPLE.parent / "birdstrikes.csv", dtype=str, keep_default_na=False)
        data["Time of day"] = data["Time of day"].replace("Dusk", "Dimness")
        data.to_csv(self.folder / "odd.csv", index=False)
        text = EXAMPLE.read_text().replace("  - name: schema\n    component: SchemaGen\n    inputs: {statistics: statistics}",
                                           "  - name: curated\n    component: Importer\n    params: {uri: schema.pbtxt, type: Schema}\n"
                                           "  - name: schema\n    component: SchemaGen\n    inputs: {statistics: statistics, schema: curated}")
        self.assertIn("curated", text)
        manifest = self.folder / "p.yaml"
        manifest.write_text(text)
        out = self.run_example("-p", "data=odd.csv", manifest=manifest, code=2)
        self.assertIn("Time of day (", out)
        self.assertIn("Unexpected string values", out)
        table = out[out.index("\nSTEP "):]
        self.assertRegex(table, r"(?m)^validate +invalid_input")
        self.assertNotRegex(table, r"(?m)^(transform|train|evaluate|push) +succeeded")

    def test_every_family_gets_through(self):
        for model in ["linear", "gbdt"]:
            manifest = self.folder / f"{model}.yaml"
            manifest.write_text(re.sub(r"params: \{model: dnn.*\}", f"params: {{model: {model}}}", EXAMPLE.read_text()))
            out = self.run_example("-p", f"data={EXAMPLE.parent}/birdstrikes.csv", manifest=manifest)
            self.assertEqual(self.states(out)["train"], "succeeded")
            self.assertRegex(out, r"(?m)^overall +\d+ +0\.[78]\d+")


if __name__ == "__main__":
    unittest.main()
