/* SPDX-License-Identifier: MIT */
/* event_filter.c - does an event pass? */
#include "service/event_filter.h"

#include <string.h>

#include "base/bytes.h"
#include "base/str.h"

static int copy_text(const struct centro_allocator *allocator, const char *from, char **ret_text)
{
	if (from[0] == '\0')
		return CENTRO_OK;
	size_t size = strlen(from) + 1;
	*ret_text = ctr_alloc(allocator, size);
	if (!*ret_text)
		return CENTRO_ERR_NOMEM;
	memcpy(*ret_text, from, size);
	return CENTRO_OK;
}

static int copy_jobs(struct ctr_event_filter *filter, const Centro__V1__EventWatchRequest *request)
{
	if (request->n_jobs == 0)
		return CENTRO_OK;
	filter->jobs = ctr_alloc_array(filter->allocator, request->n_jobs, sizeof(*filter->jobs));
	if (!filter->jobs)
		return CENTRO_ERR_NOMEM;
	memcpy(filter->jobs, request->jobs, request->n_jobs * sizeof(*filter->jobs));
	filter->job_count = request->n_jobs;
	return CENTRO_OK;
}

static int set_types(struct ctr_event_filter *filter, const Centro__V1__EventWatchRequest *request,
		     struct centro_error_text *text)
{
	for (size_t i = 0; i < request->n_types; i++) {
		if (request->types[i] == CENTRO__V1__EVENT__TYPE__unspecified)
			return ctr_error(text, CENTRO_ERR_INVALID,
					 "types[%zu]: unspecified is no type of event", i);
		filter->types |= UINT64_C(1) << request->types[i];
	}
	return CENTRO_OK;
}

static int set_node(struct ctr_event_filter *filter, const struct ctr_core *core, const char *name,
		    struct centro_error_text *text)
{
	if (name[0] == '\0')
		return CENTRO_OK;
	const struct ctr_node *node = ctr_core_find_node_by_name(core, ctr_bytes_str(name));
	if (!node)
		return ctr_error(text, CENTRO_ERR_NOT_FOUND, "node: there is no such node");
	filter->node = node->id;
	return CENTRO_OK;
}

int ctr_event_filter_init(struct ctr_event_filter *filter, const struct centro_allocator *allocator,
			  const struct ctr_core *core, const Centro__V1__EventWatchRequest *request,
			  struct centro_error_text *text)
{
	*filter = (struct ctr_event_filter){.allocator = allocator};
	if (request->n_jobs > CTR_EVENT_FILTER_JOBS_MAX)
		return ctr_error(text, CENTRO_ERR_INVALID, "jobs: %zu of them; at most %d",
				 request->n_jobs, CTR_EVENT_FILTER_JOBS_MAX);
	int status = set_types(filter, request, text);
	if (status == CENTRO_OK)
		status = set_node(filter, core, request->node, text);
	if (status != CENTRO_OK)
		return status;
	status = copy_jobs(filter, request);
	if (status == CENTRO_OK)
		status = copy_text(allocator, request->queue, &filter->queue);
	if (status == CENTRO_OK)
		status = copy_text(allocator, request->owner, &filter->owner);
	return status == CENTRO_OK ? status : ctr_error(text, status, "out of memory");
}

void ctr_event_filter_fini(struct ctr_event_filter *filter)
{
	ctr_free(filter->allocator, filter->jobs);
	ctr_free(filter->allocator, filter->queue);
	ctr_free(filter->allocator, filter->owner);
}

static bool has_job(const struct ctr_event_filter *filter, const Centro__V1__Event *event)
{
	for (size_t i = 0; event->attempt && i < filter->job_count; i++) {
		if (filter->jobs[i] == event->attempt->job)
			return true;
	}
	return filter->job_count == 0;
}

bool ctr_event_filter_passes(const struct ctr_event_filter *filter, const Centro__V1__Event *event)
{
	/* An event about a queue itself has its name there. */
	const char *queue =
		event->type == CENTRO__V1__EVENT__TYPE__queue_set ? event->name : event->queue;
	if (filter->types && !(filter->types >> event->type & 1))
		return false;
	if (filter->node && filter->node != event->node_id)
		return false;
	if (filter->queue && strcmp(filter->queue, queue) != 0)
		return false;
	if (filter->owner && strcmp(filter->owner, event->owner) != 0)
		return false;
	return has_job(filter, event);
}
