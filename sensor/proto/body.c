/* SPDX-License-Identifier: Apache-2.0 */
/* body: a capped or sliding buffer over proto_alloc(); see body.h. */
#include "sensor/proto/body.h"

static void
body_show(struct body *body, const struct body_options *options)
{
	uint64_t end = body->offset + body->buf.len;
	uint64_t due = body->visible ? body->visible + options->step_bytes : options->min_bytes;
	if (end >= due || body->is_final)
		body->visible = end;
}

static void
body_append_all(struct proto_worker *worker, struct body *body, struct span bytes)
{
	while (bytes.len) {
		if (body->buf.len >= BODY_WINDOW_BYTES) {
			uint32_t half = BODY_WINDOW_BYTES / 2;
			memmove(body->buf.p, body->buf.p + half, body->buf.len - half);
			body->buf.len -= half;
			body->offset += half;
		}
		struct span part = span_sub(bytes, 0, BODY_WINDOW_BYTES - body->buf.len);
		if (!proto_buf_append(worker, &body->buf, part, BODY_WINDOW_BYTES)) {
			body->is_cut = body->is_final = true;
			return;
		}
		bytes = span_from(bytes, part.len);
	}
}

void
body_append(struct proto_worker *worker, struct body *body, const struct body_options *options,
    struct span bytes)
{
	body->total += bytes.len;
	if (bytes.len == 0)
		return;
	if (body->is_final) {
		body->is_cut = true;
		return;
	}
	if (options->limit == 0) {
		body_append_all(worker, body, bytes);
	} else if (!proto_buf_append(worker, &body->buf, bytes, options->limit)) {
		body->is_cut = body->is_final = true;
	} else if (body->buf.len == options->limit) {
		body->is_final = true;
	}
	body_show(body, options);
}

void
body_gap(struct proto_worker *worker, struct body *body, uint64_t bytes)
{
	body->total += bytes;
	body->has_gap = true;
	if (body->is_final)
		return;
	/* A match must not run across the hole: what lies before it has been shown. */
	proto_buf_free(worker, &body->buf);
	body->offset = body->visible = body->total;
}

void
body_finish(struct body *body)
{
	body->is_final = true;
	body->visible = body->offset + body->buf.len;
}

void
body_free(struct proto_worker *worker, struct body *body)
{
	proto_buf_free(worker, &body->buf);
}

bool
body_get(const struct body *body, struct field_value *ret)
{
	if (body->visible <= body->offset)
		return false;
	uint64_t len = body->visible - body->offset;
	ret->bytes = span_of(body->buf.p, len < body->buf.len ? len : body->buf.len);
	ret->offset = body->offset;
	ret->is_final = body->is_final;
	return true;
}
