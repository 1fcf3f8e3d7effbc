/* SPDX-License-Identifier: MIT */
#ifndef CLI_LOG_STREAM_H
#define CLI_LOG_STREAM_H

/*
 * Copies the output of one attempt to stdout and stderr, byte for byte, across
 * lost connections: each part carries its offset, so none is lost or comes twice.
 */

#include "call.h"
#include "retry.h"

struct log_stream {
	struct cli *cli;
	uint64_t job;
	const char *task; /* ""; the only one. Borrowed */
	uint32_t index;
	uint32_t attempt;   /* 0: the last one, which must not change while a stream is broken */
	const char *stream; /* "both", "out" or "err" */
	bool follow;        /* to the end of the attempt */
	uint64_t tail_bytes;
	uint64_t next[2]; /* offset of the next byte of stdout and stderr */
	bool is_over;
	bool is_pipe_broken;      /* nobody reads what is printed */
	int code;                 /* an exit code: it has been said */
	uint64_t moved_ns;        /* when something came last */
	struct centro_call *call; /* NULL: not open */
	struct retry retry;
};

/* Open it, or open it again, if that is due. To be called before each turn. */
void log_stream_pump(struct log_stream *stream);
int log_stream_wait_ms(const struct log_stream *stream);
/* Ends the call, with the client's help. */
void log_stream_close(struct log_stream *stream);

/* Decode base64 in place; the number of bytes. What is not base64 ends it. */
size_t base64_decode(char *text);

#endif
