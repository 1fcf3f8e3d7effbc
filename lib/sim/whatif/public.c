/* SPDX-License-Identifier: MIT */
/*
 * public.c - the public calls that make a run and read it.
 *
 * Layer: sim, part of the public library.
 */
#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "core/show.h"
#include "core/spec.h"
#include "sim/whatif/run.h"
#include "store/internal.h"

#define MIX_NODES 50
#define MIX_CORES 16
#define MILLI     1000

/* ---- making one ---- */

/* As many processors as the largest job asks for. */
static uint64_t largest_job(const struct centro_workload *workload)
{
	uint64_t most = 1;
	for (uint32_t i = 0; i < workload->shapes.count; i++) {
		uint64_t count = ctr_workload_shape(workload, i).count;
		most = count > most ? count : most;
	}
	return most;
}

static uint64_t processors_of(const struct centro_workload *workload)
{
	if (workload->processors_max > 0)
		return workload->processors_max;
	return workload->nodes_max > 0 ? workload->nodes_max : largest_job(workload);
}

static int plan_cluster(struct centro_sim *sim, struct centro_error_text *text)
{
	const struct centro_workload *workload = sim->workload;
	bool is_mix = workload->source == CTR_SOURCE_MIX;
	uint64_t nodes = sim->options.nodes, cores = sim->options.cores;

	if (workload->node_count > 0) {
		if (cores > 0)
			return ctr_error(text, CENTRO_ERR_INVALID,
					 "cores: the workload lists its nodes, with their cores");
		nodes = nodes > 0 ? nodes : workload->node_count;
	} else {
		cores = cores > 0 ? cores : is_mix ? MIX_CORES : 1;
		if (nodes == 0)
			nodes = is_mix ? MIX_NODES : (processors_of(workload) + cores - 1) / cores;
	}
	if (nodes > CENTRO_WORKLOAD_NODES_MAX)
		return ctr_error(text, CENTRO_ERR_LIMIT,
				 "nodes: %llu; at most %d are simulated; fewer with more cores?",
				 (unsigned long long)nodes, CENTRO_WORKLOAD_NODES_MAX);
	if (cores > UINT32_MAX / MILLI)
		return ctr_error(text, CENTRO_ERR_INVALID, "cores: %llu of a node are too many",
				 (unsigned long long)cores);
	sim->plan = (struct ctr_cluster_plan){(uint32_t)nodes, (uint32_t)cores};
	return CENTRO_OK;
}

static int set_priorities(struct centro_sim *sim, struct centro_error_text *text)
{
	for (size_t i = 0; i < sim->options.queue_count; i++) {
		const struct centro_sim_queue *queue = &sim->options.queues[i];
		struct centro_bytes name = ctr_bytes_str(queue->name);
		uint32_t number;
		if (!ctr_names_find(&sim->workload->queues, name, &number))
			return ctr_error(text, CENTRO_ERR_INVALID,
					 "queues: no job of the workload is in %s",
					 ctr_show(name).text);
		if (queue->priority < -CTR_PRIORITY_MAX || queue->priority > CTR_PRIORITY_MAX)
			return ctr_error(text, CENTRO_ERR_INVALID,
					 "queues: the priority %ld is not between %d and %d",
					 (long)queue->priority, -CTR_PRIORITY_MAX,
					 CTR_PRIORITY_MAX);
		sim->priorities[number] = queue->priority;
	}
	return CENTRO_OK;
}

static bool make_room(struct centro_sim *sim)
{
	const struct centro_workload *workload = sim->workload;
	const struct centro_allocator *allocator = sim->allocator;
	size_t queues = workload->queues.count + 1, users = workload->users.count + 1;
	size_t shapes = workload->shapes.count + 1;
	sim->priorities = ctr_alloc_array(allocator, queues, sizeof(*sim->priorities));
	sim->queues = ctr_alloc_array(allocator, queues, sizeof(*sim->queues));
	sim->users = ctr_alloc_array(allocator, users, sizeof(*sim->users));
	sim->shape_refusals = ctr_alloc_array(allocator, shapes, sizeof(*sim->shape_refusals));
	sim->refusals = ctr_alloc_array(allocator, shapes, sizeof(*sim->refusals));
	sim->jobs = ctr_alloc_array(allocator, workload->job_count + 1, sizeof(*sim->jobs));
	return sim->priorities && sim->queues && sim->users && sim->shape_refusals &&
	       sim->refusals && sim->jobs;
}

static int run(struct centro_sim *sim, struct centro_error_text *text)
{
	const struct ctr_core_options options = {
		.allocator = sim->allocator,
		.seed = sim->options.seed,
		.order = ctr_policy_get(sim->figures.policy)->order,
	};
	int status = plan_cluster(sim, text);
	if (status == CENTRO_OK && !make_room(sim))
		status = ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	if (status == CENTRO_OK)
		status = set_priorities(sim, text);
	if (status == CENTRO_OK)
		status = ctr_probe(sim, &options, text);
	if (status == CENTRO_OK)
		status = ctr_simulate(sim, &options, text);
	if (status == CENTRO_OK && ctr_figures(sim) != CENTRO_OK)
		status = ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	return status;
}

int centro_sim_run(const struct centro_workload *workload, const struct centro_sim_options *options,
		   struct centro_sim **ret_sim, struct centro_error_text *text)
{
	struct centro_sim_options known = CENTRO_SIM_OPTIONS_INIT;
	uint32_t policy;
	if (!ret_sim || !workload || workload->failed || workload->input)
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "there is no workload that was read to its end");
	if (options && ctr_sim_known_options(&known, options) != CENTRO_OK)
		return ctr_error(text, CENTRO_ERR_ABI,
				 "the simulation options have %zu bytes; this library knows %zu",
				 options->size, sizeof(known));
	int status = ctr_policy_find(known.policy, &policy, text);
	if (status != CENTRO_OK)
		return status;

	known.allocator = ctr_allocator_or_default(known.allocator);
	struct centro_sim *sim = ctr_alloc_zero(known.allocator, sizeof(*sim));
	if (!sim)
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	sim->allocator = known.allocator;
	sim->workload = workload;
	sim->options = known;
	sim->figures.policy = policy;
	ctr_names_init(&sim->reasons, known.allocator, CTR_WORKLOAD_SHAPES_MAX);
	status = run(sim, text);
	if (status != CENTRO_OK) {
		centro_sim_free(sim);
		return status;
	}
	*ret_sim = sim;
	return CENTRO_OK;
}

void centro_sim_free(struct centro_sim *sim)
{
	if (!sim)
		return;
	const struct centro_allocator *allocator = sim->allocator;
	ctr_names_fini(&sim->reasons);
	ctr_free(allocator, sim->priorities);
	ctr_free(allocator, sim->queues);
	ctr_free(allocator, sim->users);
	ctr_free(allocator, sim->shape_refusals);
	ctr_free(allocator, sim->refusals);
	ctr_free(allocator, sim->jobs);
	ctr_free(allocator, sim);
}

/* ---- reading one ---- */

int centro_sim_get_figures(const struct centro_sim *sim, struct centro_sim_figures *ret_figures)
{
	return ctr_sim_hand_out(ret_figures, &sim->figures, sizeof(sim->figures));
}

/* The meter's number of the resource at that place: cpu, then those that there are. */
static bool find_resource(const struct centro_sim *sim, size_t index, size_t *ret_number)
{
	for (size_t i = 0; i < CTR_METER_COUNT; i++) {
		if (i != CTR_METER_CPU && sim->meter.capacity[i] == 0)
			continue;
		if (index-- > 0)
			continue;
		*ret_number = i;
		return true;
	}
	return false;
}

int centro_sim_get_resource(const struct centro_sim *sim, size_t index,
			    struct centro_sim_resource *ret_resource)
{
	static const char *const names[CTR_METER_COUNT] = {"cpu", "memory", "gpu_milli"};
	const struct ctr_meter *meter = &sim->meter;
	uint64_t makespan_ns = sim->figures.makespan.ns;
	size_t number;
	if (!find_resource(sim, index, &number))
		return CENTRO_ERR_NOT_FOUND;
	uint64_t capacity = meter->capacity[number];
	const struct centro_sim_resource resource = {
		.name = names[number],
		.capacity = capacity,
		.utilisation_ppm = ctr_area_ppm(meter->used_area[number], capacity, makespan_ns),
		.lost_ppm = ctr_area_ppm(meter->lost_area[number], capacity, makespan_ns),
	};
	return ctr_sim_hand_out(ret_resource, &resource, sizeof(resource));
}

int centro_sim_get_point(const struct centro_sim *sim, size_t index,
			 struct centro_sim_point *ret_point)
{
	const struct ctr_meter *meter = &sim->meter;
	if (index >= meter->count)
		return CENTRO_ERR_NOT_FOUND;
	const struct ctr_stretch *stretch = &meter->stretches[index];
	uint64_t begin_ns = meter->begin_ns + index * meter->width_ns;
	uint64_t left_ns = meter->now_ns - begin_ns;
	uint64_t ns = left_ns < meter->width_ns ? left_ns : meter->width_ns;
	struct centro_sim_point point = {
		.begin = {begin_ns},
		.end = {begin_ns + ns},
		.waiting_milli = ctr_area_ppm(stretch->waiting, MILLI, ns),
		.waiting_max = stretch->waiting_max,
	};
	size_t number;
	for (size_t i = 0; find_resource(sim, i, &number); i++)
		point.used_ppm[i] =
			ctr_area_ppm(stretch->used[number], meter->capacity[number], ns);
	return ctr_sim_hand_out(ret_point, &point, sizeof(point));
}

int centro_sim_get_group(const struct centro_sim *sim, enum centro_sim_group_type type,
			 size_t index, struct centro_sim_group *ret_group)
{
	bool is_user = type == CENTRO_SIM_USERS;
	const struct ctr_names *names = is_user ? &sim->workload->users : &sim->workload->queues;
	if (index >= names->count)
		return CENTRO_ERR_NOT_FOUND;
	const struct ctr_group_sum *sum = is_user ? &sim->users[index] : &sim->queues[index];
	uint64_t jobs = sum->jobs > 0 ? sum->jobs : 1;
	const struct centro_sim_group group = {
		.name = (const char *)ctr_names_get(names, (uint32_t)index).data,
		.jobs = sum->jobs,
		.wait_ns = (uint64_t)(sum->wait_ns / jobs),
		.slowdown_ppm = (uint64_t)(sum->slowdown_ppm / jobs),
	};
	return ctr_sim_hand_out(ret_group, &group, sizeof(group));
}

int centro_sim_get_refusal(const struct centro_sim *sim, size_t index,
			   struct centro_sim_refusal *ret_refusal)
{
	if (index >= sim->reasons.count)
		return CENTRO_ERR_NOT_FOUND;
	const struct centro_sim_refusal refusal = {
		.jobs = sim->refusals[index].jobs,
		.first = sim->refusals[index].first,
		.reason = (const char *)ctr_names_get(&sim->reasons, (uint32_t)index).data,
	};
	return ctr_sim_hand_out(ret_refusal, &refusal, sizeof(refusal));
}

int centro_sim_get_job(const struct centro_sim *sim, size_t index, struct centro_sim_job *ret_job)
{
	const struct centro_workload *workload = sim->workload;
	if (index >= workload->job_count)
		return CENTRO_ERR_NOT_FOUND;
	const struct ctr_workload_job *job = &workload->jobs[index];
	const struct ctr_workload_shape shape = ctr_workload_shape(workload, job->shape);
	const struct centro_sim_job shown = {
		.number = job->number,
		.user = (const char *)ctr_names_get(&workload->users, job->user).data,
		.queue = (const char *)ctr_names_get(&workload->queues, job->queue).data,
		.instances = shape.count,
		.cpu_milli = shape.cpu_milli,
		.submit = {job->submit_ns},
		.start = {sim->jobs[index].start_ns},
		.run = {job->run_ns},
	};
	return ctr_sim_hand_out(ret_job, &shown, sizeof(shown));
}
