/* SPDX-License-Identifier: MIT */
/*
 * file_worker.c - the thread on which a file store commits.
 *
 * Two semaphores hand the work over and back, and the event descriptor is written
 * last. So nobody is woken only to wait for a lock, and an owner that takes the
 * work between the two finds the event one call later.
 *
 * Invariant: `busy` is true from submit until take or wait has said that the work
 * is done; only the owner reads or writes it.
 *
 * Layer: store; the only file here that starts a thread.
 */
#include "store/file_worker.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <unistd.h>

#include "base/assert.h"

struct ctr_worker {
	const struct centro_allocator *allocator;
	void (*work)(void *arg);
	void *arg;
	int event_fd;
	pthread_t thread;
	sem_t submitted, finished;
	bool busy;
	bool stop; /* set before the last post of `submitted` */
};

static void wait_for(sem_t *semaphore)
{
	int error;
	do
		error = sem_wait(semaphore) == 0 ? 0 : errno;
	while (error == EINTR);
	CTR_ASSERT(error == 0);
}

static void post(sem_t *semaphore)
{
	int result = sem_post(semaphore);
	CTR_ASSERT(result == 0);
}

static void *run(void *arg)
{
	struct ctr_worker *worker = arg;
	for (;;) {
		wait_for(&worker->submitted);
		if (worker->stop)
			return NULL;
		worker->work(worker->arg);
		post(&worker->finished);
		/* It cannot fail: the counter is emptied long before it is full. */
		uint64_t one = 1;
		ssize_t size = write(worker->event_fd, &one, sizeof(one));
		CTR_ASSERT(size == (ssize_t)sizeof(one));
	}
}

/* The embedder's signals are for its own threads. */
static int start_thread(struct ctr_worker *worker)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&worker->thread, /* attributes= */ NULL, run, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		pthread_setname_np(worker->thread, "centro-store");
	return error;
}

static void worker_free(struct ctr_worker *worker)
{
	sem_destroy(&worker->submitted);
	sem_destroy(&worker->finished);
	ctr_free(worker->allocator, worker);
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
	sem_init(&worker->submitted, /* shared= */ 0, 0);
	sem_init(&worker->finished, /* shared= */ 0, 0);
	if (start_thread(worker) != 0) {
		worker_free(worker);
		return CENTRO_ERR_IO;
	}
	*ret_worker = worker;
	return CENTRO_OK;
}

void ctr_worker_stop(struct ctr_worker *worker)
{
	if (!worker)
		return;
	CTR_ASSERT(!worker->busy);
	worker->stop = true;
	post(&worker->submitted);
	pthread_join(worker->thread, NULL);
	worker_free(worker);
}

void ctr_worker_submit(struct ctr_worker *worker)
{
	CTR_ASSERT(!worker->busy);
	worker->busy = true;
	post(&worker->submitted);
}

bool ctr_worker_take(struct ctr_worker *worker)
{
	if (!worker->busy || sem_trywait(&worker->finished) != 0)
		return false;
	worker->busy = false;
	return true;
}

void ctr_worker_wait(struct ctr_worker *worker)
{
	CTR_ASSERT(worker->busy);
	wait_for(&worker->finished);
	worker->busy = false;
}
