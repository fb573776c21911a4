#include "tests/support/test.h"

#include "base/rng.h"
#include "codec/csv.h"

/* All rows as text: cells in [], rows ended by '|', bad ones as !error@cell|. */
static struct sl_str scan_all(struct sl_arena *a, struct sl_str text, size_t n_cells, bool final,
                              size_t max_rows)
{
    struct csv_scanner s;
    struct csv_cell cells[64];
    uint32_t starts[16];
    size_t rows;
    SL_AUTOBUF(out, 0);
    csv_scanner_init(&s, text, 0, ',', n_cells, final);
    for (;;) {
        enum csv_status status = csv_scan(&s, text.n, max_rows, cells, starts, &rows);
        for (size_t r = 0; r < rows; r++) {
            for (size_t c = 0; c < n_cells; c++) {
                struct sl_str cell = csv_unescape(a, text, cells[r * n_cells + c]);
                sl_buf_format(&out, "[%.*s]", SL_FMT(cell));
            }
            sl_buf_add_char(&out, '|');
        }
        if (status == CSV_BAD)
            sl_buf_format(&out, "!%d@%u|", (int)s.bad.error, s.bad.cell);
        if (status == CSV_PARTIAL)
            sl_buf_format(&out, "?%zu", s.position);
        if (status == CSV_END || status == CSV_PARTIAL)
            return sl_arena_str(a, sl_buf_str(&out));
    }
}

static void check(const char *text, size_t n_cells, const char *expected)
{
    SL_AUTOARENA(a);
    assert_str(scan_all(a, sl_str(text), n_cells, true, 4), expected);
    assert_str(scan_all(a, sl_str(text), n_cells, true, 1), expected);
}

static void test_csv__rows_and_cells(void **state)
{
    (void)state;
    check("a,b\nc,d\n", 2, "[a][b]|[c][d]|");
    check("a,b\r\nc,d", 2, "[a][b]|[c][d]|");
    check("a,b\nc,d\r", 2, "[a][b]|[c][d]|");
    check(",\n,\n", 2, "[][]|[][]|");
    check("", 2, "");
    check("\n\r\na,b\n\n", 2, "[a][b]|");
    check("a\n\nb\n", 1, "[a]|[]|[b]|");
}

/* The cases of RFC 4180, section 2, and of Python's csv module. */
static void test_csv__quotes(void **state)
{
    (void)state;
    check("\"a\",\"b\"\n", 2, "[a][b]|");
    check("\"a\nb\",c\r\n\"x\r\ny\",\"\"\r\n", 2, "[a\nb][c]|[x\r\ny][]|");
    check("\"a\"\"b\",\"\"\"\"\n", 2, "[a\"b][\"]|");
    check("\"a,b\",c\n", 2, "[a,b][c]|");
    check("5\" pipe,\"6\"\n", 2, "[5\" pipe][6]|");
    check("a,\"b\"", 2, "[a][b]|");
    check("a,\"b\"\r", 2, "[a][b]|");
}

static void test_csv__bad_rows(void **state)
{
    (void)state;
    check("a,b\nc\nd,e\n", 2, "[a][b]|!0@1|[d][e]|");
    check("a,b,c\nd,e\n", 2, "!1@2|[d][e]|");
    check("a,\"b\"x\nc,d\n", 2, "!3@1|[c][d]|");
    check("a,\"b\" \nc,d\n", 2, "!3@1|[c][d]|");
    check("a,b\nc,\"d\ne,f\n", 2, "[a][b]|!2@1|[e][f]|");
}

static void test_csv__partial_rows_stay(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    assert_str(scan_all(a, SL_STR("a,b\nc,"), 2, false, 4), "[a][b]|?4");
    assert_str(scan_all(a, SL_STR("a,b\nc,\"d\ne,f\n"), 2, false, 4), "[a][b]|?4");
    assert_str(scan_all(a, SL_STR("a,b\n"), 2, false, 4), "[a][b]|");
}

/* Blocks of 64 bytes are where the scanner could go wrong. */
static void test_csv__long_text_across_blocks(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    for (size_t n = 50; n < 80; n++) {
        SL_AUTOBUF(text, 0);
        SL_AUTOBUF(expected, 0);
        for (size_t i = 0; i < 200; i++) {
            sl_buf_format(&text, "%0*d,\"%0*d\"\"\",x\n", (int)n, (int)i, (int)(n % 7), (int)i);
            sl_buf_format(&expected, "[%0*d][%0*d\"][x]|", (int)n, (int)i, (int)(n % 7), (int)i);
        }
        assert_str(scan_all(a, sl_buf_str(&text), 3, true, 16), sl_buf_str(&expected).p);
    }
}

/* A scanner of one state and one character at a time, to compare with. */
static struct sl_str scan_simply(struct sl_arena *a, struct sl_str t, size_t n_cells)
{
    SL_AUTOBUF(out, 0);
    for (size_t at = 0; at < t.n;) {
        SL_AUTOBUF(row, 0);
        size_t start = at, n = 0;
        int bad = -1;
        if (t.p[at] == '\n' || (t.p[at] == '\r' && at + 1 < t.n && t.p[at + 1] == '\n')) {
            at += t.p[at] == '\n' ? 1 : 2;
            continue;
        }
        for (bool more = true; more;) {
            SL_AUTOBUF(cell, 0);
            bool quoted = at < t.n && t.p[at] == '"';
            if (quoted) {
                at++;
                while (at < t.n && (t.p[at] != '"' || (at + 1 < t.n && t.p[at + 1] == '"'))) {
                    sl_buf_add_char(&cell, t.p[at]);
                    at += t.p[at] == '"' ? 2 : 1;
                }
                if (at >= t.n)
                    bad = CSV_QUOTE_OPEN;
                at++;
            } else {
                while (at < t.n && t.p[at] != ',' && t.p[at] != '\n')
                    sl_buf_add_char(&cell, t.p[at++]);
                if ((at >= t.n || t.p[at] == '\n') && cell.n && cell.p[cell.n - 1] == '\r')
                    cell.n--;
            }
            if (bad < 0 && at < t.n && t.p[at] == '\r' && (at + 1 == t.n || t.p[at + 1] == '\n'))
                at++;
            if (bad < 0 && at < t.n && t.p[at] != ',' && t.p[at] != '\n')
                bad = CSV_QUOTE_TEXT;
            if (bad >= 0)
                break;
            sl_buf_add_char(&row, '[');
            sl_buf_add(&row, cell.p, cell.n);
            sl_buf_add_char(&row, ']');
            n++;
            more = at < t.n && t.p[at] == ',';
            at++;
        }
        if (bad >= 0) {
            sl_buf_format(&out, "!%d@%zu|", bad, n);
            for (at = start; at < t.n && t.p[at] != '\n';)
                at++;
            at++;
        } else if (n != n_cells) {
            sl_buf_format(&out, n < n_cells ? "!0@%zu|" : "!1@%zu|", n < n_cells ? n : n_cells);
        } else {
            sl_buf_add_str(&out, sl_buf_str(&row));
            sl_buf_add_char(&out, '|');
        }
    }
    return sl_arena_str(a, sl_buf_str(&out));
}

static void test_csv__agrees_with_a_simple_scanner(void **state)
{
    (void)state;
    struct sl_rng rng;
    sl_rng_init(&rng, 7);
    static const char letters[] = "ab,,\n\n\"\"\r";
    for (int round = 0; round < 20000; round++) {
        SL_AUTOARENA(a);
        char text[200];
        size_t n = sl_rng_below(&rng, sizeof(text));
        for (size_t i = 0; i < n; i++)
            text[i] = letters[sl_rng_below(&rng, sizeof(letters) - 1)];
        struct sl_str t = {text, n};
        struct sl_str expected = scan_simply(a, t, 3);
        struct sl_str got = scan_all(a, t, 3, true, 4);
        if (!sl_str_eq(expected, got))
            fail_msg("'%.*s': '%.*s', expected '%.*s'", SL_FMT(t), SL_FMT(got), SL_FMT(expected));
    }
}

static void test_csv__guesses_rows(void **state)
{
    (void)state;
    struct sl_str t = SL_STR("a,\"x\ny\"\nb,c\n");
    assert_int_equal(csv_guess_row(t, 0, false), 8);
    assert_int_equal(csv_guess_row(t, 4, true), 8);
    assert_int_equal(csv_guess_row(t, 8, false), 12);
    assert_int_equal(csv_guess_row(t, 12, false), 12);
    assert_int_equal(csv_count_quotes(t), 2);
    assert_int_equal(csv_count_lines(t), 3);
}

static void test_csv__reads_a_header(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    struct sl_str *cells;
    size_t n, end;
    assert_ok(
        csv_read_row(a, SL_STR("a;\"b;\"\"c\";d\r\n1;2;3\n"), 0, ';', true, &cells, &n, &end));
    assert_int_equal(n, 3);
    assert_str(cells[1], "b;\"c");
    assert_str(cells[2], "d");
    assert_int_equal(end, 13);
    assert_err(csv_read_row(a, SL_STR("a,\"b"), 0, ',', true, &cells, &n, &end), INVALID,
               "column 2");
    assert_err(csv_read_row(a, SL_STR("a,b"), 0, ',', false, &cells, &n, &end), INVALID,
               "does not end");
}

static void test_csv__refuses_a_huge_cell(void **state)
{
    (void)state;
    SL_AUTOARENA(a);
    size_t n = ((size_t)16 << 20) + 1;
    char *text = sl_arena_alloc(a, n + 3);
    memset(text, 'x', n);
    memcpy(text + n, ",b\n", 3);
    assert_str(scan_all(a, sl_strn(text, n + 3), 2, true, 4), "!4@0|");
    assert_int_equal(scan_all(a, sl_strn(text + 1, n + 2), 2, true, 4).p[0], '[');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv__rows_and_cells),
        cmocka_unit_test(test_csv__quotes),
        cmocka_unit_test(test_csv__bad_rows),
        cmocka_unit_test(test_csv__partial_rows_stay),
        cmocka_unit_test(test_csv__long_text_across_blocks),
        cmocka_unit_test(test_csv__agrees_with_a_simple_scanner),
        cmocka_unit_test(test_csv__guesses_rows),
        cmocka_unit_test(test_csv__reads_a_header),
        cmocka_unit_test(test_csv__refuses_a_huge_cell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
