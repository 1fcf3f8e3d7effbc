/* SPDX-License-Identifier: MIT */
/*
 * orchestrator.c - a scheduler of one's own in one process, with libcentro alone.
 *
 * Two nodes, nothing but names here, take jobs; this program starts the commands
 * itself, in its own poll(2) loop. Run it as ./orchestrator [memory: | file:PATH].
 */
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <centro/engine.h>
#include <centro/version.h>

#define NS_PER_SEC   UINT64_C(1000000000)
#define HEARTBEAT_NS (5 * NS_PER_SEC)
#define NODES        2
#define RUNS_MAX     8

/* What there is to do: of each job, its command, how often, and for how long at most. */
static const struct work {
	const char *name;
	const char *command[4];
	uint32_t count;
	uint64_t limit_ns;
} works[] = {
	{"hello", {"echo", "hello from a job"}, 1, 0},
	{"seven", {"sh", "-c", "exit 7"}, 1, 0},
	{"many", {"sleep", "0.1"}, 4, 0},
	{"too-slow", {"sleep", "60"}, 1, NS_PER_SEC / 5},
	{"cancelled", {"sleep", "60"}, 1, 0},
	{"wrong", {"no-such-command"}, 1, 0},
};
#define WORKS (sizeof(works) / sizeof(works[0]))
static const char *const node_names[NODES] = {"alpha", "beta"};

/* One attempt that this program has started. */
struct run {
	pid_t pid;  /* 0: the slot is free */
	int pid_fd; /* readable when it has ended */
	struct centro_attempt_ref attempt;
	centro_node_id node;
	uint64_t grace_ns;
	uint64_t deadline_ns;    /* when to end it, or to force it if that has been tried */
	enum centro_cause cause; /* why we end it; NONE: we do not */
};

static struct centro_engine *engine;
static struct run runs[RUNS_MAX];
static centro_node_id nodes[NODES];
static centro_job_id jobs[WORKS];
static uint64_t heartbeat_ns;
static unsigned ended, problems;
static struct centro_error_text text; /* what was wrong, where a call says so */

/* The library reads no clock: it is told the time. */
static struct centro_time now(void)
{
	struct timespec steady, wall;
	clock_gettime(CLOCK_BOOTTIME, &steady);
	clock_gettime(CLOCK_REALTIME, &wall);
	return (struct centro_time){
		.steady = {(uint64_t)steady.tv_sec * NS_PER_SEC + (uint64_t)steady.tv_nsec},
		.wall = {(uint64_t)wall.tv_sec * NS_PER_SEC + (uint64_t)wall.tv_nsec},
	};
}

static void check(const char *what, int status)
{
	if (status == CENTRO_OK)
		return;
	fprintf(stderr, "%s: %s %s\n", what, centro_error_help(status), text.text);
	problems++;
}

static void report(const struct run *run, bool has_ended, enum centro_cause cause, int status,
		   const char *message)
{
	struct centro_report report = {
		.size = sizeof(report),
		.attempt = run->attempt,
		.node = run->node,
		.ended = has_ended,
		.cause = cause,
		.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
		.signal = WIFSIGNALED(status) ? (uint32_t)WTERMSIG(status) : 0,
		.message = message,
	};
	check("report", centro_engine_report(engine, now(), &report, NULL, NULL));
}

/* In a process group of its own, so that all of it can be ended; 0 or an errno. */
static int spawn(const struct centro_assignment *assignment, pid_t *ret_pid)
{
	posix_spawnattr_t attributes;
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
	int error =
		posix_spawnp(ret_pid, assignment->command[0], NULL, &attributes,
			     (char *const *)assignment->command, (char *const *)assignment->env);
	posix_spawnattr_destroy(&attributes);
	return error;
}

static void on_assignment(void *arg, const struct centro_assignment *assignment)
{
	struct run *run = runs;
	while (run->pid != 0)
		run++; /* there is room: the nodes have fewer cores than we have slots */
	uint64_t limit_ns = assignment->time_limit.ns;
	pid_t pid;
	*run = (struct run){
		.attempt = assignment->attempt,
		.node = assignment->node,
		.grace_ns = assignment->kill_grace.ns,
		.deadline_ns = limit_ns > 0 ? now().steady.ns + limit_ns : UINT64_MAX,
	};
	int error = spawn(assignment, &pid);
	if (error != 0) {
		report(run, true, CENTRO_CAUSE_START_FAILED, 0, strerror(error));
		return;
	}
	run->pid = pid;
	run->pid_fd = pidfd_open(pid, 0);
	report(run, false, CENTRO_CAUSE_NONE, 0, NULL);
}

/* Ask it to end; when the grace is over, it is forced. */
static void end_run(struct run *run, enum centro_cause cause)
{
	run->cause = cause;
	run->deadline_ns = now().steady.ns + run->grace_ns;
	kill(-run->pid, SIGTERM);
}

/* Each of our jobs has one task, and an instance never two attempts at once. */
static void on_kill(void *arg, const struct centro_kill *order)
{
	for (struct run *run = runs; run < runs + RUNS_MAX; run++)
		if (run->pid != 0 && run->attempt.job == order->attempt.job &&
		    run->attempt.index == order->attempt.index)
			end_run(run, order->cause);
}

static void reap(void)
{
	for (struct run *run = runs; run < runs + RUNS_MAX; run++) {
		int status;
		if (run->pid == 0 || waitpid(run->pid, &status, WNOHANG) != run->pid)
			continue;
		run->pid = 0;
		close(run->pid_fd);
		enum centro_cause cause = run->cause;
		if (cause == CENTRO_CAUSE_NONE)
			cause = WIFSIGNALED(status) ? CENTRO_CAUSE_SIGNALLED : CENTRO_CAUSE_EXITED;
		report(run, true, cause, status, NULL);
	}
}

static void on_event(void *arg, const struct centro_event *event)
{
	size_t i = 0;
	while (i < WORKS && jobs[i] != event->attempt.job)
		i++;
	if (i == WORKS)
		return; /* of a node, or left over from an earlier run */
	if (event->type == CENTRO_EVENT_INSTANCE_ENDED)
		printf("%-9s  %5u  %-5s  %-9s  %-12s  %4d\n", works[i].name, event->attempt.index,
		       node_names[event->node != nodes[0]],
		       centro_instance_state_name(event->instance_state),
		       centro_cause_name(event->cause), event->exit_code);
	else if (event->type == CENTRO_EVENT_JOB_ENDED)
		ended++;
	else if (event->type == CENTRO_EVENT_INSTANCE_RUNNING &&
		 strcmp(works[i].name, "cancelled") == 0)
		check("cancel", centro_engine_cancel(engine, now(), jobs[i], "", "", NULL, NULL));
}

static void on_submitted(void *arg, const struct centro_submit_result *result)
{
	check("submit", result->status);
	*(centro_job_id *)arg = result->job;
}

static void on_registered(void *arg, const struct centro_node_result *result)
{
	check("register", result->status);
	*(centro_node_id *)arg = result->node;
}

static void add_node(size_t i, uint32_t cores)
{
	struct centro_node_options node = CENTRO_NODE_OPTIONS_INIT;
	node.name = node_names[i];
	node.cpu_milli = cores * 1000;
	node.memory_mib = 4096;
	check(node.name,
	      centro_engine_register_node(engine, now(), &node, on_registered, &nodes[i], &text));
}

static void add_job(size_t i)
{
	struct centro_task_options task = CENTRO_TASK_OPTIONS_INIT;
	struct centro_job_options job = CENTRO_JOB_OPTIONS_INIT;
	task.command = works[i].command;
	while (task.command_count < 4 && works[i].command[task.command_count])
		task.command_count++;
	task.count = works[i].count;
	task.time_limit.ns = works[i].limit_ns;
	job.name = works[i].name;
	job.tasks = &task;
	job.task_count = 1;
	check(job.name,
	      centro_engine_submit(engine, now(), &job, NULL, on_submitted, &jobs[i], &text));
}

static void send_heartbeats(void)
{
	for (int i = 0; i < NODES; i++) {
		struct centro_attempt_ref held[RUNS_MAX];
		size_t count = 0;
		for (int r = 0; r < RUNS_MAX; r++)
			if (runs[r].pid != 0 && runs[r].node == nodes[i])
				held[count++] = runs[r].attempt;
		check("heartbeat", centro_engine_heartbeat(engine, now(), nodes[i], held, count));
	}
	heartbeat_ns = now().steady.ns + HEARTBEAT_NS;
}

/* Do what is due on our own clock, and say when something is due next. */
static uint64_t run_deadlines(void)
{
	uint64_t at = now().steady.ns;
	if (at >= heartbeat_ns)
		send_heartbeats();
	uint64_t next = centro_engine_get_wake(engine).ns;
	next = heartbeat_ns < next ? heartbeat_ns : next;
	for (struct run *run = runs; run < runs + RUNS_MAX; run++) {
		if (run->pid == 0)
			continue;
		if (at >= run->deadline_ns && run->cause == CENTRO_CAUSE_NONE) {
			end_run(run, CENTRO_CAUSE_TIME_LIMIT);
		} else if (at >= run->deadline_ns) {
			run->deadline_ns = UINT64_MAX;
			kill(-run->pid, SIGKILL);
		}
		if (run->deadline_ns < next)
			next = run->deadline_ns;
	}
	return next;
}

static void loop(void)
{
	struct pollfd fds[RUNS_MAX + 1];
	for (;;) {
		check("dispatch", centro_engine_dispatch(engine, now()));
		if (ended == WORKS || problems > 0)
			return;
		uint64_t next = run_deadlines(), at = now().steady.ns;
		/* poll() leaves out what is -1. */
		for (int i = 0; i < RUNS_MAX; i++)
			fds[i] = (struct pollfd){runs[i].pid ? runs[i].pid_fd : -1, POLLIN, 0};
		fds[RUNS_MAX] = (struct pollfd){centro_engine_fd(engine), POLLIN, 0};
		poll(fds, RUNS_MAX + 1, next > at ? (int)((next - at) / 1000000 + 1) : 0);
		reap();
	}
}

int main(int argc, char **argv)
{
	struct centro_engine_callbacks callbacks = {sizeof(callbacks), on_event, on_assignment,
						    on_kill, NULL};
	struct centro_engine_options options = CENTRO_ENGINE_OPTIONS_INIT;
	options.callbacks = &callbacks;
	const char *uri = argc > 1 ? argv[1] : "memory:";
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (centro_engine_open(uri, &options, now(), &engine, &text) != CENTRO_OK) {
		fprintf(stderr, "%s\n", text.text);
		return 1;
	}
	printf("libcentro %s on %s\n%-9s  %5s  %-5s  %-9s  %-12s  %4s\n", centro_version(), uri,
	       "JOB", "INDEX", "NODE", "STATE", "CAUSE", "EXIT");
	heartbeat_ns = now().steady.ns + HEARTBEAT_NS;
	add_node(0, 2);
	add_node(1, 1);
	for (size_t i = 0; i < WORKS; i++)
		add_job(i);
	loop();
	printf("%u of %zu jobs have ended\n", ended, WORKS);
	centro_engine_free(engine);
	return problems == 0 ? 0 : 1;
}
