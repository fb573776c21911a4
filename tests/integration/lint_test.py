"""`sluice lint`: exit codes, several files, and the examples that ship."""
import os
import pathlib
import subprocess
import tempfile
import unittest

SLUICE = str(pathlib.Path(os.environ["SLUICE_BIN"]).resolve() / "sluice")
HEAD = "apiVersion: sluice.dev/v1alpha1\n"
PIPELINE = HEAD + """kind: Pipeline
metadata: {name: p}
spec:
  parameters:
  - {name: model, default: linear, enum: [linear, dnn]}
  steps:
  - {name: a, container: {image: x, args: [$(params.model)]}}
"""
RUN = HEAD + """kind: Run
metadata: {generateName: r-}
spec: {pipelineRef: {name: p}, parameters: {model: %s}}
"""


class Lint(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def file(self, name, text):
        (self.folder / name).write_text(text)
        return name

    def lint(self, *args):
        done = subprocess.run([SLUICE, "lint", *args], cwd=self.folder, capture_output=True, text=True)
        return done.returncode, done.stdout.splitlines(), done.stderr

    def test_examples_are_clean(self):
        examples = sorted(pathlib.Path("manifests/examples").resolve().glob("*/pipeline.yaml"))
        self.assertGreaterEqual(len(examples), 2)
        code, out, err = self.lint(*map(str, examples))
        self.assertEqual((code, out), (0, []), err)

    def test_a_run_finds_its_pipeline_in_another_file(self):
        p = self.file("p.yaml", PIPELINE)
        self.assertEqual(self.lint(self.file("r.yaml", RUN % "dnn"), p)[:2], (0, []))
        code, out, _ = self.lint(self.file("r.yaml", RUN % "dnm"), p)
        self.assertEqual(code, 2)
        self.assertEqual(out, ['r.yaml:4: spec.parameters.model: expected one of ["linear","dnn"]'])

    def test_an_empty_file_is_an_error(self):
        code, out, _ = self.lint(self.file("e.yaml", "# nothing\n"))
        self.assertEqual((code, out), (2, ["e.yaml: there is no document in it"]))

    def test_a_warning_is_no_error(self):
        code, out, err = self.lint(self.file("r.yaml", RUN % "dnn"))
        self.assertEqual(code, 0)
        self.assertEqual(len(out), 1)
        self.assertIn("warning: spec.pipelineRef.name", out[0])
        self.assertIn("0 Pipelines, 1 Run: 0 errors, 1 warning", err)

    def test_all_errors_of_all_files(self):
        first = self.file("1.yaml", PIPELINE.replace("image", "imgae"))
        second = self.file("2.yaml", "a: [")
        code, out, err = self.lint(first, second, "none.yaml")
        self.assertEqual(code, 2)
        self.assertEqual([line.split(":")[0] for line in out], ["1.yaml", "1.yaml", "2.yaml", "none.yaml"])
        self.assertIn("4 errors", err)

    def test_usage(self):
        self.assertEqual(self.lint()[0], 2)
        self.assertEqual(self.lint("--fix")[0], 2)

    def test_a_file_that_is_too_large(self):
        code, out, _ = self.lint(self.file("big.yaml", "a" * ((1 << 20) + 1)))
        self.assertEqual(code, 2)
        self.assertEqual(len(out), 1)


if __name__ == "__main__":
    unittest.main()
