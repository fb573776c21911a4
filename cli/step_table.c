#include "cli/step_table.h"

#include "base/alloc.h"
#include "base/time.h"
#include "cli/log_tail.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What was told of a step without a terminal. */
struct told {
    enum step_phase phase;
    int64_t attempt;
    enum outcome last;
};

struct step_table {
    const struct engine *e;
    bool live;
    int lines; /* of the table on the screen that the next one replaces */
    size_t name_width;
    struct told *told;
};

enum { NAME_MIN = 4, STATE_WIDTH = 15, ROWS_WIDTH = 10, TERMINAL_WIDTH = 100 };

struct step_table *step_table_new(const struct engine *e, bool live)
{
    const struct spec_pipeline *p = engine_pipeline(e);
    struct step_table *t = SL_NEW(struct step_table);
    t->e = e;
    t->live = live;
    t->name_width = NAME_MIN;
    t->told = SL_NEW_ARRAY(struct told, p->n_steps);
    for (size_t i = 0; i < p->n_steps; i++)
        t->name_width = SL_MAX(t->name_width, p->steps[i].name.n);
    return t;
}

void step_table_free(struct step_table *t)
{
    if (!t)
        return;
    sl_free(t->told);
    sl_free(t);
}

/* ---- one line --------------------------------------------------------------------------------*/

static const char *state_of(const struct step_state *st)
{
    switch (st->phase) {
    case STEP_RUNNING:
        return st->stop == OUTCOME_NONE ? "running" : "stopping";
    case STEP_ENDED:
        return outcome_name(st->outcome);
    case STEP_WAITING:
        break;
    }
    return st->last == OUTCOME_NONE ? "waiting" : "retrying";
}

static const char *colour_of(const struct step_state *st)
{
    if (st->phase == STEP_RUNNING)
        return "\033[36m";
    if (st->phase != STEP_ENDED)
        return st->last == OUTCOME_NONE ? "\033[2m" : "\033[33m";
    if (outcome_is_good(st->outcome))
        return "\033[32m";
    return outcome_is_failure(st->outcome) ? "\033[31m" : "\033[33m";
}

static void add_time(struct sl_buf *b, const struct step_state *st, int64_t now_us)
{
    char text[SL_TIME_TEXT] = "";
    int64_t end_us = st->phase == STEP_ENDED ? st->ended_us : now_us;
    if (st->started_us && st->attempt > 0)
        sl_duration_format(SL_MAX(end_us - st->started_us, (int64_t)0), text);
    sl_buf_format(b, " %8s", text);
}

static void add_rows(struct sl_buf *b, const struct step_record *r, const char *metric)
{
    const struct json *v = json_get(r->metrics, metric);
    if (v && v->type == JSON_NUMBER)
        sl_buf_format(b, " %*.0f", ROWS_WIDTH, v->number);
    else
        sl_buf_format(b, " %*s", ROWS_WIDTH, "");
}

/* What the step itself says of its progress: the last line it wrote. */
static void add_progress(const struct step_record *r, struct sl_buf *b)
{
    SL_AUTOARENA(a);
    struct sl_str lines[LOG_TAIL_LINES], scheme = SL_STR("file://");
    if (!sl_str_starts(r->attempt_uri, scheme))
        return;
    size_t n = log_tail(a, sl_str_skip(r->attempt_uri, scheme.n), lines);
    if (n)
        sl_buf_format(b, "  %.*s", SL_FMT(lines[n - 1]));
}

static void add_line(const struct step_table *t, size_t i, int64_t now_us, struct sl_buf *b)
{
    const struct step_state *st = &engine_step_states(t->e)[i];
    const struct step_record *r = &engine_record(t->e)->steps[i];
    const char *colour = t->live ? colour_of(st) : "", *plain = t->live ? "\033[0m" : "";
    sl_buf_format(b, "%-*.*s  %s%-*s%s", (int)t->name_width, SL_FMT(r->step), colour, STATE_WIDTH,
                  state_of(st), plain);
    if (st->attempt)
        sl_buf_format(b, " %7lld", (long long)st->attempt);
    else
        sl_buf_format(b, " %7s", "");
    add_time(b, st, now_us);
    add_rows(b, r, "rows_in");
    add_rows(b, r, "rows_out");
    if (st->phase == STEP_RUNNING && t->live)
        add_progress(r, b);
    else if (r->message.n && st->phase != STEP_RUNNING)
        sl_buf_format(b, "  %.*s", SL_FMT(r->message));
    while (b->n && b->p[b->n - 1] == ' ')
        b->n--;
}

static void add_heading(const struct step_table *t, struct sl_buf *b)
{
    sl_buf_format(b, "%-*s  %-*s %7s %8s %*s %*s", (int)t->name_width, "STEP", STATE_WIDTH, "STATE",
                  "ATTEMPT", "TIME", ROWS_WIDTH, "ROWS IN", ROWS_WIDTH, "ROWS OUT");
}

/* A line longer than the screen would wrap and break the rewriting. */
static size_t screen_width(void)
{
    struct winsize w = {0};
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col ? w.ws_col : TERMINAL_WIDTH;
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80; /* of a UTF-8 character */
}

/* `line` cut after `width` columns, a line feed in it taken as its end; escapes have no width. */
static void print_cut(struct sl_str line, size_t width)
{
    size_t columns = 0, n = 0;
    while (n < line.n && line.p[n] != '\n' && columns < width) {
        if (line.p[n] == '\033') {
            while (n < line.n && line.p[n] != 'm')
                n++;
        } else if (!is_continuation(line.p[n])) {
            columns++;
        }
        n++;
    }
    while (n < line.n && is_continuation(line.p[n]))
        n++;
    printf("%.*s", (int)n, line.p);
}

/* ---- the two ways ----------------------------------------------------------------------------*/

static void print_table(struct step_table *t, int64_t now_us, size_t width)
{
    size_t n = engine_pipeline(t->e)->n_steps;
    SL_AUTOBUF(line, 1 << 16);
    if (t->lines)
        printf("\033[%dA", t->lines);
    add_heading(t, &line);
    printf("%s%.*s\n", t->live ? "\033[K" : "", SL_FMT(sl_buf_str(&line)));
    for (size_t i = 0; i < n; i++) {
        sl_buf_clear(&line);
        add_line(t, i, now_us, &line);
        fputs(t->live ? "\033[K" : "", stdout);
        print_cut(sl_buf_str(&line), width);
        putchar('\n');
    }
    t->lines = t->live ? (int)n + 1 : 0;
    fflush(stdout);
}

static void tell_changes(struct step_table *t, int64_t now_us)
{
    SL_AUTOBUF(line, 1 << 16);
    for (size_t i = 0; i < engine_pipeline(t->e)->n_steps; i++) {
        const struct step_state *st = &engine_step_states(t->e)[i];
        struct told now = {st->phase, st->attempt, st->last};
        if (now.phase == t->told[i].phase && now.attempt == t->told[i].attempt &&
            now.last == t->told[i].last)
            continue;
        t->told[i] = now;
        sl_buf_clear(&line);
        add_line(t, i, now_us, &line);
        print_cut(sl_buf_str(&line), line.n);
        putchar('\n');
    }
    fflush(stdout);
}

void step_table_update(struct step_table *t, int64_t now_us)
{
    if (t->live)
        print_table(t, now_us, screen_width());
    else
        tell_changes(t, now_us);
}

void step_table_finish(struct step_table *t, int64_t now_us)
{
    step_table_update(t, now_us);
    if (t->live)
        return;
    putchar('\n');
    print_table(t, now_us, SIZE_MAX);
}
