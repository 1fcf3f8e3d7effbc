/* SPDX-License-Identifier: MIT */
/*
 * load_agent.c - AgentService from the other side, as cheap as it can be: the
 * messages are written and read field by field, since what the load costs is
 * taken from the processor that the server runs on.
 */
#include "load_agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "codec/codec.h"
#include "codec/wire.h"

#define ATTEMPTS_MAX     1000 /* in one request */
#define HEARTBEAT_EVERY  ctr_span_ms(5000)
#define FIELD_ATTEMPTS   4 /* of ClaimJobRequest */
#define FIELD_UPDATES    4 /* of UpdateStatusRequest */
#define FIELD_GRANTED    2 /* of ClaimJobResponse */
#define FIELD_STALE      2 /* of UpdateStatusResponse */
#define FIELD_ASSIGNMENT 1 /* of GetJobResponse */
#define FIELD_ATTEMPT    1 /* of Assignment and StatusUpdate */

/* ---- refs ---- */

static void add_ref(struct load_refs *refs, struct centro_bytes bytes)
{
	if (bytes.size > sizeof(refs->at->data))
		load_die("an attempt's name of %zu bytes", bytes.size);
	if (refs->count == refs->capacity) {
		refs->capacity = refs->capacity ? 2 * refs->capacity : 1024;
		refs->at = realloc(refs->at, refs->capacity * sizeof(*refs->at));
		if (!refs->at)
			load_die("out of memory");
	}
	struct load_ref *ref = &refs->at[refs->count++];
	ref->size = (uint8_t)bytes.size;
	memcpy(ref->data, bytes.data, bytes.size);
}

/* Up to `max` of them to the end of `to`; the newest go first, which nobody minds. */
static void move_refs(struct load_refs *from, struct load_refs *to, size_t max)
{
	for (; max > 0 && from->count > 0; max--) {
		const struct load_ref *ref = &from->at[--from->count];
		add_ref(to, ctr_bytes(ref->data, ref->size));
	}
}

/* ---- messages ---- */

static void check(int error)
{
	load_check(error, "request");
}

static void append_varint(struct ctr_buf *buf, uint32_t field, uint64_t value)
{
	uint8_t bytes[2 * CTR_WIRE_VARINT_SIZE_MAX];
	uint8_t *end = ctr_wire_put_tag(bytes, field, CTR_WIRE_VARINT);
	end = ctr_wire_put_varint(end, value);
	check(ctr_buf_append(buf, bytes, (size_t)(end - bytes)));
}

static void append_fixed64(struct ctr_buf *buf, uint32_t field, uint64_t value)
{
	uint8_t bytes[CTR_WIRE_VARINT_SIZE_MAX + 8];
	uint8_t *end = ctr_wire_put_tag(bytes, field, CTR_WIRE_64);
	for (unsigned shift = 0; shift < 64; shift += 8)
		*end++ = (uint8_t)(value >> shift);
	check(ctr_buf_append(buf, bytes, (size_t)(end - bytes)));
}

/* The fields that ClaimJobRequest and UpdateStatusRequest have in common. */
static void begin_request(struct load_agent *agent)
{
	ctr_buf_clear(&agent->request);
	append_varint(&agent->request, 1, agent->node);
	append_fixed64(&agent->request, 2, agent->session);
	append_varint(&agent->request, 3, agent->term);
}

static void append_update(struct ctr_buf *buf, const struct load_ref *ref, bool is_end)
{
	uint8_t bytes[sizeof(ref->data) + 8];
	uint8_t *end = ctr_wire_put_tag(bytes, FIELD_ATTEMPT, CTR_WIRE_BYTES);
	*end++ = ref->size;
	memcpy(end, ref->data, ref->size);
	end = ctr_wire_put_tag(end + ref->size, 2, CTR_WIRE_VARINT);
	*end++ = is_end ? CENTRO__V1__STATUS_UPDATE__STATE__ended
			: CENTRO__V1__STATUS_UPDATE__STATE__running;
	if (is_end) {
		end = ctr_wire_put_tag(end, 3, CTR_WIRE_VARINT);
		*end++ = CENTRO__V1__CAUSE__exited;
	}
	check(ctr_message_append_field(buf, FIELD_UPDATES,
				       ctr_bytes(bytes, (size_t)(end - bytes))));
}

/* The next field of `rest` of that number. False: no more. */
static bool next_field(struct centro_bytes *rest, uint32_t number, struct centro_bytes *ret_value)
{
	while (rest->size > 0) {
		struct ctr_wire_field field;
		const char *fault = ctr_wire_take_field(rest, &field);
		if (fault)
			load_die("what the server sent: %s", fault);
		if (field.number == number && field.type == CTR_WIRE_BYTES) {
			*ret_value = ctr_wire_bytes(&field);
			return true;
		}
	}
	return false;
}

/* ---- answers ---- */

static void check_status(const char *what, enum ctr_grpc_status status, struct centro_bytes message)
{
	if (status != CTR_GRPC_OK)
		load_die("%s: %s: %.*s", what, ctr_grpc_status_name(status), (int)message.size,
			 (const char *)message.data);
}

static void take_order(void *arg, struct ctr_grpc_call *call, struct centro_bytes message)
{
	struct load_agent *agent = arg;
	struct centro_bytes assignment, ref;
	if (next_field(&message, FIELD_ASSIGNMENT, &assignment) &&
	    next_field(&assignment, FIELD_ATTEMPT, &ref))
		add_ref(&agent->assigned, ref);
}

static void orders_ended(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
			 struct centro_bytes message, bool never_sent)
{
	struct load_agent *agent = arg;
	if (agent->conn) /* else we are closing it */
		load_die("GetJob ended: %s: %.*s", ctr_grpc_status_name(status), (int)message.size,
			 (const char *)message.data);
}

static void take_granted(void *arg, struct ctr_grpc_call *call, struct centro_bytes message)
{
	struct load_agent *agent = arg;
	struct centro_bytes ref;
	while (next_field(&message, FIELD_GRANTED, &ref)) {
		add_ref(agent->reports_running ? &agent->granted : &agent->running, ref);
		agent->denied--; /* all of them counted when they were sent */
	}
}

static void claim_ended(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
			struct centro_bytes message, bool never_sent)
{
	struct load_agent *agent = arg;
	check_status("ClaimJob", status, message);
	agent->claiming.count = 0;
	agent->claim_is_out = false;
}

static void take_stale(void *arg, struct ctr_grpc_call *call, struct centro_bytes message)
{
	struct load_agent *agent = arg;
	struct centro_bytes ref;
	while (next_field(&message, FIELD_STALE, &ref))
		agent->stale++;
}

static void report_ended(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
			 struct centro_bytes message, bool never_sent)
{
	struct load_agent *agent = arg;
	check_status("UpdateStatus", status, message);
	agent->ended += agent->ending.count;
	agent->ending.count = 0;
	move_refs(&agent->starting, &agent->running, SIZE_MAX);
	agent->report_is_out = false;
}

static void heartbeat_ended(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
			    struct centro_bytes message, bool never_sent)
{
	check_status("Heartbeat", status, message);
}

/* ---- requests ---- */

static void send_claim(struct load_agent *agent)
{
	static const struct ctr_grpc_call_impl impl = {.message = take_granted,
						       .closed = claim_ended};
	move_refs(&agent->assigned, &agent->claiming, ATTEMPTS_MAX);
	begin_request(agent);
	for (size_t i = 0; i < agent->claiming.count; i++) {
		const struct load_ref *ref = &agent->claiming.at[i];
		check(ctr_message_append_field(&agent->request, FIELD_ATTEMPTS,
					       ctr_bytes(ref->data, ref->size)));
	}
	agent->denied += agent->claiming.count;
	agent->claim_is_out = true;
	load_call(agent->net, agent->conn, "/centro.v1.AgentService/ClaimJob",
		  ctr_buf_bytes(&agent->request), &impl, agent);
}

static void send_report(struct load_agent *agent)
{
	static const struct ctr_grpc_call_impl impl = {.message = take_stale,
						       .closed = report_ended};
	move_refs(&agent->running, &agent->ending, ATTEMPTS_MAX / 2);
	move_refs(&agent->granted, &agent->starting, ATTEMPTS_MAX / 2);
	begin_request(agent);
	for (size_t i = 0; i < agent->ending.count; i++)
		append_update(&agent->request, &agent->ending.at[i], true);
	for (size_t i = 0; i < agent->starting.count; i++)
		append_update(&agent->request, &agent->starting.at[i], false);
	agent->report_is_out = true;
	load_call(agent->net, agent->conn, "/centro.v1.AgentService/UpdateStatus",
		  ctr_buf_bytes(&agent->request), &impl, agent);
}

static void append_held(Centro__V1__AttemptRef **held, size_t *count, const struct load_refs *refs,
			struct ctr_arena *arena)
{
	for (size_t i = 0; i < refs->count; i++) {
		ProtobufCMessage *message;
		struct centro_error_text text;
		load_check(ctr_message_decode(&centro__v1__attempt_ref__descriptor,
					      ctr_bytes(refs->at[i].data, refs->at[i].size), arena,
					      &message, &text),
			   "AttemptRef");
		held[(*count)++] = (Centro__V1__AttemptRef *)message;
	}
}

/* A Heartbeat with all that is claimed and whose end is not acknowledged. */
static void encode_heartbeat(struct load_agent *agent, unsigned number, struct ctr_arena *arena)
{
	const struct load_refs *sets[] = {&agent->granted, &agent->starting, &agent->running,
					  &agent->ending};
	char name[32];
	Centro__V1__Resources capacity = CENTRO__V1__RESOURCES__INIT;
	Centro__V1__NodeInfo node = CENTRO__V1__NODE_INFO__INIT;
	Centro__V1__HeartbeatRequest request = CENTRO__V1__HEARTBEAT_REQUEST__INIT;
	size_t held_max = 0;
	for (size_t i = 0; i < CTR_ARRAY_SIZE(sets); i++)
		held_max += sets[i]->count;
	request.held = ctr_arena_array(arena, held_max + 1, sizeof(*request.held));
	if (!request.held)
		load_die("out of memory");
	for (size_t i = 0; i < CTR_ARRAY_SIZE(sets); i++)
		append_held(request.held, &request.n_held, sets[i], arena);

	snprintf(name, sizeof(name), "bench-%u", number);
	capacity.cpu_milli = 1000 * 1000 * 1000;
	capacity.memory_mib = 1000 * 1000 * 1000;
	node.name = name;
	node.capacity = &capacity;
	request.node = &node;
	request.agent_id = number + 1;
	request.session = agent->session;
	request.term = agent->term;
	ctr_buf_clear(&agent->request);
	check(ctr_message_encode(&request.base, &agent->request));
}

static void send_heartbeat(struct load_agent *agent)
{
	static const struct ctr_grpc_call_impl impl = {.closed = heartbeat_ended};
	struct ctr_arena arena;
	ctr_arena_init(&arena, NULL, SIZE_MAX);
	encode_heartbeat(agent, (unsigned)agent->session - 1, &arena);
	ctr_arena_fini(&arena);
	agent->heartbeat_at = ctr_after(agent->net->now, HEARTBEAT_EVERY);
	load_call(agent->net, agent->conn, "/centro.v1.AgentService/Heartbeat",
		  ctr_buf_bytes(&agent->request), &impl, agent);
}

void load_agent_turn(struct load_agent *agent)
{
	if (ctr_reached(agent->heartbeat_at, agent->net->now))
		send_heartbeat(agent);
	if (!agent->claim_is_out && agent->assigned.count > 0)
		send_claim(agent);
	if (!agent->report_is_out && agent->running.count + agent->granted.count > 0)
		send_report(agent);
}

/* ---- life ---- */

static void register_node(struct load_agent *agent)
{
	ProtobufCMessage *message;
	struct ctr_arena arena;
	struct centro_error_text text;
	ctr_arena_init(&arena, NULL, SIZE_MAX);
	encode_heartbeat(agent, (unsigned)agent->session - 1, &arena);
	struct centro_bytes answer =
		load_call_wait(agent->net, agent->conn, "/centro.v1.AgentService/Heartbeat",
			       ctr_buf_bytes(&agent->request));
	load_check(ctr_message_decode(&centro__v1__heartbeat_response__descriptor, answer, &arena,
				      &message, &text),
		   "HeartbeatResponse");
	const Centro__V1__HeartbeatResponse *response = (Centro__V1__HeartbeatResponse *)message;
	agent->node = response->node_id;
	agent->term = response->term;
	ctr_arena_fini(&arena);
	agent->heartbeat_at = ctr_after(agent->net->now, HEARTBEAT_EVERY);
}

void load_agent_init(struct load_agent *agent, struct load_net *net, uint16_t port, unsigned number,
		     bool reports_running)
{
	static const struct ctr_grpc_call_impl orders = {.message = take_order,
							 .closed = orders_ended};
	*agent = (struct load_agent){
		.net = net,
		.conn = load_connect(net, port),
		.session = number + 1,
		.reports_running = reports_running,
	};
	ctr_buf_init(&agent->request, NULL, 0);
	register_node(agent);
	ctr_buf_clear(&agent->request);
	append_varint(&agent->request, 1, agent->node);
	append_fixed64(&agent->request, 2, agent->session);
	load_call(net, agent->conn, "/centro.v1.AgentService/GetJob",
		  ctr_buf_bytes(&agent->request), &orders, agent);
}

void load_agent_fini(struct load_agent *agent)
{
	struct load_refs *sets[] = {&agent->assigned, &agent->claiming, &agent->granted,
				    &agent->starting, &agent->running,  &agent->ending};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(sets); i++)
		free(sets[i]->at);
	ctr_buf_fini(&agent->request);
	agent->conn = NULL;
}
