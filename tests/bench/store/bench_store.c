/* SPDX-License-Identifier: MIT */
/*
 * bench_store.c - P3: the file store, on the life of jobs, against a bare log.
 *
 * Of four operations one inserts a job, two update those that are 1,000 and 2,000
 * older, and one deletes the one that is 5,000 older: sequential keys, values of
 * 300 bytes. The baseline appends the same keys and values to a file and calls
 * fdatasync. A second baseline is LMDB itself, in one thread, without the store:
 * what it loses to the log, no store on top of it can win back. They take turns in
 * one run, on the same file system, and the median of five rounds counts, since
 * machines are noisy.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <lmdb.h>

#include <centro/store.h>

#define ROUNDS     5
#define ROUND_MS   800
#define VALUE_SIZE 300
#define HISTORY    100000 /* rows that lie there all the time */
#define AIM_LOG    0.6
#define AIM_LMDB   0.9

/* What the two engines do, one after the other, with the same operations. */
struct life {
	uint64_t next; /* operation */
};

struct bench {
	char path[256];
	struct centro_store *store;
	struct centro_batch *batches[2]; /* one is filled while the other is committed */
	MDB_env *env;                    /* without a store */
	MDB_dbi dbi;
	int log_fd;
	uint8_t *log;
	uint8_t value[VALUE_SIZE];
};

static void die(const char *what)
{
	fprintf(stderr, "bench_store: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void check(int status, const char *what)
{
	if (status == CENTRO_OK)
		return;
	fprintf(stderr, "bench_store: %s: %s\n", what, centro_error_name(status));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* ---- the operations ---------------------------------------------- */

struct op {
	char key[32];
	size_t key_size;
	bool put;
};

static struct op next_op(struct life *life)
{
	static const uint64_t behind[] = {0, 1000, 2000, 5000};
	uint64_t id = 1000000 + life->next / 4 - behind[life->next % 4];
	struct op op = {.put = life->next % 4 != 3};
	life->next++;
	op.key_size =
		(size_t)snprintf(op.key, sizeof(op.key), "/jobs/%016llx", (unsigned long long)id);
	return op;
}

static struct centro_bytes value_of(struct bench *bench, uint64_t number)
{
	memcpy(bench->value, &number, sizeof(number));
	return (struct centro_bytes){bench->value, VALUE_SIZE};
}

/* ---- the store --------------------------------------------------- */

struct wait {
	bool done;
	int status;
};

static void note_done(void *arg, int status)
{
	struct wait *wait = arg;
	wait->done = true;
	wait->status = status;
}

static void wait_for(struct bench *bench, const struct wait *wait, const char *what)
{
	while (!wait->done) {
		struct centro_instant wake;
		struct pollfd fd = {.fd = centro_store_fd(bench->store), .events = POLLIN};
		if (poll(&fd, 1, -1) < 0)
			die("poll");
		check(centro_store_poll(bench->store, (struct centro_instant){now_ns()}, &wake),
		      what);
	}
	check(wait->status, what);
}

static void fill(struct bench *bench, struct centro_batch *batch, struct life *life, int ops)
{
	centro_batch_clear(batch);
	for (int i = 0; i < ops; i++) {
		uint64_t number = life->next;
		struct op op = next_op(life);
		struct centro_bytes key = {(const uint8_t *)op.key, op.key_size};
		check(op.put ? centro_batch_put(batch, key, value_of(bench, number))
			     : centro_batch_delete(batch, key),
		      "batch");
		if (i % 50 == 49)
			centro_batch_end_group(batch);
	}
	centro_batch_end_group(batch);
}

/* As the engine does it: what comes meanwhile gathers in the next batch. */
static double run_store(struct bench *bench, struct life *life, int ops)
{
	uint64_t start = now_ns(), end = start + UINT64_C(1000000) * ROUND_MS, count = 0;
	int turn = 0;
	fill(bench, bench->batches[turn], life, ops);
	while (now_ns() < end) {
		struct wait wait = {0};
		check(centro_store_commit(bench->store, bench->batches[turn], note_done, &wait),
		      "commit");
		turn = !turn;
		fill(bench, bench->batches[turn], life, ops);
		wait_for(bench, &wait, "commit");
		count += (uint64_t)ops;
	}
	double rate = (double)count * 1e9 / (double)(now_ns() - start);
	life->next -= (uint64_t)ops; /* filled, and not committed */
	return rate;
}

/* Rows that no operation touches, so that the tree is as deep as in use. */
static void load_history(struct bench *bench)
{
	for (int i = 0; i < HISTORY; i++) {
		char key[32];
		int size = snprintf(key, sizeof(key), "/history/%016x", i);
		check(centro_batch_put(bench->batches[0],
				       (struct centro_bytes){(const uint8_t *)key, (size_t)size},
				       value_of(bench, (uint64_t)i)),
		      "batch");
		centro_batch_end_group(bench->batches[0]);
	}
	struct wait wait = {0};
	check(centro_store_commit(bench->store, bench->batches[0], note_done, &wait), "commit");
	wait_for(bench, &wait, "load");
}

static void open_store(struct bench *bench)
{
	static uint64_t term;
	char uri[300];
	struct centro_error_text text;
	snprintf(uri, sizeof(uri), "file:%s/store", bench->path);
	if (centro_store_open(uri, NULL, &bench->store, &text) != CENTRO_OK) {
		fprintf(stderr, "bench_store: %s\n", text.text);
		exit(1);
	}
	struct wait wait = {0};
	check(centro_store_campaign(bench->store, "bench", &term, note_done, NULL, &wait),
	      "campaign");
	wait_for(bench, &wait, "campaign");
	for (int i = 0; i < 2; i++)
		bench->batches[i] = centro_batch_new(NULL);
	if (!bench->batches[0] || !bench->batches[1])
		die("batch");
}

/* ---- the log ----------------------------------------------------- */

static size_t log_fill(struct bench *bench, struct life *life, int ops)
{
	size_t size = 0;
	for (int i = 0; i < ops; i++) {
		uint64_t number = life->next;
		struct op op = next_op(life);
		uint32_t sizes[2] = {(uint32_t)op.key_size, op.put ? VALUE_SIZE : 0};
		memcpy(bench->log + size, sizes, sizeof(sizes));
		size += sizeof(sizes);
		memcpy(bench->log + size, op.key, op.key_size);
		size += op.key_size;
		if (op.put)
			memcpy(bench->log + size, value_of(bench, number).data, VALUE_SIZE);
		size += sizes[1];
	}
	return size;
}

static double run_log(struct bench *bench, struct life *life, int ops)
{
	uint64_t start = now_ns(), end = start + UINT64_C(1000000) * ROUND_MS, count = 0;
	while (now_ns() < end) {
		size_t size = log_fill(bench, life, ops);
		if (write(bench->log_fd, bench->log, size) != (ssize_t)size ||
		    fdatasync(bench->log_fd) != 0)
			die("log");
		count += (uint64_t)ops;
	}
	return (double)count * 1e9 / (double)(now_ns() - start);
}

static void open_log(struct bench *bench, int ops_max)
{
	char name[300];
	snprintf(name, sizeof(name), "%s/log", bench->path);
	bench->log_fd = open(name, O_WRONLY | O_CREAT | O_APPEND, 0600);
	bench->log = malloc((size_t)ops_max * (VALUE_SIZE + 64));
	if (bench->log_fd < 0 || !bench->log)
		die("log");
}

/* ---- LMDB, without a store --------------------------------------- */

static void check_lmdb(int code, const char *what)
{
	if (code == 0)
		return;
	fprintf(stderr, "bench_store: LMDB: %s: %s\n", what, mdb_strerror(code));
	exit(1);
}

static void open_lmdb(struct bench *bench)
{
	char name[300];
	MDB_txn *txn;
	snprintf(name, sizeof(name), "%s/lmdb", bench->path);
	if (mkdir(name, 0700) != 0)
		die("mkdir");
	check_lmdb(mdb_env_create(&bench->env), "create");
	check_lmdb(mdb_env_set_mapsize(bench->env, (size_t)16 << 30), "size");
	check_lmdb(mdb_env_open(bench->env, name, 0, 0600), "open");
	check_lmdb(mdb_txn_begin(bench->env, NULL, 0, &txn), "begin");
	check_lmdb(mdb_dbi_open(txn, NULL, 0, &bench->dbi), "open");
	for (int i = 0; i < HISTORY; i++) {
		char key[32];
		int size = snprintf(key, sizeof(key), "/history/%016x", i);
		struct centro_bytes bytes = value_of(bench, (uint64_t)i);
		MDB_val k = {(size_t)size, key}, v = {bytes.size, bench->value};
		check_lmdb(mdb_put(txn, bench->dbi, &k, &v, 0), "load");
	}
	check_lmdb(mdb_txn_commit(txn), "load");
}

static void apply_lmdb(struct bench *bench, MDB_txn *txn, struct life *life, int ops)
{
	for (int i = 0; i < ops; i++) {
		uint64_t number = life->next;
		struct op op = next_op(life);
		MDB_val key = {op.key_size, op.key}, value = {VALUE_SIZE, bench->value};
		(void)value_of(bench, number);
		int code = op.put ? mdb_put(txn, bench->dbi, &key, &value, 0)
				  : mdb_del(txn, bench->dbi, &key, NULL);
		check_lmdb(code == MDB_NOTFOUND ? 0 : code, "write");
	}
}

static double run_lmdb(struct bench *bench, struct life *life, int ops)
{
	uint64_t start = now_ns(), end = start + UINT64_C(1000000) * ROUND_MS, count = 0;
	while (now_ns() < end) {
		MDB_txn *txn;
		check_lmdb(mdb_txn_begin(bench->env, NULL, 0, &txn), "begin");
		apply_lmdb(bench, txn, life, ops);
		check_lmdb(mdb_txn_commit(txn), "commit");
		count += (uint64_t)ops;
	}
	return (double)count * 1e9 / (double)(now_ns() - start);
}

/* ---- the figures ------------------------------------------------- */

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(const double values[ROUNDS])
{
	double sorted[ROUNDS];
	memcpy(sorted, values, sizeof(sorted));
	qsort(sorted, ROUNDS, sizeof(sorted[0]), compare_doubles);
	return sorted[ROUNDS / 2];
}

enum engine {
	ENGINE_LOG,
	ENGINE_STORE,
	ENGINE_LMDB,
	ENGINES,
};

static void print_figure(const char *suffix, int ops, const double *store, const double *baseline,
			 const char *baseline_name, double aim)
{
	double ratios[ROUNDS];
	for (int round = 0; round < ROUNDS; round++)
		ratios[round] = store[round] / baseline[round];
	double ratio = median(ratios);
	printf("{\"bench\":\"P3\",\"case\":\"%d%s\",\"value\":%.0f,\"unit\":\"puts/s\","
	       "\"baseline\":%.0f,\"baseline_name\":\"%s\",\"ratio\":%.2f,\"aim\":%.1f}\n",
	       ops, suffix, median(store), median(baseline), baseline_name, ratio, aim);
	fflush(stdout);
}

static double run_engine(struct bench *bench, enum engine engine, struct life *life, int ops)
{
	switch (engine) {
	case ENGINE_LOG:
		return run_log(bench, life, ops);
	case ENGINE_STORE:
		return run_store(bench, life, ops);
	default:
		return run_lmdb(bench, life, ops);
	}
}

static void run_case(struct bench *bench, struct life *lives, int ops)
{
	double rates[ENGINES][ROUNDS];
	for (int round = 0; round < ROUNDS; round++)
		/* Who is first changes, so that none always has the quieter disk. */
		for (int turn = 0; turn < ENGINES; turn++) {
			enum engine engine = (enum engine)((round + turn) % ENGINES);
			rates[engine][round] = run_engine(bench, engine, &lives[engine], ops);
		}
	print_figure("", ops, rates[ENGINE_STORE], rates[ENGINE_LOG], "append+fdatasync", AIM_LOG);
	print_figure(" against LMDB", ops, rates[ENGINE_STORE], rates[ENGINE_LMDB], "LMDB alone",
		     AIM_LMDB);
}

static void clean_up(struct bench *bench)
{
	static const char *const names[] = {"log", "store/data.mdb", "store/lock.mdb", "store/lock",
					    "store"};
	centro_store_free(bench->store);
	for (int i = 0; i < 2; i++)
		centro_batch_free(bench->batches[i]);
	close(bench->log_fd);
	free(bench->log);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char name[300];
		snprintf(name, sizeof(name), "%s/%s", bench->path, names[i]);
		remove(name);
	}
	rmdir(bench->path);
}

int main(void)
{
	struct bench bench = {0};
	struct life lives[ENGINES] = {{0}};
	const char *base = getenv("TMPDIR");
	memset(bench.value, 'v', sizeof(bench.value));
	snprintf(bench.path, sizeof(bench.path), "%s/centro-bench-XXXXXX", base ? base : "/tmp");
	if (!mkdtemp(bench.path))
		die("mkdtemp");
	open_log(&bench, 1000);
	open_store(&bench);
	load_history(&bench);
	open_lmdb(&bench);
	run_case(&bench, lives, 100);
	run_case(&bench, lives, 1000);
	clean_up(&bench);
	return 0;
}
