"""Evaluator against scikit-learn: metrics, curves and intervals of random scores, then whole evaluations of
trained models: slices, blessings, leaks, the same bytes for any number of threads."""
import json
import math
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import numpy as np
import pyarrow as pa
from sklearn import metrics as sk

import artifacts

TOOLS = pathlib.Path(os.environ["SLUICE_BIN"]).parent / "tests/integration/tools"


def judge(task, scores, labels, weights=None, outputs=1, **more):
    """What metrics_tool says of float32 scores."""
    request = {"task": task, "outputs": outputs, "labels": labels.tolist(),
               "scores": scores.astype(np.float32).astype(float).ravel().tolist(), **more}
    if weights is not None:
        request["weights"] = weights.tolist()
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(request, file)
        file.flush()
        return json.loads(subprocess.run([TOOLS / "metrics_tool", file.name], check=True,
                                         capture_output=True).stdout)


def binary_by_sklearn(p, y, w, threshold):
    said = p >= np.float32(threshold)
    wide = p.astype(float)
    expected = {
        "log_loss": sk.log_loss(y, p, sample_weight=w, labels=[0, 1]),
        "brier": np.average((wide - y) ** 2, weights=w),
        "accuracy": sk.accuracy_score(y, said, sample_weight=w),
        "mean_label": np.average(y, weights=w),
        "mean_prediction": np.average(wide, weights=w),
        "positive_rate": np.average(said, weights=w),
    }
    if said.any():
        expected["precision"] = sk.precision_score(y, said, sample_weight=w)
    if y.any():
        expected["recall"] = sk.recall_score(y, said, sample_weight=w)
        expected["auc_pr"] = sk.average_precision_score(y, p, sample_weight=w)
        expected["calibration"] = np.average(wide, weights=w) / np.average(y, weights=w)
    if y.any() or said.any():
        expected["f1"] = sk.f1_score(y, said, sample_weight=w)
    if not y.all():
        expected["specificity"] = sk.recall_score(1 - y, ~said, sample_weight=w)
    if 0 < y.mean() < 1:
        expected["auc"] = sk.roc_auc_score(y, p, sample_weight=w)
        expected["balanced_accuracy"] = sk.balanced_accuracy_score(y, said, sample_weight=w)
        if 0 < said.mean() < 1:
            expected["mcc"] = sk.matthews_corrcoef(y, said, sample_weight=w)
    return expected


def multiclass_by_sklearn(p, y, w):
    best = p.argmax(axis=1)
    classes = range(p.shape[1])
    there = sorted(set(y.astype(int)) | set(best))
    expected = {
        "log_loss": -np.average(np.log(np.clip(p[range(len(y)), y.astype(int)].astype(float),
                                               np.finfo(np.float32).eps, 1 - np.finfo(np.float32).eps)), weights=w),
        "accuracy": sk.accuracy_score(y, best, sample_weight=w),
        "macro_precision": sk.precision_score(y, best, labels=there, average="macro", sample_weight=w, zero_division=0),
        "macro_recall": sk.recall_score(y, best, labels=there, average="macro", sample_weight=w, zero_division=0),
        "macro_f1": sk.f1_score(y, best, labels=there, average="macro", sample_weight=w, zero_division=0),
        "weighted_f1": sk.f1_score(y, best, labels=there, average="weighted", sample_weight=w, zero_division=0),
        "top_3_accuracy": sk.top_k_accuracy_score(y, -np.argsort(np.argsort(-p, axis=1, kind="stable"), axis=1), k=3,
                                                  labels=list(classes), sample_weight=w),
    }
    if len(set(y)) == p.shape[1]:
        expected["macro_auc"] = np.mean([sk.roc_auc_score(y == k, p[:, k], sample_weight=w) for k in classes])
    return expected


def regression_by_sklearn(p, y, w):
    p = p.astype(float)
    expected = {
        "mae": sk.mean_absolute_error(y, p, sample_weight=w),
        "mse": sk.mean_squared_error(y, p, sample_weight=w),
        "rmse": math.sqrt(sk.mean_squared_error(y, p, sample_weight=w)),
        "mape": sk.mean_absolute_percentage_error(y, p, sample_weight=w),
        "mean_label": np.average(y, weights=w),
        "mean_prediction": np.average(p, weights=w),
        "calibration": np.average(p, weights=w) / np.average(y, weights=w),
    }
    if np.ptp(y) > 0:
        expected["r2"] = sk.r2_score(y, p, sample_weight=w)
    return expected


class Metrics(unittest.TestCase):
    def assert_values(self, got, expected, message):
        """Every metric that the oracle has, and no other is a number."""
        for name, value in got.items():
            if name in expected:
                self.assertIsNotNone(value, f"{message}: {name}")
                self.assertTrue(math.isclose(value, expected[name], rel_tol=1e-6, abs_tol=1e-9),
                                f"{message}: {name} {value}, expected {expected[name]}")
            else:
                self.assertIsNone(value, f"{message}: {name}")
        self.assertFalse(set(expected) - set(got))

    def test_binary(self):
        for seed in range(40):
            r = np.random.default_rng(seed)
            n = int(r.choice([1, 2, 7, 300, 2000]))
            y = (r.random(n) < r.choice([0.0, 0.02, 0.3, 0.9, 1.0])).astype(float)
            p = np.clip(r.random(n) * 0.7 + y * 0.3 * r.random(), 0, 1)
            if seed % 3 == 0:
                p = np.round(p, 1)  # many ties, 0 and 1
            p = p.astype(np.float32)
            w = r.random(n) * 3 if seed % 2 else None
            threshold = float(r.choice([0.0, 0.3, 0.5, 1.1]))
            got = judge("binary", p, y, w, threshold=threshold)
            self.assert_values(got["values"], binary_by_sklearn(p, y, w, threshold), f"seed {seed}, n {n}")
            if 0 < y.mean() < 1:
                share = np.average(y, weights=w)
                self.assertAlmostEqual(got["constant_loss"],
                                       -share * math.log(share) - (1 - share) * math.log(1 - share), places=10)

    def test_multiclass(self):
        for seed in range(25):
            r = np.random.default_rng(seed)
            n, k = int(r.choice([1, 5, 400, 2000])), int(r.choice([3, 4, 9]))
            y = r.integers(0, r.choice([2, k]), n).astype(float)
            p = r.random((n, k)) ** 2
            p[range(n), y.astype(int)] += r.random()
            if seed % 3 == 0:
                p = np.round(p, 1) + 0.1
            p = (p / p.sum(axis=1, keepdims=True)).astype(np.float32)
            w = r.random(n) + 0.1 if seed % 2 else None
            got = judge("multiclass", p, y, w, k)
            self.assert_values(got["values"], multiclass_by_sklearn(p, y, w), f"seed {seed}, n {n}, k {k}")

    def test_regression(self):
        for seed in range(25):
            r = np.random.default_rng(seed)
            n = int(r.choice([1, 3, 500, 2000]))
            y = r.normal(r.choice([1, 1e6]), r.choice([0.0, 1.0, 30]), n)
            p = (y + r.normal(0, 2, n)).astype(np.float32)
            w = r.random(n) + 0.1 if seed % 2 else None
            self.assert_values(judge("regression", p, y, w)["values"], regression_by_sklearn(p, y, w),
                               f"seed {seed}, n {n}")

    def test_curves(self):
        for n in (50, 3000):
            r = np.random.default_rng(n)
            y = (r.random(n) < 0.3).astype(float)
            p = np.round(r.random(n) * 0.6 + y * 0.2, 3 if n > 50 else 1).astype(np.float32)
            w = r.random(n)
            thresholds = [0.0, 0.1, 0.25, float(np.float32(p[3])), 0.9, 1.0]
            got = judge("binary", p, y, w, most=100000, thresholds=thresholds)
            fpr, tpr, _ = sk.roc_curve(y, p, sample_weight=w, drop_intermediate=False)
            np.testing.assert_allclose(np.array([q[:2] for q in got["roc"]]), np.stack([fpr, tpr], axis=1), atol=1e-9)
            precision, recall, at = sk.precision_recall_curve(y, p, sample_weight=w)
            self.assertEqual(got["pr"][0], [0, got["pr"][1][1], None])
            mine = {np.float32(q[2]): (q[0], q[1]) for q in got["pr"][1:]}
            for threshold, x, v in zip(at, recall, precision):
                np.testing.assert_allclose(mine[np.float32(threshold)], (x, v), atol=1e-9)
            for threshold, cells in zip(thresholds, got["confusions"]):
                expected = sk.confusion_matrix(y, p >= np.float32(threshold), sample_weight=w, labels=[0, 1]).ravel()
                np.testing.assert_allclose(cells, expected, atol=1e-9)
            thin = judge("binary", p, y, w, most=200)
            self.assertLessEqual(max(len(thin["roc"]), len(thin["pr"])), 200)
            self.assertLessEqual({tuple(q) for q in thin["roc"]}, {tuple(q) for q in got["roc"]})
            x, v = np.array([q[:2] for q in thin["roc"]]).T
            self.assertAlmostEqual(np.trapezoid(v, x), got["values"]["auc"], delta=0.004)

    def test_intervals_are_those_of_a_bootstrap(self):
        """Ends of the interval against an ordinary bootstrap (rows drawn with replacement), within what the
        number of resamples leaves to chance."""
        r = np.random.default_rng(1)
        n, rounds = 600, 2000
        y = (r.random(n) < 0.3).astype(float)
        p = np.clip(r.normal(0.3, 0.2, n) + y * 0.2, 0.01, 0.99).astype(np.float32)
        w = r.random(n) + 0.5
        got = judge("binary", p, y, w, resamples=rounds)["intervals"]
        drawn = []
        for _ in range(rounds):
            rows = r.integers(0, n, n)
            drawn.append((sk.roc_auc_score(y[rows], p[rows], sample_weight=w[rows]),
                          sk.log_loss(y[rows], p[rows], sample_weight=w[rows]),
                          sk.accuracy_score(y[rows], p[rows] >= 0.5, sample_weight=w[rows])))
        for name, values in zip(("auc", "log_loss", "accuracy"), np.array(drawn).T):
            spread = values.std()
            np.testing.assert_allclose(got[name], np.quantile(values, [0.025, 0.975]), atol=0.2 * spread, err_msg=name)


def table(n, seed, drift=0.0):
    """x tells something of y, cost all of it, group and id nothing; one label in twenty is missing."""
    r = np.random.default_rng(seed)
    x = r.normal(size=n)
    y = r.random(n) < 1 / (1 + np.exp(-1.5 * x - drift))
    group = r.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1])
    return pa.table({
        "x": pa.array(x, pa.float64(), mask=r.random(n) < 0.03),
        "noise": pa.array(r.integers(0, 40, n), pa.int64()),
        "group": pa.array(group.tolist(), pa.string(), mask=r.random(n) < 0.05),
        "id": pa.array([f"id{v}" for v in r.integers(0, 10**9, n)], pa.string()),
        "cost": pa.array(np.where(y, r.random(n) * 100, 0), pa.float64(), mask=~y & (r.random(n) < 0.5)),
        "flag": pa.array(r.random(n) < 0.5, pa.bool_()),
        "y": pa.array(y.astype(np.int64), pa.int64(), mask=r.random(n) < 0.05),
        "kind": pa.array(np.where(x > 0.7, "high", np.where(x + r.normal(size=n) > 0, "mid", "low")).tolist(), pa.string()),
        "amount": pa.array(3 * x + r.normal(size=n), pa.float64()),
        "weight": pa.array(r.random(n) * 2, pa.float64()),
    })


def as_input(out):
    return {"type": out["type"], "uri": out["uri"], "digest": out["digest"], "properties": out.get("properties") or {}}


def path_of(artifact):
    return pathlib.Path(artifact["uri"].removeprefix("file://"))


LABEL = {"name": "late", "expr": "y == 1"}
HIDE = ["y", "kind", "amount", "weight", "id"]
GOOD = [{"metric": "auc", "min": 0.7}]


class Evaluations(unittest.TestCase):
    runs = 0

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.folder = pathlib.Path(cls.temporary.name)
        splits = {"train": table(4000, 1), "val": table(800, 2), "eval": table(3000, 3)}
        cls.raw = splits["eval"]
        cls.examples = artifacts.write_examples(cls.folder / "examples", splits)
        cls.models = {}

    @classmethod
    def step(cls, executable, inputs, outputs, params, threads=0):
        Evaluations.runs += 1
        folder = cls.folder / f"run{Evaluations.runs}"
        done, result = artifacts.run_step(executable, folder, inputs, outputs, params, threads)
        return done, result, folder

    @classmethod
    def model(cls, exclude=(), label=LABEL, weight=None):
        """A linear model of the columns that are not hidden or excluded."""
        key = json.dumps([sorted(exclude), label, weight])
        if key not in cls.models:
            hidden = [c for c in dict.fromkeys([*HIDE, *exclude]) if c not in label["expr"]]
            params = {"label": label, "exclude": hidden, **({"weight": weight} if weight else {})}
            done, made, _ = cls.step("transform", {"examples": cls.examples},
                                     {"transformed_examples": "Examples", "transform_graph": "TransformGraph"}, params)
            assert done.returncode == 0, done.stderr
            inputs = {"examples": as_input(made["outputs"]["transformed_examples"]),
                      "transform": as_input(made["outputs"]["transform_graph"])}
            done, made, _ = cls.step("trainer", inputs, {"model": "Model", "model_run": "ModelRun"}, {"model": "linear"})
            assert done.returncode == 0, done.stderr
            cls.models[key] = as_input(made["outputs"]["model"])
        return cls.models[key]

    def try_evaluate(self, model, params, baseline=None, threads=0):
        inputs = {"examples": self.examples, "model": model, **({"baseline": baseline} if baseline else {})}
        return self.step("evaluator", inputs, {"evaluation": "ModelEvaluation", "blessing": "ModelBlessing"}, params,
                         threads)

    def evaluate(self, model, params, baseline=None, threads=0):
        done, result, folder = self.try_evaluate(model, params, baseline, threads)
        self.assertEqual(done.returncode, 0, done.stderr)
        page = json.loads((folder / "evaluation/evaluation.json").read_text())
        blessing = json.loads((folder / "blessing/blessing.json").read_text())
        self.assertEqual(page["blessed"], blessing["blessed"])
        self.assertEqual(result["outputs"]["blessing"]["properties"]["blessed"], blessing["blessed"])
        return page, blessing

    def scores(self, model):
        out = tempfile.mkdtemp(dir=self.folder)
        subprocess.run([TOOLS / "model_tool", path_of(model).as_uri(), self.examples["uri"], "eval", out], check=True)
        return np.fromfile(f"{out}/scores.bin", np.float32)

    def column(self, name):
        return np.array(self.raw[name].to_pylist(), dtype=object)

    def test_slices_are_sklearns(self):
        model = self.model(["cost"], weight={"name": "w", "expr": "weight"})
        page, _ = self.evaluate(model, {"slices": [["group"], ["group", "flag"], [{"flag": True}]]})
        p, y = self.scores(model), self.column("y")
        there = np.array([v is not None for v in y])
        self.assertEqual(page["rows_without_label"], int((~there).sum()))
        w = self.column("weight").astype(np.float32).astype(float)
        group = np.array(["(missing)" if v is None else v for v in self.column("group")])
        flag = np.array(["true" if v else "false" for v in self.column("flag")])
        rows = {"overall": there, "flag:true": there & (flag == "true")}
        for g in sorted(set(group)):
            rows[f"group:{g}"] = there & (group == g)
            for f in ("false", "true"):
                rows[f"group:{g}, flag:{f}"] = there & (group == g) & (flag == f)
        self.assertEqual({s["slice"] for s in page["slices"]}, set(rows))
        for s in page["slices"]:
            of = rows[s["slice"]]
            expected = binary_by_sklearn(p[of], y[of].astype(float), w[of], page["threshold"])
            self.assertEqual(s["examples"], int(of.sum()))
            for name, value in expected.items():
                self.assertAlmostEqual(s["metrics"][name], value, delta=1e-6 * max(1, abs(value)), msg=f"{s['slice']} {name}")
            for name, (low, high) in s["intervals"].items():
                self.assertLessEqual(low, high)
            low, high = s["intervals"]["auc"]
            self.assertTrue(low <= s["metrics"]["auc"] <= high, s["slice"])

    def test_multiclass_and_regression(self):
        model = self.model(["cost"], {"name": "kind", "expr": "kind"})
        page, blessing = self.evaluate(model, {"thresholds": [{"metric": "accuracy", "min": 0.5}]})
        self.assertTrue(blessing["blessed"], blessing["reason"])
        classes = page["classes"]
        p = self.scores(model).reshape(-1, len(classes))
        y = np.array([classes.index(k) for k in self.column("kind")])
        for name, value in multiclass_by_sklearn(p, y.astype(float), None).items():
            self.assertAlmostEqual(page["slices"][0]["metrics"][name], value, places=6, msg=name)
        np.testing.assert_allclose(page["confusion_matrix"], sk.confusion_matrix(y, p.argmax(axis=1)))

        model = self.model(["cost"], {"name": "amount", "expr": "amount"})
        page, blessing = self.evaluate(model, {"thresholds": [{"metric": "r2", "min": 0.5}]})
        self.assertTrue(blessing["blessed"], blessing["reason"])
        p, y = self.scores(model), self.column("amount").astype(float)
        for name, value in regression_by_sklearn(p, y, None).items():
            self.assertTrue(math.isclose(page["slices"][0]["metrics"][name], value, rel_tol=1e-6), name)
        error = np.sort(p.astype(float) - y)
        for share, value in page["residuals"]["quantiles"].items():
            self.assertAlmostEqual(value, np.quantile(error, float(share), method="inverted_cdf"), places=6)
        bins = page["calibration"]
        self.assertEqual(sum(b["examples"] for b in bins), len(y))
        self.assertTrue(all(abs(b["examples"] - len(y) / 10) <= 1 for b in bins))

    def test_blessings(self):
        model = self.model(["cost"])
        worse = self.model(["cost", "x"])
        cases = [  # model, baseline, thresholds, blessed, words of the reason
            (model, None, [], False, "no thresholds"),
            (model, None, GOOD, True, "hold"),
            (model, None, [{"metric": "auc", "min": 0.99}], False, "at least 0.99"),
            (model, None, [{"metric": "log_loss", "max": 0.1}], False, "at most 0.1"),
            (model, None, [{"metric": "auc", "minChange": 0.0}], True, "waived"),
            (model, None, [{"metric": "auc", "min": 0.99, "minChange": 0.0}], False, "at least 0.99"),
            (model, None, [{"metric": "auc", "slice": "group:a", "min": 0.7}], True, "hold"),
            (model, None, [{"metric": "auc", "slice": "group:a", "min": 0.99}], False, "group:a"),
            (model, None, [{"metric": "auc", "slice": "group:zz", "min": 0.1}], False, "no rows"),
            (model, None, [{"metric": "auc", "slice": "*", "min": 0.5}], True, "hold"),
            (model, None, [{"metric": "f1", "slice": "*", "min": 0.999}], False, "group:b"),
            (model, worse, [{"metric": "auc", "minChange": 0.1}], True, "hold"),
            (worse, model, [{"metric": "auc", "minChange": -0.01}], False, "changed by -"),
            (model, worse, [{"metric": "auc", "minRelativeChange": 0.2}], True, "hold"),
            (model, worse, [{"metric": "auc", "minRelativeChange": 5.0}], False, "at least +500 %"),
            (model, worse, [{"metric": "log_loss", "maxRelativeChange": -0.05}], True, "hold"),
            (model, model, [{"metric": "auc", "minChange": -1e-10}], True, "hold"),
        ]
        for candidate, baseline, thresholds, blessed, words in cases:
            with self.subTest(thresholds=thresholds):
                page, blessing = self.evaluate(candidate, {"slices": [["group"]], "thresholds": thresholds}, baseline)
                self.assertEqual(blessing["blessed"], blessed, blessing["reason"])
                self.assertIn(words, blessing["reason"])
                waived = baseline is None and any("Change" in k for t in thresholds for k in t)
                self.assertEqual(blessing["rubber_stamp"], waived)

    def test_the_change_has_the_interval_of_pairs(self):
        model, worse = self.model(["cost"]), self.model(["cost", "x"])
        page, _ = self.evaluate(model, {"thresholds": GOOD}, worse)
        low, high = page["slices"][0]["change_intervals"]["auc"]
        change = page["slices"][0]["metrics"]["auc"] - page["slices"][0]["baseline"]["auc"]
        self.assertTrue(0.1 < low < change < high, (low, change, high))
        page, _ = self.evaluate(model, {"thresholds": GOOD}, model)
        self.assertEqual(page["slices"][0]["change_intervals"]["auc"], [0, 0])

    def test_a_worthless_model_is_not_blessed(self):
        page, blessing = self.evaluate(self.model(["cost", "x", "group", "flag"]),
                                       {"thresholds": [{"metric": "auc", "min": 0.1}]})
        self.assertFalse(blessing["blessed"])
        self.assertIn("constant", blessing["reason"])

    def test_a_leak_withholds_the_blessing_unless_allowed(self):
        leaky = self.model([])
        page, blessing = self.evaluate(leaky, {"thresholds": GOOD})
        self.assertFalse(blessing["blessed"])
        self.assertIn("'cost'", blessing["reason"])
        self.assertEqual([f["feature"] for f in page["features"] if f["suspected_leak"]], ["cost"])
        page, blessing = self.evaluate(leaky, {"thresholds": GOOD, "allowLeak": ["cost"]})
        self.assertTrue(blessing["blessed"], blessing["reason"])
        page, blessing = self.evaluate(self.model(["cost"]), {"thresholds": GOOD})  # the model does not read it
        self.assertTrue(blessing["blessed"], blessing["reason"])

    def test_importance_finds_what_the_model_reads(self):
        page, _ = self.evaluate(self.model(["cost"]), {"thresholds": GOOD, "importance": {"repeats": 5}})
        found = {f["feature"]: f for f in page["features"]}
        self.assertEqual(set(found), {"x", "noise", "group", "flag"})
        self.assertEqual(page["importance"]["metric"], "auc")
        auc = page["slices"][0]["metrics"]["auc"]
        self.assertAlmostEqual(found["x"]["importance"], auc - 0.5, delta=0.05)
        for name in ("noise", "group", "flag"):
            self.assertLess(abs(found[name]["importance"]), 0.02)
        for f in page["features"]:
            low, high = f["importance_range"]
            self.assertTrue(low <= f["importance"] <= high)

    def test_the_same_bytes_for_any_number_of_threads(self):
        model, worse = self.model(["cost"]), self.model(["cost", "x"])
        params = {"thresholds": GOOD, "slices": [["group"], ["noise"]]}
        digests = set()
        for threads in (1, 2, 7):
            done, result, _ = self.try_evaluate(model, params, worse, threads)
            self.assertEqual(done.returncode, 0, done.stderr)
            digests.add(tuple(out["digest"] for out in result["outputs"].values()))
        self.assertEqual(len(digests), 1)
        done, result, _ = self.try_evaluate(model, {**params, "bootstrap": {"seed": 2}}, worse)
        self.assertNotIn(result["outputs"]["evaluation"]["digest"], {d for pair in digests for d in pair})

    def test_what_is_refused(self):
        model = self.model(["cost"])
        for params, part in [
            ({"thresholds": [{"metric": "rmse", "max": 1}]}, "no metric of a binary model"),
            ({"thresholds": [{"metric": "acu", "min": 1}]}, "auc"),
            ({"thresholds": [{"metric": "auc"}]}, "minRelativeChange"),
            ({"slices": [["grup"]]}, "group"),
            ({"split": "test"}, "no split 'test'"),
            ({"decisionThresholds": [1.5]}, "expected a probability"),
        ]:
            with self.subTest(params=params):
                done, result, _ = self.try_evaluate(model, params)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(part, done.stderr + json.dumps(result))

    def test_the_page_has_everything(self):
        model, worse = self.model(["cost"]), self.model(["cost", "x"])
        _, _, folder = self.try_evaluate(model, {"thresholds": GOOD, "slices": [["group"]]}, worse)
        page = (folder / "evaluation/report.html").read_text()
        for words in ("Blessed", "ROC", "Precision and recall", "Calibration", "Confusion", "Importance", "group:a",
                      "Interval of change", "best constant prediction"):
            self.assertIn(words, page)
        self.assertFalse(re.search(r"(src|href)=.?https?:", page))


if __name__ == "__main__":
    unittest.main(warnings="ignore")  # scikit-learn's about three best of three classes
