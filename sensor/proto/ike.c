/* SPDX-License-Identifier: Apache-2.0 */
/* ike: recognises IKE messages, makes each a transaction, judges what the responder chose. */
#include "sensor/proto/ike.h"

#define IKE_PORT 500
#define NAT_PORT 4500
#define MARKER_LEN 4 /* zeros before IKE where ESP goes over the same port */
/* A key of ML-KEM is longer than any of Diffie-Hellman. */
#define REMEMBERED_MAX 4096

static bool
is_port(const struct flow *flow, uint16_t port)
{
	return flow->key.server_port == port || flow->key.client_port == port;
}

/* The message of a datagram; empty: ESP, or a keep-alive. */
static struct span
message_of(const struct flow *flow, struct span data)
{
	if (span_starts(data, SPAN("\0\0\0\0")))
		return span_from(data, MARKER_LEN);
	return is_port(flow, NAT_PORT) ? SPAN_NONE : data;
}

static bool
is_exchange_known(const struct ike_header *h)
{
	if (h->major == 1)
		return h->exchange <= 6 || h->exchange == 32 || h->exchange == 33;
	return h->major == 2 && h->exchange >= 34 && h->exchange <= 44;
}

static bool
are_flags_known(const struct ike_header *h)
{
	return !(h->flags & (h->major == 1 ? ~0x07 : ~0x38));
}

static enum proto_verdict
ike_probe(const struct proto_probe *probe)
{
	struct span message = message_of(probe->flow, probe->data);
	struct ike_header h;
	bool is_home = is_port(probe->flow, IKE_PORT) || is_port(probe->flow, NAT_PORT);
	if (!ike_header_read(message, &h) || h.length != message.len ||
	    !is_exchange_known(&h) || !are_flags_known(&h) || h.minor > 1)
		return PROTO_NO;
	bool is_first = span_eq(h.resp_spi, SPAN("\0\0\0\0\0\0\0\0")) && h.message_id == 0;
	if (span_eq(h.init_spi, SPAN("\0\0\0\0\0\0\0\0")))
		return PROTO_NO;
	/* Elsewhere only the first message of an exchange convinces. */
	if (!is_home && (!is_first || h.next != (h.major == 1 ? IKE1_SA : IKE2_SA)))
		return PROTO_NO;
	bool is_answer = h.major == 2 && h.flags & IKE2_RESPONSE && h.message_id == 0;
	return is_answer && probe->dir == DIR_TOSERVER ? PROTO_YES_REVERSED : PROTO_YES;
}

/* --- What the responder chose --- */

struct judge {
	struct ike_tx *tx;
	unsigned proposals;
};

static void
judge_enc(struct tx *tx, uint32_t id)
{
	if (id <= 11) /* up to ENCR_NULL: DES in all forms, RC5, IDEA, CAST, Blowfish */
		tx_event(tx, IKE_EVENT_WEAK_CRYPTO_ENC);
	else if (id >= 1024)
		tx_event(tx, IKE_EVENT_UNKNOWN_PROPOSAL);
}

static void
judge_prf(struct tx *tx, uint32_t id)
{
	if (id == 0)
		tx_event(tx, IKE_EVENT_INVALID_PROPOSAL);
	else if (id <= 2) /* HMAC with MD5 or SHA-1 */
		tx_event(tx, IKE_EVENT_WEAK_CRYPTO_PRF);
	else if (id >= 1024)
		tx_event(tx, IKE_EVENT_UNKNOWN_PROPOSAL);
}

static void
judge_auth(struct tx *tx, uint32_t id)
{
	if ((id >= 1 && id <= 4) || id == 6 || id == 7) /* MD5, SHA-1, DES, KPDK */
		tx_event(tx, IKE_EVENT_WEAK_CRYPTO_AUTH);
	else if (id >= 1024)
		tx_event(tx, IKE_EVENT_UNKNOWN_PROPOSAL);
}

static void
judge_dh(struct tx *tx, uint32_t id)
{
	if (id == 1 || id == 2 || id == 5 || id == 22) /* below 2048 bits */
		tx_event(tx, IKE_EVENT_WEAK_CRYPTO_DH);
	else if (id >= 1024)
		tx_event(tx, IKE_EVENT_UNKNOWN_PROPOSAL);
}

/* Ciphers that authenticate by themselves: AES-CCM, AES-GCM, Camellia-CCM, ChaCha20. */
static bool
is_aead(uint32_t id)
{
	return (id >= 14 && id <= 20) || (id >= 25 && id <= 28);
}

static bool
judge_visit(const struct ike_proposal *proposal, void *arg)
{
	struct judge *judge = arg;
	struct tx *tx = &judge->tx->tx;
	bool has_dh = false, has_auth = false, has_enc = false;
	if (judge->proposals++)
		return true;
	for (unsigned i = 0; i < proposal->count; i++) {
		uint32_t id = proposal->attributes[i].number;
		switch (proposal->attributes[i].type) {
		case IKE_ALG_ENC:
			has_enc = true;
			has_auth |= is_aead(id);
			judge_enc(tx, id);
			break;
		case IKE_ALG_PRF:
			judge_prf(tx, id);
			break;
		case IKE_ALG_AUTH:
			has_auth |= id != 0;
			judge_auth(tx, id);
			break;
		case IKE_ALG_DH:
			has_dh |= id != 0;
			judge_dh(tx, id);
			break;
		}
	}
	if (!has_dh)
		tx_event(tx, IKE_EVENT_WEAK_CRYPTO_NO_DH);
	if (!has_auth)
		tx_event(tx, IKE_EVENT_WEAK_CRYPTO_NO_AUTH);
	if (!has_enc || proposal->protocol == 2)
		tx_event(tx, IKE_EVENT_NO_ENCRYPTION);
	return true;
}

static bool
count_visit(const struct ike_proposal *proposal, void *arg)
{
	struct judge *judge = arg;
	judge->proposals++;
	return true;
}

static void
judge_sa(struct ike_tx *tx, struct span sa)
{
	uint8_t major = tx->header.major;
	bool is_chosen = tx->dir == DIR_TOCLIENT;
	struct judge judge = { .tx = tx };
	/* IKE 1 has no words for what is weak in it: nearly all of it is. */
	if (!ike_proposals_read(major, sa, is_chosen && major == 2 ? judge_visit : count_visit,
		&judge))
		tx_event(&tx->tx, IKE_EVENT_MALFORMED_DATA);
	else if (judge.proposals == 0)
		tx_event(&tx->tx, IKE_EVENT_INVALID_PROPOSAL);
	if (is_chosen && judge.proposals > 1)
		tx_event(&tx->tx, IKE_EVENT_MULTIPLE_SERVER_PROPOSAL);
}

/* --- What a flow remembers --- */

static void
remember(struct proto_worker *worker, struct proto_buf *buf, struct span bytes)
{
	buf->len = 0;
	(void)proto_buf_append(worker, buf, bytes, REMEMBERED_MAX);
}

static void
remember_all(struct app *app, const struct ike_tx *tx)
{
	struct ike_flow *flow = app->state;
	struct span bytes;
	bool is_old = tx->header.major == 1;
	const struct ike_payload *sa = ike_payload_find(tx, is_old ? IKE1_SA : IKE2_SA);
	if (sa) {
		struct cursor c = cursor_span(sa->body);
		flow->doi = cursor_be32(&c);
		remember(app->worker, &flow->sa[tx->dir], sa->body);
	}
	if (is_old && ike_key(tx, &bytes))
		remember(app->worker, &flow->key[tx->dir], bytes);
	if (is_old && ike_nonce(tx, &bytes))
		remember(app->worker, &flow->nonce[tx->dir], bytes);
}

static void
ike_close(struct app *app)
{
	struct ike_flow *flow = app->state;
	for (int dir = 0; dir < 2; dir++) {
		proto_buf_free(app->worker, &flow->sa[dir]);
		proto_buf_free(app->worker, &flow->key[dir]);
		proto_buf_free(app->worker, &flow->nonce[dir]);
	}
}

/* --- Messages --- */

static void
hex_write(struct span bytes, char ret[17])
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < 8 && i < bytes.len; i++) {
		ret[2 * i] = digits[bytes.p[i] >> 4];
		ret[2 * i + 1] = digits[bytes.p[i] & 15];
	}
}

static void
message_read(struct app *app, struct ike_tx *tx)
{
	struct span bytes = proto_buf_span(&tx->bytes);
	uint8_t sa_type;
	if (!ike_header_read(bytes, &tx->header) || tx->header.length != bytes.len ||
	    tx->header.major < 1 || tx->header.major > 2) {
		tx->header = (struct ike_header){ 0 };
		tx_event(&tx->tx, IKE_EVENT_MALFORMED_DATA);
		return;
	}
	hex_write(tx->header.init_spi, tx->init_spi);
	hex_write(tx->header.resp_spi, tx->resp_spi);
	if (!ike_payloads_read(tx))
		tx_event(&tx->tx, IKE_EVENT_MALFORMED_DATA);
	sa_type = tx->header.major == 1 ? IKE1_SA : IKE2_SA;
	const struct ike_payload *sa = ike_payload_find(tx, sa_type);
	if (sa)
		judge_sa(tx, sa->body);
	remember_all(app, tx);
}

static ptrdiff_t
ike_parse(struct app *app, const struct proto_input *in)
{
	struct span message = message_of(app->flow, in->data);
	if (message.len == 0)
		return (ptrdiff_t)in->data.len;
	struct ike_tx *tx = (struct ike_tx *)app_tx_new(app, in->ts);
	if (!tx)
		return (ptrdiff_t)in->data.len;
	tx->dir = (uint8_t)in->dir;
	tx->tx.is_answer = in->dir == DIR_TOCLIENT;
	if (proto_buf_append(app->worker, &tx->bytes, message, UINT16_MAX))
		message_read(app, tx);
	tx_moved(&tx->tx, in->dir, 1, in->ts);
	tx_done(&tx->tx, DIR_TOSERVER, in->ts);
	tx_done(&tx->tx, DIR_TOCLIENT, in->ts);
	return (ptrdiff_t)in->data.len;
}

static void
ike_tx_free(struct app *app, struct tx *tx)
{
	proto_buf_free(app->worker, &((struct ike_tx *)tx)->bytes);
}

/* --- What rules see --- */

#define GETTER(function)                                                               \
	static bool function(const struct app *app, const struct tx *tx, enum dir dir, \
	    unsigned index, struct arena *scratch, struct field_value *ret)

/* The message when it has a header, and goes this way. */
static const struct ike_tx *
ike_at(const struct tx *tx, enum dir dir)
{
	const struct ike_tx *ike = (const struct ike_tx *)tx;
	return ike->header.major && ike->dir == dir ? ike : NULL;
}

GETTER(get_init_spi)
{
	const struct ike_tx *ike = ike_at(tx, dir);
	if (ike)
		ret->bytes = span_str(ike->init_spi);
	return ike;
}

GETTER(get_resp_spi)
{
	const struct ike_tx *ike = ike_at(tx, dir);
	if (ike)
		ret->bytes = span_str(ike->resp_spi);
	return ike;
}

GETTER(get_exchange)
{
	const struct ike_tx *ike = ike_at(tx, dir);
	if (ike)
		ret->number = ike->header.exchange;
	return ike;
}

GETTER(get_key)
{
	const struct ike_tx *ike = ike_at(tx, dir);
	return ike && ike_key(ike, &ret->bytes);
}

GETTER(get_key_length)
{
	const struct ike_tx *ike = ike_at(tx, dir);
	struct span key;
	if (!ike || !ike_key(ike, &key))
		return false;
	ret->number = key.len;
	return true;
}

GETTER(get_nonce)
{
	const struct ike_tx *ike = ike_at(tx, dir);
	return ike && ike_nonce(ike, &ret->bytes);
}

GETTER(get_nonce_length)
{
	const struct ike_tx *ike = ike_at(tx, dir);
	struct span nonce;
	if (!ike || !ike_nonce(ike, &nonce))
		return false;
	ret->number = nonce.len;
	return true;
}

GETTER(get_vendor)
{
	static const char digits[] = "0123456789abcdef";
	const struct ike_tx *ike = ike_at(tx, dir);
	uint8_t type = ike && ike->header.major == 1 ? IKE1_VENDOR : IKE2_VENDOR;
	for (unsigned i = 0; ike && i < ike->payload_count; i++) {
		struct span id = span_sub(ike->payloads[i].body, 0, 256);
		if (ike->payloads[i].type != type || index--)
			continue;
		char *text = arena_alloc(scratch, id.len * 2 + 1);
		if (!text)
			return false;
		for (size_t k = 0; k < id.len; k++) {
			text[2 * k] = digits[id.p[k] >> 4];
			text[2 * k + 1] = digits[id.p[k] & 15];
		}
		ret->bytes = span_of(text, id.len * 2);
		return true;
	}
	return false;
}

#define CLIENT DIR_BIT(DIR_TOSERVER)
#define SERVER DIR_BIT(DIR_TOCLIENT)

static const struct field fields[] = {
	{ "ike.init_spi", "the initiator's SPI, in hexadecimal digits",
	    "ike.init_spi; content:\"18fe9b731f9f8034\";", FIELD_BYTES, CLIENT, 1, NULL, NULL,
	    NULL, get_init_spi, NULL },
	{ "ike.resp_spi", "the responder's SPI, in hexadecimal digits",
	    "ike.resp_spi; content:\"a00b8ef0902bb8ec\";", FIELD_BYTES, SERVER, 1, NULL, NULL,
	    NULL, get_resp_spi, NULL },
	{ "ike.exchtype", "kind of exchange", "ike.exchtype:4;", FIELD_UINT, DIR_BOTH, 1, NULL,
	    NULL, NULL, get_exchange, NULL },
	{ "ike.vendor", "vendors that the initiator names, in hexadecimal digits",
	    "ike.vendor; content:\"4a131c81070358455c5728f20e95452f\";", FIELD_MULTI, CLIENT, 1,
	    NULL, NULL, NULL, get_vendor, NULL },
	{ "ike.key_exchange_payload", "public value of the key exchange",
	    "ike.key_exchange_payload; content:\"|00 00 00 00|\"; startswith;", FIELD_BYTES,
	    DIR_BOTH, 1, NULL, NULL, NULL, get_key, NULL },
	{ "ike.key_exchange_payload_length", "its length",
	    "ike.key_exchange_payload_length:<128;", FIELD_UINT, DIR_BOTH, 1, NULL, NULL, NULL,
	    get_key_length, NULL },
	{ "ike.nonce_payload", "the nonce", "ike.nonce_payload; content:\"|00 00 00 00|\";",
	    FIELD_BYTES, DIR_BOTH, 1, NULL, NULL, NULL, get_nonce, NULL },
	{ "ike.nonce_payload_length", "its length", "ike.nonce_payload_length:<16;", FIELD_UINT,
	    DIR_BOTH, 1, NULL, NULL, NULL, get_nonce_length, NULL },
	{ 0 },
};

/* --- Options --- */

static void *
ike_configure(struct arena *arena, const struct conf_node *app_layer,
    const struct conf_node *eve_options, const char **ret_error)
{
	struct ike_config *config = arena_zalloc(arena, sizeof(*config));
	const struct conf_node *node = eve_options && eve_options->kind == CONF_MAP
					   ? conf_child(eve_options, "extended")
					   : NULL;
	char where[256];
	if (!config)
		return NULL;
	if (conf_bool(node, false, &config->is_extended))
		return config;
	*ret_error = arena_printf(arena, "%s: extended: expected yes or no",
	    conf_where(node, where, sizeof(where)));
	return NULL;
}

static const char *const event_names[] = {
#define X(id, name) name,
	IKE_EVENTS(X)
#undef X
	    NULL,
};

const struct proto proto_ike = {
	.name = "ike",
	.help = "IKE 1 and 2: who negotiates which algorithms",
	.transports = PROTO_UDP,
	.ports = "500,4500",
	.id = PROTO_ID_ike,
	.max_txs = 64,
	.probe = ike_probe,
	.state_bytes = sizeof(struct ike_flow),
	.tx_bytes = sizeof(struct ike_tx),
	.close = ike_close,
	.tx_free = ike_tx_free,
	.parse = ike_parse,
	.fields = fields,
	.events = event_names,
	.record = ike_record,
	.configure = ike_configure,
};
