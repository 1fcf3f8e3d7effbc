/* SPDX-License-Identifier: MIT */
/* Tests of lib/codec/job_codec.c. */
#include "codec/codec.h"

#include "base/assert.h"
#include "helper.h"
#include "random_message.h"
#include "sample.h"
#include "support/failing_allocator.h"

static struct ctr_job_spec read_spec(struct helper *helper, const char *json)
{
	struct ctr_job_spec spec;
	ck_assert_msg(helper_read_json(helper, &centro__v1__job_spec__descriptor, json) ==
			      CENTRO_OK,
		      "%s", helper->text.text);
	ck_assert_int_eq(ctr_codec_job_spec((const Centro__V1__JobSpec *)helper->message,
					    &helper->arena, &spec, &helper->text),
			 CENTRO_OK);
	return spec;
}

START_TEST(a_specification_reaches_the_core)
{
	struct helper helper;
	helper_init(&helper);
	struct ctr_job_spec spec = read_spec(
		&helper,
		"{\"name\":\"n\",\"queue\":\"q\",\"priority\":-7,\"tenant\":\"t\","
		"\"datacenters\":[\"a\",\"b\"],\"labels\":{\"y\":\"2\",\"x\":\"1\"},\"tasks\":[{},"
		"{\"name\":\"second\",\"command\":[\"sh\",\"\"],\"env\":{\"A\":\"\"},"
		"\"working_dir\":\"/"
		"w\",\"resources\":{\"cpu_milli\":1,\"memory_mib\":2,\"disk_mib\":3,"
		"\"named\":{\"gpu\":4}},\"count\":5,\"time_limit\":\"6s\",\"lease\":\"7s\","
		"\"kill_grace\":\"8s\",\"on_disconnect\":\"keep\",\"gang\":true}]}");
	ck_assert_bytes_eq(spec.name, BYTES("n"));
	ck_assert_bytes_eq(spec.queue, BYTES("q"));
	ck_assert_bytes_eq(spec.tenant, BYTES("t"));
	ck_assert_int_eq(spec.priority, -7);
	ck_assert_uint_eq(spec.datacenter_count, 2);
	ck_assert_bytes_eq(spec.datacenters[1], BYTES("b"));
	ck_assert_uint_eq(spec.label_count, 2);
	ck_assert_bytes_eq(spec.labels[0].key, BYTES("x"));
	ck_assert_bytes_eq(spec.labels[0].value, BYTES("1"));
	ck_assert_uint_eq(spec.owner.size + spec.request_id.size, 0);
	ck_assert_uint_eq(spec.task_count, 2);
	ck_assert_uint_eq(spec.tasks[0].count + spec.tasks[0].command_count, 0);
	ck_assert_uint_eq(spec.tasks[0].resources.cpu_milli, 0);

	const struct ctr_task_spec *task = &spec.tasks[1];
	ck_assert_bytes_eq(task->name, BYTES("second"));
	ck_assert_uint_eq(task->command_count, 2);
	ck_assert_bytes_eq(task->command[0], BYTES("sh"));
	ck_assert_bytes_eq(task->command[1], BYTES(""));
	ck_assert_uint_eq(task->env_count, 1);
	ck_assert_bytes_eq(task->env[0].key, BYTES("A"));
	ck_assert_bytes_eq(task->working_dir, BYTES("/w"));
	ck_assert_uint_eq(task->resources.cpu_milli, 1);
	ck_assert_uint_eq(task->resources.memory_mib, 2);
	ck_assert_uint_eq(task->resources.disk_mib, 3);
	ck_assert_uint_eq(task->resources.named_count, 1);
	ck_assert_bytes_eq(task->resources.named[0].name, BYTES("gpu"));
	ck_assert_uint_eq(task->resources.named[0].amount, 4);
	ck_assert_uint_eq(task->count, 5);
	ck_assert_uint_eq(task->time_limit.ns, UINT64_C(6000000000));
	ck_assert_uint_eq(task->lease.ns, UINT64_C(7000000000));
	ck_assert_uint_eq(task->kill_grace.ns, UINT64_C(8000000000));
	ck_assert_int_eq(task->on_disconnect, CTR_ON_DISCONNECT_KEEP);
	ck_assert(task->gang);
	helper_fini(&helper);
}
END_TEST

START_TEST(equal_bodies_have_equal_bytes)
{
	struct helper helper;
	helper_init(&helper);
	struct ctr_job_spec a =
		read_spec(&helper, "{\"name\":\"n\",\"labels\":{\"x\":\"1\",\"y\":\"2\"}}");
	struct ctr_job_spec b =
		read_spec(&helper, "{\"labels\":{\"y\":\"2\",\"x\":\"1\"},\"name\":\"n\"}");
	struct ctr_job_spec c =
		read_spec(&helper, "{\"name\":\"n\",\"labels\":{\"x\":\"1\",\"y\":\"3\"}}");
	ck_assert_bytes_eq(a.text, b.text);
	ck_assert_uint_eq(a.spec_hash, b.spec_hash);
	ck_assert_uint_ne(a.spec_hash, c.spec_hash);
	/* What is stored must not change with the version. */
	ck_assert_uint_eq(read_spec(&helper, "{}").spec_hash, UINT64_C(6241845776774528314));
	helper_fini(&helper);
}
END_TEST

START_TEST(a_negative_time_is_named)
{
	struct helper helper;
	struct ctr_job_spec spec = {.priority = 77};
	helper_init(&helper);
	helper_read_json(&helper, &centro__v1__job_spec__descriptor,
			 "{\"tasks\":[{},{\"lease\":\"-1s\"}]}");
	ck_assert_int_eq(ctr_codec_job_spec((const Centro__V1__JobSpec *)helper.message,
					    &helper.arena, &spec, &helper.text),
			 CENTRO_ERR_INVALID);
	ck_assert_str_eq(helper.text.text, "tasks[1].lease: must be from 0 to 584 years");
	ck_assert_int_eq(spec.priority, 77);
	helper_fini(&helper);
}
END_TEST

START_TEST(what_cannot_be_read_does_not_hide_the_rest)
{
	struct helper helper;
	struct ctr_problems problems;
	struct ctr_job_spec spec;
	helper_init(&helper);
	ctr_problems_init(&problems);
	helper_read_json(&helper, &centro__v1__job_spec__descriptor,
			 "{\"tasks\":[{\"time_limit\":\"-1s\",\"lease\":\"7s\"},"
			 "{\"lease\":\"-1s\",\"count\":3}]}");
	ck_assert_int_eq(ctr_codec_read_job_spec((const Centro__V1__JobSpec *)helper.message,
						 &helper.arena, &spec, &problems, &helper.text),
			 CENTRO_OK);
	ck_assert_str_eq(problems.text, "tasks[0].time_limit: must be from 0 to 584 years\n"
					"tasks[1].lease: must be from 0 to 584 years");
	ck_assert_uint_eq(spec.tasks[0].lease.ns, 7000000000);
	ck_assert_uint_eq(spec.tasks[1].count, 3);
	helper_fini(&helper);
}
END_TEST

/* ---- records ---- */

struct records {
	struct ctr_buf spec, state, whole;
};

static void records_init(struct records *records, const struct ctr_job *job)
{
	ctr_buf_init(&records->spec, NULL, 0);
	ctr_buf_init(&records->state, NULL, 0);
	ctr_buf_init(&records->whole, NULL, 0);
	ck_assert_int_eq(ctr_codec_encode_job_spec(job, &records->spec), CENTRO_OK);
	ck_assert_int_eq(ctr_codec_encode_job_state(job, &records->state), CENTRO_OK);
	ck_assert_int_eq(ctr_codec_encode_job(job, &records->whole), CENTRO_OK);
}

static void records_fini(struct records *records)
{
	ctr_buf_fini(&records->spec);
	ctr_buf_fini(&records->state);
	ctr_buf_fini(&records->whole);
}

static int load(struct helper *helper, const struct records *records, struct ctr_job_load *ret_job)
{
	return ctr_codec_decode_job(ctr_buf_bytes(&records->spec), ctr_buf_bytes(&records->state),
				    &helper->arena, ret_job, &helper->text);
}

START_TEST(a_whole_job_is_its_halves)
{
	struct sample sample;
	struct records records;
	sample_init(&sample);
	records_init(&records, &sample.job);
	ck_assert_uint_eq(records.whole.size, records.spec.size + records.state.size);
	ck_assert_int_eq(memcmp(records.whole.data, records.spec.data, records.spec.size), 0);
	records_fini(&records);
	sample_fini(&sample);
}
END_TEST

START_TEST(instances_that_only_wait_are_left_out)
{
	struct sample sample;
	struct records records;
	struct ctr_job_load job;
	struct helper helper;
	helper_init(&helper);
	sample_init(&sample);
	sample_add_task(&sample, 5);
	sample.instances[1].state = CENTRO_INSTANCE_BLOCKED;
	sample.instances[3].attempt = 1;
	sample.instances[4].lost = 1;
	sample.instances[5].state = CENTRO_INSTANCE_CANCELLED;
	records_init(&records, &sample.job);
	ck_assert_int_eq(load(&helper, &records, &job), CENTRO_OK);
	/* All but the second of the second task. */
	ck_assert_uint_eq(job.instance_count, 5);
	ck_assert_uint_eq(job.instances[1].task, 1);
	ck_assert_uint_eq(job.instances[1].index, 0);
	ck_assert_uint_eq(job.instances[2].index, 2);
	records_fini(&records);
	sample_fini(&sample);
	helper_fini(&helper);
}
END_TEST

START_TEST(the_exit_code_is_the_highest)
{
	struct sample sample;
	struct helper helper;
	helper_init(&helper);
	sample_init(&sample);
	sample_add_task(&sample, 2);
	sample.instances[1].exit_code = 137;
	sample.instances[1].state = CENTRO_INSTANCE_FAILED;
	sample.instances[2].exit_code = 3;
	sample.instances[2].state = CENTRO_INSTANCE_FAILED;
	ctr_codec_encode_job_state(&sample.job, &helper.buf);
	helper_decode(&helper, &centro__v1__job__descriptor, ctr_buf_bytes(&helper.buf));
	ck_assert_int_eq(((Centro__V1__Job *)helper.message)->exit_code, 137);
	sample_fini(&sample);
	helper_fini(&helper);
}
END_TEST

START_TEST(a_cancelled_job_stays_cancelled)
{
	struct sample sample;
	struct records records;
	struct ctr_job_load job;
	struct helper helper;
	helper_init(&helper);
	sample_init(&sample);
	/* By nobody in particular, for no reason. */
	sample.job.cancelled_by = (char *)"";
	sample.job.cancel_reason = (char *)"";
	records_init(&records, &sample.job);
	ck_assert_int_eq(load(&helper, &records, &job), CENTRO_OK);
	ck_assert(job.cancelled);
	ck_assert_uint_eq(job.cancelled_by.size, 0);
	records_fini(&records);

	sample.job.cancelled_by = sample.job.cancel_reason = NULL;
	records_init(&records, &sample.job);
	ck_assert_int_eq(load(&helper, &records, &job), CENTRO_OK);
	ck_assert(!job.cancelled);
	records_fini(&records);
	sample_fini(&sample);
	helper_fini(&helper);
}
END_TEST

/* ---- random jobs ---- */

static void randomise_spans(Centro__V1__JobSpec *spec)
{
	/* Only what the core has room for. */
	for (size_t i = 0; i < spec->n_tasks; i++) {
		Google__Protobuf__Duration *spans[] = {
			spec->tasks[i]->time_limit,
			spec->tasks[i]->lease,
			spec->tasks[i]->kill_grace,
		};
		for (size_t s = 0; s < CTR_ARRAY_SIZE(spans); s++) {
			if (!spans[s])
				continue;
			spans[s]->seconds = llabs(spans[s]->seconds) % 1000000;
			spans[s]->nanos = abs(spans[s]->nanos);
		}
	}
}

static void randomise_instance(struct ctr_instance *instance, struct ctr_prng *prng,
			       struct ctr_node *node)
{
	static const char *const messages[] = {NULL, "", "no such file", "ä漢"};
	if (ctr_prng_below(prng, 3) == 0)
		return;
	instance->state = (uint8_t)(1 + ctr_prng_below(prng, CENTRO_INSTANCE_STATE_COUNT - 1));
	/* The numbers have gaps. */
	do
		instance->cause = (uint8_t)ctr_prng_below(prng, CENTRO_CAUSE_COUNT);
	while (!protobuf_c_enum_descriptor_get_value(&centro__v1__cause__descriptor,
						     instance->cause));
	instance->attempt = (uint32_t)ctr_prng_below(prng, 5);
	instance->lost = (uint32_t)ctr_prng_below(prng, 3);
	instance->signal = (uint16_t)ctr_prng_below(prng, 65536);
	instance->exit_code = (int32_t)ctr_prng_below(prng, 256);
	instance->node = ctr_prng_below(prng, 2) == 0 ? node : NULL;
	instance->message = (char *)messages[ctr_prng_below(prng, CTR_ARRAY_SIZE(messages))];
	instance->assign_wall.ns = ctr_prng_next(prng) >> ctr_prng_below(prng, 64);
	instance->start_wall.ns = ctr_prng_next(prng) >> ctr_prng_below(prng, 64);
	instance->end_wall.ns = ctr_prng_next(prng);
}

static void randomise(struct sample *sample, struct ctr_prng *prng)
{
	static const char *const texts[] = {NULL, "", "ada", "not needed any more"};
	Centro__V1__JobSpec *spec = (Centro__V1__JobSpec *)random_message(
		&centro__v1__job_spec__descriptor, prng, &sample->arena);
	struct ctr_job *job = &sample->job;

	randomise_spans(spec);
	/* No job has an empty specification: it has a task. */
	spec->priority = 1;
	size_t size = protobuf_c_message_get_packed_size(&spec->base);
	uint8_t *data = ctr_arena_alloc(&sample->arena, size);
	protobuf_c_message_pack(&spec->base, data);
	job->text = ctr_bytes(data, size);
	job->id = ctr_prng_next(prng);
	job->spec_hash = ctr_prng_next(prng);
	job->revision = ctr_prng_next(prng);
	job->state = (uint8_t)(1 + ctr_prng_below(prng, CENTRO_JOB_STATE_COUNT - 1));
	job->start_wall.ns = ctr_prng_next(prng) >> 1;
	job->end_wall.ns = ctr_prng_below(prng, 2) * ctr_prng_next(prng);
	job->cancelled_by = (char *)texts[ctr_prng_below(prng, CTR_ARRAY_SIZE(texts))];
	job->cancel_reason = (char *)texts[ctr_prng_below(prng, CTR_ARRAY_SIZE(texts))];
	sample_add_task(sample, 1 + (uint32_t)ctr_prng_below(prng, SAMPLE_INSTANCES_MAX - 1));
	for (size_t i = 0; i < job->instance_count; i++)
		randomise_instance(&sample->instances[i], prng, &sample->node);
}

static void check_instance(const struct ctr_instance_load *loaded,
			   const struct ctr_instance *instance)
{
	ck_assert_uint_eq(loaded->task, instance->task);
	ck_assert_uint_eq(loaded->index, instance->index);
	ck_assert_int_eq(loaded->state, instance->state);
	ck_assert_int_eq(loaded->cause, instance->cause);
	ck_assert_uint_eq(loaded->signal, instance->signal);
	ck_assert_int_eq(loaded->exit_code, instance->exit_code);
	ck_assert_uint_eq(loaded->attempt, instance->attempt);
	ck_assert_uint_eq(loaded->lost, instance->lost);
	ck_assert_uint_eq(loaded->node, instance->node ? instance->node->id : 0);
	ck_assert_bytes_eq(loaded->message, ctr_bytes_str(instance->message));
	ck_assert_uint_eq(loaded->assign_wall.ns, instance->assign_wall.ns);
	ck_assert_uint_eq(loaded->start_wall.ns, instance->start_wall.ns);
	ck_assert_uint_eq(loaded->end_wall.ns, instance->end_wall.ns);
}

static void check_loaded(const struct ctr_job_load *loaded, const struct sample *sample)
{
	const struct ctr_job *job = &sample->job;
	ck_assert_uint_eq(loaded->id, job->id);
	ck_assert_uint_eq(loaded->revision, job->revision);
	ck_assert_uint_eq(loaded->submit_wall.ns, job->submit_wall.ns);
	ck_assert_uint_eq(loaded->start_wall.ns, job->start_wall.ns);
	ck_assert_uint_eq(loaded->end_wall.ns, job->end_wall.ns);
	ck_assert(loaded->cancelled == (job->cancelled_by || job->cancel_reason));
	ck_assert_bytes_eq(loaded->cancelled_by, ctr_bytes_str(job->cancelled_by));
	ck_assert_bytes_eq(loaded->cancel_reason, ctr_bytes_str(job->cancel_reason));
	ck_assert_bytes_eq(loaded->spec->text, job->text);
	ck_assert_bytes_eq(loaded->spec->owner, job->owner);
	ck_assert_bytes_eq(loaded->spec->request_id, job->request_id);
	ck_assert_uint_eq(loaded->spec->spec_hash, job->spec_hash);

	size_t position = 0;
	for (size_t i = 0; i < job->instance_count; i++) {
		const struct ctr_instance *instance = &sample->instances[i];
		if (instance->state == CENTRO_INSTANCE_PENDING && instance->attempt == 0 &&
		    instance->lost == 0)
			continue;
		ck_assert_uint_lt(position, loaded->instance_count);
		check_instance(&loaded->instances[position++], instance);
	}
	ck_assert_uint_eq(position, loaded->instance_count);
}

/* What is left of a job says the same of its request. */
static void check_request_again(const struct ctr_request_load *request)
{
	struct helper helper;
	struct ctr_request_load again;
	helper_init(&helper);
	ck_assert_int_eq(ctr_codec_encode_request(request, &helper.buf), CENTRO_OK);
	ck_assert_int_eq(ctr_codec_decode_request(ctr_buf_bytes(&helper.buf), &helper.arena,
						  &again, &helper.text),
			 CENTRO_OK);
	ck_assert_uint_eq(again.job, request->job);
	ck_assert_uint_eq(again.spec_hash, request->spec_hash);
	ck_assert_uint_eq(again.wall.ns, request->wall.ns);
	ck_assert_uint_eq(again.end_wall.ns, 0);
	ck_assert_bytes_eq(again.owner, request->owner);
	ck_assert_bytes_eq(again.request_id, request->request_id);
	helper_fini(&helper);
}

START_TEST(what_is_stored_comes_back)
{
	struct ctr_prng prng;
	ctr_prng_init(&prng, 4);
	for (int i = 0; i < 200; i++) {
		struct sample sample;
		struct records records;
		struct ctr_job_load job;
		struct ctr_request_load request;
		struct helper helper;
		helper_init(&helper);
		sample_init(&sample);
		randomise(&sample, &prng);
		records_init(&records, &sample.job);
		ck_assert_msg(load(&helper, &records, &job) == CENTRO_OK, "%s", helper.text.text);
		check_loaded(&job, &sample);

		ck_assert_int_eq(ctr_codec_decode_request(ctr_buf_bytes(&records.whole),
							  &helper.arena, &request, &helper.text),
				 CENTRO_OK);
		ck_assert_uint_eq(request.job, sample.job.id);
		ck_assert_uint_eq(request.spec_hash, sample.job.spec_hash);
		ck_assert_uint_eq(request.wall.ns, sample.job.submit_wall.ns);
		ck_assert_bytes_eq(request.owner, sample.job.owner);
		ck_assert_uint_eq(request.end_wall.ns, sample.job.end_wall.ns);
		ck_assert_bytes_eq(request.request_id, sample.job.request_id);
		check_request_again(&request);
		records_fini(&records);
		sample_fini(&sample);
		helper_fini(&helper);
	}
}
END_TEST

static void check_corrupt(struct centro_bytes spec, struct centro_bytes state, const char *text)
{
	struct helper helper;
	struct ctr_job_load job;
	helper_init(&helper);
	ck_assert_int_eq(ctr_codec_decode_job(spec, state, &helper.arena, &job, &helper.text),
			 CENTRO_ERR_CORRUPT);
	ck_assert_str_eq(helper.text.text, text);
	helper_fini(&helper);
}

START_TEST(damaged_records_are_refused)
{
	check_corrupt(BYTES(""), BYTES(""), "spec: stands there 0 times, not once");
	check_corrupt(BYTES("\x12\x00\x12\x00"), BYTES(""), "spec: stands there 2 times, not once");
	check_corrupt(BYTES("\x10\x00"), BYTES(""), "spec: wire type 0");
	check_corrupt(BYTES("\x12\x05x"), BYTES(""), "cut off");
	check_corrupt(BYTES("\x12\x03\x0a\x01\xff"), BYTES(""),
		      "spec.name: not UTF-8, or holds U+0000");
	/* A specification in the half that is written at every transition, and the reverse. */
	check_corrupt(BYTES("\x12\x00"), BYTES("\x12\x00"),
		      "field 2 stands in the wrong half of the job");
	check_corrupt(BYTES("\x12\x00\x8a\x01\x00"), BYTES(""),
		      "field 17 stands in the wrong half of the job");
	check_corrupt(BYTES("\x12\x00"), BYTES("\x80\x01\x63"),
		      "state: 99 is no value of centro.v1.Job.State");
	check_corrupt(BYTES("\x12\x00"), BYTES("\x8a\x01\x04\x40\x80\x80\x04"),
		      "instances[0].signal: the number is too large");
	/* A lease of -1 s. */
	check_corrupt(BYTES("\x12\x11\x22\x0f\x42\x0d\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
			    "\x10\x00"),
		      BYTES(""), "spec.tasks[0].lease: must be from 0 to 584 years");
}
END_TEST

START_TEST(records_are_loaded_within_any_memory)
{
	struct sample sample;
	struct records records;
	sample_init(&sample);
	records_init(&records, &sample.job);
	for (size_t cap = 0;; cap += 64) {
		struct helper helper;
		struct ctr_job_load job;
		helper_init(&helper);
		ctr_arena_reset(&helper.arena, cap);
		int status = load(&helper, &records, &job);
		helper_fini(&helper);
		if (status == CENTRO_OK)
			break;
		ck_assert_int_eq(status, CENTRO_ERR_LIMIT);
	}
	struct failing_allocator failing;
	size_t fail_at = 0;
	do {
		struct helper helper;
		struct ctr_job_load job;
		helper_init(&helper);
		failing_allocator_init(&failing, ++fail_at);
		ctr_arena_init(&helper.arena, &failing.allocator, SIZE_MAX);
		int status = load(&helper, &records, &job);
		ck_assert_int_eq(status, failing.failed ? CENTRO_ERR_NOMEM : CENTRO_OK);
		helper_fini(&helper);
		ck_assert_uint_eq(failing.live, 0);
	} while (failing.failed);
	records_fini(&records);
	sample_fini(&sample);
}
END_TEST

START_TEST(a_full_buffer_gets_nothing)
{
	struct sample sample;
	sample_init(&sample);
	for (size_t limit = 1; limit < 380; limit++) {
		struct ctr_buf buf;
		ctr_buf_init(&buf, NULL, limit);
		ck_assert_int_eq(ctr_codec_encode_job(&sample.job, &buf), CENTRO_ERR_LIMIT);
		ck_assert_uint_eq(buf.size, 0);
		ctr_buf_fini(&buf);
	}
	sample_fini(&sample);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/job_codec");
	TCase *tcase = tcase_create("job_codec");
	tcase_add_test(tcase, a_specification_reaches_the_core);
	tcase_add_test(tcase, equal_bodies_have_equal_bytes);
	tcase_add_test(tcase, a_negative_time_is_named);
	tcase_add_test(tcase, what_cannot_be_read_does_not_hide_the_rest);
	tcase_add_test(tcase, a_whole_job_is_its_halves);
	tcase_add_test(tcase, instances_that_only_wait_are_left_out);
	tcase_add_test(tcase, the_exit_code_is_the_highest);
	tcase_add_test(tcase, a_cancelled_job_stays_cancelled);
	tcase_add_test(tcase, what_is_stored_comes_back);
	tcase_add_test(tcase, damaged_records_are_refused);
	tcase_add_test(tcase, records_are_loaded_within_any_memory);
	tcase_add_test(tcase, a_full_buffer_gets_nothing);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
