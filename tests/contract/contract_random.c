/* SPDX-License-Identifier: MIT */
/*
 * contract_random.c - thousands of random operations against a model.
 *
 * The model is an array: one place for each key that is ever used, in their
 * order, with the number of the value that stands there. What cannot be seen
 * from the number is made from it.
 */
#include "contract.h"

#include <stdio.h>
#include <stdlib.h>

#define KEYS       300
#define STEPS      3000
#define SCANS_LEFT 4 /* that may be under way while other things happen */

struct model {
	uint32_t values[KEYS]; /* 0: there is none */
};

struct checked_scan {
	struct waiter waiter;
	struct model seen; /* the store as the scan must show it */
	struct centro_scan scan;
	int first, end; /* places; end is exclusive */
	int place;      /* the next one to look at */
	uint64_t shown;
	bool wrong;
};

struct random {
	struct contract *t;
	uint64_t state;
	uint32_t last_value;
	struct model model;
	struct checked_scan *scans;
};

/* splitmix64 */
static uint64_t draw(struct random *r, uint64_t below)
{
	uint64_t z = (r->state += 0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (z ^ (z >> 31)) % below;
}

/* Of different lengths, with a common start, and in the order of their places. */
static struct centro_bytes key_of(int place, uint8_t buffer[CENTRO_STORE_KEY_SIZE_MAX])
{
	size_t size = place % 7 == 0 ? CENTRO_STORE_KEY_SIZE_MAX : 5 + (size_t)(place % 30);
	memset(buffer, place % 2 ? 0xff : 0, size);
	memcpy(buffer, "key", 3);
	buffer[3] = (uint8_t)(place / 250);
	buffer[4] = (uint8_t)(place % 250);
	return (struct centro_bytes){buffer, size};
}

/* Mostly small, at times none, at times larger than a page. */
static struct centro_bytes value_of(uint32_t value, uint8_t *buffer)
{
	size_t size = value % 40 == 0 ? 3000 + value % 9000 : value % 13 == 0 ? 0 : value % 400;
	for (size_t i = 0; i < size; i++)
		buffer[i] = (uint8_t)(value + i * 7);
	if (size >= 4)
		memcpy(buffer, &value, 4);
	return (struct centro_bytes){buffer, size};
}

static bool is_same(struct centro_bytes a, struct centro_bytes b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* ---- scans ------------------------------------------------------- */

/* The next place in the direction of the scan that holds something; -1: none. */
static int next_place(const struct checked_scan *scan)
{
	int step = scan->scan.reverse ? -1 : 1;
	for (int place = scan->place; place >= scan->first && place < scan->end; place += step)
		if (scan->seen.values[place] != 0)
			return place;
	return -1;
}

static int check_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct checked_scan *scan = arg;
	uint8_t key_buffer[CENTRO_STORE_KEY_SIZE_MAX], value_buffer[12001];
	int place = next_place(scan);
	if (place < 0 || !is_same(key, key_of(place, key_buffer)) ||
	    !is_same(value, value_of(scan->seen.values[place], value_buffer))) {
		printf("# row %llu, at place %d, is another\n", (unsigned long long)scan->shown,
		       place);
		scan->wrong = true;
		return 1;
	}
	scan->place = place + (scan->scan.reverse ? -1 : 1);
	scan->shown++;
	return 0;
}

static void check_done(void *arg, int status)
{
	struct checked_scan *scan = arg;
	contract_done(&scan->waiter, status);
	bool cut = scan->scan.rows_max > 0 && scan->shown == scan->scan.rows_max;
	if (status == CENTRO_OK && !cut && next_place(scan) >= 0)
		scan->wrong = true;
	if (status != CENTRO_OK && status != CENTRO_ERR_CANCELLED)
		scan->wrong = true;
}

static bool start_scan(struct random *r, struct checked_scan *scan)
{
	uint8_t first[CENTRO_STORE_KEY_SIZE_MAX], end[CENTRO_STORE_KEY_SIZE_MAX];
	*scan = (struct checked_scan){.seen = r->model, .end = KEYS, .scan = CENTRO_SCAN_INIT};
	scan->scan.reverse = draw(r, 2);
	if (draw(r, 3) == 0)
		scan->scan.rows_max = 1 + draw(r, 50);
	if (draw(r, 2)) {
		scan->first = (int)draw(r, KEYS);
		scan->scan.first = key_of(scan->first, first);
	}
	if (draw(r, 2)) {
		scan->end = (int)draw(r, KEYS);
		scan->scan.end = key_of(scan->end, end);
	}
	scan->place = scan->scan.reverse ? scan->end - 1 : scan->first;
	REQUIRE_EQ(centro_store_scan(r->t->store, &scan->scan, check_row, check_done, scan),
		   CENTRO_OK);
	/* They were copied. */
	memset(first, 'x', sizeof(first));
	memset(end, 'x', sizeof(end));
	return true;
}

static bool end_scan(struct random *r, struct checked_scan *scan)
{
	REQUIRE(contract_wait(r->t, &scan->waiter));
	REQUIRE(!scan->wrong);
	return true;
}

/* Every place of `scans` is either under way or free, with calls == 1. */
static bool step_scan(struct random *r)
{
	struct checked_scan *scan = &r->scans[draw(r, SCANS_LEFT)];
	REQUIRE(end_scan(r, scan));
	return start_scan(r, scan);
}

/* ---- everything else --------------------------------------------- */

static bool add_op(struct random *r, struct model *next, bool *met)
{
	uint8_t key_buffer[CENTRO_STORE_KEY_SIZE_MAX], value_buffer[12001];
	struct centro_batch *batch = r->t->batch;
	int place = (int)draw(r, KEYS);
	struct centro_bytes key = key_of(place, key_buffer);
	switch (draw(r, 20)) {
	case 0: {
		bool present = draw(r, 10) ? r->model.values[place] != 0 : draw(r, 2);
		if (present != (r->model.values[place] != 0))
			*met = false;
		REQUIRE_EQ(centro_batch_require(batch, key, present), CENTRO_OK);
		break;
	}
	case 1:
	case 2:
	case 3:
	case 4:
	case 5:
		next->values[place] = 0;
		REQUIRE_EQ(centro_batch_delete(batch, key), CENTRO_OK);
		break;
	case 6:
		centro_batch_end_group(batch);
		break;
	default:
		next->values[place] = ++r->last_value;
		REQUIRE_EQ(centro_batch_put(batch, key, value_of(r->last_value, value_buffer)),
			   CENTRO_OK);
		break;
	}
	return true;
}

static bool step_commit(struct random *r)
{
	struct model next = r->model;
	bool met = true;
	int status;
	for (uint64_t left = draw(r, 8) ? draw(r, 8) : draw(r, 100); left > 0; left--)
		REQUIRE(add_op(r, &next, &met));
	REQUIRE(contract_commit(r->t, &status));
	REQUIRE_EQ(status, met ? CENTRO_OK : CENTRO_ERR_STATE);
	if (met)
		r->model = next;
	return true;
}

static bool step_reopen(struct random *r)
{
	if (!r->t->backend->reopen)
		return true;
	REQUIRE(contract_reopen(r->t));
	for (int i = 0; i < SCANS_LEFT; i++) {
		REQUIRE_EQ(r->scans[i].waiter.calls, 1);
		REQUIRE(!r->scans[i].wrong);
	}
	return contract_lead(r->t);
}

static bool run(struct random *r)
{
	REQUIRE(contract_lead(r->t));
	for (int i = 0; i < SCANS_LEFT; i++)
		REQUIRE(start_scan(r, &r->scans[i]));
	for (int step = 0; step < STEPS; step++) {
		uint64_t kind = draw(r, 200);
		bool passed = kind == 0    ? step_reopen(r)
			      : kind < 70  ? step_scan(r)
			      : kind < 100 ? contract_poll(r->t) == CENTRO_OK
					   : step_commit(r);
		if (!passed) {
			printf("# at step %d of seed %llu\n", step,
			       (unsigned long long)r->t->backend->seed);
			return false;
		}
	}
	for (int i = 0; i < SCANS_LEFT; i++)
		REQUIRE(end_scan(r, &r->scans[i]));
	REQUIRE(start_scan(r, &r->scans[0]));
	return end_scan(r, &r->scans[0]);
}

static bool it_is_like_the_model(struct contract *t)
{
	struct random r = {.t = t, .state = t->backend->seed};
	r.scans = calloc(SCANS_LEFT, sizeof(*r.scans));
	REQUIRE(r.scans);
	bool passed = run(&r);
	/* What is under way points into what is freed next. */
	centro_store_free(t->store);
	t->store = NULL;
	free(r.scans);
	return passed;
}

const struct contract_case contract_random_cases[] = {
	{"random: it is like the model", it_is_like_the_model},
	{NULL, NULL},
};
