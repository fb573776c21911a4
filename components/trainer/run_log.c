#include "components/trainer/trainer.h"

#include "base/time.h"
#include "codec/tfevents.h"

static const struct {
    const char *folder, *tag;
} SERIES[RUN_SERIES] = {
    [RUN_TRAIN_LOSS] = {"train", "loss"},
    [RUN_VAL_LOSS] = {"validation", "loss"},
    [RUN_RATE] = {"train", "learning_rate"},
};

void run_log_deinit(struct run_log *log)
{
    sl_vec_deinit(&log->points);
}

void run_log_add(struct run_log *log, enum run_series series, uint64_t step, double value)
{
    *sl_vec_add(&log->points) = (struct run_point){.series = series,
                                                   .step = (double)step,
                                                   .value = value,
                                                   .wall_s = (double)sl_time_now_us() / 1e6};
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
        enum run_series series = (enum run_series)p->series;
        if (strcmp(SERIES[series].folder, folder) != 0)
            continue;
        tfevents_scalar(&events, p->wall_s, (int64_t)p->step, sl_str(SERIES[series].tag),
                        (float)p->value);
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
