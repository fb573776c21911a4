#include "core/data/csv_builder.h"

#include "base/alloc.h"
#include "base/assert.h"

void csv_builder_start(struct csv_builder *b, const struct csv_column *column, uint32_t index)
{
    b->index = index;
    b->type = column->type;
    b->given = column->given;
    b->seen = 0;
    b->n = b->missing = 0;
    memset(&b->date, 0, sizeof(b->date));
    dict_builder_clear(&b->dict);
}

void csv_builder_deinit(struct csv_builder *b)
{
    sl_free(b->values);
    sl_free(b->valid);
    dict_builder_deinit(&b->dict);
}

/* Eight bytes a value whatever the type: columns of a piece change type when a guess was wrong. */
static void reserve(struct csv_builder *b, size_t extra)
{
    if (b->n + extra > b->capacity) {
        b->capacity = SL_MAX(b->capacity * 2, b->n + extra) / 64 * 64 + 64;
        b->values = sl_realloc(b->values, b->capacity, 8);
        b->valid = sl_realloc(b->valid, b->capacity / 8, 1);
    }
}

static inline struct sl_str text_of(const struct csv_cells *t, size_t row)
{
    struct csv_cell cell = t->cells[row * t->stride];
    if (__builtin_expect(cell.escaped, 0))
        return csv_unescape(t->a, t->text, cell);
    return (struct sl_str){t->text.p + cell.start, cell.n};
}

static inline bool is_missing(const struct csv_layout *layout, struct sl_str s)
{
    for (size_t i = 0; i < layout->n_nulls; i++)
        if (sl_str_eq(layout->nulls[i], s))
            return true;
    return s.n == 0;
}

static inline void set_valid(struct csv_builder *b, size_t row, bool valid)
{
    uint8_t bit = (uint8_t)(1 << (row & 7));
    b->valid[row >> 3] = (uint8_t)((b->valid[row >> 3] & ~bit) | (valid ? bit : 0));
    b->missing += !valid;
}

static void mark(const struct csv_builder *b, const struct csv_cells *t, size_t row,
                 enum csv_fault fault)
{
    if (t->faults[row])
        return;
    t->faults[row] = (uint8_t)(1 + fault);
    t->fault_columns[row] = b->index;
}

/* A cell that the quick way did not take, or one that has to be looked at closely. False: there is
 * no value for the column. */
static bool read_slowly(struct csv_builder *b, const struct csv_cells *t, size_t row,
                        struct sl_str s, struct cell_value *ret)
{
    if (b->given) {
        if (cell_parse(s, b->type, ret))
            return true;
        mark(b, t, row, CSV_FAULT_TYPE);
        return false;
    }
    enum cell_kind kind = cell_read(s, ret);
    b->seen |= kind;
    if (b->type == COLUMN_DOUBLE && kind == CELL_INT)
        ret->f64 = (double)ret->i64;
    return (kind & infer_kinds_of(b->type)) != 0;
}

static void add_ints(struct csv_builder *b, const struct csv_cells *t)
{
    int64_t *values = (int64_t *)b->values + b->n;
    unsigned seen = 0;
    for (size_t i = 0; i < t->n; i++) {
        struct sl_str s = text_of(t, i);
        struct cell_value v = {.i64 = 0};
        bool valid = !is_missing(t->layout, s);
        if (valid && cell_quick_int(s, &v.i64))
            seen = CELL_INT;
        else if (valid && !read_slowly(b, t, i, s, &v))
            valid = false;
        values[i] = valid ? v.i64 : 0;
        set_valid(b, b->n + i, valid);
    }
    b->seen |= seen;
}

static void add_doubles(struct csv_builder *b, const struct csv_cells *t)
{
    double *values = (double *)b->values + b->n;
    for (size_t i = 0; i < t->n; i++) {
        struct sl_str s = text_of(t, i);
        struct cell_value v = {.f64 = 0};
        bool valid = !is_missing(t->layout, s);
        /* Until a decimal has been seen, a double may yet turn out to be an int. */
        if (valid && (!(b->seen & CELL_DOUBLE) || !cell_quick_double(s, &v.f64)))
            valid = read_slowly(b, t, i, s, &v);
        values[i] = valid ? v.f64 : 0;
        set_valid(b, b->n + i, valid);
    }
}

static void add_times(struct csv_builder *b, const struct csv_cells *t)
{
    int64_t *values = (int64_t *)b->values + b->n;
    unsigned seen = 0;
    for (size_t i = 0; i < t->n; i++) {
        struct sl_str s = text_of(t, i);
        struct cell_value v = {.i64 = 0};
        bool valid = !is_missing(t->layout, s);
        if (valid && cell_quick_timestamp(s, &b->date, &v.i64))
            seen = CELL_TIMESTAMP;
        else if (valid && !read_slowly(b, t, i, s, &v))
            valid = false;
        values[i] = valid ? v.i64 : 0;
        set_valid(b, b->n + i, valid);
    }
    b->seen |= seen;
}

static void add_bools(struct csv_builder *b, const struct csv_cells *t)
{
    uint8_t *values = (uint8_t *)b->values + b->n;
    for (size_t i = 0; i < t->n; i++) {
        struct sl_str s = text_of(t, i);
        struct cell_value v = {.boolean = false};
        bool valid = !is_missing(t->layout, s) && read_slowly(b, t, i, s, &v);
        values[i] = valid && v.boolean;
        set_valid(b, b->n + i, valid);
    }
}

/* What is new is looked at once; in a column of few values that is nearly nothing. */
static bool admit(struct csv_builder *b, const struct csv_cells *t, size_t row, struct sl_str s)
{
    struct cell_value unused;
    if (!sl_str_is_utf8(s)) {
        dict_builder_undo(&b->dict);
        b->seen |= CELL_STRING; /* As csv_builder_look says, which does not look for this. */
        mark(b, t, row, CSV_FAULT_UTF8);
        return false;
    }
    if (!b->given && !infer_is_settled(b->seen))
        b->seen |= cell_read(s, &unused);
    return true;
}

static void add_strings(struct csv_builder *b, const struct csv_cells *t)
{
    uint32_t *codes = (uint32_t *)b->values + b->n;
    for (size_t i = 0; i < t->n; i++) {
        struct sl_str s = text_of(t, i);
        bool valid = !is_missing(t->layout, s), added;
        codes[i] = 0;
        if (valid) {
            uint32_t code = dict_builder_add(&b->dict, s, &added);
            valid = !added || admit(b, t, i, s);
            codes[i] = valid ? code : 0;
        }
        set_valid(b, b->n + i, valid);
    }
}

void csv_builder_add(struct csv_builder *b, const struct csv_cells *t)
{
    reserve(b, t->n);
    switch (b->type) {
    case COLUMN_INT64:
        add_ints(b, t);
        break;
    case COLUMN_DOUBLE:
    case COLUMN_FLOAT:
        add_doubles(b, t);
        break;
    case COLUMN_BOOL:
        add_bools(b, t);
        break;
    case COLUMN_TIMESTAMP:
        add_times(b, t);
        break;
    case COLUMN_STRING:
        add_strings(b, t);
        break;
    }
    b->n += t->n;
}

void csv_builder_look(struct csv_builder *b, const struct csv_cells *t)
{
    struct cell_value v;
    if (b->given)
        return;
    for (size_t i = 0; i < t->n && !infer_is_settled(b->seen); i++) {
        struct sl_str s = text_of(t, i);
        if (is_missing(t->layout, s))
            continue;
        if (cell_quick_int(s, &v.i64))
            b->seen |= CELL_INT;
        else if (!(b->seen & CELL_DOUBLE) || !cell_quick_double(s, &v.f64))
            if (!(b->seen & CELL_TIMESTAMP) || !cell_quick_timestamp(s, &b->date, &v.i64))
                b->seen |= cell_read(s, &v);
    }
}

static size_t value_size(enum column_type type)
{
    return type == COLUMN_STRING ? 4 : type == COLUMN_BOOL ? 1 : 8;
}

void csv_builder_drop(struct csv_builder *b, const uint8_t *faults, size_t n)
{
    size_t size = value_size(b->type), first = b->n - n, to = first;
    for (size_t i = 0; i < n; i++) {
        size_t from = first + i;
        bool valid = b->valid[from >> 3] >> (from & 7) & 1;
        b->missing -= !valid;
        if (faults[i])
            continue;
        memmove((char *)b->values + to * size, (char *)b->values + from * size, size);
        set_valid(b, to++, valid);
    }
    b->n = to;
}

struct column csv_builder_column(const struct csv_builder *b, struct sl_str name)
{
    return (struct column){
        .name = name,
        .type = b->type,
        .n = b->n,
        .valid = b->missing ? b->valid : NULL,
        .i64 = b->values,
        .dict = b->type == COLUMN_STRING ? b->dict.entries : NULL,
        .dict_n = b->type == COLUMN_STRING ? b->dict.n : 0,
    };
}
