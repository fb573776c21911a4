/* FeatureStats.pb from anywhere: it is read, or refused with a message; what was read is written
 * and read again to the same bytes. */
#include "base/assert.h"
#include "core/data/statistics_proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTOARENA(a);
    struct dataset_statistics *d, *again;
    struct sl_err *err = statistics_decode(a, sl_strn((const char *)data, size), &d);
    if (err) {
        sl_err_free(err);
        return 0;
    }
    SL_AUTOBUF(first, 0);
    SL_AUTOBUF(second, 0);
    statistics_encode(d, &first);
    err = statistics_decode(a, sl_buf_str(&first), &again);
    sl_assert(err == NULL);
    statistics_encode(again, &second);
    sl_assert(sl_str_eq(sl_buf_str(&first), sl_buf_str(&second)));
    return 0;
}
