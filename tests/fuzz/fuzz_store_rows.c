/* SPDX-License-Identifier: MIT */
/*
 * fuzz_store_rows.c - a whole store of rows, and what an engine makes of it.
 *
 *	rows     u8 size, a key; u16 size, a value
 *
 * The engine is ready with a sound state, goes on from there, and reads the same when
 * it is opened again; or it has failed, with a text that says where.
 */
#include "message_check.h"

#include "unit/engine/fixture.h"
#include "base/time.h"

#define DAY_MS (UINT64_C(86400) * 1000)

static void done(void *arg, int status)
{
	ck_assert_int_eq(status, CENTRO_OK);
}

static void write_rows(struct fixture *fixture, struct fuzz_input *input)
{
	struct centro_store *store = fixture_store_new(fixture);
	struct centro_batch *batch = centro_batch_new(NULL);
	uint64_t term = 0;
	ck_assert(store && batch);
	ck_assert_int_eq(centro_store_campaign(store, "fuzz", &term, done, NULL, NULL), CENTRO_OK);
	while (input->size > 0) {
		struct centro_bytes key = fuzz_take(input, fuzz_u8(input));
		struct centro_bytes value = fuzz_take(input, fuzz_u16(input));
		/* Not every key may be written. */
		if (centro_batch_put(batch, key, value) == CENTRO_OK)
			centro_batch_end_group(batch);
	}
	ck_assert_int_eq(centro_store_commit(store, batch, done, NULL), CENTRO_OK);
	centro_batch_free(batch);
	centro_store_free(store);
}

static void check_failure(int status, const struct centro_error_text *text)
{
	static const char *const places[] = {"row \"", "job ", "node ", "ids: ", "events: "};
	bool is_named = false;
	ck_assert(status == CENTRO_ERR_CORRUPT || status == CENTRO_ERR_VERSION ||
		  status == CENTRO_ERR_LIMIT);
	error_text_check(text);
	for (size_t i = 0; i < CTR_ARRAY_SIZE(places); i++)
		is_named |= strstr(text->text, places[i]) != NULL;
	ck_assert_msg(is_named, "%s", text->text);
}

/* A node and a job more, and a day on which every lease ends. */
static void go_on(struct fixture *fixture)
{
	struct ctr_result result;
	/* The store may know a node of that name, or have used up all numbers. */
	fixture_try_register(fixture, "n1", 4, &result);
	fixture_try_submit(fixture, "new", 2, "x", &result);
	fixture_settle(fixture);
	fixture_assert_stored(fixture);
	fixture_advance_ms(fixture, DAY_MS);
	fixture_settle(fixture);
	fixture_assert_stored(fixture);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	struct fixture fixture;
	struct centro_error_text text = {""};
	fixture_init(&fixture);
	fixture.options.events_max = 100;
	write_rows(&fixture, &input);
	int status = fixture_try_open(&fixture, &text);
	if (status == CENTRO_OK) {
		fixture_assert_sound(&fixture);
		go_on(&fixture);
	} else {
		check_failure(status, &text);
	}
	fixture_fini(&fixture);
	return 0;
}
