/* Features for one who does not name them: a look at the columns, then a list in the grammar of the
 * parameter `features` that a user could have written (and may copy from transform.json). */
#pragma once

#include "core/learn/transform.h"

/* What one column looks like. */
struct transform_profile {
    struct column_spec spec;
    uint64_t n, n_missing;
    double mean, std, min, max; /* of numbers and times */
    uint64_t distinct;          /* of text, whole numbers and booleans, up to a limit ... */
    uint64_t distinct_of;       /* ... found among so many values */
    double mean_words;          /* of text: runs of non-spaces */
    bool rising;                /* each number is above the one before */
    bool midnight;              /* all times are at 00:00:00 */
    bool categorical;           /* the schema says that its numbers are names of something */
};

struct transform_profiles {
    struct transform_profile *p;
    size_t n;
};

/* A pass over the rows, like those of transform_analyze.h: scans on any thread, merges in order. */
struct transform_profiler;
struct transform_profile_part;
struct transform_profiler *transform_profiler_new(const struct column_spec *columns, size_t n);
/* NULL is fine. */
void transform_profiler_free(struct transform_profiler *p);
/* `t` has the profiler's columns in their order. Lifetime: ret until merged or freed. */
struct transform_profile_part *transform_profiler_scan(const struct transform_profiler *p,
                                                       struct sl_arena *a, const struct table *t);
/* Takes the part in (and frees it). */
void transform_profiler_merge(struct transform_profiler *p, struct transform_profile_part *part);
void transform_profile_part_free(struct transform_profile_part *part);
/* Lifetime: `a`. */
void transform_profiler_finish(const struct transform_profiler *p, struct sl_arena *a,
                               struct transform_profiles *ret);

/* A column to leave out, and why: what the label reads, what the user excludes. */
struct transform_exclusions {
    struct transform_excluded *p;
    size_t n;
};

/* The list of features, and what was left out (`exclude` first, then what looks like free text,
 * identifiers or constants).
 * Lifetime: `a`; names are borrowed. */
struct json *transform_derive(struct sl_arena *a, const struct transform_profiles *profiles,
                              enum transform_target target,
                              const struct transform_exclusions *exclude,
                              struct transform_exclusions *ret_excluded);
