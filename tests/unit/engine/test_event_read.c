/* SPDX-License-Identifier: MIT */
/* Tests of lib/engine/event_read.c. */
#include "fixture.h"

#include "base/bytes.h"
#include "codec/codec.h"
#include "support/suite.h"

#define KEPT 20

static struct fixture fixture;

/* What a reader has seen: the events from `first` up to, not including, `next`. */
struct reader {
	struct ctr_event_read read;
	uint64_t first, next;
	uint32_t rows, stop_after; /* 0: never */
	int called, status;
};

static void setup(void)
{
	fixture_init(&fixture);
	fixture.options.events_max = KEPT;
}

static void teardown(void)
{
	fixture_fini(&fixture);
}

static int row(struct ctr_event_read *read, struct centro_bytes batch)
{
	struct reader *reader = CTR_CONTAINER_OF(read, struct reader, read);
	struct ctr_arena arena;
	ProtobufCMessage *message;
	ctr_arena_init(&arena, NULL, SIZE_MAX);
	ck_assert_int_eq(ctr_message_decode(&centro__v1__event_batch__descriptor, batch, &arena,
					    &message, NULL),
			 CENTRO_OK);
	const Centro__V1__EventBatch *events = (const Centro__V1__EventBatch *)message;
	for (size_t i = 0; i < events->n_events; i++) {
		if (reader->first == 0)
			reader->first = reader->next = events->events[i]->number;
		ck_assert_uint_eq(events->events[i]->number, reader->next++);
	}
	ctr_arena_fini(&arena);
	return ++reader->rows == reader->stop_after;
}

static void done(struct ctr_event_read *read, int status)
{
	struct reader *reader = CTR_CONTAINER_OF(read, struct reader, read);
	reader->called++;
	reader->status = status;
}

static void start(struct reader *reader, uint64_t from, uint32_t rows_max)
{
	*reader = (struct reader){0};
	ctr_event_read_init(&reader->read);
	reader->read.from = from;
	reader->read.rows_max = rows_max;
	reader->read.row = row;
	reader->read.fn = done;
	ctr_engine_read_events(fixture.engine, &reader->read);
	ck_assert_int_eq(reader->called, 0);
}

static int read_from(struct reader *reader, uint64_t from)
{
	start(reader, from, 0);
	fixture_settle(&fixture);
	ck_assert_int_eq(reader->called, 1);
	return reader->status;
}

/* One record of three events, then five of one. */
static void some_records(void)
{
	for (int i = 0; i < 3; i++)
		fixture_submit(&fixture);
	fixture_settle(&fixture);
	for (int i = 0; i < 5; i++) {
		fixture_submit(&fixture);
		fixture_settle(&fixture);
	}
}

START_TEST(from_any_number_to_the_end)
{
	struct reader reader;
	fixture.late = _i == 1;
	fixture_open(&fixture);
	some_records();
	for (uint64_t from = 1; from <= 8; from++) {
		ck_assert_int_eq(read_from(&reader, from), CENTRO_OK);
		ck_assert_uint_eq(reader.first, from <= 3 ? 1 : from);
		ck_assert_uint_eq(reader.next, 9);
	}
	ck_assert_int_eq(read_from(&reader, 9), CENTRO_OK);
	ck_assert_uint_eq(reader.rows, 0);
	/* A limit, and a row function that has enough. */
	start(&reader, 2, 2);
	fixture_settle(&fixture);
	ck_assert_uint_eq(reader.next, 5);
	start(&reader, 5, 0);
	reader.stop_after = 3;
	fixture_settle(&fixture);
	ck_assert_int_eq(reader.status, CENTRO_OK);
	ck_assert_uint_eq(reader.next, 8);
}
END_TEST

START_TEST(a_number_inside_the_last_record)
{
	struct reader reader;
	fixture_open(&fixture);
	for (int i = 0; i < 3; i++)
		fixture_submit(&fixture);
	fixture_settle(&fixture);
	ck_assert_int_eq(read_from(&reader, 3), CENTRO_OK);
	ck_assert_uint_eq(reader.first, 1);
	ck_assert_uint_eq(reader.next, 4);
}
END_TEST

START_TEST(what_is_not_durable_is_not_seen)
{
	struct reader reader;
	fixture_open(&fixture);
	some_records();
	ctr_memory_disk_hold(fixture.disk, true);
	fixture_submit(&fixture);
	fixture_dispatch(&fixture);
	start(&reader, 8, 0);
	for (int i = 0; i < 5; i++)
		fixture_dispatch(&fixture);
	ctr_memory_disk_hold(fixture.disk, false);
	ck_assert_uint_le(reader.next, 9);
	fixture_settle(&fixture);
	ck_assert_int_eq(read_from(&reader, 8), CENTRO_OK);
	ck_assert_uint_eq(reader.next, 10);
}
END_TEST

START_TEST(what_is_gone_is_said)
{
	struct reader reader;
	fixture.late = _i == 1;
	fixture_open(&fixture);
	for (int i = 0; i < KEPT * 3; i++) {
		fixture_submit(&fixture);
		fixture_settle(&fixture);
	}
	ck_assert_int_eq(read_from(&reader, 5), CENTRO_ERR_COMPACTED);
	ck_assert_uint_eq(reader.rows, 0);
	uint64_t oldest = reader.read.oldest;
	ck_assert_uint_gt(oldest, KEPT);
	ck_assert_int_eq(read_from(&reader, oldest - 1), CENTRO_ERR_COMPACTED);
	ck_assert_uint_eq(reader.read.oldest, oldest);
	ck_assert_int_eq(read_from(&reader, oldest), CENTRO_OK);
	ck_assert_uint_eq(reader.first, oldest);
	ck_assert_uint_eq(reader.next, KEPT * 3 + 1);
}
END_TEST

START_TEST(many_readers_all_get_it)
{
	struct reader readers[20];
	fixture.late = _i == 1;
	fixture_open(&fixture);
	some_records();
	for (int i = 0; i < 20; i++)
		start(&readers[i], 2, 0);
	ctr_event_read_cancel(&readers[0].read);
	ctr_event_read_cancel(&readers[19].read);
	fixture_dispatch(&fixture);
	/* Some are under way now, and whoever gives up hears nothing more. */
	bool was_under_way = readers[2].called == 0;
	ctr_event_read_cancel(&readers[2].read);
	fixture_settle(&fixture);
	for (int i = 1; i < 19; i++) {
		bool is_cancelled = i == 2 && was_under_way;
		ck_assert_int_eq(readers[i].called, is_cancelled ? 0 : 1);
		ck_assert_uint_eq(readers[i].next, is_cancelled ? 0 : 9);
	}
	ck_assert_int_eq(readers[0].called + readers[19].called, 0);
	ck_assert_int_eq(was_under_way, _i == 1);
}
END_TEST

START_TEST(a_close_ends_the_readers)
{
	struct reader readers[10];
	fixture.late = true;
	fixture_open(&fixture);
	some_records();
	for (int i = 0; i < 10; i++)
		start(&readers[i], 2, 0);
	fixture_dispatch(&fixture);
	fixture_close(&fixture);
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(readers[i].called, 1);
	ck_assert_int_eq(readers[9].status, CENTRO_ERR_CANCELLED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine/event_read");
	TCase *tcase = tcase_create("event_read");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, from_any_number_to_the_end, 0, 2);
	tcase_add_test(tcase, a_number_inside_the_last_record);
	tcase_add_test(tcase, what_is_not_durable_is_not_seen);
	tcase_add_loop_test(tcase, what_is_gone_is_said, 0, 2);
	tcase_add_loop_test(tcase, many_readers_all_get_it, 0, 2);
	tcase_add_test(tcase, a_close_ends_the_readers);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
