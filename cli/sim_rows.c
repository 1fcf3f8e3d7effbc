/* SPDX-License-Identifier: MIT */
/* sim_rows.c - the figures of runs as rows of text, for the terminal and for the page. */
#include "sim.h"

#include <inttypes.h>
#include <string.h>

#include <centro/text.h>

#define NS_PER_SEC UINT64_C(1000000000)
#define PPM        1e6

/* How a figure is shown. */
enum form {
	FORM_COUNT,
	FORM_SPAN,   /* nanoseconds */
	FORM_SHARE,  /* millionths of a whole, in percent */
	FORM_FACTOR, /* millionths of a number */
};

/* Whole seconds are shown to the second; a mean need not be finer. */
static void show_span(uint64_t ns, char *cell, size_t size)
{
	if (ns >= NS_PER_SEC)
		ns -= ns % (NS_PER_SEC / 10);
	centro_span_format((struct centro_span){ns}, cell, size);
}

static void show(enum form form, uint64_t value, char *cell, size_t size)
{
	switch (form) {
	case FORM_COUNT:
		snprintf(cell, size, "%" PRIu64, value);
		break;
	case FORM_SPAN:
		show_span(value, cell, size);
		break;
	case FORM_SHARE:
		snprintf(cell, size, "%.2f %%", (double)value / (PPM / 100));
		break;
	case FORM_FACTOR:
		snprintf(cell, size, "%.3f", (double)value / PPM);
		break;
	}
}

/* From the first of two runs to the second. */
static void show_change(enum form form, uint64_t from, uint64_t to, char *cell, size_t size)
{
	double difference = (double)to - (double)from;
	if (from == to)
		snprintf(cell, size, "=");
	else if (form == FORM_SHARE)
		snprintf(cell, size, "%+.2f points", difference / (PPM / 100));
	else if (from > 0)
		snprintf(cell, size, "%+.1f %%", 100 * difference / (double)from);
	else
		snprintf(cell, size, "from nothing");
}

static struct sim_row *add_row(struct sim_rows *rows, const char *title)
{
	struct sim_row *row = &rows->rows[rows->count++];
	*row = (struct sim_row){.title = title};
	return row;
}

static void add_figure(struct sim_rows *rows, const struct sim_report *report, const char *title,
		       enum form form, uint64_t (*get)(const struct sim_run *run))
{
	struct sim_row *row = add_row(rows, title);
	for (size_t i = 0; i < report->run_count; i++)
		show(form, get(&report->runs[i]), row->cells[i], sizeof(row->cells[i]));
	if (report->run_count == 2)
		show_change(form, get(&report->runs[0]), get(&report->runs[1]), row->change,
			    sizeof(row->change));
}

#define GETTER(name, expression)                        \
	static uint64_t name(const struct sim_run *run) \
	{                                               \
		return run->figures.expression;         \
	}
GETTER(get_ended, ended)
GETTER(get_never, never)
GETTER(get_makespan, makespan.ns)
GETTER(get_wait_mean, wait_ns.mean)
GETTER(get_wait_p50, wait_ns.p50)
GETTER(get_wait_p90, wait_ns.p90)
GETTER(get_wait_p99, wait_ns.p99)
GETTER(get_wait_max, wait_ns.max)
GETTER(get_slowdown_mean, slowdown_ppm.mean)
GETTER(get_slowdown_p50, slowdown_ppm.p50)
GETTER(get_slowdown_p99, slowdown_ppm.p99)
GETTER(get_slowdown_max, slowdown_ppm.max)
GETTER(get_waiting_max, waiting_max)
GETTER(get_fairness, fairness_ppm)
GETTER(get_decisions, decisions)

uint64_t sim_decisions_per_s(const struct sim_run *run)
{
	uint64_t us = run->wall_ns / 1000;
	return us > 0 ? (uint64_t)((double)run->figures.decisions * 1e6 / (double)us) : 0;
}

static void add_resource(struct sim_rows *rows, const struct sim_report *report, size_t index)
{
	static const char *const titles[][2] = {
		{"cpu utilisation", "cpu fragmentation"},
		{"memory utilisation", "memory fragmentation"},
		{"gpu utilisation", "gpu fragmentation"},
	};
	struct centro_sim_resource resources[SIM_RUNS_MAX];
	for (size_t i = 0; i < report->run_count; i++) {
		resources[i].size = sizeof(resources[i]);
		centro_sim_get_resource(report->runs[i].sim, index, &resources[i]);
	}
	size_t kind = resources[0].name[0] == 'c' ? 0 : resources[0].name[0] == 'm' ? 1 : 2;
	struct sim_row *used = add_row(rows, titles[kind][0]);
	struct sim_row *lost = add_row(rows, titles[kind][1]);
	for (size_t i = 0; i < report->run_count; i++) {
		show(FORM_SHARE, resources[i].utilisation_ppm, used->cells[i],
		     sizeof(used->cells[i]));
		show(FORM_SHARE, resources[i].lost_ppm, lost->cells[i], sizeof(lost->cells[i]));
	}
	if (report->run_count != 2)
		return;
	show_change(FORM_SHARE, resources[0].utilisation_ppm, resources[1].utilisation_ppm,
		    used->change, sizeof(used->change));
	show_change(FORM_SHARE, resources[0].lost_ppm, resources[1].lost_ppm, lost->change,
		    sizeof(lost->change));
}

static void add_resources(struct sim_rows *rows, const struct sim_report *report)
{
	struct centro_sim_resource resource = {.size = sizeof(resource)};
	for (size_t i = 0; centro_sim_get_resource(report->runs[0].sim, i, &resource) == CENTRO_OK;
	     i++)
		add_resource(rows, report, i);
}

/* The user whose jobs were slowed down most, or least. */
static void add_user(struct sim_rows *rows, const struct sim_report *report, const char *title,
		     bool is_worst)
{
	struct sim_row *row = add_row(rows, title);
	for (size_t i = 0; i < report->run_count; i++) {
		struct centro_sim_group user = {.size = sizeof(user)}, found = {.jobs = 0};
		for (size_t j = 0; centro_sim_get_group(report->runs[i].sim, CENTRO_SIM_USERS, j,
							&user) == CENTRO_OK;
		     j++) {
			bool is_further = is_worst ? user.slowdown_ppm > found.slowdown_ppm
						   : user.slowdown_ppm < found.slowdown_ppm;
			if (user.jobs > 0 && (found.jobs == 0 || is_further))
				found = user;
		}
		if (found.jobs > 0)
			snprintf(row->cells[i], sizeof(row->cells[i]), "%.3f (%.20s)",
				 (double)found.slowdown_ppm / PPM, found.name);
	}
}

struct sim_shift sim_shift(const struct sim_report *report)
{
	struct centro_sim_job from = {.size = sizeof(from)}, to = {.size = sizeof(to)};
	struct sim_shift shift = {0};
	for (size_t i = 0; centro_sim_get_job(report->runs[0].sim, i, &from) == CENTRO_OK &&
			   centro_sim_get_job(report->runs[1].sim, i, &to) == CENTRO_OK;
	     i++) {
		shift.sooner += to.start.ns < from.start.ns;
		shift.later += to.start.ns > from.start.ns;
		shift.same += to.start.ns == from.start.ns;
	}
	return shift;
}

static void add_shift(struct sim_rows *rows, const struct sim_report *report)
{
	struct sim_shift shift = sim_shift(report);
	snprintf(add_row(rows, "jobs that start sooner")->change, 64, "%" PRIu64, shift.sooner);
	snprintf(add_row(rows, "jobs that start later")->change, 64, "%" PRIu64, shift.later);
}

static void add_digests(struct sim_rows *rows, const struct sim_report *report)
{
	struct sim_row *row = add_row(rows, "digest");
	for (size_t i = 0; i < report->run_count; i++)
		snprintf(row->cells[i], sizeof(row->cells[i]), "%016" PRIx64,
			 report->runs[i].figures.digest);
}

void sim_rows_fill(struct sim_rows *rows, const struct sim_report *report)
{
	rows->count = 0;
	add_figure(rows, report, "jobs that ran", FORM_COUNT, get_ended);
	add_figure(rows, report, "jobs that never fit", FORM_COUNT, get_never);
	add_figure(rows, report, "makespan", FORM_SPAN, get_makespan);
	add_resources(rows, report);
	add_figure(rows, report, "wait mean", FORM_SPAN, get_wait_mean);
	add_figure(rows, report, "wait p50", FORM_SPAN, get_wait_p50);
	add_figure(rows, report, "wait p90", FORM_SPAN, get_wait_p90);
	add_figure(rows, report, "wait p99", FORM_SPAN, get_wait_p99);
	add_figure(rows, report, "wait max", FORM_SPAN, get_wait_max);
	add_figure(rows, report, "bounded slowdown mean", FORM_FACTOR, get_slowdown_mean);
	add_figure(rows, report, "bounded slowdown p50", FORM_FACTOR, get_slowdown_p50);
	add_figure(rows, report, "bounded slowdown p99", FORM_FACTOR, get_slowdown_p99);
	add_figure(rows, report, "bounded slowdown max", FORM_FACTOR, get_slowdown_max);
	add_figure(rows, report, "waiting at once, max", FORM_COUNT, get_waiting_max);
	add_figure(rows, report, "fairness over users", FORM_FACTOR, get_fairness);
	add_user(rows, report, "worst user, slowdown", true);
	add_user(rows, report, "best user, slowdown", false);
	if (report->run_count == 2)
		add_shift(rows, report);
	add_figure(rows, report, "decisions", FORM_COUNT, get_decisions);
	add_figure(rows, report, "decisions per second", FORM_COUNT, sim_decisions_per_s);
	add_digests(rows, report);
}

const char *sim_title(const struct sim_report *report, char *buffer, size_t size)
{
	const struct centro_sim_figures *figures = &report->runs[0].figures;
	snprintf(buffer, size, "%.200s: %" PRIu64 " jobs on %" PRIu32 " node%s", report->source,
		 figures->jobs, figures->nodes, figures->nodes == 1 ? "" : "s");
	return buffer;
}
