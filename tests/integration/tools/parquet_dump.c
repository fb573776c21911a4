/* Shows and copies Parquet files, so that tests can compare what we read and write with others.
 *
 *     parquet_dump dump FILE                    JSON: schema, metadata, statistics, every value
 *     parquet_dump copy IN OUT [PAGE_BYTES]     reads IN and writes OUT, row group by row group
 *     parquet_dump read FILE                    reads every column and prints the number of rows
 *
 * Strings are printed as hex digits, doubles as C99 hexadecimal, so that nothing is lost. */
#include "codec/parquet/parquet.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

static struct sl_err *read_fd(void *ctx, uint64_t offset, void *to, size_t n)
{
    ssize_t got = pread(*(int *)ctx, to, n, (off_t)offset);
    if (got < 0)
        return SL_ERRNO("read");
    if ((size_t)got != n)
        return SL_ERR(CORRUPT, "the file ends early");
    return NULL;
}

static struct sl_err *append_file(void *ctx, const void *p, size_t n)
{
    return fwrite(p, 1, n, ctx) == n ? NULL : SL_ERRNO("write");
}

static struct sl_err *open_file(struct sl_arena *a, const char *path, int *fd,
                                const struct parquet_file **ret)
{
    struct stat st;
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0 || fstat(*fd, &st) < 0)
        return SL_ERRNO("open '%s'", path);
    struct parquet_source source = {.read = read_fd, .ctx = fd, .size = (uint64_t)st.st_size};
    SL_TRY(parquet_open(a, &source, NULL, ret), "'%s'", path);
    return NULL;
}

/* ---- dump -------------------------------------------------------------------------------------
 */

static void print_hex(struct sl_str s)
{
    putchar('"');
    for (size_t i = 0; i < s.n; i++)
        printf("%02x", (unsigned char)s.p[i]);
    putchar('"');
}

static void print_double(double v)
{
    if (isnan(v))
        printf("\"nan\"");
    else
        printf("\"%a\"", v);
}

static void print_value(const struct parquet_vector *v, size_t i)
{
    if (!parquet_vector_is_valid(v, i)) {
        printf("null");
        return;
    }
    switch (v->kind) {
    case PARQUET_INT64:
    case PARQUET_TIMESTAMP:
        printf("%" PRId64, v->i64[i]);
        break;
    case PARQUET_DOUBLE:
        print_double(v->f64[i]);
        break;
    case PARQUET_FLOAT:
        print_double((double)v->f32[i]);
        break;
    case PARQUET_BOOL:
        printf("%s", v->boolean[i] ? "true" : "false");
        break;
    case PARQUET_STRING:
        print_hex(v->dict[v->codes[i]]);
        break;
    case PARQUET_UNSUPPORTED:
        break;
    }
}

static void print_stat(enum parquet_kind kind, const char *name, bool has, bool exact,
                       const struct parquet_value *v)
{
    if (!has)
        return;
    printf(",\"%s_exact\":%s,\"%s\":", name, exact ? "true" : "false", name);
    if (kind == PARQUET_STRING)
        print_hex(v->str);
    else if (kind == PARQUET_DOUBLE || kind == PARQUET_FLOAT)
        print_double(v->f64);
    else
        printf("%" PRId64, v->i64);
}

static void print_stats(const struct parquet_column *c, const struct parquet_stats *s)
{
    printf("{\"nulls\":%" PRId64, s->has_null_count ? s->null_count : -1);
    printf(",\"distinct\":%" PRId64, s->has_distinct_count ? s->distinct_count : -1);
    print_stat(c->kind, "min", s->has_min, s->min_exact, &s->min);
    print_stat(c->kind, "max", s->has_max, s->max_exact, &s->max);
    printf("}");
}

static struct sl_err *dump_values(const struct parquet_file *f, size_t column,
                                  struct parquet_workspace *ws)
{
    printf(",\"values\":[");
    bool first = true;
    for (size_t g = 0; g < f->row_group_count; g++) {
        SL_AUTOARENA(a);
        struct parquet_vector v;
        SL_TRY(parquet_read_column(a, f, ws, g, column, &v));
        for (size_t i = 0; i < v.n; i++) {
            printf("%s", first ? "" : ",");
            first = false;
            print_value(&v, i);
        }
    }
    printf("]");
    return NULL;
}

static struct sl_err *dump_column(const struct parquet_file *f, size_t column,
                                  struct parquet_workspace *ws)
{
    const struct parquet_column *c = &f->columns[column];
    printf("{\"name\":\"%.*s\",\"kind\":\"%s\",\"type\":\"%.*s\"", SL_FMT(c->name),
           parquet_kind_name(c->kind), SL_FMT(c->type));
    printf(",\"nullable\":%s,\"utc\":%s,\"raw\":%s,\"why\":\"%.*s\"",
           c->nullable ? "true" : "false", c->utc ? "true" : "false", c->raw ? "true" : "false",
           SL_FMT(c->why));
    if (c->kind != PARQUET_UNSUPPORTED) {
        printf(",\"stats\":[");
        for (size_t g = 0; g < f->row_group_count; g++) {
            printf("%s", g ? "," : "");
            print_stats(c, &parquet_get_chunk(f, g, column)->stats);
        }
        printf("]");
        SL_TRY(dump_values(f, column, ws));
    }
    printf("}\n");
    return NULL;
}

static struct sl_err *dump(const char *path)
{
    SL_AUTOARENA(a);
    PARQUET_AUTOWORKSPACE(ws);
    int fd;
    const struct parquet_file *f;
    SL_TRY(open_file(a, path, &fd, &f));
    printf("{\"rows\":%" PRIu64 ",\"row_groups\":[", f->rows);
    for (size_t g = 0; g < f->row_group_count; g++)
        printf("%s%zu", g ? "," : "", f->row_groups[g].rows);
    printf("],\"key_values\":{");
    for (size_t i = 0; i < f->key_value_count; i++) {
        printf("%s", i ? "," : "");
        print_hex(f->key_values[i].key);
        printf(":");
        print_hex(f->key_values[i].value);
    }
    printf("},\"columns\":[\n");
    for (size_t i = 0; i < f->column_count; i++) {
        printf("%s", i ? "," : "");
        SL_TRY(dump_column(f, i, ws));
    }
    printf("]}\n");
    close(fd);
    return NULL;
}

/* ---- copy, read -------------------------------------------------------------------------------
 */

static struct sl_err *read_row_group(struct sl_arena *a, const struct parquet_file *f,
                                     struct parquet_workspace *ws, size_t row_group,
                                     struct parquet_vector *vectors)
{
    for (size_t i = 0, n = 0; i < f->column_count; i++)
        if (f->columns[i].kind != PARQUET_UNSUPPORTED)
            SL_TRY(parquet_read_column(a, f, ws, row_group, i, &vectors[n++]));
    return NULL;
}

static struct sl_err *copy_row_groups(const struct parquet_file *f, struct parquet_writer *w,
                                      struct parquet_workspace *ws)
{
    for (size_t g = 0; g < f->row_group_count; g++) {
        SL_AUTOARENA(a);
        struct parquet_vector *v = SL_ARENA_ARRAY(a, struct parquet_vector, f->column_count);
        SL_TRY(read_row_group(a, f, ws, g, v));
        SL_TRY(parquet_write_row_group(w, ws, v));
    }
    for (size_t i = 0; i < f->key_value_count; i++)
        parquet_writer_add_key_value(w, f->key_values[i].key, f->key_values[i].value);
    return parquet_writer_finish(w, NULL);
}

static struct sl_err *copy(const char *from, const char *to, size_t page_bytes)
{
    SL_AUTOARENA(a);
    PARQUET_AUTOWORKSPACE(ws);
    PARQUET_AUTOWRITER struct parquet_writer *w = NULL;
    int fd;
    const struct parquet_file *f;
    SL_TRY(open_file(a, from, &fd, &f));
    struct parquet_write_column *columns =
        SL_ARENA_ARRAY(a, struct parquet_write_column, f->column_count);
    size_t n = 0;
    for (size_t i = 0; i < f->column_count; i++) {
        const struct parquet_column *c = &f->columns[i];
        if (c->kind != PARQUET_UNSUPPORTED)
            columns[n++] =
                (struct parquet_write_column){c->name, c->kind, c->nullable, c->utc, c->raw};
    }
    struct parquet_write_schema schema = {
        .columns = columns, .column_count = n, .options = {.page_bytes = page_bytes}};
    FILE *out = fopen(to, "wbe");
    if (!out)
        return SL_ERRNO("create '%s'", to);
    struct parquet_sink sink = {append_file, out};
    SL_TRY(parquet_writer_new(&schema, &sink, &w));
    SL_TRY(copy_row_groups(f, w, ws));
    close(fd);
    return fclose(out) == 0 ? NULL : SL_ERRNO("write '%s'", to);
}

static struct sl_err *read_all(const char *path)
{
    SL_AUTOARENA(a);
    PARQUET_AUTOWORKSPACE(ws);
    int fd;
    const struct parquet_file *f;
    SL_TRY(open_file(a, path, &fd, &f));
    struct sl_arena *group = sl_arena_new();
    for (size_t g = 0; g < f->row_group_count; g++) {
        struct parquet_vector *v = SL_ARENA_ARRAY(group, struct parquet_vector, f->column_count);
        SL_TRY(read_row_group(group, f, ws, g, v));
        sl_arena_clear(group);
    }
    sl_arena_free(group);
    printf("%" PRIu64 "\n", f->rows);
    close(fd);
    return NULL;
}

int main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    struct sl_err *err;
    uint64_t page_bytes = 0;
    if (argc > 4)
        sl_str_to_u64(sl_str(argv[4]), &page_bytes);
    if (strcmp(verb, "dump") == 0 && argc == 3)
        err = dump(argv[2]);
    else if (strcmp(verb, "copy") == 0 && argc >= 4)
        err = copy(argv[2], argv[3], page_bytes);
    else if (strcmp(verb, "read") == 0 && argc == 3)
        err = read_all(argv[2]);
    else
        err =
            SL_ERR(INVALID, "usage: parquet_dump dump FILE | copy IN OUT [PAGE_BYTES] | read FILE");
    if (!err)
        return 0;
    SL_AUTOBUF(text, 0);
    sl_err_format(err, &text);
    fprintf(stderr, "parquet_dump: %s: %s\n", sl_err_kind_name(err->kind), text.p);
    sl_err_free(err);
    return 1;
}
