/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_WORKFLOW_FAULT_H
#define GUAN_COLLECTOR_WORKFLOW_FAULT_H

/*
 * fault: why a step was refused, in words for the person who asked for it.
 *
 * Steps of the workflow return 0, or a negative errno with the fault filled in. A fault knows
 * which fields were wrong; the API turns it into a problem document. Only FAULT_STORE is
 * ours: everything else the caller can mend.
 */

#include <stdbool.h>
#include <stddef.h>

enum fault_kind {
	FAULT_NONE,
	FAULT_FIELD,   /* a value is missing or wrong: fields says which */
	FAULT_STATE,   /* not possible in the present state */
	FAULT_MISSING, /* no such object */
	FAULT_STORE,   /* the store failed */
};

#define FAULT_FIELDS 32

struct fault {
	enum fault_kind kind;
	const char *code; /* stable name for programs, a literal */
	char detail[256];
	struct {
		char field[64];
		char message[160];
	} fields[FAULT_FIELDS];
	size_t n_fields;
};

/* Each returns the errno to return: -EINVAL, -EPROTO, -ENOENT, r. */
int fault_field(struct fault *fault, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int fault_state(struct fault *fault, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int fault_missing(struct fault *fault, const char *what);
int fault_store(struct fault *fault, int r);

#endif
