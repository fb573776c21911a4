/* Stored values to vector values. */
#include "codec/parquet/leaf.h"

#include "base/assert.h"

#include <math.h>

static const int64_t US_PER_DAY = INT64_C(86400000000);
/* Julian day of 1970-01-01; INT96 counts days that way. */
enum { JULIAN_EPOCH = 2440588 };

static inline int32_t load_i32(const uint8_t *p)
{
    int32_t v;
    memcpy(&v, p, 4);
    return v;
}

static inline int64_t load_i64(const uint8_t *p)
{
    int64_t v;
    memcpy(&v, p, 8);
    return v;
}

static int64_t floor_thousandth(int64_t v)
{
    return v / 1000 - (v % 1000 < 0);
}

/* ---- integers and times -----------------------------------------------------------------------
 */

static void widen(const uint8_t *raw, size_t n, enum leaf_convert convert, int64_t *out)
{
    if (convert == CONVERT_INT32)
        for (size_t i = 0; i < n; i++)
            out[i] = load_i32(raw + i * 4);
    else if (convert == CONVERT_UINT32)
        for (size_t i = 0; i < n; i++)
            out[i] = (uint32_t)load_i32(raw + i * 4);
    else
        for (size_t i = 0; i < n; i++)
            out[i] = load_i32(raw + i * 4) * INT64_C(1000);
}

static struct sl_err *out_of_range(void)
{
    return SL_ERR(INVALID, "a time is beyond the years that microseconds can count");
}

static struct sl_err *convert_dates(const uint8_t *raw, size_t n, int64_t *out)
{
    for (size_t i = 0; i < n; i++)
        if (__builtin_mul_overflow((int64_t)load_i32(raw + i * 4), US_PER_DAY, &out[i]))
            return out_of_range();
    return NULL;
}

static struct sl_err *convert_uint64(const uint8_t *raw, size_t n, int64_t *out)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = load_i64(raw + i * 8);
        if (out[i] < 0)
            return SL_ERR(INVALID, "an unsigned value is above 2^63 - 1");
    }
    return NULL;
}

static struct sl_err *convert_millis(const uint8_t *raw, size_t n, int64_t *out)
{
    for (size_t i = 0; i < n; i++)
        if (__builtin_mul_overflow(load_i64(raw + i * 8), (int64_t)1000, &out[i]))
            return out_of_range();
    return NULL;
}

/* Eight bytes of nanoseconds in the day, four of the day. */
static struct sl_err *convert_int96(const uint8_t *raw, size_t n, int64_t *out)
{
    for (size_t i = 0; i < n; i++) {
        int64_t day = (int64_t)(uint32_t)load_i32(raw + i * 12 + 8) - JULIAN_EPOCH, us;
        if (__builtin_mul_overflow(day, US_PER_DAY, &us) ||
            __builtin_add_overflow(us, floor_thousandth(load_i64(raw + i * 12)), &out[i]))
            return out_of_range();
    }
    return NULL;
}

/* ---- decimals ---------------------------------------------------------------------------------
 */

/* Exact up to 10^22; then a quotient of doubles is the correctly rounded value for |v| <= 2^53. */
static double power_of_ten(int scale)
{
    double p = 1;
    for (int i = 0; i < SL_MIN(scale, 22); i++)
        p *= 10;
    return scale <= 22 ? p : pow(10, scale);
}

/* Big-endian two's complement of any length. */
static double big_endian(const uint8_t *p, size_t n)
{
    if (n == 0)
        return 0;
    if (n <= 16) {
        __int128 v = (int8_t)p[0];
        for (size_t i = 1; i < n; i++)
            v = (__int128)((unsigned __int128)v << 8 | p[i]);
        return (double)v;
    }
    double v = (int8_t)p[0];
    for (size_t i = 1; i < n; i++)
        v = v * 256 + p[i];
    return v;
}

static void convert_decimal(const struct parquet_leaf *leaf, const uint8_t *raw, size_t n,
                            double *out)
{
    double divisor = power_of_ten(leaf->scale);
    const struct sl_str *strings = (const struct sl_str *)(const void *)raw;
    for (size_t i = 0; i < n; i++) {
        double v;
        if (leaf->convert == CONVERT_DECIMAL32)
            v = load_i32(raw + i * 4);
        else if (leaf->convert == CONVERT_DECIMAL64)
            v = (double)load_i64(raw + i * 8);
        else if (leaf->convert == CONVERT_DECIMAL_FIXED)
            v = big_endian(raw + i * leaf->raw_bytes, leaf->raw_bytes);
        else
            v = big_endian((const uint8_t *)strings[i].p, strings[i].n);
        out[i] = v / divisor;
    }
}

/* ---- half precision ---------------------------------------------------------------------------
 */

static float from_half(uint16_t half)
{
    int exponent = half >> 10 & 31, mantissa = half & 1023;
    float v;
    if (exponent == 31)
        v = mantissa ? NAN : INFINITY;
    else if (exponent == 0)
        v = ldexpf((float)mantissa, -24);
    else
        v = ldexpf((float)(mantissa + 1024), exponent - 25);
    return half >> 15 ? -v : v;
}

static void convert_half(const uint8_t *raw, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = from_half((uint16_t)(raw[i * 2] | raw[i * 2 + 1] << 8));
}

/* ---- all --------------------------------------------------------------------------------------
 */

struct sl_err *leaf_convert_values(const struct parquet_leaf *leaf, const void *raw, size_t n,
                                   void *out)
{
    switch (leaf->convert) {
    case CONVERT_NONE:
        if (n)
            memcpy(out, raw, n * leaf->raw_bytes);
        return NULL;
    case CONVERT_INT32:
    case CONVERT_UINT32:
    case CONVERT_TIME_MILLIS:
        widen(raw, n, leaf->convert, out);
        return NULL;
    case CONVERT_DATE:
        return convert_dates(raw, n, out);
    case CONVERT_UINT64:
        return convert_uint64(raw, n, out);
    case CONVERT_MILLIS:
        return convert_millis(raw, n, out);
    case CONVERT_NANOS:
        for (size_t i = 0; i < n; i++)
            ((int64_t *)out)[i] = floor_thousandth(load_i64((const uint8_t *)raw + i * 8));
        return NULL;
    case CONVERT_INT96:
        return convert_int96(raw, n, out);
    case CONVERT_DECIMAL32:
    case CONVERT_DECIMAL64:
    case CONVERT_DECIMAL_FIXED:
    case CONVERT_DECIMAL_STRING:
        convert_decimal(leaf, raw, n, out);
        return NULL;
    case CONVERT_FLOAT16:
        convert_half(raw, n, out);
        return NULL;
    case CONVERT_UUID:
        break;
    }
    sl_assert(!"a conversion of numbers");
    return NULL;
}

void leaf_format_uuids(struct sl_arena *a, struct sl_str *strings, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        char *text = sl_arena_alloc(a, 36), *to = text;
        for (size_t j = 0; j < 16; j++) {
            uint8_t byte = (uint8_t)strings[i].p[j];
            if (j == 4 || j == 6 || j == 8 || j == 10)
                *to++ = '-';
            *to++ = digits[byte >> 4];
            *to++ = digits[byte & 15];
        }
        strings[i] = sl_strn(text, 36);
    }
}

/* ---- statistics -------------------------------------------------------------------------------
 */

/* One PLAIN value; false when it is not there, of a wrong size, or NaN. */
static bool decode_value(const struct parquet_leaf *leaf, struct sl_str bytes,
                         struct parquet_value *ret)
{
    union {
        int64_t i64;
        double f64;
        float f32;
        uint8_t boolean;
    } v = {0};
    if (!bytes.p)
        return false;
    if (leaf->kind == PARQUET_STRING) {
        ret->str = bytes;
        return leaf->convert == CONVERT_NONE;
    }
    const void *raw = bytes.p;
    if (leaf->physical == PHYSICAL_BYTE_ARRAY)
        raw = &bytes;
    else if (bytes.n != leaf->raw_bytes)
        return false;
    struct sl_err *err = leaf_convert_values(leaf, raw, 1, &v);
    sl_err_free(err);
    if (err)
        return false;
    ret->i64 = leaf->kind == PARQUET_BOOL ? v.boolean : v.i64;
    ret->f64 = leaf->kind == PARQUET_FLOAT ? (double)v.f32 : v.f64;
    bool is_float = leaf->kind == PARQUET_FLOAT || leaf->kind == PARQUET_DOUBLE;
    return !is_float || !isnan(ret->f64);
}

struct parquet_stats leaf_decode_stats(const struct parquet_leaf *leaf,
                                       const struct footer_stats *s)
{
    struct parquet_stats out = {
        .has_null_count = s->null_count >= 0,
        .null_count = s->null_count,
        .has_distinct_count = s->distinct_count >= 0,
        .distinct_count = s->distinct_count,
    };
    /* INT96 has no order, and neither do the old fields but for signed numbers. */
    if (leaf->kind == PARQUET_UNSUPPORTED || leaf->physical == PHYSICAL_INT96)
        return out;
    bool old = leaf->physical != PHYSICAL_BYTE_ARRAY && leaf->physical != PHYSICAL_FIXED &&
               leaf->convert != CONVERT_UINT32 && leaf->convert != CONVERT_UINT64;
    out.has_min = decode_value(leaf, s->min.p || !old ? s->min : s->old_min, &out.min);
    out.has_max = decode_value(leaf, s->max.p || !old ? s->max : s->old_max, &out.max);
    bool whole = leaf->kind != PARQUET_STRING; /* only strings are truncated */
    out.min_exact = s->min_exact >= 0 ? s->min_exact : whole;
    out.max_exact = s->max_exact >= 0 ? s->max_exact : whole;
    return out;
}
