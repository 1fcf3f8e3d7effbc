/* SPDX-License-Identifier: MIT */
/*
 * sim_html.c - runs as one page that needs nothing from elsewhere.
 *
 * There is no script in it, and all text of the workload is escaped.
 */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<meta name=\"color-scheme\" content=\"light dark\">\n"
	"<style>\n"
	":root{--back:#fff;--text:#1b1b1b;--quiet:#666;--grid:#ddd;"
	"--c0:#0b62a4;--c1:#c4460a;--c2:#2c7a3f;--c3:#7a3fa0}\n"
	"@media (prefers-color-scheme:dark){:root{--back:#16181b;--text:#e8e8e8;--quiet:#a0a0a0;"
	"--grid:#3a3d42;--c0:#6db6f2;--c1:#ff9a66;--c2:#77cf8c;--c3:#c99aec}}\n"
	"body{background:var(--back);color:var(--text);font:15px/1.5 system-ui,sans-serif;"
	"max-width:62rem;margin:2rem auto;padding:0 1rem}\n"
	"h1{font-size:1.3rem}h2{font-size:1.05rem;margin:1.6rem 0 .3rem}\n"
	"table{border-collapse:collapse}\n"
	"th,td{padding:.15rem .9rem .15rem 0;text-align:right;font-variant-numeric:tabular-nums}\n"
	"th:first-child,td:first-child{text-align:left}\n"
	"tr{border-bottom:1px solid var(--grid)}\n"
	"td.text{text-align:left}\n"
	"svg{width:100%;height:auto}svg text{fill:var(--quiet);font-size:11px}\n"
	".grid{stroke:var(--grid)}.line{fill:none;stroke-width:1.6}\n"
	".run0,.run4{stroke:var(--c0)}.run1,.run5{stroke:var(--c1);stroke-dasharray:6 2}\n"
	".run2,.run6{stroke:var(--c2);stroke-dasharray:2 2}"
	".run3,.run7{stroke:var(--c3);stroke-dasharray:8 2 2 2}\n"
	".legend svg{width:2.5rem;height:.8rem;margin:0 .4rem 0 1rem;vertical-align:middle}\n"
	"footer{color:var(--quiet);margin-top:2rem;font-size:.85rem}\n"
	"</style>\n";

void sim_html_escape(FILE *file, const char *text)
{
	char *shown = text_escaped(text);
	for (const char *c = shown; *c; c++) {
		switch (*c) {
		case '&':
			fputs("&amp;", file);
			break;
		case '<':
			fputs("&lt;", file);
			break;
		case '>':
			fputs("&gt;", file);
			break;
		case '"':
			fputs("&quot;", file);
			break;
		default:
			fputc(*c, file);
		}
	}
	free(shown);
}

/* One cell; `what` is "td", "th" or "td class=…". */
static void write_cell(FILE *file, const char *what, const char *text)
{
	fprintf(file, "<%s>", what);
	sim_html_escape(file, text);
	fprintf(file, "</%.2s>", what);
}

static void write_legend(FILE *file, const struct sim_report *report)
{
	fputs("<p class=\"legend\">", file);
	for (size_t i = 0; i < report->run_count; i++) {
		fprintf(file,
			"<svg viewBox=\"0 0 40 12\"><path class=\"line run%zu\" d=\"M0 6H40\"/>"
			"</svg>",
			i);
		sim_html_escape(file, report->runs[i].policy);
	}
	fputs("</p>\n", file);
}

static void write_charts(FILE *file, const struct sim_report *report)
{
	struct centro_sim_resource resource = {.size = sizeof(resource)};
	write_legend(file, report);
	for (size_t i = 0; centro_sim_get_resource(report->runs[0].sim, i, &resource) == CENTRO_OK;
	     i++) {
		const char *name = strcmp(resource.name, "gpu_milli") == 0 ? "gpu" : resource.name;
		fprintf(file, "<h2>Utilisation: %s</h2>\n", name);
		sim_chart_write(file, report, i);
	}
	fputs("<h2>Jobs that wait</h2>\n", file);
	sim_chart_write(file, report, SIM_CHART_WAITING);
}

static void write_figures(FILE *file, const struct sim_report *report)
{
	struct sim_rows rows;
	sim_rows_fill(&rows, report);
	fputs("<h2>Figures</h2>\n<table>\n<tr><th></th>", file);
	for (size_t i = 0; i < report->run_count; i++)
		write_cell(file, "th", report->runs[i].policy);
	fputs(report->run_count == 2 ? "<th>change</th></tr>\n" : "</tr>\n", file);
	for (size_t i = 0; i < rows.count; i++) {
		fputs("<tr>", file);
		write_cell(file, "td", rows.rows[i].title);
		for (size_t j = 0; j < report->run_count; j++)
			write_cell(file, "td", rows.rows[i].cells[j]);
		if (report->run_count == 2)
			write_cell(file, "td", rows.rows[i].change);
		fputs("</tr>\n", file);
	}
	fputs("</table>\n", file);
}

/* The cluster is the same in every run, so what never fits is, too. */
static void write_refusals(FILE *file, const struct sim_report *report)
{
	struct centro_sim_refusal refusal = {.size = sizeof(refusal)};
	const struct centro_sim *sim = report->runs[0].sim;
	if (report->runs[0].figures.never == 0)
		return;
	fputs("<h2>Jobs that never fit</h2>\n<table>\n"
	      "<tr><th>jobs</th><th>first</th><th>why</th></tr>\n",
	      file);
	for (size_t i = 0; centro_sim_get_refusal(sim, i, &refusal) == CENTRO_OK; i++) {
		fprintf(file, "<tr><td>%llu</td><td>%llu</td>", (unsigned long long)refusal.jobs,
			(unsigned long long)refusal.first);
		write_cell(file, "td class=\"text\"", refusal.reason);
		fputs("</tr>\n", file);
	}
	fputs("</table>\n", file);
}

void sim_html_write(FILE *file, const struct sim_report *report)
{
	char title[320];
	sim_title(report, title, sizeof(title));
	fputs(head, file);
	fputs("<title>", file);
	sim_html_escape(file, title);
	fputs("</title>\n</head>\n<body>\n<h1>", file);
	sim_html_escape(file, title);
	fputs("</h1>\n", file);
	write_charts(file, report);
	write_figures(file, report);
	write_refusals(file, report);
	fputs("<footer>Made by centro sim. What the figures mean: docs/simulation.md.</footer>\n"
	      "</body>\n</html>\n",
	      file);
}
