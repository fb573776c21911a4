"""Trainer: its models against ONNX Runtime, scikit-learn and XGBoost; its files against TensorBoard and
safetensors' layout; interruptions against an undisturbed run."""
import datetime
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

import numpy as np
import onnxruntime
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import load_file
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import f1_score, log_loss, precision_recall_curve, roc_auc_score
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


def strange(table, far_out):
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
                far = {1: -far_out, 2: far_out, 3: 0, 4: old + 1, 5: old - 1}
                values[row] = kind.to_pandas_dtype()(far[draw])
        columns.append(pa.array(values, type=kind))
    return pa.table(dict(zip(table.column_names, columns)))


class Onnx(Case):
    """model.onnx in ONNX Runtime equals the C evaluator on every row of eval, and on rows gone strange."""

    def compare(self, model, task, examples, split, unit=1):
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
        off = np.abs(given[0] - scores) / np.maximum(unit, np.abs(scores))
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
        # Networks are sums of floats: far out, terms of the size of their label may cancel to almost
        # nothing, and what is left has the error of the terms.
        odd = {far: artifacts.write_examples(self.folder / f"strange{far}", {"eval": strange(raw, far)})
               for far in (10**3, 10**9)}
        for task in LABELS:
            for family, params in FAMILIES.items():
                with self.subTest(task=task, family=family):
                    result, folder = self.train(task, params)
                    self.compare(folder / "model", task, self.birds.examples, "eval")
                    trees = family == "gbdt"
                    self.compare(folder / "model", task, odd[10**9 if trees else 10**3], "eval",
                                 100 if task == "regression" and not trees else 1)
                    self.assertLess(result["metrics"]["val_loss"], result["metrics"]["val_loss_constant"])


class Learners(Case):
    """The same models as scikit-learn's and XGBoost's, from the same transformed features."""

    def matrix(self, label, target, split):
        """Transformed features with ids one-hot, the label, and where each feature's columns are."""
        made = self.birds.transform(label, target)
        table = read_split(made["transformed_examples"], split)
        spec = json.loads((path_of(made["transform_graph"]) / "transform.json").read_text())
        blocks = []
        for output in spec["outputs"]:
            values = table[output["name"]].to_numpy()
            blocks.append(np.eye(output["size"])[values] if output.get("size") else values.reshape(-1, 1))
        return np.hstack(blocks), table[LABELS[label]["name"]].to_numpy()

    def scores(self, folder, split, columns=1):
        return self.predict(folder / "model", self.birds.examples, split)[0].reshape(-1, columns)

    def eval_rows(self, label):
        """Rows of raw eval that have a label: Transform drops the others."""
        raw = read_split(self.birds.examples, "eval")
        column = {"multiclass": "Wildlife Size", "regression": "Speed IAS in knots"}.get(label)
        return np.ones(raw.num_rows, bool) if column is None else raw[column].is_valid().to_numpy()

    def test_logistic_regression_is_scikit_learns(self):
        x, y = self.matrix("binary", "dense", "train")
        for l2 in (1e-2, 1e-4):
            _, folder = self.train("binary", {"model": "linear", "l2": l2, "steps": 2000, "tolerance": 1e-6})
            peer = LogisticRegression(C=1 / (l2 * len(y)), max_iter=5000, tol=1e-8).fit(x, y)
            expected = peer.predict_proba(self.matrix("binary", "dense", "eval")[0])[:, 1]
            np.testing.assert_allclose(self.scores(folder, "eval")[:, 0], expected, atol=2e-3)

    def test_softmax_regression_is_scikit_learns(self):
        x, y = self.matrix("multiclass", "dense", "train")
        _, folder = self.train("multiclass", {"model": "linear", "l2": 1e-2, "steps": 2000, "tolerance": 1e-6})
        peer = LogisticRegression(C=1 / (1e-2 * len(y)), max_iter=5000, tol=1e-8).fit(x, y)
        expected = peer.predict_proba(self.matrix("multiclass", "dense", "eval")[0])
        got = self.scores(folder, "eval", 3)[self.eval_rows("multiclass")]
        np.testing.assert_allclose(got, expected, atol=2e-3)

    def test_linear_regression_is_scikit_learns(self):
        x, y = self.matrix("regression", "dense", "train")
        _, folder = self.train("regression", {"model": "linear", "l2": 1e-3, "steps": 2000, "tolerance": 1e-6})
        peer = Ridge(alpha=1e-3 * len(y)).fit(x, y)
        expected = peer.predict(self.matrix("regression", "dense", "eval")[0])
        got = self.scores(folder, "eval")[self.eval_rows("regression"), 0]
        np.testing.assert_allclose(got, expected, atol=2e-3 * y.std())

    def test_l1_makes_zeros(self):
        _, folder = self.train("binary", {"model": "linear", "l1": 2e-3, "l2": 0, "steps": 2000, "tolerance": 1e-6})
        weights = load_file(folder / "model/weights.safetensors")
        values = np.concatenate([w.ravel() for name, w in weights.items() if not name.endswith("bias")])
        x, y = self.matrix("binary", "dense", "train")
        peer = LogisticRegression(l1_ratio=1, C=1 / (2e-3 * len(y)), solver="saga", max_iter=5000,
                                  tol=1e-6).fit(x, y)
        self.assertLess(abs((values == 0).sum() - (peer.coef_ == 0).sum()), 0.05 * len(values))
        self.assertGreater((values == 0).sum(), 0.5 * len(values))
        expected = peer.predict_proba(self.matrix("binary", "dense", "eval")[0])[:, 1]
        np.testing.assert_allclose(self.scores(folder, "eval")[:, 0], expected, atol=5e-3)

    def test_class_weights_are_scikit_learns(self):
        x, y = self.matrix("binary", "dense", "train")
        for ours, theirs in (("balanced", "balanced"), ({"true": 5, "false": 0.5}, {1: 5, 0: 0.5})):
            params = {"model": "linear", "l2": 1e-2, "steps": 2000, "tolerance": 1e-6, "classWeights": ours}
            _, folder = self.train("binary", params)
            factor = {1: 5, 0: 0.5} if theirs != "balanced" else {
                k: len(y) / (2 * (y == k).sum()) for k in (0, 1)}
            weight = np.array([factor[int(v)] for v in y])
            peer = LogisticRegression(C=1 / (1e-2 * weight.sum()), class_weight=theirs, max_iter=5000,
                                      tol=1e-8).fit(x, y)
            expected = peer.predict_proba(self.matrix("binary", "dense", "eval")[0])[:, 1]
            np.testing.assert_allclose(self.scores(folder, "eval")[:, 0], expected, atol=2e-3)

    def test_boosted_trees_are_xgboosts(self):
        import xgboost
        params = {"model": "gbdt", "trees": 30, "depth": 4, "learningRate": 0.2, "earlyStopping": 0,
                  "oneHotMax": 0}
        made = self.birds.transform("binary", "trees")
        names = [o["name"] for o in
                 json.loads((path_of(made["transform_graph"]) / "transform.json").read_text())["outputs"]]
        frames = {}
        for split in ("train", "eval"):
            table = read_split(made["transformed_examples"], split)
            frames[split] = (np.column_stack([table[n].to_numpy() for n in names]),
                             table["damaged"].to_numpy())
        x, y = frames["train"]
        booster = xgboost.train({"objective": "binary:logistic", "max_depth": 4, "eta": 0.2, "tree_method": "hist",
                                 "base_score": float(y.mean()), "nthread": 1}, xgboost.DMatrix(x, y), 30)
        expected = booster.predict(xgboost.DMatrix(frames["eval"][0]))
        _, folder = self.train("binary", params)
        got = self.scores(folder, "eval")[:, 0]
        truth = frames["eval"][1]
        self.assertLess(abs(roc_auc_score(truth, got) - roc_auc_score(truth, expected)), 0.005)
        self.assertGreater(np.corrcoef(got, expected)[0, 1], 0.995)
        # What it keeps for XGBoost is read by XGBoost, and gives our own scores.
        again = xgboost.Booster(model_file=folder / "model/checkpoint/xgboost.json")
        np.testing.assert_allclose(again.predict(xgboost.DMatrix(frames["eval"][0])), got, atol=2e-6)

    def test_threshold_has_the_best_f1_on_val(self):
        for family in FAMILIES:
            _, folder = self.train("binary", FAMILIES[family])
            document = json.loads((folder / "model/model.json").read_text())
            scores = self.scores(folder, "val")[:, 0]
            truth = read_split(self.birds.transform("binary", "dense")["transformed_examples"], "val")
            truth = truth["damaged"].to_numpy()
            precision, recall, _ = precision_recall_curve(truth, scores)
            best = np.nanmax(2 * precision * recall / (precision + recall))
            self.assertAlmostEqual(f1_score(truth, scores >= np.float32(document["threshold"])), best, 9)
            self.assertAlmostEqual(document["training"]["val_metrics"]["f1"], best, 9)
            self.assertAlmostEqual(document["training"]["val_loss"], log_loss(truth, scores), 5)
            self.assertAlmostEqual(document["training"]["val_metrics"]["auc"], roc_auc_score(truth, scores), 9)
            log = events(folder / "model_run/validation")
            self.assertAlmostEqual(log.Scalars("auc")[0].value, roc_auc_score(truth, scores), 6)
            self.assertEqual(log.Scalars("auc")[0].step, document["training"]["best_step"])

    def test_sample_weights(self):
        """A weight of 2 is the row twice."""
        raw = {s: read_split(self.birds.examples, s) for s in ("train", "val", "eval")}
        twice = np.arange(raw["train"].num_rows) % 3 == 0
        weighted = {s: t.append_column("w", pa.array(np.where(twice, 2.0, 1.0) if s == "train"
                                                     else np.ones(t.num_rows))) for s, t in raw.items()}
        repeated = dict(weighted, train=pa.concat_tables([weighted["train"],
                                                          weighted["train"].filter(pa.array(twice))]))
        scores = {}
        for name, splits, extra in (("weighted", weighted, {"weight": {"name": "w", "expr": "w"}}), ("repeated", repeated, {})):
            examples = artifacts.write_examples(self.folder / f"examples-{name}", splits)
            made = step("transform", self.folder / f"transform-{name}",
                        {"examples": examples, "schema": self.birds.schema},
                        {"transformed_examples": "Examples", "transform_graph": "TransformGraph"},
                        {"label": LABELS["binary"], **extra,
                         "features": [{"column": "Wildlife Size"}, {"column": "Phase of flight"}]})
            inputs = {"examples": made["transformed_examples"], "transform": made["transform_graph"]}
            done, result, folder = self.try_train("binary", {"model": "linear", "l2": 1e-3}, inputs=inputs)
            self.assertEqual(done.returncode, 0, done.stderr)
            scores[name] = self.predict(folder / "model", self.birds.examples, "eval")[0]
        np.testing.assert_allclose(scores["weighted"], scores["repeated"], atol=5e-3)


class Runs(Case):
    """Determinism, interruptions, logs, bad input."""

    def test_weights_are_read_by_safetensors(self):
        _, folder = self.train("multiclass", FAMILIES["dnn"])
        weights = load_file(folder / "model/weights.safetensors")
        features = json.loads((folder / "model/model.json").read_text())["features"]
        for feature in features:
            if feature["kind"] == "embedding":
                self.assertEqual(weights["embedding." + feature["name"]].shape,
                                 (feature["vocab_size"], feature["dim"]))
            elif feature["kind"] == "one_hot":
                self.assertEqual(weights["one_hot." + feature["name"]].shape, (feature["vocab_size"], 32))
        self.assertEqual([weights[f"layer.{i}.bias"].shape for i in range(3)], [(32,), (16,), (3,)])
        state = load_file(folder / "model/checkpoint/state.safetensors")
        self.assertEqual({len(v) for v in state.values()}, {sum(w.size for w in weights.values())})

    def test_any_number_of_threads_gives_the_same_network(self):
        for params in (FAMILIES["linear"], dict(FAMILIES["dnn"], batch=1000, steps=60)):
            digests = {self.train("binary", params, threads)[0]["outputs"]["model"]["digest"]
                       for threads in (1, 2, 3)}
            self.assertEqual(len(digests), 1)

    def test_the_same_again(self):
        for params in FAMILIES.values():
            digests = {self.train("multiclass", params, 2)[0]["outputs"]["model"]["digest"] for _ in range(2)}
            self.assertEqual(len(digests), 1)
        one, two = (self.train("binary", dict(FAMILIES["dnn"], seed=s))[0]["outputs"]["model"]["digest"]
                    for s in (1, 2))
        self.assertNotEqual(one, two)

    def interrupt(self, label, params, folder):
        """Starts a training and kills it once it has left a checkpoint."""
        env = dict(os.environ)
        task = self.task(label, params, folder / "1")
        process = subprocess.Popen([pathlib.Path(os.environ["SLUICE_BIN"]) / "trainer"],
                                   env=dict(env, SLUICE_TASK=json.dumps(task)), stderr=subprocess.DEVNULL)
        checkpoint = folder / "_checkpoint/trainer.safetensors"
        while not checkpoint.exists() and process.poll() is None:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.assertTrue(checkpoint.exists(), "the training was over before it was killed")
        self.assertFalse((folder / "1/_result.json").exists())

    def task(self, label, params, folder):
        folder.mkdir(parents=True)
        return {"version": 1, "run": {"name": "r", "uid": "u", "namespace": "default", "pipeline": "p"},
                "step": "s", "attempt": 1, "component": "", "params": params, "threads": 2,
                "inputs": {k: [v] for k, v in self.birds.inputs(label, params).items()},
                "outputs": {k: {"type": t, "uri": (folder / k).as_uri()} for k, t in OUTPUTS.items()},
                "attempt_uri": folder.as_uri()}

    def test_a_killed_training_goes_on_to_the_same_model(self):
        cases = [
            {"model": "linear", "l2": 0, "l1": 1e-4, "steps": 4000, "tolerance": 0, "checkpointEvery": 10},
            {"model": "linear", "solver": "sgd", "steps": 6000, "checkpointEvery": 100},
            {"model": "dnn", "steps": 4000, "batch": 100, "dropout": 0.2, "checkpointEvery": 100,
             "earlyStopping": 0, "schedule": "cosine"},
            {"model": "dnn", "steps": 4000, "batch": 64, "optimizer": "sgd", "checkpointEvery": 70,
             "earlyStopping": 50, "evalEvery": 60},
            {"model": "gbdt", "trees": 300, "earlyStopping": 0, "subsample": 0.7, "columnSample": 0.6,
             "checkpointEvery": 5},
        ]
        for params in cases:
            with self.subTest(params=params):
                whole = self.train("binary", params, 2)[0]["outputs"]["model"]["digest"]
                Case.runs += 1
                folder = self.folder / f"train{Case.runs}"
                self.interrupt("binary", params, folder)
                done, result = artifacts.run_step("trainer", folder / "2", self.birds.inputs("binary", params),
                                                  OUTPUTS, params, 2)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("goes on from its checkpoint", done.stderr)
                self.assertEqual(result["outputs"]["model"]["digest"], whole)
                self.assertFalse((folder / "_checkpoint/trainer.safetensors").exists())
                # The whole history is in the log, each step once.
                steps = [e.step for e in events(folder / "2/model_run/train").Scalars("loss")]
                self.assertEqual(steps, sorted(set(steps)))

    def test_another_trainings_checkpoint_is_not_taken(self):
        params = {"model": "dnn", "steps": 4000, "batch": 64, "checkpointEvery": 100}
        Case.runs += 1
        folder = self.folder / f"train{Case.runs}"
        self.interrupt("binary", params, folder)
        other = dict(params, steps=200)
        done, result = artifacts.run_step("trainer", folder / "2", self.birds.inputs("binary", other),
                                          OUTPUTS, other)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("another training's", done.stderr)
        self.assertEqual(result["outputs"]["model"]["digest"],
                         self.train("binary", other)[0]["outputs"]["model"]["digest"])

    def test_a_broken_checkpoint_is_not_taken(self):
        params = {"model": "dnn", "steps": 100}
        Case.runs += 1
        folder = self.folder / f"train{Case.runs}"
        (folder / "_checkpoint").mkdir(parents=True)
        (folder / "_checkpoint/trainer.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0not a checkpoint")
        done, result = artifacts.run_step("trainer", folder / "1", self.birds.inputs("binary", params),
                                          OUTPUTS, params)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("training begins anew", done.stderr)

    def test_tensorboard_reads_the_event_files(self):
        for family, params in FAMILIES.items():
            result, folder = self.train("binary", params)
            train, val = events(folder / "model_run/train"), events(folder / "model_run/validation")
            self.assertIn("loss", train.Tags()["scalars"])
            self.assertIn("params/text_summary" if "params/text_summary" in train.Tags()["tensors"] else "params",
                          train.Tags()["tensors"])
            loss = val.Scalars("loss")
            self.assertGreaterEqual(len(loss), 3)
            self.assertEqual([e.step for e in loss], sorted({e.step for e in loss}))
            # The best of the curve is the model's own loss, or the last where nothing is chosen.
            curve = [e.value for e in loss]
            self.assertAlmostEqual(curve[-1] if family == "linear" else min(curve),
                                   result["metrics"]["val_loss"], 5)
            self.assertAlmostEqual(train.Scalars("loss")[-1].value, result["metrics"]["train_loss"], 5)

    def test_early_stopping_keeps_the_best(self):
        params = {"model": "dnn", "steps": 2000, "tolerance": 1e-60, "learningRate": 0.01, "batch": 64, "earlyStopping": 3,
                  "evalEvery": 50}
        result, folder = self.train("binary", params)
        training = json.loads((folder / "model/model.json").read_text())["training"]
        self.assertTrue(training["stopped_early"])
        self.assertEqual(training["steps"], training["best_step"] + 3 * 50)
        curve = {e.step: e.value for e in events(folder / "model_run/validation").Scalars("loss")}
        self.assertEqual(min(curve, key=curve.get), training["best_step"])
        self.assertAlmostEqual(curve[training["best_step"]], training["val_loss"], 5)

    def test_no_better_than_the_constant_predictor(self):
        self.birds.labels["noise"] = {"name": "noise", "expr": "day(`Flight Date`) % 2 == 0"}
        params = {"model": "dnn", "steps": 800, "learningRate": 0.01, "earlyStopping": 0}
        made = step("transform", self.folder / "transform-noise",
                    {"examples": self.birds.examples, "schema": self.birds.schema},
                    {"transformed_examples": "Examples", "transform_graph": "TransformGraph"},
                    {"label": self.birds.labels["noise"], "exclude": COSTS + ["Flight Date"]})
        inputs = {"examples": made["transformed_examples"], "transform": made["transform_graph"]}
        done, result, folder = self.try_train("binary", params, inputs=inputs)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("no better than the constant predictor", done.stderr)
        self.assertIn("no better than the constant predictor", result["message"])
        self.assertFalse(json.loads((folder / "model/model.json").read_text())["training"]["beats_constant"])

    def test_bad_parameters_are_refused(self):
        for params, part in (
                ({"model": "svm"}, "params.model: 'svm' is not one of: linear, dnn, gbdt"),
                ({"model": "dnn", "hiden": [3]}, "did you mean 'hidden'"),
                ({"model": "dnn", "hidden": [0]}, "params.hidden"),
                ({"model": "dnn", "hidden": [2.5]}, "params.hidden"),
                ({"model": "dnn", "hidden": 3}, "params.hidden"),
                ({"model": "dnn", "dropout": 1}, "params.dropout"),
                ({"model": "dnn", "batch": 0}, "params.batch"),
                ({"model": "dnn", "learningRate": -1}, "params.learningRate"),
                ({"model": "dnn", "l1": 1}, "params.l1"),
                ({"model": "dnn", "valSplit": "train"}, "params.valSplit"),
                ({"model": "dnn", "trainSplit": "nowhere"}, "no rows in split 'nowhere'"),
                ({"model": "dnn", "classWeights": {"maybe": 2}}, "no class 'maybe'"),
                ({"model": "dnn", "classWeights": "some"}, "params.classWeights"),
                ({"model": "dnn", "classWeights": {"true": -2}}, "params.classWeights"),
                ({"model": "dnn", "threshold": 2}, "params.threshold"),
                ({"model": "dnn", "optimizer": "sgd", "learningRate": 1000, "steps": 500}, "diverged"),
                ({"model": "gbdt", "subsample": 0}, "params.subsample")):
            with self.subTest(params=params):
                done, result, folder = self.try_train("binary", params)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(part, result["error"]["message"])
                self.assertFalse((folder / "model/_manifest.json").exists())

    def test_inputs_that_do_not_go_together_are_refused(self):
        binary, other = self.birds.transform("binary", "dense"), self.birds.transform("regression", "dense")
        trees = self.birds.transform("binary", "trees")
        for examples, graph, params, part in (
                (binary, other, {"model": "dnn"}, "no column"),
                (trees, trees, {"model": "dnn"}, "needs a Transform with target: dense")):
            inputs = {"examples": examples["transformed_examples"], "transform": graph["transform_graph"]}
            done, result, _ = self.try_train("binary", params, inputs=inputs)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(part, result["error"]["message"])
        inputs = {"examples": self.birds.examples, "transform": binary["transform_graph"]}
        done, result, _ = self.try_train("binary", {"model": "dnn"}, inputs=inputs)
        self.assertEqual(done.returncode, 2, done.stderr)
        done, result, _ = self.try_train("regression", dict(FAMILIES["linear"], classWeights="balanced"))
        self.assertIn("a regression has no classes", result["error"]["message"])


def events(folder):
    accumulator = EventAccumulator(str(folder))
    accumulator.Reload()
    return accumulator


if __name__ == "__main__":
    unittest.main()
