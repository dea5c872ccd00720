/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay: captures from files, in time order.
 *
 * A file (pcap or pcapng, told by content; times to the nanosecond) or a folder, whose files
 * are taken in the order of their first packets. Frames are handed on in file order. A file
 * that ends in the middle of a packet is read up to there, and said. In a folder a file that
 * cannot be read is said, and the others are read.
 */
#ifndef GUAN_SENSOR_CAPTURE_REPLAY_H
#define GUAN_SENSOR_CAPTURE_REPLAY_H

#include <stdatomic.h>

#include "sensor/capture/frame.h"

struct replay_options {
	const char *path;   /* file or folder; "-" is standard input */
	const char *filter; /* BPF expression, or NULL */
	bool (*knows_link)(uint16_t link_type); /* other captures are refused; NULL: none is */
	bool move_to_now;   /* shift all times so that the last packet is now (--time now) */
};

struct replay;

/* Opens and looks at every file. NULL with *ret_error (to be freed), a sentence naming the file
 * or the filter; of a folder's files one that is broken does not fail it. */
struct replay *replay_open(const struct replay_options *options, char **ret_error);
void replay_close(struct replay *replay);

typedef void frame_fn(const struct frame *frame, void *arg);

struct replay_hooks {
	frame_fn *frame;
	void (*idle)(void *arg); /* a pipe has nothing at the moment; may be NULL */
	void *arg;               /* of both */
	void (*broken)(const char *what, void *arg); /* a sentence naming the file */
	void *broken_arg;
};

/* Hands on every frame until the end or until *stop is set, also while a pipe says nothing.
 * 0, or -EIO when a file was broken (what came before the break was handed on). */
int replay_run(struct replay *replay, const struct replay_hooks *hooks,
    const atomic_bool *stop);

struct replay_counters {
	uint64_t files, broken, frames, bytes;
};
struct replay_counters replay_counters(const struct replay *replay);

#endif
