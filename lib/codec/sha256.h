/* SHA-256 (FIPS 180-4) by OpenSSL; digests as 64 lower-case hex digits. */
#pragma once

#include "base/str.h"

enum { SHA256_HEX = 65 };

struct sha256;

struct sha256 *sha256_new(void);
void sha256_free(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *p, size_t n);
/* The digest of all that was added, NUL-terminated; the state then starts anew. */
void sha256_finish(struct sha256 *h, char ret[SHA256_HEX]);
/* Of one piece. */
void sha256_hex(struct sl_str s, char ret[SHA256_HEX]);
