"""What a careless user, a full disk or a broken file does to `sluice`: one clear error, exit code 2, nothing lost."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BIN = pathlib.Path(os.environ["SLUICE_BIN"]).resolve()
PIPELINE = """apiVersion: sluice.dev/v1alpha1
kind: Pipeline
metadata: {name: p}
spec:
  defaults: {retry: {limit: 0}}
  steps:
  - {name: examples, component: ExampleGen, params: {input: in.csv}}
  - {name: statistics, component: StatisticsGen, inputs: {examples: examples}}
  - {name: schema, component: SchemaGen, inputs: {statistics: statistics}}
"""
ROWS = "a,b\n" + "".join(f"{i},{i % 3}\n" for i in range(100))


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "p.yaml").write_text(PIPELINE)

    def sluice(self, *args, code=0):
        done = subprocess.run([BIN / "sluice", *map(str, args)], cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def run_csv(self, data, *args, code=0):
        (self.folder / "in.csv").write_bytes(data if isinstance(data, bytes) else data.encode())
        return self.sluice("run", "p.yaml", *args, code=code)

    def states(self, output):
        return dict(re.findall(r"^(\S+) +([a-z_]+) ", output[output.index("\nSTEP "):], re.M))

    def file(self, pattern):
        found, = (self.folder / ".sluice/storage/default/p").glob("*/" + pattern)
        return found


class Manifest(Case):
    def test_one_that_cannot_be_read(self):
        """As another user than root, whom permissions do not stop; by a copy, since he may not reach the checkout."""
        sluice = shutil.copy(BIN / "sluice", self.folder)
        manifest = self.folder / "p.yaml"
        manifest.chmod(0)
        self.folder.chmod(0o777)
        other = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        done = subprocess.run([sluice, "run", "p.yaml"], cwd=self.folder, capture_output=True, text=True, **other)
        self.assertEqual((done.returncode, done.stderr), (2, "sluice run: 'p.yaml' cannot be read: permission denied\n"))


class Csv(Case):
    def test_one_error_that_says_where(self):
        for name, data, expected in [
                ("empty", "", "in.csv: the file is empty"),
                ("ragged", "a,b\n1,2\n1\n", "in.csv:3: expected 2 cells, got 1"),
                ("one name twice", "a,a\n1,2\n", "in.csv:1: there are two columns 'a'"),
                ("no name", "a,,b\n1,2,3\n", "in.csv:1: column 2: expected a name"),
                ("UTF-16", "a,b\n1,2\n".encode("utf-16"), "the text is UTF-16, expected UTF-8"),
                ("no text", b"a,b\n1,\xff\n", "in.csv:2: column 'b': expected UTF-8"),
                ("open quote", 'a,b\n1,2\n"1,2\n', "in.csv:3: "),
        ]:
            with self.subTest(name):
                out = self.run_csv(data, code=2)
                self.assertIn(expected, out)
                self.assertEqual(self.states(out)["statistics"], "upstream_failed")
                self.assertEqual(list(self.folder.glob(".sluice/storage/**/_manifest.json")), [])

    def test_thousands_of_text_columns(self):
        """Domains were looked for once a domain and feature: minutes at this width."""
        n = 3000
        head = ",".join(f"c{i}" for i in range(n))
        rows = "\n".join(",".join(f"v{(i * j) % 7}" for j in range(n)) for i in range(60))
        self.assertIn(f"{n} features inferred", self.run_csv(f"{head}\n{rows}\n"))


class Transform(Case):
    def transform(self, data, params=""):
        (self.folder / "p.yaml").write_text(PIPELINE + """  - name: transform
    component: Transform
    inputs: {examples: examples, schema: schema}
    params: {label: {name: l, expr: "label"}%s}
""" % params)
        return self.run_csv(data, code=2)

    def test_nothing_to_learn_from(self):
        labels = [i % 2 for i in range(200)]
        for data, params, expected in [
                ("a,label\n", "", "the analysed splits have no rows"),
                ("a,label\n" + "".join(f"5,{x}\n" for x in labels), "",
                 "no column is left to make a feature of: 'a' (it has one value only), 'label' (the label reads it)"),
                ("a,label\n" + "".join(f"{i % 7},\n" for i in range(200)), "", "no analysed row has a label 'l'\n"),
                ("a,label\n" + "".join(f"{i % 7},{x}\n" for i, x in enumerate(labels)),
                 ", weight: {name: w, expr: '-1'}", "no analysed row has a label 'l' and a weight of 0 or more"),
                ("a,label\n" + "".join(f"{i % 7},1\n" for i in range(200)), "", "is true in all"),
                ("a,other\n" + "".join(f"{i % 7},{x}\n" for i, x in enumerate(labels)), "", "there is no column 'label'"),
        ]:
            with self.subTest(expected):
                self.assertIn(expected, self.transform(data, params))


class Folders(Case):
    def test_a_root_that_is_no_folder(self):
        (self.folder / "in.csv").write_text(ROWS)
        (self.folder / "file").write_text("")
        self.assertIn("is a file", self.sluice("run", "p.yaml", "--root", "file", code=2))
        self.sluice("run", "p.yaml", "--root", "", code=2)


class Damage(Case):
    def setUp(self):
        super().setUp()
        self.run_csv(ROWS)
        self.assertIn("cached", self.states(self.run_csv(ROWS))["schema"])
        for run in sorted((self.folder / ".sluice/storage/default/p").iterdir())[1:]:
            shutil.rmtree(run)

    def test_a_short_or_missing_file_is_no_cache_hit(self):
        def cut():
            os.truncate(self.file("examples/1/examples/Split-train/*.parquet"), 50)

        def remove():
            self.file("statistics/1/statistics/Split-train/FeatureStats.pb").unlink()

        for damage, step in [(remove, "statistics"), (cut, "examples")]:
            with self.subTest(step):
                damage()
                self.assertEqual(self.states(self.run_csv(ROWS))[step], "succeeded")
                shutil.rmtree(self.folder / ".sluice")
                self.run_csv(ROWS)

    def test_a_file_with_a_flipped_byte_is_no_cache_hit(self):
        for pattern, step in [("examples/1/examples/Split-train/*.parquet", "examples"),
                              ("schema/1/schema/schema.pbtxt", "schema"),
                              ("statistics/1/statistics/Split-train/FeatureStats.pb", "statistics")]:
            with self.subTest(pattern):
                damaged = self.file(pattern)
                content = bytearray(damaged.read_bytes())
                content[len(content) // 2] ^= 1
                damaged.write_bytes(content)
                again = self.run_csv(ROWS, "--explain-cache")
                for name in ["examples", "statistics", "schema"]:
                    self.assertEqual(self.states(again)[name], "succeeded" if name == step else "cached")
                path = damaged.as_posix().partition(f"/{step}/1/{step}/")[2]
                self.assertRegex(again, rf"(?m)^{step}: .* '{path}' of its '{step}' has another content than was written$")
                self.assertEqual(self.states(self.run_csv(ROWS))[step], "cached")
                shutil.rmtree(self.folder / ".sluice")
                self.run_csv(ROWS)

    def test_a_damaged_database_is_told_and_made_anew(self):
        database = self.folder / ".sluice/sluice.db"
        for size in [4096, 100000]:
            with self.subTest(size):
                database.write_bytes(os.urandom(size))
                for part in ["-wal", "-shm"]:
                    (self.folder / f".sluice/sluice.db{part}").unlink(missing_ok=True)
                self.assertIn("`sluice reindex --fresh`", self.sluice("run", "p.yaml", code=1))
                self.assertIn("`sluice reindex --fresh`", self.sluice("get", "runs", code=1))
                self.sluice("reindex", "--fresh")
                self.assertEqual(self.states(self.run_csv(ROWS))["schema"], "cached")


    def test_a_damaged_run_state_is_told(self):
        for state in (self.folder / ".sluice/runs").glob("*/run.json"):
            state.write_text(state.read_text()[:100])
        self.assertRegex(self.sluice("run", "--resume", code=2), r"runs/.*/run\.json': .*not valid JSON")
        self.assertEqual(self.states(self.run_csv(ROWS))["schema"], "cached")


class Push(Case):
    def test_a_push_that_was_removed_is_done_again(self):
        example = ROOT / "manifests/examples/birdstrikes/pipeline.yaml"
        self.sluice("run", example)
        shutil.rmtree(self.folder / "serving")
        again = self.states(self.sluice("run", example))
        self.assertEqual((again["evaluate"], again["push"]), ("cached", "succeeded"))
        version, = (self.folder / "serving/birdstrikes").iterdir()
        self.assertTrue((version / "_manifest.json").is_file())
        self.assertEqual(self.states(self.sluice("run", example))["push"], "cached")


if __name__ == "__main__":
    unittest.main()
