/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_STORE_DATADIR_H
#define GUAN_COLLECTOR_STORE_DATADIR_H

/*
 * datadir: the collector's own folder, and the promise that one collector at a time uses it.
 *
 * The lock is an flock on the file "lock", which also holds the owner's process id for people
 * to read. The kernel lets go of it when the process ends, however it ends; a leftover file
 * means nothing.
 */

#include <stddef.h>

/* Makes the folder, mode 0700, unless it is there. 0, or -1 with a sentence in error. */
int datadir_make(const char *path, char *error, size_t error_size);

/* Takes the lock. A descriptor that holds it until closed, or -1 with a sentence in error. */
int datadir_lock(const char *path, char *error, size_t error_size);

#endif
