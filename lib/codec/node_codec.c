/* SPDX-License-Identifier: MIT */
/*
 * node_codec.c - nodes: what an agent says of its machine, and the records.
 *
 * Layer: codec.
 */
#include "codec/record.h"

#include "base/assert.h"
#include "base/bytes.h"

/* Of the message Node. */
enum { NODE_INFO = 2, NODE_DRAIN = 7, NODE_USED = 16 };

/* ---- tables ---- */

static const struct ctr_read_row resources_read_rows[] = {
	CTR_READ_ROW(CTR_READ_UINT, Centro__V1__Resources, cpu_milli, struct ctr_resource_spec,
		     cpu_milli),
	CTR_READ_ROW(CTR_READ_UINT, Centro__V1__Resources, memory_mib, struct ctr_resource_spec,
		     memory_mib),
	CTR_READ_ROW(CTR_READ_UINT, Centro__V1__Resources, disk_mib, struct ctr_resource_spec,
		     disk_mib),
	CTR_READ_ARRAY_ROW(CTR_READ_AMOUNTS, Centro__V1__Resources, named, struct ctr_resource_spec,
			   named, named_count, NULL),
};
const struct ctr_read_table ctr_read_resources =
	CTR_READ_TABLE(resources_read_rows, struct ctr_resource_spec);

static const struct ctr_read_row info_read_rows[] = {
	CTR_READ_ROW(CTR_READ_TEXT, Centro__V1__NodeInfo, name, struct ctr_node_spec, name),
	CTR_READ_ROW(CTR_READ_TEXT, Centro__V1__NodeInfo, datacenter, struct ctr_node_spec,
		     datacenter),
	CTR_READ_ARRAY_ROW(CTR_READ_LABELS, Centro__V1__NodeInfo, labels, struct ctr_node_spec,
			   labels, label_count, NULL),
	CTR_READ_NESTED_ROW(Centro__V1__NodeInfo, capacity, struct ctr_node_spec, capacity,
			    &ctr_read_resources),
};
static const struct ctr_read_table info_read = CTR_READ_TABLE(info_read_rows, struct ctr_node_spec);

#define DRAIN_READ(kind, field, member) \
	CTR_READ_ROW(kind, Centro__V1__Node__Drain, field, struct ctr_drain, member)
static const struct ctr_read_row drain_read_rows[] = {
	DRAIN_READ(CTR_READ_TIME, time, since_wall),
	DRAIN_READ(CTR_READ_TIME, deadline, deadline_wall),
	DRAIN_READ(CTR_READ_TEXT, who, who),
	DRAIN_READ(CTR_READ_TEXT, reason, reason),
	DRAIN_READ(CTR_READ_UINT, over, is_over),
	DRAIN_READ(CTR_READ_UINT, cluster_deadline, deadline),
};
static const struct ctr_read_table drain_read = CTR_READ_TABLE(drain_read_rows, struct ctr_drain);

static const struct ctr_read_row node_read_rows[] = {
	CTR_READ_ROW(CTR_READ_UINT, Centro__V1__Node, id, struct ctr_node_load, id),
	CTR_READ_ROW(CTR_READ_UINT, Centro__V1__Node, state, struct ctr_node_load, state),
	CTR_READ_ROW(CTR_READ_TIME, Centro__V1__Node, register_time, struct ctr_node_load,
		     register_wall),
	CTR_READ_ROW(CTR_READ_UINT, Centro__V1__Node, revision, struct ctr_node_load, revision),
	CTR_READ_NESTED_ROW(Centro__V1__Node, drain, struct ctr_node_load, drain, &drain_read),
};
static const struct ctr_read_table node_read = CTR_READ_TABLE(node_read_rows, struct ctr_node_load);

static const struct ctr_write_row node_write[] = {
	CTR_WRITE_ROW(1, CTR_WRITE_UINT, struct ctr_node, id),
	CTR_WRITE_ROW(NODE_INFO, CTR_WRITE_BYTES, struct ctr_node, text),
	CTR_WRITE_ROW(3, CTR_WRITE_UINT, struct ctr_node, state),
	CTR_WRITE_ROW(4, CTR_WRITE_FIXED64, struct ctr_node, agent_id),
	CTR_WRITE_ROW(5, CTR_WRITE_TIME, struct ctr_node, register_wall),
	CTR_WRITE_ROW(6, CTR_WRITE_UINT, struct ctr_node, revision),
};
static const struct ctr_write_row drain_write[] = {
	CTR_WRITE_ROW(1, CTR_WRITE_TIME, struct ctr_drain, since_wall),
	CTR_WRITE_ROW(2, CTR_WRITE_TIME, struct ctr_drain, deadline_wall),
	CTR_WRITE_ROW(3, CTR_WRITE_BYTES, struct ctr_drain, who),
	CTR_WRITE_ROW(4, CTR_WRITE_BYTES, struct ctr_drain, reason),
	CTR_WRITE_ROW(5, CTR_WRITE_UINT, struct ctr_drain, is_over),
	CTR_WRITE_ROW(6, CTR_WRITE_UINT, struct ctr_drain, deadline),
};
static const struct ctr_write_row node_answer_write[] = {
	CTR_WRITE_ROW(17, CTR_WRITE_UINT, struct ctr_node, attempt_count),
	CTR_WRITE_ROW(18, CTR_WRITE_TIME, struct ctr_node, heard_wall),
};

/* ---- messages ---- */

int ctr_codec_node_spec(const Centro__V1__NodeInfo *message, struct ctr_arena *arena,
			struct ctr_node_spec *ret_spec, struct centro_error_text *text)
{
	struct ctr_node_spec spec = {0};
	int status = ctr_read_fields(&info_read, &message->base, NULL, &spec, arena, text);
	if (status == CENTRO_OK)
		status = ctr_codec_text(&message->base, arena, &spec.text, text);
	if (status == CENTRO_OK)
		*ret_spec = spec;
	return status;
}

/* ---- records ---- */

/* Amounts as a message: cpu_milli = 1, memory_mib = 2, disk_mib = 3, named = 4. */
static void write_resources(struct ctr_buf *buf, uint32_t number,
			    const struct ctr_resources *resources,
			    const struct ctr_dimensions *dimensions)
{
	size_t mark = ctr_write_begin(buf, number);

	CTR_ASSERT(dimensions->count >= CTR_DIM_NAMED);
	CTR_ASSERT(dimensions->count <= CTR_DIMENSIONS_MAX);
	for (size_t i = 0; i < dimensions->count; i++) {
		int64_t amount = resources->amount[i];
		CTR_ASSERT(amount >= 0);
		/* The schema has 32 bits; a sum may have more once a node has shrunk. */
		uint32_t shown = amount < UINT32_MAX ? (uint32_t)amount : UINT32_MAX;
		if (i < CTR_DIM_NAMED)
			ctr_write_uint(buf, (uint32_t)i + 1, shown);
		else if (shown > 0)
			ctr_write_amount(buf, 4, dimensions->name[i], shown);
	}
	ctr_write_end(buf, mark);
}

int ctr_codec_encode_node(const struct ctr_node *node, const struct ctr_dimensions *dimensions,
			  struct ctr_buf *buf)
{
	size_t before = buf->size;

	CTR_WRITE_FIELDS(node_write, node, buf);
	if (node->drain) {
		size_t mark = ctr_write_begin(buf, NODE_DRAIN);
		CTR_WRITE_FIELDS(drain_write, node->drain, buf);
		ctr_write_end(buf, mark);
	}
	if (dimensions) {
		write_resources(buf, NODE_USED, &node->used, dimensions);
		CTR_WRITE_FIELDS(node_answer_write, node, buf);
	}
	return ctr_encode_end(buf, before);
}

int ctr_codec_decode_node(struct centro_bytes value, struct ctr_arena *arena,
			  struct ctr_node_load *ret_node, struct centro_error_text *text)
{
	struct centro_bytes info;
	int status = ctr_record_find(value, NODE_INFO, "info", &info, text);
	if (status != CENTRO_OK)
		return status;
	ProtobufCMessage *message;
	status = ctr_record_decode(&centro__v1__node__descriptor, value, CTR_FIELDS_ALL, arena,
				   &message, text);
	if (status != CENTRO_OK)
		return status;
	struct ctr_node_spec *spec = ctr_arena_array(arena, 1, sizeof(*spec));
	if (!spec)
		return ctr_arena_error(arena, sizeof(*spec), text);

	const Centro__V1__Node *node = (const Centro__V1__Node *)message;
	struct ctr_node_load load = {.spec = spec};
	struct ctr_path step = {NULL, "info", CTR_PATH_NO_INDEX};
	status = ctr_read_fields(&node_read, message, NULL, &load, arena, text);
	if (status == CENTRO_OK)
		status = ctr_read_fields(&info_read, &node->info->base, &step, spec, arena, text);
	if (status != CENTRO_OK)
		return ctr_record_status(status);
	load.is_drained = node->drain != NULL;
	spec->agent_id = node->agent_id;
	/* Not encoded anew: what a newer version wrote stays as it is. */
	spec->text = info;
	*ret_node = load;
	return CENTRO_OK;
}
