"""StatisticsGen against DuckDB, numpy and datasketches, its files read by tensorflow_metadata."""
import collections
import pathlib
import re
import subprocess
import tempfile
import unittest

import datasketches
import duckdb
import numpy as np
import pyarrow as pa
from tensorflow_metadata.proto.v0 import statistics_pb2

import artifacts

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
OUTPUTS = {"statistics": "ExampleStatistics"}


def birdstrikes():
    path = ROOT / "manifests/examples/birdstrikes/birdstrikes.csv"
    return artifacts.to_arrow(duckdb.connect(), f"select * from read_csv('{path}')")


def flights():
    path = ROOT / "manifests/examples/flights/flights-3m.parquet"
    if not path.exists():
        subprocess.run([ROOT / "hack/deps", "data"], cwd=ROOT, check=True)
    return artifacts.to_arrow(duckdb.connect(), f"select * from '{path}'")


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.runs = 0

    def run_gen(self, examples, params=None, threads=0):
        self.runs += 1
        return artifacts.run_step("statistics_gen", self.folder / f"run{self.runs}",
                                  {"examples": examples}, OUTPUTS, params, threads)

    def statistics(self, splits, params=None, **options):
        """{split: {feature: FeatureNameStatistics}} of StatisticsGen over these tables."""
        examples = artifacts.write_examples(self.folder / f"examples{self.runs}", splits, **options)
        done, result = self.run_gen(examples, params)
        self.assertEqual(done.returncode, 0, done.stderr)
        read = {}
        for name in result["outputs"]["statistics"]["properties"]["splits"]:
            path = self.folder / f"run{self.runs}/statistics/Split-{name}/FeatureStats.pb"
            data = statistics_pb2.DatasetFeatureStatisticsList.FromString(path.read_bytes())
            self.assertEqual(len(data.datasets), 1)
            self.assertEqual(data.datasets[0].num_examples, splits[name].num_rows)
            read[name] = {f.path.step[0]: f for f in data.datasets[0].features}
            self.assertEqual([f.path.step[0] for f in data.datasets[0].features],
                             splits[name].column_names)
        return read

    def close(self, got, expected, what):
        self.assertTrue(np.isclose(got, expected, rtol=1e-12, atol=0, equal_nan=True),
                        f"{what}: {got!r}, expected {expected!r}")

    # ---- one feature against an independent computation ----

    def check_common(self, f, table, name):
        stats = f.num_stats if f.HasField("num_stats") else f.string_stats
        common = stats.common_stats
        missing = table.column(name).null_count
        present = table.num_rows - missing
        self.assertEqual(common.num_missing, missing, name)
        self.assertEqual(common.num_non_missing, present, name)
        self.assertEqual(common.tot_num_values, present, name)
        one = 1 if present else 0
        self.assertEqual((common.min_num_values, common.max_num_values, common.avg_num_values),
                         (one, one, one), name)
        buckets = common.num_values_histogram.buckets
        self.assertEqual(len(buckets), 10 * one)
        for bucket in buckets:
            self.assertEqual((bucket.low_value, bucket.high_value), (1, 1))
            self.close(bucket.sample_count, present / 10, name)

    def check_moments(self, stats, connection, name):
        """DuckDB over the same column: `t` is the table."""
        column = f'"{name}"'
        if str(connection.sql(f"select {column} from t").types[0]).startswith("TIMESTAMP"):
            column = f"epoch_us({column})"
        row = connection.execute(
            f"select avg({column}), stddev_pop({column}), min({column}), max({column}), "
            f"count(*) filter ({column} = 0), median({column}) from t").fetchone()
        self.close(stats.mean, row[0], f"{name}: mean")
        self.assertAlmostEqual(stats.std_dev / row[1] if row[1] else 1 + stats.std_dev, 1, 9, name)
        self.assertEqual(stats.min, row[2], name)
        self.assertEqual(stats.max, row[3], name)
        self.assertEqual(stats.num_zeros, row[4], name)
        return row[5]

    def values_of(self, table, name):
        column = table.column(name).drop_null()
        if pa.types.is_timestamp(column.type) or pa.types.is_boolean(column.type):
            column = column.cast(pa.int64())
        return column.to_numpy().astype(np.float64)

    def custom(self, f):
        return {c.name: c.num if c.WhichOneof("val") == "num" else c.str for c in f.custom_stats}

    def check_numeric(self, f, table, connection, name):
        stats = f.num_stats
        median = self.check_moments(stats, connection, name)
        values = self.values_of(table, name)
        self.assertEqual(stats.median, median, name)
        custom = self.custom(f)
        self.assertEqual(custom["unique"], len(np.unique(values)), name)
        self.assertNotIn("unique_relative_error", custom)
        self.assertNotIn("quantile_rank_error", custom)
        standard, quantiles = stats.histograms
        self.assertEqual((standard.type, quantiles.type), (0, 1))
        counts, edges = np.histogram(values, 10)
        self.assertEqual([b.sample_count for b in standard.buckets], list(counts), name)
        np.testing.assert_allclose([b.low_value for b in standard.buckets], edges[:-1], rtol=1e-12,
                                   atol=1e-9)
        bounds = np.quantile(values, np.arange(11) / 10, method="inverted_cdf")
        self.assertEqual([b.low_value for b in quantiles.buckets], list(bounds[:-1]), name)
        self.assertEqual([b.high_value for b in quantiles.buckets], list(bounds[1:]), name)
        for bucket in quantiles.buckets:
            self.close(bucket.sample_count, len(values) / 10, name)

    def ranked(self, connection, name):
        rows = connection.execute(f'select "{name}", count(*) from t where "{name}" is not null '
                                  "group by all").fetchall()
        return sorted(rows, key=lambda r: (r[1], r[0].encode()), reverse=True)

    def check_text(self, f, connection, name):
        stats = f.string_stats
        ranked = self.ranked(connection, name)
        self.assertEqual(stats.unique, len(ranked), name)
        self.assertEqual([(v.value, v.frequency) for v in stats.top_values], ranked[:20], name)
        buckets = stats.rank_histogram.buckets
        self.assertEqual([(b.label, b.sample_count) for b in buckets], ranked[:1000], name)
        self.assertEqual([b.low_rank for b in buckets], list(range(len(buckets))))
        length = connection.execute(f'select avg(strlen("{name}")) from t').fetchone()[0]
        self.assertAlmostEqual(stats.avg_length, length, 5, name)
        self.assertEqual(stats.invalid_utf8_count, 0)
        self.assertNotIn("unique_relative_error", self.custom(f))

    def check_exact(self, features, table, leave_out=()):
        connection = duckdb.connect()
        connection.execute("set timezone = 'UTC'")
        connection.register("t", table)
        for name, f in features.items():
            with self.subTest(feature=name):
                self.check_common(f, table, name)
                if name in leave_out:
                    continue
                if f.type == statistics_pb2.FeatureNameStatistics.STRING:
                    self.check_text(f, connection, name)
                else:
                    self.check_numeric(f, table, connection, name)


class RealData(Case):
    def test_birdstrikes_equals_duckdb_and_numpy(self):
        table = birdstrikes()
        splits = {"train": table.slice(0, 8000), "val": table.slice(8000, 999),
                  "eval": table.slice(8999)}
        read = self.statistics(splits)
        for name, features in read.items():
            self.check_exact(features, splits[name])
        date = read["train"]["Flight Date"]
        self.assertEqual(date.type, statistics_pb2.FeatureNameStatistics.INT)
        self.assertIn("UNIX_MICROSECONDS", self.custom(date)["domain_info"])
        report = (self.folder / "run1/statistics/report.html").read_text()
        for name in table.column_names:
            self.assertIn(name, report)
        self.assertIsNone(re.search(r"(src|href)=\"?(http|//)", report))

    def test_flights_equals_duckdb_and_numpy(self):
        table = flights()
        features = self.statistics({"all": table})["all"]
        self.check_exact(features, table, leave_out=("date",))
        self.check_date(features["date"], table)

    def check_date(self, f, table):
        """169 thousand distinct minutes and more: sketches, within what they state."""
        values = np.sort(self.values_of(table, "date"))
        custom = self.custom(f)
        unique = len(np.unique(values))
        self.assertGreater(unique, 65536)
        self.assertLess(abs(custom["unique"] / unique - 1), 3 * custom["unique_relative_error"])
        bounds = [b.high_value for b in f.num_stats.histograms[1].buckets]
        for i, bound in enumerate(bounds[:-1]):
            low = np.searchsorted(values, bound, "left") / len(values)
            high = np.searchsorted(values, bound, "right") / len(values)
            off = max(low - (i + 1) / 10, (i + 1) / 10 - high, 0)
            self.assertLessEqual(off, custom["quantile_rank_error"])
        counts, _ = np.histogram(values, 10)
        for bucket, count in zip(f.num_stats.histograms[0].buckets, counts):
            # A bucket is the difference of two ranks.
            self.assertLessEqual(abs(bucket.sample_count - count) / len(values),
                                 2 * custom["quantile_rank_error"])
        self.assertEqual(sum(b.sample_count for b in f.num_stats.histograms[0].buckets),
                         len(values))

    def test_the_same_bytes_with_1_2_and_7_threads(self):
        rng = np.random.default_rng(5)
        n = 1_300_000
        table = pa.table({
            "few": pa.array(rng.integers(0, 50, n)),
            "many": pa.array(rng.normal(size=n)),
            "text": pa.array([f"k{i}" for i in rng.zipf(1.2, n) % 400_000]),
            "weight": pa.array(rng.random(n)),
        })
        splits = {"train": table.slice(0, 1_200_000), "eval": table.slice(1_200_000)}
        examples = artifacts.write_examples(self.folder / "examples", splits)
        digests = set()
        for params in ({}, {"weight": "weight"}):
            found = set()
            for threads in (1, 2, 7):
                done, result = self.run_gen(examples, params, threads)
                self.assertEqual(done.returncode, 0, done.stderr)
                found.add(result["outputs"]["statistics"]["digest"])
            self.assertEqual(len(found), 1)
            digests |= found
        self.assertEqual(len(digests), 2)


class Sketches(Case):
    def test_numbers_beside_datasketches(self):
        rng = np.random.default_rng(1)
        n = 1_000_000
        columns = {"normal": rng.normal(size=n), "heavy": rng.pareto(1.1, n),
                   "sorted": np.arange(n) * 0.25}
        features = self.statistics({"all": pa.table(columns)})["all"]
        for name, values in columns.items():
            custom = self.custom(features[name])
            kll, hll = datasketches.kll_doubles_sketch(4096), datasketches.hll_sketch(14)
            kll.update(values)
            for value in values:
                hll.update(value)
            ordered = np.sort(values)
            bounds = [b.high_value for b in features[name].num_stats.histograms[1].buckets][:-1]
            wanted = np.arange(1, 10) / 10
            ours = np.abs(np.searchsorted(ordered, bounds) / n - wanted)
            theirs = np.abs(np.searchsorted(ordered, kll.get_quantiles(list(wanted))) / n - wanted)
            self.assertLessEqual(ours.max(), custom["quantile_rank_error"], name)
            self.assertLessEqual(custom["quantile_rank_error"], 2 * kll.normalized_rank_error(False))
            self.assertLessEqual(theirs.max(), 2 * kll.normalized_rank_error(False), name)
            # 1.04 / sqrt(2^14), as theirs states for its bounds at one standard deviation.
            error = custom["unique_relative_error"]
            self.assertLessEqual(abs(custom["unique"] / n - 1), 3 * error, name)
            self.assertLessEqual(abs(hll.get_estimate() / n - 1), 3 * error, name)

    def test_text_beside_datasketches(self):
        rng = np.random.default_rng(2)
        n = 1_000_000
        drawn = [f"value {i % 500_000}" for i in rng.zipf(1.15, n)]
        features = self.statistics({"all": pa.table({"text": drawn})})["all"]
        truth = collections.Counter(drawn)
        stats, custom = features["text"].string_stats, self.custom(features["text"])
        self.assertLess(abs(stats.unique / len(truth) - 1), 3 * custom["unique_relative_error"])
        error = custom["top_values_count_error"]
        self.assertLessEqual(error, 2 * n / 65536)
        sketch = datasketches.frequent_strings_sketch(16)
        for value in drawn:
            sketch.update(value)
        for v in stats.top_values:
            self.assertLessEqual(v.frequency, truth[v.value])
            self.assertGreaterEqual(v.frequency + error, truth[v.value])
            self.assertLessEqual(v.frequency, sketch.get_upper_bound(v.value))
            self.assertGreaterEqual(v.frequency + error, sketch.get_lower_bound(v.value))
        self.assertEqual({v.value for v in stats.top_values},
                         {value for value, _ in truth.most_common(20)})
        self.assertAlmostEqual(stats.avg_length, np.mean([len(v) for v in drawn]), 4)

    def test_distinct_text(self):
        n = 1_000_000
        table = pa.table({"id": [f"{i:09d}" for i in range(n)]})
        f = self.statistics({"all": table})["all"]["id"]
        custom = self.custom(f)
        self.assertLess(abs(f.string_stats.unique / n - 1), 3 * custom["unique_relative_error"])
        self.assertLessEqual(custom["top_values_count_error"], 2 * n / 65536)

    def test_65536_distinct_values_are_exact_and_one_more_is_not(self):
        for n, exact in ((65536, True), (65537, False)):
            table = pa.table({"x": np.arange(n) * 1.5, "s": [f"v{i}" for i in range(n)]})
            features = self.statistics({"all": table})["all"]
            for f in features.values():
                self.assertEqual("unique_relative_error" in self.custom(f), not exact)
            if exact:
                self.check_exact(features, table)


class Edges(Case):
    def test_odd_columns(self):
        inf, nan = float("inf"), float("nan")
        table = pa.table({
            "nan": pa.array([nan, 1.0, None, 2.0]),
            "only_nan": pa.array([nan, nan, None, nan]),
            "infinite": pa.array([inf, -inf, 3.0, 5.0]),
            "missing": pa.array([None] * 4, pa.float64()),
            "no_text": pa.array([None] * 4, pa.string()),
            "constant": pa.array([7, 7, 7, 7]),
            "flag": pa.array([True, None, False, True]),
            "wide": pa.array([2**62, -(2**62), 2**62 + 1, 0]),
            "accents": pa.array(["é", "日本", "é", None]),
        })
        f = self.statistics({"all": table})["all"]
        stats = f["nan"].num_stats
        self.assertEqual(stats.histograms[0].num_nan, 1)
        self.assertEqual(stats.histograms[1].num_nan, 1)
        self.assertEqual((stats.mean, stats.min, stats.max, stats.std_dev), (1.5, 1, 2, 0.5))
        self.assertEqual(stats.common_stats.num_non_missing, 3)
        stats = f["only_nan"].num_stats
        self.assertEqual((stats.mean, stats.histograms[0].num_nan), (0, 3))
        stats = f["infinite"].num_stats
        self.assertEqual((stats.min, stats.max, stats.median), (-inf, inf, 4))
        buckets = stats.histograms[0].buckets
        self.assertEqual((buckets[0].low_value, buckets[0].high_value), (-inf, -inf))
        self.assertEqual((buckets[-1].low_value, buckets[-1].sample_count), (inf, 1))
        self.assertEqual((buckets[1].low_value, buckets[-2].high_value), (3, 5))
        stats = f["missing"].num_stats
        self.assertEqual((stats.common_stats.num_missing, len(stats.histograms)), (4, 0))
        self.assertEqual(f["no_text"].string_stats.unique, 0)
        self.assertEqual(len(f["constant"].num_stats.histograms[0].buckets), 1)
        self.assertEqual(f["flag"].type, statistics_pb2.FeatureNameStatistics.INT)
        self.assertEqual(self.custom(f["flag"])["domain_info"], "bool_domain {}")
        self.assertEqual(f["flag"].num_stats.num_zeros, 1)
        self.assertEqual(self.custom(f["wide"])["unique"], 4)
        self.assertEqual(f["accents"].string_stats.top_values[0].value, "é")
        self.assertAlmostEqual(f["accents"].string_stats.avg_length, 10 / 3, 5)

    def test_a_split_without_rows(self):
        table = pa.table({"x": pa.array([1, 2, 3]), "s": pa.array(["a", "b", "a"])})
        f = self.statistics({"train": table, "eval": table.slice(0, 0)})["eval"]
        self.assertEqual(f["x"].num_stats.common_stats.num_non_missing, 0)
        self.assertEqual(f["s"].string_stats.unique, 0)

    def test_weights(self):
        rng = np.random.default_rng(3)
        n = 200_000
        x, w = rng.integers(0, 1000, n), rng.random(n) * 3
        s = np.array(["a", "b", "c"])[rng.integers(0, 3, n)]
        table = pa.table({"x": x, "s": s, "w": w, "y": rng.normal(size=n)})
        f = self.statistics({"all": table}, {"weight": "w"})["all"]
        stats = f["x"].num_stats.weighted_numeric_stats
        self.assertAlmostEqual(stats.mean / np.average(x, weights=w), 1, 12)
        variance = np.average((x - np.average(x, weights=w)) ** 2, weights=w)
        self.assertAlmostEqual(stats.std_dev / np.sqrt(variance), 1, 12)
        counts, _ = np.histogram(x, 10, weights=w)
        np.testing.assert_allclose([b.sample_count for b in stats.histograms[0].buckets], counts)
        order = np.argsort(x, kind="stable")
        cumulative = np.cumsum(w[order])
        self.assertEqual(stats.median, x[order][np.searchsorted(cumulative, cumulative[-1] / 2)])
        common = f["x"].num_stats.common_stats.weighted_common_stats
        self.assertAlmostEqual(common.num_non_missing / w.sum(), 1, 12)
        top = f["s"].string_stats.weighted_string_stats.top_values
        for v in top:
            self.assertAlmostEqual(v.frequency / w[s == v.value].sum(), 1, 12)
        # More distinct values than are counted one by one: a sample with the weights.
        y = table.column("y").to_numpy()
        order = np.argsort(y)
        cumulative = np.cumsum(w[order]) / w.sum()
        for i, b in enumerate(f["y"].num_stats.weighted_numeric_stats.histograms[1].buckets[:-1]):
            rank = cumulative[np.searchsorted(y[order], b.high_value)]
            self.assertLess(abs(rank - (i + 1) / 10), 0.0101)

    def test_parameters(self):
        table = birdstrikes().slice(0, 1000)
        examples = artifacts.write_examples(self.folder / "e", {"train": table, "eval": table})
        done, result = self.run_gen(examples, {
            "excludeSplits": ["eval"], "features": ["Speed IAS in knots", "Origin State"],
            "numHistogramBuckets": 7, "numQuantiles": 4, "numTopValues": 3, "numRankBuckets": 5})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(result["outputs"]["statistics"]["properties"],
                         {"splits": ["train"], "span": 3})
        self.assertEqual(result["metrics"]["rows_in"], 1000)
        path = self.folder / "run1/statistics/Split-train/FeatureStats.pb"
        data = statistics_pb2.DatasetFeatureStatisticsList.FromString(path.read_bytes())
        state, speed = data.datasets[0].features
        self.assertEqual((state.path.step[0], speed.path.step[0]),
                         ("Origin State", "Speed IAS in knots"))
        self.assertEqual([len(h.buckets) for h in speed.num_stats.histograms], [7, 4])
        self.assertEqual(len(state.string_stats.top_values), 3)
        self.assertEqual(len(state.string_stats.rank_histogram.buckets), 5)

    def test_wrong_parameters_are_refused(self):
        table = pa.table({"x": pa.array([1, 2, None]), "s": pa.array(["a", "b", "c"]),
                          "negative": pa.array([1.0, 2.0, -1.0])})
        examples = artifacts.write_examples(self.folder / "e", {"train": table})
        for params, message in (
                ({"excludeSplits": ["trian"]}, "no split 'trian', did you mean 'train'?"),
                ({"features": ["y"]}, "params.features: the examples have no column 'y'"),
                ({"weight": "nope"}, "params.weight: the examples have no column 'nope'"),
                ({"weight": "s"}, "column 's' is text, expected numbers"),
                ({"weight": "x"}, "row 3: expected a number of at least 0, got a missing one"),
                ({"weight": "negative"}, "row 3: expected a number of at least 0, got a negative"),
                ({"numQuantiles": 0}, "params.numQuantiles"),
                ({"feature": ["x"]}, "did you mean 'features'?")):
            with self.subTest(params=params):
                done, result = self.run_gen(examples, params)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(message, result["error"]["message"])
                made = self.folder / f"run{self.runs}/statistics/_manifest.json"
                self.assertFalse(made.exists())

    def test_a_damaged_part_is_refused(self):
        table = pa.table({"x": pa.array(range(1000))})
        examples = artifacts.write_examples(self.folder / "e", {"train": table},
                                            write_page_checksum=True)
        part = next((self.folder / "e").rglob("*.parquet"))
        data = bytearray(part.read_bytes())
        data[len(data) // 4] ^= 0xFF
        part.write_bytes(data)
        done, result = self.run_gen(examples)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("part-00000", result["error"]["message"])


if __name__ == "__main__":
    unittest.main()
