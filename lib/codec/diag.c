#include "codec/diag.h"

void diag_list_init(struct diag_list *l, struct sl_arena *a, struct sl_str file)
{
    *l = (struct diag_list){.a = a, .file = file};
}

void diag_add(struct diag_list *l, enum diag_level level, int line, struct sl_str path,
              const char *fmt, ...)
{
    struct diag *d = SL_ARENA_NEW(l->a, struct diag);
    va_list ap;
    va_start(ap, fmt);
    *d = (struct diag){
        .level = level,
        .file = l->file,
        .line = line,
        .path = sl_arena_str(l->a, path),
        .message = sl_arena_vformat(l->a, fmt, ap),
    };
    va_end(ap);
    if (l->last)
        l->last->next = d;
    else
        l->first = d;
    l->last = d;
    if (level == DIAG_ERROR)
        l->error_count++;
    else
        l->warning_count++;
}

const char *diag_did_you_mean(struct sl_arena *a, struct sl_str name,
                              const struct sl_str *candidates, size_t n)
{
    struct sl_str near = sl_str_closest(name, candidates, n);
    return near.n ? sl_arena_format(a, ", did you mean '%.*s'?", SL_FMT(near)).p : "";
}

void diag_format(const struct diag *d, struct sl_buf *b)
{
    if (d->file.n)
        sl_buf_add_str(b, d->file);
    if (d->line)
        sl_buf_format(b, "%s%d", d->file.n ? ":" : "line ", d->line);
    if (d->file.n || d->line)
        sl_buf_add_cstr(b, ": ");
    if (d->level == DIAG_WARNING)
        sl_buf_add_cstr(b, "warning: ");
    if (d->path.n)
        sl_buf_format(b, "%.*s: ", SL_FMT(d->path));
    sl_buf_add_str(b, d->message);
}

struct sl_err *diag_to_err(const struct diag_list *l)
{
    if (l->error_count == 0)
        return NULL;
    SL_AUTOBUF(text, 1 << 20);
    for (const struct diag *d = l->first; d; d = d->next) {
        if (d->level != DIAG_ERROR)
            continue;
        if (text.n)
            sl_buf_add_char(&text, '\n');
        diag_format(d, &text);
    }
    return SL_ERR(INVALID, "%s", text.p);
}
