/* SPDX-License-Identifier: MIT */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H

/*
 * Follows a job with its output: the record says which attempts there are, and each
 * of them is read to its end, one behind the other.
 */

#include "job_watch.h"
#include "log_stream.h"
#include "selector.h"

#define FOLLOW_STREAMS_MAX 256

struct follow_stream {
	uint64_t task; /* its position in the job */
	char *task_name;
	struct log_stream log;
	uint64_t superseded_ns; /* since when there is a later attempt; 0: there is none */
};

struct follow {
	struct cli *cli;
	struct job_watch watch;
	struct follow_stream *streams; /* one an instance */
	size_t stream_count;
	size_t over_count; /* of these, at the last pump */
	/* Of which output: set by the owner before the first pump. */
	const char *stream;   /* "both", "out" or "err" */
	struct selector only; /* of which instances; zeroed: of all */
	uint64_t tail_bytes;
	bool is_limit_said;
};

void follow_init(struct follow *follow, struct cli *cli, uint64_t job);
void follow_pump(struct follow *follow);
int follow_wait_ms(const struct follow *follow);
/* After a pump: the job has ended and all its output is printed, or nothing more can be known. */
bool follow_is_over(const struct follow *follow);
/* Nobody reads what is printed. */
bool follow_is_pipe_broken(const struct follow *follow);
/* The exit code. Only when it is over. */
int follow_exit_code(const struct follow *follow);
void follow_close(struct follow *follow);

#endif
