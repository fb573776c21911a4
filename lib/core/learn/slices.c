#include "core/learn/slices.h"

#include "base/map.h"
#include "base/vec.h"
#include "codec/diag.h"

#include <stdlib.h>

enum { MOST_SLICES = 10000 };

struct groups {
    struct sl_map index;       /* name -> group */
    SL_VEC(uint32_t) group_of; /* per matching row */
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

/* "state:Texas, size:Large" of a row; false when a fixed value does not match. */
static bool name_row(struct sl_arena *a, const struct slice_spec *spec,
                     const struct column *const *columns, size_t row, struct sl_buf *name)
{
    sl_buf_clear(name);
    for (size_t i = 0; i < spec->n; i++) {
        struct sl_str value = column_format(a, columns[i], row);
        if (!value.n)
            value = SL_STR("(missing)");
        if (!spec->columns[i].all && !sl_str_eq(value, spec->columns[i].value))
            return false;
        sl_buf_format(name, "%s%.*s:%.*s", i ? ", " : "", SL_FMT(spec->columns[i].column),
                      SL_FMT(value));
    }
    return true;
}

static struct sl_err *group_rows(const struct table *t, const struct slice_spec *spec,
                                 const struct column *const *columns, struct groups *g)
{
    SL_AUTOARENA(scratch);
    SL_AUTOBUF(name, 1 << 16);
    for (size_t row = 0; row < t->n_rows; row++) {
        bool added;
        if ((row & 1023) == 0)
            sl_arena_clear(scratch);
        if (!name_row(scratch, spec, columns, row, &name))
            continue;
        uint64_t *group = sl_map_add(&g->index, sl_buf_str(&name), &added);
        if (added)
            *group = g->index.n - 1;
        if (g->index.n > MOST_SLICES)
            return SL_ERR(EXHAUSTED, "slices: more than %d slices by '%.*s'", MOST_SLICES,
                          SL_FMT(spec->columns[0].column));
        *sl_vec_add(&g->group_of) = (uint32_t)*group;
        *sl_vec_add(&g->rows) = (uint32_t)row;
    }
    return NULL;
}

static int compare_slices(const void *x, const void *y)
{
    return sl_str_cmp(((const struct slice *)x)->name, ((const struct slice *)y)->name);
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
            to[n++] = (struct slice){sl_arena_str(a, g->index.entries[k].key), rows[k], sizes[k]};
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
    struct sl_err *err = spec->n ? group_rows(t, spec, columns, &g) : NULL;
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
