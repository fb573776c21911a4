"""Transform as a step: its files, the same for any number of threads; what it derives; what it refuses.

Oracles: pandas-free arithmetic of `numpy` over what `pyarrow` reads, `tensorflow_metadata`'s protos.
"""
import json
import pathlib
import random
import re
import sys
import tempfile
import unittest

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import artifacts  # noqa: E402

OUTPUTS = {"transformed_examples": "Examples", "transform_graph": "TransformGraph"}


def table(n, seed):
    r = random.Random(seed)
    return pa.table({
        "id": pa.array(range(n), pa.int64()),
        "x": pa.array([None if r.random() < 0.05 else r.gauss(10, 3) for _ in range(n)], pa.float64()),
        "amount": pa.array([r.lognormvariate(0, 3) for _ in range(n)], pa.float64()),
        "city": pa.array([None if r.random() < 0.02 else f"city {int(r.paretovariate(1.2))}" for _ in range(n)], pa.string()),
        "code": pa.array([r.randrange(5) for _ in range(n)], pa.int64()),
        "user": pa.array([f"u{r.randrange(10**9)}" for _ in range(n)], pa.string()),
        "flag": pa.array([r.random() < 0.5 for _ in range(n)], pa.bool_()),
        "when": pa.array([r.randrange(10**15, 2 * 10**15) for _ in range(n)], pa.timestamp("us", tz="UTC")),
        "y": pa.array([None if r.random() < 0.1 else r.randrange(2) for _ in range(n)], pa.int64()),
    })


class Transform(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def step(self, name, params, inputs=None, threads=0):
        done, result = artifacts.run_step("transform", self.folder / name, {"examples": self.raw, **(inputs or {})}, OUTPUTS,
                                          params, threads)
        return done, result

    def write(self, splits):
        self.splits = splits
        self.raw = artifacts.write_examples(self.folder / "raw", splits)

    def document(self, name):
        return json.loads((self.folder / name / "transform_graph/transform.json").read_text())

    def rows(self, name, split):
        return pq.read_table(self.folder / name / f"transformed_examples/Split-{split}/part-00000-of-00001.parquet")

    def test_the_same_bytes_for_any_number_of_threads(self):
        self.write({"train": table(300_000, 1), "eval": table(70_000, 2)})
        digests = set()
        for threads in (1, 2, 7):
            _, result = self.step(f"t{threads}", {"label": {"name": "y"}}, threads=threads)
            digests.add(tuple(o["digest"] for _, o in sorted(result["outputs"].items())))
        self.assertEqual(len(digests), 1)

    def test_constants_are_those_of_labelled_training_rows(self):
        self.write({"train": table(20_000, 1), "eval": table(5_000, 2)})
        done, result = self.step("t", {"label": {"name": "y"}})
        self.assertEqual(done.returncode, 0, done.stderr)
        train = self.splits["train"].to_pydict()
        kept = [i for i, y in enumerate(train["y"]) if y is not None]
        self.assertEqual(self.rows("t", "train").num_rows, len(kept))
        missing = sum(s.column("y").null_count for s in self.splits.values())
        self.assertEqual(result["metrics"]["rows_in"] - result["metrics"]["rows_out"], missing)
        self.assertIn(f"{missing} rows without a label dropped", result["message"])

        x = np.array([np.nan if train["x"][i] is None else train["x"][i] for i in kept])
        mean = np.nanmean(x)
        filled = np.where(np.isnan(x), mean, x)
        np.testing.assert_allclose(self.rows("t", "train").column("x").to_numpy(), (filled - mean) / filled.std(), rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(self.rows("t", "train").column("x_missing").to_numpy(), np.isnan(x).astype(np.float32))
        amount = np.log1p([train["amount"][i] for i in kept])
        np.testing.assert_allclose(self.rows("t", "train").column("amount").to_numpy(), (amount - amount.mean()) / amount.std(),
                                   rtol=1e-5, atol=1e-6)

        cities = [train["city"][i] for i in kept]
        counts = {c: cities.count(c) for c in set(cities) - {None}}
        want = sorted((c for c in counts if counts[c] >= 5), key=lambda c: (-counts[c], c.encode()))[:1000]
        files = list((self.folder / "t/transform_graph/vocab").iterdir())
        self.assertEqual([f.read_text().split("\n")[:-1] for f in files], [want])
        ids = [len(want) + 1 if c is None else want.index(c) if c in want else len(want) for c in cities]
        self.assertEqual(self.rows("t", "train").column("city").to_pylist(), ids)

    def test_what_is_derived_and_left_out(self):
        self.write({"train": table(20_000, 1)})
        _, result = self.step("t", {"label": {"name": "y"}, "exclude": ["flag"]})
        document = self.document("t")
        self.assertEqual([o["name"] for o in document["outputs"]],
                         ["x", "x_missing", "amount", "city", "code", "when_month", "when_weekday", "when_hour", "when_year"])
        reasons = {e["column"]: e["reason"] for e in document["excluded"]}
        self.assertEqual(reasons, {"y": "the label reads it", "id": "it numbers the rows", "flag": "excluded by params.exclude",
                                   "user": "nearly every value is another"})
        for column, reason in reasons.items():
            self.assertIn(f"'{column}' ({reason})", result["message"])
        # What was derived can be asked for, and gives the same.
        again, _ = self.step("again", {"label": {"name": "y"}, "features": document["features"]})
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(self.document("again")["nodes"], document["nodes"])
        self.assertTrue(self.rows("again", "train").equals(self.rows("t", "train")))

    def test_statistics_and_schema_as_inputs(self):
        self.write({"train": table(20_000, 1)})
        self.step("plain", {"label": {"name": "y"}})
        done, result = artifacts.run_step("statistics_gen", self.folder / "s", {"examples": self.raw},
                                          {"statistics": "ExampleStatistics"})
        self.assertEqual(done.returncode, 0, done.stderr)
        statistics = {"type": "ExampleStatistics", "properties": {}, **{k: result["outputs"]["statistics"][k] for k in ("uri", "digest")}}
        done, _ = self.step("given", {"label": {"name": "y"}}, {"statistics": statistics})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.document("given"), self.document("plain"))

        schema = self.folder / "schema"
        schema.mkdir()
        names = [n for n in self.splits["train"].column_names if n != "amount"]
        (schema / "schema.pbtxt").write_text("".join(
            f'feature {{ name: "{n}" type: INT int_domain {{ is_categorical: true }} }}\n' if n == "code"
            else f'feature {{ name: "{n}" type: FLOAT }}\n' for n in names))
        digest = artifacts.write_manifest(schema, "Schema", {})
        done, _ = self.step("schema", {"label": {"name": "y"}}, {"schema": {"type": "Schema", "uri": schema.as_uri(), "digest": digest, "properties": {}}})
        self.assertEqual(done.returncode, 0, done.stderr)
        outputs = {o["name"]: o for o in self.document("schema")["outputs"]}
        self.assertNotIn("amount", outputs)
        self.assertEqual((outputs["code"]["type"], outputs["code"]["size"]), ("id", 5 + 2))

    def test_statistics_from_before_and_after(self):
        from tensorflow_metadata.proto.v0 import statistics_pb2
        self.write({"train": table(3_000, 1), "eval": table(1_000, 2)})
        self.step("t", {"label": {"name": "y"}})
        found = {}
        for kind in ("pre", "post"):
            listing = statistics_pb2.DatasetFeatureStatisticsList()
            listing.ParseFromString((self.folder / f"t/transform_graph/{kind}_transform_stats/FeatureStats.pb").read_bytes())
            found[kind] = {f.path.step[0] if f.path.step else f.name: f for f in listing.datasets[0].features}
            found[kind + " rows"] = listing.datasets[0].num_examples
        self.assertEqual(found["pre rows"], 3_000)
        self.assertEqual(found["post rows"], 3_000 - self.splits["train"].column("y").null_count)
        self.assertEqual(set(found["pre"]), set(self.splits["train"].column_names))
        self.assertEqual(list(found["post"]), self.rows("t", "train").column_names)
        self.assertAlmostEqual(found["post"]["x"].num_stats.mean, 0, places=5)
        self.assertAlmostEqual(found["post"]["x"].num_stats.std_dev, 1, places=5)

    def test_weights_and_classes(self):
        n = 1000
        r = random.Random(1)
        classes = ["b", "c", "a"]
        self.write({"train": pa.table({
            "x": pa.array([float(i) for i in range(n)]), "w": pa.array([None if i % 10 == 0 else i % 7 - 1.0 for i in range(n)]),
            "kind": pa.array([r.choice(classes) for _ in range(n)])})})
        done, result = self.step("t", {"label": {"name": "target", "expr": "kind"}, "weight": {"expr": "w"}, "features": ["x"]})
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = self.rows("t", "train")
        keep = [i for i in range(n) if i % 10 and i % 7]
        self.assertEqual(rows.column_names, ["x", "target", "weight"])
        self.assertEqual(rows.column("weight").to_pylist(), [i % 7 - 1.0 for i in keep])
        kinds = self.splits["train"].column("kind").to_pylist()
        self.assertEqual(rows.column("target").to_pylist(), [sorted(classes).index(kinds[i]) for i in keep])
        self.assertEqual(self.document("t")["label"], {"name": "target", "expr": "kind", "task": "multiclass", "classes": sorted(classes)})

    def test_what_is_refused(self):
        self.write({"train": table(100, 1)})
        label = {"name": "y"}
        for params, part in [
            ({}, "label: is required"),
            ({"label": {"name": "z"}}, "there is no"),
            ({"label": {"name": "y", "expr": "y >"}}, "label.expr"),
            ({"label": {"name": "y", "expr": "y > 1"}}, "nothing to learn"),
            ({"label": {"name": "y", "task": "binry"}}, "did you mean 'binary'?"),
            ({"label": label, "target": "tree"}, "did you mean 'trees'?"),
            ({"label": label, "exclude": ["cty"]}, "did you mean 'city'?"),
            ({"label": label, "exclude": ["city"], "features": ["x"]}, "exclude only goes with derived features"),
            ({"label": label, "analyze": ["trian"]}, "no split 'trian'"),
            ({"label": label, "features": ["x", {"column": "x", "name": "b", "apply": "logg"}]},
             "features[1].apply: there is no function 'logg', did you mean 'log'?"),
            ({"label": label, "features": ["user", "usr"]}, "there is no column 'usr', did you mean 'user'?"),
            ({"label": label, "weight": {"expr": "city"}}, "weight: expected a number"),
        ]:
            with self.subTest(params=params):
                name = f"r{abs(hash(json.dumps(params)))}"
                done, result = self.step(name, params)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(part, result["error"]["message"])
                self.assertFalse(list((self.folder / name).rglob("_manifest.json")))

    def test_the_page_names_everything(self):
        page = pathlib.Path("docs/reference/transform.md").read_text()
        source = pathlib.Path("lib/core/learn/transform_operations.c").read_text()
        functions = re.findall(r'^    \{"(\w+)", (?:true|false), ', source, re.M)
        self.assertEqual(len(functions), 12)
        fields = re.findall(r'^    \{"(\w+)", JSON_K_', pathlib.Path("lib/core/catalog/transform.c").read_text(), re.M)
        for name in functions + [f for f in fields if f not in ("name", "expr", "task", "classes")]:
            self.assertRegex(page, rf"\| `{name}`|`{name}` `", name)


if __name__ == "__main__":
    unittest.main()
