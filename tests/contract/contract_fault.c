/* SPDX-License-Identifier: MIT */
/*
 * contract_fault.c - commits that fail: with nothing written, or for good.
 */
#include "contract.h"

#include <stdio.h>

static bool a_full_store_goes_on(struct contract *t)
{
	if (!t->backend->inject)
		return contract_skip(t, "no fault can be injected");
	int status;
	REQUIRE(contract_lead(t));
	REQUIRE(contract_write(t, "+a=1"));
	if (!t->backend->inject(t->backend->arg, t->store, CENTRO_ERR_FULL))
		return contract_skip(t, "this fault cannot be injected");
	REQUIRE(contract_fill(t, "+a=2 +b=2"));
	REQUIRE(contract_commit(t, &status));
	REQUIRE_EQ(status, CENTRO_ERR_FULL);
	REQUIRE(contract_holds(t, "a=1;"));
	REQUIRE_EQ(strcmp(centro_store_failure(t->store), ""), 0);
	REQUIRE(contract_write(t, "+a=3"));
	REQUIRE(contract_holds(t, "a=3;"));
	return true;
}

/* I13: nothing is acknowledged any more, and every call says so. */
static bool every_call_says_io(struct contract *t)
{
	struct waiter waiter = {0};
	struct rows rows = {0};
	struct centro_scan scan = CENTRO_SCAN_INIT;
	uint64_t term = 77;
	for (int i = 0; i < 2; i++) {
		REQUIRE_EQ(centro_store_commit(t->store, t->batch, contract_done, &waiter),
			   CENTRO_ERR_IO);
		REQUIRE_EQ(
			centro_store_scan(t->store, &scan, contract_row, contract_rows_done, &rows),
			CENTRO_ERR_IO);
		REQUIRE_EQ(
			centro_store_campaign(t->store, "x", &term, contract_done, NULL, &waiter),
			CENTRO_ERR_IO);
		REQUIRE_EQ(centro_store_resign(t->store, contract_done, &waiter), CENTRO_ERR_IO);
		REQUIRE_EQ(contract_poll(t), CENTRO_ERR_IO);
	}
	REQUIRE_EQ(waiter.calls, 0);
	REQUIRE_EQ(rows.waiter.calls, 0);
	REQUIRE_EQ(term, 77);
	REQUIRE(centro_store_failure(t->store)[0] != '\0');
	return true;
}

/* What was acknowledged is there; of the one that failed all or nothing. */
static bool the_truth_is_read(struct contract *t)
{
	if (!t->backend->reopen)
		return true;
	REQUIRE(contract_reopen(t));
	struct centro_scan scan = CENTRO_SCAN_INIT;
	struct rows rows = {0};
	REQUIRE(contract_scan(t, &scan, &rows));
	REQUIRE_EQ(rows.waiter.status, CENTRO_OK);
	if (strcmp(rows.text, "a=1;c=1;") != 0 && strcmp(rows.text, "a=2;b=2;") != 0) {
		printf("# it holds \"%.200s\"\n", rows.text);
		return false;
	}
	REQUIRE(contract_lead(t));
	REQUIRE(contract_write(t, "+a=3 -b -c"));
	REQUIRE(contract_holds(t, "a=3;"));
	return true;
}

static bool a_failed_commit_is_for_good(struct contract *t)
{
	if (!t->backend->inject)
		return contract_skip(t, "no fault can be injected");
	struct waiter waiter = {0};
	REQUIRE(contract_lead(t));
	REQUIRE(contract_write(t, "+a=1 +c=1"));
	if (!t->backend->inject(t->backend->arg, t->store, CENTRO_ERR_IO))
		return contract_skip(t, "this fault cannot be injected");
	REQUIRE(contract_fill(t, "+a=2 +b=2 -c"));
	REQUIRE_EQ(centro_store_commit(t->store, t->batch, contract_done, &waiter), CENTRO_OK);
	REQUIRE(contract_wait(t, &waiter));
	REQUIRE_EQ(waiter.status, CENTRO_ERR_IO);
	REQUIRE(every_call_says_io(t));
	REQUIRE_EQ(waiter.calls, 1);
	return the_truth_is_read(t);
}

/* The outcome is told even if nobody polls any more. */
static bool freeing_tells_of_the_failure(struct contract *t)
{
	if (!t->backend->inject)
		return contract_skip(t, "no fault can be injected");
	struct waiter waiter = {0};
	REQUIRE(contract_lead(t));
	REQUIRE(contract_write(t, "+a=1 +c=1"));
	if (!t->backend->inject(t->backend->arg, t->store, CENTRO_ERR_IO))
		return contract_skip(t, "this fault cannot be injected");
	REQUIRE(contract_fill(t, "+a=2 +b=2 -c"));
	REQUIRE_EQ(centro_store_commit(t->store, t->batch, contract_done, &waiter), CENTRO_OK);
	if (t->backend->reopen)
		return the_truth_is_read(t) && waiter.calls == 1 && waiter.status == CENTRO_ERR_IO;
	centro_store_free(t->store);
	t->store = NULL;
	REQUIRE_EQ(waiter.calls, 1);
	REQUIRE_EQ(waiter.status, CENTRO_ERR_IO);
	return true;
}

/* A commit, and the scans that are under way beside it. */
struct beside {
	struct waiter waiter; /* of the commit */
	struct rows rows[2];
	size_t counts[2]; /* of rows, and whether the scan was over, when it failed */
	bool over[2];
};

static void beside_done(void *arg, int status)
{
	struct beside *b = arg;
	contract_done(&b->waiter, status);
	for (int i = 0; i < 2; i++) {
		b->counts[i] = b->rows[i].count;
		b->over[i] = b->rows[i].waiter.calls > 0;
	}
}

/* They show nothing more, and do not end as if they had shown everything. */
static bool scans_end_with_the_store(struct contract *t)
{
	if (!t->backend->inject)
		return contract_skip(t, "no fault can be injected");
	struct beside b = {.counts = {0}};
	struct centro_scan scan = CENTRO_SCAN_INIT;
	REQUIRE(contract_lead(t));
	for (int i = 0; i < 20000; i++) {
		char key[32];
		snprintf(key, sizeof(key), "%05d", i);
		REQUIRE_EQ(centro_batch_put(t->batch, contract_str(key), contract_str("v")),
			   CENTRO_OK);
		centro_batch_end_group(t->batch);
	}
	REQUIRE(contract_write(t, ""));
	if (!t->backend->inject(t->backend->arg, t->store, CENTRO_ERR_IO))
		return contract_skip(t, "this fault cannot be injected");
	REQUIRE(contract_fill(t, "+a=2"));
	REQUIRE_EQ(centro_store_commit(t->store, t->batch, beside_done, &b), CENTRO_OK);
	int started = 0;
	for (; started < 2 && b.waiter.calls == 0; started++)
		REQUIRE_EQ(centro_store_scan(t->store, &scan, contract_row, contract_rows_done,
					     &b.rows[started]),
			   CENTRO_OK);
	REQUIRE(contract_wait(t, &b.waiter));
	REQUIRE_EQ(b.waiter.status, CENTRO_ERR_IO);
	for (int i = 0; i < started; i++) {
		REQUIRE(contract_wait(t, &b.rows[i].waiter));
		REQUIRE_EQ(b.rows[i].waiter.status, b.over[i] ? CENTRO_OK : CENTRO_ERR_IO);
		REQUIRE_EQ(b.rows[i].count, b.counts[i]);
	}
	return every_call_says_io(t);
}

const struct contract_case contract_fault_cases[] = {
	{"fault: a full store goes on", a_full_store_goes_on},
	{"fault: a failed commit is for good", a_failed_commit_is_for_good},
	{"fault: freeing tells of it", freeing_tells_of_the_failure},
	{"fault: scans end with the store", scans_end_with_the_store},
	{NULL, NULL},
};
