/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_CLIENT_FIXTURE_H
#define CTR_TESTS_CLIENT_FIXTURE_H

/*
 * A client, and a scripted server in memory that knows two of Centro's methods:
 *
 *	JobService/Submit  answered with id 42, or as `behaviour` says
 *	JobService/Watch   the job three times, then OK
 */

#include "client/client.h"
#include "support/channel_net.h"

enum behaviour {
	ANSWER,
	HOLD,    /* nothing comes */
	REFUSE,  /* as a server that drains: the call was never seen */
	GARBAGE, /* a message that is none */
	EMPTY,   /* OK without a message */
	FAIL,    /* INVALID_ARGUMENT "job.tasks: there are none" */
	UNWELL,  /* UNAVAILABLE, by the server's word */
	HALF,    /* Watch: one message, then nothing */
};

/* What became of one call. */
struct outcome {
	struct centro_call *call;
	size_t messages;
	char message[512]; /* the last one */
	size_t done;       /* how often */
	int status;
	char text[1024];
	void (*on_done)(struct outcome *outcome); /* from inside of `done` */
};

struct fixture {
	struct channel_net net;
	struct ctr_client *client;
	enum behaviour behaviour;
	size_t seen; /* calls that the server saw with their request */
	size_t queued;
	char request[256]; /* the last one's bytes, in hex */
};

void fixture_open(struct fixture *fixture, const struct centro_allocator *allocator);
void fixture_close(struct fixture *fixture);
/* What must be OK. `options` may be NULL: JSON, no timeout. */
void fixture_call(struct fixture *fixture, const char *method, const char *json,
		  const struct centro_call_options *options, struct outcome *outcome);
#define SUBMIT "JobService/Submit"
#define A_JOB  "{\"job\":{\"tasks\":[{\"command\":[\"true\"]}]}}"

#endif
