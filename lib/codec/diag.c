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

struct sort_entry {
    struct diag *d;
    size_t file, index; /* when its file was first seen; its place so far */
};

static int compare_places(const void *x, const void *y)
{
    const struct sort_entry *a = x, *b = y;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    if (a->d->line != b->d->line)
        return a->d->line < b->d->line ? -1 : 1;
    return a->index < b->index ? -1 : 1;
}

void diag_sort(struct diag_list *l)
{
    size_t n = 0, count = l->error_count + l->warning_count;
    if (count == 0)
        return;
    struct sort_entry *entries = SL_ARENA_ARRAY(l->a, struct sort_entry, count);
    for (struct diag *d = l->first; d; d = d->next) {
        size_t same = 0;
        while (same < n && !sl_str_eq(entries[same].d->file, d->file))
            same++;
        entries[n] = (struct sort_entry){d, same < n ? entries[same].file : n, n};
        n++;
    }
    qsort(entries, n, sizeof(*entries), compare_places);
    for (size_t i = 0; i < n; i++)
        entries[i].d->next = i + 1 < n ? entries[i + 1].d : NULL;
    l->first = entries[0].d;
    l->last = entries[n - 1].d;
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
