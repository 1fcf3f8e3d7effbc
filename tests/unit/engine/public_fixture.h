/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_UNIT_ENGINE_PUBLIC_FIXTURE_H
#define CTR_TESTS_UNIT_ENGINE_PUBLIC_FIXTURE_H

/* An owner of a centro_engine on a memory disk, who writes down what it is told. */

#include <check.h>

#include <centro/engine.h>

#include "store/store_memory.h"

#define OWNER_NOTES_MAX 256

struct owner {
	struct ctr_memory_disk *disk;
	struct centro_engine *engine;
	struct centro_time now;
	const struct centro_allocator *allocator;
	bool late;

	/* What the callbacks told, in order; a letter each in `log`. */
	size_t event_count, assignment_count, kill_count, failed_count;
	struct centro_event events[OWNER_NOTES_MAX];
	struct centro_attempt_ref assignments[OWNER_NOTES_MAX];
	struct centro_kill kills[OWNER_NOTES_MAX];
	int failed;
	/* Called from inside an assignment. */
	void (*on_assignment)(struct owner *owner, const struct centro_assignment *assignment);

	/* The last answer. */
	int answers;
	int status;
	centro_job_id job;
	centro_node_id node;
	bool existing;
	char text[512];
	char document[65536];
	size_t document_size;
};

void owner_init(struct owner *owner);
void owner_fini(struct owner *owner);
void owner_open(struct owner *owner);
int owner_try_open(struct owner *owner, struct centro_error_text *text);
void owner_close(struct owner *owner);
int owner_dispatch(struct owner *owner);
void owner_settle(struct owner *owner);
void owner_advance_ms(struct owner *owner, uint64_t ms);

/* Answers go to the fields above. */
void owner_submitted(void *arg, const struct centro_submit_result *result);
void owner_registered(void *arg, const struct centro_node_result *result);
void owner_done(void *arg, int status);
void owner_got(void *arg, int status, struct centro_bytes job);

/* Each settles, and fails the test unless all goes well. */
centro_job_id owner_submit(struct owner *owner, uint32_t count);
centro_node_id owner_register(struct owner *owner, const char *name, uint32_t cores);
/* The answer's status. */
int owner_report(struct owner *owner, const struct centro_attempt_ref *attempt, bool ended,
		 enum centro_cause cause, int exit_code);
int owner_get(struct owner *owner, centro_job_id job, enum centro_encoding encoding);

#endif
