/* SPDX-License-Identifier: MIT */
/* Tests of lib/engine/public_events.c. */
#include "public_fixture.h"

#include <string.h>

#include "support/suite.h"

static struct owner owner;

/* What was read, over several calls. */
static struct reading {
	uint64_t seen; /* the last number */
	int answers, status;
	uint64_t next;
	bool submits; /* from inside the first event */
} reading;

static void setup(void)
{
	memset(&reading, 0, sizeof(reading));
	owner_init(&owner);
	owner_open(&owner);
}

static void teardown(void)
{
	owner_fini(&owner);
}

static void check_same(const struct centro_event *event, const struct centro_event *told)
{
	ck_assert_uint_eq(event->number, told->number);
	ck_assert_int_eq(event->type, told->type);
	ck_assert_uint_eq(event->wall.ns, told->wall.ns);
	ck_assert_uint_eq(event->attempt.job, told->attempt.job);
	ck_assert_uint_eq(event->attempt.index, told->attempt.index);
	ck_assert_uint_eq(event->attempt.attempt, told->attempt.attempt);
	ck_assert_uint_eq(event->node, told->node);
	ck_assert_int_eq(event->instance_state, told->instance_state);
	ck_assert_int_eq(event->job_state, told->job_state);
	ck_assert_int_eq(event->cause, told->cause);
	ck_assert_int_eq(event->exit_code, told->exit_code);
}

static void on_event(void *arg, const struct centro_event *event)
{
	if (reading.seen)
		ck_assert_uint_eq(event->number, reading.seen + 1);
	ck_assert_uint_eq(event->size, sizeof(*event));
	reading.seen = event->number;
	/* The same as was told when it happened. */
	if (event->number <= owner.event_count && event->number <= OWNER_NOTES_MAX)
		check_same(event, &owner.events[event->number - 1]);
	if (reading.submits)
		ck_assert_int_eq(
			centro_engine_cancel(owner.engine, owner.now, 1, NULL, NULL, NULL, NULL),
			CENTRO_OK);
	reading.submits = false;
}

static void on_done(void *arg, int status, uint64_t next)
{
	reading.answers++;
	reading.status = status;
	reading.next = next;
}

static int read_since(uint64_t since)
{
	reading.answers = 0;
	reading.seen = 0;
	int status = centro_engine_read_events(owner.engine, since, on_event, on_done, &owner);
	ck_assert_int_eq(status, CENTRO_OK);
	ck_assert_int_eq(reading.answers, 0);
	owner_settle(&owner);
	ck_assert_int_eq(reading.answers, 1);
	return reading.status;
}

START_TEST(an_owner_goes_on_where_it_was)
{
	owner.late = _i == 1;
	owner_close(&owner);
	owner_open(&owner);
	owner_register(&owner, "n1", 2);
	for (int i = 0; i < 5; i++)
		owner_submit(&owner, 1);
	uint64_t last = centro_engine_get_last_event(owner.engine);
	ck_assert_uint_eq(last, owner.event_count);
	ck_assert_int_eq(read_since(1), CENTRO_OK);
	ck_assert_uint_eq(reading.seen, last);
	ck_assert_uint_eq(reading.next, last + 1);

	owner_close(&owner);
	owner_open(&owner);
	ck_assert_uint_eq(centro_engine_get_last_event(owner.engine), last);
	reading.submits = true;
	ck_assert_int_eq(read_since(4), CENTRO_OK);
	ck_assert_uint_eq(reading.seen, last);
	ck_assert_uint_gt(centro_engine_get_last_event(owner.engine), last);
	ck_assert_int_eq(read_since(reading.next), CENTRO_OK);
	ck_assert_uint_eq(reading.seen, centro_engine_get_last_event(owner.engine));
	ck_assert_int_eq(read_since(reading.next), CENTRO_OK);
	ck_assert_uint_eq(reading.seen, 0);
}
END_TEST

START_TEST(many_come_in_parts)
{
	owner_submit(&owner, CENTRO_EVENTS_READ_MAX * 2);
	ck_assert_int_eq(centro_engine_cancel(owner.engine, owner.now, 1, NULL, NULL, NULL, NULL),
			 CENTRO_OK);
	owner_settle(&owner);
	uint64_t since = 1, parts = 0;
	while (since <= centro_engine_get_last_event(owner.engine)) {
		ck_assert_int_eq(read_since(since), CENTRO_OK);
		ck_assert_uint_gt(reading.next, since);
		ck_assert_uint_eq(reading.next, reading.seen + 1);
		since = reading.next;
		parts++;
	}
	ck_assert_uint_eq(parts, 3);
	ck_assert_uint_eq(since, CENTRO_EVENTS_READ_MAX * 2 + 4);
}
END_TEST

START_TEST(what_is_gone_is_said)
{
	struct centro_engine_options options = CENTRO_ENGINE_OPTIONS_INIT;
	options.events_max = 10;
	owner_close(&owner);
	ck_assert_int_eq(centro_engine_open("memory:", &options, owner.now, &owner.engine, NULL),
			 CENTRO_OK);
	for (int i = 0; i < 40; i++)
		owner_submit(&owner, 1);
	ck_assert_int_eq(read_since(1), CENTRO_ERR_COMPACTED);
	ck_assert_uint_eq(reading.seen, 0);
	ck_assert_uint_gt(reading.next, 20);
	uint64_t oldest = reading.next;
	ck_assert_int_eq(read_since(oldest), CENTRO_OK);
	ck_assert_uint_eq(reading.seen, 40);
}
END_TEST

START_TEST(a_close_ends_it)
{
	owner_submit(&owner, 1);
	ck_assert_int_eq(centro_engine_read_events(owner.engine, 1, on_event, on_done, &owner),
			 CENTRO_OK);
	owner_close(&owner);
	ck_assert_int_eq(reading.answers, 1);
	ck_assert_int_eq(reading.status, CENTRO_ERR_CANCELLED);
	ck_assert_uint_eq(reading.seen, 0);
}
END_TEST

START_TEST(arguments)
{
	ck_assert_int_eq(centro_engine_read_events(NULL, 1, on_event, on_done, NULL),
			 CENTRO_ERR_INVALID);
	ck_assert_int_eq(centro_engine_read_events(owner.engine, 1, NULL, on_done, NULL),
			 CENTRO_ERR_INVALID);
	ck_assert_int_eq(centro_engine_read_events(owner.engine, 1, on_event, NULL, NULL),
			 CENTRO_ERR_INVALID);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine/public_events");
	TCase *tcase = tcase_create("public_events");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, an_owner_goes_on_where_it_was, 0, 2);
	tcase_add_test(tcase, many_come_in_parts);
	tcase_add_test(tcase, what_is_gone_is_said);
	tcase_add_test(tcase, a_close_ends_it);
	tcase_add_test(tcase, arguments);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
