/* SPDX-License-Identifier: MIT */
/*
 * endpoint.c - what lib/io's link does for a channel, over the simulated network: make
 * connections, move frames, say what time it is.
 */
#include "sim/cluster/promises.h"
#include "sim/cluster/world.h"

#define ROUNDS_MAX 16

static uint32_t server_of(const struct ctr_sim_world *world, const char *address)
{
	for (uint32_t i = 0; i < world->server_count; i++) {
		if (strcmp(world->addresses[i], address) == 0)
			return i;
	}
	CTR_UNREACHABLE();
}

static void lose(struct ctr_sim_endpoint *endpoint, struct centro_instant now, const char *why)
{
	if (why)
		ctr_channel_set_last_error(endpoint->channel, why);
	ctr_channel_closed(endpoint->channel, now, CENTRO_ERR_UNAVAILABLE);
}

static void take(struct ctr_sim_endpoint *endpoint, struct ctr_sim_packet *packet,
		 struct centro_instant now)
{
	struct ctr_sim_conn *conn = packet->conn;
	if (conn != endpoint->conn)
		return; /* of one that it has let go */
	switch (packet->type) {
	case CTR_SIM_ACCEPT:
		conn->is_up = true;
		ctr_channel_connected(endpoint->channel, now);
		break;
	case CTR_SIM_DATA:
		if (packet->heartbeat != 0 && packet->heartbeat == conn->heartbeat)
			ctr_sim_note_heard(conn->world, conn->client_machine, packet->sent_at);
		(void)ctr_channel_recv(endpoint->channel, now,
				       ctr_bytes(packet->bytes, packet->size));
		break;
	case CTR_SIM_REFUSE:
	case CTR_SIM_CLOSE:
		endpoint->conn = NULL;
		conn->endpoint = NULL;
		lose(endpoint, now,
		     packet->type == CTR_SIM_REFUSE ? "connection refused" : "connection reset");
		break;
	case CTR_SIM_CONNECT:
		CTR_UNREACHABLE();
	}
}

/* False: nothing was sent. */
static bool flush(struct ctr_sim_endpoint *endpoint, struct centro_instant now)
{
	struct ctr_buf *frames = &endpoint->process.world->scratch;
	ctr_buf_clear(frames);
	if (!endpoint->conn || !endpoint->conn->is_up)
		return false;
	(void)ctr_channel_send(endpoint->channel, now, frames, SIZE_MAX);
	if (frames->size == 0)
		return false;
	ctr_sim_net_send(endpoint->conn, CTR_SIM_TO_SERVER, ctr_buf_bytes(frames));
	return true;
}

/* Do what the channel wants. False: nothing. */
static bool settle(struct ctr_sim_endpoint *endpoint, struct centro_instant now)
{
	const char *address;
	struct ctr_sim_conn *conn = endpoint->conn;
	switch (ctr_channel_wants(endpoint->channel, now, &address)) {
	case CTR_CHANNEL_WANT_CONNECT:
		CTR_ASSERT(!conn);
		ctr_channel_connecting(endpoint->channel, now);
		endpoint->conn =
			ctr_sim_net_connect(endpoint, server_of(endpoint->process.world, address));
		return true;
	case CTR_CHANNEL_WANT_CLOSE:
		(void)flush(endpoint, now);
		endpoint->conn = NULL;
		if (conn)
			ctr_sim_net_close(conn, CTR_SIM_TO_SERVER);
		lose(endpoint, now, NULL);
		return true;
	case CTR_CHANNEL_WANT_NOTHING:
		break;
	}
	return flush(endpoint, now);
}

void ctr_sim_endpoint_run(struct ctr_sim_endpoint *endpoint, struct centro_time now,
			  struct centro_instant (*turn)(struct ctr_sim_endpoint *endpoint,
							struct centro_time now))
{
	struct ctr_sim_packet *packet;
	struct centro_instant wake = CTR_NEVER, steady = now.steady;
	ctr_channel_tick(endpoint->channel, steady);
	while ((packet = ctr_sim_net_take(&endpoint->process))) {
		take(endpoint, packet, steady);
		ctr_sim_packet_free(packet);
	}
	for (int i = 0; i < ROUNDS_MAX; i++) {
		wake = turn(endpoint, now);
		if (!settle(endpoint, steady))
			break;
	}
	ctr_sim_process_wake(&endpoint->process,
			     ctr_earlier(wake, ctr_channel_tick(endpoint->channel, steady)));
}

void ctr_sim_endpoint_drop(struct ctr_sim_endpoint *endpoint)
{
	struct ctr_sim_packet *packet;
	struct ctr_sim_process *process = &endpoint->process;
	process->is_alive = false;
	ctr_sim_cancel(process->world, &process->turn);
	while ((packet = ctr_sim_net_take(process)))
		ctr_sim_packet_free(packet);
	if (endpoint->conn)
		ctr_sim_net_close(endpoint->conn, CTR_SIM_TO_SERVER);
	endpoint->conn = NULL;
	endpoint->channel = NULL;
}
