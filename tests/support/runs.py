"""Made-up runs in a storage folder, as `sluice run` leaves them: artifacts with manifests, results, `_run.json`.

For tests of what reads storage (reindex, lineage, rollback) that need no real pipeline.
"""
import hashlib
import json
import pathlib


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def write_artifact(folder, kind, files, properties=None):
    """Files and their manifest; the digest of DESIGN 5."""
    folder = pathlib.Path(folder)
    entries = []
    for path, data in sorted(files.items()):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        entries.append({"path": path, "bytes": len(data), "sha256": sha256(data)})
    digest = sha256(canonical({"files": entries, "type": kind}))
    manifest = {"type": kind, "files": entries, "digest": digest, "properties": properties or {}}
    (folder / "_manifest.json").write_text(json.dumps(manifest))
    return digest, sum(e["bytes"] for e in entries)


class Run:
    """One run of `default/<pipeline>`; every step takes two milliseconds."""

    def __init__(self, storage, uid, start_us, pipeline="taxi", by="ann"):
        self.folder = pathlib.Path(storage).resolve() / "default" / pipeline / uid
        self.now = start_us
        self.record = {
            "version": 1, "uid": uid, "name": f"{pipeline}-{uid}", "namespace": "default", "pipeline": pipeline,
            "created_by": by, "uri": self.folder.as_uri(), "outcome": "succeeded", "created_us": start_us,
            "started_us": start_us, "parameters": {"steps": 100}, "spec": {"steps": []}, "steps": [],
        }

    def tick(self):
        self.now += 1000
        return self.now

    def step(self, name, component, inputs=None, outputs=None, params=None, outcome="succeeded", files=None,
             logs=b"", attempt=1):
        """inputs: {port: output of an earlier step}; outputs: {name: (type, {path: bytes}, properties)}."""
        attempt_folder = self.folder / name / str(attempt)
        s = {
            "step": name, "component": component, "outcome": outcome, "message": f"{name} is done", "attempt": attempt,
            "attempt_uri": attempt_folder.as_uri(), "started_us": self.tick(), "params": params or {},
            "inputs": {k: [{x: o[x] for x in ("type", "uri", "digest")}] for k, o in (inputs or {}).items()},
            "files": files or [], "outputs": {}, "metrics": {"rows_in": 10000, "rows_out": 9000},
        }
        for output, (kind, content, properties) in (outputs or {}).items():
            digest, size = write_artifact(attempt_folder / output, kind, content, properties)
            s["outputs"][output] = {"type": kind, "uri": (attempt_folder / output).as_uri(), "digest": digest,
                                    "bytes": size, "properties": properties}
        s["finished_us"] = self.tick()
        s["cache"] = {"component": component, "build": "b1", "version": "", "params": params or {},
                      "inputs": {k: [o["digest"]] for k, o in (inputs or {}).items()}, "files": files or [],
                      "outputs": {k: v[0] for k, v in (outputs or {}).items()}}
        (attempt_folder / "_logs").mkdir(parents=True, exist_ok=True)
        (attempt_folder / "_logs" / "stderr.log").write_bytes(logs)
        (attempt_folder / "_result.json").write_text(json.dumps({"outcome": outcome, "outputs": s["outputs"]}))
        self.record["steps"].append(s)
        return s["outputs"]

    def skip(self, name, component):
        at = self.tick()
        self.record["steps"].append({"step": name, "component": component, "outcome": "skipped",
                                     "message": "its condition is false", "started_us": at, "finished_us": at})

    def cached(self, name, component, like, outputs):
        """A hit of step `like` of another run."""
        at = self.tick()
        self.record["steps"].append({
            "step": name, "component": component, "outcome": "cached", "started_us": at, "finished_us": at,
            "inputs": like["inputs"], "outputs": outputs, "cache": like["cache"], "cached_step": like["step"]})

    def finish(self):
        self.record["finished_us"] = self.tick()
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "_run.json").write_text(json.dumps(self.record, indent=2))
        return self


def taxi(storage, uid, start_us, model=b"weights", blessed=True, destination=None, data=b"a,b\n1,2\n"):
    """examples -> train -> evaluate -> push; with a destination, the push has its files there too."""
    run = Run(storage, uid, start_us)
    files = [{"param": "input", "uri": "file:///data/taxi.csv", "bytes": len(data), "etag": "sha256:" + sha256(data)}]
    examples = run.step("examples", "ExampleGen", files=files, params={"input": "/data/taxi.csv"}, logs=b"read it\n",
                        outputs={"examples": ("Examples", {"Split-train/part-00000-of-00001.parquet": data},
                                              {"split_names": '["train"]', "span": 0})})["examples"]
    trained = run.step("train", "Trainer", {"examples": examples}, params={"steps": 100, "hidden": [8, 4]},
                       outputs={"model": ("Model", {"model.json": b"{}", "weights.bin": model}, {})})["model"]
    blessing = run.step("evaluate", "Evaluator", {"examples": examples, "model": trained},
                        outputs={"blessing": ("ModelBlessing", {"blessing.json": b"{}"}, {"blessed": blessed}),
                                 "evaluation": ("ModelEvaluation", {"evaluation.json": b"{}"}, {"auc": 0.875})})["blessing"]
    if not blessed:
        run.skip("push", "Pusher")
        return run.finish()
    version = str(start_us // 1000000)
    target = pathlib.Path(destination or "/serving/taxi") / version
    if destination:
        write_artifact(target, "Model", {"model.json": b"{}", "weights.bin": model})
    run.step("push", "Pusher", {"model": trained, "blessing": blessing}, outputs={
        "pushed_model": ("PushedModel", {"pushed.json": uid.encode()},
                         {"pushed": True, "pushed_destination": target.as_uri(), "pushed_version": version})})
    return run.finish()
