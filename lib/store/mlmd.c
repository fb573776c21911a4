#include "store/mlmd.h"

/* ---- types as TFX declares them
 * ------------------------------------------------------------------ */
enum property_type { PROPERTY_INT = 1, PROPERTY_STRING = 3 };

struct declared_property {
    const char *name;
    enum property_type type;
};

static const struct declared_property examples_properties[] = {
    {"span", PROPERTY_INT}, {"version", PROPERTY_INT}, {"split_names", PROPERTY_STRING}, {0}};
static const struct declared_property span_properties[] = {
    {"span", PROPERTY_INT}, {"split_names", PROPERTY_STRING}, {0}};
static const struct declared_property no_properties[] = {{0}};

struct known_type {
    enum mlmd_kind kind;
    const char *name;
    const char *base; /* a simple type, or NULL */
    const struct declared_property *properties;
};

static const struct known_type known_types[] = {
    {MLMD_ARTIFACT, "Examples", "mlmd.Dataset", examples_properties},
    {MLMD_ARTIFACT, "ExampleStatistics", "mlmd.Statistics", span_properties},
    {MLMD_ARTIFACT, "ExampleAnomalies", NULL, span_properties},
    {MLMD_ARTIFACT, "Model", "mlmd.Model", no_properties},
    {MLMD_EXECUTION, "ExampleGen", "mlmd.Process", no_properties},
    {MLMD_EXECUTION, "StatisticsGen", "mlmd.Process", no_properties},
    {MLMD_EXECUTION, "SchemaGen", "mlmd.Process", no_properties},
    {MLMD_EXECUTION, "ExampleValidator", "mlmd.Process", no_properties},
    {MLMD_EXECUTION, "Transform", "mlmd.Transform", no_properties},
    {MLMD_EXECUTION, "Trainer", "mlmd.Train", no_properties},
    {MLMD_EXECUTION, "Tuner", "mlmd.Train", no_properties},
    {MLMD_EXECUTION, "Evaluator", "mlmd.Evaluate", no_properties},
    {MLMD_EXECUTION, "InfraValidator", "mlmd.Evaluate", no_properties},
    {MLMD_EXECUTION, "Pusher", "mlmd.Deploy", no_properties},
};

static const struct known_type *find_known(enum mlmd_kind kind, struct sl_str name)
{
    for (size_t i = 0; i < SL_COUNTOF(known_types); i++)
        if (known_types[i].kind == kind && sl_str_is(name, known_types[i].name))
            return &known_types[i];
    return NULL;
}

static struct sl_err *find_type(struct sql_tx *tx, struct sl_arena *a, enum mlmd_kind kind,
                                struct sl_str name, int64_t *ret)
{
    struct sql_rows rows;
    SL_TRY(SQL_QUERY(tx, a, &rows,
                     "SELECT id FROM Type WHERE name = $1 AND type_kind = $2 AND version IS NULL"
                     " ORDER BY id LIMIT 1",
                     sql_text(name), sql_int(kind)));
    *ret = rows.n ? sql_row(&rows, 0)->i : 0;
    return NULL;
}

static struct sl_err *declare(struct sql_tx *tx, struct sl_arena *a, const struct known_type *known,
                              int64_t id)
{
    for (const struct declared_property *p = known->properties; p->name; p++)
        SL_TRY(SQL_QUERY(tx, a, NULL,
                         "INSERT INTO TypeProperty (type_id, name, data_type) VALUES ($1, $2, $3)"
                         " ON CONFLICT DO NOTHING",
                         sql_int(id), sql_text(sl_str(p->name)), sql_int(p->type)));
    if (!known->base)
        return NULL;
    int64_t base;
    SL_TRY(find_type(tx, a, known->kind, sl_str(known->base), &base));
    if (base == 0)
        return NULL;
    return SQL_QUERY(tx, a, NULL,
                     "INSERT INTO ParentType (type_id, parent_type_id) VALUES ($1, $2)"
                     " ON CONFLICT DO NOTHING",
                     sql_int(id), sql_int(base));
}

/* The type of that name, made with the properties and the simple base type that TFX gives it. */
static struct sl_err *ensure_type(struct sql_tx *tx, struct sl_arena *a, enum mlmd_kind kind,
                                  struct sl_str name, int64_t *ret)
{
    int64_t id;
    SL_TRY(find_type(tx, a, kind, name, &id));
    if (id == 0) {
        struct sql_rows rows;
        SL_TRY(SQL_QUERY(tx, a, &rows,
                         "INSERT INTO Type (name, type_kind) VALUES ($1, $2) RETURNING id",
                         sql_text(name), sql_int(kind)));
        id = sql_row(&rows, 0)->i;
        const struct known_type *known = find_known(kind, name);
        if (known)
            SL_TRY(declare(tx, a, known, id));
    }
    *ret = id;
    return NULL;
}

/* ---- contexts -------------------------------------------------------------------------------- */
struct sl_err *mlmd_context(struct sql_tx *tx, struct sl_arena *a, const char *type,
                            struct sl_str name, int64_t create_ms, int64_t *ret)
{
    int64_t type_id;
    struct sql_rows rows;
    SL_TRY(ensure_type(tx, a, MLMD_CONTEXT, sl_str(type), &type_id));
    SL_TRY(SQL_QUERY(tx, a, &rows, "SELECT id FROM Context WHERE type_id = $1 AND name = $2",
                     sql_int(type_id), sql_text(name)));
    if (rows.n == 0)
        SL_TRY(SQL_QUERY(tx, a, &rows,
                         "INSERT INTO Context (type_id, name, create_time_since_epoch,"
                         " last_update_time_since_epoch) VALUES ($1, $2, $3, $3) RETURNING id",
                         sql_int(type_id), sql_text(name), sql_int(create_ms)));
    *ret = sql_row(&rows, 0)->i;
    return NULL;
}

struct sl_err *mlmd_parent_context(struct sql_tx *tx, struct sl_arena *a, int64_t child,
                                   int64_t parent)
{
    return SQL_QUERY(tx, a, NULL,
                     "INSERT INTO ParentContext (context_id, parent_context_id) VALUES ($1, $2)"
                     " ON CONFLICT DO NOTHING",
                     sql_int(child), sql_int(parent));
}

/* INSERT ... ON CONFLICT alone would use up an id for each row that is there already; then a
 * database rebuilt from storage could not get the same ids. */
struct sl_err *mlmd_associate(struct sql_tx *tx, struct sl_arena *a, int64_t context,
                              int64_t execution)
{
    return SQL_QUERY(tx, a, NULL,
                     "INSERT INTO Association (context_id, execution_id) SELECT CAST($1 AS "
                     "BIGINT), CAST($2 AS BIGINT)"
                     " WHERE NOT EXISTS (SELECT 1 FROM Association WHERE context_id = $1 AND"
                     " execution_id = $2) ON CONFLICT DO NOTHING",
                     sql_int(context), sql_int(execution));
}

struct sl_err *mlmd_attribute(struct sql_tx *tx, struct sl_arena *a, int64_t context,
                              int64_t artifact)
{
    return SQL_QUERY(tx, a, NULL,
                     "INSERT INTO Attribution (context_id, artifact_id) SELECT CAST($1 AS BIGINT), "
                     "CAST($2 AS BIGINT)"
                     " WHERE NOT EXISTS (SELECT 1 FROM Attribution WHERE context_id = $1 AND"
                     " artifact_id = $2) ON CONFLICT DO NOTHING",
                     sql_int(context), sql_int(artifact));
}

/* ---- executions and artifacts ---------------------------------------------------------------- */
struct sl_err *mlmd_execution(struct sql_tx *tx, struct sl_arena *a, struct sl_str type,
                              struct sl_str name, enum mlmd_execution_state state,
                              int64_t create_ms, int64_t update_ms, int64_t *ret)
{
    int64_t type_id;
    struct sql_rows rows;
    SL_TRY(ensure_type(tx, a, MLMD_EXECUTION, type, &type_id));
    SL_TRY(SQL_QUERY(tx, a, &rows,
                     "UPDATE Execution SET last_known_state = $3, create_time_since_epoch = $4,"
                     " last_update_time_since_epoch = $5 WHERE type_id = $1 AND name = $2"
                     " RETURNING id",
                     sql_int(type_id), sql_text(name), sql_int(state), sql_int(create_ms),
                     sql_int(update_ms)));
    if (rows.n == 0)
        SL_TRY(SQL_QUERY(tx, a, &rows,
                         "INSERT INTO Execution (type_id, name, last_known_state,"
                         " create_time_since_epoch, last_update_time_since_epoch)"
                         " VALUES ($1, $2, $3, $4, $5) RETURNING id",
                         sql_int(type_id), sql_text(name), sql_int(state), sql_int(create_ms),
                         sql_int(update_ms)));
    *ret = sql_row(&rows, 0)->i;
    return NULL;
}

struct sl_err *mlmd_find_artifact(struct sql_tx *tx, struct sl_arena *a, struct sl_str type,
                                  struct sl_str uri, struct sl_str digest, int64_t *ret)
{
    int64_t type_id;
    struct sql_rows rows;
    SL_TRY(find_type(tx, a, MLMD_ARTIFACT, type, &type_id));
    SL_TRY(SQL_QUERY(tx, a, &rows,
                     "SELECT t.id FROM Artifact t JOIN ArtifactProperty p ON p.artifact_id = t.id"
                     " AND p.name = 'digest' AND p.is_custom_property = TRUE"
                     " WHERE t.uri = $2 AND t.type_id = $1 AND p.string_value = $3"
                     " ORDER BY t.id LIMIT 1",
                     sql_int(type_id), sql_text(uri), sql_text(digest)));
    *ret = rows.n ? sql_row(&rows, 0)->i : 0;
    return NULL;
}

struct sl_err *mlmd_artifact(struct sql_tx *tx, struct sl_arena *a, struct sl_str type,
                             struct sl_str uri, struct sl_str digest, int64_t create_ms,
                             int64_t *ret)
{
    int64_t id, type_id;
    struct sql_rows rows;
    SL_TRY(mlmd_find_artifact(tx, a, type, uri, digest, &id));
    if (id == 0) {
        SL_TRY(ensure_type(tx, a, MLMD_ARTIFACT, type, &type_id));
        SL_TRY(SQL_QUERY(tx, a, &rows,
                         "INSERT INTO Artifact (type_id, uri, state, create_time_since_epoch,"
                         " last_update_time_since_epoch) VALUES ($1, $2, $3, $4, $4) RETURNING id",
                         sql_int(type_id), sql_text(uri), sql_int(MLMD_ARTIFACT_LIVE),
                         sql_int(create_ms)));
        id = sql_row(&rows, 0)->i;
        SL_TRY(mlmd_property(tx, a, MLMD_ARTIFACT, type, id, SL_STR(MLMD_DIGEST),
                             json_new_string(a, digest)));
    }
    *ret = id;
    return NULL;
}

struct sl_err *mlmd_name_artifact(struct sql_tx *tx, struct sl_arena *a, int64_t artifact,
                                  struct sl_str name)
{
    return SQL_QUERY(tx, a, NULL,
                     "UPDATE Artifact SET name = $2 WHERE id = $1 AND name IS NULL AND NOT EXISTS"
                     " (SELECT 1 FROM Artifact o JOIN Artifact t ON t.id = $1 AND"
                     " o.type_id = t.type_id WHERE o.name = $2)",
                     sql_int(artifact), sql_text(name));
}

/* ---- properties ------------------------------------------------------------------------------ */
struct property_value {
    struct sql_value i, d, s, b;
};

static struct property_value encode_value(struct sl_arena *a, const struct json *v)
{
    struct property_value p = {.i = sql_null(), .d = sql_null(), .s = sql_null(), .b = sql_null()};
    if (v->type == JSON_STRING) {
        p.s = sql_text(v->string);
    } else if (v->type == JSON_BOOL) {
        p.b = sql_bool(v->boolean);
    } else if (v->type == JSON_NUMBER && json_is_integer(v)) {
        p.i = sql_int((int64_t)v->number);
    } else if (v->type == JSON_NUMBER) {
        p.d = sql_real(v->number);
    } else {
        SL_AUTOBUF(text, 0);
        json_format(v, JSON_COMPACT, &text);
        p.s = sql_text(sl_arena_str(a, sl_buf_str(&text)));
    }
    return p;
}

static bool is_declared(enum mlmd_kind kind, struct sl_str type, struct sl_str name,
                        const struct property_value *v)
{
    const struct known_type *known = find_known(kind, type);
    for (const struct declared_property *p = known ? known->properties : no_properties; p->name;
         p++)
        if (sl_str_is(name, p->name))
            return p->type == PROPERTY_INT ? v->i.type == SQL_INT : v->s.type == SQL_TEXT;
    return false;
}

#define PROPERTY_UPSERT(table, id)                                                      \
    "INSERT INTO " table " (" id ", name, is_custom_property, int_value, double_value," \
    " string_value, bool_value) VALUES ($1, $2, $3, $4, $5, $6, $7)"                    \
    " ON CONFLICT (" id ", name, is_custom_property) DO UPDATE SET"                     \
    " int_value = excluded.int_value, double_value = excluded.double_value,"            \
    " string_value = excluded.string_value, bool_value = excluded.bool_value"

struct sl_err *mlmd_property(struct sql_tx *tx, struct sl_arena *a, enum mlmd_kind kind,
                             struct sl_str type, int64_t node, struct sl_str name,
                             const struct json *value)
{
    static const char *const upsert[] = {
        [MLMD_EXECUTION] = PROPERTY_UPSERT("ExecutionProperty", "execution_id"),
        [MLMD_ARTIFACT] = PROPERTY_UPSERT("ArtifactProperty", "artifact_id"),
        [MLMD_CONTEXT] = PROPERTY_UPSERT("ContextProperty", "context_id"),
    };
    if (!value || value->type == JSON_NULL)
        return NULL;
    struct property_value v = encode_value(a, value);
    bool custom = !is_declared(kind, type, name, &v);
    return SQL_QUERY(tx, a, NULL, upsert[kind], sql_int(node), sql_text(name), sql_bool(custom),
                     v.i, v.d, v.s, v.b);
}

/* ---- events ---------------------------------------------------------------------------------- */
struct sl_err *mlmd_event(struct sql_tx *tx, struct sl_arena *a, int64_t artifact,
                          int64_t execution, enum mlmd_event type, int64_t ms,
                          const struct mlmd_path *path, size_t n)
{
    struct sql_rows rows;
    SL_TRY(SQL_QUERY(tx, a, &rows,
                     "SELECT id FROM Event WHERE artifact_id = $1 AND execution_id = $2 AND"
                     " type = $3",
                     sql_int(artifact), sql_int(execution), sql_int(type)));
    if (rows.n)
        return NULL;
    SL_TRY(SQL_QUERY(tx, a, &rows,
                     "INSERT INTO Event (artifact_id, execution_id, type, milliseconds_since_epoch)"
                     " VALUES ($1, $2, $3, $4) RETURNING id",
                     sql_int(artifact), sql_int(execution), sql_int(type), sql_int(ms)));
    int64_t id = sql_row(&rows, 0)->i;
    for (size_t i = 0; i < n; i++) {
        SL_TRY(SQL_QUERY(tx, a, NULL,
                         "INSERT INTO EventPath (event_id, is_index_step, step_key)"
                         " VALUES ($1, FALSE, $2)",
                         sql_int(id), sql_text(path[i].key)));
        SL_TRY(SQL_QUERY(tx, a, NULL,
                         "INSERT INTO EventPath (event_id, is_index_step, step_index)"
                         " VALUES ($1, TRUE, $2)",
                         sql_int(id), sql_int(path[i].index)));
    }
    return NULL;
}
