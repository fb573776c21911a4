#include "core/learn/threshold.h"

#include "base/alloc.h"

#include <stdlib.h>

struct scored {
    float score, positive, weight;
};

static int compare(const void *a, const void *b)
{
    const struct scored *x = a, *y = b;
    return (x->score < y->score) - (x->score > y->score);
}

/* Descending by score; going down, rows turn from no to yes. */
static struct scored *sort_rows(const float *scores, const float *labels, const float *weights,
                                size_t n)
{
    struct scored *rows = sl_alloc((n + 1) * sizeof *rows);
    for (size_t i = 0; i < n; i++) {
        float w = weights ? weights[i] : 1;
        rows[i] = (struct scored){scores[i], labels[i] * w, w};
    }
    qsort(rows, n, sizeof *rows, compare);
    return rows;
}

float threshold_choose(const float *scores, const float *labels, const float *weights, size_t n,
                       double *ret_f1)
{
    SL_AUTOFREE struct scored *rows = sort_rows(scores, labels, weights, n);
    double positives = 0, hit = 0, said = 0, best = 0;
    float threshold = 0.5f;
    for (size_t i = 0; i < n; i++)
        positives += rows[i].positive;
    for (size_t i = 0; i < n; i++) {
        hit += rows[i].positive;
        said += rows[i].weight;
        if (i + 1 < n && rows[i + 1].score == rows[i].score)
            continue;
        double f1 = said + positives > 0 ? 2 * hit / (said + positives) : 0;
        if (f1 > best) {
            best = f1;
            threshold = rows[i].score;
        }
    }
    if (ret_f1)
        *ret_f1 = best;
    return threshold;
}
