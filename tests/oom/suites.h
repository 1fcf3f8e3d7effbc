/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_OOM_SUITES_H
#define CTR_TESTS_OOM_SUITES_H

/* The scenarios, by what they go through. */

#include <check.h>

TCase *oom_store_tests(void);
TCase *oom_engine_tests(void);
TCase *oom_server_tests(void);
TCase *oom_client_tests(void);
TCase *oom_agent_tests(void);
TCase *oom_sim_tests(void);
TCase *oom_replay_tests(void);

#endif
