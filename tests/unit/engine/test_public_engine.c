/* SPDX-License-Identifier: MIT */
/* Tests of lib/engine/public_engine.c. */
#include "public_fixture.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "engine/public.h"
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

START_TEST(an_order_that_is_none_is_refused)
{
	struct centro_engine_options options = CENTRO_ENGINE_OPTIONS_INIT;
	struct centro_engine *engine = NULL;
	struct centro_error_text text = {0};
	options.order = CENTRO_ORDER_FIFO;
	ck_assert_int_eq(centro_engine_open("memory:", &options, owner.now, &engine, &text),
			 CENTRO_OK);
	centro_engine_free(engine);
	options.order = (enum centro_order)2;
	ck_assert_int_eq(centro_engine_open("memory:", &options, owner.now, &engine, &text),
			 CENTRO_ERR_INVALID);
	ck_assert_str_eq(text.text, "order: 2 is neither fill nor fifo");
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

/* ---- on a disk ---------------------------------------------------- */

static void dispatch_until(struct centro_engine *engine, int answers)
{
	while (owner.answers < answers) {
		struct pollfd fd = {.fd = centro_engine_fd(engine), .events = POLLIN};
		ck_assert_int_ge(fd.fd, 0);
		ck_assert_int_eq(centro_engine_dispatch(engine, owner.now), CENTRO_OK);
		bool is_due = centro_engine_get_wake(engine).ns <= owner.now.steady.ns;
		poll(&fd, 1, is_due || owner.answers == answers ? 0 : 5000);
	}
}

START_TEST(a_file_keeps_what_was_acknowledged)
{
	char dir[] = "/tmp/centro-public-XXXXXX", uri[64], command[64];
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(uri, sizeof(uri), "file:%s/store", dir);
	struct centro_bytes spec = {(const uint8_t *)"{\"tasks\":[{\"command\":[\"true\"]}]}", 32};
	struct centro_engine *engine, *other;
	struct centro_error_text text = {0};
	uint64_t hash = 0;
	for (int round = 1; round <= 3; round++) {
		int status = centro_engine_open(uri, NULL, owner.now, &engine, &text);
		ck_assert_msg(status == CENTRO_OK, "%s", text.text);
		ck_assert_uint_eq(centro_engine_get_term(engine), (uint64_t)round);
		const struct ctr_core *core = ctr_engine_core(engine->engine);
		ck_assert(round == 1 || ctr_core_hash(core) == hash);
		ck_assert_int_eq(centro_engine_open(uri, NULL, owner.now, &other, &text),
				 CENTRO_ERR_LOCKED);
		owner.answers = 0;
		for (int i = 0; i < 50; i++)
			ck_assert_int_eq(
				centro_engine_submit_encoded(engine, owner.now, spec, CENTRO_JSON,
							     NULL, owner_submitted, &owner, &text),
				CENTRO_OK);
		dispatch_until(engine, 50);
		ck_assert_int_eq(owner.status, CENTRO_OK);
		ck_assert_uint_eq(ctr_core_job_count(core), 50 * (size_t)round);
		hash = ctr_core_hash(core);
		centro_engine_free(engine);
	}
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
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
	tcase_add_test(tcase, an_order_that_is_none_is_refused);
	tcase_add_test(tcase, structs_of_other_releases_are_told_apart);
	tcase_add_loop_test(tcase, a_failure_is_told_once, 0, 2);
	tcase_add_loop_test(tcase, the_end_answers_everybody, 0, 2);
	tcase_add_test(tcase, a_file_keeps_what_was_acknowledged);
	tcase_add_loop_test(tcase, every_allocation_may_fail, 0, 2);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
