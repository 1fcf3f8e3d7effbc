/* SPDX-License-Identifier: MIT */
#ifndef CTR_SIM_WIRE_FRAME_H
#define CTR_SIM_WIRE_FRAME_H

/*
 * What travels between two simulated connections, in place of HTTP/2: a header
 * and `size` bytes behind it. Each frame stands for itself, so that a network may
 * cut, hold back and repeat what is sent between frames, and nowhere else.
 */

#include "base/bytes.h"

enum ctr_sim_frame_type {
	CTR_SIM_OPEN,       /* client: a call; the path */
	CTR_SIM_MESSAGE,    /* either: one message */
	CTR_SIM_HALF_CLOSE, /* client: no more messages */
	CTR_SIM_FINISH,     /* server: the status; its text */
	CTR_SIM_CANCEL,     /* client */
	CTR_SIM_PING,
	CTR_SIM_PONG,
	CTR_SIM_GOAWAY, /* server: no new calls */
};

struct ctr_sim_frame {
	uint32_t size; /* of the bytes behind it */
	uint32_t call; /* 0: of the connection */
	uint32_t type; /* enum ctr_sim_frame_type */
	uint32_t status;
};

/* A call that the network made up by sending an OPEN once more: no answer of it is heard. */
#define CTR_SIM_CALL_REPEATED (UINT32_C(1) << 31)

/* The next frame of `*bytes`, which it is taken off. False: none. */
static inline bool ctr_sim_frame_take(struct centro_bytes *bytes, struct ctr_sim_frame *ret_frame,
				      struct centro_bytes *ret_payload)
{
	if (bytes->size < sizeof(*ret_frame))
		return false;
	memcpy(ret_frame, bytes->data, sizeof(*ret_frame));
	size_t whole = sizeof(*ret_frame) + ret_frame->size;
	if (bytes->size < whole)
		return false;
	*ret_payload = ctr_bytes(bytes->data + sizeof(*ret_frame), ret_frame->size);
	*bytes = ctr_bytes(bytes->data + whole, bytes->size - whole);
	return true;
}

#endif
