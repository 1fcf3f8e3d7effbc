/* SPDX-License-Identifier: MIT */
#ifndef CTR_STORE_FILE_WORKER_H
#define CTR_STORE_FILE_WORKER_H

/*
 * A thread that does one piece of work at a time for its owner, and wakes it by
 * an event descriptor.
 *
 * What the work reads and writes belongs to the thread from submit until take or
 * wait says that it is done, and to the owner otherwise; both are memory
 * barriers.
 */

#include "base/alloc.h"

struct ctr_worker;

/*
 * `work` is called with `arg` on the thread, which has every signal blocked.
 * `event_fd` is written to each time it has returned, perhaps a moment after take
 * has said so. OK; NOMEM; IO: no thread.
 */
int ctr_worker_start(const struct centro_allocator *allocator, void (*work)(void *arg), void *arg,
		     int event_fd, struct ctr_worker **ret_worker);
/* No work is under way. NULL is allowed. */
void ctr_worker_stop(struct ctr_worker *worker);

/* No work is under way. */
void ctr_worker_submit(struct ctr_worker *worker);
/* True once for each submit, when the work is done. */
bool ctr_worker_take(struct ctr_worker *worker);
/* Wait until the work under way is done, and take it. */
void ctr_worker_wait(struct ctr_worker *worker);

#endif
