#include "store/artifact_manifest.h"

#include "codec/sha256.h"

static int compare_files(const void *x, const void *y)
{
    return sl_str_cmp(((const struct artifact_file_entry *)x)->path,
                      ((const struct artifact_file_entry *)y)->path);
}

static struct json *files_to_json(struct sl_arena *a, const struct artifact_file_entry *files,
                                  size_t n)
{
    struct json *list = json_new_array(a);
    for (size_t i = 0; i < n; i++) {
        struct json *f = json_new_object(a);
        json_set_string(a, f, "path", files[i].path);
        json_set_number(a, f, "bytes", (double)files[i].bytes);
        json_set_string(a, f, "sha256", files[i].sha256);
        json_push(a, list, f);
    }
    return list;
}

struct sl_str artifact_manifest_digest(struct sl_arena *a, struct sl_str type,
                                       struct artifact_file_entry *files, size_t n)
{
    if (n)
        qsort(files, n, sizeof(*files), compare_files);
    struct json *o = json_new_object(a);
    json_set(a, o, "files", files_to_json(a, files, n));
    json_set_string(a, o, "type", type);
    SL_AUTOBUF(text, 0);
    json_format(o, JSON_CANONICAL, &text);
    char hex[SHA256_HEX];
    sha256_hex(sl_buf_str(&text), hex);
    return sl_arena_str(a, sl_str(hex));
}

void artifact_manifest_encode(struct sl_arena *a, const struct artifact *t, struct sl_buf *b)
{
    struct json *o = json_new_object(a);
    json_set_string(a, o, "type", t->type);
    json_set_string(a, o, "digest", t->digest);
    json_set(a, o, "files", files_to_json(a, t->files, t->n_files));
    json_set(a, o, "properties", t->properties);
    json_format(o, JSON_PRETTY, b);
}

struct manifest {
    struct sl_str type, digest;
    struct json_objects files;
    struct json *properties;
};

static const struct json_field file_fields[] = {
    {.name = "path",
     .kind = JSON_K_STRING,
     .offset = offsetof(struct artifact_file_entry, path),
     .required = true},
    {.name = "bytes",
     .kind = JSON_K_INT,
     .offset = offsetof(struct artifact_file_entry, bytes),
     .required = true,
     .max = 0x1p53},
    {.name = "sha256",
     .kind = JSON_K_STRING,
     .offset = offsetof(struct artifact_file_entry, sha256),
     .required = true},
};
static const struct json_table file_table = JSON_TABLE(file_fields, struct artifact_file_entry);

static const struct json_field fields[] = {
    {.name = "type",
     .kind = JSON_K_STRING,
     .offset = offsetof(struct manifest, type),
     .required = true},
    {.name = "digest",
     .kind = JSON_K_STRING,
     .offset = offsetof(struct manifest, digest),
     .required = true},
    {.name = "files",
     .kind = JSON_K_OBJECT_LIST,
     .offset = offsetof(struct manifest, files),
     .required = true,
     .table = &file_table},
    {.name = "properties", .kind = JSON_K_ANY, .offset = offsetof(struct manifest, properties)},
};
static const struct json_table table = JSON_TABLE(fields, struct manifest);

struct sl_err *artifact_manifest_decode(struct sl_arena *a, struct sl_str text,
                                        struct artifact *ret)
{
    struct json *o;
    struct diag_list l;
    struct manifest m;
    SL_TRY(json_parse(a, text, &o));
    diag_list_init(&l, a, SL_STR(""));
    json_decode(&l, o, &table, SL_STR(""), &m);
    SL_TRY(diag_to_err(&l));
    struct artifact_file_entry *files = m.files.p;
    struct sl_str digest = artifact_manifest_digest(a, m.type, files, m.files.n);
    if (!sl_str_eq(digest, m.digest))
        return SL_ERR(CORRUPT, "the digest of the manifest does not hold");
    ret->type = m.type;
    ret->digest = m.digest;
    ret->files = files;
    ret->n_files = m.files.n;
    ret->bytes = 0;
    for (size_t i = 0; i < m.files.n; i++)
        ret->bytes += files[i].bytes;
    ret->properties =
        m.properties && m.properties->type == JSON_OBJECT ? m.properties : json_new_object(a);
    return NULL;
}

struct sl_str artifact_file_uri(struct sl_arena *a, struct sl_str uri, struct sl_str path)
{
    return sl_arena_format(a, "%.*s/%.*s", SL_FMT(uri), SL_FMT(path));
}
