#include "store/statistics.h"

#include "base/limits.h"
#include "core/data/statistics_proto.h"

/* The split that a file is the statistics of: "Split-train/FeatureStats.pb" -> "train". */
static bool split_of(struct sl_str path, struct sl_str *ret)
{
    struct sl_str prefix = SL_STR("Split-"), suffix = SL_STR("/FeatureStats.pb");
    if (!sl_str_starts(path, prefix) || !sl_str_ends(path, suffix))
        return false;
    *ret = sl_strn(path.p + prefix.n, path.n - prefix.n - suffix.n);
    return true;
}

static bool is_excluded(const struct json_strings *exclude, struct sl_str name)
{
    for (size_t i = 0; exclude && i < exclude->n; i++)
        if (sl_str_eq(exclude->p[i], name))
            return true;
    return false;
}

static int compare_splits(const void *x, const void *y)
{
    const struct statistics_split *a = x, *b = y;
    bool train_a = sl_str_is(a->name, "train"), train_b = sl_str_is(b->name, "train");
    return train_a != train_b ? (int)train_b - (int)train_a : sl_str_cmp(a->name, b->name);
}

struct sl_err *statistics_open(struct sl_arena *a, const struct artifact *t,
                               const struct json_strings *exclude, struct statistics_split **ret,
                               size_t *ret_n)
{
    struct statistics_split *splits = SL_ARENA_ARRAY(a, struct statistics_split, t->n_files);
    size_t n = 0;
    for (size_t i = 0; i < t->n_files; i++) {
        struct sl_str name, bytes;
        struct dataset_statistics *d;
        if (!split_of(t->files[i].path, &name) || is_excluded(exclude, name))
            continue;
        SL_TRY(artifact_read(a, t, t->files[i].path, SL_LIMIT_PROTO_BYTES, &bytes));
        SL_TRY(statistics_decode(a, bytes, &d), "'%.*s/%.*s'", SL_FMT(t->uri),
               SL_FMT(t->files[i].path));
        splits[n++] = (struct statistics_split){name, d};
    }
    if (n == 0)
        return SL_ERR(INVALID, "'%.*s': no split is left: none is there, or all are excluded",
                      SL_FMT(t->uri));
    qsort(splits, n, sizeof(*splits), compare_splits);
    *ret = splits;
    *ret_n = n;
    return NULL;
}
