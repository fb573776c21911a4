/* Parameters that name files outside: made absolute, listed, fingerprinted. */
#pragma once

#include "core/catalog/files.h"
#include "core/pipeline/spec.h"

/* Makes the plain paths in `params` (owned by the caller, changed in place) file URIs: "x.csv" in
 * folder "/home/me" becomes "file:///home/me/x.csv"; "." and ".." are taken out. */
void params_make_absolute(struct sl_arena *a, const struct catalog_component *c,
                          struct json *params, const char *folder);
/* A path or URI of a person against `folder` (absolute). Lifetime: `a`. */
struct sl_str params_absolute_uri(struct sl_arena *a, struct sl_str path, const char *folder);

/* True when the URI's path has a wildcard: * ? [ */
bool params_is_glob(struct sl_str uri);
/* The part up to the last '/' before the first wildcard, that '/' included. */
struct sl_str params_glob_folder(struct sl_str uri);
/* `*` and `?` do not match '/', nor a dot that begins a name. */
bool params_glob_matches(struct sl_arena *a, struct sl_str pattern, struct sl_str uri);

/* What a container step executes, as one object: {image, command, args, env, workingDir, source,
 * params}, expanded. Lifetime: `a`. Errors: invalid: a reference without a value. */
struct sl_err *params_of_container(struct sl_arena *a, const struct spec_step *step,
                                   const struct reference_scope *scope,
                                   struct json **ret) SL_MUST_USE;
