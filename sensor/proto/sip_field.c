/* SPDX-License-Identifier: Apache-2.0 */
/* sip_field: what rules see of a message, and its record. */
#include "sensor/proto/sdp.h"
#include "sensor/proto/sip.h"

#define GETTER(function)                                                               \
	static bool function(const struct app *app, const struct tx *tx, enum dir dir, \
	    unsigned index, struct arena *scratch, struct field_value *ret)

static const struct sip_tx *
sip_of(const struct tx *tx)
{
	return (const struct sip_tx *)tx;
}

static bool
get_piece(const struct tx *tx, enum sip_kind kind, struct sip_piece piece,
    struct field_value *ret)
{
	const struct sip_tx *sip = sip_of(tx);
	ret->bytes = sip_span(sip, piece);
	return sip->kind == kind && piece.len > 0;
}

GETTER(get_method)
{
	return get_piece(tx, SIP_REQUEST, sip_of(tx)->part[0], ret);
}

GETTER(get_uri)
{
	return get_piece(tx, SIP_REQUEST, sip_of(tx)->part[1], ret);
}

GETTER(get_request_line)
{
	return get_piece(tx, SIP_REQUEST, sip_of(tx)->line, ret);
}

GETTER(get_stat_code)
{
	return get_piece(tx, SIP_RESPONSE, sip_of(tx)->part[1], ret);
}

GETTER(get_stat_msg)
{
	return get_piece(tx, SIP_RESPONSE, sip_of(tx)->part[2], ret);
}

GETTER(get_response_line)
{
	return get_piece(tx, SIP_RESPONSE, sip_of(tx)->line, ret);
}

GETTER(get_protocol)
{
	return get_piece(tx, SIP_REQUEST, sip_of(tx)->part[2], ret) ||
	       get_piece(tx, SIP_RESPONSE, sip_of(tx)->part[0], ret);
}

#define HEADER_GETTER(function, name)                                        \
	GETTER(function)                                                     \
	{                                                                    \
		return sip_header_get(sip_of(tx), name, index, &ret->bytes); \
	}

HEADER_GETTER(get_from, SIP_FROM)
HEADER_GETTER(get_to, SIP_TO)
HEADER_GETTER(get_via, SIP_VIA)
HEADER_GETTER(get_user_agent, SIP_USER_AGENT)
HEADER_GETTER(get_content_type, SIP_CONTENT_TYPE)
HEADER_GETTER(get_content_length, SIP_CONTENT_LENGTH)

static struct span
sdp_of(const struct tx *tx)
{
	struct span body = proto_buf_span(&sip_of(tx)->body);
	return sdp_is(body) ? body : SPAN_NONE;
}

#define SDP_GETTER(function, letter, is_of_media)                                     \
	GETTER(function)                                                              \
	{                                                                             \
		return sdp_line(sdp_of(tx), letter, is_of_media, index, &ret->bytes); \
	}

SDP_GETTER(get_sdp_origin, 'o', false)
SDP_GETTER(get_sdp_name, 's', false)
SDP_GETTER(get_sdp_info, 'i', false)
SDP_GETTER(get_sdp_uri, 'u', false)
SDP_GETTER(get_sdp_email, 'e', false)
SDP_GETTER(get_sdp_phone, 'p', false)
SDP_GETTER(get_sdp_connection, 'c', false)
SDP_GETTER(get_sdp_bandwidth, 'b', false)
SDP_GETTER(get_sdp_time, 't', false)
SDP_GETTER(get_sdp_repeat, 'r', false)
SDP_GETTER(get_sdp_timezone, 'z', false)
SDP_GETTER(get_sdp_key, 'k', false)
SDP_GETTER(get_sdp_attribute, 'a', false)
SDP_GETTER(get_media, 'm', true)
SDP_GETTER(get_media_info, 'i', true)
SDP_GETTER(get_media_connection, 'c', true)
SDP_GETTER(get_media_key, 'k', true)

#define ROW(name, help, example, kind, get)                                                   \
	{                                                                                     \
		name, help, name "; content:\"" example "\";", kind, DIR_BOTH, 1, NULL, NULL, \
		    NULL, get, NULL                                                           \
	}

const struct field sip_fields[] = {
	ROW("sdp.attribute", "attribute of the session", "sendrecv", FIELD_MULTI,
	    get_sdp_attribute),
	ROW("sdp.bandwidth", "bandwidth the session wants", "AS:64", FIELD_MULTI,
	    get_sdp_bandwidth),
	ROW("sdp.connection_data", "address of the session", "IN IP4 192.0.2.1", FIELD_MULTI,
	    get_sdp_connection),
	ROW("sdp.email", "mail address of who invites", "@example.com", FIELD_MULTI,
	    get_sdp_email),
	ROW("sdp.encryption_key", "key of the session", "prompt", FIELD_MULTI, get_sdp_key),
	ROW("sdp.media.connection_data", "address of a medium", "IN IP4 192.0.2.1", FIELD_MULTI,
	    get_media_connection),
	ROW("sdp.media.encryption_key", "key of a medium", "prompt", FIELD_MULTI,
	    get_media_key),
	ROW("sdp.media.media", "a medium: kind, port, protocol, formats", "audio 30000",
	    FIELD_MULTI, get_media),
	ROW("sdp.media.session_info", "what is said of a medium", "voice", FIELD_MULTI,
	    get_media_info),
	ROW("sdp.origin", "who made the session", "IN IP4 192.0.2.1", FIELD_MULTI,
	    get_sdp_origin),
	ROW("sdp.phone_number", "telephone number of who invites", "+86", FIELD_MULTI,
	    get_sdp_phone),
	ROW("sdp.repeat_time", "when the session is repeated", "604800", FIELD_MULTI,
	    get_sdp_repeat),
	ROW("sdp.session_info", "what is said of the session", "seminar", FIELD_MULTI,
	    get_sdp_info),
	ROW("sdp.session_name", "name of the session", "SIP call", FIELD_MULTI, get_sdp_name),
	ROW("sdp.time", "when the session begins and ends", "0 0", FIELD_MULTI, get_sdp_time),
	ROW("sdp.timezone", "changes of the clock during the session", "-1h", FIELD_MULTI,
	    get_sdp_timezone),
	ROW("sdp.uri", "where more is said of the session", "https://", FIELD_MULTI,
	    get_sdp_uri),
	ROW("sip.content_length", "header Content-Length", "200", FIELD_MULTI,
	    get_content_length),
	ROW("sip.content_type", "header Content-Type", "application/sdp", FIELD_MULTI,
	    get_content_type),
	ROW("sip.from", "header From", "sip:alice@", FIELD_MULTI, get_from),
	ROW("sip.method", "method of a request", "INVITE", FIELD_BYTES, get_method),
	ROW("sip.protocol", "version in the start line", "SIP/2.0", FIELD_BYTES, get_protocol),
	ROW("sip.request_line", "start line of a request", "REGISTER sip:", FIELD_BYTES,
	    get_request_line),
	ROW("sip.response_line", "start line of an answer", "SIP/2.0 403", FIELD_BYTES,
	    get_response_line),
	ROW("sip.stat_code", "status code of an answer", "403", FIELD_BYTES, get_stat_code),
	ROW("sip.stat_msg", "status in words", "Forbidden", FIELD_BYTES, get_stat_msg),
	ROW("sip.to", "header To", "sip:bob@", FIELD_MULTI, get_to),
	ROW("sip.uri", "URI of a request", "sip:example.com", FIELD_BYTES, get_uri),
	ROW("sip.user_agent", "header User-Agent", "friendly-scanner", FIELD_MULTI,
	    get_user_agent),
	ROW("sip.via", "header Via", "SIP/2.0/UDP", FIELD_MULTI, get_via),
	{ 0 },
};

bool
sip_record(const struct app *app, const struct tx *tx, struct json *json)
{
	const struct sip_tx *sip = sip_of(tx);
	struct span sdp = sdp_of(tx);
	(void)app;
	if (sip->kind == SIP_NONE)
		return false;
	if (sip->kind == SIP_REQUEST) {
		json_put_text(json, "method", sip_span(sip, sip->part[0]));
		json_put_text(json, "uri", sip_span(sip, sip->part[1]));
		json_put_text(json, "version", sip_span(sip, sip->part[2]));
		json_put_text(json, "request_line", sip_span(sip, sip->line));
	} else {
		json_put_text(json, "version", sip_span(sip, sip->part[0]));
		json_put_text(json, "code", sip_span(sip, sip->part[1]));
		json_put_text(json, "reason", sip_span(sip, sip->part[2]));
		json_put_text(json, "response_line", sip_span(sip, sip->line));
	}
	if (sdp.len)
		sdp_record(sdp, json);
	return true;
}
