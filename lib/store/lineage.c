#include "store/lineage.h"

#include "base/time.h"

enum { DIGEST_MIN = 4, CANDIDATES_SHOWN = 5, US_PER_MS = 1000 };

/* ---- rows as objects ------------------------------------------------------------------------- */
enum cell {
    CELL_TEXT, /* an empty one is null */
    CELL_INT,
    CELL_TIME_US, /* 0 is null */
    CELL_TIME_MS,
    CELL_SECONDS, /* from microseconds; negative is null */
    CELL_METRICS, /* JSON text: its rows_in and rows_out become members */
};

struct cell_column {
    const char *name;
    enum cell cell;
};

static struct json *time_cell(struct sl_arena *a, int64_t us)
{
    char text[SL_TIME_TEXT];
    if (us <= 0)
        return json_new_null(a);
    sl_time_format(us, text);
    return json_new_string(a, sl_arena_str(a, sl_str(text)));
}

static struct json *cell_value(struct sl_arena *a, enum cell cell, const struct sql_value *v)
{
    if (v->type == SQL_NULL || (v->type == SQL_TEXT && v->s.n == 0))
        return json_new_null(a);
    switch (cell) {
    case CELL_INT:
        return json_new_number(a, (double)v->i);
    case CELL_TIME_US:
        return time_cell(a, v->i);
    case CELL_TIME_MS:
        return time_cell(a, v->i * US_PER_MS);
    case CELL_SECONDS:
        return v->i < 0 ? json_new_null(a) : json_new_number(a, (double)v->i / 1e6);
    case CELL_TEXT:
    case CELL_METRICS:
        break;
    }
    return json_new_string(a, v->s);
}

static void add_metrics(struct sl_arena *a, struct json *o, struct sl_str text)
{
    struct json *metrics = NULL;
    struct sl_err *err = text.n ? json_parse(a, text, &metrics) : NULL;
    sl_err_free(err);
    static const char *const shown[] = {"rows_in", "rows_out"};
    for (size_t i = 0; i < SL_COUNTOF(shown); i++) {
        struct json *v = json_get(metrics, shown[i]);
        json_set(a, o, shown[i], v ? v : json_new_null(a));
    }
}

static struct json *to_objects(struct sl_arena *a, const struct sql_rows *rows,
                               const struct cell_column *columns, size_t n)
{
    struct json *list = json_new_array(a);
    for (size_t i = 0; i < rows->n; i++) {
        const struct sql_value *v = sql_row(rows, i);
        struct json *o = json_new_object(a);
        for (size_t c = 0; c < n; c++) {
            if (columns[c].cell == CELL_METRICS)
                add_metrics(a, o, v[c].s);
            else
                json_set(a, o, columns[c].name, cell_value(a, columns[c].cell, &v[c]));
        }
        json_push(a, list, o);
    }
    return list;
}

static struct sql_value limit_of(const struct lineage_filter *f)
{
    return sql_int(f->limit > 0 ? f->limit : INT64_MAX);
}

/* A duration that is known only once both ends are. */
#define SECONDS(started, finished) \
    "CASE WHEN " started " > 0 AND " finished " > 0 THEN " finished " - " started " ELSE -1 END"
/* $1 is a pipeline, with or without its namespace; $2 a run's uid or name. */
#define OF_PIPELINE_AND_RUN                                                     \
    "($1 = '' OR r.pipeline = $1 OR r.pipeline = r.run_namespace || '/' || $1)" \
    " AND ($2 = '' OR r.uid = $2 OR r.name = $2)"

/* ---- runs ------------------------------------------------------------------------------------ */
struct sl_err *lineage_runs(struct sql_tx *tx, struct sl_arena *a, const struct lineage_filter *f,
                            struct json **ret)
{
    static const struct cell_column columns[] = {
        {"name", CELL_TEXT},        {"uid", CELL_TEXT},        {"pipeline", CELL_TEXT},
        {"outcome", CELL_TEXT},     {"created", CELL_TIME_US}, {"started", CELL_TIME_US},
        {"finished", CELL_TIME_US}, {"seconds", CELL_SECONDS}, {"steps", CELL_INT},
        {"created_by", CELL_TEXT},  {"message", CELL_TEXT},    {"uri", CELL_TEXT},
    };
    struct sql_rows rows;
    SL_TRY(SQL_QUERY(
        tx, a, &rows,
        "SELECT r.name, r.uid, r.pipeline, CASE r.outcome WHEN '' THEN 'running' ELSE"
        " r.outcome END, r.created_us, r.started_us, r.finished_us,"
        " " SECONDS("r.started_us",
                    "r.finished_us") ", (SELECT count(*) FROM"
                                     " sluice_steps s WHERE s.run_uid = r.uid), r.created_by, "
                                     "r.message, r.uri"
                                     " FROM sluice_runs r WHERE " OF_PIPELINE_AND_RUN
                                     " AND ($3 = '' OR"
                                     " r.outcome = $3 OR ($3 = 'running' AND r.outcome = ''))"
                                     " ORDER BY r.created_us DESC, r.uid LIMIT $4",
        sql_text(f->pipeline), sql_text(f->run), sql_text(f->outcome), limit_of(f)));
    *ret = to_objects(a, &rows, columns, SL_COUNTOF(columns));
    return NULL;
}

/* ---- steps ----------------------------------------------------------------------------------- */
/* What Sluice recorded, and the executions of foreign clients, in their run when they were
 * associated with one. */
static const char steps_query[] =
    "SELECT r.name, r.uid, r.pipeline, s.step, s.item, s.component, CASE s.outcome WHEN '' THEN"
    " 'running' ELSE s.outcome END, s.attempt, s.started_us, s.finished_us,"
    " " SECONDS(
        "s.started_us",
        "s.finished_us") ", s.metrics, s.message,"
                         " s.error_message, s.cached_run, s.cached_step, s.execution_id,"
                         " r.created_us FROM sluice_steps s JOIN "
                         "sluice_runs r ON"
                         " r.uid = s.run_uid WHERE " OF_PIPELINE_AND_RUN
                         " AND ($3 = '' OR s.outcome = $3 OR"
                         " ($3 = 'running' AND s.outcome = ''))"
                         " UNION ALL "
                         "SELECT r.name, r.uid, r.pipeline, coalesce(x.name, ''), '', y.name, CASE "
                         "x.last_known_state"
                         " WHEN 1 THEN 'new' WHEN 2 THEN 'running' WHEN 3 THEN 'succeeded' WHEN 4 "
                         "THEN 'failed' WHEN 5"
                         " THEN 'cached' WHEN 6 THEN 'cancelled' ELSE '' END, NULL,"
                         " x.create_time_since_epoch * 1000, x.last_update_time_since_epoch * 1000,"
                         " (x.last_update_time_since_epoch - x.create_time_since_epoch) * 1000, "
                         "'', '', '', '', '', x.id,"
                         " coalesce(r.created_us, x.create_time_since_epoch * 1000)"
                         " FROM Execution x JOIN Type y ON y.id = x.type_id LEFT JOIN sluice_runs "
                         "r ON r.context_id ="
                         " (SELECT min(c.id) FROM Association o JOIN Context c ON c.id = "
                         "o.context_id JOIN Type ct ON"
                         " ct.id = c.type_id AND ct.name = 'pipeline_run' AND ct.type_kind = 2 "
                         "WHERE o.execution_id ="
                         " x.id) WHERE NOT EXISTS (SELECT 1 FROM sluice_steps s WHERE "
                         "s.execution_id = x.id) AND"
                         " ($1 = '' AND $2 = '' OR " OF_PIPELINE_AND_RUN ") AND $3 = ''"
                         " ORDER BY 18 DESC, 2, 9, 4 LIMIT $4";

struct sl_err *lineage_steps(struct sql_tx *tx, struct sl_arena *a, const struct lineage_filter *f,
                             struct json **ret)
{
    static const struct cell_column columns[] = {
        {"run", CELL_TEXT},         {"run_uid", CELL_TEXT},    {"pipeline", CELL_TEXT},
        {"step", CELL_TEXT},        {"item", CELL_TEXT},       {"component", CELL_TEXT},
        {"outcome", CELL_TEXT},     {"attempt", CELL_INT},     {"started", CELL_TIME_US},
        {"finished", CELL_TIME_US}, {"seconds", CELL_SECONDS}, {"metrics", CELL_METRICS},
        {"message", CELL_TEXT},     {"error", CELL_TEXT},      {"cached_run", CELL_TEXT},
        {"cached_step", CELL_TEXT}, {"execution", CELL_INT},
    };
    struct sql_rows rows;
    SL_TRY(SQL_QUERY(tx, a, &rows, steps_query, sql_text(f->pipeline), sql_text(f->run),
                     sql_text(f->outcome), limit_of(f)));
    *ret = to_objects(a, &rows, columns, SL_COUNTOF(columns));
    return NULL;
}

/* ---- artifacts ------------------------------------------------------------------------------- */
/* Run and step are those of the execution that made it: the first one with an OUTPUT event. */
static const char artifacts_query[] =
    "SELECT t.id, y.name, n.string_value, CASE t.state WHEN 1 THEN 'PENDING' WHEN 2 THEN 'LIVE'"
    " WHEN 3 THEN 'MARKED_FOR_DELETION' WHEN 4 THEN 'DELETED' WHEN 5 THEN 'ABANDONED' WHEN 6 THEN"
    " 'REFERENCE' ELSE 'UNKNOWN' END, d.string_value, b.int_value, t.create_time_since_epoch,"
    " t.uri, r.name, r.uid, s.step FROM Artifact t JOIN Type y ON y.id = t.type_id"
    " LEFT JOIN ArtifactProperty n ON n.artifact_id = t.id AND n.name = 'name' AND"
    " n.is_custom_property = TRUE"
    " LEFT JOIN ArtifactProperty d ON d.artifact_id = t.id AND d.name = 'digest' AND"
    " d.is_custom_property = TRUE"
    " LEFT JOIN ArtifactProperty b ON b.artifact_id = t.id AND b.name = 'bytes' AND"
    " b.is_custom_property = TRUE"
    " LEFT JOIN sluice_steps s ON s.execution_id = (SELECT min(e.execution_id) FROM Event e WHERE"
    " e.artifact_id = t.id AND e.type = 4)"
    " LEFT JOIN sluice_runs r ON r.uid = s.run_uid"
    " WHERE ($1 = '' AND $2 = '' OR " OF_PIPELINE_AND_RUN ") AND ($3 = '' OR y.name = $3)"
    " ORDER BY t.id DESC LIMIT $4";

struct sl_err *lineage_artifacts(struct sql_tx *tx, struct sl_arena *a,
                                 const struct lineage_filter *f, struct json **ret)
{
    static const struct cell_column columns[] = {
        {"id", CELL_INT},          {"type", CELL_TEXT},   {"name", CELL_TEXT},
        {"state", CELL_TEXT},      {"digest", CELL_TEXT}, {"bytes", CELL_INT},
        {"created", CELL_TIME_MS}, {"uri", CELL_TEXT},    {"run", CELL_TEXT},
        {"run_uid", CELL_TEXT},    {"step", CELL_TEXT},
    };
    struct sql_rows rows;
    SL_TRY(SQL_QUERY(tx, a, &rows, artifacts_query, sql_text(f->pipeline), sql_text(f->run),
                     sql_text(f->type), limit_of(f)));
    *ret = to_objects(a, &rows, columns, SL_COUNTOF(columns));
    return NULL;
}

/* ---- finding --------------------------------------------------------------------------------- */
struct sl_err *lineage_find_run(struct sql_tx *tx, struct sl_arena *a, struct sl_str name,
                                struct lineage_run *ret)
{
    struct sql_rows rows;
    SL_TRY(SQL_QUERY(tx, a, &rows,
                     "SELECT uid, name, uri FROM sluice_runs WHERE uid = $1 OR name = $1"
                     " ORDER BY created_us DESC LIMIT 1",
                     sql_text(name)));
    if (rows.n) {
        const struct sql_value *v = sql_row(&rows, 0);
        *ret = (struct lineage_run){.uid = v[0].s, .name = v[1].s, .uri = v[2].s};
        return NULL;
    }
    SL_TRY(sql_query(tx, a, "SELECT name FROM sluice_runs ORDER BY created_us DESC LIMIT 200", NULL,
                     0, &rows));
    struct sl_str *names = SL_ARENA_ARRAY(a, struct sl_str, rows.n);
    for (size_t i = 0; i < rows.n; i++)
        names[i] = sql_row(&rows, i)->s;
    return SL_ERR(NOT_FOUND, "there is no run '%.*s'%s", SL_FMT(name),
                  diag_did_you_mean(a, name, names, rows.n));
}

struct sl_err *lineage_follow_hit(struct sql_tx *tx, struct sl_arena *a, struct lineage_run *run,
                                  struct sl_str *step)
{
    struct sql_rows rows;
    SL_TRY(SQL_QUERY(tx, a, &rows,
                     "SELECT r.uid, r.name, r.uri, s.cached_step FROM sluice_steps s JOIN"
                     " sluice_runs r ON r.uid = s.cached_run WHERE s.run_uid = $1 AND"
                     " CASE s.item WHEN '' THEN s.step ELSE s.step || '/' || s.item END = $2",
                     sql_text(run->uid), sql_text(*step)));
    if (rows.n == 0)
        return NULL;
    const struct sql_value *v = sql_row(&rows, 0);
    *run = (struct lineage_run){.uid = v[0].s, .name = v[1].s, .uri = v[2].s};
    *step = v[3].s;
    return NULL;
}

static struct sl_err *one_of(const struct sql_rows *rows, struct sl_str text, int64_t *ret)
{
    if (rows->n == 0)
        return SL_ERR(
            NOT_FOUND,
            "there is no artifact '%.*s' (an id, a uri, or at least %d digits of a digest)",
            SL_FMT(text), DIGEST_MIN);
    if (rows->n > 1) {
        SL_AUTOBUF(b, 0);
        for (size_t i = 0; i < rows->n && i < CANDIDATES_SHOWN; i++)
            sl_buf_format(&b, "%s%lld (%.*s)", i ? ", " : "", (long long)sql_row(rows, i)[0].i,
                          SL_FMT(sql_row(rows, i)[1].s));
        return SL_ERR(INVALID, "'%.*s' names several artifacts: %s%s", SL_FMT(text),
                      sl_buf_str(&b).p, rows->n > CANDIDATES_SHOWN ? ", ..." : "");
    }
    *ret = sql_row(rows, 0)->i;
    return NULL;
}

/* A uri names the artifact that lies there, or the one whose folder the file is in: the longest of
 * them. */
static struct sl_err *find_by_uri(struct sql_tx *tx, struct sl_arena *a, struct sl_str uri,
                                  struct sql_rows *ret)
{
    while (uri.n && uri.p[uri.n - 1] == '/')
        uri.n--;
    for (;;) {
        SL_TRY(SQL_QUERY(tx, a, ret,
                         "SELECT t.id, y.name FROM Artifact t JOIN Type y ON y.id = t.type_id WHERE"
                         " t.uri = $1 ORDER BY t.id DESC LIMIT 1",
                         sql_text(uri)));
        ptrdiff_t slash = sl_str_rfind_char(uri, '/');
        if (ret->n || slash <= 0)
            return NULL;
        uri.n = (size_t)slash;
    }
}

static bool is_hex(struct sl_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
            return false;
    return true;
}

/* A digest that several artifacts share (the same content made twice) names the newest. */
static struct sl_err *find_by_digest(struct sql_tx *tx, struct sl_arena *a, struct sl_str prefix,
                                     struct sql_rows *ret)
{
    return SQL_QUERY(
        tx, a, ret,
        "SELECT max(t.id), min(y.name) FROM ArtifactProperty p JOIN Artifact t ON t.id ="
        " p.artifact_id JOIN Type y ON y.id = t.type_id WHERE p.name = 'digest' AND"
        " p.is_custom_property = TRUE AND p.string_value >= $1 AND p.string_value < $2"
        " GROUP BY p.string_value ORDER BY 1",
        sql_text(prefix), sql_text(sl_arena_format(a, "%.*sg", SL_FMT(prefix))));
}

struct sl_err *lineage_find_artifact(struct sql_tx *tx, struct sl_arena *a, struct sl_str text,
                                     int64_t *ret)
{
    int64_t id;
    struct sql_rows rows = {0};
    if (sl_str_to_i64(text, &id))
        SL_TRY(SQL_QUERY(tx, a, &rows, "SELECT id, '' FROM Artifact WHERE id = $1", sql_int(id)));
    if (rows.n == 0 && text.n >= DIGEST_MIN && is_hex(text))
        SL_TRY(find_by_digest(tx, a, text, &rows));
    else if (rows.n == 0 && sl_str_find_char(text, '/') >= 0)
        SL_TRY(find_by_uri(tx, a, text, &rows));
    return one_of(&rows, text, ret);
}
