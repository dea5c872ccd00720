/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file: what a transaction carries as a file, the same for every protocol.
 *
 * A transaction has a list of files for each direction (struct tx, files[]). The protocol says
 * when a file begins, what it contains and when it ends; everything else is done here: the
 * window that file.data looks into, hashes, the state that fileinfo records show, and letting
 * go of it with the transaction. To carry files a protocol needs
 *
 *   - its rows:     FILE_FIELDS(DIR_BOTH, SMTP_BODY), in front in its fields table;
 *   - at the start: file = file_begin(app, &mine->tx, dir, name, NULL);
 *   - for bytes:    file_append(app, file, bytes);  or, where the protocol says at which offset
 *                   they stand,  file_write(app, file, offset, bytes);
 *   - for a hole:   file_gap(app, file, lost_bytes);
 *   - at the end:   file_end(app, file, true);  false when it broke off before its end
 *   - as ever:      tx_moved(tx, dir, SMTP_BODY, ts) when progress is reached, tx_done().
 *
 * The protocol may keep the pointer as long as the transaction lives, and frees nothing. A NULL
 * file is fine everywhere: a file over the cap, or without memory, is simply not there. What
 * was begun and never ended is TRUNCATED when the transaction is recorded.
 */
#ifndef GUAN_SENSOR_PROTO_FILE_H
#define GUAN_SENSOR_PROTO_FILE_H

#include "sensor/proto/body.h"

/* Files of one direction of a transaction; what comes over that is not looked at as a file. */
#define FILES_MAX 64
#define FILE_NAME_MAX 255

enum file_state {
	FILE_OPEN,
	FILE_CLOSED,    /* it came to its end, and nothing is missing */
	FILE_TRUNCATED, /* it broke off, or has a hole */
};

/* Whether the content goes to worker->file_sink. */
enum file_store {
	FILE_STORE_NO,
	FILE_STORE_MAYBE, /* a rule may still ask: the window, when it runs over, is sent ahead
			   */
	FILE_STORE_YES,
	FILE_STORE_LOST, /* bytes of it had no room */
};

#define FILE_SIDS_MAX 8

struct file_digest; /* file_digest.h */

struct file {
	struct file *next;
	struct tx *tx;
	uint8_t dir;   /* enum dir: the way it goes */
	uint8_t state; /* enum file_state */
	struct proto_buf name;
	/* What rules look at, its size and its gaps. Its own; or one of the protocol's, set
	 * right after file_begin(), when the same bytes are a buffer under another name too:
	 * then only file_append() and its kind may fill that. */
	struct body *body;
	struct body own;
	const struct body_options *options;
	struct file_digest *digest; /* while it is read, when hashes are wanted */
	struct proto_hashes hashes; /* of what was seen, once it has ended */
	bool wants_magic;           /* not known yet, and asked for */
	uint8_t store;              /* enum file_store */
	uint8_t sid_count;
	uint32_t sids[FILE_SIDS_MAX]; /* of rules that had it stored */
	uint64_t store_id;            /* 0: nothing has been sent */
	struct proto_buf magic; /* what libmagic says of its first bytes; empty: nothing */
};

/*
 * Begins a file at the end of its list. The name is cut at FILE_NAME_MAX; it may be empty.
 * options say how much of it rules see, and must outlive the transaction (a protocol's
 * configuration does); NULL: as Suricata does without options. NULL: cap or memory (counted).
 */
struct file *file_begin(struct app *app, struct tx *tx, enum dir dir, struct span name,
    const struct body_options *options);

/* Names it, or adds to the name, where the protocol learns it in pieces or late. */
void file_name_add(struct app *app, struct file *file, struct span piece);

void file_append(struct app *app, struct file *file, struct span bytes);

/* Bytes that were lost between what came and what will come. */
void file_gap(struct app *app, struct file *file, uint64_t bytes);

/* Bytes at an offset: what was seen already is skipped, what lies ahead leaves a gap before it.
 */
void file_write(struct app *app, struct file *file, uint64_t offset, struct span bytes);

/* Nothing more will come; is_whole: because it was all. Calling it again changes nothing. */
void file_end(struct app *app, struct file *file, bool is_whole);

/*
 * A rule asks for the file to be stored; once it has, it stays so. Bytes that have left the
 * window cannot be had back: then it is counted as shed. sid 0: no rule, the configuration.
 */
void file_store(struct app *app, struct file *file, uint32_t sid);

/* The same for all files of a transaction or flow that begin from now on. */
void file_store_tx(struct tx *tx, uint8_t dirs);
void file_store_flow(struct app *app, uint8_t dirs);

static inline bool
file_is_stored(const struct file *file)
{
	return file->store == FILE_STORE_YES && file->store_id;
}

static inline uint64_t
file_size(const struct file *file)
{
	return file->body->total;
}

/* The index-th file of a direction, or NULL. */
struct file *file_at(const struct tx *tx, enum dir dir, unsigned index);

/* --- Rows of a protocol's fields table --- */

bool file_get_data(const struct app *app, const struct tx *tx, enum dir dir, unsigned index,
    struct arena *scratch, struct field_value *ret);
bool file_get_name(const struct app *app, const struct tx *tx, enum dir dir, unsigned index,
    struct arena *scratch, struct field_value *ret);
bool file_get_magic(const struct app *app, const struct tx *tx, enum dir dir, unsigned index,
    struct arena *scratch, struct field_value *ret);

/* The protocol's directions that carry files, and the step from which on they do. */
#define FILE_FIELDS(dirs, progress)                                                         \
	{ "file.data", "content of a file, encodings off",                                  \
		"file.data; content:\"%PDF-\"; startswith;", FIELD_STREAM, dirs, progress,  \
		NULL, "file_data", NULL, file_get_data, NULL },                             \
	    { "file.magic", "kind of a file, in libmagic's words",                          \
		    "file.magic; content:\"PDF document\"; startswith;", FIELD_MULTI, dirs, \
		    progress, NULL, "file_magic", NULL, file_get_magic, NULL },             \
	{                                                                                   \
		"file.name", "name of a file that is sent",                                 \
		    "file.name; content:\".exe\"; endswith;", FIELD_MULTI, dirs, progress,  \
		    NULL, "file_name", NULL, file_get_name, NULL                            \
	}

/* --- For app.c --- */

/* Ends what is still open, as broken off. */
void file_end_all(struct app *app, struct tx *tx);
void file_free_all(struct app *app, struct tx *tx);

#endif
