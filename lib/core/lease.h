/* SPDX-License-Identifier: MIT */
#ifndef CTR_CORE_LEASE_H
#define CTR_CORE_LEASE_H

/*
 * When grants are over. The node counts a lease from when it asked, the server
 * from when it answers, and longer: so the node has stopped before the server
 * grants again (I4).
 */

#include "core/job.h"

struct ctr_lease_table {
	struct ctr_heap heap; /* of ctr_instance.lease */
	uint32_t count;       /* instances that are granted, in the heap or not */
	uint32_t drift_ppm;
	struct centro_span grace;
};

void ctr_leases_init(struct ctr_lease_table *table, const struct centro_allocator *allocator,
		     uint32_t drift_ppm, struct centro_span grace);
void ctr_leases_fini(struct ctr_lease_table *table);
/* Room for `more` grants. OK or NOMEM. */
int ctr_leases_reserve(struct ctr_lease_table *table, uint32_t more);

/* A grant begins, and its lease. Needs room reserved. */
void ctr_lease_begin(struct ctr_lease_table *table, struct ctr_instance *instance,
		     struct centro_instant now);
/* The node has been told that its lease begins anew. */
void ctr_lease_renew(struct ctr_lease_table *table, struct ctr_instance *instance,
		     struct centro_instant now);
/* It is known to have been started: one that may run on without word is never over now. */
void ctr_lease_note_start(struct ctr_lease_table *table, struct ctr_instance *instance);
/* Nobody has started it, and nobody may from now on: it is over. */
void ctr_lease_cut(struct ctr_lease_table *table, struct ctr_instance *instance,
		   struct centro_instant now);
/* The grant is over. */
void ctr_lease_end(struct ctr_lease_table *table, struct ctr_instance *instance);

/* The instance whose lease is over by then, the earliest first; NULL: none. */
struct ctr_instance *ctr_lease_due(const struct ctr_lease_table *table, struct centro_instant now);
struct centro_instant ctr_leases_wake(const struct ctr_lease_table *table);
/* The lease, longer by the drift, and the grace. */
struct centro_span ctr_lease_span(const struct ctr_lease_table *table, struct centro_span lease);

#endif
