/* SPDX-License-Identifier: MIT */
/*
 * The power goes while an engine works on a file store: at each boundary between
 * two calls, and what is left is opened by another engine. Each job that was
 * acknowledged is there (I1), ended if its end was (I9); its state is sound, and the
 * very one that was live if nothing was under way (I11); and no number comes twice.
 */
#include "cut.h"
#include "tap.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <centro/engine.h>

#include "engine/public.h"
#include "support/suite.h"

#define JOBS  80
#define STEPS (2 * JOBS + 1)
/* Jobs that run beside one another. */
#define WIDTH 4

static struct cut cut;

/* An engine and whoever asks it. Its time stands still. */
struct owner {
	struct centro_engine *engine;
	int waits_for; /* answers and assignments that are to come */
	int status;
	centro_job_id job;
	centro_node_id node;
	struct centro_attempt_ref attempt;
	char document[4096];
};

/* What was done in the life that is cut: a step is over when all of it is durable. */
static struct {
	struct owner owner;
	struct disk_log log;
	uint32_t step;              /* the last one that is over */
	uint64_t hashes[STEPS + 1]; /* of the state after each */
	struct {
		centro_job_id id;
		struct centro_attempt_ref attempt;
		uint32_t submitted, ended; /* in this step */
	} jobs[JOBS];
} life;

static const struct centro_time now = {{1000000000}, {UINT64_C(1700000000) * 1000000000}};

static void setup(void)
{
	cut_init(&cut);
}

static void teardown(void)
{
	cut_fini(&cut);
}

/* ---- an owner ---------------------------------------------------- */

static void assigned(void *arg, const struct centro_assignment *assignment)
{
	struct owner *owner = arg;
	owner->attempt = assignment->attempt;
	owner->waits_for--;
}

static void submitted(void *arg, const struct centro_submit_result *result)
{
	struct owner *owner = arg;
	owner->status = result->status;
	owner->job = result->job;
	owner->waits_for--;
}

static void registered(void *arg, const struct centro_node_result *result)
{
	struct owner *owner = arg;
	owner->status = result->status;
	owner->node = result->node;
	owner->waits_for--;
}

static void done(void *arg, int status)
{
	struct owner *owner = arg;
	owner->status = status;
	owner->waits_for--;
}

static void got(void *arg, int status, struct centro_bytes job)
{
	struct owner *owner = arg;
	owner->status = status;
	snprintf(owner->document, sizeof(owner->document), "%.*s", (int)job.size,
		 job.size > 0 ? (const char *)job.data : "");
	owner->waits_for--;
}

static int owner_open(struct owner *owner, struct centro_error_text *text)
{
	struct centro_engine_callbacks callbacks = CENTRO_ENGINE_CALLBACKS_INIT;
	callbacks.assignment = assigned;
	struct centro_engine_options options = CENTRO_ENGINE_OPTIONS_INIT;
	options.callbacks = &callbacks;
	options.arg = owner;
	options.store_bytes_max = 16 << 20;
	*owner = (struct owner){0};
	return centro_engine_open(cut.uri, &options, now, &owner->engine, text);
}

/* Until `count` more answers and assignments have come; the status of the last. */
static int owner_wait(struct owner *owner, int started, int count)
{
	owner->waits_for = count;
	for (int status = started; owner->waits_for > 0;) {
		if (status == CENTRO_OK)
			status = centro_engine_dispatch(owner->engine, now);
		if (status != CENTRO_OK)
			return status;
		struct pollfd fd = {.fd = centro_engine_fd(owner->engine), .events = POLLIN};
		bool due = centro_engine_get_wake(owner->engine).ns <= now.steady.ns;
		if (owner->waits_for > 0 && poll(&fd, 1, due ? 0 : 10000) == 0 && !due)
			return CENTRO_ERR_DEADLINE;
	}
	return owner->status;
}

static int owner_submit(struct owner *owner, int answers)
{
	static const char spec[] = "{\"tasks\":[{\"command\":[\"true\"]}]}";
	struct centro_bytes bytes = {(const uint8_t *)spec, sizeof(spec) - 1};
	int status = centro_engine_submit_encoded(owner->engine, now, bytes, CENTRO_JSON, NULL,
						  submitted, owner, NULL);
	return owner_wait(owner, status, answers);
}

static int owner_register(struct owner *owner)
{
	struct centro_node_options node = CENTRO_NODE_OPTIONS_INIT;
	node.name = "n1";
	node.cpu_milli = 1000000;
	node.memory_mib = 1000000;
	int status =
		centro_engine_register_node(owner->engine, now, &node, registered, owner, NULL);
	return owner_wait(owner, status, 1);
}

static int owner_end(struct owner *owner, const struct centro_attempt_ref *attempt)
{
	struct centro_report report = {
		.size = sizeof(report),
		.attempt = *attempt,
		.node = owner->node,
		.ended = true,
		.cause = CENTRO_CAUSE_EXITED,
	};
	int status = centro_engine_report(owner->engine, now, &report, done, owner);
	return owner_wait(owner, status, 1);
}

static int owner_get(struct owner *owner, centro_job_id job)
{
	int status = centro_engine_get_job(owner->engine, now, job, CENTRO_JSON, got, owner);
	return owner_wait(owner, status, 1);
}

static const struct ctr_core *core_of(const struct owner *owner)
{
	return ctr_engine_core(owner->engine->engine);
}

/* ---- the life that is cut ---------------------------------------- */

static void step_begin(void)
{
	tap_promise(&(struct promise){.acked = life.step, .begun = life.step + 1});
}

static void step_end(void)
{
	life.step++;
	life.hashes[life.step] = ctr_core_hash(core_of(&life.owner));
	tap_promise(&(struct promise){.acked = life.step, .begun = life.step});
}

static void submit(int job)
{
	step_begin();
	/* An answer and an assignment. */
	ck_assert_int_eq(owner_submit(&life.owner, 2), CENTRO_OK);
	life.jobs[job].id = life.owner.job;
	life.jobs[job].attempt = life.owner.attempt;
	life.jobs[job].submitted = life.step + 1;
	step_end();
}

static void end(int job)
{
	step_begin();
	ck_assert_int_eq(owner_end(&life.owner, &life.jobs[job].attempt), CENTRO_OK);
	life.jobs[job].ended = life.step + 1;
	step_end();
}

static void live(void)
{
	struct disk empty;
	disk_init(&empty);
	tap_start(cut.path, &empty, &life.log);
	step_begin();
	ck_assert_int_eq(owner_open(&life.owner, NULL), CENTRO_OK);
	ck_assert_int_eq(owner_register(&life.owner), CENTRO_OK);
	step_end();
	for (int i = 0; i < JOBS + WIDTH; i++) {
		if (i < JOBS)
			submit(i);
		if (i >= WIDTH)
			end(i - WIDTH);
	}
	centro_engine_free(life.owner.engine);
	tap_stop();
	disk_fini(&empty);
}

/* ---- what is left of it ------------------------------------------ */

/* What is wrong with a job, or NULL. The highest number of one that must be there. */
static const char *check_job(struct owner *owner, int index, const struct promise *promise,
			     centro_job_id *highest)
{
	if (life.jobs[index].submitted > promise->acked)
		return NULL;
	if (life.jobs[index].id > *highest)
		*highest = life.jobs[index].id;
	if (owner_get(owner, life.jobs[index].id) != CENTRO_OK)
		return "an acknowledged job is lost";
	bool ended = strstr(owner->document, "\"succeeded\"") != NULL;
	if (life.jobs[index].ended <= promise->acked && !ended)
		return "an acknowledged end is lost";
	if (life.jobs[index].ended > promise->begun && ended)
		return "it ended before anybody said so";
	return NULL;
}

static const char *check(struct owner *owner, const struct promise *promise)
{
	centro_job_id highest = 0;
	const char *wrong = NULL;
	if (ctr_core_check(core_of(owner), NULL) != CENTRO_OK)
		return "its state is not sound";
	if (promise->acked > 0 && promise->acked == promise->begun &&
	    ctr_core_hash(core_of(owner)) != life.hashes[promise->acked])
		return "its state is another";
	for (int i = 0; i < JOBS && !wrong; i++)
		wrong = check_job(owner, i, promise, &highest);
	if (wrong)
		return wrong;
	if (owner_submit(owner, 1) != CENTRO_OK)
		return "it does not go on";
	return owner->job > highest ? NULL : "a number came twice";
}

static void try(const struct disk *disk, enum disk_cut kind)
{
	struct owner owner;
	struct centro_error_text text = {0};
	cut_make(&cut, disk, kind, ++cut.seed);
	int status = owner_open(&owner, &text);
	const char *wrong = status == CENTRO_OK ? check(&owner, &disk->promise) : text.text;
	if (wrong)
		cut_fail(&cut, status, wrong);
	centro_engine_free(owner.engine);
}

START_TEST(an_engine_comes_back)
{
	struct disk disk;
	disk_init(&disk);
	snprintf(cut.about, sizeof(cut.about), "an engine");
	live();
	ck_assert_uint_eq(life.step, STEPS);
	for (size_t i = 0; i < life.log.count; i++) {
		disk_apply(&disk, &life.log.ops[i]);
		cut.boundaries++;
		try(&disk, DISK_CUT_KEPT);
		for (unsigned round = 0; round < cut_seeds() && disk_pieces(&disk) > 0; round++)
			for (int kind = DISK_CUT_DROPPED; kind < DISK_CUT_COUNT; kind++)
				try(&disk, (enum disk_cut)kind);
	}
	cut_print(&cut, "an engine comes back");
	ck_assert_uint_eq(cut.failures, 0);
	disk_fini(&disk);
	disk_log_fini(&life.log);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("power/engine");
	TCase *tcase = tcase_create("all");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 0);
	tcase_add_test(tcase, an_engine_comes_back);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
