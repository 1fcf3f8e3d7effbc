/* SPDX-License-Identifier: MIT */
/* Tests of lib/engine/events.c. */
#include "fixture.h"

#include "base/str.h"
#include "codec/codec.h"
#include "support/suite.h"

static struct fixture fixture;

static void setup(void)
{
	fixture_init(&fixture);
	fixture_open(&fixture);
}

static void teardown(void)
{
	fixture_fini(&fixture);
}

static void run_some_jobs(int count)
{
	fixture_register(&fixture, 1000);
	for (int i = 0; i < count; i++) {
		centro_job_id job = fixture_submit(&fixture);
		fixture_settle(&fixture);
		ck_assert_int_eq(fixture_report(&fixture, job, true, 0), CENTRO_OK);
		fixture_settle(&fixture);
	}
}

START_TEST(events_are_told_in_order_without_a_gap)
{
	run_some_jobs(20);
	ck_assert_uint_gt(fixture.durable_count, 60);
	for (size_t i = 0; i < fixture.durable_count; i++)
		ck_assert_uint_eq(fixture.durable[i].number, i + 1);
	ck_assert_uint_eq(ctr_engine_durable_event(fixture.engine), fixture.durable_count);
	ck_assert_uint_eq(fixture.applied_count, fixture.durable_count);
}
END_TEST

START_TEST(numbers_go_on_over_restarts)
{
	uint64_t last = 0;
	for (int round = 0; round < 5; round++) {
		size_t before = fixture.durable_count;
		run_some_jobs(3);
		ck_assert_uint_eq(fixture.durable[before].number, last + 1);
		last = ctr_engine_durable_event(fixture.engine);
		fixture_reopen(&fixture);
		ck_assert_uint_eq(ctr_engine_durable_event(fixture.engine), last);
	}
}
END_TEST

/* A batch's events read back: how many records, and whether they join up. */
struct records {
	size_t count;
	uint64_t next;
	size_t largest;
};

static int record_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct records *records = arg;
	uint64_t first, last;
	struct centro_bytes name;
	struct centro_instant cluster;
	ck_assert_int_eq(ctr_key_parse(key, &first, &name), CTR_KEY_EVENT);
	ck_assert_uint_eq(first, records->next);
	ck_assert_int_eq(ctr_codec_decode_events_end(value, &last, &cluster, NULL), CENTRO_OK);
	ck_assert_uint_ge(last, first);
	records->next = last + 1;
	records->count++;
	if (value.size > records->largest)
		records->largest = value.size;
	return CENTRO_OK;
}

static void record_done(void *arg, int status)
{
	ck_assert_int_eq(status, CENTRO_OK);
}

START_TEST(many_events_of_a_batch_take_several_records)
{
	ctr_memory_disk_hold(fixture.disk, true);
	fixture_submit(&fixture);
	fixture_dispatch(&fixture);
	for (int i = 0; i < 9000; i++)
		fixture_submit(&fixture);
	ctr_memory_disk_hold(fixture.disk, false);
	fixture_settle(&fixture);

	struct records records = {.next = 1};
	struct centro_scan scan = CENTRO_SCAN_INIT;
	scan.end = ctr_bytes_str(CTR_KEY_EVENT_END);
	struct centro_store *store = fixture_store_new(&fixture);
	ck_assert_int_eq(centro_store_scan(store, &scan, record_row, record_done, &records),
			 CENTRO_OK);
	centro_store_free(store);
	ck_assert_uint_eq(records.next, ctr_engine_durable_event(fixture.engine) + 1);
	ck_assert_uint_eq(records.count, 1 + 5);
	ck_assert_uint_le(records.largest, CENTRO_STORE_VALUE_SIZE_MAX);
	fixture_assert_stored(&fixture);
}
END_TEST

/* The largest event that there can be, as many as a record may hold. */
START_TEST(the_largest_record_fits_into_a_row)
{
	char name[CTR_OWNER_SIZE_MAX];
	memset(name, 'q', sizeof(name));
	struct ctr_queue queue = {.name = ctr_bytes(name, CTR_NAME_SIZE_MAX)};
	static struct ctr_task tasks[CTR_TASKS_MAX];
	tasks[CTR_TASKS_MAX - 1].name = queue.name;
	struct ctr_job job = {
		.tasks = tasks, .queue = queue.name, .owner = ctr_bytes(name, sizeof(name))};
	struct ctr_buf buf;
	ctr_buf_init(&buf, ctr_allocator_or_default(NULL), 0);
	for (size_t i = 0; i < CTR_ENGINE_RECORD_EVENTS_MAX; i++) {
		struct ctr_event event = {
			.number = UINT64_MAX - CTR_ENGINE_RECORD_EVENTS_MAX + i,
			.type = CENTRO_EVENT_QUEUE_SET,
			.at = {{UINT64_MAX - 1}, {UINT64_MAX - 1}},
			.attempt = {UINT64_MAX, CTR_TASKS_MAX - 1, UINT32_MAX, UINT32_MAX},
			.node = UINT64_MAX,
			.instance_state = CENTRO_INSTANCE_SKIPPED,
			.job_state = CENTRO_JOB_TIMEOUT,
			.cause = CENTRO_CAUSE_REVOKED,
			.exit_code = INT32_MIN,
			.signal = UINT16_MAX,
			.queue = &queue,
		};
		ck_assert_int_eq(ctr_codec_encode_event(&event, &job, &buf), CENTRO_OK);
	}
	ck_assert_int_eq(
		ctr_codec_encode_events_end((struct centro_instant){UINT64_MAX}, UINT64_MAX, &buf),
		CENTRO_OK);
	ck_assert_uint_le(buf.size, CENTRO_STORE_VALUE_SIZE_MAX);
	ctr_buf_fini(&buf);
}
END_TEST

/* One that leaves, or makes another leave, when it is told for the first time. */
struct leaver {
	struct ctr_subscriber subscriber;
	struct ctr_subscriber *victim;
	int told;
};

static void leave(struct ctr_subscriber *subscriber, const struct ctr_event *event)
{
	struct leaver *leaver = CTR_CONTAINER_OF(subscriber, struct leaver, subscriber);
	leaver->told++;
	if (leaver->victim)
		ctr_engine_unsubscribe(leaver->victim);
}

START_TEST(a_subscriber_may_leave_from_a_callback)
{
	struct leaver leavers[5];
	for (int i = 0; i < 5; i++) {
		leavers[i] = (struct leaver){.subscriber.durable = leave};
		ctr_engine_subscribe(fixture.engine, &leavers[i].subscriber);
	}
	leavers[0].victim = &leavers[0].subscriber;
	leavers[1].victim = &leavers[2].subscriber;
	leavers[3].victim = &leavers[0].subscriber;
	fixture_submit(&fixture);
	fixture_register(&fixture, 1);
	fixture_settle(&fixture);
	ck_assert_int_eq(leavers[0].told, 1);
	ck_assert_int_eq(leavers[1].told, (int)fixture.durable_count);
	ck_assert_int_eq(leavers[2].told, 0);
	ck_assert_int_eq(leavers[3].told, (int)fixture.durable_count);
	ck_assert_int_eq(leavers[4].told, (int)fixture.durable_count);
	ck_assert_int_gt(leavers[4].told, 2);
}
END_TEST

static void submit_more(struct ctr_subscriber *subscriber, const struct ctr_event *event)
{
	struct leaver *leaver = CTR_CONTAINER_OF(subscriber, struct leaver, subscriber);
	if (leaver->told++ < 3)
		fixture_submit(&fixture);
}

START_TEST(a_subscriber_may_execute_when_told_of_what_is_durable)
{
	struct leaver more = {.subscriber.durable = submit_more};
	ctr_engine_subscribe(fixture.engine, &more.subscriber);
	fixture_submit(&fixture);
	fixture_settle(&fixture);
	ck_assert_uint_eq(ctr_core_job_count(ctr_engine_core(fixture.engine)), 4);
	ck_assert_uint_eq(fixture.durable_count, 4);
	fixture_assert_stored(&fixture);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine/events");
	TCase *tcase = tcase_create("events");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, events_are_told_in_order_without_a_gap);
	tcase_add_test(tcase, numbers_go_on_over_restarts);
	tcase_add_test(tcase, many_events_of_a_batch_take_several_records);
	tcase_add_test(tcase, the_largest_record_fits_into_a_row);
	tcase_add_test(tcase, a_subscriber_may_leave_from_a_callback);
	tcase_add_test(tcase, a_subscriber_may_execute_when_told_of_what_is_durable);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
