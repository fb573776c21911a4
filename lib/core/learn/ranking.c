#include "core/learn/ranking.h"

#include <math.h>
#include <string.h>

enum { DIGITS = 8, VALUES = 256 };

struct pair {
    uint64_t key; /* ascending keys are descending scores */
    uint32_t row;
};

/* A double's bits, turned so that they order as the number does, reversed. */
static uint64_t descending_key(double score)
{
    uint64_t bits;
    score += 0.0; /* -0 is 0 */
    memcpy(&bits, &score, sizeof bits);
    return bits >> 63 ? bits : ~(bits | 1ull << 63);
}

/* Least digit first, so that equal keys keep their order. Digits that are the same in all keys cost
 * nothing, which with scores that were float32 is half of them. Returns `pairs` or `other`. */
static struct pair *sort_pairs(struct pair *pairs, struct pair *other, size_t n)
{
    size_t counts[DIGITS][VALUES] = {0};
    for (size_t i = 0; i < n; i++)
        for (int d = 0; d < DIGITS; d++)
            counts[d][pairs[i].key >> (d * 8) & 255]++;
    for (int d = 0; d < DIGITS; d++) {
        if (n == 0 || counts[d][pairs[0].key >> (d * 8) & 255] == n)
            continue;
        size_t at = 0, starts[VALUES];
        for (int v = 0; v < VALUES; v++) {
            starts[v] = at;
            at += counts[d][v];
        }
        for (size_t i = 0; i < n; i++)
            other[starts[pairs[i].key >> (d * 8) & 255]++] = pairs[i];
        struct pair *sorted = other;
        other = pairs;
        pairs = sorted;
    }
    return pairs;
}

void ranking_init(struct sl_arena *a, const double *scores, const double *labels, double positive,
                  size_t n, struct ranking *ret)
{
    SL_AUTOARENA(scratch);
    struct pair *pairs = sl_arena_alloc(scratch, (n + 1) * sizeof *pairs);
    struct pair *other = sl_arena_alloc(scratch, (n + 1) * sizeof *other);
    for (size_t i = 0; i < n; i++)
        pairs[i] = (struct pair){descending_key(scores[i]), (uint32_t)i};
    pairs = sort_pairs(pairs, other, n);
    uint32_t *rows = SL_ARENA_ARRAY(a, uint32_t, n);
    uint8_t *flags = SL_ARENA_ARRAY(a, uint8_t, n);
    for (size_t i = 0; i < n; i++) {
        bool last = i + 1 == n || pairs[i + 1].key != pairs[i].key;
        rows[i] = pairs[i].row;
        flags[i] = (uint8_t)((labels[rows[i]] == positive ? RANKING_POSITIVE : 0) |
                             (last ? RANKING_LAST : 0));
    }
    *ret = (struct ranking){rows, flags, n};
}

double ranking_auc(const struct ranking *r, const double *weights, const uint8_t *counts)
{
    double area = 0, tp = 0, fp = 0, tp_before = 0, fp_before = 0;
    for (size_t i = 0; i < r->n; i++) {
        uint32_t row = r->rows[i];
        double w = (weights ? weights[row] : 1) * (counts ? counts[row] : 1);
        double hit = r->flags[i] & RANKING_POSITIVE ? w : 0;
        tp += hit;
        fp += w - hit;
        /* Rows of one score are one step of the curve: a trapezoid. */
        if (r->flags[i] & RANKING_LAST) {
            area += (fp - fp_before) * (tp_before + tp) / 2;
            tp_before = tp;
            fp_before = fp;
        }
    }
    return tp * fp > 0 ? area / (tp * fp) : NAN;
}
