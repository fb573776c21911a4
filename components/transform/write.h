/* Transformed examples: every split through the transform. */
#pragma once

#include "components/transform/stream.h"
#include "core/learn/transform.h"
#include "kit/step.h"

struct write_counts {
    uint64_t rows_in, rows_out; /* the difference: no label (or weight) */
};

/* Writes and commits the output `transformed_examples`. */
struct sl_err *write_examples(struct step *s, const struct examples *e, const struct transform *t,
                              struct write_counts *ret) SL_MUST_USE;
