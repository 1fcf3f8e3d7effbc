/* SPDX-License-Identifier: MIT */
/* Tests of lib/codec/journal_codec.c. */
#include "codec/journal_codec.h"

#include "base/assert.h"
#include "helper.h"
#include "support/failing_allocator.h"

#define ARENA_MAX (1 << 20)

static const struct centro_attempt_ref refs[] = {{9, 1, 2, 3}, {0, 0, 0, 0}, {7, 0, 0, 1}};

struct trip {
	struct ctr_journal_context to, from; /* writer's and reader's */
	struct ctr_buf buf;
	struct ctr_arena arena;
	struct ctr_journal_record record; /* what came out */
	struct centro_error_text text;
};

static void trip_init(struct trip *trip)
{
	*trip = (struct trip){0};
	ctr_buf_init(&trip->buf, NULL, 0);
	ctr_arena_init(&trip->arena, NULL, ARENA_MAX);
}

static void trip_fini(struct trip *trip)
{
	ctr_buf_fini(&trip->buf);
	ctr_arena_fini(&trip->arena);
}

/* Out and back; what stands beside the body must be the same. */
static void carry(struct trip *trip, const struct ctr_journal_record *record)
{
	ctr_buf_clear(&trip->buf);
	ck_assert_int_eq(ctr_journal_encode(&trip->to, record, &trip->buf), CENTRO_OK);
	int status = ctr_journal_decode(&trip->from, ctr_buf_bytes(&trip->buf), &trip->arena,
					&trip->record, &trip->text);
	ck_assert_msg(status == CENTRO_OK, "%s", trip->text.text);
	ck_assert_int_eq(trip->record.type, record->type);
	ck_assert_uint_eq(trip->record.now.cluster.ns, record->now.cluster.ns);
	ck_assert_uint_eq(trip->record.now.wall.ns, record->now.wall.ns);
	ck_assert_int_eq(trip->record.status, record->status);
	ck_assert_int_eq(trip->record.more, record->more);
	ck_assert_uint_eq(trip->record.answer, record->answer);
	ck_assert_uint_eq(trip->record.hash, record->hash);
}

static void carry_command(struct trip *trip, const struct ctr_command *command)
{
	const struct ctr_journal_record record = {
		.type = CTR_JOURNAL_COMMAND,
		.now = trip->to.now,
		.command = *command,
	};
	carry(trip, &record);
	ck_assert_int_eq(trip->record.command.type, command->type);
}

static void assert_text(struct centro_bytes bytes, const char *text)
{
	ck_assert_msg(ctr_bytes_equal(bytes, ctr_bytes_str(text)), "%.*s is not %s",
		      (int)bytes.size, (const char *)bytes.data, text);
}

static void assert_ref(struct centro_attempt_ref got, struct centro_attempt_ref ref)
{
	ck_assert_uint_eq(got.job, ref.job);
	ck_assert_uint_eq(got.task, ref.task);
	ck_assert_uint_eq(got.index, ref.index);
	ck_assert_uint_eq(got.attempt, ref.attempt);
}

static void assert_refs(const struct centro_attempt_ref *got, size_t count)
{
	ck_assert_uint_eq(count, CTR_ARRAY_SIZE(refs));
	for (size_t i = 0; i < count; i++)
		assert_ref(got[i], refs[i]);
}

/* ---- beside the body ---- */

START_TEST(time_and_hash_are_told_by_their_difference)
{
	struct trip trip;
	const struct ctr_journal_record first = {
		.type = CTR_JOURNAL_TICK,
		.now = {{5000000000}, {UINT64_C(1700000000000000000)}},
		.more = true,
		.hash = 0x123456789abcdef0,
	};
	struct ctr_journal_record next = first;
	trip_init(&trip);
	carry(&trip, &first);
	carry(&trip, &next);
	ck_assert_uint_eq(trip.buf.size, 4); /* `more`, and an empty body */
	next.now.cluster.ns += 1000000;
	next.now.wall.ns += 1000003;
	carry(&trip, &next);
	ck_assert_uint_eq(trip.buf.size, 4 + 4 + 2);
	next.now.wall.ns -= 3600 * UINT64_C(1000000000); /* set back by an hour */
	next.status = CENTRO_ERR_INVALID;
	next.answer = UINT32_MAX;
	next.hash = 1;
	carry(&trip, &next);
	next.now = (struct ctr_now){{UINT64_MAX}, {0}};
	carry(&trip, &next);
	trip_fini(&trip);
}
END_TEST

START_TEST(a_section_starts_from_nothing)
{
	struct trip trip;
	struct ctr_journal_record record = {.type = CTR_JOURNAL_TICK, .now = {{9}, {9}}, .hash = 9};
	trip_init(&trip);
	carry(&trip, &record);
	record = (struct ctr_journal_record){.type = CTR_JOURNAL_BEGIN, .now = {{1}, {2}}};
	carry(&trip, &record);
	trip_fini(&trip);
}
END_TEST

START_TEST(a_time_out_of_range_is_refused)
{
	struct trip trip;
	struct ctr_journal_record record = {.type = CTR_JOURNAL_TICK, .now = {{UINT64_MAX}, {0}}};
	trip_init(&trip);
	carry(&trip, &record);
	ck_assert_int_eq(ctr_journal_decode(&trip.from, ctr_bytes("\x08\x01\x3a\0", 4), &trip.arena,
					    &trip.record, &trip.text),
			 CENTRO_ERR_CORRUPT);
	ck_assert_str_eq(trip.text.text, "elapsed: the time is out of range");
	trip_fini(&trip);
}
END_TEST

/* ---- bodies ---- */

START_TEST(options_come_back_all_of_them)
{
	struct trip trip;
	const struct ctr_journal_record record = {
		.type = CTR_JOURNAL_BEGIN,
		.begin = {ctr_bytes_str("1.2.3"),
			  {.seed = UINT64_MAX,
			   .jobs_max = 1,
			   .nodes_max = 2,
			   .queues_max = 3,
			   .requests_max = 4,
			   .request_ttl = {5},
			   .node_timeout = {6},
			   .lease_grace = {UINT64_MAX},
			   .drift_ppm = 7,
			   .quarantine_after = 8,
			   .order = CTR_ORDER_FIFO}},
	};
	const struct ctr_core_options *options = &trip.record.begin.options;
	trip_init(&trip);
	carry(&trip, &record);
	assert_text(trip.record.begin.version, "1.2.3");
	ck_assert_uint_eq(options->seed, UINT64_MAX);
	ck_assert_uint_eq(options->jobs_max, 1);
	ck_assert_uint_eq(options->nodes_max, 2);
	ck_assert_uint_eq(options->queues_max, 3);
	ck_assert_uint_eq(options->requests_max, 4);
	ck_assert_uint_eq(options->request_ttl.ns, 5);
	ck_assert_uint_eq(options->node_timeout.ns, 6);
	ck_assert_uint_eq(options->lease_grace.ns, UINT64_MAX);
	ck_assert_uint_eq(options->drift_ppm, 7);
	ck_assert_uint_eq(options->quarantine_after, 8);
	ck_assert_int_eq(options->order, CTR_ORDER_FIFO);
	trip_fini(&trip);
}
END_TEST

/* What a new option needs is a row in the codec, and a member here. */
START_TEST(no_option_is_forgotten)
{
	const struct ctr_core_options *options = NULL;
	size_t known = sizeof(options->allocator) + sizeof(options->seed) +
		       sizeof(options->jobs_max) + sizeof(options->nodes_max) +
		       sizeof(options->queues_max) + sizeof(options->requests_max) +
		       sizeof(options->request_ttl) + sizeof(options->node_timeout) +
		       sizeof(options->lease_grace) + sizeof(options->drift_ppm) +
		       sizeof(options->quarantine_after) + sizeof(options->keep_hash) +
		       sizeof(options->order);
	size_t align = _Alignof(struct ctr_core_options);
	ck_assert_uint_eq(sizeof(*options), (known + align - 1) / align * align);
}
END_TEST

START_TEST(what_is_loaded_comes_back)
{
	struct trip trip;
	const struct ctr_journal_record row = {
		.type = CTR_JOURNAL_ROW,
		.row = {ctr_bytes_str("job/1/spec"), ctr_bytes("\0\xff", 2)},
	};
	const struct ctr_journal_record request = {
		.type = CTR_JOURNAL_REQUEST,
		.request = {ctr_bytes_str("me"), ctr_bytes_str("r"), 1, 2, {3}},
	};
	const struct ctr_journal_record loaded = {.type = CTR_JOURNAL_LOADED,
						  .loaded = {UINT64_MAX}};
	trip_init(&trip);
	carry(&trip, &row);
	assert_text(trip.record.row.key, "job/1/spec");
	ck_assert(ctr_bytes_equal(trip.record.row.value, row.row.value));
	carry(&trip, &request);
	assert_text(trip.record.request.owner, "me");
	assert_text(trip.record.request.request_id, "r");
	ck_assert_uint_eq(trip.record.request.spec_hash, 1);
	ck_assert_uint_eq(trip.record.request.job, 2);
	ck_assert_uint_eq(trip.record.request.wall.ns, 3);
	carry(&trip, &loaded);
	ck_assert_uint_eq(trip.record.loaded.last_event, UINT64_MAX);
	trip_fini(&trip);
}
END_TEST

START_TEST(a_submit_comes_back_whole)
{
	struct trip trip;
	struct centro_task_options task = CENTRO_TASK_OPTIONS_INIT;
	struct centro_job_options options = CENTRO_JOB_OPTIONS_INIT;
	const char *const command[] = {"sleep", "5"}, *const datacenters[] = {"eu", "us"};
	struct ctr_job_spec spec;
	trip_init(&trip);
	task.name = "main";
	task.command = command;
	task.command_count = 2;
	task.cpu_milli = 1500;
	task.count = 3;
	options.tasks = &task;
	options.task_count = 1;
	options.priority = -5;
	options.datacenters = datacenters;
	options.datacenter_count = 2;
	ck_assert_int_eq(ctr_codec_job_spec_from_options(&options, &trip.arena, &spec, &trip.text),
			 CENTRO_OK);
	spec.owner = ctr_bytes_str("\xff not UTF-8");
	spec.request_id = ctr_bytes_str("r");
	ctr_codec_set_retry(&spec, 41);
	carry_command(&trip, &(struct ctr_command){.type = CTR_COMMAND_SUBMIT, .submit = {&spec}});
	const struct ctr_job_spec *got = trip.record.command.submit.spec;
	ck_assert(ctr_bytes_equal(got->text, spec.text));
	ck_assert_uint_eq(got->spec_hash, spec.spec_hash);
	ck_assert_uint_eq(got->retry_of, 41);
	assert_text(got->owner, "\xff not UTF-8");
	assert_text(got->request_id, "r");
	ck_assert_int_eq(got->priority, -5);
	ck_assert_uint_eq(got->datacenter_count, 2);
	ck_assert_uint_eq(got->task_count, 1);
	ck_assert_uint_eq(got->tasks[0].resources.cpu_milli, 1500);
	ck_assert_uint_eq(got->tasks[0].count, 3);
	assert_text(got->tasks[0].command[1], "5");
	trip_fini(&trip);
}
END_TEST

START_TEST(a_registration_comes_back_whole)
{
	struct trip trip;
	struct centro_node_options options = CENTRO_NODE_OPTIONS_INIT;
	struct ctr_node_spec spec;
	trip_init(&trip);
	options.name = "a";
	options.datacenter = "eu";
	options.cpu_milli = 4000;
	ck_assert_int_eq(ctr_codec_node_spec_from_options(&options, &trip.arena, &spec, &trip.text),
			 CENTRO_OK);
	spec.agent_id = UINT64_MAX;
	spec.session = 7;
	carry_command(&trip, &(struct ctr_command){.type = CTR_COMMAND_REGISTER,
						   .register_node = {&spec}});
	const struct ctr_node_spec *got = trip.record.command.register_node.spec;
	ck_assert(ctr_bytes_equal(got->text, spec.text));
	assert_text(got->name, "a");
	assert_text(got->datacenter, "eu");
	ck_assert_uint_eq(got->agent_id, UINT64_MAX);
	ck_assert_uint_eq(got->session, 7);
	ck_assert_uint_eq(got->capacity.cpu_milli, 4000);
	trip_fini(&trip);
}
END_TEST

START_TEST(what_a_node_says_comes_back)
{
	struct trip trip;
	struct centro_span leases[3];
	bool granted[3];
	const struct ctr_command heartbeat = {.type = CTR_COMMAND_HEARTBEAT,
					      .heartbeat = {1, 2, refs, 3, leases}};
	const struct ctr_command claim = {.type = CTR_COMMAND_CLAIM,
					  .claim = {3, 4, refs, 3, 5, granted}};
	const struct ctr_heartbeat *held = &trip.record.command.heartbeat;
	const struct ctr_claim *claimed = &trip.record.command.claim;
	trip_init(&trip);
	carry_command(&trip, &heartbeat);
	ck_assert_uint_eq(held->node, 1);
	ck_assert_uint_eq(held->session, 2);
	assert_refs(held->held, held->held_count);
	held->ret_lease[2].ns = 1; /* there is room */
	carry_command(&trip, &claim);
	ck_assert_uint_eq(claimed->node, 3);
	ck_assert_uint_eq(claimed->session, 4);
	assert_refs(claimed->attempts, claimed->attempt_count);
	ck_assert_uint_eq(claimed->durable_event, 5);
	claimed->ret_granted[2] = true;
	carry_command(&trip, &(struct ctr_command){.type = CTR_COMMAND_HEARTBEAT});
	ck_assert_uint_eq(held->held_count, 0);
	trip_fini(&trip);
}
END_TEST

START_TEST(a_report_comes_back)
{
	struct trip trip;
	const struct ctr_command command = {
		.type = CTR_COMMAND_REPORT,
		.report = {1,
			   2,
			   {3, 4, 5, 6},
			   true,
			   CENTRO_CAUSE_SIGNALLED,
			   -7,
			   8,
			   ctr_bytes_str("said"),
			   {9}},
	};
	const struct ctr_report *report = &trip.record.command.report;
	trip_init(&trip);
	carry_command(&trip, &command);
	ck_assert_uint_eq(report->node, 1);
	ck_assert_uint_eq(report->session, 2);
	assert_ref(report->attempt, command.report.attempt);
	ck_assert(report->ended);
	ck_assert_int_eq(report->cause, CENTRO_CAUSE_SIGNALLED);
	ck_assert_int_eq(report->exit_code, -7);
	ck_assert_uint_eq(report->signal, 8);
	assert_text(report->message, "said");
	ck_assert_uint_eq(report->wall.ns, 9);
	trip_fini(&trip);
}
END_TEST

START_TEST(the_rest_comes_back)
{
	struct trip trip;
	const struct ctr_command cancel = {
		.type = CTR_COMMAND_CANCEL,
		.cancel = {1, ctr_bytes_str("who"), ctr_bytes_str("why")}};
	const struct ctr_command queue = {.type = CTR_COMMAND_SET_QUEUE,
					  .set_queue = {ctr_bytes_str("batch"), 2, -3}};
	const struct ctr_command drain = {
		.type = CTR_COMMAND_DRAIN,
		.drain = {7, ctr_bytes_str("who"), ctr_bytes_str("why"), true, {9}}};
	const struct ctr_command undrain = {.type = CTR_COMMAND_UNDRAIN, .undrain = {7}};
	const struct ctr_journal_record schedule = {.type = CTR_JOURNAL_SCHEDULE,
						    .schedule = {1024}};
	const struct ctr_journal_record take = {.type = CTR_JOURNAL_TAKE};
	const struct ctr_journal_record end = {.type = CTR_JOURNAL_END};
	trip_init(&trip);
	carry_command(&trip, &cancel);
	ck_assert_uint_eq(trip.record.command.cancel.job, 1);
	assert_text(trip.record.command.cancel.who, "who");
	assert_text(trip.record.command.cancel.reason, "why");
	carry_command(&trip, &queue);
	assert_text(trip.record.command.set_queue.name, "batch");
	ck_assert_uint_eq(trip.record.command.set_queue.weight, 2);
	ck_assert_int_eq(trip.record.command.set_queue.priority, -3);
	ck_assert_str_eq(ctr_journal_name(&trip.record), "set queue");
	carry_command(&trip, &drain);
	ck_assert_uint_eq(trip.record.command.drain.node, 7);
	assert_text(trip.record.command.drain.who, "who");
	assert_text(trip.record.command.drain.reason, "why");
	ck_assert(trip.record.command.drain.has_deadline);
	ck_assert_uint_eq(trip.record.command.drain.deadline.ns, 9);
	carry_command(&trip, &undrain);
	ck_assert_uint_eq(trip.record.command.undrain.node, 7);
	carry(&trip, &schedule);
	ck_assert_uint_eq(trip.record.schedule.ops_max, 1024);
	ck_assert_str_eq(ctr_journal_name(&trip.record), "schedule");
	carry(&trip, &take);
	carry(&trip, &end);
	trip_fini(&trip);
}
END_TEST

/* ---- what is wrong ---- */

static int decode(struct trip *trip, const void *data, size_t size)
{
	trip->text.text[0] = '\0';
	return ctr_journal_decode(&trip->from, ctr_bytes(data, size), &trip->arena, &trip->record,
				  &trip->text);
}

START_TEST(a_record_holds_one_input)
{
	static const char none_or_more[] =
		"it holds no input that this version knows, or more than one";
	struct trip trip;
	trip_init(&trip);
	ck_assert_int_eq(decode(&trip, "", 0), CENTRO_ERR_CORRUPT);
	ck_assert_str_eq(trip.text.text, none_or_more);
	ck_assert_int_eq(decode(&trip, "\x3a\0\x4a\0", 4), CENTRO_ERR_CORRUPT);
	ck_assert_str_eq(trip.text.text, none_or_more);
	ck_assert_int_eq(decode(&trip, "\x3a\x05", 2), CENTRO_ERR_CORRUPT);
	ck_assert_int_eq(decode(&trip, "\x3a\0", 2), CENTRO_OK);
	trip_fini(&trip);
}
END_TEST

/* A submit whose specification is no JobSpec. */
START_TEST(a_bad_specification_is_corrupt)
{
	struct trip trip;
	trip_init(&trip);
	ck_assert_int_eq(decode(&trip, "\x52\x03\x0a\x01\x0a", 5), CENTRO_ERR_CORRUPT);
	ck_assert_int_eq(decode(&trip, "\x7a\x03\x0a\x01\x0a", 5), CENTRO_ERR_CORRUPT);
	ck_assert_str_ne(trip.text.text, "");
	trip_fini(&trip);
}
END_TEST

/* ---- answers and memory ---- */

START_TEST(an_answer_is_all_but_its_text)
{
	struct centro_span leases[2] = {{1}, {2}};
	bool granted[2] = {true, false};
	struct ctr_result result = {0};
	struct ctr_command command = {.type = CTR_COMMAND_HEARTBEAT,
				      .heartbeat = {1, 2, refs, 2, leases}};
	uint32_t answer = ctr_journal_answer(&command, &result);
	result.text.text[0] = 'a';
	ck_assert_uint_eq(ctr_journal_answer(&command, &result), answer);
	leases[1].ns = 3;
	ck_assert_uint_ne(ctr_journal_answer(&command, &result), answer);
	/* What was not answered is not looked at. */
	result.status = CENTRO_ERR_STALE;
	answer = ctr_journal_answer(&command, &result);
	leases[1].ns = 4;
	ck_assert_uint_eq(ctr_journal_answer(&command, &result), answer);
	result.session_stale = true;
	ck_assert_uint_ne(ctr_journal_answer(&command, &result), answer);

	result = (struct ctr_result){0};
	command = (struct ctr_command){.type = CTR_COMMAND_CLAIM,
				       .claim = {1, 2, refs, 2, 0, granted}};
	answer = ctr_journal_answer(&command, &result);
	granted[1] = true;
	ck_assert_uint_ne(ctr_journal_answer(&command, &result), answer);
	command = (struct ctr_command){.type = CTR_COMMAND_SUBMIT};
	answer = ctr_journal_answer(&command, &result);
	result.job = 5;
	ck_assert_uint_ne(ctr_journal_answer(&command, &result), answer);
}
END_TEST

START_TEST(no_memory_leaves_nothing_behind)
{
	struct failing_allocator failing;
	struct trip trip;
	const struct ctr_journal_record row = {
		.type = CTR_JOURNAL_ROW,
		.row = {ctr_bytes_str("key"), ctr_bytes_str("value")},
	};
	trip_init(&trip);
	failing_allocator_init(&failing, 1);
	ctr_buf_init(&trip.buf, &failing.allocator, 0);
	ck_assert_int_eq(ctr_journal_encode(&trip.to, &row, &trip.buf), CENTRO_ERR_NOMEM);
	ck_assert_uint_eq(trip.buf.size, 0);
	trip_fini(&trip);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("journal_codec");
	TCase *tcase = tcase_create("journal_codec");

	tcase_add_test(tcase, time_and_hash_are_told_by_their_difference);
	tcase_add_test(tcase, a_section_starts_from_nothing);
	tcase_add_test(tcase, a_time_out_of_range_is_refused);
	tcase_add_test(tcase, options_come_back_all_of_them);
	tcase_add_test(tcase, no_option_is_forgotten);
	tcase_add_test(tcase, what_is_loaded_comes_back);
	tcase_add_test(tcase, a_submit_comes_back_whole);
	tcase_add_test(tcase, a_registration_comes_back_whole);
	tcase_add_test(tcase, what_a_node_says_comes_back);
	tcase_add_test(tcase, a_report_comes_back);
	tcase_add_test(tcase, the_rest_comes_back);
	tcase_add_test(tcase, a_record_holds_one_input);
	tcase_add_test(tcase, a_bad_specification_is_corrupt);
	tcase_add_test(tcase, an_answer_is_all_but_its_text);
	tcase_add_test(tcase, no_memory_leaves_nothing_behind);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
