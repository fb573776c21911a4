#include "components/trainer/trainer.h"

#include "base/time.h"
#include "codec/tfevents.h"

static const struct {
    const char *folder, *tag;
} SERIES[RUN_METRICS] = {
    [RUN_TRAIN_LOSS] = {"train", "loss"},
    [RUN_VAL_LOSS] = {"validation", "loss"},
    [RUN_RATE] = {"train", "learning_rate"},
};

void run_log_deinit(struct run_log *log)
{
    sl_vec_deinit(&log->points);
}

void run_log_add(struct run_log *log, int series, uint64_t step, double value)
{
    *sl_vec_add(&log->points) = (struct run_point){.series = series,
                                                   .step = (double)step,
                                                   .value = value,
                                                   .wall_s = (double)sl_time_now_us() / 1e6};
}

static const char *folder_of(const struct run_point *p)
{
    return p->series < RUN_METRICS ? SERIES[(int)p->series].folder : "validation";
}

static const char *tag_of(const struct run_point *p)
{
    int series = (int)p->series;
    return series < RUN_METRICS ? SERIES[series].tag
                                : metric_name((enum metric)(series - RUN_METRICS));
}

static double first_wall(const struct run_log *log)
{
    return log->points.n ? log->points.p[0].wall_s : (double)sl_time_now_us() / 1e6;
}

/* One event file with the series of `folder`; none when it has no points. */
static struct sl_err *write_folder(struct step *s, struct artifact_writer *w,
                                   const struct run_log *log, const char *folder)
{
    SL_AUTOBUF(events, 0);
    size_t n = 0;
    tfevents_begin(&events, first_wall(log));
    if (strcmp(folder, "train") == 0) {
        SL_AUTOBUF(params, 0);
        json_format(s->task->params, JSON_PRETTY, &params);
        tfevents_text(&events, first_wall(log), 0, SL_STR("params"),
                      sl_arena_format(s->a, "```\n%s\n```", sl_buf_str(&params).p));
    }
    for (size_t i = 0; i < log->points.n; i++) {
        const struct run_point *p = &log->points.p[i];
        if (strcmp(folder_of(p), folder) != 0)
            continue;
        tfevents_scalar(&events, p->wall_s, (int64_t)p->step, sl_str(tag_of(p)), (float)p->value);
        n++;
    }
    if (n == 0)
        return NULL;
    struct sl_str path = sl_arena_format(s->a, "%s/events.out.tfevents.%010lld.sluice", folder,
                                         (long long)first_wall(log));
    return artifact_write(w, path, sl_buf_str(&events));
}

static struct sl_err *write_files(struct step *s, struct artifact_writer *w,
                                  const struct run_log *log)
{
    SL_TRY(write_folder(s, w, log, "train"));
    return write_folder(s, w, log, "validation");
}

struct sl_err *run_log_write(struct step *s, const struct run_log *log)
{
    struct artifact_writer *w;
    SL_TRY(step_output(s, "model_run", &w));
    struct sl_err *err = write_files(s, w, log);
    if (err) {
        artifact_writer_free(w);
        return SL_WRAP(err, "output 'model_run'");
    }
    return step_commit(s, "model_run", w, NULL);
}
