/* What verbs print: the same values as a table for people, as JSON or YAML for programs. */
#pragma once

#include "codec/json.h"

enum output_format { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_YAML };

/* "table", "json" or "yaml". Errors: invalid. */
struct sl_err *output_parse(struct sl_str s, enum output_format *ret) SL_MUST_USE;

enum output_kind {
    OUTPUT_TEXT,
    OUTPUT_DIGEST,  /* its first 12 digits */
    OUTPUT_SECONDS, /* a duration: "3.1s" */
    OUTPUT_BYTES,   /* "1.2 MiB" */
    OUTPUT_TIME,    /* RFC 3339 text: date and time to the second */
};

struct output_column {
    const char *title;
    const char *member; /* of the rows' objects */
    enum output_kind kind;
};

/* An array of objects. The table has a row for each and says `none` when there is no row; the
 * others print the whole objects. Missing and null members are '-'. Goes to stdout. */
void output_list(enum output_format format, const struct json *list,
                 const struct output_column *columns, size_t n, const char *none);
/* One value as JSON or YAML. */
void output_value(enum output_format format, const struct json *v);
