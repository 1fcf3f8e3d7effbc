/* SPDX-License-Identifier: MIT */
/*
 * contract_commit.c - batches: whole or not at all, in order, one at a time.
 */
#include "contract.h"

#include <stdio.h>
#include <stdlib.h>

static bool puts_are_found(struct contract *t)
{
	REQUIRE(contract_holds(t, ""));
	REQUIRE(contract_lead(t));
	REQUIRE(contract_write(t, "+a=1 +b=22 +c="));
	REQUIRE(contract_holds(t, "a=1;b=22;c=;"));
	REQUIRE(contract_write(t, "+b=3 -a +d=4"));
	REQUIRE(contract_holds(t, "b=3;c=;d=4;"));
	return true;
}

static bool later_ops_win(struct contract *t)
{
	REQUIRE(contract_lead(t));
	REQUIRE(contract_write(t, "+old=1 +gone=1"));
	REQUIRE(contract_write(t, "+a=1 +a=2 +a=33 +b=1 -b -c +c=1 -old +old=2 +gone=5 -gone "
				  "+d=1 -d +d=2"));
	REQUIRE(contract_holds(t, "a=33;c=1;d=2;old=2;"));
	return true;
}

static bool deleting_nothing_is_fine(struct contract *t)
{
	REQUIRE(contract_lead(t));
	REQUIRE(contract_write(t, "-a -b -a"));
	REQUIRE(contract_write(t, "+a=1"));
	REQUIRE(contract_write(t, "-a -a -aa -"
				  "z"));
	REQUIRE(contract_holds(t, ""));
	return true;
}

static bool an_empty_batch_commits(struct contract *t)
{
	REQUIRE(contract_lead(t));
	REQUIRE(contract_write(t, ""));
	REQUIRE(contract_holds(t, ""));
	return true;
}

static bool requirements_guard_a_batch(struct contract *t)
{
	int status;
	REQUIRE(contract_lead(t));
	REQUIRE(contract_write(t, "+a=1"));

	REQUIRE(contract_fill(t, "+x=1 -a ?missing"));
	REQUIRE(contract_commit(t, &status));
	REQUIRE_EQ(status, CENTRO_ERR_STATE);
	REQUIRE(contract_fill(t, "+x=1 !a +y=1"));
	REQUIRE(contract_commit(t, &status));
	REQUIRE_EQ(status, CENTRO_ERR_STATE);
	REQUIRE(contract_holds(t, "a=1;"));

	REQUIRE(contract_write(t, "?a !b +b=2"));
	REQUIRE(contract_holds(t, "a=1;b=2;"));
	return true;
}

/* Wherever they stand, also behind the operations that would change them. */
static bool requirements_see_the_state_before(struct contract *t)
{
	int status;
	REQUIRE(contract_lead(t));
	REQUIRE(contract_write(t, "+a=1 !a | !b +b=1 | -a +a=2"));
	REQUIRE(contract_write(t, "-a ?a"));
	REQUIRE(contract_holds(t, "b=1;"));
	REQUIRE(contract_fill(t, "+c=1 | ?c"));
	REQUIRE(contract_commit(t, &status));
	REQUIRE_EQ(status, CENTRO_ERR_STATE);
	REQUIRE(contract_holds(t, "b=1;"));
	return true;
}

static bool groups_commit_together(struct contract *t)
{
	REQUIRE(contract_lead(t));
	for (int group = 0; group < 5; group++) {
		for (int i = 0; i < CENTRO_STORE_GROUP_OPS_MAX; i++) {
			char key[32];
			snprintf(key, sizeof(key), "g%d/%03d", group, i);
			REQUIRE_EQ(centro_batch_put(t->batch, contract_str(key), contract_str("v")),
				   CENTRO_OK);
		}
		REQUIRE_EQ(centro_batch_put(t->batch, contract_str("one-more"), contract_str("v")),
			   CENTRO_ERR_LIMIT);
		centro_batch_end_group(t->batch);
	}
	REQUIRE(contract_write(t, ""));
	struct centro_scan scan = CENTRO_SCAN_INIT;
	struct rows rows = {0};
	REQUIRE(contract_scan(t, &scan, &rows));
	REQUIRE_EQ(rows.count, 5 * CENTRO_STORE_GROUP_OPS_MAX);
	return true;
}

struct large {
	struct waiter waiter;
	size_t rows, key_size, value_size;
	bool intact;
};

static int large_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct large *large = arg;
	large->rows++;
	large->key_size = key.size;
	large->value_size = value.size;
	for (size_t i = 0; i < value.size; i++)
		if (value.data[i] != (uint8_t)(i * 31 >> 3))
			large->intact = false;
	return 0;
}

static void large_done(void *arg, int status)
{
	contract_done(&((struct large *)arg)->waiter, status);
}

/* One byte more is refused by the batch, and never reaches a backend. */
static bool sizes_at_the_limit(struct contract *t)
{
	uint8_t key[CENTRO_STORE_KEY_SIZE_MAX + 1];
	memset(key, 'k', sizeof(key));
	size_t size = CENTRO_STORE_VALUE_SIZE_MAX;
	uint8_t *value = malloc(size + 1);
	REQUIRE(value);
	for (size_t i = 0; i <= size; i++)
		value[i] = (uint8_t)(i * 31 >> 3);
	struct centro_bytes max_key = {key, CENTRO_STORE_KEY_SIZE_MAX}, big_key = {key, 512};
	struct centro_bytes max_value = {value, size}, big_value = {value, size + 1};
	int big = centro_batch_put(t->batch, big_key, max_value);
	int bigger = centro_batch_put(t->batch, max_key, big_value);
	int fits = centro_batch_put(t->batch, max_key, max_value);
	free(value);
	REQUIRE_EQ(big, CENTRO_ERR_INVALID);
	REQUIRE_EQ(bigger, CENTRO_ERR_INVALID);
	REQUIRE_EQ(fits, CENTRO_OK);

	REQUIRE(contract_lead(t));
	REQUIRE(contract_write(t, ""));
	struct centro_scan scan = CENTRO_SCAN_INIT;
	struct large large = {.intact = true};
	REQUIRE_EQ(centro_store_scan(t->store, &scan, large_row, large_done, &large), CENTRO_OK);
	REQUIRE(contract_wait(t, &large.waiter));
	REQUIRE_EQ(large.rows, 1);
	REQUIRE_EQ(large.key_size, CENTRO_STORE_KEY_SIZE_MAX);
	REQUIRE_EQ(large.value_size, size);
	REQUIRE(large.intact);
	return true;
}

static bool one_commit_at_a_time(struct contract *t)
{
	struct waiter first = {0}, second = {0};
	REQUIRE(contract_lead(t));
	REQUIRE(contract_fill(t, "+a=1"));
	REQUIRE_EQ(centro_store_commit(t->store, t->batch, contract_done, &first), CENTRO_OK);
	if (first.calls == 0) {
		REQUIRE_EQ(centro_store_commit(t->store, t->batch, contract_done, &second),
			   CENTRO_ERR_STATE);
		REQUIRE_EQ(centro_store_resign(t->store, contract_done, &second), CENTRO_ERR_STATE);
	}
	REQUIRE(contract_wait(t, &first));
	REQUIRE_EQ(first.status, CENTRO_OK);
	for (int i = 0; i < 5; i++)
		REQUIRE_EQ(contract_poll(t), CENTRO_OK);
	REQUIRE_EQ(first.calls, 1);
	REQUIRE_EQ(second.calls, 0);
	return true;
}

struct chain {
	struct contract *t;
	struct waiter waiter; /* called at the end */
	int left;
	int poll_status;
};

/* The next commit starts from the `done` of the one before, as group commit does. */
static void chain_done(void *arg, int status)
{
	struct chain *chain = arg;
	struct contract *t = chain->t;
	struct centro_instant wake;
	chain->poll_status = centro_store_poll(t->store, contract_now(), &wake);
	centro_batch_clear(t->batch);
	char key[32];
	snprintf(key, sizeof(key), "+%d=x", chain->left);
	if (status == CENTRO_OK && chain->left-- > 0 && contract_fill(t, key) &&
	    centro_store_commit(t->store, t->batch, chain_done, chain) == CENTRO_OK)
		return;
	contract_done(&chain->waiter, status);
}

static bool a_commit_can_start_from_done(struct contract *t)
{
	struct chain chain = {.t = t, .left = 5};
	REQUIRE(contract_lead(t));
	REQUIRE_EQ(centro_store_commit(t->store, t->batch, chain_done, &chain), CENTRO_OK);
	REQUIRE(contract_wait(t, &chain.waiter));
	REQUIRE_EQ(chain.waiter.status, CENTRO_OK);
	REQUIRE_EQ(chain.left, -1);
	REQUIRE_EQ(chain.poll_status, CENTRO_ERR_STATE);
	REQUIRE(contract_holds(t, "1=x;2=x;3=x;4=x;5=x;"));
	return true;
}

struct closing {
	struct contract *t;
	struct waiter waiter;
	int again;
};

static void closing_done(void *arg, int status)
{
	struct closing *closing = arg;
	struct contract *t = closing->t;
	struct centro_scan scan = CENTRO_SCAN_INIT;
	contract_done(&closing->waiter, status);
	closing->again = centro_store_scan(t->store, &scan, contract_row, contract_rows_done, NULL);
}

/* The outcome that `done` tells is the one that the next open finds. */
static bool freeing_waits_for_a_commit(struct contract *t)
{
	struct closing closing = {.t = t, .again = CENTRO_ERR_CANCELLED};
	REQUIRE(contract_lead(t));
	REQUIRE(contract_write(t, "+a=1"));
	REQUIRE(contract_fill(t, "+a=2 +b=2"));
	if (t->backend->reopen) {
		struct waiter waiter = {0};
		REQUIRE_EQ(centro_store_commit(t->store, t->batch, contract_done, &waiter),
			   CENTRO_OK);
		REQUIRE(contract_reopen(t));
		REQUIRE_EQ(waiter.calls, 1);
		REQUIRE_EQ(waiter.status, CENTRO_OK);
		REQUIRE(contract_holds(t, "a=2;b=2;"));
		REQUIRE(contract_lead(t));
	}
	struct waiter waiter = {0};
	REQUIRE_EQ(centro_store_commit(t->store, t->batch, contract_done, &waiter), CENTRO_OK);
	if (waiter.calls == 0) {
		/* Only now does what `done` starts find the store closing. */
		REQUIRE(contract_wait(t, &waiter));
		REQUIRE_EQ(centro_store_commit(t->store, t->batch, closing_done, &closing),
			   CENTRO_OK);
		centro_store_free(t->store);
		t->store = NULL;
		REQUIRE_EQ(closing.waiter.calls, 1);
		REQUIRE_EQ(closing.waiter.status, CENTRO_OK);
	}
	REQUIRE_EQ(closing.again, CENTRO_ERR_CANCELLED);
	return true;
}

static bool commits_outlive_the_store(struct contract *t)
{
	if (!t->backend->reopen)
		return contract_skip(t, "nothing outlives this store");
	for (int i = 0; i < 3; i++) {
		char ops[32], text[32];
		snprintf(ops, sizeof(ops), "+n=%d", i);
		snprintf(text, sizeof(text), "n=%d;", i);
		REQUIRE(contract_lead(t));
		REQUIRE(contract_write(t, ops));
		REQUIRE(contract_reopen(t));
		REQUIRE(contract_holds(t, text));
	}
	return true;
}

static bool usage_follows(struct contract *t)
{
	struct centro_store_usage empty = {.size = sizeof(empty)}, full = empty, less = empty;
	centro_store_get_usage(t->store, &empty);
	REQUIRE(contract_lead(t));
	char value[1024];
	memset(value, 'v', sizeof(value));
	struct centro_bytes bytes = {(const uint8_t *)value, sizeof(value)};
	for (int i = 0; i < 600; i++) {
		char key[32];
		snprintf(key, sizeof(key), "%04d", i);
		REQUIRE_EQ(centro_batch_put(t->batch, contract_str(key), bytes), CENTRO_OK);
		centro_batch_end_group(t->batch);
	}
	REQUIRE(contract_write(t, ""));
	centro_store_get_usage(t->store, &full);
	REQUIRE(full.bytes >= empty.bytes + 600 * sizeof(value));
	REQUIRE(full.bytes < empty.bytes + 4 * 600 * sizeof(value));
	REQUIRE(full.bytes_max == 0 || full.bytes_max >= full.bytes);
	for (int i = 0; i < 600; i++) {
		char key[32];
		snprintf(key, sizeof(key), "%04d", i);
		REQUIRE_EQ(centro_batch_delete(t->batch, contract_str(key)), CENTRO_OK);
		centro_batch_end_group(t->batch);
	}
	REQUIRE(contract_write(t, ""));
	centro_store_get_usage(t->store, &less);
	REQUIRE(less.bytes < full.bytes - 300 * sizeof(value));
	REQUIRE_EQ(less.size, sizeof(less));
	return true;
}

const struct contract_case contract_commit_cases[] = {
	{"commit: puts are found", puts_are_found},
	{"commit: later operations win", later_ops_win},
	{"commit: deleting nothing is fine", deleting_nothing_is_fine},
	{"commit: an empty batch commits", an_empty_batch_commits},
	{"commit: requirements guard a batch", requirements_guard_a_batch},
	{"commit: requirements see the state before", requirements_see_the_state_before},
	{"commit: groups commit together", groups_commit_together},
	{"commit: sizes at the limit", sizes_at_the_limit},
	{"commit: one at a time", one_commit_at_a_time},
	{"commit: can start from done", a_commit_can_start_from_done},
	{"commit: freeing waits for it", freeing_waits_for_a_commit},
	{"commit: outlives the store", commits_outlive_the_store},
	{"commit: usage follows", usage_follows},
	{NULL, NULL},
};
