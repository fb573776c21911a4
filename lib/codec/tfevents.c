#include "codec/tfevents.h"

#include "codec/tfrecord.h"

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

/* Field numbers. */
enum { EVENT_WALL_TIME = 1, EVENT_STEP = 2, EVENT_FILE_VERSION = 3, EVENT_SUMMARY = 5 };
enum { SUMMARY_VALUE = 1 };
enum { VALUE_TAG = 1, VALUE_SIMPLE = 2, VALUE_TENSOR = 8, VALUE_METADATA = 9 };
enum { METADATA_PLUGIN = 1, PLUGIN_NAME = 1 };
enum { TENSOR_DTYPE = 1, TENSOR_SHAPE = 2, TENSOR_STRING = 8, DT_STRING = 7 };

static void put_varint(struct sl_buf *b, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        sl_buf_add_char(b, (char)(v | 0x80));
    sl_buf_add_char(b, (char)v);
}

static void put_tag(struct sl_buf *b, int field, int wire)
{
    put_varint(b, (uint64_t)field << 3 | (unsigned)wire);
}

static void put_bytes(struct sl_buf *b, int field, struct sl_str s)
{
    put_tag(b, field, WIRE_BYTES);
    put_varint(b, s.n);
    sl_buf_add_str(b, s);
}

static void put_fixed(struct sl_buf *b, uint64_t bits, size_t size)
{
    for (size_t i = 0; i < size; i++)
        sl_buf_add_char(b, (char)(bits >> (8 * i)));
}

static void put_double(struct sl_buf *b, int field, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    put_tag(b, field, WIRE_64);
    put_fixed(b, bits, sizeof bits);
}

static void put_float(struct sl_buf *b, int field, float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    put_tag(b, field, WIRE_32);
    put_fixed(b, bits, sizeof bits);
}

static void put_event_head(struct sl_buf *event, double wall_time, int64_t step)
{
    put_double(event, EVENT_WALL_TIME, wall_time);
    put_tag(event, EVENT_STEP, WIRE_VARINT);
    put_varint(event, (uint64_t)step);
}

void tfevents_begin(struct sl_buf *b, double wall_time)
{
    SL_AUTOBUF(event, 0);
    put_double(&event, EVENT_WALL_TIME, wall_time);
    put_bytes(&event, EVENT_FILE_VERSION, SL_STR("brain.Event:2"));
    tfrecord_add(b, sl_buf_str(&event));
}

/* An event with a summary of the one value. */
static void add_value(struct sl_buf *b, double wall_time, int64_t step, const struct sl_buf *value)
{
    SL_AUTOBUF(summary, 0);
    put_bytes(&summary, SUMMARY_VALUE, sl_buf_str(value));
    SL_AUTOBUF(event, 0);
    put_event_head(&event, wall_time, step);
    put_bytes(&event, EVENT_SUMMARY, sl_buf_str(&summary));
    tfrecord_add(b, sl_buf_str(&event));
}

void tfevents_scalar(struct sl_buf *b, double wall_time, int64_t step, struct sl_str tag,
                     float value)
{
    SL_AUTOBUF(v, 0);
    put_bytes(&v, VALUE_TAG, tag);
    put_float(&v, VALUE_SIMPLE, value);
    add_value(b, wall_time, step, &v);
}

void tfevents_text(struct sl_buf *b, double wall_time, int64_t step, struct sl_str tag,
                   struct sl_str text)
{
    SL_AUTOBUF(plugin, 0);
    put_bytes(&plugin, PLUGIN_NAME, SL_STR("text"));
    SL_AUTOBUF(metadata, 0);
    put_bytes(&metadata, METADATA_PLUGIN, sl_buf_str(&plugin));

    SL_AUTOBUF(tensor, 0); /* a string of rank 0 */
    put_tag(&tensor, TENSOR_DTYPE, WIRE_VARINT);
    put_varint(&tensor, DT_STRING);
    put_bytes(&tensor, TENSOR_SHAPE, SL_STR(""));
    put_bytes(&tensor, TENSOR_STRING, text);

    SL_AUTOBUF(v, 0);
    put_bytes(&v, VALUE_TAG, tag);
    put_bytes(&v, VALUE_TENSOR, sl_buf_str(&tensor));
    put_bytes(&v, VALUE_METADATA, sl_buf_str(&metadata));
    add_value(b, wall_time, step, &v);
}
