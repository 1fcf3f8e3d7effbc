/* SPDX-License-Identifier: MIT */
/* load_job.c - the jobs that a load generator submits, and what becomes of them. */
#include "load_job.h"

#include "base/bytes.h"
#include "codec/codec.h"

void load_encode_submit(struct ctr_buf *buf, const char *const *argv, size_t argc)
{
	Centro__V1__Resources resources = CENTRO__V1__RESOURCES__INIT;
	Centro__V1__Task task = CENTRO__V1__TASK__INIT;
	Centro__V1__JobSpec spec = CENTRO__V1__JOB_SPEC__INIT;
	Centro__V1__JobSubmitRequest request = CENTRO__V1__JOB_SUBMIT_REQUEST__INIT;

	resources.cpu_milli = 1000;
	resources.memory_mib = 128;
	task.resources = &resources;
	task.command = (char **)(uintptr_t)argv;
	task.n_command = argc;
	spec.name = (char *)"bench";
	spec.tasks = (Centro__V1__Task *[]){&task};
	spec.n_tasks = 1;
	request.job = &spec;
	ctr_buf_init(buf, NULL, 0);
	load_check(ctr_message_encode(&request.base, buf), "request");
}

/* The answer to a call, decoded into `arena`. */
static ProtobufCMessage *call(struct load_net *net, struct load_conn *conn, const char *path,
			      struct centro_bytes request, struct ctr_arena *arena)
{
	const struct ctr_schema_method *method = ctr_schema_find_method(ctr_bytes_str(path));
	struct centro_bytes answer = load_call_wait(net, conn, path, request);
	struct centro_error_text text;
	ProtobufCMessage *message;
	ctr_arena_init(arena, NULL, ctr_message_arena_bytes(answer.size));
	load_check(ctr_message_decode(method->response, answer, arena, &message, &text), path);
	return message;
}

static struct centro_bytes encode(const ProtobufCMessage *request, struct ctr_buf *buf)
{
	ctr_buf_init(buf, NULL, 0);
	load_check(ctr_message_encode(request, buf), "request");
	return ctr_buf_bytes(buf);
}

uint64_t load_submit(struct load_net *net, struct load_conn *conn, struct centro_bytes request)
{
	struct ctr_arena arena;
	const ProtobufCMessage *answer =
		call(net, conn, "/centro.v1.JobService/Submit", request, &arena);
	uint64_t job = ((const Centro__V1__JobSubmitResponse *)answer)->id;
	ctr_arena_fini(&arena);
	return job;
}

bool load_has_ended(struct load_net *net, struct load_conn *conn, uint64_t job)
{
	Centro__V1__JobGetRequest request = CENTRO__V1__JOB_GET_REQUEST__INIT;
	struct ctr_buf buf;
	struct ctr_arena arena;
	request.id = job;
	const ProtobufCMessage *answer =
		call(net, conn, "/centro.v1.JobService/Get", encode(&request.base, &buf), &arena);
	Centro__V1__Job__State state = ((const Centro__V1__Job *)answer)->state;
	ctr_arena_fini(&arena);
	ctr_buf_fini(&buf);
	if (state > CENTRO__V1__JOB__STATE__succeeded)
		load_die("job %llu did not succeed", (unsigned long long)job);
	return state == CENTRO__V1__JOB__STATE__succeeded;
}

bool load_is_any_live(struct load_net *net, struct load_conn *conn)
{
	Centro__V1__JobListRequest request = CENTRO__V1__JOB_LIST_REQUEST__INIT;
	struct ctr_buf buf;
	struct ctr_arena arena;
	request.page_size = 1;
	const ProtobufCMessage *answer =
		call(net, conn, "/centro.v1.JobService/List", encode(&request.base, &buf), &arena);
	bool is_any = ((const Centro__V1__JobListResponse *)answer)->n_jobs > 0;
	ctr_arena_fini(&arena);
	ctr_buf_fini(&buf);
	return is_any;
}
