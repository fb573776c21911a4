/* A schema: what the features of a data set are expected to be. In memory it is the protobuf-c
 * message of tensorflow.metadata.v0.Schema (codec/proto/schema.proto), so that nothing of a curated
 * schema is lost. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "core/data/statistics.h"

#include "schema.pb-c.h"

typedef Tensorflow__Metadata__V0__Schema schema_message;
typedef Tensorflow__Metadata__V0__Feature schema_feature;
typedef Tensorflow__Metadata__V0__StringDomain schema_string_domain;

/* Short names for the generated constants. */
#define SCHEMA_BYTES        TENSORFLOW__METADATA__V0__FEATURE_TYPE__BYTES
#define SCHEMA_INT          TENSORFLOW__METADATA__V0__FEATURE_TYPE__INT
#define SCHEMA_FLOAT        TENSORFLOW__METADATA__V0__FEATURE_TYPE__FLOAT
#define SCHEMA_STRUCT       TENSORFLOW__METADATA__V0__FEATURE_TYPE__STRUCT
#define SCHEMA_DOMAIN(kind) TENSORFLOW__METADATA__V0__FEATURE__DOMAIN_INFO_##kind

/* The text of schema.pbtxt. Lifetime: `a`. Errors: invalid, with the line. */
struct sl_err *schema_parse(struct sl_arena *a, struct sl_str text,
                            schema_message **ret) SL_MUST_USE;
void schema_format(const schema_message *s, struct sl_buf *b);

/* NULL when there is none of that name. */
schema_feature *schema_find(const schema_message *s, struct sl_str name);
/* The string domain of a feature: its own, or the schema-level one that `domain` names; NULL: none.
 */
const schema_string_domain *schema_string_domain_of(const schema_message *s,
                                                    const schema_feature *f);
/* True when validation passes the feature over: deprecated, or a stage before beta. */
bool schema_is_deprecated(const schema_feature *f);
/* True when the feature belongs to the environment (empty: every feature does). */
bool schema_in_environment(const schema_message *s, const schema_feature *f,
                           struct sl_str environment);
/* True when data must hold it: not deprecated, in the environment, a minimal presence above zero.
 */
bool schema_is_required(const schema_message *s, const schema_feature *f,
                        struct sl_str environment);

struct schema_options {
    bool infer_shape;         /* a shape for features with one value in every example */
    size_t max_string_domain; /* distinct values up to which a string feature gets a domain (TFDV:
                                 100) */
};

/* A schema that the statistics satisfy (TFDV's inference rules). Lifetime: `a`. */
schema_message *schema_infer(struct sl_arena *a, const struct dataset_statistics *d,
                             const struct schema_options *options);
/* Relaxes the schema so that these statistics satisfy it too: domains and ranges grow, presence and
 * value counts loosen, unknown features are added, features of another type become deprecated.
 * Never tightens. */
void schema_relax(struct sl_arena *a, schema_message *s, const struct dataset_statistics *d,
                  const struct schema_options *options);
/* Marks a feature as absent when serving (labels): default environments TRAINING and SERVING,
 * not_in_environment SERVING. Errors: not_found: no such feature. */
struct sl_err *schema_not_in_serving(struct sl_arena *a, schema_message *s,
                                     struct sl_str name) SL_MUST_USE;
