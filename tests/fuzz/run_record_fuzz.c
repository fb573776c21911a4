/* Any bytes as `_run.json`: what is accepted comes back the same after a turn through its text,
 * gives facts in order, and two cache records out of it can be compared. */
#include "base/assert.h"
#include "core/lineage/cache_key.h"
#include "core/lineage/record.h"
#include "store/publish.h"

static void check_facts(struct sl_arena *a, const struct run_record *r)
{
    struct publish_fact *facts;
    size_t n;
    publish_facts_of(a, r, &facts, &n);
    publish_facts_sort(facts, n);
    for (size_t i = 1; i < n; i++)
        sl_assert_cmp(facts[i - 1].at_us, <=, facts[i].at_us);
}

static void compare_caches(struct sl_arena *a, const struct run_record *r)
{
    struct sl_str *lines;
    size_t n;
    for (size_t i = 0; i + 1 < r->n_steps; i++)
        if (r->steps[i].cache && r->steps[i + 1].cache)
            cache_explain(a, r->steps[i].cache, r->steps[i + 1].cache, &lines, &n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTOARENA(a);
    SL_AUTOBUF(first, 0);
    SL_AUTOBUF(second, 0);
    struct run_record *r, *back;
    struct sl_err *err = run_record_decode(a, sl_strn((const char *)data, size), &r);
    if (err) {
        sl_err_free(err);
        return 0;
    }
    check_facts(a, r);
    compare_caches(a, r);
    run_record_encode(r, &first);
    err = run_record_decode(a, sl_buf_str(&first), &back);
    sl_assert(err == NULL);
    run_record_encode(back, &second);
    sl_assert(sl_str_eq(sl_buf_str(&first), sl_buf_str(&second)));
    return 0;
}
