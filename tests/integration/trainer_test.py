"""Trainer: its models against ONNX Runtime, scikit-learn and XGBoost; its files against TensorBoard and
safetensors' layout; interruptions against an undisturbed run."""
import datetime
import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import unittest

import numpy as np
import onnxruntime
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss, roc_auc_score
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import artifacts

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CSV = ROOT / "manifests/examples/birdstrikes/birdstrikes.csv"
MODEL_TOOL = ROOT / "build/release/tests/integration/tools/model_tool"
COSTS = ["Cost Other", "Cost Repair", "Cost Total $"]
LABELS = {
    "binary": {"name": "damaged", "expr": "`Effect Amount of damage` != 'None'"},
    "multiclass": {"name": "size", "expr": "`Wildlife Size`"},
    "regression": {"name": "speed", "expr": "`Speed IAS in knots`"},
}
SCORES = {"binary": "probability", "multiclass": "probabilities", "regression": "prediction"}
FAMILIES = {
    "linear": {"model": "linear"},
    "dnn": {"model": "dnn", "hidden": [32, 16], "batch": 64, "steps": 300, "dropout": 0.1},
    "gbdt": {"model": "gbdt", "trees": 40, "depth": 4},
}


def step(executable, folder, inputs, outputs, params=None, **more):
    """A step that has to succeed; returns its outputs as inputs of the next."""
    done, result = artifacts.run_step(executable, folder, inputs, outputs, params, **more)
    if done.returncode != 0:
        raise AssertionError(f"{executable}: exit {done.returncode}: {done.stderr}")
    return {name: {"type": out["type"], "uri": out["uri"], "digest": out["digest"],
                   "properties": out.get("properties") or {}}
            for name, out in result["outputs"].items()}


def path_of(artifact):
    return pathlib.Path(artifact["uri"].removeprefix("file://"))


def read_split(examples, split):
    parts = sorted((path_of(examples) / f"Split-{split}").glob("*.parquet"))
    return pa.concat_tables([pq.read_table(p) for p in parts])


class Pipeline:
    """Examples of a file, and their transforms by label and target, each made once."""

    def __init__(self, folder, path, labels, exclude):
        self.folder, self.labels, self.exclude = folder, labels, exclude
        self.made = {}
        splits = [{"name": "train", "buckets": 8}, {"name": "val", "buckets": 1},
                  {"name": "eval", "buckets": 1}]
        self.examples = step("example_gen", folder / "examples", {}, {"examples": "Examples"},
                             {"input": str(path), "splits": splits},
                             files=[("input", path)])["examples"]
        statistics = step("statistics_gen", folder / "statistics", {"examples": self.examples},
                          {"statistics": "ExampleStatistics"})["statistics"]
        self.schema = step("schema_gen", folder / "schema", {"statistics": statistics},
                           {"schema": "Schema"})["schema"]

    def transform(self, label, target):
        if (label, target) not in self.made:
            self.made[label, target] = step(
                "transform", self.folder / f"transform-{label}-{target}",
                {"examples": self.examples, "schema": self.schema},
                {"transformed_examples": "Examples", "transform_graph": "TransformGraph"},
                {"label": self.labels[label], "target": target, "exclude": self.exclude})
        return self.made[label, target]

    def inputs(self, label, params):
        made = self.transform(label, "trees" if params["model"] == "gbdt" else "dense")
        return {"examples": made["transformed_examples"], "transform": made["transform_graph"],
                "schema": self.schema}


OUTPUTS = {"model": "Model", "model_run": "ModelRun"}


class Case(unittest.TestCase):
    runs = 0

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.birds = Pipeline(cls.folder / "birds", CSV, LABELS, COSTS)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def try_train(self, label, params, threads=0, inputs=None):
        Case.runs += 1
        folder = self.folder / f"train{Case.runs}/1"
        done, result = artifacts.run_step("trainer", folder, inputs or self.birds.inputs(label, params),
                                          OUTPUTS, params, threads)
        return done, result, folder

    def train(self, label, params, threads=0):
        done, result, folder = self.try_train(label, params, threads)
        self.assertEqual(done.returncode, 0, done.stderr)
        return result, folder

    def predict(self, model, examples, split):
        out = tempfile.mkdtemp(dir=self.folder)
        subprocess.run([MODEL_TOOL, model.as_uri(), examples["uri"], split, out], check=True)
        return (np.fromfile(f"{out}/scores.bin", np.float32), np.fromfile(f"{out}/classes.bin", np.int64))


def onnx_inputs(session, table):
    """Raw columns as the graph takes them: [N,1], missing as NaN or ''."""
    feed = {}
    for i in session.get_inputs():
        column = table[i.name].combine_chunks() if isinstance(table[i.name], pa.ChunkedArray) else table[i.name]
        if i.type == "tensor(string)":
            values = np.array([v or "" for v in column.to_pylist()], dtype=object)
        else:
            if pa.types.is_timestamp(column.type):
                column = column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
            values = np.array([np.nan if v is None else float(v) for v in column.to_pylist()])
        feed[i.name] = values.reshape(-1, 1)
    return feed


def strange(table):
    """The rows of a raw table with values no training row had: nulls, unseen text, numbers far out and
    next to those that are there, column by column."""
    rng = np.random.default_rng(1)
    columns = []
    for name in table.column_names:
        column, values = table[name], table[name].to_pylist()
        kind = column.type
        for row in range(len(values)):
            draw = rng.integers(6)
            old = values[row]
            if draw == 0:
                values[row] = None
            elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
                values[row] = {1: "never seen", 2: "Ünïcode \n ☃", 3: "x" * 300}.get(draw, old)
            elif pa.types.is_timestamp(kind):
                values[row] = {1: datetime.datetime(1890, 2, 28, tzinfo=datetime.timezone.utc),
                               2: datetime.datetime(2252, 2, 29, 23, 59, 59, 999999,
                                                    tzinfo=datetime.timezone.utc)}.get(draw, old)
            elif pa.types.is_boolean(kind):
                values[row] = draw % 2 == 1
            elif old is not None:
                far = {1: -10**9, 2: 10**9, 3: 0, 4: old + 1, 5: old - 1}
                values[row] = kind.to_pandas_dtype()(far[draw])
        columns.append(pa.array(values, type=kind))
    return pa.table(dict(zip(table.column_names, columns)))


class Onnx(Case):
    """model.onnx in ONNX Runtime equals the C evaluator on every row of eval, and on rows gone strange."""

    def compare(self, model, task, examples, split):
        document = json.loads((model / "model.json").read_text())
        self.assertTrue(document["portable"])
        session = onnxruntime.InferenceSession(model / "model.onnx", providers=["CPUExecutionProvider"])
        label_reads = {"binary": "Effect Amount of damage", "multiclass": "Wildlife Size",
                       "regression": "Speed IAS in knots"}[task]
        names = [i.name for i in session.get_inputs()]
        self.assertNotIn(label_reads, names)
        self.assertEqual(names, [i["name"] for i in document["signature"]["inputs"]])
        outputs = [o.name for o in session.get_outputs()]
        self.assertEqual(outputs, [o["name"] for o in document["signature"]["outputs"]])
        self.assertEqual(outputs[0], SCORES[task])

        table = read_split(examples, split)
        given = session.run(None, onnx_inputs(session, table))
        scores, classes = self.predict(model, examples, split)
        scores = scores.reshape(given[0].shape)
        self.assertEqual(len(scores), table.num_rows)
        self.assertTrue(np.isfinite(scores).all())
        off = np.abs(given[0] - scores) / np.maximum(1, np.abs(scores))
        self.assertLessEqual(off.max(), 1e-5, f"row {off.max(axis=1).argmax()}")
        if task == "regression":
            return
        names = np.array(document["label"]["classes"], dtype=object)
        same = given[1][:, 0] == names[classes]
        # Equal but for rows whose scores are equal within the tolerance.
        if task == "binary":
            near = np.abs(scores[:, 0] - document["threshold"]) < 1e-5
        else:
            two = np.sort(scores, axis=1)[:, -2:]
            near = two[:, 1] - two[:, 0] < 1e-5
            self.assertTrue(np.allclose(scores.sum(axis=1), 1, atol=1e-5))
        self.assertTrue((same | near).all())
        self.assertGreater(same.mean(), 0.99)

    def test_every_family_and_task(self):
        raw = read_split(self.birds.examples, "eval")
        odd = artifacts.write_examples(self.folder / "strange", {"eval": strange(raw)})
        for task in LABELS:
            for family, params in FAMILIES.items():
                with self.subTest(task=task, family=family):
                    result, folder = self.train(task, params)
                    self.compare(folder / "model", task, self.birds.examples, "eval")
                    self.compare(folder / "model", task, odd, "eval")
                    self.assertLess(result["metrics"]["val_loss"], result["metrics"]["val_loss_constant"])


if __name__ == "__main__":
    unittest.main()
