/* SPDX-License-Identifier: MIT */
/*
 * sim_chart.c - a chart of a figure over time, as SVG: one line a run.
 *
 * Lines differ by colour and by dashes, both by the class of their run, "run0" and
 * so on; the page's style says how.
 */
#include "sim.h"

#include "text.h"

#define WIDTH   960
#define HEIGHT  240
#define LEFT    70
#define RIGHT   20
#define TOP     12
#define BOTTOM  28
#define TICKS_X 8
#define TICKS_Y 4

struct chart {
	FILE *file;
	const struct sim_report *report;
	size_t resource;
	uint64_t begin_ns, end_ns;
	double top; /* the value at the upper edge */
};

static double value_at(const struct chart *chart, const struct centro_sim_point *point)
{
	return chart->resource == SIM_CHART_WAITING
		       ? (double)point->waiting_milli / 1e3
		       : (double)point->used_ppm[chart->resource] / 1e4;
}

static double x_of(const struct chart *chart, double ns)
{
	double share =
		chart->end_ns > chart->begin_ns
			? (ns - (double)chart->begin_ns) / (double)(chart->end_ns - chart->begin_ns)
			: 0;
	return LEFT + share * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct chart *chart, double value)
{
	return HEIGHT - BOTTOM - value / chart->top * (HEIGHT - TOP - BOTTOM);
}

/* A round number that is not below `value`: 1, 2 or 5 and zeros. */
static double round_up(double value)
{
	static const double steps[] = {1, 2, 5};
	for (double unit = 1;; unit *= 10) {
		for (size_t i = 0; i < 3; i++) {
			if (steps[i] * unit >= value)
				return steps[i] * unit;
		}
	}
}

static void find_bounds(struct chart *chart)
{
	double most = 1;
	chart->begin_ns = chart->report->runs[0].figures.first_submit.ns;
	for (size_t i = 0; i < chart->report->run_count; i++) {
		const struct sim_run *run = &chart->report->runs[i];
		struct centro_sim_point point = {.size = sizeof(point)};
		if (chart->end_ns < run->figures.last_end.ns)
			chart->end_ns = run->figures.last_end.ns;
		for (size_t j = 0; centro_sim_get_point(run->sim, j, &point) == CENTRO_OK; j++) {
			double value = value_at(chart, &point);
			most = value > most ? value : most;
		}
	}
	chart->top = chart->resource == SIM_CHART_WAITING ? round_up(most) : 100;
}

static void write_grid(const struct chart *chart)
{
	bool is_waiting = chart->resource == SIM_CHART_WAITING;
	for (int i = 0; i <= TICKS_Y; i++) {
		double value = chart->top * i / TICKS_Y, y = y_of(chart, value);
		fprintf(chart->file,
			"<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
			"<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.4g%s</text>\n",
			LEFT, WIDTH - RIGHT, y, y, LEFT - 6, y + 4, value, is_waiting ? "" : " %");
	}
	for (int i = 0; i <= TICKS_X; i++) {
		char age[32];
		uint64_t ns = (chart->end_ns - chart->begin_ns) / TICKS_X * (uint64_t)i;
		fprintf(chart->file, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
			x_of(chart, (double)(chart->begin_ns + ns)), HEIGHT - 8,
			text_age(ns, age, sizeof(age)));
	}
}

/* Each stretch of time is a level line at its mean. */
static void write_line(const struct chart *chart, size_t index)
{
	struct centro_sim_point point = {.size = sizeof(point)};
	const struct centro_sim *sim = chart->report->runs[index].sim;
	fprintf(chart->file, "<path class=\"line run%zu\" d=\"", index);
	for (size_t i = 0; centro_sim_get_point(sim, i, &point) == CENTRO_OK; i++) {
		double y = y_of(chart, value_at(chart, &point));
		fprintf(chart->file, "%c%.1f %.1fH%.1f", i == 0 ? 'M' : 'L',
			x_of(chart, (double)point.begin.ns), y, x_of(chart, (double)point.end.ns));
	}
	fputs("\"/>\n", chart->file);
}

void sim_chart_write(FILE *file, const struct sim_report *report, size_t resource)
{
	struct chart chart = {.file = file, .report = report, .resource = resource};
	find_bounds(&chart);
	fprintf(file, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n", WIDTH, HEIGHT,
		resource == SIM_CHART_WAITING ? "Jobs that wait, over time"
					      : "Utilisation over time");
	write_grid(&chart);
	for (size_t i = 0; i < report->run_count; i++)
		write_line(&chart, i);
	fputs("</svg>\n", file);
}
