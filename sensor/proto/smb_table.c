/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smb_table: what a connection remembers, with the oldest given up when there is too much.
 *
 * A busy client has a few dozen files open and as many reads under way.
 */
#include "sensor/proto/smb.h"

#define ENTRIES_MAX 1024

static unsigned
bucket_of(enum smb_entry_kind kind, uint64_t a, uint64_t b)
{
	uint64_t hash = (a ^ b * 0x9e3779b97f4a7c15ull ^ kind) * 0xff51afd7ed558ccdull;
	return (unsigned)(hash >> 59);
}
_Static_assert(SMB_BUCKETS == 32, "five bits of the hash");

struct smb_entry *
smb_entry_get(struct smb_flow *flow, enum smb_entry_kind kind, uint64_t a, uint64_t b)
{
	struct smb_entry *at = flow->table.buckets[bucket_of(kind, a, b)];
	while (at && (at->kind != kind || at->key[0] != a || at->key[1] != b))
		at = at->next;
	return at;
}

void
smb_entry_drop(struct app *app, struct smb_entry *entry)
{
	struct smb_flow *flow = app->state;
	struct smb_table *table = &flow->table;
	struct smb_entry **at =
	    &table->buckets[bucket_of(entry->kind, entry->key[0], entry->key[1])];
	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	TAILQ_REMOVE(&table->ages, entry, age);
	table->count--;
	smb_pipe_unref(app, entry->pipe);
	proto_buf_free(app->worker, &entry->name);
	proto_dealloc(app->worker, entry, sizeof(*entry));
}

struct smb_entry *
smb_entry_make(struct app *app, enum smb_entry_kind kind, uint64_t a, uint64_t b)
{
	struct smb_flow *flow = app->state;
	struct smb_table *table = &flow->table;
	struct smb_entry *entry = smb_entry_get(flow, kind, a, b);
	if (entry)
		return entry;
	if (table->count == 0)
		TAILQ_INIT(&table->ages);
	else if (table->count >= ENTRIES_MAX)
		smb_entry_drop(app, TAILQ_FIRST(&table->ages));
	entry = proto_alloc(app->worker, sizeof(*entry));
	if (!entry)
		return NULL;
	struct smb_entry **bucket = &table->buckets[bucket_of(kind, a, b)];
	*entry = (struct smb_entry){ .kind = (uint8_t)kind, .key = { a, b }, .next = *bucket };
	*bucket = entry;
	TAILQ_INSERT_TAIL(&table->ages, entry, age);
	table->count++;
	return entry;
}

void
smb_table_free(struct app *app)
{
	struct smb_flow *flow = app->state;
	while (flow->table.count)
		smb_entry_drop(app, TAILQ_FIRST(&flow->table.ages));
}

/* --- Open files and trees --- */

static void
id_key(const struct smb_id *id, uint64_t ret[2])
{
	struct cursor c = cursor_of(id->b, SMB_ID_LEN);
	ret[0] = cursor_be64(&c);
	ret[1] = cursor_be64(&c) ^ id->len;
}

struct smb_entry *
smb_open_get(struct smb_flow *flow, const struct smb_id *id)
{
	uint64_t key[2];
	id_key(id, key);
	return smb_entry_get(flow, SMB_ENTRY_OPEN, key[0], key[1]);
}

struct smb_entry *
smb_open_make(struct app *app, const struct smb_id *id)
{
	uint64_t key[2];
	id_key(id, key);
	return smb_entry_make(app, SMB_ENTRY_OPEN, key[0], key[1]);
}

struct smb_entry *
smb_tree_get(struct smb_flow *flow, const struct smb_head *head)
{
	return smb_entry_get(flow, SMB_ENTRY_TREE, head->session_id, head->tree_id);
}
