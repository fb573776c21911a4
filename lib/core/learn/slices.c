#include "core/learn/slices.h"

#include "base/map.h"
#include "base/vec.h"
#include "codec/diag.h"

#include <stdlib.h>

enum { MOST_SLICES = 10000 };

/* Rows of one column by their value. */
struct values {
    const struct column *column;
    uint32_t *ids; /* (n_rows) */
    struct sl_str *names;
    size_t n;
};

struct groups {
    struct sl_map index;         /* a row's value ids, as bytes -> group */
    SL_VEC(struct sl_str) names; /* per group */
    SL_VEC(uint32_t) group_of;   /* per matching row */
    SL_VEC(uint32_t) rows;
};

static struct sl_err *find_column(struct sl_arena *a, const struct table *t, struct sl_str name,
                                  const struct column **ret)
{
    *ret = table_find(t, name);
    if (*ret)
        return NULL;
    struct sl_str *names = SL_ARENA_ARRAY(a, struct sl_str, t->n_columns);
    for (size_t i = 0; i < t->n_columns; i++)
        names[i] = t->columns[i].name;
    return SL_ERR(INVALID, "slices: the data has no column '%.*s'%s", SL_FMT(name),
                  diag_did_you_mean(a, name, names, t->n_columns));
}

/* What stands for a value in the map: equal for equal values, so that only new ones are formatted.
 */
static struct sl_str key_of(const struct column *c, size_t row)
{
    static const size_t sizes[] = {[COLUMN_INT64] = 8,     [COLUMN_DOUBLE] = 8, [COLUMN_BOOL] = 1,
                                   [COLUMN_TIMESTAMP] = 8, [COLUMN_STRING] = 0, [COLUMN_FLOAT] = 4};
    if (!column_is_valid(c, row))
        return (struct sl_str){NULL, 0};
    if (c->type == COLUMN_STRING)
        return column_str(c, row);
    return sl_strn((const char *)c->boolean + row * sizes[c->type], sizes[c->type]);
}

static struct sl_str name_of(struct sl_arena *a, const struct column *c, size_t row)
{
    struct sl_str value = column_format(a, c, row);
    return value.n ? value : SL_STR("(missing)");
}

/* Texts are looked up once per entry of the dictionary. */
static void find_values(struct sl_arena *a, const struct column *c, struct values *ret)
{
    SL_AUTOMAP(index);
    uint32_t *of_code = SL_ARENA_ARRAY(a, uint32_t, c->dict_n + 1); /* id + 1; 0: not yet seen */
    SL_VEC(struct sl_str) names = {0};
    *ret = (struct values){.column = c, .ids = SL_ARENA_ARRAY(a, uint32_t, c->n)};
    for (size_t row = 0; row < c->n; row++) {
        bool added = false, text = c->type == COLUMN_STRING;
        size_t code = text && column_is_valid(c, row) ? c->codes[row] : c->dict_n;
        if (text && of_code[code]) {
            ret->ids[row] = of_code[code] - 1;
            continue;
        }
        uint64_t *id = sl_map_add(&index, key_of(c, row), &added);
        if (added) {
            *id = index.n - 1;
            *sl_vec_add(&names) = name_of(a, c, row);
        }
        ret->ids[row] = (uint32_t)*id;
        of_code[code] = (uint32_t)*id + 1;
    }
    ret->n = names.n;
    ret->names = sl_arena_copy(a, names.p, names.n * sizeof *names.p);
    sl_vec_deinit(&names);
}

/* "state:Texas, size:Large". */
static struct sl_str name_group(struct sl_arena *a, const struct slice_spec *spec,
                                const struct values *values, size_t row)
{
    SL_AUTOBUF(name, 1 << 20);
    for (size_t i = 0; i < spec->n; i++)
        sl_buf_format(&name, "%s%.*s:%.*s", i ? ", " : "", SL_FMT(spec->columns[i].column),
                      SL_FMT(values[i].names[values[i].ids[row]]));
    return sl_arena_str(a, sl_buf_str(&name));
}

static bool matches(const struct slice_spec *spec, const struct values *values, size_t row)
{
    for (size_t i = 0; i < spec->n; i++)
        if (!spec->columns[i].all &&
            !sl_str_eq(values[i].names[values[i].ids[row]], spec->columns[i].value))
            return false;
    return true;
}

static struct sl_err *group_rows(struct sl_arena *a, const struct slice_spec *spec,
                                 const struct values *values, struct groups *g)
{
    SL_AUTOARENA(scratch);
    uint32_t *key = SL_ARENA_ARRAY(scratch, uint32_t, spec->n);
    for (size_t row = 0; row < values[0].column->n; row++) {
        bool added;
        if (!matches(spec, values, row))
            continue;
        for (size_t i = 0; i < spec->n; i++)
            key[i] = values[i].ids[row];
        uint64_t *group =
            sl_map_add(&g->index, sl_strn((const char *)key, spec->n * sizeof *key), &added);
        if (added) {
            *group = g->index.n - 1;
            *sl_vec_add(&g->names) = name_group(a, spec, values, row);
        }
        if (g->index.n > MOST_SLICES)
            return SL_ERR(EXHAUSTED, "slices: more than %d slices by '%.*s'", MOST_SLICES,
                          SL_FMT(spec->columns[0].column));
        *sl_vec_add(&g->group_of) = (uint32_t)*group;
        *sl_vec_add(&g->rows) = (uint32_t)row;
    }
    return NULL;
}

static struct sl_err *group_by(struct sl_arena *a, const struct slice_spec *spec,
                               const struct column *const *columns, struct groups *g)
{
    SL_AUTOARENA(scratch);
    struct values *values = SL_ARENA_ARRAY(scratch, struct values, spec->n);
    for (size_t i = 0; i < spec->n; i++)
        find_values(scratch, columns[i], &values[i]);
    return group_rows(a, spec, values, g);
}

/* Digits from `at` on, without zeros in front. */
static struct sl_str digits_at(struct sl_str s, size_t *at)
{
    size_t from = *at;
    while (*at < s.n && s.p[*at] >= '0' && s.p[*at] <= '9')
        (*at)++;
    while (from < *at && s.p[from] == '0')
        from++;
    return sl_strn(s.p + from, *at - from);
}

/* By bytes, but numbers within the names by their value: "hour:2" before "hour:10". */
static int compare_names(struct sl_str x, struct sl_str y)
{
    size_t i = 0, k = 0;
    while (i < x.n && k < y.n) {
        size_t i_before = i, k_before = k;
        struct sl_str a = digits_at(x, &i), b = digits_at(y, &k);
        if (i > i_before && k > k_before) {
            if (a.n != b.n)
                return a.n < b.n ? -1 : 1;
            int order = sl_str_cmp(a, b);
            if (order)
                return order;
            continue;
        }
        i = i_before;
        k = k_before;
        if (x.p[i] != y.p[k])
            return (unsigned char)x.p[i] < (unsigned char)y.p[k] ? -1 : 1;
        i++;
        k++;
    }
    if (i < x.n || k < y.n)
        return i < x.n ? 1 : -1;
    return sl_str_cmp(x, y);
}

static int compare_slices(const void *x, const void *y)
{
    return compare_names(((const struct slice *)x)->name, ((const struct slice *)y)->name);
}

/* The groups as slices, sorted by name. */
static size_t collect(struct sl_arena *a, const struct groups *g, size_t least, struct slice *to)
{
    uint32_t **rows = SL_ARENA_ARRAY(a, uint32_t *, g->index.n);
    size_t *sizes = SL_ARENA_ARRAY(a, size_t, g->index.n), n = 0;
    for (size_t i = 0; i < g->rows.n; i++)
        sizes[g->group_of.p[i]]++;
    for (size_t k = 0; k < g->index.n; k++) {
        rows[k] = SL_ARENA_ARRAY(a, uint32_t, sizes[k]);
        sizes[k] = 0;
    }
    for (size_t i = 0; i < g->rows.n; i++) {
        uint32_t k = g->group_of.p[i];
        rows[k][sizes[k]++] = g->rows.p[i];
    }
    for (size_t k = 0; k < g->index.n; k++)
        if (sizes[k] >= least)
            to[n++] = (struct slice){g->names.p[k], rows[k], sizes[k]};
    if (n)
        qsort(to, n, sizeof(*to), compare_slices);
    return n;
}

static struct slice overall(struct sl_arena *a, const struct table *t)
{
    uint32_t *rows = SL_ARENA_ARRAY(a, uint32_t, t->n_rows);
    for (size_t i = 0; i < t->n_rows; i++)
        rows[i] = (uint32_t)i;
    return (struct slice){SL_STR("overall"), rows, t->n_rows};
}

static struct sl_err *add_spec(struct sl_arena *a, const struct table *t,
                               const struct slice_spec *spec, size_t least, struct slice **slices,
                               size_t *n)
{
    const struct column **columns = SL_ARENA_ARRAY(a, const struct column *, spec->n);
    for (size_t i = 0; i < spec->n; i++)
        SL_TRY(find_column(a, t, spec->columns[i].column, &columns[i]));
    struct groups g = {0};
    struct sl_err *err = spec->n ? group_by(a, spec, columns, &g) : NULL;
    if (!err) {
        struct slice *grown = SL_ARENA_ARRAY(a, struct slice, *n + SL_MAX(g.index.n, (size_t)1));
        if (*n)
            memcpy(grown, *slices, *n * sizeof(*grown));
        *slices = grown;
        if (spec->n)
            *n += collect(a, &g, least, grown + *n);
        else
            grown[(*n)++] = overall(a, t);
    }
    sl_map_deinit(&g.index);
    sl_vec_deinit(&g.names);
    sl_vec_deinit(&g.group_of);
    sl_vec_deinit(&g.rows);
    return err;
}

struct sl_err *slices_find(struct sl_arena *a, const struct table *t,
                           const struct slice_spec *specs, size_t n_specs, size_t least,
                           struct slice **ret, size_t *ret_n)
{
    struct slice *slices = NULL;
    size_t n = 0;
    for (size_t i = 0; i < n_specs; i++)
        SL_TRY(add_spec(a, t, &specs[i], least, &slices, &n));
    *ret = slices;
    *ret_n = n;
    return NULL;
}
