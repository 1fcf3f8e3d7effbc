/* SPDX-License-Identifier: MIT */
#ifndef CTR_CORE_CORE_H
#define CTR_CORE_CORE_H

/*
 * The deterministic scheduler: what the cluster is, what may happen next, and
 * where tasks go. Pure: the same calls with the same times and seed give the
 * same state, everywhere. No clock, no I/O, no thread, no float; memory comes
 * from the allocator, and is reserved before a command is accepted.
 *
 * decide() looks at state, a command and now, and returns a bounded list of
 * events or an error; apply() makes one event true and cannot fail;
 * ctr_core_execute() is both. What changed is then found in the outbox: events
 * in order, and the records that they touched.
 *
 * Threads: one at a time.
 */

#include "base/prng.h"
#include "core/command.h"
#include "core/event.h"
#include "core/model.h"

struct ctr_core;

/* In which order what waits is placed: by priority, then age, then id, … */
enum ctr_order {
	CTR_ORDER_FILL = CENTRO_ORDER_FILL, /* … past what does not fit */
	CTR_ORDER_FIFO = CENTRO_ORDER_FIFO, /* … up to the first that does not fit */
};

/* 0 means the default. */
struct ctr_core_options {
	const struct centro_allocator *allocator; /* NULL: the C library's */
	uint64_t seed;
	uint32_t jobs_max;               /* live ones; 4,000,000 */
	uint32_t nodes_max;              /* 200,000 */
	uint32_t queues_max;             /* 10,000 */
	uint32_t requests_max;           /* request ids remembered; 1,000,000 */
	struct centro_span request_ttl;  /* how long they are remembered; 24 h */
	struct centro_span node_timeout; /* silence until a node is down; 60 s */
	struct centro_span lease_grace;  /* beyond a lease, before granting again; 2 s */
	uint32_t drift_ppm;              /* of clock rates between machines; 10,000 = 1 % */
	uint32_t quarantine_after;       /* see ctr_decide_quarantine(); 5; UINT32_MAX: never */
	bool keep_hash;                  /* see ctr_core_running_hash(); takes no memory */
	enum ctr_order order;
};

int ctr_core_new(const struct ctr_core_options *options, struct ctr_core **ret_core);
void ctr_core_free(struct ctr_core *core);

/* ---- change ---- */

/*
 * Decide and apply one command. Returns result->status. CENTRO_OK, or:
 *
 * @retval CENTRO_ERR_INVALID    a field, a queue or a datacenter rule: see text
 * @retval CENTRO_ERR_NOT_FOUND  no such job or node
 * @retval CENTRO_ERR_EXISTS     register: the name belongs to another, live agent
 * @retval CENTRO_ERR_CONFLICT   submit: the request id came with another body
 * @retval CENTRO_ERR_STATE      cancel: it has ended
 * @retval CENTRO_ERR_STALE      report, claim, heartbeat: not the current attempt or session
 * @retval CENTRO_ERR_LIMIT      jobs_max, nodes_max, queues_max
 * @retval CENTRO_ERR_NOMEM      nothing changed
 */
int ctr_core_execute(struct ctr_core *core, struct ctr_now now, const struct ctr_command *command,
		     struct ctr_result *ret_result);

/*
 * All that is wrong with a job, and with what it says about the cluster as it is: the
 * list of which an INVALID submit's text has the beginning.
 */
void ctr_core_submit_problems(const struct ctr_core *core, const struct ctr_job_spec *spec,
			      struct ctr_problems *problems);
/*
 * What executing a submit would come to, without doing it: the same result, but that a
 * job that would be made has no number yet, so `job` is 0 unless it is `existing`.
 */
int ctr_core_try_submit(const struct ctr_core *core, struct ctr_now now,
			const struct ctr_job_spec *spec, struct ctr_result *ret_result);

/*
 * Deadlines that are due: silent nodes, drains and leases that are over. Bounded; true:
 * more are due, or there was no memory to end one, and nothing is lost by trying again.
 */
bool ctr_core_tick(struct ctr_core *core, struct ctr_now now);

/*
 * Place what waits, in the core's order. Bounded by about `ops_max` looks at a
 * node; true: there may be more to place, call again (also when there was no
 * memory). Cheap when nothing that waits can have come to fit: what did not is not
 * tried again before something ended or was added.
 *
 * The pending instances of a gang are granted together, in one call of this, or not
 * at all; while they wait they hold nothing. What a gang needs is not cut by ops_max.
 */
bool ctr_core_schedule(struct ctr_core *core, struct ctr_now now, uint32_t ops_max);

/* Whether the last of these two ended for want of memory, with less done than is usual. */
bool ctr_core_is_short(const struct ctr_core *core);

/* When tick() has something to do, cluster time. */
struct centro_instant ctr_core_next_wake(const struct ctr_core *core);

/* ---- outbox ---- */

/* Events since the last clear, in order. Borrowed until the next change or clear. */
const struct ctr_event *ctr_core_events(const struct ctr_core *core, size_t *ret_count);
void ctr_core_clear_events(struct ctr_core *core);
/* The number of the last event applied, ever. */
uint64_t ctr_core_last_event(const struct ctr_core *core);

enum ctr_dirty_type { CTR_DIRTY_IDS, CTR_DIRTY_JOB, CTR_DIRTY_NODE, CTR_DIRTY_QUEUE };
struct ctr_dirty {
	enum ctr_dirty_type type;
	union {
		struct {
			struct ctr_job *job;
			uint8_t what; /* enum ctr_job_dirty */
			bool ended; /* goes to history: write it whole, delete its halves if stored,
				       then call ctr_core_forget() */
			bool stored; /* its halves stand in the store */
		} job;
		const struct ctr_node *node;
		const struct ctr_queue *queue;
	};
};
/* The next touched record, taken off the list; false: none. */
bool ctr_core_take_dirty(struct ctr_core *core, struct ctr_dirty *ret_dirty);
/* Whether this request id still counts, and stands for `job`. request_id is not empty. */
bool ctr_core_remembers_request(const struct ctr_core *core, struct centro_bytes owner,
				struct centro_bytes request_id, centro_job_id job);
/* Free a job that has ended and has been encoded. Its request id stays known. */
void ctr_core_forget(struct ctr_core *core, struct ctr_job *job);

/* Ids below these may be given out: what the "ids" record must say. */
void ctr_core_reserved_ids(const struct ctr_core *core, centro_job_id *ret_job,
			   centro_node_id *ret_node);

/* ---- read: everything is borrowed until the next change ---- */

/* A job that has ended is there, too, until it is forgotten. */
const struct ctr_job *ctr_core_find_job(const struct ctr_core *core, centro_job_id id);
const struct ctr_node *ctr_core_find_node(const struct ctr_core *core, centro_node_id id);
const struct ctr_node *ctr_core_find_node_by_name(const struct ctr_core *core,
						  struct centro_bytes name);
const struct ctr_queue *ctr_core_find_queue(const struct ctr_core *core, struct centro_bytes name);
/* NULL: out of range, or the attempt number is not the current one. */
const struct ctr_instance *ctr_core_find_attempt(const struct ctr_core *core,
						 const struct centro_attempt_ref *ref);
/* The live job with the largest id below `id`; NULL: none. Fast at any depth. */
const struct ctr_job *ctr_core_job_below(const struct ctr_core *core, centro_job_id id);
/* The node with the smallest id above `id`; NULL: none. */
const struct ctr_node *ctr_core_node_above(const struct ctr_core *core, centro_node_id id);
size_t ctr_core_job_count(const struct ctr_core *core);
size_t ctr_core_node_count(const struct ctr_core *core);
const struct ctr_dimensions *ctr_core_dimensions(const struct ctr_core *core);
/* What one instance of a task takes. */
const struct ctr_resources *ctr_core_task_resources(const struct ctr_core *core,
						    const struct ctr_task *task);

/*
 * Why `job` waits, in one sentence with the counts: "1 of 2 nodes has datacenter
 * eu; it offers 2 cores, and the task asks for 64". Empty when nothing waits.
 */
void ctr_core_explain(const struct ctr_core *core, const struct ctr_job *job,
		      struct centro_error_text *ret_text);

/* ---- recovery: into a new core, before anything else ---- */

/* One instance as it stood in a record. */
struct ctr_instance_load {
	uint32_t task, index;
	enum centro_instance_state state;
	enum centro_cause cause;
	uint16_t signal;
	int32_t exit_code;
	uint32_t attempt, lost;
	centro_node_id node;
	struct centro_bytes message;
	struct centro_instant assign_wall, start_wall, end_wall;
};
struct ctr_job_load {
	centro_job_id id;
	const struct ctr_job_spec *spec;
	struct centro_instant submit_wall, start_wall, end_wall;
	const struct ctr_instance_load *instances; /* those that are not simply pending */
	size_t instance_count;
	struct centro_bytes cancelled_by, cancel_reason; /* cancelled_by empty: not cancelled */
	bool cancelled;
	uint64_t revision;
};
struct ctr_node_load {
	centro_node_id id;
	const struct ctr_node_spec *spec;
	enum centro_node_state state;
	struct centro_instant register_wall;
	uint64_t revision;
	bool is_drained;
	struct ctr_drain drain; /* borrows its texts */
};

/*
 * In key order as they stand in the store: jobs, ids, nodes, queues. What does not
 * make sense is refused, and then the core must be freed.
 *
 * @retval CENTRO_ERR_CORRUPT  `text` says what and where
 * @retval CENTRO_ERR_LIMIT, _NOMEM
 */
int ctr_core_load_job(struct ctr_core *core, const struct ctr_job_load *job,
		      struct centro_error_text *text);
int ctr_core_load_node(struct ctr_core *core, const struct ctr_node_load *node,
		       struct centro_error_text *text);
int ctr_core_load_queue(struct ctr_core *core, const struct ctr_set_queue *queue, uint64_t revision,
			struct centro_error_text *text);
int ctr_core_load_ids(struct ctr_core *core, centro_job_id job, centro_node_id node);
/* A request id of a job in history, submitted at `wall`. CORRUPT: `job` is 0. */
int ctr_core_load_request(struct ctr_core *core, struct centro_bytes owner,
			  struct centro_bytes request_id, uint64_t spec_hash, centro_job_id job,
			  struct centro_instant wall);
/*
 * Ties jobs to nodes, and starts every clock anew from `now`: each grant is
 * honoured for a whole lease more, plus drift and grace, each node for a whole
 * node_timeout.
 */
int ctr_core_load_end(struct ctr_core *core, struct ctr_now now, uint64_t last_event,
		      struct centro_error_text *text);

/* ---- proof ---- */

/*
 * Every invariant over the whole state, from scratch: I3, I6, I9, counters,
 * indices, lists. CENTRO_OK, or CENTRO_ERR_INTERNAL with the first breach.
 */
int ctr_core_check(const struct ctr_core *core, struct centro_error_text *text);

/* Over all that is stored; equal states give equal hashes. O(state). */
uint64_t ctr_core_hash(const struct ctr_core *core);
/*
 * The same number at any moment between two calls, in O(1): for a core with
 * `keep_hash`, in which each event then costs as much more as hashing what it touches
 * twice; of a job, one instance.
 */
uint64_t ctr_core_running_hash(const struct ctr_core *core);

#endif
