/* Tables and transforms from a few lines of text, for the tests of core/learn/transform*. */
#pragma once

#include "core/learn/transform_analyze.h"
#include "core/learn/transform_spec.h"
#include "tests/support/test.h"

#include <math.h>

/* A column of doubles; NaN is missing. */
static inline struct column numbers(struct sl_arena *a, const char *name, const double *x, size_t n)
{
    uint8_t *valid = SL_ARENA_ARRAY(a, uint8_t, n / 8 + 1);
    double *copy = SL_ARENA_ARRAY(a, double, n);
    for (size_t i = 0; i < n; i++) {
        copy[i] = isnan(x[i]) ? 0 : x[i];
        if (!isnan(x[i]))
            valid[i / 8] |= (uint8_t)(1 << i % 8);
    }
    return (struct column){
        .name = sl_str(name), .type = COLUMN_DOUBLE, .n = n, .valid = valid, .f64 = copy};
}

/* The same as whole numbers of another type (int, timestamp) or booleans. */
static inline struct column whole(struct sl_arena *a, const char *name, enum column_type type,
                                  const double *x, size_t n)
{
    struct column c = numbers(a, name, x, n);
    int64_t *i64 = SL_ARENA_ARRAY(a, int64_t, n);
    uint8_t *boolean = SL_ARENA_ARRAY(a, uint8_t, n);
    for (size_t i = 0; i < n; i++) {
        i64[i] = (int64_t)c.f64[i];
        boolean[i] = i64[i] != 0;
    }
    c.type = type;
    if (type == COLUMN_BOOL)
        c.boolean = boolean;
    else
        c.i64 = i64;
    return c;
}

/* A column of texts; NULL is missing. */
static inline struct column texts(struct sl_arena *a, const char *name, const char *const *s,
                                  size_t n)
{
    uint8_t *valid = SL_ARENA_ARRAY(a, uint8_t, n / 8 + 1);
    uint32_t *codes = SL_ARENA_ARRAY(a, uint32_t, n);
    struct sl_str *dict = SL_ARENA_ARRAY(a, struct sl_str, n);
    for (size_t i = 0; i < n; i++) {
        if (!s[i])
            continue;
        dict[i] = sl_str(s[i]);
        codes[i] = (uint32_t)i;
        valid[i / 8] |= (uint8_t)(1 << i % 8);
    }
    for (size_t i = 0; i < n; i++) /* no entry is empty */
        dict[i] = dict[i].n ? dict[i] : SL_STR("unused");
    return (struct column){.name = sl_str(name),
                           .type = COLUMN_STRING,
                           .n = n,
                           .valid = valid,
                           .codes = codes,
                           .dict = dict,
                           .dict_n = n};
}

static inline struct table table_of(struct column *columns, size_t n)
{
    return (struct table){.columns = columns, .n_columns = n, .n_rows = columns[0].n};
}

static inline struct column_spec *specs_of(struct sl_arena *a, const struct table *t)
{
    struct column_spec *specs = SL_ARENA_ARRAY(a, struct column_spec, t->n_columns);
    for (size_t i = 0; i < t->n_columns; i++)
        specs[i] = (struct column_spec){t->columns[i].name, t->columns[i].type};
    return specs;
}

/* A request with single quotes for double ones. */
static inline struct transform_request request(struct sl_arena *a, const char *features,
                                               const char *label, enum transform_target target)
{
    char *text = sl_arena_cstr(a, sl_str(features));
    for (char *p = text; *p; p++)
        *p = *p == '\'' ? '"' : *p;
    struct json *v;
    assert_ok(json_parse(a, sl_str(text), &v));
    return (struct transform_request){.target = target,
                                      .features = v,
                                      .label_name = SL_STR("label"),
                                      .label_expr = sl_str(label),
                                      .label_task = -1};
}

static inline struct transform *build(struct sl_arena *a, const struct transform_request *r,
                                      const struct table *t)
{
    struct diag_list l;
    diag_list_init(&l, a, SL_STR(""));
    struct transform *out = transform_build(&l, r, specs_of(a, t), t->n_columns);
    assert_ok(diag_to_err(&l));
    return out;
}

/* The text of all that is wrong with a request; fails when nothing is. */
static inline const char *complaints(struct sl_arena *a, const struct transform_request *r,
                                     const struct table *t)
{
    struct diag_list l;
    diag_list_init(&l, a, SL_STR(""));
    assert_null(transform_build(&l, r, specs_of(a, t), t->n_columns));
    struct sl_err *err = diag_to_err(&l);
    assert_non_null(err);
    SL_AUTOBUF(b, 0);
    sl_err_format(err, &b);
    sl_err_free(err);
    return sl_arena_cstr(a, sl_buf_str(&b));
}

/* All passes over groups of `group` rows. Returns how many passes there were in ret_passes. */
static inline struct sl_err *analyze(struct sl_arena *a, struct transform *t,
                                     const struct table *rows, size_t group, int *ret_passes)
{
    struct transform_pass *p;
    struct sl_err *err = NULL;
    int passes = 0;
    for (; !err && (p = transform_pass_new(t)); passes++) {
        for (size_t first = 0; !err && first < rows->n_rows; first += group) {
            size_t n = SL_MIN(group, rows->n_rows - first);
            uint32_t *index = SL_ARENA_ARRAY(a, uint32_t, n);
            for (size_t i = 0; i < n; i++)
                index[i] = (uint32_t)(first + i);
            struct transform_partial *partial;
            err = transform_pass_scan(p, a, table_take(a, rows, index, n), &partial);
            if (!err)
                transform_pass_merge(p, partial);
        }
        if (!err)
            err = transform_pass_finish(p, a);
        transform_pass_free(p);
    }
    if (ret_passes)
        *ret_passes = passes;
    return err;
}

/* Request, build and analyze in one. */
static inline struct transform *make(struct sl_arena *a, const char *features,
                                     const struct table *rows, enum transform_target target)
{
    struct transform_request r = request(a, features, "label", target);
    struct transform *t = build(a, &r, rows);
    assert_ok(analyze(a, t, rows, 3, NULL));
    return t;
}
