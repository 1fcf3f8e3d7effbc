/* SPDX-License-Identifier: MIT */
/*
 * store_contract.c - runs the cases, and waits for a store as a loop would.
 */
#include "contract.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Much more than any operation here takes, on the slowest disk. */
#define WAIT_MS_MAX 60000

void contract_complain(const char *file, int line, const char *what, int64_t got, int64_t wanted)
{
	printf("# %s:%d: %s: got %lld, wanted %lld\n", file, line, what, (long long)got,
	       (long long)wanted);
}

bool contract_skip(struct contract *t, const char *why)
{
	t->skipped = true;
	snprintf(t->why_skipped, sizeof(t->why_skipped), "%s", why);
	return true;
}

struct centro_bytes contract_str(const char *text)
{
	return (struct centro_bytes){.data = (const uint8_t *)text, .size = strlen(text)};
}

struct centro_instant contract_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (struct centro_instant){(uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec};
}

void contract_done(void *arg, int status)
{
	struct waiter *waiter = arg;
	waiter->calls++;
	waiter->status = status;
}

int contract_poll(struct contract *t)
{
	struct centro_instant wake;
	return centro_store_poll(t->store, contract_now(), &wake);
}

/* Until the descriptor is readable or the instant is there. False: nothing ever would be. */
static bool wait_for(int fd, struct centro_instant wake)
{
	struct centro_instant now = contract_now();
	if (wake.ns <= now.ns)
		return true;
	uint64_t ms = (wake.ns - now.ns) / 1000000 + 1;
	if (fd < 0 && wake.ns == CENTRO_INSTANT_NEVER_NS)
		return false;
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	int ready = poll(&wait, fd >= 0 ? 1 : 0, ms < WAIT_MS_MAX ? (int)ms : WAIT_MS_MAX);
	return ready > 0 || ms < WAIT_MS_MAX;
}

bool contract_wait(struct contract *t, const struct waiter *waiter)
{
	uint64_t deadline = contract_now().ns + (uint64_t)WAIT_MS_MAX * 1000000;
	while (waiter->calls == 0) {
		struct centro_instant wake;
		/* A failed store still ends what is under way. */
		(void)centro_store_poll(t->store, contract_now(), &wake);
		if (waiter->calls > 0)
			break;
		REQUIRE(wait_for(centro_store_fd(t->store), wake));
		REQUIRE(contract_now().ns < deadline);
	}
	REQUIRE_EQ(waiter->calls, 1);
	return true;
}

bool contract_lead(struct contract *t)
{
	struct waiter waiter = {0};
	uint64_t term = 0;
	REQUIRE_EQ(centro_store_campaign(t->store, "contract", &term, contract_done, NULL, &waiter),
		   CENTRO_OK);
	REQUIRE(contract_wait(t, &waiter));
	REQUIRE_EQ(waiter.status, CENTRO_OK);
	REQUIRE(term > t->term);
	t->term = term;
	return true;
}

bool contract_reopen(struct contract *t)
{
	REQUIRE(t->backend->reopen);
	centro_store_free(t->store);
	t->store = NULL;
	REQUIRE_EQ(t->backend->reopen(t->backend->arg, &t->store), CENTRO_OK);
	REQUIRE(t->store);
	return true;
}

static bool fill_one(struct contract *t, const char *op, size_t size)
{
	const char *equals = memchr(op, '=', size);
	size_t key_size = equals ? (size_t)(equals - op) - 1 : size - 1;
	struct centro_bytes key = {.data = (const uint8_t *)op + 1, .size = key_size};
	struct centro_bytes value = {0};
	if (equals)
		value = (struct centro_bytes){.data = (const uint8_t *)equals + 1,
					      .size = size - key_size - 2};
	switch (op[0]) {
	case '+':
		REQUIRE_EQ(centro_batch_put(t->batch, key, value), CENTRO_OK);
		return true;
	case '-':
		REQUIRE_EQ(centro_batch_delete(t->batch, key), CENTRO_OK);
		return true;
	case '?':
	case '!':
		REQUIRE_EQ(centro_batch_require(t->batch, key, op[0] == '?'), CENTRO_OK);
		return true;
	case '|':
		centro_batch_end_group(t->batch);
		return true;
	default:
		REQUIRE_EQ(op[0], '+');
		return false;
	}
}

bool contract_fill(struct contract *t, const char *ops)
{
	while (*ops != '\0') {
		size_t size = strcspn(ops, " ");
		REQUIRE(fill_one(t, ops, size));
		ops += size;
		ops += strspn(ops, " ");
	}
	return true;
}

bool contract_commit(struct contract *t, int *ret_status)
{
	struct waiter waiter = {0};
	REQUIRE_EQ(centro_store_commit(t->store, t->batch, contract_done, &waiter), CENTRO_OK);
	REQUIRE(contract_wait(t, &waiter));
	centro_batch_clear(t->batch);
	*ret_status = waiter.status;
	return true;
}

bool contract_write(struct contract *t, const char *ops)
{
	int status;
	REQUIRE(contract_fill(t, ops));
	REQUIRE(contract_commit(t, &status));
	REQUIRE_EQ(status, CENTRO_OK);
	return true;
}

static int compare(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size)
{
	size_t common = a_size < b_size ? a_size : b_size;
	int order = common > 0 ? memcmp(a, b, common) : 0;
	return order != 0 ? order : (a_size > b_size) - (a_size < b_size);
}

static void append(struct rows *rows, const uint8_t *data, size_t size)
{
	size_t room = sizeof(rows->text) - 1 - rows->size;
	if (size > room)
		size = room;
	if (size > 0)
		memcpy(rows->text + rows->size, data, size);
	rows->size += size;
	rows->text[rows->size] = '\0';
}

int contract_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct rows *rows = arg;
	int order = compare(rows->last, rows->last_size, key.data, key.size);
	if (rows->count > 0 && (rows->reverse ? order <= 0 : order >= 0))
		rows->ordered = false;
	rows->last_size = key.size;
	memcpy(rows->last, key.data, key.size);

	rows->count++;
	append(rows, key.data, key.size);
	append(rows, (const uint8_t *)"=", 1);
	append(rows, value.data, value.size);
	append(rows, (const uint8_t *)";", 1);
	return rows->count == rows->stop_after ? rows->stop_status : 0;
}

void contract_rows_done(void *arg, int status)
{
	contract_done(&((struct rows *)arg)->waiter, status);
}

bool contract_scan(struct contract *t, const struct centro_scan *scan, struct rows *rows)
{
	rows->ordered = true;
	rows->reverse = scan->reverse;
	REQUIRE_EQ(centro_store_scan(t->store, scan, contract_row, contract_rows_done, rows),
		   CENTRO_OK);
	REQUIRE(contract_wait(t, &rows->waiter));
	REQUIRE(rows->ordered);
	return true;
}

bool contract_holds(struct contract *t, const char *text)
{
	struct centro_scan scan = CENTRO_SCAN_INIT;
	struct rows rows = {0};
	REQUIRE(contract_scan(t, &scan, &rows));
	REQUIRE_EQ(rows.waiter.status, CENTRO_OK);
	if (strcmp(rows.text, text) != 0) {
		printf("# it holds \"%.200s\" and not \"%.200s\"\n", rows.text, text);
		return false;
	}
	return true;
}

static bool run_case(const struct store_contract_backend *backend, const struct contract_case *test,
		     struct contract *t)
{
	*t = (struct contract){.backend = backend, .batch = centro_batch_new(NULL)};
	if (!t->batch)
		return false;
	int status = backend->open(backend->arg, &t->store);
	if (status != CENTRO_OK) {
		printf("# cannot open a store: %s\n", centro_error_name(status));
		centro_batch_free(t->batch);
		return false;
	}
	bool passed = test->run(t);
	centro_store_free(t->store);
	centro_batch_free(t->batch);
	if (backend->close)
		backend->close(backend->arg);
	return passed;
}

static int run_cases(const struct store_contract_backend *backend,
		     const struct contract_case *cases)
{
	int failed = 0;
	for (; cases->name; cases++) {
		if (backend->only &&
		    strncmp(cases->name, backend->only, strlen(backend->only)) != 0)
			continue;
		struct contract t;
		struct centro_instant start = contract_now();
		bool passed = run_case(backend, cases, &t);
		unsigned long long ms = (contract_now().ns - start.ns) / 1000000;
		if (!passed)
			failed++;
		printf("%s %s: %s", passed ? "ok" : "not ok", backend->name, cases->name);
		if (t.skipped)
			printf(" # skipped: %s\n", t.why_skipped);
		else
			printf(" (%llu ms)\n", ms);
		fflush(stdout);
	}
	return failed;
}

int store_contract_run(const struct store_contract_backend *backend)
{
	return run_cases(backend, contract_commit_cases) + run_cases(backend, contract_scan_cases) +
	       run_cases(backend, contract_lead_cases) + run_cases(backend, contract_fault_cases) +
	       run_cases(backend, contract_random_cases);
}
