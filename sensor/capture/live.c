/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live: sockets receive every packet between activation and joining their group, so all are
 * opened and joined first, and what had arrived by then is drained once, by the first poll.
 * Immediate mode is not used: it falls back to TPACKET_V2 at many times the cost.
 */
#include "sensor/capture/live.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "sensor/capture/fanout.h"
#include "sensor/capture/filter.h"

/* Segments that the network card joined are longer than any MTU. */
#define LIVE_SNAPLEN 262144

struct handle {
	pcap_t *pcap;
	int link_type;
	unsigned tick_ns; /* what libpcap counts fractions of a second in */
	uint64_t number;  /* frames delivered */
	uint32_t last_received, last_dropped, last_if_dropped; /* the kernel's 32-bit counts */
	/* Written by the worker, read by anybody. */
	_Atomic uint64_t received, dropped, if_dropped;
};

struct live {
	unsigned workers;
	int poll_ms;
	struct handle handle[];
};

static char *
sentence(const char *interface, const char *what)
{
	char *text = NULL;

	if (asprintf(&text, "%s: %s", interface, what) < 0)
		return NULL;
	return text;
}

static int
handle_open(struct handle *h, const struct live_options *options, char **ret_error)
{
	char why[PCAP_ERRBUF_SIZE];

	h->pcap = pcap_create(options->interface, why);
	if (!h->pcap) {
		*ret_error = sentence(options->interface, why);
		return -ENODEV;
	}
	pcap_set_snaplen(h->pcap, LIVE_SNAPLEN);
	pcap_set_promisc(h->pcap, 1);
	pcap_set_timeout(h->pcap, 10);
	pcap_set_buffer_size(h->pcap,
	    options->ring_bytes > INT32_MAX ? INT32_MAX : (int)options->ring_bytes);
	pcap_set_tstamp_precision(h->pcap, PCAP_TSTAMP_PRECISION_NANO);
	int r = pcap_activate(h->pcap);
	if (r < 0) {
		*ret_error = sentence(options->interface,
		    r == PCAP_ERROR ? pcap_geterr(h->pcap) : pcap_statustostr(r));
		return -EIO;
	}
	h->link_type = pcap_datalink(h->pcap);
	h->tick_ns = pcap_get_tstamp_precision(h->pcap) == PCAP_TSTAMP_PRECISION_NANO
			 ? 1
			 : NSEC_PER_USEC;
	if (options->filter && (r = filter_set(h->pcap, options->filter, ret_error)) < 0)
		return r;
	if (pcap_setnonblock(h->pcap, 1, why) < 0) {
		*ret_error = sentence(options->interface, why);
		return -EIO;
	}
	return 0;
}

struct live *
live_open(const struct live_options *options, char **ret_error)
{
	unsigned n = options->workers;

	*ret_error = NULL;
	struct live *live = calloc(1, sizeof(*live) + n * sizeof(live->handle[0]));
	if (!live)
		return NULL;
	live->workers = n;
	live->poll_ms = options->poll_ms;
	for (unsigned i = 0; i < n; i++)
		if (handle_open(&live->handle[i], options, ret_error) < 0)
			goto err;
	uint16_t group = 0;
	for (unsigned i = 0; i < n && n > 1; i++) {
		int fd = pcap_fileno(live->handle[i].pcap);
		int r = i ? fanout_join(fd, group) : fanout_open(fd, &group);
		if (r < 0) {
			*ret_error = sentence(options->interface, strerror(-r));
			goto err;
		}
	}
	return live;
err:
	live_close(live);
	return NULL;
}

void
live_close(struct live *live)
{
	if (!live)
		return;
	for (unsigned i = 0; i < live->workers; i++)
		if (live->handle[i].pcap)
			pcap_close(live->handle[i].pcap);
	free(live);
}

struct delivery {
	struct live *live;
	struct handle *handle;
	frame_fn *fn;
	void *arg;
};

static void
deliver(u_char *user, const struct pcap_pkthdr *h, const u_char *data)
{
	struct delivery *d = (struct delivery *)user;
	struct frame frame = {
		.ts = (nsec_t)h->ts.tv_sec * NSEC_PER_SEC +
		      (nsec_t)h->ts.tv_usec * d->handle->tick_ns,
		.number = ++d->handle->number * d->live->workers -
			  (uint64_t)(d->live->handle + d->live->workers - 1 - d->handle),
		.bytes = span_of(data, h->caplen),
		.wire_bytes = h->len,
		.link_type = (uint16_t)d->handle->link_type,
	};
	d->fn(&frame, d->arg);
}

/* The kernel's counters are 32 bits wide and wrap: deltas are added up. */
static void
counters_update(struct handle *h)
{
	struct pcap_stat s;

	if (pcap_stats(h->pcap, &s) < 0)
		return;
	h->received += s.ps_recv - h->last_received;
	h->dropped += s.ps_drop - h->last_dropped;
	h->if_dropped += s.ps_ifdrop - h->last_if_dropped;
	h->last_received = s.ps_recv;
	h->last_dropped = s.ps_drop;
	h->last_if_dropped = s.ps_ifdrop;
}

int
live_run(struct live *live, unsigned worker, frame_fn *fn, void (*idle)(void *, nsec_t),
    void *arg, const atomic_bool *stop, char **ret_error)
{
	struct handle *h = &live->handle[worker];
	struct delivery d = { live, h, fn, arg };
	struct pollfd poll_fd = { .fd = pcap_get_selectable_fd(h->pcap), .events = POLLIN };
	nsec_t next_stats = 0;

	*ret_error = NULL;
	while (!atomic_load_explicit(stop, memory_order_relaxed)) {
		if (poll(&poll_fd, 1, live->poll_ms) < 0 && errno != EINTR) {
			*ret_error = sentence("poll", strerror(errno));
			return -errno;
		}
		int n = pcap_dispatch(h->pcap, -1, deliver, (u_char *)&d);
		if (n < 0) {
			*ret_error = sentence("capture", pcap_geterr(h->pcap));
			return -EIO;
		}
		if (n == 0)
			idle(arg, clock_wall_ns());
		/* By the clock that nobody sets back. */
		nsec_t now = clock_mono_ns();
		if (now >= next_stats) {
			counters_update(h);
			next_stats = now + NSEC_PER_SEC;
		}
	}
	counters_update(h);
	return 0;
}

struct live_counters
live_counters(struct live *live, unsigned worker)
{
	struct handle *h = &live->handle[worker];

	return (struct live_counters){ h->received, h->dropped, h->if_dropped };
}
