/* SPDX-License-Identifier: MIT */
#ifndef CENTRO_AGENT_H
#define CENTRO_AGENT_H

/**
 * @file
 * A worker in your process: registers this machine as a node, takes what a
 * server assigns to it, runs the commands under shims, and reports.
 * centro-agent is a thin program around this.
 *
 * Attempts survive the agent: they run under shim processes of their own,
 * which a new agent with the same state directory finds again.
 *
 * Loop, threads, signals: as in centro/server.h.
 */

#include <centro/alloc.h>
#include <centro/error.h>
#include <centro/log.h>
#include <centro/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct centro_agent;

/** Start from CENTRO_AGENT_OPTIONS_INIT; 0 and NULL mean the default. */
struct centro_agent_options {
	size_t size;                              /**< sizeof this struct */
	const struct centro_allocator *allocator; /**< NULL: the C library's */
	const struct centro_log *log;             /**< NULL: silent; outlives the agent */
	const char *const *servers; /**< "HOST:PORT" or "unix:PATH"; default "127.0.0.1:50051" */
	size_t server_count;
	const char *name;       /**< default: the host's name */
	const char *datacenter; /**< default "default" */
	const char *const *labels; /**< "key=value" each */
	size_t label_count;
	/** What it offers to jobs; 0: what the machine has. */
	uint32_t cpu_milli;
	uint32_t memory_mib;
	uint32_t disk_mib;
	const char *const *named; /**< other resources … */
	const uint32_t *named_amount;
	size_t named_count;
	const char *state_dir;  /**< required: made 0700 if it is missing; one agent at a time */
	const char *shim;       /**< required: path of the centro-shim program */
	uint64_t log_bytes_max; /**< of each stream of an attempt; default 1 GiB */
	struct centro_span log_retention; /**< of the output of ended attempts; default 24 h */
	struct centro_span heartbeat;     /**< at the most between two; default 5 s */
	/** "NAME=value" each: what every command gets beside its own. Default: nothing. */
	const char *const *env;
	size_t env_count;
};
#define CENTRO_AGENT_OPTIONS_INIT                                                                  \
	{                                                                                          \
		.size = sizeof(struct centro_agent_options)                                        \
	}

/**
 * @retval CENTRO_ERR_INVALID  an option; see `text`, which may be NULL
 * @retval CENTRO_ERR_LOCKED   another agent uses the state directory
 * @retval CENTRO_ERR_IO, _CORRUPT, _NOMEM, _ABI
 */
CENTRO_API int centro_agent_new(const struct centro_agent_options *options,
				struct centro_agent **ret_agent, struct centro_error_text *text);
/** Leaves what runs running, for the next agent. NULL is allowed. */
CENTRO_API void centro_agent_free(struct centro_agent *agent);

CENTRO_API int centro_agent_fd(const struct centro_agent *agent);
CENTRO_API int centro_agent_timeout_ms(const struct centro_agent *agent);
/** @retval CENTRO_ERR_DENIED, _EXISTS  the server refuses this node for good; see the log */
CENTRO_API int centro_agent_dispatch(struct centro_agent *agent);

/** Whether the server has accepted this node and the connection stands. */
CENTRO_API bool centro_agent_is_registered(const struct centro_agent *agent);
/** Attempts whose end is not yet acknowledged. */
CENTRO_API size_t centro_agent_attempts(const struct centro_agent *agent);
/** Kill what runs (TERM, grace, KILL) and report it; done when there are no attempts. */
CENTRO_API void centro_agent_stop(struct centro_agent *agent);

#ifdef __cplusplus
}
#endif
#endif
