/* SPDX-License-Identifier: MIT */
/* make_corpus_store.c - the rows that an engine has written, together and one by one. */
#include "make_corpus.h"
#include "unit/engine/fixture.h"

#include <stdio.h>

/* As fuzz_record.c has them. */
enum record {
	RECORD_JOB,
	RECORD_NODE,
	RECORD_QUEUE,
	RECORD_IDS,
	RECORD_FORMAT,
	RECORD_EVENTS,
	RECORD_REQUEST
};

struct dump {
	const char *name;
	struct ctr_buf rows, spec;
	size_t count;
};

static void save_record(struct dump *dump, enum record kind, struct centro_bytes value)
{
	char name[64];
	struct ctr_buf input;
	snprintf(name, sizeof(name), "%s-%zu", dump->name, dump->count++);
	ctr_buf_init(&input, NULL, 0);
	corpus_put_uint(&input, kind, 1);
	if (kind == RECORD_JOB)
		corpus_put_sized(&input, ctr_buf_bytes(&dump->spec), 2);
	ctr_buf_append_bytes(&input, value);
	corpus_saved("record", name, &input);
	ctr_buf_fini(&input);
}

static void dump_record(struct dump *dump, struct centro_bytes key, struct centro_bytes value)
{
	static const enum record kinds[] = {
		[CTR_KEY_JOB_STATE] = RECORD_JOB,   [CTR_KEY_NODE] = RECORD_NODE,
		[CTR_KEY_QUEUE] = RECORD_QUEUE,     [CTR_KEY_IDS] = RECORD_IDS,
		[CTR_KEY_FORMAT] = RECORD_FORMAT,   [CTR_KEY_EVENT] = RECORD_EVENTS,
		[CTR_KEY_HISTORY] = RECORD_REQUEST, [CTR_KEY_GONE] = RECORD_REQUEST,
	};
	uint64_t number;
	struct centro_bytes name;
	enum ctr_key_type type = ctr_key_parse(key, &number, &name);
	if (type == CTR_KEY_JOB_SPEC) {
		ctr_buf_clear(&dump->spec);
		ctr_buf_append_bytes(&dump->spec, value);
	} else if (type != CTR_KEY_UNKNOWN) {
		save_record(dump, kinds[type], value);
	}
}

static int dump_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct dump *dump = arg;
	corpus_put_sized(&dump->rows, key, 1);
	corpus_put_sized(&dump->rows, value, 2);
	dump_record(dump, key, value);
	return CENTRO_OK;
}

static void dump_done(void *arg, int status)
{
	ck_assert_int_eq(status, CENTRO_OK);
}

static void dump_store(struct fixture *fixture, const char *name)
{
	struct dump dump = {.name = name};
	struct centro_scan scan = CENTRO_SCAN_INIT;
	fixture_settle(fixture);
	struct centro_store *store = fixture_store_new(fixture);
	ck_assert_ptr_nonnull(store);
	ctr_buf_init(&dump.rows, NULL, 0);
	ctr_buf_init(&dump.spec, NULL, 0);
	ck_assert_int_eq(centro_store_scan(store, &scan, dump_row, dump_done, &dump), CENTRO_OK);
	corpus_saved("store_rows", name, &dump.rows);
	ctr_buf_fini(&dump.rows);
	ctr_buf_fini(&dump.spec);
	centro_store_free(store);
}

static void set_queue(struct fixture *fixture)
{
	struct ctr_result result;
	const struct ctr_command command = {
		.type = CTR_COMMAND_SET_QUEUE,
		.set_queue = {.name = ctr_bytes_str("batch"), .weight = 3, .priority = -2},
	};
	ck_assert_int_eq(fixture_execute(fixture, &command, &result), CENTRO_OK);
}

void corpus_make_store(void)
{
	struct fixture fixture;
	struct ctr_result result;
	fixture_init(&fixture);
	fixture_open(&fixture);
	fixture_register(&fixture, 2);
	centro_job_id first = fixture_submit(&fixture);
	dump_store(&fixture, "small");

	set_queue(&fixture);
	fixture_submit_many(&fixture, "again", 3, &result);
	fixture_settle(&fixture);
	fixture_report(&fixture, first, /* ended= */ true, /* exit_code= */ 3);
	fixture_report(&fixture, result.job, /* ended= */ false, 0);
	fixture_cancel(&fixture, fixture_submit(&fixture));
	dump_store(&fixture, "lived-in");

	/* A node that is lost, and what it had. */
	fixture_advance_ms(&fixture, 400000);
	dump_store(&fixture, "lost");
	fixture_cancel(&fixture, result.job);
	dump_store(&fixture, "cancelled");
	fixture_fini(&fixture);
}
