#include "codec/csv_masks.h"

/* One text for every machine: the compiler's vector extension, compiled for the baseline and, on
 * x86, once more for AVX2; which one runs is decided when the program is loaded. */
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#define CLONES 1
#include <immintrin.h>
#endif

#if defined(__x86_64__)
#include <emmintrin.h>

static inline uint64_t mask16(const char *p, __m128i x, __m128i y, __m128i z)
{
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, x), _mm_cmpeq_epi8(v, y)),
                               _mm_cmpeq_epi8(v, z));
    return (uint64_t)(unsigned)_mm_movemask_epi8(hit);
}

static void masks_plain(const char *p, size_t blocks, char x, char y, char z, uint64_t *ret)
{
    __m128i vx = _mm_set1_epi8(x), vy = _mm_set1_epi8(y), vz = _mm_set1_epi8(z);
    for (size_t b = 0; b < blocks; b++, p += 64)
        ret[b] = mask16(p, vx, vy, vz) | mask16(p + 16, vx, vy, vz) << 16 |
                 mask16(p + 32, vx, vy, vz) << 32 | mask16(p + 48, vx, vy, vz) << 48;
}
#else
static void masks_plain(const char *p, size_t blocks, char x, char y, char z, uint64_t *ret)
{
    for (size_t b = 0; b < blocks; b++, p += 64) {
        uint64_t mask = 0;
        for (int i = 0; i < 64; i++)
            mask |= (uint64_t)(p[i] == x || p[i] == y || p[i] == z) << i;
        ret[b] = mask;
    }
}
#endif

#ifdef CLONES
__attribute__((target("avx2"))) static inline uint64_t mask32(const char *p, __m256i x, __m256i y,
                                                              __m256i z)
{
    __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i hit = _mm256_or_si256(_mm256_or_si256(_mm256_cmpeq_epi8(v, x), _mm256_cmpeq_epi8(v, y)),
                                  _mm256_cmpeq_epi8(v, z));
    return (uint64_t)(unsigned)_mm256_movemask_epi8(hit);
}

__attribute__((target("avx2"))) static void masks_avx2(const char *p, size_t blocks, char x, char y,
                                                       char z, uint64_t *ret)
{
    __m256i vx = _mm256_set1_epi8(x), vy = _mm256_set1_epi8(y), vz = _mm256_set1_epi8(z);
    for (size_t b = 0; b < blocks; b++, p += 64)
        ret[b] = mask32(p, vx, vy, vz) | mask32(p + 32, vx, vy, vz) << 32;
}
#endif

void csv_masks(const char *p, size_t blocks, char x, char y, char z, uint64_t *ret)
{
#ifdef CLONES
    if (__builtin_cpu_supports("avx2")) {
        masks_avx2(p, blocks, x, y, z, ret);
        return;
    }
#endif
    masks_plain(p, blocks, x, y, z, ret);
}

size_t csv_count(const char *p, size_t n, char x)
{
    uint64_t masks[64];
    size_t count = 0;
    while (n >= 64) {
        size_t blocks = SL_MIN(n / 64, SL_COUNTOF(masks));
        csv_masks(p, blocks, x, x, x, masks);
        for (size_t b = 0; b < blocks; b++)
            count += (size_t)__builtin_popcountll(masks[b]);
        p += blocks * 64;
        n -= blocks * 64;
    }
    for (size_t i = 0; i < n; i++)
        count += p[i] == x;
    return count;
}
