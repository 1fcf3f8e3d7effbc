/* SPDX-License-Identifier: MIT */
/*
 * wire_server.c - a server on lib/wire and poll(2) alone, for clients of other makes. It listens
 * on 127.0.0.1, prints its port, and drains on SIGTERM. Its methods, under "/t.Test/":
 *
 *	Echo    every message comes back; at the end the metadata "x-data-bin", if there is any
 *	Stream  "N SIZE": so many messages of so many bytes
 *	Sleep   "MS": an answer so much later
 *	Fail    "CODE TEXT": that status
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/list.h"
#include "wire/grpc.h"

#define CONNS_MAX      64
#define OUT_BYTES      ((size_t)64 * 1024)
#define SIZE_BYTES_MAX ((size_t)1024 * 1024)

struct conn {
	int fd; /* -1: free */
	struct ctr_grpc_conn *grpc;
	struct ctr_buf out;
};

struct work {
	struct ctr_list node; /* sleepers */
	struct ctr_grpc_call *call;
	unsigned long number; /* the first of the message … */
	char *rest;           /* … and what follows it */
	char text[4096];
	struct centro_instant until;
};

static struct conn conns[CONNS_MAX];
static struct ctr_list sleepers = {&sleepers, &sleepers};
static struct centro_instant now;
static volatile sig_atomic_t is_stopping;

static void stop(int signal_number)
{
	is_stopping = 1;
}

static void look_at_clock(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	now.ns = (uint64_t)t.tv_sec * CTR_NS_PER_SEC + (uint64_t)t.tv_nsec;
}

static void on_closed(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
		      struct centro_bytes message, bool never_sent)
{
	ctr_list_remove(&((struct work *)arg)->node);
	free(arg);
}

static struct work *read_work(void *arg, struct centro_bytes message)
{
	struct work *work = arg;
	size_t size = message.size < sizeof(work->text) - 1 ? message.size : sizeof(work->text) - 1;
	memcpy(work->text, message.data, size);
	work->number = strtoul(work->text, &work->rest, 10);
	return work;
}

static void echo(void *arg, struct ctr_grpc_call *call, struct centro_bytes message)
{
	if (ctr_grpc_call_send(call, message) != CENTRO_OK)
		ctr_grpc_call_finish(call, CTR_GRPC_RESOURCE_EXHAUSTED, "read what I send");
}

static void echo_end(void *arg, struct ctr_grpc_call *call)
{
	struct centro_bytes value;
	if (ctr_grpc_call_get_metadata(call, "x-data-bin", &value))
		echo(arg, call, value);
	ctr_grpc_call_finish(call, CTR_GRPC_OK, NULL);
}

static void stream_more(void *arg, struct ctr_grpc_call *call)
{
	static const uint8_t zeros[SIZE_BYTES_MAX];
	struct work *work = arg;
	size_t size = strtoul(work->rest, NULL, 10) % (SIZE_BYTES_MAX + 1);
	for (; work->number > 0; work->number--) {
		if (ctr_grpc_call_send(call, ctr_bytes(zeros, size)) != CENTRO_OK)
			return; /* until writable */
	}
	ctr_grpc_call_finish(call, CTR_GRPC_OK, NULL);
}

static void stream(void *arg, struct ctr_grpc_call *call, struct centro_bytes message)
{
	stream_more(read_work(arg, message), call);
}

static void go_to_sleep(void *arg, struct ctr_grpc_call *call, struct centro_bytes message)
{
	struct work *work = read_work(arg, message);
	work->until = ctr_after(now, ctr_span_ms(work->number));
	ctr_list_append(&sleepers, &work->node);
}

static void fail(void *arg, struct ctr_grpc_call *call, struct centro_bytes message)
{
	struct work *work = read_work(arg, message);
	ctr_grpc_call_finish(call, (enum ctr_grpc_status)(work->number % CTR_GRPC_STATUS_COUNT),
			     work->rest[0] == ' ' ? work->rest + 1 : "");
}

static void on_call(void *arg, struct ctr_grpc_conn *conn, struct ctr_grpc_call *call)
{
	static const struct {
		const char *path;
		struct ctr_grpc_call_impl impl;
	} methods[] = {
		{"/t.Test/Echo", {.message = echo, .half_closed = echo_end, .closed = on_closed}},
		{"/t.Test/Stream",
		 {.message = stream, .writable = stream_more, .closed = on_closed}},
		{"/t.Test/Sleep", {.message = go_to_sleep, .closed = on_closed}},
		{"/t.Test/Fail", {.message = fail, .closed = on_closed}},
	};

	for (size_t i = 0; i < CTR_ARRAY_SIZE(methods); i++) {
		if (!ctr_bytes_equal(ctr_grpc_call_get_path(call), ctr_bytes_str(methods[i].path)))
			continue;
		struct work *work = calloc(1, sizeof(*work));
		ctr_list_init(&work->node);
		work->call = call;
		ctr_grpc_call_set_impl(call, &methods[i].impl, work);
	}
}

static void wake_sleepers(void)
{
	ctr_list_for_each_safe (node, &sleepers) {
		struct work *work = ctr_list_entry(node, struct work, node);
		if (!ctr_reached(work->until, now))
			continue;
		ctr_list_remove(node);
		ctr_grpc_call_send(work->call, ctr_bytes_str("woken"));
		ctr_grpc_call_finish(work->call, CTR_GRPC_OK, NULL);
	}
}

static void accept_one(int listener)
{
	static const struct ctr_grpc_server_impl impl = {.call = on_call};
	static const struct ctr_grpc_conn_options options;
	struct conn *conn = conns;
	while (conn < conns + CONNS_MAX && conn->fd >= 0)
		conn++;
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0 || conn == conns + CONNS_MAX) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	*conn = (struct conn){.fd = fd};
	ctr_buf_init(&conn->out, NULL, 0);
	CTR_ASSERT(ctr_grpc_conn_new_server(&options, &impl, NULL, now, &conn->grpc) == CENTRO_OK);
}

static void close_conn(struct conn *conn)
{
	ctr_grpc_conn_free(conn->grpc);
	ctr_buf_fini(&conn->out);
	close(conn->fd);
	conn->fd = -1;
}

/* Whether the socket may take more. */
static bool flush(struct conn *conn)
{
	ssize_t size = send(conn->fd, conn->out.data, conn->out.size, MSG_NOSIGNAL);
	if (size > 0)
		ctr_buf_consume(&conn->out, (size_t)size);
	return conn->out.size == 0;
}

/* One turn, in the order that wire/grpc.h gives. Returns when to come back. */
static struct centro_instant serve(struct conn *conn, short events)
{
	static uint8_t in[64 * 1024];
	ssize_t size = events ? recv(conn->fd, in, sizeof(in), 0) : -1;
	if (size == 0 || (size < 0 && events && errno != EAGAIN)) {
		close_conn(conn);
		return CTR_NEVER;
	}
	if (size > 0)
		ctr_grpc_conn_recv(conn->grpc, now, ctr_bytes(in, (size_t)size));
	if (is_stopping)
		ctr_grpc_conn_drain(conn->grpc, now);
	struct centro_instant wake = ctr_grpc_conn_tick(conn->grpc, now);
	bool takes_more = conn->out.size == 0 || flush(conn);
	while (takes_more && ctr_grpc_conn_wants_send(conn->grpc)) {
		ctr_grpc_conn_send(conn->grpc, now, &conn->out, OUT_BYTES);
		if (conn->out.size == 0)
			break;
		takes_more = flush(conn);
	}
	if (ctr_grpc_conn_is_finished(conn->grpc) && conn->out.size == 0)
		close_conn(conn);
	return wake;
}

static int listen_anywhere(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	CTR_ASSERT(bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 64) == 0);
	CTR_ASSERT(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
	printf("%u\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

/* Poll once and serve everybody. Returns how many connections there are. */
static size_t turn(int listener)
{
	static struct centro_instant wake;
	struct pollfd fds[CONNS_MAX + 1] = {{.fd = is_stopping ? -1 : listener, .events = POLLIN}};
	for (size_t i = 0; i < CONNS_MAX; i++) {
		bool is_full = conns[i].fd >= 0 && conns[i].out.size > 0;
		fds[i + 1].fd = conns[i].fd;
		fds[i + 1].events = is_full ? POLLIN | POLLOUT : POLLIN;
	}
	/* A sleeper may be up to 5 ms late. */
	uint64_t ms = ctr_list_is_empty(&sleepers) ? 1000 : 5;
	uint64_t left_ms = (ctr_between(now, wake).ns + CTR_NS_PER_MS - 1) / CTR_NS_PER_MS;
	poll(fds, CONNS_MAX + 1, (int)(left_ms < ms ? left_ms : ms));

	look_at_clock();
	wake_sleepers();
	if (fds[0].revents)
		accept_one(listener);
	wake = CTR_NEVER;
	size_t count = 0;
	for (size_t i = 0; i < CONNS_MAX; i++) {
		bool is_new = conns[i].fd != fds[i + 1].fd;
		if (conns[i].fd >= 0)
			wake = ctr_earlier(wake, serve(&conns[i], is_new ? 0 : fds[i + 1].revents));
		count += conns[i].fd >= 0;
	}
	return count;
}

int main(void)
{
	sigaction(SIGTERM, &(struct sigaction){.sa_handler = stop}, NULL);
	for (size_t i = 0; i < CONNS_MAX; i++)
		conns[i].fd = -1;
	int listener = listen_anywhere();
	look_at_clock();
	while (turn(listener) > 0 || !is_stopping)
		continue;
	close(listener);
	return 0;
}
