#include "codec/parquet/thrift.h"

#include "tests/support/test.h"

/* Bytes by hand from thrift-compact-protocol.md: a field header is (id delta << 4 | type). */

static void test_thrift__reads_hand_made_struct(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {
        0x15, 0x01,                  /* 1: i32 -1 */
        0x26, 0xd8, 0x04,            /* 3: i64 300: zigzag 600 */
        0x18, 0x03, 'a',  'b',  'c', /* 4: binary */
        0x11,                        /* 5: true */
        0x12,                        /* 6: false */
        0x13, 0xff,                  /* 7: i8 -1 */
        0x19, 0x25, 0x02, 0x04,      /* 8: list of two i32: 1, 2 */
        0x1c, 0x15, 0x0a, 0x00,      /* 9: struct {1: i32 5} */
        0x05, 0xc8, 0x01, 0x0e,      /* long form, id 100: i32 7 */
        0x00,
    };
    struct thrift_reader r = thrift_reader(bytes, sizeof(bytes));
    struct thrift_field f = {0}, g = {0}, element;
    assert_true(thrift_next(&r, &f));
    assert_int_equal(f.id, 1);
    assert_int_equal(thrift_i32(&r, &f), -1);
    assert_true(thrift_next(&r, &f));
    assert_int_equal(f.id, 3);
    assert_int_equal(thrift_i64(&r, &f), 300);
    assert_true(thrift_next(&r, &f));
    assert_str(thrift_binary(&r, &f), "abc");
    assert_true(thrift_next(&r, &f));
    assert_true(thrift_bool(&r, &f));
    assert_true(thrift_next(&r, &f));
    assert_false(thrift_bool(&r, &f));
    assert_true(thrift_next(&r, &f));
    assert_int_equal(thrift_i32(&r, &f), -1);
    assert_true(thrift_next(&r, &f));
    assert_int_equal(thrift_list(&r, &f, 1, &element), 2);
    assert_int_equal(thrift_i32(&r, &element), 1);
    assert_int_equal(thrift_i32(&r, &element), 2);
    assert_true(thrift_next(&r, &f));
    assert_true(thrift_enter(&r, &f));
    assert_true(thrift_next(&r, &g));
    assert_int_equal(thrift_i32(&r, &g), 5);
    assert_false(thrift_next(&r, &g));
    thrift_leave(&r);
    assert_true(thrift_next(&r, &f));
    assert_int_equal(f.id, 100);
    assert_int_equal(thrift_i32(&r, &f), 7);
    assert_false(thrift_next(&r, &f));
    assert_null(r.error);
    assert_ptr_equal(r.p, r.end);
}

static void test_thrift__skips_every_type(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {
        0x11, 0x13, 0x07, 0x14, 0x02, 0x15, 0x02, 0x16, 0x02, /* bool, i8, i16, i32, i64 */
        0x17, 1,    2,    3,    4,    5,    6,    7,    8,    /* double */
        0x18, 0x02, 'x',  'y',                                /* binary */
        0x19, 0x31, 1,    2,    1,                            /* list of three bools */
        0x1a, 0x18, 0x01, 'z',                                /* set of one binary */
        0x1b, 0x02, 0x85, 0x01, 'k',  0x02, 0x01, 'l',  0x04, /* map of binary to i32 */
        0x1b, 0x00,                                           /* empty map */
        0x1c, 0x1c, 0x15, 0x02, 0x00, 0x00,                   /* structs */
        0x15, 0x54, 0x00,                                     /* i32 42 */
    };
    struct thrift_reader r = thrift_reader(bytes, sizeof(bytes));
    struct thrift_field f = {0};
    int32_t last = 0;
    while (thrift_next(&r, &f)) {
        if (f.id == 13)
            last = thrift_i32(&r, &f);
        else
            thrift_skip(&r, &f);
    }
    assert_null(r.error);
    assert_int_equal(last, 42);
}

static void test_thrift__damage_ends_the_reading(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        const char *error;
    } cases[] = {
        {"", 0, "it ends early"},
        {"\x15", 1, "damaged number"},
        {"\x18\x05"
         "ab",
         4, "it ends early"},
        {"\x16\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 11, "damaged number"},
        {"\x1e\x00", 2, "a field of unknown type"},
        {"\x19\xf5\xff\xff\xff\x7f\x00", 7, "a list is longer than the data"},
        {"\x1b\xff\xff\xff\x7f\x55\x01", 7, "damaged number"},
    };
    for (size_t i = 0; i < SL_COUNTOF(cases); i++) {
        struct thrift_reader r = thrift_reader(cases[i].bytes, cases[i].n);
        struct thrift_field f = {0};
        while (thrift_next(&r, &f))
            thrift_skip(&r, &f);
        assert_non_null(r.error);
        assert_string_equal(r.error, cases[i].error);
    }
}

static void test_thrift__wrong_types_are_errors(void **state)
{
    (void)state;
    static const uint8_t text[] = {0x18, 0x01, 'a', 0x00},
                         number[] = {0x16, 0x80, 0x80, 0x80, 0x80, 0x20, 0x00};
    struct thrift_field f = {0}, element;
    struct thrift_reader r = thrift_reader(text, sizeof(text));
    assert_true(thrift_next(&r, &f));
    assert_int_equal(thrift_i64(&r, &f), 0);
    assert_string_equal(r.error, "a field has another type than an integer");
    r = thrift_reader(number, sizeof(number));
    f = (struct thrift_field){0};
    assert_true(thrift_next(&r, &f));
    struct thrift_reader again = r;
    assert_int_equal(thrift_i32(&r, &f), 0);
    assert_string_equal(r.error, "a number needs more than 32 bits");
    r = again;
    assert_int_equal(thrift_i64(&r, &f), INT64_C(1) << 32);
    r = again;
    assert_int_equal(thrift_list(&r, &f, 1, &element), 0);
    assert_non_null(r.error);
    r = again;
    assert_false(thrift_enter(&r, &f));
    assert_int_equal(thrift_binary(&r, &f).n, 0);
    assert_false(thrift_bool(&r, &f));
}

static void test_thrift__depth_is_bounded(void **state)
{
    (void)state;
    uint8_t deep[4096];
    memset(deep, 0x1c, sizeof(deep));
    struct thrift_reader r = thrift_reader(deep, sizeof(deep));
    struct thrift_field f = {0};
    while (thrift_next(&r, &f))
        thrift_skip(&r, &f);
    assert_string_equal(r.error, "structs are nested too deeply");
    memset(deep, 0x19, sizeof(deep)); /* lists of lists */
    r = thrift_reader(deep, sizeof(deep));
    f = (struct thrift_field){0};
    while (thrift_next(&r, &f))
        thrift_skip(&r, &f);
    assert_non_null(r.error);
}

static void test_thrift__writes_what_the_protocol_says(void **state)
{
    (void)state;
    SL_AUTOBUF(out, 0);
    struct thrift_writer w = thrift_writer(&out);
    thrift_put_i32(&w, 1, -1);
    thrift_put_i64(&w, 3, 300);
    thrift_put_binary(&w, 4, SL_STR("abc"));
    thrift_put_bool(&w, 5, true);
    thrift_put_list(&w, 8, THRIFT_I32, 2);
    thrift_put_i32(&w, THRIFT_ELEMENT, 1);
    thrift_put_i32(&w, THRIFT_ELEMENT, 2);
    thrift_begin(&w, 9);
    thrift_put_i32(&w, 1, 5);
    thrift_end(&w);
    thrift_put_list(&w, 10, THRIFT_STRUCT, 20);
    thrift_end(&w);
    static const uint8_t expected[] = {0x15, 0x01, 0x26, 0xd8, 0x04, 0x18, 0x03, 'a',
                                       'b',  'c',  0x11, 0x39, 0x25, 0x02, 0x04, 0x1c,
                                       0x15, 0x0a, 0x00, 0x19, 0xfc, 20,   0x00};
    assert_int_equal(out.n, sizeof(expected));
    assert_memory_equal(out.p, expected, sizeof(expected));
}

static void test_thrift__varints_and_zigzag(void **state)
{
    (void)state;
    static const uint64_t numbers[] = {0, 1, 127, 128, 300, UINT32_MAX, UINT64_MAX};
    for (size_t i = 0; i < SL_COUNTOF(numbers); i++) {
        SL_AUTOBUF(out, 0);
        thrift_put_varint(&out, numbers[i]);
        const uint8_t *p = (const uint8_t *)out.p;
        uint64_t back;
        assert_true(thrift_take_varint(&p, (const uint8_t *)out.p + out.n, &back));
        assert_int_equal(back, numbers[i]);
        p = (const uint8_t *)out.p;
        assert_false(thrift_take_varint(&p, (const uint8_t *)out.p + out.n - 1, &back));
    }
    assert_int_equal(thrift_zigzag(0), 0);
    assert_int_equal(thrift_zigzag(-1), 1);
    assert_int_equal(thrift_zigzag(1), 2);
    assert_int_equal(thrift_zigzag(INT64_MIN), UINT64_MAX);
    assert_int_equal(thrift_unzigzag(UINT64_MAX), INT64_MIN);
    assert_int_equal(thrift_unzigzag(3), -2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_thrift__reads_hand_made_struct),
        cmocka_unit_test(test_thrift__skips_every_type),
        cmocka_unit_test(test_thrift__damage_ends_the_reading),
        cmocka_unit_test(test_thrift__wrong_types_are_errors),
        cmocka_unit_test(test_thrift__depth_is_bounded),
        cmocka_unit_test(test_thrift__writes_what_the_protocol_says),
        cmocka_unit_test(test_thrift__varints_and_zigzag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
