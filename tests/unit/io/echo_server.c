/* SPDX-License-Identifier: MIT */
/* echo_server.c - a server on real sockets, with blocking writes, on a thread. */
#include "echo_server.h"

#include <arpa/inet.h>
#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "io/clock.h"

static const uint8_t submit_answer[] = {0x08, 42};

static void on_message(void *arg, struct ctr_grpc_call *call, struct centro_bytes message)
{
	struct echo_server *server = arg;
	server->calls++;
	if (ctr_bytes_equal(ctr_grpc_call_get_path(call),
			    ctr_bytes_str("/centro.v1.JobService/Submit")))
		message = ctr_bytes(submit_answer, sizeof(submit_answer));
	ctr_grpc_call_send(call, message);
}

static void on_half_closed(void *arg, struct ctr_grpc_call *call)
{
	ctr_grpc_call_finish(call, CTR_GRPC_OK, NULL);
}

static const struct ctr_grpc_call_impl call_impl = {
	.message = on_message,
	.half_closed = on_half_closed,
};

static void on_call(void *arg, struct ctr_grpc_conn *conn, struct ctr_grpc_call *call)
{
	ctr_grpc_call_set_impl(call, &call_impl, arg);
}

static const struct ctr_grpc_server_impl server_impl = {.call = on_call};

static bool write_all(int fd, struct centro_bytes bytes)
{
	while (bytes.size > 0) {
		ssize_t size = send(fd, bytes.data, bytes.size, MSG_NOSIGNAL);
		if (size <= 0)
			return false;
		bytes = ctr_bytes(bytes.data + size, bytes.size - (size_t)size);
	}
	return true;
}

static bool flush(struct echo_server *server, int fd)
{
	struct ctr_buf out;
	bool ok = true;
	ctr_buf_init(&out, NULL, 0);
	do {
		ctr_buf_clear(&out);
		ctr_grpc_conn_send(server->conn, ctr_clock_now().steady, &out, 65536);
		ok = write_all(fd, ctr_buf_bytes(&out));
	} while (ok && out.size > 0);
	ctr_buf_fini(&out);
	return ok;
}

/* False: told to stop. */
static bool wait_for(const struct echo_server *server, int fd)
{
	struct pollfd fds[] = {{.fd = fd, .events = POLLIN},
			       {.fd = server->stop_pipe[0], .events = POLLIN}};
	while (poll(fds, 2, -1) < 0)
		;
	return fds[1].revents == 0;
}

static bool serve(struct echo_server *server, int fd)
{
	static _Thread_local uint8_t buffer[65536];
	struct ctr_grpc_conn_options options = {0};
	bool goes_on = true;
	ctr_grpc_conn_new_server(&options, &server_impl, server, ctr_clock_now().steady,
				 &server->conn);
	while (flush(server, fd)) {
		goes_on = wait_for(server, fd);
		if (!goes_on)
			break;
		ssize_t size = recv(fd, buffer, sizeof(buffer), 0);
		if (size <= 0)
			break;
		if (ctr_grpc_conn_recv(server->conn, ctr_clock_now().steady,
				       ctr_bytes(buffer, (size_t)size)) != CENTRO_OK)
			break;
	}
	ctr_grpc_conn_free(server->conn);
	return goes_on;
}

static void *run(void *arg)
{
	struct echo_server *server = arg;
	bool goes_on = true;
	while (goes_on && wait_for(server, server->listen_fd)) {
		int fd = accept(server->listen_fd, NULL, NULL);
		server->connections++;
		if (server->mood == ECHO_LATE)
			usleep(100000);
		if (server->mood == ECHO_SERVE || server->mood == ECHO_LATE)
			goes_on = serve(server, fd);
		else if (server->mood == ECHO_SILENT)
			goes_on = wait_for(server, server->stop_pipe[0]);
		close(fd);
	}
	return NULL;
}

static void bind_tcp(struct echo_server *server, int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int on = 1;
	server->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(server->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	ck_assert_int_eq(bind(server->listen_fd, (struct sockaddr *)&address, size), 0);
	getsockname(server->listen_fd, (struct sockaddr *)&address, &size);
	snprintf(server->address, sizeof(server->address), "127.0.0.1:%u", ntohs(address.sin_port));
}

static void bind_unix(struct echo_server *server, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	unlink(path);
	server->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(server->listen_fd, (struct sockaddr *)&address, sizeof(address)), 0);
	snprintf(server->address, sizeof(server->address), "unix:%s", path);
}

void echo_server_start(struct echo_server *server, const char *path, int port, enum echo_mood mood)
{
	*server = (struct echo_server){.mood = mood};
	if (path)
		bind_unix(server, path);
	else
		bind_tcp(server, port);
	ck_assert_int_eq(listen(server->listen_fd, 16), 0);
	ck_assert_int_eq(pipe(server->stop_pipe), 0);
	ck_assert_int_eq(pthread_create(&server->thread, NULL, run, server), 0);
}

void echo_server_stop(struct echo_server *server)
{
	ck_assert_int_eq(write(server->stop_pipe[1], "x", 1), 1);
	pthread_join(server->thread, NULL);
	close(server->listen_fd);
	close(server->stop_pipe[0]);
	close(server->stop_pipe[1]);
}
