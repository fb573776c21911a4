#include "adapter/sql_sqlite/schema.h"

enum { MLMD_VERSION = 10 };

/* MLMD's tables: what `ml_metadata` 1.17 makes on SQLite, compared with it column by column and
 * index by index in tests/integration/mlmd_test.py. */
#define NODE_TIMES                                     \
    " create_time_since_epoch INT NOT NULL DEFAULT 0," \
    " last_update_time_since_epoch INT NOT NULL DEFAULT 0"
#define PROPERTY_TABLE(table, id)                                                  \
    "CREATE TABLE " table " (" id " INT NOT NULL, name VARCHAR(255) NOT NULL,"     \
    " is_custom_property TINYINT(1) NOT NULL, int_value INT, double_value DOUBLE," \
    " string_value TEXT, byte_value BLOB, proto_value BLOB, bool_value BOOLEAN,"   \
    " PRIMARY KEY (" id ", name, is_custom_property));"
#define PROPERTY_INDEX(table, stem, kind)                                                       \
    "CREATE INDEX idx_" stem "_property_" kind " ON " table " (name, is_custom_property, " kind \
    "_value) WHERE " kind "_value IS NOT NULL;"
#define PROPERTY_INDEXES(table, stem)     \
    PROPERTY_INDEX(table, stem, "int")    \
    PROPERTY_INDEX(table, stem, "double") \
    PROPERTY_INDEX(table, stem, "string")
#define NODE_INDEXES(table, stem)                                                               \
    "CREATE INDEX idx_" stem "_create_time_since_epoch ON " table " (create_time_since_epoch);" \
    "CREATE INDEX idx_" stem "_last_update_time_since_epoch ON " table                          \
    " (last_update_time_since_epoch);"                                                          \
    "CREATE INDEX idx_" stem "_external_id ON " table " (external_id);"

static const char mlmd_tables[] =
    "CREATE TABLE Type (id INTEGER PRIMARY KEY AUTOINCREMENT, name VARCHAR(255) NOT NULL,"
    " version VARCHAR(255), type_kind TINYINT(1) NOT NULL, description TEXT, input_type TEXT,"
    " output_type TEXT, external_id VARCHAR(255) UNIQUE);"
    "CREATE TABLE TypeProperty (type_id INT NOT NULL, name VARCHAR(255) NOT NULL,"
    " data_type INT NULL, PRIMARY KEY (type_id, name));"
    "CREATE TABLE ParentType (type_id INT NOT NULL, parent_type_id INT NOT NULL,"
    " PRIMARY KEY (type_id, parent_type_id));"
    "CREATE TABLE Artifact (id INTEGER PRIMARY KEY AUTOINCREMENT, type_id INT NOT NULL, uri TEXT,"
    " state INT, name VARCHAR(255), external_id VARCHAR(255) UNIQUE," NODE_TIMES
    ", UNIQUE (type_id, name));"
    "CREATE TABLE Execution (id INTEGER PRIMARY KEY AUTOINCREMENT, type_id INT NOT NULL,"
    " last_known_state INT, name VARCHAR(255), external_id VARCHAR(255) UNIQUE," NODE_TIMES
    ", UNIQUE (type_id, name));"
    "CREATE TABLE Context (id INTEGER PRIMARY KEY AUTOINCREMENT, type_id INT NOT NULL,"
    " name VARCHAR(255) NOT NULL, external_id VARCHAR(255) UNIQUE," NODE_TIMES
    ", UNIQUE (type_id, name));"
    "CREATE TABLE ParentContext (context_id INT NOT NULL, parent_context_id INT NOT NULL,"
    " PRIMARY KEY (context_id, parent_context_id));"
    "CREATE TABLE Event (id INTEGER PRIMARY KEY AUTOINCREMENT, artifact_id INT NOT NULL,"
    " execution_id INT NOT NULL, type INT NOT NULL, milliseconds_since_epoch INT,"
    " UNIQUE (artifact_id, execution_id, type));"
    "CREATE TABLE EventPath (event_id INT NOT NULL, is_index_step TINYINT(1) NOT NULL,"
    " step_index INT, step_key TEXT);"
    "CREATE TABLE Association (id INTEGER PRIMARY KEY AUTOINCREMENT, context_id INT NOT NULL,"
    " execution_id INT NOT NULL, UNIQUE (context_id, execution_id));"
    "CREATE TABLE Attribution (id INTEGER PRIMARY KEY AUTOINCREMENT, context_id INT NOT NULL,"
    " artifact_id INT NOT NULL, UNIQUE (context_id, artifact_id));"
    "CREATE TABLE MLMDEnv (schema_version INTEGER PRIMARY KEY);" PROPERTY_TABLE(
        "ArtifactProperty", "artifact_id") PROPERTY_TABLE("ExecutionProperty", "execution_id")
        PROPERTY_TABLE("ContextProperty", "context_id");

static const char mlmd_indexes[] =
    "CREATE INDEX idx_type_name ON Type (name);"
    "CREATE INDEX idx_type_external_id ON Type (external_id);"
    "CREATE INDEX idx_artifact_uri ON Artifact (uri);"
    "CREATE INDEX idx_event_execution_id ON Event (execution_id);"
    "CREATE INDEX idx_eventpath_event_id ON EventPath (event_id);"
    "CREATE INDEX idx_parentcontext_parent_context_id ON ParentContext "
    "(parent_context_id);" NODE_INDEXES("Artifact", "artifact")
        NODE_INDEXES("Execution", "execution") NODE_INDEXES("Context", "context")
            PROPERTY_INDEXES("ArtifactProperty", "artifact")
                PROPERTY_INDEXES("ExecutionProperty", "execution")
                    PROPERTY_INDEXES("ContextProperty", "context");

/* The simple types with the ids that the client's own library gives them. type_kind: 0 execution, 1
 * artifact. */
static const char mlmd_rows[] =
    "INSERT INTO Type (id, name, type_kind) VALUES (1, 'mlmd.Dataset', 1), (2, 'mlmd.Model', 1),"
    " (3, 'mlmd.Metrics', 1), (4, 'mlmd.Statistics', 1), (5, 'mlmd.Train', 0),"
    " (6, 'mlmd.Transform', 0), (7, 'mlmd.Process', 0), (8, 'mlmd.Evaluate', 0),"
    " (9, 'mlmd.Deploy', 0);"
    "INSERT INTO MLMDEnv (schema_version) VALUES (10);";

/* Sluice's own, in order; a migration that was released is never edited. Times are microseconds
 * since 1970, pipelines and models are `<namespace>/<pipeline>`, JSON is text. */
static const char *const migrations[] = {
    /* 1: runs, steps, cache, registry, and the indexes that lineage walks on. */
    "CREATE TABLE sluice_runs (uid TEXT PRIMARY KEY, pipeline TEXT NOT NULL, name TEXT NOT NULL,"
    " run_namespace TEXT NOT NULL, outcome TEXT NOT NULL, message TEXT NOT NULL,"
    " created_by TEXT NOT NULL, uri TEXT NOT NULL, spec_digest TEXT NOT NULL,"
    " parameters TEXT NOT NULL, created_us BIGINT NOT NULL, started_us BIGINT NOT NULL,"
    " finished_us BIGINT NOT NULL, context_id BIGINT NOT NULL);"
    "CREATE INDEX sluice_idx_runs_pipeline ON sluice_runs (pipeline, created_us);"
    "CREATE INDEX sluice_idx_runs_name ON sluice_runs (name);"
    "CREATE INDEX sluice_idx_runs_created ON sluice_runs (created_us);"
    "CREATE TABLE sluice_steps (run_uid TEXT NOT NULL, step TEXT NOT NULL, item TEXT NOT NULL,"
    " pipeline TEXT NOT NULL, component TEXT NOT NULL, outcome TEXT NOT NULL,"
    " message TEXT NOT NULL, error_kind TEXT NOT NULL, error_message TEXT NOT NULL,"
    " attempt BIGINT NOT NULL, attempt_uri TEXT NOT NULL, started_us BIGINT NOT NULL,"
    " finished_us BIGINT NOT NULL, execution_id BIGINT, cache_key TEXT, cache_record TEXT,"
    " cached_run TEXT NOT NULL, cached_step TEXT NOT NULL, files TEXT NOT NULL, outputs TEXT NOT "
    "NULL, step_values TEXT NOT NULL,"
    " metrics TEXT NOT NULL, PRIMARY KEY (run_uid, step, item));"
    "CREATE INDEX sluice_idx_steps_execution ON sluice_steps (execution_id);"
    "CREATE INDEX sluice_idx_steps_history ON sluice_steps (pipeline, step, finished_us);"
    "CREATE TABLE sluice_cache (run_namespace TEXT NOT NULL, cache_key TEXT NOT NULL,"
    " run_uid TEXT NOT NULL, step TEXT NOT NULL, item TEXT NOT NULL,"
    " execution_id BIGINT NOT NULL, PRIMARY KEY (run_namespace, cache_key));"
    "CREATE TABLE sluice_pins (run_uid TEXT NOT NULL, artifact_id BIGINT NOT NULL,"
    " PRIMARY KEY (run_uid, artifact_id));"
    "CREATE INDEX sluice_idx_pins_artifact ON sluice_pins (artifact_id);"
    "CREATE TABLE sluice_models (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE sluice_model_versions (model_id BIGINT NOT NULL, version BIGINT NOT NULL,"
    " digest TEXT NOT NULL, artifact_id BIGINT NOT NULL, stage TEXT NOT NULL,"
    " run_uid TEXT NOT NULL, step TEXT NOT NULL, created_by TEXT NOT NULL,"
    " created_us BIGINT NOT NULL, PRIMARY KEY (model_id, version), UNIQUE (model_id, digest));"
    "CREATE TABLE sluice_model_aliases (model_id BIGINT NOT NULL, alias TEXT NOT NULL,"
    " version BIGINT NOT NULL, set_by TEXT NOT NULL, set_us BIGINT NOT NULL,"
    " PRIMARY KEY (model_id, alias));"
    "CREATE TABLE sluice_pushes (id INTEGER PRIMARY KEY AUTOINCREMENT, model_id BIGINT NOT NULL,"
    " push_version TEXT NOT NULL, destination TEXT NOT NULL, action TEXT NOT NULL,"
    " model_version BIGINT NOT NULL, run_uid TEXT NOT NULL, created_by TEXT NOT NULL,"
    " pushed_us BIGINT NOT NULL, data TEXT NOT NULL, UNIQUE (model_id, destination));"
    "CREATE INDEX sluice_idx_association_execution ON Association (execution_id);"
    "CREATE INDEX sluice_idx_attribution_artifact ON Attribution (artifact_id);"
    "CREATE INDEX sluice_idx_artifact_type_time ON Artifact (type_id, create_time_since_epoch);"
    /* Guards against foreign writers. MLMD's client recognises a lost race by the word UNIQUE. */
    "CREATE TRIGGER sluice_guard_type BEFORE INSERT ON Type WHEN EXISTS (SELECT 1 FROM Type"
    " WHERE type_kind = NEW.type_kind AND name = NEW.name"
    " AND coalesce(version, '') = coalesce(NEW.version, ''))"
    " BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed: Type kind, name and version'); END;"
    "CREATE TRIGGER sluice_guard_event BEFORE INSERT ON Event WHEN NOT EXISTS (SELECT 1 FROM"
    " Artifact WHERE id = NEW.artifact_id) OR NOT EXISTS (SELECT 1 FROM Execution WHERE"
    " id = NEW.execution_id) BEGIN SELECT RAISE(ABORT, 'an event needs its artifact and its"
    " execution'); END;"
    "CREATE TRIGGER sluice_guard_artifact BEFORE DELETE ON Artifact WHEN EXISTS (SELECT 1 FROM"
    " sluice_model_versions WHERE artifact_id = OLD.id) OR EXISTS (SELECT 1 FROM sluice_pins WHERE"
    " artifact_id = OLD.id) BEGIN SELECT RAISE(ABORT, 'the registry or a run refers to this"
    " artifact'); END;",
};

static struct sl_err *number(struct sqlite_connection *c, const char *text, int64_t *ret)
{
    SL_AUTOARENA(a);
    struct sql_rows rows;
    SL_TRY(sqlite_connection_query(&c->tx, a, text, NULL, 0, &rows));
    *ret = rows.n == 1 ? sql_row(&rows, 0)->i : 0;
    return NULL;
}

static struct sl_err *has_table(struct sqlite_connection *c, const char *name, bool *ret)
{
    SL_AUTOARENA(a);
    struct sql_rows rows;
    struct sql_value v = sql_text(sl_str(name));
    SL_TRY(sqlite_connection_query(
        &c->tx, a, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1", &v, 1, &rows));
    *ret = rows.n > 0;
    return NULL;
}

static struct sl_err *apply_mlmd(struct sqlite_connection *c)
{
    bool there;
    SL_TRY(has_table(c, "MLMDEnv", &there));
    if (!there) {
        SL_TRY(sqlite_connection_exec(c, mlmd_tables));
        SL_TRY(sqlite_connection_exec(c, mlmd_indexes));
        return sqlite_connection_exec(c, mlmd_rows);
    }
    int64_t version;
    SL_TRY(number(c, "SELECT schema_version FROM MLMDEnv", &version));
    if (version != MLMD_VERSION)
        return SL_ERR(INVALID, "its ML Metadata tables are version %lld, this Sluice reads %d",
                      (long long)version, MLMD_VERSION);
    return NULL;
}

static struct sl_err *applied(struct sqlite_connection *c, int64_t *ret)
{
    bool there;
    *ret = 0;
    SL_TRY(has_table(c, "sluice_migrations", &there));
    if (there)
        SL_TRY(number(c, "SELECT max(version) FROM sluice_migrations", ret));
    if (*ret > (int64_t)SL_COUNTOF(migrations))
        return SL_ERR(INVALID,
                      "its tables are of a newer Sluice (migration %lld, this one has %zu)",
                      (long long)*ret, SL_COUNTOF(migrations));
    return NULL;
}

static struct sl_err *apply_all(struct sqlite_connection *c)
{
    SL_TRY(apply_mlmd(c), "ML Metadata tables");
    int64_t version;
    SL_TRY(applied(c, &version));
    if (version == 0)
        SL_TRY(sqlite_connection_exec(
            c, "CREATE TABLE sluice_migrations (version INTEGER PRIMARY KEY)"));
    SL_AUTOARENA(a);
    for (; version < (int64_t)SL_COUNTOF(migrations); version++) {
        SL_TRY(sqlite_connection_exec(c, migrations[version]), "migration %lld",
               (long long)version + 1);
        SL_TRY(SQL_QUERY(&c->tx, a, NULL, "INSERT INTO sluice_migrations (version) VALUES ($1)",
                         sql_int(version + 1)));
    }
    return NULL;
}

struct sl_err *sqlite_schema_apply(struct sqlite_connection *c)
{
    int64_t version;
    SL_TRY(applied(c, &version));
    if (version == (int64_t)SL_COUNTOF(migrations))
        return NULL;
    /* Looked at again under the lock: another process may be at it. */
    SL_TRY(sqlite_connection_exec(c, "BEGIN IMMEDIATE"));
    struct sl_err *err = apply_all(c);
    if (!err)
        err = sqlite_connection_exec(c, "COMMIT");
    if (err && !sqlite3_get_autocommit(c->db))
        sl_err_free(sqlite_connection_exec(c, "ROLLBACK"));
    return err;
}
