#include "core/learn/batches.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/rng.h"

void batches_init(struct batches *b, size_t n_rows, size_t batch, uint64_t seed, bool shuffle)
{
    sl_assert_cmp(n_rows, >, 0u);
    sl_assert_cmp(n_rows, <=, UINT32_MAX);
    sl_assert_cmp(batch, >, 0u);
    *b = (struct batches){.n_rows = n_rows,
                          .batch = SL_MIN(batch, n_rows),
                          .seed = seed,
                          .shuffle = shuffle,
                          .epoch = UINT64_MAX,
                          .order = sl_alloc(n_rows * sizeof *b->order)};
}

void batches_deinit(struct batches *b)
{
    sl_free(b->order);
    b->order = NULL;
}

uint64_t batches_per_epoch(const struct batches *b)
{
    return (b->n_rows + b->batch - 1) / b->batch;
}

/* Fisher and Yates; each epoch from its own stream. */
static void order_epoch(struct batches *b, uint64_t epoch)
{
    for (size_t i = 0; i < b->n_rows; i++)
        b->order[i] = (uint32_t)i;
    struct sl_rng r;
    sl_rng_init_stream(&r, b->seed, epoch);
    for (size_t i = b->n_rows - 1; i > 0 && b->shuffle; i--) {
        size_t j = sl_rng_below(&r, i + 1);
        uint32_t swap = b->order[i];
        b->order[i] = b->order[j];
        b->order[j] = swap;
    }
    b->epoch = epoch;
}

const uint32_t *batches_at(struct batches *b, uint64_t step, size_t *ret_n)
{
    uint64_t per_epoch = batches_per_epoch(b);
    if (b->epoch != step / per_epoch)
        order_epoch(b, step / per_epoch);
    size_t first = (size_t)(step % per_epoch) * b->batch;
    *ret_n = SL_MIN(b->batch, b->n_rows - first);
    return b->order + first;
}
