"""The metadata database as the ML Metadata client itself sees it, and Sluice as it sees the client's writes.

Oracle: PyPI `ml_metadata` 1.17, its C++ library and its own SQLite.
"""
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support import runs  # noqa: E402

from ml_metadata.metadata_store import metadata_store  # noqa: E402
from ml_metadata.proto import metadata_store_pb2 as mlmd  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SLUICE = os.path.join(os.environ["SLUICE_BIN"], "sluice")


def sluice(*args, code=0, folder="."):
    done = subprocess.run([SLUICE, *args], cwd=folder, text=True, capture_output=True)
    assert done.returncode == code, f"{args}: {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout if code == 0 else done.stderr


def open_store(path, create=False):
    config = mlmd.ConnectionConfig()
    config.sqlite.filename_uri = str(path)
    config.sqlite.connection_mode = 3 if create else 2
    return metadata_store.MetadataStore(config)


class WithFolder(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = pathlib.Path(self.temporary.name)
        self.storage = self.folder / ".sluice/storage"
        self.database = self.folder / ".sluice/sluice.db"

    def get(self, *args):
        return json.loads(sluice(*args, "-o", "json", folder=self.folder))

    def reindex(self, *args):
        return self.get("reindex", *args)


def plain_sql(text):
    """DDL without quotes, case of keywords kept, spaces as single."""
    return re.sub(r"\s*([(),])\s*", r"\1", re.sub(r"\s+", " ", text.replace("`", "").replace('"', ""))).strip()


def schema_of(path):
    with sqlite3.connect(path) as db:
        tables = {}
        for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            indexes = {}
            for _, name, unique, origin, partial in db.execute(f"PRAGMA index_list('{table}')").fetchall():
                if name.startswith("sluice_"):
                    continue
                columns = [r[2] for r in db.execute(f"PRAGMA index_info('{name}')").fetchall()]
                text = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()
                where = plain_sql(text[0]).partition(" WHERE ")[2] if text and text[0] else ""
                indexes[name] = (unique, origin, partial, columns, where)
            tables[table] = {"columns": db.execute(f"PRAGMA table_info('{table}')").fetchall(), "indexes": indexes,
                             "keys": db.execute(f"PRAGMA foreign_key_list('{table}')").fetchall()}
        return tables


class Schema(WithFolder):
    def test_tables_are_those_that_the_client_makes(self):
        theirs = self.folder / "theirs.db"
        open_store(theirs, create=True)
        self.storage.mkdir(parents=True)
        self.reindex()
        ours, expected = schema_of(self.database), schema_of(theirs)
        for table in expected:
            self.assertEqual(ours.get(table), expected[table], table)
        extra = {t for t in ours if t not in expected}
        self.assertTrue(all(t.startswith("sluice_") for t in extra), extra)
        with sqlite3.connect(theirs) as a, sqlite3.connect(self.database) as b:
            for query in ("SELECT * FROM Type", "SELECT * FROM MLMDEnv"):
                self.assertEqual(b.execute(query).fetchall(), a.execute(query).fetchall())

    def test_a_database_that_the_client_made_is_taken_over(self):
        self.database.parent.mkdir(parents=True)
        store = open_store(self.database, create=True)
        foreign = mlmd.ContextType(name="theirs")
        store.put_context_type(foreign)
        del store
        runs.taxi(self.storage, "u1", 1_000_000_000)
        self.assertEqual(self.reindex()["runs"], 1)
        store = open_store(self.database)
        self.assertIn("theirs", [t.name for t in store.get_context_types()])
        self.assertEqual(len(store.get_executions()), 4)

    def test_another_version_is_refused(self):
        self.database.parent.mkdir(parents=True)
        open_store(self.database, create=True)
        with sqlite3.connect(self.database) as db:
            db.execute("UPDATE MLMDEnv SET schema_version = 9")
        self.assertIn("version 9", sluice("reindex", code=2, folder=self.folder))


class Client(WithFolder):
    def setUp(self):
        super().setUp()
        runs.taxi(self.storage, "u1", 1_000_000_000)
        runs.taxi(self.storage, "u2", 2_000_000_000, model=b"better", blessed=False)
        self.reindex()
        self.store = open_store(self.database)

    def test_types(self):
        types = {t.name: t for t in self.store.get_artifact_types()}
        self.assertEqual(set(types), {"Examples", "Model", "ModelBlessing", "ModelEvaluation", "PushedModel"})
        self.assertEqual(dict(types["Examples"].properties), {"span": mlmd.INT, "version": mlmd.INT, "split_names": mlmd.STRING})
        self.assertEqual(types["Model"].base_type, mlmd.ArtifactType.MODEL)
        self.assertEqual(types["Examples"].base_type, mlmd.ArtifactType.DATASET)
        executions = {t.name: t.base_type for t in self.store.get_execution_types()}
        self.assertEqual(executions["Trainer"], mlmd.ExecutionType.TRAIN)
        self.assertEqual(executions["Pusher"], mlmd.ExecutionType.DEPLOY)
        self.assertEqual({t.name for t in self.store.get_context_types()}, {"pipeline", "pipeline_run", "node"})

    def test_contexts(self):
        pipeline = self.store.get_context_by_type_and_name("pipeline", "default/taxi")
        run = self.store.get_context_by_type_and_name("pipeline_run", "u1")
        node = self.store.get_context_by_type_and_name("node", "default/taxi.train")
        self.assertEqual([c.id for c in self.store.get_parent_contexts_by_context(run.id)], [pipeline.id])
        self.assertEqual(len(self.store.get_executions_by_context(run.id)), 4)
        self.assertEqual(len(self.store.get_executions_by_context(node.id)), 2)
        self.assertEqual(len(self.store.get_executions_by_context(pipeline.id)), 7)
        self.assertEqual(len(self.store.get_artifacts_by_context(run.id)), 5)

    def test_executions_and_events(self):
        train = self.store.get_execution_by_type_and_name("Trainer", "u1/train")
        self.assertEqual(train.last_known_state, mlmd.Execution.COMPLETE)
        self.assertEqual(train.custom_properties["steps"].int_value, 100)
        self.assertEqual(train.custom_properties["hidden"].string_value, "[8,4]")
        self.assertEqual(train.create_time_since_epoch, 1_000_003)
        self.assertEqual(train.last_update_time_since_epoch, 1_000_004)
        events = self.store.get_events_by_execution_ids([train.id])
        self.assertEqual([e.type for e in events], [mlmd.Event.INPUT, mlmd.Event.OUTPUT])
        steps = [(s.WhichOneof("value"), s.key or s.index) for s in events[0].path.steps]
        self.assertEqual(steps, [("key", "examples"), ("index", 0)])

    def test_artifacts(self):
        [examples] = [a for a in self.store.get_artifacts_by_type("Examples") if "/u1/" in a.uri]
        self.assertEqual(examples.state, mlmd.Artifact.LIVE)
        self.assertEqual(examples.properties["span"].int_value, 0)
        self.assertEqual(examples.properties["split_names"].string_value, '["train"]')
        self.assertEqual(examples.custom_properties["producer_component"].string_value, "examples")
        blessing = [a for a in self.store.get_artifacts_by_type("ModelBlessing") if "/u1/" in a.uri][0]
        model = [a for a in self.store.get_artifacts_by_type("Model") if "/u1/" in a.uri][0]
        self.assertEqual(blessing.custom_properties["blessed"].int_value, 1)
        self.assertEqual(blessing.custom_properties["current_model_id"].int_value, model.id)
        self.assertEqual(blessing.custom_properties["current_model"].string_value, model.uri)
        evaluation = [a for a in self.store.get_artifacts_by_type("ModelEvaluation") if "/u1/" in a.uri][0]
        self.assertEqual(evaluation.custom_properties["auc"].double_value, 0.875)
        self.assertEqual(self.store.get_artifact_by_type_and_name("Model", "default/taxi:u1:train:model:1").id, model.id)

    def test_lineage_subgraph(self):
        model = [a for a in self.store.get_artifacts_by_type("Model") if "/u1/" in a.uri][0]
        options = mlmd.LineageSubgraphQueryOptions(
            starting_artifacts={"filter_query": f"id = {model.id}"}, max_num_hops=20,
            direction=mlmd.LineageSubgraphQueryOptions.UPSTREAM)
        graph = self.store.get_lineage_subgraph(options)
        ours = self.get("lineage", str(model.id), "--up")
        self.assertEqual({a.id for a in graph.artifacts}, {a["id"] for a in ours["artifacts"]})
        self.assertEqual({e.id for e in graph.executions}, {e["id"] for e in ours["executions"]})
        options.direction = mlmd.LineageSubgraphQueryOptions.DOWNSTREAM
        graph = self.store.get_lineage_subgraph(options)
        ours = self.get("lineage", str(model.id), "--down")
        self.assertEqual({a.id for a in graph.artifacts}, {a["id"] for a in ours["artifacts"]})
        self.assertEqual({e.id for e in graph.executions}, {e["id"] for e in ours["executions"]})

    def test_what_the_client_writes_is_shown(self):
        model = [a for a in self.store.get_artifacts_by_type("Model") if "/u1/" in a.uri][0]
        kind = self.store.put_execution_type(mlmd.ExecutionType(name="TheirAudit"))
        report = self.store.put_artifact_type(mlmd.ArtifactType(name="TheirReport"))
        run = self.store.get_context_by_type_and_name("pipeline_run", "u1")
        execution, [_, made], _ = self.store.put_execution(
            mlmd.Execution(type_id=kind, last_known_state=mlmd.Execution.COMPLETE, name="audit-1"),
            [(model, mlmd.Event(type=mlmd.Event.INPUT)),
             (mlmd.Artifact(type_id=report, uri="/tmp/report"), mlmd.Event(type=mlmd.Event.OUTPUT))], [run])
        [step] = [s for s in self.get("get", "steps", "u1") if s["execution"] == execution]
        self.assertEqual((step["step"], step["component"], step["outcome"]), ("audit-1", "TheirAudit", "succeeded"))
        self.assertIn(made, [a["id"] for a in self.get("get", "artifacts")])
        down = self.get("lineage", model.uri, "--down")
        self.assertIn("TheirAudit", [e["component"] for e in down["executions"]])
        self.assertIn(made, [a["id"] for a in down["artifacts"]])
        self.assertIn("audit-1: TheirAudit", sluice("lineage", str(made), folder=self.folder))

    def test_guards(self):
        with sqlite3.connect(self.database) as db:
            with self.assertRaisesRegex(sqlite3.IntegrityError, "UNIQUE"):
                db.execute("INSERT INTO Type (name, type_kind) VALUES ('Model', 1)")
            with self.assertRaisesRegex(sqlite3.IntegrityError, "event"):
                db.execute("INSERT INTO Event (artifact_id, execution_id, type) VALUES (999, 1, 3)")
            with self.assertRaisesRegex(sqlite3.IntegrityError, "registry"):
                db.execute("DELETE FROM Artifact WHERE id = (SELECT artifact_id FROM sluice_model_versions)")

    def test_reads_while_sluice_writes(self):
        with subprocess.Popen([SLUICE, "reindex"], cwd=self.folder, stdout=subprocess.PIPE) as child:
            counts = {len(self.store.get_executions())}
            while child.poll() is None:
                counts.add(len(self.store.get_executions()))
        self.assertEqual(child.returncode, 0)
        self.assertEqual(counts, {7})


PIPELINE = """
apiVersion: sluice.dev/v1alpha1
kind: Pipeline
metadata: {name: birds}
spec:
  steps:
  - name: examples
    component: ExampleGen
    params: {input: birds.csv, splits: [{name: train, buckets: 8}, {name: eval, buckets: 1}]}
  - {name: statistics, component: StatisticsGen, inputs: {examples: examples}}
  - {name: schema, component: SchemaGen, inputs: {statistics: statistics}}
"""


class AfterARun(WithFolder):
    def test_the_client_walks_what_sluice_run_left(self):
        source = (ROOT / "manifests/examples/birdstrikes/birdstrikes.csv").read_text().splitlines()
        (self.folder / "birds.csv").write_text("\n".join(source[:300]) + "\n")
        (self.folder / "pipeline.yaml").write_text(PIPELINE)
        for _ in range(2):
            sluice("run", "pipeline.yaml", folder=self.folder)
        store = open_store(self.database)
        states = [e.last_known_state for e in store.get_executions()]
        self.assertEqual(states, [mlmd.Execution.COMPLETE] * 3 + [mlmd.Execution.CACHED] * 3)
        [schema] = store.get_artifacts_by_type("Schema")
        graph = store.get_lineage_subgraph(mlmd.LineageSubgraphQueryOptions(
            starting_artifacts={"filter_query": f"uri = '{schema.uri}'"},
            direction=mlmd.LineageSubgraphQueryOptions.UPSTREAM))
        types = {t.id: t.name for t in store.get_artifact_types()}
        self.assertEqual(sorted(types[a.type_id] for a in graph.artifacts), ["ExampleStatistics", "Examples", "Schema"])
        pipeline = store.get_context_by_type_and_name("pipeline", "default/birds")
        runs_of_it = store.get_children_contexts_by_context(pipeline.id)
        self.assertEqual([len(store.get_executions_by_context(r.id)) for r in runs_of_it], [3, 3])
        self.assertEqual([r.custom_properties["outcome"].string_value for r in runs_of_it], ["succeeded"] * 2)


if __name__ == "__main__":
    unittest.main()
