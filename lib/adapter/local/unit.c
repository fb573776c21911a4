#include "adapter/local/unit.h"

#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* Fixed width: decimal numbers with leading spaces, one a line. */
enum { FIELDS = 9, WIDTH = 20, RECORD_BYTES = FIELDS * (WIDTH + 1) };

struct sl_str unit_file_name(struct sl_arena *a, struct sl_str step, struct sl_str item,
                             int64_t attempt)
{
    return sl_arena_format(a, "%.*s%s%.*s.%lld", SL_FMT(step), item.n ? "." : "", SL_FMT(item),
                           (long long)attempt);
}

bool unit_parse_file_name(struct sl_arena *a, struct sl_str name, struct unit_record *ret)
{
    ptrdiff_t last = sl_str_rfind_char(name, '.');
    if (last <= 0 || !sl_str_to_i64(sl_str_skip(name, (size_t)last + 1), &ret->attempt))
        return false;
    struct sl_str rest = sl_arena_str(a, sl_strn(name.p, (size_t)last));
    ptrdiff_t first = sl_str_find_char(rest, '.');
    ret->step = first < 0 ? rest : sl_strn(rest.p, (size_t)first);
    ret->item = first < 0 ? SL_STR("") : sl_str_skip(rest, (size_t)first + 1);
    return ret->attempt > 0;
}

struct sl_err *unit_record_write(int fd, const struct unit_record *u)
{
    const int64_t fields[FIELDS] = {u->pid,        u->start_ticks, u->created_us,
                                    u->started_us, u->ended_us,    u->end,
                                    u->exit_code,  u->signal,      u->peak_memory_bytes};
    char text[RECORD_BYTES + 1];
    for (int i = 0; i < FIELDS; i++)
        snprintf(text + i * (WIDTH + 1), WIDTH + 2, "%*lld\n", WIDTH, (long long)fields[i]);
    return pwrite(fd, text, RECORD_BYTES, 0) == RECORD_BYTES ? NULL : SL_ERRNO("write");
}

bool unit_record_read(int fd, struct unit_record *ret)
{
    char text[RECORD_BYTES];
    int64_t fields[FIELDS];
    if (pread(fd, text, RECORD_BYTES, 0) != RECORD_BYTES)
        return false;
    for (int i = 0; i < FIELDS; i++) {
        struct sl_str s = sl_str_trim(sl_strn(text + i * (WIDTH + 1), WIDTH));
        if (!sl_str_to_i64(s, &fields[i]))
            return false;
    }
    ret->pid = fields[0];
    ret->start_ticks = fields[1];
    ret->created_us = fields[2];
    ret->started_us = fields[3];
    ret->ended_us = fields[4];
    ret->end =
        fields[5] >= 0 && fields[5] <= UNIT_END_IMAGE_ERROR ? (int)fields[5] : UNIT_END_DISRUPTED;
    ret->exit_code = (int)fields[6];
    ret->signal = (int)fields[7];
    ret->peak_memory_bytes = fields[8];
    return true;
}

void unit_record_write_pid(int fd, long pid)
{
    char text[WIDTH];
    for (int i = WIDTH - 1; i >= 0; i--) {
        text[i] = pid || i == WIDTH - 1 ? (char)('0' + pid % 10) : ' ';
        pid /= 10;
    }
    ssize_t n = pwrite(fd, text, WIDTH, 0);
    (void)n; /* Without it the parent's own record follows at once. */
}

int64_t unit_start_ticks(int64_t pid)
{
    SL_AUTOARENA(a);
    struct sl_str text;
    struct sl_str path = sl_arena_format(a, "/proc/%lld/stat", (long long)pid);
    struct sl_err *err = sl_file_read(a, path.p, 4096, &text);
    if (err) {
        sl_err_free(err);
        return 0;
    }
    /* The name may hold spaces and parentheses: fields are counted from the last ')'. */
    ptrdiff_t end = sl_str_rfind_char(text, ')');
    struct sl_str rest = sl_str_skip(text, (size_t)end + 2);
    struct sl_str field = {0};
    for (int i = 3; i <= 22 && sl_str_split(&rest, ' ', &field); i++)
        ;
    int64_t ticks;
    return sl_str_to_i64(field, &ticks) ? ticks : 0;
}
