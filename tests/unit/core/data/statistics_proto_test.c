#include "tests/support/test.h"

#include "base/buf.h"
#include "core/data/statistics_collect.h"
#include "core/data/statistics_proto.h"

#include <math.h>

/* Made with the Python classes of tensorflow_metadata: datasets `x_1` and `All Examples`, the
 * latter with a FLOAT feature outer.fare, a STRING one by name, a STRUCT, a BYTES and a cross
 * feature. */
static const char foreign[] =
    "\012\007\012\003\170\137\061\020\001\012\306\002\012\014\101\154\154\040\105\170\141\155"
    "\160\154\145\163\020\007\032\265\001\020\001\032\241\001\012\017\010\006\020\001\030\001"
    "\040\003\055\000\000\300\077\100\011\021\000\000\000\000\000\000\004\100\031\000\000\000"
    "\000\000\000\340\077\040\001\051\000\000\000\000\000\000\360\277\061\000\000\000\000\000"
    "\000\000\100\071\000\000\000\000\000\000\020\100\102\037\010\002\032\033\011\000\000\000"
    "\000\000\000\360\277\021\000\000\000\000\000\000\020\100\041\000\000\000\000\000\000\036"
    "\100\102\076\010\002\032\033\011\000\000\000\000\000\000\360\277\021\000\000\000\000\000"
    "\000\000\100\041\000\000\000\000\000\000\014\100\032\033\011\000\000\000\000\000\000\000"
    "\100\021\000\000\000\000\000\000\020\100\041\000\000\000\000\000\000\014\100\040\001\102"
    "\015\012\005\157\165\164\145\162\012\004\146\141\162\145\032\122\012\007\143\157\155\160"
    "\141\156\171\020\002\042\105\012\002\010\007\020\002\032\015\022\002\141\142\031\000\000"
    "\000\000\000\000\024\100\032\011\031\000\000\000\000\000\000\000\100\045\000\000\120\100"
    "\052\036\012\015\042\002\141\142\051\000\000\000\000\000\000\024\100\012\015\010\001\020"
    "\001\051\000\000\000\000\000\000\000\100\032\021\020\004\072\004\012\002\010\007\102\007"
    "\012\005\157\165\164\145\162\032\021\020\003\052\006\012\002\020\007\020\004\102\005\012"
    "\003\162\141\167\052\002\030\003";

static void test_statistics_proto__reads_what_others_write(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct dataset_statistics *d;
    assert_ok(statistics_decode(a, sl_strn(foreign, sizeof(foreign) - 1), &d));
    assert_str(d->name, "All Examples");
    assert_int_equal(d->n_examples, 7);
    assert_int_equal(d->n_features, 4);
    const struct feature_statistics *f = statistics_find(d, SL_STR("outer.fare"));
    assert_non_null(f);
    assert_int_equal(f->type, STATISTICS_FLOAT);
    assert_int_equal(f->common.max_values, 3);
    assert_int_equal(f->common.total_values, 9);
    assert_true(f->numeric.mean == 2.5 && f->numeric.min == -1 && f->numeric.median == 2);
    assert_int_equal(f->numeric.n_nan, 2);
    assert_int_equal(f->numeric.quantiles.n, 2);
    assert_true(f->numeric.standard.buckets[0].count == 7.5);
    f = statistics_find(d, SL_STR("company"));
    assert_true(f->has_string);
    assert_int_equal(f->n_unique, 2);
    assert_true(f->string.mean_length == 3.25);
    assert_str(f->string.rank.p[0].value, "ab");
    assert_true(f->string.top.p[1].count == 2);
    assert_int_equal(statistics_find(d, SL_STR("outer"))->common.n_present, 7);
    assert_int_equal(statistics_find(d, SL_STR("raw"))->n_unique, 4);
    assert_null(statistics_find(d, SL_STR("fare")));
}

static void test_statistics_proto__refuses_broken_bytes(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct dataset_statistics *d;
    assert_err(statistics_decode(a, SL_STR("\377\377\377"), &d), CORRUPT, "3 bytes");
    for (size_t n = 1; n + 1 < sizeof(foreign); n++) {
        /* Any prefix either fails with a message or reads as something shorter. */
        struct sl_err *err = statistics_decode(a, sl_strn(foreign, n), &d);
        sl_err_free(err);
    }
    /* No dataset at all; then two slices without the whole. */
    assert_err(statistics_decode(a, SL_STR(""), &d), INVALID, "0 datasets");
    assert_err(statistics_decode(a, SL_STR("\012\003\012\001a\012\003\012\001b"), &d), INVALID,
               "All Examples");
    /* A feature without a name, and one of type 9. */
    assert_err(statistics_decode(a, SL_STR("\012\002\032\000"), &d), CORRUPT, "no name");
    assert_err(statistics_decode(a, SL_STR("\012\007\032\005\012\001a\020\011"), &d), CORRUPT,
               "type 9");
}

/* All that a collector fills, through bytes and back. */
static void test_statistics_proto__round_trip(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct statistics_options o = statistics_options_default;
    o.weighted = true;
    o.max_distinct = 2;
    uint8_t flags[] = {1, 0, 1};
    double weights[] = {1, 2, 3}, values[] = {0.1, NAN, 3};
    struct sl_str dict[] = {SL_STR("one"), SL_STR("tw\0o"), SL_STR("three")};
    uint32_t codes[] = {0, 1, 2};
    struct column columns[] = {
        {SL_STR("flag"), COLUMN_BOOL, 3, NULL, {.boolean = flags}, NULL, 0},
        {SL_STR("value"), COLUMN_DOUBLE, 3, NULL, {.f64 = values}, NULL, 0},
        {SL_STR("text"), COLUMN_STRING, 3, NULL, {.codes = codes}, dict, 3},
    };
    struct feature_statistics features[3];
    for (size_t i = 0; i < 3; i++) {
        struct column_spec spec = {columns[i].name, columns[i].type};
        struct statistics_collector *c = statistics_collector_new(&spec, &o, 0);
        statistics_collector_update(a, c, &columns[i], weights);
        statistics_collector_finish(a, c, &features[i]);
        statistics_collector_free(c);
    }
    struct dataset_statistics d = {SL_STR("train"), 3, 6, features, 3};
    SL_AUTOBUF(bytes, 0);
    statistics_encode(&d, &bytes);
    struct dataset_statistics *back;
    assert_ok(statistics_decode(a, sl_buf_str(&bytes), &back));
    SL_AUTOBUF(again, 0);
    statistics_encode(back, &again);
    assert_int_equal(bytes.n, again.n);
    assert_memory_equal(bytes.p, again.p, bytes.n);

    assert_str(back->name, "train");
    assert_true(back->weighted_examples == 6);
    assert_int_equal(back->features[0].domain, STATISTICS_DOMAIN_BOOL);
    assert_int_equal(back->features[0].n_unique, 2);
    assert_true(back->features[0].has_weighted);
    assert_true(back->features[0].weighted_numeric.mean == 4.0 / 6);
    assert_int_equal(back->features[1].numeric.n_nan, 1);
    assert_false(back->features[1].error.approximate);
    assert_true(back->features[2].error.approximate);
    assert_true(back->features[2].error.unique_relative == features[2].error.unique_relative);
    assert_int_equal(back->features[2].n_unique, 3);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statistics_proto__reads_what_others_write),
        cmocka_unit_test(test_statistics_proto__refuses_broken_bytes),
        cmocka_unit_test(test_statistics_proto__round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
