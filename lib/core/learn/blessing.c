#include "core/learn/blessing.h"

#include <math.h>

struct decision {
    struct sl_arena *a;
    const struct blessing_input *in;
    struct blessing *out;
    size_t capacity;
};

static void add_check(struct decision *d, bool passed, bool waived, struct sl_str text)
{
    struct blessing *out = d->out;
    if (out->n_checks == d->capacity) {
        d->capacity = d->capacity ? d->capacity * 2 : 16;
        struct blessing_check *grown = SL_ARENA_ARRAY(d->a, struct blessing_check, d->capacity);
        if (out->n_checks)
            memcpy(grown, out->checks, out->n_checks * sizeof(*grown));
        out->checks = grown;
    }
    out->checks[out->n_checks++] = (struct blessing_check){text, passed || waived, waived};
    out->rubber_stamp |= waived;
}

/* A value as messages have it. */
static struct sl_str text_of(struct decision *d, double value)
{
    return isnan(value) ? SL_STR("undefined on these rows") : sl_arena_format(d->a, "%.6g", value);
}

/* A NaN passes no bound. */
static void check_value(struct decision *d, const struct blessing_threshold *t,
                        const struct blessing_slice *s)
{
    double value = s->candidate->v[t->metric];
    const char *name = metric_name(t->metric);
    struct sl_str text = text_of(d, value);
    if (t->has_min)
        add_check(d, value >= t->min, false,
                  sl_arena_format(d->a, "%.*s: %s %.*s, at least %.6g is wanted", SL_FMT(s->name),
                                  name, SL_FMT(text), t->min));
    if (t->has_max)
        add_check(d, value <= t->max, false,
                  sl_arena_format(d->a, "%.*s: %s %.*s, at most %.6g is wanted", SL_FMT(s->name),
                                  name, SL_FMT(text), t->max));
}

/* One bound of a change; in percent when it is relative. */
static void check_bound(struct decision *d, const struct blessing_threshold *t,
                        const struct blessing_slice *s, double change, double bound, bool least,
                        bool relative)
{
    double scale = relative ? 100 : 1;
    const char *percent = relative ? " %" : "", *most = least ? "least" : "most";
    const char *name = metric_name(t->metric);
    bool passed = least ? change >= bound : change <= bound;
    if (isnan(change))
        add_check(d, false, false,
                  sl_arena_format(d->a,
                                  "%.*s: the change of %s against the blessed model is undefined "
                                  "on these rows, at %s %+.6g%s is wanted",
                                  SL_FMT(s->name), name, most, bound * scale, percent));
    else
        add_check(d, passed, false,
                  sl_arena_format(d->a,
                                  "%.*s: %s changed by %+.6g%s against the blessed model, at %s "
                                  "%+.6g%s is wanted",
                                  SL_FMT(s->name), name, change * scale, percent, most,
                                  bound * scale, percent));
}

static void check_change(struct decision *d, const struct blessing_threshold *t,
                         const struct blessing_slice *s)
{
    if (!t->has_min_change && !t->has_max_change && !t->has_min_relative && !t->has_max_relative)
        return;
    if (!s->baseline) {
        add_check(d, true, true,
                  sl_arena_format(
                      d->a, "%.*s: change of %s is not checked: there is no blessed model yet",
                      SL_FMT(s->name), metric_name(t->metric)));
        return;
    }
    double was = s->baseline->v[t->metric], change = s->candidate->v[t->metric] - was;
    double relative = was != 0 ? change / fabs(was) : NAN;
    if (t->has_min_change)
        check_bound(d, t, s, change, t->min_change, true, false);
    if (t->has_max_change)
        check_bound(d, t, s, change, t->max_change, false, false);
    if (t->has_min_relative)
        check_bound(d, t, s, relative, t->min_relative, true, true);
    if (t->has_max_relative)
        check_bound(d, t, s, relative, t->max_relative, false, true);
}

static void check_threshold(struct decision *d, const struct blessing_threshold *t)
{
    bool every = sl_str_is(t->slice, "*"), found = false;
    struct sl_str wanted = t->slice.n ? t->slice : SL_STR("overall");
    for (size_t i = 0; i < d->in->n_slices; i++) {
        const struct blessing_slice *s = &d->in->slices[i];
        if (!every && !sl_str_eq(s->name, wanted))
            continue;
        found = true;
        check_value(d, t, s);
        check_change(d, t, s);
    }
    if (!found)
        add_check(
            d, false, false,
            sl_arena_format(d->a, "slice '%.*s' has a threshold and no rows", SL_FMT(wanted)));
}

static void check_constant(struct decision *d)
{
    const char *loss = d->in->task == MODEL_REGRESSION ? "mean squared error" : "log loss";
    add_check(d, d->in->loss < d->in->constant_loss, false,
              sl_arena_format(d->a, "%s %.6g, the best constant prediction has %.6g", loss,
                              d->in->loss, d->in->constant_loss));
}

static struct sl_str summarise(struct decision *d)
{
    SL_AUTOBUF(text, 1 << 16);
    size_t failed = 0, waived = 0;
    for (size_t i = 0; i < d->out->n_checks; i++) {
        const struct blessing_check *c = &d->out->checks[i];
        waived += c->waived;
        if (c->passed)
            continue;
        if (failed++ < 5)
            sl_buf_format(&text, "%s%.*s", text.n ? "; " : "", SL_FMT(c->text));
    }
    if (failed > 5)
        sl_buf_format(&text, "; and %zu more", failed - 5);
    if (!failed)
        sl_buf_format(&text, "all %zu checks hold", d->out->n_checks - waived);
    if (!failed && waived)
        sl_buf_format(&text, "; %zu change thresholds waived: there is no blessed model yet",
                      waived);
    d->out->blessed = failed == 0;
    return sl_arena_str(d->a, sl_buf_str(&text));
}

void blessing_decide(struct sl_arena *a, const struct blessing_input *in, struct blessing *ret)
{
    *ret = (struct blessing){0};
    struct decision d = {.a = a, .in = in, .out = ret};
    if (in->n_thresholds == 0)
        add_check(&d, false, false, SL_STR("no thresholds are set, so nothing is blessed"));
    for (size_t i = 0; i < in->n_thresholds; i++)
        check_threshold(&d, &in->thresholds[i]);
    check_constant(&d);
    for (size_t i = 0; i < in->n_leaks; i++)
        add_check(
            &d, false, false,
            sl_arena_format(
                a,
                "suspected leak: feature '%.*s' predicts the label almost alone; allow it by name "
                "when that is right",
                SL_FMT(in->leaks[i])));
    ret->reason = summarise(&d);
}
