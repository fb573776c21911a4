"""The exported transform alone, run by ONNX Runtime over raw values that pyarrow read, against the C evaluator: the
same bits in every feature of every row.

Oracles: PyPI `onnxruntime` and `onnx` (checker), `pyarrow`.
"""
import datetime
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import onnx
import onnxruntime
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import artifacts  # noqa: E402

BIRDSTRIKES = pathlib.Path("manifests/examples/birdstrikes/birdstrikes.csv")
TOOL = pathlib.Path(os.environ["SLUICE_BIN"]).parent / "tests/integration/tools/transform_tool"
OUTPUTS = {"transformed_examples": "Examples", "transform_graph": "TransformGraph"}
UTC = datetime.timezone.utc


def feed(session, table):
    """Raw columns as the graph wants them: [N,1], missing is NaN or ''."""
    values = {}
    for node in session.get_inputs():
        if node.name.startswith("feature:"):
            continue
        column = table.column(node.name)
        if node.type == "tensor(string)":
            array = np.array([v or "" for v in column.to_pylist()], dtype=object)
        else:
            if pa.types.is_timestamp(column.type):
                column = column.cast(pa.int64())
            array = np.array([math.nan if v is None else float(v) for v in column.to_pylist()], dtype=np.float64)
        values[node.name] = array.reshape(-1, 1)
    return values


class TransformOnnx(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def transform(self, splits, params, name="t", threads=0):
        """Runs Transform over splits of pyarrow tables. Returns its folder."""
        if not (self.folder / "raw").exists():
            self.raw = artifacts.write_examples(self.folder / "raw", splits)
        folder = self.folder / name
        done, result = artifacts.run_step("transform", folder, {"examples": self.raw}, OUTPUTS, params, threads)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.result = result
        return folder

    def evaluate(self, folder, table):
        """The C evaluator's outputs by name, and the ONNX session, for a raw table that the transform never saw."""
        raw = self.folder / f"raw{len(list(self.folder.iterdir()))}"
        artifacts.write_examples(raw, {"all": table})
        out = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        done = subprocess.run([TOOL, (folder / "transform_graph").as_uri(), raw.as_uri(), "all", out],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        onnx.checker.check_model(onnx.load(out / "transform.onnx"), full_check=True)
        session = onnxruntime.InferenceSession(out / "transform.onnx", providers=["CPUExecutionProvider"])
        document = json.loads((folder / "transform_graph/transform.json").read_text())
        values = {}
        for i, o in enumerate(document["outputs"]):
            values[o["name"]] = np.fromfile(out / f"{i}.bin", dtype=np.int64 if o["type"] == "id" else np.float32)
            self.assertEqual(len(values[o["name"]]), table.num_rows)
        return document, values, session

    def check(self, folder, table):
        """Every output that has no input of its own: equal bits. Returns names and values."""
        document, values, session = self.evaluate(folder, table)
        inputs = feed(session, table)
        for node in session.get_inputs():
            if node.name.startswith("feature:"):
                inputs[node.name] = values[node.name[len("feature:"):]].reshape(-1, 1)
        got = session.run(None, inputs)
        for o, y in zip(document["outputs"], got):
            want, y = values[o["name"]], y.reshape(-1)
            self.assertEqual(y.dtype, want.dtype, o["name"])
            # NaN is missing, whatever its sign and payload.
            bits = np.uint32 if y.dtype == np.float32 else np.uint64
            same = y.view(bits) == want.view(bits)
            if y.dtype == np.float32:
                same |= np.isnan(y) & np.isnan(want)
            wrong = np.flatnonzero(~same)
            self.assertEqual(len(wrong), 0, f"{o['name']}: row {wrong[:3]}: ONNX {y[wrong[:3]]}, C {want[wrong[:3]]}")
            if o["type"] == "id":
                self.assertTrue((want >= 0).all() and (want < o["size"]).all(), o["name"])
            elif not o["mayMiss"]:
                self.assertFalse(np.isnan(want).any(), o["name"])
        return document, values

    # ---- birdstrikes ----

    def birdstrikes(self):
        table = pa.csv.read_csv(BIRDSTRIKES, convert_options=pa.csv.ConvertOptions(strings_can_be_null=True, null_values=[""]))
        i = table.schema.get_field_index("Flight Date")
        table = table.set_column(i, "Flight Date", table.column(i).cast(pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC")))
        self.assertEqual(table.num_rows, 10000)
        return {"train": table.slice(0, 8000), "eval": table.slice(8000)}

    LABEL = {"name": "damaged", "expr": "`Effect Amount of damage` != 'None'"}
    COST = ["Cost Other", "Cost Repair", "Cost Total $"]

    def strange(self, table, n=500):
        """Rows with values that no row had: unseen categories, nulls, dates before 1970."""
        r = random.Random(7)
        columns = []
        for field in table.schema:
            seen = [v for v in table.column(field.name).to_pylist() if v is not None]
            values = []
            for _ in range(n):
                kind = r.randrange(4)
                if kind == 0:
                    values.append(None)
                elif kind == 1:
                    values.append(r.choice(seen))
                elif pa.types.is_string(field.type):
                    values.append(r.choice(["never seen", "ünïcode ✈", "x" * 300, " ", "None ", "new\nline"]))
                elif pa.types.is_timestamp(field.type):
                    values.append(datetime.datetime(1899, 12, 31, 23, 59, 59, 999999, UTC)
                                  + datetime.timedelta(microseconds=r.randrange(9 * 10**15)))
                else:
                    values.append(r.choice([0, -1, 1, 2**53 - 1, -2**53 + 1, r.randrange(-1000, 1000)]))
            columns.append(pa.array(values, field.type))
        return pa.table(columns, schema=table.schema)

    def test_birdstrikes_derived_for_both_targets(self):
        splits = self.birdstrikes()
        for target in ("dense", "trees"):
            with self.subTest(target=target):
                folder = self.transform(splits, {"label": self.LABEL, "exclude": self.COST, "target": target}, target)
                for table in splits.values():
                    document, _ = self.check(folder, table)
                self.check(folder, self.strange(splits["train"]))
                self.assertTrue(all(o["portable"] for o in document["outputs"]))
                self.assertEqual(document["label"]["task"], "binary")
                read = {c["name"] for c in document["columns"]}
                self.assertFalse(read & {"Effect Amount of damage", *self.COST})

    def test_the_files_hold_what_the_evaluator_gives(self):
        splits = self.birdstrikes()
        folder = self.transform(splits, {"label": self.LABEL, "exclude": self.COST})
        for split, table in splits.items():
            part = folder / f"transformed_examples/Split-{split}/part-00000-of-00001.parquet"
            written = pq.read_table(part)
            _, values, _ = self.evaluate(folder, table)
            self.assertEqual(written.column_names, [*values, "damaged"])
            for name, want in values.items():
                np.testing.assert_array_equal(written.column(name).to_numpy(), want)
            label = [float(v != "None") for v in table.column("Effect Amount of damage").to_pylist()]
            self.assertEqual(written.column("damaged").to_pylist(), label)

    def test_boundaries_and_every_function(self):
        splits = self.birdstrikes()
        speed, state = "Speed IAS in knots", "Origin State"
        features = [
            {"column": speed, "name": "filled", "fill": "median", "missing": True},
            {"column": speed, "name": "mode", "fill": "mode", "apply": "minmax"},
            {"column": speed, "name": "narrow", "fill": {"constant": 0}, "apply": [{"minmax": {"low": -1, "high": 1}}]},
            {"column": speed, "name": "log", "apply": ["log", "zscore"]},
            {"column": speed, "name": "log2", "apply": [{"log": {"offset": 0.125}}]},
            {"column": speed, "name": "clip", "apply": [{"clip": {"min": 50, "max": 250}}, "zscore"]},
            {"column": speed, "name": "deciles", "apply": {"bucketize": {"quantiles": 10}}},
            {"column": speed, "name": "filled deciles", "fill": "mean", "apply": {"bucketize": {"quantiles": 10}}},
            {"column": speed, "name": "bounds", "apply": [{"bucketize": {"boundaries": [0, 100.5, 140, 200]}}, "onehot"]},
            {"column": speed, "name": "tens", "apply": {"identity": {"first": 100, "count": 50}}},
            {"column": speed, "name": "speeds", "apply": {"vocabulary": {"topK": 20}}},
            {"column": state, "name": "state", "apply": [{"vocabulary": {"minCount": 100}}, {"embedding": {"size": 4}}]},
            {"column": state, "name": "state filled", "fill": "mode"},
            {"column": state, "name": "state other", "fill": {"constant": "?"}, "apply": {"vocabulary": {"topK": 5}}},
            {"column": state, "name": "given", "apply": {"vocabulary": {"values": ["Texas", "Ohio", "nowhere"]}}},
            {"column": state, "name": "buckets", "apply": {"vocabulary": {"topK": 5, "oov": 7}}},
            {"column": state, "name": "hashed", "apply": {"hash": {"buckets": 32}}},
            {"column": "Airport Name", "name": "length", "apply": "textLength"},
            {"column": "Flight Date", "dateParts": ["month", "weekday", "day", "quarter", "yearday", "hour", "minute", "second"]},
            {"column": "Flight Date", "name": "date", "dateParts": ["year", "days", "month", "yearday"], "apply": "zscore"},
            {"column": "Flight Date", "name": "when", "apply": "minmax"},
            {"cross": ["deciles", "state"], "hidden": True, "name": "c"},
            {"cross": ["deciles", "Time of day"]},
            {"cross": ["deciles", "state", "bounds"], "name": "three", "apply": {"vocabulary": {"topK": 50}}},
            {"cross": ["state", "bounds"], "name": "plain", "apply": "passthrough"},
        ]
        folder = self.transform(splits, {"label": self.LABEL, "features": features})
        train = splits["train"]
        document, _ = self.check(folder, train)
        self.check(folder, self.strange(train))
        portable = {o["name"]: o["portable"] for o in document["outputs"]}
        self.assertEqual({n for n, p in portable.items() if not p}, {"buckets", "hashed", "length"})

        # On, just below and just above every boundary.
        edges = []
        for node in document["nodes"]:
            for b in node.get("boundaries", []):
                edges += [b, np.nextafter(b, -np.inf), np.nextafter(b, np.inf)]
        rows = pa.table([pa.array([train.column(f.name)[0].as_py()] * len(edges), f.type) if f.name != speed
                         else pa.array([int(e) for e in edges], f.type) for f in train.schema], schema=train.schema)
        self.check(folder, rows)

    # ---- numbers at their edges, expressions ----

    def synthetic(self, n, seed):
        r = random.Random(seed)
        doubles = [0.0, -0.0, 1.0, -1.0, 0.5, 1e-320, 5e-324, 1e308, -1e308, math.inf, -math.inf, math.nan, None, 1 / 3,
                   2.0**53, 2.0**52 + 0.5, 1e-5, 2.5, 3.5, -2.5, 0.1, 0.2, 0.3]
        ints = [0, 1, -1, 2, 3, 7, 10, 2**53 - 1, -2**53 + 1, 2**31, 94906266, None]
        words = ["a", "b", "ab", "Ä", "x.y", "a+b", "(", "None", "true", None, "a\nb", "\\", "12.5"]
        table = {
            "x": pa.array([r.choice(doubles) if r.random() < 0.5 else r.gauss(0, 100) for _ in range(n)], pa.float64()),
            "y": pa.array([r.choice(doubles) if r.random() < 0.5 else r.uniform(-5, 5) for _ in range(n)], pa.float64()),
            "i": pa.array([r.choice(ints) if r.random() < 0.5 else r.randrange(-50, 50) for _ in range(n)], pa.int64()),
            "j": pa.array([r.choice(ints) for _ in range(n)], pa.int64()),
            "b": pa.array([r.choice([True, False, None]) for _ in range(n)], pa.bool_()),
            "s": pa.array([r.choice(words) for _ in range(n)], pa.string()),
            "u": pa.array([r.choice(words) for _ in range(n)], pa.string()),
            "t": pa.array([None if r.random() < 0.1 else r.randrange(-4 * 10**15, 4 * 10**15) for _ in range(n)],
                          pa.timestamp("us", tz="UTC")),
            "v": pa.array([None if r.random() < 0.1 else r.randrange(0, 10**15) for _ in range(n)],
                          pa.timestamp("us", tz="UTC")),
            "label": pa.array([r.random() for _ in range(n)], pa.float64()),
        }
        return pa.table(table)

    EXPRESSIONS = [
        "x + y", "x - y", "x * y", "x / y", "x % y", "-x", "-i", "i + j", "i - j", "i * j", "i / j", "i % j", "i + x", "2 * i + 1",
        "x < y", "x <= y", "x > y", "x >= y", "x == y", "x != y", "i < j", "i == j", "i != 3", "i < x",
        "x < y && i < j", "x < y || i < j", "!(x < y)", "b && x > 0", "b || x > 0", "!b", "b == (x > 0)", "b != (i > j)",
        "s == 'a'", "s != 'a'", "'a' == s", "s == u", "s != u", "s in ['a', 'Ä', 'zz']", "i in [1, 2, 3]", "x in [0.5, 1]",
        "x > 0 ? x : -x", "b ? i : j", "b ? 1 : 0", "b ? x > 0 : y > 0", "is_null(x)", "is_null(s)", "is_null(b && x > 0)",
        "coalesce(x, y, 1)", "coalesce(b, x > 0)", "if(x > y, x, y)", "abs(x)", "abs(i)", "sqrt(abs(x))", "sqrt(x)", "floor(x)",
        "ceil(x)", "round(x)", "round(x * 0.5)", "min(x, y)", "max(x, y, 1)", "min(i, j)", "clip(x, -1, y)", "int(x)", "int(b)",
        "double(i) / 3", "bool(i)", "bool(x)", "log(x)", "log(abs(x))", "log1p(abs(y))", "log1p(y)", "exp(y)", "exp(-x)", "exp(x / 100)",
        "1 / (1 + exp(-y))", "contains(s, 'a')", "contains(s, '.')", "starts_with(s, 'a')", "ends_with(s, 'b')",
        "contains(s, '+')", "contains(s, '\\\\')", "year(t)", "quarter(t)", "month(t)", "day(t)", "hour(t)", "minute(t)",
        "second(t)", "weekday(t)", "yearday(t)", "t < v", "t >= '2001-02-03'", "date_diff('day', t, v)",
        "date_diff('hour', v, t)", "date_diff('week', t, v)", "int(date_trunc('day', t)) / 1000000",
        "int(date_trunc('week', t)) / 1000000", "int(date_trunc('minute', t)) / 1000000",
        "(x > 0) == null ? 1 : 2", "x + 1e-300", "1e-300 + x", "x - 1e-300", "x * 1.0000000001", "1.0000000001 * x", "x / 1.0000000001",
        "x + 0.0", "x * 1.0", "1 / x * y", "-x * 1.0", "x / 0", "x * 0", "x + null", "i * 1000000 * 1000000",
    ]
    TEXTS = ["b ? s : u", "s + u", "coalesce(s, u, 'z')", "x > 0 ? 'up' : 'down'", "b ? s : null"]
    UNPORTABLE = ["pow(x, 2)", "length(s)", "s < u", "double(s)", "int(date_trunc('month', t))"]

    def test_expressions(self):
        features = [{"name": f"n{i} {e}", "expr": e} for i, e in enumerate(self.EXPRESSIONS + self.UNPORTABLE)]
        features += [{"name": f"t{i} {e}", "expr": e, "apply": "vocabulary"} for i, e in enumerate(self.TEXTS)]
        params = {"label": {"name": "label"}, "features": features, "target": "trees"}
        folder = self.transform({"train": self.synthetic(2000, 1)}, params)
        document, values = self.check(folder, self.synthetic(5000, 2))
        portable = {o["name"].split(" ", 1)[1]: o["portable"] for o in document["outputs"]}
        self.assertEqual({n for n, p in portable.items() if not p}, set(self.UNPORTABLE))
        for o in document["outputs"]:
            if o["type"] == "float" and "null" not in o["name"] and "/ 0" not in o["name"]:
                self.assertFalse(np.isnan(values[o["name"]]).all(), o["name"])

    def test_numbers_at_their_edges(self):
        features = []
        for c in ("x", "i"):
            features += [
                {"column": c, "name": f"{c} z", "fill": "median", "apply": [{"clip": {"min": -1e6, "max": 1e6}}, "zscore"]},
                {"name": f"{c} raw z", "expr": f"abs({c}) > 1e100 ? null : {c} * 1.0", "apply": "zscore"},
                {"name": f"{c} mm", "expr": f"abs({c}) > 1e100 ? null : {c} * 1.0", "apply": "minmax"},
                {"column": c, "name": f"{c} log", "fill": {"constant": 1}, "apply": "log"},
                {"column": c, "name": f"{c} log small", "fill": {"constant": 0}, "apply": {"log": {"offset": 1e-300}}},
                {"column": c, "name": f"{c} q", "apply": {"bucketize": {"quantiles": 100}}},
                {"column": c, "name": f"{c} b", "apply": {"bucketize": {"boundaries": [-1e308, -2.5, 0, 5e-324, 0.1, 2**53 - 1]}}},
            ]
        features += [{"column": "b", "missing": True}, {"column": "i", "apply": "vocabulary"}]
        for target in ("dense", "trees"):
            with self.subTest(target=target):
                params = {"label": {"name": "label"}, "features": features, "target": target}
                folder = self.transform({"train": self.synthetic(3000, 3)}, params, target)
                self.check(folder, self.synthetic(3000, 3))
                self.check(folder, self.synthetic(3000, 4))


if __name__ == "__main__":
    unittest.main()
