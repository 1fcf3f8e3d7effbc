/* SPDX-License-Identifier: MIT */
/*
 * test_oom.c - every allocation in every public call fails, alone and with all that
 * follow: the call says so, nothing is lost or leaked, and with memory it works.
 * At the end no place in lib/ that asks for memory may be left that never failed.
 *
 * Much of it is waiting, for disks and for pauses, so the groups run side by side.
 */
#include "ledger.h"
#include "suites.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/suite.h"

static TCase *(*const groups[])(void) = {oom_store_tests,  oom_engine_tests, oom_server_tests,
					 oom_client_tests, oom_agent_tests,  oom_sim_tests,
					 oom_replay_tests};

static int run_group(TCase *tcase)
{
	Suite *suite = suite_create("oom");
	tcase_set_timeout(tcase, 120);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}

int main(void)
{
	bool ok = true;
	int status;

	/* As centro/client.h asks: whoever is out of memory may close a connection. */
	signal(SIGPIPE, SIG_IGN);
	ledger_open();
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		pid_t pid = fork();
		if (pid == 0)
			exit(run_group(groups[i]()));
		ok = ok && pid > 0;
	}
	while (wait(&status) > 0)
		ok = ok && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
	return ledger_report() && ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
