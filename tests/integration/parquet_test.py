"""Parquet against pyarrow, DuckDB, Polars and pandas, both ways.

Files that they write are read by parquet_dump and must hold equal values; copies that parquet_dump writes are read by
them, page checksums checked, and must hold equal values too.
"""

import datetime
import decimal
import itertools
import json
import math
import os
import random
import struct
import subprocess
import tempfile
import unittest
import uuid

import duckdb
import numpy
import pandas
import polars
import pyarrow
import pyarrow.parquet

DUMP = os.path.join(os.environ["SLUICE_BIN"], "..", "tests", "integration", "tools", "parquet_dump")
EPOCH = datetime.datetime(1970, 1, 1)
US = datetime.timedelta(microseconds=1)
US_PER_DAY = 86_400_000_000


def run_dump(*args):
    return subprocess.run([DUMP, *args], capture_output=True, check=False)


class ParquetCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def dump(self, path):
        """What parquet_dump says, with values as Python has them."""
        done = run_dump("dump", path)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        out = json.loads(done.stdout)
        columns = {}
        for column in out["columns"]:
            if "values" in column:
                column["values"] = [from_dump(column["kind"], v) for v in column["values"]]
            columns[column["name"]] = column
        out["columns"] = columns
        return out

    def copy(self, path, page_bytes=0):
        to = path + ".copy"
        done = run_dump("copy", path, to, str(page_bytes))
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return to

    def assert_same(self, got, expected, where):
        self.assertEqual(len(got), len(expected), where)
        for row, (g, e) in enumerate(zip(got, expected)):
            if isinstance(g, float) and isinstance(e, float) and math.isnan(g) and math.isnan(e):
                continue
            self.assertEqual(type(g), type(e), f"{where} row {row}: {g!r} != {e!r}")
            self.assertEqual(g, e, f"{where} row {row}")

    def assert_reads(self, path, table):
        """parquet_dump sees the values of `table`, which somebody else wrote to `path`."""
        out = self.dump(path)
        self.assertEqual(out["rows"], table.num_rows)
        for name in table.column_names:
            self.assert_same(out["columns"][name]["values"], expected_values(table[name]), f"{path}: {name}")
        return out

    def assert_copy_reads(self, path, table, page_bytes=0):
        """pyarrow, DuckDB and Polars see the same values in our copy."""
        to = self.copy(path, page_bytes)
        names = table.column_names
        expected = {name: expected_values(table[name]) for name in names}
        arrow = pyarrow.parquet.read_table(to, page_checksum_verification=True)
        self.assertEqual(arrow.column_names, names)
        for name in names:
            self.assert_same(expected_values(arrow[name]), expected[name], f"pyarrow {to}: {name}")
        columns = ", ".join(f'"{name}"' for name in names)
        duck = duckdb.sql(f"select {columns} from read_parquet('{to}')").to_arrow_table()
        for name in names:
            self.assert_same(expected_values(duck[name]), expected[name], f"duckdb {to}: {name}")
        frame = polars.read_parquet(to, use_statistics=False).to_arrow()
        for name in names:
            self.assert_same(expected_values(frame[name]), expected[name], f"polars {to}: {name}")
        return arrow


def from_dump(kind, value):
    if value is None:
        return None
    if kind in ("double", "float"):
        return math.nan if value == "nan" else float.fromhex(value)
    if kind == "string":
        return bytes.fromhex(value)
    return value


def micros(value, unit):
    if unit == "ns":
        return value // 1000
    return value * {"us": 1, "ms": 1000, "s": 1_000_000}[unit]


def expected_values(column):
    """The values of an Arrow column in the form that our vectors have."""
    if isinstance(column, pyarrow.ChunkedArray):
        column = column.combine_chunks()
    if isinstance(column, pyarrow.ChunkedArray):
        column = pyarrow.concat_arrays(column.chunks) if column.num_chunks else pyarrow.array([], column.type)
    kind = column.type
    types = pyarrow.types
    if types.is_dictionary(kind):
        return expected_values(column.dictionary_decode())
    if types.is_timestamp(kind) or types.is_time(kind):
        integers = column.cast(pyarrow.int32() if kind.bit_width == 32 else pyarrow.int64()).to_pylist()
        return [None if v is None else micros(v, kind.unit) for v in integers]
    if types.is_date32(kind):
        return [None if v is None else v * US_PER_DAY for v in column.cast(pyarrow.int32()).to_pylist()]
    if types.is_date64(kind):
        return [None if v is None else v * 1000 for v in column.cast(pyarrow.int64()).to_pylist()]
    values = column.to_pylist()
    if types.is_decimal(kind):
        return [None if v is None else float(v) for v in values]
    if types.is_floating(kind):
        return [None if v is None else float(v) for v in values]
    if types.is_string(kind) or types.is_large_string(kind) or kind == pyarrow.string_view():
        return [None if v is None else v.encode() for v in values]
    if isinstance(kind, pyarrow.UuidType):
        return [None if v is None else str(v).encode() for v in values]
    if types.is_null(kind):
        return [None] * len(values)
    return values


def some_nulls(rng, values, share):
    return [None if rng.random() < share else v for v in values]


WORDS = ["", "a", "Zürich", "naïve 😀", "0", "long " * 40, "x" * 63 + "ü", "\n\t\"", "NULL"]


def make_columns(rng, n, nulls):
    """Columns of every type that we read, with values at the edges."""
    def column(make, kind):
        return pyarrow.array(some_nulls(rng, [make(i) for i in range(n)], nulls), kind)

    def any_of(*values):
        return lambda i: values[i] if i < len(values) else rng.choice(values)

    def wide(bits, signed=True):
        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
        return lambda i: (low, high, 0)[i] if i < 3 else rng.randint(low, high)

    year2200 = 7_258_118_400
    floats = (0.0, -0.0, 1.5, math.inf, -math.inf, math.nan, 1e-45, 3.25e38)
    return {
        "i8": column(wide(8), pyarrow.int8()),
        "i16": column(wide(16), pyarrow.int16()),
        "i32": column(wide(32), pyarrow.int32()),
        "i64": column(wide(64), pyarrow.int64()),
        "u8": column(wide(8, False), pyarrow.uint8()),
        "u16": column(wide(16, False), pyarrow.uint16()),
        "u32": column(wide(32, False), pyarrow.uint32()),
        "u64": column(wide(63, False), pyarrow.uint64()),
        "sorted": column(lambda i: 1_000_000 + 3 * i, pyarrow.int64()),
        "few": column(any_of(3, 1, 2), pyarrow.int64()),
        "runs": column(lambda i: i // 100, pyarrow.int32()),
        "one": column(lambda i: 42, pyarrow.int64()),
        "none": pyarrow.array([None] * n if nulls else [0] * n, pyarrow.int64()),
        "f32": column(lambda i: floats[i] if i < len(floats) else struct.unpack("f", struct.pack("f", rng.gauss(0, 9)))[0],
                      pyarrow.float32()),
        "f64": column(lambda i: floats[i] if i < len(floats) else rng.gauss(0, 1e3), pyarrow.float64()),
        "f64_few": column(any_of(0.1, 0.2, math.nan, -1e300), pyarrow.float64()),
        "bool": column(lambda i: rng.random() < 0.3, pyarrow.bool_()),
        "bool_runs": column(lambda i: i // 50 % 2 == 0, pyarrow.bool_()),
        "date": column(lambda i: rng.randint(-30000, 60000), pyarrow.date32()),
        "ts_s": column(lambda i: rng.randint(-year2200, year2200), pyarrow.timestamp("s")),
        "ts_ms": column(lambda i: rng.randint(-year2200, year2200) * 1000 + 7, pyarrow.timestamp("ms")),
        "ts_us": column(lambda i: rng.randint(-year2200, year2200) * 1_000_000 + 13, pyarrow.timestamp("us")),
        "ts_utc": column(lambda i: rng.randint(-year2200, year2200) * 1_000_000 + 13, pyarrow.timestamp("us", "UTC")),
        "word": column(any_of(*WORDS), pyarrow.string()),
        "unique": column(lambda i: f"user-{i:08d}-{rng.random()}", pyarrow.string()),
        "shared": column(lambda i: f"https://example.com/path/{i // 7}/{i}", pyarrow.string()),
        "bytes": column(lambda i: rng.randbytes(rng.randint(0, 12)), pyarrow.binary()),
    }


def make_extra_columns(rng, n, nulls):
    """Types that a copy turns into others, so only reading is compared."""
    def column(make, kind):
        return pyarrow.array(some_nulls(rng, [make(i) for i in range(n)], nulls), kind)

    def number(digits, scale):
        return lambda i: decimal.Decimal(rng.randint(-10 ** digits + 1, 10 ** digits - 1)).scaleb(-scale)

    return {
        "dec9": column(number(9, 2), pyarrow.decimal128(9, 2)),
        "dec15": column(number(15, 4), pyarrow.decimal128(15, 4)),
        "dec38": column(number(15, 10), pyarrow.decimal128(38, 10)),
        "fixed": column(lambda i: rng.randbytes(5), pyarrow.binary(5)),
        "f16": column(lambda i: numpy.float16(rng.gauss(0, 100)), pyarrow.float16()),
        "time_ms": column(lambda i: rng.randint(0, 86_399_999), pyarrow.time32("ms")),
        "time_us": column(lambda i: rng.randint(0, 86_399_999_999), pyarrow.time64("us")),
        "time_ns": column(lambda i: rng.randint(0, 86_399_999_999_999), pyarrow.time64("ns")),
        "ts_ns": column(lambda i: rng.randint(-2**62, 2**62), pyarrow.timestamp("ns")),
        "null": pyarrow.nulls(n),
    }


def make_table(seed, n, nulls, extra=False):
    rng = random.Random(seed)
    columns = make_columns(rng, n, nulls)
    if extra:
        columns.update(make_extra_columns(rng, n, nulls))
    return pyarrow.table(columns)


class PyarrowTest(ParquetCase):
    CODECS = ["none", "snappy", "gzip", "zstd", "lz4"]

    def test_codecs_and_page_versions(self):
        for codec, page, dictionary in itertools.product(self.CODECS, ["1.0", "2.0"], [True, False]):
            for nulls in (0, 0.2):
                table = make_table(1, 1500, nulls, extra=True)
                path = self.path("a.parquet")
                pyarrow.parquet.write_table(table, path, compression=codec, data_page_version=page,
                                            use_dictionary=dictionary, write_page_checksum=dictionary)
                self.assert_reads(path, table)

    def test_many_pages_and_row_groups(self):
        for page, nulls in itertools.product(["1.0", "2.0"], [0, 0.5, 0.999]):
            table = make_table(2, 5000, nulls)
            path = self.path("a.parquet")
            pyarrow.parquet.write_table(table, path, data_page_version=page, row_group_size=1234, data_page_size=500,
                                        write_batch_size=77, dictionary_pagesize_limit=3000)
            out = self.assert_reads(path, table)
            self.assertEqual(out["row_groups"], [1234] * 4 + [64])

    def test_encodings(self):
        integers = ["i8", "i16", "i32", "i64", "u32", "u64", "sorted", "few", "runs", "one", "date", "ts_us"]
        strings = ["word", "unique", "shared", "bytes"]
        floats = ["f32", "f64"]
        choices = [
            {name: "DELTA_BINARY_PACKED" for name in integers},
            {name: "DELTA_LENGTH_BYTE_ARRAY" for name in strings},
            {name: "DELTA_BYTE_ARRAY" for name in strings + ["fixed", "dec38"]},
            {name: "BYTE_STREAM_SPLIT" for name in floats + integers + ["fixed", "dec38", "f16"]},
            {"bool": "RLE", "bool_runs": "RLE"},
            {name: "PLAIN" for name in integers + strings + floats + ["bool"]},
        ]
        for encoding, page, nulls, n in itertools.product(choices, ["1.0", "2.0"], [0, 0.3], [1, 33, 2000]):
            table = make_table(3, n, nulls, extra=True)
            path = self.path("a.parquet")
            pyarrow.parquet.write_table(table, path, data_page_version=page, use_dictionary=False,
                                        column_encoding=encoding, data_page_size=2000, write_batch_size=100)
            self.assert_reads(path, table)

    def test_required_columns(self):
        table = make_table(4, 1000, 0)
        schema = pyarrow.schema([field.with_nullable(False) for field in table.schema])
        path = self.path("a.parquet")
        for page in ("1.0", "2.0"):
            pyarrow.parquet.write_table(table.cast(schema), path, data_page_version=page)
            out = self.assert_reads(path, table)
            self.assertFalse(any(column["nullable"] for column in out["columns"].values()))
            self.assert_copy_reads(path, table)

    def test_versions_and_timestamps(self):
        table = make_table(5, 300, 0.1).select(["ts_s", "ts_ms", "ts_us", "ts_utc", "u32"])
        path = self.path("a.parquet")
        options = [{"version": version} for version in ("1.0", "2.4", "2.6")]
        options += [{"use_deprecated_int96_timestamps": True}]
        options += [{"coerce_timestamps": unit, "allow_truncated_timestamps": True} for unit in ("ms", "us")]
        for option in options:
            pyarrow.parquet.write_table(table, path, **option)
            self.assert_reads(path, pyarrow.parquet.read_table(path))
        pyarrow.parquet.write_table(table, path)
        out = self.dump(path)["columns"]
        self.assertEqual([out[name]["utc"] for name in table.column_names], [False, False, False, True, False])

    def test_few_rows(self):
        for n, nulls in itertools.product([0, 1, 2, 7, 8, 9, 63, 64, 65], [0, 0.5, 1]):
            table = make_table(6, n, nulls, extra=True)
            path = self.path("a.parquet")
            pyarrow.parquet.write_table(table, path)
            self.assert_reads(path, table)
            pyarrow.parquet.write_table(make_table(6, n, nulls), path)
            self.assert_copy_reads(path, make_table(6, n, nulls))

    def test_statistics(self):
        table = make_table(7, 500, 0.1)
        path = self.path("a.parquet")
        pyarrow.parquet.write_table(table, path, row_group_size=200)
        to = self.copy(path)
        for name, column in self.dump(to)["columns"].items():
            for group, stats in enumerate(column["stats"]):
                values = expected_values(table[name].slice(group * 200, 200))
                there = [v for v in values if v is not None and v == v]
                self.assertEqual(stats["nulls"], values.count(None), name)
                if not there:
                    self.assertNotIn("min", stats)
                    continue
                low, high = from_dump(column["kind"], stats["min"]), from_dump(column["kind"], stats["max"])
                self.assertLessEqual(low, min(there), name)
                self.assertGreaterEqual(high, max(there), name)
                if stats["min_exact"]:
                    self.assertEqual(low, min(there), name)
                if stats["max_exact"]:
                    self.assertEqual(high, max(there), name)
                if stats["distinct"] >= 0 and column["kind"] not in ("double", "float"):
                    self.assertEqual(stats["distinct"], len(set(there)), name)
        # pyarrow's own statistics, as we read them.
        for name, column in self.dump(path)["columns"].items():
            if column["kind"] != "string" and name != "u64":
                values = [v for v in expected_values(table[name].slice(0, 200)) if v is not None and v == v]
                if values:
                    self.assertEqual(from_dump(column["kind"], column["stats"][0]["min"]), min(values), name)

    def test_metadata_and_unsupported(self):
        table = pyarrow.table({
            "list": pyarrow.array([[1], [], None]),
            "struct": pyarrow.array([{"x": 1, "y": "a"}] * 3),
            "plain": pyarrow.array([1, None, 3]),
            "map": pyarrow.array([[("k", 1)]] * 3, pyarrow.map_(pyarrow.string(), pyarrow.int64())),
            "last": pyarrow.array(["a", "b", "c"]),
        }).replace_schema_metadata({"key": "välue"})
        path = self.path("a.parquet")
        pyarrow.parquet.write_table(table, path)
        out = self.dump(path)
        kinds = [out["columns"][name]["kind"] for name in table.column_names]
        self.assertEqual(kinds, ["unsupported", "unsupported", "int64", "unsupported", "string"])
        self.assertEqual(out["columns"]["plain"]["values"], [1, None, 3])
        self.assertEqual(out["columns"]["last"]["values"], [b"a", b"b", b"c"])
        self.assertEqual(out["key_values"]["key".encode().hex()], "välue".encode().hex())
        copied = pyarrow.parquet.read_metadata(self.copy(path)).metadata
        self.assertEqual(copied[b"key"], "välue".encode())

    def test_unsigned_64(self):
        path = self.path("a.parquet")
        pyarrow.parquet.write_table(pyarrow.table({"u": pyarrow.array([1 << 63], pyarrow.uint64())}), path)
        done = run_dump("dump", path)
        self.assertEqual(done.returncode, 1)
        self.assertIn("column 'u', row group 0", done.stderr.decode())
        self.assertIn("above 2^63 - 1", done.stderr.decode())

    def test_long_strings(self):
        strings = ["x" * 3_000_000, None, "", "y" * 100] * 3 + ["z" * 5_000_000]
        table = pyarrow.table({"s": strings, "b": [s.encode() if s else None for s in strings]})
        path = self.path("a.parquet")
        for dictionary in (True, False):
            pyarrow.parquet.write_table(table, path, use_dictionary=dictionary)
            self.assert_reads(path, table)
            self.assert_copy_reads(path, table)


class CopyTest(ParquetCase):
    def test_copies(self):
        for n, nulls, page_bytes in itertools.product([3000], [0, 0.01, 0.4], [0, 700]):
            table = make_table(8, n, nulls)
            path = self.path("a.parquet")
            pyarrow.parquet.write_table(table, path, row_group_size=1111)
            self.assert_copy_reads(path, table, page_bytes)

    def test_larger(self):
        table = make_table(9, 150_000, 0.05)
        path = self.path("a.parquet")
        pyarrow.parquet.write_table(table, path, row_group_size=70_000)
        to = self.copy(path)
        copied = pyarrow.parquet.read_table(to, page_checksum_verification=True)
        for name in table.column_names:
            self.assert_same(expected_values(copied[name]), expected_values(table[name]), name)
        encodings = {name: pyarrow.parquet.read_metadata(to).row_group(0).column(i).encodings
                     for i, name in enumerate(table.column_names)}
        self.assertIn("DELTA_BINARY_PACKED", encodings["sorted"])
        self.assertIn("RLE_DICTIONARY", encodings["few"])
        self.assertIn("RLE_DICTIONARY", encodings["word"])
        self.assertNotIn("RLE_DICTIONARY", encodings["unique"])

    def test_predicates(self):
        """Statistics that are wrong would lose rows here."""
        table = make_table(10, 4000, 0.1)
        path = self.path("a.parquet")
        pyarrow.parquet.write_table(table, path, row_group_size=500)
        to = self.copy(path)
        for name, value in (("i64", "0"), ("f64", "0.0"), ("word", "'n'"), ("unique", "'user-00002'"), ("runs", "17")):
            for op in ("<", ">=", "="):
                query = f"select count(*) from read_parquet('{{}}') where \"{name}\" {op} {value}"
                self.assertEqual(duckdb.sql(query.format(to)).fetchall(), duckdb.sql(query.format(path)).fetchall())
        frame = polars.scan_parquet(to).filter(polars.col("word") > "n").select(polars.len()).collect().item()
        self.assertEqual(frame, sum(1 for v in table["word"].to_pylist() if v is not None and v.encode() > b"n"))


class DuckdbTest(ParquetCase):
    TYPES = """
        (i % 100)::tinyint as i8, (i * 5)::smallint as i16, (i * 400003)::integer as i32, i::bigint * 1000000007 as i64,
        (i % 200)::utinyint as u8, i::usmallint as u16, i::uinteger * 7 as u32, i::ubigint * 7 as u64,
        (i / 7)::float as f32, i / 7 as f64, i % 3 = 0 as flag,
        date '1999-12-25' + i::integer as day,
        timestamp '2020-02-29 23:59:59.123456' + interval 1 minute * i as ts,
        (timestamp '1965-02-28 23:59:59.123' + interval 1 hour * i)::timestamp_ms as ts_ms,
        (timestamp '2020-02-29 23:59:59' - interval 1 day * i)::timestamp_s as ts_s,
        (timestamp '2020-02-29 23:59:59.1234' + interval 1 second * i)::timestamp_ns as ts_ns,
        (timestamp '2020-02-29 23:59:59' + interval 1 second * i)::timestamptz as ts_tz,
        (i * 1.25)::decimal(9, 2) as dec9, (i * 1.25)::decimal(18, 4) as dec18, (i * 12345.25)::decimal(38, 4) as dec38,
        'name ' || (i % 10) as word, 'user ' || i || ' ' || hash(i) as uniq, (i || 'b')::blob as raw,
        (case when i % 2 = 0 then 'red' else 'green' end)::enum('red', 'green') as colour,
        case when i % 5 > 0 then i end as sparse, case when i % 5 > 0 then 's' || i end as sparse_text,
        null::integer as nothing
    """

    def test_defaults_and_codecs(self):
        options = ["", ", parquet_version v2", ", row_group_size 2048"]
        options += [f", compression {codec}" for codec in
                    ("uncompressed", "snappy", "gzip", "zstd", "lz4", "lz4_raw")]
        options += [f", parquet_version v2, compression {codec}" for codec in ("zstd", "snappy")]
        for option, n in itertools.product(options, [0, 1, 100, 5000]):
            path = self.path("a.parquet")
            duckdb.sql(f"copy (select {self.TYPES} from range({n}) t(i)) to '{path}' (format parquet{option})")
            table = pyarrow.parquet.read_table(path)
            out = self.assert_reads(path, table)
            self.assertEqual(out["rows"], n)

    def test_uuid_time_interval(self):
        path = self.path("a.parquet")
        duckdb.sql("copy (select '0a1b2c3d-0000-4000-8000-00000000000f'::uuid as u, time '12:34:56.789' as t, "
                   f"interval 1 day as v) to '{path}'")
        columns = self.dump(path)["columns"]
        self.assertEqual(columns["u"]["values"], [str(uuid.UUID(int=0x0a1b2c3d00004000800000000000000f)).encode()])
        self.assertEqual(columns["t"]["values"], [((12 * 60 + 34) * 60 + 56) * 1_000_000 + 789_000])
        self.assertEqual(columns["v"]["kind"], "unsupported")


class PolarsTest(ParquetCase):
    def test_codecs(self):
        for codec, nulls in itertools.product(["uncompressed", "snappy", "gzip", "zstd", "lz4"], [0, 0.2]):
            frame = polars.from_arrow(make_table(11, 2000, nulls))
            path = self.path("a.parquet")
            for options in ({}, {"row_group_size": 333, "data_page_size": 1000}, {"statistics": False}):
                frame.write_parquet(path, compression=codec, **options)
                self.assert_reads(path, pyarrow.parquet.read_table(path))

    def test_types(self):
        frame = polars.DataFrame({
            "dec": [decimal.Decimal("1.25"), None, decimal.Decimal("-3.50")],
            "time": [datetime.time(1, 2, 3, 4), None, datetime.time(23)],
            "date": [datetime.date(1969, 12, 31), None, datetime.date(2030, 1, 1)],
            "cat": ["a", None, "b"],
            "ns": [EPOCH, None, EPOCH + 5 * US],
        }).with_columns(polars.col("cat").cast(polars.Categorical), polars.col("ns").cast(polars.Datetime("ns")))
        path = self.path("a.parquet")
        frame.write_parquet(path)
        columns = self.dump(path)["columns"]
        self.assertEqual(columns["dec"]["values"], [1.25, None, -3.5])
        self.assertEqual(columns["time"]["values"], [3_723_000_004, None, 82_800_000_000])
        self.assertEqual(columns["date"]["values"], [-US_PER_DAY, None, 21915 * US_PER_DAY])
        self.assertEqual(columns["cat"]["values"], [b"a", None, b"b"])
        self.assertEqual(columns["ns"]["values"], [0, None, 5])


class PandasTest(ParquetCase):
    def test_default(self):
        frame = make_table(12, 1000, 0.1).to_pandas()
        path = self.path("a.parquet")
        for codec in ("snappy", "gzip", None):
            frame.to_parquet(path, compression=codec)
            self.assert_reads(path, pyarrow.parquet.read_table(path))
        table = make_table(12, 1000, 0.1).select(["i64", "f64", "word", "ts_us"])
        pyarrow.parquet.write_table(table, path)
        copied = pandas.read_parquet(self.copy(path))
        pandas.testing.assert_frame_equal(copied, pandas.read_parquet(path))


class DamageTest(ParquetCase):
    def test_every_byte_of_a_page_is_checked(self):
        table = pyarrow.table({"a": list(range(50)), "s": [f"s{i}" for i in range(50)]})
        source = self.path("a.parquet")
        pyarrow.parquet.write_table(table, source)
        path = self.copy(source)
        with open(path, "rb") as file:
            good = file.read()
        (footer,) = struct.unpack("<I", good[-8:-4])
        last = pyarrow.parquet.read_metadata(path).row_group(0).column(1)
        body = last.data_page_offset + last.total_compressed_size - 40
        self.assertLess(body, len(good) - 8 - footer)
        for at in (len(good) - 8 - footer - 1, len(good) - 8 - footer - 10):
            bad = bytearray(good)
            bad[at] ^= 0x10
            with open(path, "wb") as file:
                file.write(bad)
            done = run_dump("dump", path)
            self.assertEqual(done.returncode, 1)
            self.assertIn("column 's', row group 0: page at offset", done.stderr.decode())
            self.assertIn("its checksum is wrong", done.stderr.decode())

    def test_any_damage_is_an_error_or_harmless(self):
        table = make_table(13, 60, 0.2)
        path = self.path("a.parquet")
        rng = random.Random(14)
        for codec, page in (("snappy", "1.0"), ("none", "2.0")):
            pyarrow.parquet.write_table(table, path, compression=codec, data_page_version=page)
            with open(path, "rb") as file:
                good = file.read()
            for trial in range(150):
                bad = bytearray(good)
                if trial % 3 == 0:
                    bad = bad[:rng.randrange(len(bad))]
                else:
                    for _ in range(rng.randint(1, 4)):
                        bad[rng.randrange(len(bad))] = rng.randrange(256)
                with open(path, "wb") as file:
                    file.write(bad)
                done = run_dump("read", path)
                self.assertIn(done.returncode, (0, 1), f"trial {trial}: {done.stderr.decode()}")
                if done.returncode == 1:
                    self.assertIn(b"parquet_dump: ", done.stderr)

    def test_no_parquet(self):
        path = self.path("a.parquet")
        for content, message in ((b"", "it has 0 bytes"), (b"a,b\n1,2\n" * 10, "does not end with PAR1"),
                                 (b"PAR1" + b"\xff\xff\xff\x7f" + b"PAR1", "the footer's length")):
            with open(path, "wb") as file:
                file.write(content)
            done = run_dump("dump", path)
            self.assertEqual(done.returncode, 1)
            self.assertIn(message, done.stderr.decode())


if __name__ == "__main__":
    unittest.main()
