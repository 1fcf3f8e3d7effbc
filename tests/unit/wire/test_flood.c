/* SPDX-License-Identifier: MIT */
/* Tests of lib/wire/flood.c. */
#include "wire/flood.h"

#include "support/suite.h"

static const struct ctr_grpc_limits limits = {
	.pings_per_second = 100,
	.settings_per_second = 10,
	.resets_per_second = 1000,
	.empty_frames_per_second = 1,
	.window_updates_per_second = UINT32_MAX,
};

static size_t take_all(struct ctr_flood *flood, enum ctr_flood_kind kind, struct centro_instant now)
{
	size_t count = 0;
	while (count < 1000000 && ctr_flood_take(flood, kind, now))
		count++;
	return count;
}

START_TEST(a_burst_is_ten_seconds_worth)
{
	struct ctr_flood flood;
	ctr_flood_init(&flood, &limits);
	struct centro_instant now = {77};
	ck_assert_uint_eq(take_all(&flood, CTR_FLOOD_PING, now), 1000);
	ck_assert_uint_eq(take_all(&flood, CTR_FLOOD_SETTINGS, now), 100);
	ck_assert_uint_eq(take_all(&flood, CTR_FLOOD_EMPTY_FRAME, now), 10);
	/* Kinds do not share. */
	ck_assert_uint_eq(take_all(&flood, CTR_FLOOD_RESET, now), 10000);
}
END_TEST

START_TEST(tokens_come_back_with_time)
{
	struct ctr_flood flood;
	ctr_flood_init(&flood, &limits);
	struct centro_instant now = {CTR_NS_PER_SEC};
	take_all(&flood, CTR_FLOOD_PING, now);
	now = ctr_after(now, ctr_span_ms(1000));
	ck_assert_uint_eq(take_all(&flood, CTR_FLOOD_PING, now), 100);
	/* After ever so long no more than a burst. */
	now = ctr_after(now, ctr_span_ms(1000 * 1000));
	ck_assert_uint_eq(take_all(&flood, CTR_FLOOD_PING, now), 1000);
}
END_TEST

START_TEST(the_rate_allowed_is_never_refused)
{
	struct ctr_flood flood;
	ctr_flood_init(&flood, &limits);
	struct centro_instant now = {0};
	for (size_t i = 0; i < 5000; i++) {
		ck_assert(ctr_flood_take(&flood, CTR_FLOOD_PING, now));
		now = ctr_after(now, ctr_span_ms(10));
	}
}
END_TEST

START_TEST(a_clock_that_steps_back_gives_nothing_away)
{
	struct ctr_flood flood;
	ctr_flood_init(&flood, &limits);
	take_all(&flood, CTR_FLOOD_PING, (struct centro_instant){100 * CTR_NS_PER_SEC});
	ck_assert(!ctr_flood_take(&flood, CTR_FLOOD_PING,
				  (struct centro_instant){50 * CTR_NS_PER_SEC}));
}
END_TEST

START_TEST(the_highest_rate_is_still_one)
{
	struct ctr_flood flood;
	ctr_flood_init(&flood, &limits);
	struct centro_instant now = {5};
	ck_assert(ctr_flood_take(&flood, CTR_FLOOD_WINDOW_UPDATE, now));
	ck_assert_uint_gt(flood.full_at[CTR_FLOOD_WINDOW_UPDATE].ns, now.ns);
	for (int kind = 0; kind < CTR_FLOOD_COUNT; kind++)
		ck_assert_ptr_nonnull(ctr_flood_name((enum ctr_flood_kind)kind));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire/flood");
	TCase *tcase = tcase_create("all");
	tcase_add_test(tcase, a_burst_is_ten_seconds_worth);
	tcase_add_test(tcase, tokens_come_back_with_time);
	tcase_add_test(tcase, the_rate_allowed_is_never_refused);
	tcase_add_test(tcase, a_clock_that_steps_back_gives_nothing_away);
	tcase_add_test(tcase, the_highest_rate_is_still_one);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
