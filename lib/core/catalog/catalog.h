/* What components there are: their inputs, outputs and parameters.
 *
 * One table serves the linter, the driver, the component itself and the documentation, so that what
 * one accepts the others accept. Each component's entry stands in a file of its own beside this
 * one, with the struct that its parameters decode into. */
#pragma once

#include "codec/json.h"

struct catalog_port {
    const char *name;
    const char *type; /* artifact type; NULL: any */
    bool optional;    /* inputs only */
    const char *help;
    const char *type_param; /* outputs without a type: the string parameter that says it, or NULL */
};

struct catalog_component {
    const char *name;       /* "ExampleGen" */
    const char *executable; /* "example_gen" */
    const char *help;
    const struct catalog_port *inputs, *outputs; /* ended by an entry without a name */
    const struct json_table *params;
    /* Names of parameters that are paths, URIs or globs of files outside (ended by NULL; may be
     * NULL): the driver lists and fingerprints them, and the task carries the list. A string, a
     * list of strings, or a field "splits[].input": see core/catalog/files.h. */
    const char *const *file_params;
    /* What the table cannot say; `params` is the decoded struct. May be NULL. */
    void (*check)(struct diag_list *l, const void *params, struct sl_str path);
};

/* NULL: there is none of that name. */
const struct catalog_component *catalog_find(struct sl_str name);
/* All of them, in the order of a pipeline. */
const struct catalog_component *const *catalog_all(size_t *ret_n);
/* NULL when absent. */
const struct catalog_port *catalog_input(const struct catalog_component *c, struct sl_str name);
/* Decodes and checks parameters into a struct of c->params->size bytes in l->a. */
void *catalog_decode_params(struct diag_list *l, const struct catalog_component *c,
                            const struct json *params, struct sl_str path);
