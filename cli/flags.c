#include "cli/flags.h"

#include "codec/diag.h"

struct parser {
    struct sl_arena *a;
    const struct flag_set *set;
    int argc, at;
    char **argv;
};

static void print_usage(const struct flag_set *set)
{
    printf("Usage: sluice %s %s\n\n%s\n", set->verb, set->usage, set->help);
    for (size_t i = 0; i < set->n; i++) {
        const struct flag *f = &set->flags[i];
        char left[64];
        snprintf(left, sizeof(left), "%c%c%s --%s %s", f->letter ? '-' : ' ',
                 f->letter ? f->letter : ' ', f->letter ? "," : " ", f->name,
                 f->value ? f->value : "");
        printf("%s  %-26s %s\n", i ? "" : "\n", left, f->help);
    }
}

static struct sl_err *unknown(const struct parser *p, struct sl_str given)
{
    struct sl_str *names = SL_ARENA_ARRAY(p->a, struct sl_str, p->set->n);
    for (size_t i = 0; i < p->set->n; i++)
        names[i] = sl_arena_format(p->a, "--%s", p->set->flags[i].name);
    return SL_ERR(INVALID, "unknown flag '%.*s'%s", SL_FMT(given),
                  diag_did_you_mean(p->a, given, names, p->set->n));
}

static const struct flag *find_long(const struct flag_set *set, struct sl_str name)
{
    for (size_t i = 0; i < set->n; i++)
        if (sl_str_is(name, set->flags[i].name))
            return &set->flags[i];
    return NULL;
}

static const struct flag *find_letter(const struct flag_set *set, char letter)
{
    for (size_t i = 0; i < set->n; i++)
        if (set->flags[i].letter == letter)
            return &set->flags[i];
    return NULL;
}

static void add_to_list(struct sl_arena *a, struct flag_list *l, struct sl_str value)
{
    struct sl_str *grown = SL_ARENA_ARRAY(a, struct sl_str, l->n + 1);
    for (size_t i = 0; i < l->n; i++)
        grown[i] = l->p[i];
    grown[l->n++] = value;
    l->p = grown;
}

static struct sl_err *set_value(const struct parser *p, const struct flag *f, struct sl_str value)
{
    switch (f->kind) {
    case FLAG_BOOL:
        *(bool *)f->to = true;
        return NULL;
    case FLAG_STRING:
        *(struct sl_str *)f->to = value;
        return NULL;
    case FLAG_INT:
        if (!sl_str_to_i64(value, f->to))
            return SL_ERR(INVALID, "--%s: expected a whole number, got '%.*s'", f->name,
                          SL_FMT(value));
        return NULL;
    case FLAG_LIST:
        add_to_list(p->a, f->to, value);
        return NULL;
    }
    return NULL;
}

/* `value` with p NULL: it is the next argument. */
static struct sl_err *take_flag(struct parser *p, const struct flag *f, struct sl_str value)
{
    if (f->kind == FLAG_BOOL) {
        if (value.p)
            return SL_ERR(INVALID, "--%s takes no value", f->name);
    } else if (!value.p) {
        if (p->at + 1 >= p->argc)
            return SL_ERR(INVALID, "--%s: expected %s after it", f->name, f->value);
        value = sl_str(p->argv[++p->at]);
    }
    return set_value(p, f, value);
}

static struct sl_err *parse_one(struct parser *p, struct sl_str arg)
{
    const struct flag *f;
    struct sl_str value = {0};
    if (arg.p[1] == '-') {
        struct sl_str name = sl_str_skip(arg, 2);
        ptrdiff_t eq = sl_str_find_char(name, '=');
        if (eq >= 0) {
            value = sl_str_skip(name, (size_t)eq + 1);
            name.n = (size_t)eq;
        }
        f = find_long(p->set, name);
    } else {
        f = find_letter(p->set, arg.p[1]);
        if (arg.n > 2)
            value = sl_str_skip(arg, 2);
    }
    return f ? take_flag(p, f, value) : unknown(p, arg);
}

static struct sl_err *check_count(const struct flag_set *set, size_t n)
{
    if ((int)n < set->min_args || (set->max_args >= 0 && (int)n > set->max_args))
        return SL_ERR(INVALID, "usage: sluice %s %s", set->verb, set->usage);
    return NULL;
}

struct sl_err *flags_parse(struct sl_arena *a, const struct flag_set *set, int argc, char **argv,
                           struct flag_args *ret)
{
    struct parser p = {.a = a, .set = set, .argc = argc, .argv = argv};
    struct flag_args args = {.p = SL_ARENA_ARRAY(a, struct sl_str, (size_t)argc)};
    bool only_args = false;
    for (p.at = 1; p.at < argc; p.at++) {
        struct sl_str arg = sl_str(argv[p.at]);
        if (only_args || arg.n < 2 || arg.p[0] != '-') {
            args.p[args.n++] = arg;
        } else if (sl_str_is(arg, "--")) {
            only_args = true;
        } else if (sl_str_is(arg, "--help") || sl_str_is(arg, "-h")) {
            print_usage(set);
            args.help = true;
            *ret = args;
            return NULL;
        } else {
            SL_TRY(parse_one(&p, arg));
        }
    }
    SL_TRY(check_count(set, args.n));
    *ret = args;
    return NULL;
}
