/* SPDX-License-Identifier: MIT */
/*
 * request.c - which request ids have made which jobs.
 *
 * A million of them are remembered for a day, so an entry holds no text: 128
 * bits of keyed hash stand for it, and 48 bytes are all that it costs. Entries
 * stand in a ring in the order in which they came, which is the order in which
 * they go; an index finds them.
 *
 * Invariants: every entry of the ring is in the index once, and nothing else
 * is; the index is at most half full, so every probe ends; between an entry's
 * home and its place in the index there is no gap.
 *
 * Layer: core.
 */
#include "core/request.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/time.h"

#define CAPACITY_FIRST 64
#define EXPIRE_MAX     4 /* looked at for each that comes, so that a burst is not slow */

/* Made different from the seed for the other half. */
#define SEED_LOW UINT64_C(0x9e3779b97f4a7c15)

void ctr_requests_init(struct ctr_request_table *table, const struct centro_allocator *allocator,
		       uint64_t seed, uint32_t count_max)
{
	CTR_ASSERT(count_max > 0);

	*table = (struct ctr_request_table){
		.allocator = allocator,
		.seed = seed,
		.count_max = count_max,
	};
}

void ctr_requests_fini(struct ctr_request_table *table)
{
	ctr_free(table->allocator, table->ring);
	ctr_free(table->allocator, table->index);
	ctr_requests_init(table, table->allocator, table->seed, table->count_max);
}

struct ctr_request_key ctr_request_key(const struct ctr_request_table *table,
				       struct centro_bytes owner, struct centro_bytes request_id)
{
	CTR_ASSERT(request_id.size > 0);

	/* Both depend on both: the owner's hash is the seed of the other's. */
	uint64_t high = ctr_hash_bytes(owner, table->seed);
	uint64_t low = ctr_hash_bytes(owner, table->seed ^ SEED_LOW);
	return (struct ctr_request_key){
		.high = ctr_hash_bytes(request_id, high),
		.low = ctr_hash_bytes(request_id, low),
	};
}

/* ---- the index ---- */

static uint32_t index_mask(const struct ctr_request_table *table)
{
	CTR_ASSERT(table->capacity > 0);
	return table->capacity * 2 - 1;
}

/* Where an entry of the ring stands in the index, if nothing is in its way. */
static uint32_t home(const struct ctr_request_table *table, uint32_t position)
{
	return (uint32_t)table->ring[position].key.low & index_mask(table);
}

static void index_add(struct ctr_request_table *table, uint32_t position)
{
	uint32_t mask = index_mask(table);
	uint32_t at = home(table, position);

	while (table->index[at] != 0)
		at = (at + 1) & mask;
	table->index[at] = position + 1;
}

static void index_remove(struct ctr_request_table *table, uint32_t position)
{
	uint32_t mask = index_mask(table);
	uint32_t gap = home(table, position);
	CTR_ASSERT(position < table->capacity);

	while (table->index[gap] != position + 1) {
		CTR_ASSERT(table->index[gap] != 0);
		gap = (gap + 1) & mask;
	}
	table->index[gap] = 0;

	/* What follows without a gap moves up, unless its home is behind the gap. */
	for (uint32_t at = (gap + 1) & mask; table->index[at] != 0; at = (at + 1) & mask) {
		uint32_t from_home = (at - home(table, table->index[at] - 1)) & mask;
		if (from_home < ((at - gap) & mask))
			continue;
		table->index[gap] = table->index[at];
		table->index[at] = 0;
		gap = at;
	}
}

/* ---- the table ---- */

struct ctr_request *ctr_requests_find(const struct ctr_request_table *table,
				      const struct ctr_request_key *key, struct centro_instant now)
{
	if (table->count == 0)
		return NULL;

	uint32_t mask = index_mask(table);
	for (uint32_t at = (uint32_t)key->low & mask; table->index[at]; at = (at + 1) & mask) {
		struct ctr_request *request = &table->ring[table->index[at] - 1];
		if (request->key.low == key->low && request->key.high == key->high &&
		    !ctr_reached(request->expires, now))
			return request;
	}
	return NULL;
}

/* The ring unrolled into one of `capacity`, and an index for it. */
static int resize(struct ctr_request_table *table, uint32_t capacity)
{
	CTR_ASSERT(capacity > table->count);
	CTR_ASSERT((capacity & (capacity - 1)) == 0);

	struct ctr_request *ring = ctr_alloc_array(table->allocator, capacity, sizeof(*ring));
	if (!ring)
		return CENTRO_ERR_NOMEM;
	uint32_t *index = ctr_alloc_array(table->allocator, (size_t)capacity * 2, sizeof(*index));
	if (!index) {
		ctr_free(table->allocator, ring);
		return CENTRO_ERR_NOMEM;
	}

	for (uint32_t i = 0; i < table->count; i++)
		ring[i] = table->ring[(table->first + i) & (table->capacity - 1)];
	ctr_free(table->allocator, table->ring);
	ctr_free(table->allocator, table->index);
	table->ring = ring;
	table->index = index;
	table->first = 0;
	table->capacity = capacity;
	for (uint32_t i = 0; i < table->count; i++)
		index_add(table, i);
	return CENTRO_OK;
}

int ctr_requests_reserve(struct ctr_request_table *table)
{
	CTR_ASSERT(table->count <= table->count_max);

	/* With as many as there may be, the oldest makes room. */
	if (table->count < table->capacity || table->count == table->count_max)
		return CENTRO_OK;
	return resize(table, table->capacity > 0 ? table->capacity * 2 : CAPACITY_FIRST);
}

static void remove_oldest(struct ctr_request_table *table)
{
	CTR_ASSERT(table->count > 0);

	index_remove(table, table->first);
	table->first = (table->first + 1) & (table->capacity - 1);
	table->count--;
}

static void expire(struct ctr_request_table *table, struct centro_instant now)
{
	for (uint32_t i = 0; i < EXPIRE_MAX && table->count > 0; i++) {
		if (!ctr_reached(table->ring[table->first].expires, now))
			break;
		remove_oldest(table);
	}
}

void ctr_requests_insert(struct ctr_request_table *table, const struct ctr_request *request,
			 struct centro_instant now)
{
	CTR_ASSERT(request->job != 0);
	CTR_ASSERT(!ctr_requests_find(table, &request->key, now));

	expire(table, now);
	if (table->count == table->count_max)
		remove_oldest(table);
	CTR_ASSERT(table->count < table->capacity);
	uint32_t position = (table->first + table->count) & (table->capacity - 1);
	table->ring[position] = *request;
	table->count++;
	index_add(table, position);
}

void ctr_requests_load(struct ctr_request_table *table, const struct ctr_request *request)
{
	const struct centro_instant never_expired = {0};
	struct ctr_request known = *request;

	/* Wall times are no deadlines: nothing expires before loading has ended. */
	if (known.expires.ns == 0)
		known.expires.ns = 1;
	struct ctr_request *other = ctr_requests_find(table, &request->key, never_expired);
	if (!other)
		ctr_requests_insert(table, &known, never_expired);
	else if (other->job < known.job)
		*other = known;
}

centro_job_id ctr_requests_last_job(const struct ctr_request_table *table)
{
	centro_job_id last = 0;

	for (uint32_t i = 0; i < table->count; i++) {
		centro_job_id job = table->ring[(table->first + i) & (table->capacity - 1)].job;
		last = job > last ? job : last;
	}
	return last;
}

void ctr_requests_load_end(struct ctr_request_table *table, struct centro_instant now,
			   struct centro_instant wall, struct centro_span ttl)
{
	for (uint32_t i = 0; i < table->count; i++) {
		struct ctr_request *request =
			&table->ring[(table->first + i) & (table->capacity - 1)];
		struct centro_span age = ctr_between(request->expires, wall);
		uint64_t rest_ns = age.ns < ttl.ns ? ttl.ns - age.ns : 0;
		request->expires = ctr_after(now, (struct centro_span){rest_ns});
	}
}
