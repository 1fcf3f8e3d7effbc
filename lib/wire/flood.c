/* SPDX-License-Identifier: MIT */
/*
 * flood.c - token buckets against floods of small frames.
 *
 * Invariant: a bucket holds ten seconds' worth of tokens and never more, so
 * full_at <= now + BURST after every token that was given.
 *
 * Layer: wire.
 */
#include "wire/flood.h"

#include "base/assert.h"

/* A burst is this long at the rate allowed. */
#define BURST ((struct centro_span){10 * CTR_NS_PER_SEC})

void ctr_flood_init(struct ctr_flood *flood, const struct ctr_grpc_limits *limits)
{
	const uint32_t rates[CTR_FLOOD_COUNT] = {
		[CTR_FLOOD_PING] = limits->pings_per_second,
		[CTR_FLOOD_SETTINGS] = limits->settings_per_second,
		[CTR_FLOOD_RESET] = limits->resets_per_second,
		[CTR_FLOOD_EMPTY_FRAME] = limits->empty_frames_per_second,
		[CTR_FLOOD_WINDOW_UPDATE] = limits->window_updates_per_second,
	};

	*flood = (struct ctr_flood){0};
	for (size_t kind = 0; kind < CTR_FLOOD_COUNT; kind++) {
		CTR_ASSERT(rates[kind] > 0);
		/* At least a nanosecond: a token that costs nothing limits nothing. */
		uint64_t ns = CTR_NS_PER_SEC / rates[kind];
		flood->token[kind].ns = ns > 0 ? ns : 1;
	}
}

bool ctr_flood_take(struct ctr_flood *flood, enum ctr_flood_kind kind, struct centro_instant now)
{
	CTR_ASSERT(kind < CTR_FLOOD_COUNT);

	struct centro_instant full_at = flood->full_at[kind];
	if (ctr_reached(full_at, now))
		full_at = now;
	full_at = ctr_after(full_at, flood->token[kind]);
	if (full_at.ns > ctr_after(now, BURST).ns)
		return false;
	flood->full_at[kind] = full_at;
	return true;
}

const char *ctr_flood_name(enum ctr_flood_kind kind)
{
	static const char *const names[CTR_FLOOD_COUNT] = {
		[CTR_FLOOD_PING] = "too_many_pings",
		[CTR_FLOOD_SETTINGS] = "too_many_settings",
		[CTR_FLOOD_RESET] = "too_many_resets",
		[CTR_FLOOD_EMPTY_FRAME] = "too_many_empty_frames",
		[CTR_FLOOD_WINDOW_UPDATE] = "too_many_window_updates",
	};

	CTR_ASSERT(kind < CTR_FLOOD_COUNT);
	return names[kind];
}
