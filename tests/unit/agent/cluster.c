/* SPDX-License-Identifier: MIT */
/* cluster.c - the brain of an agent and a whole server, joined in memory. */
#include "cluster.h"

#include "base/bytes.h"
#include "base/str.h"
#include "codec/codec.h"

/* ---- the host ---- */

static int prepare(void *arg, const struct ctr_attempt_spec *spec, uint32_t *ret_handle,
		   struct centro_error_text *text)
{
	struct cluster *cluster = arg;
	if (cluster->prepare_error)
		return ctr_error(text, cluster->prepare_error, "the host says no");
	ck_assert_uint_lt(cluster->run_count, CLUSTER_RUNS_MAX);
	struct run *run = &cluster->runs[cluster->run_count];
	*run = (struct run){ .ref = spec->ref };
	for (size_t i = 0; i < spec->argc; i++)
		snprintf(run->command + strlen(run->command),
			 sizeof(run->command) - strlen(run->command), "%s%s", i ? " " : "",
			 spec->argv[i]);
	for (size_t i = 0; i < spec->envc; i++)
		snprintf(run->env + strlen(run->env), sizeof(run->env) - strlen(run->env), "%s\n",
			 spec->env[i]);
	*ret_handle = ++cluster->run_count;
	return CENTRO_OK;
}

static int start(void *arg, uint32_t handle, struct centro_instant lease_end,
		 struct centro_error_text *text)
{
	struct cluster *cluster = arg;
	if (cluster->start_error)
		return ctr_error(text, cluster->start_error, "no such program");
	ck_assert(!cluster->runs[handle - 1].is_started);
	cluster->runs[handle - 1].is_started = true;
	cluster->runs[handle - 1].lease_end = lease_end;
	return CENTRO_OK;
}

static void set_lease(void *arg, uint32_t handle, struct centro_instant lease_end)
{
	struct cluster *cluster = arg;
	ck_assert_uint_ge(lease_end.ns, cluster->runs[handle - 1].lease_end.ns);
	cluster->runs[handle - 1].lease_end = lease_end;
}

static void kill_run(void *arg, uint32_t handle, enum centro_cause cause, struct centro_span grace)
{
	struct cluster *cluster = arg;
	cluster->runs[handle - 1].kill_cause = cause;
	cluster->runs[handle - 1].kill_grace = grace;
}

static void forget(void *arg, uint32_t handle)
{
	struct cluster *cluster = arg;
	ck_assert(!cluster->runs[handle - 1].is_forgotten);
	cluster->runs[handle - 1].is_forgotten = true;
}

static bool same_ref(const struct centro_attempt_ref *a, const struct centro_attempt_ref *b)
{
	return a->job == b->job && a->task == b->task && a->index == b->index &&
	       a->attempt == b->attempt;
}

static const char *output_of(struct cluster *cluster, const struct centro_attempt_ref *ref,
			     enum ctr_log_stream stream)
{
	for (uint32_t i = 0; i < cluster->run_count; i++) {
		if (same_ref(&cluster->runs[i].ref, ref))
			return stream == CTR_LOG_OUT && cluster->runs[i].out ? cluster->runs[i].out
									     : "";
	}
	return NULL;
}

static int read_log(void *arg, const struct centro_attempt_ref *ref, enum ctr_log_stream stream,
		    uint64_t offset, uint8_t *buffer, size_t size, size_t *ret_size)
{
	const char *text = output_of(arg, ref, stream);
	if (!text)
		return CENTRO_ERR_NOT_FOUND;
	size_t all = strlen(text), at = offset < all ? (size_t)offset : all;
	*ret_size = all - at < size ? all - at : size;
	memcpy(buffer, text + at, *ret_size);
	return CENTRO_OK;
}

static int get_log_size(void *arg, const struct centro_attempt_ref *ref, enum ctr_log_stream stream,
			uint64_t *ret_bytes)
{
	const char *text = output_of(arg, ref, stream);
	if (!text)
		return CENTRO_ERR_NOT_FOUND;
	*ret_bytes = strlen(text);
	return CENTRO_OK;
}

static const struct ctr_agent_host host = {
	.size = sizeof(host),
	.prepare = prepare,
	.start = start,
	.set_lease = set_lease,
	.kill = kill_run,
	.forget = forget,
	.read_log = read_log,
	.get_log_size = get_log_size,
};

/* ---- the server ---- */

static void on_pump(void *arg, struct ctr_grpc_conn *conn)
{
	/* cluster_run() asks the connection anyway. */
}

static int keep(void *arg, const struct centro_attempt_ref *ref, uint32_t stream, uint64_t offset,
		struct centro_bytes data)
{
	struct cluster *cluster = arg;
	return ctr_buf_append_bytes(&cluster->kept, data);
}

static int get_kept(void *arg, const struct centro_attempt_ref *ref, uint32_t stream,
		    uint64_t *ret_offset, struct ctr_buf *buf)
{
	return CENTRO_ERR_NOT_FOUND;
}

static void open_server(struct cluster *cluster)
{
	const struct centro_store_options store_options = { .size = sizeof(store_options),
							    .complete_late = true };
	struct centro_store *store;
	ck_assert_int_eq(ctr_store_memory_open(cluster->disk, &store_options, &store), CENTRO_OK);
	const struct ctr_engine_options options = { .name = "test" };
	ck_assert_int_eq(ctr_engine_new(&options, store, cluster->now, &cluster->engine, NULL),
			 CENTRO_OK);
	while (ctr_engine_get_state(cluster->engine) == CTR_ENGINE_LOADING)
		ctr_engine_dispatch(cluster->engine, cluster->now);
	ck_assert_int_eq(ctr_engine_get_state(cluster->engine), CTR_ENGINE_READY);
	cluster->keeper = (struct ctr_log_keeper){ .arg = cluster, .put = keep, .get = get_kept };
	const struct ctr_service_options service = { .engine = cluster->engine,
						     .keeper = &cluster->keeper,
						     .pump = on_pump };
	ck_assert_int_eq(ctr_service_new(&service, &cluster->service), CENTRO_OK);
	ctr_service_set_now(cluster->service, cluster->now);
	cluster->peer.service = cluster->service;
	strcpy(cluster->peer.name, "agent");
}

static void close_server(struct cluster *cluster)
{
	ctr_grpc_conn_free(cluster->server);
	cluster->server = NULL;
	ctr_service_free(cluster->service);
	ctr_engine_free(cluster->engine);
}

/* ---- both ---- */

void cluster_open(struct cluster *cluster)
{
	static const char *const servers[] = { "127.0.0.1:1" };
	static const char *const env[] = { "PATH=/bin", "CENTRO_JOB_ID=pretended" };
	Centro__V1__NodeInfo info = CENTRO__V1__NODE_INFO__INIT;
	Centro__V1__Resources capacity = CENTRO__V1__RESOURCES__INIT;
	struct ctr_buf encoded;
	*cluster = (struct cluster){ .now = { { 1000 * CTR_NS_PER_SEC },
					      { 1800000000 * CTR_NS_PER_SEC } } };
	ctr_buf_init(&cluster->kept, NULL, 0);
	cluster->disk = ctr_memory_disk_new(NULL);
	open_server(cluster);
	capacity.cpu_milli = 64000;
	capacity.memory_mib = 65536;
	info.name = (char *)"n1";
	info.capacity = &capacity;
	ctr_buf_init(&encoded, NULL, 0);
	ck_assert_int_eq(ctr_message_encode(&info.base, &encoded), CENTRO_OK);
	const struct ctr_agent_options options = {
		.host = &host,
		.host_arg = cluster,
		.servers = servers,
		.server_count = 1,
		.node_info = ctr_buf_bytes(&encoded),
		.node_name = "n1",
		.datacenter = "default",
		.env = env,
		.env_count = 2,
		.agent_id = 7,
		.session = 9,
	};
	ck_assert_int_eq(ctr_agent_new(&options, cluster->now, &cluster->agent, NULL), CENTRO_OK);
	ctr_buf_fini(&encoded);
	cluster_run(cluster);
}

void cluster_close(struct cluster *cluster)
{
	ctr_agent_free(cluster->agent);
	close_server(cluster);
	ctr_memory_disk_free(cluster->disk);
	ctr_buf_fini(&cluster->kept);
}

static void connect_if_wanted(struct cluster *cluster)
{
	static const struct ctr_grpc_conn_options options = { .authority = NULL };
	struct ctr_channel *channel = ctr_agent_channel(cluster->agent);
	struct centro_instant now = cluster->now.steady;
	const char *address;
	switch (ctr_channel_wants(channel, now, &address)) {
	case CTR_CHANNEL_WANT_CONNECT:
		ctr_channel_connecting(channel, now);
		if (cluster->is_cut) {
			ctr_channel_closed(channel, now, CENTRO_ERR_UNAVAILABLE);
			break;
		}
		ck_assert_ptr_null(cluster->server);
		ck_assert_int_eq(ctr_grpc_conn_new_server(&options, ctr_service_impl(),
							  &cluster->peer, now, &cluster->server),
				 CENTRO_OK);
		ctr_channel_connected(channel, now);
		break;
	case CTR_CHANNEL_WANT_CLOSE:
		cluster_disconnect(cluster);
		break;
	default:
		break;
	}
}

static bool move_bytes(struct cluster *cluster)
{
	struct ctr_channel *channel = ctr_agent_channel(cluster->agent);
	struct centro_instant now = cluster->now.steady;
	struct ctr_buf to_server, to_agent;
	ctr_buf_init(&to_server, NULL, 0);
	ctr_buf_init(&to_agent, NULL, 0);
	ctr_channel_send(channel, now, &to_server, 1 << 20);
	if (to_server.size > 0 && cluster->server)
		ctr_grpc_conn_recv(cluster->server, now, ctr_buf_bytes(&to_server));
	if (cluster->server)
		ctr_grpc_conn_send(cluster->server, now, &to_agent, 1 << 20);
	if (to_agent.size > 0)
		ctr_channel_recv(channel, now, ctr_buf_bytes(&to_agent));
	bool moved = to_server.size > 0 || to_agent.size > 0;
	ctr_buf_fini(&to_server);
	ctr_buf_fini(&to_agent);
	return moved;
}

void cluster_run(struct cluster *cluster)
{
	bool moved = true;
	for (int quiet = 0; quiet < 5; quiet = moved ? 0 : quiet + 1) {
		connect_if_wanted(cluster);
		ctr_agent_set_now(cluster->agent, cluster->now);
		ctr_agent_turn(cluster->agent);
		moved = move_bytes(cluster);
		ctr_engine_dispatch(cluster->engine, cluster->now);
	}
}

void cluster_wait(struct cluster *cluster, uint64_t ms)
{
	for (uint64_t left = ms; left > 0;) {
		uint64_t step = left < 100 ? left : 100;
		left -= step;
		cluster->now.steady.ns += step * CTR_NS_PER_MS;
		cluster->now.wall.ns += step * CTR_NS_PER_MS;
		ctr_service_set_now(cluster->service, cluster->now);
		if (cluster->server)
			ctr_grpc_conn_tick(cluster->server, cluster->now.steady);
		ctr_channel_tick(ctr_agent_channel(cluster->agent), cluster->now.steady);
		cluster_run(cluster);
	}
}

void cluster_disconnect(struct cluster *cluster)
{
	ctr_grpc_conn_free(cluster->server);
	cluster->server = NULL;
	ctr_channel_closed(ctr_agent_channel(cluster->agent), cluster->now.steady,
			   CENTRO_ERR_UNAVAILABLE);
}

void cluster_restart_server(struct cluster *cluster)
{
	bool was_connected = cluster->server != NULL;
	close_server(cluster);
	if (was_connected)
		ctr_channel_closed(ctr_agent_channel(cluster->agent), cluster->now.steady,
				   CENTRO_ERR_UNAVAILABLE);
	open_server(cluster);
}

static void execute(struct cluster *cluster, const struct ctr_command *command,
		    struct ctr_result *ret_result)
{
	int status = ctr_engine_execute(cluster->engine, cluster->now, command, ret_result);
	ck_assert_msg(status == CENTRO_OK, "%s", ret_result->text.text);
	cluster_run(cluster);
}

centro_job_id cluster_submit(struct cluster *cluster, uint64_t lease_s)
{
	static const char *const command[] = { "echo", "hi" };
	static const char *const env[] = { "OWN=1", "CENTRO_NODE=pretended" };
	struct centro_task_options task = CENTRO_TASK_OPTIONS_INIT;
	struct centro_job_options job = CENTRO_JOB_OPTIONS_INIT;
	struct ctr_job_spec spec;
	struct ctr_arena arena;
	struct ctr_result result;
	task.command = command;
	task.command_count = 2;
	task.env = env;
	task.env_count = 2;
	task.lease.ns = lease_s * CTR_NS_PER_SEC;
	job.tasks = &task;
	job.task_count = 1;
	ctr_arena_init(&arena, NULL, SIZE_MAX);
	ck_assert_int_eq(ctr_codec_job_spec_from_options(&job, &arena, &spec, NULL), CENTRO_OK);
	const struct ctr_command submit = { .type = CTR_COMMAND_SUBMIT, .submit = { &spec } };
	execute(cluster, &submit, &result);
	ctr_arena_fini(&arena);
	return result.job;
}

void cluster_cancel(struct cluster *cluster, centro_job_id job)
{
	struct ctr_result result;
	const struct ctr_command cancel = {
		.type = CTR_COMMAND_CANCEL,
		.cancel = { .job = job, .who = ctr_bytes_str("test") },
	};
	execute(cluster, &cancel, &result);
}

void cluster_started(struct cluster *cluster, uint32_t run)
{
	ctr_agent_started(cluster->agent, run + 1, cluster->now.wall);
	cluster_run(cluster);
}

void cluster_ended(struct cluster *cluster, uint32_t run, enum centro_cause cause, int code)
{
	const struct ctr_attempt_end end = { .cause = cause,
					     .exit_code = code,
					     .start_wall = cluster->now.wall,
					     .end_wall = cluster->now.wall };
	ctr_agent_ended(cluster->agent, run + 1, &end);
	cluster_run(cluster);
}

int cluster_state(struct cluster *cluster, centro_job_id id)
{
	const struct ctr_job *job = ctr_core_find_job(ctr_engine_core(cluster->engine), id);
	return job ? job->tasks[0].instances[0].state : -1;
}

void cluster_expect_ended(struct cluster *cluster, centro_job_id job, const char *part)
{
	struct centro_bytes record = ctr_engine_recent_job(cluster->engine, job);
	struct ctr_arena arena;
	struct ctr_buf json;
	ProtobufCMessage *message;
	ck_assert_uint_gt(record.size, 0);
	ctr_arena_init(&arena, NULL, SIZE_MAX);
	ctr_buf_init(&json, NULL, 0);
	ck_assert_int_eq(ctr_message_decode(&centro__v1__job__descriptor, record, &arena, &message,
					    NULL),
			 CENTRO_OK);
	ck_assert_int_eq(ctr_json_encode(message, &json), CENTRO_OK);
	ctr_buf_append_char(&json, '\0');
	ck_assert_msg(strstr((const char *)json.data, part) != NULL, "\"%s\" is not in %s", part,
		      (const char *)json.data);
	ctr_buf_fini(&json);
	ctr_arena_fini(&arena);
}
