#include "codec/parquet/leaf.h"

#include "base/assert.h"

/* What a pair of physical and logical type means. */
struct meaning {
    enum parquet_kind kind;
    enum leaf_convert convert;
    const char *word; /* of the logical type, "" without one */
    const char *why;  /* UNSUPPORTED */
};

static const struct meaning mismatch = {.word = "", .why = "its logical type does not fit"};

static struct meaning plain(enum parquet_physical physical)
{
    switch (physical) {
    case PHYSICAL_BOOLEAN:
        return (struct meaning){PARQUET_BOOL, CONVERT_NONE, "", NULL};
    case PHYSICAL_INT32:
        return (struct meaning){PARQUET_INT64, CONVERT_INT32, "", NULL};
    case PHYSICAL_INT64:
        return (struct meaning){PARQUET_INT64, CONVERT_NONE, "", NULL};
    case PHYSICAL_INT96:
        return (struct meaning){PARQUET_TIMESTAMP, CONVERT_INT96, "", NULL};
    case PHYSICAL_FLOAT:
        return (struct meaning){PARQUET_FLOAT, CONVERT_NONE, "", NULL};
    case PHYSICAL_DOUBLE:
        return (struct meaning){PARQUET_DOUBLE, CONVERT_NONE, "", NULL};
    case PHYSICAL_BYTE_ARRAY:
    case PHYSICAL_FIXED:
        return (struct meaning){PARQUET_STRING, CONVERT_NONE, "", NULL};
    }
    return mismatch;
}

/* The older ConvertedType in terms of the LogicalType that replaced it. */
static void upgrade_converted(struct footer_element *e)
{
    static const struct {
        int converted, logical;
        enum parquet_unit unit;
        int bits;
        bool is_signed;
    } table[] = {
        {CONVERTED_UTF8, LOGICAL_STRING, UNIT_NONE, 0, false},
        {CONVERTED_ENUM, LOGICAL_ENUM, UNIT_NONE, 0, false},
        {CONVERTED_DECIMAL, LOGICAL_DECIMAL, UNIT_NONE, 0, false},
        {CONVERTED_DATE, LOGICAL_DATE, UNIT_NONE, 0, false},
        {CONVERTED_TIME_MILLIS, LOGICAL_TIME, UNIT_MILLIS, 0, false},
        {CONVERTED_TIME_MICROS, LOGICAL_TIME, UNIT_MICROS, 0, false},
        {CONVERTED_TIMESTAMP_MILLIS, LOGICAL_TIMESTAMP, UNIT_MILLIS, 0, false},
        {CONVERTED_TIMESTAMP_MICROS, LOGICAL_TIMESTAMP, UNIT_MICROS, 0, false},
        {CONVERTED_UINT_8, LOGICAL_INTEGER, UNIT_NONE, 8, false},
        {CONVERTED_UINT_16, LOGICAL_INTEGER, UNIT_NONE, 16, false},
        {CONVERTED_UINT_32, LOGICAL_INTEGER, UNIT_NONE, 32, false},
        {CONVERTED_UINT_64, LOGICAL_INTEGER, UNIT_NONE, 64, false},
        {CONVERTED_INT_8, LOGICAL_INTEGER, UNIT_NONE, 8, true},
        {CONVERTED_INT_16, LOGICAL_INTEGER, UNIT_NONE, 16, true},
        {CONVERTED_INT_32, LOGICAL_INTEGER, UNIT_NONE, 32, true},
        {CONVERTED_INT_64, LOGICAL_INTEGER, UNIT_NONE, 64, true},
        {CONVERTED_JSON, LOGICAL_JSON, UNIT_NONE, 0, false},
        {CONVERTED_BSON, LOGICAL_BSON, UNIT_NONE, 0, false},
    };
    for (size_t i = 0; i < SL_COUNTOF(table); i++) {
        if (table[i].converted != e->converted)
            continue;
        e->logical = table[i].logical;
        e->unit = table[i].unit;
        e->bits = table[i].bits;
        e->is_signed = table[i].is_signed;
        /* Converted times are instants by definition. */
        e->utc = table[i].unit != UNIT_NONE;
    }
}

static struct meaning decimal(const struct footer_element *e)
{
    struct meaning m = {PARQUET_DOUBLE, CONVERT_NONE, "DECIMAL", NULL};
    if (e->physical == PHYSICAL_INT32)
        m.convert = CONVERT_DECIMAL32;
    else if (e->physical == PHYSICAL_INT64)
        m.convert = CONVERT_DECIMAL64;
    else if (e->physical == PHYSICAL_FIXED)
        m.convert = CONVERT_DECIMAL_FIXED;
    else if (e->physical == PHYSICAL_BYTE_ARRAY)
        m.convert = CONVERT_DECIMAL_STRING;
    else
        return mismatch;
    if (e->scale < 0 || e->scale > 300)
        return (struct meaning){.word = "DECIMAL", .why = "its scale is impossible"};
    return m;
}

static struct meaning time_of_day(const struct footer_element *e)
{
    struct meaning m = {PARQUET_INT64, CONVERT_NONE, "TIME", NULL};
    if (e->physical == PHYSICAL_INT32 && e->unit == UNIT_MILLIS)
        m.convert = CONVERT_TIME_MILLIS;
    else if (e->physical == PHYSICAL_INT64 && e->unit == UNIT_NANOS)
        m.convert = CONVERT_NANOS;
    else if (e->physical != PHYSICAL_INT64 || e->unit != UNIT_MICROS)
        return mismatch;
    return m;
}

static struct meaning timestamp(const struct footer_element *e)
{
    struct meaning m = {PARQUET_TIMESTAMP, CONVERT_NONE, "TIMESTAMP", NULL};
    if (e->physical != PHYSICAL_INT64 || e->unit == UNIT_NONE)
        return mismatch;
    if (e->unit == UNIT_MILLIS)
        m.convert = CONVERT_MILLIS;
    else if (e->unit == UNIT_NANOS)
        m.convert = CONVERT_NANOS;
    return m;
}

static struct meaning integer(const struct footer_element *e)
{
    struct meaning m = {PARQUET_INT64, CONVERT_NONE, e->is_signed ? "INT" : "UINT", NULL};
    if (e->physical == PHYSICAL_INT32)
        m.convert = e->is_signed ? CONVERT_INT32 : CONVERT_UINT32;
    else if (e->physical == PHYSICAL_INT64)
        m.convert = e->is_signed ? CONVERT_NONE : CONVERT_UINT64;
    else
        return mismatch;
    return m;
}

static struct meaning text(const struct footer_element *e, const char *word)
{
    if (e->physical != PHYSICAL_BYTE_ARRAY && e->physical != PHYSICAL_FIXED)
        return mismatch;
    return (struct meaning){PARQUET_STRING, CONVERT_NONE, word, NULL};
}

static struct meaning of_length(const struct footer_element *e, int length, struct meaning m)
{
    return e->physical == PHYSICAL_FIXED && e->type_length == length ? m : mismatch;
}

static struct meaning meaning_of(const struct footer_element *e)
{
    enum parquet_physical physical = (enum parquet_physical)e->physical;
    struct meaning m;
    switch (e->logical) {
    case LOGICAL_NONE:
        if (e->converted == CONVERTED_INTERVAL)
            return (struct meaning){.word = "INTERVAL", .why = "intervals have no vector form"};
        return plain(physical);
    case LOGICAL_STRING:
        return text(e, "STRING");
    case LOGICAL_ENUM:
        return text(e, "ENUM");
    case LOGICAL_JSON:
        return text(e, "JSON");
    case LOGICAL_BSON:
        return text(e, "BSON");
    case LOGICAL_DECIMAL:
        return decimal(e);
    case LOGICAL_DATE:
        return physical == PHYSICAL_INT32
                   ? (struct meaning){PARQUET_TIMESTAMP, CONVERT_DATE, "DATE", NULL}
                   : mismatch;
    case LOGICAL_TIME:
        return time_of_day(e);
    case LOGICAL_TIMESTAMP:
        return timestamp(e);
    case LOGICAL_INTEGER:
        return integer(e);
    case LOGICAL_UNKNOWN:
        m = plain(physical);
        m.word = "UNKNOWN";
        return m;
    case LOGICAL_UUID:
        return of_length(e, 16, (struct meaning){PARQUET_STRING, CONVERT_UUID, "UUID", NULL});
    case LOGICAL_FLOAT16:
        return of_length(e, 2, (struct meaning){PARQUET_FLOAT, CONVERT_FLOAT16, "FLOAT16", NULL});
    default:
        return (struct meaning){.word = "", .why = "its logical type is not known here"};
    }
}

static const char *physical_name(int physical)
{
    static const char *const names[] = {"BOOLEAN", "INT32",  "INT64",      "INT96",
                                        "FLOAT",   "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"};
    return names[physical];
}

static struct sl_str type_text(struct sl_arena *a, const struct footer_element *e, const char *word)
{
    static const char *const units[] = {"", "(MILLIS)", "(MICROS)", "(NANOS)"};
    struct sl_str length = SL_STR("");
    if (e->physical == PHYSICAL_FIXED)
        length = sl_arena_format(a, "(%d)", e->type_length);
    const char *unit =
        e->logical == LOGICAL_TIME || e->logical == LOGICAL_TIMESTAMP ? units[e->unit] : "";
    struct sl_str bits = SL_STR("");
    if (e->logical == LOGICAL_INTEGER)
        bits = sl_arena_format(a, "%d", e->bits);
    return sl_arena_format(a, "%s%.*s%s%s%.*s%s", physical_name(e->physical), SL_FMT(length),
                           word[0] ? " " : "", word, SL_FMT(bits), unit);
}

/* Bytes of a stored value in the form that the encodings are decoded to. */
static size_t raw_bytes(const struct footer_element *e, enum parquet_kind kind)
{
    switch ((enum parquet_physical)e->physical) {
    case PHYSICAL_BOOLEAN:
        return 1;
    case PHYSICAL_INT32:
    case PHYSICAL_FLOAT:
        return 4;
    case PHYSICAL_INT64:
    case PHYSICAL_DOUBLE:
        return 8;
    case PHYSICAL_INT96:
        return 12;
    case PHYSICAL_FIXED:
        return kind == PARQUET_STRING ? sizeof(struct sl_str) : (size_t)e->type_length;
    case PHYSICAL_BYTE_ARRAY:
        break;
    }
    return sizeof(struct sl_str);
}

void leaf_from_element(struct sl_arena *a, const struct footer_element *element,
                       struct parquet_leaf *ret_leaf, struct parquet_column *ret_column)
{
    struct footer_element e = *element;
    ret_column->nullable = e.repetition != REPETITION_REQUIRED;
    if (e.physical < PHYSICAL_BOOLEAN || e.physical > PHYSICAL_FIXED) {
        ret_column->type = SL_STR("?");
        ret_column->why = SL_STR("its physical type is not known here");
        return;
    }
    if (e.logical == LOGICAL_NONE)
        upgrade_converted(&e);
    struct meaning m = meaning_of(&e);
    bool fixed = e.physical == PHYSICAL_FIXED;
    if (fixed && e.type_length <= 0)
        m = (struct meaning){.word = "", .why = "its fixed length is impossible"};
    if (e.repetition != REPETITION_REQUIRED && e.repetition != REPETITION_OPTIONAL)
        m = (struct meaning){.word = m.word, .why = "it is repeated: a list in every row"};
    *ret_leaf = (struct parquet_leaf){
        .physical = (enum parquet_physical)e.physical,
        .raw_bytes = raw_bytes(&e, m.kind),
        .fixed_bytes = fixed && !m.why ? (size_t)e.type_length : 0,
        .optional = e.repetition == REPETITION_OPTIONAL,
        .kind = m.kind,
        .convert = m.convert,
        .scale = e.scale,
    };
    ret_column->kind = m.kind;
    ret_column->utc = e.utc && m.kind == PARQUET_TIMESTAMP;
    ret_column->raw = m.kind == PARQUET_STRING && (m.word[0] == '\0' || e.logical == LOGICAL_BSON);
    ret_column->type = type_text(a, &e, m.word);
    ret_column->why = m.why ? sl_str(m.why) : SL_STR("");
}

size_t leaf_value_bytes(enum parquet_kind kind)
{
    switch (kind) {
    case PARQUET_INT64:
    case PARQUET_DOUBLE:
    case PARQUET_TIMESTAMP:
        return 8;
    case PARQUET_FLOAT:
    case PARQUET_STRING:
        return 4;
    case PARQUET_BOOL:
        return 1;
    case PARQUET_UNSUPPORTED:
        break;
    }
    sl_assert(!"a kind with values");
    return 0;
}
