/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sensor/control_request.h"

#define CLIENTS_MAX 8
#define LINE_MAX_BYTES 4096

struct client {
	int fd; /* -1: free */
	size_t len;
	char line[LINE_MAX_BYTES];
};

struct control {
	int listen_fd;
	int epoll_fd;
	control_fn *fn;
	void *arg;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct client clients[CLIENTS_MAX];
};

static int
watch(struct control *c, int fd, uint32_t slot)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = slot };

	return epoll_ctl(c->epoll_fd, EPOLL_CTL_ADD, fd, &e);
}

/* Whether somebody answers at this address. */
static bool
is_alive(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool alive = fd >= 0 && connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0;

	if (fd >= 0)
		close(fd);
	return alive;
}

struct control *
control_open(const char *path, control_fn *fn, void *arg)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct control *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->fn = fn;
	c->arg = arg;
	c->listen_fd = c->epoll_fd = -1;
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		c->clients[i].fd = -1;
	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		goto err;
	}
	strcpy(addr.sun_path, path);
	if (is_alive(&addr)) {
		errno = EADDRINUSE;
		goto err;
	}
	/* What a dead sensor left is replaced; anything else at this path is not ours. */
	struct stat st;
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
	c->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	c->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (c->listen_fd < 0 || c->epoll_fd < 0 ||
	    bind(c->listen_fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    chmod(path, 0660) < 0 || listen(c->listen_fd, CLIENTS_MAX) < 0 ||
	    watch(c, c->listen_fd, CLIENTS_MAX) < 0)
		goto err;
	strcpy(c->path, path);
	return c;
err:
	control_close(c);
	return NULL;
}

static void
client_close(struct client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
	client->len = 0;
}

void
control_close(struct control *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		client_close(&c->clients[i]);
	if (c->listen_fd >= 0)
		close(c->listen_fd);
	if (c->epoll_fd >= 0)
		close(c->epoll_fd);
	if (c->path[0])
		unlink(c->path);
	free(c);
}

int
control_fd(const struct control *c)
{
	return c->epoll_fd;
}

static void
answer(struct control *c, struct client *client, const char *command)
{
	char body[4096], out[4300];
	struct json inner, j;

	/* "message" comes from the command; "return" is known only after it ran. */
	json_init(&inner, body, sizeof(body));
	json_open_object(&inner, NULL);
	const char *why =
	    command ? c->fn(command, &inner, c->arg) : "expected {\"command\":\"...\"}";
	json_close(&inner);
	json_init(&j, out, sizeof(out) - 1);
	json_open_object(&j, NULL);
	json_put_str(&j, "return", why ? "NOK" : "OK");
	if (why)
		json_put_str(&j, "message", why);
	else if (json_ok(&inner) && inner.len > 2) {
		/* The members inside the braces. */
		out[j.len++] = ',';
		memcpy(out + j.len, body + 1, inner.len - 2);
		j.len += inner.len - 2;
	}
	json_close(&j);
	if (!json_ok(&j))
		return client_close(client);
	out[j.len++] = '\n';
	if (send(client->fd, out, j.len, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)j.len)
		client_close(client);
}

static void
line_take(struct control *c, struct client *client, const char *line, size_t len)
{
	static const char hello[] = "{\"return\":\"OK\"}\n";
	char command[CONTROL_COMMAND_MAX];

	switch (control_request_read(line, len, command)) {
	case CONTROL_HELLO:
		if (send(client->fd, hello, sizeof(hello) - 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			client_close(client);
		return;
	case CONTROL_COMMAND:
		answer(c, client, command);
		return;
	case CONTROL_NONSENSE:
		answer(c, client, NULL);
		return;
	}
}

static void
client_read(struct control *c, struct client *client)
{
	ssize_t n = recv(client->fd, client->line + client->len,
	    sizeof(client->line) - client->len, MSG_DONTWAIT);

	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			client_close(client);
		return;
	}
	client->len += (size_t)n;
	char *end;
	while (client->fd >= 0 && (end = memchr(client->line, '\n', client->len))) {
		size_t len = (size_t)(end - client->line);
		line_take(c, client, client->line, len);
		if (client->fd < 0)
			return;
		client->len -= len + 1;
		memmove(client->line, end + 1, client->len);
	}
	if (client->len == sizeof(client->line))
		client_close(client);
}

static void
client_accept(struct control *c)
{
	int fd = accept4(c->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		if (c->clients[i].fd >= 0)
			continue;
		c->clients[i].fd = fd;
		if (watch(c, fd, i) < 0)
			client_close(&c->clients[i]);
		return;
	}
	close(fd); /* too many at once */
}

void
control_serve(struct control *c)
{
	struct epoll_event events[CLIENTS_MAX + 1];
	int n = epoll_wait(c->epoll_fd, events, CLIENTS_MAX + 1, 0);

	for (int i = 0; i < n; i++) {
		if (events[i].data.u32 == CLIENTS_MAX)
			client_accept(c);
		else if (c->clients[events[i].data.u32].fd >= 0)
			client_read(c, &c->clients[events[i].data.u32]);
	}
}
