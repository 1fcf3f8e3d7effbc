/* SPDX-License-Identifier: MIT */
/*
 * Tests of lib/engine/journal.c: what is recorded, and that a recording that stops
 * does not harm. That it replays, tests/unit/sim/test_replay.c shows.
 */
#include "engine/journal.h"

#include <stdio.h>

#include "codec/journal_codec.h"
#include "codec/journal_frame.h"
#include "fixture.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

/* A sink in memory; it wants no more after `writes_max`. */
struct memory_sink {
	struct ctr_journal_sink sink;
	struct ctr_buf bytes;
	size_t writes, writes_max;
	/* Log lines. */
	struct centro_log log;
	size_t warnings;
	char warning[256];
};

static bool take_bytes(struct ctr_journal_sink *sink, struct centro_bytes bytes)
{
	struct memory_sink *memory = CTR_CONTAINER_OF(sink, struct memory_sink, sink);
	ck_assert_uint_lt(memory->writes, memory->writes_max);
	ck_assert_uint_gt(bytes.size, 0);
	ck_assert_int_eq(ctr_buf_append_bytes(&memory->bytes, bytes), CENTRO_OK);
	return ++memory->writes < memory->writes_max;
}

static void take_line(void *arg, enum centro_log_level level, const char *message)
{
	struct memory_sink *memory = arg;
	memory->warnings += level <= CENTRO_LOG_WARN;
	if (level <= CENTRO_LOG_WARN)
		snprintf(memory->warning, sizeof(memory->warning), "%s", message);
}

static void memory_sink_init(struct memory_sink *memory)
{
	*memory = (struct memory_sink){
		.sink = {take_bytes},
		.writes_max = SIZE_MAX,
		.log = {.size = sizeof(struct centro_log),
			.arg = memory,
			.level = CENTRO_LOG_DEBUG,
			.write = take_line},
	};
	ctr_buf_init(&memory->bytes, NULL, 0);
}

/* "begin row row loaded …" of what was recorded, which must be whole records. */
static const char *recorded(const struct memory_sink *memory, struct ctr_buf *names)
{
	struct ctr_journal_context context = {0};
	struct ctr_journal_record record;
	struct ctr_arena arena;
	struct centro_bytes rest = ctr_buf_bytes(&memory->bytes), one;
	struct centro_error_text text = {""};

	ctr_arena_init(&arena, NULL, SIZE_MAX);
	ctr_buf_init(names, NULL, 0);
	ck_assert_int_eq(ctr_journal_check_magic(rest), CTR_JOURNAL_MAGIC_OK);
	rest = ctr_bytes(rest.data + CTR_JOURNAL_MAGIC_SIZE, rest.size - CTR_JOURNAL_MAGIC_SIZE);
	while (rest.size > 0) {
		uint64_t place = memory->bytes.size - rest.size;
		int status = ctr_journal_frame_take(&rest, place, &one, &text);
		ck_assert_msg(status == CENTRO_OK, "%s", text.text);
		status = ctr_journal_decode(&context, one, &arena, &record, &text);
		ck_assert_msg(status == CENTRO_OK, "%s", text.text);
		ctr_buf_appendf(names, "%s%s", names->size > 0 ? " " : "",
				ctr_journal_name(&record));
	}
	ctr_arena_fini(&arena);
	ctr_buf_append_char(names, '\0');
	return (const char *)names->data;
}

struct recording {
	struct memory_sink memory;
	struct fixture fixture;
	struct ctr_buf names;
};

static void recording_init(struct recording *recording)
{
	memory_sink_init(&recording->memory);
	ctr_buf_init(&recording->names, NULL, 0);
	fixture_init(&recording->fixture);
	recording->fixture.options.journal = &recording->memory.sink;
	recording->fixture.options.log = &recording->memory.log;
}

static void recording_fini(struct recording *recording)
{
	fixture_fini(&recording->fixture);
	ctr_buf_fini(&recording->memory.bytes);
	ctr_buf_fini(&recording->names);
}

static const char *names_of(struct recording *recording)
{
	ctr_buf_fini(&recording->names);
	return recorded(&recording->memory, &recording->names);
}

START_TEST(every_input_is_recorded_in_order)
{
	struct recording recording;
	recording_init(&recording);
	fixture_open(&recording.fixture);
	fixture_register(&recording.fixture, 2);
	fixture_submit(&recording.fixture);
	fixture_dispatch(&recording.fixture);
	ck_assert_str_eq(names_of(&recording), "begin loaded register submit tick schedule take");
	fixture_close(&recording.fixture);
	ck_assert_str_eq(names_of(&recording),
			 "begin loaded register submit tick schedule take end");
	recording_fini(&recording);
}
END_TEST

START_TEST(what_is_loaded_is_recorded)
{
	struct recording recording;
	recording_init(&recording);
	recording.fixture.options.journal = NULL;
	fixture_open(&recording.fixture);
	fixture_register(&recording.fixture, 2);
	struct ctr_result result;
	ck_assert_int_eq(fixture_submit_many(&recording.fixture, "old", 1, &result), CENTRO_OK);
	fixture_settle(&recording.fixture);
	fixture_report(&recording.fixture, result.job, true, 0);
	fixture_submit(&recording.fixture);
	fixture_settle(&recording.fixture);
	fixture_close(&recording.fixture);
	ck_assert_uint_eq(recording.memory.bytes.size, 0);

	recording.fixture.options.journal = &recording.memory.sink;
	fixture_open(&recording.fixture);
	fixture_close(&recording.fixture);
	/* The job's halves, the format, the ids, the node; then the request id of the other job. */
	ck_assert_str_eq(names_of(&recording), "begin row row row row row request loaded end");
	recording_fini(&recording);
}
END_TEST

START_TEST(a_reload_begins_another_section)
{
	struct recording recording;
	recording_init(&recording);
	recording.fixture.store_bytes_max = 64 * 1024;
	fixture_open(&recording.fixture);
	fixture_submit(&recording.fixture);
	fixture_settle(&recording.fixture);
	/* Commands until the store is full, which refuses the commit. */
	char argument[8192];
	memset(argument, 'x', sizeof(argument) - 1);
	argument[sizeof(argument) - 1] = '\0';
	while (recording.fixture.reloaded_count == 0) {
		struct ctr_result result;
		fixture_try_submit(&recording.fixture, NULL, 1, argument, &result);
		fixture_try_submit(&recording.fixture, NULL, 1, argument, &result);
		fixture_settle(&recording.fixture);
	}
	fixture_close(&recording.fixture);
	const char *names = names_of(&recording);
	const char *again = strstr(names + 1, "begin row");
	ck_assert_msg(again && strstr(again, "loaded"), "%s", names);
	recording_fini(&recording);
}
END_TEST

/* More than one write's worth of rows goes out before the turn is over. */
START_TEST(much_goes_out_early)
{
	struct recording recording;
	char argument[4096];
	memset(argument, 'x', sizeof(argument) - 1);
	argument[sizeof(argument) - 1] = '\0';
	recording_init(&recording);
	fixture_open(&recording.fixture);
	fixture_dispatch(&recording.fixture);
	size_t before = recording.memory.writes;
	for (int i = 0; i < 32; i++)
		fixture_submit_command(&recording.fixture, argument);
	ck_assert_uint_gt(recording.memory.writes, before);
	recording_fini(&recording);
}
END_TEST

START_TEST(a_sink_may_want_no_more)
{
	struct recording recording;
	recording_init(&recording);
	recording.memory.writes_max = 2;
	fixture_open(&recording.fixture);
	fixture_register(&recording.fixture, 2);
	fixture_dispatch(&recording.fixture);
	fixture_submit(&recording.fixture);
	fixture_dispatch(&recording.fixture);
	centro_job_id job = fixture_submit(&recording.fixture);
	fixture_settle(&recording.fixture);
	ck_assert_int_eq(fixture_state(&recording.fixture, job), CENTRO_INSTANCE_ASSIGNED);
	fixture_assert_sound(&recording.fixture);
	fixture_close(&recording.fixture);
	ck_assert_uint_eq(recording.memory.writes, 2);
	ck_assert_str_eq(names_of(&recording),
			 "begin loaded register tick schedule take submit tick schedule take");
	recording_fini(&recording);
}
END_TEST

#define HELD_COUNT ((size_t)700000)

START_TEST(an_input_too_large_stops_it)
{
	struct recording recording;
	struct ctr_result result;
	struct centro_attempt_ref *held = calloc(HELD_COUNT, sizeof(*held));
	struct centro_span *leases = calloc(HELD_COUNT, sizeof(*leases));
	ck_assert(held && leases);
	for (size_t i = 0; i < HELD_COUNT; i++)
		held[i] = (struct centro_attempt_ref){UINT64_MAX, UINT32_MAX, UINT32_MAX, 1};
	recording_init(&recording);
	fixture_open(&recording.fixture);
	fixture_register(&recording.fixture, 2);
	const struct ctr_command command = {
		.type = CTR_COMMAND_HEARTBEAT,
		.heartbeat = {recording.fixture.node, 1, held, HELD_COUNT, leases},
	};
	fixture_execute(&recording.fixture, &command, &result);
	fixture_submit(&recording.fixture);
	fixture_settle(&recording.fixture);
	fixture_assert_sound(&recording.fixture);
	fixture_close(&recording.fixture);
	ck_assert_str_eq(names_of(&recording), "begin loaded register");
	ck_assert_uint_eq(recording.memory.warnings, 1);
	ck_assert_str_eq(recording.memory.warning,
			 "recording stops error=limit: an input could not be recorded");
	recording_fini(&recording);
	free(held);
	free(leases);
}
END_TEST

/* Each allocation fails once: what was recorded before it is whole, and ends there. */
START_TEST(no_memory_stops_it)
{
	struct centro_error_text text;
	const struct ctr_core_options options = {.keep_hash = true};
	struct ctr_core *core;
	char value[2048] = "";
	size_t fail_at = 0;
	bool failed;

	ck_assert_int_eq(ctr_core_new(&options, &core), CENTRO_OK);
	do {
		struct failing_allocator failing;
		struct memory_sink memory;
		struct ctr_buf names;
		struct ctr_journal *journal = NULL;
		memory_sink_init(&memory);
		failing_allocator_init(&failing, ++fail_at);
		int status =
			ctr_journal_new(&failing.allocator, &memory.log, &memory.sink, &journal);
		if (status == CENTRO_OK) {
			ctr_journal_begin(journal, (struct ctr_now){0}, &options);
			for (int i = 0; i < 3; i++)
				ctr_journal_row(journal, core, ctr_bytes_str("a"),
						ctr_bytes(value, sizeof(value)), CENTRO_OK);
			ctr_journal_free(journal);
			recorded(&memory, &names);
			bool ended = strstr((const char *)names.data, "end") != NULL;
			ck_assert_int_eq(ended, !failing.failed);
			ck_assert_uint_eq(memory.warnings, failing.failed);
			ctr_buf_fini(&names);
		}
		failed = failing.failed;
		ck_assert_uint_eq(failing.live, 0);
		ctr_buf_fini(&memory.bytes);
	} while (failed);
	ck_assert_uint_gt(fail_at, 4);
	ck_assert_int_eq(ctr_core_check(core, &text), CENTRO_OK);
	ctr_core_free(core);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("journal");
	TCase *tcase = tcase_create("journal");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, every_input_is_recorded_in_order);
	tcase_add_test(tcase, what_is_loaded_is_recorded);
	tcase_add_test(tcase, a_reload_begins_another_section);
	tcase_add_test(tcase, much_goes_out_early);
	tcase_add_test(tcase, a_sink_may_want_no_more);
	tcase_add_test(tcase, an_input_too_large_stops_it);
	tcase_add_test(tcase, no_memory_stops_it);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
