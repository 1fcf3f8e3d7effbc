/* SPDX-License-Identifier: MIT */
/* run.c - see run.h. */
#include "run.h"

#include <sys/wait.h>
#include <unistd.h>

#include "ledger.h"
#include "site.h"

#define ASIDE 10 /* at a time */

/* ---- memory that never fails ------------------------------------- */

static void *plain_resize(void *arg, void *pointer, size_t bytes)
{
	(void)ledger_take();
	return realloc(pointer, bytes);
}

static void plain_free(void *arg, void *pointer)
{
	free(pointer);
}

const struct centro_allocator *oom_plain(void)
{
	static const struct centro_allocator plain = {
		.size = sizeof(plain),
		.resize = plain_resize,
		.free = plain_free,
	};
	return &plain;
}

/* ---- memory that does -------------------------------------------- */

static void note(struct oom_run *run, const struct oom_site *site, bool is_refused)
{
	ledger_note(site, is_refused);
	if (is_refused && !run->where)
		run->where = site;
}

static void *run_resize(void *arg, void *pointer, size_t bytes)
{
	struct oom_run *run = arg;
	const struct oom_site *site = ledger_take();
	void *result = failing_allocator_resize(&run->failing, pointer, bytes);
	note(run, site, !result);
	return result;
}

static void run_free(void *arg, void *pointer)
{
	struct oom_run *run = arg;
	failing_allocator_free(&run->failing, pointer);
}

bool oom_refuses(const struct oom_site *site, const struct centro_allocator *allocator)
{
	if (!allocator || allocator->resize != run_resize)
		return false;
	struct oom_run *run = allocator->arg;
	bool refuses = failing_allocator_refuses(&run->failing);
	note(run, site, refuses);
	return refuses;
}

/* ---- runs -------------------------------------------------------- */

static void init(struct oom_run *run, size_t nth, bool stays, const void *arg)
{
	*run = (struct oom_run){
		.allocator =
			{
				.size = sizeof(run->allocator),
				.arg = run,
				.resize = run_resize,
				.free = run_free,
			},
		.nth = nth,
		.arg = arg,
	};
	failing_allocator_init(&run->failing, 0);
	run->failing.stays = stays;
}

/* Of every `step` allocations the `first` one. */
static void each(void (*scenario)(struct oom_run *run), bool stays, const void *arg, size_t first,
		 size_t step)
{
	for (size_t nth = first;; nth += step) {
		struct oom_run run;
		init(&run, nth, stays, arg);
		scenario(&run);
		ck_assert_msg(run.failing.live == 0, "allocation %zu%s: %zu are not given back",
			      nth, stays ? " and all later ones" : "", run.failing.live);
		if (!run.failed)
			return;
	}
}

void oom_each(void (*scenario)(struct oom_run *run), const void *arg)
{
	each(scenario, /* stays= */ false, arg, 1, 1);
	each(scenario, /* stays= */ true, arg, 1, 1);
}

void oom_each_aside(void (*scenario)(struct oom_run *run), const void *arg)
{
	int status;
	for (size_t i = 1; i <= ASIDE; i++) {
		pid_t pid = fork();
		ck_assert_int_ge(pid, 0);
		if (pid > 0)
			continue;
		each(scenario, /* stays= */ false, arg, i, ASIDE);
		each(scenario, /* stays= */ true, arg, i, ASIDE);
		exit(EXIT_SUCCESS);
	}
	bool ok = true;
	while (wait(&status) > 0)
		ok = ok && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
	ck_assert(ok);
}

void oom_arm(struct oom_run *run)
{
	run->failing.fail_at = run->failing.calls + run->nth;
	run->failing.failed = false;
}

bool oom_disarm(struct oom_run *run)
{
	run->failing.fail_at = 0;
	run->failed = run->failed || run->failing.failed;
	return run->failed;
}

void oom_check_status(const struct oom_run *run, int status)
{
	ck_assert_msg(status == (run->failed ? CENTRO_ERR_NOMEM : CENTRO_OK),
		      "\"%s\" after allocation %zu failed%s, at %s:%d", centro_error_name(status),
		      run->nth, run->failing.stays ? " and all later ones" : "",
		      run->where ? run->where->file : "no place",
		      run->where ? run->where->line : 0);
}

void oom_check_opened(const struct oom_run *run, int status)
{
	if (status != CENTRO_OK || !run->failed)
		oom_check_status(run, status);
}
