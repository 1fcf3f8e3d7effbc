/* SPDX-License-Identifier: MIT */
#ifndef CTR_WIRE_FLOOD_H
#define CTR_WIRE_FLOOD_H

/*
 * How many cheap-to-send, dear-to-answer frames a peer may send: one token
 * bucket a kind, on the time that the caller passes in.
 */

#include "base/time.h"
#include "wire/grpc.h"

enum ctr_flood_kind {
	CTR_FLOOD_PING,
	CTR_FLOOD_SETTINGS,
	CTR_FLOOD_RESET,
	CTR_FLOOD_EMPTY_FRAME,
	CTR_FLOOD_WINDOW_UPDATE,
	CTR_FLOOD_COUNT
};

/*
 * A bucket is one instant: when it will be full again. Each token taken moves
 * that instant on by the time that one token needs to come back.
 */
struct ctr_flood {
	struct centro_instant full_at[CTR_FLOOD_COUNT];
	struct centro_span token[CTR_FLOOD_COUNT];
};

/* `limits` with its defaults filled in: no rate is 0. */
void ctr_flood_init(struct ctr_flood *flood, const struct ctr_grpc_limits *limits);
/* False: the bucket is empty, the peer floods. */
bool ctr_flood_take(struct ctr_flood *flood, enum ctr_flood_kind kind, struct centro_instant now);
/* What the GOAWAY says; gRPC's clients know "too_many_pings". A static string. */
const char *ctr_flood_name(enum ctr_flood_kind kind);

#endif
