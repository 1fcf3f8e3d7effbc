/* SPDX-License-Identifier: MIT */
/* What the tests of lib/store share. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void fixture_dir_init(struct fixture_dir *dir)
{
	const char *base = getenv("TMPDIR");
	snprintf(dir->base, sizeof(dir->base), "%s/centro-store-XXXXXX", base ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir->base));
	snprintf(dir->path, sizeof(dir->path), "%s/store", dir->base);
	snprintf(dir->uri, sizeof(dir->uri), "file:%s", dir->path);
}

void fixture_dir_fini(struct fixture_dir *dir)
{
	static const char *const names[] = {"data.mdb", "lock.mdb", "lock", "new.mdb", "other"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char name[200];
		snprintf(name, sizeof(name), "%s/%s", dir->path, names[i]);
		unlink(name);
	}
	rmdir(dir->path);
	unlink(dir->path);
	ck_assert_int_eq(rmdir(dir->base), 0);
}

void fixture_done(void *arg, int status)
{
	struct fixture_wait *wait = arg;
	wait->calls++;
	wait->status = status;
}

struct centro_instant fixture_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (struct centro_instant){(uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec};
}

void fixture_wait(struct centro_store *store, const struct fixture_wait *wait)
{
	while (wait->calls == 0) {
		struct centro_instant wake;
		struct pollfd fd = {.fd = centro_store_fd(store), .events = POLLIN};
		(void)centro_store_poll(store, fixture_now(), &wake);
		if (wait->calls == 0 && fd.fd >= 0)
			ck_assert_int_ge(poll(&fd, 1, 30000), 1);
	}
	ck_assert_int_eq(wait->calls, 1);
}

struct centro_store *fixture_open(const struct fixture_dir *dir, uint64_t bytes_max)
{
	struct centro_store_options options = CENTRO_STORE_OPTIONS_INIT;
	struct centro_error_text text = {""};
	struct centro_store *store = NULL;
	options.bytes_max = bytes_max > 0 ? bytes_max : 64 << 20;
	int status = centro_store_open(dir->uri, &options, &store, &text);
	ck_assert_msg(status == CENTRO_OK, "%s", text.text);
	return store;
}

uint64_t fixture_lead(struct centro_store *store)
{
	struct fixture_wait wait = {0};
	uint64_t term = 0;
	ck_assert_int_eq(centro_store_campaign(store, "test", &term, fixture_done, NULL, &wait),
			 CENTRO_OK);
	fixture_wait(store, &wait);
	ck_assert_int_eq(wait.status, CENTRO_OK);
	ck_assert_uint_gt(term, 0);
	return term;
}

int fixture_commit(struct centro_store *store, struct centro_batch *batch)
{
	struct fixture_wait wait = {0};
	ck_assert_int_eq(centro_store_commit(store, batch, fixture_done, &wait), CENTRO_OK);
	fixture_wait(store, &wait);
	centro_batch_clear(batch);
	return wait.status;
}

void fixture_put(struct centro_store *store, const char *key, const char *value)
{
	struct centro_batch *batch = centro_batch_new(NULL);
	ck_assert_int_eq(centro_batch_put(batch, ctr_bytes_str(key), ctr_bytes_str(value)),
			 CENTRO_OK);
	ck_assert_int_eq(fixture_commit(store, batch), CENTRO_OK);
	centro_batch_free(batch);
}

struct reading {
	struct fixture_wait wait;
	size_t rows;
	size_t size;
	char value[256];
};

static int read_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct reading *reading = arg;
	reading->rows++;
	reading->size = value.size < sizeof(reading->value) ? value.size : sizeof(reading->value);
	if (reading->size > 0)
		memcpy(reading->value, value.data, reading->size);
	return 0;
}

static void read_done(void *arg, int status)
{
	fixture_done(&((struct reading *)arg)->wait, status);
}

size_t fixture_count(struct centro_store *store, int *ret_status)
{
	struct reading reading = {.rows = 0};
	struct centro_scan scan = CENTRO_SCAN_INIT;
	ck_assert_int_eq(centro_store_scan(store, &scan, read_row, read_done, &reading), CENTRO_OK);
	fixture_wait(store, &reading.wait);
	*ret_status = reading.wait.status;
	return reading.rows;
}

void fixture_expect(struct centro_store *store, const char *key, const char *value)
{
	char end[64];
	struct reading reading = {.rows = 0};
	struct centro_scan scan = CENTRO_SCAN_INIT;
	snprintf(end, sizeof(end), "%s%c", key, 1);
	scan.first = ctr_bytes_str(key);
	scan.end = ctr_bytes_str(end);
	ck_assert_int_eq(centro_store_scan(store, &scan, read_row, read_done, &reading), CENTRO_OK);
	fixture_wait(store, &reading.wait);
	ck_assert_int_eq(reading.wait.status, CENTRO_OK);
	ck_assert_uint_eq(reading.rows, value ? 1 : 0);
	if (value)
		ck_assert(ctr_bytes_equal(ctr_bytes(reading.value, reading.size),
					  ctr_bytes_str(value)));
}
