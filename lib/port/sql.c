#include "port/sql.h"

struct sl_err *sql_do(struct sql *db, struct sql_request *r)
{
    struct completion_queue *q = completion_queue_new();
    r->c = (struct completion){0};
    sql_submit(db, q, r);
    struct sl_err *err = completion_wait(q, &r->c);
    completion_queue_free(q);
    return err;
}

void sql_free(struct sql *db)
{
    if (db)
        db->ops->free(db);
}

struct sl_err *sql_query(struct sql_tx *tx, struct sl_arena *a, const char *text,
                         const struct sql_value *params, size_t n_params, struct sql_rows *ret)
{
    return tx->ops->query(tx, a, text, params, n_params, ret);
}
