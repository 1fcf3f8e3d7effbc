/* SPDX-License-Identifier: MIT */
/* sample.c - a job and a node as the core has them. */
#include "sample.h"

#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"

static const char spec_json[] =
	"{\"name\":\"nightly-training\",\"queue\":\"research\",\"priority\":10,"
	"\"tasks\":[{\"name\":\"train\",\"command\":[\"/usr/bin/python3\",\"train.py\","
	"\"--epochs\",\"40\",\"--lr=0.001\"],\"env\":{\"OMP_NUM_THREADS\":\"8\","
	"\"DATA_DIR\":\"/srv/data/imagenet\"},\"working_dir\":\"/home/ada/src/model\","
	"\"resources\":{\"cpu_milli\":8000,\"memory_mib\":16384,\"named\":{\"gpu\":2}},"
	"\"time_limit\":\"7200s\"}],\"datacenters\":[\"fra1\",\"ams2\"],"
	"\"labels\":{\"team\":\"vision\",\"cost-center\":\"4711\"}}";

static struct centro_bytes encode(const ProtobufCMessage *message, struct ctr_arena *arena)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *data = ctr_arena_alloc(arena, size);
	CTR_ASSERT(data);
	protobuf_c_message_pack(message, data);
	return ctr_bytes(data, size);
}

static Centro__V1__JobSpec *make_spec(struct ctr_arena *arena)
{
	ProtobufCMessage *message;
	struct centro_error_text text;
	int status = ctr_json_decode(&centro__v1__job_spec__descriptor, ctr_bytes_str(spec_json),
				     arena, &message, &text);
	CTR_ASSERT(status == CENTRO_OK);
	return (Centro__V1__JobSpec *)message;
}

struct centro_bytes sample_spec(struct ctr_arena *arena)
{
	return encode(&make_spec(arena)->base, arena);
}

struct centro_bytes sample_submit(struct ctr_arena *arena)
{
	Centro__V1__JobSubmitRequest request = CENTRO__V1__JOB_SUBMIT_REQUEST__INIT;
	request.job = make_spec(arena);
	request.request_id = (char *)"6f1d2c3b-0001-4e5f-9a8b-7c6d5e4f3a2b";
	return encode(&request.base, arena);
}

static void init_instance(struct sample *sample, size_t position, uint32_t task, uint32_t index)
{
	CTR_ASSERT(position < SAMPLE_INSTANCES_MAX);
	sample->instances[position] = (struct ctr_instance){
		.job = &sample->job,
		.task = (uint16_t)task,
		.index = index,
		.state = CENTRO_INSTANCE_PENDING,
	};
}

static void init_node(struct sample *sample)
{
	sample->node = (struct ctr_node){
		.id = 17,
		.name = ctr_bytes_str("node-0017.fra1"),
		.datacenter = ctr_bytes_str("fra1"),
		.state = CENTRO_NODE_READY,
		.agent_id = UINT64_C(0xfedcba9876543210),
		.register_wall = {UINT64_C(1795525200123456789)},
		.revision = 400,
		.used.amount = {8000, 16384, 0, 2},
		.attempt_count = 1,
		.heard_wall = {UINT64_C(1795528800000000000)},
	};
}

void sample_init(struct sample *sample)
{
	memset(sample, 0, sizeof(*sample));
	ctr_arena_init(&sample->arena, NULL, SIZE_MAX);
	init_node(sample);
	sample->tasks[0] = (struct ctr_task){.count = 1, .instances = sample->instances};
	sample->job = (struct ctr_job){
		.id = 123456,
		.owner = ctr_bytes_str("ada"),
		.request_id = ctr_bytes_str("6f1d2c3b-0001-4e5f-9a8b-7c6d5e4f3a2b"),
		.state = CENTRO_JOB_RUNNING,
		.spec_hash = UINT64_C(0x0123456789abcdef),
		.text = sample_spec(&sample->arena),
		.tasks = sample->tasks,
		.task_count = 1,
		.instance_count = 1,
		.submit_wall = {UINT64_C(1795528700000000001)},
		.start_wall = {UINT64_C(1795528800500000000)},
		.revision = 987654,
	};
	init_instance(sample, 0, 0, 0);
	sample->instances[0].state = CENTRO_INSTANCE_RUNNING;
	sample->instances[0].attempt = 1;
	sample->instances[0].node = &sample->node;
	sample->instances[0].assign_wall = (struct centro_instant){UINT64_C(1795528800400000000)};
	sample->instances[0].start_wall = (struct centro_instant){UINT64_C(1795528800500000000)};
}

void sample_add_task(struct sample *sample, uint32_t count)
{
	size_t first = sample->job.instance_count;

	CTR_ASSERT(sample->job.task_count == 1);
	for (uint32_t i = 0; i < count; i++)
		init_instance(sample, first + i, 1, i);
	sample->tasks[1] = (struct ctr_task){
		.count = (uint16_t)count,
		.instances = &sample->instances[first],
	};
	sample->job.task_count = 2;
	sample->job.instance_count = (uint16_t)(first + count);
}

void sample_fini(struct sample *sample)
{
	ctr_arena_fini(&sample->arena);
}
