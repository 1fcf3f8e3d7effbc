/* SPDX-License-Identifier: MIT */
/* apart.c - a run in a process of its own, since one that fails may die of an assertion. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim.h"

#define TEXT_SIZE 256
/* A run takes well under a second: one that takes so long goes round in circles. */
#define CPU_SECONDS 60

static void run_child(const struct ctr_sim_options *options, int fd)
{
	struct ctr_sim_result result;
	const struct rlimit limit = {CPU_SECONDS, CPU_SECONDS + 1};
	const struct rlimit no_core = {0, 0};
	char text[TEXT_SIZE + 32];
	setrlimit(RLIMIT_CPU, &limit);
	setrlimit(RLIMIT_CORE, &no_core);
	dup2(fd, STDERR_FILENO); /* what an assertion says */
	int status = ctr_sim_run(options, &result);
	if (status == 0)
		_exit(0);
	int size = snprintf(text, sizeof(text), "%llu %s: %.200s", (unsigned long long)result.steps,
			    result.promise, result.text.text);
	(void)!write(fd, text, (size_t)size);
	_exit(1);
}

static void read_text(int fd, char *text)
{
	size_t used = 0;
	ssize_t size;
	while (used < TEXT_SIZE - 1 && (size = read(fd, text + used, TEXT_SIZE - 1 - used)) > 0)
		used += (size_t)size;
	text[used] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

/* "STEPS I4: …", of a run that said so itself. */
static uint64_t take_steps(char *text)
{
	char *rest;
	uint64_t steps = strtoull(text, &rest, 10);
	memmove(text, rest + 1, strlen(rest));
	return steps;
}

enum sim_outcome sim_run_apart(const struct ctr_sim_options *options, char *text,
			       uint64_t *ret_steps)
{
	struct ctr_sim_options quiet = *options;
	int fds[2], status;
	quiet.line = NULL;
	fflush(NULL);
	if (pipe(fds) != 0)
		return SIM_CRASHED;
	pid_t child = fork();
	if (child == 0) {
		close(fds[0]);
		run_child(&quiet, fds[1]);
	}
	close(fds[1]);
	read_text(fds[0], text);
	close(fds[0]);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return SIM_CRASHED;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return SIM_FINE;
	uint64_t steps = 0;
	bool is_broken = WIFEXITED(status) && WEXITSTATUS(status) == 1;
	if (is_broken)
		steps = take_steps(text);
	if (ret_steps)
		*ret_steps = steps;
	if (is_broken)
		return SIM_BROKEN;
	if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL)) {
		snprintf(text, TEXT_SIZE, "it does not end");
		return SIM_HUNG;
	}
	return SIM_CRASHED;
}
