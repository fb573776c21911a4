/* JSON values as a tree in an arena; YAML (codec/yaml.h) is read into the same tree, with line
 * numbers.
 *
 * Parsing is cJSON's, within limits: nesting of SL_LIMIT_JSON_DEPTH, duplicate keys refused,
 * integers beyond 2^53 refused (they travel as strings). Objects keep the order of their text. A
 * decoded object is never written back whole: write the fields you own. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "codec/diag.h"

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_member;

struct json {
    enum json_type type;
    int line; /* 0: unknown (parsed from JSON, or made) */
    bool boolean;
    double number;
    struct sl_str string;
    struct json **items; /* of an array */
    struct json_member *members;
    size_t n, capacity; /* of items or members */
};

struct json_member {
    struct sl_str key;
    struct json *value;
};

/* Lifetime: the tree lives in `a` and holds copies. Errors: invalid, with line and column. */
struct sl_err *json_parse(struct sl_arena *a, struct sl_str text, struct json **ret) SL_MUST_USE;

/* The member `key`, or NULL (also when `object` is NULL or no object). */
struct json *json_get(const struct json *object, const char *key);
struct json *json_get_str(const struct json *object, struct sl_str key);
/* Short cuts with a default for absent or of another type. */
struct sl_str json_get_string(const struct json *object, const char *key, struct sl_str otherwise);
double json_get_number(const struct json *object, const char *key, double otherwise);
bool json_get_bool(const struct json *object, const char *key, bool otherwise);
/* True for a number without fraction, |x| <= 2^53. */
bool json_is_integer(const struct json *v);
/* "string", "number", ... for messages. */
const char *json_type_name(enum json_type type);
bool json_equal(const struct json *x, const struct json *y);

/* Making values, in `a`. Strings are not copied. */
struct json *json_new_null(struct sl_arena *a);
struct json *json_new_bool(struct sl_arena *a, bool b);
struct json *json_new_number(struct sl_arena *a, double d);
struct json *json_new_string(struct sl_arena *a, struct sl_str s);
struct json *json_new_array(struct sl_arena *a);
struct json *json_new_object(struct sl_arena *a);
/* A deep copy into `a`. */
struct json *json_copy(struct sl_arena *a, const struct json *v);
void json_push(struct sl_arena *a, struct json *array, struct json *value);
/* Adds or replaces. */
void json_set(struct sl_arena *a, struct json *object, const char *key, struct json *value);
void json_set_str(struct sl_arena *a, struct json *object, struct sl_str key, struct json *value);
/* Short cuts. */
void json_set_string(struct sl_arena *a, struct json *object, const char *key, struct sl_str s);
void json_set_number(struct sl_arena *a, struct json *object, const char *key, double d);
void json_set_bool(struct sl_arena *a, struct json *object, const char *key, bool b);

enum json_style {
    JSON_COMPACT,   /* one line, members in their order */
    JSON_PRETTY,    /* two spaces, members in their order, a line end at the end */
    JSON_CANONICAL, /* one line, members sorted by key bytes: for digests */
};
/* Integers without fraction are written as such, other numbers shortest round-trip; NaN and
 * infinities as null. Text that is no UTF-8 gets U+FFFD for each bad byte. */
void json_format(const struct json *v, enum json_style style, struct sl_buf *b);
/* `s` as a JSON string with its quotes. */
void json_format_string(struct sl_str s, struct sl_buf *b);

/* ---- decoding into structs by a table ---------------------------------------------------------
 * One table per struct: what accepts, what defaults, and what the error says stand in one place.
 * The kinds of a field and the C type at its offset: */
enum json_kind {
    JSON_K_STRING,      /* struct sl_str */
    JSON_K_BOOL,        /* bool */
    JSON_K_INT,         /* int64_t */
    JSON_K_NUMBER,      /* double */
    JSON_K_DURATION,    /* int64_t milliseconds, from "1h30m" */
    JSON_K_BYTES,       /* int64_t bytes, from "512Mi", "1G" or a plain number */
    JSON_K_ENUM,        /* int, the index in `names` (NULL-ended) */
    JSON_K_ANY,         /* struct json *: taken as it is */
    JSON_K_OBJECT,      /* the struct of `table`, embedded at the offset */
    JSON_K_STRING_LIST, /* struct json_strings */
    JSON_K_NUMBER_LIST, /* struct json_numbers */
    JSON_K_OBJECT_LIST, /* struct json_objects: elements of `table`, each table->size bytes */
};

struct json_strings {
    struct sl_str *p;
    size_t n;
};

struct json_numbers {
    double *p;
    size_t n;
};

struct json_objects {
    void *p;
    size_t n;
};

struct json_table;

struct json_field {
    const char *name;
    enum json_kind kind;
    size_t offset;
    bool required;
    const char *otherwise;          /* default as JSON text; NULL: zeros */
    const struct json_table *table; /* OBJECT, OBJECT_LIST */
    const char *const *names;       /* ENUM */
    double min, max;                /* INT, NUMBER (inclusive), when min < max */
    const char *help;               /* one sentence for documentation, or NULL */
    size_t present_offset;          /* of a bool that says whether the field was there; 0: none */
};

struct json_table {
    const struct json_field *fields;
    size_t n;
    size_t size;        /* sizeof the struct */
    size_t line_offset; /* of an int that gets the object's line; 0: none */
};

#define JSON_TABLE(fields_array, type)                                                \
    {                                                                                 \
        .fields = (fields_array), .n = SL_COUNTOF(fields_array), .size = sizeof(type) \
    }

/* Fills the struct at `out` from `object` (NULL reads as an empty object; what is none is an
 * error). Unknown fields, wrong types, missing required fields and values out of bounds each add an
 * error with `path` in front and, for names, "did you mean". Lifetime: strings and lists live as
 * long as the tree, or in l->a. `out` is wholly written even with errors. */
void json_decode(struct diag_list *l, const struct json *object, const struct json_table *table,
                 struct sl_str path, void *out);
