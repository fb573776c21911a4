#include "codec/parquet/thrift.h"

#include "base/assert.h"

/* ---- reading ----------------------------------------------------------------------------------
 */

/* Remembers the first error and ends the reading. `message` is static. */
static void fail(struct thrift_reader *r, const char *message)
{
    if (!r->error)
        r->error = message;
    r->p = r->end;
}

bool thrift_take_varint(const uint8_t **p, const uint8_t *end, uint64_t *ret)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (*p == end)
            return false;
        uint8_t byte = *(*p)++;
        if (shift == 63 && byte > 1)
            return false;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret = value;
            return true;
        }
    }
    return false;
}

static uint64_t take_varint(struct thrift_reader *r)
{
    uint64_t value;
    if (thrift_take_varint(&r->p, r->end, &value))
        return value;
    fail(r, "damaged number");
    return 0;
}

static uint8_t take_byte(struct thrift_reader *r)
{
    if (r->p < r->end)
        return *r->p++;
    fail(r, "it ends early");
    return 0;
}

static void take_bytes(struct thrift_reader *r, size_t n)
{
    if (n > (size_t)(r->end - r->p))
        fail(r, "it ends early");
    else
        r->p += n;
}

bool thrift_next(struct thrift_reader *r, struct thrift_field *f)
{
    if (r->error)
        return false;
    uint8_t head = take_byte(r);
    f->type = head & 0x0f;
    if (f->type == THRIFT_STOP)
        return false;
    if (head >> 4) {
        f->id += head >> 4;
    } else {
        int64_t id = thrift_unzigzag(take_varint(r));
        if (id < INT16_MIN || id > INT16_MAX)
            fail(r, "damaged field number");
        f->id = (int)id;
    }
    if (f->id > INT16_MAX)
        fail(r, "damaged field number");
    return !r->error;
}

int64_t thrift_i64(struct thrift_reader *r, const struct thrift_field *f)
{
    if (f->type == THRIFT_I8)
        return (int8_t)take_byte(r);
    if (f->type == THRIFT_I16 || f->type == THRIFT_I32 || f->type == THRIFT_I64)
        return thrift_unzigzag(take_varint(r));
    fail(r, "a field has another type than an integer");
    return 0;
}

int32_t thrift_i32(struct thrift_reader *r, const struct thrift_field *f)
{
    int64_t value = thrift_i64(r, f);
    if (value >= INT32_MIN && value <= INT32_MAX)
        return (int32_t)value;
    fail(r, "a number needs more than 32 bits");
    return 0;
}

bool thrift_bool(struct thrift_reader *r, const struct thrift_field *f)
{
    if (f->type != THRIFT_TRUE && f->type != THRIFT_FALSE)
        fail(r, "a field has another type than a boolean");
    return f->type == THRIFT_TRUE;
}

struct sl_str thrift_binary(struct thrift_reader *r, const struct thrift_field *f)
{
    if (f->type != THRIFT_BINARY)
        fail(r, "a field has another type than a string");
    uint64_t n = r->error ? 0 : take_varint(r);
    const char *p = (const char *)r->p;
    take_bytes(r, n);
    return r->error ? SL_STR("") : sl_strn(p, n);
}

bool thrift_enter(struct thrift_reader *r, const struct thrift_field *f)
{
    if (f->type != THRIFT_STRUCT)
        fail(r, "a field has another type than a struct");
    if (++r->depth > THRIFT_DEPTH)
        fail(r, "structs are nested too deeply");
    return !r->error;
}

void thrift_leave(struct thrift_reader *r)
{
    r->depth--;
}

size_t thrift_list(struct thrift_reader *r, const struct thrift_field *f, size_t element_bytes,
                   struct thrift_field *ret_element)
{
    *ret_element = (struct thrift_field){0};
    if (f->type != THRIFT_LIST && f->type != THRIFT_SET)
        fail(r, "a field has another type than a list");
    if (r->error)
        return 0;
    uint8_t head = take_byte(r);
    uint64_t n = head >> 4;
    if (n == 15)
        n = take_varint(r);
    ret_element->type = head & 0x0f;
    if (n > (size_t)(r->end - r->p) / element_bytes)
        fail(r, "a list is longer than the data");
    return r->error ? 0 : n;
}

/* Elements of lists and maps: booleans are a byte there. */
static void skip_element(struct thrift_reader *r, enum thrift_type type)
{
    if (type == THRIFT_TRUE || type == THRIFT_FALSE)
        take_byte(r);
    else
        thrift_skip(r, &(struct thrift_field){.type = type});
}

static void skip_list(struct thrift_reader *r, const struct thrift_field *f)
{
    struct thrift_field element;
    size_t n = thrift_list(r, f, 1, &element);
    for (size_t i = 0; i < n && !r->error; i++)
        skip_element(r, element.type);
}

static void skip_map(struct thrift_reader *r)
{
    uint64_t n = take_varint(r);
    if (n == 0 || r->error)
        return;
    uint8_t types = take_byte(r);
    for (uint64_t i = 0; i < n && !r->error; i++) {
        skip_element(r, types >> 4);
        skip_element(r, types & 0x0f);
    }
}

static void skip_struct(struct thrift_reader *r)
{
    struct thrift_field f = {0};
    while (thrift_next(r, &f))
        thrift_skip(r, &f);
}

void thrift_skip(struct thrift_reader *r, const struct thrift_field *f)
{
    if (++r->depth > THRIFT_DEPTH)
        fail(r, "structs are nested too deeply");
    switch (r->error ? THRIFT_TRUE : f->type) {
    case THRIFT_TRUE:
    case THRIFT_FALSE:
        break;
    case THRIFT_I8:
        take_byte(r);
        break;
    case THRIFT_I16:
    case THRIFT_I32:
    case THRIFT_I64:
        take_varint(r);
        break;
    case THRIFT_DOUBLE:
        take_bytes(r, 8);
        break;
    case THRIFT_UUID:
        take_bytes(r, 16);
        break;
    case THRIFT_BINARY:
        thrift_binary(r, f);
        break;
    case THRIFT_LIST:
    case THRIFT_SET:
        skip_list(r, f);
        break;
    case THRIFT_MAP:
        skip_map(r);
        break;
    case THRIFT_STRUCT:
        skip_struct(r);
        break;
    default:
        fail(r, "a field of unknown type");
    }
    r->depth--;
}

/* ---- writing ----------------------------------------------------------------------------------
 */

void thrift_put_varint(struct sl_buf *out, uint64_t value)
{
    char bytes[10];
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[n++] = (char)(value | 0x80);
    bytes[n++] = (char)value;
    sl_buf_add(out, bytes, n);
}

static void put_field(struct thrift_writer *w, int id, enum thrift_type type)
{
    if (id == THRIFT_ELEMENT)
        return;
    int delta = id - w->last_id[w->depth];
    sl_assert_cmp(delta, >, 0);
    sl_assert_cmp(delta, <, 16);
    sl_buf_add_char(w->out, (char)(delta << 4 | (int)type));
    w->last_id[w->depth] = id;
}

void thrift_put_bool(struct thrift_writer *w, int id, bool value)
{
    sl_assert(id != THRIFT_ELEMENT);
    put_field(w, id, value ? THRIFT_TRUE : THRIFT_FALSE);
}

void thrift_put_i32(struct thrift_writer *w, int id, int32_t value)
{
    put_field(w, id, THRIFT_I32);
    thrift_put_varint(w->out, thrift_zigzag(value));
}

void thrift_put_i64(struct thrift_writer *w, int id, int64_t value)
{
    put_field(w, id, THRIFT_I64);
    thrift_put_varint(w->out, thrift_zigzag(value));
}

void thrift_put_binary(struct thrift_writer *w, int id, struct sl_str value)
{
    put_field(w, id, THRIFT_BINARY);
    thrift_put_varint(w->out, value.n);
    sl_buf_add_str(w->out, value);
}

void thrift_put_list(struct thrift_writer *w, int id, enum thrift_type element, size_t n)
{
    put_field(w, id, THRIFT_LIST);
    sl_buf_add_char(w->out, (char)(SL_MIN(n, (size_t)15) << 4 | element));
    if (n >= 15)
        thrift_put_varint(w->out, n);
}

void thrift_begin(struct thrift_writer *w, int id)
{
    put_field(w, id, THRIFT_STRUCT);
    sl_assert_cmp(w->depth + 1, <, THRIFT_DEPTH);
    w->last_id[++w->depth] = 0;
}

void thrift_end(struct thrift_writer *w)
{
    sl_buf_add_char(w->out, 0);
    w->depth--;
}
