#include "core/data/schema.h"

#include "codec/pbtxt.h"

struct sl_err *schema_parse(struct sl_arena *a, struct sl_str text, schema_message **ret)
{
    ProtobufCMessage *m;
    SL_TRY(pbtxt_parse(a, text, &tensorflow__metadata__v0__schema__descriptor, &m));
    *ret = (schema_message *)m;
    return NULL;
}

void schema_format(const schema_message *s, struct sl_buf *b)
{
    pbtxt_format(&s->base, b);
}

schema_feature *schema_find(const schema_message *s, struct sl_str name)
{
    for (size_t i = 0; i < s->n_feature; i++)
        if (s->feature[i]->name && sl_str_is(name, s->feature[i]->name))
            return s->feature[i];
    return NULL;
}

const schema_string_domain *schema_string_domain_of(const schema_message *s,
                                                    const schema_feature *f)
{
    if (f->domain_info_case == SCHEMA_DOMAIN(STRING_DOMAIN))
        return f->string_domain;
    if (f->domain_info_case != SCHEMA_DOMAIN(DOMAIN))
        return NULL;
    for (size_t i = 0; i < s->n_string_domain; i++)
        if (s->string_domain[i]->name && strcmp(s->string_domain[i]->name, f->domain) == 0)
            return s->string_domain[i];
    return NULL;
}

bool schema_is_deprecated(const schema_feature *f)
{
    if (f->has_deprecated && f->deprecated)
        return true;
    if (!f->has_lifecycle_stage)
        return false;
    switch (f->lifecycle_stage) {
    case TENSORFLOW__METADATA__V0__LIFECYCLE_STAGE__PLANNED:
    case TENSORFLOW__METADATA__V0__LIFECYCLE_STAGE__ALPHA:
    case TENSORFLOW__METADATA__V0__LIFECYCLE_STAGE__DEPRECATED:
    case TENSORFLOW__METADATA__V0__LIFECYCLE_STAGE__DEBUG_ONLY:
    case TENSORFLOW__METADATA__V0__LIFECYCLE_STAGE__DISABLED:
        return true;
    default:
        return false;
    }
}

static bool lists(char *const *names, size_t n, struct sl_str name)
{
    for (size_t i = 0; i < n; i++)
        if (sl_str_is(name, names[i]))
            return true;
    return false;
}

bool schema_in_environment(const schema_message *s, const schema_feature *f,
                           struct sl_str environment)
{
    if (!environment.n || lists(f->in_environment, f->n_in_environment, environment))
        return true;
    if (lists(f->not_in_environment, f->n_not_in_environment, environment))
        return false;
    return lists(s->default_environment, s->n_default_environment, environment);
}

bool schema_is_required(const schema_message *s, const schema_feature *f, struct sl_str environment)
{
    return !schema_is_deprecated(f) && schema_in_environment(s, f, environment) && f->presence &&
           (f->presence->min_count > 0 || f->presence->min_fraction > 0);
}
