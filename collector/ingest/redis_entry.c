/* SPDX-License-Identifier: Apache-2.0 */
/* redis_entry: entries of an answer, and acknowledging them. */
#include "collector/ingest/redis_intake.h"

#include <errno.h>
#include <stdlib.h>

bool
intake_add_word(struct intake *in, size_t *count, const char *word, size_t length)
{
	if (*count == in->word_capacity) {
		size_t capacity = in->word_capacity ? in->word_capacity * 2 : 64;
		const char **words = realloc(in->words, capacity * sizeof(*words));
		if (words)
			in->words = words;
		size_t *lengths = realloc(in->lengths, capacity * sizeof(*lengths));
		if (lengths)
			in->lengths = lengths;
		if (!words || !lengths)
			return false;
		in->word_capacity = capacity;
	}
	in->words[*count] = word;
	in->lengths[*count] = length;
	(*count)++;
	return true;
}

bool
intake_add_text(struct intake *in, size_t *count, const char *word)
{
	return intake_add_word(in, count, word, strlen(word));
}

static void
take_field(struct ingest_entry *entry, const redisReply *name, const redisReply *value)
{
	struct span key = span_of(name->str, (size_t)name->len);
	struct span text = span_of(value->str, (size_t)value->len);
	if (span_eq(key, SPAN("id")))
		entry->id = text;
	else if (span_eq(key, SPAN("type")))
		entry->type = text;
	else if (span_eq(key, SPAN("v")))
		entry->version = text;
	else if (span_eq(key, SPAN("eve")))
		entry->eve = text;
}

int
intake_take(struct intake *in, struct stream *stream, const redisReply *list, size_t *count)
{
	if (list->type != REDIS_REPLY_ARRAY)
		return 0;
	size_t need = *count + list->elements;
	if (need > in->entry_capacity) {
		struct ingest_entry *entries = realloc(in->entries, need * sizeof(*entries));
		if (!entries)
			return -ENOMEM;
		in->entries = entries;
		in->entry_capacity = need;
	}
	for (size_t i = 0; i < list->elements; i++) {
		const redisReply *item = list->element[i];
		if (item->type != REDIS_REPLY_ARRAY || item->elements != 2 ||
		    item->element[0]->type != REDIS_REPLY_STRING ||
		    item->element[1]->type != REDIS_REPLY_ARRAY) {
			in->stats->vanished++; /* pending, but its entry was deleted */
			continue;
		}
		struct ingest_entry *entry = &in->entries[(*count)++];
		*entry = (struct ingest_entry){ .stream = stream->key,
			.entry = item->element[0]->str,
			.sensor = stream->sensor };
		const redisReply *fields = item->element[1];
		for (size_t f = 0; f + 1 < fields->elements; f += 2)
			take_field(entry, fields->element[f], fields->element[f + 1]);
	}
	return 0;
}

static void
on_ack(redisAsyncContext *ac, void *r, void *arg)
{
	struct intake *in = arg; /* the stream may be forgotten by now */
	const redisReply *reply = r;
	if (!reply_is_ours(ac, reply))
		return;
	/* Not acknowledged is not lost: the entries come again and are known by then. */
	if (reply->type == REDIS_REPLY_ERROR)
		intake_complain(in, TROUBLE_ACK, reply->str);
	else
		intake_well(in, TROUBLE_ACK);
}

int
intake_acknowledge(struct intake *in, struct stream *stream, const redisReply *list)
{
	size_t n = 0;
	bool fits = intake_add_text(in, &n, "XACK") && intake_add_text(in, &n, stream->key) &&
		    intake_add_text(in, &n, INTAKE_GROUP);
	size_t fixed = n;
	for (size_t i = 0; fits && list->type == REDIS_REPLY_ARRAY && i < list->elements; i++) {
		const redisReply *item = list->element[i];
		if (item->type == REDIS_REPLY_ARRAY && item->elements >= 1 &&
		    item->element[0]->type == REDIS_REPLY_STRING)
			fits = intake_add_word(in, &n, item->element[0]->str,
			    (size_t)item->element[0]->len);
	}
	if (!fits)
		return -ENOMEM;
	if (n == fixed)
		return 0;
	stream->is_trimmable = true;
	if (redisAsyncCommandArgv(in->control.ac, on_ack, in, (int)n, in->words, in->lengths) !=
		REDIS_OK &&
	    !in->is_stopping)
		return -ENOMEM; /* read again as our own leftovers */
	return 0;
}
