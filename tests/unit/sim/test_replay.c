/* SPDX-License-Identifier: MIT */
/* Tests of lib/sim/replay: what engines recorded, given to a core once more. */
#include <centro/replay.h>

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "recording.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

#define SEEDS 40
#define STEPS 600

struct outcome {
	struct centro_replay *replay;
	int status;
	struct centro_replay_report report;
	struct centro_error_text text;
	struct ctr_buf lines; /* each with its end */
};

static void take_line(void *arg, const char *line)
{
	ctr_buf_appendf(arg, "%s\n", line);
}

/* Feed the file in pieces of that size, and end it. */
static void replay(struct outcome *outcome, struct centro_bytes file, size_t piece,
		   const struct centro_replay_options *options)
{
	struct centro_replay_options filled = *options;
	*outcome = (struct outcome){.text = {""}};
	ctr_buf_init(&outcome->lines, NULL, 0);
	if (filled.arg)
		filled.arg = &outcome->lines;
	outcome->status = centro_replay_new(&filled, &outcome->replay);
	while (outcome->status == CENTRO_OK && file.size > 0) {
		size_t size = file.size < piece ? file.size : piece;
		outcome->status = centro_replay_feed(outcome->replay, ctr_bytes(file.data, size),
						     &outcome->text);
		file = ctr_bytes(file.data + size, file.size - size);
	}
	if (outcome->status == CENTRO_OK)
		outcome->status = centro_replay_end(outcome->replay, &outcome->text);
	outcome->report.size = sizeof(outcome->report);
	if (outcome->replay)
		ck_assert_int_eq(centro_replay_get_report(outcome->replay, &outcome->report),
				 CENTRO_OK);
}

static void outcome_fini(struct outcome *outcome)
{
	centro_replay_free(outcome->replay);
	ctr_buf_fini(&outcome->lines);
}

static void replay_all(struct outcome *outcome, struct centro_bytes file)
{
	const struct centro_replay_options options = CENTRO_REPLAY_OPTIONS_INIT;
	replay(outcome, file, SIZE_MAX, &options);
}

static void assert_replays(const struct recording *recording)
{
	struct outcome outcome;
	replay_all(&outcome, ctr_buf_bytes(&recording->file));
	ck_assert_msg(outcome.status == CENTRO_OK, "%s", outcome.text.text);
	ck_assert_msg(outcome.report.state == CENTRO_REPLAY_ENDED, "state %d, %s: %s",
		      outcome.report.state, outcome.report.difference,
		      outcome.report.input_text.text);
	ck_assert_uint_eq(outcome.report.place, recording->file.size);
	outcome_fini(&outcome);
}

/* A short history with something of everything; its file. */
static void record_some(struct recording *recording)
{
	recording_init(recording, 7);
	recording_open(recording);
	fixture_register(&recording->fixture, 2);
	recording_live(recording, 60);
	fixture_submit(&recording->fixture);
	fixture_settle(&recording->fixture);
	recording_close(recording);
}

/* ---- the same again ---- */

START_TEST(what_was_recorded_happens_again)
{
	struct recording recording;
	recording_init(&recording, 100 + (uint64_t)_i);
	for (int i = 0; i < 3; i++) {
		recording_open(&recording);
		fixture_register(&recording.fixture, 3);
		recording_live(&recording, STEPS / 3);
		recording_close(&recording);
		assert_replays(&recording);
	}
	recording_fini(&recording);
}
END_TEST

/* With commits that were refused, each of which begins a section. */
START_TEST(reloads_happen_again)
{
	struct recording recording;
	struct outcome outcome;
	recording_init(&recording, 5);
	recording_open(&recording);
	while (recording.fixture.reloaded_count < 3)
		recording_live(&recording, 10);
	recording_close(&recording);
	replay_all(&outcome, ctr_buf_bytes(&recording.file));
	ck_assert_int_eq(outcome.report.state, CENTRO_REPLAY_ENDED);
	ck_assert_uint_ge(outcome.report.sections, 4);
	outcome_fini(&outcome);
	recording_fini(&recording);
}
END_TEST

START_TEST(it_ends_in_the_same_state)
{
	struct recording recording;
	struct outcome outcome;
	recording_init(&recording, 3);
	recording_open(&recording);
	fixture_register(&recording.fixture, 2);
	centro_job_id ended = fixture_submit(&recording.fixture);
	fixture_submit(&recording.fixture);
	fixture_settle(&recording.fixture);
	fixture_report(&recording.fixture, ended, true, 0);
	fixture_settle(&recording.fixture);
	uint64_t hash = ctr_core_hash(ctr_engine_core(recording.fixture.engine));
	recording_close(&recording);
	replay_all(&outcome, ctr_buf_bytes(&recording.file));
	ck_assert_int_eq(outcome.report.state, CENTRO_REPLAY_ENDED);
	ck_assert_uint_eq(outcome.report.hash, hash);
	ck_assert_uint_eq(outcome.report.jobs_live, 1);
	ck_assert_uint_eq(outcome.report.jobs_submitted, 2);
	ck_assert_uint_eq(outcome.report.nodes, 1);
	ck_assert_uint_eq(outcome.report.sections, 1);
	ck_assert_uint_eq(outcome.report.commands, 4);
	ck_assert_uint_eq(outcome.report.events, 7);
	ck_assert_uint_eq(outcome.report.first_wall.ns, recording.fixture.now.wall.ns);
	ck_assert_uint_eq(outcome.report.last_wall.ns, recording.fixture.now.wall.ns);
	ck_assert_int_eq(centro_replay_check(outcome.replay, &outcome.text), CENTRO_OK);
	outcome_fini(&outcome);
	recording_fini(&recording);
}
END_TEST

START_TEST(pieces_of_any_size_do)
{
	static const size_t pieces[] = {1, 2, 3, 11, 4096};
	const struct centro_replay_options options = CENTRO_REPLAY_OPTIONS_INIT;
	struct recording recording;
	struct outcome whole, cut;
	record_some(&recording);
	replay_all(&whole, ctr_buf_bytes(&recording.file));
	for (size_t i = 0; i < CTR_ARRAY_SIZE(pieces); i++) {
		replay(&cut, ctr_buf_bytes(&recording.file), pieces[i], &options);
		ck_assert_int_eq(cut.report.state, CENTRO_REPLAY_ENDED);
		ck_assert_uint_eq(cut.report.hash, whole.report.hash);
		ck_assert_uint_eq(cut.report.inputs, whole.report.inputs);
		outcome_fini(&cut);
	}
	outcome_fini(&whole);
	recording_fini(&recording);
}
END_TEST

/* ---- a file that ends too early ---- */

START_TEST(what_is_whole_replays_wherever_it_is_cut)
{
	struct recording recording;
	struct records records;
	struct outcome outcome;
	record_some(&recording);
	records_init(&records, ctr_buf_bytes(&recording.file));
	size_t whole = 0;
	for (size_t size = CTR_JOURNAL_MAGIC_SIZE; size < recording.file.size; size++) {
		replay_all(&outcome, ctr_bytes(recording.file.data, size));
		while (whole < records.count && records.place[whole] <= size)
			whole++;
		ck_assert_msg(outcome.status == CENTRO_OK, "%s", outcome.text.text);
		ck_assert_int_eq(outcome.report.state, CENTRO_REPLAY_CUT_OFF);
		ck_assert_uint_eq(outcome.report.inputs, whole - 1);
		ck_assert_uint_eq(outcome.report.place, records.place[whole - 1]);
		ck_assert_uint_eq(outcome.report.bytes_left, size - records.place[whole - 1]);
		outcome_fini(&outcome);
	}
	records_fini(&records);
	recording_fini(&recording);
}
END_TEST

static void assert_refused(const char *file, size_t size, int status, const char *text)
{
	struct outcome outcome;
	replay_all(&outcome, ctr_bytes(file, size));
	ck_assert_int_eq(outcome.status, status);
	ck_assert_int_eq(outcome.report.state, CENTRO_REPLAY_BROKEN);
	ck_assert_str_eq(outcome.text.text, text);
	outcome_fini(&outcome);
}

START_TEST(what_is_no_recording_says_so)
{
	assert_refused("", 0, CENTRO_ERR_INVALID, "not a recording: it ends within its first line");
	assert_refused("centro-jour", 11, CENTRO_ERR_INVALID,
		       "not a recording: it ends within its first line");
	assert_refused("\177ELF", 4, CENTRO_ERR_INVALID,
		       "not a recording: it does not begin with \"centro-journal\"");
	assert_refused("centro-journal 2\n", 17, CENTRO_ERR_VERSION,
		       "a recording of another version; this one reads version 1");
	assert_refused("centro-journal 1\n            ", 29, CENTRO_ERR_CORRUPT,
		       "at byte 17, after 0 inputs: no record begins there: its head is damaged");
}
END_TEST

START_TEST(every_flipped_bit_is_found)
{
	struct recording recording;
	struct outcome outcome;
	record_some(&recording);
	for (size_t at = 0; at < recording.file.size; at += 3) {
		recording.file.data[at] ^= (uint8_t)(1 << at % 8);
		replay_all(&outcome, ctr_buf_bytes(&recording.file));
		ck_assert_int_ne(outcome.status, CENTRO_OK);
		ck_assert_int_eq(outcome.report.state, CENTRO_REPLAY_BROKEN);
		ck_assert_uint_le(outcome.report.place, at);
		recording.file.data[at] ^= (uint8_t)(1 << at % 8);
		outcome_fini(&outcome);
	}
	recording_fini(&recording);
}
END_TEST

/* ---- something else comes of it ---- */

/* The file with one record encoded anew after `change`. */
static void change_record(struct recording *recording, const char *name,
			  void (*change)(struct ctr_journal_record *record))
{
	struct records records;
	struct ctr_journal_context context = {0};
	struct ctr_arena arena;
	struct centro_error_text text;
	struct ctr_buf changed;
	records_init(&records, ctr_buf_bytes(&recording->file));
	ctr_arena_init(&arena, NULL, SIZE_MAX);
	ctr_buf_init(&changed, NULL, 0);
	size_t at = records_find(&records, name, 0);
	struct ctr_journal_context before = context;
	struct ctr_journal_record record;
	for (size_t i = 0; i <= at; i++) {
		before = context;
		ck_assert_int_eq(
			ctr_journal_decode(&context, records.record[i], &arena, &record, &text),
			CENTRO_OK);
	}
	change(&record);
	ck_assert_int_eq(ctr_journal_encode(&before, &record, &changed), CENTRO_OK);
	records.record[at] = ctr_buf_bytes(&changed);
	records_write(&records, &recording->file);
	ctr_buf_fini(&changed);
	ctr_arena_fini(&arena);
	records_fini(&records);
}

static void assert_diverges(void (*change)(struct ctr_journal_record *record), const char *name,
			    const char *difference)
{
	struct recording recording;
	struct outcome outcome;
	record_some(&recording);
	change_record(&recording, name, change);
	replay_all(&outcome, ctr_buf_bytes(&recording.file));
	ck_assert_int_eq(outcome.status, CENTRO_OK);
	ck_assert_msg(outcome.report.state == CENTRO_REPLAY_DIVERGED, "%s, %s", name, difference);
	ck_assert_str_eq(outcome.report.difference, difference);
	ck_assert_ptr_nonnull(strstr(outcome.report.input_text.text, name));
	outcome_fini(&outcome);
	recording_fini(&recording);
}

static void change_status(struct ctr_journal_record *record)
{
	record->status = CENTRO_ERR_INVALID;
}

static void change_answer(struct ctr_journal_record *record)
{
	record->answer++;
}

static void change_more(struct ctr_journal_record *record)
{
	record->more = !record->more;
}

static void change_hash(struct ctr_journal_record *record)
{
	record->hash++;
}

static void change_owner(struct ctr_journal_record *record)
{
	((struct ctr_job_spec *)record->command.submit.spec)->owner = ctr_bytes_str("somebody");
}

START_TEST(each_difference_is_found)
{
	assert_diverges(change_status, "submit", "status");
	assert_diverges(change_answer, "submit", "answer");
	assert_diverges(change_more, "schedule", "more to do");
	assert_diverges(change_hash, "tick", "hash");
	assert_diverges(change_hash, "loaded", "hash");
	assert_diverges(change_owner, "submit", "hash");
}
END_TEST

START_TEST(another_seed_places_otherwise)
{
	struct centro_replay_options options = CENTRO_REPLAY_OPTIONS_INIT;
	struct recording recording;
	struct outcome outcome;
	recording_init(&recording, 1);
	recording_open(&recording);
	for (char c = 'a'; c <= 'z'; c++)
		fixture_register_named(&recording.fixture, (char[]){c, '\0'}, 4);
	for (int i = 0; i < 20; i++)
		fixture_submit(&recording.fixture);
	fixture_settle(&recording.fixture);
	recording_close(&recording);
	options.has_seed = true;
	options.seed = 1;
	replay(&outcome, ctr_buf_bytes(&recording.file), SIZE_MAX, &options);
	ck_assert_int_eq(outcome.report.state, CENTRO_REPLAY_ENDED);
	outcome_fini(&outcome);
	options.seed = 2;
	replay(&outcome, ctr_buf_bytes(&recording.file), SIZE_MAX, &options);
	ck_assert_int_eq(outcome.report.state, CENTRO_REPLAY_DIVERGED);
	ck_assert_str_eq(outcome.report.difference, "hash");
	ck_assert_uint_ne(outcome.report.hash_found, outcome.report.hash_recorded);
	ck_assert_ptr_nonnull(strstr(outcome.report.input_text.text, "schedule, looks at most"));
	ck_assert_uint_eq(outcome.report.input, outcome.report.inputs);
	ck_assert_uint_eq(outcome.report.differences, 1);
	uint64_t first = outcome.report.input;
	outcome_fini(&outcome);
	/* The jobs that were placed otherwise stay where they are: each later input differs. */
	options.keep_going = true;
	replay(&outcome, ctr_buf_bytes(&recording.file), SIZE_MAX, &options);
	ck_assert_int_eq(outcome.report.state, CENTRO_REPLAY_ENDED);
	ck_assert_uint_eq(outcome.report.input, first);
	ck_assert_uint_gt(outcome.report.differences, 1);
	outcome_fini(&outcome);
	recording_fini(&recording);
}
END_TEST

/* A command that the server had no memory for did nothing, and does nothing. */
static void change_to_no_memory(struct ctr_journal_record *record)
{
	record->status = CENTRO_ERR_NOMEM;
}

START_TEST(what_there_was_no_memory_for_is_left_out)
{
	struct recording recording;
	struct outcome outcome;
	recording_init(&recording, 1);
	recording_open(&recording);
	fixture_register(&recording.fixture, 2);
	fixture_cancel(&recording.fixture, 77);
	recording_close(&recording);
	change_record(&recording, "cancel", change_to_no_memory);
	replay_all(&outcome, ctr_buf_bytes(&recording.file));
	ck_assert_int_eq(outcome.report.state, CENTRO_REPLAY_ENDED);
	ck_assert_uint_eq(outcome.report.skipped, 1);
	outcome_fini(&outcome);
	recording_fini(&recording);
}
END_TEST

/* ---- records out of place ---- */

START_TEST(an_input_needs_a_loaded_core)
{
	static const char *const names[] = {"submit", "tick", "schedule", "take", "loaded"};
	struct recording recording;
	struct records records;
	struct outcome outcome;
	char expected[128];
	record_some(&recording);
	records_init(&records, ctr_buf_bytes(&recording.file));
	for (size_t i = 0; i < CTR_ARRAY_SIZE(names); i++) {
		struct records one = records;
		one.record += records_find(&records, names[i], 0);
		one.count = 1;
		records_write(&one, &recording.file);
		replay_all(&outcome, ctr_buf_bytes(&recording.file));
		snprintf(expected, sizeof(expected),
			 "at byte 17, after 0 inputs: \"%s\" cannot come at this point", names[i]);
		ck_assert_int_eq(outcome.status, CENTRO_ERR_CORRUPT);
		ck_assert_str_eq(outcome.text.text, expected);
		ck_assert_int_eq(centro_replay_check(outcome.replay, &outcome.text),
				 CENTRO_ERR_STATE);
		outcome_fini(&outcome);
	}
	records_fini(&records);
	recording_fini(&recording);
}
END_TEST

/* ---- looking into it ---- */

START_TEST(each_input_and_event_has_a_line)
{
	struct centro_replay_options options = CENTRO_REPLAY_OPTIONS_INIT;
	struct recording recording;
	struct outcome outcome;
	recording_init(&recording, 1);
	recording_open(&recording);
	fixture_register(&recording.fixture, 1);
	struct ctr_result result;
	fixture_submit_many(&recording.fixture, "again", 1, &result);
	fixture_settle(&recording.fixture);
	fixture_submit_many(&recording.fixture, "\x1b[2J", 1, &result);
	fixture_cancel(&recording.fixture, 99);
	recording_close(&recording);
	options.line = take_line;
	options.arg = &outcome; /* replaced */
	replay(&outcome, ctr_buf_bytes(&recording.file), SIZE_MAX, &options);
	ctr_buf_append_char(&outcome.lines, '\0');
	const char *lines = (const char *)outcome.lines.data;
	const char *const wanted[] = {
		"1 2023-11-14T22:13:20Z begin, recorded by centro \"",
		"\n2 2023-11-14T22:13:20Z loaded, last event 0\n",
		" register node \"n1\": node 1\n    event 1: node 1 registered\n",
		" submit \"test\" by \"tester\", request \"again\", tasks 1, instances 1: job 1\n",
		": job 1\n    event 2: job 1 submitted, pending\n",
		" request \"\\x1b[2J\", tasks 1, instances 1: refused, invalid\n",
		" schedule, looks at most 1024\n    event 3: 1.0.0/1 assigned, node 1\n",
		" take\n",
		" cancel job 99 by \"tester\": refused, not_found\n",
		" end\n",
	};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(wanted); i++)
		ck_assert_msg(strstr(lines, wanted[i]), "\"%s\" is not in\n%s", wanted[i], lines);
	ck_assert_ptr_null(strchr(lines, '\x1b'));
	outcome_fini(&outcome);
	recording_fini(&recording);
}
END_TEST

static void count_waiting(void *arg, centro_job_id id, const char *text)
{
	size_t *count = arg;
	ck_assert_uint_gt(id, 0);
	ck_assert_str_ne(text, "");
	(*count)++;
}

START_TEST(it_can_stop_and_be_asked)
{
	struct centro_replay_options options = CENTRO_REPLAY_OPTIONS_INIT;
	struct recording recording;
	struct outcome outcome;
	size_t waiting = 0;
	recording_init(&recording, 1);
	recording_open(&recording);
	fixture_submit(&recording.fixture);
	fixture_submit(&recording.fixture);
	fixture_register(&recording.fixture, 1);
	recording_close(&recording);
	options.inputs_max = 4;
	replay(&outcome, ctr_buf_bytes(&recording.file), SIZE_MAX, &options);
	ck_assert_int_eq(outcome.report.state, CENTRO_REPLAY_STOPPED);
	ck_assert_uint_eq(outcome.report.inputs, 4);
	ck_assert_uint_eq(outcome.report.jobs_live, 2);
	ck_assert_uint_eq(outcome.report.nodes, 0);
	centro_replay_explain(outcome.replay, count_waiting, &waiting);
	ck_assert_uint_eq(waiting, 2);
	outcome_fini(&outcome);
	recording_fini(&recording);
}
END_TEST

START_TEST(options_are_checked)
{
	struct centro_replay *replay;
	struct centro_replay_options options = CENTRO_REPLAY_OPTIONS_INIT;
	struct centro_replay_report report = {0};
	ck_assert_int_eq(centro_replay_new(NULL, &replay), CENTRO_ERR_INVALID);
	options.size--;
	ck_assert_int_eq(centro_replay_new(&options, &replay), CENTRO_ERR_ABI);
	options.size++;
	ck_assert_int_eq(centro_replay_new(&options, &replay), CENTRO_OK);
	ck_assert_int_eq(centro_replay_get_report(replay, &report), CENTRO_ERR_ABI);
	centro_replay_free(replay);
	centro_replay_free(NULL);
}
END_TEST

START_TEST(no_memory_is_said)
{
	struct centro_replay_options options = CENTRO_REPLAY_OPTIONS_INIT;
	struct recording recording;
	struct failing_allocator failing;
	size_t fail_at = 0;
	record_some(&recording);
	options.allocator = &failing.allocator;
	do {
		struct outcome outcome;
		failing_allocator_init(&failing, ++fail_at);
		replay(&outcome, ctr_buf_bytes(&recording.file), SIZE_MAX, &options);
		/* A pass that lacks memory may look like another outcome; nothing else may. */
		if (failing.failed && outcome.status == CENTRO_OK)
			ck_assert_int_eq(outcome.report.state, CENTRO_REPLAY_DIVERGED);
		else
			ck_assert_int_eq(outcome.status,
					 failing.failed ? CENTRO_ERR_NOMEM : CENTRO_OK);
		outcome_fini(&outcome);
		ck_assert_uint_eq(failing.live, 0);
	} while (failing.failed);
	ck_assert_uint_gt(fail_at, 20);
	recording_fini(&recording);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("replay");
	TCase *tcase = tcase_create("replay");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, what_was_recorded_happens_again, 0, SEEDS);
	tcase_add_test(tcase, reloads_happen_again);
	tcase_add_test(tcase, it_ends_in_the_same_state);
	tcase_add_test(tcase, pieces_of_any_size_do);
	tcase_add_test(tcase, what_is_whole_replays_wherever_it_is_cut);
	tcase_add_test(tcase, what_is_no_recording_says_so);
	tcase_add_test(tcase, every_flipped_bit_is_found);
	tcase_add_test(tcase, each_difference_is_found);
	tcase_add_test(tcase, another_seed_places_otherwise);
	tcase_add_test(tcase, what_there_was_no_memory_for_is_left_out);
	tcase_add_test(tcase, an_input_needs_a_loaded_core);
	tcase_add_test(tcase, each_input_and_event_has_a_line);
	tcase_add_test(tcase, it_can_stop_and_be_asked);
	tcase_add_test(tcase, options_are_checked);
	tcase_add_test(tcase, no_memory_is_said);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
