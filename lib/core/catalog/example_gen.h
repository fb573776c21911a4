/* ExampleGen's parameters. */
#pragma once

#include "core/catalog/catalog.h"
#include "core/data/table.h"

enum example_gen_format { EXAMPLE_GEN_AUTO, EXAMPLE_GEN_CSV, EXAMPLE_GEN_PARQUET };
enum example_gen_compression {
    EXAMPLE_GEN_DETECT,
    EXAMPLE_GEN_NONE,
    EXAMPLE_GEN_GZIP,
    EXAMPLE_GEN_ZSTD,
};
enum example_gen_hash { EXAMPLE_GEN_XXH3, EXAMPLE_GEN_TFX };
enum example_gen_bad_row { EXAMPLE_GEN_FAIL, EXAMPLE_GEN_SKIP };

struct example_gen_split {
    struct sl_str name;
    int64_t buckets;
    struct sl_str before; /* by time: rows earlier than this that no split before has taken */
    struct json *input;   /* given: the files of this split; as `input` */
    bool has_buckets;
};

struct example_gen_split_by {
    int hash;            /* enum example_gen_hash */
    struct sl_str group; /* a column: rows that share its value share a split */
    struct sl_str time;  /* a column: see example_gen_split.before */
    bool has_hash;
};

struct example_gen_params {
    struct json *input;          /* string or list of strings; NULL: splits have their own */
    int format;                  /* enum example_gen_format */
    struct sl_str delimiter;     /* one byte; empty: a comma, in .tsv files a tab */
    bool header;                 /* the first row of each file holds the names */
    struct json_strings names;   /* of the columns, instead of or without a header */
    int compression;             /* enum example_gen_compression */
    struct json_strings nulls;   /* texts that mean missing, beside the empty one */
    struct json *types;          /* object: column -> type, or NULL */
    struct json_strings columns; /* empty: all */
    struct json_strings exclude;
    struct sl_str filter;       /* expression; empty: all rows */
    int on_bad_row;             /* enum example_gen_bad_row */
    struct json_objects splits; /* struct example_gen_split */
    struct example_gen_split_by split_by;
    int64_t span;
    int64_t memory; /* bytes */
};

extern const struct catalog_component catalog_example_gen;

/* How rows find their split. */
enum example_gen_rule { EXAMPLE_GEN_BY_HASH, EXAMPLE_GEN_BY_TIME, EXAMPLE_GEN_GIVEN };
enum example_gen_rule example_gen_rule_of(const struct example_gen_params *p);
