/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_FUZZ_CONN_PLAY_H
#define CTR_TESTS_FUZZ_CONN_PLAY_H

/*
 * One connection of lib/wire whose peer, whose owner and whose time are the input.
 *
 *	1 byte    its limits: bit 0 small ones, bit 1 a keepalive, bit 2 an idle time-out
 *	4 bytes   what the owner does in its callbacks, three bits each, over and over
 *	then steps, each a byte (modulo CONN_STEP_COUNT) and what it needs
 *
 * After each step what grpc.h promises is checked: who is told what, once and in
 * order; that nothing is held or sent beyond the limits; that nothing stays behind.
 */

#include "fuzz.h"

#include "support/failing_allocator.h"
#include "wire/conn.h"

enum conn_step {
	CONN_RECV,    /* u16 size, bytes from the peer */
	CONN_SEND,    /* u16 bytes at the most */
	CONN_FLUSH,   /* all there is */
	CONN_WAIT,    /* u16 milliseconds, then a tick */
	CONN_MESSAGE, /* u8 call, u16 size */
	CONN_END,     /* u8 call, u8 status: finish it, or half-close it */
	CONN_CANCEL,  /* u8 call */
	CONN_PAUSE,   /* u8 call, u8: bit 0 */
	CONN_DRAIN,   /* */
	CONN_START, /* client: u8: bits 0-1 path, 2-3 metadata; u16 milliseconds; 0: no deadline */
	CONN_RECV_CUT, /* u8 bytes a piece, u16 size, bytes from the peer */
	CONN_STEP_COUNT
};

/* So many are followed in one input; those beyond get no callbacks. */
#define CONN_CALLS_MAX 512

struct conn_call {
	struct conn_play *play;
	struct ctr_grpc_call *call; /* NULL: closed */
	bool has_headers, half_closed, is_paused;
};

struct conn_play {
	struct failing_allocator memory;
	struct ctr_grpc_conn *conn;
	struct centro_instant now;
	struct ctr_buf out;
	bool is_server;
	bool is_inside; /* of one of the four functions that call back */
	uint32_t reactions;
	struct conn_call calls[CONN_CALLS_MAX];
	size_t call_count;
};

/* One input, from beginning to end. */
void conn_play(bool is_server, struct fuzz_input *input);

#endif
