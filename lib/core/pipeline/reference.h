/* $(reference): what a manifest names, parsed once into trees; what is put in its place is never
 * scanned again.
 *
 *     params.NAME                       a parameter of the run, with its type
 *     run.name  run.uid  run.namespace  (run.outcome in onExit steps)
 *     inputs.NAME.path|uri|PROPERTY     of the step that the reference stands in
 *     outputs.NAME.path|uri             the same
 *     steps.NAME.outcome                "succeeded", "skipped", ...
 *     steps.NAME.values.KEY             a small value that the step has given
 *     steps.NAME.outputs.NAME.PROPERTY  a property of an artifact, uri included
 *
 * `$$(` in a string stands for the text `$(`. */
#pragma once

#include "codec/json.h"
#include "core/data/expr.h"

enum reference_kind {
    REFERENCE_PARAM,        /* name */
    REFERENCE_RUN,          /* name: "name", "uid", "namespace", "outcome" */
    REFERENCE_INPUT,        /* name, key: "path", "uri" or a property */
    REFERENCE_OUTPUT,       /* name, key: "path" or "uri" */
    REFERENCE_STEP_OUTCOME, /* step */
    REFERENCE_STEP_VALUE,   /* step, key */
    REFERENCE_STEP_OUTPUT,  /* step, name (the output), key (the property) */
};

struct reference {
    enum reference_kind kind;
    struct sl_str text; /* as written, without $() */
    struct sl_str step;
    struct sl_str name;
    struct sl_str key;
};

/* A JSON value with references in it. Immutable once parsed. */
enum reference_tree_op {
    REFERENCE_TREE_VALUE,     /* value: without any reference below */
    REFERENCE_TREE_REFERENCE, /* the whole string is one $(ref): its value with its type */
    REFERENCE_TREE_TEXT,      /* items joined: strings and references */
    REFERENCE_TREE_LIST,      /* items */
    REFERENCE_TREE_OBJECT,    /* keys, items */
};

struct reference_tree {
    enum reference_tree_op op;
    int line; /* 0: unknown */
    const struct json *value;
    struct reference reference;
    struct reference_tree **items; /* (n) */
    struct sl_str *keys;           /* (n) of an object */
    size_t n;
};

/* `text` is what stands between $( and ). Lifetime: strings borrow `text`.
 * Errors: invalid: no such reference, with what would be one. */
struct sl_err *reference_parse(struct sl_arena *a, struct sl_str text,
                               struct reference *ret) SL_MUST_USE;
/* What `$(r)` stands for as a property: the member `key` of `object`, or, when there is none, what
 * the dots in `key` lead to (metrics.auc). NULL when absent. */
const struct json *reference_property(const struct json *object, struct sl_str key);
/* Never NULL; malformed references are findings at `path`, all of them. Lifetime: l->a; borrows
 * `value`. */
struct reference_tree *reference_tree_parse(struct diag_list *l, const struct json *value,
                                            struct sl_str path);
/* Calls `visit` for every reference in the tree, in order of the text. */
void reference_tree_visit(const struct reference_tree *t, struct sl_str path,
                          void (*visit)(void *ctx, const struct reference *r, int line,
                                        struct sl_str path),
                          void *ctx, struct sl_arena *a);

/* The same for words of a command line and of an environment: what is put in becomes text, also
 * where a string is exactly one $(ref). */
struct reference_tree *reference_tree_parse_words(struct diag_list *l, const struct json *value,
                                                  struct sl_str path);
/* The path of child `i`: of a list "path[i]", of an object "path.key", of text the path itself. */
struct sl_str reference_tree_child_path(struct sl_arena *a, const struct reference_tree *t,
                                        size_t i, struct sl_str path);

/* What references stand for. */
struct reference_scope {
    const struct json *params; /* an object: all parameters of the run, resolved */
    struct sl_str run_name, run_uid, run_namespace;
    struct sl_str run_outcome; /* empty but for onExit steps */
    /* References to inputs, outputs and steps; NULL: no value. May be NULL: none has one. The
     * outcome is a string, a property what the artifact's `properties` holds. Lifetime: longer than
     * the call it is made in. */
    const struct json *(*find)(void *ctx, const struct reference *r);
    void *ctx;
};

/* The value of one reference in `a`, or NULL. */
const struct json *reference_find(struct sl_arena *a, const struct reference *r,
                                  const struct reference_scope *scope);
/* The value with every reference replaced. A string that is exactly one $(ref) becomes the value
 * with its type; inside of longer text numbers and booleans are written as JSON writes them,
 * strings as they are, lists and objects as compact JSON. Lifetime: `a`, `t` and the scope's
 * values. Errors: invalid: a reference without a value. */
struct sl_err *reference_tree_expand(struct sl_arena *a, const struct reference_tree *t,
                                     const struct reference_scope *scope,
                                     struct json **ret) SL_MUST_USE;
/* A `when`: null counts as false. Errors: invalid: operands that do not fit. */
struct sl_err *reference_eval_when(struct sl_arena *a, const struct expr *when,
                                   const struct reference_scope *scope, bool *ret) SL_MUST_USE;
