/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_API_THROTTLE_H
#define GUAN_COLLECTOR_API_THROTTLE_H

/*
 * throttle: slows down who guesses passwords.
 *
 * Failures are counted per address and per account. From the fifth on, each doubles the wait:
 * 1, 2, 4 ... seconds; at most 15 minutes for an address but one minute for an account,
 * because otherwise anybody could lock a duty officer out during an attack. A right password
 * forgets the failures; so does an hour without one.
 *
 * Besides, all logins together may hash at most a few passwords a second, since hashing
 * stops the loop. The table is fixed; when it is full the entry quiet for longest goes.
 */

#include <stdbool.h>
#include <stdint.h>

enum throttle_kind {
	THROTTLE_ADDRESS,
	THROTTLE_ACCOUNT,
};

struct throttle;

struct throttle *throttle_new(void);
void throttle_free(struct throttle *throttle);

/* Whole seconds to wait before the next try, 0: now. mono_us is monotonic time. */
unsigned throttle_wait_s(const struct throttle *throttle, enum throttle_kind kind,
    const char *name, int64_t mono_us);
void throttle_failed(struct throttle *throttle, enum throttle_kind kind, const char *name,
    int64_t mono_us);
void throttle_forget(struct throttle *throttle, enum throttle_kind kind, const char *name);

/* Takes one of the hashes of this moment; false: none is left, try in a second. */
bool throttle_take_hash(struct throttle *throttle, int64_t mono_us);

#endif
