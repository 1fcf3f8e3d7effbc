/* SPDX-License-Identifier: MIT */
/*
 * options_codec.c - jobs and nodes out of the public API's option structs.
 *
 * They are written as the message that they stand for, and that is decoded: so
 * every rule about text and maps is where it is for everybody else, and the core
 * gets the same bytes whichever way a job came.
 *
 * A struct may be older than this library, and then shorter: what it lacks is 0. It
 * may be newer: what this library does not know must be 0.
 *
 * Layer: codec.
 */
#include "codec/record.h"

#include "base/assert.h"
#include "base/bytes.h"

/* Of the messages in centro/v1. */
enum { SPEC_TASKS = 4, SPEC_DATACENTERS = 5 };
enum { TASK_COMMAND = 2, TASK_ENV = 3, TASK_RESOURCES = 5 };
enum { INFO_LABELS = 3, INFO_CAPACITY = 4 };
enum { RESOURCES_NAMED = 4 };
enum { ENTRY_KEY = 1, ENTRY_VALUE = 2 };

/* No struct of options comes near it: a larger size is no size. */
#define OPTIONS_SIZE_MAX 4096

struct writer {
	struct ctr_buf buf;
	struct centro_error_text *text;
};

/* ---- sizes ---- */

#define SIZE_UP_TO(type, last) (offsetof(type, last) + sizeof(((type *)NULL)->last))

/* Sizes of one struct: as this library knows it, and in the first release. */
struct sizes {
	size_t known, first;
};
static const struct sizes job_sizes = {
	sizeof(struct centro_job_options),
	SIZE_UP_TO(struct centro_job_options, datacenter_count),
};
static const struct sizes task_sizes = {
	sizeof(struct centro_task_options),
	SIZE_UP_TO(struct centro_task_options, named_count),
};
static const struct sizes node_sizes = {
	sizeof(struct centro_node_options),
	SIZE_UP_TO(struct centro_node_options, named_count),
};

static bool is_zero(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (data[i] != 0)
			return false;
	}
	return true;
}

/* Copy what the caller knows of the struct into `to`, which has all that we know. */
static int take_options(const struct ctr_path *path, const void *options, struct sizes sizes,
			void *to, struct centro_error_text *text)
{
	/* `size` comes first in all of them. */
	size_t size = *(const size_t *)options;

	CTR_ASSERT(sizes.first <= sizes.known && sizes.known <= OPTIONS_SIZE_MAX);
	if (size < sizes.first || size > OPTIONS_SIZE_MAX)
		return ctr_path_error(path, text, CENTRO_ERR_ABI,
				      "%zu is not the size of the struct: start from its _INIT",
				      size);
	if (size > sizes.known &&
	    !is_zero((const uint8_t *)options + sizes.known, size - sizes.known))
		return ctr_path_error(path, text, CENTRO_ERR_ABI,
				      "made for a newer libcentro, with an option that this one "
				      "does not know");
	memset(to, 0, sizes.known);
	memcpy(to, options, size < sizes.known ? size : sizes.known);
	return CENTRO_OK;
}

/* ---- fields ---- */

static int missing(struct writer *writer, const struct ctr_path *path, const char *name)
{
	struct ctr_path step = {path, name, CTR_PATH_NO_INDEX};
	return ctr_path_error(&step, writer->text, CENTRO_ERR_INVALID,
			      "a count without an array, or NULL in it");
}

static int write_texts(struct writer *writer, const struct ctr_path *path, const char *name,
		       uint32_t number, const char *const *texts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!texts || !texts[i])
			return missing(writer, path, name);
		/* Also an empty one: it is an argument like any other. */
		ctr_message_append_field(&writer->buf, number, ctr_bytes_str(texts[i]));
	}
	return CENTRO_OK;
}

static void write_entry(struct writer *writer, uint32_t number, struct centro_bytes key,
			const char *value)
{
	size_t mark = ctr_write_begin(&writer->buf, number);
	ctr_message_append_field(&writer->buf, ENTRY_KEY, key);
	ctr_message_append_field(&writer->buf, ENTRY_VALUE, ctr_bytes_str(value));
	ctr_write_end(&writer->buf, mark);
}

/* "key=value" each. */
static int write_pairs(struct writer *writer, const struct ctr_path *path, const char *name,
		       uint32_t number, const char *const *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!pairs || !pairs[i])
			return missing(writer, path, name);
		const char *equals = strchr(pairs[i], '=');
		if (!equals || equals == pairs[i]) {
			struct ctr_path step = {path, name, i};
			struct ctr_quote pair;
			return ctr_path_error(&step, writer->text, CENTRO_ERR_INVALID,
					      "\"%s\" is not of the form name=value",
					      ctr_quote(&pair, ctr_bytes_str(pairs[i])));
		}
		size_t key_size = (size_t)(equals - pairs[i]);
		write_entry(writer, number, ctr_bytes(pairs[i], key_size), equals + 1);
	}
	return CENTRO_OK;
}

/* Resources other than cpu, memory and disk. */
struct named {
	const char *const *names;
	const uint32_t *amounts;
	size_t count;
};

static int write_named(struct writer *writer, const struct ctr_path *path, struct named named)
{
	for (size_t i = 0; i < named.count; i++) {
		if (!named.names || !named.names[i] || !named.amounts)
			return missing(writer, path, "named");
		ctr_write_amount(&writer->buf, RESOURCES_NAMED, ctr_bytes_str(named.names[i]),
				 named.amounts[i]);
	}
	return CENTRO_OK;
}

/* ---- jobs ---- */

#define TASK_ROW(number, kind, member) \
	CTR_WRITE_ROW(number, kind, struct centro_task_options, member)
static const struct ctr_write_row task_write[] = {
	TASK_ROW(1, CTR_WRITE_TEXT, name),  TASK_ROW(4, CTR_WRITE_TEXT, working_dir),
	TASK_ROW(6, CTR_WRITE_UINT, count), TASK_ROW(7, CTR_WRITE_SPAN, time_limit),
	TASK_ROW(8, CTR_WRITE_SPAN, lease), TASK_ROW(9, CTR_WRITE_SPAN, kill_grace),
	TASK_ROW(11, CTR_WRITE_UINT, gang),
};
static const struct ctr_write_row task_resources_write[] = {
	TASK_ROW(1, CTR_WRITE_UINT, cpu_milli),
	TASK_ROW(2, CTR_WRITE_UINT, memory_mib),
	TASK_ROW(3, CTR_WRITE_UINT, disk_mib),
};

#define JOB_ROW(number, kind, member) CTR_WRITE_ROW(number, kind, struct centro_job_options, member)
static const struct ctr_write_row job_write[] = {
	JOB_ROW(1, CTR_WRITE_TEXT, name),
	JOB_ROW(2, CTR_WRITE_TEXT, queue),
	JOB_ROW(3, CTR_WRITE_INT32, priority),
};

static int write_task_resources(struct writer *writer, const struct ctr_path *path,
				const struct centro_task_options *task)
{
	size_t mark = ctr_write_begin(&writer->buf, TASK_RESOURCES);
	struct named named = {task->named, task->named_amount, task->named_count};

	CTR_WRITE_FIELDS(task_resources_write, task, &writer->buf);
	int status = write_named(writer, path, named);
	ctr_write_end(&writer->buf, mark);
	return status;
}

static int write_task(struct writer *writer, const struct ctr_path *path,
		      const struct centro_task_options *task)
{
	struct ctr_buf *buf = &writer->buf;
	size_t mark = ctr_write_begin(buf, SPEC_TASKS);

	CTR_WRITE_FIELDS(task_write, task, buf);
	int status = write_texts(writer, path, "command", TASK_COMMAND, task->command,
				 task->command_count);
	if (status == CENTRO_OK)
		status = write_pairs(writer, path, "env", TASK_ENV, task->env, task->env_count);
	if (status != CENTRO_OK)
		return status;

	bool has_resources = task->cpu_milli > 0 || task->memory_mib > 0 || task->disk_mib > 0 ||
			     task->named_count > 0;
	/* As somebody who names none leaves them out: equal jobs give equal bytes. */
	if (has_resources)
		status = write_task_resources(writer, path, task);
	ctr_write_end(buf, mark);
	return status;
}

static int write_tasks(struct writer *writer, const struct centro_job_options *job)
{
	if (job->task_count > 0 && !job->tasks)
		return missing(writer, NULL, "tasks");
	for (size_t i = 0; i < job->task_count; i++) {
		/* In the caller's array the structs are as large as the caller knows them. */
		const char *at = (const char *)job->tasks + i * job->tasks->size;
		struct ctr_path step = {NULL, "tasks", i};
		struct centro_task_options task;
		int status = take_options(&step, at, task_sizes, &task, writer->text);
		if (status == CENTRO_OK && task.size != job->tasks->size)
			status = ctr_path_error(&step, writer->text, CENTRO_ERR_ABI,
						"another size than the first task");
		if (status == CENTRO_OK)
			status = write_task(writer, &step, &task);
		if (status != CENTRO_OK)
			return status;
	}
	return CENTRO_OK;
}

static int write_job(struct writer *writer, const struct centro_job_options *options)
{
	struct centro_job_options job;
	int status = take_options(NULL, options, job_sizes, &job, writer->text);
	if (status != CENTRO_OK)
		return status;
	CTR_WRITE_FIELDS(job_write, &job, &writer->buf);
	status = write_tasks(writer, &job);
	if (status == CENTRO_OK)
		status = write_texts(writer, NULL, "datacenters", SPEC_DATACENTERS, job.datacenters,
				     job.datacenter_count);
	return status;
}

/* ---- nodes ---- */

#define NODE_ROW(number, kind, member) \
	CTR_WRITE_ROW(number, kind, struct centro_node_options, member)
static const struct ctr_write_row node_write[] = {
	NODE_ROW(1, CTR_WRITE_TEXT, name),
	NODE_ROW(2, CTR_WRITE_TEXT, datacenter),
};
static const struct ctr_write_row node_capacity_write[] = {
	NODE_ROW(1, CTR_WRITE_UINT, cpu_milli),
	NODE_ROW(2, CTR_WRITE_UINT, memory_mib),
	NODE_ROW(3, CTR_WRITE_UINT, disk_mib),
};

static int write_node(struct writer *writer, const struct centro_node_options *options)
{
	struct centro_node_options node;
	int status = take_options(NULL, options, node_sizes, &node, writer->text);
	if (status != CENTRO_OK)
		return status;
	CTR_WRITE_FIELDS(node_write, &node, &writer->buf);
	status = write_pairs(writer, NULL, "labels", INFO_LABELS, node.labels, node.label_count);
	if (status != CENTRO_OK)
		return status;

	size_t mark = ctr_write_begin(&writer->buf, INFO_CAPACITY);
	CTR_WRITE_FIELDS(node_capacity_write, &node, &writer->buf);
	struct ctr_path step = {NULL, "capacity", CTR_PATH_NO_INDEX};
	struct named named = {node.named, node.named_amount, node.named_count};
	status = write_named(writer, &step, named);
	ctr_write_end(&writer->buf, mark);
	return status;
}

/* ---- both ---- */

static void writer_init(struct writer *writer, const struct ctr_arena *arena,
			struct centro_error_text *text)
{
	ctr_buf_init(&writer->buf, arena->allocator, CTR_TEXT_SIZE_MAX);
	writer->text = text;
}

/* What was written, decoded; `status` is how writing went. Gives the buffer's memory back. */
static int writer_end(struct writer *writer, int status,
		      const ProtobufCMessageDescriptor *descriptor, struct ctr_arena *arena,
		      ProtobufCMessage **ret_message)
{
	if (status == CENTRO_OK && writer->buf.error == CENTRO_ERR_LIMIT)
		status = ctr_error(writer->text, CENTRO_ERR_LIMIT,
				   "the specification has more than %d bytes", CTR_TEXT_SIZE_MAX);
	if (status == CENTRO_OK && writer->buf.error != CENTRO_OK)
		status = ctr_error(writer->text, writer->buf.error, "out of memory");
	if (status == CENTRO_OK)
		status = ctr_message_decode(descriptor, ctr_buf_bytes(&writer->buf), arena,
					    ret_message, writer->text);
	ctr_buf_fini(&writer->buf);
	return status;
}

int ctr_codec_job_spec_from_options(const struct centro_job_options *options,
				    struct ctr_arena *arena, struct ctr_job_spec *ret_spec,
				    struct centro_error_text *text)
{
	struct writer writer;
	ProtobufCMessage *message;

	writer_init(&writer, arena, text);
	int status = write_job(&writer, options);
	status = writer_end(&writer, status, &centro__v1__job_spec__descriptor, arena, &message);
	if (status != CENTRO_OK)
		return status;
	return ctr_codec_job_spec((const Centro__V1__JobSpec *)message, arena, ret_spec, text);
}

int ctr_codec_node_spec_from_options(const struct centro_node_options *options,
				     struct ctr_arena *arena, struct ctr_node_spec *ret_spec,
				     struct centro_error_text *text)
{
	struct writer writer;
	ProtobufCMessage *message;

	writer_init(&writer, arena, text);
	int status = write_node(&writer, options);
	status = writer_end(&writer, status, &centro__v1__node_info__descriptor, arena, &message);
	if (status != CENTRO_OK)
		return status;
	return ctr_codec_node_spec((const Centro__V1__NodeInfo *)message, arena, ret_spec, text);
}
