/* SPDX-License-Identifier: MIT */
/* load_net.c - sockets and epoll under lib/wire's client, for load generators. */
#include "load_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"

#define READ_BYTES  ((size_t)64 * 1024)
#define WRITE_BYTES ((size_t)64 * 1024)

void load_die(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

void load_check(int status, const char *what)
{
	if (status != CENTRO_OK)
		load_die("%s: %s", what, centro_error_name(status));
}

uint64_t load_clock_ns(clockid_t clock)
{
	struct timespec at;
	clock_gettime(clock, &at);
	return (uint64_t)at.tv_sec * CTR_NS_PER_SEC + (uint64_t)at.tv_nsec;
}

void load_net_init(struct load_net *net)
{
	*net = (struct load_net){
		.epoll_fd = epoll_create1(EPOLL_CLOEXEC),
		.now = {load_clock_ns(CLOCK_MONOTONIC)},
	};
	if (net->epoll_fd < 0)
		load_die("epoll_create1: %s", strerror(errno));
}

void load_net_fini(struct load_net *net)
{
	for (size_t i = 0; i < net->conn_count; i++) {
		ctr_grpc_conn_free(net->conns[i].grpc);
		ctr_buf_fini(&net->conns[i].out);
		close(net->conns[i].fd);
	}
	close(net->epoll_fd);
}

static int open_socket(uint16_t port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)},
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		load_die("connect to port %u: %s", port, strerror(errno));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	return fd;
}

struct load_conn *load_connect(struct load_net *net, uint16_t port)
{
	static const struct ctr_grpc_conn_options options = {.authority = "localhost"};
	if (net->conn_count == LOAD_CONNS_MAX)
		load_die("more than %d connections", LOAD_CONNS_MAX);
	struct load_conn *conn = &net->conns[net->conn_count++];
	*conn = (struct load_conn){.fd = open_socket(port)};
	ctr_buf_init(&conn->out, NULL, 0);
	load_check(ctr_grpc_conn_new_client(&options, net->now, &conn->grpc), "connection");
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = conn};
	if (epoll_ctl(net->epoll_fd, EPOLL_CTL_ADD, conn->fd, &event) < 0)
		load_die("epoll_ctl: %s", strerror(errno));
	return conn;
}

static void read_all(struct load_net *net, struct load_conn *conn)
{
	static uint8_t in[READ_BYTES];
	for (;;) {
		ssize_t size = recv(conn->fd, in, sizeof(in), MSG_DONTWAIT);
		if (size < 0 && errno == EAGAIN)
			return;
		if (size < 0)
			load_die("recv: %s", strerror(errno));
		if (size == 0)
			load_die("the server closed a connection");
		load_check(ctr_grpc_conn_recv(conn->grpc, net->now, ctr_bytes(in, (size_t)size)),
			   "what the server sent");
		/* A short read emptied it: epoll tells when there is more. */
		if ((size_t)size < sizeof(in))
			return;
	}
}

void load_wait(struct load_net *net, int timeout_ms)
{
	struct epoll_event events[LOAD_CONNS_MAX];
	int count = epoll_wait(net->epoll_fd, events, LOAD_CONNS_MAX, timeout_ms);
	net->now.ns = load_clock_ns(CLOCK_MONOTONIC);
	for (int i = 0; i < count; i++) {
		struct load_conn *conn = events[i].data.ptr;
		if (events[i].events & EPOLLOUT)
			conn->is_blocked = false;
		if (events[i].events & ~(uint32_t)EPOLLOUT)
			read_all(net, conn);
	}
}

static void flush_one(struct load_net *net, struct load_conn *conn)
{
	while (!conn->is_blocked) {
		if (conn->out.size == 0)
			load_check(
				ctr_grpc_conn_send(conn->grpc, net->now, &conn->out, WRITE_BYTES),
				"ctr_grpc_conn_send");
		if (conn->out.size == 0)
			return;
		ssize_t size =
			send(conn->fd, conn->out.data, conn->out.size, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (size < 0 && errno != EAGAIN)
			load_die("send: %s", strerror(errno));
		ctr_buf_consume(&conn->out, size > 0 ? (size_t)size : 0);
		conn->is_blocked = conn->out.size > 0;
	}
}

void load_flush(struct load_net *net)
{
	for (size_t i = 0; i < net->conn_count; i++) {
		struct load_conn *conn = &net->conns[i];
		ctr_grpc_conn_tick(conn->grpc, net->now);
		if (conn->out.size > 0 || ctr_grpc_conn_wants_send(conn->grpc))
			flush_one(net, conn);
	}
}

struct ctr_grpc_call *load_call(struct load_net *net, struct load_conn *conn, const char *path,
				struct centro_bytes request, const struct ctr_grpc_call_impl *impl,
				void *arg)
{
	struct ctr_grpc_call *call = NULL;
	load_check(ctr_grpc_call_start(conn->grpc, path, NULL, 0, net->now, CTR_NEVER, impl, arg,
				       &call),
		   path);
	load_check(ctr_grpc_call_send(call, request), path);
	ctr_grpc_call_half_close(call);
	return call;
}

/* ---- a call to wait for ---- */

struct waiting {
	const char *path;
	struct ctr_buf *answer;
	bool is_done;
};

static void keep_message(void *arg, struct ctr_grpc_call *call, struct centro_bytes message)
{
	struct waiting *waiting = arg;
	ctr_buf_clear(waiting->answer);
	load_check(ctr_buf_append_bytes(waiting->answer, message), waiting->path);
}

static void note_end(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
		     struct centro_bytes message, bool never_sent)
{
	struct waiting *waiting = arg;
	if (status != CTR_GRPC_OK)
		load_die("%s: %s: %.*s", waiting->path, ctr_grpc_status_name(status),
			 (int)message.size, (const char *)message.data);
	waiting->is_done = true;
}

struct centro_bytes load_call_wait(struct load_net *net, struct load_conn *conn, const char *path,
				   struct centro_bytes request)
{
	static const struct ctr_grpc_call_impl impl = {.message = keep_message, .closed = note_end};
	static struct ctr_buf answer;
	struct waiting waiting = {.path = path, .answer = &answer};
	if (!answer.allocator)
		ctr_buf_init(&answer, ctr_allocator_or_default(NULL), 0);
	ctr_buf_clear(&answer);
	load_call(net, conn, path, request, &impl, &waiting);
	while (!waiting.is_done) {
		load_flush(net);
		load_wait(net, -1);
	}
	return ctr_buf_bytes(&answer);
}
