/* SPDX-License-Identifier: MIT */
#ifndef CTR_CORE_JOB_H
#define CTR_CORE_JOB_H

/* One job: its memory, and the state that follows from its instances. */

#include "core/shape.h"

/*
 * A copy of `spec`, which keeps the rules, with every default filled in and
 * every instance pending, in one allocation. It has no id yet. Holds a
 * reference to the shape of each task.
 *
 * @retval CENTRO_ERR_LIMIT  see ctr_shape_acquire()
 * @retval CENTRO_ERR_NOMEM
 */
int ctr_job_new(struct ctr_shape_table *shapes, const struct ctr_job_spec *spec,
		struct ctr_job **ret_job, struct centro_error_text *text);
/* NULL is allowed. Nothing of it waits or is granted. */
void ctr_job_free(struct ctr_shape_table *shapes, struct ctr_job *job);

/* NULL: there is none at that place. */
struct ctr_instance *ctr_job_instance(const struct ctr_job *job, uint32_t task, uint32_t index);

static inline const struct ctr_task *ctr_instance_task(const struct ctr_instance *instance)
{
	return &instance->job->tasks[instance->task];
}

/* Of a gang: where those of it wait that were granted before. */
static inline struct ctr_line *ctr_task_line(const struct ctr_task *task)
{
	return (struct ctr_line *)(task->instances + task->count);
}

/* How many instances are in which state, as far as the job's state depends on it. */
struct ctr_tally {
	uint16_t live, running;
	uint8_t ended_as; /* ctr_ended_bit() of each final state that an instance is in */
};

uint8_t ctr_ended_bit(int final_state);
struct ctr_tally ctr_job_tally(const struct ctr_job *job);
/* One instance goes from one state to another. */
void ctr_tally_move(struct ctr_tally *tally, int from, int to);
/* By the table in centro/job.h. */
enum centro_job_state ctr_tally_state(const struct ctr_tally *tally);
void ctr_job_set_tally(struct ctr_job *job, const struct ctr_tally *tally);

#endif
