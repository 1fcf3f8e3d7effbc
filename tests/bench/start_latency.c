/* SPDX-License-Identifier: MIT */
/*
 * start_latency.c - P7: how long from submitting a job to the first instruction
 * of its command, on an idle cluster, beside one fdatasync and one fork and exec
 * of the same command. The two take turns, with a pause before each.
 *
 * Prints one JSON object, in µs.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bare.h"
#include "load_job.h"

#define JOBS_MAX     10000
#define WARM_UP_JOBS 5
#define PAUSE_US     5000
#define START_MS_MAX 10000

struct bench {
	struct load_net net;
	struct load_conn *conn;
	const char *command[3]; /* first_instruction, the FIFO */
	int fifo, file;
	struct ctr_buf request;
};

struct sample {
	uint64_t centro_ns, bare_ns, sync_ns;
};

static void init(struct bench *bench, uint16_t port, const char *command, const char *folder)
{
	static char path[4096];
	snprintf(path, sizeof(path), "%s/fifo", folder);
	if (mkfifo(path, 0600) < 0)
		load_die("%s: %s", path, strerror(errno));
	load_net_init(&bench->net);
	bench->conn = load_connect(&bench->net, port);
	bench->command[0] = command;
	bench->command[1] = path;
	/* Not only for reading: else it would be at its end whenever nobody writes. */
	bench->fifo = open(path, O_RDWR | O_CLOEXEC);
	if (bench->fifo < 0)
		load_die("%s: %s", path, strerror(errno));
	bench->file = bare_open(folder);
	load_encode_submit(&bench->request, bench->command, 2);
}

static void fini(struct bench *bench)
{
	load_net_fini(&bench->net);
	ctr_buf_fini(&bench->request);
	close(bench->fifo);
	close(bench->file);
}

/* When main() of the command began. */
static uint64_t read_start(const struct bench *bench)
{
	struct pollfd fd = {.fd = bench->fifo, .events = POLLIN};
	uint64_t ns;
	if (poll(&fd, 1, START_MS_MAX) != 1 || read(bench->fifo, &ns, sizeof(ns)) != sizeof(ns))
		load_die("the command did not start within %d ms", START_MS_MAX);
	return ns;
}

static uint64_t run_through_centro(struct bench *bench)
{
	uint64_t begun_ns = load_clock_ns(CLOCK_BOOTTIME);
	uint64_t job = load_submit(&bench->net, bench->conn, ctr_buf_bytes(&bench->request));
	uint64_t started_ns = read_start(bench);
	while (!load_has_ended(&bench->net, bench->conn, job))
		usleep(1000);
	return started_ns - begun_ns;
}

static uint64_t run_bare(struct bench *bench, uint64_t *ret_sync_ns)
{
	uint64_t begun_ns = load_clock_ns(CLOCK_BOOTTIME);
	bare_sync(bench->file);
	*ret_sync_ns = load_clock_ns(CLOCK_BOOTTIME) - begun_ns;
	pid_t pid = bare_start(bench->command);
	uint64_t started_ns = read_start(bench);
	bare_wait(pid);
	return started_ns - begun_ns;
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

/* Of the member at `offset`; takes the samples' order apart. */
static double percentile_us(const struct sample *samples, size_t count, size_t offset,
			    unsigned percent)
{
	static uint64_t values[JOBS_MAX];
	for (size_t i = 0; i < count; i++)
		memcpy(&values[i], (const char *)&samples[i] + offset, sizeof(*values));
	qsort(values, count, sizeof(*values), compare_u64);
	return (double)values[count * percent / 100] / 1e3;
}

static void print_figures(const struct sample *samples, size_t count)
{
	size_t centro = offsetof(struct sample, centro_ns), bare = offsetof(struct sample, bare_ns),
	       sync = offsetof(struct sample, sync_ns);
	printf("{\"jobs\":%zu,\"centro_p50\":%.1f,\"centro_p99\":%.1f,\"bare_p50\":%.1f,"
	       "\"bare_p99\":%.1f,\"fdatasync_p50\":%.1f}\n",
	       count, percentile_us(samples, count, centro, 50),
	       percentile_us(samples, count, centro, 99), percentile_us(samples, count, bare, 50),
	       percentile_us(samples, count, bare, 99), percentile_us(samples, count, sync, 50));
}

int main(int argc, char **argv)
{
	static struct sample samples[JOBS_MAX];
	struct bench bench = {0};
	if (argc != 5) {
		fprintf(stderr, "Usage: start_latency PORT JOBS FIRST_INSTRUCTION FOLDER\n");
		return 2;
	}
	size_t count = strtoul(argv[2], NULL, 10);
	if (count == 0 || count > JOBS_MAX)
		load_die("JOBS: from 1 to %d", JOBS_MAX);
	init(&bench, (uint16_t)strtoul(argv[1], NULL, 10), argv[3], argv[4]);
	for (size_t i = 0; i < WARM_UP_JOBS; i++)
		run_through_centro(&bench);
	for (size_t i = 0; i < count; i++) {
		usleep(PAUSE_US);
		samples[i].centro_ns = run_through_centro(&bench);
		usleep(PAUSE_US);
		samples[i].bare_ns = run_bare(&bench, &samples[i].sync_ns);
	}
	print_figures(samples, count);
	fini(&bench);
	return 0;
}
