#include "codec/pbtxt.h"
#include "codec/pbtxt_element.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void format_string(struct sl_str s, struct sl_buf *b)
{
    sl_buf_add_char(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '"' || c == '\'' || c == '\\')
            sl_buf_format(b, "\\%c", c);
        else if (c == '\n')
            sl_buf_add_cstr(b, "\\n");
        else if (c == '\r')
            sl_buf_add_cstr(b, "\\r");
        else if (c == '\t')
            sl_buf_add_cstr(b, "\\t");
        else if (c < 0x20 || c >= 0x7f)
            sl_buf_format(b, "\\%03o", c);
        else
            sl_buf_add_char(b, (char)c);
    }
    sl_buf_add_char(b, '"');
}

static void format_double(double d, struct sl_buf *b)
{
    size_t before = b->n;
    sl_buf_add_f64(b, d);
    if (isfinite(d) && !b->overflow && !strpbrk(b->p + before, ".e"))
        sl_buf_add_cstr(b, ".0");
}

/* The shortest text that reads back as the same float. */
static void format_float(float f, struct sl_buf *b)
{
    char text[32];
    if (!isfinite(f)) {
        format_double((double)f, b);
        return;
    }
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, (double)f);
        if (strtof(text, NULL) == f)
            break;
    }
    sl_buf_format(b, "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
}

static void format_message(const ProtobufCMessage *m, int depth, struct sl_buf *b);

static void format_enum(const ProtobufCFieldDescriptor *f, int value, struct sl_buf *b)
{
    const ProtobufCEnumValue *named = protobuf_c_enum_descriptor_get_value(f->descriptor, value);
    if (named)
        sl_buf_add_cstr(b, named->name);
    else
        sl_buf_format(b, "%d", value);
}

static void format_value(const ProtobufCFieldDescriptor *f, const void *at, struct sl_buf *b)
{
    switch (f->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        sl_buf_format(b, "%d", *(const int32_t *)at);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        sl_buf_format(b, "%u", *(const uint32_t *)at);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        sl_buf_format(b, "%lld", (long long)*(const int64_t *)at);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        sl_buf_format(b, "%llu", (unsigned long long)*(const uint64_t *)at);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        format_float(*(const float *)at, b);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        format_double(*(const double *)at, b);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        sl_buf_add_cstr(b, *(const protobuf_c_boolean *)at ? "true" : "false");
        break;
    case PROTOBUF_C_TYPE_ENUM:
        format_enum(f, *(const int *)at, b);
        break;
    case PROTOBUF_C_TYPE_STRING:
        format_string(sl_str(*(char *const *)at), b);
        break;
    case PROTOBUF_C_TYPE_BYTES: {
        const ProtobufCBinaryData *d = at;
        format_string(sl_strn((const char *)d->data, d->len), b);
        break;
    }
    case PROTOBUF_C_TYPE_MESSAGE:
        break; /* format_field's */
    }
}

static void format_field(const ProtobufCFieldDescriptor *f, const void *at, int depth,
                         struct sl_buf *b)
{
    sl_buf_format(b, "%*s%s", depth * 2, "", f->name);
    if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
        sl_buf_add_cstr(b, " {\n");
        format_message(*(ProtobufCMessage *const *)at, depth + 1, b);
        sl_buf_format(b, "%*s}\n", depth * 2, "");
        return;
    }
    sl_buf_add_cstr(b, ": ");
    format_value(f, at, b);
    sl_buf_add_char(b, '\n');
}

size_t pbtxt_element_size(const ProtobufCFieldDescriptor *f)
{
    switch (f->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    default:
        return 4;
    }
}

/* Whether a field that is not repeated is there. */
static bool is_present(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
    const char *base = (const char *)m;
    if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        return *(const uint32_t *)(base + f->quantifier_offset) == f->id;
    if (f->type == PROTOBUF_C_TYPE_STRING || f->type == PROTOBUF_C_TYPE_MESSAGE) {
        const void *p = *(void *const *)(base + f->offset);
        return p && p != f->default_value;
    }
    return f->label == PROTOBUF_C_LABEL_REQUIRED ||
           *(const protobuf_c_boolean *)(base + f->quantifier_offset);
}

static void format_message(const ProtobufCMessage *m, int depth, struct sl_buf *b)
{
    const char *base = (const char *)m;
    for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
        if (f->label != PROTOBUF_C_LABEL_REPEATED) {
            if (is_present(m, f))
                format_field(f, base + f->offset, depth, b);
            continue;
        }
        size_t n = *(const size_t *)(base + f->quantifier_offset);
        const char *items = *(char *const *)(base + f->offset);
        for (size_t j = 0; j < n; j++)
            format_field(f, items + j * pbtxt_element_size(f), depth, b);
    }
}

void pbtxt_format(const ProtobufCMessage *m, struct sl_buf *b)
{
    format_message(m, 0, b);
}
