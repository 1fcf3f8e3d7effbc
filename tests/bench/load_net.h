/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_LOAD_NET_H
#define CTR_TESTS_LOAD_NET_H

/*
 * gRPC clients over non-blocking sockets in one thread, for load generators: what
 * fails ends the program, since a figure of a broken run is worth nothing.
 *
 * A turn: load_wait() reads and calls back; the caller acts on what came;
 * load_flush() sends all of it.
 */
#include <time.h>

#include "base/buf.h"
#include "base/time.h"
#include "wire/grpc.h"

#define LOAD_CONNS_MAX 64

struct load_conn {
	int fd;
	bool is_blocked; /* the socket takes no more for now */
	struct ctr_grpc_conn *grpc;
	struct ctr_buf out;
};

struct load_net {
	int epoll_fd;
	struct centro_instant now; /* CLOCK_MONOTONIC, of this turn */
	size_t conn_count;
	struct load_conn conns[LOAD_CONNS_MAX];
};

_Noreturn void load_die(const char *format, ...) CENTRO_PRINTF(1, 2);
/* Ends the program if `status` is not CENTRO_OK. */
void load_check(int status, const char *what);
uint64_t load_clock_ns(clockid_t clock);

void load_net_init(struct load_net *net);
void load_net_fini(struct load_net *net);
/* To a port of this machine. */
struct load_conn *load_connect(struct load_net *net, uint16_t port);
/* Until something came, or `timeout_ms` passed. */
void load_wait(struct load_net *net, int timeout_ms);
void load_flush(struct load_net *net);

/* A call with one request; see wire/grpc.h for `impl`. */
struct ctr_grpc_call *load_call(struct load_net *net, struct load_conn *conn, const char *path,
				struct centro_bytes request, const struct ctr_grpc_call_impl *impl,
				void *arg);
/*
 * The same, and wait for its end, doing whatever else the connections bring.
 * The last message of the answer, borrowed until the next such call.
 */
struct centro_bytes load_call_wait(struct load_net *net, struct load_conn *conn, const char *path,
				   struct centro_bytes request);

#endif
