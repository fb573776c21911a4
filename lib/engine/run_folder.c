#include "engine/run_folder.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct run_folder {
    struct engine_store store;
    char *path;
    int lock_fd;
};

enum { FILE_MAX = 64 << 20 };

/* ---- writing ---------------------------------------------------------------------------------*/

/* By rename, without waiting for the disk: a killed process loses nothing by that, and after a
 * power cut the state is found again from the units and from storage. */
static struct sl_err *replace(const char *path, struct sl_str text)
{
    SL_AUTOARENA(a);
    struct sl_str part = sl_arena_format(a, "%s.part", path);
    SL_AUTOFD int fd = open(part.p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return SL_ERRNO("open '%s'", part.p);
    SL_TRY(sl_fd_write(fd, text.p, text.n), "'%s'", part.p);
    return rename(part.p, path) < 0 ? SL_ERRNO("rename '%s'", part.p) : NULL;
}

static struct sl_err *write_json(const struct run_folder *f, const char *name, const struct json *v,
                                 bool sync)
{
    SL_AUTOARENA(a);
    SL_AUTOBUF(text, FILE_MAX);
    struct sl_str path = sl_arena_format(a, "%s/%s", f->path, name);
    json_format(v, JSON_PRETTY, &text);
    return sync ? sl_file_write(path.p, sl_buf_str(&text)) : replace(path.p, sl_buf_str(&text));
}

static struct sl_err *save_status(struct engine_store *s, const struct run_record *run,
                                  const struct json *status)
{
    struct run_folder *f = SL_CONTAINER_OF(s, struct run_folder, store);
    SL_AUTOARENA(a);
    struct json *o = json_new_object(a);
    struct json *copy = json_copy(a, status);
    json_set_string(a, o, "name", run->name);
    json_set_string(a, o, "uid", run->uid);
    json_set_string(a, o, "pipeline", run->pipeline);
    json_set(a, o, "status", copy);
    bool ended = json_get(status, "outcome") != NULL;
    return write_json(f, "run.json", o, ended);
}

static struct sl_err *save_step(struct engine_store *s, const struct run_record *run,
                                const struct step_record *step)
{
    struct run_folder *f = SL_CONTAINER_OF(s, struct run_folder, store);
    SL_AUTOARENA(a);
    SL_AUTOBUF(text, FILE_MAX);
    struct step_record one_step = *step;
    struct run_record one = {.uid = run->uid,
                             .name = run->name,
                             .run_namespace = run->run_namespace,
                             .pipeline = run->pipeline,
                             .uri = run->uri,
                             .created_us = run->created_us,
                             .started_us = run->started_us,
                             .steps = &one_step,
                             .n_steps = 1};
    run_record_encode(&one, &text);
    struct sl_str path = sl_arena_format(a, "%s/steps/%.*s.json", f->path, SL_FMT(step->step));
    return replace(path.p, sl_buf_str(&text));
}

static struct json *pipeline_object(struct sl_arena *a, const struct spec_pipeline *p)
{
    struct json *o = json_new_object(a), *metadata = json_new_object(a);
    json_set_string(a, metadata, "name", p->metadata.name);
    json_set_string(a, metadata, "namespace", p->metadata.namespace);
    json_set_string(a, o, "apiVersion", SL_STR("sluice.dev/v1alpha1"));
    json_set_string(a, o, "kind", SL_STR("Pipeline"));
    json_set(a, o, "metadata", metadata);
    json_set(a, o, "spec", json_copy(a, p->object));
    return o;
}

static struct sl_err *write_spec(const struct run_folder *f, const struct run_record *run,
                                 const struct spec_pipeline *pipeline, const char *folder)
{
    SL_AUTOARENA(a);
    struct json *o = json_new_object(a);
    json_set_string(a, o, "name", run->name);
    json_set_string(a, o, "uid", run->uid);
    json_set_string(a, o, "namespace", run->run_namespace);
    json_set_string(a, o, "createdBy", run->created_by);
    json_set_number(a, o, "created_us", (double)run->created_us);
    json_set_string(a, o, "uri", run->uri);
    json_set_string(a, o, "folder", sl_str(folder));
    char *current = realpath(".", NULL);
    json_set_string(a, o, "currentFolder", sl_arena_str(a, sl_str(current ? current : "")));
    free(current); /* realpath's own malloc */
    json_set(a, o, "parameters",
             run->parameters ? json_copy(a, run->parameters) : json_new_object(a));
    json_set(a, o, "pipeline", pipeline_object(a, pipeline));
    return write_json(f, "spec.json", o, true);
}

/* ---- the lock --------------------------------------------------------------------------------*/

static struct sl_err *take_lock(const char *path, int *ret_fd)
{
    SL_AUTOARENA(a);
    struct sl_str lock = sl_arena_format(a, "%s/lock", path);
    int fd = open(lock.p, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return SL_ERRNO("open '%s'", lock.p);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        int number = errno;
        close(fd);
        if (number == EWOULDBLOCK)
            return SL_ERR(UNAVAILABLE, "another 'sluice run' is carrying it out");
        errno = number;
        return SL_ERRNO("lock '%s'", lock.p);
    }
    *ret_fd = fd;
    return NULL;
}

static struct sl_err *new_folder(const char *root, struct sl_str uid, bool make,
                                 struct run_folder **ret)
{
    SL_AUTOARENA(a);
    struct sl_str path = sl_arena_format(a, "%s/runs/%.*s", root, SL_FMT(uid));
    struct sl_str steps = sl_arena_format(a, "%s/steps", path.p);
    if (make)
        SL_TRY(sl_dir_make(steps.p));
    else if (!sl_file_exists(path.p))
        return SL_ERR(NOT_FOUND, "there is no run '%.*s' in '%s'", SL_FMT(uid), root);
    int fd;
    SL_TRY(take_lock(path.p, &fd), "run '%.*s'", SL_FMT(uid));
    struct run_folder *f = SL_NEW(struct run_folder);
    f->store = (struct engine_store){save_status, save_step};
    f->path = sl_strdup(path.p);
    f->lock_fd = fd;
    *ret = f;
    return NULL;
}

void run_folder_free(struct run_folder *f)
{
    if (!f)
        return;
    close(f->lock_fd);
    sl_free(f->path);
    sl_free(f);
}

struct engine_store *run_folder_store(struct run_folder *f)
{
    return &f->store;
}

struct sl_err *run_folder_create(const char *root, const struct run_record *run,
                                 const struct spec_pipeline *pipeline, const char *folder,
                                 struct run_folder **ret)
{
    struct run_folder *f;
    SL_TRY(new_folder(root, run->uid, true, &f));
    struct sl_err *err = write_spec(f, run, pipeline, folder);
    if (err) {
        run_folder_free(f);
        return err;
    }
    *ret = f;
    return NULL;
}

/* ---- reading ---------------------------------------------------------------------------------*/

static struct sl_err *read_json(struct sl_arena *a, const char *folder, const char *name,
                                struct json **ret)
{
    struct sl_str path = sl_arena_format(a, "%s/%s", folder, name), text;
    SL_TRY(sl_file_read(a, path.p, FILE_MAX, &text));
    struct sl_err *err = json_parse(a, text, ret);
    return err ? SL_WRAP(err, "'%s'", path.p) : NULL;
}

static struct sl_err *read_spec(struct sl_arena *a, const char *path,
                                struct run_folder_content *ret)
{
    struct json *o;
    SL_TRY(read_json(a, path, "spec.json", &o));
    ret->record = (struct run_record){
        .uid = json_get_string(o, "uid", SL_STR("")),
        .name = json_get_string(o, "name", SL_STR("")),
        .run_namespace = json_get_string(o, "namespace", SL_STR("default")),
        .created_by = json_get_string(o, "createdBy", SL_STR("")),
        .uri = json_get_string(o, "uri", SL_STR("")),
        .created_us = (int64_t)json_get_number(o, "created_us", 0),
        .parameters = json_get(o, "parameters"),
    };
    ret->pipeline_object = json_get(o, "pipeline");
    ret->folder = json_get_string(o, "folder", SL_STR("/"));
    ret->current_folder = json_get_string(o, "currentFolder", SL_STR(""));
    const struct json *metadata = json_get(ret->pipeline_object, "metadata");
    ret->record.pipeline = json_get_string(metadata, "name", SL_STR(""));
    ret->record.spec = json_get(ret->pipeline_object, "spec");
    if (ret->record.uid.n == 0 || ret->record.uri.n == 0 || !ret->record.spec)
        return SL_ERR(CORRUPT, "'%s/spec.json' lacks fields", path);
    return NULL;
}

static struct sl_err *read_status(struct sl_arena *a, const char *path, const struct json **ret)
{
    struct json *o;
    struct sl_err *err = read_json(a, path, "run.json", &o);
    *ret = NULL;
    if (err && err->kind == SL_ERR_NOT_FOUND) {
        sl_err_free(err);
        return NULL;
    }
    SL_TRY(err);
    *ret = json_get(o, "status");
    return NULL;
}

struct sl_err *run_folder_open(struct sl_arena *a, const char *root, struct sl_str uid,
                               struct run_folder **ret, struct run_folder_content *ret_content)
{
    struct run_folder *f;
    struct run_folder_content content;
    SL_TRY(new_folder(root, uid, false, &f));
    struct sl_err *err = read_spec(a, f->path, &content);
    if (!err)
        err = read_status(a, f->path, &content.status);
    if (err) {
        run_folder_free(f);
        return err;
    }
    *ret = f;
    *ret_content = content;
    return NULL;
}

static struct sl_err *read_step(struct sl_arena *a, const char *path, struct step_record *ret)
{
    struct sl_str text;
    struct run_record *one;
    struct sl_err *err = sl_file_read(a, path, FILE_MAX, &text);
    if (err && err->kind == SL_ERR_NOT_FOUND) {
        sl_err_free(err);
        return NULL;
    }
    SL_TRY(err);
    SL_TRY(run_record_decode(a, text, &one), "'%s'", path);
    if (one->n_steps != 1)
        return SL_ERR(CORRUPT, "'%s' holds %zu steps, expected one", path, one->n_steps);
    *ret = one->steps[0];
    return NULL;
}

struct sl_err *run_folder_read_steps(struct sl_arena *a, const struct run_folder *f,
                                     const struct spec_pipeline *pipeline, struct step_record **ret)
{
    struct step_record *steps = SL_ARENA_ARRAY(a, struct step_record, pipeline->n_steps);
    for (size_t i = 0; i < pipeline->n_steps; i++) {
        struct sl_str path =
            sl_arena_format(a, "%s/steps/%.*s.json", f->path, SL_FMT(pipeline->steps[i].name));
        SL_TRY(read_step(a, path.p, &steps[i]));
    }
    *ret = steps;
    return NULL;
}

/* ---- choosing --------------------------------------------------------------------------------*/

static bool read_entry(struct sl_arena *a, const char *path, struct run_folder_entry *ret)
{
    struct run_folder_content c;
    struct sl_err *err = read_spec(a, path, &c);
    if (err) {
        sl_err_free(err);
        return false;
    }
    sl_err_free(read_status(a, path, &c.status)); /* Damaged, it is told when the run is opened. */
    *ret = (struct run_folder_entry){
        .uid = c.record.uid,
        .name = c.record.name,
        .pipeline = c.record.pipeline,
        .created_us = c.record.created_us,
        .outcome = json_get_string(c.status, "outcome", SL_STR("")),
    };
    return true;
}

static int compare_newest_first(const void *a, const void *b)
{
    const struct run_folder_entry *x = a, *y = b;
    if (x->created_us != y->created_us)
        return x->created_us > y->created_us ? -1 : 1;
    return sl_str_cmp(y->uid, x->uid);
}

struct sl_err *run_folder_list(struct sl_arena *a, const char *root, struct run_folder_entry **ret,
                               size_t *ret_n)
{
    SL_VEC(struct run_folder_entry) all = {0};
    struct sl_str folder = sl_arena_format(a, "%s/runs", root);
    DIR *d = opendir(folder.p);
    if (!d && errno != ENOENT)
        return SL_ERRNO("open '%s'", folder.p);
    struct dirent *e;
    while (d && (e = readdir(d)) != NULL) {
        struct run_folder_entry one;
        struct sl_str path = sl_arena_format(a, "%s/%s", folder.p, e->d_name);
        if (e->d_name[0] != '.' && read_entry(a, path.p, &one))
            *sl_vec_add(&all) = one;
    }
    if (d)
        closedir(d);
    if (all.n)
        qsort(all.p, all.n, sizeof(*all.p), compare_newest_first);
    *ret = sl_arena_copy(a, all.p, all.n * sizeof(*all.p));
    *ret_n = all.n;
    sl_vec_deinit(&all);
    return NULL;
}
