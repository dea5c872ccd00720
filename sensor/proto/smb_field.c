/* SPDX-License-Identifier: Apache-2.0 */
/* smb_field: what rules see of SMB, and the options. */
#include "sensor/proto/smb.h"

#define GETTER(function)                                                               \
	static bool function(const struct app *app, const struct tx *tx, enum dir dir, \
	    unsigned index, struct arena *scratch, struct field_value *ret)

static const struct smb_tx *
smb_of(const struct tx *tx)
{
	return (const struct smb_tx *)tx;
}

static bool
text_give(const struct proto_buf *text, struct field_value *ret)
{
	ret->bytes = proto_buf_span(text);
	return true;
}

/* By its name, as the request alone must tell: what it is is said by the answer. */
static bool
is_pipe_name(struct span share)
{
	static const char name[] = "IPC$";
	const size_t len = sizeof(name) - 1;
	return share.len >= len &&
	       span_caseeq(span_from(share, share.len - len), span_str(name));
}

static bool
share_give(const struct tx *tx, bool is_pipe, struct field_value *ret)
{
	const struct smb_tx *smb = smb_of(tx);
	if (smb->kind != SMB_TREE || is_pipe_name(proto_buf_span(&smb->name)) != is_pipe)
		return false;
	return text_give(&smb->name, ret);
}

GETTER(get_named_pipe)
{
	return share_give(tx, true, ret);
}

GETTER(get_share)
{
	return share_give(tx, false, ret);
}

static const struct smb_ntlmssp *
ntlmssp_of(const struct tx *tx)
{
	const struct smb_login *login = smb_of(tx)->login;
	return login && login->has_ntlmssp ? &login->ntlmssp : NULL;
}

GETTER(get_user)
{
	const struct smb_ntlmssp *ntlmssp = ntlmssp_of(tx);
	return ntlmssp && text_give(&ntlmssp->user, ret);
}

GETTER(get_domain)
{
	const struct smb_ntlmssp *ntlmssp = ntlmssp_of(tx);
	return ntlmssp && text_give(&ntlmssp->domain, ret);
}

GETTER(get_version)
{
	ret->number = smb_of(tx)->head.version;
	return true;
}

#define CLIENT DIR_BIT(DIR_TOSERVER)

const struct field smb_fields[] = {
	FILE_FIELDS(DIR_BOTH, SMB_BEGUN),
	DCERPC_STUB_FIELD(SMB_WHOLE),
	{ "smb.named_pipe", "share of named pipes that a client connects to",
	    "smb.named_pipe; content:\"IPC$\"; endswith;", FIELD_BYTES, CLIENT, SMB_BEGUN, NULL,
	    "smb_named_pipe", NULL, get_named_pipe, NULL },
	{ "smb.ntlmssp_domain", "domain of who logs in with NTLMSSP",
	    "smb.ntlmssp_domain; content:\"WORKGROUP\";", FIELD_BYTES, CLIENT, SMB_BEGUN, NULL,
	    "smb_ntlmssp_domain", NULL, get_domain, NULL },
	{ "smb.ntlmssp_user", "name of who logs in with NTLMSSP",
	    "smb.ntlmssp_user; content:\"administrator\"; nocase;", FIELD_BYTES, CLIENT,
	    SMB_BEGUN, NULL, "smb_ntlmssp_user", NULL, get_user, NULL },
	{ "smb.share", "share that a client connects to",
	    "smb.share; content:\"C$\"; endswith;", FIELD_BYTES, CLIENT, SMB_BEGUN, NULL,
	    "smb_share", NULL, get_share, NULL },
	{ "smb.version", "1 or 2: the format of messages, which SMB 3 shares with 2",
	    "smb.version:1;", FIELD_UINT, DIR_BOTH, SMB_BEGUN, NULL, NULL, NULL, get_version,
	    NULL },
	{ 0 },
};

/* --- Options --- */

static const char *
wrong(struct arena *arena, const struct conf_node *node, const char *expected)
{
	char where[256];
	return arena_printf(arena, "%s: %s: expected %s",
	    conf_where(node, where, sizeof(where)), node->key ? node->key : "value", expected);
}

void *
smb_configure(struct arena *arena, const struct conf_node *app_layer,
    const struct conf_node *eve_options, const char **ret_error)
{
	struct smb_config *config = arena_zalloc(arena, sizeof(*config));
	bool is_map = app_layer && app_layer->kind == CONF_MAP;
	if (!config)
		return NULL;
	/* Suricata's, but for the queues: 64 MiB a file are more than a worker has to give. */
	*config = (struct smb_config){
		.max_tx = proto_smb.max_txs,
		.max_size = { 16u << 20, 16u << 20 },
		.max_queue_bytes = { 8u << 20, 8u << 20 },
		.max_queue_count = { 64, 64 },
		.stub_max = DCERPC_STUB_MAX,
	};
	const struct {
		const char *key;
		uint32_t *to;
		uint32_t max;
	} options[] = {
		{ "max-tx", &config->max_tx, proto_smb.max_txs },
		{ "max-write-size", &config->max_size[DIR_TOSERVER], UINT32_MAX },
		{ "max-read-size", &config->max_size[DIR_TOCLIENT], UINT32_MAX },
		{ "max-write-queue-size", &config->max_queue_bytes[DIR_TOSERVER],
		    PROTO_BUF_MAX },
		{ "max-read-queue-size", &config->max_queue_bytes[DIR_TOCLIENT],
		    PROTO_BUF_MAX },
		{ "max-write-queue-cnt", &config->max_queue_count[DIR_TOSERVER], 4096 },
		{ "max-read-queue-cnt", &config->max_queue_count[DIR_TOCLIENT], 4096 },
	};
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		const struct conf_node *node =
		    is_map ? conf_child(app_layer, options[i].key) : NULL;
		uint64_t value;
		if (!conf_size(node, *options[i].to, &value)) {
			*ret_error = wrong(arena, node, "a number, or a size like 16mb");
			return NULL;
		}
		*options[i].to = value < options[i].max ? (uint32_t)value : options[i].max;
	}
	return config;
}
