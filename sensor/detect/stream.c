/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream: which bytes of a reassembled stream rules are shown.
 *
 *          chunk                     chunk
 *   |----------------------|-----------------------------
 *   base                   base      | kept |   new    |
 *                                    offset  new_offset
 *
 * New bytes are scanned as they come, with the tail of what came before in front, so that a
 * literal lying across two segments is found. Rules are then asked about all that is there.
 *
 * What is kept. A rule of several contents may find the first in one segment and the second in
 * the next. The bytes are therefore kept, and segments copied behind them, while a chunk is
 * shorter than STREAM_WINDOW. A chunk begins where the stream begins, where the direction of
 * talk turns, behind a gap, and when the last one is full: this is also where rules count
 * offset and depth from, so that they mean the message at hand. 2560 bytes is the size at which
 * Suricata looks at a chunk by default, so rules are written for it. In a long transfer copying
 * would cost as much as scanning; from the second chunk since the last turn only the tail is
 * kept, unless a literal was found whose rule still waits for the rest ("pending").
 *
 * What is spent. A rule that fired on a stream is not asked again before the next chunk, and
 * does not see the bytes up to there again: one message is told once, however it is cut.
 */
#include <stdlib.h>

#include "sensor/detect/detector.h"

#define STREAM_WINDOW 2560

/* --- Notes --- */

bool
stream_fired_until(const struct flow_detect *state, enum dir dir, uint32_t order,
    uint64_t *ret_offset)
{
	if (!state->notes)
		return false;
	const struct flow_notes *notes = state->notes;
	for (unsigned i = 0; i < notes->fired_count[dir]; i++) {
		if (notes->fired[dir][i].order == order) {
			*ret_offset = notes->fired[dir][i].offset;
			return true;
		}
	}
	return false;
}

void
stream_forget_pending(struct flow_detect *state, enum dir dir, uint32_t order)
{
	struct flow_notes *notes = state->notes;
	if (!notes)
		return;
	for (unsigned i = 0; i < notes->pending_count[dir]; i++) {
		if (notes->pending[dir][i] == order) {
			notes->pending[dir][i] =
			    notes->pending[dir][--notes->pending_count[dir]];
			return;
		}
	}
}

void
stream_note_fired(struct detector *detector, struct flow_detect *state, enum dir dir,
    uint32_t order, uint64_t offset)
{
	struct flow_notes *notes = state ? flow_notes_get(detector, state) : NULL;
	if (!notes)
		return;
	stream_forget_pending(state, dir, order);
	struct stream_note *fired = notes->fired[dir];
	unsigned *count = &(unsigned){ notes->fired_count[dir] };
	unsigned at = 0;
	while (at < *count && fired[at].order != order)
		at++;
	if (at == STREAM_NOTES_MAX) { /* the oldest goes: its bytes are the first to be gone */
		memmove(fired, fired + 1, (STREAM_NOTES_MAX - 1) * sizeof(*fired));
		detector->counters.notes_shed++;
		at = STREAM_NOTES_MAX - 1;
	}
	fired[at] = (struct stream_note){ .order = order, .offset = offset };
	if (at >= *count)
		notes->fired_count[dir] = (uint8_t)(at + 1);
}

void
stream_note_pending(struct detector *detector, struct flow_detect *state, enum dir dir,
    uint32_t order)
{
	struct flow_notes *notes = state ? flow_notes_get(detector, state) : NULL;
	if (!notes)
		return;
	for (unsigned i = 0; i < notes->pending_count[dir]; i++) {
		if (notes->pending[dir][i] == order)
			return;
	}
	if (notes->pending_count[dir] == STREAM_NOTES_MAX) {
		detector->counters.notes_shed++;
		return;
	}
	notes->pending[dir][notes->pending_count[dir]++] = order;
}

void
raw_note(struct detector *detector, struct flow_detect *state, enum dir dir, uint32_t order)
{
	struct flow_notes *notes = flow_notes_get(detector, state);
	if (!notes)
		return;
	for (unsigned i = 0; i < notes->raw_count; i++) {
		if (notes->raw[i].order == order && notes->raw[i].dir == dir)
			return;
	}
	if (notes->raw_count == RAW_NOTES_MAX) {
		detector->counters.notes_shed++;
		return;
	}
	notes->raw[notes->raw_count++] =
	    (struct raw_note){ .order = order, .dir = (uint8_t)dir };
}

/* --- Chunks --- */

/* Begins a chunk at the new bytes where one is due. */
static void
chunk_move(struct flow_detect *state, enum dir dir, const struct stream_view *view)
{
	uint64_t fresh = view->offset + view->kept;
	bool has_turned = state->talking != DIR_BIT(dir);
	bool is_broken = view->flags & (STREAM_START | STREAM_GAP);
	bool is_full = fresh - state->base[dir] >= STREAM_WINDOW;
	if (!has_turned && !is_broken && !is_full)
		return;
	state->is_head[dir] = has_turned || is_broken;
	state->base[dir] = fresh;
	state->talking = (uint8_t)DIR_BIT(dir);
	if (state->notes)
		state->notes->pending_count[dir] = 0;
}

/*
 * How much of the end of the view must be shown again: what a literal across two segments
 * needs, and the chunk with as much in front of it while that is wanted. Both in the same
 * measure whatever literals there are, so that what a rule sees depends on the stream alone.
 */
static size_t
bytes_to_keep(const struct detector *detector, const struct flow_detect *state, enum dir dir,
    const struct stream_view *view, const struct packet_group *group)
{
	const size_t tail = MPM_MAX - 1;
	if (!group->has_stream)
		return 0;
	bool is_wanted = state->is_head[dir] || detector->engine->no_prefilter ||
			 (state->notes && state->notes->pending_count[dir]);
	uint64_t chunk = view->offset + view->data.len - state->base[dir];
	size_t keep = is_wanted && chunk < STREAM_WINDOW ? (size_t)chunk + tail : tail;
	return keep < view->data.len ? keep : view->data.len;
}

size_t
detect_stream(struct detector *detector, struct flow *flow, enum dir dir,
    const struct stream_view *view, struct packet *packet)
{
	if (flow->no_packet_inspection || flow->no_payload_inspection ||
	    (flow->app && flow->app->no_inspection) || (packet && packet->is_stream_bad))
		return 0;
	struct flow_detect *state = flow_detect_get(detector, flow);
	if (!state)
		return 0;
	const struct packet_groups *groups =
	    &detector->engine->packets[flow_is_tcp(flow) ? CLASS_TCP : CLASS_UDP][dir];
	const struct packet_group *group = engine_packet_group(groups, flow->key.server_port);
	if (view->data.len == view->kept)
		return view->data.len <= STREAM_WINDOW + MPM_MAX ? view->data.len : 0;
	chunk_move(state, dir, view);
	struct stream_look look = {
		.data = view->data,
		.offset = view->offset,
		.new_offset = view->offset + view->kept,
		.base = state->base[dir],
		.dir = dir,
	};
	struct session session = session_open(detector, flow, dir, packet);
	if (session.packet)
		verify_packet(detector, session.packet, &look);
	session_close(detector, &session);
	return bytes_to_keep(detector, state, dir, view, group);
}
