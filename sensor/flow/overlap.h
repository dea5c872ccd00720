/* SPDX-License-Identifier: Apache-2.0 */
/* overlap: which bytes win when two fragments or segments cover the same range, by the
 * operating system of the receiving host (Novak and Sturges, "Target-Based TCP Stream
 * Reassembly", 2007). "bsd" is the default, as in Suricata's host-os-policy. */
#ifndef GUAN_SENSOR_FLOW_OVERLAP_H
#define GUAN_SENSOR_FLOW_OVERLAP_H

#include <stdbool.h>

#define OVERLAP_POLICIES(X)                                                                 \
	X(BSD, "bsd")                                                                       \
	X(BSD_RIGHT, "bsd-right") X(OLD_LINUX, "old-linux") X(LINUX, "linux")               \
	    X(OLD_SOLARIS, "old-solaris") X(SOLARIS, "solaris") X(HPUX10, "hpux10")         \
		X(HPUX11, "hpux11") X(IRIX, "irix") X(MACOS, "macos") X(WINDOWS, "windows") \
		    X(VISTA, "vista") X(WINDOWS2K3, "windows2k3") X(FIRST, "first")         \
			X(LAST, "last")

enum overlap_policy {
#define X(id, name) OVERLAP_##id,
	OVERLAP_POLICIES(X)
#undef X
	    OVERLAP_COUNT
};

/* The policy of a name as in configuration files, or -1. */
int overlap_policy_find(const char *name);

/*
 * Whether later data replaces what is held, where both cover a range. start and end compare the
 * later piece with the held one: below 0 it begins (ends) before, 0 at the same byte, above 0
 * after. One for TCP segments, one for IP fragments: systems treat the two unlike.
 */
bool overlap_segment_wins(enum overlap_policy policy, int start, int end);
bool overlap_fragment_wins(enum overlap_policy policy, int start, int end);

#endif
