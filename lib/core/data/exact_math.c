#include "core/data/exact_math.h"

#include <math.h>

static const struct exact_ln_tables tables = {
    .coarse = {0x1p-1024, 0x1p-960, 0x1p-896, 0x1p-832, 0x1p-768, 0x1p-704, 0x1p-640, 0x1p-576,
               0x1p-512,  0x1p-448, 0x1p-384, 0x1p-320, 0x1p-256, 0x1p-192, 0x1p-128, 0x1p-64,
               0x1p0,     0x1p64,   0x1p128,  0x1p192,  0x1p256,  0x1p320,  0x1p384,  0x1p448,
               0x1p512,   0x1p576,  0x1p640,  0x1p704,  0x1p768,  0x1p832,  0x1p896,  0x1p960},
    .scale = {0x1p544,  0x1p512,  0x1p480,  0x1p448,  0x1p416,  0x1p384,  0x1p352,
              0x1p320,  0x1p288,  0x1p256,  0x1p224,  0x1p192,  0x1p160,  0x1p128,
              0x1p96,   0x1p64,   0x1p32,   0x1p0,    0x1p-32,  0x1p-64,  0x1p-96,
              0x1p-128, 0x1p-160, 0x1p-192, 0x1p-224, 0x1p-256, 0x1p-288, 0x1p-320,
              0x1p-352, 0x1p-384, 0x1p-416, 0x1p-448, 0x1p-480},
    .exponent = {-1088, -1024, -960, -896, -832, -768, -704, -640, -576, -512, -448,
                 -384,  -320,  -256, -192, -128, -64,  0,    64,   128,  192,  256,
                 320,   384,   448,  512,  576,  640,  704,  768,  832,  896,  960},
    .fine = {0x1p1,  0x1p2,  0x1p3,  0x1p4,  0x1p5,  0x1p6,  0x1p7,  0x1p8,  0x1p9,  0x1p10, 0x1p11,
             0x1p12, 0x1p13, 0x1p14, 0x1p15, 0x1p16, 0x1p17, 0x1p18, 0x1p19, 0x1p20, 0x1p21, 0x1p22,
             0x1p23, 0x1p24, 0x1p25, 0x1p26, 0x1p27, 0x1p28, 0x1p29, 0x1p30, 0x1p31, 0x1p32, 0x1p33,
             0x1p34, 0x1p35, 0x1p36, 0x1p37, 0x1p38, 0x1p39, 0x1p40, 0x1p41, 0x1p42, 0x1p43, 0x1p44,
             0x1p45, 0x1p46, 0x1p47, 0x1p48, 0x1p49, 0x1p50, 0x1p51, 0x1p52, 0x1p53, 0x1p54, 0x1p55,
             0x1p56, 0x1p57, 0x1p58, 0x1p59, 0x1p60, 0x1p61, 0x1p62, 0x1p63},
    .shrink = {0x1p0,   0x1p-1,  0x1p-2,  0x1p-3,  0x1p-4,  0x1p-5,  0x1p-6,  0x1p-7,
               0x1p-8,  0x1p-9,  0x1p-10, 0x1p-11, 0x1p-12, 0x1p-13, 0x1p-14, 0x1p-15,
               0x1p-16, 0x1p-17, 0x1p-18, 0x1p-19, 0x1p-20, 0x1p-21, 0x1p-22, 0x1p-23,
               0x1p-24, 0x1p-25, 0x1p-26, 0x1p-27, 0x1p-28, 0x1p-29, 0x1p-30, 0x1p-31,
               0x1p-32, 0x1p-33, 0x1p-34, 0x1p-35, 0x1p-36, 0x1p-37, 0x1p-38, 0x1p-39,
               0x1p-40, 0x1p-41, 0x1p-42, 0x1p-43, 0x1p-44, 0x1p-45, 0x1p-46, 0x1p-47,
               0x1p-48, 0x1p-49, 0x1p-50, 0x1p-51, 0x1p-52, 0x1p-53, 0x1p-54, 0x1p-55,
               0x1p-56, 0x1p-57, 0x1p-58, 0x1p-59, 0x1p-60, 0x1p-61, 0x1p-62, 0x1p-63},
    .half_up = 0x1.6a09e667f3bcdp0,
    .series = {1.0 / 23, 1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9,
               1.0 / 7, 1.0 / 5, 1.0 / 3},
    /* fdlibm's split of ln 2: the high part times any exponent is exact. */
    .high = 6.93147180369123816490e-01,
    .low = 1.90821492927058770002e-10,
};

const struct exact_ln_tables *exact_ln_tables(void)
{
    return &tables;
}

double exact_ln(double x)
{
    const struct exact_ln_tables *t = &tables;
    size_t k = 0, j = 0;
    if (!(x > 0))
        return NAN;
    while (k < EXACT_LN_COARSE && x >= t->coarse[k])
        k++;
    x = x * t->scale[k] * t->scale[k];
    while (j < EXACT_LN_FINE && x >= t->fine[j])
        j++;
    x = x * t->shrink[j];
    double e = t->exponent[k] + (double)j;
    if (x >= t->half_up) {
        x = x * 0.5;
        e = e + 1;
    }
    double f = (x - 1) / (x + 1);
    double z = f * f;
    double p = t->series[0];
    for (size_t i = 1; i < EXACT_LN_SERIES; i++)
        p = p * z + t->series[i];
    return e * t->high + ((f + f) * (p * z + 1) + e * t->low);
}

static const struct exact_exp_tables exp_tables = {
    .bound = 1100,
    .inverse = 1.44269504088896338700e+00,
    .series = {1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880,
               1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1, 1},
};

const struct exact_exp_tables *exact_exp_tables(void)
{
    return &exp_tables;
}

double exact_exp(double x)
{
    const struct exact_exp_tables *t = &exp_tables;
    x = x < -t->bound ? -t->bound : x;
    x = x > t->bound ? t->bound : x;
    double k = rint(x * t->inverse);
    if (isnan(k))
        return k;
    double r = (x - k * tables.high) - k * tables.low;
    double p = t->series[0];
    for (size_t i = 1; i < EXACT_EXP_SERIES; i++)
        p = p * r + t->series[i];
    int half = (int)floor(k * 0.5);
    return ldexp(ldexp(p, half), (int)k - half);
}
