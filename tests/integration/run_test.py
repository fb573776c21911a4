"""`sluice run` end to end with small steps: order, outcomes, retries, limits, cancel, resume."""
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import unittest

from integration.sluice import BIN, Project, alive, wait_for


def script(source, name="s", **fields):
    """A script step as YAML; `source` is shell."""
    lines = [f"- name: {name}", "  script:", "    image: 'sh:1'", "    command: [sh, -e]", "    source: |"]
    lines += ["      " + line for line in source.strip().splitlines()]
    lines += [f"  {key}: {value}" for key, value in fields.items()]
    return "\n".join(lines) + "\n"


NO_RETRY = "{limit: 0}"
QUICK = "{limit: 2, backoff: 1ms}"


class RunTest(unittest.TestCase):
    def setUp(self):
        self.p = Project()
        self.addCleanup(self.p.close)

    # ---- order and outcomes

    def test_values_and_artifacts_flow(self):
        self.p.pipeline("""
            - name: make
              container:
                image: 'x:1'
                command: [sh, -c, 'printf %s "$WORD" > $0; echo 42 > $1', $(outputs.text.path), $(outputs.n.path)]
                env: [{name: WORD, value: 'a"b $$(x)'}]
              outputs: {text: {type: Text}, n: {value: int}}
            - name: use
              when: steps.make.values.n > 41
              inputs: {text: make.text}
              container: {image: 'x:1', command: [cp, $(inputs.text.path), '$(params.to)']}
            - name: never
              when: steps.make.values.n > 42
              container: {image: 'x:1', command: ['false']}
            """, "parameters: [{name: to, type: string}]\n")
        out = self.p.run("-p", f"to={self.p.path}/copied")
        self.assertEqual(self.p.text("copied"), 'a"b $(x)')
        self.assertEqual(self.p.outcomes(), {"make": "succeeded", "use": "succeeded", "never": "skipped"})
        self.assertIn("not when steps.make.values.n > 42", out)
        record, = self.p.root.glob("storage/default/p/*/_run.json")
        self.assertEqual([s["outcome"] for s in json.loads(record.read_text())["steps"]],
                         ["succeeded", "succeeded", "skipped"])

    def test_dots_lead_into_a_property(self):
        (self.p.path / "notes.txt").write_text("x")
        self.p.pipeline("""
            - name: notes
              component: Importer
              params: {uri: notes.txt, type: Text, properties: {metrics: {auc: 0.75}}}
            - name: use
              when: steps.notes.outputs.result.metrics.auc > 0.7
              container: {image: 'x:1', command: [sh, -c, 'echo $0 > $1', $(steps.notes.outputs.result.metrics.auc), '$(params.to)']}
            """, "parameters: [{name: to, type: string}]\n")
        self.p.run("-p", f"to={self.p.path}/said")
        self.assertEqual(self.p.outcomes(), {"notes": "succeeded", "use": "succeeded"})
        self.assertEqual(self.p.text("said").strip(), "0.75")

    def test_a_run_of_a_pipeline_in_the_same_file(self):
        self.p.pipeline("""
            - name: s
              container: {image: 'x:1', command: [sh, -c, 'echo $0 > said', $(params.word)]}
            """, "parameters: [{name: word, type: string}]\n")
        text = (self.p.path / "p.yaml").read_text()
        (self.p.path / "p.yaml").write_text(
            text + "---\napiVersion: sluice.dev/v1alpha1\nkind: Run\nmetadata: {name: mine}\n"
            "spec: {pipelineRef: {name: p}, parameters: {word: hello}}\n")
        self.assertIn("run mine", self.p.run())
        self.assertEqual(self.p.text("said"), "hello\n")
        self.p.run("-p", "word=bye")
        self.assertEqual(self.p.text("said"), "bye\n")

    def test_a_large_task_goes_through_storage(self):
        self.p.pipeline("""
            - name: s
              container:
                image: 'x:1'
                command: [sh, -c, 'printf %s "$WORD" | wc -c > said']
                env: [{name: WORD, value: $(params.word)}]
            """, "parameters: [{name: word, type: string}]\n")
        self.p.run("-p", "word=" + "x" * 100_000)
        self.assertEqual(self.p.text("said").strip(), "100000")
        self.assertEqual(len(list(self.p.root.glob("storage/default/p/*/s/1/_task.json"))), 1)

    def test_failure_goes_down_and_not_aside(self):
        self.p.pipeline(script("echo broken >&2; exit 1", "bad", retry=NO_RETRY) +
                        script("true", "after", after="[bad]") + script("true", "below", after="[after]") +
                        script("true", "aside"))
        out = self.p.run(expect=1)
        self.assertEqual(self.p.outcomes(), {"bad": "failed", "after": "upstream_failed",
                                             "below": "upstream_failed", "aside": "succeeded"})
        self.assertIn("the command ended with exit code 1", out)
        self.assertIn("  | broken\n", out)
        log, = self.p.root.glob("storage/default/p/*/bad/1/_logs/stderr.log")
        self.assertIn("broken", log.read_text())

    def test_continue_on_and_exit_steps(self):
        self.p.pipeline(
            script("exit 1", "bad", retry=NO_RETRY, continueOn="[failed]") + script("true", "after", after="[bad]"),
            "onExit:\n- name: last\n  container: {image: 'x:1', command: [sh, -c, "
            "'echo $0 $1 > last', $(steps.bad.outcome), $(run.outcome)]}\n")
        self.p.run()
        self.assertEqual(self.p.outcomes(), {"bad": "failed", "after": "succeeded", "last": "succeeded"})
        self.assertEqual(self.p.text("last"), "failed succeeded\n")

    def test_skip_goes_through_inputs_and_not_through_after(self):
        self.p.pipeline("""
            - name: a
              when: 1 > 2
              container: {image: 'x:1', command: ['true', $(outputs.o.path)]}
              outputs: {o: {type: Text}}
            - name: b
              inputs: {o: a.o}
              container: {image: 'x:1', command: ['true']}
            - name: c
              after: [a]
              container: {image: 'x:1', command: ['true']}
            """)
        self.p.run()
        self.assertEqual(self.p.outcomes(), {"a": "skipped", "b": "skipped", "c": "succeeded"})

    def test_parallelism(self):
        body = "mkdir busy; rmdir busy"  # fails when two are there at once
        self.p.pipeline("".join(script(body, f"s{i}", retry=NO_RETRY) for i in range(6)), "parallelism: 1\n")
        self.p.run("--parallelism", "4")

    # ---- retries

    def counted(self, ends):
        """A script that ends with the given codes, one after another; the last stands for all that follow."""
        cases = " ".join(f"{i}) exit {code};;" for i, code in enumerate(ends[:-1], 1))
        return f"echo x >> count\ncase $(wc -l < count) in {cases} *) exit {ends[-1]};; esac"

    def count(self):
        return len(self.p.text("count").splitlines())

    def test_retry_until_it_works(self):
        self.p.pipeline(script(self.counted([1, 1, 0]), retry=QUICK))
        self.p.run()
        self.assertEqual(self.count(), 3)
        self.assertEqual(self.p.step("s")["attempt"], 3)
        self.assertEqual(self.p.attempts("s"), [1, 2, 3])

    def test_budgets_by_outcome(self):
        for codes, exit_codes, expected, ends in (
                ([1], "{}", 1 + 2, 1), ([7], "{'7': unavailable}", 1 + 2 * 3, 3), ([7], "{'7': invalid_input}", 1, 2)):
            with self.subTest(exit_codes=exit_codes):
                self.p.pipeline(script(self.counted(codes), retry=QUICK, exitCodes=exit_codes))
                (self.p.path / "count").unlink(missing_ok=True)
                self.p.run(expect=ends)
                self.assertEqual(self.count(), expected)

    def test_a_killed_step_is_disrupted_and_free(self):
        self.p.pipeline(script("echo x >> count\n[ $(wc -l < count) -gt 3 ] || kill -9 $PPID", retry=NO_RETRY))
        self.p.run()
        self.assertEqual(self.count(), 4)
        self.assertEqual(self.p.step("s")["spent_disrupted"], 3)

    def test_memory_limit_is_raised(self):
        self.p.pipeline("""
            - name: s
              container: {image: 'x:1', command: [python3, -c, 'x = bytearray(400 << 20)']}
              resources: {limits: {memory: 256Mi}}
              retry: {limit: 0}
            """)
        self.p.run()
        self.assertEqual(self.p.step("s")["attempt"], 2)
        self.assertEqual(self.p.step("s")["memory_bytes"], 512 << 20)

    def test_memory_limit_is_raised_three_times(self):
        self.p.pipeline("""
            - name: s
              container: {image: 'x:1', command: [python3, -c, 'x = bytearray(8 << 30)']}
              resources: {limits: {memory: 128Mi}}
            """)
        out = self.p.run(expect=1)
        self.assertEqual(self.p.step("s")["attempt"], 4)
        self.assertEqual(self.p.outcomes(), {"s": "out_of_memory"})
        self.assertIn("out_of_memory", out)

    def test_step_timeout(self):
        os.mkfifo(self.p.path / "never")
        self.p.pipeline(script("read x < never", timeout="100ms", retry="{limit: 1, backoff: 1ms}"))
        out = self.p.run(expect=1)
        self.assertEqual(self.p.step("s")["attempt"], 2)
        self.assertEqual(self.p.outcomes(), {"s": "timed_out"})
        self.assertIn("it took longer than its timeout of 100ms", out)

    def test_run_timeout(self):
        os.mkfifo(self.p.path / "never")
        self.p.pipeline(script("read x < never") + script("true", "t", after="[s]"),
                        "timeout: 200ms\nonExit:\n- name: last\n  container: {image: 'x:1', command: ['true']}\n")
        self.p.run(expect=124)
        self.assertEqual(self.p.outcomes(), {"s": "cancelled", "t": "cancelled", "last": "succeeded"})

    # ---- cancel

    def test_interrupt_stops_with_grace(self):
        os.mkfifo(self.p.path / "never")
        self.p.pipeline(script("trap 'echo bye > bye; exit 1' TERM\necho $$ > pid\nread x < never") +
                        script("true", "t", after="[s]"),
                        "onExit:\n- name: last\n  container: {image: 'x:1', command: [touch, last]}\n")
        run = self.p.start()
        wait_for(lambda: self.p.text("pid").strip(), "the step")
        pid = int(self.p.text("pid"))
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 130, out + err)
        self.assertFalse(alive(pid))
        self.assertEqual(self.p.text("bye"), "bye\n")
        self.assertTrue((self.p.path / "last").exists())
        self.assertEqual(self.p.outcomes(), {"s": "cancelled", "t": "cancelled", "last": "succeeded"})
        self.assertEqual(self.p.state()["outcome"], "cancelled")

    def test_second_interrupt_kills(self):
        os.mkfifo(self.p.path / "never")
        self.p.pipeline(script("trap '' TERM\necho $$ > pid\nwhile :; do read x < never || true; done"),
                        "onExit:\n- name: last\n  container: {image: 'x:1', command: [touch, last]}\n")
        run = self.p.start()
        wait_for(lambda: self.p.text("pid").strip(), "the step")
        pid = int(self.p.text("pid"))
        run.send_signal(signal.SIGTERM)
        wait_for(lambda: self.p.step("s").get("stop"), "the first signal to be recorded")
        self.assertTrue(alive(pid))
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 130, out + err)
        wait_for(lambda: not alive(pid), "the step's end")
        self.assertEqual(self.p.outcomes(), {"s": "cancelled", "last": "cancelled"})
        self.assertFalse((self.p.path / "last").exists())

    def test_grace_ends(self):
        os.mkfifo(self.p.path / "never")
        self.p.pipeline(script("trap '' TERM\necho $$ > pid\nwhile :; do read x < never || true; done"))
        run = self.p.start("--grace", "50ms")
        wait_for(lambda: self.p.text("pid").strip(), "the step")
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 130, out + err)

    # ---- resume

    def test_resume_after_kill(self):
        os.mkfifo(self.p.path / "gate")
        self.p.pipeline(script("echo x >> first", "first") +
                        script("echo $$ > pid; read x < gate; echo x >> second", "second", after="[first]"))
        run = self.p.start()
        wait_for(lambda: self.p.text("pid").strip(), "the second step")
        pid = int(self.p.text("pid"))
        self.p.kill_run(run)
        wait_for(lambda: not alive(pid), "the orphan's end")
        again = self.p.start("--resume", file=False)
        with open(self.p.path / "gate", "w") as gate:
            gate.write("go\n")
        out, err = again.communicate(timeout=60)
        self.assertEqual(again.returncode, 0, out + err)
        self.assertEqual(self.p.text("first"), "x\n")
        self.assertEqual(self.p.text("second"), "x\n")
        self.assertEqual(self.p.step("second")["attempt"], 2)
        self.assertEqual(len(list((self.p.root / "runs").iterdir())), 1)

    def test_result_outlives_its_reader(self):
        """The step commits its result after `sluice run` was killed: it is judged by it and not run again."""
        self.p.pipeline(script("echo x >> count"))
        self.p.run()
        run, = (self.p.root / "runs").iterdir()
        state = json.loads((run / "run.json").read_text())
        del state["status"]["outcome"], state["status"]["ended_us"]
        state["status"]["steps"]["s"] = {"phase": "running", "attempt": 1}
        (run / "run.json").write_text(json.dumps(state))
        (run / "units/s.1").unlink()
        self.p.run("--resume", file=False)
        self.assertEqual(self.count(), 1)

    def test_resume_of_a_failed_run(self):
        self.p.pipeline(script("echo x >> count") + script("[ -e fixed ]", "t", after="[s]", retry=NO_RETRY))
        self.p.run(expect=1)
        self.p.run("--resume", expect=1)
        self.p.write("fixed", "")
        self.p.run("--resume")
        self.assertEqual(self.count(), 1)
        self.assertEqual(self.p.step("t")["attempt"], 3)
        self.assertIn("succeeded", self.p.run("--resume", file=False))
        self.assertEqual(self.p.step("t")["attempt"], 3)

    def test_resume_names_a_run(self):
        self.p.pipeline(script("[ -e fixed ]", retry=NO_RETRY))
        self.p.run(expect=1)
        first = next((self.p.root / "runs").iterdir()).name
        self.p.run(expect=1)
        self.p.write("fixed", "")
        self.p.run("--resume", first, file=False)
        self.assertEqual(self.p.state(0)["outcome"], "succeeded")
        self.assertEqual(self.p.state(1)["outcome"], "failed")

    def test_one_at_a_time(self):
        os.mkfifo(self.p.path / "gate")
        self.p.pipeline(script("echo up > up; read x < gate"))
        run = self.p.start()
        wait_for(lambda: self.p.text("up"), "the step")
        self.assertIn("another 'sluice run'", self.p.run("--resume", file=False, expect=3))
        with open(self.p.path / "gate", "w") as gate:
            gate.write("go\n")
        run.communicate(timeout=60)
        self.assertEqual(run.returncode, 0)

    def test_a_corrected_manifest_does_not_change_a_run(self):
        self.p.pipeline(script("[ -e fixed ]", retry=NO_RETRY))
        self.p.run(expect=1)
        self.p.write("fixed", "")
        self.p.pipeline(script("exit 9", retry=NO_RETRY))
        self.p.run("--resume")

    # ---- cache

    def importer(self, **params):
        fields = ", ".join(f"{k}: {v}" for k, v in {"uri": "schema.pbtxt", "type": "Schema", **params}.items())
        self.p.pipeline(f"- name: s\n  component: Importer\n  params: {{{fields}}}\n")

    def test_cache(self):
        self.p.write("schema.pbtxt", 'feature { name: "a" type: INT }\n')
        self.importer()
        self.p.run()
        self.assertEqual(self.p.outcomes(), {"s": "succeeded"})
        self.p.run()
        self.assertEqual(self.p.outcomes(), {"s": "cached"})
        self.p.run("--no-cache")
        self.assertEqual(self.p.outcomes(), {"s": "succeeded"})
        self.p.write("schema.pbtxt", 'feature { name: "b" type: INT }\n')
        out = self.p.run("--explain-cache")
        self.assertEqual(self.p.outcomes(), {"s": "succeeded"})
        self.assertIn("schema.pbtxt': its content changed", out)

    def test_a_hit_is_verified(self):
        self.p.write("schema.pbtxt", 'feature { name: "a" type: INT }\n')
        self.importer()
        self.p.run()
        manifest, = self.p.root.glob("storage/default/p/*/s/1/result/_manifest.json")
        manifest.unlink()
        self.p.run()
        self.assertEqual(self.p.outcomes(), {"s": "succeeded"})
        self.p.run()
        self.assertEqual(self.p.outcomes(), {"s": "cached"})

    def test_the_index_shows_the_run(self):
        self.p.write("schema.pbtxt", 'feature { name: "a" type: INT }\n')
        self.importer()
        self.p.run()
        with sqlite3.connect(self.p.root / "sluice.db") as db:
            (state,), = db.execute("SELECT last_known_state FROM Execution")
        self.assertEqual(state, 3)  # COMPLETE

    # ---- wrong use

    def test_wrong_use(self):
        self.p.pipeline(script("true"))
        for args, code, text in ((["--resum"], 2, "did you mean '--resume'?"), (["-p", "x"], 2, "NAME=VALUE"),
                                 (["-p", "x=1"], 2, "x"), (["--grace", "soon"], 2, "duration"),
                                 (["--parallelism", "0"], 2, "from 1"), (["q.yaml"], 2, "one file"),
                                 (["--resume", "nothing"], 4, "no run 'nothing'")):
            with self.subTest(args=args):
                self.assertIn(text, self.p.run(*args, expect=code))
        self.assertIn("no run to resume", self.p.run("--resume", file=False, expect=4))
        self.assertIn("a manifest is expected", self.p.run(file=False, expect=2))
        self.assertIn("nothing.yaml", self.p.run("nothing.yaml", file=False, expect=2))
        self.p.write("p.yaml", "kind: Pipeline\n")
        self.p.run(expect=2)
        self.assertFalse(self.p.root.joinpath("storage").exists())

    def test_missing_executable(self):
        empty = self.p.path / "bin"
        empty.mkdir()
        self.p.pipeline(script("true"))
        done = subprocess.run([BIN / "sluice", "run", "p.yaml"], cwd=self.p.path, text=True, capture_output=True,
                              env={**os.environ, "SLUICE_BIN": str(empty)})
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertEqual(self.p.outcomes(), {"s": "config_error"})
        self.assertIn("start 'shim'", done.stdout)

    def test_missing_input_file(self):
        self.importer(uri="nothing.csv")
        out = self.p.run(expect=2)
        self.assertIn("nothing.csv", out)
        self.assertEqual(self.p.outcomes(), {"s": "invalid_input"})


if __name__ == "__main__":
    unittest.main()
