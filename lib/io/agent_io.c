/* SPDX-License-Identifier: MIT */
/*
 * agent_io.c - centro/agent.h: the brain of lib/agent on a runner, a link and a
 * libuv loop of its own, which the caller polls.
 *
 * One turn: the loop moves bytes, the runner says what started and ended, then the
 * brain sends what is due and the link writes it.
 */
#include <centro/agent.h>

#include <limits.h>
#include <string.h>
#include <uv.h>

#include <centro/version.h>

#include "agent/agent.h"
#include "base/bytes.h"
#include "base/str.h"
#include "codec/codec.h"
#include "io/clock.h"
#include "io/link.h"
#include "io/machine.h"
#include "io/runner.h"

#define ATTEMPTS_MAX          10000
#define KEPT_MAX              10000
#define LOG_BYTES_DEFAULT     (UINT64_C(1) << 30)
#define LOG_RETENTION_DEFAULT (24 * 3600 * CTR_NS_PER_SEC)

static const char *const servers_default[] = {"127.0.0.1:50051"};

struct centro_agent {
	const struct centro_allocator *allocator;
	const struct centro_log *log;
	uv_loop_t loop;
	uv_poll_t runner_poll;
	bool has_runner_poll;
	struct ctr_runner *runner;
	struct ctr_agent *brain;
	struct ctr_link *link;
	struct centro_instant wake;
	int adopt_error;
};

/* ---- what the node says of itself ---- */

static int add_label(Centro__V1__NodeInfo *info, struct ctr_arena *arena, const char *label,
		     struct centro_error_text *text)
{
	const char *equals = strchr(label, '=');
	if (!equals || equals == label)
		return ctr_error(text, CENTRO_ERR_INVALID, "label \"%s\": write it as key=value",
				 label);
	Centro__V1__NodeInfo__LabelsEntry *entry = ctr_arena_array(arena, 1, sizeof(*entry));
	if (!entry)
		return CENTRO_ERR_NOMEM;
	centro__v1__node_info__labels_entry__init(entry);
	entry->key = ctr_arena_strdup(arena, ctr_bytes(label, (size_t)(equals - label)));
	entry->value = ctr_arena_strdup(arena, ctr_bytes_str(equals + 1));
	info->labels[info->n_labels++] = entry;
	return entry->key && entry->value ? CENTRO_OK : CENTRO_ERR_NOMEM;
}

static int add_labels(Centro__V1__NodeInfo *info, struct ctr_arena *arena,
		      const struct centro_agent_options *options, struct centro_error_text *text)
{
	info->labels = ctr_arena_array(arena, options->label_count + 1, sizeof(*info->labels));
	int error = info->labels ? CENTRO_OK : CENTRO_ERR_NOMEM;
	for (size_t i = 0; i < options->label_count && !error; i++)
		error = add_label(info, arena, options->labels[i], text);
	return error;
}

static int add_named(Centro__V1__Resources *resources, struct ctr_arena *arena,
		     const struct centro_agent_options *options)
{
	resources->named =
		ctr_arena_array(arena, options->named_count + 1, sizeof(*resources->named));
	for (size_t i = 0; resources->named && i < options->named_count; i++) {
		Centro__V1__Resources__NamedEntry *entry =
			ctr_arena_array(arena, 1, sizeof(*entry));
		if (!entry)
			return CENTRO_ERR_NOMEM;
		centro__v1__resources__named_entry__init(entry);
		entry->key = (char *)options->named[i];
		entry->value = options->named_amount[i];
		resources->named[resources->n_named++] = entry;
	}
	return resources->named ? CENTRO_OK : CENTRO_ERR_NOMEM;
}

static int add_attribute(Centro__V1__NodeInfo *info, struct ctr_arena *arena, const char *key,
			 const char *value)
{
	Centro__V1__NodeInfo__AttributesEntry *entry = ctr_arena_array(arena, 1, sizeof(*entry));
	if (!entry)
		return CENTRO_ERR_NOMEM;
	centro__v1__node_info__attributes_entry__init(entry);
	entry->key = (char *)key;
	entry->value = (char *)value;
	info->attributes[info->n_attributes++] = entry;
	return CENTRO_OK;
}

static int add_attributes(Centro__V1__NodeInfo *info, struct ctr_arena *arena,
			  const struct ctr_machine *machine)
{
	info->attributes = ctr_arena_array(arena, 5, sizeof(*info->attributes));
	int error = info->attributes ? CENTRO_OK : CENTRO_ERR_NOMEM;
	if (!error)
		error = add_attribute(info, arena, "agent.version", centro_version());
	if (!error)
		error = add_attribute(info, arena, "boot_id", machine->boot_id);
	if (!error)
		error = add_attribute(info, arena, "kernel", machine->kernel);
	/* Of cpu and memory: what a job asks for is counted, and not enforced. */
	if (!error)
		error = add_attribute(info, arena, "limits", "none");
	return error;
}

static uint32_t or_else(uint32_t value, uint32_t otherwise)
{
	return value ? value : otherwise;
}

/* Encode it, and let the server's own rules say now what is wrong with it. */
static int encode_info(const Centro__V1__NodeInfo *info, struct ctr_arena *arena,
		       struct ctr_buf *buf, struct centro_error_text *text)
{
	ProtobufCMessage *checked;
	struct ctr_node_spec spec;
	int error = ctr_message_encode(&info->base, buf);
	if (!error)
		error = ctr_message_decode(&centro__v1__node_info__descriptor, ctr_buf_bytes(buf),
					   arena, &checked, text);
	if (!error)
		error = ctr_codec_node_spec((const Centro__V1__NodeInfo *)checked, arena, &spec,
					    text);
	return error ? error : ctr_node_spec_check(&spec, text);
}

static int describe_node(const struct centro_agent_options *options,
			 const struct ctr_machine *machine, struct ctr_arena *arena,
			 struct ctr_buf *buf, struct centro_error_text *text)
{
	Centro__V1__NodeInfo info = CENTRO__V1__NODE_INFO__INIT;
	Centro__V1__Resources capacity = CENTRO__V1__RESOURCES__INIT;
	info.name = (char *)(options->name ? options->name : machine->name);
	info.datacenter = (char *)(options->datacenter ? options->datacenter : "default");
	capacity.cpu_milli = or_else(options->cpu_milli, machine->cpu_milli);
	capacity.memory_mib = or_else(options->memory_mib, machine->memory_mib);
	capacity.disk_mib = or_else(options->disk_mib, machine->disk_mib);
	info.capacity = &capacity;
	int error = add_named(&capacity, arena, options);
	if (!error)
		error = add_labels(&info, arena, options, text);
	if (!error)
		error = add_attributes(&info, arena, machine);
	return error ? error : encode_info(&info, arena, buf, text);
}

/* ---- opening ---- */

static void on_started(void *arg, uint32_t handle, struct centro_instant wall)
{
	struct centro_agent *agent = arg;
	ctr_agent_started(agent->brain, handle, wall);
}

static void on_ended(void *arg, uint32_t handle, const struct ctr_attempt_end *end)
{
	struct centro_agent *agent = arg;
	ctr_agent_ended(agent->brain, handle, end);
}

static void on_adopted(void *arg, const struct ctr_adopted_attempt *attempt)
{
	struct centro_agent *agent = arg;
	int error = ctr_agent_adopt(agent->brain, attempt);
	if (error)
		agent->adopt_error = error;
}

static int open_runner(struct centro_agent *agent, const struct centro_agent_options *options,
		       struct centro_error_text *text)
{
	const struct ctr_runner_options runner = {
		.allocator = agent->allocator,
		.log = agent->log,
		.state_dir = options->state_dir,
		.shim = options->shim,
		.attempts_max = ATTEMPTS_MAX,
		.log_bytes_max =
			options->log_bytes_max ? options->log_bytes_max : LOG_BYTES_DEFAULT,
		.kept_max = KEPT_MAX,
		.log_retention = {options->log_retention.ns ? options->log_retention.ns
							    : LOG_RETENTION_DEFAULT},
		.started = on_started,
		.ended = on_ended,
		.arg = agent,
	};
	return ctr_runner_new(&runner, &agent->runner, text);
}

static int open_brain(struct centro_agent *agent, const struct centro_agent_options *options,
		      struct centro_error_text *text)
{
	struct ctr_machine machine;
	struct ctr_arena arena;
	struct ctr_buf info;
	ctr_machine_detect(options->state_dir, &machine);
	ctr_arena_init(&arena, agent->allocator, SIZE_MAX);
	ctr_buf_init(&info, agent->allocator, 0);
	int error = describe_node(options, &machine, &arena, &info, text);
	const struct ctr_agent_options brain = {
		.allocator = agent->allocator,
		.log = agent->log,
		.host = ctr_runner_host(),
		.host_arg = agent->runner,
		.servers = options->server_count ? options->servers : servers_default,
		.server_count = options->server_count ? options->server_count : 1,
		.node_info = ctr_buf_bytes(&info),
		.node_name = options->name ? options->name : machine.name,
		.datacenter = options->datacenter ? options->datacenter : "default",
		.env = options->env,
		.env_count = options->env_count,
		.agent_id = ctr_runner_agent_id(agent->runner),
		.session = ctr_entropy_u64(),
		.seed = ctr_entropy_u64(),
		.heartbeat = options->heartbeat,
		.attempts_max = ATTEMPTS_MAX,
	};
	if (!error)
		error = ctr_agent_new(&brain, ctr_clock_now(), &agent->brain, text);
	ctr_buf_fini(&info);
	ctr_arena_fini(&arena);
	return error;
}

static void on_runner_readable(uv_poll_t *poll, int status, int events)
{
	/* Only to wake the loop: the runner is dispatched once a turn. */
}

static int open_loop(struct centro_agent *agent, struct centro_error_text *text)
{
	const struct ctr_link_options link = {
		.allocator = agent->allocator,
		.loop = &agent->loop,
		.channel = ctr_agent_channel(agent->brain),
	};
	if (uv_poll_init(&agent->loop, &agent->runner_poll, ctr_runner_fd(agent->runner)) != 0)
		return ctr_error(text, CENTRO_ERR_IO, "cannot watch the runner");
	agent->has_runner_poll = true;
	if (uv_poll_start(&agent->runner_poll, UV_READABLE, on_runner_readable) != 0)
		return ctr_error(text, CENTRO_ERR_IO, "cannot watch the runner");
	return ctr_link_new(&link, &agent->link);
}

static int check_options(const struct centro_agent_options *options,
			 struct centro_agent **ret_agent, struct centro_error_text *text)
{
	if (!options || !ret_agent)
		return ctr_error(text, CENTRO_ERR_INVALID, "options and ret_agent are required");
	if (options->size != sizeof(*options))
		return ctr_error(text, CENTRO_ERR_ABI, "options->size is %zu, not %zu",
				 options->size, sizeof(*options));
	if (!options->state_dir || !options->shim)
		return ctr_error(text, CENTRO_ERR_INVALID, "state_dir and shim are required");
	return CENTRO_OK;
}

int centro_agent_new(const struct centro_agent_options *options, struct centro_agent **ret_agent,
		     struct centro_error_text *text)
{
	struct centro_error_text unused;
	text = text ? text : &unused;
	text->text[0] = '\0';
	int error = check_options(options, ret_agent, text);
	if (error)
		return error;
	struct centro_agent *agent = ctr_alloc_zero(options->allocator, sizeof(*agent));
	if (!agent || uv_loop_init(&agent->loop) != 0) {
		ctr_free(options->allocator, agent);
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	}
	agent->allocator = options->allocator;
	agent->log = options->log;
	error = open_runner(agent, options, text);
	if (!error)
		error = open_brain(agent, options, text);
	if (!error)
		error = ctr_runner_adopt(agent->runner, ctr_clock_now(), on_adopted, agent);
	if (!error)
		error = agent->adopt_error;
	if (!error)
		error = open_loop(agent, text);
	if (error) {
		if (!text->text[0])
			ctr_error(text, error, "%s", centro_error_help(error));
		centro_agent_free(agent);
		return error;
	}
	*ret_agent = agent;
	return CENTRO_OK;
}

static void on_link_closed(void *arg)
{
	struct centro_agent *agent = arg;
	agent->link = NULL;
}

void centro_agent_free(struct centro_agent *agent)
{
	if (!agent)
		return;
	if (agent->has_runner_poll)
		uv_close((uv_handle_t *)&agent->runner_poll, NULL);
	if (agent->link)
		ctr_link_close(agent->link, on_link_closed, agent);
	uv_run(&agent->loop, UV_RUN_DEFAULT);
	ctr_agent_free(agent->brain);
	ctr_runner_free(agent->runner);
	int status = uv_loop_close(&agent->loop);
	CTR_ASSERT(status == 0);
	ctr_free(agent->allocator, agent);
}

/* ---- the loop ---- */

int centro_agent_fd(const struct centro_agent *agent)
{
	return uv_backend_fd(&agent->loop);
}

int centro_agent_timeout_ms(const struct centro_agent *agent)
{
	int loop_ms = uv_backend_timeout(&agent->loop);
	if (agent->wake.ns == CENTRO_INSTANT_NEVER_NS)
		return loop_ms;
	uint64_t left_ns = ctr_between(ctr_clock_now().steady, agent->wake).ns;
	uint64_t left_ms = left_ns / CTR_NS_PER_MS + (left_ns % CTR_NS_PER_MS > 0);
	int own_ms = left_ms > INT_MAX ? INT_MAX : (int)left_ms;
	return loop_ms >= 0 && loop_ms < own_ms ? loop_ms : own_ms;
}

int centro_agent_dispatch(struct centro_agent *agent)
{
	ctr_agent_set_now(agent->brain, ctr_clock_now());
	uv_run(&agent->loop, UV_RUN_NOWAIT);
	struct centro_time now = ctr_clock_now();
	ctr_agent_set_now(agent->brain, now);
	ctr_runner_dispatch(agent->runner);
	struct centro_instant runner = ctr_runner_tick(agent->runner, now);
	agent->wake = ctr_earlier(runner, ctr_agent_turn(agent->brain));
	ctr_link_pump(agent->link, now.steady);
	return ctr_agent_error(agent->brain);
}

bool centro_agent_is_registered(const struct centro_agent *agent)
{
	return ctr_agent_is_registered(agent->brain);
}

size_t centro_agent_attempts(const struct centro_agent *agent)
{
	return ctr_agent_attempt_count(agent->brain);
}

void centro_agent_stop(struct centro_agent *agent)
{
	ctr_agent_set_now(agent->brain, ctr_clock_now());
	ctr_agent_stop(agent->brain);
}
