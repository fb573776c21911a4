#include "store/reindex.h"

#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "store/mlmd.h"
#include "store/publish.h"

enum {
    FACTS_PER_UNIT = 500,
    RUNS_TOGETHER = 64, /* so that a transaction holds the facts of many small runs */
    RUN_DEPTH = 3,      /* namespace, pipeline, run uid */
};

struct found_run {
    struct sl_str uri, uid; /* of `_run.json` */
    int64_t first_us, last_us;
};

struct reindexer {
    struct sl_arena *a;
    struct blobs *blobs;
    struct sl_str root; /* with a slash at its end */
    struct sql *db;
    SL_VEC(struct found_run) runs;
    SL_VEC(struct sl_str) notes;
    struct sl_map manifests;  /* uris of artifacts that are there */
    struct sl_map recorded;   /* run folders with a record */
    struct sl_map unrecorded; /* run folders with results */
    struct reindex_report report;
};

/* ---- what storage holds ---------------------------------------------------------------------- */
/* The run's folder of an object, or an empty string: `<root><namespace>/<pipeline>/<uid>`. */
static struct sl_str run_folder_of(const struct reindexer *x, struct sl_str uri)
{
    size_t depth = 0;
    for (size_t i = x->root.n; i < uri.n; i++)
        if (uri.p[i] == '/' && ++depth == RUN_DEPTH)
            return sl_strn(uri.p, i);
    return SL_STR("");
}

static void note_err(struct reindexer *x, struct sl_err *err)
{
    SL_AUTOBUF(b, 0);
    sl_err_format(err, &b);
    *sl_vec_add(&x->notes) = sl_arena_str(x->a, sl_buf_str(&b));
    sl_err_free(err);
}

static struct sl_err *read_record(struct reindexer *x, struct sl_arena *a, struct sl_str uri,
                                  struct run_record **ret)
{
    struct sl_str text;
    SL_TRY(blobs_read(x->blobs, a, uri, SL_LIMIT_DOCUMENT_BYTES, &text), "'%.*s'", SL_FMT(uri));
    SL_TRY(run_record_decode(a, text, ret), "'%.*s'", SL_FMT(uri));
    return NULL;
}

/* When the run's facts lie; the record itself is read again when its turn comes. */
static struct sl_err *survey(struct reindexer *x, struct sl_str uri)
{
    SL_AUTOARENA(a);
    struct run_record *r;
    struct publish_fact *facts;
    size_t n;
    SL_TRY(read_record(x, a, uri, &r));
    publish_facts_of(a, r, &facts, &n);
    publish_facts_sort(facts, n);
    *sl_vec_add(&x->runs) = (struct found_run){
        .uri = uri,
        .uid = sl_arena_str(x->a, r->uid),
        .first_us = facts[0].at_us,
        .last_us = facts[n - 1].at_us,
    };
    return NULL;
}

static void look_at(struct reindexer *x, struct sl_str uri)
{
    struct sl_str folder = run_folder_of(x, uri);
    if (folder.n == 0)
        return;
    struct sl_str rest = sl_str_skip(uri, folder.n);
    if (sl_str_is(rest, "/_run.json")) {
        sl_map_add(&x->recorded, folder, NULL);
        struct sl_err *err = survey(x, uri);
        if (err)
            note_err(x, err);
    } else if (sl_str_ends(rest, SL_STR("/_manifest.json"))) {
        sl_map_add(&x->manifests, sl_strn(uri.p, uri.n - sizeof("/_manifest.json") + 1), NULL);
    } else if (sl_str_ends(rest, SL_STR("/_result.json"))) {
        sl_map_add(&x->unrecorded, folder, NULL);
    }
}

static struct sl_err *look_around(struct reindexer *x)
{
    struct blob_request r = {.op = BLOB_LIST, .uri = x->root, .a = x->a};
    SL_TRY(blobs_do(x->blobs, &r), "list '%.*s'", SL_FMT(x->root));
    for (size_t i = 0; i < r.ret_n; i++)
        look_at(x, r.ret_list[i].uri);
    for (size_t i = 0; i < x->unrecorded.n; i++)
        x->report.unfinished += !sl_map_find(&x->recorded, x->unrecorded.entries[i].key);
    return NULL;
}

/* ---- publishing ------------------------------------------------------------------------------ */
static int compare_runs(const void *x, const void *y)
{
    const struct found_run *r = x, *s = y;
    if (r->first_us != s->first_us)
        return r->first_us < s->first_us ? -1 : 1;
    return sl_str_cmp(r->uid, s->uid);
}

struct batch {
    struct sql_request sql;
    const struct publish_fact *facts;
    size_t n;
};

static struct sl_err *publish_batch(struct sql_request *r, struct sql_tx *tx)
{
    struct batch *b = SL_CONTAINER_OF(r, struct batch, sql);
    SL_AUTOARENA(a);
    for (size_t i = 0; i < b->n; i++)
        SL_TRY(publish_fact(tx, a, &b->facts[i]), "run '%.*s'", SL_FMT(b->facts[i].run->name));
    return NULL;
}

static struct sl_err *publish_facts(struct reindexer *x, const struct publish_fact *facts, size_t n)
{
    for (size_t at = 0; at < n; at += FACTS_PER_UNIT) {
        struct batch b = {.sql = {.mode = SQL_WRITE, .work = publish_batch},
                          .facts = facts + at,
                          .n = SL_MIN(n - at, (size_t)FACTS_PER_UNIT)};
        SL_TRY(sql_do(x->db, &b.sql));
    }
    return NULL;
}

/* Runs whose times overlap must be taken together, because their facts were published in turns. */
static struct sl_err *publish_together(struct reindexer *x, const struct found_run *runs, size_t n)
{
    SL_AUTOARENA(a);
    SL_VEC(struct publish_fact) all = {0};
    struct sl_err *err = NULL;
    for (size_t i = 0; i < n && !err; i++) {
        struct run_record *r;
        struct publish_fact *facts;
        size_t count;
        err = read_record(x, a, runs[i].uri, &r);
        if (err)
            break;
        publish_facts_of(a, r, &facts, &count);
        for (size_t f = 0; f < count; f++)
            *sl_vec_add(&all) = facts[f];
        x->report.runs++;
    }
    if (!err) {
        publish_facts_sort(all.p, all.n);
        err = publish_facts(x, all.p, all.n);
    }
    sl_vec_deinit(&all);
    return err;
}

static struct sl_err *publish_runs(struct reindexer *x)
{
    if (x->runs.n)
        qsort(x->runs.p, x->runs.n, sizeof(*x->runs.p), compare_runs);
    for (size_t from = 0, to; from < x->runs.n; from = to) {
        int64_t end_us = x->runs.p[from].last_us;
        for (to = from + 1;
             to < x->runs.n && (to - from < RUNS_TOGETHER || x->runs.p[to].first_us <= end_us);
             to++)
            end_us = SL_MAX(end_us, x->runs.p[to].last_us);
        SL_TRY(publish_together(x, x->runs.p + from, to - from));
    }
    return NULL;
}

/* ---- what is gone ---------------------------------------------------------------------------- */
struct sweep {
    struct sql_request sql;
    struct reindexer *x;
    size_t gone;
};

static struct sl_err *mark_gone(struct sql_request *r, struct sql_tx *tx)
{
    struct sweep *s = SL_CONTAINER_OF(r, struct sweep, sql);
    SL_AUTOARENA(a);
    struct sql_rows rows;
    s->gone = 0;
    SL_TRY(SQL_QUERY(tx, a, &rows, "SELECT id, uri FROM Artifact WHERE state = $1 ORDER BY id",
                     sql_int(MLMD_ARTIFACT_LIVE)));
    for (size_t i = 0; i < rows.n; i++) {
        const struct sql_value *v = sql_row(&rows, i);
        if (!sl_str_starts(v[1].s, s->x->root) || sl_map_find(&s->x->manifests, v[1].s))
            continue;
        SL_TRY(SQL_QUERY(tx, a, NULL, "UPDATE Artifact SET state = $2 WHERE id = $1",
                         sql_int(v[0].i), sql_int(MLMD_ARTIFACT_DELETED)));
        s->gone++;
    }
    return NULL;
}

static struct sl_err *sweep(struct reindexer *x)
{
    struct sweep s = {.sql = {.mode = SQL_WRITE, .work = mark_gone}, .x = x};
    SL_TRY(sql_do(x->db, &s.sql));
    x->report.gone = s.gone;
    return NULL;
}

static struct sl_err *rebuild(struct reindexer *x)
{
    SL_TRY(look_around(x));
    SL_TRY(publish_runs(x));
    return sweep(x);
}

struct sl_err *reindex(struct sl_arena *a, struct blobs *b, struct sl_str root, struct sql *db,
                       struct reindex_report *ret)
{
    while (root.n && root.p[root.n - 1] == '/')
        root.n--;
    struct reindexer x = {.a = a,
                          .blobs = b,
                          .root = sl_arena_format(a, "%.*s/", SL_FMT(root)),
                          .db = db,
                          .manifests = SL_MAP_INIT,
                          .recorded = SL_MAP_INIT,
                          .unrecorded = SL_MAP_INIT};
    struct sl_err *err = rebuild(&x);
    x.report.n_notes = x.notes.n;
    x.report.notes = sl_arena_copy(a, x.notes.p, x.notes.n * sizeof(*x.notes.p));
    if (!err)
        *ret = x.report;
    sl_vec_deinit(&x.runs);
    sl_vec_deinit(&x.notes);
    sl_map_deinit(&x.manifests);
    sl_map_deinit(&x.recorded);
    sl_map_deinit(&x.unrecorded);
    return err;
}
