/* SPDX-License-Identifier: MIT */
/*
 * contract_scan.c - scans: in order, within bounds, and all at one revision.
 */
#include "contract.h"

#include <stdio.h>
#include <time.h>

static struct centro_scan range(const char *first, const char *end)
{
	struct centro_scan scan = CENTRO_SCAN_INIT;
	scan.first = contract_str(first);
	scan.end = contract_str(end);
	return scan;
}

static bool shows(struct contract *t, struct centro_scan scan, const char *text)
{
	struct rows rows = {0};
	REQUIRE(contract_scan(t, &scan, &rows));
	REQUIRE_EQ(rows.waiter.status, CENTRO_OK);
	if (strcmp(rows.text, text) != 0) {
		printf("# it shows \"%.200s\" and not \"%.200s\"\n", rows.text, text);
		return false;
	}
	return true;
}

static bool bounds_hold(struct contract *t)
{
	REQUIRE(contract_lead(t));
	REQUIRE(contract_write(t, "+a=1 +b=2 +ba=3 +bb=4 +c=5"));
	REQUIRE(shows(t, range("", ""), "a=1;b=2;ba=3;bb=4;c=5;"));
	REQUIRE(shows(t, range("b", ""), "b=2;ba=3;bb=4;c=5;"));
	REQUIRE(shows(t, range("", "b"), "a=1;"));
	REQUIRE(shows(t, range("b", "c"), "b=2;ba=3;bb=4;"));
	REQUIRE(shows(t, range("aa", "bab"), "b=2;ba=3;"));
	REQUIRE(shows(t, range("d", ""), ""));
	REQUIRE(shows(t, range("", "a"), ""));
	REQUIRE(shows(t, range("b", "b"), ""));
	REQUIRE(shows(t, range("c", "a"), ""));
	return true;
}

static bool reverse_is_the_mirror(struct contract *t)
{
	static const struct {
		const char *first, *end, *text;
	} rows[] = {
		{"", "", "c=5;bb=4;ba=3;b=2;a=1;"},
		{"b", "", "c=5;bb=4;ba=3;b=2;"},
		{"", "b", "a=1;"},
		{"b", "c", "bb=4;ba=3;b=2;"},
		{"", "z", "c=5;bb=4;ba=3;b=2;a=1;"},
		{"d", "", ""},
		{"", "a", ""},
		{"c", "a", ""},
		{"b", "b", ""},
	};
	REQUIRE(contract_lead(t));
	REQUIRE(contract_write(t, "+a=1 +b=2 +ba=3 +bb=4 +c=5"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct centro_scan scan = range(rows[i].first, rows[i].end);
		scan.reverse = true;
		REQUIRE(shows(t, scan, rows[i].text));
	}
	return true;
}

static bool an_empty_store_shows_nothing(struct contract *t)
{
	struct centro_scan scan = range("", "");
	REQUIRE(shows(t, scan, ""));
	scan.reverse = true;
	REQUIRE(shows(t, scan, ""));
	/* Its own rows, which it may have by now, are nobody's business. */
	REQUIRE(contract_lead(t));
	REQUIRE(shows(t, scan, ""));
	REQUIRE(shows(t, range("!", "\""), ""));
	return true;
}

static bool limits_end_a_scan(struct contract *t)
{
	REQUIRE(contract_lead(t));
	REQUIRE(contract_write(t, "+a=1 +b=2 +c=3"));
	struct centro_scan scan = range("", "");
	scan.rows_max = 2;
	REQUIRE(shows(t, scan, "a=1;b=2;"));
	scan.reverse = true;
	REQUIRE(shows(t, scan, "c=3;b=2;"));
	scan.rows_max = 3;
	REQUIRE(shows(t, scan, "c=3;b=2;a=1;"));
	scan.rows_max = 4;
	REQUIRE(shows(t, scan, "c=3;b=2;a=1;"));
	return true;
}

/* Its word is the status, also where it looks like the store's own. */
static bool a_row_can_end_a_scan(struct contract *t)
{
	static const int statuses[] = {1, 7, CENTRO_ERR_CANCELLED, CENTRO_ERR_IO, -1};
	REQUIRE(contract_lead(t));
	REQUIRE(contract_write(t, "+a=1 +b=2 +c=3"));
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct centro_scan scan = range("", "");
		struct rows rows = {.stop_after = 1 + i % 3, .stop_status = statuses[i]};
		REQUIRE(contract_scan(t, &scan, &rows));
		REQUIRE_EQ(rows.waiter.status, statuses[i]);
		REQUIRE_EQ(rows.count, rows.stop_after);
	}
	REQUIRE_EQ(contract_poll(t), CENTRO_OK);
	REQUIRE(contract_holds(t, "a=1;b=2;c=3;"));
	return true;
}

/* Bytes, not text: in the order of memcmp(), and a prefix comes first. */
static bool keys_are_bytes(struct contract *t)
{
	static const uint8_t keys[][3] = {{0, 0, 0},       {0, 1, 0},    {1, 0, 0},
					  {0x7f, 0xff, 1}, {0x80, 0, 0}, {0xff, 0xff, 0xff}};
	REQUIRE(contract_lead(t));
	size_t count = sizeof(keys) / sizeof(keys[0]);
	for (size_t i = 0; i < count; i++)
		for (size_t size = 1; size <= 3; size++) {
			struct centro_bytes key = {keys[count - 1 - i], size};
			REQUIRE_EQ(centro_batch_put(t->batch, key, contract_str("v")), CENTRO_OK);
		}
	REQUIRE(contract_write(t, ""));
	struct centro_scan scan = range("", "");
	struct rows forward = {0}, backward = {0};
	REQUIRE(contract_scan(t, &scan, &forward));
	scan.reverse = true;
	REQUIRE(contract_scan(t, &scan, &backward));
	/* 18, of which {0} is there twice. */
	REQUIRE_EQ(forward.count, 17);
	REQUIRE_EQ(backward.count, 17);
	return true;
}

static bool put_many(struct contract *t, int count, const char *value)
{
	for (int i = 0; i < count; i++) {
		char key[32];
		snprintf(key, sizeof(key), "%05d", i);
		REQUIRE_EQ(centro_batch_put(t->batch, contract_str(key), contract_str(value)),
			   CENTRO_OK);
		centro_batch_end_group(t->batch);
	}
	REQUIRE(contract_write(t, ""));
	return true;
}

struct same {
	struct waiter waiter;
	size_t rows;
	const char *value;
	bool same;
};

static int same_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct same *same = arg;
	size_t size = strlen(same->value);
	same->rows++;
	if (value.size != size || memcmp(value.data, same->value, size) != 0)
		same->same = false;
	return 0;
}

static void same_done(void *arg, int status)
{
	contract_done(&((struct same *)arg)->waiter, status);
}

/* Commit, and poll so seldom that a scan gets on by little. */
static bool commit_slowly(struct contract *t)
{
	struct waiter waiter = {0};
	REQUIRE_EQ(centro_store_commit(t->store, t->batch, contract_done, &waiter), CENTRO_OK);
	while (waiter.calls == 0) {
		nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
		REQUIRE_EQ(contract_poll(t), CENTRO_OK);
	}
	REQUIRE_EQ(waiter.status, CENTRO_OK);
	centro_batch_clear(t->batch);
	return true;
}

/*
 * Every 30th row from `first` on is changed, and another comes behind it; the one
 * before it goes. So most of the pages, or what a backend has, are written anew.
 */
static bool change_some(struct contract *t, int count, int first)
{
	for (int i = first; i < count; i += 30) {
		char key[32];
		snprintf(key, sizeof(key), "%05d", i);
		REQUIRE_EQ(centro_batch_put(t->batch, contract_str(key), contract_str("new")),
			   CENTRO_OK);
		snprintf(key, sizeof(key), "%05d+", i);
		REQUIRE_EQ(centro_batch_put(t->batch, contract_str(key), contract_str("new")),
			   CENTRO_OK);
		snprintf(key, sizeof(key), "%05d", i - 1);
		REQUIRE_EQ(centro_batch_delete(t->batch, contract_str(key)), CENTRO_OK);
		centro_batch_end_group(t->batch);
	}
	return commit_slowly(t);
}

/*
 * More rows than a backend shows in some polls. Meanwhile commits come and go, so
 * many that what the first of them freed would be used again by the later ones.
 */
static bool a_scan_sees_one_revision(struct contract *t, bool reverse)
{
	enum { COUNT = 40000, COMMITS = 12 };
	REQUIRE(contract_lead(t));
	REQUIRE(put_many(t, COUNT, "old"));
	struct centro_scan scan = range("", "");
	scan.reverse = reverse;
	struct same old = {.same = true, .value = "old"}, fresh = {.same = true, .value = "new"};
	REQUIRE_EQ(centro_store_scan(t->store, &scan, same_row, same_done, &old), CENTRO_OK);
	if (old.waiter.calls == 0)
		REQUIRE_EQ(contract_poll(t), CENTRO_OK);
	for (int i = 0; i < COMMITS; i++)
		REQUIRE(change_some(t, COUNT, 1 + 2 * i));
	REQUIRE(contract_wait(t, &old.waiter));
	REQUIRE_EQ(old.waiter.status, CENTRO_OK);
	REQUIRE_EQ(old.rows, COUNT);
	REQUIRE(old.same);

	/* One that starts now sees all of it, and nothing else. */
	REQUIRE(put_many(t, COUNT, "new"));
	REQUIRE_EQ(centro_store_scan(t->store, &scan, same_row, same_done, &fresh), CENTRO_OK);
	REQUIRE(contract_wait(t, &fresh.waiter));
	REQUIRE(fresh.rows > COUNT);
	REQUIRE(fresh.same);
	return true;
}

static bool forward_sees_one_revision(struct contract *t)
{
	return a_scan_sees_one_revision(t, false);
}

static bool reverse_sees_one_revision(struct contract *t)
{
	return a_scan_sees_one_revision(t, true);
}

/* Each from its own revision, and each to its end. */
static bool many_scans_at_once(struct contract *t)
{
	enum { COUNT = CENTRO_STORE_SCANS_MAX };
	static const char *const values[] = {"0", "1", "2", "3"};
	struct same scans[COUNT];
	struct centro_scan scan = range("", "");
	REQUIRE(contract_lead(t));
	for (int i = 0; i < COUNT; i++) {
		REQUIRE(put_many(t, 2000, values[i % 4]));
		scans[i] = (struct same){.same = true, .value = values[i % 4]};
		scan.reverse = i % 3 == 0;
		REQUIRE_EQ(centro_store_scan(t->store, &scan, same_row, same_done, &scans[i]),
			   CENTRO_OK);
	}
	for (int i = 0; i < COUNT; i++) {
		REQUIRE(contract_wait(t, &scans[i].waiter));
		REQUIRE_EQ(scans[i].waiter.status, CENTRO_OK);
		REQUIRE_EQ(scans[i].rows, 2000);
		REQUIRE(scans[i].same);
	}
	return true;
}

/* Where they do not end at once, only so many can be under way. */
static bool scans_have_a_limit(struct contract *t)
{
	struct rows rows[CENTRO_STORE_SCANS_MAX + 1] = {0};
	struct centro_scan scan = range("", "");
	int started = 0, status = CENTRO_OK;
	while (started <= CENTRO_STORE_SCANS_MAX && status == CENTRO_OK) {
		status = centro_store_scan(t->store, &scan, contract_row, contract_rows_done,
					   &rows[started]);
		if (status == CENTRO_OK)
			started++;
	}
	if (rows[0].waiter.calls > 0)
		return contract_skip(t, "its scans end at once");
	REQUIRE_EQ(started, CENTRO_STORE_SCANS_MAX);
	REQUIRE_EQ(status, CENTRO_ERR_LIMIT);
	for (int i = 0; i < started; i++)
		REQUIRE(contract_wait(t, &rows[i].waiter));
	REQUIRE(contract_holds(t, ""));
	return true;
}

static bool freeing_cancels_scans(struct contract *t)
{
	struct same scans[3];
	struct centro_scan scan = range("", "");
	REQUIRE(contract_lead(t));
	REQUIRE(put_many(t, 5000, "v"));
	for (int i = 0; i < 3; i++) {
		scans[i] = (struct same){.same = true, .value = "v"};
		REQUIRE_EQ(centro_store_scan(t->store, &scan, same_row, same_done, &scans[i]),
			   CENTRO_OK);
		if (scans[i].waiter.calls == 0)
			REQUIRE_EQ(contract_poll(t), CENTRO_OK);
	}
	bool late = scans[2].waiter.calls == 0;
	centro_store_free(t->store);
	t->store = NULL;
	for (int i = 0; i < 3; i++)
		REQUIRE_EQ(scans[i].waiter.calls, 1);
	REQUIRE_EQ(scans[2].waiter.status, late ? CENTRO_ERR_CANCELLED : CENTRO_OK);
	return true;
}

struct meddler {
	struct contract *t;
	struct waiter waiter;
	int poll, scan, commit, campaign;
};

static int meddling_row(void *arg, struct centro_bytes key, struct centro_bytes value)
{
	struct meddler *m = arg;
	struct centro_store *store = m->t->store;
	struct centro_scan scan = CENTRO_SCAN_INIT;
	struct centro_instant wake;
	m->poll = centro_store_poll(store, contract_now(), &wake);
	m->scan = centro_store_scan(store, &scan, contract_row, contract_rows_done, NULL);
	m->commit = centro_store_commit(store, m->t->batch, contract_done, NULL);
	m->campaign = centro_store_campaign(store, "m", &m->t->term, contract_done, NULL, NULL);
	return 0;
}

static void meddler_done(void *arg, int status)
{
	contract_done(&((struct meddler *)arg)->waiter, status);
}

static bool a_row_must_not_call_back(struct contract *t)
{
	struct meddler m = {.t = t};
	struct centro_scan scan = range("", "");
	REQUIRE(contract_lead(t));
	REQUIRE(contract_write(t, "+a=1"));
	REQUIRE_EQ(centro_store_scan(t->store, &scan, meddling_row, meddler_done, &m), CENTRO_OK);
	REQUIRE(contract_wait(t, &m.waiter));
	REQUIRE_EQ(m.waiter.status, CENTRO_OK);
	REQUIRE_EQ(m.poll, CENTRO_ERR_STATE);
	REQUIRE_EQ(m.scan, CENTRO_ERR_STATE);
	REQUIRE_EQ(m.commit, CENTRO_ERR_STATE);
	REQUIRE_EQ(m.campaign, CENTRO_ERR_STATE);
	return true;
}

static bool wrong_scans_are_refused(struct contract *t)
{
	uint8_t key[CENTRO_STORE_KEY_SIZE_MAX + 1];
	memset(key, 'k', sizeof(key));
	struct rows rows = {0};
	struct centro_scan scan = CENTRO_SCAN_INIT;
	scan.first = (struct centro_bytes){key, sizeof(key)};
	REQUIRE_EQ(centro_store_scan(t->store, &scan, contract_row, contract_rows_done, &rows),
		   CENTRO_ERR_INVALID);
	scan.first.size--;
	scan.end = (struct centro_bytes){key, sizeof(key)};
	REQUIRE_EQ(centro_store_scan(t->store, &scan, contract_row, contract_rows_done, &rows),
		   CENTRO_ERR_INVALID);
	scan.end.size--;
	scan.size = 3;
	REQUIRE_EQ(centro_store_scan(t->store, &scan, contract_row, contract_rows_done, &rows),
		   CENTRO_ERR_ABI);
	scan.size = sizeof(scan);
	REQUIRE(contract_scan(t, &scan, &rows));
	REQUIRE_EQ(rows.count, 0);
	return true;
}

const struct contract_case contract_scan_cases[] = {
	{"scan: bounds hold", bounds_hold},
	{"scan: reverse is the mirror", reverse_is_the_mirror},
	{"scan: an empty store shows nothing", an_empty_store_shows_nothing},
	{"scan: limits end it", limits_end_a_scan},
	{"scan: a row can end it", a_row_can_end_a_scan},
	{"scan: keys are bytes", keys_are_bytes},
	{"scan: forward sees one revision", forward_sees_one_revision},
	{"scan: reverse sees one revision", reverse_sees_one_revision},
	{"scan: many at once", many_scans_at_once},
	{"scan: there is a limit", scans_have_a_limit},
	{"scan: freeing cancels it", freeing_cancels_scans},
	{"scan: a row must not call back", a_row_must_not_call_back},
	{"scan: wrong ones are refused", wrong_scans_are_refused},
	{NULL, NULL},
};
