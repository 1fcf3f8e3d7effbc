/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_FUZZ_CORE_RECORDS_H
#define CTR_TESTS_FUZZ_CORE_RECORDS_H

/*
 * The records of a core as a store would hold them, encoded: what an engine does
 * between the two, without batches, and without anything that may fail.
 */

#include "fuzz.h"

#include "codec/codec.h"
#include "core/core.h"

enum core_record_type {
	CORE_RECORD_JOB,
	CORE_RECORD_NODE,
	CORE_RECORD_QUEUE,
	CORE_RECORD_HISTORY,
};

struct core_record {
	enum core_record_type type;
	uint64_t id;                 /* of a queue: of its name */
	struct ctr_buf value, state; /* a job has both halves */
};

/* Zeroed is empty. */
struct core_records {
	struct core_record *list; /* by type, then by id */
	size_t count, capacity;
	centro_job_id next_job; /* of the record of numbers; 0: none yet */
	centro_node_id next_node;
	uint64_t last_event;
};

void core_records_fini(struct core_records *records);
/* Take all that was touched: it is durable now. Clears the outbox, forgets what has ended. */
void core_records_take(struct core_records *records, struct ctr_core *core);
/* A new core from them. What cannot be loaded fails the test. */
struct ctr_core *core_records_load(const struct core_records *records,
				   const struct ctr_core_options *options, struct ctr_now now);

#endif
