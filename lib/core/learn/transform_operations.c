/* The functions of `apply`: what they take and the nodes they make. */
#include "core/learn/transform_build.h"

#include "core/learn/transform_eval.h"

#include <math.h>

enum { QUANTILES_MAX = 10000, IDS_MAX = 1 << 24, OOV_MAX = 10000 };

struct minmax_args {
    double low, high;
};
struct log_args {
    double offset;
};
struct clip_args {
    double min, max;
    bool has_min, has_max;
};
struct bucketize_args {
    int64_t quantiles;
    struct json_numbers boundaries;
};
struct vocabulary_args {
    int64_t top_k, min_count, oov;
    struct json_strings values;
};
struct identity_args {
    int64_t first, count;
    bool has_first, has_count;
};
struct hash_args {
    int64_t buckets;
};
struct embedding_args {
    int64_t size;
};

static const struct transform_node *at(const struct transform_build *b,
                                       const struct transform_value *v)
{
    return &b->t->nodes[v->node];
}

static bool need_number(struct transform_build *b, struct transform_value *v, const char *function)
{
    const struct transform_node *n = at(b, v);
    if (n->kind == TRANSFORM_NUMBER)
        return true;
    transform_complain(b, v, "%s takes numbers, and this is %s", function,
                       n->kind == TRANSFORM_TEXT ? "text: vocabulary makes ids of it" : "ids");
    return false;
}

/* A node over the value, in its place. */
static void wrap(struct transform_build *b, struct transform_value *v, struct transform_node n)
{
    n.args[0] = v->node;
    n.args[1] = -1;
    v->node = transform_add_node(b, n);
    v->has_range = false;
}

static const struct transform_wish *new_wish(struct transform_build *b, struct transform_wish w)
{
    return sl_arena_copy(b->a, &w, sizeof(w));
}

static void build_passthrough(struct transform_build *b, struct transform_value *v,
                              const void *args)
{
    (void)b, (void)v, (void)args;
}

static void build_zscore(struct transform_build *b, struct transform_value *v, const void *args)
{
    (void)args;
    if (need_number(b, v, "zscore"))
        wrap(b, v,
             (struct transform_node){
                 .op = TRANSFORM_ZSCORE,
                 .pending = true,
                 .wish = new_wish(b, (struct transform_wish){.kind = TRANSFORM_WISH_ZSCORE})});
}

static void build_minmax(struct transform_build *b, struct transform_value *v, const void *args)
{
    const struct minmax_args *p = args;
    if (!need_number(b, v, "minmax"))
        return;
    if (p->low >= p->high) {
        transform_complain(b, v, "minmax: low is not below high");
        return;
    }
    wrap(b, v,
         (struct transform_node){
             .op = TRANSFORM_MINMAX,
             .low = p->low,
             .high = p->high,
             .pending = true,
             .wish = new_wish(b, (struct transform_wish){.kind = TRANSFORM_WISH_MINMAX})});
}

static void build_log(struct transform_build *b, struct transform_value *v, const void *args)
{
    const struct log_args *p = args;
    if (!need_number(b, v, "log"))
        return;
    if (!(p->offset > 0))
        transform_complain(b, v, "log: offset must be above 0, so that the log of 0 is finite");
    else
        wrap(b, v, (struct transform_node){.op = TRANSFORM_LOG, .value = p->offset});
}

static void build_clip(struct transform_build *b, struct transform_value *v, const void *args)
{
    const struct clip_args *p = args;
    double min = p->has_min ? p->min : -INFINITY, max = p->has_max ? p->max : INFINITY;
    if (!need_number(b, v, "clip"))
        return;
    if (!p->has_min && !p->has_max)
        transform_complain(b, v, "clip: expected min, max or both");
    else if (min > max)
        transform_complain(b, v, "clip: min is above max");
    else
        wrap(b, v, (struct transform_node){.op = TRANSFORM_CLIP, .min = min, .max = max});
}

static void build_boundaries(struct transform_build *b, struct transform_value *v,
                             const struct json_numbers *boundaries)
{
    for (size_t i = 1; i < boundaries->n; i++)
        if (!(boundaries->p[i - 1] < boundaries->p[i])) {
            transform_complain(b, v, "bucketize: boundaries are not ascending");
            return;
        }
    wrap(b, v,
         (struct transform_node){
             .op = TRANSFORM_BUCKETIZE,
             .boundaries = sl_arena_copy(b->a, boundaries->p, boundaries->n * sizeof(double)),
             .count = boundaries->n});
    v->ordered = true;
}

static void build_bucketize(struct transform_build *b, struct transform_value *v, const void *args)
{
    const struct bucketize_args *p = args;
    if (!need_number(b, v, "bucketize"))
        return;
    if ((p->quantiles > 0) == (p->boundaries.n > 0)) {
        transform_complain(b, v, "bucketize: expected either quantiles or boundaries");
        return;
    }
    if (p->boundaries.n) {
        build_boundaries(b, v, &p->boundaries);
        return;
    }
    wrap(b, v,
         (struct transform_node){
             .op = TRANSFORM_BUCKETIZE,
             .pending = true,
             .wish = new_wish(b, (struct transform_wish){.kind = TRANSFORM_WISH_QUANTILES,
                                                         .quantiles = p->quantiles})});
    v->ordered = true;
}

/* A name for the file; files are numbered in the order of the features. */
static struct transform_vocabulary *new_vocabulary(struct transform_build *b)
{
    struct transform_vocabulary *voc = SL_ARENA_NEW(b->a, struct transform_vocabulary);
    voc->file = sl_arena_format(b->a, "vocab/%zu.txt", b->n_vocabularies++);
    return voc;
}

void transform_add_vocabulary(struct transform_build *b, struct transform_value *v, int64_t top_k,
                              int64_t min_count, int64_t oov)
{
    wrap(b, v,
         (struct transform_node){
             .op = TRANSFORM_VOCABULARY,
             .oov = oov,
             .vocabulary = new_vocabulary(b),
             .pending = true,
             .wish = new_wish(b, (struct transform_wish){.kind = TRANSFORM_WISH_VOCABULARY,
                                                         .top_k = top_k,
                                                         .min_count = min_count})});
}

static void build_values(struct transform_build *b, struct transform_value *v,
                         const struct json_strings *values, int64_t oov)
{
    struct transform_vocabulary *voc = new_vocabulary(b);
    voc->tokens = sl_arena_copy(b->a, values->p, values->n * sizeof(*values->p));
    voc->n = values->n;
    for (size_t i = 0; i < values->n; i++)
        for (size_t k = 0; k <= i; k++)
            if (voc->tokens[i].n == 0 || (k < i && sl_str_eq(voc->tokens[i], voc->tokens[k]))) {
                transform_complain(b, v, "vocabulary: values[%zu] is empty or there already", i);
                return;
            }
    transform_vocabulary_index(b->a, voc);
    wrap(b, v, (struct transform_node){.op = TRANSFORM_VOCABULARY, .oov = oov, .vocabulary = voc});
}

static void build_vocabulary(struct transform_build *b, struct transform_value *v, const void *args)
{
    const struct vocabulary_args *p = args;
    const struct transform_node *n = at(b, v);
    if (n->kind == TRANSFORM_NUMBER && !n->whole) {
        transform_complain(b, v,
                           "vocabulary takes text or whole numbers, and this has fractions: "
                           "bucketize makes ids of it");
        return;
    }
    if (n->kind != TRANSFORM_TEXT && p->oov > 1)
        transform_complain(b, v, "vocabulary: more than one oov bucket only goes with text");
    else if (n->kind != TRANSFORM_TEXT && p->values.n)
        transform_complain(b, v, "vocabulary: values only go with text");
    else if (p->values.n)
        build_values(b, v, &p->values, p->oov);
    else
        transform_add_vocabulary(b, v, p->top_k, p->min_count, p->oov);
}

static void build_identity(struct transform_build *b, struct transform_value *v, const void *args)
{
    const struct identity_args *p = args;
    const struct transform_node *n = at(b, v);
    if (!need_number(b, v, "identity"))
        return;
    int64_t first = p->has_first ? p->first : v->has_range ? v->first : 0;
    int64_t count = p->has_count ? p->count : v->has_range ? v->count : 0;
    if (!n->whole)
        transform_complain(b, v, "identity takes whole numbers, and this has fractions");
    else if (count < 1)
        transform_complain(b, v, "identity: count is needed: ids are x - first in [0, count)");
    else {
        wrap(b, v,
             (struct transform_node){
                 .op = TRANSFORM_IDENTITY, .first = first, .count = (size_t)count});
        v->ordered = true;
    }
}

static void build_hash(struct transform_build *b, struct transform_value *v, const void *args)
{
    const struct hash_args *p = args;
    if (at(b, v)->kind != TRANSFORM_TEXT)
        transform_complain(b, v, "hash takes text");
    else
        wrap(b, v, (struct transform_node){.op = TRANSFORM_HASH, .count = (size_t)p->buckets});
}

static void build_text_length(struct transform_build *b, struct transform_value *v,
                              const void *args)
{
    (void)args;
    if (at(b, v)->kind != TRANSFORM_TEXT)
        transform_complain(b, v, "textLength takes text");
    else
        wrap(b, v, (struct transform_node){.op = TRANSFORM_TEXT_LENGTH});
}

/* Text gets a vocabulary first: what else could be meant. */
static bool need_ids(struct transform_build *b, struct transform_value *v, const char *function)
{
    if (at(b, v)->kind == TRANSFORM_TEXT) {
        build_vocabulary(b, v, &(struct vocabulary_args){.top_k = 10000, .min_count = 1, .oov = 1});
        return true;
    }
    if (at(b, v)->kind == TRANSFORM_NUMBER && v->has_range) {
        build_identity(b, v, &(struct identity_args){0});
        return true;
    }
    if (at(b, v)->kind == TRANSFORM_ID)
        return true;
    transform_complain(b, v, "%s takes ids: put bucketize, vocabulary or identity before it",
                       function);
    return false;
}

static void build_onehot(struct transform_build *b, struct transform_value *v, const void *args)
{
    (void)args;
    if (need_ids(b, v, "onehot"))
        v->encoding = TRANSFORM_ONEHOT;
}

static void build_embedding(struct transform_build *b, struct transform_value *v, const void *args)
{
    const struct embedding_args *p = args;
    if (need_ids(b, v, "embedding")) {
        v->encoding = TRANSFORM_EMBEDDING;
        v->embedding_size = p->size;
    }
}

/* ---- the table --------------------------------------------------------------------------------*/

#define ARG(type, member) offsetof(struct type##_args, member)

static const struct json_field minmax_fields[] = {
    {"low", JSON_K_NUMBER, ARG(minmax, low), .otherwise = "0"},
    {"high", JSON_K_NUMBER, ARG(minmax, high), .otherwise = "1"},
};
static const struct json_field log_fields[] = {
    {"offset", JSON_K_NUMBER, ARG(log, offset), .otherwise = "1"},
};
static const struct json_field clip_fields[] = {
    {"min", JSON_K_NUMBER, ARG(clip, min), .present_offset = ARG(clip, has_min)},
    {"max", JSON_K_NUMBER, ARG(clip, max), .present_offset = ARG(clip, has_max)},
};
static const struct json_field bucketize_fields[] = {
    {"quantiles", JSON_K_INT, ARG(bucketize, quantiles), .min = 2, .max = QUANTILES_MAX},
    {"boundaries", JSON_K_NUMBER_LIST, ARG(bucketize, boundaries), .required = false},
};
static const struct json_field vocabulary_fields[] = {
    {"topK", JSON_K_INT, ARG(vocabulary, top_k), .otherwise = "10000", .min = 1, .max = IDS_MAX},
    {"minCount", JSON_K_INT, ARG(vocabulary, min_count), .otherwise = "1", .min = 1, .max = 1e15},
    {"oov", JSON_K_INT, ARG(vocabulary, oov), .otherwise = "1", .min = 1, .max = OOV_MAX},
    {"values", JSON_K_STRING_LIST, ARG(vocabulary, values), .required = false},
};
static const struct json_field identity_fields[] = {
    {"first", JSON_K_INT, ARG(identity, first), .present_offset = ARG(identity, has_first)},
    {"count", JSON_K_INT, ARG(identity, count), .min = 1, .max = IDS_MAX,
     .present_offset = ARG(identity, has_count)},
};
static const struct json_field hash_fields[] = {
    {"buckets", JSON_K_INT, ARG(hash, buckets), .otherwise = "1000", .min = 1, .max = IDS_MAX},
};
static const struct json_field embedding_fields[] = {
    {"size", JSON_K_INT, ARG(embedding, size), .min = 1, .max = 4096},
};

static const struct json_table minmax_table = JSON_TABLE(minmax_fields, struct minmax_args);
static const struct json_table log_table = JSON_TABLE(log_fields, struct log_args);
static const struct json_table clip_table = JSON_TABLE(clip_fields, struct clip_args);
static const struct json_table bucketize_table =
    JSON_TABLE(bucketize_fields, struct bucketize_args);
static const struct json_table vocabulary_table =
    JSON_TABLE(vocabulary_fields, struct vocabulary_args);
static const struct json_table identity_table = JSON_TABLE(identity_fields, struct identity_args);
static const struct json_table hash_table = JSON_TABLE(hash_fields, struct hash_args);
static const struct json_table embedding_table =
    JSON_TABLE(embedding_fields, struct embedding_args);

static const struct transform_operation operations[] = {
    {"passthrough", false, NULL, build_passthrough},
    {"zscore", false, NULL, build_zscore},
    {"minmax", false, &minmax_table, build_minmax},
    {"log", false, &log_table, build_log},
    {"clip", false, &clip_table, build_clip},
    {"bucketize", true, &bucketize_table, build_bucketize},
    {"vocabulary", true, &vocabulary_table, build_vocabulary},
    {"identity", true, &identity_table, build_identity},
    {"hash", true, &hash_table, build_hash},
    {"onehot", true, NULL, build_onehot},
    {"embedding", true, &embedding_table, build_embedding},
    {"textLength", false, NULL, build_text_length},
};

const struct transform_operation *transform_operation_find(struct sl_str name)
{
    for (size_t i = 0; i < SL_COUNTOF(operations); i++)
        if (sl_str_is(name, operations[i].name))
            return &operations[i];
    return NULL;
}

const struct sl_str *transform_operation_names(size_t *ret_n)
{
    static const struct sl_str names[] = {
        SL_STR("passthrough"), SL_STR("zscore"),    SL_STR("minmax"),     SL_STR("log"),
        SL_STR("clip"),        SL_STR("bucketize"), SL_STR("vocabulary"), SL_STR("identity"),
        SL_STR("hash"),        SL_STR("onehot"),    SL_STR("embedding"),  SL_STR("textLength"),
    };
    *ret_n = SL_COUNTOF(names);
    return names;
}
