/* Protobuf text format (schema.pbtxt) to and from protobuf-c messages, by their descriptors.
 *
 * Written as protobuf's own printer does: two-space indent, one field a line in the order of field
 * numbers, enums by name, doubles with a point, bytes beyond ASCII as octal escapes. Read more
 * freely: `#` comments, `name: {`, `<...>`,
 * `;` and `,` between fields, single quotes, adjacent strings, `[a, b]` lists. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <protobuf-c/protobuf-c.h>

/* Appends the text; unset fields are left out. */
void pbtxt_format(const ProtobufCMessage *m, struct sl_buf *b);
/* Lifetime: the message and all in it live in `a`; never free it with protobuf-c's own function.
 * Errors: invalid: "line 4: unknown field 'nam' in Feature, did you mean 'name'?" and the like. */
struct sl_err *pbtxt_parse(struct sl_arena *a, struct sl_str text,
                           const ProtobufCMessageDescriptor *descriptor,
                           ProtobufCMessage **ret) SL_MUST_USE;
