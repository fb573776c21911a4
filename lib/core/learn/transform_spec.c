/* Decoding `features`. */
#include "core/learn/transform_build.h"

#define FEATURE(member) offsetof(struct transform_feature, member)

static const struct json_field feature_fields[] = {
    {"name", JSON_K_STRING, FEATURE(name), .help = "The output's name; the column's by default."},
    {"column", JSON_K_STRING, FEATURE(column), .help = "A raw column."},
    {"expr", JSON_K_STRING, FEATURE(expr), .help = "An expression over raw columns."},
    {"cross", JSON_K_STRING_LIST, FEATURE(cross),
     .help = "Earlier features or columns whose ids are crossed."},
    {"fill", JSON_K_ANY, FEATURE(fill),
     .help = "What stands for a missing value: mean, median, mode, none or {constant: value}."},
    {"missing", JSON_K_BOOL, FEATURE(missing),
     .help = "Adds an output NAME_missing that is 1 where the value is missing."},
    {"dateParts", JSON_K_STRING_LIST, FEATURE(parts),
     .help = "Parts of a timestamp, each an output NAME_PART."},
    {"apply", JSON_K_ANY, FEATURE(apply), .help = "Functions, applied in order."},
    {"hidden", JSON_K_BOOL, FEATURE(hidden), .help = "No output; for crosses."},
};
static const struct json_table feature_table = {feature_fields, SL_COUNTOF(feature_fields),
                                                sizeof(struct transform_feature), FEATURE(line)};

static void decode_step(struct diag_list *l, const struct json *v, struct sl_str path,
                        struct transform_step *ret)
{
    struct sl_str name;
    struct json *args = NULL;
    if (v->type == JSON_STRING) {
        name = v->string;
    } else if (v->type == JSON_OBJECT && v->n == 1) {
        name = v->members[0].key;
        args = v->members[0].value;
    } else {
        diag_add(l, DIAG_ERROR, v->line, path,
                 "expected a function's name, or one function with its arguments");
        return;
    }
    ret->line = v->line;
    ret->operation = transform_operation_find(name);
    if (!ret->operation) {
        size_t n;
        const struct sl_str *names = transform_operation_names(&n);
        diag_add(l, DIAG_ERROR, v->line, path, "there is no function '%.*s'%s", SL_FMT(name),
                 diag_did_you_mean(l->a, name, names, n));
        return;
    }
    if (args && args->type != JSON_NULL)
        ret->args = args;
    if (ret->args && ret->args->type != JSON_OBJECT)
        diag_add(l, DIAG_ERROR, v->line, path, "%s: expected its arguments as an object, got %s",
                 ret->operation->name, json_type_name(ret->args->type));
    else if (ret->args && !ret->operation->args)
        diag_add(l, DIAG_ERROR, v->line, path, "%s takes no arguments", ret->operation->name);
    else if (ret->args)
        json_decode(l, ret->args, ret->operation->args,
                    sl_arena_format(l->a, "%.*s.%s", SL_FMT(path), ret->operation->name),
                    sl_arena_zero(l->a, 1, ret->operation->args->size));
}

static void decode_steps(struct diag_list *l, struct sl_str path, struct transform_feature *f)
{
    const struct json *apply = f->apply;
    f->has_apply = apply && apply->type != JSON_NULL;
    if (!f->has_apply)
        return;
    bool list = apply->type == JSON_ARRAY;
    f->n_steps = list ? apply->n : 1;
    f->steps = SL_ARENA_ARRAY(l->a, struct transform_step, f->n_steps);
    for (size_t i = 0; i < f->n_steps; i++) {
        struct sl_str at = list ? sl_arena_format(l->a, "%.*s.apply[%zu]", SL_FMT(path), i)
                                : sl_arena_format(l->a, "%.*s.apply", SL_FMT(path));
        decode_step(l, list ? apply->items[i] : apply, at, &f->steps[i]);
    }
}

static void check_source(struct diag_list *l, struct sl_str path, const struct transform_feature *f)
{
    int sources = (f->column.n > 0) + (f->expr.n > 0) + (f->cross.n > 0);
    if (sources != 1)
        diag_add(l, DIAG_ERROR, f->line, path,
                 "expected exactly one of column, expr and cross, got %d", sources);
    else if (f->expr.n && !f->name.n)
        diag_add(l, DIAG_ERROR, f->line, path, "a feature from an expression needs a name");
    else if (f->cross.n == 1)
        diag_add(l, DIAG_ERROR, f->line, path, "cross: expected at least two features");
    else if (f->cross.n && (f->fill || f->missing || f->parts.n))
        diag_add(l, DIAG_ERROR, f->line, path,
                 "cross takes no fill, missing or dateParts: they belong to what is crossed");
}

static void check_fill(struct diag_list *l, struct sl_str path, const struct transform_feature *f)
{
    static const char *const words[] = {"mean", "median", "mode", "none"};
    const struct json *v = f->fill;
    if (!v || v->type == JSON_NULL)
        return;
    for (size_t i = 0; v->type == JSON_STRING && i < SL_COUNTOF(words); i++)
        if (sl_str_is(v->string, words[i]))
            return;
    const struct json *constant = json_get(v, "constant");
    if (v->type == JSON_OBJECT && v->n == 1 && constant &&
        (constant->type == JSON_NUMBER || constant->type == JSON_STRING ||
         constant->type == JSON_BOOL))
        return;
    diag_add(l, DIAG_ERROR, v->line, sl_arena_format(l->a, "%.*s.fill", SL_FMT(path)),
             "expected mean, median, mode, none or {constant: value}");
}

static void check_parts(struct diag_list *l, struct sl_str path, const struct transform_feature *f)
{
    struct sl_str names[TRANSFORM_DAYS + 1];
    for (size_t i = 0; i < SL_COUNTOF(names); i++)
        names[i] = sl_str(transform_part_name((enum transform_part)i));
    for (size_t i = 0; i < f->parts.n; i++) {
        enum transform_part part;
        if (!transform_part_find(f->parts.p[i], &part))
            diag_add(l, DIAG_ERROR, f->line,
                     sl_arena_format(l->a, "%.*s.dateParts[%zu]", SL_FMT(path), i),
                     "there is no part '%.*s'%s", SL_FMT(f->parts.p[i]),
                     diag_did_you_mean(l->a, f->parts.p[i], names, SL_COUNTOF(names)));
    }
}

/* The column's name, or a_x_b of a cross. */
static struct sl_str default_name(struct sl_arena *a, const struct transform_feature *f)
{
    if (f->column.n || !f->cross.n)
        return f->column;
    struct sl_str name = f->cross.p[0];
    for (size_t i = 1; i < f->cross.n; i++)
        name = sl_arena_format(a, "%.*s_x_%.*s", SL_FMT(name), SL_FMT(f->cross.p[i]));
    return name;
}

static void decode_feature(struct diag_list *l, const struct json *v, struct sl_str path,
                           struct transform_feature *f)
{
    if (v->type == JSON_STRING) { /* a column's name alone */
        f->column = f->name = v->string;
        f->line = v->line;
        if (!v->string.n)
            diag_add(l, DIAG_ERROR, v->line, path, "a column's name is empty");
        return;
    }
    size_t before = l->error_count;
    json_decode(l, v, &feature_table, path, f);
    if (l->error_count > before)
        return;
    check_source(l, path, f);
    check_fill(l, path, f);
    check_parts(l, path, f);
    decode_steps(l, path, f);
    if (!f->name.n)
        f->name = default_name(l->a, f);
}

void transform_features_decode(struct diag_list *l, const struct json *features, struct sl_str path,
                               struct transform_features *ret)
{
    *ret = (struct transform_features){0};
    if (features->type != JSON_ARRAY) {
        diag_add(l, DIAG_ERROR, features->line, path, "expected a list of features, got %s",
                 json_type_name(features->type));
        return;
    }
    ret->n = features->n;
    ret->p = SL_ARENA_ARRAY(l->a, struct transform_feature, features->n);
    for (size_t i = 0; i < features->n; i++)
        decode_feature(l, features->items[i], sl_arena_format(l->a, "%.*s[%zu]", SL_FMT(path), i),
                       &ret->p[i]);
}
