/* SPDX-License-Identifier: MIT */
/* load_job.c - the job that a load generator submits. */
#include "load_job.h"

#include "codec/codec.h"
#include "load_net.h"

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
