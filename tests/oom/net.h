/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_OOM_NET_H
#define CTR_TESTS_OOM_NET_H

/*
 * A server, a client and an agent in one process, joined by a real socket. Each has
 * the memory that the test gives it; requests and answers are JSON.
 */

#include <centro/agent.h>
#include <centro/client.h>
#include <centro/server.h>

#include "run.h"
#include "dir.h"

struct net {
	struct dir dir;
	char address[128];
	char storage[128];
	char state_dir[128];
	char record[128]; /* what the server is given is recorded in it; "": it is not */
	struct centro_server *server;
	struct centro_client *client;
	struct centro_agent *agent;
};

/* Must stay where it is until it has ended. */
struct net_call {
	struct net *net;
	struct centro_call *call;
	size_t messages;
	bool is_done;
	int status;
	char text[512];
	char message[8192]; /* the last one */
};

/* `storage` is "memory:" or "file:". Nothing is open yet. */
void net_init(struct net *net, const char *storage);
void net_fini(struct net *net);

int net_try_server(struct net *net, const struct centro_allocator *allocator);
int net_try_client(struct net *net, const struct centro_allocator *allocator);
int net_try_agent(struct net *net, const struct centro_allocator *allocator);
void net_open_server(struct net *net, const struct centro_allocator *allocator);
void net_open_client(struct net *net, const struct centro_allocator *allocator);
void net_open_agent(struct net *net, const struct centro_allocator *allocator);
void net_close_server(struct net *net);
void net_close_client(struct net *net);
void net_close_agent(struct net *net);

/* Wait for something to happen, at most so long, and let everybody deal with it. */
void net_turn(struct net *net, int ms);
/* At most so many turns of a millisecond. Whether the call has ended. */
bool net_run(struct net *net, const struct net_call *call, int turns);

/* As centro_client_call(). */
int net_start(struct net *net, struct net_call *call, const char *method, const char *json);
/* Until it has ended; its status. */
int net_wait(struct net *net, const struct net_call *call);
/* One call, on a client that has memory. */
int net_call(struct net *net, struct net_call *call, const char *method, const char *json);
/* The same, which must succeed. Borrowed until the next one. */
const char *net_ask(struct net *net, const char *method, const char *json);

#endif
