#include "tests/support/index_fixture.h"

#include "tests/support/test.h"

#include "adapter/sql_sqlite/sqlite.h"
#include "base/alloc.h"
#include "base/file.h"

int index_fixture_set_up(void **state)
{
    struct index_fixture *f = SL_NEW(struct index_fixture);
    snprintf(f->folder, sizeof(f->folder), "/tmp/sluice-index-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->a = sl_arena_new();
    struct sl_str path = sl_arena_format(f->a, "%s/sluice.db", f->folder);
    assert_ok(sql_sqlite_open(path.p, SQLITE_FILE_CREATE, &f->db));
    f->x = index_new(f->db);
    f->q = completion_queue_new();
    *state = f;
    return 0;
}

int index_fixture_tear_down(void **state)
{
    struct index_fixture *f = *state;
    index_free(f->x);
    sql_free(f->db);
    completion_queue_free(f->q);
    sl_arena_free(f->a);
    assert_ok(sl_dir_remove(f->folder));
    sl_free(f);
    return 0;
}

void index_fixture_publish(struct index_fixture *f, enum index_fact fact,
                           const struct run_record *r, const struct step_record *s)
{
    struct index_publish p = {.fact = fact, .run = r, .step = s};
    index_publish(f->x, f->q, &p);
    assert_ok(completion_wait(f->q, &p.c));
}
