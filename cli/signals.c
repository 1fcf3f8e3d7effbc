/* SPDX-License-Identifier: MIT */
/* signals.c - signals as something to poll. */
#include "signals.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void ignore(int number)
{
	const struct sigaction action = { .sa_handler = SIG_IGN };
	sigaction(number, &action, NULL);
}

void signals_ignore_pipe(void)
{
	ignore(SIGPIPE);
}

static int open_for(bool with_hangup)
{
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	if (with_hangup)
		sigaddset(&signals, SIGHUP);
	else
		ignore(SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	ignore(SIGPIPE);
	ignore(SIGXFSZ); /* a file over its limit is the error of a write */
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

int signals_open(void)
{
	return open_for(false);
}

int signals_open_at_terminal(void)
{
	return open_for(true);
}

int signals_take(int fd)
{
	struct signalfd_siginfo info;
	int count = 0;
	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		count++;
	return count;
}
