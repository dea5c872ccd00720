/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay: captures from files, in time order.
 *
 * A file (pcap or pcapng, told by content; times to the nanosecond) or a folder, whose files
 * are taken in the order of their first packets. Frames are handed on in file order. A file
 * that ends in the middle of a packet is read up to there, and said.
 */
#ifndef GUAN_SENSOR_CAPTURE_REPLAY_H
#define GUAN_SENSOR_CAPTURE_REPLAY_H

#include <stdatomic.h>

#include "sensor/capture/frame.h"

struct replay_options {
	const char *path;   /* file or folder; "-" is standard input */
	const char *filter; /* BPF expression, or NULL */
	bool move_to_now;   /* shift all times so that the last packet is now (--time now) */
};

struct replay;

/* Opens and checks every file. NULL with *ret_error (to be freed), a sentence naming the file.
 */
struct replay *replay_open(const struct replay_options *options, char **ret_error);
void replay_close(struct replay *replay);

typedef void frame_fn(const struct frame *frame, void *arg);

/* Hands on every frame until the end or until *stop is set. 0, or -EIO with *ret_error when a
 * file turned out to be broken (what came before was handed on). */
int replay_run(struct replay *replay, frame_fn *fn, void *arg, const atomic_bool *stop,
    char **ret_error);

struct replay_counters {
	uint64_t files, frames, bytes;
};
struct replay_counters replay_counters(const struct replay *replay);

#endif
