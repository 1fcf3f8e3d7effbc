/* SPDX-License-Identifier: MIT */
#ifndef CLI_EVENT_STREAM_H
#define CLI_EVENT_STREAM_H

/*
 * Reads the events of the cluster in order. When the stream breaks, it goes on behind
 * the last event that came: none is missed and none comes twice.
 */

#include "call.h"
#include "retry.h"

struct event_stream {
	struct cli *cli;
	cJSON *request; /* an EventWatchRequest: where to begin, and which; owned */
	bool follows;
	void (*event)(void *arg, const cJSON *event);
	/* Optional: what came together has been told. */
	void (*pause)(void *arg);
	void *arg;

	struct centro_call *call; /* NULL: not open */
	struct retry retry;
	uint64_t next; /* 0: nothing has come yet */
	bool is_over;
	int code; /* when it is over */
};

/* Open it if that is due. */
void event_stream_pump(struct event_stream *stream);
/* Until it has to be pumped again, as for poll(2). */
int event_stream_wait_ms(const struct event_stream *stream);
void event_stream_close(struct event_stream *stream);

#endif
