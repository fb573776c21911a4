#include "cli/log_tail.h"

#include "base/file.h"

#include <fcntl.h>
#include <unistd.h>

enum { TAIL_BYTES = 4096 };

/* A progress line that is rewritten counts as far as it was rewritten last. */
static struct sl_str last_writing(struct sl_str line)
{
    line = sl_str_trim(line);
    return sl_str_skip(line, (size_t)(sl_str_rfind_char(line, '\r') + 1));
}

size_t log_tail(struct sl_arena *a, struct sl_str folder, struct sl_str ret_lines[LOG_TAIL_LINES])
{
    struct sl_str path = sl_arena_format(a, "%.*s/_logs/stderr.log", SL_FMT(folder)), line;
    SL_AUTOFD int fd = open(path.p, O_RDONLY | O_CLOEXEC);
    off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    char *text = sl_arena_alloc(a, TAIL_BYTES);
    off_t at = size > TAIL_BYTES ? size - TAIL_BYTES : 0;
    ssize_t got = size > 0 ? pread(fd, text, TAIL_BYTES, at) : 0;
    struct sl_str rest = sl_strn(text, got > 0 ? (size_t)got : 0);
    size_t n = 0;
    if (at > 0)
        sl_str_split(&rest, '\n', &line); /* most likely half a line */
    while (sl_str_split(&rest, '\n', &line)) {
        line = last_writing(line);
        if (line.n == 0 || line.p[0] == '{')
            continue;
        if (n == LOG_TAIL_LINES)
            memmove(ret_lines, ret_lines + 1, --n * sizeof(*ret_lines));
        ret_lines[n++] = line;
    }
    return n;
}
