/* SPDX-License-Identifier: MIT */
/*
 * life.c - a store's work, and what must be there after it.
 *
 * Invariants: states are only ever added, so that a promise of long ago can be
 * looked at; `promise.begun` is the state that the commit under way makes, or that
 * of one whose outcome is unknown, else `promise.acked`; each change of the promise
 * is told to the tap before anything is asked of the store, or right after it was
 * answered.
 */
#include "life.h"
#include "tap.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "support/suite.h"

/* Small, so that opening it is cheap under every tool that watches memory. */
#define STORE_BYTES_MAX (16 << 20)

/* Commits between a store that grows and one that shrinks. */
#define PHASE 24

enum part {
	PART_EVENT,
	PART_HISTORY,
	PART_SPEC,
	PART_STATE,
	PART_COUNT,
};

struct waiter {
	int calls;
	int status;
};

static void complain(struct life *life, const char *what, int64_t got)
{
	if (life->complaint[0] == '\0')
		snprintf(life->complaint, sizeof(life->complaint), "%s (%lld)", what,
			 (long long)got);
}

/* ---- rows -------------------------------------------------------- */

static struct centro_bytes key_of(size_t place, char buffer[64])
{
	if (place == LIFE_PLACES - 1)
		return ctr_bytes_str("meta/ids");
	size_t job = place / PART_COUNT;
	switch ((enum part)(place % PART_COUNT)) {
	case PART_EVENT:
		snprintf(buffer, 64, "event/%020zu", job);
		break;
	case PART_HISTORY:
		snprintf(buffer, 64, "history/%020zu", job);
		break;
	case PART_SPEC:
		snprintf(buffer, 64, "job/%020zu/spec", job);
		break;
	default:
		snprintf(buffer, 64, "job/%020zu/state", job);
		break;
	}
	return ctr_bytes_str(buffer);
}

static size_t place_of(struct centro_bytes key)
{
	char buffer[64];
	size_t place = 0;
	while (place < LIFE_PLACES && !ctr_bytes_equal(key, key_of(place, buffer)))
		place++;
	return place;
}

#define VALUE_SIZE_MAX 24000

static size_t size_of(size_t place, uint32_t value)
{
	if (place == LIFE_PLACES - 1)
		return 20;
	/* Some take pages of their own, and a few of them many. */
	bool large = value % 9 == 0, huge = value % 61 == 0;
	switch ((enum part)(place % PART_COUNT)) {
	case PART_EVENT:
		return 60 + value % 200;
	case PART_STATE:
		return 70 + value % 40;
	default:
		return huge    ? 12000 + value % 12000
		       : large ? 2500 + value % 5000
			       : 250 + value % 700;
	}
}

/* It begins with its number, and all of it follows from that. */
static struct centro_bytes value_of(size_t place, uint32_t value, uint8_t *buffer)
{
	size_t size = size_of(place, value);
	for (size_t i = 0; i < size; i++)
		buffer[i] = (uint8_t)(value * 31 + i * 7 + place);
	memcpy(buffer, &value, sizeof(value));
	return ctr_bytes(buffer, size);
}

/* ---- what happens to jobs ---------------------------------------- */

static void put(struct life *life, struct life_state *next, size_t place)
{
	char key[64];
	uint8_t value[VALUE_SIZE_MAX];
	next->values[place] = ++life->last_value;
	int status = centro_batch_put(life->batch, key_of(place, key),
				      value_of(place, life->last_value, value));
	ck_assert_int_eq(status, CENTRO_OK);
}

static void drop(struct life *life, struct life_state *next, size_t place)
{
	char key[64];
	next->values[place] = 0;
	ck_assert_int_eq(centro_batch_delete(life->batch, key_of(place, key)), CENTRO_OK);
}

static void happen(struct life *life, struct life_state *next, size_t job)
{
	size_t first = job * PART_COUNT;
	bool shrinks = life->commits / PHASE % 2 == 1;
	if (next->values[first + PART_SPEC] == 0 && next->values[first + PART_HISTORY] == 0) {
		if (shrinks)
			return;
		put(life, next, first + PART_SPEC);
		put(life, next, first + PART_STATE);
		put(life, next, LIFE_PLACES - 1);
	} else if (next->values[first + PART_SPEC] != 0 && ctr_prng_below(&life->prng, 2) == 0) {
		put(life, next, first + PART_STATE);
	} else if (next->values[first + PART_SPEC] != 0) {
		put(life, next, first + PART_HISTORY);
		drop(life, next, first + PART_SPEC);
		drop(life, next, first + PART_STATE);
	} else if (shrinks || ctr_prng_below(&life->prng, 4) == 0) {
		drop(life, next, first + PART_HISTORY);
		drop(life, next, first + PART_EVENT);
		return;
	}
	put(life, next, first + PART_EVENT);
}

static void fill(struct life *life, struct life_state *next)
{
	centro_batch_clear(life->batch);
	uint64_t left = 1 + ctr_prng_below(&life->prng, life->commits % 7 == 0 ? 20 : 4);
	while (left-- > 0)
		happen(life, next, ctr_prng_below(&life->prng, LIFE_JOBS));
}

/* ---- a life ------------------------------------------------------ */

static void add_state(struct life *life, const struct life_state *state)
{
	if (life->count == life->room) {
		life->room = life->room * 2 + 4;
		life->states = realloc(life->states, life->room * sizeof(*life->states));
		ck_assert_ptr_nonnull(life->states);
	}
	life->states[life->count++] = *state;
}

void life_init(struct life *life, const char *uri, uint64_t seed)
{
	*life = (struct life){.uri = uri, .batch = centro_batch_new(NULL)};
	ck_assert_ptr_nonnull(life->batch);
	ctr_prng_init(&life->prng, seed);
	add_state(life, &(struct life_state){0});
}

void life_fork(struct life *fork, const struct life *life, const struct promise *promise,
	       uint64_t seed)
{
	life_init(fork, life->uri, seed);
	fork->states[0] = life->states[promise->acked];
	add_state(fork, &life->states[promise->begun]);
	fork->promise = *promise;
	fork->promise.acked = 0;
	fork->promise.begun = promise->begun != promise->acked;
	fork->last_value = life->last_value;
	fork->commits = life->commits + (uint32_t)seed % PHASE;
}

void life_fini(struct life *life)
{
	ck_assert_ptr_null(life->store);
	centro_batch_free(life->batch);
	free(life->states);
}

static void on_done(void *arg, int status)
{
	struct waiter *waiter = arg;
	waiter->calls++;
	waiter->status = status;
}

/* The time stands still: nothing here takes long enough. */
static void wait_for(struct life *life, const struct waiter *waiter)
{
	struct centro_instant wake, now = {1};
	while (waiter->calls == 0) {
		struct pollfd fd = {.fd = centro_store_fd(life->store), .events = POLLIN};
		if (poll(&fd, 1, 10000) != 1) {
			complain(life, "nothing happens any more", 0);
			return;
		}
		(void)centro_store_poll(life->store, now, &wake);
	}
	if (waiter->calls != 1)
		complain(life, "called more than once", waiter->calls);
}

static int never_a_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	return 1;
}

/* For good (I13), and it says why. */
static void check_failed(struct life *life)
{
	struct waiter none = {0};
	struct centro_scan scan = CENTRO_SCAN_INIT;
	struct centro_instant wake, now = {1};
	uint64_t term = 0;
	int status = centro_store_poll(life->store, now, &wake);
	if (status == CENTRO_ERR_IO)
		status = centro_store_scan(life->store, &scan, never_a_row, on_done, &none);
	if (status == CENTRO_ERR_IO)
		status = centro_store_campaign(life->store, "again", &term, on_done, NULL, &none);
	if (status == CENTRO_ERR_IO)
		status = centro_store_commit(life->store, life->batch, on_done, &none);
	if (status == CENTRO_ERR_IO)
		status = centro_store_resign(life->store, on_done, &none);
	if (status != CENTRO_ERR_IO || none.calls > 0)
		complain(life, "a failed store goes on", status);
	if (centro_store_failure(life->store)[0] == '\0')
		complain(life, "a failed store does not say why", 0);
}

/* An operation ended with `status`. */
static int ended(struct life *life, int status)
{
	if (status == CENTRO_ERR_IO) {
		life->failed = true;
		check_failed(life);
	}
	return status;
}

/* ---- reading ----------------------------------------------------- */

struct look {
	struct waiter waiter; /* first */
	struct life *life;
	struct life_state state;
};

static int look_at_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct look *look = arg;
	uint8_t wanted[VALUE_SIZE_MAX];
	uint32_t number = 0;
	size_t place = place_of(key);
	if (value.size >= sizeof(number))
		memcpy(&number, value.data, sizeof(number));
	if (place == LIFE_PLACES || !ctr_bytes_equal(value, value_of(place, number, wanted)))
		complain(look->life, "a row is damaged", (int64_t)place);
	else
		look->state.values[place] = number;
	return 0;
}

static bool is_state(const struct life *life, uint32_t index, const struct life_state *state)
{
	return memcmp(&life->states[index], state, sizeof(*state)) == 0;
}

int life_scan(struct life *life)
{
	struct look look = {.life = life};
	struct centro_scan scan = CENTRO_SCAN_INIT;
	int status = centro_store_scan(life->store, &scan, look_at_row, on_done, &look);
	if (status == CENTRO_OK) {
		wait_for(life, &look.waiter);
		status = look.waiter.status;
	}
	if (status != CENTRO_OK)
		return ended(life, status);
	if (is_state(life, life->promise.acked, &look.state))
		life->seen = life->promise.acked;
	else if (is_state(life, life->promise.begun, &look.state))
		life->seen = life->promise.begun;
	else
		complain(life, "rows are neither as acknowledged nor as begun",
			 life->promise.acked);
	return status;
}

int life_open(struct life *life)
{
	ck_assert_ptr_null(life->store);
	struct centro_store_options options = CENTRO_STORE_OPTIONS_INIT;
	struct centro_error_text text = {0};
	options.bytes_max = STORE_BYTES_MAX;
	life->failed = false;
	life->term = 0;
	int status = centro_store_open(life->uri, &options, &life->store, &text);
	if (status != CENTRO_OK && text.text[0] == '\0')
		complain(life, "it does not open, and does not say why", status);
	return status == CENTRO_OK ? life_scan(life) : status;
}

/* ---- writing ----------------------------------------------------- */

/* What the store shows is what counts from here on. */
int life_lead(struct life *life)
{
	struct promise before = life->promise;
	struct waiter waiter = {0};
	uint64_t term = 0;
	life->promise.term_begun = before.term_begun + 1;
	tap_promise(&life->promise);
	int status = centro_store_campaign(life->store, "life", &term, on_done, NULL, &waiter);
	if (status == CENTRO_OK) {
		wait_for(life, &waiter);
		status = waiter.status;
	}
	if (status != CENTRO_OK) {
		if (status != CENTRO_ERR_IO)
			life->promise = before;
		return ended(life, status);
	}
	if (term <= before.term_acked || term > before.term_begun + 1)
		complain(life, "the term is none that may follow", (int64_t)term);
	life->term = term;
	life->promise = (struct promise){life->seen, life->seen, term, term};
	tap_promise(&life->promise);
	return CENTRO_OK;
}

int life_commit(struct life *life)
{
	struct life_state next = life->states[life->promise.acked];
	struct waiter waiter = {0};
	fill(life, &next);
	life->commits++;
	add_state(life, &next);
	life->promise.begun = (uint32_t)life->count - 1;
	tap_promise(&life->promise);
	int status = centro_store_commit(life->store, life->batch, on_done, &waiter);
	if (status == CENTRO_OK) {
		wait_for(life, &waiter);
		status = waiter.status;
	}
	if (status == CENTRO_OK)
		life->seen = life->promise.acked = life->promise.begun;
	else if (status != CENTRO_ERR_IO)
		life->promise.begun = life->promise.acked;
	tap_promise(&life->promise);
	return ended(life, status);
}

void life_close(struct life *life)
{
	if (life->store && life->failed)
		check_failed(life);
	centro_store_free(life->store);
	life->store = NULL;
}

int life_go_on(struct life *life, int commits)
{
	int status = life_lead(life);
	for (int i = 0; i < commits && status == CENTRO_OK; i++)
		status = life_commit(life);
	return status;
}
