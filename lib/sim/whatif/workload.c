/* SPDX-License-Identifier: MIT */
/*
 * workload.c - the jobs and nodes of a workload, and its public life.
 *
 * Invariants: jobs are in order of submission, and at one instant in the order of
 * their source, whenever no file is being read; a shape, user or queue that a job
 * names is in its table.
 *
 * Layer: sim.
 */
#include "sim/whatif/workload.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "sim/whatif/input.h"
#include "store/internal.h"

#define CAPACITY_FIRST  64
#define STRUCT_SIZE_MAX 4096

/* ---- life ---- */

int centro_workload_new(const struct centro_workload_options *options,
			struct centro_workload **ret_workload, struct centro_error_text *text)
{
	struct centro_workload_options known = CENTRO_WORKLOAD_OPTIONS_INIT;
	if (!ret_workload)
		return ctr_error(text, CENTRO_ERR_INVALID, "there is no place for the workload");
	if (options && ctr_sim_known_options(&known, options) != CENTRO_OK)
		return ctr_error(text, CENTRO_ERR_ABI,
				 "the workload options have %zu bytes; this library knows %zu",
				 options->size, sizeof(known));
	if ((unsigned)known.queue_by > CENTRO_QUEUE_BY_USER)
		return ctr_error(text, CENTRO_ERR_INVALID, "queue_by: %d is no field",
				 (int)known.queue_by);

	known.allocator = ctr_allocator_or_default(known.allocator);
	struct centro_workload *workload = ctr_alloc_zero(known.allocator, sizeof(*workload));
	if (!workload)
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	workload->allocator = known.allocator;
	workload->options = known;
	ctr_names_init(&workload->shapes, known.allocator, CTR_WORKLOAD_SHAPES_MAX);
	ctr_names_init(&workload->users, known.allocator, CTR_WORKLOAD_USERS_MAX);
	ctr_names_init(&workload->queues, known.allocator, CTR_WORKLOAD_QUEUES_MAX);
	ctr_names_init(&workload->zones, known.allocator, CTR_WORKLOAD_SHAPES_MAX);
	ctr_arena_init(&workload->arena, known.allocator, SIZE_MAX);
	/* Anywhere is number 0, which is what a shape says that names none. */
	uint32_t anywhere;
	if (ctr_names_add(&workload->zones, ctr_bytes(NULL, 0), &anywhere) != CENTRO_OK) {
		centro_workload_free(workload);
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	}
	CTR_ASSERT(anywhere == CTR_WORKLOAD_ANYWHERE);
	*ret_workload = workload;
	return CENTRO_OK;
}

void centro_workload_free(struct centro_workload *workload)
{
	if (!workload)
		return;
	ctr_input_free(workload->input);
	ctr_names_fini(&workload->shapes);
	ctr_names_fini(&workload->users);
	ctr_names_fini(&workload->queues);
	ctr_names_fini(&workload->zones);
	ctr_arena_fini(&workload->arena);
	ctr_free(workload->allocator, workload->jobs);
	ctr_free(workload->allocator, workload->nodes);
	ctr_free(workload->allocator, workload);
}

/* ---- filling ---- */

/* Room for one more in an array. OK or NOMEM. */
static int reserve(const struct centro_allocator *allocator, void **array, size_t count,
		   size_t *capacity, size_t bytes)
{
	if (count < *capacity)
		return CENTRO_OK;
	size_t larger = *capacity > 0 ? *capacity * 2 : CAPACITY_FIRST;
	void *moved = ctr_resize_array(allocator, *array, larger, bytes);
	if (!moved)
		return CENTRO_ERR_NOMEM;
	*array = moved;
	*capacity = larger;
	return CENTRO_OK;
}

static int add_name(struct ctr_names *names, struct centro_bytes name, const char *what,
		    uint32_t *ret_number, struct centro_error_text *text)
{
	int status = ctr_names_add(names, name, ret_number);
	if (status == CENTRO_ERR_LIMIT)
		return ctr_error(text, status, "there are more than %lu %s",
				 (unsigned long)names->count_max, what);
	return status == CENTRO_OK ? status : ctr_error(text, status, "out of memory");
}

int ctr_workload_add_job(struct centro_workload *workload, const struct ctr_workload_entry *entry,
			 struct centro_error_text *text)
{
	CTR_ASSERT(entry->submit_ns <= CTR_WORKLOAD_TIME_NS_MAX);
	CTR_ASSERT(entry->run_ns <= CTR_WORKLOAD_TIME_NS_MAX);
	CTR_ASSERT(entry->shape.count > 0 && ctr_is_name(entry->queue));

	if (workload->job_count == CENTRO_WORKLOAD_JOBS_MAX)
		return ctr_error(text, CENTRO_ERR_LIMIT, "there are more than %d jobs",
				 CENTRO_WORKLOAD_JOBS_MAX);
	struct ctr_workload_job job = {
		.submit_ns = entry->submit_ns,
		.run_ns = entry->run_ns,
		.number = entry->number,
		.order = (uint32_t)workload->job_count,
	};
	int status = add_name(&workload->shapes, ctr_bytes(&entry->shape, sizeof(entry->shape)),
			      "sizes of job", &job.shape, text);
	if (status == CENTRO_OK)
		status = add_name(&workload->users, entry->user, "users", &job.user, text);
	if (status == CENTRO_OK)
		status = add_name(&workload->queues, entry->queue, "queues", &job.queue, text);
	if (status != CENTRO_OK)
		return status;

	void *jobs = workload->jobs;
	status = reserve(workload->allocator, &jobs, workload->job_count, &workload->job_capacity,
			 sizeof(job));
	workload->jobs = jobs;
	if (status != CENTRO_OK)
		return ctr_error(text, status, "out of memory");
	workload->jobs[workload->job_count++] = job;
	return CENTRO_OK;
}

int ctr_workload_add_node(struct centro_workload *workload, const struct ctr_workload_node *node,
			  struct centro_bytes zone, struct centro_error_text *text)
{
	struct ctr_workload_node copy = *node;
	if (workload->node_count == CENTRO_WORKLOAD_NODES_MAX)
		return ctr_error(text, CENTRO_ERR_LIMIT, "there are more than %d nodes",
				 CENTRO_WORKLOAD_NODES_MAX);
	int status = add_name(&workload->zones, zone, "datacenters", &copy.zone, text);
	if (status != CENTRO_OK)
		return status;
	char *name = ctr_arena_strdup(&workload->arena, node->name);
	void *nodes = workload->nodes;
	status = name ? reserve(workload->allocator, &nodes, workload->node_count,
				&workload->node_capacity, sizeof(copy))
		      : CENTRO_ERR_NOMEM;
	workload->nodes = nodes;
	if (status != CENTRO_OK)
		return ctr_error(text, status, "out of memory");
	copy.name = ctr_bytes(name, node->name.size);
	workload->nodes[workload->node_count++] = copy;
	return CENTRO_OK;
}

static int compare_jobs(const void *left, const void *right)
{
	const struct ctr_workload_job *a = left, *b = right;
	if (a->submit_ns != b->submit_ns)
		return a->submit_ns < b->submit_ns ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

void ctr_workload_sort(struct centro_workload *workload)
{
	for (size_t i = 1; i < workload->job_count; i++) {
		if (compare_jobs(&workload->jobs[i - 1], &workload->jobs[i]) <= 0)
			continue;
		qsort(workload->jobs, workload->job_count, sizeof(*workload->jobs), compare_jobs);
		return;
	}
}

/* ---- reading ---- */

struct ctr_workload_shape ctr_workload_shape(const struct centro_workload *workload,
					     uint32_t number)
{
	struct ctr_workload_shape shape;
	struct centro_bytes bytes = ctr_names_get(&workload->shapes, number);
	CTR_ASSERT(bytes.size == sizeof(shape));
	memcpy(&shape, bytes.data, sizeof(shape));
	return shape;
}

int ctr_sim_hand_out(void *to, const void *known, size_t known_size)
{
	if (!to)
		return CENTRO_ERR_INVALID;
	size_t size;
	memcpy(&size, to, sizeof(size));
	if (size < known_size || size > STRUCT_SIZE_MAX)
		return CENTRO_ERR_ABI;
	memset(to, 0, size);
	memcpy(to, known, known_size);
	memcpy(to, &size, sizeof(size));
	return CENTRO_OK;
}

int centro_workload_get_info(const struct centro_workload *workload,
			     struct centro_workload_info *ret_info)
{
	const struct centro_workload_info info = {
		.jobs = workload->job_count,
		.nodes = (uint32_t)workload->node_count,
		.processors = (uint32_t)(workload->processors_max > 0 ? workload->processors_max
								      : workload->nodes_max),
		.malformed = workload->malformed,
		.malformed_first = workload->malformed_first.text,
		.partial = workload->partial,
		.never_ran = workload->never_ran,
		.assumed = workload->assumed,
	};
	return ctr_sim_hand_out(ret_info, &info, sizeof(info));
}
