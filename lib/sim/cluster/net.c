/* SPDX-License-Identifier: MIT */
/*
 * net.c - connections between machines, as TCP gives them, and what befalls them.
 *
 * What is sent in one go is cut into packets, one for each run of frames of one
 * call. Packets of a connection arrive in order, unless the weather lets one that
 * is a call of its own overtake. A cut holds packets back; when it heals they go
 * on, if anybody still waits for them. A packet that is dropped takes its
 * connection with it: TCP loses nothing else.
 */
#include <stdio.h>

#include "sim/cluster/promises.h"
#include "sim/cluster/world.h"
#include "sim/wire/frame.h"

#define DELAY_MIN_NS (50 * CTR_NS_PER_US)
#define DELAY_MAX_NS (500 * CTR_NS_PER_US)
#define BREAK_MAX_NS (10 * CTR_NS_PER_SEC)

static uint32_t from_of(const struct ctr_sim_conn *conn, enum ctr_sim_direction direction)
{
	return direction == CTR_SIM_TO_SERVER ? conn->client_machine : conn->server_machine;
}

static uint32_t to_of(const struct ctr_sim_conn *conn, enum ctr_sim_direction direction)
{
	return direction == CTR_SIM_TO_SERVER ? conn->server_machine : conn->client_machine;
}

static bool is_cut(const struct ctr_sim_conn *conn, enum ctr_sim_direction direction)
{
	return conn->world->net.cut[from_of(conn, direction)][to_of(conn, direction)] > 0;
}

/* ---- connections ---- */

static void conn_settle(struct ctr_sim_conn *conn)
{
	if (conn->endpoint || conn->server || conn->packets > 0)
		return;
	CTR_ASSERT(!conn->grpc);
	ctr_list_remove(&conn->all);
	conn->world->net.conn_count--;
	ctr_free(NULL, conn);
}

static struct ctr_sim_conn *conn_new(struct ctr_sim_endpoint *endpoint, uint32_t server)
{
	struct ctr_sim_world *world = endpoint->process.world;
	struct ctr_sim_conn *conn = ctr_sim_alloc(sizeof(*conn));
	conn->world = world;
	conn->endpoint = endpoint;
	conn->client_machine = endpoint->process.machine;
	conn->server_machine = server;
	conn->number = ++world->net.last_conn;
	ctr_list_init(&conn->of_server);
	ctr_list_init(&conn->dirty);
	ctr_list_init(&conn->stalled);
	ctr_list_append(&world->net.conns, &conn->all);
	world->net.conn_count++;
	return conn;
}

/* ---- packets ---- */

void ctr_sim_packet_free(struct ctr_sim_packet *packet)
{
	struct ctr_sim_conn *conn = packet->conn;
	ctr_sim_cancel(conn->world, &packet->timer);
	ctr_list_remove(&packet->all);
	ctr_list_remove(&packet->link);
	CTR_ASSERT(conn->packets > 0);
	conn->packets--;
	ctr_free(NULL, packet);
	conn_settle(conn);
}

/* The program that is to get it; NULL: its end is gone. */
static struct ctr_sim_process *receiver(const struct ctr_sim_packet *packet)
{
	struct ctr_sim_conn *conn = packet->conn;
	struct ctr_sim_server *server = &conn->world->servers[conn->server_machine];
	if (packet->direction == CTR_SIM_TO_CLIENT)
		return conn->endpoint ? &conn->endpoint->process : NULL;
	if (packet->type == CTR_SIM_CONNECT)
		return ctr_sim_server_is_ready(server) && !server->is_draining ? &server->process
									       : NULL;
	return conn->server ? &conn->server->process : NULL;
}

/* Nobody is there: whoever sent it is told, as a machine that runs tells it. */
static void bounce(struct ctr_sim_packet *packet)
{
	struct ctr_sim_conn *conn = packet->conn;
	if (packet->type == CTR_SIM_CONNECT)
		ctr_sim_net_answer(conn, CTR_SIM_REFUSE, CTR_SIM_TO_CLIENT);
	else if (packet->type == CTR_SIM_DATA)
		ctr_sim_net_answer(conn, CTR_SIM_CLOSE,
				   packet->direction == CTR_SIM_TO_SERVER ? CTR_SIM_TO_CLIENT
									  : CTR_SIM_TO_SERVER);
	ctr_sim_packet_free(packet);
}

static void on_arrival(struct ctr_sim_world *world, struct ctr_sim_timer *timer)
{
	struct ctr_sim_packet *packet = CTR_CONTAINER_OF(timer, struct ctr_sim_packet, timer);
	struct ctr_sim_conn *conn = packet->conn;
	if (is_cut(conn, packet->direction)) {
		ctr_list_append(&conn->stalled, &packet->link);
		return;
	}
	ctr_sim_trace(world, packet->type, conn->number, packet->size);
	if (conn->is_broken && packet->type != CTR_SIM_CLOSE) {
		ctr_sim_packet_free(packet);
		return;
	}
	struct ctr_sim_process *process = receiver(packet);
	if (!process) {
		bounce(packet);
		return;
	}
	world->result->messages += packet->type == CTR_SIM_DATA;
	ctr_list_append(&process->inbox, &packet->link);
	ctr_sim_process_wake_now(process);
}

static struct ctr_sim_packet *packet_new(struct ctr_sim_conn *conn, enum ctr_sim_packet_type type,
					 enum ctr_sim_direction direction,
					 struct centro_bytes bytes)
{
	struct ctr_sim_packet *packet = ctr_alloc(NULL, sizeof(*packet) + bytes.size);
	CTR_ASSERT(packet);
	memset(packet, 0, sizeof(*packet));
	packet->timer.fn = on_arrival;
	ctr_list_init(&packet->link);
	ctr_list_append(&conn->world->net.packets, &packet->all);
	packet->conn = conn;
	packet->type = type;
	packet->direction = direction;
	packet->sent_at = conn->world->now;
	packet->size = bytes.size;
	if (bytes.size > 0)
		memcpy(packet->bytes, bytes.data, bytes.size);
	conn->packets++;
	return packet;
}

static uint64_t delay_of(const struct ctr_sim_conn *conn)
{
	struct ctr_sim_world *world = conn->world;
	const struct ctr_sim_weather *here = &world->net.weather[conn->client_machine];
	const struct ctr_sim_weather *there = &world->net.weather[conn->server_machine];
	uint64_t worst = here->delay_ns > there->delay_ns ? here->delay_ns : there->delay_ns;
	return ctr_sim_between(&world->net_prng, DELAY_MIN_NS, DELAY_MAX_NS + worst);
}

/* `alone`: it need not keep its place behind what was sent before. */
static void launch(struct ctr_sim_packet *packet, bool alone)
{
	struct ctr_sim_conn *conn = packet->conn;
	uint64_t arrival = conn->world->now + delay_of(conn);
	uint64_t *floor = &conn->floor[packet->direction];
	if (!alone) {
		if (arrival <= *floor)
			arrival = *floor + 1;
		*floor = arrival;
	}
	ctr_sim_at(conn->world, &packet->timer, arrival);
}

void ctr_sim_net_answer(struct ctr_sim_conn *conn, enum ctr_sim_packet_type type,
			enum ctr_sim_direction direction)
{
	launch(packet_new(conn, type, direction, (struct centro_bytes){0}), /* alone= */ false);
}

/* ---- what the weather does to frames ---- */

struct piece {
	uint32_t call;
	bool opens, half_closes; /* a whole unary request, if both */
	bool finishes;
	size_t messages;
	struct centro_bytes path; /* if it opens */
	struct centro_bytes bytes;
};

/* The frames of one call that stand first in `*rest`. False: none are left. */
static bool next_piece(struct centro_bytes *rest, struct piece *ret_piece)
{
	struct ctr_sim_frame frame;
	struct centro_bytes payload, after = *rest;
	*ret_piece = (struct piece){0};
	for (bool first = true;; first = false) {
		struct centro_bytes next = after;
		if (!ctr_sim_frame_take(&next, &frame, &payload))
			break;
		if (!first && frame.call != ret_piece->call)
			break;
		ret_piece->call = frame.call;
		ret_piece->opens |= frame.type == CTR_SIM_OPEN;
		if (frame.type == CTR_SIM_OPEN)
			ret_piece->path = payload;
		ret_piece->half_closes |= frame.type == CTR_SIM_HALF_CLOSE;
		ret_piece->finishes |= frame.type == CTR_SIM_FINISH;
		ret_piece->messages += frame.type == CTR_SIM_MESSAGE;
		after = next;
	}
	ret_piece->bytes = ctr_bytes(rest->data, rest->size - after.size);
	*rest = after;
	return ret_piece->bytes.size > 0;
}

/* The same request once more, as from a client that does not know what became of it. */
static void repeat(struct ctr_sim_conn *conn, const struct piece *piece)
{
	struct ctr_sim_packet *packet =
		packet_new(conn, CTR_SIM_DATA, CTR_SIM_TO_SERVER, piece->bytes);
	struct ctr_sim_frame frame;
	for (size_t at = 0; at < packet->size; at += sizeof(frame) + frame.size) {
		memcpy(&frame, packet->bytes + at, sizeof(frame));
		frame.call |= CTR_SIM_CALL_REPEATED;
		memcpy(packet->bytes + at, &frame, sizeof(frame));
	}
	launch(packet, /* alone= */ true);
}

/* When a heartbeat was sent that a server has accepted by now. True: this is the answer. */
static bool watch_heartbeats(struct ctr_sim_conn *conn, enum ctr_sim_direction direction,
			     const struct piece *piece)
{
	static const char heartbeat[] = "/centro.v1.AgentService/Heartbeat";
	if (direction == CTR_SIM_TO_SERVER && piece->opens &&
	    ctr_bytes_equal(piece->path, ctr_bytes_str(heartbeat))) {
		conn->heartbeat = piece->call;
		conn->heartbeat_sent = conn->world->now;
	}
	if (direction != CTR_SIM_TO_CLIENT || !piece->finishes || piece->messages != 1 ||
	    piece->call != conn->heartbeat)
		return false;
	ctr_sim_note_heartbeat(conn->world, conn->client_machine, conn->heartbeat_sent);
	return true;
}

static uint32_t worse(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

void ctr_sim_net_send(struct ctr_sim_conn *conn, enum ctr_sim_direction direction,
		      struct centro_bytes frames)
{
	struct ctr_sim_world *world = conn->world;
	struct ctr_prng *prng = &world->net_prng;
	const struct ctr_sim_weather *here = &world->net.weather[conn->client_machine];
	const struct ctr_sim_weather *there = &world->net.weather[conn->server_machine];
	uint64_t *counts = world->result->faults;
	struct piece piece;
	while (!conn->is_broken && next_piece(&frames, &piece)) {
		bool answers_heartbeat = watch_heartbeats(conn, direction, &piece);
		/* A repeated call has nobody who waits for its answer. */
		if (direction == CTR_SIM_TO_CLIENT && (piece.call & CTR_SIM_CALL_REPEATED))
			continue;
		if (ctr_sim_chance(prng, worse(here->drop_ppm, there->drop_ppm))) {
			counts[CTR_SIM_NET_DROP]++;
			ctr_sim_net_break(conn);
			return;
		}
		bool is_request = piece.opens && piece.half_closes && piece.messages == 1;
		bool is_answer = piece.finishes && piece.messages <= 1;
		bool is_unary = is_request || is_answer;
		if (is_request &&
		    ctr_sim_chance(prng, worse(here->duplicate_ppm, there->duplicate_ppm))) {
			counts[CTR_SIM_NET_DUPLICATE]++;
			repeat(conn, &piece);
		}
		bool overtakes = is_unary &&
				 ctr_sim_chance(prng, worse(here->reorder_ppm, there->reorder_ppm));
		counts[CTR_SIM_NET_REORDER] += overtakes;
		struct ctr_sim_packet *packet =
			packet_new(conn, CTR_SIM_DATA, direction, piece.bytes);
		packet->heartbeat = answers_heartbeat ? piece.call : 0;
		launch(packet, overtakes);
	}
}

/* ---- ends ---- */

struct ctr_sim_conn *ctr_sim_net_connect(struct ctr_sim_endpoint *endpoint, uint32_t server)
{
	struct ctr_sim_conn *conn = conn_new(endpoint, server);
	ctr_sim_net_answer(conn, CTR_SIM_CONNECT, CTR_SIM_TO_SERVER);
	return conn;
}

void ctr_sim_net_close(struct ctr_sim_conn *conn, enum ctr_sim_direction news)
{
	struct ctr_sim_endpoint *endpoint = conn->endpoint;
	struct ctr_sim_server *server = conn->server;
	bool has_other =
		news == CTR_SIM_TO_SERVER ? server != NULL || !conn->is_up : endpoint != NULL;
	if (news == CTR_SIM_TO_SERVER)
		conn->endpoint = NULL;
	else
		conn->server = NULL;
	if (has_other && !conn->is_broken)
		ctr_sim_net_answer(conn, CTR_SIM_CLOSE, news);
	else
		conn_settle(conn);
}

void ctr_sim_net_break(struct ctr_sim_conn *conn)
{
	if (conn->is_broken)
		return;
	conn->is_broken = true;
	for (int i = 0; i < 2; i++) {
		struct ctr_sim_packet *packet = packet_new(
			conn, CTR_SIM_CLOSE, (enum ctr_sim_direction)i, (struct centro_bytes){0});
		ctr_sim_at(conn->world, &packet->timer,
			   conn->world->now +
				   ctr_sim_between(&conn->world->net_prng, 0, BREAK_MAX_NS));
	}
}

struct ctr_sim_packet *ctr_sim_net_take(struct ctr_sim_process *process)
{
	if (ctr_list_is_empty(&process->inbox))
		return NULL;
	struct ctr_sim_packet *packet =
		ctr_list_entry(process->inbox.next, struct ctr_sim_packet, link);
	ctr_list_remove(&packet->link);
	return packet;
}

/* ---- cuts ---- */

void ctr_sim_net_cut(struct ctr_sim_world *world, uint32_t from, uint32_t to)
{
	CTR_ASSERT(world->net.cut[from][to] < UINT8_MAX);
	world->net.cut[from][to]++;
}

static void go_on(struct ctr_sim_conn *conn)
{
	ctr_list_for_each_safe (node, &conn->stalled) {
		struct ctr_sim_packet *packet = ctr_list_entry(node, struct ctr_sim_packet, link);
		if (is_cut(conn, packet->direction))
			continue;
		ctr_list_remove(&packet->link);
		launch(packet, /* alone= */ false);
	}
}

void ctr_sim_net_heal(struct ctr_sim_world *world, uint32_t from, uint32_t to)
{
	CTR_ASSERT(world->net.cut[from][to] > 0);
	world->net.cut[from][to]--;
	ctr_list_for_each (node, &world->net.conns)
		go_on(ctr_list_entry(node, struct ctr_sim_conn, all));
}

/* ---- life ---- */

void ctr_sim_net_init(struct ctr_sim_world *world)
{
	ctr_list_init(&world->net.conns);
	ctr_list_init(&world->net.packets);
}

/* Every program is gone: what is left are packets, and the connections that they hold. */
void ctr_sim_net_fini(struct ctr_sim_world *world)
{
	while (!ctr_list_is_empty(&world->net.packets))
		ctr_sim_packet_free(
			ctr_list_entry(world->net.packets.next, struct ctr_sim_packet, all));
	CTR_ASSERT(ctr_list_is_empty(&world->net.conns));
}
