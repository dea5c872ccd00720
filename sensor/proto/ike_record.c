/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ike_record: a message as EVE writes it; with IKE 1 also what the flow has said so far.
 *
 * Numbers: IANA's registries "Internet Key Exchange (IKE) Attributes" and "IKEv2 Parameters",
 * and GM/T 0022 for the national algorithms.
 */
#include <stdio.h>

#include "sensor/proto/ike.h"

struct name {
	uint16_t number;
	const char *name;
};

static const char *
name_find(const struct name *names, uint32_t number)
{
	for (; names->name; names++)
		if (names->number == number)
			return names->name;
	return NULL;
}

/* --- IKE 1 --- */

static const struct name exchanges_1[] = { { 0, "None" }, { 1, "Base" },
	{ 2, "Identity Protection" }, { 3, "Authentication Only" }, { 4, "Aggressive" },
	{ 5, "Informational" }, { 6, "Transaction (Config Mode)" }, { 32, "Quick Mode" },
	{ 33, "New Group Mode" }, { 0, NULL } };

static const struct name payloads_1[] = { { 1, "SecurityAssociation" }, { 2, "Proposal" },
	{ 3, "Transform" }, { 4, "KeyExchange" }, { 5, "Identification" }, { 6, "Certificate" },
	{ 7, "CertificateRequest" }, { 8, "Hash" }, { 9, "Signature" }, { 10, "Nonce" },
	{ 11, "Notification" }, { 12, "Delete" }, { 13, "VendorID" }, { 15, "SaKekPayload" },
	{ 16, "SaTekPayload" }, { 17, "KeyDownload" }, { 18, "SequenceNumber" },
	{ 19, "ProofOfPossession" }, { 20, "NatDiscovery" }, { 21, "NatOriginalAddress" },
	{ 22, "GroupAssociatedPolicy" }, { 0, NULL } };

static const struct name attribute_names[] = { { IKE_ALG_ENC, "alg_enc" },
	{ IKE_ALG_HASH, "alg_hash" }, { IKE_ALG_AUTH, "alg_auth" }, { IKE_ALG_DH, "alg_dh" },
	{ IKE_GROUP_TYPE, "sa_group_type" }, { 6, "sa_group_prime" },
	{ 7, "sa_group_generator_one" }, { 8, "sa_group_generator_two" },
	{ 9, "sa_group_curve_a" }, { 10, "sa_group_curve_b" },
	{ IKE_LIFE_TYPE, "sa_life_type" }, { IKE_LIFE_DURATION, "sa_life_duration" },
	{ IKE_ALG_PRF, "alg_prf" }, { IKE_KEY_LENGTH, "sa_key_length" },
	{ IKE_FIELD_SIZE, "sa_field_size" }, { 16, "sa_group_order" }, { 0, NULL } };

static const struct name enc_1[] = { { 1, "EncDesCbc" }, { 2, "EncIdeaCbc" },
	{ 3, "EncBlowfishCbc" }, { 4, "EncRc5R16B64Cbc" }, { 5, "EncTripleDesCbc" },
	{ 6, "EncCastCbc" }, { 7, "EncAesCbc" }, { 8, "EncCamelliaCbc" }, { 127, "EncSm4Cbc" },
	{ 128, "EncSm1Cbc" }, { 129, "EncSm4Cbc" }, { 0, NULL } };
static const struct name hash_1[] = { { 1, "HashMd5" }, { 2, "HashSha" }, { 3, "HashTiger" },
	{ 4, "HashSha2_256" }, { 5, "HashSha2_384" }, { 6, "HashSha2_512" }, { 20, "HashSm3" },
	{ 0, NULL } };
static const struct name auth_1[] = { { 1, "AuthPreSharedKey" }, { 2, "AuthDssSignatures" },
	{ 3, "AuthRsaSignatures" }, { 4, "AuthEncryptionWithRsa" },
	{ 5, "AuthRevisedEncryptionWithRsa" }, { 6, "AuthReserved" }, { 7, "AuthReserved" },
	{ 8, "AuthReserved" }, { 9, "AuthEcdsaSha256" }, { 10, "AuthEcdsaSha384" },
	{ 11, "AuthEcdsaSha512" }, { 0, NULL } };
static const struct name dh_1[] = { { 1, "GroupDefault768BitModp" },
	{ 2, "GroupAlternate1024BitModpGroup" }, { 3, "GroupEc2nOnGp2p155" },
	{ 4, "GroupEc2nOnGp2p185" }, { 5, "GroupModp1536Bit" }, { 6, "GroupEc2nOverGf2p163" },
	{ 7, "GroupEc2nOverGf2p163" }, { 8, "GroupEc2nOverGf2p283" },
	{ 9, "GroupEc2nOverGf2p283" }, { 10, "GroupEc2nOverGf2p409" },
	{ 11, "GroupEc2nOverGf2p409" }, { 12, "GroupEc2nOverGf2p571" },
	{ 13, "GroupEc2nOverGf2p571" }, { 14, "GroupModp2048Bit" }, { 15, "GroupModp3072Bit" },
	{ 16, "GroupModp4096Bit" }, { 17, "GroupModp6144Bit" }, { 18, "GroupModp8192Bit" },
	{ 19, "GroupRandomEcp256" }, { 20, "GroupRandomEcp384" }, { 21, "GroupRandomEcp521" },
	{ 22, "GroupModp1024With160BitPrime" }, { 23, "GroupModp2048With224BitPrime" },
	{ 24, "GroupModp2048With256BitPrime" }, { 25, "GroupRandomEcp192" },
	{ 26, "GroupRandomEcp224" }, { 27, "GroupBrainpoolEcp224" },
	{ 28, "GroupBrainpoolEcp256" }, { 29, "GroupBrainpoolEcp384" },
	{ 30, "GroupBrainpoolEcp512" }, { 0, NULL } };
static const struct name life_1[] = { { 1, "LifeTypeSeconds" }, { 2, "LifeTypeKilobytes" },
	{ 0, NULL } };
static const struct name none[] = { { 0, NULL } };

static const struct name *
values_of(uint16_t attribute)
{
	switch (attribute) {
	case IKE_ALG_ENC:
		return enc_1;
	case IKE_ALG_HASH:
		return hash_1;
	case IKE_ALG_AUTH:
		return auth_1;
	case IKE_ALG_DH:
		return dh_1;
	case IKE_LIFE_TYPE:
		return life_1;
	default:
		return none;
	}
}

/* Each attribute under its name, and under name_raw; one that comes again is left out. */
static void
put_attributes(struct json *json, const struct ike_proposal *proposal)
{
	uint32_t seen = 0;
	for (unsigned i = 0; i < proposal->count; i++) {
		const struct ike_attribute *a = &proposal->attributes[i];
		const char *key = name_find(attribute_names, a->type);
		const char *value = name_find(values_of(a->type), a->value);
		uint32_t bit = 1u << (key ? a->type : 0);
		char raw[40];
		if (seen & bit)
			continue;
		seen |= bit;
		if (!key)
			key = "unknown";
		snprintf(raw, sizeof(raw), "%s_raw", key);
		json_put_str(json, key, value ? value : "Unknown");
		if (a->is_number)
			json_put_uint(json, raw, a->number);
		else
			json_put_hex(json, raw, span_sub(a->bytes, 0, 256), 0);
	}
}

static bool
chosen_put_1(const struct ike_proposal *proposal, void *arg)
{
	put_attributes(arg, proposal);
	return false;
}

static bool
proposal_put(const struct ike_proposal *proposal, void *arg)
{
	struct json *json = arg;
	json_open_object(json, NULL);
	put_attributes(json, proposal);
	json_close(json);
	return true;
}

/* Proposals are those of this message, keys and nonces what the flow has told so far. */
static void
put_side(struct json *json, const char *key, const struct ike_tx *tx,
    const struct ike_flow *flow, enum dir dir)
{
	struct span public = proto_buf_span(&flow->key[dir]);
	struct span nonce = proto_buf_span(&flow->nonce[dir]);
	const struct ike_payload *sa = ike_payload_find(tx, IKE1_SA);
	json_open_object(json, key);
	if (public.len) {
		json_put_hex(json, "key_exchange_payload", public, 0);
		json_put_uint(json, "key_exchange_payload_length", public.len);
	}
	if (nonce.len) {
		json_put_hex(json, "nonce_payload", nonce, 0);
		json_put_uint(json, "nonce_payload_length", nonce.len);
	}
	if (sa && dir == DIR_TOSERVER && tx->dir == dir) {
		json_open_array(json, "proposals");
		(void)ike_proposals_read(1, sa->body, proposal_put, json);
		json_close(json);
	}
	json_close(json);
}

static void
put_vendors(struct json *json, const struct ike_tx *tx)
{
	if (!ike_payload_find(tx, IKE1_VENDOR))
		return;
	json_open_array(json, "vendor_ids");
	for (unsigned i = 0; i < tx->payload_count; i++)
		if (tx->payloads[i].type == IKE1_VENDOR)
			json_put_hex(json, NULL, span_sub(tx->payloads[i].body, 0, 256), 0);
	json_close(json);
}

static void
put_ikev1(struct json *json, const struct ike_tx *tx, const struct ike_flow *flow)
{
	json_open_object(json, "ikev1");
	if (flow->sa[0].len || flow->sa[1].len)
		json_put_uint(json, "doi", flow->doi);
	json_put_bool(json, "encrypted_payloads", tx->is_encrypted);
	if (!tx->is_encrypted) {
		put_side(json, "client", tx, flow, DIR_TOSERVER);
		put_side(json, "server", tx, flow, DIR_TOCLIENT);
		put_vendors(json, tx);
	}
	json_close(json);
}

/* What the responder chose; all of it, where it chose more than one. */
static void
put_chosen_1(struct json *json, const struct ike_tx *tx, const struct ike_flow *flow)
{
	struct span chosen = proto_buf_span(&flow->sa[DIR_TOCLIENT]);
	if (chosen.len)
		(void)ike_proposals_read(1, chosen, chosen_put_1, json);
	if (!(tx->tx.events >> IKE_EVENT_MULTIPLE_SERVER_PROPOSAL & 1))
		return;
	json_open_array(json, "server_proposals");
	(void)ike_proposals_read(1, ike_payload_find(tx, IKE1_SA)->body, proposal_put, json);
	json_close(json);
}

/* --- IKE 2 --- */

static const struct name payloads_2[] = { { 33, "SecurityAssociation" }, { 34, "KeyExchange" },
	{ 35, "IdentInitiator" }, { 36, "IdentResponder" }, { 37, "Certificate" },
	{ 38, "CertificateRequest" }, { 39, "Authentication" }, { 40, "Nonce" },
	{ 41, "Notify" }, { 42, "Delete" }, { 43, "VendorID" },
	{ 44, "TrafficSelectorInitiator" }, { 45, "TrafficSelectorResponder" },
	{ 46, "EncryptedAndAuthenticated" }, { 47, "Configuration" },
	{ 48, "ExtensibleAuthentication" }, { 53, "EncryptedFragment" }, { 0, NULL } };

static const struct name enc_2[] = { { 1, "ENCR_DES_IV64" }, { 2, "ENCR_DES" },
	{ 3, "ENCR_3DES" }, { 4, "ENCR_RC5" }, { 5, "ENCR_IDEA" }, { 6, "ENCR_CAST" },
	{ 7, "ENCR_BLOWFISH" }, { 8, "ENCR_3IDEA" }, { 9, "ENCR_DES_IV32" },
	{ 11, "ENCR_NULL" }, { 12, "ENCR_AES_CBC" }, { 13, "ENCR_AES_CTR" },
	{ 14, "ENCR_AES_CCM_8" }, { 15, "ENCR_AES_CCM_12" }, { 16, "ENCR_AES_CCM_16" },
	{ 18, "ENCR_AES_GCM_8" }, { 19, "ENCR_AES_GCM_12" }, { 20, "ENCR_AES_GCM_16" },
	{ 21, "ENCR_NULL_AUTH_AES_GMAC" }, { 23, "ENCR_CAMELLIA_CBC" },
	{ 24, "ENCR_CAMELLIA_CTR" }, { 25, "ENCR_CAMELLIA_CCM_8" },
	{ 26, "ENCR_CAMELLIA_CCM_12" }, { 27, "ENCR_CAMELLIA_CCM_16" },
	{ 28, "ENCR_CHACHA20_POLY1305" }, { 0, NULL } };
static const struct name prf_2[] = { { 0, "PRF_NULL" }, { 1, "PRF_HMAC_MD5" },
	{ 2, "PRF_HMAC_SHA1" }, { 3, "PRF_HMAC_TIGER" }, { 4, "PRF_AES128_XCBC" },
	{ 5, "PRF_HMAC_SHA2_256" }, { 6, "PRF_HMAC_SHA2_384" }, { 7, "PRF_HMAC_SHA2_512" },
	{ 8, "PRF_AES128_CMAC" }, { 0, NULL } };
static const struct name auth_2[] = { { 0, "NONE" }, { 1, "AUTH_HMAC_MD5_96" },
	{ 2, "AUTH_HMAC_SHA1_96" }, { 3, "AUTH_DES_MAC" }, { 4, "AUTH_KPDK_MD5" },
	{ 5, "AUTH_AES_XCBC_96" }, { 6, "AUTH_HMAC_MD5_128" }, { 7, "AUTH_HMAC_SHA1_160" },
	{ 8, "AUTH_AES_CMAC_96" }, { 9, "AUTH_AES_128_GMAC" }, { 10, "AUTH_AES_192_GMAC" },
	{ 11, "AUTH_AES_256_GMAC" }, { 12, "AUTH_HMAC_SHA2_256_128" },
	{ 13, "AUTH_HMAC_SHA2_384_192" }, { 14, "AUTH_HMAC_SHA2_512_256" }, { 0, NULL } };
static const struct name dh_2[] = { { 0, "None" }, { 1, "Modp768" }, { 2, "Modp1024" },
	{ 5, "Modp1536" }, { 14, "Modp2048" }, { 15, "Modp3072" }, { 16, "Modp4096" },
	{ 17, "Modp6144" }, { 18, "Modp8192" }, { 19, "Ecp256" }, { 20, "Ecp384" },
	{ 21, "Ecp521" }, { 22, "Modp1024s160" }, { 23, "Modp2048s224" },
	{ 24, "Modp2048s256" }, { 25, "Ecp192" }, { 26, "Ecp224" }, { 27, "BrainpoolP224r1" },
	{ 28, "BrainpoolP256r1" }, { 29, "BrainpoolP384r1" }, { 30, "BrainpoolP512r1" },
	{ 31, "Curve25519" }, { 32, "Curve448" }, { 0, NULL } };
static const struct name esn_2[] = { { 0, "NoESN" }, { 1, "ESN" }, { 0, NULL } };

static const struct name notifies[] = { { 1, "UNSUPPORTED_CRITICAL_PAYLOAD" },
	{ 4, "INVALID_IKE_SPI" }, { 5, "INVALID_MAJOR_VERSION" }, { 7, "INVALID_SYNTAX" },
	{ 9, "INVALID_MESSAGE_ID" }, { 11, "INVALID_SPI" }, { 14, "NO_PROPOSAL_CHOSEN" },
	{ 17, "INVALID_KE_PAYLOAD" }, { 24, "AUTHENTICATION_FAILED" },
	{ 34, "SINGLE_PAIR_REQUIRED" }, { 35, "NO_ADDITIONAL_SAS" },
	{ 36, "INTERNAL_ADDRESS_FAILURE" }, { 37, "FAILED_CP_REQUIRED" },
	{ 38, "TS_UNACCEPTABLE" }, { 39, "INVALID_SELECTORS" }, { 43, "TEMPORARY_FAILURE" },
	{ 44, "CHILD_SA_NOT_FOUND" }, { 16384, "INITIAL_CONTACT" },
	{ 16385, "SET_WINDOW_SIZE" }, { 16386, "ADDITIONAL_TS_POSSIBLE" },
	{ 16387, "IPCOMP_SUPPORTED" }, { 16388, "NAT_DETECTION_SOURCE_IP" },
	{ 16389, "NAT_DETECTION_DESTINATION_IP" }, { 16390, "COOKIE" },
	{ 16391, "USE_TRANSPORT_MODE" }, { 16392, "HTTP_CERT_LOOKUP_SUPPORTED" },
	{ 16393, "REKEY_SA" }, { 16394, "ESP_TFC_PADDING_NOT_SUPPORTED" },
	{ 16395, "NON_FIRST_FRAGMENTS_ALSO" }, { 16396, "MOBIKE_SUPPORTED" },
	{ 16404, "MULTIPLE_AUTH_SUPPORTED" }, { 16406, "REDIRECT_SUPPORTED" },
	{ 16407, "REDIRECT" }, { 16408, "REDIRECTED_FROM" },
	{ 16418, "CHILDLESS_IKEV2_SUPPORTED" }, { 16430, "IKEV2_FRAGMENTATION_SUPPORTED" },
	{ 16431, "SIGNATURE_HASH_ALGORITHMS" }, { 0, NULL } };

/* A number that has no name. */
static void
put_name(struct json *json, const char *key, const struct name *names, uint32_t number)
{
	const char *name = name_find(names, number);
	char text[24];
	snprintf(text, sizeof(text), "Unknown(%u)", number);
	json_put_str(json, key, name ? name : text);
}

static bool
chosen_put_2(const struct ike_proposal *proposal, void *arg)
{
	static const struct {
		uint16_t type;
		const char *key;
		const struct name *names;
	} rows[] = { { IKE_ALG_ENC, "alg_enc", enc_2 }, { IKE_ALG_AUTH, "alg_auth", auth_2 },
		{ IKE_ALG_PRF, "alg_prf", prf_2 }, { IKE_ALG_DH, "alg_dh", dh_2 },
		{ IKE_ALG_ESN, "alg_esn", esn_2 } };
	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		for (unsigned i = 0; i < proposal->count; i++) {
			if (proposal->attributes[i].type != rows[r].type)
				continue;
			put_name(arg, rows[r].key, rows[r].names,
			    proposal->attributes[i].number);
			break;
		}
	}
	return false;
}

/* protocol(1) SPI length(1) kind(2) ...; below 16384 they are errors. */
static uint16_t
notify_of(const struct ike_payload *payload)
{
	struct cursor c = cursor_span(payload->body);
	cursor_skip(&c, 2);
	return cursor_be16(&c);
}

static void
put_ikev2(struct json *json, const struct ike_tx *tx)
{
	unsigned errors = 0;
	for (unsigned i = 0; i < tx->payload_count; i++) {
		uint16_t kind = notify_of(&tx->payloads[i]);
		errors += tx->payloads[i].type == IKE2_NOTIFY && kind > 0 && kind < 16384;
	}
	json_open_object(json, "ikev2");
	json_put_uint(json, "errors", errors);
	if (ike_payload_find(tx, IKE2_NOTIFY)) {
		json_open_array(json, "notify");
		for (unsigned i = 0; i < tx->payload_count; i++)
			if (tx->payloads[i].type == IKE2_NOTIFY)
				put_name(json, NULL, notifies, notify_of(&tx->payloads[i]));
		json_close(json);
	}
	json_close(json);
}

/* --- Both --- */

static void
put_payloads(struct json *json, const struct ike_tx *tx)
{
	bool is_old = tx->header.major == 1;
	const struct name *names = is_old ? payloads_1 : payloads_2;
	json_open_array(json, "payload");
	for (unsigned i = 0; i < tx->payload_count; i++) {
		/* IKE 1 lists each kind once. */
		if (is_old && ike_payload_find(tx, tx->payloads[i].type) != &tx->payloads[i])
			continue;
		put_name(json, NULL, names, tx->payloads[i].type);
		if (is_old && tx->payloads[i].type == IKE1_SA) {
			json_put_str(json, NULL, "Proposal");
			json_put_str(json, NULL, "Transform");
		}
	}
	json_close(json);
}

bool
ike_record(const struct app *app, const struct tx *tx, struct json *json)
{
	const struct ike_config *config = app->worker->options->config[app->proto->id];
	const struct ike_flow *flow = app->state;
	const struct ike_tx *ike = (const struct ike_tx *)tx;
	const struct ike_header *h = &ike->header;
	if (h->major == 0)
		return false;
	json_put_uint(json, "version_major", h->major);
	json_put_uint(json, "version_minor", h->minor);
	json_put_str(json, "init_spi", ike->init_spi);
	json_put_str(json, "resp_spi", ike->resp_spi);
	json_put_uint(json, "message_id", h->message_id);
	json_put_uint(json, "exchange_type", h->exchange);
	if (h->major == 1) {
		const char *name = name_find(exchanges_1, h->exchange);
		if (config->is_extended)
			json_put_str(json, "exchange_type_verbose",
			    name ? name : "Unknown Exchange Type");
		put_chosen_1(json, ike, flow);
	} else if (h->flags & IKE2_INITIATOR) {
		json_put_str(json, "role", "initiator");
	} else {
		struct span chosen = proto_buf_span(&flow->sa[DIR_TOCLIENT]);
		json_put_str(json, "role", "responder");
		(void)ike_proposals_read(2, chosen, chosen_put_2, json);
	}
	put_payloads(json, ike);
	if (h->major == 1)
		put_ikev1(json, ike, flow);
	else
		put_ikev2(json, ike);
	return true;
}
