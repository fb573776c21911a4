/* Which rows make up the batch of a step: epochs of the rows in a seeded random order, cut into
 * batches; the last of an epoch may be smaller. A pure function of seed and step, so that training
 * goes on after a crash where it stood. */
#pragma once

#include "base/attr.h"

struct batches {
    size_t n_rows, batch;
    uint64_t seed;
    bool shuffle;
    uint64_t epoch; /* of which `order` is; UINT64_MAX: of none yet */
    uint32_t *order;
};

/* Rows are counted by 32 bits. */
void batches_init(struct batches *b, size_t n_rows, size_t batch, uint64_t seed, bool shuffle);
void batches_deinit(struct batches *b);
uint64_t batches_per_epoch(const struct batches *b);
/* The rows of step `step` (from 0); good until the next call. */
const uint32_t *batches_at(struct batches *b, uint64_t step, size_t *ret_n);
