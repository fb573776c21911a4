#include "codec/parquet/footer.h"

#include "codec/parquet/thrift.h"

/* The least that a well-formed struct takes, with the fields that the format requires. */
enum { ELEMENT_BYTES = 4, ROW_GROUP_BYTES = 7, CHUNK_BYTES = 16, KEY_VALUE_BYTES = 3 };

static void decode_unit(struct thrift_reader *r, const struct thrift_field *at,
                        struct footer_element *e)
{
    if (!thrift_enter(r, at))
        return;
    struct thrift_field f = {0};
    while (thrift_next(r, &f)) {
        if (f.id >= UNIT_MILLIS && f.id <= UNIT_NANOS)
            e->unit = (enum parquet_unit)f.id;
        thrift_skip(r, &f);
    }
    thrift_leave(r);
}

static void decode_decimal(struct thrift_reader *r, struct thrift_field *f,
                           struct footer_element *e)
{
    if (f->id == 1)
        e->scale = thrift_i32(r, f);
    else
        thrift_skip(r, f);
}

static void decode_time(struct thrift_reader *r, struct thrift_field *f, struct footer_element *e)
{
    if (f->id == 1)
        e->utc = thrift_bool(r, f);
    else if (f->id == 2)
        decode_unit(r, f, e);
    else
        thrift_skip(r, f);
}

static void decode_integer(struct thrift_reader *r, struct thrift_field *f,
                           struct footer_element *e)
{
    if (f->id == 1)
        e->bits = thrift_i32(r, f);
    else if (f->id == 2)
        e->is_signed = thrift_bool(r, f);
    else
        thrift_skip(r, f);
}

/* A union: one field, whose id says which type and whose struct says the rest. */
static void decode_logical(struct thrift_reader *r, const struct thrift_field *at,
                           struct footer_element *e)
{
    if (!thrift_enter(r, at))
        return;
    struct thrift_field f = {0};
    while (thrift_next(r, &f)) {
        e->logical = f.id;
        if (!thrift_enter(r, &f))
            break;
        struct thrift_field g = {0};
        while (thrift_next(r, &g)) {
            if (f.id == LOGICAL_DECIMAL)
                decode_decimal(r, &g, e);
            else if (f.id == LOGICAL_TIME || f.id == LOGICAL_TIMESTAMP)
                decode_time(r, &g, e);
            else if (f.id == LOGICAL_INTEGER)
                decode_integer(r, &g, e);
            else
                thrift_skip(r, &g);
        }
        thrift_leave(r);
    }
    thrift_leave(r);
}

static void decode_element(struct thrift_reader *r, const struct thrift_field *at,
                           struct footer_element *e)
{
    *e = (struct footer_element){.physical = -1, .converted = CONVERTED_NONE};
    if (!thrift_enter(r, at))
        return;
    struct thrift_field f = {0};
    while (thrift_next(r, &f)) {
        switch (f.id) {
        case 1:
            e->physical = thrift_i32(r, &f);
            break;
        case 2:
            e->type_length = thrift_i32(r, &f);
            break;
        case 3:
            e->repetition = (enum parquet_repetition)thrift_i32(r, &f);
            break;
        case 4:
            e->name = thrift_binary(r, &f);
            break;
        case 5:
            e->child_count = thrift_i32(r, &f);
            break;
        case 6:
            e->converted = thrift_i32(r, &f);
            break;
        case 7:
            e->scale = thrift_i32(r, &f);
            break;
        case 10:
            decode_logical(r, &f, e);
            break;
        default:
            thrift_skip(r, &f);
        }
    }
    thrift_leave(r);
}

static void decode_stats(struct thrift_reader *r, const struct thrift_field *at,
                         struct footer_stats *s)
{
    if (!thrift_enter(r, at))
        return;
    struct thrift_field f = {0};
    while (thrift_next(r, &f)) {
        switch (f.id) {
        case 1:
            s->old_max = thrift_binary(r, &f);
            break;
        case 2:
            s->old_min = thrift_binary(r, &f);
            break;
        case 3:
            s->null_count = thrift_i64(r, &f);
            break;
        case 4:
            s->distinct_count = thrift_i64(r, &f);
            break;
        case 5:
            s->max = thrift_binary(r, &f);
            break;
        case 6:
            s->min = thrift_binary(r, &f);
            break;
        case 7:
            s->max_exact = thrift_bool(r, &f);
            break;
        case 8:
            s->min_exact = thrift_bool(r, &f);
            break;
        default:
            thrift_skip(r, &f);
        }
    }
    thrift_leave(r);
}

static void decode_column_metadata(struct thrift_reader *r, const struct thrift_field *at,
                                   struct footer_chunk *c)
{
    if (!thrift_enter(r, at))
        return;
    c->has_metadata = true;
    struct thrift_field f = {0};
    while (thrift_next(r, &f)) {
        switch (f.id) {
        case 1:
            c->physical = thrift_i32(r, &f);
            break;
        case 4:
            c->codec = thrift_i32(r, &f);
            break;
        case 5:
            c->value_count = thrift_i64(r, &f);
            break;
        case 6:
            c->decoded_bytes = thrift_i64(r, &f);
            break;
        case 7:
            c->bytes = thrift_i64(r, &f);
            break;
        case 9:
            c->data_offset = thrift_i64(r, &f);
            break;
        case 11:
            c->dictionary_offset = thrift_i64(r, &f);
            break;
        case 12:
            decode_stats(r, &f, &c->stats);
            break;
        default:
            thrift_skip(r, &f);
        }
    }
    thrift_leave(r);
}

static void decode_chunk(struct thrift_reader *r, const struct thrift_field *at,
                         struct footer_chunk *c)
{
    c->stats = (struct footer_stats){
        .null_count = -1, .distinct_count = -1, .min_exact = -1, .max_exact = -1};
    if (!thrift_enter(r, at))
        return;
    struct thrift_field f = {0};
    while (thrift_next(r, &f)) {
        switch (f.id) {
        case 1:
            c->file_path = thrift_binary(r, &f);
            break;
        case 3:
            decode_column_metadata(r, &f, c);
            break;
        case 8: /* crypto_metadata */
        case 9: /* encrypted_column_metadata */
            c->encrypted = true;
            thrift_skip(r, &f);
            break;
        default:
            thrift_skip(r, &f);
        }
    }
    thrift_leave(r);
}

static void decode_row_group(struct sl_arena *a, struct thrift_reader *r,
                             const struct thrift_field *at, struct footer_row_group *g)
{
    if (!thrift_enter(r, at))
        return;
    struct thrift_field f = {0}, element;
    while (thrift_next(r, &f)) {
        switch (f.id) {
        case 1:
            g->chunk_count = thrift_list(r, &f, CHUNK_BYTES, &element);
            g->chunks = SL_ARENA_ARRAY(a, struct footer_chunk, g->chunk_count);
            for (size_t i = 0; i < g->chunk_count && !r->error; i++)
                decode_chunk(r, &element, &g->chunks[i]);
            break;
        case 3:
            g->rows = thrift_i64(r, &f);
            break;
        default:
            thrift_skip(r, &f);
        }
    }
    thrift_leave(r);
}

static void decode_key_value(struct thrift_reader *r, const struct thrift_field *at,
                             struct footer_key_value *kv)
{
    if (!thrift_enter(r, at))
        return;
    struct thrift_field f = {0};
    while (thrift_next(r, &f)) {
        if (f.id == 1)
            kv->key = thrift_binary(r, &f);
        else if (f.id == 2)
            kv->value = thrift_binary(r, &f);
        else
            thrift_skip(r, &f);
    }
    thrift_leave(r);
}

/* The fields of FileMetaData that are lists. */
static void decode_list(struct sl_arena *a, struct thrift_reader *r, const struct thrift_field *f,
                        struct footer *m)
{
    struct thrift_field element;
    size_t n;
    switch (f->id) {
    case 2:
        n = thrift_list(r, f, ELEMENT_BYTES, &element);
        m->elements = SL_ARENA_ARRAY(a, struct footer_element, n);
        m->element_count = n;
        for (size_t i = 0; i < n && !r->error; i++)
            decode_element(r, &element, &m->elements[i]);
        break;
    case 4:
        n = thrift_list(r, f, ROW_GROUP_BYTES, &element);
        m->row_groups = SL_ARENA_ARRAY(a, struct footer_row_group, n);
        m->row_group_count = n;
        for (size_t i = 0; i < n && !r->error; i++)
            decode_row_group(a, r, &element, &m->row_groups[i]);
        break;
    default:
        n = thrift_list(r, f, KEY_VALUE_BYTES, &element);
        m->key_values = SL_ARENA_ARRAY(a, struct footer_key_value, n);
        m->key_value_count = n;
        for (size_t i = 0; i < n && !r->error; i++)
            decode_key_value(r, &element, &m->key_values[i]);
    }
}

struct sl_err *footer_decode(struct sl_arena *a, struct sl_str bytes, struct footer *ret_footer)
{
    struct thrift_reader r = thrift_reader(bytes.p, bytes.n);
    struct footer m = {0};
    struct thrift_field f = {0};
    while (thrift_next(&r, &f)) {
        switch (f.id) {
        case 2:
        case 4:
        case 5:
            decode_list(a, &r, &f, &m);
            break;
        case 3:
            m.rows = thrift_i64(&r, &f);
            break;
        case 6:
            m.created_by = thrift_binary(&r, &f);
            break;
        case 8: /* encryption_algorithm */
            m.encrypted = true;
            thrift_skip(&r, &f);
            break;
        default:
            thrift_skip(&r, &f);
        }
    }
    if (r.error)
        return SL_ERR(CORRUPT, "damaged footer: %s", r.error);
    *ret_footer = m;
    return NULL;
}
