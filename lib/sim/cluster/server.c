/* SPDX-License-Identifier: MIT */
/*
 * server.c - what lib/io's server does, over the simulated network: an engine, the
 * services, and connections. One that fails exits, as centrod does, and is started
 * again, here or on another machine.
 */
#include <stdio.h>

#include "engine/internal.h"
#include "sim/cluster/promises.h"
#include "sim/cluster/world.h"

#define RESTART_MIN_NS (1 * CTR_NS_PER_SEC)
#define RESTART_MAX_NS (4 * CTR_NS_PER_SEC)
#define DRAIN_NS       (10 * CTR_NS_PER_SEC)

static struct ctr_sim_server *server_of(struct ctr_sim_process *process)
{
	return CTR_CONTAINER_OF(process, struct ctr_sim_server, process);
}

bool ctr_sim_server_is_ready(const struct ctr_sim_server *server)
{
	return server->process.is_alive && server->was_ready;
}

struct ctr_sim_server *ctr_sim_leader(struct ctr_sim_world *world)
{
	struct ctr_sim_server *leader = NULL;
	for (uint32_t i = 0; i < world->server_count; i++) {
		struct ctr_sim_server *server = &world->servers[i];
		if (ctr_sim_server_is_ready(server) && (!leader || server->term > leader->term))
			leader = server;
	}
	bool is_it = leader && leader->term == ctr_memory_disk_get_term(world->disk) &&
		     ctr_engine_get_state(leader->engine) == CTR_ENGINE_READY;
	return is_it ? leader : NULL;
}

/* ---- connections ---- */

static void touch(struct ctr_sim_conn *conn)
{
	if (ctr_list_is_empty(&conn->dirty))
		ctr_list_append(&conn->server->dirty, &conn->dirty);
}

static void on_pump(void *arg, struct ctr_grpc_conn *grpc)
{
	touch(ctr_grpc_conn_get_data(grpc));
}

static void accept_conn(struct ctr_sim_server *server, struct ctr_sim_conn *conn)
{
	const struct ctr_grpc_conn_options options = {0};
	conn->server = server;
	conn->peer.service = server->service;
	snprintf(conn->peer.name, sizeof(conn->peer.name), "user%u", conn->client_machine);
	int status =
		ctr_grpc_conn_new_server(&options, ctr_service_impl(), &conn->peer,
					 ctr_sim_process_now(&server->process).steady, &conn->grpc);
	CTR_ASSERT(status == CENTRO_OK);
	ctr_grpc_conn_set_data(conn->grpc, conn);
	ctr_list_append(&server->conns, &conn->of_server);
	ctr_sim_net_answer(conn, CTR_SIM_ACCEPT, CTR_SIM_TO_CLIENT);
}

/* Our end goes. `news`: the other one is told. */
static void let_go(struct ctr_sim_conn *conn, bool news)
{
	struct ctr_sim_server *server = conn->server;
	ctr_list_remove(&conn->of_server);
	ctr_heap_remove(&server->ticks, &conn->tick);
	ctr_grpc_conn_free(conn->grpc);
	ctr_list_remove(&conn->dirty);
	conn->grpc = NULL;
	if (news)
		ctr_sim_net_close(conn, CTR_SIM_TO_CLIENT);
	else
		conn->server = NULL;
}

static void take(struct ctr_sim_server *server, struct ctr_sim_packet *packet,
		 struct centro_instant now)
{
	struct ctr_sim_conn *conn = packet->conn;
	if (packet->type == CTR_SIM_CONNECT) {
		accept_conn(server, conn);
	} else if (conn->server != server) {
		return;
	} else if (packet->type == CTR_SIM_CLOSE) {
		let_go(conn, /* news= */ false);
	} else {
		(void)ctr_grpc_conn_recv(conn->grpc, now, ctr_bytes(packet->bytes, packet->size));
		touch(conn);
	}
}

static void flush(struct ctr_sim_conn *conn, struct centro_instant now)
{
	struct ctr_sim_server *server = conn->server;
	struct ctr_buf *frames = &server->process.world->scratch;
	struct centro_instant due = ctr_grpc_conn_tick(conn->grpc, now);
	ctr_buf_clear(frames);
	(void)ctr_grpc_conn_send(conn->grpc, now, frames, SIZE_MAX);
	if (frames->size > 0)
		ctr_sim_net_send(conn, CTR_SIM_TO_CLIENT, ctr_buf_bytes(frames));
	if (ctr_grpc_conn_is_finished(conn->grpc)) {
		let_go(conn, /* news= */ true);
		return;
	}
	int status = ctr_heap_reserve(&server->ticks, 1);
	CTR_ASSERT(status == CENTRO_OK);
	ctr_heap_update(&server->ticks, &conn->tick, due.ns);
}

static void flush_all(struct ctr_sim_server *server, struct centro_instant now)
{
	struct ctr_heap_node *first;
	while ((first = ctr_heap_first(&server->ticks)) && first->key <= now.ns) {
		ctr_heap_remove(&server->ticks, first);
		touch(CTR_CONTAINER_OF(first, struct ctr_sim_conn, tick));
	}
	while (!ctr_list_is_empty(&server->dirty)) {
		struct ctr_sim_conn *conn =
			ctr_list_entry(server->dirty.next, struct ctr_sim_conn, dirty);
		ctr_list_remove(&conn->dirty);
		flush(conn, now);
	}
}

/* ---- turns ---- */

static void make_queues(struct ctr_sim_server *server, struct centro_time now)
{
	static const char *const names[] = {"batch", "prod"};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(names); i++) {
		const struct ctr_command command = {
			.type = CTR_COMMAND_SET_QUEUE,
			.set_queue = {.name = ctr_bytes_str(names[i]),
				      .weight = 1,
				      .priority = (int32_t)i * 10},
		};
		struct ctr_result result;
		(void)ctr_engine_execute(server->engine, now, &command, &result);
	}
}

static void become_ready(struct ctr_sim_server *server, struct centro_time now)
{
	struct ctr_sim_world *world = server->process.world;
	const struct ctr_service_options options = {
		.log = &server->log,
		.engine = server->engine,
		.pump = on_pump,
		.arg = server,
	};
	server->was_ready = true;
	server->term = ctr_engine_get_term(server->engine);
	world->result->recoveries++;
	ctr_sim_say(world, "%s: ready term=%llu", server->process.name,
		    (unsigned long long)server->term);
	ctr_sim_note_recovered(server);
	int status = ctr_service_new(&options, &server->service);
	CTR_ASSERT(status == CENTRO_OK);
	ctr_service_set_now(server->service, now);
	make_queues(server, now);
}

static void stop(struct ctr_sim_server *server);

static void drained(struct ctr_sim_server *server)
{
	struct ctr_sim_world *world = server->process.world;
	if (ctr_list_is_empty(&server->conns) || world->now >= server->drain_until)
		stop(server);
}

static void run(struct ctr_sim_process *process, struct centro_time now)
{
	struct ctr_sim_server *server = server_of(process);
	struct ctr_sim_packet *packet;
	if (server->service)
		ctr_service_set_now(server->service, now);
	while ((packet = ctr_sim_net_take(process))) {
		take(server, packet, now.steady);
		ctr_sim_packet_free(packet);
	}
	int error = ctr_engine_dispatch(server->engine, now);
	if (!error && !server->was_ready &&
	    ctr_engine_get_state(server->engine) == CTR_ENGINE_READY)
		become_ready(server, now);
	flush_all(server, now.steady);
	ctr_sim_note_turn(server);
	if (error) {
		ctr_sim_i11_can_be_read(server, error);
		ctr_sim_server_crash(server, /* written= */ false, 0);
		return;
	}
	const struct ctr_heap_node *tick = ctr_heap_first(&server->ticks);
	struct centro_instant wake = ctr_engine_get_wake(server->engine);
	if (tick)
		wake = ctr_earlier(wake, (struct centro_instant){tick->key});
	ctr_sim_process_wake(process, wake);
	if (server->is_draining)
		drained(server);
}

/* ---- life ---- */

static void on_durable(struct ctr_subscriber *subscriber, const struct ctr_event *event)
{
	ctr_sim_note_event(CTR_CONTAINER_OF(subscriber, struct ctr_sim_server, subscriber), event);
}

static void on_restart(struct ctr_sim_world *world, struct ctr_sim_timer *timer)
{
	ctr_sim_server_start(CTR_CONTAINER_OF(timer, struct ctr_sim_server, restart));
}

void ctr_sim_server_init(struct ctr_sim_server *server, struct ctr_sim_world *world,
			 uint32_t number)
{
	ctr_sim_process_init(&server->process, world, CTR_SIM_SERVER, number, number);
	server->process.run = run;
	server->restart.fn = on_restart;
	server->log = ctr_sim_log(&server->process);
	server->subscriber.durable = on_durable;
	ctr_list_init(&server->subscriber.link);
	ctr_list_init(&server->conns);
	ctr_list_init(&server->dirty);
	ctr_heap_init(&server->ticks, NULL);
}

/* Somebody has to start one, if nobody is there or on the way. */
static void supervise(struct ctr_sim_world *world, uint64_t after_ns)
{
	for (uint32_t i = 0; i < world->server_count; i++) {
		const struct ctr_sim_server *server = &world->servers[i];
		if (server->process.is_alive || server->restart.node.position > 0)
			return;
	}
	uint32_t which = (uint32_t)ctr_prng_below(&world->fault_prng, world->server_count);
	if (after_ns == 0)
		after_ns = ctr_sim_between(&world->fault_prng, RESTART_MIN_NS, RESTART_MAX_NS);
	ctr_sim_at(world, &world->servers[which].restart, world->now + after_ns);
}

void ctr_sim_server_start(struct ctr_sim_server *server)
{
	struct ctr_sim_world *world = server->process.world;
	const struct centro_store_options store_options = {
		.size = sizeof(store_options),
		.complete_late = true,
		.bytes_max = world->store_bytes_max,
	};
	struct ctr_engine_options options = {
		.log = &server->log,
		.name = server->process.name,
		.core = {.seed = world->options.seed,
			 .jobs_max = world->jobs_max,
			 .order = world->order,
			 .keep_hash = true},
		.events_max = 2000,
		.history_keep = world->history_keep,
		.history_age = world->history_age,
		.recent_jobs_max = 50,
	};
	struct centro_store *store;
	struct centro_error_text text;
	if (server->process.is_alive)
		return;
	ctr_sim_cancel(world, &server->restart);
	ctr_sim_say(world, "%s: started", server->process.name);
	int status = ctr_store_memory_open(world->disk, &store_options, &store);
	CTR_ASSERT(status == CENTRO_OK);
	server->process.is_alive = true;
	server->was_ready = server->is_draining = false;
	server->process.stalled_until = 0;
	status = ctr_engine_new(&options, store, ctr_sim_process_now(&server->process),
				&server->engine, &text);
	if (status != CENTRO_OK) {
		server->process.is_alive = false;
		ctr_sim_break(world, "I11", "a server cannot start: %s", text.text);
		return;
	}
	ctr_engine_subscribe(server->engine, &server->subscriber);
	ctr_sim_process_wake_now(&server->process);
}

/* Its connections and services; the engine is left. */
static void close_outside(struct ctr_sim_server *server)
{
	struct ctr_sim_world *world = server->process.world;
	struct ctr_sim_packet *packet;
	ctr_sim_cancel(world, &server->process.turn);
	while ((packet = ctr_sim_net_take(&server->process))) {
		if (packet->type == CTR_SIM_CONNECT)
			ctr_sim_net_answer(packet->conn, CTR_SIM_REFUSE, CTR_SIM_TO_CLIENT);
		ctr_sim_packet_free(packet);
	}
	while (!ctr_list_is_empty(&server->conns))
		let_go(ctr_list_entry(server->conns.next, struct ctr_sim_conn, of_server),
		       /* news= */ true);
	ctr_service_free(server->service);
	ctr_engine_unsubscribe(&server->subscriber);
	server->service = NULL;
	server->process.is_alive = false;
}

void ctr_sim_server_crash(struct ctr_sim_server *server, bool written, uint64_t restart_ns)
{
	struct ctr_sim_world *world = server->process.world;
	if (!server->process.is_alive)
		return;
	ctr_sim_say(world, "%s: gone%s", server->process.name,
		    written ? ", its last commit written" : "");
	ctr_sim_trace(world, 'x', server->process.machine, written);
	ctr_store_memory_crash(server->engine->store, written);
	close_outside(server);
	ctr_engine_abandon(server->engine);
	server->engine = NULL;
	supervise(world, restart_ns);
}

/* What is open is committed, as centrod does on SIGTERM. */
static void stop(struct ctr_sim_server *server)
{
	struct ctr_sim_world *world = server->process.world;
	ctr_sim_say(world, "%s: has stopped", server->process.name);
	ctr_sim_trace(world, 'X', server->process.machine, 0);
	close_outside(server);
	ctr_engine_free(server->engine);
	server->engine = NULL;
	supervise(world, 0);
}

void ctr_sim_server_drain(struct ctr_sim_server *server)
{
	struct ctr_sim_world *world = server->process.world;
	if (!ctr_sim_server_is_ready(server) || server->is_draining)
		return;
	ctr_sim_say(world, "%s: is stopped", server->process.name);
	server->is_draining = true;
	server->drain_until = world->now + DRAIN_NS;
	ctr_service_set_now(server->service, ctr_sim_process_now(&server->process));
	ctr_service_drain(server->service);
	ctr_list_for_each (node, &server->conns) {
		struct ctr_sim_conn *conn = ctr_list_entry(node, struct ctr_sim_conn, of_server);
		ctr_grpc_conn_drain(conn->grpc, ctr_sim_process_now(&server->process).steady);
		touch(conn);
	}
	ctr_sim_process_wake(&server->process, (struct centro_instant){0});
	ctr_sim_process_wake(&server->process,
			     ctr_after(ctr_sim_process_now(&server->process).steady,
				       (struct centro_span){DRAIN_NS + CTR_NS_PER_MS}));
}

void ctr_sim_server_fini(struct ctr_sim_server *server)
{
	ctr_sim_server_crash(server, /* written= */ false, 0);
	ctr_sim_cancel(server->process.world, &server->restart);
	ctr_heap_fini(&server->ticks);
}
