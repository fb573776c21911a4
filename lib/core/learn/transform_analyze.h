/* Analyzers: the constants of a transform, from full passes over the rows it is analysed on.
 *
 *     while ((pass = transform_pass_new(t))) {
 *         for each group of rows, on any thread:  transform_pass_scan(pass, a, rows, &partial)
 *         for each partial, in the order of rows: transform_pass_merge(pass, partial)
 *         transform_pass_finish(pass, a);
 *         transform_pass_free(pass);
 *     }
 *
 * A pass computes all that can be computed by then; a node that is fed by another's constants waits
 * for the next one. Fill and what follows it directly take one pass together. Results depend on the
 * rows and their grouping, never on threads: a group is summed in the order of its rows, groups are
 * merged in theirs. Rows without a label (or weight) do not count: no learner sees them. */
#pragma once

#include "core/learn/transform.h"

struct transform_pass;
struct transform_partial;

/* NULL when nothing is pending. `t` outlives the pass and changes at its finish only. */
struct transform_pass *transform_pass_new(struct transform *t);
/* NULL is fine. */
void transform_pass_free(struct transform_pass *p);
/* Raw columns that the pass reads. Lifetime: `a`. */
const struct column_spec *transform_pass_columns(const struct transform_pass *p, struct sl_arena *a,
                                                 size_t *ret_n);
/* What the rows of one group say. `a` is scratch. Any thread.
 * Lifetime: ret until merged or freed. Errors: as transform_apply. */
struct sl_err *transform_pass_scan(const struct transform_pass *p, struct sl_arena *a,
                                   const struct table *raw,
                                   struct transform_partial **ret) SL_MUST_USE;
/* Takes a partial in (and frees it). */
void transform_pass_merge(struct transform_pass *p, struct transform_partial *partial);
void transform_partial_free(struct transform_partial *partial);
/* Puts the constants into the transform. Lifetime: `a`.
 * Errors: invalid: a column has no value that could fill others; the label has one class only;
 * exhausted: a cross of too many ids. */
struct sl_err *transform_pass_finish(struct transform_pass *p, struct sl_arena *a) SL_MUST_USE;
