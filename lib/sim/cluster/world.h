/* SPDX-License-Identifier: MIT */
#ifndef CTR_SIM_WORLD_H
#define CTR_SIM_WORLD_H

/*
 * What the files of the simulator share. "True time" is the simulator's own; each
 * machine has clocks that differ from it, and programs see nothing else.
 */

#include <centro/store_impl.h>

#include "agent/agent.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "base/list.h"
#include "base/map.h"
#include "base/prng.h"
#include "base/str.h"
#include "base/time.h"
#include "client/client.h"
#include "codec/codec.h"
#include "engine/engine.h"
#include "service/service.h"
#include "sim/cluster/cluster.h"
#include "sim/cluster/oracle.h"
#include "store/store_memory.h"

struct ctr_sim_world;

/* ---- time ---- */

/* Something that happens at a point of true time. In its owner's memory. */
struct ctr_sim_timer {
	struct ctr_heap_node node;
	void (*fn)(struct ctr_sim_world *world, struct ctr_sim_timer *timer);
};

/* A machine's clocks: steady runs at its own rate, wall beside it and may be stepped. */
struct ctr_sim_clock {
	uint64_t true_ns, steady_ns; /* both at the last change of the rate */
	int32_t rate_ppm;            /* more than true time */
	int64_t wall_offset_ns;      /* of wall to steady */
};

struct centro_time ctr_sim_clock_at(const struct ctr_sim_clock *clock, uint64_t true_ns);
/*
 * The first true time at which the machine's steady clock has reached `steady`; as if
 * its rate had always been the present one.
 */
uint64_t ctr_sim_clock_true(const struct ctr_sim_clock *clock, struct centro_instant steady);
void ctr_sim_clock_set_rate(struct ctr_sim_clock *clock, uint64_t true_ns, int32_t rate_ppm);

/* ---- machines and what runs on them ---- */

enum ctr_sim_kind { CTR_SIM_SERVER, CTR_SIM_AGENT, CTR_SIM_CLIENT };

/* A program: it has turns, in which it takes what has come and does what is due. */
struct ctr_sim_process {
	struct ctr_sim_world *world;
	enum ctr_sim_kind kind;
	uint32_t machine; /* number of it */
	char name[16];    /* "server 0" */
	struct ctr_sim_clock clock;
	struct ctr_sim_timer turn;
	struct ctr_list inbox; /* of struct ctr_sim_packet */
	bool is_alive;
	uint64_t stalled_until, last_turn; /* true time */
	void (*run)(struct ctr_sim_process *process, struct centro_time now);
};

/* A client's end of connections: an agent or a client. */
struct ctr_sim_endpoint {
	struct ctr_sim_process process;
	struct ctr_channel *channel; /* NULL while the program does not run */
	struct ctr_sim_conn *conn;   /* connecting or standing; NULL: none */
};

struct ctr_sim_server {
	struct ctr_sim_process process;
	struct ctr_engine *engine;
	struct ctr_service *service;
	struct ctr_subscriber subscriber;
	struct ctr_list conns;   /* of struct ctr_sim_conn, accepted */
	uint64_t turns, told;    /* its turns; the last event that it told of */
	uint64_t durable_before; /* its last durable event, while its store was whole */
	struct ctr_list dirty;   /* those of them that have something to send */
	struct ctr_heap ticks;   /* of their deadlines */
	bool was_ready;          /* it listens */
	bool is_draining;
	uint64_t drain_until; /* true time */
	struct ctr_sim_timer restart;
	uint64_t commit_hash;              /* of the state that the commit under way holds */
	struct centro_instant commit_wall; /* at its last commit */
	uint64_t term;                     /* when it became ready */
	struct centro_log log;
};

struct ctr_sim_agent {
	struct ctr_sim_endpoint endpoint;
	struct ctr_agent *agent;
	struct ctr_sim_timer restart;
	struct ctr_list runs; /* of struct ctr_sim_run: its records, which outlive it */
	struct ctr_map by_handle;
	struct ctr_heap ends;       /* of runs, by steady time */
	struct ctr_sim_timer shims; /* the next end; does not depend on the agent */
	uint32_t last_handle, boot, number;
	uint64_t agent_id, session, term_seen;
	uint64_t answered_at; /* true time at which its last answered heartbeat was sent */
	uint64_t heard_at;    /* true time at which the last answer that it took was given */
	centro_node_id node;
	uint32_t cpu_milli;
	bool is_stopping;
	bool has_news;       /* a run has started or ended since the agent was told */
	uint32_t pauses;     /* of the machine, that are on */
	uint64_t resumed_at; /* true time at which the last one ended */
	struct ctr_buf info; /* an encoded NodeInfo */
	char node_name[16];
	const char *datacenter;
	struct centro_log log;
};

struct ctr_sim_client {
	struct ctr_sim_endpoint endpoint;
	struct ctr_client *client;
	struct ctr_sim_timer restart, arrival;
	struct ctr_prng prng;
	uint32_t number;
	uint64_t life;        /* counts its starts: what an earlier one asked is not its own */
	struct ctr_list asks; /* what is to be asked, or has no answer yet */
	struct centro_log log;
};

/* ---- the network ---- */

struct ctr_sim_conn {
	struct ctr_sim_world *world;
	struct ctr_list all; /* of the world */
	struct ctr_list of_server;
	struct ctr_list dirty;             /* of server->dirty, while something is to be sent */
	struct ctr_heap_node tick;         /* of the server */
	struct ctr_sim_endpoint *endpoint; /* NULL: the client's end is gone */
	struct ctr_sim_server *server;     /* NULL: the server's end is gone */
	uint32_t client_machine, server_machine, number;
	struct ctr_grpc_conn *grpc; /* the server's end */
	struct ctr_peer peer;
	bool is_up;              /* the client knows that it stands */
	bool is_broken;          /* nothing travels any more but the news of it */
	uint32_t heartbeat;      /* the last call that is one */
	uint64_t heartbeat_sent; /* true time */
	uint64_t floor[2];       /* arrival of the last packet, by direction */
	uint32_t packets;        /* on their way, or held back */
	struct ctr_list stalled; /* packets that a cut holds back */
};

enum ctr_sim_direction { CTR_SIM_TO_SERVER, CTR_SIM_TO_CLIENT };
enum ctr_sim_packet_type {
	CTR_SIM_CONNECT,
	CTR_SIM_ACCEPT,
	CTR_SIM_REFUSE,
	CTR_SIM_DATA,
	CTR_SIM_CLOSE
};

struct ctr_sim_packet {
	struct ctr_sim_timer timer;
	struct ctr_list all;  /* of the network */
	struct ctr_list link; /* of an inbox, or of conn->stalled */
	struct ctr_sim_conn *conn;
	enum ctr_sim_packet_type type;
	enum ctr_sim_direction direction;
	uint32_t heartbeat; /* the call that it answers, if that is one; 0: it is none */
	uint64_t sent_at;   /* true time */
	size_t size;
	uint8_t bytes[];
};

/* How bad the network of one machine is now. All 0: good. */
struct ctr_sim_weather {
	uint64_t delay_ns; /* at the most */
	uint32_t reorder_ppm, duplicate_ppm, drop_ppm;
};

struct ctr_sim_net {
	struct ctr_list conns, packets;
	uint32_t conn_count, last_conn;
	uint8_t cut[CTR_SIM_MACHINES_MAX][CTR_SIM_MACHINES_MAX]; /* from, to: how often */
	struct ctr_sim_weather weather[CTR_SIM_MACHINES_MAX];
};

/* ---- faults ---- */

struct ctr_sim_fault {
	struct ctr_sim_timer begin, end;
	enum ctr_sim_fault_kind kind;
	uint32_t index; /* in the plan */
	bool is_on;
	uint64_t at_ns, for_ns;
	uint64_t a, b; /* what it is about, as the kind says */
};

/* A link is cut, both ways, until an instant: see fault.c. */
struct ctr_sim_window {
	struct ctr_sim_timer timer;
	struct ctr_list link; /* of the world */
	uint32_t from, to;
	bool is_cut;
	uint64_t heal_at;
};

/* What a commit takes at the most, in good times. */
#define CTR_SIM_COMMIT_NS (2 * CTR_NS_PER_MS)

/* ---- the world ---- */

struct ctr_sim_world {
	struct ctr_sim_options options;
	struct ctr_sim_result *result;
	uint64_t now; /* true time */
	struct ctr_heap queue;
	struct ctr_prng net_prng, store_prng, fault_prng, check_prng;
	bool is_over, is_calm; /* it has been decided; faults have stopped */

	struct ctr_memory_disk *disk;
	struct ctr_memory_hooks hooks;
	uint64_t commit_delay_ns; /* at the most */
	uint64_t store_bytes_max; /* 0: no limit */
	uint32_t jobs_max;        /* live ones, of the core; 0: the default */
	enum ctr_order order;
	uint32_t history_keep; /* 0: the default */
	struct centro_span history_age;

	struct ctr_sim_server *servers;
	struct ctr_sim_agent *agents;
	struct ctr_sim_client *clients;
	uint32_t server_count, agent_count, client_count, machine_count;
	const char *addresses[8];
	char address_text[8][24];
	struct ctr_sim_net net;
	struct ctr_sim_fault *faults;
	uint32_t fault_count;
	struct ctr_list windows;
	struct ctr_sim_timer undrain; /* of the operator, in the end */
	struct ctr_sim_oracle oracle;
	struct ctr_arena arena; /* of the message being made or read */
	struct ctr_buf scratch;
};

/* ---- world.c ---- */

void ctr_sim_at(struct ctr_sim_world *world, struct ctr_sim_timer *timer, uint64_t true_ns);
void ctr_sim_cancel(struct ctr_sim_world *world, struct ctr_sim_timer *timer);
struct ctr_sim_process *ctr_sim_machine(struct ctr_sim_world *world, uint32_t machine);
/* low ≤ result ≤ high */
uint64_t ctr_sim_between(struct ctr_prng *prng, uint64_t low, uint64_t high);
bool ctr_sim_chance(struct ctr_prng *prng, uint32_t ppm);
/* For what the simulator itself allocates. */
void *ctr_sim_alloc(size_t bytes);

/* ---- trace.c ---- */

/* Mix what happened into the hash of the run. */
void ctr_sim_trace(struct ctr_sim_world *world, uint64_t what, uint64_t a, uint64_t b);
/* A line of the timeline. */
void ctr_sim_say(struct ctr_sim_world *world, const char *format, ...) CENTRO_PRINTF(2, 3);
/* A promise does not hold: the run ends. The first one counts. */
void ctr_sim_break(struct ctr_sim_world *world, const char *promise, const char *format, ...)
	CENTRO_PRINTF(3, 4);
/* Log lines of `process` go to the timeline. */
struct centro_log ctr_sim_log(struct ctr_sim_process *process);

/* ---- process.c ---- */

void ctr_sim_process_init(struct ctr_sim_process *process, struct ctr_sim_world *world,
			  enum ctr_sim_kind kind, uint32_t machine, uint32_t number);
struct centro_time ctr_sim_process_now(const struct ctr_sim_process *process);
/* Have a turn at that instant of its own steady clock at the latest. */
void ctr_sim_process_wake(struct ctr_sim_process *process, struct centro_instant steady);
void ctr_sim_process_wake_now(struct ctr_sim_process *process);
void ctr_sim_process_stall(struct ctr_sim_process *process, uint64_t true_ns);

/* ---- net.c ---- */

void ctr_sim_net_init(struct ctr_sim_world *world);
void ctr_sim_net_fini(struct ctr_sim_world *world);
/* What came for `process` since its last turn, in order; NULL: no more. To be freed. */
struct ctr_sim_packet *ctr_sim_net_take(struct ctr_sim_process *process);
void ctr_sim_packet_free(struct ctr_sim_packet *packet);
/* Send frames over `conn`. */
void ctr_sim_net_send(struct ctr_sim_conn *conn, enum ctr_sim_direction direction,
		      struct centro_bytes frames);
void ctr_sim_net_answer(struct ctr_sim_conn *conn, enum ctr_sim_packet_type type,
			enum ctr_sim_direction direction);
struct ctr_sim_conn *ctr_sim_net_connect(struct ctr_sim_endpoint *endpoint, uint32_t server);
/* One end lets go; the other one hears of it, if it can. */
void ctr_sim_net_close(struct ctr_sim_conn *conn, enum ctr_sim_direction news);
/* Everything on its way is lost, and both ends hear of it sooner or later. */
void ctr_sim_net_break(struct ctr_sim_conn *conn);
void ctr_sim_net_cut(struct ctr_sim_world *world, uint32_t from, uint32_t to);
void ctr_sim_net_heal(struct ctr_sim_world *world, uint32_t from, uint32_t to);

/* ---- endpoint.c ---- */

/* Run the channel: connect, receive, send. `turn` is the program's own part. */
void ctr_sim_endpoint_run(struct ctr_sim_endpoint *endpoint, struct centro_time now,
			  struct centro_instant (*turn)(struct ctr_sim_endpoint *endpoint,
							struct centro_time now));
/* The program is gone: its end of the connection with it. */
void ctr_sim_endpoint_drop(struct ctr_sim_endpoint *endpoint);

/* ---- server.c ---- */

void ctr_sim_server_init(struct ctr_sim_server *server, struct ctr_sim_world *world,
			 uint32_t number);
void ctr_sim_server_start(struct ctr_sim_server *server);
/* As kill -9. `written`: a commit under way has reached the disk. Started again after `ns`. */
void ctr_sim_server_crash(struct ctr_sim_server *server, bool written, uint64_t restart_ns);
void ctr_sim_server_drain(struct ctr_sim_server *server);
bool ctr_sim_server_is_ready(const struct ctr_sim_server *server);
/* The one whose term is the newest, if it is ready. */
struct ctr_sim_server *ctr_sim_leader(struct ctr_sim_world *world);
void ctr_sim_server_fini(struct ctr_sim_server *server);

/* ---- agent.c, machine.c ---- */

void ctr_sim_agent_init(struct ctr_sim_agent *agent, struct ctr_sim_world *world, uint32_t number);
void ctr_sim_agent_start(struct ctr_sim_agent *agent);
void ctr_sim_agent_crash(struct ctr_sim_agent *agent, uint64_t restart_ns);
void ctr_sim_agent_stop(struct ctr_sim_agent *agent);
void ctr_sim_agent_fini(struct ctr_sim_agent *agent);

extern const struct ctr_agent_host ctr_sim_host;
void ctr_sim_machine_init(struct ctr_sim_agent *agent);
/* All that ran is gone, and so is the agent. */
void ctr_sim_machine_crash(struct ctr_sim_agent *agent, uint64_t restart_ns);
/* Tell a new agent of the records that it finds. */
void ctr_sim_machine_adopt(struct ctr_sim_agent *agent);
/* Tell the agent what has started and ended since its last turn. */
void ctr_sim_machine_report(struct ctr_sim_agent *agent);
/* It stands still, and goes on: what runs on it knows nothing of the time between. */
void ctr_sim_machine_pause(struct ctr_sim_agent *agent);
void ctr_sim_machine_resume(struct ctr_sim_agent *agent);
/* When the clock's rate changed: the ends come at other true times. */
void ctr_sim_machine_retime(struct ctr_sim_agent *agent);
void ctr_sim_machine_fini(struct ctr_sim_agent *agent);

/* ---- client.c ---- */

void ctr_sim_client_init(struct ctr_sim_client *client, struct ctr_sim_world *world,
			 uint32_t number);
void ctr_sim_client_start(struct ctr_sim_client *client);
void ctr_sim_client_crash(struct ctr_sim_client *client, uint64_t restart_ns);
void ctr_sim_client_fini(struct ctr_sim_client *client);

/* ---- operator.c ---- */

/* By the leader, if there is one that listens. `drawn` says by when; node 0: nothing. */
void ctr_sim_operator_drain(struct ctr_sim_world *world, centro_node_id node, uint64_t drawn);
void ctr_sim_operator_undrain(struct ctr_sim_world *world, centro_node_id node);
/* From now on nothing stays drained. */
void ctr_sim_operator_undrain_all(struct ctr_sim_world *world);
void ctr_sim_operator_fini(struct ctr_sim_world *world);

/* ---- plan.c, fault.c ---- */

/* How many faults such a run has; every option is filled in. */
uint32_t ctr_sim_plan_count(const struct ctr_sim_options *options);
void ctr_sim_plan_make(struct ctr_sim_world *world);
void ctr_sim_fault_begin(struct ctr_sim_world *world, struct ctr_sim_fault *fault);
void ctr_sim_fault_end(struct ctr_sim_world *world, struct ctr_sim_fault *fault);
/* Everything is whole again, and stays so. */
void ctr_sim_calm(struct ctr_sim_world *world);

#endif
