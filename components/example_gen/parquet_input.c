#include "ingest.h"

struct sl_err *parquet_input_run(struct ingest *g)
{
    return SL_ERR(INVALID, "%.*s: Parquet", SL_FMT(g->files[0].name));
}
