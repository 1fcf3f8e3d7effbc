/* SPDX-License-Identifier: MIT */
/*
 * cycle_load.c - P2's load: submitters that keep a number of submits in flight,
 * and agents that claim what is assigned and report its end, in one thread. A
 * cycle counts when the report of its end is acknowledged, and that is when it
 * is durable.
 *
 * Prints one JSON object: what happened in the measured time, and what was left
 * undone at the end of it all ("lost" must be 0).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "load_agent.h"
#include "load_job.h"

#define SUBMITTERS_MAX  48
#define AGENTS_MAX      8
#define LIVE_MAX        16384 /* jobs under way, over which nothing is submitted */
#define DRAIN_MS        10000
#define REQUEST_BYTES   300
#define FILLER_OVERHEAD 5 /* its tag and length, and a longer length of what is around it */

struct settings {
	uint16_t port;
	pid_t server;
	unsigned submitters, in_flight, agents;
	unsigned warm_up_ms, run_ms;
	bool reports_running;
};

struct slot {
	struct load *load;
	struct load_conn *conn;
	uint64_t started_ns;
	bool is_free;
};

/* What is counted from the start; a window is the difference of two. */
struct counts {
	uint64_t at_ns, submits, cycles;
	double server_cpu_us, own_cpu_us;
};

struct load {
	struct settings settings;
	struct load_net net;
	struct load_agent agents[AGENTS_MAX];
	struct slot *slots;
	size_t slot_count;
	struct ctr_buf request;
	uint64_t begun, submitted; /* submits sent and acknowledged */
	bool is_measuring, is_stopping;
	uint32_t *latencies_us;
	size_t latency_count, latency_capacity;
};

/* ---- submitting ---- */

static void note_latency(struct load *load, uint64_t ns)
{
	if (load->latency_count == load->latency_capacity) {
		load->latency_capacity =
			load->latency_capacity ? 2 * load->latency_capacity : 65536;
		load->latencies_us = realloc(load->latencies_us,
					     load->latency_capacity * sizeof(*load->latencies_us));
		if (!load->latencies_us)
			load_die("out of memory");
	}
	load->latencies_us[load->latency_count++] = (uint32_t)(ns / CTR_NS_PER_US);
}

static void submit_ended(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
			 struct centro_bytes message, bool never_sent)
{
	struct slot *slot = arg;
	if (status != CTR_GRPC_OK)
		load_die("Submit: %s: %.*s", ctr_grpc_status_name(status), (int)message.size,
			 (const char *)message.data);
	slot->is_free = true;
	slot->load->submitted++;
	if (slot->load->is_measuring)
		note_latency(slot->load, slot->load->net.now.ns - slot->started_ns);
}

static uint64_t cycles(const struct load *load)
{
	uint64_t ended = 0;
	for (unsigned i = 0; i < load->settings.agents; i++)
		ended += load->agents[i].ended - load->agents[i].stale;
	return ended;
}

static void submit_turn(struct load *load)
{
	static const struct ctr_grpc_call_impl impl = {.closed = submit_ended};
	uint64_t live = load->begun - cycles(load);
	for (size_t i = 0; i < load->slot_count && live < LIVE_MAX && !load->is_stopping; i++) {
		struct slot *slot = &load->slots[i];
		if (!slot->is_free)
			continue;
		slot->is_free = false;
		slot->started_ns = load->net.now.ns;
		load_call(&load->net, slot->conn, "/centro.v1.JobService/Submit",
			  ctr_buf_bytes(&load->request), &impl, slot);
		load->begun++;
		live++;
	}
}

static void turn(struct load *load)
{
	load_flush(&load->net);
	load_wait(&load->net, 100);
	for (unsigned i = 0; i < load->settings.agents; i++)
		load_agent_turn(&load->agents[i]);
	submit_turn(load);
}

static void run_for(struct load *load, unsigned ms)
{
	struct centro_instant end = ctr_after(load->net.now, ctr_span_ms(ms));
	while (!ctr_reached(end, load->net.now))
		turn(load);
}

/* Let all that is under way end. What did not is lost. */
static uint64_t drain(struct load *load)
{
	struct centro_instant end = ctr_after(load->net.now, ctr_span_ms(DRAIN_MS));
	load->is_stopping = true;
	while (load->begun > cycles(load) && !ctr_reached(end, load->net.now))
		turn(load);
	return load->begun - cycles(load);
}

/* ---- figures ---- */

/* User and system time of a process, in all its threads. */
static double cpu_us_of(pid_t pid)
{
	char path[64];
	unsigned long user, system;
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	FILE *file = fopen(path, "re");
	if (!file ||
	    fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
		   &system) != 2)
		load_die("%s cannot be read", path);
	fclose(file);
	return (double)(user + system) * 1e6 / (double)sysconf(_SC_CLK_TCK);
}

static struct counts count(const struct load *load)
{
	return (struct counts){
		.at_ns = load->net.now.ns,
		.submits = load->submitted,
		.cycles = cycles(load),
		.server_cpu_us = load->settings.server ? cpu_us_of(load->settings.server) : 0,
		.own_cpu_us = (double)load_clock_ns(CLOCK_PROCESS_CPUTIME_ID) / 1e3,
	};
}

static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

static uint32_t percentile_us(const struct load *load, unsigned percent)
{
	return load->latency_count ? load->latencies_us[load->latency_count * percent / 100] : 0;
}

static void print_figures(const struct load *load, struct counts from, struct counts to,
			  uint64_t lost)
{
	uint64_t stale = 0, denied = 0;
	double count = to.cycles > from.cycles ? (double)(to.cycles - from.cycles) : 1;
	for (unsigned i = 0; i < load->settings.agents; i++) {
		stale += load->agents[i].stale;
		denied += load->agents[i].denied;
	}
	qsort(load->latencies_us, load->latency_count, sizeof(*load->latencies_us), compare_u32);
	printf("{\"seconds\":%.6f,\"cycles\":%" PRIu64 ",\"submits\":%" PRIu64
	       ",\"submit_us_p50\":%u,\"submit_us_p99\":%u,\"server_cpu_us_per_cycle\":%.2f"
	       ",\"load_cpu_us_per_cycle\":%.2f,\"cycles_in_all\":%" PRIu64 ",\"stale\":%" PRIu64
	       ",\"denied\":%" PRIu64 ",\"lost\":%" PRIu64 "}\n",
	       (double)(to.at_ns - from.at_ns) / 1e9, to.cycles - from.cycles,
	       to.submits - from.submits, percentile_us(load, 50), percentile_us(load, 99),
	       (to.server_cpu_us - from.server_cpu_us) / count,
	       (to.own_cpu_us - from.own_cpu_us) / count, cycles(load), stale, denied, lost);
}

/* ---- life ---- */

/* A job as large as what P2's baselines store for one. */
static void encode_request(struct load *load)
{
	static char filler[REQUEST_BYTES];
	const char *const command[] = {"true", filler};
	load_encode_submit(&load->request, command, 1);
	memset(filler, 'x', REQUEST_BYTES - FILLER_OVERHEAD - load->request.size);
	ctr_buf_fini(&load->request);
	load_encode_submit(&load->request, command, 2);
	CTR_ASSERT(load->request.size == REQUEST_BYTES);
}

static void init(struct load *load)
{
	const struct settings *settings = &load->settings;
	load_net_init(&load->net);
	encode_request(load);
	for (unsigned i = 0; i < settings->agents; i++)
		load_agent_init(&load->agents[i], &load->net, settings->port, i,
				settings->reports_running);
	load->slot_count = (size_t)settings->submitters * settings->in_flight;
	load->slots = calloc(load->slot_count + 1, sizeof(*load->slots));
	if (!load->slots)
		load_die("out of memory");
	for (unsigned i = 0; i < settings->submitters; i++) {
		struct load_conn *conn = load_connect(&load->net, settings->port);
		for (unsigned j = 0; j < settings->in_flight; j++)
			load->slots[i * settings->in_flight + j] =
				(struct slot){.load = load, .conn = conn, .is_free = true};
	}
}

static void fini(struct load *load)
{
	for (unsigned i = 0; i < load->settings.agents; i++)
		load_agent_fini(&load->agents[i]);
	load_net_fini(&load->net);
	ctr_buf_fini(&load->request);
	free(load->slots);
	free(load->latencies_us);
}

static unsigned number(const char *text, unsigned max)
{
	char *end;
	errno = 0;
	unsigned long value = strtoul(text, &end, 10);
	if (errno || *end || end == text || value > max)
		load_die("\"%s\": not a number from 0 to %u", text, max);
	return (unsigned)value;
}

static struct settings read_settings(int argc, char **argv)
{
	struct settings settings = {
		.submitters = 16, .in_flight = 16, .agents = 4, .warm_up_ms = 1000, .run_ms = 5000};
	int option;
	while ((option = getopt(argc, argv, "p:s:c:i:a:w:t:r")) != -1) {
		switch (option) {
		case 'p':
			settings.port = (uint16_t)number(optarg, UINT16_MAX);
			break;
		case 's':
			settings.server = (pid_t)number(optarg, INT32_MAX);
			break;
		case 'c':
			settings.submitters = number(optarg, SUBMITTERS_MAX);
			break;
		case 'i':
			settings.in_flight = number(optarg, 1000);
			break;
		case 'a':
			settings.agents = number(optarg, AGENTS_MAX);
			break;
		case 'w':
			settings.warm_up_ms = number(optarg, 1000000);
			break;
		case 't':
			settings.run_ms = number(optarg, 1000000);
			break;
		case 'r':
			settings.reports_running = true;
			break;
		default:
			fprintf(stderr,
				"Usage: cycle_load -p PORT [-s SERVER_PID] [-c SUBMITTERS] [-i "
				"IN_FLIGHT]\n"
				"                  [-a AGENTS] [-w WARM_UP_MS] [-t RUN_MS] [-r]\n"
				"-r: each job is reported running before it is reported ended\n");
			exit(2);
		}
	}
	return settings;
}

int main(int argc, char **argv)
{
	static struct load load;
	load.settings = read_settings(argc, argv);
	init(&load);
	run_for(&load, load.settings.warm_up_ms);
	struct counts from = count(&load);
	load.is_measuring = true;
	run_for(&load, load.settings.run_ms);
	load.is_measuring = false;
	struct counts to = count(&load);
	print_figures(&load, from, to, drain(&load));
	fini(&load);
	return 0;
}
