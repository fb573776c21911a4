#include "store/schemas.h"

#include "base/limits.h"

#define FILE_NAME SL_STR("schema.pbtxt")

struct sl_err *schemas_load(struct sl_arena *a, const struct artifact *t, schema_message **ret)
{
    struct sl_str text;
    SL_TRY(artifact_read(a, t, FILE_NAME, SL_LIMIT_DOCUMENT_BYTES, &text));
    SL_TRY(schema_parse(a, text, ret), "'%.*s/%.*s'", SL_FMT(t->uri), SL_FMT(FILE_NAME));
    return NULL;
}

struct sl_err *schemas_save(struct artifact_writer *w, const schema_message *schema)
{
    SL_AUTOBUF(text, SL_LIMIT_DOCUMENT_BYTES);
    schema_format(schema, &text);
    return artifact_write(w, FILE_NAME, sl_buf_str(&text));
}
