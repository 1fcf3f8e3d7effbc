/* SPDX-License-Identifier: MIT */
#ifndef CTR_SERVICE_METHODS_H
#define CTR_SERVICE_METHODS_H

/* The methods of the API, each in the file of its service, and the one table of them. */

#include "service/rpc.h"

/* NULL: no such method. Exact: no query, no trailing slash. */
const struct ctr_method *ctr_method_find(struct centro_bytes path);

extern const struct ctr_method ctr_method_job_submit;
extern const struct ctr_method ctr_method_job_submit_many;
extern const struct ctr_method ctr_method_job_get;
extern const struct ctr_method ctr_method_job_list;
extern const struct ctr_method ctr_method_job_cancel;
extern const struct ctr_method ctr_method_job_watch;
extern const struct ctr_method ctr_method_job_logs;
extern const struct ctr_method ctr_method_event_watch;
extern const struct ctr_method ctr_method_node_list;
extern const struct ctr_method ctr_method_node_get;
extern const struct ctr_method ctr_method_node_drain;
extern const struct ctr_method ctr_method_node_undrain;
extern const struct ctr_method ctr_method_heartbeat;
extern const struct ctr_method ctr_method_get_job;
extern const struct ctr_method ctr_method_claim_job;
extern const struct ctr_method ctr_method_update_status;
extern const struct ctr_method ctr_method_push_log;
extern const struct ctr_method ctr_method_health_check;
extern const struct ctr_method ctr_method_health_watch;
extern const struct ctr_method ctr_method_reflection_v1;
extern const struct ctr_method ctr_method_reflection_v1alpha;

#endif
