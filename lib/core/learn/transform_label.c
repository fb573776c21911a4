/* The label and the weight of raw rows. */
#include "core/learn/transform_eval.h"

#include <math.h>

/* Marks row `i` of an all-zero validity bitmap as there. */
static void set_valid(uint8_t *valid, size_t i)
{
    valid[i >> 3] |= (uint8_t)(1u << (i & 7));
}

static struct sl_err *eval_values(struct sl_arena *a, const struct transform *t,
                                  const struct table *raw, const struct expr *e,
                                  struct transform_values *ret)
{
    struct table picked;
    struct column c;
    SL_TRY(transform_pick(a, t->label_columns, t->n_label_columns, raw, &picked));
    SL_TRY(expr_eval_table(a, e, &picked, &c));
    *ret = transform_column_values(a, &c);
    return NULL;
}

static int64_t class_of(const struct transform_label *l, struct sl_str value)
{
    if (value.n == 0)
        return -1;
    for (size_t i = 0; i < l->n_classes; i++)
        if (sl_str_eq(l->classes[i], value))
            return (int64_t)i;
    return -1;
}

/* Classes are kept as text; a whole number is looked up by its decimal digits. */
static int64_t class_of_number(const struct transform_label *l, double x)
{
    char text[32];
    if (isnan(x))
        return -1;
    int n = snprintf(text, sizeof(text), "%lld", (long long)x);
    return class_of(l, sl_strn(text, (size_t)n));
}

static void fill_classes(struct sl_arena *a, const struct transform_label *l,
                         const struct transform_values *v, struct column *c, uint8_t *valid)
{
    int64_t *of_entry = SL_ARENA_ARRAY(a, int64_t, v->dict_n);
    for (size_t i = 0; i < v->dict_n; i++)
        of_entry[i] = class_of(l, v->dict[i]);
    int64_t *to = SL_ARENA_ARRAY(a, int64_t, c->n);
    for (size_t i = 0; i < c->n; i++) {
        int64_t k = v->number ? class_of_number(l, v->number[i]) : of_entry[v->codes[i]];
        if (k < 0)
            continue;
        to[i] = k;
        set_valid(valid, i);
    }
    c->type = COLUMN_INT64;
    c->i64 = to;
}

static void fill_numbers(struct sl_arena *a, const struct transform_values *v, double least,
                         double most, struct column *c, uint8_t *valid)
{
    float *to = SL_ARENA_ARRAY(a, float, c->n);
    for (size_t i = 0; i < c->n; i++) {
        if (!(v->number[i] >= least && v->number[i] <= most))
            continue;
        to[i] = (float)v->number[i];
        set_valid(valid, i);
    }
    c->type = COLUMN_FLOAT;
    c->f32 = to;
}

/* No bitmap when every row is there, as tables have it. */
static void finish(struct column *c, const uint8_t *valid)
{
    c->valid = valid;
    if (column_valid_count(c) == c->n)
        c->valid = NULL;
}

struct sl_err *transform_apply_label(struct sl_arena *a, const struct transform *t,
                                     const struct table *raw, struct column *ret)
{
    struct transform_values v;
    SL_TRY(eval_values(a, t, raw, t->label.expr, &v), "label '%.*s'", SL_FMT(t->label.name));
    struct column c = {.name = t->label.name, .n = raw->n_rows};
    uint8_t *valid = SL_ARENA_ARRAY(a, uint8_t, raw->n_rows / 8 + 1);
    if (t->label.task == TRANSFORM_MULTICLASS)
        fill_classes(a, &t->label, &v, &c, valid);
    else if (t->label.task == TRANSFORM_BINARY)
        fill_numbers(a, &v, 0, 1, &c, valid);
    else
        fill_numbers(a, &v, -INFINITY, INFINITY, &c, valid);
    finish(&c, valid);
    *ret = c;
    return NULL;
}

struct sl_err *transform_apply_weight(struct sl_arena *a, const struct transform *t,
                                      const struct table *raw, struct column *ret)
{
    struct transform_values v;
    SL_TRY(eval_values(a, t, raw, t->weight.expr, &v), "weight '%.*s'", SL_FMT(t->weight.name));
    struct column c = {.name = t->weight.name, .n = raw->n_rows};
    uint8_t *valid = SL_ARENA_ARRAY(a, uint8_t, raw->n_rows / 8 + 1);
    fill_numbers(a, &v, 0, INFINITY, &c, valid);
    finish(&c, valid);
    *ret = c;
    return NULL;
}
