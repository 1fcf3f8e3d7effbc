/* SPDX-License-Identifier: MIT */
/*
 * Tests of lib/store/store.c, on a backend that does just what a test tells it,
 * right or wrong: the real ones never break their contract.
 */
#include <centro/store_impl.h>

#include <signal.h>

#include "base/bytes.h"
#include "fixture.h"
#include "support/failing_allocator.h"

/* Remembers what it was called with; its answer is `answer`. */
struct scripted {
	struct centro_store base;
	int answer, poll_answer;
	const struct centro_scan *scan;
	centro_store_row_fn *row;
	centro_store_done_fn *scan_done, *done, *lost;
	void *scan_arg, *arg, *lost_arg;
	uint64_t *ret_term;
	uint64_t term; /* what a campaign gives */
	bool at_once;  /* complete from inside the call, before it answers */
	bool cancels;  /* drain ends what is under way */
	int destroyed, polled;
};

static struct scripted *of(struct centro_store *store)
{
	return (struct scripted *)store;
}

static void s_destroy(struct centro_store *store)
{
	of(store)->destroyed++;
}

static int s_scan(struct centro_store *store, const struct centro_scan *scan,
		  centro_store_row_fn *row, centro_store_done_fn *done, void *arg)
{
	struct scripted *s = of(store);
	s->scan = scan;
	s->row = row;
	s->scan_done = done;
	s->scan_arg = arg;
	if (s->at_once)
		done(arg, CENTRO_OK);
	return s->answer;
}

static int start(struct scripted *s, centro_store_done_fn *done, void *arg)
{
	s->done = done;
	s->arg = arg;
	if (s->at_once)
		done(arg, CENTRO_OK);
	return s->answer;
}

static int s_campaign(struct centro_store *store, const char *name, uint64_t *ret_term,
		      centro_store_done_fn *done, centro_store_done_fn *lost, void *arg)
{
	struct scripted *s = of(store);
	ck_assert_ptr_nonnull(lost);
	s->lost = lost;
	s->lost_arg = arg;
	s->ret_term = ret_term;
	*ret_term = s->term;
	return start(s, done, arg);
}

static int s_resign(struct centro_store *store, centro_store_done_fn *done, void *arg)
{
	return start(of(store), done, arg);
}

static int s_commit(struct centro_store *store, const struct centro_batch *batch,
		    centro_store_done_fn *done, void *arg)
{
	return start(of(store), done, arg);
}

static int s_poll(struct centro_store *store, struct centro_instant steady,
		  struct centro_instant *ret_wake)
{
	of(store)->polled++;
	*ret_wake = (struct centro_instant){steady.ns + 5};
	return of(store)->poll_answer;
}

static void s_drain(struct centro_store *store)
{
	struct scripted *s = of(store);
	if (s->cancels && s->scan_done)
		s->scan_done(s->scan_arg, CENTRO_ERR_CANCELLED);
	if (s->cancels && s->done)
		s->done(s->arg, CENTRO_ERR_CANCELLED);
}

static const struct centro_store_impl impl = {
	.size = sizeof(struct centro_store_impl),
	.name = "scripted",
	.caps = CENTRO_STORE_WATCH,
	.destroy = s_destroy,
	.scan = s_scan,
	.campaign = s_campaign,
	.resign = s_resign,
	.commit = s_commit,
	.poll = s_poll,
	.drain = s_drain,
};

static struct scripted s;
static struct fixture_wait waited;
static struct centro_batch *batch;

static void setup(void)
{
	s = (struct scripted){.term = 7};
	waited = (struct fixture_wait){0};
	ck_assert_int_eq(centro_store_init(&s.base, &impl, NULL), CENTRO_OK);
	batch = centro_batch_new(NULL);
}

static void teardown(void)
{
	centro_batch_free(batch);
}

static uint64_t term;

static int campaign(void)
{
	return centro_store_campaign(&s.base, "me", &term, fixture_done, fixture_done, &waited);
}

static int commit(void)
{
	return centro_store_commit(&s.base, batch, fixture_done, &waited);
}

static void lead(void)
{
	ck_assert_int_eq(campaign(), CENTRO_OK);
	s.done(s.arg, CENTRO_OK);
	ck_assert_int_eq(waited.calls, 1);
	waited = (struct fixture_wait){0};
}

static int nothing(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	return 0;
}

static int stop(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	return 9;
}

static int scan_with(centro_store_row_fn *row, uint64_t rows_max)
{
	struct centro_scan scan = CENTRO_SCAN_INIT;
	scan.first = ctr_bytes_str("b");
	scan.end = ctr_bytes_str("d");
	scan.rows_max = rows_max;
	return centro_store_scan(&s.base, &scan, row, fixture_done, &waited);
}

static int poll_it(void)
{
	struct centro_instant wake;
	return centro_store_poll(&s.base, (struct centro_instant){1}, &wake);
}

START_TEST(a_backend_must_be_whole)
{
	struct centro_store store;
	struct centro_store_impl wrong = impl;
	ck_assert_int_eq(centro_store_init(NULL, &impl, NULL), CENTRO_ERR_INVALID);
	ck_assert_int_eq(centro_store_init(&store, NULL, NULL), CENTRO_ERR_INVALID);
	wrong.size--;
	ck_assert_int_eq(centro_store_init(&store, &wrong, NULL), CENTRO_ERR_ABI);
	wrong.size += 2; /* of a later release */
	ck_assert_int_eq(centro_store_init(&store, &wrong, NULL), CENTRO_OK);
#define WITHOUT(member)      \
	wrong = impl;        \
	wrong.member = NULL; \
	ck_assert_int_eq(centro_store_init(&store, &wrong, NULL), CENTRO_ERR_INVALID)
	WITHOUT(name);
	WITHOUT(destroy);
	WITHOUT(scan);
	WITHOUT(campaign);
	WITHOUT(resign);
	WITHOUT(commit);
	WITHOUT(drain);
	wrong.poll = NULL;
	ck_assert_int_eq(centro_store_init(&store, &wrong, NULL), CENTRO_OK);
}
END_TEST

START_TEST(what_is_optional_has_a_default)
{
	struct centro_store_impl least = impl;
	struct centro_instant wake;
	least.poll = NULL;
	least.drain = NULL;
	ck_assert_int_eq(centro_store_init(&s.base, &least, NULL), CENTRO_OK);
	ck_assert_str_eq(centro_store_name(&s.base), "scripted");
	ck_assert_uint_eq(centro_store_caps(&s.base), CENTRO_STORE_WATCH);
	ck_assert_int_eq(centro_store_fd(&s.base), -1);
	ck_assert_str_eq(centro_store_failure(&s.base), "");
	ck_assert_int_eq(centro_store_poll(&s.base, fixture_now(), &wake), CENTRO_OK);
	ck_assert_uint_eq(wake.ns, CENTRO_INSTANT_NEVER_NS);
	struct centro_store_usage usage = {.size = sizeof(usage), .bytes = 1, .bytes_max = 1};
	centro_store_get_usage(&s.base, &usage);
	ck_assert_uint_eq(usage.bytes, 0);
	ck_assert_uint_eq(usage.bytes_max, 0);
	ck_assert_uint_eq(usage.size, sizeof(usage));
	centro_store_free(&s.base);
	ck_assert_int_eq(s.destroyed, 1);
}
END_TEST

static void known_usage(const struct centro_store *store, struct centro_store_usage *ret_usage)
{
	ret_usage->bytes = 11;
	ret_usage->bytes_max = 22;
}

START_TEST(usage_fits_the_struct_of_the_caller)
{
	struct centro_store_impl with = impl;
	with.usage = known_usage;
	ck_assert_int_eq(centro_store_init(&s.base, &with, NULL), CENTRO_OK);
	struct {
		struct centro_store_usage known;
		uint64_t more;
	} usage = {.known = {.size = sizeof(usage)}, .more = 33};
	centro_store_get_usage(&s.base, &usage.known);
	ck_assert_uint_eq(usage.known.bytes_max, 22);
	ck_assert_uint_eq(usage.known.size, sizeof(usage));
	ck_assert_uint_eq(usage.more, 33);
	usage.known = (struct centro_store_usage){.size = 16, .bytes_max = 44};
	centro_store_get_usage(&s.base, &usage.known);
	ck_assert_uint_eq(usage.known.bytes, 11);
	ck_assert_uint_eq(usage.known.bytes_max, 44);
}
END_TEST

START_TEST(poll_passes_on_the_wake)
{
	struct centro_instant wake;
	ck_assert_int_eq(centro_store_poll(&s.base, (struct centro_instant){10}, &wake), CENTRO_OK);
	ck_assert_uint_eq(wake.ns, 15);
}
END_TEST

START_TEST(a_refusal_leaves_everything_as_it_was)
{
	s.answer = CENTRO_ERR_NOMEM;
	ck_assert_int_eq(campaign(), CENTRO_ERR_NOMEM);
	ck_assert_int_eq(scan_with(nothing, 0), CENTRO_ERR_NOMEM);
	s.answer = CENTRO_OK;
	lead();
	ck_assert_uint_eq(term, 7);
	s.answer = CENTRO_ERR_NOMEM;
	ck_assert_int_eq(commit(), CENTRO_ERR_NOMEM);
	ck_assert_int_eq(centro_store_resign(&s.base, fixture_done, &waited), CENTRO_ERR_NOMEM);
	s.answer = CENTRO_OK;
	ck_assert_int_eq(commit(), CENTRO_OK);
	ck_assert_int_eq(commit(), CENTRO_ERR_STATE);
	s.done(s.arg, CENTRO_ERR_FULL);
	ck_assert_int_eq(commit(), CENTRO_OK);
	s.done(s.arg, CENTRO_OK);
	ck_assert_int_eq(centro_store_resign(&s.base, fixture_done, &waited), CENTRO_OK);
	ck_assert_int_eq(commit(), CENTRO_ERR_STATE);
	s.done(s.arg, CENTRO_OK);
	ck_assert_int_eq(waited.calls, 3);
}
END_TEST

START_TEST(a_failed_campaign_can_be_tried_again)
{
	term = 1;
	ck_assert_int_eq(campaign(), CENTRO_OK);
	s.done(s.arg, CENTRO_ERR_FULL);
	ck_assert_int_eq(waited.status, CENTRO_ERR_FULL);
	ck_assert_uint_eq(term, 1);
	ck_assert_int_eq(commit(), CENTRO_ERR_STATE);
	waited = (struct fixture_wait){0};
	lead();
	ck_assert_uint_eq(term, 7);
}
END_TEST

/* However it becomes known, every call says it from then on (I13). */
static void assert_failed(void)
{
	s.answer = CENTRO_OK;
	ck_assert_int_eq(campaign(), CENTRO_ERR_IO);
	ck_assert_int_eq(commit(), CENTRO_ERR_IO);
	ck_assert_int_eq(scan_with(nothing, 0), CENTRO_ERR_IO);
	ck_assert_int_eq(centro_store_resign(&s.base, fixture_done, &waited), CENTRO_ERR_IO);
	ck_assert_int_eq(poll_it(), CENTRO_ERR_IO);
	ck_assert_str_eq(centro_store_failure(&s.base), "the store failed");
}

START_TEST(it_fails_for_good_by_a_commit)
{
	lead();
	ck_assert_int_eq(commit(), CENTRO_OK);
	s.done(s.arg, CENTRO_ERR_IO);
	assert_failed();
	ck_assert_int_eq(waited.calls, 1);
}
END_TEST

START_TEST(it_fails_for_good_by_an_answer)
{
	lead();
	s.answer = CENTRO_ERR_IO;
	ck_assert_int_eq(commit(), CENTRO_ERR_IO);
	assert_failed();
	ck_assert_int_eq(waited.calls, 0);
}
END_TEST

START_TEST(it_fails_for_good_by_a_scan)
{
	ck_assert_int_eq(scan_with(nothing, 0), CENTRO_OK);
	s.scan_done(s.scan_arg, CENTRO_ERR_IO);
	assert_failed();
}
END_TEST

START_TEST(it_fails_for_good_by_a_poll)
{
	s.poll_answer = CENTRO_ERR_IO;
	ck_assert_int_eq(poll_it(), CENTRO_ERR_IO);
	assert_failed();
	ck_assert_int_eq(s.polled, 1);
}
END_TEST

START_TEST(what_is_under_way_ends_after_a_failure)
{
	lead();
	ck_assert_int_eq(scan_with(nothing, 0), CENTRO_OK);
	ck_assert_int_eq(commit(), CENTRO_OK);
	s.done(s.arg, CENTRO_ERR_IO);
	ck_assert_int_eq(poll_it(), CENTRO_ERR_IO);
	ck_assert_int_eq(s.polled, 1);
	s.scan_done(s.scan_arg, CENTRO_ERR_IO);
	assert_failed();
	ck_assert_int_eq(s.polled, 1);
}
END_TEST

static struct fixture_wait lost;

static void note_lost(void *arg, int status)
{
	/* Before the `done` of the commit that was fenced. */
	ck_assert_int_eq(waited.calls, 0);
	ck_assert_int_eq(campaign(), CENTRO_ERR_STATE);
	fixture_done(&lost, status);
}

START_TEST(a_fenced_commit_tells_of_the_loss)
{
	ck_assert_int_eq(
		centro_store_campaign(&s.base, "me", &term, fixture_done, note_lost, &waited),
		CENTRO_OK);
	s.done(s.arg, CENTRO_OK);
	waited = lost = (struct fixture_wait){0};
	ck_assert_int_eq(commit(), CENTRO_OK);
	s.done(s.arg, CENTRO_ERR_FENCED);
	ck_assert_int_eq(lost.calls, 1);
	ck_assert_int_eq(lost.status, CENTRO_ERR_FENCED);
	ck_assert_int_eq(waited.status, CENTRO_ERR_FENCED);
	ck_assert_int_eq(commit(), CENTRO_ERR_FENCED);
	s.term = 8;
	waited = (struct fixture_wait){0};
	lead();
	ck_assert_int_eq(commit(), CENTRO_OK);
}
END_TEST

START_TEST(a_loss_may_be_told_first)
{
	lead();
	ck_assert_int_eq(commit(), CENTRO_OK);
	centro_store_done_fn *done = s.done;
	s.lost(s.lost_arg, CENTRO_ERR_FENCED);
	ck_assert_int_eq(waited.calls, 1);
	ck_assert_int_eq(commit(), CENTRO_ERR_FENCED);
	done(s.arg, CENTRO_ERR_FENCED);
	ck_assert_int_eq(waited.calls, 2);
}
END_TEST

START_TEST(freeing_cancels_what_is_under_way)
{
	lead();
	s.cancels = true;
	ck_assert_int_eq(scan_with(nothing, 0), CENTRO_OK);
	ck_assert_int_eq(commit(), CENTRO_OK);
	centro_store_free(&s.base);
	ck_assert_int_eq(waited.calls, 2);
	ck_assert_int_eq(waited.status, CENTRO_ERR_CANCELLED);
	ck_assert_int_eq(s.destroyed, 1);
}
END_TEST

START_TEST(a_scan_keeps_its_bounds)
{
	char first[] = "b", end[] = "d";
	struct centro_scan scan = CENTRO_SCAN_INIT;
	scan.first = ctr_bytes_str(first);
	scan.end = ctr_bytes_str(end);
	ck_assert_int_eq(centro_store_scan(&s.base, &scan, nothing, fixture_done, &waited),
			 CENTRO_OK);
	first[0] = end[0] = 'x';
	scan.end.size = 0;
	ck_assert(ctr_bytes_equal(s.scan->first, ctr_bytes_str("b")));
	ck_assert(ctr_bytes_equal(s.scan->end, ctr_bytes_str("d")));
	ck_assert_int_eq(s.row(s.scan_arg, ctr_bytes_str("c"), ctr_bytes_str("")), 0);
	s.scan_done(s.scan_arg, CENTRO_OK);
	ck_assert_int_eq(waited.calls, 1);
}
END_TEST

START_TEST(a_scan_without_memory_is_refused)
{
	struct failing_allocator failing;
	failing_allocator_init(&failing, 1);
	ck_assert_int_eq(centro_store_init(&s.base, &impl, &failing.allocator), CENTRO_OK);
	ck_assert_int_eq(scan_with(nothing, 0), CENTRO_ERR_NOMEM);
	ck_assert_int_eq(scan_with(nothing, 0), CENTRO_OK);
	s.scan_done(s.scan_arg, CENTRO_OK);
	ck_assert_uint_eq(failing.live, 0);
}
END_TEST

/* ---- a backend that breaks its contract ends the process --------- */

START_TEST(done_twice)
{
	lead();
	ck_assert_int_eq(commit(), CENTRO_OK);
	s.done(s.arg, CENTRO_OK);
	s.done(s.arg, CENTRO_OK);
}
END_TEST

START_TEST(done_never)
{
	lead();
	ck_assert_int_eq(commit(), CENTRO_OK);
	centro_store_free(&s.base);
}
END_TEST

START_TEST(done_and_an_error)
{
	lead();
	s.at_once = true;
	s.answer = CENTRO_ERR_NOMEM;
	commit();
}
END_TEST

START_TEST(scan_done_and_an_error)
{
	s.at_once = true;
	s.answer = CENTRO_ERR_NOMEM;
	scan_with(nothing, 0);
}
END_TEST

START_TEST(scan_done_never)
{
	ck_assert_int_eq(scan_with(nothing, 0), CENTRO_OK);
	centro_store_free(&s.base);
}
END_TEST

START_TEST(a_term_that_does_not_rise)
{
	lead();
	ck_assert_int_eq(centro_store_resign(&s.base, fixture_done, &waited), CENTRO_OK);
	s.done(s.arg, CENTRO_OK);
	ck_assert_int_eq(campaign(), CENTRO_OK);
	s.done(s.arg, CENTRO_OK);
}
END_TEST

START_TEST(lost_twice)
{
	lead();
	s.lost(s.lost_arg, CENTRO_ERR_FENCED);
	s.lost(s.lost_arg, CENTRO_ERR_FENCED);
}
END_TEST

START_TEST(a_row_out_of_bounds)
{
	ck_assert_int_eq(scan_with(nothing, 0), CENTRO_OK);
	s.row(s.scan_arg, ctr_bytes_str("d"), ctr_bytes_str(""));
}
END_TEST

START_TEST(a_row_too_many)
{
	ck_assert_int_eq(scan_with(nothing, 1), CENTRO_OK);
	s.row(s.scan_arg, ctr_bytes_str("b"), ctr_bytes_str(""));
	s.row(s.scan_arg, ctr_bytes_str("c"), ctr_bytes_str(""));
}
END_TEST

START_TEST(a_row_after_the_stop)
{
	ck_assert_int_eq(scan_with(stop, 0), CENTRO_OK);
	ck_assert_int_eq(s.row(s.scan_arg, ctr_bytes_str("b"), ctr_bytes_str("")), 9);
	s.row(s.scan_arg, ctr_bytes_str("c"), ctr_bytes_str(""));
}
END_TEST

START_TEST(another_status_than_the_stop)
{
	ck_assert_int_eq(scan_with(stop, 0), CENTRO_OK);
	s.row(s.scan_arg, ctr_bytes_str("b"), ctr_bytes_str(""));
	s.scan_done(s.scan_arg, CENTRO_OK);
}
END_TEST

static void free_done(void *arg, int status)
{
	centro_store_free(&s.base);
}

START_TEST(freeing_from_a_callback)
{
	struct centro_scan scan = CENTRO_SCAN_INIT;
	ck_assert_int_eq(centro_store_scan(&s.base, &scan, nothing, free_done, NULL), CENTRO_OK);
	s.scan_done(s.scan_arg, CENTRO_OK);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/store");
	TCase *tcase = tcase_create("right");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_backend_must_be_whole);
	tcase_add_test(tcase, what_is_optional_has_a_default);
	tcase_add_test(tcase, usage_fits_the_struct_of_the_caller);
	tcase_add_test(tcase, poll_passes_on_the_wake);
	tcase_add_test(tcase, a_refusal_leaves_everything_as_it_was);
	tcase_add_test(tcase, a_failed_campaign_can_be_tried_again);
	tcase_add_test(tcase, it_fails_for_good_by_a_commit);
	tcase_add_test(tcase, it_fails_for_good_by_an_answer);
	tcase_add_test(tcase, it_fails_for_good_by_a_scan);
	tcase_add_test(tcase, it_fails_for_good_by_a_poll);
	tcase_add_test(tcase, what_is_under_way_ends_after_a_failure);
	tcase_add_test(tcase, a_fenced_commit_tells_of_the_loss);
	tcase_add_test(tcase, a_loss_may_be_told_first);
	tcase_add_test(tcase, freeing_cancels_what_is_under_way);
	tcase_add_test(tcase, a_scan_keeps_its_bounds);
	tcase_add_test(tcase, a_scan_without_memory_is_refused);
	suite_add_tcase(suite, tcase);

	TCase *wrong = tcase_create("wrong");
	tcase_add_checked_fixture(wrong, setup, teardown);
	tcase_add_test_raise_signal(wrong, done_twice, SIGABRT);
	tcase_add_test_raise_signal(wrong, done_never, SIGABRT);
	tcase_add_test_raise_signal(wrong, done_and_an_error, SIGABRT);
	tcase_add_test_raise_signal(wrong, scan_done_and_an_error, SIGABRT);
	tcase_add_test_raise_signal(wrong, scan_done_never, SIGABRT);
	tcase_add_test_raise_signal(wrong, a_term_that_does_not_rise, SIGABRT);
	tcase_add_test_raise_signal(wrong, lost_twice, SIGABRT);
	tcase_add_test_raise_signal(wrong, a_row_out_of_bounds, SIGABRT);
	tcase_add_test_raise_signal(wrong, a_row_too_many, SIGABRT);
	tcase_add_test_raise_signal(wrong, a_row_after_the_stop, SIGABRT);
	tcase_add_test_raise_signal(wrong, another_status_than_the_stop, SIGABRT);
	tcase_add_test_raise_signal(wrong, freeing_from_a_callback, SIGABRT);
	suite_add_tcase(suite, wrong);
	return ctr_suite_run(suite);
}
