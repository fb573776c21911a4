#include "kit/step.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/time.h"
#include "kit/build_id.h"
#include "kit/storage.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define RESULT_FILE "_result.json"

/* ---- what the component calls ------------------------------------------------------------------
 */

struct sl_err *step_input(struct step *s, const char *name, const struct artifact **ret)
{
    const struct catalog_port *port = catalog_input(s->component, sl_str(name));
    const struct task_port *given = task_input(s->task, sl_str(name));
    sl_assert(port != NULL);
    *ret = NULL;
    if (!given || given->n == 0)
        return port->optional ? NULL
                              : SL_ERR(INVALID, "input '%s' (%s) is missing", name,
                                       port->type ? port->type : "any");
    const struct task_artifact *t = &given->artifacts[0];
    if (port->type && !sl_str_is(t->type, port->type))
        return SL_ERR(INVALID, "input '%s': expected %s, got %.*s", name, port->type,
                      SL_FMT(t->type));
    struct artifact *opened;
    SL_TRY(artifact_open(s->a, s->blobs, t->uri, t->digest, &opened), "input '%s'", name);
    *ret = opened;
    return NULL;
}

static const struct task_artifact *output_of(struct step *s, const char *name)
{
    const struct task_port *port = task_output(s->task, sl_str(name));
    return port && port->n == 1 ? &port->artifacts[0] : NULL;
}

struct sl_err *step_output(struct step *s, const char *name, struct artifact_writer **ret)
{
    const struct task_artifact *t = output_of(s, name);
    if (!t)
        return SL_ERR(INVALID, "the task has no output '%s'", name);
    *ret = artifact_writer_new(s->blobs, t->uri, t->type);
    return NULL;
}

struct sl_err *step_commit(struct step *s, const char *name, struct artifact_writer *w,
                           struct json *properties)
{
    const struct task_artifact *t = output_of(s, name);
    sl_assert(t != NULL);
    struct task_output out = {
        .name = sl_arena_str(s->a, sl_str(name)),
        .type = t->type,
        .uri = t->uri,
        .properties = properties ? properties : json_new_object(s->a),
    };
    struct sl_err *err = artifact_commit(w, s->a, properties, &out.digest, &out.bytes);
    artifact_writer_free(w);
    SL_TRY(err, "output '%s'", name);
    sl_assert_cmp(s->result.n_outputs, <, s->capacity_outputs);
    s->result.outputs[s->result.n_outputs++] = out;
    return NULL;
}

static struct sl_err *check_file(struct step *s, const struct task_file *f)
{
    struct blob_request r = {.op = BLOB_STAT, .uri = f->uri, .a = s->a};
    struct sl_err *err = blobs_do(s->blobs, &r);
    if (err && err->kind == SL_ERR_NOT_FOUND) {
        sl_err_free(err);
        return SL_ERR(UNAVAILABLE, "'%.*s' was there when the step was planned and is gone",
                      SL_FMT(f->uri));
    }
    SL_TRY(err);
    if (r.ret_stat.bytes != f->bytes)
        return SL_ERR(UNAVAILABLE, "'%.*s' changed: %lld bytes when the step was planned, now %lld",
                      SL_FMT(f->uri), (long long)f->bytes, (long long)r.ret_stat.bytes);
    return NULL;
}

struct sl_err *step_files(struct step *s, const char *param, const struct task_file **ret,
                          size_t *ret_n)
{
    struct task_file *files = SL_ARENA_ARRAY(s->a, struct task_file, s->task->n_files);
    size_t n = 0;
    for (size_t i = 0; i < s->task->n_files; i++) {
        if (!sl_str_is(s->task->files[i].param, param))
            continue;
        SL_TRY(check_file(s, &s->task->files[i]), "parameter '%s'", param);
        files[n++] = s->task->files[i];
    }
    *ret = files;
    *ret_n = n;
    return NULL;
}

void step_metric(struct step *s, const char *name, double value)
{
    json_set_number(s->a, s->result.metrics, sl_arena_cstr(s->a, sl_str(name)), value);
}

void step_value(struct step *s, const char *name, struct json *value)
{
    json_set(s->a, s->result.values, sl_arena_cstr(s->a, sl_str(name)), value);
}

void step_message(struct step *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    s->result.message = sl_arena_vformat(s->a, fmt, ap);
    va_end(ap);
}

void step_outcome(struct step *s, const char *outcome)
{
    s->result.outcome = sl_arena_str(s->a, sl_str(outcome));
}

struct sl_err *step_refuse(const char *fmt, ...)
{
    SL_AUTOBUF(text, 1 << 16);
    va_list ap;
    va_start(ap, fmt);
    sl_buf_vformat(&text, fmt, ap);
    va_end(ap);
    return SL_ERR(INVALID, "%s", sl_buf_str(&text).p);
}

void step_progress(struct step *s, const char *fmt, ...)
{
    static int64_t last_us;
    bool terminal = isatty(STDERR_FILENO);
    int64_t now = sl_time_monotonic_us();
    (void)s;
    if (now - last_us < (terminal ? 100000 : 2000000))
        return;
    last_us = now;
    va_list ap;
    va_start(ap, fmt);
    fputs(terminal ? "\r\033[K" : "", stderr);
    vfprintf(stderr, fmt, ap);
    fputs(terminal ? "" : "\n", stderr);
    va_end(ap);
}

/* ---- main
 * ---------------------------------------------------------------------------------------- */

static const char *outcome_of(const struct sl_err *err)
{
    if (!err)
        return "succeeded";
    switch (err->kind) {
    case SL_ERR_INVALID:
    case SL_ERR_CORRUPT:
    case SL_ERR_NOT_FOUND:
        return "invalid_input";
    case SL_ERR_UNAVAILABLE:
    case SL_ERR_TIMEOUT:
    case SL_ERR_CONFLICT:
        return "unavailable";
    default:
        return "failed";
    }
}

static int exit_of(struct sl_str outcome)
{
    if (sl_str_is(outcome, "succeeded"))
        return TASK_EXIT_OK;
    if (sl_str_is(outcome, "invalid_input"))
        return TASK_EXIT_INVALID;
    return sl_str_is(outcome, "unavailable") ? TASK_EXIT_TRANSIENT : TASK_EXIT_FAILED;
}

static struct sl_err *load_task(struct step *s)
{
    const char *text = getenv("SLUICE_TASK");
    if (!text)
        return SL_ERR(INVALID, "SLUICE_TASK is not set: this program runs as a step of a pipeline");
    struct sl_str json = sl_str(text);
    if (json.n && json.p[0] != '{') {
        struct blobs *b = storage_new(NULL);
        struct sl_err *err = blobs_read(b, s->a, json, SL_LIMIT_DOCUMENT_BYTES, &json);
        storage_free(b);
        SL_TRY(err, "SLUICE_TASK");
    }
    struct task *task;
    SL_TRY(task_decode(s->a, json, &task), "SLUICE_TASK");
    s->task = task;
    return NULL;
}

static struct sl_err *decode_params(struct step *s)
{
    struct diag_list l;
    diag_list_init(&l, s->a, SL_STR(""));
    s->params = catalog_decode_params(&l, s->component, s->task->params, SL_STR("params"));
    return diag_to_err(&l);
}

static struct sl_str result_uri(struct step *s)
{
    return sl_arena_format(s->a, "%.*s/%s", SL_FMT(s->task->attempt_uri), RESULT_FILE);
}

/* A result that an earlier life of this very attempt left: then the work is done. */
static bool find_result(struct step *s, struct task_result **ret)
{
    struct sl_str text;
    struct sl_err *err = blobs_read(s->blobs, s->a, result_uri(s), SL_LIMIT_RESULT_BYTES, &text);
    if (!err)
        err = task_result_decode(s->a, text, ret);
    sl_err_free(err);
    return err == NULL;
}

static struct sl_err *write_result(struct step *s, struct sl_err *failure)
{
    if (!failure || s->result.outcome.n == 0)
        s->result.outcome = sl_str(outcome_of(failure));
    if (failure) {
        SL_AUTOBUF(text, 1 << 20);
        sl_err_format(failure, &text);
        s->result.error_kind = sl_str(sl_err_kind_name(failure->kind));
        s->result.error_message = sl_arena_str(s->a, sl_buf_str(&text));
    }
    SL_AUTOBUF(json, SL_LIMIT_RESULT_BYTES);
    task_result_encode(&s->result, &json);
    if (json.overflow)
        return SL_ERR(EXHAUSTED, "the result is larger than %zu bytes", SL_LIMIT_RESULT_BYTES);
    return blobs_write(s->blobs, result_uri(s), sl_buf_str(&json), false);
}

static void start_result(struct step *s)
{
    s->capacity_outputs = s->task->n_outputs;
    s->result = (struct task_result){
        .outputs = SL_ARENA_ARRAY(s->a, struct task_output, s->capacity_outputs),
        .values = json_new_object(s->a),
        .metrics = json_new_object(s->a),
    };
}

static struct sl_err *run_task(struct step *s, step_run *run, int *ret_exit)
{
    struct task_result *earlier;
    SL_TRY(load_task(s));
    s->blobs = storage_new(s->task->storage);
    if (find_result(s, &earlier)) {
        sl_log_info("this attempt has its result already", "step",
                    sl_arena_cstr(s->a, s->task->step), NULL);
        *ret_exit = exit_of(earlier->outcome);
        return NULL;
    }
    start_result(s);
    s->workers = workers_new((int)SL_MIN(s->task->threads, (int64_t)1024));
    struct sl_err *err = decode_params(s);
    if (!err)
        err = run(s);
    struct sl_err *late = write_result(s, err);
    *ret_exit = exit_of(s->result.outcome);
    if (late && !err)
        *ret_exit = exit_of(sl_str(outcome_of(late)));
    return sl_err_first(err, late);
}

int step_main(int argc, char **argv, const char *component, step_run *run)
{
    const struct catalog_component *c = catalog_find(sl_str(component));
    sl_assert(c != NULL);
    return step_main_of(argc, argv, c, run);
}

int step_main_of(int argc, char **argv, const struct catalog_component *component, step_run *run)
{
    sl_alloc_keep();
    sl_log_setup(SL_LOG_INFO, SL_LOG_AUTO);
    struct step s = {.a = sl_arena_new(), .component = component};
    if (argc > 1 && sl_str_is(sl_str(argv[1]), "--version")) {
        printf("%s %s build %s\n", component->name, build_version(),
               build_id_of(component->executable));
        return TASK_EXIT_OK;
    }
    int code = TASK_EXIT_INVALID;
    struct sl_err *err = run_task(&s, run, &code);
    if (err && !s.task)
        code = exit_of(sl_str(outcome_of(err)));
    sl_log_err(SL_LOG_ERROR, err, "the step failed");
    workers_free(s.workers);
    storage_free(s.blobs);
    sl_arena_free(s.a);
    return code;
}
