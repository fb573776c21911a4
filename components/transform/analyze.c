#include "components/transform/analyze.h"

#include "base/log.h"
#include "components/transform/describe.h"
#include "core/learn/transform_analyze.h"
#include "core/learn/transform_derive.h"
#include "core/learn/transform_spec.h"
#include "store/schemas.h"
#include "store/statistics.h"

/* ---- looking at the columns -------------------------------------------------------------------*/

/* Statistics that came as an input: those of the one split that is analysed. */
static struct sl_err *read_statistics(struct step *s, const struct artifact *t,
                                      struct dataset_statistics **ret)
{
    const struct transform_params *p = s->params;
    struct statistics_split *splits;
    size_t n;
    SL_TRY(statistics_open(s->a, t, NULL, &splits, &n), "statistics");
    for (size_t i = 0; i < n && p->analyze.n == 1; i++)
        if (sl_str_eq(splits[i].name, p->analyze.p[0])) {
            struct dataset_statistics *d = SL_ARENA_NEW(s->a, struct dataset_statistics);
            *d = *splits[i].statistics;
            *ret = d;
        }
    return NULL;
}

/* Statistics of the raw columns over the analysed rows: given, or gathered here. */
static struct sl_err *look(struct step *s, const struct stream *rows,
                           struct dataset_statistics **ret)
{
    const struct artifact *t;
    const struct examples *e = rows->examples;
    struct dataset_statistics *d = NULL;
    SL_TRY(step_input(s, "statistics", &t));
    if (t)
        SL_TRY(read_statistics(s, t, &d));
    if (!d) {
        step_progress(s, "looking at %zu columns", e->n_columns);
        SL_TRY(describe(s->a, rows, SL_STR("pre_transform"), &d));
    }
    *ret = d;
    return NULL;
}

static struct sl_err *read_schema(struct step *s, schema_message **ret)
{
    const struct artifact *t;
    *ret = NULL;
    SL_TRY(step_input(s, "schema", &t));
    return t ? schemas_load(s->a, t, ret) : NULL;
}

/* ---- features that were not named -------------------------------------------------------------*/

struct label_names {
    struct sl_arena *a;
    const struct examples *e;
    struct transform_exclusions *list;
    const char *reason;
};

static void exclude(struct transform_exclusions *list, struct sl_str column, const char *reason)
{
    for (size_t i = 0; i < list->n; i++)
        if (sl_str_eq(list->p[i].column, column))
            return;
    list->p[list->n++] = (struct transform_excluded){column, sl_str(reason)};
}

static void exclude_name(void *ctx, const struct expr *name)
{
    struct label_names *l = ctx;
    if (examples_find_column(l->e, name->name) >= 0)
        exclude(l->list, name->name, l->reason);
}

static struct sl_err *exclude_read(struct sl_arena *a, const struct examples *e, struct sl_str text,
                                   const char *reason, struct transform_exclusions *list)
{
    struct expr *parsed;
    if (!text.n)
        return NULL;
    SL_TRY(expr_parse(a, text, &parsed), "params: %s", reason);
    expr_visit_names(parsed, exclude_name, &(struct label_names){a, e, list, reason});
    return NULL;
}

static struct sl_err *exclusions(struct step *s, const struct examples *e,
                                 const struct transform_request *r,
                                 struct transform_exclusions *ret)
{
    const struct transform_params *p = s->params;
    ret->p = SL_ARENA_ARRAY(s->a, struct transform_excluded, e->n_columns + p->exclude.n);
    ret->n = 0;
    SL_TRY(exclude_read(s->a, e, r->label_expr, "the label reads it", ret));
    SL_TRY(exclude_read(s->a, e, r->weight_expr, "the weight reads it", ret));
    for (size_t i = 0; i < p->exclude.n; i++) {
        int index;
        SL_TRY(examples_get_column(s->a, e, p->exclude.p[i], &index), "params.exclude[%zu]", i);
        exclude(ret, p->exclude.p[i], "excluded by params.exclude");
    }
    return NULL;
}

/* ---- the request ------------------------------------------------------------------------------*/

/* A column's name as an expression. */
static struct sl_str quoted(struct sl_arena *a, struct sl_str name)
{
    return sl_arena_format(a, "`%.*s`", SL_FMT(name));
}

static struct transform_request request_of(struct step *s)
{
    const struct transform_params *p = s->params;
    return (struct transform_request){
        .target = (enum transform_target)p->target,
        .features = p->features && p->features->type != JSON_NULL ? p->features : NULL,
        .label_name = p->label.name,
        .label_expr = p->label.expr.n ? p->label.expr : quoted(s->a, p->label.name),
        .label_task = p->label.task - 1,
        .label_classes = p->label.classes,
        .weight_name = p->weight.expr.n ? p->weight.name : (struct sl_str){0},
        .weight_expr = p->weight.expr,
    };
}

static void log_warnings(const struct diag_list *l)
{
    SL_AUTOBUF(b, 0);
    for (const struct diag *d = l->first; d; d = d->next) {
        if (d->level != DIAG_WARNING)
            continue;
        sl_buf_clear(&b);
        diag_format(d, &b);
        sl_log_warn(sl_buf_str(&b).p, NULL);
    }
}

/* ---- passes -----------------------------------------------------------------------------------*/

static struct sl_err *pass_scan(void *ctx, struct sl_arena *a, const struct examples_selected *g,
                                const struct table *t, void **ret)
{
    (void)g;
    struct transform_partial *partial;
    SL_TRY(transform_pass_scan(ctx, a, t, &partial));
    *ret = partial;
    return NULL;
}

static struct sl_err *pass_merge(void *ctx, const struct examples_selected *groups, void **scanned,
                                 size_t n)
{
    (void)groups;
    for (size_t i = 0; i < n; i++)
        transform_pass_merge(ctx, scanned[i]);
    return NULL;
}

static void pass_discard(void *scanned)
{
    transform_partial_free(scanned);
}

static struct sl_err *run_pass(struct sl_arena *a, const struct stream *rows,
                               struct transform_pass *p)
{
    size_t n;
    struct stream_visit v = {
        .scan = pass_scan, .merge = pass_merge, .discard = pass_discard, .ctx = p};
    v.columns = transform_pass_columns(p, a, &n);
    v.n_columns = n;
    SL_TRY(stream_visit(rows, &v));
    return transform_pass_finish(p, a);
}

static struct sl_err *find_constants(struct step *s, const struct stream *rows, struct transform *t)
{
    struct transform_pass *p;
    for (int number = 1; (p = transform_pass_new(t)); number++) {
        step_progress(s, "pass %d over %llu rows", number, (unsigned long long)rows->rows.n_rows);
        struct sl_err *err = run_pass(s->a, rows, p);
        transform_pass_free(p);
        SL_TRY(err);
    }
    return NULL;
}

static struct sl_err *nothing_left(const struct transform_exclusions *excluded)
{
    enum { SHOWN = 20 };
    SL_AUTOBUF(b, 0);
    for (size_t i = 0; i < excluded->n && i < SHOWN; i++)
        sl_buf_format(&b, "%s'%.*s' (%.*s)", i ? ", " : "", SL_FMT(excluded->p[i].column),
                      SL_FMT(excluded->p[i].reason));
    if (excluded->n > SHOWN)
        sl_buf_format(&b, " and %zu more", excluded->n - SHOWN);
    return SL_ERR(INVALID, "no column is left to make a feature of: %.*s", SL_FMT(sl_buf_str(&b)));
}

/* Features for a request that names none. */
static struct sl_err *derive(struct step *s, const struct examples *e,
                             const struct dataset_statistics *statistics,
                             struct transform_request *r, struct transform_exclusions *ret_excluded)
{
    schema_message *schema;
    struct json *features;
    struct transform_derivation d = {.target = r->target,
                                     .columns = e->columns,
                                     .n_columns = e->n_columns,
                                     .statistics = statistics};
    SL_TRY(read_schema(s, &schema), "schema");
    d.schema = schema;
    SL_TRY(exclusions(s, e, r, &d.leave_out));
    SL_TRY(transform_derive(s->a, &d, &features, ret_excluded));
    r->features = features;
    return features->n ? NULL : nothing_left(ret_excluded);
}

struct sl_err *analyze_build(struct step *s, const struct examples *e, struct transform **ret,
                             struct dataset_statistics **ret_statistics)
{
    const struct transform_params *p = s->params;
    struct transform_request r = request_of(s);
    struct stream rows = {.examples = e, .workers = s->workers};
    SL_TRY(examples_select(s->a, e, p->analyze.p, p->analyze.n, &rows.rows), "params.analyze");
    if (rows.rows.n_rows == 0)
        return SL_ERR(INVALID, "the analysed splits have no rows: nothing to learn from");

    SL_TRY(look(s, &rows, ret_statistics));
    struct transform_exclusions excluded = {0};
    if (!r.features)
        SL_TRY(derive(s, e, *ret_statistics, &r, &excluded));
    struct diag_list l;
    diag_list_init(&l, s->a, (struct sl_str){0});
    struct transform *t = transform_build(&l, &r, e->columns, e->n_columns);
    SL_TRY(diag_to_err(&l), "params");
    log_warnings(&l);
    t->excluded = excluded.p;
    t->n_excluded = excluded.n;
    SL_TRY(find_constants(s, &rows, t));
    *ret = t;
    return NULL;
}
