/* Findings about an input: several at once, each with where it stands and what was expected.
 *
 *     taxi.yaml:41: spec.steps[3].image: expected string, got number
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum diag_level { DIAG_ERROR, DIAG_WARNING };

struct diag {
    enum diag_level level;
    struct sl_str file; /* empty: none */
    int line;           /* 0: unknown */
    struct sl_str path; /* "spec.steps[3].image"; empty: the whole input */
    struct sl_str message;
    struct diag *next;
};

/* Lives in `a`, as all that is added to it does. */
struct diag_list {
    struct sl_arena *a;
    struct sl_str file; /* stands in every finding added from now on */
    struct diag *first, *last;
    size_t error_count, warning_count;
};

void diag_list_init(struct diag_list *l, struct sl_arena *a, struct sl_str file);
void diag_add(struct diag_list *l, enum diag_level level, int line, struct sl_str path,
              const char *fmt, ...) SL_PRINTF(5, 6);
/* ", did you mean 'x'?" when one of the candidates is close to `name`, else "". Lives in `a`. */
const char *diag_did_you_mean(struct sl_arena *a, struct sl_str name,
                              const struct sl_str *candidates, size_t n);
/* One finding as "file:line: path: message" without a line end. */
void diag_format(const struct diag *d, struct sl_buf *b);
/* Puts the findings in the order of files (as they first occur) and lines; what stands in one line
 * keeps its order. */
void diag_sort(struct diag_list *l);
/* NULL without errors; else an invalid failure whose message is all errors, a line each. */
struct sl_err *diag_to_err(const struct diag_list *l) SL_MUST_USE;
