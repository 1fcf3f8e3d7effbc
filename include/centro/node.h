/* SPDX-License-Identifier: MIT */
#ifndef CENTRO_NODE_H
#define CENTRO_NODE_H

/**
 * @file
 * Nodes: the machines that run attempts. To register one, see centro/engine.h.
 */

#include <centro/error.h>
#include <centro/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CENTRO_NODE_STATE_MAP(X)                                                                   \
	X(PENDING, 1, "pending", "waits for approval")                                             \
	X(READY, 2, "ready", "takes jobs")                                                         \
	X(DRAINING, 3, "draining", "takes no new jobs")                                            \
	X(DOWN, 4, "down", "nothing was heard from it for too long")                               \
	X(DENIED, 5, "denied", "shut out")

enum centro_node_state {
#define X(name, value, word, help) CENTRO_NODE_##name = value,
	CENTRO_NODE_STATE_MAP(X)
#undef X
	CENTRO_NODE_STATE_COUNT
};

/** The word, "unknown" for a value that is none. A static string. */
CENTRO_API const char *centro_node_state_name(int state);

/** Start from CENTRO_NODE_OPTIONS_INIT; 0 and NULL mean the default. */
struct centro_node_options {
	size_t size;            /**< sizeof this struct */
	const char *name;       /**< required, unique in the cluster */
	const char *datacenter; /**< default "default" */
	const char *const *labels; /**< "key=value" each */
	size_t label_count;
	uint32_t cpu_milli; /**< what it offers */
	uint32_t memory_mib;
	uint32_t disk_mib;
	const char *const *named;     /**< names of other resources … */
	const uint32_t *named_amount; /**< … and how much of each */
	size_t named_count;
};
#define CENTRO_NODE_OPTIONS_INIT                                                                   \
	{                                                                                          \
		.size = sizeof(struct centro_node_options)                                         \
	}

#ifdef __cplusplus
}
#endif
#endif
