/* SPDX-License-Identifier: MIT */
/*
 * machine.c - what lib/io's runner and its shims do, without processes: agent/host.h
 * over a list of records, each with the instants at which its command would end.
 *
 * A shim does not depend on the agent: ends come from a timer of the machine's own,
 * on its steady clock, whether an agent lives or not.
 */
#include "sim/cluster/promises.h"
#include "sim/cluster/run.h"

/* A command that obeys TERM takes so long to. */
#define OBEY_MS 20
/* A call of an agent is given up after that. */
#define CLAIM_NS (11 * CTR_NS_PER_SEC)

static struct ctr_sim_agent *agent_of_shims(struct ctr_sim_timer *timer)
{
	return CTR_CONTAINER_OF(timer, struct ctr_sim_agent, shims);
}

static struct centro_time now_of(const struct ctr_sim_agent *agent)
{
	return ctr_sim_process_now(&agent->endpoint.process);
}

/* ---- when and how a command ends ---- */

struct ending {
	struct centro_instant at;
	enum centro_cause cause;
	bool by_itself;
};

static void sooner(struct ending *ending, struct centro_instant at, enum centro_cause cause,
		   bool by_itself)
{
	if (at.ns < ending->at.ns)
		*ending = (struct ending){at, cause, by_itself};
}

/* TERM at one instant, KILL at another: when it is over. */
static struct centro_instant obeys(const struct ctr_sim_run *run, struct centro_instant term,
				   struct centro_instant kill)
{
	if (run->is_stubborn)
		return kill;
	return ctr_earlier(kill, ctr_after(term, ctr_span_ms(OBEY_MS)));
}

static struct ending ending_of(const struct ctr_sim_run *run)
{
	struct ending ending = {CTR_NEVER, CENTRO_CAUSE_NONE, false};
	sooner(&ending, ctr_after(run->start, run->runtime), CENTRO_CAUSE_EXITED, true);
	if (run->lease_end.ns != CENTRO_INSTANT_NEVER_NS) {
		struct centro_instant notice = {run->lease_end.ns - run->lease_notice.ns};
		sooner(&ending, obeys(run, notice, run->lease_end), CENTRO_CAUSE_LEASE_EXPIRED,
		       false);
	}
	if (run->time_limit.ns > 0) {
		struct centro_instant limit = ctr_after(run->start, run->time_limit);
		sooner(&ending, obeys(run, limit, ctr_after(limit, run->kill_grace)),
		       CENTRO_CAUSE_TIME_LIMIT, false);
	}
	if (run->kill_cause != CENTRO_CAUSE_NONE)
		sooner(&ending, obeys(run, run->term_at, run->kill_at), run->kill_cause, false);
	return ending;
}

static void rearm(struct ctr_sim_agent *agent)
{
	struct ctr_sim_world *world = agent->endpoint.process.world;
	const struct ctr_heap_node *first = ctr_heap_first(&agent->ends);
	ctr_sim_cancel(world, &agent->shims);
	if (!first)
		return;
	uint64_t at = ctr_sim_clock_true(&agent->endpoint.process.clock,
					 (struct centro_instant){first->key});
	if (at == UINT64_MAX)
		return;
	ctr_sim_at(world, &agent->shims, at > world->now ? at : world->now);
}

static void reschedule(struct ctr_sim_run *run)
{
	ctr_heap_update(&run->agent->ends, &run->end_node, ending_of(run).at.ns);
	rearm(run->agent);
}

static void end_run(struct ctr_sim_run *run, const struct ending *ending)
{
	struct ctr_sim_agent *agent = run->agent;
	bool was_killed = !ending->by_itself;
	run->stage = CTR_SIM_RUN_ENDED;
	agent->has_news = true;
	run->end = (struct ctr_attempt_end){
		.cause = ending->cause,
		.exit_code = was_killed           ? (run->is_stubborn ? 137 : 143)
			     : run->tells_attempt ? (int32_t)(run->ref.attempt % 100)
						  : run->exit_code,
		.signal = was_killed ? (run->is_stubborn ? 9 : 15) : 0,
		.start_wall = run->start_wall,
		.end_wall = now_of(agent).wall,
	};
	ctr_heap_remove(&agent->ends, &run->end_node);
	ctr_sim_note_ended(run, ending->by_itself);
}

static void on_shims(struct ctr_sim_world *world, struct ctr_sim_timer *timer)
{
	struct ctr_sim_agent *agent = agent_of_shims(timer);
	struct centro_instant now = now_of(agent).steady;
	struct ctr_heap_node *first;
	while ((first = ctr_heap_first(&agent->ends)) && first->key <= now.ns) {
		struct ctr_sim_run *run = CTR_CONTAINER_OF(first, struct ctr_sim_run, end_node);
		struct ending ending = ending_of(run);
		end_run(run, &ending);
	}
	rearm(agent);
	if (agent->endpoint.process.is_alive)
		ctr_sim_process_wake_now(&agent->endpoint.process);
}

/* ---- the host ---- */

static struct ctr_sim_run *find(struct ctr_sim_agent *agent, uint32_t handle)
{
	struct ctr_sim_run *run = ctr_map_find(&agent->by_handle, handle);
	CTR_ASSERT(run);
	return run;
}

static struct ctr_sim_run *find_ref(struct ctr_sim_agent *agent,
				    const struct centro_attempt_ref *ref)
{
	ctr_list_for_each (node, &agent->runs) {
		struct ctr_sim_run *run = ctr_list_entry(node, struct ctr_sim_run, link);
		if (run->ref.job == ref->job && run->ref.task == ref->task &&
		    run->ref.index == ref->index && run->ref.attempt == ref->attempt)
			return run;
	}
	return NULL;
}

/* "run RUNTIME_MS EXIT_CODE [stubborn] [attempt]" */
static void read_command(struct ctr_sim_run *run, const struct ctr_attempt_spec *spec)
{
	uint64_t runtime_ms = 0, exit_code = 0;
	bool makes_sense = spec->argc >= 3 &&
			   ctr_parse_u64(ctr_bytes_str(spec->argv[1]), &runtime_ms) &&
			   ctr_parse_u64(ctr_bytes_str(spec->argv[2]), &exit_code);
	CTR_ASSERT(makes_sense);
	run->runtime = ctr_span_ms(runtime_ms);
	run->exit_code = (int32_t)exit_code;
	for (size_t i = 3; i < spec->argc; i++) {
		run->is_stubborn |= strcmp(spec->argv[i], "stubborn") == 0;
		run->tells_attempt |= strcmp(spec->argv[i], "attempt") == 0;
	}
}

static int prepare(void *arg, const struct ctr_attempt_spec *spec, uint32_t *ret_handle,
		   struct centro_error_text *text)
{
	struct ctr_sim_agent *agent = arg;
	if (find_ref(agent, &spec->ref))
		return ctr_error(text, CENTRO_ERR_EXISTS, "it was here before");
	struct ctr_sim_run *run = ctr_sim_alloc(sizeof(*run));
	run->agent = agent;
	run->ref = spec->ref;
	run->handle = ++agent->last_handle;
	run->boot = agent->boot;
	run->lease = spec->lease;
	run->lease_notice = spec->lease_notice;
	run->time_limit = spec->time_limit;
	run->kill_grace = spec->kill_grace;
	read_command(run, spec);
	ctr_list_append(&agent->runs, &run->link);
	int status = ctr_map_reserve(&agent->by_handle, 1);
	CTR_ASSERT(status == CENTRO_OK);
	ctr_map_insert(&agent->by_handle, run->handle, run);
	status = ctr_heap_reserve(&agent->ends, agent->by_handle.count - agent->ends.count);
	CTR_ASSERT(status == CENTRO_OK);
	*ret_handle = run->handle;
	return CENTRO_OK;
}

/* An endless lease has no end to count from. */
static uint64_t sent_at(const struct ctr_sim_run *run, struct centro_instant lease_end)
{
	if (run->lease.ns == UINT64_MAX || lease_end.ns < run->lease.ns)
		return 0;
	return ctr_sim_clock_true(&run->agent->endpoint.process.clock,
				  (struct centro_instant){lease_end.ns - run->lease.ns});
}

static int start(void *arg, uint32_t handle, struct centro_instant lease_end,
		 struct centro_error_text *text)
{
	struct ctr_sim_agent *agent = arg;
	struct ctr_sim_run *run = find(agent, handle);
	struct centro_time now = now_of(agent);
	CTR_ASSERT(run->stage == CTR_SIM_RUN_PREPARED);
	run->stage = CTR_SIM_RUN_RUNNING;
	agent->has_news = true;
	run->start = now.steady;
	run->start_wall = now.wall;
	run->lease_end = lease_end;
	run->renewed_at = sent_at(run, lease_end);
	/* What was claimed before a pause may be granted when nobody reckons with it. */
	run->is_excused = agent->resumed_at != 0 &&
			  agent->endpoint.process.world->now < agent->resumed_at + CLAIM_NS;
	ctr_sim_note_started(run);
	reschedule(run);
	ctr_sim_process_wake_now(&agent->endpoint.process);
	return CENTRO_OK;
}

static void set_lease(void *arg, uint32_t handle, struct centro_instant lease_end)
{
	struct ctr_sim_run *run = find(arg, handle);
	if (run->stage != CTR_SIM_RUN_RUNNING)
		return;
	CTR_ASSERT(lease_end.ns >= run->lease_end.ns);
	run->lease_end = lease_end;
	run->renewed_at = sent_at(run, lease_end);
	reschedule(run);
}

static void kill_run(void *arg, uint32_t handle, enum centro_cause cause, struct centro_span grace)
{
	struct ctr_sim_run *run = find(arg, handle);
	struct centro_instant now = now_of(run->agent).steady;
	if (run->stage != CTR_SIM_RUN_RUNNING)
		return;
	if (run->kill_cause == CENTRO_CAUSE_NONE) {
		run->kill_cause = cause;
		run->term_at = now;
		run->kill_at = CTR_NEVER;
	}
	run->kill_at = ctr_earlier(run->kill_at, ctr_after(now, grace));
	reschedule(run);
}

static void run_free(struct ctr_sim_run *run)
{
	CTR_ASSERT(run->stage != CTR_SIM_RUN_RUNNING);
	ctr_list_remove(&run->link);
	ctr_map_remove(&run->agent->by_handle, run->handle);
	ctr_free(NULL, run);
}

static void forget(void *arg, uint32_t handle)
{
	run_free(find(arg, handle));
}

static int read_log(void *arg, const struct centro_attempt_ref *ref, enum ctr_log_stream stream,
		    uint64_t offset, uint8_t *buffer, size_t size, size_t *ret_size)
{
	*ret_size = 0;
	return CENTRO_OK;
}

static int get_log_size(void *arg, const struct centro_attempt_ref *ref, enum ctr_log_stream stream,
			uint64_t *ret_bytes)
{
	*ret_bytes = 0;
	return CENTRO_OK;
}

const struct ctr_agent_host ctr_sim_host = {
	.size = sizeof(ctr_sim_host),
	.prepare = prepare,
	.start = start,
	.set_lease = set_lease,
	.kill = kill_run,
	.forget = forget,
	.read_log = read_log,
	.get_log_size = get_log_size,
};

/* ---- what the agent is told ---- */

void ctr_sim_machine_report(struct ctr_sim_agent *agent)
{
	if (!agent->has_news)
		return;
	agent->has_news = false;
	ctr_list_for_each_safe (node, &agent->runs) {
		struct ctr_sim_run *run = ctr_list_entry(node, struct ctr_sim_run, link);
		if (run->stage == CTR_SIM_RUN_PREPARED || run->end_told)
			continue;
		if (!run->start_told) {
			run->start_told = true;
			ctr_agent_started(agent->agent, run->handle, run->start_wall);
		}
		if (run->stage == CTR_SIM_RUN_ENDED) {
			run->end_told = true;
			ctr_agent_ended(agent->agent, run->handle, &run->end); /* may free it */
		}
	}
}

/* As lib/io's: one that was only prepared is void, one without power is lost. */
static struct ctr_attempt_end end_found(const struct ctr_sim_run *run, struct centro_instant wall)
{
	if (run->stage == CTR_SIM_RUN_ENDED)
		return run->end;
	return (struct ctr_attempt_end){.cause = CENTRO_CAUSE_REVOKED, .end_wall = wall};
}

void ctr_sim_machine_adopt(struct ctr_sim_agent *agent)
{
	ctr_list_for_each (node, &agent->runs) {
		struct ctr_sim_run *run = ctr_list_entry(node, struct ctr_sim_run, link);
		struct ctr_adopted_attempt adopted = {
			.ref = run->ref,
			.handle = run->handle,
			.lease = run->lease,
			.kill_grace = run->kill_grace,
			.has_ended = run->stage != CTR_SIM_RUN_RUNNING,
			.start_wall = run->start_wall,
			.end = end_found(run, now_of(agent).wall),
		};
		/* Nobody may start it any more. */
		if (run->stage == CTR_SIM_RUN_PREPARED)
			run->stage = CTR_SIM_RUN_ENDED;
		run->start_told = true;
		run->end_told = adopted.has_ended;
		int status = ctr_agent_adopt(agent->agent, &adopted);
		CTR_ASSERT(status == CENTRO_OK);
	}
}

/* ---- life ---- */

void ctr_sim_machine_init(struct ctr_sim_agent *agent)
{
	ctr_list_init(&agent->runs);
	ctr_map_init(&agent->by_handle, NULL);
	ctr_heap_init(&agent->ends, NULL);
	agent->shims.fn = on_shims;
}

void ctr_sim_machine_retime(struct ctr_sim_agent *agent)
{
	rearm(agent);
}

void ctr_sim_machine_pause(struct ctr_sim_agent *agent)
{
	struct ctr_sim_process *process = &agent->endpoint.process;
	agent->pauses++;
	ctr_sim_clock_set_rate(&process->clock, process->world->now, -1000000);
	ctr_sim_process_stall(process, UINT64_MAX);
	rearm(agent);
	ctr_list_for_each (node, &agent->runs)
		ctr_list_entry(node, struct ctr_sim_run, link)->is_excused = true;
}

void ctr_sim_machine_resume(struct ctr_sim_agent *agent)
{
	struct ctr_sim_process *process = &agent->endpoint.process;
	CTR_ASSERT(agent->pauses > 0);
	if (--agent->pauses > 0)
		return;
	agent->resumed_at = process->world->now;
	ctr_sim_clock_set_rate(&process->clock, process->world->now, 0);
	ctr_sim_process_stall(process, process->world->now);
	rearm(agent);
}

void ctr_sim_machine_crash(struct ctr_sim_agent *agent, uint64_t restart_ns)
{
	const struct ending lost = {.cause = CENTRO_CAUSE_LEASE_EXPIRED, .by_itself = false};
	ctr_list_for_each (node, &agent->runs) {
		struct ctr_sim_run *run = ctr_list_entry(node, struct ctr_sim_run, link);
		if (run->stage != CTR_SIM_RUN_RUNNING)
			continue;
		run->is_powerless = true;
		end_run(run, &lost);
	}
	agent->boot++;
	rearm(agent);
	ctr_sim_agent_crash(agent, restart_ns);
}

void ctr_sim_machine_fini(struct ctr_sim_agent *agent)
{
	ctr_list_for_each_safe (node, &agent->runs) {
		struct ctr_sim_run *run = ctr_list_entry(node, struct ctr_sim_run, link);
		run->stage = CTR_SIM_RUN_ENDED;
		run_free(run);
	}
	ctr_sim_cancel(agent->endpoint.process.world, &agent->shims);
	ctr_map_fini(&agent->by_handle);
	ctr_heap_fini(&agent->ends);
}
