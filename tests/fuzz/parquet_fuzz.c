/* Any bytes as a Parquet file: every column of every row group, under small limits. The checksums
 * of pages are not in the way: a file without them is as good an input. */
#include "codec/parquet/parquet.h"

#include "base/assert.h"

struct input {
    const uint8_t *p;
    size_t n;
};

static struct sl_err *read_input(void *ctx, uint64_t offset, void *to, size_t n)
{
    const struct input *in = ctx;
    sl_assert(offset <= in->n && n <= in->n - offset);
    if (n)
        memcpy(to, in->p + offset, n);
    return NULL;
}

/* Looks at all that a consumer would look at. */
static void use(const struct parquet_vector *v)
{
    size_t nulls = 0, bytes = 0;
    for (size_t i = 0; i < v->n; i++) {
        nulls += !parquet_vector_is_valid(v, i);
        if (v->kind == PARQUET_STRING) {
            sl_assert(v->codes[i] < v->dict_count);
            struct sl_str s = v->dict[v->codes[i]];
            bytes += s.n ? (size_t)(uint8_t)s.p[0] + (uint8_t)s.p[s.n - 1] : 0;
        } else if (v->kind == PARQUET_BOOL) {
            sl_assert(v->boolean[i] <= 1);
        } else if (v->kind == PARQUET_FLOAT) {
            bytes += v->f32[i] > 0;
        } else {
            bytes += v->i64[i] > 0;
        }
    }
    sl_assert(nulls == v->null_count);
    sl_assert(bytes != 1 || v->n > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct parquet_limits limits = {
        .footer_bytes = 1 << 20,
        .group_rows = 1 << 16,
        .page_bytes = 1 << 20,
        .chunk_bytes = 1 << 22,
    };
    struct input in = {data, size};
    struct parquet_source source = {read_input, &in, size};
    SL_AUTOARENA(a);
    PARQUET_AUTOWORKSPACE(ws);
    const struct parquet_file *f;
    struct sl_err *err = parquet_open(a, &source, &limits, &f);
    if (err) {
        sl_err_free(err);
        return 0;
    }
    for (size_t g = 0; g < SL_MIN(f->row_group_count, (size_t)4); g++)
        for (size_t c = 0; c < SL_MIN(f->column_count, (size_t)40); c++) {
            SL_AUTOARENA(column);
            struct parquet_vector v;
            err = parquet_read_column(column, f, ws, g, c, &v);
            if (!err)
                use(&v);
            sl_err_free(err);
        }
    return 0;
}
