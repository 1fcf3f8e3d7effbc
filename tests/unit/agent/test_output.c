/* SPDX-License-Identifier: MIT */
/* Output on its way to the server: for readers, and the last of it for keeping. */
#include "base/bytes.h"
#include "script.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

static struct script script;

static void set_up(void)
{
	script_open(&script);
}

static void tear_down(void)
{
	script_close(&script);
}

static void run_job(centro_job_id job)
{
	script_assign(&script, job);
	script_started(&script, job);
	script_forget_transcript(&script);
}

static bool transcript_has(const char *part)
{
	ctr_buf_append_char(&script.transcript, '\0');
	ctr_buf_truncate(&script.transcript, script.transcript.size - 1);
	return strstr((const char *)script.transcript.data, part) != NULL;
}

/* ---- the last of it ---- */

START_TEST(test_tails_before_the_report)
{
	run_job(1);
	script.log_bytes[CTR_LOG_OUT] = 5;
	script.log_bytes[CTR_LOG_ERR] = 70000;
	script.push = HOLD;
	script_ended(&script, 1, CENTRO_CAUSE_EXITED, 0);
	script_expect(&script, "push 0 1.0.0.1 out 0+5 end\npush 0 1.0.0.1 err 4464+65536 end\n");
	/* Only the last one is held by this script; the other stays open, and so does the report.
	 */
	script_release(&script);
	script_expect(&script, "");
	channel_net_cut(&script.net);
	script.push = ANSWER;
	script_wait(&script, 1000);
	script_expect(&script, "heartbeat held=1.0.0.1\norders\npush 0 1.0.0.1 out 0+5 end\n"
			       "push 0 1.0.0.1 err 4464+65536 end\nupdate 1.0.0.1 ended exited 0\n"
			       "forget 1.0.0.1\n");
}
END_TEST

START_TEST(test_end_without_a_connection)
{
	run_job(1);
	script.log_bytes[CTR_LOG_OUT] = 5;
	script.net.fate = NET_REFUSE;
	channel_net_cut(&script.net);
	script_ended(&script, 1, CENTRO_CAUSE_EXITED, 0);
	script_expect(&script, "");
	script.net.fate = NET_ACCEPT;
	script_wait(&script, 6000);
	ck_assert(transcript_has("push 0 1.0.0.1 out 0+5 end\nupdate 1.0.0.1 ended exited 0\n"
				 "forget 1.0.0.1\n"));
}
END_TEST

/* What the server does not want it does not get; the end is told all the same. */
START_TEST(test_refused_tail)
{
	run_job(1);
	script.log_bytes[CTR_LOG_OUT] = 5;
	script.push = INVALID;
	script_ended(&script, 1, CENTRO_CAUSE_EXITED, 0);
	script_expect(&script, "push 0 1.0.0.1 out 0+5 end\nupdate 1.0.0.1 ended exited 0\n"
			       "forget 1.0.0.1\n");
}
END_TEST

/* Tried a number of times, then without. */
START_TEST(test_tail_that_never_gets_through)
{
	run_job(1);
	script.log_bytes[CTR_LOG_OUT] = 5;
	script.push = UNAVAILABLE;
	script_ended(&script, 1, CENTRO_CAUSE_EXITED, 0);
	script_wait(&script, 20000);
	ck_assert_uint_eq(script.pushes, 10);
	ck_assert_uint_eq(ctr_agent_attempt_count(script.agent), 0);
}
END_TEST

START_TEST(test_revoked_meanwhile)
{
	run_job(1);
	script.log_bytes[CTR_LOG_OUT] = 5;
	script.push = HOLD;
	script_ended(&script, 1, CENTRO_CAUSE_EXITED, 0);
	script.revoked = script_ref(1);
	script_wait(&script, 5050);
	script_expect(&script, "push 0 1.0.0.1 out 0+5 end\nheartbeat held=1.0.0.1\n"
			       "forget 1.0.0.1\n");
	script_release(&script);
	script_expect(&script, "");
}
END_TEST

/* Not a call for each at once, however many end together. */
START_TEST(test_tails_at_once)
{
	script.is_quiet = true;
	for (centro_job_id job = 1; job <= 100; job++)
		script_assign_only(&script, job);
	script_run(&script);
	script.log_bytes[CTR_LOG_OUT] = 5;
	script.push = HOLD;
	for (uint32_t handle = 1; handle <= 100; handle++) {
		const struct ctr_attempt_end end = {
			.cause = CENTRO_CAUSE_EXITED, .start_wall = {1}, .end_wall = {2}};
		ctr_agent_ended(script.agent, handle, &end);
	}
	script_run(&script);
	ck_assert_uint_eq(script.push_calls, 32);
	channel_net_cut(&script.net);
	script.push = ANSWER;
	script_wait(&script, 2000);
	ck_assert_uint_eq(ctr_agent_attempt_count(script.agent), 0);
	ck_assert_uint_ge(script.pushes, 132);
}
END_TEST

/* ---- readers ---- */

START_TEST(test_what_there_is)
{
	run_job(1);
	script.log_bytes[CTR_LOG_OUT] = 100000;
	script_log(&script, &(struct script_log_order){.id = 4, .job = 1, .stream = CTR_LOG_OUT});
	script_expect(&script, "push 4 1.0.0.1 out 0+65536\npush 4 1.0.0.1 out 65536+34464\n"
			       "push 4 1.0.0.1 out 100000+0 end\n");
	script_log(&script, &(struct script_log_order){
				    .id = 5, .job = 1, .stream = CTR_LOG_OUT, .tail_bytes = 10});
	script_expect(&script, "push 5 1.0.0.1 out 99990+10\npush 5 1.0.0.1 out 100000+0 end\n");
	script_log(&script, &(struct script_log_order){
				    .id = 6, .job = 1, .stream = CTR_LOG_OUT, .offset = 99999});
	script_expect(&script, "push 6 1.0.0.1 out 99999+1\npush 6 1.0.0.1 out 100000+0 end\n");
	script_log(&script, &(struct script_log_order){
				    .id = 7, .job = 1, .stream = CTR_LOG_ERR, .tail_bytes = 10});
	script_expect(&script, "push 7 1.0.0.1 err 0+0 end\n");
}
END_TEST

START_TEST(test_follow)
{
	run_job(1);
	script.log_bytes[CTR_LOG_OUT] = 3;
	const struct script_log_order order = {
		.id = 4, .job = 1, .stream = CTR_LOG_OUT, .follow = true};
	script_log(&script, &order);
	script_expect(&script, "push 4 1.0.0.1 out 0+3\n");
	script_wait(&script, 200);
	script_expect(&script, "");
	script.log_bytes[CTR_LOG_OUT] = 8;
	script_wait(&script, 100);
	script_expect(&script, "push 4 1.0.0.1 out 3+5\n");
	/* The last of it comes with the end, at once. */
	script.log_bytes[CTR_LOG_OUT] = 9;
	script_ended(&script, 1, CENTRO_CAUSE_EXITED, 0);
	ck_assert(transcript_has("push 4 1.0.0.1 out 8+1\npush 4 1.0.0.1 out 9+0 end\n"));
	ck_assert_uint_eq(script.push_calls, 0);
}
END_TEST

START_TEST(test_stop)
{
	run_job(1);
	script_log(&script, &(struct script_log_order){
				    .id = 4, .job = 1, .stream = CTR_LOG_OUT, .follow = true});
	ck_assert_uint_eq(script.push_calls, 1);
	script_log(&script, &(struct script_log_order){.id = 5, .job = 1, .stop = true});
	ck_assert_uint_eq(script.push_calls, 1);
	script_log(&script, &(struct script_log_order){.id = 4, .job = 1, .stop = true});
	ck_assert_uint_eq(script.push_calls, 0);
	script.log_bytes[CTR_LOG_OUT] = 9;
	script_wait(&script, 200);
	script_expect(&script, "");
}
END_TEST

/* Of attempts that have ended, from what the node keeps, or not any more. */
START_TEST(test_of_the_past)
{
	script.log_bytes[CTR_LOG_OUT] = 3;
	const struct script_log_order order = {
		.id = 4, .job = 70, .stream = CTR_LOG_OUT, .follow = true};
	script_log(&script, &order);
	script_expect(&script, "push 4 70.0.0.1 out 0+3\npush 4 70.0.0.1 out 3+0 end\n");
	script.log_is_gone = true;
	script_log(&script, &order);
	script_expect(&script, "push 4 70.0.0.1 out 0+0 end "
			       "\"the output is not kept on the node any more\"\n");
}
END_TEST

/* A reader who does not read holds up nobody, and costs little. */
START_TEST(test_slow_reader)
{
	run_job(1);
	script.is_quiet = true;
	script.log_bytes[CTR_LOG_OUT] = 50 << 20;
	script.is_push_paused = true;
	script_log(&script, &(struct script_log_order){.id = 4, .job = 1, .stream = CTR_LOG_OUT});
	script_wait(&script, 1000);
	ck_assert_uint_eq(script.pushed_bytes, 0);
	script.is_push_paused = false;
	script_log(&script, &(struct script_log_order){
				    .id = 5, .job = 1, .stream = CTR_LOG_OUT, .tail_bytes = 1000});
	ck_assert_uint_eq(script.pushed_bytes, 1000);
}
END_TEST

START_TEST(test_large_output)
{
	run_job(1);
	script.is_quiet = true;
	script.log_bytes[CTR_LOG_OUT] = 20 << 20;
	script_log(&script, &(struct script_log_order){.id = 4, .job = 1, .stream = CTR_LOG_OUT});
	script_wait(&script, 1000);
	ck_assert_uint_eq(script.pushed_bytes, 20 << 20);
	ck_assert_uint_eq(script.push_calls, 0);
}
END_TEST

/* Over the limit is said, not dropped; and heartbeats find room. */
START_TEST(test_too_many_readers)
{
	run_job(1);
	script.is_quiet = true;
	for (uint64_t id = 1; id <= 256; id++)
		script_log(&script,
			   &(struct script_log_order){
				   .id = id, .job = 1, .stream = CTR_LOG_OUT, .follow = true});
	ck_assert_uint_eq(script.push_calls, 256);
	script.is_quiet = false;
	script_log(&script, &(struct script_log_order){
				    .id = 300, .job = 1, .stream = CTR_LOG_OUT, .follow = true});
	script_expect(&script, "push 300 1.0.0.1 out 0+0 end "
			       "\"too many read from this node at once; try again\"\n");
	ck_assert_uint_eq(script.push_calls, 256);
	script_wait(&script, 5050);
	ck_assert_uint_ge(script.heartbeats, 2);
}
END_TEST

/* ---- lack of memory ---- */

/* Whatever fails, nothing leaks, and what was granted is reported in the end. */
static void scenario(const struct centro_allocator *allocator)
{
	script_close(&script);
	script_open_quietly(&script, allocator);
	if (!script.agent)
		return;
	script.is_quiet = true;
	script_wait(&script, 12000);
	if (script.orders_call) {
		script.log_bytes[CTR_LOG_OUT] = 9;
		script_assign(&script, 1);
		script_wait(&script, 1000);
	}
	if (script.orders_call)
		script_log(&script,
			   &(struct script_log_order){.id = 4, .job = 1, .stream = CTR_LOG_OUT});
	if (script.run_count > 0 && script.runs[0].job == 1) {
		script_started(&script, 1);
		const struct ctr_attempt_end end = {
			.cause = CENTRO_CAUSE_EXITED, .start_wall = {1}, .end_wall = {2}};
		ctr_agent_ended(script.agent, 1, &end);
		script_wait(&script, 15000);
		ck_assert_uint_eq(ctr_agent_attempt_count(script.agent), 0);
	}
}

START_TEST(test_each_allocation_failing_once)
{
	struct failing_allocator failing;
	size_t fail_at = 0;
	do {
		failing_allocator_init(&failing, ++fail_at);
		scenario(&failing.allocator);
		script_close(&script);
		ck_assert_msg(failing.live == 0, "%zu", fail_at);
		script_open(&script);
	} while (failing.failed);
	ck_assert_uint_gt(fail_at, 90);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agent/output");
	TCase *test_case = tcase_create("output");
	tcase_add_checked_fixture(test_case, set_up, tear_down);
	tcase_set_timeout(test_case, 60);
	tcase_add_test(test_case, test_tails_before_the_report);
	tcase_add_test(test_case, test_end_without_a_connection);
	tcase_add_test(test_case, test_refused_tail);
	tcase_add_test(test_case, test_tail_that_never_gets_through);
	tcase_add_test(test_case, test_revoked_meanwhile);
	tcase_add_test(test_case, test_tails_at_once);
	tcase_add_test(test_case, test_what_there_is);
	tcase_add_test(test_case, test_follow);
	tcase_add_test(test_case, test_stop);
	tcase_add_test(test_case, test_of_the_past);
	tcase_add_test(test_case, test_slow_reader);
	tcase_add_test(test_case, test_large_output);
	tcase_add_test(test_case, test_too_many_readers);
	tcase_add_test(test_case, test_each_allocation_failing_once);
	suite_add_tcase(suite, test_case);
	return ctr_suite_run(suite);
}
