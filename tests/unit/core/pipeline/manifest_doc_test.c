/* docs/reference/manifest.md names every field that the tables accept and every function. */
#include "tests/support/test.h"

#include "base/file.h"
#include "core/data/expr_functions.h"
#include "core/pipeline/manifest_impl.h"

static struct sl_str read_page(struct sl_arena *a)
{
    struct sl_str page;
    assert_ok(sl_file_read(a, "docs/reference/manifest.md", 1 << 20, &page));
    return page;
}

static void check_table(struct sl_arena *a, struct sl_str page, const struct json_table *t,
                        const char *prefix)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct json_field *f = &t->fields[i];
        struct sl_str quoted = sl_arena_format(a, "`%s`", f->name);
        struct sl_str dotted = sl_arena_format(a, "%s%s`", prefix, f->name);
        if (sl_str_find(page, quoted) < 0 && sl_str_find(page, dotted) < 0)
            fail_msg("the page does not name %s", quoted.p);
        if (f->table)
            check_table(a, page, f->table, prefix);
    }
}

static void test_manifest_doc__names_every_field(void **state SL_UNUSED)
{
    SL_AUTOARENA(a);
    struct sl_str page = read_page(a);
    check_table(a, page, &raw_document_table, "");
    check_table(a, page, &raw_pipeline_table, "");
    check_table(a, page, &raw_run_table, "");
    check_table(a, page, &raw_pod_table, "");
    for (size_t i = 0; i < 5; i++) { /* what a person writes; the server's fields come after */
        const char *name = raw_metadata_table.fields[i].name;
        assert_true(sl_str_find(page, sl_arena_format(a, "`metadata.%s`", name)) >= 0);
    }
}

static void test_manifest_doc__lists_every_function(void **state SL_UNUSED)
{
    SL_AUTOARENA(a);
    struct sl_str page = read_page(a);
    size_t n;
    const struct expr_function *all = expr_function_all(&n);
    for (size_t i = 0; i < n; i++) {
        struct sl_str row = sl_arena_format(a, "| `%s` | %s |\n", all[i].signature, all[i].help);
        if (sl_str_find(page, row) < 0)
            fail_msg("the page lacks: %s", row.p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_manifest_doc__names_every_field),
        cmocka_unit_test(test_manifest_doc__lists_every_function),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
