/* SPDX-License-Identifier: MIT */
/*
 * job_table.c - the jobs in memory, in pages by id.
 *
 * Ids only rise, so a new job goes into the last page or a new one behind it,
 * and the pages are in order by themselves. Neighbours share a page: that costs
 * eight bytes a job, and going down through the ids is going down through pages.
 *
 * Invariants: `bases` rise, and are multiples of PAGE_JOBS; a page that is there
 * has a job; less than half of the pages are holes, but for the first few.
 *
 * Layer: core.
 */
#include "core/job_table.h"

#include "base/alloc.h"
#include "base/assert.h"

#define PAGE_JOBS      64
#define CAPACITY_FIRST 16

struct ctr_job_page {
	uint64_t present; /* a bit a job */
	struct ctr_job *jobs[PAGE_JOBS];
};

void ctr_job_table_init(struct ctr_job_table *table, const struct centro_allocator *allocator)
{
	*table = (struct ctr_job_table){.allocator = allocator};
}

void ctr_job_table_fini(struct ctr_job_table *table)
{
	CTR_ASSERT(table->used <= table->capacity);

	for (size_t i = 0; i < table->used; i++)
		ctr_free(table->allocator, table->pages[i]);
	ctr_free(table->allocator, table->pages);
	ctr_free(table->allocator, table->bases);
	ctr_free(table->allocator, table->spare);
	ctr_job_table_init(table, table->allocator);
}

int ctr_job_table_reserve(struct ctr_job_table *table)
{
	CTR_ASSERT(table->used <= table->capacity);
	CTR_ASSERT(table->holes <= table->used);

	if (!table->spare)
		table->spare = ctr_alloc_zero(table->allocator, sizeof(*table->spare));
	if (!table->spare)
		return CENTRO_ERR_NOMEM;
	if (table->used < table->capacity)
		return CENTRO_OK;

	size_t capacity = table->capacity > 0 ? table->capacity * 2 : CAPACITY_FIRST;
	struct ctr_job_page **pages = ctr_resize_array(table->allocator, table->pages, capacity,
						       sizeof(struct ctr_job_page *));
	if (!pages)
		return CENTRO_ERR_NOMEM;
	table->pages = pages;
	uint64_t *bases =
		ctr_resize_array(table->allocator, table->bases, capacity, sizeof(*bases));
	if (!bases)
		return CENTRO_ERR_NOMEM;
	table->bases = bases;
	table->capacity = capacity;
	return CENTRO_OK;
}

/* How many pages begin at or below `id`. */
static size_t count_up_to(const struct ctr_job_table *table, uint64_t id)
{
	size_t low = 0, high = table->used;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (table->bases[middle] <= id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The position of the page that `id` belongs in, or `used`: there is none. */
static size_t find_page(const struct ctr_job_table *table, uint64_t id)
{
	uint64_t base = id - id % PAGE_JOBS;
	if (table->used == 0 || base < table->bases[0])
		return table->used;

	/* As long as no page is missing, it is where counting puts it. */
	uint64_t guess = (base - table->bases[0]) / PAGE_JOBS;
	if (guess < table->used && table->bases[guess] == base)
		return (size_t)guess;
	size_t at = count_up_to(table, base);
	CTR_ASSERT(at > 0);
	return table->bases[at - 1] == base ? at - 1 : table->used;
}

void ctr_job_table_insert(struct ctr_job_table *table, struct ctr_job *job)
{
	uint64_t base = job->id - job->id % PAGE_JOBS;
	size_t at = table->used > 0 && table->bases[table->used - 1] == base ? table->used - 1
									     : table->used;

	if (at == table->used) {
		CTR_ASSERT(table->used < table->capacity);
		CTR_ASSERT(at == 0 || table->bases[at - 1] < base);
		table->bases[at] = base;
		table->pages[at] = NULL;
		table->used++;
		table->holes++;
	}
	if (!table->pages[at]) {
		CTR_ASSERT(table->spare != NULL);
		table->pages[at] = table->spare;
		table->spare = NULL;
		table->holes--;
	}

	CTR_ASSERT(job->id != 0);
	/* Nothing at or above it. */
	CTR_ASSERT(table->pages[at]->present >> (job->id - base) == 0);
	table->pages[at]->present |= (uint64_t)1 << (job->id - base);
	table->pages[at]->jobs[job->id - base] = job;
	table->count++;
}

/* Move the holes out, once they are half of it. */
static void compact(struct ctr_job_table *table)
{
	size_t kept = 0;

	if (table->holes < CAPACITY_FIRST || table->holes * 2 < table->used)
		return;
	for (size_t i = 0; i < table->used; i++) {
		/* The last one stays, whole or hole: it says where new jobs go. */
		if (!table->pages[i] && i + 1 < table->used)
			continue;
		table->pages[kept] = table->pages[i];
		table->bases[kept] = table->bases[i];
		kept++;
	}
	CTR_ASSERT(kept > 0);
	table->used = kept;
	table->holes = !table->pages[kept - 1];
}

void ctr_job_table_remove(struct ctr_job_table *table, const struct ctr_job *job)
{
	size_t at = find_page(table, job->id);
	CTR_ASSERT(at < table->used);
	struct ctr_job_page *page = table->pages[at];
	CTR_ASSERT(page && page->jobs[job->id % PAGE_JOBS] == job);
	CTR_ASSERT(table->count > 0);

	page->jobs[job->id % PAGE_JOBS] = NULL;
	page->present &= ~((uint64_t)1 << job->id % PAGE_JOBS);
	table->count--;
	if (page->present)
		return;

	table->pages[at] = NULL;
	table->holes++;
	if (table->spare)
		ctr_free(table->allocator, page);
	else
		table->spare = page;
	compact(table);
}

struct ctr_job *ctr_job_table_find(const struct ctr_job_table *table, centro_job_id id)
{
	size_t at = find_page(table, id);
	if (at == table->used || !table->pages[at])
		return NULL;

	struct ctr_job *job = table->pages[at]->jobs[id % PAGE_JOBS];
	CTR_ASSERT(!job || job->id == id);
	return job;
}

/* The last job of a page, of those whose bits are in `mask`. */
static struct ctr_job *last_of(const struct ctr_job_page *page, uint64_t mask)
{
	uint64_t present = page ? page->present & mask : 0;
	return present ? page->jobs[PAGE_JOBS - 1 - __builtin_clzll(present)] : NULL;
}

struct ctr_job *ctr_job_table_below(const struct ctr_job_table *table, centro_job_id id)
{
	size_t at = find_page(table, id);

	if (at < table->used) {
		struct ctr_job *job =
			last_of(table->pages[at], ((uint64_t)1 << id % PAGE_JOBS) - 1);
		if (job)
			return job;
	} else {
		at = count_up_to(table, id);
	}
	while (at-- > 0) {
		struct ctr_job *job = last_of(table->pages[at], UINT64_MAX);
		if (job)
			return job;
	}
	return NULL;
}
