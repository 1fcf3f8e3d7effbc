/* SPDX-License-Identifier: MIT */
/*
 * Two hundred seeds of whatever may happen to an engine, in any order: commands,
 * deadlines, commits held back, refused and failed, restarts and kills. After each step
 * the state is sound; after each rest it is what the disk holds; what was
 * acknowledged is never lost (I1), and event numbers have no gap (I10).
 */
#include "fixture.h"

#include <stdio.h>

#include "base/bytes.h"
#include "base/prng.h"
#include "support/suite.h"

#define SEEDS    200
#define STEPS    150
#define JOBS_MAX 400

struct job_note {
	centro_job_id id;
	char request_id[24];
	struct ctr_release release;
	bool acked, lost;
};

struct run {
	struct fixture fixture;
	struct ctr_prng prng;
	struct job_note jobs[JOBS_MAX];
	size_t job_count;
	uint64_t last_event; /* told as durable */
	centro_job_id last_id;
	struct ctr_subscriber subscriber;
};

static uint64_t below(struct run *run, uint64_t bound)
{
	return ctr_prng_below(&run->prng, bound);
}

static void acked(struct ctr_release *release, int status)
{
	struct job_note *note = CTR_CONTAINER_OF(release, struct job_note, release);
	note->acked = status == CENTRO_OK;
	note->lost = !note->acked;
}

static void follow(struct ctr_subscriber *subscriber, const struct ctr_event *event)
{
	struct run *run = CTR_CONTAINER_OF(subscriber, struct run, subscriber);
	ck_assert_uint_eq(event->number, run->last_event + 1);
	run->last_event = event->number;
}

static void open_engine(struct run *run)
{
	struct fixture *fixture = &run->fixture;
	fixture->late = below(run, 2) == 0;
	fixture_open(fixture);
	/* What became durable without being told is not told later. */
	uint64_t durable = ctr_engine_durable_event(fixture->engine);
	ck_assert_uint_ge(durable, run->last_event);
	run->last_event = durable;
	run->subscriber = (struct ctr_subscriber){.durable = follow};
	ctr_engine_subscribe(fixture->engine, &run->subscriber);
	fixture_register(fixture, 3);
}

static void close_engine(struct run *run)
{
	ctr_memory_disk_set_fault(run->fixture.disk, (struct ctr_memory_fault){0});
	fixture_close(&run->fixture);
	ctr_memory_disk_hold(run->fixture.disk, false);
}

static void step_submit(struct run *run)
{
	if (run->job_count == JOBS_MAX)
		return;
	struct job_note *note = &run->jobs[run->job_count];
	struct ctr_result result;
	*note = (struct job_note){0};
	snprintf(note->request_id, sizeof(note->request_id), "r%zu", run->job_count);
	int status = fixture_submit_many(&run->fixture, note->request_id,
					 1 + (uint32_t)below(run, 3), &result);
	if (status == CENTRO_ERR_UNAVAILABLE)
		return;
	ck_assert_int_eq(status, CENTRO_OK);
	note->id = result.job;
	ctr_release_init(&note->release, acked);
	ctr_engine_release(run->fixture.engine, &note->release);
	run->job_count++;
}

static centro_job_id any_job(struct run *run)
{
	return run->job_count > 0 ? run->jobs[below(run, run->job_count)].id : 1;
}

static void step_report(struct run *run)
{
	const struct ctr_core *core = ctr_engine_core(run->fixture.engine);
	const struct ctr_node *node = core ? ctr_core_find_node(core, run->fixture.node) : NULL;
	if (!node || ctr_list_is_empty(&node->attempts))
		return;
	const struct ctr_instance *instance =
		ctr_list_entry(node->attempts.next, struct ctr_instance, on_node);
	struct ctr_result result;
	struct ctr_command command = {
		.type = CTR_COMMAND_REPORT,
		.report =
			{
				.node = node->id,
				.session = ctr_engine_get_term(run->fixture.engine),
				.attempt = ctr_instance_ref(instance),
				.ended = below(run, 2) == 0,
				.cause = CENTRO_CAUSE_EXITED,
				.exit_code = (int32_t)below(run, 3),
			},
	};
	int status = fixture_execute(&run->fixture, &command, &result);
	ck_assert(status == CENTRO_OK || status == CENTRO_ERR_STALE);
}

static void step_fault(struct run *run)
{
	static const int faults[] = {CENTRO_ERR_FULL, CENTRO_ERR_LIMIT, CENTRO_ERR_NOMEM,
				     CENTRO_ERR_IO};
	struct ctr_memory_fault fault = {
		.status = faults[below(run, 4)],
		.commits_before = below(run, 3),
	};
	fault.written = fault.status == CENTRO_ERR_IO && below(run, 2) == 0;
	ctr_memory_disk_set_fault(run->fixture.disk, fault);
}

static void step_rest(struct run *run)
{
	ctr_memory_disk_set_fault(run->fixture.disk, (struct ctr_memory_fault){0});
	ctr_memory_disk_hold(run->fixture.disk, false);
	fixture_settle(&run->fixture);
	if (ctr_engine_get_state(run->fixture.engine) == CTR_ENGINE_FAILED) {
		close_engine(run);
		open_engine(run);
		fixture_settle(&run->fixture);
	}
	fixture_assert_stored(&run->fixture);
}

static void step(struct run *run)
{
	struct fixture *fixture = &run->fixture;
	uint64_t what = below(run, 100);
	if (what < 30)
		step_submit(run);
	else if (what < 50)
		step_report(run);
	else if (what < 55)
		(void)fixture_cancel(fixture, any_job(run));
	else if (what < 85)
		fixture_dispatch(fixture);
	else if (what < 88)
		fixture_advance_ms(fixture, below(run, 40000));
	else if (what < 91)
		ctr_memory_disk_hold(fixture->disk, below(run, 2) == 0);
	else if (what < 94)
		step_fault(run);
	else if (what < 97)
		step_rest(run);
	else {
		close_engine(run);
		open_engine(run);
	}
	if (ctr_engine_get_state(fixture->engine) == CTR_ENGINE_FAILED) {
		close_engine(run);
		open_engine(run);
	}
	fixture_assert_sound(fixture);
}

/* Each acknowledged job is there, under the number that was told, and once. */
static void assert_nothing_lost(struct run *run)
{
	step_rest(run);
	for (size_t i = 0; i < run->job_count; i++) {
		const struct job_note *note = &run->jobs[i];
		if (!note->acked)
			continue;
		char key[64];
		snprintf(key, sizeof(key), "history/%020llu", (unsigned long long)note->id);
		const struct ctr_core *core = ctr_engine_core(run->fixture.engine);
		bool lives = ctr_core_find_job(core, note->id) != NULL;
		bool ended = fixture_row(&run->fixture, key).size > 0;
		ck_assert_msg(lives != ended, "job %llu: lives %d, ended %d",
			      (unsigned long long)note->id, lives, ended);
		for (size_t j = 0; j < i; j++)
			ck_assert(!run->jobs[j].acked || run->jobs[j].id != note->id);
	}
}

START_TEST(whatever_happens_nothing_is_lost)
{
	struct run *run = calloc(1, sizeof(*run));
	ck_assert_ptr_nonnull(run);
	fixture_init(&run->fixture);
	ctr_prng_init(&run->prng, (uint64_t)_i);
	run->fixture.options.core.seed = (uint64_t)_i;
	run->fixture.options.events_max = 100;
	run->fixture.options.recent_jobs_max = 10;
	run->fixture.options.batch_ops_max = _i % 3 == 0 ? 20 : 0;
	open_engine(run);
	for (int i = 0; i < STEPS; i++)
		step(run);
	assert_nothing_lost(run);
	close_engine(run);
	fixture_fini(&run->fixture);
	free(run);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine/random");
	TCase *tcase = tcase_create("random");
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, whatever_happens_nothing_is_lost, 0, SEEDS);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
