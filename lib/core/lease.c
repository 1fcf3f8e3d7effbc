/* SPDX-License-Identifier: MIT */
/*
 * lease.c - the deadlines of grants.
 *
 * Invariants: a granted instance is in the heap, unless it may run on without
 * word from the server (on_disconnect keep) and may have been started; there is
 * room in the heap for every granted instance, so that a renewal cannot fail.
 *
 * Layer: core.
 */
#include "core/lease.h"

#include "base/assert.h"
#include "base/time.h"

#define PPM 1000000

void ctr_leases_init(struct ctr_lease_table *table, const struct centro_allocator *allocator,
		     uint32_t drift_ppm, struct centro_span grace)
{
	*table = (struct ctr_lease_table){
		.drift_ppm = drift_ppm,
		.grace = grace,
	};
	ctr_heap_init(&table->heap, allocator);
}

void ctr_leases_fini(struct ctr_lease_table *table)
{
	ctr_heap_fini(&table->heap);
}

int ctr_leases_reserve(struct ctr_lease_table *table, uint32_t more)
{
	CTR_ASSERT(table->heap.count <= table->count);

	/* A new lease is first compared with its parent's: fetch that meanwhile. */
	return ctr_heap_reserve(&table->heap, table->count + more - table->heap.count);
}

struct centro_span ctr_lease_span(const struct ctr_lease_table *table, struct centro_span lease)
{
	CTR_ASSERT(lease.ns <= ctr_span_ms(CTR_LEASE_MAX_MS).ns);

	/* Rounded up, and in parts that cannot overflow for any lease that is allowed. */
	uint64_t drift = lease.ns / PPM * table->drift_ppm +
			 (lease.ns % PPM * table->drift_ppm + PPM - 1) / PPM;
	struct centro_instant end =
		ctr_after((struct centro_instant){lease.ns}, (struct centro_span){drift});
	return (struct centro_span){ctr_after(end, table->grace).ns};
}

static struct centro_instant deadline(const struct ctr_lease_table *table,
				      const struct ctr_instance *instance,
				      struct centro_instant now)
{
	return ctr_after(now, ctr_lease_span(table, ctr_instance_task(instance)->lease));
}

static bool runs_on(const struct ctr_instance *instance)
{
	return ctr_instance_may_have_started(instance) &&
	       ctr_instance_task(instance)->on_disconnect == CTR_ON_DISCONNECT_KEEP;
}

void ctr_lease_begin(struct ctr_lease_table *table, struct ctr_instance *instance,
		     struct centro_instant now)
{
	CTR_ASSERT(ctr_instance_is_granted(instance));

	CTR_ASSERT(table->heap.count <= table->count);

	table->count++;
	instance->lease = (struct ctr_heap_node){0};
	ctr_lease_renew(table, instance, now);
}

void ctr_lease_renew(struct ctr_lease_table *table, struct ctr_instance *instance,
		     struct centro_instant now)
{
	CTR_ASSERT(ctr_instance_is_granted(instance));

	CTR_ASSERT(table->count > 0);

	if (runs_on(instance))
		ctr_heap_remove(&table->heap, &instance->lease);
	else
		ctr_heap_update(&table->heap, &instance->lease, deadline(table, instance, now).ns);
}

void ctr_lease_note_start(struct ctr_lease_table *table, struct ctr_instance *instance)
{
	CTR_ASSERT(ctr_instance_is_granted(instance));
	CTR_ASSERT(instance->claimed);

	if (runs_on(instance))
		ctr_heap_remove(&table->heap, &instance->lease);
}

void ctr_lease_cut(struct ctr_lease_table *table, struct ctr_instance *instance,
		   struct centro_instant now)
{
	CTR_ASSERT(ctr_instance_is_granted(instance));
	CTR_ASSERT(!ctr_instance_may_have_started(instance));

	ctr_heap_update(&table->heap, &instance->lease, now.ns);
}

void ctr_lease_end(struct ctr_lease_table *table, struct ctr_instance *instance)
{
	CTR_ASSERT(table->count > 0);

	ctr_heap_remove(&table->heap, &instance->lease);
	table->count--;
	CTR_ASSERT(table->heap.count <= table->count);
}

struct ctr_instance *ctr_lease_due(const struct ctr_lease_table *table, struct centro_instant now)
{
	struct ctr_heap_node *first = ctr_heap_first(&table->heap);

	if (!first || !ctr_reached((struct centro_instant){first->key}, now))
		return NULL;
	return CTR_CONTAINER_OF(first, struct ctr_instance, lease);
}

struct centro_instant ctr_leases_wake(const struct ctr_lease_table *table)
{
	const struct ctr_heap_node *first = ctr_heap_first(&table->heap);
	return first ? (struct centro_instant){first->key} : CTR_NEVER;
}
