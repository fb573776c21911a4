#include "codec/safetensors.h"

#include "tests/support/test.h"

/* A file with that header and `size` bytes of data. */
static struct sl_str file_of(struct sl_arena *a, const char *header, size_t size)
{
    size_t n = strlen(header);
    char *p = sl_arena_zero(a, 1, 8 + n + size);
    for (size_t i = 0; i < 8; i++)
        p[i] = (char)((uint64_t)n >> (8 * i));
    memcpy(p + 8, header, n);
    return sl_strn(p, 8 + n + size);
}

static void test_safetensors__layout_of_the_format(void **state)
{
    (void)state;
    const float w[] = {1, 2, 3, 4, 5, 6};
    struct safetensor t = safetensors_make(SL_STR("w"), SAFETENSORS_F32, 2, 3, w);
    struct safetensors s = {.tensors = &t, .n = 1};
    SL_AUTOBUF(b, 0);
    safetensors_encode(&s, &b);
    /* 59 bytes of JSON, padded with spaces to a multiple of 8. */
    const char *header = "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}}";
    size_t padded = (strlen(header) + 7) / 8 * 8;
    assert_int_equal(b.n, 8 + padded + sizeof w);
    assert_int_equal((unsigned char)b.p[0], padded);
    assert_memory_equal(b.p + 8, header, strlen(header));
    for (size_t i = strlen(header); i < padded; i++)
        assert_int_equal(b.p[8 + i], ' ');
    assert_memory_equal(b.p + 8 + padded, w, sizeof w);
}

static void test_safetensors__what_goes_in_comes_out(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    const float w[] = {1.5f, -2};
    const int32_t ids[] = {7, -1, 3};
    const double x[] = {0.1};
    const uint8_t flags[] = {1, 0, 1};
    struct safetensor in[] = {
        safetensors_make(SL_STR("flags"), SAFETENSORS_U8, 3, 0, flags),
        safetensors_make(SL_STR("odd \"name\""), SAFETENSORS_F64, 1, 1, x),
        safetensors_make(SL_STR("w"), SAFETENSORS_F32, 1, 2, w),
        safetensors_make(SL_STR("ids"), SAFETENSORS_I32, 3, 0, ids),
        safetensors_make(SL_STR("none"), SAFETENSORS_F32, 0, 5, NULL),
    };
    struct json *metadata = json_new_object(a);
    json_set_string(a, metadata, "digest", SL_STR("abc"));
    struct safetensors s = {.tensors = in, .n = SL_COUNTOF(in), .metadata = metadata}, out;
    SL_AUTOBUF(b, 0);
    safetensors_encode(&s, &b);
    assert_ok(safetensors_decode(a, sl_buf_str(&b), &out));
    assert_int_equal(out.n, SL_COUNTOF(in));
    assert_str(json_get_string(out.metadata, "digest", SL_STR("")), "abc");
    const void *p;
    assert_ok(safetensors_get(&out, "w", SAFETENSORS_F32, 2, &p));
    assert_memory_equal(p, w, sizeof w);
    assert_ok(safetensors_get(&out, "odd \"name\"", SAFETENSORS_F64, 1, &p));
    assert_memory_equal(p, x, sizeof x); /* aligned, though its offset in the file is odd */
    assert_int_equal((uintptr_t)p % 8, 0);
    assert_ok(safetensors_get(&out, "ids", SAFETENSORS_I32, 3, &p));
    assert_memory_equal(p, ids, sizeof ids);
    assert_ok(safetensors_get(&out, "none", SAFETENSORS_F32, 0, &p));
    assert_err(safetensors_get(&out, "w", SAFETENSORS_F32, 3, &p), CORRUPT, "expected 3 x F32");
    assert_err(safetensors_get(&out, "x", SAFETENSORS_F32, 3, &p), CORRUPT, "absent");
}

static void refused(const char *header, size_t size, const char *part)
{
    SL_AUTOARENA(a);
    struct safetensors s;
    assert_err(safetensors_decode(a, file_of(a, header, size), &s), CORRUPT, part);
}

static void test_safetensors__hostile_files(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct safetensors s;
    assert_err(safetensors_decode(a, SL_STR("abc"), &s), CORRUPT, "3 bytes");
    assert_err(safetensors_decode(a, SL_STR("\377\377\377\377\377\377\377\377{}"), &s), CORRUPT,
               "a header of");
    refused("{", 0, "header");
    refused("[]", 0, "expected an object");
    refused("{}", 3, "behind the last tensor");
    refused("{\"w\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,2]}}", 2, "dtype");
    refused("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 3, "beyond");
    refused("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8, "[0, 4]");
    refused("{\"w\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4, "a size");
    refused("{\"w\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,2],"
            "\"data_offsets\":[0,4]}}",
            4, "too many");
    refused("{\"w\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}}", 0,
            "size");
    refused("{\"w\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1],\"data_offsets\":[0,4]}}", 4,
            "at most 4");
    refused("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 4, "two offsets");
    refused("{\"__metadata__\":{\"x\":1}}", 0, "expected strings");
    refused("{\"w\":7}", 0, "tensor 'w'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_safetensors__layout_of_the_format),
        cmocka_unit_test(test_safetensors__what_goes_in_comes_out),
        cmocka_unit_test(test_safetensors__hostile_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
