/* YAML text into the tree of codec/json.h, every node with the line it stands in.
 *
 * Scalars are read as kubectl reads them (sigs.k8s.io/yaml: YAML 1.1 as go-yaml v2 has it): the
 * plain words yes, no, on, off, true, false in three spellings each, y, Y, n and N are booleans; ~,
 * null and the empty plain scalar are null; integers are decimal, 0x, 0o, 0b or old 0-octal, with
 * underscores; then floats. What is quoted or a block scalar is a string. Dates stay strings; .inf
 * and .nan are refused, as JSON has none. Keys are strings: other scalars are taken by their text.
 * Merge keys (<<) and anchors work; aliases are counted, and what they repeat counts as nodes, so
 * that nothing grows without bound.
 *
 * Limits: SL_LIMIT_MANIFEST_BYTES of text, SL_LIMIT_YAML_DEPTH, _NODES, _ALIASES. */
#pragma once

#include "codec/json.h"

/* The documents of a stream; empty ones are left out.
 * Lifetime: `a`. Errors: invalid, "line 4, column 2: did not find expected key", with the line
 * as code. */
struct sl_err *yaml_parse(struct sl_arena *a, struct sl_str text, struct json ***ret_documents,
                          size_t *ret_n) SL_MUST_USE;
