/* SPDX-License-Identifier: MIT */
/* sim_json.c - all that is known of runs, in JSON. Times are seconds, ratios are numbers. */
#include "sim.h"

#include <inttypes.h>

static void set_number(cJSON *object, const char *name, double value)
{
	json_set(object, name, need(cJSON_CreateNumber(value)));
}

static void set_count(cJSON *object, const char *name, uint64_t value)
{
	set_number(object, name, (double)value);
}

static void set_seconds(cJSON *object, const char *name, uint64_t ns)
{
	set_number(object, name, (double)ns / 1e9);
}

static void set_ratio(cJSON *object, const char *name, uint64_t ppm)
{
	set_number(object, name, (double)ppm / 1e6);
}

static void set_spread(cJSON *object, const char *name, const struct centro_sim_spread *spread,
		       void (*set)(cJSON *object, const char *name, uint64_t value))
{
	cJSON *member = json_add_object(object, name);
	set(member, "mean", spread->mean);
	set(member, "p50", spread->p50);
	set(member, "p90", spread->p90);
	set(member, "p99", spread->p99);
	set(member, "max", spread->max);
}

static void add_resources(cJSON *run, const struct centro_sim *sim)
{
	cJSON *list = json_add_array(run, "resources");
	struct centro_sim_resource resource = {.size = sizeof(resource)};
	for (size_t i = 0; centro_sim_get_resource(sim, i, &resource) == CENTRO_OK; i++) {
		cJSON *item = json_object();
		json_set_text(item, "name", resource.name);
		set_count(item, "capacity", resource.capacity);
		set_ratio(item, "utilisation", resource.utilisation_ppm);
		set_ratio(item, "fragmentation", resource.lost_ppm);
		json_append(list, item);
	}
}

static void add_groups(cJSON *run, const char *name, const struct centro_sim *sim,
		       enum centro_sim_group_type type)
{
	cJSON *list = json_add_array(run, name);
	struct centro_sim_group group = {.size = sizeof(group)};
	for (size_t i = 0; centro_sim_get_group(sim, type, i, &group) == CENTRO_OK; i++) {
		cJSON *item = json_object();
		json_set_text(item, "name", group.name);
		set_count(item, "jobs", group.jobs);
		set_seconds(item, "wait_s", group.wait_ns);
		set_ratio(item, "bounded_slowdown", group.slowdown_ppm);
		json_append(list, item);
	}
}

static void add_refusals(cJSON *run, const struct centro_sim *sim)
{
	cJSON *list = json_add_array(run, "never_fit");
	struct centro_sim_refusal refusal = {.size = sizeof(refusal)};
	for (size_t i = 0; centro_sim_get_refusal(sim, i, &refusal) == CENTRO_OK; i++) {
		cJSON *item = json_object();
		set_count(item, "jobs", refusal.jobs);
		set_count(item, "first_job", refusal.first);
		json_set_text(item, "reason", refusal.reason);
		json_append(list, item);
	}
}

static void add_series(cJSON *run, const struct centro_sim *sim)
{
	cJSON *list = json_add_array(run, "series");
	struct centro_sim_resource resource = {.size = sizeof(resource)};
	struct centro_sim_point point = {.size = sizeof(point)};
	for (size_t i = 0; centro_sim_get_point(sim, i, &point) == CENTRO_OK; i++) {
		cJSON *item = json_object();
		set_seconds(item, "begin_s", point.begin.ns);
		set_seconds(item, "end_s", point.end.ns);
		cJSON *used = json_add_object(item, "utilisation");
		for (size_t j = 0; centro_sim_get_resource(sim, j, &resource) == CENTRO_OK; j++)
			set_ratio(used, resource.name, point.used_ppm[j]);
		set_number(item, "waiting", (double)point.waiting_milli / 1e3);
		set_count(item, "waiting_max", point.waiting_max);
		json_append(list, item);
	}
}

static cJSON *make_run(const struct sim_run *run)
{
	const struct centro_sim_figures *figures = &run->figures;
	cJSON *object = json_object();
	char digest[17];
	snprintf(digest, sizeof(digest), "%016" PRIx64, figures->digest);
	json_set_text(object, "policy", run->policy);
	set_count(object, "nodes", figures->nodes);
	set_count(object, "jobs", figures->jobs);
	set_count(object, "ran", figures->ended);
	set_seconds(object, "first_submit_s", figures->first_submit.ns);
	set_seconds(object, "last_end_s", figures->last_end.ns);
	set_seconds(object, "makespan_s", figures->makespan.ns);
	set_spread(object, "wait_s", &figures->wait_ns, set_seconds);
	set_spread(object, "bounded_slowdown", &figures->slowdown_ppm, set_ratio);
	add_resources(object, run->sim);
	set_count(object, "waiting_max", figures->waiting_max);
	set_ratio(object, "fairness", figures->fairness_ppm);
	add_refusals(object, run->sim);
	set_count(object, "decisions", figures->decisions);
	set_count(object, "decisions_per_s", sim_decisions_per_s(run));
	set_count(object, "events", figures->events);
	set_seconds(object, "took_s", run->wall_ns);
	json_set_text(object, "digest", digest);
	add_groups(object, "users", run->sim, CENTRO_SIM_USERS);
	add_groups(object, "queues", run->sim, CENTRO_SIM_QUEUES);
	add_series(object, run->sim);
	return object;
}

static void add_workload(cJSON *object, const struct sim_report *report)
{
	const struct centro_workload_info *info = &report->info;
	cJSON *workload = json_add_object(object, "workload");
	json_set_text(workload, "source", report->source);
	set_count(workload, "jobs", info->jobs);
	set_count(workload, "malformed_lines", info->malformed);
	json_set_text(workload, "first_malformed", info->malformed_first);
	set_count(workload, "partial_lines", info->partial);
	set_count(workload, "never_ran", info->never_ran);
	set_count(workload, "assumed_run_times", info->assumed);
}

cJSON *sim_json(const struct sim_report *report)
{
	cJSON *object = json_object();
	add_workload(object, report);
	cJSON *runs = json_add_array(object, "runs");
	for (size_t i = 0; i < report->run_count; i++)
		json_append(runs, make_run(&report->runs[i]));
	if (report->run_count == 2) {
		struct sim_shift shift = sim_shift(report);
		cJSON *comparison = json_add_object(object, "comparison");
		json_set_text(comparison, "from", report->runs[0].policy);
		json_set_text(comparison, "to", report->runs[1].policy);
		set_count(comparison, "jobs_sooner", shift.sooner);
		set_count(comparison, "jobs_later", shift.later);
		set_count(comparison, "jobs_same", shift.same);
	}
	return object;
}
