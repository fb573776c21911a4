/* The framing of TensorFlow's record files: event files, tf.Example files.
 *
 *     u64 length | u32 masked CRC-32C of those 8 bytes | payload | u32 masked CRC-32C of it
 *
 * All little-endian. */
#pragma once

#include "base/buf.h"

/* CRC-32C (Castagnoli, reflected 0x82f63b78) of `n` bytes. Source: RFC 3720, B.4. */
uint32_t crc32c(const void *p, size_t n);
/* As TFRecord stores it: rotated right by 15, plus 0xa282ead8, so that a CRC of data that holds
 * CRCs stays useful. */
uint32_t tfrecord_mask(uint32_t crc);
/* Appends one record. */
void tfrecord_add(struct sl_buf *b, struct sl_str payload);
