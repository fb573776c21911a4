#include "core/catalog/importer.h"

#include <stddef.h>

#define PARAM(member) offsetof(struct importer_params, member)

static const struct json_field fields[] = {
    {.name = "uri",
     .kind = JSON_K_STRING,
     .offset = PARAM(uri),
     .required = true,
     .help = "path, URI or glob of files, or a folder: one of files, or an artifact's"},
    {.name = "type",
     .kind = JSON_K_STRING,
     .offset = PARAM(type),
     .required = true,
     .help = "type of the artifact: Schema, Model, Examples, or a name of your own"},
    {.name = "properties",
     .kind = JSON_K_ANY,
     .offset = PARAM(properties),
     .help = "an object: properties of the artifact, on top of those that it has"},
};
static const struct json_table table = JSON_TABLE(fields, struct importer_params);

static bool is_type_name(struct sl_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && (i == 0 || !(c >= '0' && c <= '9')))
            return false;
    }
    return s.n > 0 && s.n <= 128;
}

static void check(struct diag_list *l, const void *params, struct sl_str path)
{
    const struct importer_params *p = params;
    if (p->uri.n == 0)
        diag_add(l, DIAG_ERROR, 0, sl_arena_format(l->a, "%.*s.uri", SL_FMT(path)),
                 "expected a path or URI");
    if (!is_type_name(p->type))
        diag_add(l, DIAG_ERROR, 0, sl_arena_format(l->a, "%.*s.type", SL_FMT(path)),
                 "expected letters and digits, as in Schema, got '%.*s'", SL_FMT(p->type));
    if (p->properties && p->properties->type != JSON_OBJECT)
        diag_add(l, DIAG_ERROR, p->properties->line,
                 sl_arena_format(l->a, "%.*s.properties", SL_FMT(path)),
                 "expected an object, got %s", json_type_name(p->properties->type));
}

static const struct catalog_port no_inputs[] = {{0}};
static const struct catalog_port outputs[] = {
    {.name = "result", .type_param = "type", .help = "the files, as an artifact of the given type"},
    {0},
};
static const char *const file_params[] = {"uri", NULL};

const struct catalog_component catalog_importer = {
    .name = "Importer",
    .executable = "importer",
    .help = "Registers existing files as an artifact, by content.",
    .inputs = no_inputs,
    .outputs = outputs,
    .params = &table,
    .file_params = file_params,
    .check = check,
};
