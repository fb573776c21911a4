/* Manifests: YAML text -> checked Pipelines and Runs (spec.h).
 *
 *     struct manifest m = {0};
 *     manifest_read(&l, text, &m);      for each file (l.file names it)
 *     manifest_check(&l, &m);           once, over all
 *     if (diag_to_err(&l)) ...
 *
 * Every fault is found in one go and says file, line, path, what was expected. */
#pragma once

#include "core/pipeline/spec.h"

struct manifest {
    struct spec_pipeline **pipelines;
    size_t n_pipelines, capacity_pipelines;
    struct spec_run **runs;
    size_t n_runs, capacity_runs;
    bool params_follow; /* set by a caller that adds parameters (-p) and resolves them itself: then
                           a parameter that a Run does not give is no fault yet */
};

/* Reads every document of a YAML or JSON text and appends what it holds. Findings: syntax, unknown
 * kinds and fields, wrong types, names that Kubernetes would refuse. Lifetime: l->a. */
void manifest_read(struct diag_list *l, struct sl_str text, struct manifest *m);
/* The same for one object that has been parsed. */
void manifest_read_object(struct diag_list *l, const struct json *object, struct manifest *m);
/* What only the whole can say: duplicates, references, types of inputs, parameters of components
 * (core/catalog), cycles, the Pipeline that a Run names. Sets the indices, edges and types. */
void manifest_check(struct diag_list *l, struct manifest *m);

/* What `sluice run FILE` carries out: the file's only Run, or a Run made of its only Pipeline
 * (generateName: the pipeline's name and a dash). A finding when there is none, or several. */
const struct spec_run *manifest_select_run(struct diag_list *l, const struct manifest *m);
