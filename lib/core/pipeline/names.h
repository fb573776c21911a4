/* What Kubernetes takes for names, and how much a quantity is. */
#pragma once

#include "codec/json.h"

/* Each returns NULL when the name is fine, else what is wrong with it, in words.
 * Source: Kubernetes, "Object Names and IDs", "Labels and Selectors"; RFC 1123. */
const char *name_fault_label(struct sl_str s);     /* DNS-1123 label: steps, namespaces */
const char *name_fault_object(struct sl_str s);    /* DNS-1123 subdomain of at most 63 */
const char *name_fault_prefix(struct sl_str s);    /* generateName */
const char *name_fault_word(struct sl_str s);      /* parameters, inputs, outputs: letters, digits,
                                                      _ and -, a letter or _ first */
const char *name_fault_label_key(struct sl_str s); /* [prefix/]name of labels and annotations */
const char *name_fault_label_value(struct sl_str s);

/* A Kubernetes quantity: "500m", "1.5", "512Mi", "2G", "1e3"; a JSON number too.
 * Units: thousandths, rounded up. False when it is none, negative, or beyond 2^53. */
bool quantity_parse_milli(const struct json *v, int64_t *ret);
