/* SPDX-License-Identifier: MIT */
/*
 * resource.c - vectors of resources, and what their dimensions are called.
 *
 * Invariants: cpu, memory and disk are always there; a named dimension has a
 * name if and only if it has references; no name stands twice. Amounts are
 * sums of 32-bit numbers, so 64 bits never overflow.
 *
 * Layer: core.
 */
#include "core/resource.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "core/show.h"

void ctr_dimensions_init(struct ctr_dimension_table *table,
			 const struct centro_allocator *allocator)
{
	*table = (struct ctr_dimension_table){.allocator = allocator};
	table->dimensions.name[CTR_DIM_CPU] = ctr_bytes_str("cpu");
	table->dimensions.name[CTR_DIM_MEMORY] = ctr_bytes_str("memory");
	table->dimensions.name[CTR_DIM_DISK] = ctr_bytes_str("disk");
	table->dimensions.count = CTR_DIM_NAMED;
}

static void free_name(struct ctr_dimension_table *table, size_t dimension)
{
	CTR_ASSERT(dimension >= CTR_DIM_NAMED);

	ctr_free(table->allocator, (void *)table->dimensions.name[dimension].data);
	table->dimensions.name[dimension] = (struct centro_bytes){0};
}

void ctr_dimensions_fini(struct ctr_dimension_table *table)
{
	CTR_ASSERT(table->dimensions.count <= CTR_DIMENSIONS_MAX);

	for (size_t i = CTR_DIM_NAMED; i < table->dimensions.count; i++)
		free_name(table, i);
	ctr_dimensions_init(table, table->allocator);
}

/* The dimension of that name, or the first free one, or CTR_DIMENSIONS_MAX. */
static size_t find_dimension(const struct ctr_dimensions *dimensions, struct centro_bytes name)
{
	size_t unused = dimensions->count;

	for (size_t i = CTR_DIM_NAMED; i < dimensions->count; i++) {
		if (ctr_bytes_equal(dimensions->name[i], name))
			return i;
		if (dimensions->name[i].size == 0 && unused == dimensions->count)
			unused = i;
	}
	return unused;
}

static int acquire_dimension(struct ctr_dimension_table *table, struct centro_bytes name,
			     size_t *ret_dimension, struct centro_error_text *text)
{
	CTR_ASSERT(name.size > 0);

	size_t dimension = find_dimension(&table->dimensions, name);
	if (dimension == CTR_DIMENSIONS_MAX)
		return ctr_error(text, CENTRO_ERR_LIMIT,
				 "%s: the cluster tells at most %d named resources apart, and that "
				 "many are in use",
				 ctr_show(name).text, CTR_DIMENSIONS_MAX - CTR_DIM_NAMED);
	if (table->references[dimension] == 0) {
		char *copy = ctr_strdup(table->allocator, name);
		if (!copy)
			return CENTRO_ERR_NOMEM;
		table->dimensions.name[dimension] = ctr_bytes(copy, name.size);
		if (dimension == table->dimensions.count)
			table->dimensions.count++;
	}
	table->references[dimension]++;
	*ret_dimension = dimension;
	return CENTRO_OK;
}

int ctr_resources_acquire(struct ctr_dimension_table *table, const struct ctr_resource_spec *spec,
			  struct ctr_resources *ret_resources, struct centro_error_text *text)
{
	struct ctr_resources resources = {
		.amount[CTR_DIM_CPU] = spec->cpu_milli,
		.amount[CTR_DIM_MEMORY] = spec->memory_mib,
		.amount[CTR_DIM_DISK] = spec->disk_mib,
	};

	for (size_t i = 0; i < spec->named_count; i++) {
		size_t dimension = 0;
		if (spec->named[i].amount == 0)
			continue;
		int error = acquire_dimension(table, spec->named[i].name, &dimension, text);
		if (error != CENTRO_OK) {
			ctr_resources_release(table, &resources);
			return error;
		}
		CTR_ASSERT(resources.amount[dimension] == 0);
		resources.amount[dimension] = spec->named[i].amount;
	}
	*ret_resources = resources;
	return CENTRO_OK;
}

void ctr_resources_release(struct ctr_dimension_table *table, const struct ctr_resources *resources)
{
	for (size_t i = CTR_DIM_NAMED; i < CTR_DIMENSIONS_MAX; i++) {
		if (resources->amount[i] == 0)
			continue;
		CTR_ASSERT(table->references[i] > 0);
		if (--table->references[i] == 0)
			free_name(table, i);
	}
}

bool ctr_resources_are_zero(const struct ctr_resources *resources)
{
	for (size_t i = 0; i < CTR_DIMENSIONS_MAX; i++) {
		if (resources->amount[i] != 0)
			return false;
	}
	return true;
}

bool ctr_resources_fit(const struct ctr_resources *need, const struct ctr_resources *room)
{
	for (size_t i = 0; i < CTR_DIMENSIONS_MAX; i++) {
		if (need->amount[i] > 0 && need->amount[i] > room->amount[i])
			return false;
	}
	return true;
}

bool ctr_resources_equal(const struct ctr_resources *a, const struct ctr_resources *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

void ctr_resources_add(struct ctr_resources *to, const struct ctr_resources *more)
{
	for (size_t i = 0; i < CTR_DIMENSIONS_MAX; i++) {
		CTR_ASSERT(more->amount[i] >= 0);
		to->amount[i] += more->amount[i];
	}
}

void ctr_resources_subtract(struct ctr_resources *from, const struct ctr_resources *less)
{
	for (size_t i = 0; i < CTR_DIMENSIONS_MAX; i++) {
		CTR_ASSERT(less->amount[i] <= from->amount[i]);
		from->amount[i] -= less->amount[i];
	}
}

static const char *show_cores(int64_t milli, struct centro_error_text *text)
{
	long long whole = (long long)(milli / 1000);
	int rest = (int)(milli % 1000);
	int decimals = 3;

	while (rest > 0 && rest % 10 == 0) {
		rest /= 10;
		decimals--;
	}
	if (rest == 0)
		ctr_error(text, CENTRO_OK, "%lld %s", whole, whole == 1 ? "core" : "cores");
	else
		ctr_error(text, CENTRO_OK, "%lld.%0*d cores", whole, decimals, rest);
	return text->text;
}

const char *ctr_amount_show(const struct ctr_dimensions *dimensions, size_t dimension,
			    int64_t amount, struct centro_error_text *text)
{
	CTR_ASSERT(dimension < dimensions->count);
	CTR_ASSERT(amount >= 0);

	struct centro_bytes name = dimensions->name[dimension];
	if (dimension == CTR_DIM_CPU)
		return show_cores(amount, text);
	if (dimension == CTR_DIM_MEMORY || dimension == CTR_DIM_DISK)
		ctr_error(text, CENTRO_OK, "%lld MiB of %.*s", (long long)amount, (int)name.size,
			  (const char *)name.data);
	else
		ctr_error(text, CENTRO_OK, "%lld %.*s", (long long)amount, (int)name.size,
			  (const char *)name.data);
	return text->text;
}
