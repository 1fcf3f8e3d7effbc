/* SPDX-License-Identifier: MIT */
/* Workloads under test. */
#include "workload_fixture.h"

#include "support/suite.h"

#include "base/bytes.h"
#include "base/time.h"

struct centro_workload *fixture_new(bool skip_malformed)
{
	struct centro_workload_options options = CENTRO_WORKLOAD_OPTIONS_INIT;
	struct centro_workload *workload;
	options.skip_malformed = skip_malformed;
	ck_assert_int_eq(centro_workload_new(&options, &workload, NULL), CENTRO_OK);
	return workload;
}

int fixture_read(struct centro_workload *workload, enum centro_workload_format format,
		 const char *bytes, size_t piece, struct centro_error_text *text)
{
	size_t size = strlen(bytes);
	int status = centro_workload_begin(workload, format, "trace", text);
	for (size_t at = 0; at < size && status == CENTRO_OK;) {
		size_t part = piece > 0 && piece < size - at ? piece : size - at;
		status = centro_workload_feed(workload, ctr_bytes(bytes + at, part), text);
		at += part;
	}
	return status == CENTRO_OK ? centro_workload_end(workload, text) : status;
}

struct centro_workload *fixture_swf(const char *bytes)
{
	struct centro_workload *workload = fixture_new(/* skip_malformed= */ false);
	struct centro_error_text text = {""};
	if (fixture_read(workload, CENTRO_WORKLOAD_SWF, bytes, 0, &text) != CENTRO_OK)
		ck_abort_msg("%s", text.text);
	return workload;
}

void fixture_refused(enum centro_workload_format format, const char *bytes, const char *expected)
{
	struct centro_workload *workload = fixture_new(/* skip_malformed= */ false);
	struct centro_error_text text = {""};
	ck_assert_int_ne(fixture_read(workload, format, bytes, 0, &text), CENTRO_OK);
	ck_assert_str_eq(text.text, expected);
	/* What was cut off in the middle is not run. */
	struct centro_sim *sim;
	ck_assert_int_eq(centro_sim_run(workload, NULL, &sim, NULL), CENTRO_ERR_INVALID);
	centro_workload_free(workload);
}

struct centro_sim *fixture_run(const struct centro_workload *workload, const char *policy,
			       uint32_t nodes, uint32_t cores)
{
	struct centro_sim_options options = CENTRO_SIM_OPTIONS_INIT;
	struct centro_error_text text = {""};
	struct centro_sim *sim = NULL;
	options.policy = policy;
	options.nodes = nodes;
	options.cores = cores;
	if (centro_sim_run(workload, &options, &sim, &text) != CENTRO_OK)
		ck_abort_msg("%s", text.text);
	return sim;
}

int64_t fixture_start_s(const struct centro_sim *sim, size_t index)
{
	struct centro_sim_job job = {.size = sizeof(job)};
	ck_assert_int_eq(centro_sim_get_job(sim, index, &job), CENTRO_OK);
	if (job.start.ns == CENTRO_INSTANT_NEVER_NS)
		return -1;
	ck_assert_uint_eq(job.start.ns % CTR_NS_PER_SEC, 0);
	return (int64_t)(job.start.ns / CTR_NS_PER_SEC);
}

struct centro_sim_figures fixture_figures(const struct centro_sim *sim)
{
	struct centro_sim_figures figures = {.size = sizeof(figures)};
	ck_assert_int_eq(centro_sim_get_figures(sim, &figures), CENTRO_OK);
	return figures;
}

struct centro_workload_info fixture_info(const struct centro_workload *workload)
{
	struct centro_workload_info info = {.size = sizeof(info)};
	ck_assert_int_eq(centro_workload_get_info(workload, &info), CENTRO_OK);
	return info;
}
