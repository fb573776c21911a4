"""ExampleGen and Importer: against DuckDB, pyarrow, Python's csv module and xxhash."""
import csv
import datetime
import gzip
import hashlib
import io
import json
import pathlib
import random
import struct
import subprocess
import tempfile
import unittest

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

import artifacts

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BIRDSTRIKES = ROOT / "manifests/examples/birdstrikes/birdstrikes.csv"
ONE_SPLIT = {"splits": [{"name": "all"}]}


def canonical(value):
    """A value as the 64-bit word of core/data/row_hash.h."""
    if value is None:
        return struct.pack("<Q", 0x9E3779B97F4A7C15)
    if isinstance(value, datetime.datetime):
        since = value - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        return struct.pack("<q", since // datetime.timedelta(microseconds=1))
    if isinstance(value, str):
        return struct.pack("<Q", xxhash.xxh3_64_intdigest(value.encode()))
    return struct.pack("<d", float(value) + 0.0)


def example_class():
    """tf.train.Example, from its three messages."""
    file = descriptor_pb2.FileDescriptorProto(name="example.proto", syntax="proto3")

    def message(parent, name, *fields):
        made = parent.add(name=name)
        for field, number, kind, label, type_name in fields:
            made.field.add(name=field, number=number, type=kind, label=label, type_name=type_name)
        return made

    field = descriptor_pb2.FieldDescriptorProto
    one, many = field.LABEL_OPTIONAL, field.LABEL_REPEATED
    message(file.message_type, "BytesList", ("value", 1, field.TYPE_BYTES, many, None))
    message(file.message_type, "FloatList", ("value", 1, field.TYPE_FLOAT, many, None))
    message(file.message_type, "Int64List", ("value", 1, field.TYPE_INT64, many, None))
    feature = message(file.message_type, "Feature",
                      ("bytes_list", 1, field.TYPE_MESSAGE, one, ".BytesList"),
                      ("float_list", 2, field.TYPE_MESSAGE, one, ".FloatList"),
                      ("int64_list", 3, field.TYPE_MESSAGE, one, ".Int64List"))
    feature.oneof_decl.add(name="kind")
    for f in feature.field:
        f.oneof_index = 0
    features = message(file.message_type, "Features",
                       ("feature", 1, field.TYPE_MESSAGE, many, ".Features.FeatureEntry"))
    entry = message(features.nested_type, "FeatureEntry", ("key", 1, field.TYPE_STRING, one, None),
                    ("value", 2, field.TYPE_MESSAGE, one, ".Feature"))
    entry.options.map_entry = True
    message(file.message_type, "Example", ("features", 1, field.TYPE_MESSAGE, one, ".Features"))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("Example"))


def tfx_kind(cell):
    """What a cell says about its column, by CsvExampleGen's rules."""
    if cell == "":
        return 0
    try:
        return 1 if -2**63 <= int(cell) < 2**63 else 3
    except ValueError:
        pass
    try:
        float(cell)
        return 2
    except ValueError:
        return 3


def tfx_example(Example, names, kinds, row):
    example = Example()
    for name, kind, cell in zip(names, kinds, row):
        feature = example.features.feature[name]
        if kind == 1:
            feature.int64_list.value.extend([int(cell)] if cell else [])
            feature.int64_list.SetInParent()
        elif kind == 2:
            feature.float_list.value.extend([float(cell)] if cell else [])
            feature.float_list.SetInParent()
        elif kind == 3:
            feature.bytes_list.value.extend([cell.encode()] if cell else [])
            feature.bytes_list.SetInParent()
    return example


def row_hash(row):
    return xxhash.xxh3_64_intdigest(b"".join(canonical(v) for v in row))


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.runs = 0

    def write(self, name, data):
        path = self.folder / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def run_gen(self, files, params=None, threads=0):
        """Runs ExampleGen over paths, or over {split: path} of splits that are given."""
        self.runs += 1
        params = dict(params or {})
        if isinstance(files, dict):
            places = [(f"splits[{i}].input", p) for i, p in enumerate(files.values())]
            params["splits"] = [{"name": n, "input": p.as_uri()} for n, p in files.items()]
        else:
            places = [("input", p) for p in files]
            params["input"] = "anything"
        return artifacts.run_step("example_gen", self.folder / f"run{self.runs}", {},
                                  {"examples": "Examples"}, params, threads, places)

    def gen(self, files, params=None, threads=0):
        done, result = self.run_gen(files, params, threads)
        self.assertEqual(done.returncode, 0, done.stderr)
        return result

    def refused(self, files, params=None):
        done, result = self.run_gen(files, params)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertFalse((self.folder / f"run{self.runs}/examples/_manifest.json").exists())
        return result["error"]["message"]

    def table(self, split="all"):
        folder = self.folder / f"run{self.runs}/examples/Split-{split}"
        return pq.read_table(list(folder.glob("*.parquet"))[0])

    def rows(self, split="all"):
        table = self.table(split)
        return list(zip(*[c.to_pylist() for c in table.columns])) if table.num_rows else []

    def types(self, result):
        columns = result["outputs"]["examples"]["properties"]["columns"]
        return {c["name"]: c["type"] for c in columns}

    def digest(self, result):
        return result["outputs"]["examples"]["digest"]

    def digest_rows(self, result):
        return result["outputs"]["examples"]["properties"]["digest_rows"]


class Csv(Case):
    def test_equals_duckdb(self):
        result = self.gen([BIRDSTRIKES])
        pattern = f"{self.folder}/run{self.runs}/examples/Split-*/*.parquet"
        connection = duckdb.connect()
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"create table a as from read_csv('{BIRDSTRIKES}', sample_size=-1)")
        connection.execute(f"create table b as from read_parquet('{pattern}')")
        self.assertEqual(connection.sql("from a except all from b").fetchall(), [])
        self.assertEqual(connection.sql("from b except all from a").fetchall(), [])
        self.assertEqual(result["metrics"]["rows_in"], 10000)
        self.assertEqual(result["metrics"]["rows_out"], 10000)
        self.assertEqual(result["metrics"]["bytes_in"], BIRDSTRIKES.stat().st_size)

    def test_types_of_the_whole_input(self):
        rows = 60000
        lines = ["a,b,c,d,e,f,g,h"]
        for i in range(rows):
            last = i == rows - 1
            lines.append(f"{i},{'1.5' if last else i},{'x' if last else i},{'' if i < 50000 else i},"
                         f"{9007199254740993 if last else 1},007,true,2024-01-{i % 28 + 1:02}")
        path = self.write("x.csv", "\n".join(lines) + "\n")
        result = self.gen([path], ONE_SPLIT)
        self.assertEqual(self.types(result), {
            "a": "int", "b": "double", "c": "string", "d": "int", "e": "string", "f": "string",
            "g": "bool", "h": "timestamp"})
        got = self.rows()
        self.assertEqual(got[7][:3], (7, 7.0, "7"))
        self.assertEqual(got[-1][4], "9007199254740993")
        self.assertEqual(got[0][7], datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc))
        self.assertEqual(result["metrics"]["rows_in"], rows)

    def test_a_sample_that_is_wider_than_the_input(self):
        # A quote that guesses get wrong: cells of the sample that are none.
        rows = [["n", "text"]] + [[str(i), "1,a\n\"x\n" * (i % 400)] for i in range(3000)]
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        result = self.gen([self.write("x.csv", text.getvalue())], ONE_SPLIT)
        self.assertEqual(self.types(result), {"n": "int", "text": "string"})
        expected = [(int(n), t or None) for n, t in rows[1:]]
        self.assertEqual(self.rows(), expected)

    def test_random_text_as_pythons_csv_reads_it(self):
        source = random.Random(5)
        for round_ in range(30):
            delimiter = source.choice(",;\t|")
            width = source.randint(2, 6)
            end = source.choice(["\n", "\r\n"])
            alphabet = ["a", "é", " ", "\n", "\r\n", '"', delimiter, "1", "''"]
            rows = [["".join(source.choices(alphabet, k=source.randint(0, 12))) + "x"
                     for _ in range(width)] for _ in range(source.randint(1, 200))]
            text = io.StringIO()
            writer = csv.writer(text, delimiter=delimiter, lineterminator=end,
                                quoting=source.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
            writer.writerow([f"c{i}" for i in range(width)])
            writer.writerows(rows)
            bom = b"\xef\xbb\xbf" if source.random() < 0.5 else b""
            data = bom + text.getvalue().encode()
            if source.random() < 0.5:
                data = data[:-len(end)]
            self.gen([self.write(f"{round_}.csv", data)], {"delimiter": delimiter, **ONE_SPLIT})
            self.assertEqual(self.rows(), [tuple(r) for r in rows])

    def test_names_and_headers(self):
        path = self.write("x.csv", "1,2\n3,4\n")
        names = {"header": False, "names": ["p", "q"], **ONE_SPLIT}
        self.gen([path], names)
        self.assertEqual(self.table().column_names, ["p", "q"])
        self.assertEqual(self.rows(), [(1, 2), (3, 4)])
        self.gen([path], {"names": ["p", "q"], **ONE_SPLIT})
        self.assertEqual(self.rows(), [(3, 4)])
        self.gen([path], {"header": False, **ONE_SPLIT})
        self.assertEqual(self.table().column_names, ["column0", "column1"])
        self.assertIn("expected 3 cells", self.refused([path], {"names": ["a", "b", "c"]}))
        self.assertIn("two columns 'a'", self.refused([self.write("y.csv", "a,a\n1,2\n")]))
        self.assertIn("expected a name", self.refused([self.write("y.csv", "a,\n1,2\n")]))
        self.assertIn("is empty", self.refused([self.write("y.csv", "")]))
        self.assertIn("UTF-16", self.refused([self.write("y.csv", "a\n".encode("utf-16"))]))

    def test_header_alone(self):
        result = self.gen([self.write("x.csv", "a,b\n")])
        self.assertEqual(result["outputs"]["examples"]["properties"]["rows"],
                         {"train": 0, "val": 0, "eval": 0})
        self.assertEqual(self.table("val").num_rows, 0)

    def test_several_files(self):
        whole = BIRDSTRIKES.read_bytes().split(b"\r\n" if b"\r\n" in BIRDSTRIKES.read_bytes() else b"\n")
        head, body = whole[0], [line for line in whole[1:] if line]
        parts = []
        for i in range(0, len(body), 137):
            parts.append(self.write(f"p{i:06}.csv", b"\n".join([head] + body[i:i + 137])))
        parts.append(self.write("z.csv", head + b"\n"))
        one = self.gen([BIRDSTRIKES])
        many = self.gen(parts)
        self.assertEqual(self.digest(one), self.digest(many))
        other = self.write("other.csv", b"x" + head + b"\n")
        self.assertIn("expected 'Airport Name' as in", self.refused([parts[0], other]))

    def test_compressed(self):
        data = BIRDSTRIKES.read_bytes()
        plain = self.gen([BIRDSTRIKES])
        members = gzip.compress(data[:500000]) + gzip.compress(data[500000:])
        zipped = self.gen([self.write("x.csv.gz", members)])
        self.assertEqual(self.digest(plain), self.digest(zipped))
        zstd = self.write("x.csv.zst", pa.Codec("zstd").compress(data, asbytes=True))
        self.assertEqual(self.digest(plain), self.digest(self.gen([zstd])))
        cut = self.write("cut.csv.gz", gzip.compress(data)[:-20])
        self.refused([cut])

    def test_nulls_and_given_types(self):
        path = self.write("x.csv", "a,b,c\nNA,007,1\n2,-,0\n,008,1\n")
        result = self.gen([path], {"nulls": ["NA", "-"], "types": {"b": "int", "c": "bool"},
                                   **ONE_SPLIT})
        self.assertEqual(self.types(result), {"a": "int", "b": "int", "c": "bool"})
        self.assertEqual(self.rows(), [(None, 7, True), (2, None, False), (None, 8, True)])
        self.assertIn("no column 'bb'", self.refused([path], {"types": {"bb": "int"}}))

    def test_columns_and_filter(self):
        params = {"columns": ["Speed IAS in knots", "Origin State"],
                  "filter": "`Cost Repair` > 1000 && `Time of day` == 'Day'", **ONE_SPLIT}
        result = self.gen([BIRDSTRIKES], params)
        expected = duckdb.sql(
            f"""select "Speed IAS in knots", "Origin State" from read_csv('{BIRDSTRIKES}', sample_size=-1)
                where "Cost Repair" > 1000 and "Time of day" = 'Day'""").fetchall()
        self.assertEqual(sorted(self.rows(), key=str), sorted(expected, key=str))
        self.assertEqual(result["metrics"]["rows_out"], len(expected))
        self.assertEqual(self.table().column_names, params["columns"])
        self.assertIn("did you mean", self.refused([BIRDSTRIKES], {"exclude": ["Origin Stat"]}))
        self.assertIn("filter", self.refused([BIRDSTRIKES], {"filter": "`Cost Repair` +"}))


class BadRows(Case):
    TEXT = ('a,b\n1,2\n3\n"x\ny",5\n6,7,8\n9,"z"z\n10,\xff\n11,12\n').encode("latin-1")

    def test_fail_names_the_place(self):
        path = self.write("x.csv", self.TEXT)
        self.assertIn(f"{path}:3: expected 2 cells, got 1", self.refused([path]))
        path = self.write("y.csv", 'a,b\n"1\n",\n2,2026-01-01\n3,2026-13-01\n')
        self.assertIn(f"{path}:5: column 'b': expected timestamp",
                      self.refused([path], {"types": {"b": "timestamp"}}))
        path = self.write("z.csv", 'a,b\n1,"x\n2,3\n')
        self.assertIn(f"{path}:2: column 'b': a quote that is never closed", self.refused([path]))

    def test_skip_counts_and_reports(self):
        path = self.write("x.csv", self.TEXT)
        result = self.gen([path], {"onBadRow": "skip", **ONE_SPLIT})
        self.assertEqual(self.rows(), [("1", "2"), ("x\ny", "5"), ("11", "12")])
        self.assertEqual(result["metrics"]["bad_rows"], 4)
        self.assertEqual(result["metrics"]["rows_in"], 7)
        report = json.loads((self.folder / f"run{self.runs}/examples/bad_rows.json").read_text())
        self.assertEqual(report["bad_rows"], 4)
        self.assertEqual([(r["line"], r.get("column")) for r in report["first"]],
                         [(3, None), (6, None), (7, "b"), (8, "b")])

    def test_many_bad_rows_at_many_places(self):
        lines = ["a,b"] + [f"{i},{i}" if i % 7 else f"{i}" for i in range(200000)]
        path = self.write("x.csv", "\n".join(lines))
        results = [self.gen([path], {"onBadRow": "skip", "memory": m}, t)
                   for t, m in ((1, "512Mi"), (2, "256Mi"), (7, "512Mi"))]
        bad = sum(1 for i in range(200000) if i % 7 == 0)
        for result in results:
            self.assertEqual(result["metrics"]["bad_rows"], bad)
            self.assertEqual(self.digest(result), self.digest(results[0]))
        self.assertIn("x.csv:2: expected 2 cells", self.refused([path]))


class Splits(Case):
    def test_by_hash_of_the_row(self):
        result = self.gen([BIRDSTRIKES])
        counts = result["outputs"]["examples"]["properties"]["rows"]
        for split, low, high in (("train", 0, 8), ("val", 8, 9), ("eval", 9, 10)):
            rows = self.rows(split)
            self.assertEqual(len(rows), counts[split])
            for row in rows:
                self.assertTrue(low <= row_hash(row) % 10 < high)

    def test_digest_of_rows(self):
        result = self.gen([BIRDSTRIKES])
        text = b""
        for name, kind in self.types(result).items():
            text += name.encode() + b"\0" + kind.encode() + b"\0"
        for split in ("train", "val", "eval"):
            rows = self.rows(split)
            digest = xxhash.xxh3_128_hexdigest(b"".join(struct.pack("<Q", row_hash(r)) for r in rows))
            text += split.encode() + b"\0" + str(len(rows)).encode() + b"\0" + digest.encode()
        self.assertEqual(self.digest_rows(result), "xxh3:" + xxhash.xxh3_128_hexdigest(text))

    def test_by_group(self):
        self.gen([BIRDSTRIKES], {"splitBy": {"group": "Aircraft Airline Operator"}})
        groups = [set(self.table(s).column("Aircraft Airline Operator").to_pylist())
                  for s in ("train", "val", "eval")]
        self.assertFalse(groups[0] & groups[1] or groups[0] & groups[2] or groups[1] & groups[2])
        for operator in groups[1]:
            self.assertEqual(row_hash([operator]) % 10, 8)

    def test_by_time(self):
        splits = [{"name": "train", "before": "1999-01-01"},
                  {"name": "eval", "before": "2000-06-01T12:00:00Z"}, {"name": "late"}]
        result = self.gen([BIRDSTRIKES], {"splitBy": {"time": "Flight Date"}, "splits": splits})
        total = 0
        for split, low, high in (("train", 0, 1999), ("eval", 1999, 2000), ("late", 2000, 3000)):
            dates = self.table(split).column("Flight Date").to_pylist()
            total += len(dates)
            self.assertTrue(all(low <= d.year <= high for d in dates))
        self.assertEqual(total, 10000)
        path = self.write("x.csv", "a,t\n1,2020-01-01\n2,\n")
        params = {"splitBy": {"time": "t"}, "splits": [{"name": "all"}]}
        self.assertIn("x.csv:3: column 't'", self.refused([path], params))
        result = self.gen([path], {**params, "onBadRow": "skip"})
        self.assertEqual(result["metrics"]["bad_rows"], 1)
        self.assertEqual(result["metrics"]["rows_in"], 2)
        self.assertIn("expected timestamp", self.refused([path], {**params, "splitBy": {"time": "a"}}))

    def check_tfx(self, path, delimiter=","):
        """The split of every row, by a column `id`, as TFX's own code would have it."""
        names, *rows = list(csv.reader(path.read_text().splitlines(keepends=True)))
        kinds = [max(tfx_kind(row[i]) for row in rows) for i in range(len(names))]
        Example = example_class()
        at = names.index("id")
        expected = {"train": [], "eval": []}
        for row in rows:
            data = tfx_example(Example, names, kinds, row).SerializeToString(deterministic=True)
            bucket = int.from_bytes(hashlib.sha256(data).digest(), "big") % 3
            expected["train" if bucket < 2 else "eval"].append(int(row[at]))
        self.gen([path], {"splitBy": {"hash": "tfx"},
                          "splits": [{"name": "train", "buckets": 2}, {"name": "eval"}]})
        for split in ("train", "eval"):
            self.assertEqual(self.table(split).column("id").to_pylist(), expected[split])
        return names, kinds, rows

    def test_as_tfx(self):
        source = random.Random(3)
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["id", "zeros", "f", "b", "text", "none", "wide", "under", "A"])
        for i in range(3000):
            writer.writerow([
                i, f"{i % 50:03}", source.choice(["", "1", "-2.5", "1e-3", "nan", "inf", " 7 ", "1e39"]),
                source.choice(["true", "false"]), source.choice(["", "é", 'a"b', "x,y", "l1\nl2"]), "",
                source.choice(["9223372036854775807", "-9223372036854775808", "5"]),
                source.choice(["1_000", "2"]), source.choice(["9223372036854775808", "0"])])
        _, kinds, _ = self.check_tfx(self.write("x.csv", text.getvalue()))
        self.assertEqual(kinds, [1, 1, 2, 3, 3, 0, 1, 1, 3])

    def test_as_tfx_by_group(self):
        path = self.write("x.csv", "id,g\n" + "".join(f"{i},k{i % 97}\n" for i in range(1000)))
        self.gen([path], {"splitBy": {"hash": "tfx", "group": "g"},
                          "splits": [{"name": "train", "buckets": 2}, {"name": "eval"}]})
        for split, buckets in (("train", (0, 1)), ("eval", (2,))):
            for group in self.table(split).column("g").to_pylist():
                feature = b"\x0a" + bytes([len(group) + 2]) + b"\x0a" + bytes([len(group)]) + group.encode()
                bucket = int.from_bytes(hashlib.sha256(feature).digest(), "big") % 3
                self.assertIn(bucket, buckets)
        path = self.write("y.csv", "id,g\n1,0.5\n")
        self.assertIn("holds decimals", self.refused([path], {"splitBy": {"hash": "tfx", "group": "g"}}))

    def test_given(self):
        x, y = self.write("x.csv", "a\n1\n2\n"), self.write("y.csv", "a\n3.5\n")
        result = self.gen({"train": x, "eval": y})
        self.assertEqual(self.types(result), {"a": "double"})
        self.assertEqual(self.rows("train"), [(1.0,), (2.0,)])
        self.assertEqual(self.rows("eval"), [(3.5,)])

    def test_bad_parameters(self):
        for params, message in (
                ({"splits": []}, "at least one split"),
                ({"splits": [{"name": "a"}, {"name": "a"}]}, "two splits 'a'"),
                ({"splits": [{"name": "a/b"}]}, "splits[0].name"),
                ({"splits": [{"name": "a", "before": "2020-01-01"}]}, "needs splitBy.time"),
                ({"splitBy": {"time": "a"}}, "splits[0].before"),
                ({"splitBy": {"group": "nope"}}, "no column 'nope'"),
                ({"delimiter": "::"}, "one byte"),
                ({"memory": "1Mi"}, "at least 256Mi"),
                ({"types": {"a": "integer"}}, "expected int, double"),
                ({"formt": "csv"}, "did you mean 'format'")):
            self.assertIn(message, self.refused([BIRDSTRIKES], params))


class Determinism(Case):
    def test_threads_and_memory_do_not_shape_bytes(self):
        source = random.Random(9)
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["i", "x", "few", "many", "note"])
        for i in range(400000):
            note = "line\n\"quoted\"," * (i % 3) if i % 50 == 0 else ""
            writer.writerow([i, source.random(), f"k{i % 100}", f"id{source.getrandbits(40)}", note])
        path = self.write("x.csv", text.getvalue())
        first = self.gen([path], threads=1)
        for threads, memory in ((2, "512Mi"), (7, "512Mi"), (2, "256Mi")):
            again = self.gen([path], {"memory": memory}, threads)
            self.assertEqual(self.digest(again), self.digest(first))

    def test_a_changed_file_is_transient(self):
        path = self.write("x.csv", "a\n1\n")
        done, _ = artifacts.run_step("example_gen", self.folder / "run", {}, {"examples": "Examples"},
                                     {"input": "x"}, files=[("input", path, 3)])
        self.assertEqual(done.returncode, 3, done.stderr)


class Parquet(Case):
    def test_csv_and_parquet_are_one(self):
        connection = duckdb.connect()
        path = self.folder / "x.parquet"
        connection.execute(
            f"copy (from read_csv('{BIRDSTRIKES}', sample_size=-1)) to '{path}' (format parquet)")
        result = self.gen([path])
        self.assertEqual(self.digest_rows(result), self.digest_rows(self.gen([BIRDSTRIKES])))

    def test_types(self):
        utc = datetime.timezone.utc
        day = datetime.datetime(2020, 1, 1, tzinfo=utc)
        table = pa.table({
            "i8": pa.array([1, None], pa.int8()), "u32": pa.array([2**32 - 1, 0], pa.uint32()),
            "wide": pa.array([2**53 + 1, 5]), "f": pa.array([0.5, None], pa.float32()),
            "s": ["", "x"], "ts": pa.array([day, None], pa.timestamp("ms", tz="UTC")),
            "d": pa.array([day.date(), None]), "b": [True, None],
            "cat": pa.array(["p", "q"]).dictionary_encode(), "list": [[1], [2]]})
        path = self.folder / "x.parquet"
        pq.write_table(table, path)
        self.assertIn("column 'list'", self.refused([path]))
        result = self.gen([path], {"exclude": ["list"], **ONE_SPLIT})
        self.assertEqual(self.types(result), {
            "i8": "int", "u32": "int", "wide": "string", "f": "double", "s": "string",
            "ts": "timestamp", "d": "timestamp", "b": "bool", "cat": "string"})
        self.assertEqual(self.rows()[0], (1, 2**32 - 1, str(2**53 + 1), 0.5, None, day, day, True, "p"))
        self.assertEqual(self.rows()[1], (None, 0, "5", None, "x", None, None, None, "q"))

    def test_several_files_join_types(self):
        x, y, z = (self.folder / f"{n}.parquet" for n in "xyz")
        pq.write_table(pa.table({"a": [1, 2]}), x)
        pq.write_table(pa.table({"a": [0.5]}), y)
        pq.write_table(pa.table({"a": ["t"]}), z)
        self.gen([x, y], ONE_SPLIT)
        self.assertEqual(self.rows(), [(1.0,), (2.0,), (0.5,)])
        self.assertIn("say which in 'types'", self.refused([x, z]))
        self.gen([x, z], {"types": {"a": "string"}, **ONE_SPLIT})
        self.assertEqual(self.rows(), [("1",), ("2",), ("t",)])
        self.assertIn("expected files of one format", self.refused([x, self.write("c.csv", "a\n1\n")]))

    def test_bad_rows(self):
        path = self.folder / "x.parquet"
        pq.write_table(pa.table({"a": ["1", "x", "3"]}), path)
        self.assertIn("row 2: expected int", self.refused([path], {"types": {"a": "int"}}))
        result = self.gen([path], {"types": {"a": "int"}, "onBadRow": "skip", **ONE_SPLIT})
        self.assertEqual(self.rows(), [(1,), (3,)])
        self.assertEqual(result["metrics"]["bad_rows"], 1)

    def test_damaged(self):
        path = self.folder / "x.parquet"
        pq.write_table(pa.table({"a": list(range(1000))}), path)
        self.refused([self.write("cut.parquet", path.read_bytes()[:-100])])


class Importer(Case):
    def import_(self, uri, files, kind, properties=None):
        self.runs += 1
        params = {"uri": uri.as_uri(), "type": kind}
        if properties:
            params["properties"] = properties
        return artifacts.run_step("importer", self.folder / f"run{self.runs}", {}, {"result": kind},
                                  params, files=[("uri", f) for f in files])

    def test_a_schema(self):
        path = self.write("curated.pbtxt", 'feature { name: "a" type: INT }\n')
        done, result = self.import_(path, [path], "Schema", {"curated": True})
        self.assertEqual(done.returncode, 0, done.stderr)
        copy = self.folder / f"run{self.runs}/result/schema.pbtxt"
        self.assertEqual(copy.read_bytes(), path.read_bytes())
        self.assertEqual(result["outputs"]["result"]["properties"], {"curated": True})
        sha = hashlib.sha256(path.read_bytes()).hexdigest()
        files = [{"bytes": path.stat().st_size, "path": "schema.pbtxt", "sha256": sha}]
        text = json.dumps({"files": files, "type": "Schema"}, sort_keys=True, separators=(",", ":"))
        self.assertEqual(result["outputs"]["result"]["digest"],
                         hashlib.sha256(text.encode()).hexdigest())

    def test_an_artifact(self):
        generated = self.gen([BIRDSTRIKES])["outputs"]["examples"]
        folder = self.folder / f"run{self.runs}/examples"
        files = [p for p in folder.rglob("*") if p.is_file()]
        done, result = self.import_(folder, files, "Examples")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(result["outputs"]["result"]["digest"], generated["digest"])
        self.assertEqual(result["outputs"]["result"]["properties"], generated["properties"])
        done, result = self.import_(folder, files, "Model")
        self.assertEqual(done.returncode, 2)
        part = folder / "Split-val/part-00000-of-00001.parquet"
        data = bytearray(part.read_bytes())
        data[100] ^= 1
        part.write_bytes(data)
        done, result = self.import_(folder, files, "Examples")
        self.assertEqual(done.returncode, 2)
        self.assertIn("not what its manifest says", result["error"]["message"])

    def test_a_folder(self):
        (self.folder / "m/sub").mkdir(parents=True)
        files = [self.write("m/a.bin", b"\0" * 3000000), self.write("m/sub/b.txt", "b")]
        done, result = self.import_(self.folder / "m", files, "Custom")
        self.assertEqual(done.returncode, 0, done.stderr)
        out = self.folder / f"run{self.runs}/result"
        self.assertEqual((out / "a.bin").read_bytes(), files[0].read_bytes())
        self.assertEqual((out / "sub/b.txt").read_text(), "b")


if __name__ == "__main__":
    unittest.main()
