/* SPDX-License-Identifier: MIT */
/* methods.c - the one table of what can be called. */
#include "service/methods.h"

/* The busiest first: the table is short, and compared by length before content. */
static const struct ctr_method *const methods[] = {
	&ctr_method_update_status,
	&ctr_method_claim_job,
	&ctr_method_job_submit,
	&ctr_method_health_check,
	&ctr_method_heartbeat,
	&ctr_method_job_get,
	&ctr_method_job_submit_many,
	&ctr_method_job_watch,
	&ctr_method_job_logs,
	&ctr_method_event_watch,
	&ctr_method_push_log,
	&ctr_method_job_list,
	&ctr_method_job_cancel,
	&ctr_method_get_job,
	&ctr_method_node_list,
	&ctr_method_node_get,
	&ctr_method_health_watch,
	&ctr_method_reflection_v1,
	&ctr_method_reflection_v1alpha,
	&ctr_method_node_drain,
	&ctr_method_node_undrain,
};

const struct ctr_method *ctr_method_find(struct centro_bytes path)
{
	for (size_t i = 0; i < CTR_ARRAY_SIZE(methods); i++) {
		if (ctr_bytes_equal(path, ctr_bytes_str(methods[i]->path)))
			return methods[i];
	}
	return NULL;
}
