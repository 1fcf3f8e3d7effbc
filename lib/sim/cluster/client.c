/* SPDX-License-Identifier: MIT */
/*
 * client.c - people who submit jobs, over the production client brain: each asks until
 * it has an answer that settles the matter, and holds the server to every answer.
 *
 * A client knows its jobs over its own death (as one that writes its request ids down
 * first); what it had asked and had no answer to, it asks again.
 */
#include "sim/cluster/load.h"

#include <stdio.h>

#include "sim/cluster/promises.h"

#define RETRY_MIN_NS (500 * CTR_NS_PER_MS)
#define RETRY_MAX_NS (5 * CTR_NS_PER_SEC)

enum ask_kind { SUBMIT, CONFLICT, GET, CANCEL, WATCH };

/* Something to be asked about a job, now or at an instant. */
struct ask {
	struct ctr_sim_timer timer;
	struct ctr_list link; /* client->asks */
	struct ctr_sim_client *client;
	uint32_t job; /* its number */
	enum ask_kind kind;
	uint64_t life;          /* of the client, when it was called */
	uint64_t revision_then; /* what had been seen when it was sent */
	bool has_answer;
};

static struct ctr_sim_client *client_of(struct ctr_sim_process *process)
{
	return CTR_CONTAINER_OF(process, struct ctr_sim_client, endpoint.process);
}

static struct ctr_sim_world *world_of(const struct ctr_sim_client *client)
{
	return client->endpoint.process.world;
}

static struct ctr_sim_job *job_of(const struct ask *ask)
{
	return &world_of(ask->client)->oracle.jobs[ask->job];
}

static void send_ask(struct ctr_sim_world *world, struct ctr_sim_timer *timer);

static void plan_ask(struct ctr_sim_client *client, uint32_t job, enum ask_kind kind,
		     uint64_t after_ns)
{
	struct ask *ask = ctr_sim_alloc(sizeof(*ask));
	ask->timer.fn = send_ask;
	ask->client = client;
	ask->job = job;
	ask->kind = kind;
	ctr_list_append(&client->asks, &ask->link);
	ctr_sim_at(world_of(client), &ask->timer, world_of(client)->now + after_ns);
}

static void ask_free(struct ask *ask)
{
	ctr_sim_cancel(world_of(ask->client), &ask->timer);
	ctr_list_remove(&ask->link);
	ctr_free(NULL, ask);
}

static void ask_again(struct ask *ask)
{
	struct ctr_sim_world *world = world_of(ask->client);
	ctr_sim_at(world, &ask->timer,
		   world->now + ctr_sim_between(&ask->client->prng, RETRY_MIN_NS, RETRY_MAX_NS));
}

/* ---- answers ---- */

static const void *read_message(struct ctr_sim_world *world,
				const ProtobufCMessageDescriptor *descriptor,
				struct centro_bytes bytes)
{
	ProtobufCMessage *message;
	ctr_arena_reset(&world->arena, SIZE_MAX);
	if (ctr_message_decode(descriptor, bytes, &world->arena, &message, NULL) == CENTRO_OK)
		return message;
	ctr_sim_break(world, "I14", "an answer is not what the schema says");
	return NULL;
}

static void plan_intent(struct ctr_sim_client *client, uint32_t job)
{
	struct ctr_sim_intent intent = ctr_sim_load_intent(world_of(client), job);
	if (intent.watches)
		plan_ask(client, job, WATCH, 0);
	if (intent.get_after_ns > 0)
		plan_ask(client, job, GET, intent.get_after_ns);
	if (intent.cancel_after_ns > 0)
		plan_ask(client, job, CANCEL, intent.cancel_after_ns);
	if (intent.conflict_after_ns > 0)
		plan_ask(client, job, CONFLICT, intent.conflict_after_ns);
}

static void on_submitted(struct ask *ask, struct centro_bytes bytes)
{
	struct ctr_sim_world *world = world_of(ask->client);
	struct ctr_sim_job *job = job_of(ask);
	const Centro__V1__JobSubmitResponse *answer =
		read_message(world, &centro__v1__job_submit_response__descriptor, bytes);
	if (!answer)
		return;
	bool is_new = job->id == 0;
	ctr_sim_note_acked(world, job, answer->id);
	if (is_new)
		plan_intent(ask->client, ask->job);
}

static void on_job(struct ask *ask, const Centro__V1__Job *answer)
{
	if (answer)
		ctr_sim_note_seen(world_of(ask->client), job_of(ask), answer, ask->revision_then);
}

static void on_message(void *arg, struct centro_bytes bytes)
{
	struct ask *ask = arg;
	struct ctr_sim_world *world = world_of(ask->client);
	ask->has_answer = true;
	switch (ask->kind) {
	case SUBMIT:
		on_submitted(ask, bytes);
		break;
	case CONFLICT:
		ctr_sim_break(world, "I2", "request id %s was taken with another body",
			      job_of(ask)->request_id);
		break;
	case GET:
		on_job(ask, read_message(world, &centro__v1__job__descriptor, bytes));
		break;
	case CANCEL: {
		const Centro__V1__JobCancelResponse *answer =
			read_message(world, &centro__v1__job_cancel_response__descriptor, bytes);
		ctr_sim_note_cancel_acked(world, job_of(ask));
		on_job(ask, answer ? answer->job : NULL);
		break;
	}
	case WATCH: {
		const Centro__V1__JobWatchResponse *answer =
			read_message(world, &centro__v1__job_watch_response__descriptor, bytes);
		on_job(ask, answer ? answer->job : NULL);
		break;
	}
	}
}

static bool is_passing(int status)
{
	return status == CENTRO_ERR_UNAVAILABLE || status == CENTRO_ERR_DEADLINE ||
	       status == CENTRO_ERR_FULL || status == CENTRO_ERR_LIMIT ||
	       status == CENTRO_ERR_CANCELLED || status == CENTRO_ERR_NOMEM;
}

/* Whether an error settles the matter: only where it is what must be said. */
static bool is_right(const struct ask *ask, int status)
{
	const struct ctr_sim_known *known =
		ctr_sim_known_find(&world_of(ask->client)->oracle, job_of(ask)->id);
	if (status == CENTRO_ERR_NOT_FOUND && ask->kind != SUBMIT && ask->kind != CONFLICT)
		return known && known->is_removed;
	switch (ask->kind) {
	case CONFLICT:
		return status == CENTRO_ERR_EXISTS; /* ALREADY_EXISTS on the wire */
	case CANCEL:
		return status == CENTRO_ERR_STATE; /* it has ended */
	default:
		return false;
	}
}

static void on_done(void *arg, int status, const char *text)
{
	struct ask *ask = arg;
	struct ctr_sim_world *world = world_of(ask->client);
	ctr_sim_trace(world, 'd', ask->job, (uint64_t)(uint32_t)status);
	bool is_gone = ask->life != ask->client->life;
	bool has_ended = ask->kind != WATCH || job_of(ask)->final_seen;
	if ((status == CENTRO_OK && has_ended) || is_right(ask, status)) {
		ask_free(ask);
	} else if (is_gone && ask->kind != SUBMIT) {
		ask_free(ask);
	} else if (status == CENTRO_OK || is_passing(status)) {
		ask_again(ask);
	} else {
		ctr_sim_break(world, ask->kind == SUBMIT ? "I2" : "I12",
			      "job %s (%llu) was answered with %s: %s", job_of(ask)->request_id,
			      (unsigned long long)job_of(ask)->id, centro_error_name(status), text);
		ask_free(ask);
	}
}

/* ---- questions ---- */

static void put_message(struct ctr_sim_world *world, const ProtobufCMessage *message)
{
	ctr_buf_clear(&world->scratch);
	int status = ctr_message_encode(message, &world->scratch);
	CTR_ASSERT(status == CENTRO_OK);
}

static void put_submit(struct ask *ask)
{
	struct ctr_sim_world *world = world_of(ask->client);
	Centro__V1__JobSubmitRequest request = CENTRO__V1__JOB_SUBMIT_REQUEST__INIT;
	request.job =
		(Centro__V1__JobSpec *)ctr_sim_load_spec(world, ask->job, ask->kind == CONFLICT);
	request.request_id = job_of(ask)->request_id;
	put_message(world, &request.base);
}

/* The method, with the request in world->scratch. */
static const char *put_request(struct ask *ask)
{
	struct ctr_sim_world *world = world_of(ask->client);
	Centro__V1__JobGetRequest get = CENTRO__V1__JOB_GET_REQUEST__INIT;
	Centro__V1__JobCancelRequest cancel = CENTRO__V1__JOB_CANCEL_REQUEST__INIT;
	Centro__V1__JobWatchRequest watch = CENTRO__V1__JOB_WATCH_REQUEST__INIT;
	get.id = cancel.id = watch.id = job_of(ask)->id;
	cancel.reason = (char *)"not wanted";
	switch (ask->kind) {
	case SUBMIT:
	case CONFLICT:
		put_submit(ask);
		return "JobService/Submit";
	case GET:
		put_message(world, &get.base);
		return "JobService/Get";
	case CANCEL:
		put_message(world, &cancel.base);
		return "JobService/Cancel";
	case WATCH:
		put_message(world, &watch.base);
		return "JobService/Watch";
	}
	CTR_UNREACHABLE();
}

static void send_ask(struct ctr_sim_world *world, struct ctr_sim_timer *timer)
{
	struct ask *ask = CTR_CONTAINER_OF(timer, struct ask, timer);
	struct ctr_sim_client *client = ask->client;
	if (!client->endpoint.process.is_alive ||
	    world->now < client->endpoint.process.stalled_until) {
		ask_again(ask);
		return;
	}
	const char *method = put_request(ask);
	const struct centro_call_options options = {
		.size = sizeof(options),
		.encoding = CENTRO_PROTOBUF,
		/* A watch may take as long as the job. */
		.timeout = ctr_span_ms(ask->kind == WATCH ? 900000 : 20000),
		.is_idempotent = true,
		.message = on_message,
		.done = on_done,
		.arg = ask,
	};
	ask->life = client->life;
	ask->has_answer = false;
	ask->revision_then = job_of(ask)->revision_seen;
	int status = ctr_client_call(client->client,
				     ctr_sim_process_now(&client->endpoint.process).steady, method,
				     ctr_buf_bytes(&world->scratch), &options, NULL, NULL);
	if (status != CENTRO_OK)
		ask_again(ask);
}

/* ---- arrivals ---- */

static void add_job(struct ctr_sim_world *world, struct ctr_sim_client *client)
{
	struct ctr_sim_oracle *oracle = &world->oracle;
	if (oracle->job_count == oracle->job_capacity) {
		oracle->job_capacity = oracle->job_capacity ? 2 * oracle->job_capacity : 256;
		oracle->jobs = ctr_resize_array(NULL, oracle->jobs, oracle->job_capacity,
						sizeof(*oracle->jobs));
		CTR_ASSERT(oracle->jobs);
	}
	struct ctr_sim_job *job = &oracle->jobs[oracle->job_count];
	*job = (struct ctr_sim_job){.number = oracle->job_count, .client = client->number};
	snprintf(job->request_id, sizeof(job->request_id), "r%u", job->number);
	oracle->job_count++;
	oracle->jobs_open++;
	world->result->jobs_submitted++;
	plan_ask(client, job->number, SUBMIT, 0);
	if (ctr_sim_chance(&client->prng, 20000))
		plan_ask(client, job->number, SUBMIT, 0); /* twice at once */
}

static void on_arrival(struct ctr_sim_world *world, struct ctr_sim_timer *timer)
{
	struct ctr_sim_client *client = CTR_CONTAINER_OF(timer, struct ctr_sim_client, arrival);
	uint32_t jobs_max = world->options.jobs_max;
	if (world->is_calm || (jobs_max > 0 && world->oracle.job_count >= jobs_max))
		return;
	/* Now and then many at once. */
	uint64_t count = ctr_sim_chance(&client->prng, 5000) ? 50 : 1;
	for (uint64_t i = 0; i < count; i++)
		add_job(world, client);
	uint64_t mean_ns =
		3600 * CTR_NS_PER_SEC / world->options.jobs_per_hour * world->client_count;
	ctr_sim_at(world, timer,
		   world->now + count * ctr_sim_between(&client->prng, 1, 2 * mean_ns));
}

/* ---- life ---- */

static struct centro_instant turn(struct ctr_sim_endpoint *endpoint, struct centro_time now)
{
	struct ctr_sim_client *client = CTR_CONTAINER_OF(endpoint, struct ctr_sim_client, endpoint);
	ctr_client_turn(client->client, now.steady);
	return ctr_client_wake(client->client);
}

static void run(struct ctr_sim_process *process, struct centro_time now)
{
	ctr_sim_endpoint_run(&client_of(process)->endpoint, now, turn);
}

static void on_queued(void *arg)
{
	struct ctr_sim_client *client = arg;
	ctr_sim_process_wake_now(&client->endpoint.process);
}

static void on_restart(struct ctr_sim_world *world, struct ctr_sim_timer *timer)
{
	ctr_sim_client_start(CTR_CONTAINER_OF(timer, struct ctr_sim_client, restart));
}

void ctr_sim_client_init(struct ctr_sim_client *client, struct ctr_sim_world *world,
			 uint32_t number)
{
	struct ctr_sim_process *process = &client->endpoint.process;
	uint32_t machine = world->server_count + world->agent_count + number;
	ctr_sim_process_init(process, world, CTR_SIM_CLIENT, machine, number);
	process->run = run;
	client->number = number;
	client->restart.fn = on_restart;
	client->arrival.fn = on_arrival;
	client->log = ctr_sim_log(process);
	ctr_list_init(&client->asks);
	ctr_prng_init(&client->prng, ctr_hash_u64(world->options.seed ^ 'c') + number);
	ctr_sim_at(world, &client->arrival, 1 + number);
}

void ctr_sim_client_start(struct ctr_sim_client *client)
{
	struct ctr_sim_process *process = &client->endpoint.process;
	struct ctr_sim_world *world = process->world;
	const struct ctr_client_options options = {
		.log = &client->log,
		.servers = world->addresses,
		.server_count = world->server_count,
		.seed = ctr_prng_next(&client->prng),
		.queued = on_queued,
		.arg = client,
	};
	if (process->is_alive)
		return;
	ctr_sim_cancel(world, &client->restart);
	int status = ctr_client_new(&options, ctr_sim_process_now(process).steady, &client->client,
				    NULL);
	CTR_ASSERT(status == CENTRO_OK);
	process->is_alive = true;
	process->stalled_until = 0;
	client->endpoint.channel = ctr_client_channel(client->client);
	ctr_sim_process_wake_now(process);
}

void ctr_sim_client_crash(struct ctr_sim_client *client, uint64_t restart_ns)
{
	struct ctr_sim_process *process = &client->endpoint.process;
	if (!process->is_alive)
		return;
	ctr_sim_say(process->world, "%s: gone", process->name);
	ctr_sim_endpoint_drop(&client->endpoint);
	client->life++;
	ctr_client_free(client->client);
	client->client = NULL;
	ctr_sim_at(process->world, &client->restart, process->world->now + restart_ns);
}

void ctr_sim_client_fini(struct ctr_sim_client *client)
{
	ctr_sim_client_crash(client, 0);
	ctr_sim_cancel(client->endpoint.process.world, &client->restart);
	ctr_sim_cancel(client->endpoint.process.world, &client->arrival);
	ctr_list_for_each_safe (node, &client->asks)
		ask_free(ctr_list_entry(node, struct ask, link));
}
