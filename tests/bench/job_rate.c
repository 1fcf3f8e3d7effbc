/* SPDX-License-Identifier: MIT */
/*
 * job_rate.c - P11: jobs of `true` a second through one agent, beside a bare loop
 * that, for each, waits for one fdatasync and starts as many processes as the
 * agent does (the shim and the command), one after another.
 *
 * Prints one JSON object, in jobs/s.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "bare.h"
#include "load_job.h"

#define JOBS_MAX       1000 /* all are submitted at once, over one connection */
#define POLL_US        5000
#define PROCESSES_EACH 2

static const char *const command[] = {"/bin/true", NULL};

static void submit_ended(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
			 struct centro_bytes message, bool never_sent)
{
	size_t *waiting = arg;
	if (status != CTR_GRPC_OK)
		load_die("Submit: %s: %.*s", ctr_grpc_status_name(status), (int)message.size,
			 (const char *)message.data);
	--*waiting;
}

static double seconds_since(uint64_t begun_ns)
{
	return (double)(load_clock_ns(CLOCK_MONOTONIC) - begun_ns) / 1e9;
}

static double run_through_centro(struct load_net *net, struct load_conn *conn, size_t count)
{
	static const struct ctr_grpc_call_impl impl = {.closed = submit_ended};
	struct ctr_buf request;
	size_t waiting = count;
	load_encode_submit(&request, command, 1);
	uint64_t begun_ns = load_clock_ns(CLOCK_MONOTONIC);
	for (size_t i = 0; i < count; i++)
		load_call(net, conn, "/centro.v1.JobService/Submit", ctr_buf_bytes(&request), &impl,
			  &waiting);
	while (waiting > 0) {
		load_flush(net);
		load_wait(net, -1);
	}
	while (load_is_any_live(net, conn))
		usleep(POLL_US);
	ctr_buf_fini(&request);
	return (double)count / seconds_since(begun_ns);
}

static double run_bare(int fd, size_t count, size_t processes_each)
{
	uint64_t begun_ns = load_clock_ns(CLOCK_MONOTONIC);
	for (size_t i = 0; i < count; i++) {
		bare_sync(fd);
		for (size_t j = 0; j < processes_each; j++)
			bare_wait(bare_start(command));
	}
	return (double)count / seconds_since(begun_ns);
}

int main(int argc, char **argv)
{
	static struct load_net net;
	if (argc != 4) {
		fprintf(stderr, "Usage: job_rate PORT JOBS FOLDER\n");
		return 2;
	}
	size_t count = strtoul(argv[2], NULL, 10);
	if (count == 0 || count > JOBS_MAX)
		load_die("JOBS: from 1 to %d", JOBS_MAX);
	load_net_init(&net);
	struct load_conn *conn = load_connect(&net, (uint16_t)strtoul(argv[1], NULL, 10));
	int fd = bare_open(argv[3]);
	/* A first answer, so that the server's limit of calls at once is known. */
	load_is_any_live(&net, conn);
	double centro = run_through_centro(&net, conn, count);
	double same = run_bare(fd, count, PROCESSES_EACH);
	double single = run_bare(fd, count, 1);
	printf("{\"centro\":%.1f,\"bare\":%.1f,\"bare_single\":%.1f}\n", centro, same, single);
	close(fd);
	load_net_fini(&net);
	return 0;
}
