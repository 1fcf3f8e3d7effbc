/* SPDX-License-Identifier: MIT */
#ifndef CTR_AGENT_ENVIRONMENT_H
#define CTR_AGENT_ENVIRONMENT_H

/* The environment of a command: what the agent hands on, what the task asks for, what it is. */

#include "agent/brain.h"

/* In the agent's arena. OK, NOMEM. */
int ctr_environment_make(struct ctr_agent *agent, const Centro__V1__Assignment *assignment,
			 const char *const **ret_env, size_t *ret_count);

#endif
