/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_UNIT_ENGINE_FIXTURE_H
#define CTR_TESTS_UNIT_ENGINE_FIXTURE_H

/*
 * An engine on a memory disk, with the real core, codec and store, and the calls
 * that a test makes of it in one line each. Time stands still unless it is moved.
 */

#include <check.h>

#include "engine/internal.h"
#include "store/store_memory.h"

#define FIXTURE_EVENTS_MAX 4096

struct fixture {
	struct ctr_memory_disk *disk;
	struct ctr_engine *engine;
	struct centro_time now;
	bool late; /* the store completes from poll alone */
	uint64_t store_bytes_max;
	struct ctr_engine_options options;

	struct ctr_subscriber subscriber;
	size_t applied_count, durable_count, reloaded_count;
	struct ctr_event durable[FIXTURE_EVENTS_MAX]; /* the first ones */

	centro_node_id node;
};

/* A waiter that remembers what it was told, and when. */
struct waiter {
	struct ctr_release release;
	int called;
	int status;
	int *order; /* counts all of a test; may be NULL */
	int at;
};

/* A disk; the engine is opened by fixture_open(). */
void fixture_init(struct fixture *fixture);
void fixture_fini(struct fixture *fixture);
void fixture_open(struct fixture *fixture);
/* What becomes of opening it. */
int fixture_try_open(struct fixture *fixture, struct centro_error_text *text);
void fixture_close(struct fixture *fixture);
void fixture_reopen(struct fixture *fixture);

int fixture_dispatch(struct fixture *fixture);
/* Dispatch until nothing is due any more. */
void fixture_settle(struct fixture *fixture);
void fixture_advance_ms(struct fixture *fixture, uint64_t ms);

int fixture_execute(struct fixture *fixture, const struct ctr_command *command,
		    struct ctr_result *ret_result);
/* A job of `count` instances of one core. `request_id` may be NULL. */
int fixture_submit_many(struct fixture *fixture, const char *request_id, uint32_t count,
			struct ctr_result *ret_result);
int fixture_try_submit(struct fixture *fixture, const char *request_id, uint32_t count,
		       const char *argument, struct ctr_result *ret_result);
/* The same of one instance, which must be accepted. */
centro_job_id fixture_submit(struct fixture *fixture);
/* The same, with this argument to its command. */
centro_job_id fixture_submit_command(struct fixture *fixture, const char *argument);
/* A gang of `count` instances of one core. */
centro_job_id fixture_submit_gang(struct fixture *fixture, uint32_t count);
/* A node of so many cores, as fixture->node. */
void fixture_register(struct fixture *fixture, uint32_t cores);
void fixture_register_named(struct fixture *fixture, const char *name, uint32_t cores);
int fixture_try_register(struct fixture *fixture, const char *name, uint32_t cores,
			 struct ctr_result *ret_result);
int fixture_cancel(struct fixture *fixture, centro_job_id job);
/* Of the first instance's current attempt, or of its first if it has ended. */
int fixture_report(struct fixture *fixture, centro_job_id job, bool ended, int exit_code);
enum centro_instance_state fixture_state(const struct fixture *fixture, centro_job_id job);

void waiter_wait(struct waiter *waiter, struct fixture *fixture, int *order);

/* The live state: sound, and with everything written, what a fresh engine reads. */
void fixture_assert_sound(const struct fixture *fixture);
void fixture_assert_stored(struct fixture *fixture);
/* What a fresh engine on a copy of the disk has. */
uint64_t fixture_stored_hash(struct fixture *fixture);

/* What stands on the disk now. */
size_t fixture_row_count(struct fixture *fixture, const char *first, const char *end);
/* Borrowed until the next call; empty: no such row. */
struct centro_bytes fixture_row(struct fixture *fixture, const char *key);
/* Write to the disk behind the engine's back; NULL deletes. Fences an engine that is open. */
void fixture_set_row(struct fixture *fixture, const char *key, const void *value, size_t size);

/* The fixture's own, for a scenario that counts what a store is asked to write. */
struct centro_store *fixture_store_new(struct fixture *fixture);

#endif
