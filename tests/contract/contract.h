/* SPDX-License-Identifier: MIT */
#ifndef CONTRACT_H
#define CONTRACT_H

/* What the files of the contract suite share. */

#include "store_contract.h"

#include <string.h>

/* One case under way. */
struct contract {
	const struct store_contract_backend *backend;
	struct centro_store *store;
	struct centro_batch *batch;
	uint64_t term;
	bool skipped;
	char why_skipped[80];
};

/* What was called, and how often. */
struct waiter {
	int calls;
	int status;
};

/* Rows that a scan showed, as "key=value;" pairs. */
struct rows {
	struct waiter waiter;
	size_t count;
	size_t size;
	char text[4096];
	bool ordered;
	bool reverse;
	size_t stop_after; /* 0: never */
	int stop_status;
	size_t last_size;
	uint8_t last[CENTRO_STORE_KEY_SIZE_MAX];
};

/* A case: false if something was not as promised. */
typedef bool contract_case_fn(struct contract *t);
struct contract_case {
	const char *name;
	contract_case_fn *run;
};

/* By file; each ends with a row without a name. */
extern const struct contract_case contract_commit_cases[];
extern const struct contract_case contract_scan_cases[];
extern const struct contract_case contract_lead_cases[];
extern const struct contract_case contract_fault_cases[];
extern const struct contract_case contract_random_cases[];

void contract_complain(const char *file, int line, const char *what, int64_t got, int64_t wanted);

#define REQUIRE(condition)                                                       \
	do {                                                                     \
		if (!(condition)) {                                              \
			contract_complain(__FILE__, __LINE__, #condition, 0, 1); \
			return false;                                            \
		}                                                                \
	} while (0)

#define REQUIRE_EQ(got, wanted)                                                               \
	do {                                                                                  \
		int64_t got_value = (int64_t)(got), wanted_value = (int64_t)(wanted);         \
		if (got_value != wanted_value) {                                              \
			contract_complain(__FILE__, __LINE__, #got, got_value, wanted_value); \
			return false;                                                         \
		}                                                                             \
	} while (0)

/* Say that this case means nothing for this backend. Returns true. */
bool contract_skip(struct contract *t, const char *why);

struct centro_bytes contract_str(const char *text);
struct centro_instant contract_now(void);

/* Counts, and remembers the status; `arg` is a struct waiter. */
void contract_done(void *arg, int status);
/* Poll, as a loop would, until `waiter` was called. False: it never is, or is twice. */
bool contract_wait(struct contract *t, const struct waiter *waiter);
/* Poll once. */
int contract_poll(struct contract *t);

/* Campaign and wait; t->term is the new one. */
bool contract_lead(struct contract *t);
/* Free the store and open what it held, without leading. */
bool contract_reopen(struct contract *t);

/* Fill t->batch. "+key=value", "-key", "?key" (required), "!key" (absent), "|" (end of group). */
bool contract_fill(struct contract *t, const char *ops);
/* Commit t->batch, wait, and give the status; clears it. */
bool contract_commit(struct contract *t, int *ret_status);
/* contract_fill() and contract_commit() with CENTRO_OK. */
bool contract_write(struct contract *t, const char *ops);

/* `arg` is a struct rows. */
int contract_row(void *arg, struct centro_bytes key, struct centro_bytes value);
void contract_rows_done(void *arg, int status);
/* Scan and wait for its end. */
bool contract_scan(struct contract *t, const struct centro_scan *scan, struct rows *rows);
/* Everything in the store is exactly `text`, as "key=value;". */
bool contract_holds(struct contract *t, const char *text);

#endif
