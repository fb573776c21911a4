/* The string half of a collector. */
#pragma once

#include "core/data/sketch_heavy.h"
#include "core/data/statistics_collect.h"

struct statistics_text {
    struct heavy heavy;
    uint64_t n, n_bytes, n_invalid_utf8;
};

void statistics_text_init(struct statistics_text *s, const struct statistics_options *o);
void statistics_text_deinit(struct statistics_text *s);
void statistics_text_update(struct sl_arena *a, struct statistics_text *s,
                            const struct column *column, const double *weights);
void statistics_text_merge(struct statistics_text *into, const struct statistics_text *from);
/* Fills string, weighted_string, n_unique and error. */
void statistics_text_finish(struct sl_arena *a, const struct statistics_text *s,
                            const struct statistics_options *o, struct feature_statistics *ret);
