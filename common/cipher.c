/* SPDX-License-Identifier: Apache-2.0 */
#include "common/cipher.h"

#include <limits.h>
#include <openssl/evp.h>
#include <pthread.h>

#include "common/digest.h"

#define HMAC_BLOCK 64

static EVP_CIPHER *block_cipher, *gcm_cipher;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
fetch(void)
{
	block_cipher = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
	gcm_cipher = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
}

void
cipher_init(void)
{
	pthread_once(&once, fetch);
}

bool
cipher_block(const uint8_t key[CIPHER_KEY_BYTES], const uint8_t in[CIPHER_BLOCK_BYTES],
    uint8_t out[CIPHER_BLOCK_BYTES])
{
	int len = 0;

	cipher_init();
	EVP_CIPHER_CTX *ctx = block_cipher ? EVP_CIPHER_CTX_new() : NULL;
	bool is_ok = ctx && EVP_EncryptInit_ex2(ctx, block_cipher, key, NULL, NULL) == 1 &&
		     EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
		     EVP_EncryptUpdate(ctx, out, &len, in, CIPHER_BLOCK_BYTES) == 1 &&
		     len == CIPHER_BLOCK_BYTES;
	EVP_CIPHER_CTX_free(ctx);
	return is_ok;
}

bool
cipher_gcm_open(const uint8_t key[CIPHER_KEY_BYTES], const uint8_t nonce[CIPHER_NONCE_BYTES],
    struct span header, struct span sealed, uint8_t *out)
{
	int len = 0;
	uint8_t tag[CIPHER_TAG_BYTES];

	if (sealed.len < CIPHER_TAG_BYTES || sealed.len > INT_MAX || header.len > INT_MAX)
		return false;
	size_t body = sealed.len - CIPHER_TAG_BYTES;
	memcpy(tag, sealed.p + body, sizeof(tag));
	cipher_init();
	EVP_CIPHER_CTX *ctx = gcm_cipher ? EVP_CIPHER_CTX_new() : NULL;
	bool is_ok =
	    ctx && EVP_DecryptInit_ex2(ctx, gcm_cipher, key, nonce, NULL) == 1 &&
	    EVP_DecryptUpdate(ctx, NULL, &len, header.p, (int)header.len) == 1 &&
	    (body == 0 || EVP_DecryptUpdate(ctx, out, &len, sealed.p, (int)body) == 1) &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, sizeof(tag), tag) == 1 &&
	    EVP_DecryptFinal_ex(ctx, tag, &len) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return is_ok;
}

/* --- HKDF, RFC 5869, on HMAC, RFC 2104: all inputs here are short --- */

static bool
hmac(struct span key, struct span message, uint8_t out[DIGEST_MAX])
{
	uint8_t inner[HMAC_BLOCK + HMAC_BLOCK], outer[HMAC_BLOCK + DIGEST_SHA256_BYTES];

	if (key.len > HMAC_BLOCK || message.len > HMAC_BLOCK)
		return false;
	memset(inner, 0x36, HMAC_BLOCK);
	memset(outer, 0x5c, HMAC_BLOCK);
	for (size_t i = 0; i < key.len; i++) {
		inner[i] ^= key.p[i];
		outer[i] ^= key.p[i];
	}
	if (message.len)
		memcpy(inner + HMAC_BLOCK, message.p, message.len);
	return digest_of(DIGEST_SHA256, span_of(inner, HMAC_BLOCK + message.len),
		   outer + HMAC_BLOCK) == DIGEST_SHA256_BYTES &&
	       digest_of(DIGEST_SHA256, span_of(outer, sizeof(outer)), out) ==
		   DIGEST_SHA256_BYTES;
}

bool
cipher_extract(struct span salt, struct span input, uint8_t secret[32])
{
	return hmac(salt, input, secret);
}

bool
cipher_expand_label(const uint8_t secret[32], const char *label, uint8_t *out, size_t len)
{
	static const char prefix[] = "tls13 ";
	uint8_t info[HMAC_BLOCK], digest[DIGEST_MAX];
	size_t prefix_len = sizeof(prefix) - 1, label_len = strlen(label), n = 0;

	/* length(2) label<1> context<1>, and the number of the block, of which one is enough */
	if (len > DIGEST_SHA256_BYTES || prefix_len + label_len + 5 > sizeof(info))
		return false;
	info[n++] = 0;
	info[n++] = (uint8_t)len;
	info[n++] = (uint8_t)(prefix_len + label_len);
	memcpy(info + n, prefix, prefix_len);
	n += prefix_len;
	memcpy(info + n, label, label_len);
	n += label_len;
	info[n++] = 0;
	info[n++] = 1;
	if (!hmac(span_of(secret, 32), span_of(info, n), digest))
		return false;
	memcpy(out, digest, len);
	return true;
}
