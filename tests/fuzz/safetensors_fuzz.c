/* A safetensors file from outside. What is accepted is written and read again. */
#include "codec/safetensors.h"

#include "base/assert.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTOARENA(a);
    struct safetensors s, again;
    struct sl_err *err = safetensors_decode(a, sl_strn((const char *)data, size), &s);
    if (!err) {
        SL_AUTOBUF(b, 0);
        safetensors_encode(&s, &b);
        err = safetensors_decode(a, sl_buf_str(&b), &again);
        sl_assert(err == NULL);
        sl_assert_cmp(again.n, ==, s.n);
        for (size_t i = 0; i < s.n; i++)
            sl_assert_cmp(again.tensors[i].count, ==, s.tensors[i].count);
    }
    sl_err_free(err);
    return 0;
}
