/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body: the part of a long content that rules can look at.
 *
 * Keeps the first limit bytes of what is appended, or, with no limit, a window that slides:
 * when it is full its older half goes. Growth becomes visible in steps, so that a body that
 * arrives in small pieces is not scanned anew for each: first at min_bytes, then with every
 * step_bytes, and always when nothing more will come.
 */
#ifndef GUAN_SENSOR_PROTO_BODY_H
#define GUAN_SENSOR_PROTO_BODY_H

#include "sensor/proto/app.h"

struct body_options {
	uint32_t limit;      /* bytes that are looked at; 0: all of them, through the window */
	uint32_t min_bytes;  /* not looked at before there are so many, or the end */
	uint32_t step_bytes; /* nor again before so many more */
};

/* The window when there is no limit: twice what rules can usefully span. */
#define BODY_WINDOW_BYTES (256u << 10)

struct body {
	struct proto_buf buf;
	uint64_t offset;  /* of buf.p[0] in the content */
	uint64_t total;   /* appended in all, kept or not */
	uint64_t visible; /* end, in the content, of what rules may see */
	bool is_final;    /* nothing more comes, or nothing more is kept */
	bool is_cut;      /* some of it was not kept */
	bool has_gap;     /* some of it was never seen */
};

void body_append(struct proto_worker *worker, struct body *body,
    const struct body_options *options, struct span bytes);

/* Bytes that were lost: what stands before and after them is not one piece. */
void body_gap(struct proto_worker *worker, struct body *body, uint64_t bytes);

void body_finish(struct body *body);
void body_free(struct proto_worker *worker, struct body *body);

/* What rules may see now; false: nothing (yet). */
bool body_get(const struct body *body, struct field_value *ret);

#endif
