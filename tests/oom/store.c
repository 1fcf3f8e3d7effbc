/* SPDX-License-Identifier: MIT */
/* store.c - centro/store.h without memory, for each backend. */
#include <centro/store_impl.h>

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "run.h"
#include "suites.h"
#include "dir.h"
#include "wait.h"

#define ROWS        40 /* more than a batch or a map begins with */
#define KEY_BYTES   7
#define VALUE_BYTES 200

/* ---- what a store is opened with --------------------------------- */

struct kind {
	const char *name;
	bool late;
};
static const struct kind kinds[] = {{"memory:", false}, {"memory:", true}, {"file:", false}};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

struct place {
	struct dir dir;
	char uri[128];
};

static void place_init(struct place *place, const struct kind *kind)
{
	dir_init(&place->dir);
	bool is_file = strcmp(kind->name, "file:") == 0;
	snprintf(place->uri, sizeof(place->uri), "%s%s%s", kind->name,
		 is_file ? place->dir.path : "", is_file ? "/store" : "");
}

static int try_open(struct oom_run *run, const struct place *place, const struct kind *kind,
		    struct centro_store **ret_store)
{
	struct centro_error_text text = {""};
	struct centro_store_options options = CENTRO_STORE_OPTIONS_INIT;
	options.allocator = &run->allocator;
	options.bytes_max = 4 << 20;
	options.complete_late = kind->late;
	int status = centro_store_open(place->uri, &options, ret_store, &text);
	ck_assert(status == CENTRO_OK || text.text[0] != '\0');
	return status;
}

/* ---- operations, to their end ------------------------------------ */

struct outcome {
	int calls, status;
	size_t rows;
};

static void on_done(void *arg, int status)
{
	struct outcome *outcome = arg;
	outcome->calls++;
	outcome->status = status;
}

static int on_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct outcome *outcome = arg;
	outcome->rows++;
	return 0;
}

/* What an operation that said `status` at once ends with; `done` comes if and only if it began. */
static int finish(struct centro_store *store, const struct outcome *outcome, int status)
{
	while (status == CENTRO_OK && outcome->calls == 0) {
		struct centro_instant wake;
		(void)centro_store_poll(store, wait_now(), &wake);
		if (outcome->calls == 0)
			wait_readable(centro_store_fd(store));
	}
	ck_assert_int_eq(outcome->calls, status == CENTRO_OK);
	return status == CENTRO_OK ? outcome->status : status;
}

static int campaign(struct centro_store *store)
{
	struct outcome outcome = {0};
	static uint64_t term;
	int status = centro_store_campaign(store, "a name", &term, on_done, NULL, &outcome);
	return finish(store, &outcome, status);
}

static int resign(struct centro_store *store)
{
	struct outcome outcome = {0};
	return finish(store, &outcome, centro_store_resign(store, on_done, &outcome));
}

static int commit(struct centro_store *store, const struct centro_batch *batch)
{
	struct outcome outcome = {0};
	return finish(store, &outcome, centro_store_commit(store, batch, on_done, &outcome));
}

static int scan(struct centro_store *store, size_t *ret_rows)
{
	struct outcome outcome = {0};
	struct centro_scan what = CENTRO_SCAN_INIT;
	what.first = ctr_bytes_str("key");
	what.end = ctr_bytes_str("kez");
	int status = centro_store_scan(store, &what, on_row, on_done, &outcome);
	status = finish(store, &outcome, status);
	*ret_rows = outcome.rows;
	return status;
}

static size_t count(struct centro_store *store)
{
	size_t rows;
	ck_assert_int_eq(scan(store, &rows), CENTRO_OK);
	return rows;
}

static int put_rows(struct centro_batch *batch, size_t rows)
{
	int status = CENTRO_OK;
	for (size_t i = centro_batch_count(batch); i < rows && status == CENTRO_OK; i++) {
		char key[16], value[VALUE_BYTES];
		snprintf(key, sizeof(key), "key %03zu", i);
		memset(value, 'v', sizeof(value));
		status = centro_batch_put(batch, ctr_bytes_str(key),
					  ctr_bytes(value, sizeof(value)));
	}
	return status;
}

/* ---- a batch ----------------------------------------------------- */

/* Of a batch that holds so many rows, and behind them "gone" and "absent". */
static size_t batch_bytes(size_t ops)
{
	size_t rows = ops < ROWS ? ops : ROWS;
	return rows * (KEY_BYTES + VALUE_BYTES) + (ops > ROWS ? strlen("gone") : 0) +
	       (ops > ROWS + 1 ? strlen("absent") : 0);
}

static void make_batch(struct oom_run *run)
{
	oom_arm(run);
	struct centro_batch *batch = centro_batch_new(&run->allocator);
	int status = batch ? put_rows(batch, ROWS) : CENTRO_ERR_NOMEM;
	if (status == CENTRO_OK)
		status = centro_batch_delete(batch, ctr_bytes_str("gone"));
	if (status == CENTRO_OK)
		status = centro_batch_require(batch, ctr_bytes_str("absent"), false);
	oom_disarm(run);
	oom_check_status(run, status);
	if (!batch)
		batch = centro_batch_new(&run->allocator);
	/* What was refused left nothing behind; the rest goes in now. */
	ck_assert_uint_eq(centro_batch_bytes(batch), batch_bytes(centro_batch_count(batch)));
	ck_assert_int_eq(put_rows(batch, ROWS), CENTRO_OK);
	ck_assert_uint_eq(centro_batch_get(batch, ROWS - 1).value.size, VALUE_BYTES);
	centro_batch_free(batch);
}

START_TEST(a_batch)
{
	oom_each(make_batch, NULL);
}
END_TEST

/* ---- open -------------------------------------------------------- */

static void open_and_close(struct oom_run *run)
{
	const struct kind *kind = run->arg;
	struct place place;
	struct centro_store *store;
	place_init(&place, kind);
	oom_arm(run);
	int status = try_open(run, &place, kind, &store);
	oom_disarm(run);
	oom_check_status(run, status);
	if (status != CENTRO_OK)
		ck_assert_int_eq(try_open(run, &place, kind, &store), CENTRO_OK);
	ck_assert_int_eq(campaign(store), CENTRO_OK);
	centro_store_free(store);
	dir_fini(&place.dir);
}

START_TEST(open)
{
	oom_each(open_and_close, &kinds[_i]);
}
END_TEST

/* ---- a life ------------------------------------------------------ */

/* Each step that had no memory changes nothing, and works when it is tried again. */
static void live(struct oom_run *run)
{
	const struct kind *kind = run->arg;
	struct place place;
	struct centro_store *store;
	size_t rows = 0;
	place_init(&place, kind);
	ck_assert_int_eq(try_open(run, &place, kind, &store), CENTRO_OK);
	struct centro_batch *batch = centro_batch_new(oom_plain());
	ck_assert_int_eq(put_rows(batch, ROWS), CENTRO_OK);

	oom_arm(run);
	int campaigned = campaign(store);
	int committed = campaigned ? campaigned : commit(store, batch);
	int scanned = committed ? committed : scan(store, &rows);
	int resigned = scanned ? scanned : resign(store);
	oom_disarm(run);
	oom_check_status(run, resigned);
	if (campaigned)
		ck_assert_int_eq(campaign(store), CENTRO_OK);
	if (committed) {
		ck_assert_uint_eq(count(store), 0);
		ck_assert_int_eq(commit(store, batch), CENTRO_OK);
	}
	ck_assert_uint_eq(count(store), ROWS);
	ck_assert(rows == 0 || rows == ROWS);
	ck_assert_str_eq(centro_store_failure(store), "");
	centro_batch_free(batch);
	centro_store_free(store);
	dir_fini(&place.dir);
}

START_TEST(a_life)
{
	oom_each(live, &kinds[_i]);
}
END_TEST

TCase *oom_store_tests(void)
{
	TCase *tcase = tcase_create("store");
	tcase_add_test(tcase, a_batch);
	tcase_add_loop_test(tcase, open, 0, KIND_COUNT);
	tcase_add_loop_test(tcase, a_life, 0, KIND_COUNT);
	return tcase;
}
