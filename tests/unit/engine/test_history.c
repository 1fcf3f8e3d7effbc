/* SPDX-License-Identifier: MIT */
/* Tests of lib/engine/history.c. */
#include "fixture.h"

#include "base/bytes.h"
#include "codec/codec.h"
#include "support/suite.h"

static struct fixture fixture;

static void setup(void)
{
	fixture_init(&fixture);
}

static void open_store(bool late)
{
	fixture.late = late;
	fixture_open(&fixture);
}

static void teardown(void)
{
	fixture_fini(&fixture);
}

struct job_reader {
	struct ctr_job_read read;
	int called, status;
	centro_job_id got;
};

static centro_job_id id_of(struct centro_bytes job)
{
	struct ctr_arena arena;
	ctr_arena_init(&arena, NULL, SIZE_MAX);
	ProtobufCMessage *message;
	ck_assert_int_eq(
		ctr_message_decode(&centro__v1__job__descriptor, job, &arena, &message, NULL),
		CENTRO_OK);
	centro_job_id id = ((const Centro__V1__Job *)message)->id;
	ctr_arena_fini(&arena);
	return id;
}

static void job_read(struct ctr_job_read *read, int status, struct centro_bytes job)
{
	struct job_reader *reader = CTR_CONTAINER_OF(read, struct job_reader, read);
	reader->called++;
	reader->status = status;
	ck_assert_int_eq(status == CENTRO_OK, job.size > 0);
	reader->got = status == CENTRO_OK ? id_of(job) : 0;
}

static void read_job(struct job_reader *reader, centro_job_id id)
{
	*reader = (struct job_reader){.read = {.id = id, .fn = job_read}};
	ctr_engine_read_job(fixture.engine, &reader->read);
	ck_assert_int_eq(reader->called, 0);
}

struct list_reader {
	struct ctr_history_read read;
	int called, status;
	size_t count, stop_at;
	centro_job_id ids[100];
};

static int list_row(struct ctr_history_read *read, centro_job_id id, struct centro_bytes job)
{
	struct list_reader *reader = CTR_CONTAINER_OF(read, struct list_reader, read);
	ck_assert_uint_eq(id_of(job), id);
	reader->ids[reader->count++] = id;
	return reader->count == reader->stop_at;
}

static void list_done(struct ctr_history_read *read, int status)
{
	struct list_reader *reader = CTR_CONTAINER_OF(read, struct list_reader, read);
	reader->called++;
	reader->status = status;
}

static void read_list(struct list_reader *reader, centro_job_id below, uint32_t rows_max,
		      size_t stop_at)
{
	*reader = (struct list_reader){
		.read = {.id_below = below, .rows_max = rows_max, .row = list_row, .fn = list_done},
		.stop_at = stop_at,
	};
	ctr_engine_read_history(fixture.engine, &reader->read);
	ck_assert_int_eq(reader->called, 0);
}

/* Jobs 1 to `count`, all ended. */
static void end_jobs(int count)
{
	fixture_register(&fixture, 1000);
	for (int i = 0; i < count; i++)
		fixture_submit(&fixture);
	fixture_settle(&fixture);
	for (int i = 1; i <= count; i++)
		ck_assert_int_eq(fixture_report(&fixture, (centro_job_id)i, true, 0), CENTRO_OK);
	fixture_settle(&fixture);
	ck_assert_uint_eq(ctr_core_job_count(ctr_engine_core(fixture.engine)), 0);
}

START_TEST(a_job_is_read_from_the_store)
{
	open_store(_i == 1);
	end_jobs(20);
	struct job_reader readers[22];
	for (centro_job_id id = 1; id <= 22; id++)
		read_job(&readers[id - 1], id);
	ck_assert_uint_le(ctr_engine_get_wake(fixture.engine).ns, fixture.now.steady.ns);
	fixture_settle(&fixture);
	for (centro_job_id id = 1; id <= 22; id++) {
		ck_assert_int_eq(readers[id - 1].called, 1);
		ck_assert_int_eq(readers[id - 1].status,
				 id <= 20 ? CENTRO_OK : CENTRO_ERR_NOT_FOUND);
		ck_assert_uint_eq(readers[id - 1].got, id <= 20 ? id : 0);
	}
}
END_TEST

START_TEST(the_largest_id_is_no_special_case)
{
	open_store(_i == 1);
	struct job_reader reader;
	read_job(&reader, UINT64_MAX);
	fixture_settle(&fixture);
	ck_assert_int_eq(reader.status, CENTRO_ERR_NOT_FOUND);
}
END_TEST

START_TEST(a_read_waits_for_what_came_before)
{
	open_store(_i == 1);
	end_jobs(1);
	centro_job_id job = fixture_submit(&fixture);
	fixture_settle(&fixture);
	ck_assert_int_eq(fixture_report(&fixture, job, true, 0), CENTRO_OK);
	ctr_memory_disk_hold(fixture.disk, true);
	fixture_dispatch(&fixture);
	/* Its end is under way: not in the core any more, and not in the store yet. */
	ck_assert_ptr_null(ctr_core_find_job(ctr_engine_core(fixture.engine), job));
	struct job_reader reader;
	struct list_reader list;
	read_job(&reader, job);
	read_list(&list, 0, 10, 0);
	for (int i = 0; i < 5; i++)
		fixture_dispatch(&fixture);
	ck_assert_int_eq(reader.called + list.called, 0);
	ctr_memory_disk_hold(fixture.disk, false);
	fixture_settle(&fixture);
	ck_assert_int_eq(reader.status, CENTRO_OK);
	ck_assert_uint_eq(reader.got, job);
	ck_assert_uint_eq(list.count, 2);
}
END_TEST

START_TEST(recent_jobs_make_room_and_are_read_then)
{
	fixture.options.recent_jobs_max = 5;
	open_store(false);
	end_jobs(12);
	for (centro_job_id id = 1; id <= 12; id++) {
		struct centro_bytes recent = ctr_engine_recent_job(fixture.engine, id);
		ck_assert_int_eq(recent.size > 0, id > 7);
		if (id > 7)
			ck_assert_uint_eq(id_of(recent), id);
	}
	struct job_reader reader;
	read_job(&reader, 3);
	fixture_settle(&fixture);
	ck_assert_uint_eq(reader.got, 3);
}
END_TEST

START_TEST(history_is_listed_newest_first)
{
	open_store(_i == 1);
	end_jobs(30);
	struct list_reader all, page, few, stopped, none;
	read_list(&all, 0, 100, 0);
	read_list(&page, 11, 100, 0);
	read_list(&few, 0, 7, 0);
	read_list(&stopped, 0, 100, 3);
	read_list(&none, 1, 100, 0);
	fixture_settle(&fixture);
	ck_assert_uint_eq(all.count, 30);
	for (size_t i = 0; i < 30; i++)
		ck_assert_uint_eq(all.ids[i], 30 - i);
	ck_assert_uint_eq(page.count, 10);
	ck_assert_uint_eq(page.ids[0], 10);
	ck_assert_uint_eq(few.count, 7);
	ck_assert_uint_eq(few.ids[6], 24);
	ck_assert_uint_eq(stopped.count, 3);
	ck_assert_uint_eq(none.count, 0);
	struct list_reader *readers[] = {&all, &page, &few, &stopped, &none};
	for (size_t i = 0; i < 5; i++) {
		ck_assert_int_eq(readers[i]->called, 1);
		ck_assert_int_eq(readers[i]->status, CENTRO_OK);
	}
}
END_TEST

START_TEST(reads_outlive_a_reload)
{
	open_store(_i == 1);
	end_jobs(5);
	ctr_memory_disk_set_fault(fixture.disk,
				  (struct ctr_memory_fault){.status = CENTRO_ERR_FULL});
	fixture_submit(&fixture);
	struct job_reader reader;
	struct list_reader list;
	read_job(&reader, 2);
	read_list(&list, 0, 100, 0);
	fixture_settle(&fixture);
	ck_assert_uint_eq(fixture.reloaded_count, 1);
	ck_assert_int_eq(reader.status, CENTRO_OK);
	ck_assert_uint_eq(list.count, 5);
}
END_TEST

START_TEST(a_failed_engine_reads_nothing)
{
	open_store(_i == 1);
	end_jobs(5);
	ctr_memory_disk_set_fault(fixture.disk, (struct ctr_memory_fault){.status = CENTRO_ERR_IO});
	fixture_submit(&fixture);
	struct job_reader before, after;
	struct list_reader list;
	read_job(&before, 2);
	read_list(&list, 0, 100, 0);
	while (fixture_dispatch(&fixture) == CENTRO_OK)
		;
	read_job(&after, 2);
	fixture_dispatch(&fixture);
	ck_assert_int_eq(before.called + list.called + after.called, 3);
	ck_assert_int_eq(before.status, CENTRO_ERR_IO);
	ck_assert_int_eq(list.status, CENTRO_ERR_IO);
	ck_assert_int_eq(after.status, CENTRO_ERR_IO);
}
END_TEST

START_TEST(what_is_not_read_at_the_end_is_cancelled)
{
	open_store(_i == 1);
	end_jobs(80);
	struct job_reader readers[20];
	struct list_reader list, stopped;
	read_list(&stopped, 0, 100, 1);
	fixture_settle(&fixture);
	ck_assert_uint_eq(stopped.count, 1);
	read_list(&list, 0, 100, 0);
	if (fixture.late)
		fixture_dispatch(&fixture);
	for (centro_job_id id = 1; id <= 20; id++)
		read_job(&readers[id - 1], id);
	if (fixture.late)
		fixture_dispatch(&fixture);
	fixture_close(&fixture);
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(readers[i].called, 1);
		if (!fixture.late)
			ck_assert_int_eq(readers[i].status, CENTRO_ERR_CANCELLED);
	}
	ck_assert_int_eq(list.status, CENTRO_ERR_CANCELLED);
}
END_TEST

START_TEST(a_kill_ends_no_read)
{
	open_store(/* late= */ true);
	end_jobs(2);
	struct list_reader list;
	read_list(&list, 0, 100, 0);
	ctr_history_start(fixture.engine);
	ck_assert_uint_eq(fixture.engine->reads_under_way, 1);
	ctr_engine_unsubscribe(&fixture.subscriber);
	ctr_store_memory_crash(fixture.engine->store, /* written= */ false);
	ctr_engine_abandon(fixture.engine);
	fixture.engine = NULL;
	ck_assert_int_eq(list.called, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine/history");
	TCase *tcase = tcase_create("history");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_job_is_read_from_the_store, 0, 2);
	tcase_add_test(tcase, the_largest_id_is_no_special_case);
	tcase_add_loop_test(tcase, a_read_waits_for_what_came_before, 0, 2);
	tcase_add_test(tcase, recent_jobs_make_room_and_are_read_then);
	tcase_add_loop_test(tcase, history_is_listed_newest_first, 0, 2);
	tcase_add_loop_test(tcase, reads_outlive_a_reload, 0, 2);
	tcase_add_loop_test(tcase, a_failed_engine_reads_nothing, 0, 2);
	tcase_add_loop_test(tcase, what_is_not_read_at_the_end_is_cancelled, 0, 2);
	tcase_add_test(tcase, a_kill_ends_no_read);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
