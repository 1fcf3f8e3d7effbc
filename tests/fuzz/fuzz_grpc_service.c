/* SPDX-License-Identifier: MIT */
/*
 * fuzz_grpc_service.c - the whole API on a store in memory, and calls of any method with
 * any bytes for a message, in any order.
 *
 * Each step is a byte (modulo STEP_COUNT) and what it needs. Every answer is a message of
 * its method; the state stays sound, the engine ready; and at the end the store
 * holds what the memory does.
 */
#include "message_check.h"

#include "unit/service/fixture.h"

enum step {
	STEP_CALL,       /* u8 method, u16 size, a message; and its end */
	STEP_OPEN,       /* the same without the end */
	STEP_SEND,       /* u8 call, u16 size, a message */
	STEP_HALF_CLOSE, /* u8 call */
	STEP_CANCEL,     /* u8 call */
	STEP_WAIT,       /* u16, in hundredths of a second */
	STEP_PATH,       /* u8 size, the path of a call that ends at once */
	STEP_COUNT
};

struct world {
	struct fixture fixture;
	struct fuzz_input *input;
	struct service_call {
		struct ctr_grpc_call *call;             /* NULL once it has ended */
		const struct ctr_schema_method *method; /* NULL: there is none of its path */
	} calls[FIXTURE_CALLS_MAX];
	size_t call_count;
};

/* ---- what comes back ---- */

static void on_message(void *arg, struct ctr_grpc_call *grpc, struct centro_bytes bytes)
{
	const struct service_call *call = arg;
	struct ctr_arena arena;
	struct centro_error_text text;
	ProtobufCMessage *message;
	ck_assert_ptr_nonnull(call->method);
	ctr_arena_init(&arena, NULL, SIZE_MAX);
	int status = ctr_message_decode(call->method->response, bytes, &arena, &message, &text);
	ck_assert_msg(status == CENTRO_OK, "%s: %s", call->method->path, text.text);
	message_check(message);
	ctr_arena_fini(&arena);
}

static void on_closed(void *arg, struct ctr_grpc_call *grpc, enum ctr_grpc_status status,
		      struct centro_bytes message, bool never_sent)
{
	struct service_call *call = arg;
	ck_assert(status == CTR_GRPC_OK || message.size > 0);
	ck_assert(status != CTR_GRPC_INTERNAL && status != CTR_GRPC_UNKNOWN);
	ck_assert_msg(ctr_utf8_is_valid(message), "%.*s", (int)message.size,
		      (const char *)message.data);
	call->call = NULL;
}

static const struct ctr_grpc_call_impl call_impl = {.message = on_message, .closed = on_closed};

/* ---- steps ---- */

/* NULL: it cannot begin. */
static struct service_call *start(struct world *world, const char *path)
{
	struct service_call *call = &world->calls[world->call_count];
	if (world->call_count == FIXTURE_CALLS_MAX)
		return NULL;
	*call = (struct service_call){.method = ctr_schema_find_method(ctr_bytes_str(path))};
	if (ctr_grpc_call_start(world->fixture.client, path, NULL, 0, world->fixture.now.steady,
				CTR_NEVER, &call_impl, call, &call->call) != CENTRO_OK)
		return NULL;
	world->call_count++;
	return call;
}

static void do_call(struct world *world, bool is_open)
{
	size_t count;
	const struct ctr_schema_method *methods = ctr_schema_get_methods(&count);
	const char *path = methods[fuzz_below(world->input, count)].path;
	struct centro_bytes message = fuzz_take(world->input, fuzz_u16(world->input));
	struct service_call *call = start(world, path);
	if (!call)
		return;
	ck_assert_int_eq(ctr_grpc_call_send(call->call, message), CENTRO_OK);
	if (!is_open)
		ctr_grpc_call_half_close(call->call);
}

static void do_path(struct world *world)
{
	char path[256];
	struct centro_bytes bytes = fuzz_take(world->input, fuzz_u8(world->input));
	if (bytes.size > 0)
		memcpy(path, bytes.data, bytes.size);
	path[bytes.size] = '\0';
	struct service_call *call = start(world, path);
	if (call)
		ctr_grpc_call_half_close(call->call);
}

/* One that is open, if there is one. */
static struct service_call *pick_call(struct world *world)
{
	size_t first = fuzz_u8(world->input);
	for (size_t i = 0; i < world->call_count; i++) {
		struct service_call *call = &world->calls[(first + i) % world->call_count];
		if (call->call)
			return call;
	}
	return NULL;
}

static void do_to_call(struct world *world, enum step step)
{
	struct service_call *call = pick_call(world);
	struct centro_bytes message = {0};
	if (step == STEP_SEND)
		message = fuzz_take(world->input, fuzz_u16(world->input));
	if (!call)
		return;
	if (step == STEP_SEND)
		ctr_grpc_call_send(call->call, message);
	else if (step == STEP_HALF_CLOSE)
		ctr_grpc_call_half_close(call->call);
	else
		ctr_grpc_call_cancel(call->call);
}

static void do_step(struct world *world)
{
	enum step step = (enum step)fuzz_below(world->input, STEP_COUNT);
	switch (step) {
	case STEP_CALL:
	case STEP_OPEN:
		do_call(world, step == STEP_OPEN);
		break;
	case STEP_WAIT:
		fixture_wait(&world->fixture, 10 * (uint64_t)fuzz_u16(world->input));
		break;
	case STEP_PATH:
		do_path(world);
		break;
	default:
		do_to_call(world, step);
		break;
	}
	fixture_run(&world->fixture);
}

/* ---- what holds ---- */

static void check(const struct ctr_engine *engine)
{
	struct centro_error_text text;
	ck_assert_int_eq(ctr_engine_get_state(engine), CTR_ENGINE_READY);
	ck_assert_msg(ctr_core_check(ctr_engine_core(engine), &text) == CENTRO_OK, "%s", text.text);
}

/* I11: what a fresh engine reads is what this one has. */
static void check_stored(const struct fixture *fixture)
{
	const struct centro_store_options store_options = CENTRO_STORE_OPTIONS_INIT;
	const struct ctr_engine_options options = {0};
	struct ctr_memory_disk *disk = ctr_memory_disk_clone(fixture->disk);
	struct centro_store *store;
	struct ctr_engine *engine;
	struct centro_error_text text;
	ck_assert_ptr_nonnull(disk);
	ck_assert_int_eq(ctr_store_memory_open(disk, &store_options, &store), CENTRO_OK);
	ck_assert_int_eq(ctr_engine_new(&options, store, fixture->now, &engine, &text), CENTRO_OK);
	while (ctr_engine_get_state(engine) == CTR_ENGINE_LOADING)
		ctr_engine_dispatch(engine, fixture->now);
	check(engine);
	ck_assert_uint_eq(ctr_core_hash(ctr_engine_core(engine)),
			  ctr_core_hash(ctr_engine_core(fixture->engine)));
	ctr_engine_free(engine);
	ctr_memory_disk_free(disk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	struct world world = {.input = &input};
	ck_assert(fixture_open(&world.fixture, NULL));
	while (input.size > 0 && world.call_count < FIXTURE_CALLS_MAX) {
		do_step(&world);
		check(world.fixture.engine);
	}
	check_stored(&world.fixture);
	fixture_close(&world.fixture);
	return 0;
}
