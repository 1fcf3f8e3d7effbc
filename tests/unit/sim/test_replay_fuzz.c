/* SPDX-License-Identifier: MIT */
/*
 * Hostile recordings: records changed at random, left out, doubled and moved, under
 * checks that are right. Whatever comes of it, it is an answer and not an abort.
 */
#include <centro/replay.h>

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "codec/wire.h"
#include "recording.h"
#include "support/suite.h"

/* A sanitizer makes each many times dearer, and sees in few what it would in many. */
#ifdef __SANITIZE_ADDRESS__
#define SEEDS 60
#else
#define SEEDS 400
#endif
#define MUTANTS 25

static struct recording recording;
static struct records records;
static struct ctr_buf file;

static void setup(void)
{
	recording_init(&recording, 11);
	recording_open(&recording);
	fixture_register(&recording.fixture, 2);
	recording_live(&recording, 100);
	fixture_settle(&recording.fixture);
	recording_close(&recording);
	/* A second one, so that there are rows of every kind. */
	recording_open(&recording);
	recording_live(&recording, 60);
	recording_close(&recording);
	records_init(&records, ctr_buf_bytes(&recording.file));
	ctr_buf_init(&file, NULL, 0);
}

static void teardown(void)
{
	ctr_buf_fini(&file);
	records_fini(&records);
	recording_fini(&recording);
}

/* ---- one record, changed ---- */

/* A copy with a few bytes changed. */
static void change_bytes(struct ctr_prng *prng, struct centro_bytes record, struct ctr_buf *to)
{
	static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
	size_t changes = 1 + ctr_prng_below(prng, 4);

	ctr_buf_append_bytes(to, record);
	for (size_t i = 0; i < changes && record.size > 0; i++) {
		uint8_t *at = to->data + ctr_prng_below(prng, record.size);
		if (ctr_prng_below(prng, 2) == 0)
			*at ^= (uint8_t)(1 << ctr_prng_below(prng, 8));
		else
			*at = values[ctr_prng_below(prng, sizeof(values))];
	}
}

/* Whether bytes could be a message, as far as anybody can see who does not know the schema. */
static bool is_message(struct centro_bytes bytes)
{
	struct ctr_wire_field field;
	bool any = false;
	while (bytes.size > 0) {
		if (ctr_wire_take_field(&bytes, &field))
			return false;
		any = true;
	}
	return any;
}

static uint64_t any_number(struct ctr_prng *prng, uint64_t before)
{
	static const uint64_t values[] = {
		0,          1,
		2,          127,
		INT32_MAX,  UINT32_MAX - 1,
		UINT32_MAX, UINT32_MAX + UINT64_C(1),
		INT64_MAX,  UINT64_MAX - 1,
		UINT64_MAX,
	};
	size_t which = ctr_prng_below(prng, CTR_ARRAY_SIZE(values) + 2);
	if (which < CTR_ARRAY_SIZE(values))
		return values[which];
	return which == CTR_ARRAY_SIZE(values) ? before + 1 : before - 1;
}

/*
 * A copy in which the *countdown-th number, of the message or of one inside it, is another.
 * What is counted is counted off.
 */
static void change_number(struct ctr_prng *prng, struct centro_bytes message, size_t *countdown,
			  struct ctr_buf *to)
{
	struct ctr_wire_field field;
	uint8_t scratch[32];
	while (message.size > 0) {
		const uint8_t *start = message.data;
		ck_assert_ptr_null(ctr_wire_take_field(&message, &field));
		if (field.type == CTR_WIRE_BYTES && is_message(ctr_wire_bytes(&field))) {
			struct ctr_buf inside;
			ctr_buf_init(&inside, NULL, 0);
			change_number(prng, ctr_wire_bytes(&field), countdown, &inside);
			ctr_message_append_field(to, field.number, ctr_buf_bytes(&inside));
			ctr_buf_fini(&inside);
		} else if (field.type == CTR_WIRE_VARINT && (*countdown)-- == 0) {
			uint64_t value = any_number(prng, field.value);
			uint8_t *end = ctr_wire_put_tag(scratch, field.number, CTR_WIRE_VARINT);
			end = ctr_wire_put_varint(end, value);
			ctr_buf_append(to, scratch, (size_t)(end - scratch));
		} else {
			ctr_buf_append(to, start, (size_t)(message.data - start));
		}
	}
}

static size_t count_numbers(struct centro_bytes message)
{
	struct ctr_wire_field field;
	size_t count = 0;
	while (message.size > 0) {
		ck_assert_ptr_null(ctr_wire_take_field(&message, &field));
		if (field.type == CTR_WIRE_BYTES && is_message(ctr_wire_bytes(&field)))
			count += count_numbers(ctr_wire_bytes(&field));
		count += field.type == CTR_WIRE_VARINT;
	}
	return count;
}

static void change(struct ctr_prng *prng, struct centro_bytes record, struct ctr_buf *to)
{
	size_t numbers = count_numbers(record);
	if (numbers == 0 || ctr_prng_below(prng, 4) == 0) {
		change_bytes(prng, record, to);
		return;
	}
	size_t which = ctr_prng_below(prng, numbers);
	change_number(prng, record, &which, to);
}

/* ---- a file ---- */

/* A record left out, doubled or moved. */
static void shuffle(struct ctr_prng *prng, struct records *mutant)
{
	size_t from = ctr_prng_below(prng, mutant->count), to = ctr_prng_below(prng, mutant->count);
	if (ctr_prng_below(prng, 2) == 0)
		mutant->record[to] = mutant->record[from];
	else
		mutant->record[from] = mutant->record[--mutant->count];
}

#define CHANGES_MAX 3
static struct ctr_buf changed[CHANGES_MAX];

/* The same records, of which a few are changed: the others still get far. */
static void make_mutant(struct ctr_prng *prng, struct records *mutant)
{
	size_t changes = 1 + ctr_prng_below(prng, CHANGES_MAX);

	mutant->count = records.count;
	memcpy(mutant->record, records.record, records.count * sizeof(*records.record));
	for (size_t i = 0; i < changes; i++) {
		size_t at = ctr_prng_below(prng, records.count);
		ctr_buf_clear(&changed[i]);
		change(prng, records.record[at], &changed[i]);
		mutant->record[at] = ctr_buf_bytes(&changed[i]);
	}
	if (ctr_prng_below(prng, 5) == 0)
		shuffle(prng, mutant);
}

static void ignore_line(void *arg, const char *line)
{
	ck_assert_uint_lt(strlen(line), 4096);
}

static void ignore_job(void *arg, centro_job_id id, const char *text)
{
	ck_assert_ptr_nonnull(text);
}

static void replay(void)
{
	struct centro_replay_options options = CENTRO_REPLAY_OPTIONS_INIT;
	struct centro_replay_report report = {.size = sizeof(report)};
	struct centro_error_text text = {""};
	struct centro_replay *replay;
	options.line = ignore_line;
	options.keep_going = true;
	ck_assert_int_eq(centro_replay_new(&options, &replay), CENTRO_OK);
	int status = centro_replay_feed(replay, ctr_buf_bytes(&file), &text);
	if (status == CENTRO_OK)
		status = centro_replay_end(replay, &text);
	ck_assert_int_eq(centro_replay_get_report(replay, &report), CENTRO_OK);
	ck_assert_int_eq(status != CENTRO_OK, report.state == CENTRO_REPLAY_BROKEN);
	ck_assert_int_eq(status != CENTRO_OK, text.text[0] != '\0');
	/* What the core let in keeps every promise. */
	if (centro_replay_check(replay, &text) == CENTRO_ERR_INTERNAL)
		ck_abort_msg("%s", text.text);
	centro_replay_explain(replay, ignore_job, NULL);
	centro_replay_free(replay);
}

START_TEST(mutants_are_answered)
{
	struct ctr_prng prng;
	struct records mutant = {.record = calloc(records.count, sizeof(*mutant.record))};
	ck_assert_ptr_nonnull(mutant.record);
	ctr_prng_init(&prng, (uint64_t)_i);
	for (int i = 0; i < CHANGES_MAX; i++)
		ctr_buf_init(&changed[i], NULL, 0);
	for (int i = 0; i < MUTANTS; i++) {
		make_mutant(&prng, &mutant);
		records_write(&mutant, &file);
		replay();
	}
	for (int i = 0; i < CHANGES_MAX; i++)
		ctr_buf_fini(&changed[i]);
	free(mutant.record);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("replay_fuzz");
	TCase *tcase = tcase_create("replay_fuzz");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, mutants_are_answered, 0, SEEDS);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
