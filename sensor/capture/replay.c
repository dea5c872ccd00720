/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay: libpcap's offline reading, with a stdio buffer of our own (libpcap reads in 4 KiB
 * calls otherwise, which costs as much as decoding does). A pipe is read through a stream of
 * our own too: its read waits in short steps, so that the end can be asked for meanwhile.
 */
#include "sensor/capture/replay.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sensor/capture/filter.h"

#define REPLAY_BUFFER (256u << 10)
#define REPLAY_FILES_MAX 65536
/* How soon a reader that waits for a pipe sees that it is to stop. */
#define PIPE_STEP_MS 50
/* No capture spans more: a time further from the others is broken. */
#define STRAY_NS (366 * 86400 * NSEC_PER_SEC)

struct source {
	char *path;
	nsec_t first, last;
	char *broken; /* what was wrong with it when it was looked at first; told by the run */
};

struct replay {
	struct source *sources;
	size_t count;
	const char *filter;
	bool is_once; /* a pipe: read as it comes, without a look ahead */
	bool (*knows_link)(uint16_t link_type);
	bool is_moved;      /* times end now: */
	nsec_t shift;       /* added to each time stamp, modulo 2^64 */
	nsec_t first, last; /* of the captures, strays aside: what lies outside is put there */
	struct replay_counters counters;
	char *buffer;
	/* Of the run: */
	const struct replay_hooks *hooks;
	const atomic_bool *stop;
};

static char *
sentence(const char *path, const char *what)
{
	char *text = NULL;

	if (asprintf(&text, "%s: %s", path, what) < 0)
		return NULL;
	return text;
}

/* --- A pipe as a stream. --- */

struct pipe_stream {
	struct replay *replay;
	int fd;
};

static bool
is_stopped(const struct replay *replay)
{
	return replay->stop && atomic_load_explicit(replay->stop, memory_order_relaxed);
}

/* 0 is the end: of the pipe, or because it was asked for. */
static ssize_t
pipe_read(void *cookie, char *buf, size_t size)
{
	struct pipe_stream *p = cookie;
	struct replay *replay = p->replay;
	struct pollfd fd = { .fd = p->fd, .events = POLLIN };
	int wait_ms = 0;

	for (; !is_stopped(replay); wait_ms = PIPE_STEP_MS) {
		int n = poll(&fd, 1, wait_ms);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n == 0 && wait_ms == 0 && replay->hooks && replay->hooks->idle)
			replay->hooks->idle(replay->hooks->arg);
		if (n <= 0)
			continue;
		ssize_t got = read(p->fd, buf, size);
		if (got >= 0 || (errno != EAGAIN && errno != EINTR))
			return got;
	}
	return 0;
}

static int
pipe_close(void *cookie)
{
	struct pipe_stream *p = cookie;
	int r = close(p->fd);

	free(p);
	return r;
}

static FILE *
pipe_open(struct replay *replay, const char *path)
{
	cookie_io_functions_t io = { .read = pipe_read, .close = pipe_close };
	struct pipe_stream *p = malloc(sizeof(*p));

	if (!p)
		return NULL;
	/* Without O_NONBLOCK opening a FIFO waits for its writer. Standard input may be shared
	 * with others, and is left as it is. */
	*p = (struct pipe_stream){ replay,
		strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
				       : open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) };
	FILE *f = p->fd >= 0 ? fopencookie(p, "rb", io) : NULL;
	if (f)
		return f;
	if (p->fd >= 0)
		close(p->fd);
	free(p);
	return NULL;
}

/* --- Files --- */

/* An open capture, filtered; NULL with *ret_error. libpcap owns the stream once opened.
 * *ret_is_filter tells that the filter was at fault, not the file. */
static pcap_t *
reader_open(struct replay *replay, const char *path, bool *ret_is_filter, char **ret_error)
{
	char why[PCAP_ERRBUF_SIZE];

	*ret_is_filter = false;
	FILE *f = replay->is_once ? pipe_open(replay, path) : fopen(path, "rbe");
	if (!f) {
		*ret_error = sentence(path, strerror(errno));
		return NULL;
	}
	setvbuf(f, replay->buffer, _IOFBF, REPLAY_BUFFER);
	pcap_t *pcap =
	    pcap_fopen_offline_with_tstamp_precision(f, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!pcap) {
		fclose(f);
		*ret_error = sentence(path, why);
		return NULL;
	}
	if (replay->knows_link && !replay->knows_link((uint16_t)pcap_datalink(pcap))) {
		const char *name = pcap_datalink_val_to_name(pcap_datalink(pcap));
		snprintf(why, sizeof(why), "link type %d (%s) is not supported",
		    pcap_datalink(pcap), name ? name : "no name");
		*ret_error = sentence(path, why);
		pcap_close(pcap);
		return NULL;
	}
	if (!replay->filter || filter_set(pcap, replay->filter, ret_error) == 0)
		return pcap;
	*ret_is_filter = true;
	pcap_close(pcap);
	return NULL;
}

static nsec_t
time_of(const struct pcap_pkthdr *h)
{
	/* With nanosecond precision tv_usec holds nanoseconds. */
	return (nsec_t)h->ts.tv_sec * NSEC_PER_SEC + (nsec_t)h->ts.tv_usec;
}

static bool
is_stray(nsec_t ts, nsec_t about)
{
	return (ts > about ? ts - about : about - ts) > STRAY_NS;
}

/* Begin and end of a file's times. One broken time stamp must not move all the others: what
 * most packets agree on (the majority vote of Boyer and Moore) tells which are strays. */
static void
source_span(struct replay *replay, struct source *s)
{
	struct pcap_pkthdr *h;
	const u_char *data;
	nsec_t about = s->first;
	uint64_t votes = 0;
	char *error = NULL;
	bool is_filter;

	for (int pass = 0; pass < 2; pass++) {
		pcap_t *pcap = reader_open(replay, s->path, &is_filter, &error);
		if (!pcap) {
			free(error);
			return;
		}
		while (pcap_next_ex(pcap, &h, &data) == 1) {
			nsec_t ts = time_of(h);
			if (pass == 0) {
				if (votes == 0)
					about = ts;
				votes += is_stray(ts, about) ? (votes ? -1ull : 0) : 1;
			} else if (!is_stray(ts, about)) {
				s->last =
				    ts > s->last || is_stray(s->last, about) ? ts : s->last;
				s->first =
				    ts < s->first || is_stray(s->first, about) ? ts : s->first;
			}
		}
		pcap_close(pcap);
	}
}

/* First time stamp of a file, for the order; and the last when times are to be moved. What is
 * wrong with the file is kept with it; only a wrong filter fails. */
static int
source_scan(struct replay *replay, struct source *s, char **ret_error)
{
	struct pcap_pkthdr *h;
	const u_char *data;
	struct stat st;
	bool is_filter;

	/* A pipe in a folder would be waited for. */
	if (stat(s->path, &st) == 0 && !S_ISREG(st.st_mode)) {
		s->broken = sentence(s->path, "not a regular file");
		return s->broken ? 0 : -ENOMEM;
	}
	pcap_t *pcap = reader_open(replay, s->path, &is_filter, &s->broken);
	if (!pcap) {
		if (!is_filter && s->broken)
			return 0;
		*ret_error = s->broken;
		s->broken = NULL;
		return -EINVAL;
	}
	if (pcap_next_ex(pcap, &h, &data) == 1)
		s->first = s->last = time_of(h);
	pcap_close(pcap);
	if (replay->is_moved && s->first)
		source_span(replay, s);
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

/* Looks at every file once; a single one that cannot be read ends it here. */
static int
sources_scan(struct replay *replay, bool is_folder, char **ret_error)
{
	for (size_t i = 0; i < replay->count; i++) {
		struct source *s = &replay->sources[i];
		int r = source_scan(replay, s, ret_error);
		if (r < 0)
			return r;
		if (s->broken && !is_folder) {
			*ret_error = s->broken;
			s->broken = NULL;
			return -EINVAL;
		}
		if (s->last > replay->last)
			replay->last = s->last;
		if (s->last && (s->first < replay->first || !replay->first))
			replay->first = s->first;
	}
	qsort(replay->sources, replay->count, sizeof(*replay->sources), by_first);
	if (replay->is_moved && replay->last)
		replay->shift = clock_wall_ns() - replay->last;
	return 0;
}

struct replay *
replay_open(const struct replay_options *options, char **ret_error)
{
	struct stat st = { .st_mode = S_IFIFO };

	*ret_error = NULL;
	if (strcmp(options->path, "-") != 0 && stat(options->path, &st) < 0) {
		*ret_error = sentence(options->path, strerror(errno));
		return NULL;
	}
	bool is_folder = S_ISDIR(st.st_mode);
	/* A pipe, such as <(zcat FILE), can be read only once: no look ahead. */
	bool is_once = !is_folder && !S_ISREG(st.st_mode);
	if (is_once && options->move_to_now) {
		*ret_error = sentence(options->path, "times of a pipe cannot be moved");
		return NULL;
	}
	struct replay *replay = calloc(1, sizeof(*replay));
	if (!replay)
		return NULL;
	replay->filter = options->filter;
	replay->is_once = is_once;
	replay->is_moved = options->move_to_now;
	replay->knows_link = options->knows_link;
	replay->buffer = malloc(REPLAY_BUFFER);
	int r = !replay->buffer ? -ENOMEM
		: is_folder     ? folder_add(replay, options->path, ret_error)
				: source_add(replay, NULL, options->path);
	if (r == 0 && !is_once)
		r = sources_scan(replay, is_folder, ret_error);
	if (r < 0) {
		replay_close(replay);
		return NULL;
	}
	replay->counters.files = replay->count;
	return replay;
}

void
replay_close(struct replay *replay)
{
	if (!replay)
		return;
	for (size_t i = 0; i < replay->count; i++) {
		free(replay->sources[i].path);
		free(replay->sources[i].broken);
	}
	free(replay->sources);
	free(replay->buffer);
	free(replay);
}

static nsec_t
moved(const struct replay *replay, nsec_t ts)
{
	if (replay->is_moved && replay->last)
		ts = ts < replay->first ? replay->first : ts > replay->last ? replay->last : ts;
	return ts + replay->shift;
}

/* Every frame of one file; NULL, or what was wrong with it (to be freed). */
static char *
source_run(struct replay *replay, const char *path)
{
	struct pcap_pkthdr *h;
	const u_char *data;
	char *error = NULL;
	bool is_filter;
	int n;

	pcap_t *pcap = reader_open(replay, path, &is_filter, &error);
	if (!pcap)
		return error;
	uint16_t link_type = (uint16_t)pcap_datalink(pcap);
	while ((n = pcap_next_ex(pcap, &h, &data)) == 1 && !is_stopped(replay)) {
		struct frame frame = {
			.ts = moved(replay, time_of(h)),
			.number = ++replay->counters.frames,
			.bytes = span_of(data, h->caplen),
			.wire_bytes = h->len,
			.link_type = link_type,
		};
		replay->counters.bytes += h->caplen;
		replay->hooks->frame(&frame, replay->hooks->arg);
	}
	if (n == PCAP_ERROR)
		error = sentence(path, pcap_geterr(pcap));
	pcap_close(pcap);
	return error;
}

int
replay_run(struct replay *replay, const struct replay_hooks *hooks, const atomic_bool *stop)
{
	replay->hooks = hooks;
	replay->stop = stop;
	for (size_t i = 0; i < replay->count && !is_stopped(replay); i++) {
		struct source *s = &replay->sources[i];
		if (!s->broken)
			s->broken = source_run(replay, s->path);
		/* A pipe that was given up looks cut off. */
		if (!s->broken || is_stopped(replay))
			continue;
		replay->counters.broken++;
		hooks->broken(s->broken, hooks->broken_arg);
	}
	return replay->counters.broken ? -EIO : 0;
}

struct replay_counters
replay_counters(const struct replay *replay)
{
	return replay->counters;
}
