/* SPDX-License-Identifier: MIT */
#ifndef CTR_SIM_WHATIF_WORKLOAD_H
#define CTR_SIM_WHATIF_WORKLOAD_H

/*
 * A workload: jobs by the time of their submission, what they ask for, and the
 * nodes if it lists any. Jobs that ask for the same share a shape, so that one of
 * millions is a few words.
 */

#include <centro/sim.h>

#include "base/buf.h"
#include "sim/whatif/names.h"

/*
 * Times of a workload end here, about 146 years: so no sum of two of them passes
 * 2^63 nanoseconds.
 */
#define CTR_WORKLOAD_TIME_NS_MAX (UINT64_C(1) << 62)
#define CTR_WORKLOAD_USERS_MAX   1000000
#define CTR_WORKLOAD_QUEUES_MAX  10000
#define CTR_WORKLOAD_SHAPES_MAX  1000000
#define CTR_WORKLOAD_ANYWHERE    0 /* the number of no datacenters at all */

/* What each instance of a job asks for, and how many there are; more than one is a gang. */
struct ctr_workload_shape {
	uint32_t cpu_milli, memory_mib, gpu_milli;
	uint32_t count;
	uint32_t zones; /* in the workload's zones: "a|b", or "" for anywhere */
};

struct ctr_workload_job {
	uint64_t submit_ns, run_ns;
	uint64_t number; /* as the source counts it */
	uint32_t order;  /* in the source: of two that come at once the first goes first */
	uint32_t shape, user, queue;
};

struct ctr_workload_node {
	struct centro_bytes name; /* in the arena */
	uint32_t zone;            /* in the workload's zones */
	uint32_t cpu_milli, memory_mib, gpu_milli;
};

enum ctr_workload_source { CTR_SOURCE_NONE, CTR_SOURCE_FILE, CTR_SOURCE_MIX };

struct ctr_input;

struct centro_workload {
	const struct centro_allocator *allocator;
	struct centro_workload_options options;
	struct ctr_workload_job *jobs; /* sorted, unless a file is being read */
	size_t job_count, job_capacity;
	struct ctr_workload_node *nodes;
	size_t node_count, node_capacity;
	struct ctr_names shapes; /* the bytes of a struct ctr_workload_shape */
	struct ctr_names users, queues, zones;
	struct ctr_arena arena;
	enum ctr_workload_source source; /* of the jobs */
	uint64_t processors_max;         /* of the SWF header; 0: none */
	uint64_t nodes_max;              /* the same */
	uint64_t malformed, partial, never_ran, assumed;
	struct centro_error_text malformed_first;
	struct ctr_input *input; /* the file being read; NULL: none */
	bool failed;             /* it can only be freed */
};

/* What a source knows of a job. */
struct ctr_workload_entry {
	uint64_t submit_ns, run_ns, number;
	struct ctr_workload_shape shape;
	struct centro_bytes user, queue; /* the queue's is a name */
};

/* OK, LIMIT or NOMEM; the text names no place. */
int ctr_workload_add_job(struct centro_workload *workload, const struct ctr_workload_entry *entry,
			 struct centro_error_text *text);
/* The same; names are copied, `zone` may be empty. */
int ctr_workload_add_node(struct centro_workload *workload, const struct ctr_workload_node *node,
			  struct centro_bytes zone, struct centro_error_text *text);
/* Put the jobs in order. */
void ctr_workload_sort(struct centro_workload *workload);

struct ctr_workload_shape ctr_workload_shape(const struct centro_workload *workload,
					     uint32_t number);

/* Copy an option struct that the caller may have compiled against another release. */
#define ctr_sim_known_options(to, from) \
	ctr_store_copy_struct((to), sizeof(*(to)), sizeof(*(to)), (from), (from)->size)
/*
 * Hand a struct out, as far as the caller knows it. INVALID: there is no place for it;
 * ABI: its size.
 */
int ctr_sim_hand_out(void *to, const void *known, size_t known_size);

#endif
