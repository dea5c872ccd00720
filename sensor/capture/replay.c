/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay: libpcap's offline reading, with a stdio buffer of our own (libpcap reads in 4 KiB
 * calls otherwise, which costs as much as decoding does).
 */
#include "sensor/capture/replay.h"

#include <dirent.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define REPLAY_BUFFER (256u << 10)
#define REPLAY_FILES_MAX 65536

struct source {
	char *path;
	nsec_t first, last;
};

struct replay {
	struct source *sources;
	size_t count;
	const char *filter;
	nsec_t shift; /* added to each time stamp, modulo 2^64 */
	struct replay_counters counters;
	char *buffer;
};

struct reader {
	pcap_t *pcap;
	int link_type;
	struct bpf_program program;
	bool has_program;
};

static char *
sentence(const char *path, const char *what)
{
	char *text = NULL;

	if (asprintf(&text, "%s: %s", path, what) < 0)
		return NULL;
	return text;
}

static void
reader_close(struct reader *r)
{
	if (r->has_program)
		pcap_freecode(&r->program);
	if (r->pcap)
		pcap_close(r->pcap);
}

/* libpcap owns the FILE once opened. */
static int
reader_open(struct reader *r, const char *path, const char *filter, char *buffer,
    char **ret_error)
{
	char why[PCAP_ERRBUF_SIZE];

	*r = (struct reader){ 0 };
	FILE *f = strcmp(path, "-") == 0 ? fdopen(dup(STDIN_FILENO), "rb") : fopen(path, "rb");
	if (!f) {
		*ret_error = sentence(path, strerror(errno));
		return -errno;
	}
	setvbuf(f, buffer, _IOFBF, REPLAY_BUFFER);
	r->pcap = pcap_fopen_offline_with_tstamp_precision(f, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!r->pcap) {
		fclose(f);
		*ret_error = sentence(path, why);
		return -EINVAL;
	}
	r->link_type = pcap_datalink(r->pcap);
	if (!filter)
		return 0;
	if (pcap_compile(r->pcap, &r->program, filter, 1, PCAP_NETMASK_UNKNOWN) < 0) {
		*ret_error = sentence(path, pcap_geterr(r->pcap));
		reader_close(r);
		return -EINVAL;
	}
	r->has_program = true;
	if (pcap_setfilter(r->pcap, &r->program) < 0) {
		*ret_error = sentence(path, pcap_geterr(r->pcap));
		reader_close(r);
		return -EINVAL;
	}
	return 0;
}

static nsec_t
time_of(const struct pcap_pkthdr *h)
{
	/* With nanosecond precision tv_usec holds nanoseconds. */
	return (nsec_t)h->ts.tv_sec * NSEC_PER_SEC + (nsec_t)h->ts.tv_usec;
}

/* First time stamp of a file, for the order; and the last when times are to be moved. */
static int
source_scan(struct replay *replay, struct source *s, bool to_the_end, char **ret_error)
{
	struct reader r;
	struct pcap_pkthdr *h;
	const u_char *data;

	int err = reader_open(&r, s->path, replay->filter, replay->buffer, ret_error);
	if (err < 0)
		return err;
	if (pcap_next_ex(r.pcap, &h, &data) == 1) {
		s->first = s->last = time_of(h);
		while (to_the_end && pcap_next_ex(r.pcap, &h, &data) == 1)
			if (time_of(h) > s->last)
				s->last = time_of(h);
	}
	reader_close(&r);
	return 0;
}

static int
source_add(struct replay *replay, const char *folder, const char *name)
{
	struct source *grown =
	    realloc(replay->sources, (replay->count + 1) * sizeof(*replay->sources));
	if (!grown)
		return -ENOMEM;
	replay->sources = grown;
	grown[replay->count] = (struct source){ 0 };
	if (asprintf(&grown[replay->count].path, "%s%s%s", folder ? folder : "",
		folder ? "/" : "", name) < 0)
		return -ENOMEM;
	replay->count++;
	return 0;
}

static bool
is_capture_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && name[0] != '.' &&
	       (strcmp(dot, ".pcap") == 0 || strcmp(dot, ".pcapng") == 0 ||
		   strcmp(dot, ".cap") == 0);
}

static int
folder_add(struct replay *replay, const char *path, char **ret_error)
{
	DIR *dir = opendir(path);
	int r = 0;

	if (!dir) {
		*ret_error = sentence(path, strerror(errno));
		return -errno;
	}
	for (struct dirent *e; r == 0 && (e = readdir(dir));)
		if (is_capture_name(e->d_name))
			r = replay->count < REPLAY_FILES_MAX
				? source_add(replay, path, e->d_name)
				: -E2BIG;
	closedir(dir);
	if (r == 0 && replay->count == 0) {
		*ret_error = sentence(path, "no .pcap, .pcapng or .cap file in this folder");
		return -ENOENT;
	}
	if (r < 0)
		*ret_error = sentence(path, strerror(-r));
	return r;
}

static int
by_first(const void *a, const void *b)
{
	const struct source *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return strcmp(x->path, y->path);
}

struct replay *
replay_open(const struct replay_options *options, char **ret_error)
{
	struct stat st;
	bool is_stdin = strcmp(options->path, "-") == 0, is_once = is_stdin;

	*ret_error = NULL;
	if (!is_stdin && stat(options->path, &st) < 0) {
		*ret_error = sentence(options->path, strerror(errno));
		return NULL;
	}
	/* A pipe, such as <(zcat FILE), can be read only once: no look ahead. */
	if (!is_stdin && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		is_once = true;
	if (is_once && options->move_to_now) {
		*ret_error = sentence(options->path, "times of a pipe cannot be moved");
		return NULL;
	}
	struct replay *replay = calloc(1, sizeof(*replay));
	if (!replay)
		return NULL;
	replay->filter = options->filter;
	replay->buffer = malloc(REPLAY_BUFFER);
	int r = !replay->buffer ? -ENOMEM
		: !is_stdin && S_ISDIR(st.st_mode)
		    ? folder_add(replay, options->path, ret_error)
		    : source_add(replay, NULL, options->path);
	nsec_t last = 0;
	for (size_t i = 0; r == 0 && !is_once && i < replay->count; i++) {
		r = source_scan(replay, &replay->sources[i], options->move_to_now, ret_error);
		if (replay->sources[i].last > last)
			last = replay->sources[i].last;
	}
	if (r < 0) {
		replay_close(replay);
		return NULL;
	}
	qsort(replay->sources, replay->count, sizeof(*replay->sources), by_first);
	if (options->move_to_now && last)
		replay->shift = clock_wall_ns() - last;
	replay->counters.files = replay->count;
	return replay;
}

void
replay_close(struct replay *replay)
{
	if (!replay)
		return;
	for (size_t i = 0; i < replay->count; i++)
		free(replay->sources[i].path);
	free(replay->sources);
	free(replay->buffer);
	free(replay);
}

int
replay_run(struct replay *replay, frame_fn *fn, void *arg, const atomic_bool *stop,
    char **ret_error)
{
	struct pcap_pkthdr *h;
	const u_char *data;

	*ret_error = NULL;
	for (size_t i = 0; i < replay->count; i++) {
		struct reader r;
		int n, err = reader_open(&r, replay->sources[i].path, replay->filter,
			   replay->buffer, ret_error);
		if (err < 0)
			return err;
		while ((n = pcap_next_ex(r.pcap, &h, &data)) == 1 &&
		       !atomic_load_explicit(stop, memory_order_relaxed)) {
			struct frame frame = {
				.ts = time_of(h) + replay->shift,
				.number = ++replay->counters.frames,
				.bytes = span_of(data, h->caplen),
				.wire_bytes = h->len,
				.link_type = (uint16_t)r.link_type,
			};
			replay->counters.bytes += h->caplen;
			fn(&frame, arg);
		}
		if (n == PCAP_ERROR)
			*ret_error = sentence(replay->sources[i].path, pcap_geterr(r.pcap));
		reader_close(&r);
		if (n == PCAP_ERROR)
			return -EIO;
	}
	return 0;
}

struct replay_counters
replay_counters(const struct replay *replay)
{
	return replay->counters;
}
