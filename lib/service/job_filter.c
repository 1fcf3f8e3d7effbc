/* SPDX-License-Identifier: MIT */
/* job_filter.c - which jobs a list shows: the same rules for live jobs and for records. */
#include "service/job_filter.h"

#include "base/time.h"

#define ARENA_BYTES_MAX (1024 * 1024)

static struct centro_bytes keep(struct ctr_arena *arena, const char *text, bool *ok)
{
	char *copy = ctr_arena_strdup(arena, ctr_bytes_str(text));
	*ok = *ok && copy;
	return ctr_bytes_str(copy);
}

static bool set_times(struct ctr_job_filter_times *times, const Google__Protobuf__Timestamp *after,
		      const Google__Protobuf__Timestamp *before)
{
	*times = (struct ctr_job_filter_times){ .before = CTR_NEVER,
						.is_bounded = after || before };
	return (!after || ctr_codec_instant(after, &times->after)) &&
	       (!before || ctr_codec_instant(before, &times->before));
}

int ctr_job_filter_init(struct ctr_job_filter *filter, const struct centro_allocator *allocator,
			const Centro__V1__JobListRequest *request)
{
	bool ok = true;
	*filter = (struct ctr_job_filter){ .id_min = request->id_min, .id_max = request->id_max };
	ctr_arena_init(&filter->arena, allocator, ARENA_BYTES_MAX);
	if (!set_times(&filter->ended, request->ended_after, request->ended_before) ||
	    !set_times(&filter->submitted, request->submitted_after, request->submitted_before))
		return CENTRO_ERR_INVALID;
	for (size_t i = 0; i < request->n_states; i++)
		filter->states |= 1u << request->states[i];
	filter->queue = keep(&filter->arena, request->queue, &ok);
	filter->owner = keep(&filter->arena, request->owner, &ok);
	filter->name = keep(&filter->arena, request->name, &ok);
	filter->label_count = request->n_labels;
	filter->labels = ctr_arena_array(&filter->arena, request->n_labels + 1,
					 sizeof(*filter->labels));
	for (size_t i = 0; filter->labels && i < request->n_labels; i++) {
		filter->labels[i].key = keep(&filter->arena, request->labels[i]->key, &ok);
		filter->labels[i].value = keep(&filter->arena, request->labels[i]->value, &ok);
	}
	if (ok && filter->labels)
		return CENTRO_OK;
	ctr_job_filter_fini(filter);
	return CENTRO_ERR_NOMEM;
}

void ctr_job_filter_fini(struct ctr_job_filter *filter)
{
	ctr_arena_fini(&filter->arena);
}

static bool passes_state(const struct ctr_job_filter *filter, int state)
{
	if (filter->states == 0)
		return centro_job_state_is_final(state) == filter->ended.is_bounded;
	return filter->states & (1u << state);
}

static bool passes_id(const struct ctr_job_filter *filter, uint64_t id)
{
	return id >= filter->id_min && (filter->id_max == 0 || id <= filter->id_max);
}

/* A time that has not come is in no bounds. */
static bool passes_time(const struct ctr_job_filter_times *times, struct centro_instant at)
{
	return !times->is_bounded ||
	       (at.ns > 0 && at.ns >= times->after.ns && at.ns < times->before.ns);
}

static bool passes_text(struct centro_bytes wanted, struct centro_bytes is)
{
	return wanted.size == 0 || ctr_bytes_equal(wanted, is);
}

bool ctr_job_filter_wants_ended(const struct ctr_job_filter *filter)
{
	for (int state = 1; state < CENTRO_JOB_STATE_COUNT; state++) {
		if (centro_job_state_is_final(state) && passes_state(filter, state))
			return true;
	}
	return false;
}

static bool has_label(const struct ctr_job *job, const struct ctr_label *wanted)
{
	for (size_t i = 0; i < job->label_count; i++) {
		if (ctr_bytes_equal(job->labels[i].key, wanted->key))
			return ctr_bytes_equal(job->labels[i].value, wanted->value);
	}
	return false;
}

bool ctr_job_filter_passes_live(const struct ctr_job_filter *filter, const struct ctr_job *job)
{
	if (!passes_state(filter, job->state) || !passes_id(filter, job->id) ||
	    !passes_time(&filter->ended, job->end_wall) ||
	    !passes_time(&filter->submitted, job->submit_wall) ||
	    !passes_text(filter->queue, job->queue) || !passes_text(filter->owner, job->owner) ||
	    !passes_text(filter->name, job->name))
		return false;
	for (size_t i = 0; i < filter->label_count; i++) {
		if (!has_label(job, &filter->labels[i]))
			return false;
	}
	return true;
}

static bool spec_has_label(const Centro__V1__JobSpec *spec, const struct ctr_label *wanted)
{
	for (size_t i = 0; i < spec->n_labels; i++) {
		if (ctr_bytes_equal(ctr_bytes_str(spec->labels[i]->key), wanted->key))
			return ctr_bytes_equal(ctr_bytes_str(spec->labels[i]->value),
					       wanted->value);
	}
	return false;
}

static struct centro_instant instant_of(const Google__Protobuf__Timestamp *time)
{
	struct centro_instant at = { 0 };
	if (time)
		(void)ctr_codec_instant(time, &at);
	return at;
}

bool ctr_job_filter_passes_record(const struct ctr_job_filter *filter, const Centro__V1__Job *job)
{
	const Centro__V1__JobSpec *spec = job->spec;
	if (!spec || !passes_state(filter, (int)job->state) || !passes_id(filter, job->id))
		return false;
	if (!passes_time(&filter->ended, instant_of(job->end_time)) ||
	    !passes_time(&filter->submitted, instant_of(job->submit_time)))
		return false;
	const char *queue = spec->queue[0] ? spec->queue : "default";
	if (!passes_text(filter->queue, ctr_bytes_str(queue)) ||
	    !passes_text(filter->owner, ctr_bytes_str(job->owner)) ||
	    !passes_text(filter->name, ctr_bytes_str(spec->name)))
		return false;
	for (size_t i = 0; i < filter->label_count; i++) {
		if (!spec_has_label(spec, &filter->labels[i]))
			return false;
	}
	return true;
}
