/* SPDX-License-Identifier: MIT */
/*
 * agent.c - the brain as a whole: its life, what the host and the channel tell it,
 * and what is due in a turn.
 *
 * Layer: agent.
 */
#include "agent/agent.h"

#include "agent/brain.h"

#define HEARTBEAT_DEFAULT_MS 5000
#define ATTEMPTS_DEFAULT     10000

static void on_up(void *arg, struct ctr_channel *channel, struct centro_instant now)
{
	struct ctr_agent *agent = arg;
	ctr_log_info(agent->log, "connected");
	agent->heartbeat_due = now;
	agent->retry_due = now;
	agent->is_turned_away = false;
}

/* Its calls have been closed before: what they were to say is said again. */
static void on_down(void *arg, struct ctr_channel *channel, struct centro_instant now, int error)
{
	struct ctr_agent *agent = arg;
	if (agent->is_registered)
		ctr_log_info(agent->log, "connection lost: %s; %zu attempts go on",
			     ctr_channel_last_error(channel), agent->attempt_count);
	agent->is_registered = agent->is_known = false;
	agent->is_turned_away = false;
}

static bool keep_text(struct ctr_buf *buf, const char *text)
{
	return ctr_buf_append_str(buf, text) == CENTRO_OK &&
	       ctr_buf_append_char(buf, '\0') == CENTRO_OK;
}

static bool keep_env(struct ctr_agent *agent, const char *const *env, size_t count)
{
	agent->env = ctr_alloc_array(agent->allocator, count + 1, sizeof(*agent->env));
	for (size_t i = 0; agent->env && i < count; i++) {
		agent->env[i] = ctr_strdup(agent->allocator, ctr_bytes_str(env[i]));
		if (!agent->env[i])
			return false;
		agent->env_count++;
	}
	return agent->env != NULL;
}

static int open_channel(struct ctr_agent *agent, const struct ctr_agent_options *options,
			struct centro_time now, struct centro_error_text *text)
{
	const struct ctr_channel_options channel = {
		.allocator = options->allocator,
		.limits = {.keepalive = ctr_span_ms(10000),
			   .keepalive_timeout = ctr_span_ms(10000)},
		.addresses = options->servers,
		.address_count = options->server_count,
		.seed = options->seed,
		.up = on_up,
		.down = on_down,
		.arg = agent,
	};
	return ctr_channel_new(&channel, now.steady, true, &agent->channel, text);
}

static void init(struct ctr_agent *agent, const struct ctr_agent_options *options,
		 struct centro_time now)
{
	agent->allocator = options->allocator;
	agent->log = options->log;
	agent->host = options->host;
	agent->host_arg = options->host_arg;
	agent->now = now;
	agent->agent_id = options->agent_id;
	agent->session = options->session;
	agent->heartbeat_max =
		options->heartbeat.ns ? options->heartbeat : ctr_span_ms(HEARTBEAT_DEFAULT_MS);
	agent->interval = agent->heartbeat_max;
	agent->report_max = CTR_BATCH_MAX;
	agent->attempts_max = options->attempts_max ? options->attempts_max : ATTEMPTS_DEFAULT;
	ctr_list_init(&agent->all);
	ctr_list_init(&agent->offered);
	ctr_list_init(&agent->claiming);
	ctr_list_init(&agent->tails);
	ctr_list_init(&agent->reports);
	ctr_list_init(&agent->reporting);
	ctr_list_init(&agent->log_streams);
	ctr_bytes_map_init(&agent->by_ref, agent->allocator, options->seed);
	ctr_map_init(&agent->by_handle, agent->allocator);
	ctr_arena_init(&agent->arena, agent->allocator, SIZE_MAX);
	ctr_buf_init(&agent->scratch, agent->allocator, 0);
	ctr_arena_init(&agent->info_arena, agent->allocator, SIZE_MAX);
	ctr_buf_init(&agent->node_name, agent->allocator, 0);
	ctr_buf_init(&agent->datacenter, agent->allocator, 0);
}

static int keep_node_info(struct ctr_agent *agent, struct centro_bytes bytes,
			  struct centro_error_text *text)
{
	ProtobufCMessage *message;
	int error = ctr_message_decode(&centro__v1__node_info__descriptor, bytes,
				       &agent->info_arena, &message, text);
	if (!error)
		agent->node_info = (const Centro__V1__NodeInfo *)message;
	return error;
}

int ctr_agent_new(const struct ctr_agent_options *options, struct centro_time now,
		  struct ctr_agent **ret_agent, struct centro_error_text *text)
{
	CTR_ASSERT(options->host->size == sizeof(*options->host));
	CTR_ASSERT(options->session != 0);
	struct ctr_agent *agent = ctr_alloc_zero(options->allocator, sizeof(*agent));
	if (!agent)
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	init(agent, options, now);
	int error = keep_node_info(agent, options->node_info, text);
	if (!error && !(keep_text(&agent->node_name, options->node_name) &&
			keep_text(&agent->datacenter, options->datacenter) &&
			keep_env(agent, options->env, options->env_count)))
		error = ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	if (!error)
		error = open_channel(agent, options, now, text);
	if (error) {
		ctr_agent_free(agent);
		return error;
	}
	*ret_agent = agent;
	return CENTRO_OK;
}

void ctr_agent_free(struct ctr_agent *agent)
{
	if (!agent)
		return;
	/* First: its calls are closed, and say so here. */
	ctr_channel_free(agent->channel);
	agent->channel = NULL;
	ctr_output_free_all(agent);
	ctr_list_for_each_safe (node, &agent->all) {
		struct ctr_attempt *attempt = ctr_list_entry(node, struct ctr_attempt, link);
		ctr_free(agent->allocator, attempt);
	}
	for (size_t i = 0; i < agent->env_count; i++)
		ctr_free(agent->allocator, agent->env[i]);
	ctr_free(agent->allocator, agent->env);
	ctr_bytes_map_fini(&agent->by_ref);
	ctr_map_fini(&agent->by_handle);
	ctr_arena_fini(&agent->arena);
	ctr_buf_fini(&agent->scratch);
	ctr_arena_fini(&agent->info_arena);
	ctr_buf_fini(&agent->node_name);
	ctr_buf_fini(&agent->datacenter);
	ctr_free(agent->allocator, agent);
}

int ctr_agent_adopt(struct ctr_agent *agent, const struct ctr_adopted_attempt *adopted)
{
	CTR_ASSERT(adopted->handle != 0);
	struct ctr_attempt *attempt =
		ctr_attempt_add(agent, adopted->ref, CTR_ATTEMPT_STARTED, adopted->handle);
	if (!attempt)
		return CENTRO_ERR_NOMEM;
	attempt->lease = adopted->lease;
	attempt->kill_grace = adopted->kill_grace;
	attempt->start_wall = adopted->start_wall;
	if (adopted->has_ended)
		ctr_attempt_end(agent, attempt, &adopted->end);
	else if (adopted->start_wall.ns != 0)
		ctr_attempt_report(agent, attempt);
	return CENTRO_OK;
}

void ctr_agent_started(struct ctr_agent *agent, uint32_t handle, struct centro_instant wall)
{
	struct ctr_attempt *attempt = ctr_map_find(&agent->by_handle, handle);
	if (!attempt || attempt->phase != CTR_ATTEMPT_STARTED)
		return;
	attempt->start_wall = wall;
	if (!attempt->is_revoked)
		ctr_attempt_report(agent, attempt);
}

void ctr_agent_ended(struct ctr_agent *agent, uint32_t handle, const struct ctr_attempt_end *end)
{
	struct ctr_attempt *attempt = ctr_map_find(&agent->by_handle, handle);
	if (attempt && attempt->phase == CTR_ATTEMPT_STARTED)
		ctr_attempt_end(agent, attempt, end);
}

struct ctr_channel *ctr_agent_channel(struct ctr_agent *agent)
{
	return agent->channel;
}

void ctr_agent_set_now(struct ctr_agent *agent, struct centro_time now)
{
	agent->now = now;
}

/* What waits for nothing but a moment at which calls can be made. */
static void say_all(struct ctr_agent *agent)
{
	if (!agent->orders_call)
		ctr_agent_listen(agent);
	ctr_agent_claim(agent);
	ctr_output_send_tails(agent);
	ctr_agent_report(agent);
}

struct centro_instant ctr_agent_turn(struct ctr_agent *agent)
{
	struct centro_instant now = agent->now.steady;
	if (!ctr_channel_conn(agent->channel))
		return CTR_NEVER; /* the channel wakes us */
	if (agent->is_turned_away) {
		agent->is_turned_away = false;
		ctr_agent_leave_server(agent);
		return CTR_NEVER;
	}
	if (!agent->heartbeat_call && ctr_reached(agent->heartbeat_due, now))
		ctr_agent_heartbeat(agent);
	if (agent->is_registered && ctr_reached(agent->retry_due, now))
		say_all(agent);
	struct centro_instant wake = ctr_output_turn(agent);
	if (!agent->heartbeat_call)
		wake = ctr_earlier(wake, agent->heartbeat_due);
	if (agent->is_registered && !ctr_reached(agent->retry_due, now))
		wake = ctr_earlier(wake, agent->retry_due);
	return wake;
}

bool ctr_agent_is_registered(const struct ctr_agent *agent)
{
	return agent->is_registered;
}

size_t ctr_agent_attempt_count(const struct ctr_agent *agent)
{
	return agent->attempt_count;
}

void ctr_agent_stop(struct ctr_agent *agent)
{
	agent->is_stopping = true;
	ctr_list_for_each_safe (node, &agent->all) {
		struct ctr_attempt *attempt = ctr_list_entry(node, struct ctr_attempt, link);
		/* Nobody wants it cancelled: it is to run elsewhere. */
		ctr_attempt_kill(agent, attempt, CENTRO_CAUSE_LEASE_EXPIRED, attempt->kill_grace);
	}
}

int ctr_agent_error(const struct ctr_agent *agent)
{
	return agent->error;
}
