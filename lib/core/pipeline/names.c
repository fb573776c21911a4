#include "core/pipeline/names.h"

#include <math.h>

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_letter_or_digit(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9');
}

const char *name_fault_label(struct sl_str s)
{
    static const char *const rule =
        "expected a DNS-1123 label: at most 63 small letters, digits and '-', a letter or digit at "
        "both ends";
    if (s.n == 0 || s.n > 63 || !is_lower_or_digit(s.p[0]) || !is_lower_or_digit(s.p[s.n - 1]))
        return rule;
    for (size_t i = 0; i < s.n; i++)
        if (!is_lower_or_digit(s.p[i]) && s.p[i] != '-')
            return rule;
    return NULL;
}

const char *name_fault_object(struct sl_str s)
{
    struct sl_str rest = s, part;
    bool fine = s.n > 0 && s.n <= 63;
    while (fine && sl_str_split(&rest, '.', &part))
        fine = name_fault_label(part) == NULL;
    return fine ? NULL
                : "expected a DNS-1123 name of at most 63 small letters, digits, '-' and '.', a "
                  "letter or digit at both ends of each part";
}

const char *name_fault_prefix(struct sl_str s)
{
    /* Kubernetes adds five characters; what comes before must be the start of a name. */
    SL_AUTOARENA(a);
    if (s.n <= 58 && !name_fault_object(sl_arena_format(a, "%.*sx", SL_FMT(s))))
        return NULL;
    return "expected the start of a DNS-1123 name: at most 58 small letters, digits, '-' and '.'";
}

const char *name_fault_word(struct sl_str s)
{
    bool fine = s.n > 0 && s.n <= 63 && (is_letter(s.p[0]) || s.p[0] == '_');
    for (size_t i = 0; fine && i < s.n; i++)
        fine = is_letter_or_digit(s.p[i]) || s.p[i] == '_' || s.p[i] == '-';
    return fine ? NULL : "expected at most 63 letters, digits, '_' and '-', a letter or '_' first";
}

static bool is_qualified(struct sl_str s)
{
    bool fine =
        s.n > 0 && s.n <= 63 && is_letter_or_digit(s.p[0]) && is_letter_or_digit(s.p[s.n - 1]);
    for (size_t i = 0; fine && i < s.n; i++)
        fine = is_letter_or_digit(s.p[i]) || s.p[i] == '_' || s.p[i] == '-' || s.p[i] == '.';
    return fine;
}

static bool is_subdomain(struct sl_str s)
{
    struct sl_str rest = s, part;
    bool fine = s.n > 0 && s.n <= 253;
    while (fine && sl_str_split(&rest, '.', &part))
        fine = name_fault_label(part) == NULL;
    return fine;
}

const char *name_fault_label_key(struct sl_str s)
{
    ptrdiff_t slash = sl_str_find_char(s, '/');
    bool fine = slash < 0 ? is_qualified(s)
                          : is_subdomain(sl_strn(s.p, (size_t)slash)) &&
                                is_qualified(sl_str_skip(s, (size_t)slash + 1));
    return fine ? NULL : "the key is none that Kubernetes takes, expected [dns-name/]name";
}

const char *name_fault_label_value(struct sl_str s)
{
    return s.n == 0 || is_qualified(s)
               ? NULL
               : "expected at most 63 letters, digits, '-', '_' and '.', a letter or digit at both "
                 "ends";
}

bool quantity_parse_milli(const struct json *v, int64_t *ret)
{
    static const struct {
        const char *suffix;
        double factor;
    } units[] = {{"Ki", 0x1p10}, {"Mi", 0x1p20}, {"Gi", 0x1p30}, {"Ti", 0x1p40},
                 {"Pi", 0x1p50}, {"m", 1e-3},    {"k", 1e3},     {"M", 1e6},
                 {"G", 1e9},     {"T", 1e12},    {"P", 1e15},    {"", 1}};
    double value = v->number, factor = 1;
    if (v->type == JSON_STRING) {
        struct sl_str s = v->string;
        size_t i = 0;
        while (!sl_str_ends(s, sl_str(units[i].suffix)))
            i++;
        s.n -= strlen(units[i].suffix);
        factor = units[i].factor;
        if (!sl_str_to_f64(s, &value))
            return false;
    } else if (v->type != JSON_NUMBER) {
        return false;
    }
    double milli = ceil(value * factor * 1000);
    if (!(milli >= 0 && milli <= 0x1p53))
        return false;
    *ret = (int64_t)milli;
    return true;
}
