#include "codec/sha256.h"

#include "base/alloc.h"
#include "base/assert.h"

#include <openssl/evp.h>
#include <stdio.h>

struct sha256 {
    EVP_MD_CTX *ctx;
};

struct sha256 *sha256_new(void)
{
    struct sha256 *h = SL_NEW(struct sha256);
    h->ctx = EVP_MD_CTX_new();
    sl_assert(h->ctx && EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL));
    return h;
}

void sha256_free(struct sha256 *h)
{
    if (!h)
        return;
    EVP_MD_CTX_free(h->ctx);
    sl_free(h);
}

void sha256_add(struct sha256 *h, const void *p, size_t n)
{
    sl_assert(EVP_DigestUpdate(h->ctx, p, n));
}

void sha256_finish(struct sha256 *h, char ret[SHA256_HEX])
{
    unsigned char digest[32];
    sl_assert(EVP_DigestFinal_ex(h->ctx, digest, NULL));
    for (int i = 0; i < 32; i++)
        snprintf(ret + 2 * i, 3, "%02x", digest[i]);
    sl_assert(EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL));
}

void sha256_hex(struct sl_str s, char ret[SHA256_HEX])
{
    struct sha256 *h = sha256_new();
    sha256_add(h, s.p, s.n);
    sha256_finish(h, ret);
    sha256_free(h);
}
