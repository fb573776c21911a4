"""SchemaGen and ExampleValidator: their files read by tensorflow_metadata, and what fails a pipeline."""
import pathlib
import tempfile
import unittest

import pyarrow as pa
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2

import artifacts

INFO = anomalies_pb2.AnomalyInfo


def table(n, pay=("Cash", "Card"), missing=0, fares=None):
    """n rows: a text, a float with some missing, an int of 0 and 1, a time."""
    return pa.table({
        "pay": pa.array([pay[i % len(pay)] for i in range(n)]),
        "fare": pa.array([None if i < missing else float(fares[i % len(fares)] if fares else i) for i in range(n)]),
        "hit": pa.array([i % 2 for i in range(n)], pa.int64()),
        "at": pa.array([1_000_000 * i for i in range(n)], pa.timestamp("us", tz="UTC")),
    })


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.runs = 0

    def step(self, executable, inputs, outputs, params=None):
        """Returns exit code, stderr, result, and the outputs as a task names them."""
        self.runs += 1
        folder = self.folder / f"{executable}{self.runs}"
        done, result = artifacts.run_step(executable, folder, inputs, outputs, params)
        made = {name: {"type": o["type"], "uri": o["uri"], "digest": o["digest"], "properties": o["properties"]}
                for name, o in (result or {}).get("outputs", {}).items()}
        return done.returncode, done.stderr, result, made

    def statistics(self, splits):
        self.runs += 1
        examples = artifacts.write_examples(self.folder / f"examples{self.runs}", splits)
        code, err, _, made = self.step("statistics_gen", {"examples": examples}, {"statistics": "ExampleStatistics"})
        self.assertEqual(code, 0, err)
        return made["statistics"]

    def schema(self, statistics, params=None, **inputs):
        code, err, result, made = self.step("schema_gen", {"statistics": statistics, **inputs}, {"schema": "Schema"}, params)
        self.assertEqual(code, 0, err)
        text = (pathlib.Path(made["schema"]["uri"][7:]) / "schema.pbtxt").read_text()
        return text_format.Parse(text, schema_pb2.Schema()), text, made["schema"], result

    def curated(self, text):
        self.runs += 1
        folder = self.folder / f"curated{self.runs}"
        folder.mkdir()
        (folder / "schema.pbtxt").write_text(text)
        return {"type": "Schema", "uri": folder.as_uri(), "digest": artifacts.write_manifest(folder, "Schema", {}),
                "properties": {}}

    def validate(self, statistics, schema, params=None, **inputs):
        """Returns exit code, result, {split: Anomalies}."""
        code, err, result, made = self.step("example_validator", {"statistics": statistics, "schema": schema, **inputs},
                                            {"anomalies": "ExampleAnomalies"}, params)
        found = {}
        if made:
            root = pathlib.Path(made["anomalies"]["uri"][7:])
            for split in made["anomalies"]["properties"]["splits"]:
                data = (root / f"Split-{split}" / "SchemaDiff.pb").read_bytes()
                found[split] = anomalies_pb2.Anomalies.FromString(data)
            self.assertIn("<html", (root / "anomalies.html").read_text())
        return code, err, result, found


class SchemaGen(Case):
    def test_the_real_package_reads_it_and_prints_the_same_text(self):
        schema, text, _, _ = self.schema(self.statistics({"train": table(20, missing=3), "eval": table(10, pay=("Cash", "Prcard"))}))
        self.assertEqual(text, text_format.MessageToString(schema))
        features = {f.name: f for f in schema.feature}
        self.assertEqual(list(features), ["pay", "fare", "hit", "at"])
        self.assertEqual(features["pay"].type, schema_pb2.BYTES)
        self.assertEqual([list(d.value) for d in schema.string_domain], [["Card", "Cash", "Prcard"]])
        self.assertFalse(features["fare"].presence.HasField("min_fraction"))
        self.assertTrue(features["hit"].HasField("bool_domain"))
        self.assertEqual(features["at"].time_domain.integer_format, schema_pb2.TimeDomain.UNIX_MICROSECONDS)

    def test_labels_are_absent_in_serving(self):
        schema, _, _, _ = self.schema(self.statistics({"train": table(20)}), {"notInServing": ["hit"]})
        self.assertEqual(list(schema.default_environment), ["TRAINING", "SERVING"])
        self.assertEqual([list(f.not_in_environment) for f in schema.feature if f.name == "hit"], [["SERVING"]])

    def test_a_curated_schema_wins_and_differences_are_told(self):
        written = schema_pb2.Schema()
        f = written.feature.add(name="pay", type=schema_pb2.BYTES)
        f.string_domain.value.extend(["Cash"])
        f.annotation.comment.append("by hand: \u00e9")
        f.distribution_constraints.min_domain_mass = 0.9
        schema, _, made, result = self.schema(self.statistics({"train": table(20)}),
                                              schema=self.curated(text_format.MessageToString(written)))
        self.assertEqual(schema, written)
        self.assertTrue(made["properties"]["curated"])
        # Card is outside the domain; fare, hit and at are unknown.
        self.assertEqual(made["properties"]["differences"], 4)

    def test_a_bad_curated_schema_is_refused_with_its_line(self):
        statistics = self.statistics({"train": table(20)})
        code, err, result, _ = self.step("schema_gen", {"statistics": statistics, "schema": self.curated("feature {\n nam: 'x' }")},
                                         {"schema": "Schema"})
        self.assertEqual(code, 2)
        self.assertIn("line 2: unknown field 'nam' in Feature, did you mean 'name'?", err)
        self.assertEqual(result["error"]["kind"], "invalid")


class ExampleValidator(Case):
    def test_data_that_made_the_schema_has_no_anomalies(self):
        statistics = self.statistics({"train": table(20, missing=3), "eval": table(10)})
        code, _, result, found = self.validate(statistics, self.schema(statistics)[2])
        self.assertEqual(code, 0)
        self.assertEqual({s: len(a.anomaly_info) for s, a in found.items()}, {"train": 0, "eval": 0})
        self.assertEqual(result["outputs"]["anomalies"]["properties"]["blessed"], {"eval": 1, "train": 1})

    def test_findings_are_committed_before_the_step_fails_and_are_named(self):
        _, _, schema, _ = self.schema(self.statistics({"train": table(20)}))
        bad = self.statistics({"train": table(20, pay=("Cash", "Card", "Odd"), missing=5)})
        code, err, result, found = self.validate(bad, schema)
        self.assertEqual(code, 2)
        self.assertEqual(result["outcome"], "invalid_input")
        self.assertIn("pay (train: Unexpected string values)", err)
        self.assertIn("fare (train: ", err)
        info = found["train"].anomaly_info
        self.assertEqual(sorted(info), ["fare", "pay"])
        self.assertEqual([r.type for r in info["pay"].reason], [INFO.ENUM_TYPE_UNEXPECTED_STRING_VALUES])
        self.assertEqual([r.type for r in info["fare"].reason],
                         [INFO.INVALID_FEATURE_SHAPE, INFO.FEATURE_TYPE_LOW_FRACTION_PRESENT])
        self.assertEqual(info["fare"].short_description, "Multiple errors")
        self.assertEqual(info["pay"].severity, INFO.ERROR)
        self.assertEqual(list(info["pay"].path.step), ["pay"])
        self.assertEqual(len(found["train"].baseline.feature), 4)
        self.assertEqual(found["train"].anomaly_name_format, anomalies_pb2.Anomalies.SERIALIZED_PATH)

    def test_fail_on_none_and_warnings(self):
        _, _, schema, _ = self.schema(self.statistics({"train": table(20)}))
        bad = self.statistics({"train": table(20, pay=("Cash", "Odd"))})
        override = [{"type": "ENUM_TYPE_UNEXPECTED_STRING_VALUES", "severity": "warning"}]
        self.assertEqual(self.validate(bad, schema, {"failOn": "none"})[0], 0)
        code, _, _, found = self.validate(bad, schema, {"severity": override})
        self.assertEqual(code, 0)
        self.assertEqual(found["train"].anomaly_info["pay"].severity, INFO.WARNING)
        self.assertEqual(self.validate(bad, schema, {"severity": override, "failOn": "warning"})[0], 2)

    def test_drift_against_a_previous_span(self):
        before = self.statistics({"train": table(100)})
        now = self.statistics({"train": table(100, pay=("Cash", "Cash", "Cash", "Card"))})
        _, _, schema, _ = self.schema(before)
        drift = [{"feature": "pay", "lInfinity": 0.2, "jensenShannon": 0.9}, {"feature": "fare", "jensenShannon": 0.5}]
        code, err, _, found = self.validate(now, schema, {"drift": drift}, baseline=before)
        self.assertEqual(code, 2, err)
        measured = {(m.path.step[0], x.type): x for m in found["train"].drift_skew_info for x in m.drift_measurements}
        # Shares of Card: 1/4 now, 1/2 before.
        self.assertAlmostEqual(measured["pay", 1].value, 0.25)
        self.assertAlmostEqual(measured["fare", 2].value, 0, places=9)
        self.assertEqual([r.type for r in found["train"].anomaly_info["pay"].reason], [INFO.COMPARATOR_L_INFTY_HIGH])
        # Without a baseline nothing is compared.
        self.assertEqual(self.validate(now, schema, {"drift": drift})[0], 0)

    def test_skew_and_environment(self):
        train = self.statistics({"train": table(100)})
        _, _, schema, _ = self.schema(train, {"notInServing": ["hit"]})
        serving = self.statistics({"serving": table(100, fares=[1e6]).drop_columns(["hit"])})
        code, _, _, found = self.validate(train, schema, {"skew": [{"feature": "fare", "jensenShannon": 0.5}]}, serving=serving)
        self.assertEqual(code, 2)
        self.assertEqual([r.type for r in found["train"].anomaly_info["fare"].reason],
                         [INFO.COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH])
        self.assertEqual(self.validate(serving, schema, {"environment": "SERVING"})[0], 0)
        self.assertEqual(self.validate(serving, schema, {"environment": "TRAINING"})[0], 2)

    def test_bad_parameters_are_told_by_path(self):
        statistics = self.statistics({"train": table(20)})
        _, _, schema, _ = self.schema(statistics)
        for params, message in [
            ({"failOn": "errors"}, "params.failOn: 'errors' is not one of: none, warning, error, did you mean 'error'?"),
            ({"drift": [{"feature": "pay"}]}, "params.drift[0]: has no threshold"),
            ({"severity": [{"type": "X", "severity": "error"}]}, "params.severity[0].type: 'X' is no anomaly"),
            ({"drift": [{"feature": "nope", "lInfinity": 0.1}]}, "params.drift[0].feature: the schema has no feature 'nope'"),
        ]:
            code, err, _, found = self.validate(statistics, schema, params)
            self.assertEqual((code, found), (2, {}))
            self.assertIn(message, err)


if __name__ == "__main__":
    unittest.main()
