/* SPDX-License-Identifier: MIT */
/* net.c - see net.h. */
#include "net.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/time.h"

#define WAIT_TURNS 1000 /* of at most 10 ms */

void net_init(struct net *net, const char *storage)
{
	*net = (struct net){.server = NULL};
	dir_init(&net->dir);
	bool is_file = strcmp(storage, "file:") == 0;
	snprintf(net->address, sizeof(net->address), "unix:%s/socket", net->dir.path);
	snprintf(net->state_dir, sizeof(net->state_dir), "%s/agent", net->dir.path);
	snprintf(net->storage, sizeof(net->storage), "%s%s%s", storage,
		 is_file ? net->dir.path : "", is_file ? "/store" : "");
}

void net_fini(struct net *net)
{
	net_close_agent(net);
	net_close_client(net);
	net_close_server(net);
	dir_fini(&net->dir);
}

/* ---- the three --------------------------------------------------- */

/* An error has a word to it. */
static int checked(int status, const struct centro_error_text *text)
{
	ck_assert_msg(status == CENTRO_OK || text->text[0] != '\0', "%s without a word",
		      centro_error_name(status));
	return status;
}

int net_try_server(struct net *net, const struct centro_allocator *allocator)
{
	struct centro_error_text text = {""};
	static const char *const queues[] = {"night", "day"};
	struct centro_server_options options = CENTRO_SERVER_OPTIONS_INIT;
	const char *const listen[] = {net->address, "127.0.0.1:0"};
	options.allocator = allocator;
	options.storage = net->storage;
	options.storage_bytes_max = 16 << 20;
	options.listen = listen;
	options.listen_count = 2;
	options.queues = queues;
	options.queue_count = 2;
	options.record = net->record[0] ? net->record : NULL;
	options.drain_limit = ctr_span_ms(200);
	return checked(centro_server_new(&options, &net->server, &text), &text);
}

int net_try_client(struct net *net, const struct centro_allocator *allocator)
{
	struct centro_error_text text = {""};
	struct centro_client_options options = CENTRO_CLIENT_OPTIONS_INIT;
	const char *const servers[] = {net->address};
	options.allocator = allocator;
	options.servers = servers;
	options.server_count = 1;
	return checked(centro_client_new(&options, &net->client, &text), &text);
}

int net_try_agent(struct net *net, const struct centro_allocator *allocator)
{
	struct centro_error_text text = {""};
	struct centro_agent_options options = CENTRO_AGENT_OPTIONS_INIT;
	static const char *const labels[] = {"disk=ssd"};
	static const char *const named[] = {"gpu"};
	static const uint32_t named_amount[] = {2};
	static const char *const env[] = {"PATH=/usr/bin:/bin", "A=b"};
	const char *const servers[] = {net->address};
	options.allocator = allocator;
	options.servers = servers;
	options.server_count = 1;
	options.name = "n1";
	options.labels = labels;
	options.label_count = 1;
	options.named = named;
	options.named_amount = named_amount;
	options.named_count = 1;
	options.state_dir = net->state_dir;
	options.shim = getenv("CENTRO_TEST_SHIM");
	options.heartbeat = ctr_span_ms(100);
	options.env = env;
	options.env_count = 2;
	ck_assert_msg(options.shim, "CENTRO_TEST_SHIM: path of centro-shim");
	return checked(centro_agent_new(&options, &net->agent, &text), &text);
}

void net_open_server(struct net *net, const struct centro_allocator *allocator)
{
	ck_assert_int_eq(net_try_server(net, allocator), CENTRO_OK);
}

void net_open_client(struct net *net, const struct centro_allocator *allocator)
{
	ck_assert_int_eq(net_try_client(net, allocator), CENTRO_OK);
}

void net_open_agent(struct net *net, const struct centro_allocator *allocator)
{
	ck_assert_int_eq(net_try_agent(net, allocator), CENTRO_OK);
}

void net_close_server(struct net *net)
{
	centro_server_free(net->server);
	net->server = NULL;
}

void net_close_client(struct net *net)
{
	centro_client_free(net->client);
	net->client = NULL;
}

void net_close_agent(struct net *net)
{
	centro_agent_free(net->agent);
	net->agent = NULL;
}

/* ---- turns ------------------------------------------------------- */

static int sooner(int ms, int other_ms)
{
	return other_ms >= 0 && other_ms < ms ? other_ms : ms;
}

void net_turn(struct net *net, int ms)
{
	struct pollfd fds[] = {
		{.fd = net->server ? centro_server_fd(net->server) : -1, .events = POLLIN},
		{.fd = net->client ? centro_client_fd(net->client) : -1, .events = POLLIN},
		{.fd = net->agent ? centro_agent_fd(net->agent) : -1, .events = POLLIN},
	};
	ms = net->server ? sooner(ms, centro_server_timeout_ms(net->server)) : ms;
	ms = net->client ? sooner(ms, centro_client_timeout_ms(net->client)) : ms;
	ms = net->agent ? sooner(ms, centro_agent_timeout_ms(net->agent)) : ms;
	poll(fds, 3, ms);
	if (net->server)
		ck_assert_int_eq(centro_server_dispatch(net->server), CENTRO_OK);
	if (net->client)
		ck_assert_int_eq(centro_client_dispatch(net->client), CENTRO_OK);
	if (net->agent)
		ck_assert_int_eq(centro_agent_dispatch(net->agent), CENTRO_OK);
}

bool net_run(struct net *net, const struct net_call *call, int turns)
{
	for (int i = 0; i < turns && !call->is_done; i++)
		net_turn(net, 1);
	return call->is_done;
}

/* ---- calls ------------------------------------------------------- */

static void on_message(void *arg, struct centro_bytes message)
{
	struct net_call *call = arg;
	ck_assert_uint_lt(message.size, sizeof(call->message));
	memcpy(call->message, message.data, message.size);
	call->message[message.size] = '\0';
	call->messages++;
}

static void on_done(void *arg, int status, const char *text)
{
	struct net_call *call = arg;
	ck_assert(!call->is_done);
	call->is_done = true;
	call->status = status;
	call->call = NULL;
	snprintf(call->text, sizeof(call->text), "%s", text);
	ck_assert_msg(status == CENTRO_OK || text[0] != '\0', "an error without a word");
}

int net_start(struct net *net, struct net_call *call, const char *method, const char *json)
{
	struct centro_error_text text = {""};
	struct centro_call_options options = CENTRO_CALL_OPTIONS_INIT;
	*call = (struct net_call){.net = net};
	options.encoding = CENTRO_JSON;
	options.message = on_message;
	options.done = on_done;
	options.arg = call;
	int status = centro_client_call(net->client, method, ctr_bytes_str(json), &options,
					&call->call, &text);
	return checked(status, &text);
}

int net_wait(struct net *net, const struct net_call *call)
{
	for (int i = 0; i < WAIT_TURNS && !call->is_done; i++)
		net_turn(net, 10);
	ck_assert_msg(call->is_done, "a call does not end: %s", call->message);
	return call->status;
}

int net_call(struct net *net, struct net_call *call, const char *method, const char *json)
{
	ck_assert_int_eq(net_start(net, call, method, json), CENTRO_OK);
	return net_wait(net, call);
}

const char *net_ask(struct net *net, const char *method, const char *json)
{
	static struct net_call call;
	int status = net_call(net, &call, method, json);
	ck_assert_msg(status == CENTRO_OK, "%s %s: %s", method, json, call.text);
	return call.message;
}
