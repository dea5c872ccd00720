/* SPDX-License-Identifier: Apache-2.0 */
/* http_files: the files of a transaction, requests' first, as fileinfo records tell of them. */
#include "sensor/proto/http.h"

bool
http_file_get(const struct app *app, const struct tx *tx, unsigned index, struct proto_file *ret)
{
	const struct http_tx *http = (const struct http_tx *)tx;

	(void)app;
	for (int dir = 0; dir < 2; dir++) {
		const struct http_message *message = &http->message[dir];
		for (const struct http_file *f = http->files[dir]; f; f = f->next) {
			const struct body *body = f->is_part ? &f->data : &message->body;
			if (body->total == 0 || index--)
				continue;
			*ret = (struct proto_file){ .name = proto_buf_span(&f->name),
				.bytes = body->total,
				.dir = (enum dir)dir,
				.has_gaps = body->has_gap,
				.is_complete = tx->progress[dir] >= HTTP_DONE &&
				    !message->is_undecodable };
			return true;
		}
	}
	return false;
}
