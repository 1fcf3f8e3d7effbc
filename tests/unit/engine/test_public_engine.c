/* SPDX-License-Identifier: MIT */
/* Tests of lib/engine/public_engine.c. */
#include "public_fixture.h"

#include <string.h>

#include "support/failing_allocator.h"
#include "support/suite.h"

static struct owner owner;

static void setup(void)
{
	owner_init(&owner);
}

static void teardown(void)
{
	owner_fini(&owner);
}

START_TEST(a_uri_is_opened)
{
	struct centro_engine *engine = NULL;
	struct centro_error_text text = {0};
	ck_assert_int_eq(centro_engine_open("memory:", NULL, owner.now, &engine, &text), CENTRO_OK);
	ck_assert_uint_eq(centro_engine_get_term(engine), 1);
	ck_assert_int_eq(centro_engine_fd(engine), -1);
	ck_assert_int_eq(centro_engine_dispatch(engine, owner.now), CENTRO_OK);
	ck_assert_uint_eq(centro_engine_get_wake(engine).ns, CENTRO_INSTANT_NEVER_NS);
	centro_engine_free(engine);
	centro_engine_free(NULL);
}
END_TEST

START_TEST(what_cannot_be_opened_is_explained)
{
	struct centro_engine *engine = NULL;
	struct centro_error_text text = {0};
	ck_assert_int_eq(centro_engine_open("nonsense", NULL, owner.now, &engine, &text),
			 CENTRO_ERR_INVALID);
	ck_assert_str_ne(text.text, "");
	ck_assert_int_eq(centro_engine_open(NULL, NULL, owner.now, &engine, &text),
			 CENTRO_ERR_INVALID);
	ck_assert_int_eq(centro_engine_open("memory:", NULL, owner.now, NULL, &text),
			 CENTRO_ERR_INVALID);
	ck_assert_ptr_null(engine);
}
END_TEST

START_TEST(structs_of_other_releases_are_told_apart)
{
	struct {
		struct centro_engine_options options;
		uint64_t more;
	} newer = {.options = CENTRO_ENGINE_OPTIONS_INIT};
	struct centro_engine *engine = NULL;
	struct centro_error_text text = {0};
	newer.options.size = sizeof(newer);
	ck_assert_int_eq(centro_engine_open("memory:", &newer.options, owner.now, &engine, &text),
			 CENTRO_OK);
	centro_engine_free(engine);
	newer.more = 1;
	ck_assert_int_eq(centro_engine_open("memory:", &newer.options, owner.now, &engine, &text),
			 CENTRO_ERR_ABI);
	newer.options.size = 8;
	ck_assert_int_eq(centro_engine_open("memory:", &newer.options, owner.now, &engine, &text),
			 CENTRO_ERR_ABI);
	ck_assert_ptr_nonnull(strstr(text.text, "8 bytes"));

	struct centro_engine_callbacks callbacks = {.size = 4};
	struct centro_engine_options options = CENTRO_ENGINE_OPTIONS_INIT;
	options.callbacks = &callbacks;
	ck_assert_int_eq(centro_engine_open("memory:", &options, owner.now, &engine, &text),
			 CENTRO_ERR_ABI);
	ck_assert_ptr_nonnull(strstr(text.text, "callbacks"));
}
END_TEST

START_TEST(a_failure_is_told_once)
{
	owner.late = _i == 1;
	owner_open(&owner);
	owner_submit(&owner, 1);
	ctr_memory_disk_set_fault(owner.disk, (struct ctr_memory_fault){.status = CENTRO_ERR_IO});
	ck_assert_int_eq(
		centro_engine_cancel(owner.engine, owner.now, 1, "me", "why", owner_done, &owner),
		CENTRO_OK);
	owner_settle(&owner);
	ck_assert_int_eq(owner.status, CENTRO_ERR_UNAVAILABLE);
	ck_assert_int_eq(owner.failed, CENTRO_ERR_IO);
	ck_assert_int_eq(owner_dispatch(&owner), CENTRO_ERR_IO);
	ck_assert_uint_eq(owner.failed_count, 1);
	ck_assert_int_eq(owner_get(&owner, 1, CENTRO_JSON), CENTRO_ERR_IO);
	ck_assert_int_eq(centro_engine_heartbeat(owner.engine, owner.now, 1, NULL, 0),
			 CENTRO_ERR_IO);
}
END_TEST

START_TEST(the_end_answers_everybody)
{
	owner.late = _i == 1;
	owner_open(&owner);
	centro_job_id job = owner_submit(&owner, 1);
	int before = owner.answers;
	ctr_memory_disk_hold(owner.disk, true);
	ck_assert_int_eq(
		centro_engine_cancel(owner.engine, owner.now, job, NULL, NULL, owner_done, &owner),
		CENTRO_OK);
	owner_dispatch(&owner);
	ck_assert_int_eq(
		centro_engine_get_job(owner.engine, owner.now, job, CENTRO_JSON, owner_got, &owner),
		CENTRO_OK);
	ck_assert_int_eq(
		centro_engine_get_job(owner.engine, owner.now, 999, CENTRO_JSON, owner_got, &owner),
		CENTRO_OK);
	owner_close(&owner);
	ctr_memory_disk_hold(owner.disk, false);
	ck_assert_int_eq(owner.answers, before + 3);
	ck_assert_int_eq(owner.status, CENTRO_ERR_CANCELLED);
}
END_TEST

/* ---- every allocation -------------------------------------------- */

static void work_on(struct owner *run, const struct centro_assignment *assignment)
{
	struct centro_report report = {
		.size = sizeof(report),
		.attempt = assignment->attempt,
		.node = assignment->node,
		.ended = true,
		.cause = CENTRO_CAUSE_EXITED,
	};
	(void)centro_engine_report(run->engine, run->now, &report, NULL, NULL);
}

static void scenario(struct owner *run)
{
	static const char spec[] = "{\"tasks\":[{\"command\":[\"true\"]}]}";
	if (owner_try_open(run, NULL) != CENTRO_OK)
		return;
	run->on_assignment = work_on;
	struct centro_node_options node = CENTRO_NODE_OPTIONS_INIT;
	node.name = "n1";
	node.cpu_milli = 4000;
	node.memory_mib = 4000;
	for (int i = 0; i < 3; i++) {
		int asked = run->answers, expected = 0;
		expected += centro_engine_register_node(run->engine, run->now, &node,
							owner_registered, run, NULL) == CENTRO_OK;
		expected += centro_engine_submit_encoded(
				    run->engine, run->now,
				    (struct centro_bytes){(const uint8_t *)spec, sizeof(spec) - 1},
				    CENTRO_JSON, NULL, owner_submitted, run, NULL) == CENTRO_OK;
		for (centro_job_id job = 1; job < 4; job++)
			expected += centro_engine_get_job(run->engine, run->now, job, CENTRO_JSON,
							  owner_got, run) == CENTRO_OK;
		struct centro_attempt_ref held[2] = {{.job = 77, .attempt = 1}, {.job = 1}};
		(void)centro_engine_heartbeat(run->engine, run->now, run->node, held, 2);
		for (int turn = 0; turn < 6; turn++) {
			owner_advance_ms(run, 200);
			owner_dispatch(run);
		}
		ck_assert_int_eq(run->answers, asked + expected);
	}
	owner_close(run);
}

START_TEST(every_allocation_may_fail)
{
	struct failing_allocator failing;
	size_t fail_at = 0;
	do {
		struct owner run;
		failing_allocator_init(&failing, ++fail_at);
		owner_init(&run);
		run.late = _i == 1;
		run.allocator = &failing.allocator;
		scenario(&run);
		ck_assert_uint_eq(failing.live, 0);
		owner_fini(&run);
	} while (failing.failed);
	ck_assert_uint_gt(fail_at, 50);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine/public_engine");
	TCase *tcase = tcase_create("public_engine");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, a_uri_is_opened);
	tcase_add_test(tcase, what_cannot_be_opened_is_explained);
	tcase_add_test(tcase, structs_of_other_releases_are_told_apart);
	tcase_add_loop_test(tcase, a_failure_is_told_once, 0, 2);
	tcase_add_loop_test(tcase, the_end_answers_everybody, 0, 2);
	tcase_add_loop_test(tcase, every_allocation_may_fail, 0, 2);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
