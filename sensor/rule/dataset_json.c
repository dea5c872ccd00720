/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of JSON objects: one array (format json), maybe somewhere inside an object (array_key),
 * or an object a line (format ndjson). Each object holds its value at value_key and is kept
 * whole beside it, as the text that an alert tells in its context.
 *
 *   {"ioc": {"host": "bad.example.net"}, "campaign": "toll"}     value_key ioc.host
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "sensor/rule/dataset_private.h"

/* An alert tells its context whole, and has other things to tell. */
#define NOTE_MAX 16384
#define KEY_PART_MAX 128

/* The member of an object at a path of names with dots between, and what it is a member of. */
static json_t *
member_at(json_t *object, struct span path, json_t **ret_parent, char name[KEY_PART_MAX])
{
	json_t *at = object;
	struct span part;
	*ret_parent = NULL;
	while (args_next(&path, '.', &part)) {
		if (part.len >= KEY_PART_MAX)
			return NULL;
		memcpy(name, part.p, part.len);
		name[part.len] = '\0';
		*ret_parent = at;
		at = json_object_get(at, name); /* NULL for what is no object */
		if (!at)
			return NULL;
	}
	return at;
}

static const char *
value_add(struct dataset *set, struct span text, struct span note, uint8_t *buf)
{
	uint8_t form[16];
	struct span bytes = text;
	if (set->type != DATASET_STRING && !dataset_value_read(set, text, buf, &bytes))
		return "not a value of the set's type";
	if (bytes.len > DATASET_VALUE_MAX || !dataset_value_form(set, bytes, form, &bytes))
		return "not a value of the set's type";
	struct value *value = value_new(bytes, note);
	enum value_added added = value ? value_set_add(&set->values, value) : VALUE_NO_ROOM;
	if (added != VALUE_ADDED)
		value_free(value);
	return added == VALUE_NO_ROOM ? "no room within the set's memcap" : NULL;
}

/* NULL: taken; else what is wrong with the object. */
static const char *
object_add(struct dataset *set, json_t *object, const struct dataset_options *o, uint8_t *buf)
{
	char name[KEY_PART_MAX];
	json_t *parent;
	json_t *member = member_at(object, o->value_key, &parent, name);
	if (!json_is_string(member))
		return "no text at the value_key";
	json_incref(member); /* its text is needed once it is taken out */
	if (o->removes_key)
		(void)json_object_del(parent, name);
	char *note = json_dumps(object, JSON_COMPACT);
	const char *wrong;
	if (!note)
		wrong = "no memory";
	else if (strlen(note) > NOTE_MAX)
		wrong = "an object of more than 16 KiB";
	else
		wrong = value_add(set,
		    span_of(json_string_value(member), json_string_length(member)),
		    span_str(note), buf);
	free(note);
	json_decref(member);
	return wrong;
}

static int
array_read(struct rule_parser *parser, struct dataset *set, FILE *file, const char *path,
    const struct dataset_options *o, uint8_t *buf)
{
	char name[KEY_PART_MAX];
	json_error_t error;
	json_t *parent, *item;
	size_t i;
	int r = 0;
	json_t *root = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		return rule_error(parser, NULL, "%s:%d:%d: %s", path, error.line, error.column,
		    error.text);
	json_t *array = o->array_key.len ? member_at(root, o->array_key, &parent, name) : root;
	if (!json_is_array(array))
		r = rule_error(parser, NULL, "%s: no array %s", path,
		    o->array_key.len ? "at the array_key" : "of objects");
	else
		json_array_foreach(array, i, item)
		{
			const char *wrong = object_add(set, item, o, buf);
			if (!wrong)
				continue;
			r = rule_error(parser, NULL, "%s: object %zu: %s", path, i + 1, wrong);
			break;
		}
	json_decref(root);
	return r;
}

static int
lines_read(struct rule_parser *parser, struct dataset *set, FILE *file, const char *path,
    const struct dataset_options *o, uint8_t *buf)
{
	char *line = NULL;
	size_t cap = 0;
	unsigned number = 0;
	int r = 0;
	for (ssize_t n; r == 0 && (n = getline(&line, &cap, file)) >= 0;) {
		struct span text = args_trim(span_of(line, (size_t)n));
		json_error_t error;
		number++;
		if (!text.len)
			continue;
		json_t *object =
		    json_loadb((const char *)text.p, text.len, JSON_REJECT_DUPLICATES, &error);
		const char *wrong = object ? object_add(set, object, o, buf) : error.text;
		if (wrong)
			r = rule_error(parser, NULL, "%s:%u: %s", path, number, wrong);
		json_decref(object);
	}
	if (r == 0 && ferror(file))
		r = rule_error(parser, NULL, "%s: cannot be read to its end", path);
	free(line);
	return r;
}

int
dataset_json_read(struct rule_parser *parser, struct dataset *set, const char *path,
    const struct dataset_options *o)
{
	FILE *file;
	int r = dataset_file_open(parser, path, &file);
	if (r < 0)
		return r;
	uint8_t *buf = malloc(DATASET_VALUE_MAX + 1);
	if (!buf)
		r = rule_error(parser, NULL, "%s: no memory", path);
	else if (o->format == DATASET_JSON)
		r = array_read(parser, set, file, path, o, buf);
	else
		r = lines_read(parser, set, file, path, o, buf);
	free(buf);
	fclose(file);
	return r;
}
