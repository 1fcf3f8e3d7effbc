/* SPDX-License-Identifier: MIT */
/*
 * engine.c - centro/engine.h without memory: each call, the dispatch behind it, the
 * end, and the start on a store that holds something.
 */
#include "base/bytes.h"
#include "base/time.h"
#include "suites.h"
#include "world.h"

/* ---- the calls --------------------------------------------------- */

static int submit(struct world *world)
{
	return world_submit(world, "a new id");
}

static int submit_json(struct world *world)
{
	static const char spec[] =
		"{\"name\":\"j\\u00f6b\",\"tasks\":[{\"name\":\"t\",\"command\":[\"a\",\"b\"],"
		"\"env\":{\"B\":\"2\",\"A\":\"1\"},\"count\":2,\"resources\":{\"cpu_milli\":10,"
		"\"named\":{\"gpu\":1}},\"time_limit\":\"60s\"}],\"datacenters\":[\"eu\"]}";
	return world_submit_encoded(world, ctr_bytes_str(spec), CENTRO_JSON);
}

/* A name, a task with a command and an environment, a label, a field of a newer version. */
static int submit_protobuf(struct world *world)
{
	static const uint8_t spec[] = "\x0a\x01p"
				      "\x22\x0e\x12\x04true\x1a\x06\x0a\x01"
				      "A\x12\x01z"
				      "\x32\x06\x0a\x01l\x12\x01m"
				      "\xa0\x06\x01";
	return world_submit_encoded(world, ctr_bytes(spec, sizeof(spec) - 1), CENTRO_PROTOBUF);
}

static int cancel_what_runs(struct world *world)
{
	return world_cancel(world, 1);
}

static int cancel_what_waits(struct world *world)
{
	return world_cancel(world, 2);
}

static int get_live(struct world *world)
{
	return world_get(world, 1, CENTRO_JSON);
}

static int get_waiting(struct world *world)
{
	return world_get(world, 2, CENTRO_PROTOBUF);
}

static int get_ended(struct world *world)
{
	return world_get(world, 3, CENTRO_JSON);
}

static int register_new(struct world *world)
{
	return world_register(world, "n3");
}

static int register_again(struct world *world)
{
	return world_register(world, "n1");
}

static int report_start(struct world *world)
{
	return world_report(world, &world->assigned[1], false, 0);
}

static int report_end(struct world *world)
{
	return world_report(world, &world->assigned[0], true, CENTRO_CAUSE_EXITED);
}

static int report_revoked(struct world *world)
{
	return world_report(world, &world->assigned[0], true, CENTRO_CAUSE_REVOKED);
}

/* Of what it holds two are not its own: they are to be killed. */
static int heartbeat(struct world *world)
{
	const struct world_attempt *own = &world->assigned[0];
	const struct centro_attempt_ref held[] = {
		{.job = 98, .attempt = 1}, own->ref, {.job = 99, .attempt = 1}};
	world->status = CENTRO_OK; /* it has no answer */
	return centro_engine_heartbeat(world->engine, world->now, own->node, held, 3);
}

static int answer_later(struct world *world, int status)
{
	if (status == CENTRO_OK)
		world->status = CENTRO_OK; /* it has no answer */
	return status;
}

static int drain_node(struct world *world)
{
	const struct centro_drain_options options = {
		.size = sizeof(options),
		.has_deadline = true,
		.reason = "a new disk",
	};
	return answer_later(world, centro_engine_drain_node(world->engine, world->now,
							    world->assigned[0].node, &options, NULL,
							    NULL));
}

static int undrain_node(struct world *world)
{
	return answer_later(world, centro_engine_undrain_node(world->engine, world->now,
							      world->assigned[0].node, NULL, NULL));
}

static const struct call {
	const char *name;
	int (*make)(struct world *world);
} calls[] = {
	{"submit", submit},
	{"submit rich", world_submit_rich},
	{"submit JSON", submit_json},
	{"submit protobuf", submit_protobuf},
	{"cancel what runs", cancel_what_runs},
	{"cancel what waits", cancel_what_waits},
	{"get live", get_live},
	{"get waiting", get_waiting},
	{"get ended", get_ended},
	{"register new", register_new},
	{"register again", register_again},
	{"report start", report_start},
	{"report end", report_end},
	{"report revoked", report_revoked},
	{"heartbeat", heartbeat},
	{"drain node", drain_node},
	{"undrain node", undrain_node},
};
#define CALL_COUNT (sizeof(calls) / sizeof(calls[0]))

static void scene_open(struct world *world, struct oom_run *run, const char *scheme)
{
	world_init(world, &run->allocator, scheme);
	world_open(world);
	world_furnish(world);
}

/* There is memory. */
static void expect(struct world *world, const struct call *call)
{
	world_rest(world);
	ck_assert_msg(call->make(world) == CENTRO_OK, "%s", call->name);
	ck_assert_msg(world_answer(world) == CENTRO_OK, "%s: %s", call->name,
		      centro_error_name(world->status));
}

static void scene_close(struct world *world)
{
	world_check(world);
	world_finish(world);
	world_fini(world);
}

/* ---- the call itself --------------------------------------------- */

/* NOMEM: nothing has happened, nothing will, and the same call works. */
static void call_once(struct oom_run *run)
{
	const struct call *call = run->arg;
	struct world world;
	scene_open(&world, run, "memory:");
	uint64_t hash = world_hash(&world);
	int answers = world.answers;
	oom_arm(run);
	int status = call->make(&world);
	oom_disarm(run);
	oom_check_status(run, status);
	if (status != CENTRO_OK) {
		ck_assert_uint_eq(world_hash(&world), hash);
		world_settle(&world);
		ck_assert_int_eq(world.answers, answers);
		ck_assert_uint_eq(world.kill_count, 0);
		expect(&world, call);
	} else {
		ck_assert_int_eq(world_answer(&world), CENTRO_OK);
	}
	scene_close(&world);
}

START_TEST(each_call)
{
	oom_each(call_once, &calls[_i]);
}
END_TEST

/* ---- what follows ------------------------------------------------ */

/* It is answered once, by its outcome or by the word that it never happened. */
static void dispatch_after(struct oom_run *run)
{
	const struct call *call = run->arg;
	struct world world;
	scene_open(&world, run, "memory:");
	int answers = world.answers;
	ck_assert_int_eq(call->make(&world), CENTRO_OK);
	bool is_answered = world.status == WORLD_NO_ANSWER;
	oom_arm(run);
	world_turn(&world, 10);
	oom_disarm(run);
	int status = world_answer(&world);
	ck_assert_int_eq(world.answers, answers + is_answered);
	if (status != CENTRO_OK) {
		ck_assert(run->failed);
		ck_assert(status == CENTRO_ERR_NOMEM || status == CENTRO_ERR_UNAVAILABLE);
		expect(&world, call);
	}
	scene_close(&world);
}

START_TEST(each_dispatch)
{
	oom_each(dispatch_after, &calls[_i]);
}
END_TEST

static void close_after(struct oom_run *run)
{
	const struct call *call = run->arg;
	struct world world;
	scene_open(&world, run, "memory:");
	ck_assert_int_eq(call->make(&world), CENTRO_OK);
	oom_arm(run);
	world_close(&world);
	oom_disarm(run);
	ck_assert(world.status == CENTRO_OK || world.status == CENTRO_ERR_CANCELLED ||
		  (run->failed && world.status == CENTRO_ERR_NOMEM));
	world_fini(&world);
}

START_TEST(each_close)
{
	oom_each(close_after, &calls[_i]);
}
END_TEST

/* ---- start ------------------------------------------------------- */

static void open_new(struct oom_run *run)
{
	struct world world;
	world_init(&world, &run->allocator, run->arg);
	oom_arm(run);
	int status = world_try_open(&world);
	oom_disarm(run);
	oom_check_opened(run, status);
	if (status != CENTRO_OK)
		world_open(&world);
	world_furnish(&world);
	scene_close(&world);
}

START_TEST(a_new_store)
{
	oom_each(open_new, _i == 0 ? "memory:" : "file:");
}
END_TEST

static struct old {
	struct world world;
	uint64_t hash;
} old;

/* The store is as it was, however often it could not be read. */
static void open_old(struct oom_run *run)
{
	struct world *world = &old.world;
	world->allocator = &run->allocator;
	oom_arm(run);
	int status = world_try_open(world);
	oom_disarm(run);
	oom_check_opened(run, status);
	if (status != CENTRO_OK)
		world_open(world);
	ck_assert_uint_eq(world_hash(world), old.hash);
	world_close(world);
}

/* What a job keeps in its record besides: words of attempts, who cancelled it and why. */
static void furnish_more(struct world *world)
{
	static const struct call more[] = {
		{"submit", submit},
		{"submit rich", world_submit_rich},
		{"report end", report_end},
		{"cancel", cancel_what_runs},
	};
	world_furnish(world);
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		expect(world, &more[i]);
}

START_TEST(an_old_store)
{
	world_init(&old.world, oom_plain(), "file:");
	world_open(&old.world);
	furnish_more(&old.world);
	old.hash = world_hash(&old.world);
	world_close(&old.world);
	oom_each(open_old, NULL);
	world_fini(&old.world);
}
END_TEST

/* ---- on a disk --------------------------------------------------- */

/* From start to end; where memory is missing it comes back, and the step is taken again. */
static void live(struct oom_run *run)
{
	struct world world;
	world_init(&world, &run->allocator, "file:");
	oom_arm(run);
	int status = world_try_open(&world);
	if (status != CENTRO_OK) {
		oom_disarm(run);
		oom_check_opened(run, status);
		world_open(&world);
	}
	static const struct call steps[] = {
		{"register", register_again},
		{"submit", submit},
		{"get", get_live},
	};
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		status = steps[i].make(&world);
		if (status == CENTRO_OK && world_answer(&world) == CENTRO_OK)
			continue;
		ck_assert(oom_disarm(run));
		expect(&world, &steps[i]);
	}
	oom_disarm(run);
	scene_close(&world);
}

START_TEST(a_life)
{
	oom_each(live, NULL);
}
END_TEST

TCase *oom_engine_tests(void)
{
	TCase *tcase = tcase_create("engine");
	tcase_add_loop_test(tcase, each_call, 0, CALL_COUNT);
	tcase_add_loop_test(tcase, each_dispatch, 0, CALL_COUNT);
	tcase_add_loop_test(tcase, each_close, 0, CALL_COUNT);
	tcase_add_loop_test(tcase, a_new_store, 0, 2);
	tcase_add_test(tcase, an_old_store);
	tcase_add_test(tcase, a_life);
	return tcase;
}
