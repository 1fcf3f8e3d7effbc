/* SPDX-License-Identifier: MIT */
#ifndef CLI_READER_H
#define CLI_READER_H

/*
 * Streams from the server that outlive a lost connection: a watch that is opened
 * anew, and output that goes on at the next byte.
 */

#include "cli.h"

/* Follows one job to its end. */
struct job_watch {
	struct cli *cli;
	uint64_t job;
	cJSON *last;   /* the newest record; NULL: none yet */
	bool is_done;  /* it has ended, or `code` says why it cannot be watched */
	int code;      /* an exit code; 0 while all is well */
	bool is_open, is_lost_said;
	bool is_reaped; /* for the owner's use */
};

/* Reads the output of one instance. */
struct log_reader {
	struct cli *cli;
	uint64_t job;
	const char *task; /* "" or NULL: the only one */
	uint32_t index, attempt;
	const char *stream; /* "both", "out" or "err" */
	bool follow;
	uint64_t tail_bytes;
	uint64_t out_offset, err_offset; /* of the next byte */
	bool is_done;
	int code;
	bool is_open;
};

/*
 * Open the stream if it is not open and not done. It is opened again after a lost
 * connection by calling this again, as the loop does every now and then.
 */
void job_watch_pump(struct job_watch *watch);
void log_reader_pump(struct log_reader *reader);
void job_watch_free(struct job_watch *watch);

#endif
