/* SPDX-License-Identifier: MIT */
/*
 * file_worker.c - the thread on which a file store commits.
 *
 * Invariant: the event descriptor is written before the work counts as done, so
 * an owner that empties it after taking the work is not woken for it again.
 *
 * Layer: store; the only file here that starts a thread.
 */
#include "store/file_worker.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/assert.h"

enum state {
	WORKER_IDLE,
	WORKER_BUSY, /* submitted, and not done */
	WORKER_DONE, /* and not taken */
	WORKER_STOP,
};

struct ctr_worker {
	const struct centro_allocator *allocator;
	void (*work)(void *arg);
	void *arg;
	int event_fd;
	pthread_t thread;
	pthread_mutex_t lock; /* of `state` */
	pthread_cond_t changed;
	enum state state;
};

static void wake_owner(const struct ctr_worker *worker)
{
	uint64_t one = 1;
	/* It cannot fail: the counter is emptied long before it is full. */
	ssize_t size = write(worker->event_fd, &one, sizeof(one));
	CTR_ASSERT(size == (ssize_t)sizeof(one));
}

static void *run(void *arg)
{
	struct ctr_worker *worker = arg;
	pthread_mutex_lock(&worker->lock);
	while (worker->state != WORKER_STOP) {
		if (worker->state != WORKER_BUSY) {
			pthread_cond_wait(&worker->changed, &worker->lock);
			continue;
		}
		pthread_mutex_unlock(&worker->lock);
		worker->work(worker->arg);
		pthread_mutex_lock(&worker->lock);
		CTR_ASSERT(worker->state == WORKER_BUSY);
		wake_owner(worker);
		worker->state = WORKER_DONE;
		pthread_cond_broadcast(&worker->changed);
	}
	pthread_mutex_unlock(&worker->lock);
	return NULL;
}

/* The embedder's signals are for its own threads. */
static int start_thread(struct ctr_worker *worker)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&worker->thread, NULL, run, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

int ctr_worker_start(const struct centro_allocator *allocator, void (*work)(void *arg), void *arg,
		     int event_fd, struct ctr_worker **ret_worker)
{
	struct ctr_worker *worker = ctr_alloc_zero(allocator, sizeof(*worker));
	if (!worker)
		return CENTRO_ERR_NOMEM;
	worker->allocator = allocator;
	worker->work = work;
	worker->arg = arg;
	worker->event_fd = event_fd;
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->changed, NULL);
	if (start_thread(worker) != 0) {
		pthread_cond_destroy(&worker->changed);
		pthread_mutex_destroy(&worker->lock);
		ctr_free(allocator, worker);
		return CENTRO_ERR_IO;
	}
	*ret_worker = worker;
	return CENTRO_OK;
}

static void set_state(struct ctr_worker *worker, enum state state)
{
	pthread_mutex_lock(&worker->lock);
	CTR_ASSERT(worker->state == WORKER_IDLE);
	worker->state = state;
	pthread_cond_broadcast(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
}

void ctr_worker_stop(struct ctr_worker *worker)
{
	if (!worker)
		return;
	set_state(worker, WORKER_STOP);
	pthread_join(worker->thread, NULL);
	pthread_cond_destroy(&worker->changed);
	pthread_mutex_destroy(&worker->lock);
	ctr_free(worker->allocator, worker);
}

void ctr_worker_submit(struct ctr_worker *worker)
{
	set_state(worker, WORKER_BUSY);
}

bool ctr_worker_take(struct ctr_worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	bool done = worker->state == WORKER_DONE;
	if (done)
		worker->state = WORKER_IDLE;
	pthread_mutex_unlock(&worker->lock);
	return done;
}

void ctr_worker_wait(struct ctr_worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	CTR_ASSERT(worker->state == WORKER_BUSY || worker->state == WORKER_DONE);
	while (worker->state != WORKER_DONE)
		pthread_cond_wait(&worker->changed, &worker->lock);
	worker->state = WORKER_IDLE;
	pthread_mutex_unlock(&worker->lock);
}
