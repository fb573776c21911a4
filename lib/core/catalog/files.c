#include "core/catalog/files.h"

struct visitor {
    void (*visit)(void *ctx, struct sl_str place, struct sl_str value);
    void *ctx;
};

static void visit_value(const struct visitor *v, struct sl_str place, const struct json *value)
{
    if (!value)
        return;
    if (value->type == JSON_STRING)
        v->visit(v->ctx, place, value->string);
    for (size_t i = 0; value->type == JSON_ARRAY && i < value->n; i++)
        if (value->items[i]->type == JSON_STRING)
            v->visit(v->ctx, place, value->items[i]->string);
}

void catalog_visit_files(struct sl_arena *a, const struct catalog_component *c,
                         const struct json *params,
                         void (*visit)(void *ctx, struct sl_str place, struct sl_str value),
                         void *ctx)
{
    struct visitor v = {visit, ctx};
    for (const char *const *entry = c->file_params; entry && *entry; entry++) {
        struct sl_str name = sl_str(*entry);
        ptrdiff_t brackets = sl_str_find(name, SL_STR("[]."));
        if (brackets < 0) {
            visit_value(&v, name, json_get_str(params, name));
            continue;
        }
        struct sl_str list_name = sl_strn(name.p, (size_t)brackets);
        struct sl_str field = sl_str_skip(name, (size_t)brackets + 3);
        const struct json *list = json_get_str(params, list_name);
        for (size_t i = 0; list && list->type == JSON_ARRAY && i < list->n; i++) {
            struct sl_str place =
                sl_arena_format(a, "%.*s[%zu].%.*s", SL_FMT(list_name), i, SL_FMT(field));
            visit_value(&v, place, json_get_str(list->items[i], field));
        }
    }
}
