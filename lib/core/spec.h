/* SPDX-License-Identifier: MIT */
#ifndef CTR_CORE_SPEC_H
#define CTR_CORE_SPEC_H

/*
 * What the core needs to know of a job and of a node, as plain values. Whoever
 * makes one (codec from a message, engine from option structs) keeps the memory
 * until the command has been executed; the core copies.
 */

#include <centro/error.h>
#include <centro/job.h>
#include <centro/node.h>

#include "base/problems.h"

#define CTR_TASKS_MAX       64           /* in one job */
#define CTR_INSTANCES_MAX   10000        /* in one job, all tasks together */
#define CTR_DATACENTERS_MAX 64           /* of one job */
#define CTR_LABELS_MAX      64           /* of one job or node */
#define CTR_NAMED_MAX       16           /* named resources of one task or node */
#define CTR_TEXT_SIZE_MAX   (512 * 1024) /* of an encoded specification */
/*
 * A job and all that becomes of it must fit into one record, however it goes: at
 * most so much beside the specification, for each instance (without its node's
 * name, which is left out of a record that is too large), and for all messages.
 */
#define CTR_RECORD_SIZE_MAX          (1024 * 1024)
#define CTR_RECORD_JOB_SIZE_MAX      2048
#define CTR_RECORD_INSTANCE_SIZE_MAX 92
#define CTR_RECORD_MESSAGES_SIZE_MAX (64 * 1024)
#define CTR_OWNER_SIZE_MAX           255
#define CTR_REQUEST_ID_SIZE_MAX      128
#define CTR_REASON_SIZE_MAX          512
#define CTR_PRIORITY_MAX             1000
#define CTR_JOB_NAME_SIZE_MAX        255
#define CTR_NODE_NAME_SIZE_MAX       253
#define CTR_LABEL_KEY_SIZE_MAX       63
#define CTR_LABEL_SIZE_MAX           255 /* of its value */
#define CTR_LEASE_MIN_MS             2000
#define CTR_LEASE_DEFAULT_MS         300000
#define CTR_LEASE_MAX_MS             604800000 /* a week */
#define CTR_GRACE_DEFAULT_MS         5000
#define CTR_GRACE_MAX_MS             86400000 /* a day */
#define CTR_SIGNAL_MAX               127
#define CTR_WEIGHT_MAX               1000000 /* of a queue */

struct ctr_named_amount {
	struct centro_bytes name;
	uint32_t amount;
};

struct ctr_resource_spec {
	uint32_t cpu_milli, memory_mib, disk_mib;
	const struct ctr_named_amount *named;
	size_t named_count;
};

struct ctr_label {
	struct centro_bytes key, value;
};

enum ctr_on_disconnect {
	CTR_ON_DISCONNECT_DEFAULT = 0,
	CTR_ON_DISCONNECT_STOP = 1,
	CTR_ON_DISCONNECT_KEEP = 2,
};

/* As the client wrote it: 0 still means the default. */
struct ctr_task_spec {
	struct centro_bytes name;
	struct ctr_resource_spec resources;
	uint32_t count;
	struct centro_span time_limit, lease, kill_grace;
	enum ctr_on_disconnect on_disconnect;
	bool gang; /* its pending instances are granted together, or none is */
	const struct centro_bytes *command;
	size_t command_count;
	const struct ctr_label *env;
	size_t env_count;
	struct centro_bytes working_dir;
};

struct ctr_job_spec {
	struct centro_bytes name, queue, owner, tenant, request_id;
	uint64_t spec_hash;     /* of `text`, and of what it is a retry of */
	centro_job_id retry_of; /* 0: of none */
	int32_t priority;
	const struct centro_bytes *datacenters;
	size_t datacenter_count;
	const struct ctr_label *labels;
	size_t label_count;
	const struct ctr_task_spec *tasks;
	size_t task_count;
	struct centro_bytes text; /* the encoded JobSpec: kept and handed out, never looked into */
};

struct ctr_node_spec {
	struct centro_bytes name, datacenter;
	uint64_t agent_id, session;
	struct ctr_resource_spec capacity;
	const struct ctr_label *labels;
	size_t label_count;
	struct centro_bytes text; /* the encoded NodeInfo */
};

/*
 * Every rule that needs nothing but the specification. Each breach is added, with its
 * path, the value and what would be right:
 * "tasks[2].name: \"Train\" is not a name: it must match [a-z][a-z0-9_-]*".
 */
void ctr_job_spec_problems(const struct ctr_job_spec *spec, struct ctr_problems *problems);
/*
 * The same for whom a text is enough: a line each, as many as there is room for.
 *
 * @retval CENTRO_ERR_INVALID
 */
int ctr_job_spec_check(const struct ctr_job_spec *spec, struct centro_error_text *text);
int ctr_node_spec_check(const struct ctr_node_spec *spec, struct centro_error_text *text);

/* The name of a job's queue or of a node's datacenter, the default filled in. */
#define CTR_NAME_DEFAULT "default"
struct centro_bytes ctr_name_or_default(struct centro_bytes name);

#endif
