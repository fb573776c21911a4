#include "components/transform/analyze.h"

#include "base/log.h"
#include "core/learn/transform_analyze.h"
#include "core/learn/transform_derive.h"
#include "core/learn/transform_spec.h"

/* ---- looking at the columns -------------------------------------------------------------------*/

static struct sl_err *profile_scan(void *ctx, struct sl_arena *a, const struct stream_group *g,
                                   const struct table *t, void **ret)
{
    (void)g;
    *ret = transform_profiler_scan(ctx, a, t);
    return NULL;
}

static struct sl_err *profile_merge(void *ctx, const struct stream_group *groups, void **scanned,
                                    size_t n)
{
    (void)groups;
    for (size_t i = 0; i < n; i++)
        transform_profiler_merge(ctx, scanned[i]);
    return NULL;
}

static void profile_discard(void *scanned)
{
    transform_profile_part_free(scanned);
}

static struct sl_err *profile(struct sl_arena *a, const struct stream *rows,
                              struct transform_profiles *ret)
{
    const struct examples *e = rows->examples;
    struct transform_profiler *p = transform_profiler_new(e->columns, e->n_columns);
    struct stream_visit v = {.columns = e->columns,
                             .n_columns = e->n_columns,
                             .scan = profile_scan,
                             .merge = profile_merge,
                             .discard = profile_discard,
                             .ctx = p};
    struct sl_err *err = stream_visit(rows, &v);
    if (!err)
        transform_profiler_finish(p, a, ret);
    transform_profiler_free(p);
    return err;
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
        if (examples_find_column(e, p->exclude.p[i]) < 0) {
            struct sl_str *names = SL_ARENA_ARRAY(s->a, struct sl_str, e->n_columns);
            for (size_t k = 0; k < e->n_columns; k++)
                names[k] = e->columns[k].name;
            return SL_ERR(INVALID, "params.exclude[%zu]: the examples have no column '%.*s'%s", i,
                          SL_FMT(p->exclude.p[i]),
                          diag_did_you_mean(s->a, p->exclude.p[i], names, e->n_columns));
        }
        exclude(ret, p->exclude.p[i], "excluded by its parameter");
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

static struct sl_err *pass_scan(void *ctx, struct sl_arena *a, const struct stream_group *g,
                                const struct table *t, void **ret)
{
    (void)g;
    struct transform_partial *partial;
    SL_TRY(transform_pass_scan(ctx, a, t, &partial));
    *ret = partial;
    return NULL;
}

static struct sl_err *pass_merge(void *ctx, const struct stream_group *groups, void **scanned,
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
        step_progress(s, "pass %d over %llu rows", number, (unsigned long long)rows->n_rows);
        struct sl_err *err = run_pass(s->a, rows, p);
        transform_pass_free(p);
        SL_TRY(err);
    }
    return NULL;
}

struct sl_err *analyze_build(struct step *s, const struct examples *e, struct transform **ret)
{
    const struct transform_params *p = s->params;
    struct transform_request r = request_of(s);
    struct stream rows;
    SL_TRY(stream_open(s->a, e, s->workers, p->analyze.p, p->analyze.n, &rows), "params.analyze");

    struct transform_exclusions leave_out, excluded = {0};
    if (!r.features) {
        struct transform_profiles profiles;
        SL_TRY(exclusions(s, e, &r, &leave_out));
        SL_TRY(profile(s->a, &rows, &profiles));
        r.features = transform_derive(s->a, &profiles, r.target, &leave_out, &excluded);
    }
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
