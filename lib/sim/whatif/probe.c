/* SPDX-License-Identifier: MIT */
/*
 * probe.c - which jobs can never fit, and why.
 *
 * Each shape is submitted once to a core of its own whose cluster is empty, and
 * cancelled again. What is not placed there is never placed; the core's own
 * explanation is the reason. Without this a job that never fits would hold up all
 * behind it under a strict order, and the figures would tell of nothing else.
 *
 * Layer: sim.
 */
#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "core/spec.h"
#include "sim/whatif/run.h"

static int note_reason(struct centro_sim *sim, uint32_t shape, const char *reason)
{
	uint32_t number;
	int status = ctr_names_add(&sim->reasons, ctr_bytes_str(reason), &number);
	CTR_ASSERT(status != CENTRO_ERR_LIMIT); /* there is room for one of each shape */
	if (status == CENTRO_OK)
		sim->shape_refusals[shape] = number + 1;
	return status;
}

static bool is_placed(const struct ctr_job *job)
{
	for (uint32_t i = 0; i < job->tasks[0].count; i++) {
		if (!ctr_instance_is_granted(&job->tasks[0].instances[i]))
			return false;
	}
	return true;
}

static int try_shape(struct centro_sim *sim, struct ctr_driver *driver, uint32_t number,
		     struct centro_error_text *text)
{
	const struct ctr_workload_shape shape = ctr_workload_shape(sim->workload, number);
	struct centro_error_text why = {""};
	centro_job_id id;

	int status = ctr_driver_submit(driver, &shape, ctr_bytes_str(CTR_NAME_DEFAULT),
				       /* priority= */ 0, &id, &why);
	if (status == CENTRO_ERR_INVALID || status == CENTRO_ERR_LIMIT)
		return note_reason(sim, number, why.text);
	if (status == CENTRO_OK)
		status = ctr_driver_schedule(driver);
	if (status != CENTRO_OK)
		return ctr_error(text, status, "out of memory");
	const struct ctr_job *job = ctr_core_find_job(driver->core, id);
	if (!is_placed(job)) {
		ctr_core_explain(driver->core, job, &why);
		status = note_reason(sim, number, why.text);
	}
	/* Nothing of it was claimed, so it ends at once. */
	if (status == CENTRO_OK)
		status = ctr_driver_cancel(driver, id);
	ctr_driver_drain(driver);
	return status;
}

int ctr_probe(struct centro_sim *sim, const struct ctr_core_options *options,
	      struct centro_error_text *text)
{
	struct ctr_driver driver;
	int status = ctr_driver_init(&driver, sim->workload, &sim->plan, options, text);
	for (uint32_t i = 0; i < sim->workload->shapes.count && status == CENTRO_OK; i++) {
		status = try_shape(sim, &driver, i, text);
		if (status == CENTRO_ERR_NOMEM)
			ctr_error(text, status, "out of memory");
	}
	ctr_driver_fini(&driver);
	return status;
}
