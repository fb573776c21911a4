#include "adapter/xgboost/gbdt.h"

#include "base/alloc.h"
#include "base/log.h"
#include "codec/json.h"

#include <xgboost/c_api.h>

#include <inttypes.h>
#include <math.h>

struct gbdt {
    struct gbdt_config config;
    BoosterHandle booster;
    DMatrixHandle data[2]; /* train, val */
    bst_ulong n_data;
};

/* Every call answers 0, or there is a message of the thread. */
#define CALL(call, ...)                                                                      \
    do {                                                                                     \
        if ((call) != 0)                                                                     \
            return SL_WRAP(SL_ERR(INTERNAL, "xgboost: %s", XGBGetLastError()), __VA_ARGS__); \
    } while (0)

static void log_line(const char *line)
{
    sl_log_debug("xgboost", "line", line, NULL);
}

static struct sl_err *make_matrix(const struct dataset *d, int threads, DMatrixHandle *ret)
{
    SL_AUTOARENA(a);
    struct sl_str array = sl_arena_format(a,
                                          "{\"data\":[%" PRIuPTR ",true],\"shape\":[%zu,%zu],"
                                          "\"typestr\":\"<f4\",\"version\":3}",
                                          (uintptr_t)d->floats, d->n_rows, d->n_floats);
    struct sl_str config = sl_arena_format(a, "{\"missing\":NaN,\"nthread\":%d}", threads);
    CALL(XGDMatrixCreateFromDense(array.p, config.p, ret), "%zu rows of %zu", d->n_rows,
         d->n_floats);
    CALL(XGDMatrixSetFloatInfo(*ret, "label", d->labels, d->n_rows), "labels");
    if (d->weights)
        CALL(XGDMatrixSetFloatInfo(*ret, "weight", d->weights, d->n_rows), "weights");
    return NULL;
}

static const char *objective(enum model_task task)
{
    return task == MODEL_BINARY       ? "binary:logistic"
           : task == MODEL_MULTICLASS ? "multi:softprob"
                                      : "reg:squarederror";
}

static const char *metric(enum model_task task)
{
    return task == MODEL_BINARY ? "logloss" : task == MODEL_MULTICLASS ? "mlogloss" : "rmse";
}

static struct sl_err *set(struct gbdt *g, const char *name, const char *fmt, ...) SL_PRINTF(3, 4);

static struct sl_err *set(struct gbdt *g, const char *name, const char *fmt, ...)
{
    SL_AUTOARENA(a);
    va_list ap;
    va_start(ap, fmt);
    struct sl_str value = sl_arena_vformat(a, fmt, ap);
    va_end(ap);
    CALL(XGBoosterSetParam(g->booster, name, value.p), "parameter %s = %s", name, value.p);
    return NULL;
}

static struct sl_err *set_params(struct gbdt *g)
{
    const struct gbdt_config *c = &g->config;
    SL_TRY(set(g, "booster", "gbtree"));
    SL_TRY(set(g, "tree_method", "hist"));
    SL_TRY(set(g, "objective", "%s", objective(c->task)));
    SL_TRY(set(g, "eval_metric", "%s", metric(c->task)));
    if (c->task == MODEL_MULTICLASS)
        SL_TRY(set(g, "num_class", "%zu", c->n_outputs));
    SL_TRY(set(g, "base_score", "%.9g", c->task == MODEL_MULTICLASS ? 0.5 : (double)c->base));
    SL_TRY(set(g, "eta", "%.17g", c->rate));
    SL_TRY(set(g, "alpha", "%.17g", c->l1));
    SL_TRY(set(g, "lambda", "%.17g", c->l2));
    SL_TRY(set(g, "gamma", "%.17g", c->gamma));
    SL_TRY(set(g, "min_child_weight", "%.17g", c->min_child_weight));
    SL_TRY(set(g, "subsample", "%.17g", c->subsample));
    SL_TRY(set(g, "colsample_bytree", "%.17g", c->column_sample));
    SL_TRY(set(g, "max_depth", "%" PRId64, c->depth));
    SL_TRY(set(g, "max_bin", "%" PRId64, c->bins));
    SL_TRY(set(g, "nthread", "%d", c->threads));
    /* Random numbers follow from seed and round, so that training goes on after a crash where it
     * stood. */
    SL_TRY(set(g, "seed", "%" PRId64, c->seed));
    SL_TRY(set(g, "seed_per_iteration", "1"));
    return set(g, "verbosity", "1");
}

struct sl_err *gbdt_restart(struct gbdt *g, struct sl_str state)
{
    if (g->booster)
        XGBoosterFree(g->booster);
    g->booster = NULL;
    CALL(XGBoosterCreate(g->data, g->n_data, &g->booster), "booster");
    if (state.n && XGBoosterUnserializeFromBuffer(g->booster, state.p, state.n) != 0)
        return SL_ERR(CORRUPT, "xgboost: no state to go on from: %s", XGBGetLastError());
    return set_params(g);
}

static struct sl_err *fill(struct gbdt *g, const struct dataset *train, const struct dataset *val,
                           struct sl_str state)
{
    XGBRegisterLogCallback(log_line);
    SL_TRY(make_matrix(train, g->config.threads, &g->data[g->n_data++]), "training rows");
    if (val)
        SL_TRY(make_matrix(val, g->config.threads, &g->data[g->n_data++]), "validation rows");
    return gbdt_restart(g, state);
}

struct sl_err *gbdt_new(const struct gbdt_config *config, const struct dataset *train,
                        const struct dataset *val, struct sl_str state, struct gbdt **ret)
{
    struct gbdt *g = SL_NEW(struct gbdt);
    g->config = *config;
    struct sl_err *err = fill(g, train, val, state);
    if (err) {
        gbdt_free(g);
        return err;
    }
    *ret = g;
    return NULL;
}

void gbdt_free(struct gbdt *g)
{
    if (!g)
        return;
    if (g->booster)
        XGBoosterFree(g->booster);
    for (bst_ulong i = 0; i < g->n_data; i++) {
        if (g->data[i])
            XGDMatrixFree(g->data[i]);
    }
    sl_free(g);
}

/* The number after "NAME-metric:" in "[3]\ttrain-logloss:0.43\tval-logloss:0.45". */
static double find_metric(const struct gbdt *g, const char *line, const char *name)
{
    struct sl_str rest = sl_str(line), part;
    while (sl_str_split(&rest, '\t', &part)) {
        ptrdiff_t colon = sl_str_rfind_char(part, ':');
        double v;
        if (!sl_str_starts(part, sl_str(name)) || colon < 0 ||
            !sl_str_to_f64(sl_str_skip(part, (size_t)colon + 1), &v))
            continue;
        return g->config.task == MODEL_REGRESSION ? v * v / 2 : v;
    }
    return NAN;
}

struct sl_err *gbdt_round(struct gbdt *g, int64_t round, double *ret_train, double *ret_val)
{
    const char *names[] = {"train", "val"}, *line;
    CALL(XGBoosterUpdateOneIter(g->booster, (int)round, g->data[0]), "round %" PRId64, round);
    CALL(XGBoosterEvalOneIter(g->booster, (int)round, g->data, names, g->n_data, &line),
         "evaluate round %" PRId64, round);
    *ret_train = find_metric(g, line, "train-");
    *ret_val = find_metric(g, line, "val-");
    return NULL;
}

struct sl_err *gbdt_save(struct gbdt *g, struct sl_arena *a, struct sl_str *ret)
{
    bst_ulong n;
    const char *p;
    CALL(XGBoosterSerializeToBuffer(g->booster, &n, &p), "save the booster");
    *ret = sl_arena_str(a, sl_strn(p, n));
    return NULL;
}

struct sl_err *gbdt_model(struct gbdt *g, struct sl_arena *a, struct sl_str *ret)
{
    bst_ulong n;
    const char *p;
    CALL(XGBoosterSaveModelToBuffer(g->booster, "{\"format\":\"json\"}", &n, &p), "save the model");
    *ret = sl_arena_str(a, sl_strn(p, n));
    return NULL;
}

/* The raw output that the booster starts from, with its own arithmetic in float. */
static float base_margin(const struct gbdt_config *c)
{
    if (c->task == MODEL_BINARY)
        return -logf(1.0f / c->base - 1.0f);
    return c->task == MODEL_REGRESSION ? c->base : 0.5f;
}

struct sl_err *gbdt_forest(struct gbdt *g, struct sl_arena *a, size_t n_rounds, struct forest **ret)
{
    struct sl_str text;
    struct json *model;
    struct forest *f;
    SL_AUTOARENA(scratch);
    SL_TRY(gbdt_model(g, scratch, &text));
    SL_TRY(json_parse(scratch, text, &model), "xgboost model");
    SL_TRY(forest_from_xgboost(a, model, g->config.n_outputs, n_rounds, &f), "xgboost model");
    for (size_t k = 0; k < f->n_outputs; k++)
        f->base[k] = base_margin(&g->config);
    *ret = f;
    return NULL;
}
