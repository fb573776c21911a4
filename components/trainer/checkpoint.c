#include "components/trainer/trainer.h"

#include "base/log.h"
#include "base/time.h"
#include "codec/sha256.h"
#include "kit/build_id.h"

enum { SECONDS_BETWEEN = 30 };
#define MAX_BYTES ((size_t)8 << 30)
#define LOG       "log"

/* Program, parameters and inputs. */
static struct sl_str digest_of(struct step *s)
{
    struct json *all = json_new_object(s->a), *inputs = json_new_array(s->a);
    json_set_string(s->a, all, "build", sl_str(build_id_of(s->component->executable)));
    json_set(s->a, all, "params", json_copy(s->a, s->task->params));
    for (size_t i = 0; i < s->task->n_inputs; i++) {
        for (size_t k = 0; k < s->task->inputs[i].n; k++)
            json_push(s->a, inputs, json_new_string(s->a, s->task->inputs[i].artifacts[k].digest));
    }
    json_set(s->a, all, "inputs", inputs);
    SL_AUTOBUF(text, 0);
    json_format(all, JSON_CANONICAL, &text);
    char hex[SHA256_HEX];
    sha256_hex(sl_buf_str(&text), hex);
    return sl_arena_str(s->a, sl_str(hex));
}

void checkpoint_init(struct checkpoint *c, struct step *s)
{
    const struct trainer_params *p = s->params;
    struct sl_str attempt = s->task->attempt_uri;
    ptrdiff_t slash = sl_str_rfind_char(attempt, '/');
    struct sl_str parent = slash > 0 ? sl_strn(attempt.p, (size_t)slash) : attempt;
    *c = (struct checkpoint){.step = s,
                             .digest = digest_of(s),
                             .every_steps = p->checkpoint_every,
                             .last_us = sl_time_monotonic_us()};
    c->uri = sl_arena_format(s->a, "%.*s/_checkpoint/trainer.safetensors", SL_FMT(parent));
}

bool checkpoint_due(struct checkpoint *c, uint64_t steps_done)
{
    if (c->every_steps > 0)
        return steps_done % (uint64_t)c->every_steps == 0;
    return sl_time_monotonic_us() - c->last_us > (int64_t)SECONDS_BETWEEN * 1000000;
}

void checkpoint_save(struct checkpoint *c, const struct safetensor *tensors, size_t n,
                     const struct run_log *log)
{
    SL_AUTOARENA(a);
    struct safetensors s = {.n = n + 1};
    s.tensors = SL_ARENA_ARRAY(a, struct safetensor, n + 1);
    memcpy(s.tensors, tensors, n * sizeof *tensors);
    s.tensors[n] = safetensors_make(SL_STR(LOG), SAFETENSORS_F64, log->points.n,
                                    sizeof(struct run_point) / sizeof(double), log->points.p);
    struct json *metadata = json_new_object(a);
    json_set_string(a, metadata, "digest", c->digest);
    s.metadata = metadata;
    SL_AUTOBUF(bytes, 0);
    safetensors_encode(&s, &bytes);
    struct sl_err *err = blobs_write(c->step->blobs, c->uri, sl_buf_str(&bytes), false);
    sl_log_err(SL_LOG_WARN, err, "a checkpoint was not written");
    c->last_us = sl_time_monotonic_us();
}

static void restore_log(const struct safetensors *s, struct run_log *log)
{
    const struct safetensor *t = safetensors_find(s, SL_STR(LOG));
    const size_t width = sizeof(struct run_point) / sizeof(double);
    for (size_t i = 0; t && t->type == SAFETENSORS_F64 && (i + 1) * width <= t->count; i++) {
        struct run_point p;
        memcpy(&p, (const double *)t->data + i * width, sizeof p);
        if (p.series >= 0 && p.series < RUN_METRICS)
            *sl_vec_add(&log->points) = p;
    }
}

bool checkpoint_load(struct checkpoint *c, struct safetensors *ret, struct run_log *log)
{
    struct sl_str bytes;
    struct safetensors s;
    struct sl_err *err = blobs_read(c->step->blobs, c->step->a, c->uri, MAX_BYTES, &bytes);
    if (err && err->kind == SL_ERR_NOT_FOUND) {
        sl_err_free(err);
        return false;
    }
    if (!err)
        err = safetensors_decode(c->step->a, bytes, &s);
    if (err) {
        sl_log_err(SL_LOG_WARN, err, "a checkpoint was not read: training begins anew");
        return false;
    }
    if (!sl_str_eq(json_get_string(s.metadata, "digest", SL_STR("")), c->digest)) {
        sl_log_info("the checkpoint is another training's: training begins anew", NULL);
        return false;
    }
    restore_log(&s, log);
    *ret = s;
    return true;
}

void checkpoint_remove(struct checkpoint *c)
{
    struct blob_request r = {.op = BLOB_REMOVE, .uri = c->uri, .a = c->step->a};
    sl_log_err(SL_LOG_WARN, blobs_do(c->step->blobs, &r), "a checkpoint was not removed");
}
