/* SPDX-License-Identifier: MIT */
#ifndef CTR_SERVICE_JOB_READ_H
#define CTR_SERVICE_JOB_READ_H

/*
 * Find a job wherever it is: live in the core, among those that ended lately, or
 * in the store's history.
 */

#include "service/rpc.h"

/* The job as an answer shows it, with why it waits. OK, NOMEM, LIMIT. */
int ctr_job_encode_answer(struct ctr_service *service, const struct ctr_job *job,
			  struct ctr_buf *buf);

/* CENTRO_OK with a whole Job message, borrowed; or CENTRO_ERR_NOT_FOUND, _IO, … */
typedef void ctr_job_found_fn(struct ctr_rpc *rpc, int status, struct centro_bytes job);

/*
 * Look for it. `found` is called at once or later, but never after the call has
 * closed. Returns what a method returns: CTR_RPC_LATER, or an error. One read of
 * a call at a time.
 */
int ctr_job_read_start(struct ctr_rpc *rpc, centro_job_id id, ctr_job_found_fn *found);
/* There is none, and it may be that it has left the history. Returns CENTRO_ERR_NOT_FOUND. */
int ctr_job_not_kept(struct ctr_rpc *rpc);
/* The call is over: forget the read. */
void ctr_job_read_closed(struct ctr_rpc *rpc);

#endif
