#include "codec/parquet/page_header.h"

#include "codec/parquet/thrift.h"

static void decode_data(struct thrift_reader *r, struct page_header *h)
{
    struct thrift_field f = {0};
    while (thrift_next(r, &f)) {
        if (f.id == 1)
            h->value_count = thrift_i32(r, &f);
        else if (f.id == 2)
            h->encoding = thrift_i32(r, &f);
        else if (f.id == 3)
            h->level_encoding = thrift_i32(r, &f);
        else
            thrift_skip(r, &f);
    }
}

static void decode_dictionary(struct thrift_reader *r, struct page_header *h)
{
    struct thrift_field f = {0};
    while (thrift_next(r, &f)) {
        if (f.id == 1)
            h->value_count = thrift_i32(r, &f);
        else if (f.id == 2)
            h->encoding = thrift_i32(r, &f);
        else
            thrift_skip(r, &f);
    }
}

static void decode_data_v2(struct thrift_reader *r, struct page_header *h)
{
    struct thrift_field f = {0};
    while (thrift_next(r, &f)) {
        switch (f.id) {
        case 1:
            h->value_count = thrift_i32(r, &f);
            break;
        case 2:
            h->null_count = thrift_i32(r, &f);
            break;
        case 4:
            h->encoding = thrift_i32(r, &f);
            break;
        case 5:
            h->level_bytes = thrift_i32(r, &f);
            break;
        case 6:
            h->repetition_bytes = thrift_i32(r, &f);
            break;
        case 7:
            h->compressed = thrift_bool(r, &f);
            break;
        default:
            thrift_skip(r, &f);
        }
    }
}

/* The part of one page type: which field of PageHeader, and its decoder. */
static const struct part {
    int field;
    enum parquet_page_type type;
    void (*decode)(struct thrift_reader *r, struct page_header *h);
} parts[] = {
    {5, PAGE_DATA, decode_data},
    {7, PAGE_DICTIONARY, decode_dictionary},
    {8, PAGE_DATA_V2, decode_data_v2},
};

static const struct part *find_part(int field)
{
    for (size_t i = 0; i < SL_COUNTOF(parts); i++)
        if (parts[i].field == field)
            return &parts[i];
    return NULL;
}

static void decode_field(struct thrift_reader *r, const struct thrift_field *f,
                         struct page_header *h, int *found_type)
{
    const struct part *part = find_part(f->id);
    switch (f->id) {
    case 1:
        h->type = thrift_i32(r, f);
        break;
    case 2:
        h->decoded_bytes = thrift_i32(r, f);
        break;
    case 3:
        h->bytes = thrift_i32(r, f);
        break;
    case 4:
        h->has_crc = true;
        h->crc = (uint32_t)thrift_i32(r, f);
        break;
    default:
        if (!part) {
            thrift_skip(r, f);
        } else if (thrift_enter(r, f)) {
            part->decode(r, h);
            thrift_leave(r);
            *found_type = (int)part->type;
        }
    }
}

struct sl_err *page_header_decode(const uint8_t **p, const uint8_t *end,
                                  struct page_header *ret_header)
{
    struct thrift_reader r = thrift_reader(*p, (size_t)(end - *p));
    struct page_header h = {.type = -1, .compressed = true};
    int found_type = -1;
    struct thrift_field f = {0};
    while (thrift_next(&r, &f))
        decode_field(&r, &f, &h, &found_type);
    if (r.error)
        return SL_ERR(CORRUPT, "damaged page header: %s", r.error);
    if (h.bytes < 0 || h.decoded_bytes < 0 || h.value_count < 0 || h.level_bytes < 0 ||
        h.repetition_bytes < 0 || h.null_count < 0)
        return SL_ERR(CORRUPT, "damaged page header: negative sizes");
    bool known = h.type == PAGE_DATA || h.type == PAGE_DICTIONARY || h.type == PAGE_DATA_V2;
    if (known && found_type != h.type)
        return SL_ERR(CORRUPT, "damaged page header: the part for page type %d is missing", h.type);
    *p = r.p;
    *ret_header = h;
    return NULL;
}

void page_header_encode(const struct page_header *h, struct sl_buf *out)
{
    struct thrift_writer w = thrift_writer(out);
    thrift_put_i32(&w, 1, h->type);
    thrift_put_i32(&w, 2, h->decoded_bytes);
    thrift_put_i32(&w, 3, h->bytes);
    if (h->has_crc)
        thrift_put_i32(&w, 4, (int32_t)h->crc);
    thrift_begin(&w, h->type == PAGE_DICTIONARY ? 7 : 5);
    thrift_put_i32(&w, 1, h->value_count);
    thrift_put_i32(&w, 2, h->encoding);
    if (h->type == PAGE_DATA) {
        thrift_put_i32(&w, 3, h->level_encoding);
        thrift_put_i32(&w, 4, ENCODING_RLE); /* of repetition levels, which there are none */
    }
    thrift_end(&w);
    thrift_end(&w);
}
