#include "core/learn/transform_math.h"

#include "base/time.h"

#include <float.h>
#include <math.h>

float transform_narrow(double x)
{
    x = x < -FLT_MAX ? -FLT_MAX : x;
    x = x > FLT_MAX ? FLT_MAX : x;
    return (float)x + 0.0f;
}

double transform_part_of(enum transform_part part, double time_us)
{
    if (isnan(time_us))
        return NAN;
    struct sl_civil c = sl_civil_from_us((int64_t)time_us);
    switch (part) {
    case TRANSFORM_YEAR:
        return (double)c.year;
    case TRANSFORM_QUARTER:
        return (c.month + 2) / 3;
    case TRANSFORM_MONTH:
        return c.month;
    case TRANSFORM_DAY:
        return c.day;
    case TRANSFORM_WEEKDAY:
        return c.weekday;
    case TRANSFORM_YEARDAY:
        return c.yearday;
    case TRANSFORM_HOUR:
        return c.hour;
    case TRANSFORM_MINUTE:
        return c.minute;
    case TRANSFORM_SECOND:
        return c.second;
    case TRANSFORM_DAYS:
        break;
    }
    return (double)sl_days_from_civil(c.year, c.month, c.day);
}

static uint32_t rotl32(uint32_t x, int r)
{
    return x << r | x >> (32 - r);
}

static uint32_t murmur_mix(uint32_t k)
{
    return rotl32(k * 0xcc9e2d51u, 15) * 0x1b873593u;
}

uint32_t transform_murmur3(struct sl_str s)
{
    const uint8_t *p = (const uint8_t *)s.p;
    size_t n_blocks = s.n / 4;
    uint32_t h = 0;
    for (size_t i = 0; i < n_blocks; i++) {
        uint32_t k = (uint32_t)p[4 * i] | (uint32_t)p[4 * i + 1] << 8 |
                     (uint32_t)p[4 * i + 2] << 16 | (uint32_t)p[4 * i + 3] << 24;
        h = rotl32(h ^ murmur_mix(k), 13) * 5 + 0xe6546b64u;
    }
    uint32_t tail = 0;
    for (size_t i = s.n & 3; i > 0; i--)
        tail = tail << 8 | p[4 * n_blocks + i - 1];
    if (s.n & 3)
        h ^= murmur_mix(tail);
    h ^= (uint32_t)s.n;
    h = (h ^ h >> 16) * 0x85ebca6bu;
    h = (h ^ h >> 13) * 0xc2b2ae35u;
    return h ^ h >> 16;
}
