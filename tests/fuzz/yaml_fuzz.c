/* YAML from anywhere: no crash, no runaway growth; what parses survives a trip through JSON. */
#include "base/assert.h"
#include "codec/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SL_AUTOARENA(a);
    SL_AUTOBUF(text, (size_t)64 << 20);
    struct json **documents, *again;
    size_t n;
    struct sl_err *err SL_AUTOERR =
        yaml_parse(a, sl_strn((const char *)data, size), &documents, &n);
    for (size_t i = 0; !err && i < n; i++) {
        sl_buf_clear(&text);
        json_format(documents[i], JSON_COMPACT, &text);
        struct sl_err *bad = json_parse(a, sl_buf_str(&text), &again);
        sl_assert(bad == NULL && json_equal(documents[i], again));
    }
    return 0;
}
