/* SPDX-License-Identifier: Apache-2.0 */
/* rdp_record: a message of RDP's beginning as EVE writes it. */
#include "sensor/proto/rdp.h"

struct name {
	uint32_t number;
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

/* The names of the bits that are set, when there are any. */
static void
put_bits(struct json *json, const char *key, uint32_t bits, const struct name *names)
{
	bool is_open = false;
	for (; names->name; names++) {
		if (!(bits & names->number))
			continue;
		if (!is_open)
			json_open_array(json, key);
		is_open = true;
		json_put_str(json, NULL, names->name);
	}
	if (is_open)
		json_close(json);
}

static void
put_name(struct json *json, const char *key, uint32_t number, const struct name *names)
{
	const char *name = name_find(names, number);
	json_put_str(json, key, name ? name : "unknown");
}

static const struct name request_flags[] = { { 0x01, "restricted_admin_mode_required" },
	{ 0x02, "redirected_authentication_mode_required" },
	{ 0x08, "correlation_info_present" }, { 0, NULL } };

static const struct name response_flags[] = { { 0x01, "extended_client_data" },
	{ 0x02, "dynvc_gfx" }, { 0x08, "restricted_admin" },
	{ 0x10, "redirected_authentication" }, { 0, NULL } };

static const struct name protocol_names[] = { { 0, "rdp" }, { 1, "ssl" }, { 2, "hybrid" },
	{ 4, "rds_tls" }, { 8, "hybrid_ex" }, { 0, NULL } };

static const struct name failures[] = { { 1, "ssl required by server" },
	{ 2, "ssl not allowed by server" }, { 3, "ssl cert not on server" },
	{ 4, "inconsistent flags" }, { 5, "hybrid required by server" },
	{ 6, "ssl with user auth required by server" }, { 0, NULL } };

static const struct name versions[] = { { 0x80001, "v4" }, { 0x80004, "v5" },
	{ 0x80005, "v10.0" }, { 0x80006, "v10.1" }, { 0x80007, "v10.2" }, { 0x80008, "v10.3" },
	{ 0x80009, "v10.4" }, { 0x8000a, "v10.5" }, { 0x8000b, "v10.6" }, { 0x8000c, "v10.7" },
	{ 0, NULL } };

static const struct name builds[] = { { 2195, "Windows 2000" }, { 2600, "Windows XP" },
	{ 3790, "Windows Server 2003" }, { 6000, "Windows Vista" },
	{ 6001, "Windows Vista SP1" }, { 6002, "Windows Vista SP2" }, { 7600, "Windows 7" },
	{ 7601, "Windows 7 SP1" }, { 9200, "Windows 8" }, { 9600, "Windows 8.1" },
	{ 10240, "Windows 10 1507" }, { 10586, "Windows 10 1511" },
	{ 14393, "Windows 10 1607" }, { 15063, "Windows 10 1703" },
	{ 16299, "Windows 10 1709" }, { 17134, "Windows 10 1803" },
	{ 17763, "Windows 10 1809" }, { 18362, "Windows 10 1903" },
	{ 18363, "Windows 10 1909" }, { 19041, "Windows 10 2004" },
	{ 19042, "Windows 10 20H2" }, { 19043, "Windows 10 21H1" },
	{ 19044, "Windows 10 21H2" }, { 19045, "Windows 10 22H2" },
	{ 22000, "Windows 11 21H2" }, { 22621, "Windows 11 22H2" }, { 0, NULL } };

static const struct name keyboards[] = { { 1, "xt" }, { 2, "ico" }, { 3, "at" },
	{ 4, "enhanced" }, { 5, "1050" }, { 6, "9140" }, { 7, "jp" }, { 0, NULL } };

static const struct name layouts[] = { { 0x401, "ar-SA" }, { 0x402, "bg-BG" },
	{ 0x403, "ca-ES" }, { 0x404, "zh-TW" }, { 0x405, "cs-CZ" }, { 0x406, "da-DK" },
	{ 0x407, "de-DE" }, { 0x408, "el-GR" }, { 0x409, "en-US" }, { 0x40a, "es-ES" },
	{ 0x40b, "fi-FI" }, { 0x40c, "fr-FR" }, { 0x40d, "he-IL" }, { 0x40e, "hu-HU" },
	{ 0x40f, "is-IS" }, { 0x410, "it-IT" }, { 0x411, "ja-JP" }, { 0x412, "ko-KR" },
	{ 0x413, "nl-NL" }, { 0x414, "nb-NO" }, { 0x415, "pl-PL" }, { 0x416, "pt-BR" },
	{ 0x418, "ro-RO" }, { 0x419, "ru-RU" }, { 0x41a, "hr-HR" }, { 0x41b, "sk-SK" },
	{ 0x41d, "sv-SE" }, { 0x41e, "th-TH" }, { 0x41f, "tr-TR" }, { 0x422, "uk-UA" },
	{ 0x424, "sl-SI" }, { 0x425, "et-EE" }, { 0x426, "lv-LV" }, { 0x427, "lt-LT" },
	{ 0x42a, "vi-VN" }, { 0x804, "zh-CN" }, { 0x807, "de-CH" }, { 0x809, "en-GB" },
	{ 0x80a, "es-MX" }, { 0x80c, "fr-BE" }, { 0x813, "nl-BE" }, { 0x816, "pt-PT" },
	{ 0xc04, "zh-HK" }, { 0xc07, "de-AT" }, { 0xc09, "en-AU" }, { 0xc0a, "es-ES" },
	{ 0xc0c, "fr-CA" }, { 0x1004, "zh-SG" }, { 0x1009, "en-CA" }, { 0x100c, "fr-CH" },
	{ 0, NULL } };

static const struct name capabilities[] = { { 0x001, "support_errinfo_pdf" },
	{ 0x002, "want_32bpp_session" }, { 0x004, "support_statusinfo_pdu" },
	{ 0x008, "strong_asymmetric_keys" }, { 0x020, "valid_connection_type" },
	{ 0x040, "support_monitor_layout_pdu" }, { 0x080, "support_netchar_autodetect" },
	{ 0x100, "support_dynvc_gfx_protocol" }, { 0x200, "support_dynamic_time_zone" },
	{ 0x400, "support_heartbeat_pdu" }, { 0, NULL } };

static const struct name connections[] = { { 1, "modem" }, { 2, "low_broadband" },
	{ 3, "satellite" }, { 4, "high_broadband" }, { 5, "wan" }, { 6, "lan" },
	{ 7, "autodetect" }, { 0, NULL } };

static void
put_request(struct json *json, const struct rdp_tx *tx)
{
	if (tx->cookie.len)
		json_put_text(json, "cookie", proto_buf_span(&tx->cookie));
	if (tx->has_negotiation)
		put_bits(json, "flags", tx->flags, request_flags);
}

static void
put_answer(struct json *json, const struct rdp_tx *tx)
{
	if (!tx->has_negotiation)
		return;
	if (tx->is_failure) {
		const char *reason = name_find(failures, tx->protocols);
		json_put_uint(json, "error_code", tx->protocols);
		json_put_str(json, "reason", reason ? reason : "unknown");
		return;
	}
	put_name(json, "protocol", tx->protocols, protocol_names);
	put_bits(json, "server_supports", tx->flags, response_flags);
}

/* Parts that a client may leave out. */
static void
put_optional(struct json *json, const char *key, uint32_t number)
{
	if (number)
		json_put_uint(json, key, number);
}

static void
put_client(struct json *json, const struct rdp_client *client)
{
	json_open_object(json, "client");
	put_name(json, "version", client->version, versions);
	json_put_uint(json, "desktop_width", client->width);
	json_put_uint(json, "desktop_height", client->height);
	put_optional(json, "color_depth", client->colour_depth);
	put_name(json, "keyboard_layout", client->keyboard_layout, layouts);
	put_name(json, "build", client->build, builds);
	if (client->name[0])
		json_put_str(json, "client_name", client->name);
	if (client->keyboard_type)
		put_name(json, "keyboard_type", client->keyboard_type, keyboards);
	put_optional(json, "keyboard_subtype", client->keyboard_subtype);
	put_optional(json, "function_keys", client->function_keys);
	if (client->ime[0])
		json_put_str(json, "ime", client->ime);
	put_optional(json, "product_id", client->product_id);
	put_optional(json, "serial_number", client->serial_number);
	put_bits(json, "capabilities", client->capabilities, capabilities);
	if (client->id[0])
		json_put_str(json, "id", client->id);
	if (name_find(connections, client->connection))
		json_put_str(json, "connection_hint",
		    name_find(connections, client->connection));
	put_optional(json, "physical_width", client->physical_width);
	put_optional(json, "physical_height", client->physical_height);
	put_optional(json, "desktop_orientation", client->orientation);
	put_optional(json, "scale_factor", client->scale_factor);
	put_optional(json, "device_scale_factor", client->device_scale_factor);
	json_close(json);
	if (client->channel_count == 0)
		return;
	json_open_array(json, "channels");
	for (unsigned i = 0; i < client->channel_count; i++) {
		struct span name = span_of(client->channels[i], RDP_CHANNEL_NAME_LEN);
		ptrdiff_t end = span_chr(name, 0);
		json_put_text(json, NULL, span_sub(name, 0, end < 0 ? name.len : (size_t)end));
	}
	json_close(json);
}

/* As a number: without zeros in front. */
static void
put_serial(struct json *json, struct span serial)
{
	char text[2 * RDP_SERIAL_MAX + 1];
	size_t at = 0;
	for (size_t i = 0; i < serial.len && i < RDP_SERIAL_MAX; i++) {
		uint8_t high = serial.p[i] >> 4, low = serial.p[i] & 15;
		if (at || high)
			text[at++] = "0123456789abcdef"[high];
		if (at || low || i + 1 == serial.len)
			text[at++] = "0123456789abcdef"[low];
	}
	json_put_text(json, NULL, span_of(text, at));
}

bool
rdp_record(const struct app *app, const struct tx *tx, struct json *json)
{
	static const char *const kinds[] = { "initial_request", "initial_response",
		"connect_request", "connect_response", "tls_handshake" };
	const struct rdp_tx *rdp = (const struct rdp_tx *)tx;
	json_put_uint(json, "tx_id", tx->id);
	json_put_str(json, "event_type", kinds[rdp->kind]);
	switch ((enum rdp_kind)rdp->kind) {
	case RDP_INITIAL_REQUEST:
		put_request(json, rdp);
		break;
	case RDP_INITIAL_RESPONSE:
		put_answer(json, rdp);
		break;
	case RDP_CONNECT_REQUEST:
		if (rdp->client)
			put_client(json, rdp->client);
		break;
	case RDP_CONNECT_RESPONSE:
		break;
	case RDP_TLS_HANDSHAKE:
		json_open_array(json, "x509_serials");
		for (unsigned i = 0; i < rdp->serial_count; i++)
			put_serial(json, span_of(rdp->serials[i], rdp->serial_len[i]));
		json_close(json);
		break;
	}
	return true;
}
