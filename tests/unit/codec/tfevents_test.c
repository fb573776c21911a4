#include "codec/tfevents.h"

#include "codec/tfrecord.h"
#include "tests/support/test.h"

static void check_hex(const struct sl_buf *b, const char *expected)
{
    SL_AUTOBUF(hex, 0);
    for (size_t i = 0; i < b->n; i++)
        sl_buf_format(&hex, "%02x", (unsigned char)b->p[i]);
    assert_string_equal(sl_buf_str(&hex).p, expected);
}

/* RFC 3720, B.4. */
static void test_tfrecord__crc32c_of_the_rfc(void **state)
{
    (void)state;
    uint8_t bytes[32] = {0};
    assert_int_equal(crc32c(bytes, sizeof bytes), 0x8a9136aa);
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(crc32c(bytes, sizeof bytes), 0x62a8ab43);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    assert_int_equal(crc32c(bytes, sizeof bytes), 0x46dd794e);
    assert_int_equal(crc32c("123456789", 9), 0xe3069283);
    assert_int_equal(crc32c("", 0), 0);
}

/* Written by TensorBoard's own record writer. */
static void test_tfevents__bytes_of_tensorboard(void **state)
{
    (void)state;
    assert_int_equal(tfrecord_mask(crc32c("123456789", 9)), 0xc78ab0e5);
    SL_AUTOBUF(begin, 0);
    tfevents_begin(&begin, 1.5);
    check_hex(&begin, "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a32"
                      "2a28646c");
    SL_AUTOBUF(scalar, 0);
    tfevents_scalar(&scalar, 2.25, 300, SL_STR("loss"), 0.75f);
    check_hex(&scalar, "1b000000000000001a0d9e1309000000000000024010ac022a0d0a0b0a046c6f73731500"
                       "00403fffe2d891");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tfrecord__crc32c_of_the_rfc),
        cmocka_unit_test(test_tfevents__bytes_of_tensorboard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
