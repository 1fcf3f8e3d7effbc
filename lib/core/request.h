/* SPDX-License-Identifier: MIT */
#ifndef CTR_CORE_REQUEST_H
#define CTR_CORE_REQUEST_H

/*
 * The request ids that have made a job, by (owner, request id): how the same
 * request sent twice is recognised (I2).
 */

#include "base/alloc.h"

/* 128 bits that stand for (owner, request id); chance equality is out of reach. */
struct ctr_request_key {
	uint64_t high, low;
};

struct ctr_request {
	struct ctr_request_key key;
	uint64_t spec_hash;
	centro_job_id job;
	struct centro_instant expires; /* cluster time */
};

struct ctr_request_table {
	const struct centro_allocator *allocator;
	uint64_t seed;
	uint32_t count_max;
	struct ctr_request *ring; /* oldest first, from `first` */
	uint32_t *index;          /* open addressing: position in the ring + 1 */
	uint32_t first, count;
	uint32_t capacity; /* of the ring, a power of two; the index has twice as many */
};

void ctr_requests_init(struct ctr_request_table *table, const struct centro_allocator *allocator,
		       uint64_t seed, uint32_t count_max);
void ctr_requests_fini(struct ctr_request_table *table);

struct ctr_request_key ctr_request_key(const struct ctr_request_table *table,
				       struct centro_bytes owner, struct centro_bytes request_id);
/* NULL: not known, or no longer. */
struct ctr_request *ctr_requests_find(const struct ctr_request_table *table,
				      const struct ctr_request_key *key, struct centro_instant now);
/* Room for one more. OK or NOMEM. */
int ctr_requests_reserve(struct ctr_request_table *table);
/* Its key is not known, or has expired. The oldest go, if they have expired or are too many. */
void ctr_requests_insert(struct ctr_request_table *table, const struct ctr_request *request,
			 struct centro_instant now);

/*
 * While loading, `expires` is the wall time of the submission. Needs room reserved;
 * of two with the same key the younger job stays.
 */
void ctr_requests_load(struct ctr_request_table *table, const struct ctr_request *request);
/* The largest number of a job that one of them made; 0: there are none. O(count). */
centro_job_id ctr_requests_last_job(const struct ctr_request_table *table);
/* Loading has ended: the rest of each one's time runs from `now`. */
void ctr_requests_load_end(struct ctr_request_table *table, struct centro_instant now,
			   struct centro_instant wall, struct centro_span ttl);

#endif
