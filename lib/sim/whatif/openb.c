/* SPDX-License-Identifier: MIT */
/*
 * openb.c - Alibaba's trace of a GPU cluster, cluster-trace-gpu-v2023 (Weng and
 * others, USENIX ATC 2023): a list of nodes and a list of pods, as CSV.
 *
 * Columns are found by the names in the first line, in any order; others are
 * allowed. A node's GPU model becomes its datacenter ("cpu" when it has none), and
 * "A|B" in a pod's gpu_spec the datacenters of its job. GPUs are counted in
 * thousandths over the whole node: that a part of one GPU must come from one
 * device is not modelled.
 *
 * A pod comes at its creation, and runs as long as it did from being scheduled
 * to its deletion. One that nobody scheduled is taken to have wanted to stay
 * until its deletion; how many these are is counted. Its queue is its class of
 * service.
 *
 * Layer: sim.
 */
#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "core/show.h"
#include "core/spec.h"
#include "sim/whatif/input.h"

#define ZONE_OF_NO_GPU "cpu"
#define QUEUE_OF_NONE  "unknown"
#define MILLI          1000

enum { NODE_NAME, NODE_CPU, NODE_MEMORY, NODE_GPUS, NODE_MODEL, NODE_COLUMNS };
static const char *const node_titles[NODE_COLUMNS] = {"sn", "cpu_milli", "memory_mib", "gpu",
						      "model"};

enum {
	POD_NAME,
	POD_CPU,
	POD_MEMORY,
	POD_GPUS,
	POD_GPU_MILLI,
	POD_CREATED,
	POD_DELETED,
	POD_REQUIRED, /* those above */
	POD_SCHEDULED = POD_REQUIRED,
	POD_MODELS,
	POD_QOS,
	POD_COLUMNS
};
static const char *const pod_titles[POD_COLUMNS] = {
	"name",          "cpu_milli",     "memory_mib",     "num_gpu",  "gpu_milli",
	"creation_time", "deletion_time", "scheduled_time", "gpu_spec", "qos"};

/* ---- columns ---- */

static int take_header(struct ctr_input *input, const struct ctr_line *line,
		       const char *const *titles, size_t count, size_t required,
		       struct centro_error_text *text)
{
	CTR_ASSERT(count <= CTR_COLUMNS_MAX);

	for (size_t i = 0; i < count; i++) {
		input->columns[i] = -1;
		for (size_t j = 0; j < line->count && j < CTR_INPUT_FIELDS_MAX; j++) {
			if (ctr_bytes_equal(line->fields[j], ctr_bytes_str(titles[i])))
				input->columns[i] = (int8_t)j;
		}
		/* Without its columns no line of the file can be read. */
		if (input->columns[i] < 0 && i < required)
			return ctr_error(text, CENTRO_ERR_LIMIT,
					 "the first line names no column %s; it must name %s, …",
					 titles[i], titles[0]);
	}
	input->has_header = true;
	return CENTRO_OK;
}

/* Empty when the file has no such column, or the line none so far. */
static struct centro_bytes field_of(const struct ctr_input *input, const struct ctr_line *line,
				    size_t column)
{
	int8_t at = input->columns[column];
	return at >= 0 && (size_t)at < line->count ? line->fields[at] : ctr_bytes(NULL, 0);
}

static int number_of(const struct ctr_input *input, const struct ctr_line *line, size_t column,
		     const char *title, uint32_t *ret_number, struct centro_error_text *text)
{
	bool known;
	uint64_t number;
	int status = ctr_field_number(field_of(input, line, column), title, UINT32_MAX / MILLI,
				      &known, &number, text);
	if (status == CENTRO_OK && !known)
		status = ctr_error(text, CENTRO_ERR_INVALID, "%s is -1; it must be known", title);
	if (status == CENTRO_OK)
		*ret_number = (uint32_t)number;
	return status;
}

/* An empty time is one that never came. */
static int time_of(const struct ctr_input *input, const struct ctr_line *line, size_t column,
		   bool *ret_known, uint64_t *ret_ns, struct centro_error_text *text)
{
	struct centro_bytes field = field_of(input, line, column);
	*ret_known = false;
	*ret_ns = 0;
	return field.size == 0
		       ? CENTRO_OK
		       : ctr_field_seconds(field, pod_titles[column], ret_known, ret_ns, text);
}

/* Names of Centro are in small letters. Terminated. */
static int lower_name(struct centro_bytes text_name, const char *title, char *buffer,
		      struct centro_error_text *text)
{
	size_t size = text_name.size <= CTR_NAME_SIZE_MAX ? text_name.size : 0;
	for (size_t i = 0; i < size; i++) {
		uint8_t c = text_name.data[i];
		buffer[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	buffer[size] = '\0';
	if (ctr_is_name(ctr_bytes_str(buffer)))
		return CENTRO_OK;
	return ctr_error(text, CENTRO_ERR_INVALID,
			 "%s is %s; in small letters it must match [a-z][a-z0-9_-]*", title,
			 ctr_show(text_name).text);
}

/* ---- nodes ---- */

static int parse_node(const struct ctr_input *input, const struct ctr_line *line,
		      struct ctr_workload_node *ret_node, char *zone,
		      struct centro_error_text *text)
{
	uint32_t gpus = 0;
	struct centro_bytes model = field_of(input, line, NODE_MODEL);
	ret_node->name = field_of(input, line, NODE_NAME);
	int status =
		number_of(input, line, NODE_CPU, node_titles[NODE_CPU], &ret_node->cpu_milli, text);
	if (status == CENTRO_OK)
		status = number_of(input, line, NODE_MEMORY, node_titles[NODE_MEMORY],
				   &ret_node->memory_mib, text);
	if (status == CENTRO_OK)
		status = number_of(input, line, NODE_GPUS, node_titles[NODE_GPUS], &gpus, text);
	ret_node->gpu_milli = gpus * MILLI;
	if (model.size == 0)
		model = ctr_bytes_str(ZONE_OF_NO_GPU);
	if (status == CENTRO_OK)
		status = lower_name(model, node_titles[NODE_MODEL], zone, text);
	if (status != CENTRO_OK)
		return status;
	const struct ctr_node_spec spec = {.name = ret_node->name,
					   .datacenter = ctr_bytes_str(zone)};
	return ctr_node_spec_check(&spec, text);
}

int ctr_openb_take_node(struct ctr_input *input, struct centro_bytes bytes,
			struct centro_error_text *text)
{
	struct ctr_line line;
	struct ctr_workload_node node = {0};
	char zone[CTR_NAME_SIZE_MAX + 1];
	ctr_line_split(bytes, ',', &line);
	if (!input->has_header)
		return take_header(input, &line, node_titles, NODE_COLUMNS, NODE_COLUMNS, text);
	int status = parse_node(input, &line, &node, zone, text);
	return status == CENTRO_OK
		       ? ctr_workload_add_node(input->workload, &node, ctr_bytes_str(zone), text)
		       : status;
}

/* ---- pods ---- */

/* "V100M16|V100M32" as "v100m16|v100m32", as a number. */
static int parse_models(struct ctr_input *input, struct centro_bytes models, uint32_t *ret_zones,
			struct centro_error_text *text)
{
	char list[CENTRO_WORKLOAD_LINE_SIZE_MAX + 1] = "";
	size_t used = 0;
	struct ctr_line parts;
	*ret_zones = CTR_WORKLOAD_ANYWHERE;
	if (models.size == 0)
		return CENTRO_OK;
	ctr_line_split(models, '|', &parts);
	if (parts.count > CTR_INPUT_FIELDS_MAX)
		return ctr_error(text, CENTRO_ERR_INVALID, "gpu_spec names %zu models; at most %d",
				 parts.count, CTR_INPUT_FIELDS_MAX);
	for (size_t i = 0; i < parts.count; i++) {
		char name[CTR_NAME_SIZE_MAX + 1];
		int status = lower_name(parts.fields[i], pod_titles[POD_MODELS], name, text);
		if (status != CENTRO_OK)
			return status;
		if (i > 0)
			list[used++] = '|';
		memcpy(list + used, name, strlen(name) + 1);
		used += strlen(name);
	}
	int status = ctr_names_add(&input->workload->zones, ctr_bytes(list, used), ret_zones);
	return status == CENTRO_OK ? status
				   : ctr_error(text, status, "no room for more datacenters");
}

static int parse_shape(struct ctr_input *input, const struct ctr_line *line,
		       struct ctr_workload_shape *ret_shape, struct centro_error_text *text)
{
	uint32_t gpus = 0, part = 0;
	ret_shape->count = 1;
	int status =
		number_of(input, line, POD_CPU, pod_titles[POD_CPU], &ret_shape->cpu_milli, text);
	if (status == CENTRO_OK)
		status = number_of(input, line, POD_MEMORY, pod_titles[POD_MEMORY],
				   &ret_shape->memory_mib, text);
	if (status == CENTRO_OK)
		status = number_of(input, line, POD_GPUS, pod_titles[POD_GPUS], &gpus, text);
	if (status == CENTRO_OK)
		status = number_of(input, line, POD_GPU_MILLI, pod_titles[POD_GPU_MILLI], &part,
				   text);
	if (status != CENTRO_OK)
		return status;
	if (part > MILLI)
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "gpu_milli is %lu; of each GPU it is at most %d",
				 (unsigned long)part, MILLI);
	ret_shape->gpu_milli = gpus * part;
	return parse_models(input, field_of(input, line, POD_MODELS), &ret_shape->zones, text);
}

static int parse_times(struct ctr_input *input, const struct ctr_line *line,
		       struct ctr_workload_entry *entry, bool *ret_assumed, bool *ret_ran,
		       struct centro_error_text *text)
{
	bool created, deleted, scheduled;
	uint64_t scheduled_ns, deleted_ns;
	int status = time_of(input, line, POD_CREATED, &created, &entry->submit_ns, text);
	if (status == CENTRO_OK)
		status = time_of(input, line, POD_DELETED, &deleted, &deleted_ns, text);
	if (status == CENTRO_OK)
		status = time_of(input, line, POD_SCHEDULED, &scheduled, &scheduled_ns, text);
	if (status != CENTRO_OK)
		return status;
	if (!created)
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "creation_time is empty; when the pod came must be known");
	uint64_t from_ns = scheduled ? scheduled_ns : entry->submit_ns;
	if (deleted && deleted_ns < from_ns)
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "deletion_time is before the pod was created or scheduled");
	*ret_ran = deleted;
	*ret_assumed = !scheduled;
	entry->run_ns = deleted ? deleted_ns - from_ns : 0;
	return CENTRO_OK;
}

static int parse_pod(struct ctr_input *input, const struct ctr_line *line,
		     struct ctr_workload_entry *entry, char *queue, bool *ret_assumed,
		     bool *ret_ran, struct centro_error_text *text)
{
	struct centro_bytes qos = field_of(input, line, POD_QOS);
	int status = parse_times(input, line, entry, ret_assumed, ret_ran, text);
	if (status == CENTRO_OK)
		status = lower_name(qos.size > 0 ? qos : ctr_bytes_str(QUEUE_OF_NONE),
				    pod_titles[POD_QOS], queue, text);
	return status == CENTRO_OK ? parse_shape(input, line, &entry->shape, text) : status;
}

int ctr_openb_take_pod(struct ctr_input *input, struct centro_bytes bytes,
		       struct centro_error_text *text)
{
	struct centro_workload *workload = input->workload;
	struct ctr_line line;
	char queue[CTR_NAME_SIZE_MAX + 1];
	bool is_assumed = false, has_run = false;
	struct ctr_workload_entry entry = {
		.number = workload->job_count + workload->never_ran + workload->malformed + 1,
		.user = ctr_bytes_str("unknown"),
	};
	ctr_line_split(bytes, ',', &line);
	if (!input->has_header)
		return take_header(input, &line, pod_titles, POD_COLUMNS, POD_REQUIRED, text);
	int status = parse_pod(input, &line, &entry, queue, &is_assumed, &has_run, text);
	if (status != CENTRO_OK)
		return status;
	if (!has_run) {
		workload->never_ran++;
		return CENTRO_OK;
	}
	entry.queue = ctr_bytes_str(queue);
	workload->assumed += is_assumed;
	return ctr_workload_add_job(workload, &entry, text);
}
