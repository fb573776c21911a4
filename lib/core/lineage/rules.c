#include "core/lineage/rules.h"

enum { VERSIONS_NAMED = 10 };

ptrdiff_t rules_latest_blessed(const struct rules_blessing *list, size_t n, struct sl_str exclude)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].blessed && list[i].live &&
            !(exclude.n && sl_str_eq(list[i].model_digest, exclude)))
            return (ptrdiff_t)i;
    return -1;
}

static struct sl_err *no_such_version(const struct registry_push *list, size_t n,
                                      struct sl_str version)
{
    SL_AUTOBUF(b, 0);
    for (size_t i = 0; i < n && i < VERSIONS_NAMED; i++)
        sl_buf_format(&b, "%s%.*s", i ? ", " : "", SL_FMT(list[i].version));
    return SL_ERR(NOT_FOUND, "version '%.*s' was never pushed; there are: %s%s", SL_FMT(version),
                  sl_buf_str(&b).p, n > VERSIONS_NAMED ? ", ..." : "");
}

struct sl_err *rules_rollback_target(const struct registry_push *list, size_t n,
                                     struct sl_str version, size_t *ret_index)
{
    if (n == 0)
        return SL_ERR(NOT_FOUND, "nothing was pushed yet");
    for (size_t i = 0; i < n; i++) {
        bool live = sl_str_eq(list[i].model_digest, list[0].model_digest);
        if (version.n == 0 && live)
            continue;
        if (version.n && !sl_str_eq(list[i].version, version))
            continue;
        if (live)
            return SL_ERR(INVALID, "version '%.*s' holds the model that is live already",
                          SL_FMT(version));
        *ret_index = i;
        return NULL;
    }
    if (version.n)
        return no_such_version(list, n, version);
    return SL_ERR(NOT_FOUND, "no other model than the live one was ever pushed");
}

static int rank(struct sl_str stage)
{
    static const char *const order[] = {"trained", "rejected", "blessed", "pushed"};
    for (int i = 0; i < (int)SL_COUNTOF(order); i++)
        if (sl_str_is(stage, order[i]))
            return i;
    return -1;
}

struct sl_str rules_later_stage(struct sl_str x, struct sl_str y)
{
    return rank(x) >= rank(y) ? x : y;
}
