/* Bad manifests and what is said about them: tests/golden/manifest/NAME.yaml and NAME.expected.
 * GOLDEN_UPDATE=1 (`make golden-update`) writes the expected files anew; a person reads the diff.
 */
#include "tests/support/test.h"

#include "base/file.h"
#include "base/limits.h"
#include "core/pipeline/manifest.h"

#include <dirent.h>

#define FOLDER "tests/golden/manifest"

static struct sl_str lint(struct sl_arena *a, struct sl_str name)
{
    struct diag_list l;
    struct manifest m = {0};
    struct sl_str text;
    SL_AUTOBUF(b, 0);
    diag_list_init(&l, a, sl_arena_format(a, "%.*s.yaml", SL_FMT(name)));
    assert_ok(sl_file_read(a, sl_arena_format(a, FOLDER "/%.*s.yaml", SL_FMT(name)).p,
                           SL_LIMIT_MANIFEST_BYTES, &text));
    manifest_read(&l, text, &m);
    manifest_check(&l, &m);
    for (const struct diag *d = l.first; d; d = d->next) {
        diag_format(d, &b);
        sl_buf_add_char(&b, '\n');
    }
    return sl_arena_str(a, sl_buf_str(&b));
}

static size_t list_names(struct sl_arena *a, struct sl_str *names, size_t max)
{
    size_t n = 0;
    DIR *dir = opendir(FOLDER);
    assert_non_null(dir);
    for (const struct dirent *e; (e = readdir(dir));) {
        struct sl_str name = sl_str(e->d_name);
        if (!sl_str_ends(name, SL_STR(".yaml")))
            continue;
        assert_true(n < max);
        names[n++] = sl_arena_str(a, sl_strn(name.p, name.n - 5));
    }
    closedir(dir);
    qsort(names, n, sizeof(*names), sl_str_cmp_qsort);
    return n;
}

static void test_manifest_golden__every_fault_is_told(void **state SL_UNUSED)
{
    SL_AUTOARENA(a);
    struct sl_str names[500];
    size_t n = list_names(a, names, SL_COUNTOF(names)), wrong = 0;
    bool update = getenv("GOLDEN_UPDATE") != NULL;
    assert_true(n >= 40);
    for (size_t i = 0; i < n; i++) {
        const char *path = sl_arena_format(a, FOLDER "/%.*s.expected", SL_FMT(names[i])).p;
        struct sl_str got = lint(a, names[i]), want = {"", 0};
        if (update)
            assert_ok(sl_file_write(path, got));
        assert_ok(sl_file_read(a, path, SL_LIMIT_MANIFEST_BYTES, &want));
        if (sl_str_eq(got, want))
            continue;
        wrong++;
        print_error("%s:\n--- expected\n%s--- got\n%s", path, want.p, got.p);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_manifest_golden__every_fault_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
