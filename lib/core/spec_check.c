/* SPDX-License-Identifier: MIT */
/*
 * spec_check.c - the rules that a specification must keep by itself.
 *
 * What a command may say about the cluster as it is (does the queue exist?) is
 * decided elsewhere. A breach does not hide the others: each is added, with the path of
 * its field, and only what is too many is not looked at one by one.
 *
 * Layer: core.
 */
#include <centro/job.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "base/time.h"
#include "core/show.h"
#include "core/spec.h"

/* Where in the specification: at its top, or in one element of a list. */
struct place {
	const char *list; /* NULL: at the top */
	size_t index;
};

#define REFUSE(problems, place, field, format, ...)                                              \
	((place)->list ? ctr_problems_add(problems, "%s[%zu]." field ": " format, (place)->list, \
					  (place)->index, __VA_ARGS__)                           \
		       : ctr_problems_add(problems, field ": " format, __VA_ARGS__))

struct centro_bytes ctr_name_or_default(struct centro_bytes name)
{
	return name.size > 0 ? name : ctr_bytes_str(CTR_NAME_DEFAULT);
}

static bool is_alphanumeric(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Starts with a letter or digit; then also characters of `more`. */
static bool is_word(struct centro_bytes text, const char *more, size_t size_max)
{
	if (text.size == 0 || text.size > size_max || !is_alphanumeric(text.data[0]))
		return false;
	for (size_t i = 1; i < text.size; i++) {
		if (!is_alphanumeric(text.data[i]) && !memchr(more, text.data[i], strlen(more)))
			return false;
	}
	return true;
}

/* Free text for people. */
static bool is_line(struct centro_bytes text, size_t size_max)
{
	if (text.size > size_max || !ctr_utf8_is_valid(text))
		return false;
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < 0x20 || text.data[i] == 0x7f)
			return false;
	}
	return true;
}

static bool is_repeated(const struct ctr_label *labels, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (ctr_bytes_equal(labels[i].key, labels[index].key))
			return true;
	}
	return false;
}

static void check_labels(const struct ctr_label *labels, size_t count,
			 struct ctr_problems *problems)
{
	const struct place top = {0};

	if (count > CTR_LABELS_MAX) {
		REFUSE(problems, &top, "labels", "%zu of them; at most %d are allowed", count,
		       CTR_LABELS_MAX);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct ctr_shown key = ctr_show(labels[i].key);
		if (!is_word(labels[i].key, "._/-", CTR_LABEL_KEY_SIZE_MAX))
			REFUSE(problems, &top, "labels",
			       "%s is not a key: it must match [A-Za-z0-9][A-Za-z0-9._/-]* and "
			       "have at most %d bytes",
			       key.text, CTR_LABEL_KEY_SIZE_MAX);
		if (!is_line(labels[i].value, CTR_LABEL_SIZE_MAX))
			REFUSE(problems, &top, "labels",
			       "the value of %s must be one line of at most %d bytes of UTF-8, "
			       "not %s",
			       key.text, CTR_LABEL_SIZE_MAX, ctr_show(labels[i].value).text);
		if (is_repeated(labels, i))
			REFUSE(problems, &top, "labels", "%s is there twice", key.text);
	}
}

static bool is_builtin_resource(struct centro_bytes name)
{
	static const char *const names[] = {"cpu", "memory", "disk"};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(names); i++) {
		if (ctr_bytes_equal(name, ctr_bytes_str(names[i])))
			return true;
	}
	return false;
}

static bool is_named_before(const struct ctr_resource_spec *spec, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (ctr_bytes_equal(spec->named[i].name, spec->named[index].name))
			return true;
	}
	return false;
}

/* `field`: what the resources are called there. */
static void check_resources(const struct ctr_resource_spec *spec, const struct place *place,
			    const char *field, struct ctr_problems *problems)
{
	if (spec->named_count > CTR_NAMED_MAX) {
		REFUSE(problems, place, "%s.named", "%zu of them; at most %d are allowed", field,
		       spec->named_count, CTR_NAMED_MAX);
		return;
	}
	for (size_t i = 0; i < spec->named_count; i++) {
		struct centro_bytes name = spec->named[i].name;
		if (!ctr_is_name(name) || is_builtin_resource(name))
			REFUSE(problems, place, "%s.named",
			       "%s is not a name for a resource: it must match "
			       "[a-z][a-z0-9_-]*, have at most %d bytes and be none of cpu, "
			       "memory, disk",
			       field, ctr_show(name).text, CTR_NAME_SIZE_MAX);
		if (is_named_before(spec, i))
			REFUSE(problems, place, "%s.named", "%s is there twice", field,
			       ctr_show(name).text);
	}
}

static void check_span(struct centro_span span, uint64_t min_ms, uint64_t max_ms,
		       const struct place *place, const char *field, struct ctr_problems *problems)
{
	if (span.ns == 0)
		return;
	if (span.ns < ctr_span_ms(min_ms).ns || span.ns > ctr_span_ms(max_ms).ns)
		REFUSE(problems, place, "%s", "%llu ns; it must be between %llu ms and %llu s",
		       field, (unsigned long long)span.ns, (unsigned long long)min_ms,
		       (unsigned long long)max_ms / 1000);
}

static void check_command(const struct ctr_task_spec *task, const struct place *place,
			  struct ctr_problems *problems)
{
	if (task->command_count == 0 || task->command[0].size == 0)
		REFUSE(problems, place, "command", "%s; it must name a program", "empty");
	for (size_t i = 0; i < task->env_count; i++) {
		struct centro_bytes key = task->env[i].key;
		if (key.size == 0 || memchr(key.data, '=', key.size))
			REFUSE(problems, place, "env",
			       "%s is not a name: it must be there and have no \"=\"",
			       ctr_show(key).text);
	}
	if (task->working_dir.size > 0 && task->working_dir.data[0] != '/')
		REFUSE(problems, place, "working_dir", "%s is not absolute: it must start with /",
		       ctr_show(task->working_dir).text);
}

static void check_task_name(const struct ctr_job_spec *spec, size_t index,
			    struct ctr_problems *problems)
{
	const struct place place = {"tasks", index};
	struct centro_bytes name = spec->tasks[index].name;

	if (name.size == 0 && spec->task_count == 1)
		return;
	if (!ctr_is_name(name)) {
		REFUSE(problems, &place, "name",
		       "%s is not a name: it must match [a-z][a-z0-9_-]* and have at most %d "
		       "bytes",
		       ctr_show(name).text, CTR_NAME_SIZE_MAX);
		return;
	}
	for (size_t i = 0; i < index; i++) {
		if (!ctr_bytes_equal(name, spec->tasks[i].name))
			continue;
		REFUSE(problems, &place, "name", "%s is the name of tasks[%zu] too",
		       ctr_show(name).text, i);
		return;
	}
}

static void check_task(const struct ctr_job_spec *spec, size_t index, struct ctr_problems *problems)
{
	const struct ctr_task_spec *task = &spec->tasks[index];
	const struct place place = {"tasks", index};

	check_task_name(spec, index, problems);
	check_command(task, &place, problems);
	check_resources(&task->resources, &place, "resources", problems);
	check_span(task->lease, CTR_LEASE_MIN_MS, CTR_LEASE_MAX_MS, &place, "lease", problems);
	check_span(task->kill_grace, 0, CTR_GRACE_MAX_MS, &place, "kill_grace", problems);
	if (task->on_disconnect > CTR_ON_DISCONNECT_KEEP)
		REFUSE(problems, &place, "on_disconnect", "%d is neither stop nor keep",
		       (int)task->on_disconnect);
}

/* Whatever becomes of it must be stored: an end that cannot be written would never come. */
static void check_record_size(const struct ctr_job_spec *spec, uint64_t instances,
			      struct ctr_problems *problems)
{
	CTR_ASSERT(instances > 0 && instances <= CTR_INSTANCES_MAX);

	uint64_t beside = CTR_RECORD_JOB_SIZE_MAX + CTR_RECORD_MESSAGES_SIZE_MAX +
			  instances * CTR_RECORD_INSTANCE_SIZE_MAX;
	CTR_ASSERT(beside < CTR_RECORD_SIZE_MAX);
	if (spec->text.size > CTR_RECORD_SIZE_MAX - beside)
		ctr_problems_add(problems,
				 "tasks: the specification has %zu bytes; with %llu instances at "
				 "most %llu are allowed",
				 spec->text.size, (unsigned long long)instances,
				 (unsigned long long)(CTR_RECORD_SIZE_MAX - beside));
}

static uint64_t instance_count(const struct ctr_task_spec *task)
{
	return task->count > 0 ? task->count : 1;
}

/* Of all tasks together: named is the task with which there are too many. */
static void check_instances(const struct ctr_job_spec *spec, struct ctr_problems *problems)
{
	uint64_t instances = 0;
	for (size_t i = 0; i < spec->task_count; i++) {
		const struct place place = {"tasks", i};
		instances += instance_count(&spec->tasks[i]);
		if (instances <= CTR_INSTANCES_MAX)
			continue;
		REFUSE(problems, &place, "count", "with %llu the job has more than %d instances",
		       (unsigned long long)spec->tasks[i].count, CTR_INSTANCES_MAX);
		return;
	}
	check_record_size(spec, instances, problems);
}

static void check_tasks(const struct ctr_job_spec *spec, struct ctr_problems *problems)
{
	const struct place top = {0};

	if (spec->task_count == 0) {
		REFUSE(problems, &top, "tasks", "%s; a job has at least one", "empty");
		return;
	}
	if (spec->task_count > CTR_TASKS_MAX) {
		REFUSE(problems, &top, "tasks", "%zu of them; at most %d are allowed",
		       spec->task_count, CTR_TASKS_MAX);
		return;
	}
	for (size_t i = 0; i < spec->task_count; i++)
		check_task(spec, i, problems);
	check_instances(spec, problems);
}

static void check_datacenters(const struct ctr_job_spec *spec, struct ctr_problems *problems)
{
	const struct place top = {0};

	if (spec->datacenter_count > CTR_DATACENTERS_MAX) {
		REFUSE(problems, &top, "datacenters", "%zu of them; at most %d are allowed",
		       spec->datacenter_count, CTR_DATACENTERS_MAX);
		return;
	}
	for (size_t i = 0; i < spec->datacenter_count; i++) {
		if (!ctr_is_name(spec->datacenters[i]))
			REFUSE(problems, &top, "datacenters[%zu]",
			       "%s is not a name: it must match [a-z][a-z0-9_-]*", i,
			       ctr_show(spec->datacenters[i]).text);
	}
}

/* Who asks, and what it is called. */
static void check_names(const struct ctr_job_spec *spec, struct ctr_problems *problems)
{
	const struct place top = {0};

	if (!is_line(spec->name, CTR_JOB_NAME_SIZE_MAX))
		REFUSE(problems, &top, "name", "%s is not one line of at most %d bytes of UTF-8",
		       ctr_show(spec->name).text, CTR_JOB_NAME_SIZE_MAX);
	if (spec->queue.size > 0 && !ctr_is_name(spec->queue))
		REFUSE(problems, &top, "queue", "%s is not a name: it must match [a-z][a-z0-9_-]*",
		       ctr_show(spec->queue).text);
	if (spec->tenant.size > 0 && !ctr_is_name(spec->tenant))
		REFUSE(problems, &top, "tenant", "%s is not a name: it must match [a-z][a-z0-9_-]*",
		       ctr_show(spec->tenant).text);
	if (!is_line(spec->owner, CTR_OWNER_SIZE_MAX))
		REFUSE(problems, &top, "owner", "%s is not one line of at most %d bytes of UTF-8",
		       ctr_show(spec->owner).text, CTR_OWNER_SIZE_MAX);
	if (!is_line(spec->request_id, CTR_REQUEST_ID_SIZE_MAX))
		REFUSE(problems, &top, "request_id",
		       "%s is not one line of at most %d bytes of UTF-8",
		       ctr_show(spec->request_id).text, CTR_REQUEST_ID_SIZE_MAX);
}

void ctr_job_spec_problems(const struct ctr_job_spec *spec, struct ctr_problems *problems)
{
	const struct place top = {0};
	CTR_ASSERT(spec->tasks || spec->task_count == 0);
	CTR_ASSERT(spec->datacenters || spec->datacenter_count == 0);

	if (spec->text.size > CTR_TEXT_SIZE_MAX)
		ctr_problems_add(problems,
				 "the specification has %zu bytes; at most %d are allowed",
				 spec->text.size, CTR_TEXT_SIZE_MAX);
	check_names(spec, problems);
	if (spec->priority < -CTR_PRIORITY_MAX || spec->priority > CTR_PRIORITY_MAX)
		REFUSE(problems, &top, "priority", "%d; it must be between %d and %d",
		       (int)spec->priority, -CTR_PRIORITY_MAX, CTR_PRIORITY_MAX);
	check_datacenters(spec, problems);
	check_labels(spec->labels, spec->label_count, problems);
	check_tasks(spec, problems);
}

int ctr_job_spec_check(const struct ctr_job_spec *spec, struct centro_error_text *text)
{
	struct ctr_problems problems;
	ctr_problems_init(&problems);
	ctr_job_spec_problems(spec, &problems);
	return ctr_problems_status(&problems, text);
}

int ctr_node_spec_check(const struct ctr_node_spec *spec, struct centro_error_text *text)
{
	const struct place top = {0};
	struct ctr_problems problems;
	CTR_ASSERT(spec->labels || spec->label_count == 0);
	CTR_ASSERT(spec->capacity.named || spec->capacity.named_count == 0);

	ctr_problems_init(&problems);
	if (spec->text.size > CTR_TEXT_SIZE_MAX)
		ctr_problems_add(&problems,
				 "the node's description has %zu bytes; at most %d are allowed",
				 spec->text.size, CTR_TEXT_SIZE_MAX);
	if (!is_word(spec->name, "._-", CTR_NODE_NAME_SIZE_MAX))
		REFUSE(&problems, &top, "name",
		       "%s is not a name for a node: it must match [A-Za-z0-9][A-Za-z0-9._-]* "
		       "and have at most %d bytes",
		       ctr_show(spec->name).text, CTR_NODE_NAME_SIZE_MAX);
	if (spec->datacenter.size > 0 && !ctr_is_name(spec->datacenter))
		REFUSE(&problems, &top, "datacenter",
		       "%s is not a name: it must match [a-z][a-z0-9_-]*",
		       ctr_show(spec->datacenter).text);
	check_labels(spec->labels, spec->label_count, &problems);
	check_resources(&spec->capacity, &top, "capacity", &problems);
	return ctr_problems_status(&problems, text);
}
