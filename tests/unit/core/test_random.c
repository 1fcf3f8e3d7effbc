/* SPDX-License-Identifier: MIT */
/*
 * Random commands, right and wrong, from a seed: every invariant after each step, an
 * independent onlooker over the events, the same seed twice, and a reload midway.
 */
#include "oracle.h"

#include <stdio.h>

#include "base/prng.h"
#include "support/suite.h"

/* A sanitizer makes each step many times dearer, and sees in few what it would in many. */
#ifdef __SANITIZE_ADDRESS__
#define SEEDS 60
#else
#define SEEDS 300
#endif
#define STEPS      1000
#define RECENT     64 /* attempts that are remembered, to be spoken of again */
#define REFS_MAX   8
#define NODE_NAMES 6

static const uint32_t lease_ms[] = {0, 2000, 5000, 10000};

struct world {
	struct cluster cluster;
	struct oracle oracle;
	struct ctr_prng prng;
	uint64_t stream; /* a hash of all that happened */
	struct centro_attempt_ref recent[RECENT];
	centro_node_id recent_node[RECENT];
	size_t recent_count;
	uint64_t sessions[NODE_NAMES];
};

static uint64_t below(struct world *world, uint64_t bound)
{
	return ctr_prng_below(&world->prng, bound);
}

static bool one_in(struct world *world, uint64_t n)
{
	return below(world, n) == 0;
}

static void mix(struct world *world, uint64_t value)
{
	world->stream = ctr_hash_u64(world->stream ^ value);
}

/* Show the onlooker what is new. */
static void watch(struct world *world)
{
	size_t count;
	const struct ctr_event *events = ctr_core_events(world->cluster.core, &count);

	for (size_t i = 0; i < count; i++) {
		const struct ctr_event *event = &events[i];
		if (event->number <= world->oracle.last_event)
			continue;
		oracle_see(&world->oracle, event);
		mix(world, event->number);
		mix(world, event->type);
		mix(world, event->attempt.job);
		mix(world, event->attempt.index);
		mix(world, event->attempt.attempt);
		mix(world, event->node);
		mix(world, event->instance_state);
		mix(world, event->job_state);
		if (event->type == CENTRO_EVENT_INSTANCE_ASSIGNED) {
			world->recent[world->recent_count % RECENT] = event->attempt;
			world->recent_node[world->recent_count++ % RECENT] = event->node;
		}
	}
	oracle_see_end(&world->oracle);
}

static int execute(struct world *world, const struct ctr_command *command)
{
	int status = cluster_execute(&world->cluster, command);

	mix(world, (uint64_t)-status);
	return status;
}

/* Mostly one that was granted lately, sometimes a bad one. */
static struct centro_attempt_ref pick_ref(struct world *world, centro_node_id *ret_node)
{
	struct centro_attempt_ref ref = {1 + below(world, 1200), 0, 0, 1};

	*ret_node = 1 + below(world, 7);
	if (world->recent_count == 0 || one_in(world, 20))
		return ref;
	size_t span = world->recent_count < RECENT ? world->recent_count : RECENT;
	size_t at = (world->recent_count - 1 - below(world, span)) % RECENT;
	ref = world->recent[at];
	*ret_node = world->recent_node[at];
	if (one_in(world, 25))
		ref.attempt += 1;
	if (one_in(world, 50))
		ref.task = 9;
	if (one_in(world, 40))
		*ret_node = 1 + below(world, 7);
	return ref;
}

static uint64_t pick_session(struct world *world, centro_node_id id)
{
	const struct ctr_node *node = ctr_core_find_node(world->cluster.core, id);

	if (!node || one_in(world, 30))
		return 1 + below(world, 3);
	return node->session;
}

/* ---- commands ---- */

static void do_submit(struct world *world)
{
	static const char *const queues[] = {"", "default", "batch", "nope"};
	static const struct centro_bytes datacenters[] = {{(const uint8_t *)"eu", 2},
							  {(const uint8_t *)"us", 2}};
	struct ctr_named_amount gpu = {ctr_bytes_str("gpu"), 1};
	int request = one_in(world, 2) ? (int)below(world, ORACLE_REQUESTS_MAX) : -1;
	char request_id[16] = "";
	struct ctr_task_spec task = cluster_task_spec(1 + (uint32_t)below(world, 3));
	struct oracle_job job = {0};

	if (request >= 0)
		snprintf(request_id, sizeof(request_id), "r%d", request);
	/* Nothing has as much; in strict order it holds up everything. */
	if (one_in(world, world->oracle.is_strict ? 400 : 20))
		task.resources.cpu_milli = 64000;
	task.resources.memory_mib = (uint32_t)below(world, 3) * 100;
	if (one_in(world, 5)) {
		task.resources.named = &gpu;
		task.resources.named_count = 1;
		job.need[CTR_DIM_NAMED] = 1;
	}
	task.count = (uint32_t)below(world, 5);
	task.gang = job.gang = one_in(world, 3);
	task.lease = ctr_span_ms(lease_ms[below(world, 4)]);
	task.on_disconnect = one_in(world, 10) ? CTR_ON_DISCONNECT_KEEP : 0;
	if (one_in(world, 30))
		task.command_count = 0; /* refused */
	struct ctr_job_spec spec = cluster_job_spec(&task, 1);
	spec.queue = ctr_bytes_str(queues[below(world, one_in(world, 10) ? 4 : 3)]);
	spec.request_id = ctr_bytes_str(request_id);
	spec.spec_hash = 1 + one_in(world, 8);
	spec.priority = job.priority = (int32_t)below(world, 5) - 2;
	spec.datacenters = datacenters;
	spec.datacenter_count = one_in(world, 4) ? 1 + below(world, 2) : 0;
	job.need[CTR_DIM_CPU] = task.resources.cpu_milli;
	job.need[CTR_DIM_MEMORY] = task.resources.memory_mib;
	const struct ctr_command command = {.type = CTR_COMMAND_SUBMIT, .submit = {.spec = &spec}};
	int status = execute(world, &command);
	if (status == CENTRO_ERR_INVALID)
		return; /* before anything else is looked at */
	job.instance_count = task.count > 0 ? task.count : 1;
	for (size_t i = 0; i < spec.datacenter_count; i++)
		job.datacenters[i] = i == 0 ? "eu" : "us";
	oracle_submitted(&world->oracle, request, spec.spec_hash, &world->cluster.result, &job);
}

/* In strict order what never fits holds up everything, until somebody gives it up. */
static centro_job_id pick_blocking(struct world *world, centro_job_id otherwise)
{
	const struct ctr_instance *head;

	if (!world->oracle.is_strict || one_in(world, 2))
		return otherwise;
	head = ctr_pending_head(&world->cluster.core->pending);
	return head ? head->job->id : otherwise;
}

static void do_cancel(struct world *world)
{
	centro_node_id node;
	struct centro_attempt_ref ref = pick_ref(world, &node);

	if (one_in(world, 2))
		ref.job = ctr_core_last_event(world->cluster.core) % 300;
	ref.job = pick_blocking(world, ref.job);
	const struct ctr_command command = {
		.type = CTR_COMMAND_CANCEL,
		.cancel = {.job = ref.job, .who = ctr_bytes_str(one_in(world, 3) ? "" : "me")},
	};
	execute(world, &command);
}

static void do_register(struct world *world)
{
	size_t which = below(world, NODE_NAMES);
	uint32_t variant = (uint32_t)below(world, 4);
	struct ctr_named_amount gpu = {ctr_bytes_str("gpu"), 1 + variant};
	char name[16], text[32];
	snprintf(name, sizeof(name), "node-%zu", which);

	struct ctr_node_spec spec = cluster_node_spec(name, 2 + variant);

	if (world->sessions[which] == 0 || one_in(world, 8))
		world->sessions[which]++;
	const char *datacenter = which % 3 == 0 ? "eu" : which % 3 == 1 ? "us" : "";
	if (one_in(world, 10))
		datacenter = "eu";
	spec.datacenter = ctr_bytes_str(datacenter);
	snprintf(text, sizeof(text), "%s variant %u in %s", name, variant, datacenter);
	spec.agent_id = 1 + one_in(world, 15);
	spec.session = one_in(world, 15) ? 1 : world->sessions[which];
	spec.text = ctr_bytes_str(text);
	if (which % 2 == 0) {
		spec.capacity.named = &gpu;
		spec.capacity.named_count = 1;
	}
	const struct ctr_command command = {
		.type = CTR_COMMAND_REGISTER,
		.register_node = {.spec = &spec},
	};
	if (execute(world, &command) != CENTRO_OK)
		return;
	const uint64_t capacity[ORACLE_DIMENSIONS] = {
		spec.capacity.cpu_milli,
		spec.capacity.memory_mib,
		spec.capacity.disk_mib,
		spec.capacity.named_count > 0 ? gpu.amount : 0,
	};
	oracle_offer(&world->oracle, world->cluster.result.node, datacenter, capacity);
}

static void do_heartbeat(struct world *world)
{
	struct centro_attempt_ref held[REFS_MAX];
	struct centro_span leases[REFS_MAX];
	centro_node_id node = 1 + below(world, 7), other;
	size_t count = below(world, REFS_MAX);

	for (size_t i = 0; i < count; i++)
		held[i] = pick_ref(world, &other);
	const struct ctr_command command = {
		.type = CTR_COMMAND_HEARTBEAT,
		.heartbeat = {.node = node,
			      .session = pick_session(world, node),
			      .held = held,
			      .held_count = count,
			      .ret_lease = leases},
	};
	if (execute(world, &command) != CENTRO_OK)
		return;
	for (size_t i = 0; i < count; i++)
		mix(world, leases[i].ns);
}

static void do_claim(struct world *world)
{
	struct centro_attempt_ref refs[REFS_MAX];
	bool granted[REFS_MAX];
	centro_node_id node;
	size_t count = 1 + below(world, REFS_MAX - 1);
	uint64_t last = ctr_core_last_event(world->cluster.core);

	for (size_t i = 0; i < count; i++)
		refs[i] = pick_ref(world, &node);
	const struct ctr_command command = {
		.type = CTR_COMMAND_CLAIM,
		.claim = {.node = node,
			  .session = pick_session(world, node),
			  .attempts = refs,
			  .attempt_count = count,
			  .durable_event = one_in(world, 5) ? last / 2 : last,
			  .ret_granted = granted},
	};
	if (execute(world, &command) != CENTRO_OK)
		return;
	for (size_t i = 0; i < count; i++) {
		mix(world, granted[i]);
		if (granted[i])
			oracle_claimed(&world->oracle, refs[i], node);
	}
}

static void do_report(struct world *world)
{
	centro_node_id node;
	struct centro_attempt_ref ref = pick_ref(world, &node);
	enum centro_cause cause = CENTRO_CAUSE_EXITED;

	if (one_in(world, 3))
		cause = (enum centro_cause)below(world, CENTRO_CAUSE_COUNT);
	const struct ctr_command command = {
		.type = CTR_COMMAND_REPORT,
		.report = {.node = node,
			   .session = pick_session(world, node),
			   .attempt = ref,
			   .ended = !one_in(world, 3),
			   .cause = cause,
			   .exit_code = (int32_t)below(world, 2),
			   .signal = cause == CENTRO_CAUSE_SIGNALLED ? 9 : 0,
			   .message = ctr_bytes_str(one_in(world, 4) ? "said the node" : "")},
	};
	execute(world, &command);
}

static void do_set_queue(struct world *world)
{
	const struct ctr_command command = {
		.type = CTR_COMMAND_SET_QUEUE,
		.set_queue = {.name = ctr_bytes_str(one_in(world, 3) ? "default" : "batch"),
			      .weight = (uint32_t)below(world, 4),
			      .priority = (int32_t)below(world, 3)},
	};
	execute(world, &command);
}

static void do_drain_node(struct world *world)
{
	centro_node_id node = 1 + below(world, 7);

	/* Now, some time, or for ever; and back as often. */
	if (one_in(world, 2))
		cluster_undrain_node(&world->cluster, node);
	else
		cluster_drain_node(&world->cluster, node, (int64_t)below(world, 3) * 2000 - 2000);
}

static void do_schedule(struct world *world)
{
	world->cluster.now.cluster.ns += 1;
	mix(world, ctr_core_schedule(world->cluster.core, world->cluster.now,
				     1 + (uint32_t)below(world, 60)));
	cluster_check(&world->cluster);
}

static void do_wait(struct world *world)
{
	uint64_t ms = one_in(world, 12) ? below(world, 70000) : below(world, 3000);

	cluster_wait(&world->cluster, ms);
	mix(world, ctr_core_next_wake(world->cluster.core).ns);
}

static void do_drain(struct world *world)
{
	watch(world);
	cluster_drain(&world->cluster);
}

static void do_one(struct world *world)
{
	static const struct {
		void (*fn)(struct world *world);
		uint32_t share;
	} commands[] = {
		{do_submit, 20}, {do_schedule, 20}, {do_report, 18},    {do_claim, 12},
		{do_wait, 8},    {do_register, 6},  {do_heartbeat, 6},  {do_cancel, 4},
		{do_drain, 3},   {do_set_queue, 1}, {do_drain_node, 2},
	};
	uint64_t at = below(world, 100);

	for (size_t i = 0; i < CTR_ARRAY_SIZE(commands); i++) {
		if (at < commands[i].share) {
			commands[i].fn(world);
			watch(world);
			return;
		}
		at -= commands[i].share;
	}
	ck_abort_msg("the shares are not 100");
}

/* The request ids of jobs that are history. */
static void load_requests(void *arg, struct ctr_core *core)
{
	struct world *world = arg;

	for (int i = 0; i < ORACLE_REQUESTS_MAX; i++) {
		const struct oracle_request *request = &world->oracle.requests[i];
		char request_id[16];
		if (request->job == 0)
			continue;
		snprintf(request_id, sizeof(request_id), "r%d", i);
		ck_assert_int_eq(ctr_core_load_request(
					 core, ctr_bytes_str("somebody"), ctr_bytes_str(request_id),
					 request->spec_hash, request->job, world->cluster.now.wall),
				 CENTRO_OK);
	}
}

static void world_init(struct world *world, uint64_t seed)
{
	const struct ctr_core_options options = {
		.seed = seed,
		.jobs_max = 200,
		.order = seed % 3 == 0 ? CTR_ORDER_FIFO : CTR_ORDER_FILL,
	};

	memset(world, 0, sizeof(*world));
	world->oracle.is_strict = options.order == CTR_ORDER_FIFO;
	cluster_init(&world->cluster, &options);
	world->cluster.load_more = load_requests;
	world->cluster.arg = world;
	ctr_prng_init(&world->prng, seed);
}

static uint64_t run(uint64_t seed, bool unchecked, bool reload)
{
	struct world *world = malloc(sizeof(*world));
	ck_assert_ptr_nonnull(world);

	world_init(world, seed);
	world->cluster.unchecked = unchecked;
	for (int i = 0; i < STEPS; i++) {
		do_one(world);
		if (reload && i % 250 == 249) {
			do_drain(world);
			cluster_reload(&world->cluster);
		}
	}
	mix(world, ctr_core_hash(world->cluster.core));
	/* The world did turn. */
	ck_assert_uint_gt(world->oracle.last_event, STEPS / 4);
	uint64_t stream = world->stream;
	cluster_fini(&world->cluster);
	free(world);
	return stream;
}

START_TEST(every_promise_holds_and_a_seed_is_a_history)
{
	uint64_t seed = (uint64_t)_i;

	uint64_t first = run(seed, /* unchecked= */ false, /* reload= */ false);
	uint64_t again = run(seed, /* unchecked= */ true, /* reload= */ false);
	ck_assert_uint_eq(first, again);
}
END_TEST

START_TEST(seeds_differ)
{
	ck_assert_uint_ne(run(1, true, false), run(2, true, false));
}
END_TEST

START_TEST(a_reload_midway_gives_the_same_state)
{
	run(1000 + (uint64_t)_i, /* unchecked= */ false, /* reload= */ true);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("random");
	TCase *tcase = tcase_create("random");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, every_promise_holds_and_a_seed_is_a_history, 0, SEEDS);
	tcase_add_loop_test(tcase, a_reload_midway_gives_the_same_state, 0, SEEDS / 3);
	tcase_add_test(tcase, seeds_differ);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
