"""What integration tests share: Examples artifacts made by pyarrow, and one step run by itself."""
import hashlib
import json
import os
import pathlib
import subprocess

import pyarrow as pa
import pyarrow.parquet as pq

TYPES = {"int64": "int", "double": "double", "bool": "bool", "string": "string",
         "large_string": "string", "timestamp[us, tz=UTC]": "timestamp"}


def write_manifest(folder, kind, properties):
    """`_manifest.json` over the files that are there. Returns the digest."""
    files = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        data = path.read_bytes()
        files.append({"bytes": len(data), "path": path.relative_to(folder).as_posix(),
                      "sha256": hashlib.sha256(data).hexdigest()})
    canonical = json.dumps({"files": files, "type": kind}, sort_keys=True, separators=(",", ":"),
                           ensure_ascii=False)
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    manifest = {"type": kind, "files": files, "digest": digest, "properties": properties}
    (folder / "_manifest.json").write_text(json.dumps(manifest))
    return digest


def write_examples(folder, splits, **options):
    """An Examples artifact of {split: pyarrow table}. Returns what a task names it by."""
    columns = None
    for name, table in splits.items():
        part = folder / f"Split-{name}" / "part-00000-of-00001.parquet"
        part.parent.mkdir(parents=True)
        pq.write_table(table, part, row_group_size=65536, compression="zstd", **options)
        columns = [{"name": f.name, "type": TYPES[str(f.type)]} for f in table.schema]
    properties = {"splits": list(splits), "columns": columns, "span": 3,
                  "rows": {name: table.num_rows for name, table in splits.items()}}
    digest = write_manifest(folder, "Examples", properties)
    return {"type": "Examples", "uri": folder.as_uri(), "digest": digest, "properties": properties}


def run_step(executable, folder, inputs, outputs, params=None, threads=0, files=()):
    """Runs a step in `folder`; files: (parameter, path[, size as planned]) outside. Returns the finished
    process, and the result if there is one."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    task = {
        "version": 1, "run": {"name": "r", "uid": "u", "namespace": "default", "pipeline": "p"},
        "step": "s", "attempt": 1, "component": "", "params": params or {},
        "inputs": {name: [artifact] for name, artifact in inputs.items()},
        "outputs": {name: {"type": kind, "uri": (folder / name).as_uri()}
                    for name, kind in outputs.items()},
        "files": [{"param": param, "uri": pathlib.Path(path).as_uri(), "etag": "",
                   "bytes": size[0] if size else os.path.getsize(path)}
                  for param, path, *size in files],
        "attempt_uri": folder.as_uri(), "threads": threads,
    }
    program = pathlib.Path(os.environ["SLUICE_BIN"]) / executable
    done = subprocess.run([program], env={**os.environ, "SLUICE_TASK": json.dumps(task)},
                          capture_output=True, text=True)
    result = folder / "_result.json"
    return done, json.loads(result.read_text()) if result.exists() else None


def to_arrow(connection, query):
    """A query's rows with the column types of Examples."""
    table = connection.sql(query).to_arrow_table()
    fields = []
    for field in table.schema:
        kind = field.type
        if pa.types.is_integer(kind):
            kind = pa.int64()
        elif pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            kind = pa.float64()
        elif pa.types.is_date(kind) or pa.types.is_timestamp(kind):
            kind = pa.timestamp("us", tz="UTC")
        elif not pa.types.is_boolean(kind):
            kind = pa.string()
        fields.append(pa.field(field.name, kind))
    return table.cast(pa.schema(fields))
