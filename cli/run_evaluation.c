#include "cli/run_evaluation.h"

#include <math.h>
#include <stdio.h>

enum { MOST_METRICS = 5, LONGEST_SLICE = 44, MOST_SLICES = 20 };

/* The columns of a task: the first set whose first metric the evaluation has. */
static const char *const columns[][MOST_METRICS] = {
    {"auc", "auc_pr", "log_loss", "f1", "calibration"},
    {"macro_f1", "accuracy", "macro_auc", "log_loss", "top_3_accuracy"},
    {"rmse", "mae", "r2", "mape", "calibration"},
};

static const char *const *columns_of(const struct json *slices)
{
    const struct json *metrics = slices->n ? json_get(slices->items[0], "metrics") : NULL;
    for (size_t i = 0; i < SL_COUNTOF(columns); i++)
        if (json_get(metrics, columns[i][0]))
            return columns[i];
    return NULL;
}

static void print_slice(const struct json *slice, const char *const *names, int width)
{
    struct sl_str name = json_get_string(slice, "slice", SL_STR("?"));
    const struct json *metrics = json_get(slice, "metrics");
    printf("%-*.*s %10.0f", width, (int)SL_MIN(name.n, (size_t)width), name.p,
           json_get_number(slice, "examples", 0));
    for (size_t i = 0; i < MOST_METRICS; i++) {
        double v = json_get_number(metrics, names[i], NAN);
        if (isnan(v))
            printf(" %14s", "-");
        else
            printf(" %14.4f", v);
    }
    putchar('\n');
}

static void print_slices(struct sl_str step, const struct json *slices)
{
    const char *const *names = columns_of(slices);
    if (!names)
        return;
    int width = (int)SL_MAX(step.n + 14, (size_t)20);
    for (size_t i = 0; i < slices->n && i < MOST_SLICES; i++) {
        size_t n = json_get_string(slices->items[i], "slice", SL_STR("")).n;
        width = (int)SL_MIN(SL_MAX((size_t)width, n), (size_t)LONGEST_SLICE);
    }
    char title[128];
    snprintf(title, sizeof(title), "EVALUATION (%.*s)", (int)SL_MIN(step.n, (size_t)80), step.p);
    printf("\n%-*s %10s", width, title, "EXAMPLES");
    for (size_t i = 0; i < MOST_METRICS; i++)
        printf(" %14s", names[i]);
    putchar('\n');
    for (size_t i = 0; i < slices->n && i < MOST_SLICES; i++)
        print_slice(slices->items[i], names, width);
    if (slices->n > MOST_SLICES)
        printf("(%zu more slices in the report)\n", slices->n - MOST_SLICES);
}

static void print_output(const struct step_record *s, const struct task_output *o)
{
    const struct json *slices = json_get(o->properties, "slices");
    if (sl_str_is(o->type, "ModelEvaluation") && slices && slices->type == JSON_ARRAY)
        print_slices(s->step, slices);
    if (sl_str_is(o->type, "ModelBlessing")) {
        struct sl_str reason = json_get_string(o->properties, "reason", SL_STR(""));
        printf("\n%s: %.*s\n",
               json_get_bool(o->properties, "blessed", false) ? "blessed" : "not blessed",
               SL_FMT(reason));
    }
    if (sl_str_is(o->type, "PushedModel")) {
        struct sl_str to = json_get_string(o->properties, "pushed_destination", SL_STR(""));
        if (to.n)
            printf("pushed to %.*s\n", SL_FMT(to));
    }
}

void run_evaluation_print(const struct engine *e)
{
    const struct run_record *run = engine_record(e);
    for (size_t i = 0; i < run->n_steps; i++)
        for (size_t k = 0; k < run->steps[i].n_outputs; k++)
            print_output(&run->steps[i], &run->steps[i].outputs[k]);
}
