#include "components/transform/describe.h"

#include "store/statistics_gather.h"

struct sl_err *describe(struct sl_arena *a, const struct stream *s, struct sl_str name,
                        struct dataset_statistics **ret)
{
    const size_t n = s->examples->n_columns;
    int *all = SL_ARENA_ARRAY(a, int, n);
    for (size_t i = 0; i < n; i++)
        all[i] = (int)i;
    struct statistics_job job = {.examples = s->examples,
                                 .workers = s->workers,
                                 .rows = &s->rows,
                                 .columns = all,
                                 .n_columns = n,
                                 .weight = -1,
                                 .options = statistics_options_default};
    return statistics_gather(a, &job, name, ret);
}
