/* SPDX-License-Identifier: MIT */
/*
 * simulate.c - the run: virtual time goes from event to event.
 *
 * At one instant first all ends happen, then all arrivals, in the order of the
 * workload, and then everything is placed that can be. A job that runs for no
 * time ends in a second round of the same instant, after which more may fit.
 * Times are exact: whole nanoseconds.
 *
 * Invariants: the core counts its jobs from 1, so that the n-th that was submitted
 * has the number n; a job of several instances is a gang, so that it starts as a
 * whole or not at all; with the heap empty and nothing to come nothing can wait,
 * since what never fits was found before.
 *
 * Layer: sim.
 */
#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "sim/whatif/run.h"

struct run {
	struct centro_sim *sim;
	struct ctr_driver driver;
	struct ctr_heap ends;
	uint32_t *submitted; /* which job has the id n + 1 */
	uint64_t submitted_count;
	size_t next; /* the next to arrive */
};

static const struct ctr_workload_job *job_of(const struct run *run, size_t index)
{
	return &run->sim->workload->jobs[index];
}

static int no_memory(struct centro_error_text *text)
{
	return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
}

/* ---- what happens at one instant ---- */

static int end_job(struct run *run, size_t index)
{
	uint64_t total[CTR_METER_COUNT];
	const struct ctr_workload_shape shape =
		ctr_workload_shape(run->sim->workload, job_of(run, index)->shape);
	int status = ctr_driver_end(&run->driver, run->sim->jobs[index].id);
	ctr_shape_total(&shape, total);
	ctr_meter_give(&run->sim->meter, total);
	run->sim->figures.ended++;
	return status;
}

static int end_jobs(struct run *run)
{
	struct ctr_heap_node *first;
	int status = CENTRO_OK;
	while (status == CENTRO_OK && (first = ctr_heap_first(&run->ends)) &&
	       first->key == run->driver.now.cluster.ns) {
		struct ctr_run_job *job = CTR_CONTAINER_OF(first, struct ctr_run_job, end);
		ctr_heap_remove(&run->ends, first);
		status = end_job(run, (size_t)(job - run->sim->jobs));
	}
	return status;
}

static int submit_job(struct run *run, size_t index, struct centro_error_text *text)
{
	const struct ctr_workload_job *job = job_of(run, index);
	struct centro_sim *sim = run->sim;
	uint32_t refusal = sim->shape_refusals[job->shape];
	if (refusal > 0) {
		sim->refusals[refusal - 1].jobs++;
		if (sim->refusals[refusal - 1].jobs == 1)
			sim->refusals[refusal - 1].first = job->number;
		sim->figures.never++;
		return CENTRO_OK;
	}
	const struct ctr_workload_shape shape = ctr_workload_shape(sim->workload, job->shape);
	int status = ctr_driver_submit(&run->driver, &shape,
				       ctr_names_get(&sim->workload->queues, job->queue),
				       sim->priorities[job->queue], &sim->jobs[index].id, text);
	if (status != CENTRO_OK)
		return status;
	run->submitted[run->submitted_count++] = (uint32_t)index;
	CTR_ASSERT(sim->jobs[index].id == run->submitted_count);
	sim->meter.waiting++;
	return CENTRO_OK;
}

static int submit_jobs(struct run *run, struct centro_error_text *text)
{
	int status = CENTRO_OK;
	while (status == CENTRO_OK && run->next < run->sim->workload->job_count &&
	       job_of(run, run->next)->submit_ns == run->driver.now.cluster.ns)
		status = submit_job(run, run->next++, text);
	return status;
}

/* All of a job was granted: it runs from now on. */
static int start_job(struct run *run, size_t index, struct centro_error_text *text)
{
	uint64_t total[CTR_METER_COUNT], end_ns;
	struct ctr_run_job *job = &run->sim->jobs[index];
	const struct ctr_workload_shape shape =
		ctr_workload_shape(run->sim->workload, job_of(run, index)->shape);

	job->start_ns = run->driver.now.cluster.ns;
	end_ns = job->start_ns + job_of(run, index)->run_ns;
	if (end_ns > INT64_MAX)
		return ctr_error(text, CENTRO_ERR_LIMIT,
				 "it would go on for more than 292 years; are the run times in "
				 "seconds?");
	if (ctr_heap_reserve(&run->ends, 1) != CENTRO_OK)
		return no_memory(text);
	ctr_heap_push(&run->ends, &job->end, end_ns);
	ctr_shape_total(&shape, total);
	ctr_meter_take(&run->sim->meter, total);
	run->sim->meter.waiting--;
	return CENTRO_OK;
}

static int take_grant(struct run *run, const struct ctr_event *event,
		      struct centro_error_text *text)
{
	CTR_ASSERT(event->attempt.job <= run->submitted_count);
	size_t index = run->submitted[event->attempt.job - 1];
	struct ctr_run_job *job = &run->sim->jobs[index];
	const struct centro_attempt_ref attempt = event->attempt;

	/* `event` is gone with the first command. */
	int status = ctr_driver_start(&run->driver, &attempt, event->node);
	if (status != CENTRO_OK)
		return no_memory(text);
	run->sim->figures.decisions++;
	job->granted++;
	return job->granted == ctr_workload_shape(run->sim->workload, job_of(run, index)->shape)
				       .count
		       ? start_job(run, index, text)
		       : CENTRO_OK;
}

static int place_jobs(struct run *run, struct centro_error_text *text)
{
	size_t count, from;
	int status = CENTRO_OK;
	(void)ctr_core_events(run->driver.core, &from);
	if (ctr_driver_schedule(&run->driver) != CENTRO_OK)
		return no_memory(text);
	(void)ctr_core_events(run->driver.core, &count);
	for (size_t i = from; i < count && status == CENTRO_OK; i++) {
		size_t all; /* more than `count`, of commands that follow a grant */
		const struct ctr_event *event = &ctr_core_events(run->driver.core, &all)[i];
		if (event->type == CENTRO_EVENT_INSTANCE_ASSIGNED)
			status = take_grant(run, event, text);
	}
	return status;
}

/* ---- from instant to instant ---- */

/* False: there is none. */
static bool next_instant(const struct run *run, uint64_t *ret_ns)
{
	const struct ctr_heap_node *end = ctr_heap_first(&run->ends);
	bool arrives = run->next < run->sim->workload->job_count;
	uint64_t arrival_ns = arrives ? job_of(run, run->next)->submit_ns : UINT64_MAX;
	if (!end && !arrives)
		return false;
	*ret_ns = end && end->key < arrival_ns ? end->key : arrival_ns;
	return true;
}

static int step(struct run *run, uint64_t now_ns, struct centro_error_text *text)
{
	struct centro_sim *sim = run->sim;
	ctr_meter_advance(&sim->meter, now_ns);
	if (ctr_driver_advance(&run->driver, now_ns) != CENTRO_OK || end_jobs(run) != CENTRO_OK)
		return no_memory(text);
	int status = submit_jobs(run, text);
	if (status == CENTRO_OK)
		status = place_jobs(run, text);
	ctr_meter_note_waiting(&sim->meter);
	ctr_driver_drain(&run->driver);
	return status;
}

/* What still waits on an empty cluster would wait for ever, but fitted when it was tried. */
static int check_end(const struct run *run, struct centro_error_text *text)
{
	const struct centro_sim *sim = run->sim;
	const struct ctr_job *waiting = ctr_core_job_below(run->driver.core, UINT64_MAX);
	struct centro_error_text why;
	if (!waiting) {
		CTR_ASSERT(sim->meter.waiting == 0 && sim->meter.used[CTR_METER_CPU] == 0);
		return CENTRO_OK;
	}
	ctr_core_explain(run->driver.core, waiting, &why);
	return ctr_error(text, CENTRO_ERR_INTERNAL,
			 "%llu jobs wait though nothing runs; of one the scheduler says: %.300s",
			 (unsigned long long)sim->meter.waiting, why.text);
}

static int run_all(struct run *run, struct centro_error_text *text)
{
	struct centro_sim *sim = run->sim;
	uint64_t now_ns;
	int status = CENTRO_OK;
	for (uint32_t i = 0; i < sim->workload->queues.count && status == CENTRO_OK; i++)
		status = ctr_driver_set_queue(&run->driver,
					      ctr_names_get(&sim->workload->queues, i), text);
	if (status != CENTRO_OK)
		return status;
	ctr_driver_drain(&run->driver);
	uint64_t first_ns = sim->workload->job_count > 0 ? job_of(run, 0)->submit_ns : 0;
	ctr_meter_init(&sim->meter, first_ns, run->driver.capacity);
	while (status == CENTRO_OK && next_instant(run, &now_ns))
		status = step(run, now_ns, text);
	return status == CENTRO_OK ? check_end(run, text) : status;
}

int ctr_simulate(struct centro_sim *sim, const struct ctr_core_options *options,
		 struct centro_error_text *text)
{
	struct run run = {.sim = sim};
	size_t count = sim->workload->job_count;
	ctr_heap_init(&run.ends, sim->allocator);
	for (size_t i = 0; i < count; i++)
		sim->jobs[i].start_ns = CENTRO_INSTANT_NEVER_NS;
	run.submitted = ctr_alloc_array(sim->allocator, count + 1, sizeof(*run.submitted));
	int status = ctr_driver_init(&run.driver, sim->workload, &sim->plan, options, text);
	if (status == CENTRO_OK)
		status = run.submitted ? run_all(&run, text) : no_memory(text);
	if (status == CENTRO_OK)
		sim->figures.events = ctr_core_last_event(run.driver.core);
	ctr_driver_fini(&run.driver);
	ctr_heap_fini(&run.ends);
	ctr_free(sim->allocator, run.submitted);
	return status;
}
