#include "core/catalog/catalog.h"

#include "core/catalog/components.h"

static const struct catalog_component *const all[] = {CATALOG_COMPONENTS NULL};

const struct catalog_component *const *catalog_all(size_t *ret_n)
{
    *ret_n = SL_COUNTOF(all) - 1;
    return all;
}

const struct catalog_component *catalog_find(struct sl_str name)
{
    for (size_t i = 0; all[i]; i++)
        if (sl_str_is(name, all[i]->name))
            return all[i];
    return NULL;
}

static const struct catalog_port *find_port(const struct catalog_port *ports, struct sl_str name)
{
    for (; ports && ports->name; ports++)
        if (sl_str_is(name, ports->name))
            return ports;
    return NULL;
}

const struct catalog_port *catalog_input(const struct catalog_component *c, struct sl_str name)
{
    return find_port(c->inputs, name);
}

void *catalog_decode_params(struct diag_list *l, const struct catalog_component *c,
                            const struct json *params, struct sl_str path)
{
    size_t before = l->error_count;
    void *out = sl_arena_zero(l->a, 1, c->params->size);
    json_decode(l, params, c->params, path, out);
    if (l->error_count == before && c->check)
        c->check(l, out, path);
    return out;
}
