/* A folder with a SQLite database and an index over it, for the length of a test. */
#pragma once

#include "store/index.h"

struct index_fixture {
    char folder[64];
    struct sql *db;
    struct index *x;
    struct completion_queue *q;
    struct sl_arena *a;
};

/* cmocka's set-up and tear-down: *state is a struct index_fixture. */
int index_fixture_set_up(void **state);
int index_fixture_tear_down(void **state);
/* Publishes and waits; fails the test when that fails. */
void index_fixture_publish(struct index_fixture *f, enum index_fact fact,
                           const struct run_record *r, const struct step_record *s);
