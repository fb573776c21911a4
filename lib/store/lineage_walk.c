#include "store/lineage.h"

#include "base/map.h"
#include "base/vec.h"

/* IN rather than joins with `seen` and `passed`: without statistics of the tables SQLite would
 * start from the big ones. The closure is taken over artifacts alone, two joins on Event a step;
 * UNION drops what was seen, so cycles (which only foreign clients could make) end. */
#define MADE "IN (1, 4, 6, 7)" /* DECLARED_OUTPUT, OUTPUT, INTERNAL_OUTPUT, PENDING_OUTPUT */
#define READ "IN (2, 3, 5)"    /* DECLARED_INPUT, INPUT, INTERNAL_INPUT */
#define RAN  "coalesce(x.last_known_state, 0) <> 5" /* not a cache hit */

#define CLOSURE(from, to)                                                                         \
    "WITH RECURSIVE seen (id) AS (SELECT CAST($1 AS BIGINT) UNION SELECT f.artifact_id FROM seen" \
    " JOIN Event n ON n.artifact_id = seen.id AND n.type " from                                   \
    " JOIN Execution x ON x.id = n.execution_id AND " RAN                                         \
    " JOIN Event f ON f.execution_id = x.id AND f.type " to "),"                                  \
    " passed (id) AS (SELECT x.id FROM Execution x WHERE " RAN                                    \
    " AND x.id IN (SELECT n.execution_id FROM Event n WHERE n.type " from                         \
    " AND n.artifact_id IN (SELECT id FROM seen))) "

#define EDGES(from, to)                                                                          \
    CLOSURE(from, to)                                                                            \
    "SELECT e.id, e.type, (SELECT min(p.step_key) FROM EventPath p WHERE p.event_id = e.id AND"  \
    " p.step_key IS NOT NULL), t.id, ty.name, n.string_value, t.uri, d.string_value, t.state,"   \
    " x.id, xy.name, coalesce(s.step, x.name), r.name, x.last_known_state, s.files FROM Event e" \
    " JOIN Artifact t ON t.id = e.artifact_id JOIN Type ty ON ty.id = t.type_id"                 \
    " JOIN Execution x ON x.id = e.execution_id JOIN Type xy ON xy.id = x.type_id"               \
    " LEFT JOIN ArtifactProperty n ON n.artifact_id = t.id AND n.name = 'name' AND"              \
    " n.is_custom_property = TRUE"                                                               \
    " LEFT JOIN ArtifactProperty d ON d.artifact_id = t.id AND d.name = 'digest' AND"            \
    " d.is_custom_property = TRUE"                                                               \
    " LEFT JOIN sluice_steps s ON s.execution_id = x.id"                                         \
    " LEFT JOIN sluice_runs r ON r.uid = s.run_uid"                                              \
    " WHERE e.execution_id IN (SELECT id FROM passed) AND (e.type " to " OR (e.type " from       \
    " AND e.artifact_id IN (SELECT id FROM seen))) ORDER BY e.id"

static const char up_query[] = EDGES(MADE, READ);
static const char down_query[] = EDGES(READ, MADE);

static const char start_query[] =
    "SELECT t.id, y.name, n.string_value, t.uri, d.string_value, t.state FROM Artifact t JOIN Type"
    " y ON y.id = t.type_id LEFT JOIN ArtifactProperty n ON n.artifact_id = t.id AND"
    " n.name = 'name' AND n.is_custom_property = TRUE LEFT JOIN ArtifactProperty d ON"
    " d.artifact_id = t.id AND d.name = 'digest' AND d.is_custom_property = TRUE WHERE t.id = $1";

static struct sl_str name_of(int64_t number, const char *const *names, size_t n)
{
    return sl_str(number >= 0 && number < (int64_t)n ? names[number] : "UNKNOWN");
}

static struct sl_str artifact_state(int64_t state)
{
    static const char *const names[] = {"UNKNOWN", "PENDING",   "LIVE",     "MARKED_FOR_DELETION",
                                        "DELETED", "ABANDONED", "REFERENCE"};
    return name_of(state, names, SL_COUNTOF(names));
}

static struct sl_str execution_state(int64_t state)
{
    static const char *const names[] = {"UNKNOWN", "NEW",    "RUNNING", "COMPLETE",
                                        "FAILED",  "CACHED", "CANCELED"};
    return name_of(state, names, SL_COUNTOF(names));
}

/* ---- collecting ------------------------------------------------------------------------------ */
/* Nodes and edges by id while rows come in, from both directions. */
struct collector {
    struct sl_map artifacts, executions, events; /* id -> index */
    SL_VEC(struct lineage_node) artifact_list;
    SL_VEC(struct lineage_node) execution_list;
    SL_VEC(struct lineage_edge) edges;
};

static bool is_new(struct sl_map *m, int64_t id, uint64_t **ret_index)
{
    char key[24];
    bool added;
    snprintf(key, sizeof(key), "%lld", (long long)id);
    *ret_index = sl_map_add(m, sl_str(key), &added);
    return added;
}

static size_t add_artifact(struct collector *c, const struct sql_value *v)
{
    uint64_t *index;
    if (is_new(&c->artifacts, v[0].i, &index)) {
        *index = c->artifact_list.n;
        *sl_vec_add(&c->artifact_list) = (struct lineage_node){
            .id = v[0].i,
            .type = v[1].s,
            .name = v[2].s,
            .uri = v[3].s,
            .digest = v[4].s,
            .state = artifact_state(v[5].i),
        };
    }
    return *index;
}

/* The uris in sluice_steps.files; none for a foreign execution. */
static struct json *file_uris(struct sl_arena *a, const struct sql_value *v)
{
    struct json *list = json_new_array(a), *files = NULL;
    struct sl_err *err = v->s.n ? json_parse(a, v->s, &files) : NULL;
    sl_err_free(err);
    for (size_t i = 0; files && files->type == JSON_ARRAY && i < files->n; i++)
        json_push(a, list, json_new_string(a, json_get_string(files->items[i], "uri", SL_STR(""))));
    return list;
}

static size_t add_execution(struct collector *c, struct sl_arena *a, const struct sql_value *v)
{
    uint64_t *index;
    if (is_new(&c->executions, v[0].i, &index)) {
        *index = c->execution_list.n;
        *sl_vec_add(&c->execution_list) = (struct lineage_node){
            .id = v[0].i,
            .type = v[1].s,
            .name = v[2].s,
            .run = v[3].s,
            .state = execution_state(v[4].i),
            .files = file_uris(a, &v[5]),
        };
    }
    return *index;
}

static bool is_output(int64_t event_type)
{
    return event_type == 1 || event_type == 4 || event_type == 6 || event_type == 7;
}

static struct sl_err *collect(struct sql_tx *tx, struct sl_arena *a, const char *query,
                              int64_t artifact, struct collector *c)
{
    struct sql_rows rows;
    SL_TRY(SQL_QUERY(tx, a, &rows, query, sql_int(artifact)));
    for (size_t i = 0; i < rows.n; i++) {
        const struct sql_value *v = sql_row(&rows, i);
        size_t from = add_artifact(c, v + 3), to = add_execution(c, a, v + 9);
        uint64_t *index;
        if (is_new(&c->events, v[0].i, &index))
            *sl_vec_add(&c->edges) = (struct lineage_edge){
                .artifact = from, .execution = to, .output = is_output(v[1].i), .key = v[2].s};
    }
    return NULL;
}

static struct sl_err *collect_start(struct sql_tx *tx, struct sl_arena *a, int64_t artifact,
                                    struct collector *c)
{
    struct sql_rows rows;
    SL_TRY(SQL_QUERY(tx, a, &rows, start_query, sql_int(artifact)));
    if (rows.n == 0)
        return SL_ERR(NOT_FOUND, "there is no artifact %lld", (long long)artifact);
    add_artifact(c, sql_row(&rows, 0));
    return NULL;
}

/* ---- in order -------------------------------------------------------------------------------- */
struct ranked {
    int64_t id;
    size_t index;
};

static int compare_ranked(const void *x, const void *y)
{
    const struct ranked *p = x, *q = y;
    return (p->id > q->id) - (p->id < q->id);
}

/* Nodes by ascending id; ret_place[old index] is the new one. */
static struct lineage_node *in_order(struct sl_arena *a, const struct lineage_node *nodes, size_t n,
                                     size_t **ret_place)
{
    struct ranked *ranked = SL_ARENA_ARRAY(a, struct ranked, n);
    struct lineage_node *sorted = SL_ARENA_ARRAY(a, struct lineage_node, n);
    size_t *place = SL_ARENA_ARRAY(a, size_t, n);
    for (size_t i = 0; i < n; i++)
        ranked[i] = (struct ranked){nodes[i].id, i};
    if (n)
        qsort(ranked, n, sizeof(*ranked), compare_ranked);
    for (size_t i = 0; i < n; i++) {
        sorted[i] = nodes[ranked[i].index];
        place[ranked[i].index] = i;
    }
    *ret_place = place;
    return sorted;
}

static void finish(struct sl_arena *a, const struct collector *c, struct lineage_graph *g)
{
    size_t *artifact_place, *execution_place;
    g->n_artifacts = c->artifact_list.n;
    g->n_executions = c->execution_list.n;
    g->n_edges = c->edges.n;
    g->artifacts = in_order(a, c->artifact_list.p, g->n_artifacts, &artifact_place);
    g->executions = in_order(a, c->execution_list.p, g->n_executions, &execution_place);
    g->edges = SL_ARENA_ARRAY(a, struct lineage_edge, g->n_edges);
    for (size_t i = 0; i < g->n_edges; i++) {
        g->edges[i] = c->edges.p[i];
        g->edges[i].artifact = artifact_place[g->edges[i].artifact];
        g->edges[i].execution = execution_place[g->edges[i].execution];
    }
    g->start = artifact_place[0];
}

struct sl_err *lineage_walk(struct sql_tx *tx, struct sl_arena *a, int64_t artifact, bool up,
                            bool down, struct lineage_graph *ret)
{
    struct collector c = {.artifacts = SL_MAP_INIT};
    struct sl_err *err = collect_start(tx, a, artifact, &c);
    if (!err && up)
        err = collect(tx, a, up_query, artifact, &c);
    if (!err && down)
        err = collect(tx, a, down_query, artifact, &c);
    if (!err)
        finish(a, &c, ret);
    sl_map_deinit(&c.artifacts);
    sl_map_deinit(&c.executions);
    sl_map_deinit(&c.events);
    sl_vec_deinit(&c.artifact_list);
    sl_vec_deinit(&c.execution_list);
    sl_vec_deinit(&c.edges);
    return err;
}
