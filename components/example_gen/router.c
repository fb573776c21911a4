#include "router.h"

#include "base/assert.h"
#include "base/time.h"
#include "codec/diag.h"
#include "core/data/row_hash.h"

/* ---- which columns ----------------------------------------------------------------------------
 */

static struct sl_err *find(struct sl_arena *a, const struct sl_str *names, size_t n,
                           struct sl_str name, const char *param, size_t *ret)
{
    for (size_t i = 0; i < n; i++)
        if (sl_str_eq(names[i], name)) {
            *ret = i;
            return NULL;
        }
    return SL_ERR(INVALID, "parameter '%s': there is no column '%.*s'%s", param, SL_FMT(name),
                  diag_did_you_mean(a, name, names, n));
}

static bool is_in(const struct json_strings *list, struct sl_str name)
{
    for (size_t i = 0; i < list->n; i++)
        if (sl_str_eq(list->p[i], name))
            return true;
    return false;
}

/* The columns that go out, as indices into `names`. */
static struct sl_err *take_columns(struct sl_arena *a, const struct example_gen_params *p,
                                   const struct sl_str *names, size_t n, size_t **ret,
                                   size_t *ret_n)
{
    size_t *taken = SL_ARENA_ARRAY(a, size_t, n + p->columns.n), count = 0, at;
    for (size_t i = 0; i < p->columns.n; i++) {
        SL_TRY(find(a, names, n, p->columns.p[i], "columns", &at));
        if (!is_in(&p->exclude, p->columns.p[i]))
            taken[count++] = at;
    }
    for (size_t i = 0; p->columns.n == 0 && i < n; i++)
        if (!is_in(&p->exclude, names[i]))
            taken[count++] = i;
    if (count == 0)
        return SL_ERR(INVALID, "no column is left: 'columns' and 'exclude' take none");
    *ret = taken;
    *ret_n = count;
    return NULL;
}

struct need {
    struct sl_arena *a;
    const struct sl_str *names;
    size_t n;
    bool *needed;
    struct sl_err *err;
};

static void need_name(void *ctx, const struct expr *name)
{
    struct need *need = ctx;
    size_t at;
    if (need->err)
        return;
    need->err = find(need->a, need->names, need->n, name->name, "filter", &at);
    if (!need->err)
        need->needed[at] = true;
}

struct sl_err *router_needs(struct sl_arena *a, const struct example_gen_params *p,
                            const struct sl_str *names, size_t n, bool *ret)
{
    size_t *taken, count, at;
    for (size_t i = 0; i < p->exclude.n; i++)
        SL_TRY(find(a, names, n, p->exclude.p[i], "exclude", &at));
    SL_TRY(take_columns(a, p, names, n, &taken, &count));
    for (size_t i = 0; i < n; i++)
        ret[i] = false;
    for (size_t i = 0; i < count; i++)
        ret[taken[i]] = true;
    if (p->split_by.group.n) {
        SL_TRY(find(a, names, n, p->split_by.group, "splitBy.group", &at));
        ret[at] = true;
    }
    if (p->split_by.time.n) {
        SL_TRY(find(a, names, n, p->split_by.time, "splitBy.time", &at));
        ret[at] = true;
    }
    if (p->filter.n) {
        struct expr *e;
        struct need need = {a, names, n, ret, NULL};
        SL_TRY(expr_parse(a, p->filter, &e), "parameter 'filter'");
        expr_visit_names(e, need_name, &need);
        SL_TRY(need.err);
    }
    return NULL;
}

/* ---- making one -------------------------------------------------------------------------------
 */

static struct sl_err *bind_splits(struct router *r, struct sl_arena *a)
{
    const struct example_gen_params *p = r->params;
    const struct example_gen_split *splits = p->splits.p;
    r->n_splits = p->splits.n;
    r->rule = example_gen_rule_of(p);
    r->bounds = SL_ARENA_ARRAY(a, uint64_t, r->n_splits);
    r->cuts = SL_ARENA_ARRAY(a, int64_t, r->n_splits);
    uint64_t sum = 0;
    for (size_t i = 0; i < r->n_splits; i++) {
        r->bounds[i] = sum += (uint64_t)splits[i].buckets;
        r->cuts[i] = INT64_MAX;
        if (splits[i].before.n && !sl_time_parse(splits[i].before, &r->cuts[i]))
            return SL_ERR(INVALID, "split '%.*s': bad time", SL_FMT(splits[i].name));
    }
    return NULL;
}

static struct sl_err *bind_key(struct router *r, struct sl_arena *a, const struct sl_str *names)
{
    const struct example_gen_split_by *by = &r->params->split_by;
    r->key = SIZE_MAX;
    if (by->group.n)
        SL_TRY(find(a, names, r->n_columns, by->group, "splitBy.group", &r->key));
    if (!by->time.n)
        return NULL;
    SL_TRY(find(a, names, r->n_columns, by->time, "splitBy.time", &r->key));
    if (r->columns[r->key].type != COLUMN_TIMESTAMP)
        return SL_ERR(INVALID, "parameter 'splitBy.time': column '%.*s' is %s, expected timestamp",
                      SL_FMT(by->time), column_type_name(r->columns[r->key].type));
    return NULL;
}

static struct sl_err *bind_filter(struct router *r, struct sl_arena *a)
{
    struct expr *parsed;
    r->filter = NULL;
    if (!r->params->filter.n)
        return NULL;
    SL_TRY(expr_parse(a, r->params->filter, &parsed), "parameter 'filter'");
    SL_TRY(expr_bind(a, parsed, r->columns, r->n_columns, &r->filter), "parameter 'filter'");
    if (r->filter->type != EXPR_BOOL && r->filter->type != EXPR_NULL)
        return SL_ERR(INVALID, "parameter 'filter': expected a condition that is true or false");
    return NULL;
}

struct sl_err *router_init(struct router *r, struct sl_arena *a, const struct example_gen_params *p,
                           const struct column_spec *columns, size_t n_columns)
{
    struct sl_str *names = SL_ARENA_ARRAY(a, struct sl_str, n_columns);
    for (size_t i = 0; i < n_columns; i++)
        names[i] = columns[i].name;
    *r = (struct router){.params = p, .columns = columns, .n_columns = n_columns};
    SL_TRY(take_columns(a, p, names, n_columns, &r->taken, &r->n_taken));
    r->out = SL_ARENA_ARRAY(a, struct column_spec, r->n_taken);
    for (size_t i = 0; i < r->n_taken; i++)
        r->out[i] = columns[r->taken[i]];
    SL_TRY(bind_splits(r, a));
    SL_TRY(bind_key(r, a, names));
    return bind_filter(r, a);
}

/* ---- rows -------------------------------------------------------------------------------------
 */

static size_t split_of_bucket(const struct router *r, uint64_t bucket)
{
    size_t split = 0;
    while (r->bounds[split] <= bucket)
        split++;
    return split;
}

static size_t split_of_time(const struct router *r, int64_t time_us)
{
    size_t split = 0;
    while (split + 1 < r->n_splits && time_us >= r->cuts[split])
        split++;
    return time_us < r->cuts[split] || r->cuts[split] == INT64_MAX ? split : r->n_splits;
}

static void assign_by_hash(const struct router *r, struct sl_arena *a, const struct table *t,
                           const uint64_t *hashes, const uint32_t *buckets, uint8_t *splits)
{
    uint64_t total = r->bounds[r->n_splits - 1];
    if (r->key != SIZE_MAX && !buckets) {
        uint64_t *own = sl_arena_alloc(a, t->n_rows * sizeof(*own));
        row_hash_table(a, t, &r->key, 1, own);
        hashes = own;
    }
    for (size_t i = 0; i < t->n_rows; i++)
        splits[i] = (uint8_t)split_of_bucket(r, buckets ? buckets[i] : hashes[i] % total);
}

/* n_splits: a row that no split takes. */
static void assign_by_time(const struct router *r, const struct table *t, struct routed *ret,
                           uint8_t *splits)
{
    const struct column *time = &t->columns[r->key];
    for (size_t i = 0; i < t->n_rows; i++) {
        bool valid = column_is_valid(time, i);
        splits[i] = (uint8_t)(valid ? split_of_time(r, time->i64[i]) : r->n_splits);
        if (!valid && ret->without_time++ == 0)
            ret->first_without_time = i;
    }
}

static void apply_filter(const struct column *pass, size_t n, size_t n_splits, uint8_t *splits)
{
    for (size_t i = 0; i < n; i++)
        if (!column_is_valid(pass, i) || !pass->boolean[i])
            splits[i] = (uint8_t)n_splits;
}

static void list_rows(const struct router *r, struct sl_arena *a, const uint8_t *splits, size_t n,
                      struct routed *ret)
{
    uint32_t **rows = SL_ARENA_ARRAY(a, uint32_t *, r->n_splits);
    size_t *counts = SL_ARENA_ARRAY(a, size_t, r->n_splits + 1);
    for (size_t i = 0; i < n; i++)
        counts[splits[i]]++;
    for (size_t i = 0; i < r->n_splits; i++) {
        rows[i] = sl_arena_alloc(a, counts[i] * sizeof(**rows));
        ret->kept += counts[i];
        counts[i] = 0;
    }
    for (size_t i = 0; i < n; i++)
        if (splits[i] < r->n_splits)
            rows[splits[i]][counts[splits[i]]++] = (uint32_t)i;
    ret->batch.rows = (const uint32_t *const *)rows;
    ret->batch.row_counts = counts;
}

struct sl_err *router_route(const struct router *r, struct sl_arena *a, const struct table *t,
                            size_t split, const uint32_t *buckets, struct routed *ret)
{
    *ret = (struct routed){.table = {.n_columns = r->n_taken, .n_rows = t->n_rows}};
    ret->table.columns = SL_ARENA_ARRAY(a, struct column, r->n_taken);
    for (size_t i = 0; i < r->n_taken; i++)
        ret->table.columns[i] = t->columns[r->taken[i]];
    uint64_t *hashes = sl_arena_alloc(a, t->n_rows * sizeof(*hashes));
    row_hash_table(a, &ret->table, NULL, 0, hashes);
    uint8_t *splits = sl_arena_zero(a, t->n_rows, 1);
    if (r->rule == EXAMPLE_GEN_GIVEN)
        memset(splits, (int)split, t->n_rows);
    else if (r->rule == EXAMPLE_GEN_BY_TIME)
        assign_by_time(r, t, ret, splits);
    else
        assign_by_hash(r, a, t, hashes, buckets, splits);
    if (r->filter) {
        struct column pass;
        SL_TRY(expr_eval_table(a, r->filter, t, &pass), "parameter 'filter'");
        apply_filter(&pass, t->n_rows, r->n_splits, splits);
    }
    list_rows(r, a, splits, t->n_rows, ret);
    ret->batch.hashes = hashes;
    return NULL;
}
