/* SPDX-License-Identifier: MIT */
/* A channel over real sockets, on a real loop. */
#include "io/link.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "echo_server.h"
#include "io/clock.h"
#include "support/suite.h"

struct rig {
	uv_loop_t loop;
	struct ctr_channel *channel;
	struct ctr_link *link;
	unsigned ups, downs, fails, turns, ended, messages;
	size_t bytes;
	enum ctr_grpc_status status;
	bool is_closed;
};

static void on_up(void *arg, struct ctr_channel *channel, struct centro_instant now)
{
	((struct rig *)arg)->ups++;
}

static void on_down(void *arg, struct ctr_channel *channel, struct centro_instant now, int error)
{
	((struct rig *)arg)->downs++;
}

static void on_failed(void *arg, struct ctr_channel *channel, struct centro_instant now)
{
	((struct rig *)arg)->fails++;
}

static void on_turn(void *arg, struct centro_instant now)
{
	((struct rig *)arg)->turns++;
}

static void on_message(void *arg, struct ctr_grpc_call *call, struct centro_bytes message)
{
	struct rig *rig = arg;
	rig->messages++;
	rig->bytes += message.size;
}

static void on_closed(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
		      struct centro_bytes message, bool never_sent)
{
	struct rig *rig = arg;
	rig->ended++;
	rig->status = status;
}

static const struct ctr_grpc_call_impl call_impl = {.message = on_message, .closed = on_closed};

static void open_rig(struct rig *rig, const char *const *addresses, size_t count,
		     uint64_t connect_ms)
{
	struct ctr_channel_options options = {
		.addresses = addresses,
		.address_count = count,
		.connect_timeout = ctr_span_ms(connect_ms),
		.backoff_min = ctr_span_ms(20),
		.up = on_up,
		.down = on_down,
		.failed = on_failed,
		.arg = rig,
	};
	*rig = (struct rig){0};
	ck_assert_int_eq(uv_loop_init(&rig->loop), 0);
	ck_assert_int_eq(
		ctr_channel_new(&options, ctr_clock_now().steady, true, &rig->channel, NULL),
		CENTRO_OK);
	struct ctr_link_options link_options = {
		.loop = &rig->loop, .channel = rig->channel, .turn = on_turn, .arg = rig};
	ck_assert_int_eq(ctr_link_new(&link_options, &rig->link), CENTRO_OK);
	ctr_link_pump(rig->link, ctr_clock_now().steady);
}

static void on_link_closed(void *arg)
{
	((struct rig *)arg)->is_closed = true;
}

static void close_rig(struct rig *rig)
{
	ctr_link_close(rig->link, on_link_closed, rig);
	ck_assert(!rig->is_closed);
	uv_run(&rig->loop, UV_RUN_DEFAULT);
	ck_assert(rig->is_closed);
	ctr_channel_free(rig->channel);
	ck_assert_int_eq(uv_loop_close(&rig->loop), 0);
}

/* Run the loop until `*counter` is `wanted`. The suite's time-out bounds it. */
static void run_until(struct rig *rig, const unsigned *counter, unsigned wanted)
{
	while (*counter < wanted)
		uv_run(&rig->loop, UV_RUN_ONCE);
}

static void echo_with(struct rig *rig, struct centro_bytes message,
		      const struct ctr_grpc_call_impl *impl)
{
	struct ctr_grpc_call *call;
	struct centro_instant now = ctr_clock_now().steady;
	struct ctr_grpc_conn *conn = ctr_channel_conn(rig->channel);
	ck_assert_ptr_nonnull(conn);
	int status =
		ctr_grpc_call_start(conn, "/t/Echo", NULL, 0, now, CTR_NEVER, impl, rig, &call);
	ck_assert_int_eq(status, CENTRO_OK);
	ck_assert_int_eq(ctr_grpc_call_send(call, message), CENTRO_OK);
	ctr_grpc_call_half_close(call);
	ctr_link_pump(rig->link, now);
}

static void echo(struct rig *rig, struct centro_bytes message)
{
	echo_with(rig, message, &call_impl);
}

static void echo_through(const char *address)
{
	struct rig rig;
	open_rig(&rig, &address, 1, 3000);
	run_until(&rig, &rig.ups, 1);
	echo(&rig, ctr_bytes_str("hello"));
	run_until(&rig, &rig.ended, 1);
	ck_assert_int_eq(rig.status, CTR_GRPC_OK);
	ck_assert_uint_eq(rig.bytes, 5);
	ck_assert_uint_gt(rig.turns, 0);
	close_rig(&rig);
}

START_TEST(over_tcp)
{
	struct echo_server server;
	echo_server_start(&server, NULL, 0, ECHO_SERVE);
	echo_through(server.address);
	echo_server_stop(&server);
}
END_TEST

START_TEST(over_a_unix_socket)
{
	struct echo_server server;
	char path[] = "/tmp/centro-link-XXXXXX";
	ck_assert_ptr_nonnull(mkdtemp(path));
	char socket_path[64];
	snprintf(socket_path, sizeof(socket_path), "%s/s", path);
	echo_server_start(&server, socket_path, 0, ECHO_SERVE);
	echo_through(server.address);
	echo_server_stop(&server);
	unlink(socket_path);
	rmdir(path);
}
END_TEST

/* "localhost" may be ::1 first: then the second result must be tried. */
START_TEST(over_a_name)
{
	struct echo_server server;
	char address[64];
	echo_server_start(&server, NULL, 0, ECHO_SERVE);
	snprintf(address, sizeof(address), "localhost%s", strrchr(server.address, ':'));
	echo_through(address);
	echo_server_stop(&server);
}
END_TEST

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 31 + (i >> 8) * 7 + (i >> 16));
}

static void on_pattern(void *arg, struct ctr_grpc_call *call, struct centro_bytes message)
{
	size_t same = 0;
	while (same < message.size && message.data[same] == pattern(same))
		same++;
	ck_assert_uint_eq(same, message.size);
	on_message(arg, call, message);
}

static const struct ctr_grpc_call_impl pattern_impl = {.message = on_pattern, .closed = on_closed};

/* A unix socket takes about 200 KiB, and the server is late: writes are cut and wait. */
START_TEST(more_than_a_socket_takes_at_once)
{
	struct echo_server server;
	struct rig rig;
	size_t size = (size_t)3 << 20;
	uint8_t *bytes = malloc(size);
	char path[] = "/tmp/centro-link-XXXXXX", socket_path[64];
	for (size_t i = 0; i < size; i++)
		bytes[i] = pattern(i);
	ck_assert_ptr_nonnull(mkdtemp(path));
	snprintf(socket_path, sizeof(socket_path), "%s/s", path);
	echo_server_start(&server, socket_path, 0, ECHO_LATE);
	const char *address = server.address;
	open_rig(&rig, &address, 1, 3000);
	run_until(&rig, &rig.ups, 1);
	for (int i = 0; i < 8; i++)
		echo_with(&rig, ctr_bytes(bytes, size), &pattern_impl);
	run_until(&rig, &rig.ended, 8);
	ck_assert_int_eq(rig.status, CTR_GRPC_OK);
	ck_assert_uint_eq(rig.bytes, 8 * size);
	close_rig(&rig);
	echo_server_stop(&server);
	unlink(socket_path);
	rmdir(path);
	free(bytes);
}
END_TEST

START_TEST(it_comes_back_when_the_server_does)
{
	struct echo_server server;
	struct rig rig;
	echo_server_start(&server, NULL, 0, ECHO_SERVE);
	char address[128];
	snprintf(address, sizeof(address), "%s", server.address);
	const char *addresses[] = {address};
	open_rig(&rig, addresses, 1, 3000);
	run_until(&rig, &rig.ups, 1);
	echo(&rig, ctr_bytes_str("one"));
	run_until(&rig, &rig.ended, 1);

	echo_server_stop(&server);
	run_until(&rig, &rig.downs, 1);
	run_until(&rig, &rig.fails, 2);
	ck_assert_ptr_nonnull(strstr(ctr_channel_last_error(rig.channel), "connection refused"));
	echo_server_start(&server, NULL, atoi(strrchr(address, ':') + 1), ECHO_SERVE);
	run_until(&rig, &rig.ups, 2);
	echo(&rig, ctr_bytes_str("two"));
	run_until(&rig, &rig.ended, 2);
	ck_assert_int_eq(rig.status, CTR_GRPC_OK);
	close_rig(&rig);
	echo_server_stop(&server);
}
END_TEST

START_TEST(the_second_address_serves)
{
	struct echo_server gone, server;
	struct rig rig;
	echo_server_start(&gone, NULL, 0, ECHO_SERVE);
	echo_server_stop(&gone);
	echo_server_start(&server, NULL, 0, ECHO_SERVE);
	const char *addresses[] = {gone.address, server.address};
	open_rig(&rig, addresses, 2, 3000);
	run_until(&rig, &rig.ups, 1);
	ck_assert_uint_eq(rig.fails, 0);
	echo(&rig, ctr_bytes_str("hello"));
	run_until(&rig, &rig.ended, 1);
	ck_assert_int_eq(rig.status, CTR_GRPC_OK);
	ck_assert_uint_eq(server.connections, 1);
	close_rig(&rig);
	echo_server_stop(&server);
}
END_TEST

START_TEST(a_name_that_does_not_exist)
{
	const char *address = "no-such-host.invalid:1";
	struct rig rig;
	open_rig(&rig, &address, 1, 20000);
	run_until(&rig, &rig.fails, 1);
	ck_assert_msg(
		strncmp(ctr_channel_last_error(rig.channel), "no-such-host.invalid:1: ", 24) == 0,
		"%s", ctr_channel_last_error(rig.channel));
	close_rig(&rig);
}
END_TEST

START_TEST(a_server_that_hangs_up)
{
	struct echo_server server;
	struct rig rig;
	echo_server_start(&server, NULL, 0, ECHO_HANG_UP);
	const char *address = server.address;
	open_rig(&rig, &address, 1, 3000);
	run_until(&rig, &rig.fails, 3);
	ck_assert_uint_eq(rig.ups, rig.downs);
	close_rig(&rig);
	echo_server_stop(&server);
}
END_TEST

START_TEST(closing_in_the_midst_of_everything)
{
	struct echo_server server;
	struct rig rig;
	const char *name = "no-such-host.invalid:1";
	/* While a name is looked up; before the first turn; with a call open. */
	open_rig(&rig, &name, 1, 3000);
	close_rig(&rig);
	echo_server_start(&server, NULL, 0, ECHO_SILENT);
	const char *address = server.address;
	open_rig(&rig, &address, 1, 3000);
	close_rig(&rig);
	open_rig(&rig, &address, 1, 3000);
	run_until(&rig, &rig.ups, 1);
	echo(&rig, ctr_bytes_str("never answered"));
	close_rig(&rig);
	ck_assert_uint_eq(rig.ended, 1);
	ck_assert_int_eq(rig.status, CTR_GRPC_UNAVAILABLE);
	echo_server_stop(&server);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("io/link");
	TCase *tcase = tcase_create("link");
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, over_tcp);
	tcase_add_test(tcase, over_a_unix_socket);
	tcase_add_test(tcase, over_a_name);
	tcase_add_test(tcase, more_than_a_socket_takes_at_once);
	tcase_add_test(tcase, it_comes_back_when_the_server_does);
	tcase_add_test(tcase, the_second_address_serves);
	tcase_add_test(tcase, a_name_that_does_not_exist);
	tcase_add_test(tcase, a_server_that_hangs_up);
	tcase_add_test(tcase, closing_in_the_midst_of_everything);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
