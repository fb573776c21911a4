#include "components/shim/shim.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 1 << 20, VALUE_BYTES = 64 << 10, MAX_DEPTH = 32 };

/* ---- artifacts -------------------------------------------------------------------------------*/

static struct sl_err *copy_pieces(struct artifact_file *to, const char *path)
{
    SL_AUTOFD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return SL_ERRNO("open '%s'", path);
    char *piece SL_AUTOFREE = sl_alloc(PIECE);
    for (;;) {
        ssize_t n = read(fd, piece, PIECE);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return SL_ERRNO("read '%s'", path);
        if (n == 0)
            return NULL;
        SL_TRY(artifact_file_append(to, piece, (size_t)n));
    }
}

static struct sl_err *copy(struct artifact_writer *w, const char *path, struct sl_str name)
{
    struct artifact_file *to;
    SL_TRY(artifact_file_new(w, name, &to));
    struct sl_err *err = copy_pieces(to, path);
    if (err) {
        artifact_file_abort(to);
        return err;
    }
    return artifact_file_close(to);
}

/* Every regular file below; others (links, sockets) are refused, as they mean nothing elsewhere. */
static struct sl_err *copy_folder(struct sl_arena *a, struct artifact_writer *w, const char *path,
                                  struct sl_str prefix, int depth)
{
    DIR *d = depth < MAX_DEPTH ? opendir(path) : NULL;
    if (!d)
        return depth < MAX_DEPTH ? SL_ERRNO("open '%s'", path)
                                 : SL_ERR(INVALID, "'%s' is too deep", path);
    struct sl_err *err = NULL;
    struct dirent *e;
    while (!err && (e = readdir(d)) != NULL) {
        struct stat st;
        if (sl_str_is(sl_str(e->d_name), ".") || sl_str_is(sl_str(e->d_name), ".."))
            continue;
        struct sl_str from = sl_arena_format(a, "%s/%s", path, e->d_name);
        struct sl_str name = sl_arena_format(a, "%.*s%s", SL_FMT(prefix), e->d_name);
        if (lstat(from.p, &st) < 0)
            err = SL_ERRNO("'%s'", from.p);
        else if (S_ISDIR(st.st_mode))
            err = copy_folder(a, w, from.p, sl_arena_format(a, "%.*s/", SL_FMT(name)), depth + 1);
        else if (S_ISREG(st.st_mode))
            err = copy(w, from.p, name);
        else
            err = SL_ERR(INVALID, "'%s' is no regular file", from.p);
    }
    closedir(d);
    return err;
}

static struct sl_err *fill(struct step *s, struct artifact_writer *w, const char *path,
                           struct sl_str name, struct json *properties)
{
    struct stat st;
    if (stat(path, &st) < 0) {
        if (errno == ENOENT)
            return SL_ERR(INTERNAL, "the command left nothing at '%s'", path);
        return SL_ERRNO("'%s'", path);
    }
    if (S_ISDIR(st.st_mode))
        return copy_folder(s->a, w, path, SL_STR(""), 0);
    /* So that $(inputs.x.path) of the next step is this file. */
    json_set_string(s->a, properties, "file", name);
    return copy(w, path, name);
}

static struct sl_err *collect_artifact(struct step *s, const struct shim_params *p,
                                       struct sl_str name)
{
    struct artifact_writer *w;
    struct json *properties = json_new_object(s->a);
    const char *output = sl_arena_cstr(s->a, name);
    struct sl_str path = sl_arena_format(s->a, "%.*s/%s", SL_FMT(p->work), output);
    SL_TRY(step_output(s, output, &w));
    struct sl_err *err = fill(s, w, path.p, name, properties);
    if (err) {
        artifact_writer_free(w);
        return SL_WRAP(err, "output '%s'", output);
    }
    return step_commit(s, output, w, properties);
}

/* ---- values ----------------------------------------------------------------------------------*/

static bool fits(const struct json *v, struct sl_str type)
{
    if (sl_str_is(type, "int"))
        return json_is_integer(v);
    return (sl_str_is(type, "double") && v->type == JSON_NUMBER) ||
           (sl_str_is(type, "bool") && v->type == JSON_BOOL) ||
           (sl_str_is(type, "list") && v->type == JSON_ARRAY) ||
           (sl_str_is(type, "object") && v->type == JSON_OBJECT);
}

static struct sl_err *collect_value(struct step *s, const struct shim_params *p, struct sl_str name,
                                    struct sl_str type)
{
    struct sl_str text;
    struct json *v;
    struct sl_str path = sl_arena_format(s->a, "%.*s/%.*s", SL_FMT(p->work), SL_FMT(name));
    SL_TRY(sl_file_read(s->a, path.p, VALUE_BYTES, &text));
    if (sl_str_ends(text, SL_STR("\n")))
        text.n--; /* what echo adds */
    if (sl_str_is(type, "string")) {
        v = json_new_string(s->a, text);
    } else {
        SL_TRY(json_parse(s->a, text, &v), "'%s'", path.p);
        if (!fits(v, type))
            return SL_ERR(INVALID, "'%s': expected %.*s, got %s", path.p, SL_FMT(type),
                          json_type_name(v->type));
    }
    step_value(s, sl_arena_cstr(s->a, name), v);
    return NULL;
}

struct sl_err *outputs_collect(struct step *s, const struct shim_params *p)
{
    for (size_t i = 0; i < s->task->n_outputs; i++)
        SL_TRY(collect_artifact(s, p, s->task->outputs[i].name));
    for (size_t i = 0; p->values && i < p->values->n; i++) {
        const struct json_member *m = &p->values->members[i];
        SL_TRY(collect_value(s, p, m->key, m->value->string), "value '%.*s'", SL_FMT(m->key));
    }
    return NULL;
}
