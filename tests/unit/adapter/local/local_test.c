/* Real processes: shell scripts as step executables. Nothing sleeps: a test waits for what it wants
 * to see. */
#include "adapter/local/local.h"

#include "adapter/local/unit.h"
#include "base/file.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
    char folder[64];
    struct sl_arena *a;
    struct cluster *cluster;
    struct completion_queue *q;
};

static void open_cluster(struct fixture *f)
{
    char runs[128];
    snprintf(runs, sizeof(runs), "%s/runs", f->folder);
    f->cluster = local_new(&(struct local_config){.bin_folder = f->folder, .state_folder = runs});
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    snprintf(f->folder, sizeof(f->folder), "/tmp/sluice-local-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->a = sl_arena_new();
    f->q = completion_queue_new();
    open_cluster(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    cluster_free(f->cluster);
    completion_queue_free(f->q);
    sl_arena_free(f->a);
    sl_err_free(sl_dir_remove(f->folder));
    free(f);
    return 0;
}

static void write_script(struct fixture *f, const char *name, const char *text)
{
    struct sl_str path = sl_arena_format(f->a, "%s/%s", f->folder, name);
    struct sl_str body = sl_arena_format(f->a, "#!/bin/sh\n%s\n", text);
    assert_ok(sl_file_write(path.p, body));
    assert_int_equal(chmod(path.p, 0755), 0);
}

static struct sl_err *ask(struct fixture *f, struct cluster_request *r)
{
    cluster_submit(f->cluster, f->q, r);
    return completion_wait(f->q, &r->c);
}

static struct sl_err *create(struct fixture *f, const char *executable, const char *name,
                             int64_t attempt, int64_t memory)
{
    struct cluster_request r = {
        .op = CLUSTER_CREATE,
        .unit = {.name = sl_arena_format(f->a, "r1.%s.%lld", name, (long long)attempt),
                 .run_uid = SL_STR("r1"),
                 .step = sl_str(name),
                 .item = {0}, /* none */
                 .attempt = attempt,
                 .executable = sl_str(executable),
                 .image = SL_STR(""),
                 .task = SL_STR("{\"a\":1}"),
                 .log_uri = sl_arena_format(f->a, "file://%s/logs/%s", f->folder, name),
                 .memory_bytes = memory},
    };
    return ask(f, &r);
}

/* Reads changes until the step's unit has ended. */
static struct unit_status wait_for_end(struct fixture *f, const char *step)
{
    for (;;) {
        struct cluster_request r = {.op = CLUSTER_WATCH, .run_uid = SL_STR("r1"), .a = f->a};
        assert_ok(ask(f, &r));
        for (size_t i = 0; i < r.ret_n; i++)
            if (sl_str_is(r.ret_units[i].step, step) && r.ret_units[i].phase == UNIT_ENDED)
                return r.ret_units[i];
    }
}

static struct sl_str read_log(struct fixture *f, const char *step, const char *name)
{
    struct sl_str text;
    struct sl_str path = sl_arena_format(f->a, "%s/logs/%s/%s", f->folder, step, name);
    assert_ok(sl_file_read(f->a, path.p, 1 << 20, &text));
    return text;
}

static void wait_for_log(struct fixture *f, const char *step, const char *part)
{
    while (sl_str_find(read_log(f, step, "stdout.log"), sl_str(part)) < 0)
        usleep(1000); /* the condition is in a file, which cannot be waited for otherwise */
}

static void test_local__task_logs_and_exit_code(void **state)
{
    struct fixture *f = *state;
    write_script(f, "echo", "echo \"task $SLUICE_TASK\"; echo oops >&2; read x; exit 3");
    assert_ok(create(f, "echo", "s", 1, 0));
    struct unit_status u = wait_for_end(f, "s");
    assert_int_equal(u.end, UNIT_END_EXITED);
    assert_int_equal(u.exit_code, 3);
    assert_str(u.name, "r1.s.1");
    assert_true(u.peak_memory_bytes > 0);
    assert_str(read_log(f, "s", "stdout.log"), "task {\"a\":1}\n");
    assert_str(read_log(f, "s", "stderr.log"), "oops\n");
}

static void test_local__creating_twice_is_harmless(void **state)
{
    struct fixture *f = *state;
    write_script(f, "once", "echo run");
    assert_ok(create(f, "once", "s", 1, 0));
    assert_ok(create(f, "once", "s", 1, 0));
    wait_for_end(f, "s");
    assert_str(read_log(f, "s", "stdout.log"), "run\n");
}

static void test_local__no_such_executable(void **state)
{
    struct fixture *f = *state;
    assert_err(create(f, "nothing", "s", 1, 0), NOT_FOUND, "start 'nothing'");
}

static void test_local__crash_and_outside_signal(void **state)
{
    struct fixture *f = *state;
    write_script(f, "crash", "kill -SEGV $$");
    write_script(f, "killed", "kill -KILL $$");
    assert_ok(create(f, "crash", "a", 1, 0));
    struct unit_status u = wait_for_end(f, "a");
    assert_int_equal(u.end, UNIT_END_SIGNALED);
    assert_int_equal(u.signal, SIGSEGV);
    assert_ok(create(f, "killed", "b", 1, 0));
    assert_int_equal(wait_for_end(f, "b").end, UNIT_END_DISRUPTED);
}

static void remove_unit(struct fixture *f, const char *name, int64_t grace_ms)
{
    struct cluster_request r = {
        .op = CLUSTER_REMOVE, .run_uid = SL_STR("r1"), .name = sl_str(name), .grace_ms = grace_ms};
    assert_ok(ask(f, &r));
}

static void test_local__graceful_removal(void **state)
{
    struct fixture *f = *state;
    write_script(f, "polite", "trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 1; done");
    assert_ok(create(f, "polite", "s", 1, 0));
    wait_for_log(f, "s", "up");
    remove_unit(f, "r1.s.1", 60000);
    struct unit_status u = wait_for_end(f, "s");
    assert_int_equal(u.end, UNIT_END_EXITED);
    assert_int_equal(u.exit_code, 7);
    assert_str(read_log(f, "s", "stdout.log"), "up\nbye\n");
}

static void test_local__kills_after_the_grace_with_the_whole_group(void **state)
{
    struct fixture *f = *state;
    write_script(f, "stubborn",
                 "trap '' TERM; sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1; done' & "
                 "wait; while :; do sleep 1; done");
    assert_ok(create(f, "stubborn", "s", 1, 0));
    wait_for_log(f, "s", "\n");
    remove_unit(f, "r1.s.1", 1);
    assert_int_equal(wait_for_end(f, "s").end, UNIT_END_REMOVED);
    int64_t grandchild;
    assert_true(sl_str_to_i64(sl_str_trim(read_log(f, "s", "stdout.log")), &grandchild));
    while (unit_start_ticks(grandchild) != 0 && kill((pid_t)grandchild, 0) == 0) {
        struct sl_str stat;
        struct sl_str path = sl_arena_format(f->a, "/proc/%lld/stat", (long long)grandchild);
        struct sl_err *err = sl_file_read(f->a, path.p, 4096, &stat);
        sl_err_free(err);
        if (err || sl_str_find(stat, SL_STR(") Z ")) >= 0)
            break;
    }
}

static void test_local__memory_limit(void **state)
{
    struct fixture *f = *state;
    write_script(f, "hog", "exec python3 -c 'x = bytearray(1 << 30)'");
    assert_ok(create(f, "hog", "s", 1, 256 << 20));
    struct unit_status u = wait_for_end(f, "s");
    assert_int_equal(u.end, UNIT_END_OUT_OF_MEMORY);
}

static void test_local__a_limit_not_reached_is_no_reason(void **state)
{
    struct fixture *f = *state;
    write_script(f, "plain", "exit 1");
    assert_ok(create(f, "plain", "s", 1, 1 << 30));
    assert_int_equal(wait_for_end(f, "s").end, UNIT_END_EXITED);
}

/* ---- after a controller's death ---------------------------------------------------------------*/

static void reopen(struct fixture *f)
{
    cluster_free(f->cluster);
    open_cluster(f);
}

static struct unit_status list_one(struct fixture *f)
{
    struct cluster_request r = {.op = CLUSTER_LIST, .run_uid = SL_STR("r1"), .a = f->a};
    assert_ok(ask(f, &r));
    assert_int_equal(r.ret_n, 1);
    return r.ret_units[0];
}

static void test_local__remembers_how_units_ended(void **state)
{
    struct fixture *f = *state;
    write_script(f, "three", "exit 3");
    assert_ok(create(f, "three", "s", 2, 0));
    wait_for_end(f, "s");
    reopen(f);
    struct unit_status u = list_one(f);
    assert_str(u.name, "r1.s.2");
    assert_int_equal(u.attempt, 2);
    assert_int_equal(u.end, UNIT_END_EXITED);
    assert_int_equal(u.exit_code, 3);
}

/* A unit file as a controller that was killed leaves it. */
static void leave_unit(struct fixture *f, pid_t pid, int64_t ticks, int *ret_fd)
{
    struct sl_str folder = sl_arena_format(f->a, "%s/runs/r1/units", f->folder);
    assert_ok(sl_dir_make(folder.p));
    struct sl_str path = sl_arena_format(f->a, "%s/s.1", folder.p);
    int fd = open(path.p, O_RDWR | O_CREAT, 0644);
    assert_true(fd >= 0);
    struct unit_record u = {.pid = pid, .start_ticks = ticks, .created_us = 1, .started_us = 1};
    assert_ok(unit_record_write(fd, &u));
    *ret_fd = fd;
}

static void test_local__adopts_a_live_orphan(void **state)
{
    struct fixture *f = *state;
    int fd;
    leave_unit(f, 0, 0, &fd);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        pause();
        _exit(0);
    }
    close(fd); /* the child's copy holds the lock */
    while (getpgid(pid) != pid)
        ;
    int again;
    leave_unit(f, pid, unit_start_ticks(pid), &again);
    close(again);
    assert_int_equal(list_one(f).phase, UNIT_RUNNING);
    remove_unit(f, "r1.s.1", 60000);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(wait_for_end(f, "s").end, UNIT_END_REMOVED);
}

static void test_local__a_dead_orphan_is_disrupted(void **state)
{
    struct fixture *f = *state;
    int fd;
    leave_unit(f, getpid(), unit_start_ticks(getpid()), &fd); /* alive, but holds no lock */
    close(fd);
    struct unit_status u = list_one(f);
    assert_int_equal(u.phase, UNIT_ENDED);
    assert_int_equal(u.end, UNIT_END_DISRUPTED);
}

static void test_local__an_empty_unit_file_counts_as_an_attempt(void **state)
{
    struct fixture *f = *state;
    struct sl_str folder = sl_arena_format(f->a, "%s/runs/r1/units", f->folder);
    assert_ok(sl_dir_make(folder.p));
    struct sl_str path = sl_arena_format(f->a, "%s/s.4", folder.p);
    int fd = open(path.p, O_RDWR | O_CREAT, 0644);
    close(fd);
    struct unit_status u = list_one(f);
    assert_int_equal(u.attempt, 4);
    assert_int_equal(u.end, UNIT_END_DISRUPTED);
}

static void test_local__watch_can_be_cancelled(void **state)
{
    struct fixture *f = *state;
    struct cluster_request watch = {.op = CLUSTER_WATCH, .run_uid = SL_STR("r1"), .a = f->a};
    struct cluster_request cancel = {.op = CLUSTER_CANCEL_WATCH, .run_uid = SL_STR("r1")};
    cluster_submit(f->cluster, f->q, &watch);
    assert_ok(ask(f, &cancel));
    assert_ok(completion_wait(f->q, &watch.c));
    assert_int_equal(watch.ret_n, 0);
}

static void test_unit__file_names(void **state)
{
    struct fixture *f = *state;
    struct unit_record u = {0};
    assert_str(unit_file_name(f->a, SL_STR("train"), SL_STR(""), 3), "train.3");
    assert_str(unit_file_name(f->a, SL_STR("train"), SL_STR("7"), 3), "train.7.3");
    assert_true(unit_parse_file_name(f->a, SL_STR("train.7.3"), &u));
    assert_str(u.step, "train");
    assert_str(u.item, "7");
    assert_int_equal(u.attempt, 3);
    assert_false(unit_parse_file_name(f->a, SL_STR("train"), &u));
    assert_false(unit_parse_file_name(f->a, SL_STR("train.x"), &u));
    assert_false(unit_parse_file_name(f->a, SL_STR(".3"), &u));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_local__task_logs_and_exit_code),
        TEST(test_local__creating_twice_is_harmless),
        TEST(test_local__no_such_executable),
        TEST(test_local__crash_and_outside_signal),
        TEST(test_local__graceful_removal),
        TEST(test_local__kills_after_the_grace_with_the_whole_group),
        TEST(test_local__memory_limit),
        TEST(test_local__a_limit_not_reached_is_no_reason),
        TEST(test_local__remembers_how_units_ended),
        TEST(test_local__adopts_a_live_orphan),
        TEST(test_local__a_dead_orphan_is_disrupted),
        TEST(test_local__an_empty_unit_file_counts_as_an_attempt),
        TEST(test_local__watch_can_be_cancelled),
        TEST(test_unit__file_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
