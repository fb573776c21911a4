#include "tests/support/test.h"

#include "core/pipeline/names.h"

#define FINE(check, s)  assert_null(check(SL_STR(s)))
#define WRONG(check, s) assert_non_null(check(SL_STR(s)))
#define A10             "aaaaaaaaaa"
#define A60             A10 A10 A10 A10 A10 A10

static void test_names__dns_labels_and_names(void **state SL_UNUSED)
{
    FINE(name_fault_label, "a");
    FINE(name_fault_label, "0-9");
    FINE(name_fault_label, A60 "bcd");
    WRONG(name_fault_label, A60 "bcde");
    WRONG(name_fault_label, "");
    WRONG(name_fault_label, "-a");
    WRONG(name_fault_label, "a-");
    WRONG(name_fault_label, "A");
    WRONG(name_fault_label, "a_b");
    WRONG(name_fault_label, "a.b");
    WRONG(name_fault_label, "\xc3\xa4");
    FINE(name_fault_object, "a.b-c.d");
    WRONG(name_fault_object, "a..b");
    WRONG(name_fault_object, ".a");
    WRONG(name_fault_object, "a.");
    WRONG(name_fault_object, A60 "bcde");
    FINE(name_fault_prefix, "taxi-");
    FINE(name_fault_prefix, "taxi");
    FINE(name_fault_prefix, "taxi.");
    WRONG(name_fault_prefix, "-taxi");
    WRONG(name_fault_prefix, "Taxi-");
    WRONG(name_fault_prefix, A60);
}

static void test_names__words_and_labels(void **state SL_UNUSED)
{
    FINE(name_fault_word, "transformed_examples");
    FINE(name_fault_word, "_a-9");
    WRONG(name_fault_word, "9a");
    WRONG(name_fault_word, "-a");
    WRONG(name_fault_word, "a b");
    WRONG(name_fault_word, "a.b");
    WRONG(name_fault_word, "");
    FINE(name_fault_label_key, "team");
    FINE(name_fault_label_key, "example.com/My_Team.x");
    WRONG(name_fault_label_key, "/team");
    WRONG(name_fault_label_key, "Example.com/team");
    WRONG(name_fault_label_key, "a/b/c");
    WRONG(name_fault_label_key, "-a");
    FINE(name_fault_label_value, "");
    FINE(name_fault_label_value, "1.0");
    WRONG(name_fault_label_value, "a b");
    WRONG(name_fault_label_value, "a-");
}

static void test_quantity_parse_milli__kubernetes_quantities(void **state SL_UNUSED)
{
    static const struct {
        const char *text;
        int64_t milli; /* -1: none */
    } cases[] = {
        {"1", 1000},
        {"500m", 500},
        {"0.1", 100},
        {"1.5", 1500},
        {"512Mi", 536870912000},
        {"1G", 1000000000000},
        {"1k", 1000000},
        {"1e3", 1000000},
        {"0", 0},
        {"0.0001", 1},
        {"-1", -1},
        {"", -1},
        {"m", -1},
        {"1 Gi", -1},
        {"1Zi", -1},
        {"lots", -1},
        {"100Pi", -1},
    };
    SL_AUTOARENA(a);
    for (size_t i = 0; i < SL_COUNTOF(cases); i++) {
        int64_t milli = -1;
        bool fits = quantity_parse_milli(json_new_string(a, sl_str(cases[i].text)), &milli);
        assert_int_equal(fits, cases[i].milli >= 0);
        assert_int_equal(milli, cases[i].milli);
    }
    int64_t milli;
    assert_true(quantity_parse_milli(json_new_number(a, 2), &milli));
    assert_int_equal(milli, 2000);
    assert_false(quantity_parse_milli(json_new_bool(a, true), &milli));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names__dns_labels_and_names),
        cmocka_unit_test(test_names__words_and_labels),
        cmocka_unit_test(test_quantity_parse_milli__kubernetes_quantities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
