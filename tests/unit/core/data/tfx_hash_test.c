#include "tests/support/test.h"

#include "core/data/tfx_hash.h"

/* Python's int() and float(), tried in that order. */
static void test_tfx_hash__kinds(void **state)
{
    (void)state;
    static const struct {
        const char *cell;
        enum tfx_kind kind;
    } cases[] = {
        {"", TFX_UNKNOWN},
        {"0", TFX_INT},
        {"007", TFX_INT},
        {" -5\t", TFX_INT},
        {"+5", TFX_INT},
        {"1_000", TFX_INT},
        {"00000000000000000000000000000012", TFX_INT},
        {"9223372036854775807", TFX_INT},
        {"-9223372036854775808", TFX_INT},
        {"9223372036854775808", TFX_STRING},
        {"1.", TFX_FLOAT},
        {".5", TFX_FLOAT},
        {"1_0.5_0e1_0", TFX_FLOAT},
        {"1e400", TFX_FLOAT},
        {"-nan", TFX_FLOAT},
        {"Infinity", TFX_FLOAT},
        {"_1", TFX_STRING},
        {"1_", TFX_STRING},
        {"1__0", TFX_STRING},
        {"1_.5", TFX_STRING},
        {"1e", TFX_STRING},
        {".", TFX_STRING},
        {"-", TFX_STRING},
        {"0x10", TFX_STRING},
        {"1 2", TFX_STRING},
        {" ", TFX_STRING},
        {"true", TFX_STRING},
    };
    for (size_t i = 0; i < SL_COUNTOF(cases); i++)
        if (tfx_kind_of(sl_str(cases[i].cell)) != cases[i].kind)
            fail_msg("'%s': %d", cases[i].cell, (int)tfx_kind_of(sl_str(cases[i].cell)));
}

/* Expected bytes: SerializeToString(deterministic=True) of PyPI protobuf 4.25.9. */
static void test_tfx_hash__example(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    static const struct sl_str names[] = {{"id", 2}, {"f", 1}, {"t", 1}, {"e", 1}};
    static const enum tfx_kind kinds[] = {TFX_INT, TFX_FLOAT, TFX_STRING, TFX_UNKNOWN};
    static const struct sl_str cells[] = {{"-1", 2}, {"0.5", 3}, {"", 0}, {"", 0}};
    static const unsigned char expected[] = {
        0x0a, 0x35, 0x0a, 0x05, 0x0a, 0x01, 0x65, 0x12, 0x00, 0x0a, 0x0d, 0x0a, 0x01, 0x66,
        0x12, 0x08, 0x12, 0x06, 0x0a, 0x04, 0x00, 0x00, 0x00, 0x3f, 0x0a, 0x14, 0x0a, 0x02,
        0x69, 0x64, 0x12, 0x0e, 0x1a, 0x0c, 0x0a, 0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0x01, 0x0a, 0x07, 0x0a, 0x01, 0x74, 0x12, 0x02, 0x0a, 0x00};
    struct tfx_columns c = tfx_columns_new(a, names, kinds, 4);
    SL_AUTOBUF(out, 0);
    tfx_format_example(&c, cells, &out);
    assert_int_equal(out.n, sizeof(expected));
    assert_memory_equal(out.p, expected, sizeof(expected));
}

/* SHA-256("abc") modulo 3, 10 and 1000003, by Python's hashlib. */
static void test_tfx_hash__bucket(void **state)
{
    (void)state;
    assert_int_equal(tfx_bucket(SL_STR("abc"), 3), 1);
    assert_int_equal(tfx_bucket(SL_STR("abc"), 10), 5);
    assert_int_equal(tfx_bucket(SL_STR("abc"), 1000003), 127342);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tfx_hash__kinds),
        cmocka_unit_test(test_tfx_hash__example),
        cmocka_unit_test(test_tfx_hash__bucket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
