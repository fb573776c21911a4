#include "codec/tfrecord.h"

enum { HEADER = 8 };

/* One nibble at a time: 64 bytes of table, and records here are small. */
static const uint32_t NIBBLE[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

uint32_t crc32c(const void *p, size_t n)
{
    const uint8_t *bytes = p;
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ NIBBLE[crc & 15];
        crc = crc >> 4 ^ NIBBLE[crc & 15];
    }
    return ~crc;
}

uint32_t tfrecord_mask(uint32_t crc)
{
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

static void put_le(uint8_t *to, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

void tfrecord_add(struct sl_buf *b, struct sl_str payload)
{
    uint8_t head[HEADER + 4], tail[4];
    put_le(head, payload.n, HEADER);
    put_le(head + HEADER, tfrecord_mask(crc32c(head, HEADER)), 4);
    put_le(tail, tfrecord_mask(crc32c(payload.p, payload.n)), 4);
    sl_buf_add(b, head, sizeof head);
    sl_buf_add_str(b, payload);
    sl_buf_add(b, tail, sizeof tail);
}
