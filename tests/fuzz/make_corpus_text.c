/* SPDX-License-Identifier: MIT */
/* make_corpus_text.c - messages, what people write, and calls of the API. */
#include "make_corpus.h"

#include <stdio.h>

#include "message_check.h"
#include "random_message.h"

/* ---- messages, and the same in JSON ---- */

static void save_message(const char *name, size_t type, const ProtobufCMessage *message)
{
	struct ctr_buf input;
	ctr_buf_init(&input, NULL, 0);
	corpus_put_uint(&input, type, 1);
	ck_assert_int_eq(ctr_message_encode(message, &input), CENTRO_OK);
	corpus_saved("message", name, &input);
	corpus_put_uint(&input, type, 1);
	ck_assert_int_eq(ctr_json_encode(message, &input), CENTRO_OK);
	corpus_saved("json", name, &input);
	ctr_buf_fini(&input);
}

/* Of a message that is worth to begin with: small ones stand in others. */
#define SEED_SIZE_MIN 100
#define SEED_SIZE_MAX 1500

/* One of each type that is neither too small nor too large. */
static void make_messages(void)
{
	struct ctr_prng prng;
	struct ctr_arena arena;
	ctr_prng_init(&prng, 1);
	ctr_arena_init(&arena, NULL, SIZE_MAX);
	for (size_t i = 0; i == 0 || message_type(i) != message_type(0); i++) {
		const ProtobufCMessageDescriptor *type = message_type(i);
		ProtobufCMessage *message = random_message(type, &prng, &arena);
		size_t size = protobuf_c_message_get_packed_size(message);
		if (size >= SEED_SIZE_MIN && size < SEED_SIZE_MAX)
			save_message(type->name, i, message);
		ctr_arena_reset(&arena, SIZE_MAX);
	}
	ctr_arena_fini(&arena);
}

/* ---- job files ---- */

static void make_job_files(void)
{
	static const char *const files[] = {
		"name: nightly\ndatacenters: [eu]\nlabels: {team: infra}\ntasks:\n"
		"  - name: build\n    command: [make, -j4]\n"
		"    resources: {cpu_milli: 4000, memory_mib: 2048, named: {gpu: 1}}\n"
		"    time_limit: 1h30m # a comment\n    env: {VERSION: 1.10, DEBUG: \"true\"}\n"
		"  - name: checks\n    command: [sh, -c, 'echo \"done\"']\n    count: 8\n",
		"name: a\n---\nname: b\ntasks: [{command: [sleep, 60], lease: 30s}]\n---\n"
		"{\"name\": \"c\"}\n",
		"{ \"name\": \"j\", \"priority\": -7,\t\"tasks\": [{\"command\": [\"a\\/b\", "
		"\"\\ud83d\\ude00\"], \"onDisconnect\": \"keep\"}] }\n",
		"a: |\n  line\n  two\nb: >\n  folded\n  text\nc: \"tab\\t e\\u00e9\"\nd: 'x''y'\n",
		"a: null\nb: ~\nc:\nd: 007\ne: 1e3\nf: False\ng: yes\n? h\n: 2026-01-31\n",
		"a: &x [1]\nb: *x\nc: !!str 1\n",
		"%YAML 1.1\n---\nt:\n  - x: 1\n    x: 3\n...\n",
		"\xef\xbb\xbfname: \xc3\xa9\n",
		"\xff\xfen\0a\0m\0e\0:\0 \0x\0",
	};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char name[32];
		size_t size = i + 1 == sizeof(files) / sizeof(files[0]) ? 16 : strlen(files[i]);
		snprintf(name, sizeof(name), "seed-%zu", i);
		corpus_save("job_file", name, ctr_bytes(files[i], size));
	}
}

/* ---- small texts ---- */

/* In the order of enum text_kind. */
static void make_texts(void)
{
	static const char *const texts[][6] = {
		{"127.0.0.1:50051", "[::1]:1", "unix:/run/centro.sock", "a.example:0", "[::1]",
		 "a:b:1"},
		{"1h30m", "1.5s", "250ms", "2d", "584y", "213503d23h34m33s709551615ns"},
		{"512MiB", "1.5GiB", "4G", "100MB", "1023.95 KiB", "18446744073709551615"},
		{"2", "1.5", "250m", "0.001", "4294967.295", "1.0001"},
		{"2026-11-24T13:00:00Z", "2026-11-24T13:00:00.123456789+02:00",
		 "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z",
		 "2024-02-29T00:00:00-23:59", "2200-02-29T00:00:00Z"},
		{"", "QQ==", "QUI", "-_-_", "QUJD", "QR=="},
		{"plain", "\x1b[31mred\x7f", "\xc3\xa9", "\xff\xfe", "line\nline", "\xe2\x80\xae"},
		{"0", "42", "-1", "18446744073709551615", "007", "-9223372036854775808"},
		{"1234", "1234.train.7/2", "10-20", "@last", "a name",
		 "18446744073709551614.a-b_c.0/1"},
	};
	struct ctr_buf input;
	ctr_buf_init(&input, NULL, 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		for (size_t j = 0; j < 6; j++) {
			char name[32];
			snprintf(name, sizeof(name), "seed-%zu-%zu", i, j);
			corpus_put_uint(&input, i, 1);
			ctr_buf_append_str(&input, texts[i][j]);
			corpus_saved("text", name, &input);
		}
	}
	ctr_buf_fini(&input);
}

/* ---- the API ---- */

/* As fuzz_grpc_service.c has them. */
enum step { STEP_CALL, STEP_OPEN, STEP_SEND, STEP_HALF_CLOSE, STEP_CANCEL, STEP_WAIT, STEP_PATH };

struct request {
	enum step step;
	const char *method; /* "JobService/Submit"; of STEP_PATH: the whole path */
	const char *json;
	unsigned number; /* of the call, or hundredths of a second */
};

static size_t method_number(const char *name)
{
	char path[128];
	size_t count, at = 0;
	const struct ctr_schema_method *methods = ctr_schema_get_methods(&count);
	snprintf(path, sizeof(path), strchr(name, '.') ? "/%s" : "/centro.v1.%s", name);
	while (at < count && strcmp(methods[at].path, path) != 0)
		at++;
	ck_assert_msg(at < count, "%s", path);
	return at;
}

static void put_message(struct ctr_buf *input, const char *method, const char *json)
{
	size_t count;
	const struct ctr_schema_method *methods = ctr_schema_get_methods(&count);
	const ProtobufCMessageDescriptor *type = methods[method_number(method)].request;
	struct ctr_arena arena;
	ProtobufCMessage *message;
	struct ctr_buf bytes;
	struct centro_error_text text;
	ctr_arena_init(&arena, NULL, SIZE_MAX);
	ctr_buf_init(&bytes, NULL, 0);
	ck_assert_msg(ctr_json_decode(type, ctr_bytes_str(json), &arena, &message, &text) ==
			      CENTRO_OK,
		      "%s", text.text);
	ck_assert_int_eq(ctr_message_encode(message, &bytes), CENTRO_OK);
	corpus_put_sized(input, ctr_buf_bytes(&bytes), 2);
	ctr_buf_fini(&bytes);
	ctr_arena_fini(&arena);
}

static void put_request(struct ctr_buf *input, const struct request *request)
{
	corpus_put_uint(input, request->step, 1);
	switch (request->step) {
	case STEP_CALL:
	case STEP_OPEN:
		corpus_put_uint(input, method_number(request->method), 1);
		put_message(input, request->method, request->json);
		break;
	case STEP_SEND:
		corpus_put_uint(input, request->number, 1);
		put_message(input, request->method, request->json);
		break;
	case STEP_WAIT:
		corpus_put_uint(input, request->number, 2);
		break;
	case STEP_PATH:
		corpus_put_sized(input, ctr_bytes_str(request->method), 1);
		break;
	default:
		corpus_put_uint(input, request->number, 1);
		break;
	}
}

/* clang-format off */
#define SUBMIT                                                                                  \
	"{\"job\":{\"name\":\"j\",\"tasks\":[{\"command\":[\"true\"],\"count\":2}],"            \
	"\"labels\":{\"a\":\"b\"}},\"request_id\":\"r1\"}"
#define BEAT                                                                                    \
	"{\"node\":{\"name\":\"n1\",\"capacity\":{\"cpu_milli\":4000,\"memory_mib\":4096}},"    \
	"\"agent_id\":\"7\",\"session\":\"1\"}"
#define LISTEN "{\"node_id\":\"1\",\"session\":\"1\"}"
#define CLAIM                                                                                   \
	"{\"node_id\":\"1\",\"session\":\"1\",\"term\":\"1\",\"attempts\":["                    \
	"{\"job\":\"1\",\"attempt\":1}]}"
#define STATUS(state, cause)                                                                    \
	"{\"node_id\":\"1\",\"session\":\"1\",\"term\":\"1\",\"updates\":[{\"attempt\":"        \
	"{\"job\":\"1\",\"attempt\":1},\"state\":\"" state "\",\"cause\":\"" cause "\"}]}"
#define PUSH(order, rest)                                                                       \
	"{\"node_id\":\"1\",\"session\":\"1\",\"order_id\":\"" order "\",\"attempt\":"          \
	"{\"job\":\"1\",\"attempt\":1}," rest "}"
/* Job 1 is granted to node 1, whose agent listens in call 1. */
#define GRANTED                                                                                 \
	{STEP_CALL, "AgentService/Heartbeat", BEAT},                                            \
	{STEP_CALL, "AgentService/GetJob", LISTEN},                                             \
	{STEP_CALL, "JobService/Submit", SUBMIT},                                               \
	{STEP_CALL, "AgentService/ClaimJob", CLAIM}
/* clang-format on */

static const struct request life_of_a_job[] = {
	GRANTED,
	{STEP_CALL, "JobService/Watch", "{\"id\":\"1\"}"},
	{STEP_CALL, "AgentService/UpdateStatus", STATUS("running", "none")},
	{STEP_WAIT, .number = 500},
	{STEP_CALL, "AgentService/UpdateStatus", STATUS("ended", "exited")},
	{STEP_CALL, "JobService/Get", "{\"id\":\"1\"}"},
};
/* Both streams, asked for before there is an attempt that runs. */
static const struct request logs[] = {
	GRANTED,
	{STEP_CALL, "JobService/Logs", "{\"id\":\"1\",\"follow\":true}"},
	{STEP_CALL, "AgentService/UpdateStatus", STATUS("running", "none")},
	{STEP_OPEN, "AgentService/PushLog", PUSH("1", "\"stream\":\"out\",\"data\":\"b25l\"")},
	{STEP_SEND, "AgentService/PushLog",
	 PUSH("1", "\"stream\":\"out\",\"offset\":\"1\",\"data\":\"bmUrdHdv\""), 6},
	{STEP_SEND, "AgentService/PushLog", PUSH("2", "\"stream\":\"err\",\"end\":true"), 6},
	{STEP_CALL, "AgentService/UpdateStatus", STATUS("ended", "exited")},
	{STEP_SEND, "AgentService/PushLog",
	 PUSH("1", "\"stream\":\"out\",\"offset\":\"7\",\"end\":true,\"notice\":\"x\""), 6},
	{STEP_HALF_CLOSE, .number = 6},
};
/* The agent goes: what it had sent of the end is what there is. */
static const struct request kept_logs[] = {
	GRANTED,
	{STEP_CALL, "AgentService/UpdateStatus", STATUS("running", "none")},
	{STEP_CALL, "AgentService/PushLog",
	 PUSH("0", "\"stream\":\"out\",\"offset\":\"10\",\"data\":\"b25l\",\"end\":true")},
	{STEP_CALL, "AgentService/UpdateStatus", STATUS("ended", "exited")},
	{STEP_CANCEL, .number = 1},
	{STEP_CALL, "JobService/Logs", "{\"id\":\"1\"}"},
	{STEP_CALL, "JobService/Logs", "{\"id\":\"1\",\"stream\":\"out\",\"tail_bytes\":\"2\"}"},
};
/* The first attempt is lost to the agent's own lease; then the node is. */
static const struct request lost_logs[] = {
	GRANTED,
	{STEP_CALL, "JobService/Logs", "{\"id\":\"1\",\"follow\":true,\"attempt\":1}"},
	{STEP_CALL, "JobService/Logs", "{\"id\":\"1\",\"follow\":true,\"stream\":\"out\"}"},
	{STEP_CALL, "AgentService/UpdateStatus", STATUS("running", "none")},
	{STEP_CANCEL, .number = 1},
	{STEP_CALL, "AgentService/GetJob", LISTEN},
	{STEP_CALL, "AgentService/UpdateStatus", STATUS("ended", "lease_expired")},
	{STEP_WAIT, .number = 40000},
	{STEP_CALL, "JobService/Logs", "{\"id\":\"1\",\"task\":\"nope\"}"},
	{STEP_CALL, "JobService/Logs", "{\"id\":\"1\",\"index\":7}"},
	{STEP_CALL, "JobService/Cancel", "{\"id\":\"1\"}"},
};
static const struct request lists[] = {
	{STEP_CALL, "AgentService/Heartbeat", BEAT},
	{STEP_CALL, "JobService/SubmitMany", "{\"requests\":[" SUBMIT "," SUBMIT "]}"},
	{STEP_CALL, "JobService/Cancel", "{\"id\":\"1\",\"reason\":\"no\"}"},
	{STEP_CALL, "JobService/List",
	 "{\"page_size\":1,\"states\":[\"pending\",\"cancelled\"],\"labels\":{\"a\":\"b\"}}"},
	{STEP_CALL, "NodeService/List", "{\"page_size\":2,\"states\":[\"ready\"]}"},
	{STEP_CALL, "NodeService/Get", "{\"name\":\"n1\"}"},
	{STEP_WAIT, .number = 7000},
	{STEP_CALL, "NodeService/Get", "{\"id\":\"1\"}"},
};
static const struct request others[] = {
	{STEP_CALL, "grpc.health.v1.Health/Check", "{}"},
	{STEP_CALL, "grpc.health.v1.Health/Watch", "{\"service\":\"centro.v1.JobService\"}"},
	{STEP_OPEN, "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
	 "{\"list_services\":\"\"}"},
	{STEP_SEND, "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
	 "{\"file_containing_symbol\":\"centro.v1.Job\"}", 2},
	{STEP_HALF_CLOSE, .number = 2},
	{STEP_PATH, "/centro.v1.JobService/Nothing"},
};

#define SAVE_REQUESTS(requests) \
	save_requests(#requests, requests, sizeof(requests) / sizeof((requests)[0]))

static void save_requests(const char *name, const struct request *requests, size_t count)
{
	struct ctr_buf input;
	ctr_buf_init(&input, NULL, 0);
	for (size_t i = 0; i < count; i++)
		put_request(&input, &requests[i]);
	corpus_saved("grpc_service", name, &input);
	ctr_buf_fini(&input);
}

void corpus_make_text(void)
{
	make_messages();
	make_job_files();
	make_texts();
	SAVE_REQUESTS(life_of_a_job);
	SAVE_REQUESTS(logs);
	SAVE_REQUESTS(kept_logs);
	SAVE_REQUESTS(lost_logs);
	SAVE_REQUESTS(lists);
	SAVE_REQUESTS(others);
}
