/* SPDX-License-Identifier: MIT */
/* channel_net.c - the host of one channel in memory. */
#include "support/channel_net.h"

#include <stdio.h>

#include "base/bytes.h"

#define TURNS_MAX  100000
#define STEP_BYTES 4096

void channel_net_init(struct channel_net *net, const struct ctr_grpc_server_impl *server_impl,
		      void *server_arg)
{
	*net = (struct channel_net){
		.now = {UINT64_C(1000) * CTR_NS_PER_SEC},
		.server_impl = server_impl,
		.server_arg = server_arg,
	};
}

void channel_net_fini(struct channel_net *net)
{
	ctr_grpc_conn_free(net->server);
	net->server = NULL;
}

static void closed(struct channel_net *net, const char *why)
{
	ctr_grpc_conn_free(net->server);
	net->server = NULL;
	net->is_connecting = false;
	if (why)
		ctr_channel_set_last_error(net->channel, why);
	ctr_channel_closed(net->channel, net->now, CENTRO_ERR_UNAVAILABLE);
}

static void speak_another_protocol(struct channel_net *net)
{
	static const char text[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	int status = ctr_channel_recv(net->channel, net->now, ctr_bytes_str(text));
	ck_assert_int_eq(status, CENTRO_ERR_PROTOCOL);
}

static void accept(struct channel_net *net)
{
	struct ctr_grpc_conn_options options = {0};
	int status = ctr_grpc_conn_new_server(&options, net->server_impl, net->server_arg, net->now,
					      &net->server);
	ck_assert_int_eq(status, CENTRO_OK);
	net->is_connecting = false;
	ctr_channel_connected(net->channel, net->now);
}

static void attempt(struct channel_net *net, const char *address)
{
	size_t used = strlen(net->tried);
	net->attempts++;
	snprintf(net->tried + used, sizeof(net->tried) - used, " %s", address);
	ctr_channel_connecting(net->channel, net->now);
	net->is_connecting = true;
	switch (net->fate) {
	case NET_ACCEPT:
		accept(net);
		break;
	case NET_REFUSE:
		closed(net, "connection refused");
		break;
	case NET_HANG:
		break;
	case NET_HANG_UP:
		accept(net);
		closed(net, "the server closed the connection");
		break;
	case NET_NOT_HTTP2:
		accept(net);
		speak_another_protocol(net);
		break;
	}
}

/* True: bytes went to the server. */
static bool to_server(struct channel_net *net)
{
	struct ctr_buf out;
	bool moved = false;
	if (!net->server)
		return false;
	ctr_buf_init(&out, NULL, 0);
	if (ctr_channel_send(net->channel, net->now, &out, STEP_BYTES) == CENTRO_OK &&
	    out.size > 0) {
		moved = true;
		ctr_grpc_conn_recv(net->server, net->now, ctr_buf_bytes(&out));
	}
	ctr_buf_fini(&out);
	return moved;
}

static bool from_server(struct channel_net *net)
{
	struct ctr_buf out;
	bool moved = false;
	if (!net->server)
		return false;
	ctr_buf_init(&out, NULL, 0);
	ctr_grpc_conn_send(net->server, net->now, &out, STEP_BYTES);
	if (out.size > 0) {
		moved = true;
		(void)ctr_channel_recv(net->channel, net->now, ctr_buf_bytes(&out));
	} else if (ctr_grpc_conn_is_finished(net->server)) {
		moved = true;
		closed(net, "the server closed the connection");
	}
	ctr_buf_fini(&out);
	return moved;
}

static bool obey(struct channel_net *net)
{
	const char *address;
	switch (ctr_channel_wants(net->channel, net->now, &address)) {
	case CTR_CHANNEL_WANT_CONNECT:
		attempt(net, address);
		return true;
	case CTR_CHANNEL_WANT_CLOSE:
		to_server(net);
		closed(net, NULL);
		return true;
	case CTR_CHANNEL_WANT_NOTHING:
		break;
	}
	return false;
}

void channel_net_run(struct channel_net *net)
{
	size_t turns = 0;
	bool moved = true;
	while (moved) {
		ck_assert_uint_lt(turns++, TURNS_MAX);
		ctr_channel_tick(net->channel, net->now);
		if (net->server)
			ctr_grpc_conn_tick(net->server, net->now);
		if (net->turn)
			net->turn(net->turn_arg, net->now);
		moved = obey(net);
		moved = to_server(net) || moved;
		moved = from_server(net) || moved;
	}
}

void channel_net_wait(struct channel_net *net, uint64_t ms)
{
	struct centro_instant end = ctr_after(net->now, ctr_span_ms(ms));
	for (;;) {
		channel_net_run(net);
		struct centro_instant next = ctr_channel_tick(net->channel, net->now);
		if (net->now.ns >= end.ns)
			return;
		/* Never stand still, whatever is said to be due. */
		if (next.ns <= net->now.ns)
			next.ns = net->now.ns + CTR_NS_PER_MS;
		net->now = ctr_earlier(next, end);
	}
}

void channel_net_cut(struct channel_net *net)
{
	ck_assert_ptr_nonnull(net->server);
	closed(net, "connection reset by peer");
}
