/* Manifests from anywhere: no crash, and a manifest without findings can be resolved. */
#include "base/assert.h"
#include "core/pipeline/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTOARENA(a);
    struct diag_list l;
    struct manifest m = {0};
    diag_list_init(&l, a, SL_STR("fuzz.yaml"));
    manifest_read(&l, sl_strn((const char *)data, size), &m);
    manifest_check(&l, &m);
    const struct spec_run *run = manifest_select_run(&l, &m);
    if (l.error_count || !run)
        return 0;
    struct json *params =
        spec_resolve_params(&l, run->pipeline, run->parameters, SL_STR("spec.parameters"));
    struct reference_scope scope = {
        .params = params, .run_name = SL_STR("r"), .run_uid = SL_STR("u")};
    for (size_t i = 0; i < run->pipeline->n_steps; i++) {
        const struct spec_step *step = &run->pipeline->steps[i];
        struct json *value;
        bool holds;
        sl_err_free(reference_tree_expand(a, step->params, &scope, &value));
        if (step->when)
            sl_err_free(reference_eval_when(a, step->when, &scope, &holds));
        for (size_t e = 0; e < step->n_edges; e++)
            sl_assert_cmp(step->edges[e].step, <, run->pipeline->n_steps);
    }
    return 0;
}
