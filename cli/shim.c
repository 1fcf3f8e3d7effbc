/* SPDX-License-Identifier: MIT */
/*
 * shim.c - the guard of one attempt: starts its command, ends it when its time
 * is over, and writes down how it ended.
 *
 * Layer: a program of its own, static, on libc alone; shares lib/io/shim_abi.h
 * with the agent, which starts it. There is one for every attempt, so it lives
 * in a few pages: no malloc, no stdio, nothing copied.
 *
 * What it promises:
 * - The command is started only if this process was the one that took the record
 *   from "claimed" to "running", and the lease was not over then.
 * - At the end of the lease, by CLOCK_BOOTTIME, nothing of the attempt is left
 *   but what the kernel is still tearing down (I4), whatever became of the agent.
 * - Signals go to this process's own descendants only (I15): see shim_tree.c.
 * - The end is on disk before the record is called "ended".
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shim.h"

#define NS_PER_SEC UINT64_C(1000000000)
#define NS_PER_MS  UINT64_C(1000000)
#define NEVER      UINT64_MAX

/* Between two rounds of KILL: doubled each time, from the first to the second. */
#define KILL_PAUSE_MIN (5 * NS_PER_MS)
#define KILL_PAUSE_MAX (200 * NS_PER_MS)

/* Exit statuses, for the log of the agent. */
enum {
	EXIT_BY_HAND = 2,     /* not started by an agent */
	EXIT_BAD_RECORD = 3,  /* the record does not make sense, or is of another version */
	EXIT_NOT_CLAIMED = 4, /* somebody else has taken it */
	EXIT_NO_END = 5,      /* the end could not be written */
};

enum phase {
	PHASE_RUNNING,
	PHASE_ENDING,  /* TERM has been sent, KILL follows at kill_at */
	PHASE_KILLING, /* KILL has been sent, and is repeated at kill_at */
};

struct shim {
	struct ctr_shim_spec spec;
	struct ctr_shim_end end;
	struct ctr_shim_slot *slot;
	struct shim_tree tree;
	int record_fd, signal_fd, timer_fd;
	enum phase phase;
	uint64_t time_limit; /* both on CLOCK_BOOTTIME */
	uint64_t kill_at;
	uint64_t kill_pause;
};

/* ---- time ---- */

static uint64_t read_clock(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

static uint64_t after(uint64_t from, uint64_t span)
{
	uint64_t sum;
	return __builtin_add_overflow(from, span, &sum) ? NEVER : sum;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void set_timer(int timer_fd, uint64_t at)
{
	struct itimerspec spec = {0};
	/* All zero disarms it; a time that has passed fires at once. */
	if (at != NEVER) {
		spec.it_value.tv_sec = (time_t)(at / NS_PER_SEC);
		spec.it_value.tv_nsec = (long)(at % NS_PER_SEC) + (at == 0);
	}
	timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

/* ---- the record ---- */

/* Field 22 of our own stat; see proc(5). 0: could not be read. */
static uint64_t read_start_ticks(void)
{
	char text[512];
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (size <= 0)
		return 0;
	text[size] = '\0';
	char *at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

static int read_record(int fd, struct ctr_shim_record *ret)
{
	if (pread(fd, ret, sizeof(*ret), 0) != (ssize_t)sizeof(*ret) ||
	    ret->magic != CTR_SHIM_MAGIC || ret->abi != CTR_SHIM_ABI)
		return EXIT_BAD_RECORD;
	return EXIT_SUCCESS;
}

/* Who we are, then the name: from then on it is ours, and known to be. */
static int take_record(int fd)
{
	struct ctr_shim_identity identity = {
		.pid = (uint32_t)getpid(),
		.start_ticks = read_start_ticks(),
	};
	if (pwrite(fd, &identity, sizeof(identity), offsetof(struct ctr_shim_record, identity)) !=
	    (ssize_t)sizeof(identity))
		return EXIT_BAD_RECORD;
	if (renameat(CTR_SHIM_FD_DIR, CTR_SHIM_CLAIMED, CTR_SHIM_FD_DIR, CTR_SHIM_RUNNING) != 0)
		return EXIT_NOT_CLAIMED;
	return EXIT_SUCCESS;
}

static int write_end(struct shim *shim)
{
	struct ctr_shim_end *end = &shim->end;
	struct rusage usage;

	end->magic = CTR_SHIM_MAGIC;
	if (end->end_wall_ns == 0)
		end->end_wall_ns = read_clock(CLOCK_REALTIME);
	if (getrusage(RUSAGE_CHILDREN, &usage) == 0) {
		end->user_us = (uint64_t)usage.ru_utime.tv_sec * 1000000 +
			       (uint64_t)usage.ru_utime.tv_usec;
		end->system_us = (uint64_t)usage.ru_stime.tv_sec * 1000000 +
				 (uint64_t)usage.ru_stime.tv_usec;
		end->memory_kib_max = (uint64_t)usage.ru_maxrss;
	}
	end->checksum = ctr_shim_checksum(end);
	if (pwrite(shim->record_fd, end, sizeof(*end), offsetof(struct ctr_shim_record, end)) !=
	    (ssize_t)sizeof(*end))
		return EXIT_NO_END;
	/* If the disk refuses, the record still serves as long as the machine runs. */
	fdatasync(shim->record_fd);
	if (renameat(CTR_SHIM_FD_DIR, CTR_SHIM_RUNNING, CTR_SHIM_FD_DIR, CTR_SHIM_ENDED) != 0)
		return EXIT_NO_END;
	return EXIT_SUCCESS;
}

static int end_unstarted(struct shim *shim, uint32_t cause, struct shim_failure failure)
{
	shim->end.cause = cause;
	shim->end.step = failure.step;
	shim->end.error = failure.error;
	return write_end(shim);
}

/* ---- the end of the command ---- */

static uint64_t read_lease_end(const struct shim *shim)
{
	return __atomic_load_n(&shim->slot->lease_end_ns, __ATOMIC_ACQUIRE);
}

static uint64_t read_order(const struct shim *shim)
{
	return __atomic_load_n(&shim->slot->order, __ATOMIC_ACQUIRE);
}

/* TERM now, KILL at `kill_at`. The first cause stands. */
static void begin_end(struct shim *shim, uint32_t cause, uint64_t kill_at)
{
	shim->phase = PHASE_ENDING;
	shim->end.cause = cause;
	shim->kill_at = kill_at;
	shim_tree_signal(&shim->tree, SIGTERM);
	/* Or those that are stopped would never see it. */
	shim_tree_signal(&shim->tree, SIGCONT);
}

/* The command has ended; what it left behind goes too. */
static void note_main_end(struct shim *shim, bool left, uint64_t now)
{
	int status = shim->tree.main_status;
	bool exited = WIFEXITED(status);

	shim->end.end_wall_ns = read_clock(CLOCK_REALTIME);
	shim->end.signal = exited ? 0 : (uint32_t)WTERMSIG(status);
	shim->end.exit_code = exited ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	if (shim->phase != PHASE_RUNNING)
		return;
	shim->end.cause = exited ? CTR_SHIM_EXITED : CTR_SHIM_SIGNALLED;
	if (left)
		begin_end(shim, shim->end.cause, after(now, shim->spec.kill_grace_ns));
}

static void look_for_reasons(struct shim *shim, uint64_t now)
{
	uint64_t lease_end = read_lease_end(shim);
	uint64_t order = read_order(shim);
	uint64_t order_kill_at = order ? after(now, ctr_shim_order_grace_ns(order)) : NEVER;

	if (shim->phase == PHASE_RUNNING) {
		if (order != 0)
			begin_end(shim, ctr_shim_order_cause(order), order_kill_at);
		else if (now >= shim->time_limit)
			begin_end(shim, CTR_SHIM_TIME_LIMIT, after(now, shim->spec.kill_grace_ns));
		else if (lease_end != NEVER && after(now, shim->spec.lease_notice_ns) >= lease_end)
			begin_end(shim, CTR_SHIM_LEASE_EXPIRED, lease_end);
	}
	/* A later order can hurry what is ending, and nothing outlives the lease. */
	if (shim->phase == PHASE_ENDING)
		shim->kill_at = earlier(shim->kill_at, earlier(order_kill_at, lease_end));
}

static void kill_if_due(struct shim *shim, uint64_t now)
{
	if (shim->phase == PHASE_RUNNING || now < shim->kill_at)
		return;
	shim->kill_pause = shim->phase == PHASE_ENDING
				   ? KILL_PAUSE_MIN
				   : earlier(shim->kill_pause * 2, KILL_PAUSE_MAX);
	shim->phase = PHASE_KILLING;
	shim->kill_at = after(now, shim->kill_pause);
	shim_tree_signal(&shim->tree, SIGKILL);
}

static uint64_t next_wake(const struct shim *shim)
{
	uint64_t lease_end = read_lease_end(shim);
	uint64_t notice =
		lease_end > shim->spec.lease_notice_ns ? lease_end - shim->spec.lease_notice_ns : 0;
	switch (shim->phase) {
	case PHASE_RUNNING:
		return earlier(lease_end == NEVER ? NEVER : notice, shim->time_limit);
	case PHASE_ENDING:
		return earlier(shim->kill_at, lease_end);
	case PHASE_KILLING:
		break;
	}
	return shim->kill_at;
}

static void wait_for_something(struct shim *shim)
{
	struct signalfd_siginfo signals[8];
	uint64_t expirations;
	struct pollfd polls[] = {
		{.fd = shim->signal_fd, .events = POLLIN},
		{.fd = shim->timer_fd, .events = POLLIN},
	};
	set_timer(shim->timer_fd, next_wake(shim));
	poll(polls, 2, -1);
	while (read(shim->signal_fd, signals, sizeof(signals)) > 0)
		;
	(void)!read(shim->timer_fd, &expirations, sizeof(expirations));
}

static void guard(struct shim *shim)
{
	for (;;) {
		bool had_ended = shim->tree.main_ended;
		bool left = shim_tree_reap(&shim->tree);
		uint64_t now = read_clock(CLOCK_BOOTTIME);
		if (!had_ended && shim->tree.main_ended)
			note_main_end(shim, left, now);
		if (!left)
			return;
		look_for_reasons(shim, now);
		kill_if_due(shim, now);
		wait_for_something(shim);
	}
}

/* ---- the start ---- */

static bool map_slot(struct shim *shim)
{
	uint64_t offset = (uint64_t)shim->spec.slot * sizeof(struct ctr_shim_slot);
	uint64_t begin = offset & ~(CTR_SHIM_MAP_BYTES - 1);
	struct stat stat;
	if (fstat(CTR_SHIM_FD_LEASES, &stat) != 0)
		return false;
	if ((uint64_t)stat.st_size < begin + CTR_SHIM_MAP_BYTES) {
		errno = EBADMSG;
		return false;
	}
	uint8_t *map = mmap(NULL, CTR_SHIM_MAP_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			    CTR_SHIM_FD_LEASES, (off_t)begin);
	if (map == MAP_FAILED)
		return false;
	shim->slot = (struct ctr_shim_slot *)(void *)(map + (offset - begin));
	return true;
}

/* All are blocked already, by whoever started us: none may be lost on the way. */
static bool open_events(struct shim *shim)
{
	sigset_t all;
	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, NULL) != 0)
		return false;
	sigemptyset(&all);
	sigaddset(&all, SIGCHLD);
	sigaddset(&all, CTR_SHIM_SIGNAL);
	shim->signal_fd = signalfd(-1, &all, SFD_NONBLOCK | SFD_CLOEXEC);
	shim->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	return shim->signal_fd >= 0 && shim->timer_fd >= 0;
}

static struct shim_failure failed(uint32_t step)
{
	return (struct shim_failure){.step = step, .error = errno};
}

static struct shim_failure start_command(struct shim *shim)
{
	struct shim_command command;
	if (!map_slot(shim) || !open_events(shim) ||
	    !shim_command_load(shim->record_fd, &shim->spec, &command))
		return failed(CTR_SHIM_STEP_RECORD);

	shim_tree_init(&shim->tree);
	uint64_t order = read_order(shim);
	uint64_t now = read_clock(CLOCK_BOOTTIME);
	/* Somebody has stopped us for too long, or changed their mind. */
	if (order != 0 || now >= read_lease_end(shim)) {
		shim->end.cause = order != 0 ? ctr_shim_order_cause(order) : CTR_SHIM_LEASE_EXPIRED;
		return (struct shim_failure){.step = CTR_SHIM_STEP_NONE};
	}
	struct shim_failure failure =
		shim_command_start(&command, CTR_SHIM_FD_DIR, &shim->tree.main);
	shim_command_unload(&command);
	if (failure.step != CTR_SHIM_STEP_NONE)
		return failure;
	shim->time_limit =
		shim->spec.time_limit_ns == 0 ? NEVER : after(now, shim->spec.time_limit_ns);
	shim->end.start_wall_ns = read_clock(CLOCK_REALTIME);
	__atomic_store_n(&shim->slot->started_wall_ns, shim->end.start_wall_ns, __ATOMIC_RELEASE);
	/* The agent may be gone; the next one looks at the slot without being told. */
	(void)!write(CTR_SHIM_FD_WAKE, &shim->spec.slot, sizeof(shim->spec.slot));
	close(CTR_SHIM_FD_WAKE);
	return failure;
}

static int run(struct shim *shim)
{
	struct ctr_shim_record record;
	shim->record_fd =
		openat(CTR_SHIM_FD_DIR, CTR_SHIM_CLAIMED, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (shim->record_fd < 0)
		return errno == ENOENT ? EXIT_NOT_CLAIMED : EXIT_BAD_RECORD;
	int status = read_record(shim->record_fd, &record);
	if (status == EXIT_SUCCESS)
		status = take_record(shim->record_fd);
	if (status != EXIT_SUCCESS)
		return status;

	shim->spec = record.spec;
	struct shim_failure failure = start_command(shim);
	if (failure.step != CTR_SHIM_STEP_NONE)
		return end_unstarted(shim, CTR_SHIM_START_FAILED, failure);
	if (shim->end.cause != 0)
		return end_unstarted(shim, shim->end.cause, failure);
	guard(shim);
	return write_end(shim);
}

int main(void)
{
	struct stat stat;
	struct shim shim = {.time_limit = NEVER};

	if (fstat(CTR_SHIM_FD_DIR, &stat) != 0 || !S_ISDIR(stat.st_mode)) {
		static const char text[] =
			"centro-shim: started by centro-agent, not by hand; see centro-agent(1)\n";
		(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
		return EXIT_BY_HAND;
	}
	close_range(CTR_SHIM_FD_END, ~0U, 0);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
		return EXIT_BAD_RECORD;
	return run(&shim);
}
