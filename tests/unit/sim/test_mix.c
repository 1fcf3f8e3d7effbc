/* SPDX-License-Identifier: MIT */
/* Jobs drawn from a description, and the draws. */
#include "workload_fixture.h"

#include "support/suite.h"

#include "base/bytes.h"
#include "base/time.h"
#include "sim/whatif/random.h"

static struct centro_workload *draw(const char *mix, uint64_t seed)
{
	struct centro_workload *workload = fixture_new(false);
	struct centro_error_text text = {""};
	if (centro_workload_add_mix(workload, mix, seed, &text) != CENTRO_OK)
		ck_abort_msg("%s", text.text);
	return workload;
}

static void refused(const char *mix, const char *said)
{
	struct centro_workload *workload = fixture_new(false);
	struct centro_error_text text;
	ck_assert_int_eq(centro_workload_add_mix(workload, mix, 0, &text), CENTRO_ERR_INVALID);
	ck_assert_str_eq(text.text, said);
	/* Nothing has come of it. */
	ck_assert_int_eq(centro_workload_add_mix(workload, "jobs=1", 0, &text), CENTRO_OK);
	ck_assert_uint_eq(fixture_info(workload).jobs, 1);
	centro_workload_free(workload);
}

START_TEST(logarithms_are_close)
{
	for (uint64_t value = 1; value < UINT64_C(1) << 62; value += value / 3 + 1) {
		uint64_t back = ctr_exp2_q32(ctr_log2_q32(value));
		ck_assert_uint_le(back, value);
		ck_assert_uint_le(value - back, value / 1000000000 + 1);
	}
	for (uint64_t bit = 0; bit < 64; bit++) {
		ck_assert_uint_eq(ctr_log2_q32(UINT64_C(1) << bit), bit << 32);
		ck_assert_uint_eq(ctr_exp2_q32(bit << 32), UINT64_C(1) << bit);
	}
	/* log2(3) = 1.584962500721156… */
	ck_assert_uint_eq(ctr_log2_q32(3), UINT64_C(6807362105));
	ck_assert_uint_eq(ctr_log2_q32(UINT64_MAX) >> 32, 63);
}
END_TEST

START_TEST(draws_have_their_means)
{
	struct ctr_prng prng;
	uint64_t sum = 0, below = 0;
	ctr_prng_init(&prng, 7);
	for (int i = 0; i < 100000; i++)
		sum += ctr_draw_gap(&prng, 1000000) / 1000;
	/* The mean of 100,000 is within 1 % but once in a thousand seeds. */
	ck_assert_uint_ge(sum / 100000, 990);
	ck_assert_uint_le(sum / 100000, 1010);
	for (int i = 0; i < 100000; i++) {
		uint64_t value = ctr_draw_log(&prng, 10, 100000);
		ck_assert_uint_ge(value, 10);
		ck_assert_uint_le(value, 100000);
		below += value < 1000; /* half of the four decades */
	}
	ck_assert_uint_ge(below, 49000);
	ck_assert_uint_le(below, 51000);
	ck_assert_uint_eq(ctr_draw_log(&prng, 5, 5), 5);
	ck_assert_uint_eq(ctr_draw_even(&prng, 5, 5), 5);
}
END_TEST

START_TEST(a_description_is_kept)
{
	struct centro_workload *workload =
		draw("jobs=500,rate=60/m,arrivals=even,cores=2|4,instances=1-3,runtime=10s-2h,"
		     "users=5,queue=batch",
		     3);
	ck_assert_uint_eq(workload->job_count, 500);
	ck_assert_uint_eq(workload->users.count, 5);
	ck_assert_uint_eq(workload->queues.count, 1);
	ck_assert_uint_eq(workload->shapes.count, 6);
	for (size_t i = 0; i < 500; i++) {
		const struct ctr_workload_job *job = &workload->jobs[i];
		const struct ctr_workload_shape shape = ctr_workload_shape(workload, job->shape);
		ck_assert_uint_eq(job->submit_ns, i * CTR_NS_PER_SEC);
		ck_assert_uint_ge(job->run_ns, 10 * CTR_NS_PER_SEC);
		ck_assert_uint_le(job->run_ns, 7200 * CTR_NS_PER_SEC);
		ck_assert(shape.cpu_milli == 2000 || shape.cpu_milli == 4000);
		ck_assert(shape.count >= 1 && shape.count <= 3);
	}
	centro_workload_free(workload);
}
END_TEST

static uint64_t sum_of(const struct centro_workload *workload)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < workload->job_count; i++)
		sum = ctr_hash_u64(sum ^ workload->jobs[i].submit_ns) + workload->jobs[i].run_ns;
	return sum;
}

START_TEST(the_seed_decides)
{
	struct centro_workload *first = draw("jobs=100", 1), *same = draw("jobs=100", 1);
	struct centro_workload *other = draw("jobs=100", 2);
	ck_assert_uint_eq(sum_of(first), sum_of(same));
	ck_assert_uint_ne(sum_of(first), sum_of(other));
	/* The same on every machine and with every compiler. */
	ck_assert_uint_eq(sum_of(first), UINT64_C(11044527680330442537));
	centro_workload_free(first);
	centro_workload_free(same);
	centro_workload_free(other);
}
END_TEST

START_TEST(several_go_on_beside_one_another)
{
	struct centro_workload *workload = draw("jobs=50,queue=a", 1);
	ck_assert_int_eq(centro_workload_add_mix(workload, "jobs=70,queue=b", 1, NULL), CENTRO_OK);
	ck_assert_uint_eq(workload->job_count, 120);
	size_t changes = 0;
	for (size_t i = 1; i < 120; i++) {
		ck_assert_uint_ge(workload->jobs[i].submit_ns, workload->jobs[i - 1].submit_ns);
		changes += workload->jobs[i].queue != workload->jobs[i - 1].queue;
	}
	ck_assert_uint_gt(changes, 20);
	ck_assert_int_eq(centro_workload_begin(workload, CENTRO_WORKLOAD_SWF, "x", NULL),
			 CENTRO_ERR_STATE);
	centro_workload_free(workload);
}
END_TEST

START_TEST(what_is_wrong_is_said)
{
	refused("jobs=10k", "mix: jobs: \"10k\" is not a number from 1 to 20000000");
	refused("jobs=0", "mix: jobs: \"0\" is not a number from 1 to 20000000");
	refused("job=5", "mix: there is no key \"job\"; there are jobs, rate, arrivals, cores, "
			 "instances, runtime, users and queue");
	refused("jobs", "mix: \"jobs\" is not of the form key=value");
	refused("jobs=5,,rate=1/s", "mix: \"\" is not of the form key=value");
	refused("rate=5", "mix: rate: \"5\"; write how many in which time: 5/s, 2000/h");
	refused("rate=0/s", "mix: rate: \"0/s\"; write how many in which time: 5/s, 2000/h");
	refused("rate=5/x", "mix: rate: \"5/x\"; write how many in which time: 5/s, 2000/h");
	refused("arrivals=odd", "mix: arrivals: \"odd\" is neither poisson nor even");
	refused("cores=8-1", "mix: cores: \"8-1\"; write one value, a range or a choice: 4, 1-8, "
			     "1|2|4");
	refused("cores=1-2-3", "mix: cores: \"1-2-3\"; write one value, a range or a choice: 4, "
			       "1-8, 1|2|4");
	refused("instances=10001", "mix: instances: \"10001\"; write one value, a range or a "
				   "choice: 4, 1-64, 1|16|64");
	refused("runtime=10", "mix: runtime: \"10\"; write one value, a range or a choice: 90s, "
			      "10s-2h, 5m|1h");
	refused("queue=A", "mix: queue: \"A\" is not a name: it must match [a-z][a-z0-9_-]*");
	refused("cores=1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1",
		"mix: cores: \"1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|1|...\"; "
		"write one value, a range or a choice: 4, 1-8, 1|2|4");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sim/mix");
	TCase *tcase = tcase_create("mix");
	tcase_add_test(tcase, logarithms_are_close);
	tcase_add_test(tcase, draws_have_their_means);
	tcase_add_test(tcase, a_description_is_kept);
	tcase_add_test(tcase, the_seed_decides);
	tcase_add_test(tcase, several_go_on_beside_one_another);
	tcase_add_test(tcase, what_is_wrong_is_said);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
