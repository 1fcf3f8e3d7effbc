/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_IO_ECHO_SERVER_H
#define CTR_TESTS_IO_ECHO_SERVER_H

/*
 * A server of lib/wire on real sockets and a thread of its own: each message of
 * a call comes back, and the call ends OK at the client's end. One connection at
 * a time. Every call of centro.v1.JobService/Submit is answered with id 42.
 */

#include <pthread.h>

#include "base/buf.h"
#include "wire/grpc.h"

enum echo_mood {
	ECHO_SERVE,
	ECHO_HANG_UP, /* accept and close */
	ECHO_SILENT,  /* accept and say nothing */
	ECHO_LATE,    /* serve, but read nothing for the first 100 ms */
};

struct echo_server {
	pthread_t thread;
	enum echo_mood mood;
	int listen_fd;
	int stop_pipe[2];
	char address[128];
	_Atomic unsigned connections;
	_Atomic unsigned calls;
	struct ctr_grpc_conn *conn; /* of the thread */
};

/* `path` of a unix socket, or NULL: 127.0.0.1 and `port`, 0 for any free one. */
void echo_server_start(struct echo_server *server, const char *path, int port, enum echo_mood mood);
/* Cuts the connection, closes the socket. */
void echo_server_stop(struct echo_server *server);

#endif
