/* SPDX-License-Identifier: Apache-2.0 */
/* Lines stand one behind another, each behind a head; what was popped is given up when the
 * block is empty or its room is needed. */
#include "sensor/sink/pending.h"

#include <stdlib.h>

struct head {
	uint32_t class, len;
};

struct pending {
	size_t from, to;
	char block[PENDING_BYTES];
};

struct pending *
pending_new(void)
{
	struct pending *p = malloc(sizeof(*p));

	if (p)
		p->from = p->to = 0;
	return p;
}

void
pending_free(struct pending *p)
{
	free(p);
}

size_t
pending_len(const struct pending *p)
{
	return p->to - p->from;
}

bool
pending_has_room(const struct pending *p, size_t line_len)
{
	return sizeof(struct head) + line_len <= sizeof(p->block) - pending_len(p);
}

bool
pending_add(struct pending *p, enum record_class class, const struct span parts[2])
{
	struct head head = { class, (uint32_t)(parts[0].len + parts[1].len) };

	if (!pending_has_room(p, head.len))
		return false;
	if (sizeof(head) + head.len > sizeof(p->block) - p->to) {
		memmove(p->block, p->block + p->from, pending_len(p));
		p->to -= p->from;
		p->from = 0;
	}
	memcpy(p->block + p->to, &head, sizeof(head));
	p->to += sizeof(head);
	for (unsigned i = 0; i < 2; i++) {
		memcpy(p->block + p->to, parts[i].p, parts[i].len);
		p->to += parts[i].len;
	}
	return true;
}

bool
pending_peek(const struct pending *p, enum record_class *ret_class, struct span *ret_line)
{
	struct head head;

	if (p->from == p->to)
		return false;
	memcpy(&head, p->block + p->from, sizeof(head));
	*ret_class = head.class;
	*ret_line = span_of(p->block + p->from + sizeof(head), head.len);
	return true;
}

void
pending_pop(struct pending *p)
{
	struct head head;

	memcpy(&head, p->block + p->from, sizeof(head));
	p->from += sizeof(head) + head.len;
	if (p->from == p->to)
		p->from = p->to = 0;
}
