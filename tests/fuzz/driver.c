/* SPDX-License-Identifier: MIT */
/*
 * driver.c - a fuzz target as an ordinary program: every input of its corpus, then
 * so many mutations of them. With a compiler that has libFuzzer that is the better
 * way to look for something new; this one keeps what was found from coming back,
 * everywhere and in a known time, and is the same from the same seed.
 *
 *	fuzz_NAME [--seed N] [--runs N] PATH...   PATH: an input, or a directory of them
 *	fuzz_NAME --minimise FILE                 the smallest that fails as FILE does: FILE.min
 *
 * A child does the work, and tells its parent in shared memory on what: so that however it
 * ends (a signal, a sanitizer's exit, a stack that ran over, no end at all), the
 * parent can write down the input.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "mutate.h"

/* For one input: it does not end. Far more than any takes under a sanitizer. */
#define HANG_SECONDS 60

struct input {
	char *name;
	struct ctr_buf bytes;
};

/* What the child works on. */
struct work {
	uint64_t run; /* 0: an input of the corpus */
	char name[256];
	size_t size;
	uint8_t data[FUZZ_INPUT_SIZE_MAX];
};

struct driver {
	const char *program;
	uint64_t seed, runs;
	const char *minimise; /* NULL: not asked for */
	struct input *inputs;
	size_t input_count;
	struct work *work;
};

static void *need(void *pointer)
{
	if (!pointer) {
		perror("fuzz driver");
		exit(EXIT_FAILURE);
	}
	return pointer;
}

/* ---- inputs ---- */

static void read_input(struct ctr_buf *bytes, const char *path)
{
	FILE *file = need(fopen(path, "rb"));
	ctr_buf_init(bytes, NULL, 0);
	uint8_t *data = need(ctr_buf_extend(bytes, FUZZ_INPUT_SIZE_MAX));
	ctr_buf_truncate(bytes, fread(data, 1, FUZZ_INPUT_SIZE_MAX, file));
	fclose(file);
}

static bool write_input(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "wb");
	bool is_written = file && fwrite(data, 1, size, file) == size;
	return (!file || fclose(file) == 0) && is_written;
}

static void add_file(struct driver *driver, const char *path)
{
	size_t size = (driver->input_count + 1) * sizeof(*driver->inputs);
	driver->inputs = need(realloc(driver->inputs, size));
	struct input *input = &driver->inputs[driver->input_count++];
	input->name = need(strdup(path));
	read_input(&input->bytes, path);
}

static void add_directory(struct driver *driver, const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		char file[1024];
		snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			add_file(driver, file);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static bool add_path(struct driver *driver, const char *path)
{
	struct stat status;
	if (stat(path, &status) != 0)
		return false;
	if (S_ISDIR(status.st_mode))
		add_directory(driver, path);
	else
		add_file(driver, path);
	return true;
}

static void free_inputs(struct driver *driver)
{
	for (size_t i = 0; i < driver->input_count; i++) {
		free(driver->inputs[i].name);
		ctr_buf_fini(&driver->inputs[i].bytes);
	}
	free(driver->inputs);
}

/* ---- in the child ---- */

/* In memory of exactly its size, so that a sanitizer sees every step over its end. */
static void try_input(struct centro_bytes bytes)
{
	uint8_t *data = need(malloc(bytes.size > 0 ? bytes.size : 1));
	if (bytes.size > 0)
		memcpy(data, bytes.data, bytes.size);
	alarm(HANG_SECONDS);
	LLVMFuzzerTestOneInput(data, bytes.size);
	alarm(0);
	free(data);
}

static void note(struct work *work, uint64_t run, const char *name, struct centro_bytes bytes)
{
	work->run = run;
	snprintf(work->name, sizeof(work->name), "%s", name);
	work->size = bytes.size;
	if (bytes.size > 0)
		memcpy(work->data, bytes.data, bytes.size);
}

static struct input *any_input(struct driver *driver, struct ctr_prng *prng)
{
	return &driver->inputs[ctr_prng_below(prng, driver->input_count)];
}

static void run_all(struct driver *driver)
{
	struct ctr_prng prng;
	struct ctr_buf bytes;
	ctr_prng_init(&prng, driver->seed);
	ctr_buf_init(&bytes, NULL, 0);
	for (size_t i = 0; i < driver->input_count; i++) {
		const struct input *input = &driver->inputs[i];
		note(driver->work, 0, input->name, ctr_buf_bytes(&input->bytes));
		try_input(ctr_buf_bytes(&input->bytes));
	}
	for (uint64_t run = 1; run <= driver->runs; run++) {
		const struct input *input = any_input(driver, &prng);
		const struct input *other = any_input(driver, &prng);
		ctr_buf_clear(&bytes);
		ctr_buf_append_bytes(&bytes, ctr_buf_bytes(&input->bytes));
		fuzz_mutate(&bytes, ctr_buf_bytes(&other->bytes), FUZZ_INPUT_SIZE_MAX, &prng);
		note(driver->work, run, input->name, ctr_buf_bytes(&bytes));
		try_input(ctr_buf_bytes(&bytes));
	}
	ctr_buf_fini(&bytes);
	free_inputs(driver);
}

static void run_work(struct driver *driver)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	try_input(ctr_bytes(driver->work->data, driver->work->size));
	free_inputs(driver);
}

/* ---- in the parent ---- */

/* How a child that did `what` ended, as waitpid(2) says it. */
static int in_child(struct driver *driver, void (*what)(struct driver *driver))
{
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		what(driver);
		exit(EXIT_SUCCESS); /* a sanitizer looks for leaks here */
	}
	int status = 0;
	if (child < 0)
		need(NULL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	return status;
}

static void print_end(int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		fprintf(stderr, "does not end within %d s", HANG_SECONDS);
	else if (WIFSIGNALED(status))
		fprintf(stderr, "ends with signal %d", WTERMSIG(status));
	else
		fprintf(stderr, "ends with exit status %d", WEXITSTATUS(status));
}

/* The input that it happened on goes into the current directory. */
static void report(const struct driver *driver, int status)
{
	const struct work *work = driver->work;
	char path[256];
	uint64_t hash = ctr_hash_bytes(ctr_bytes(work->data, work->size), 0);
	snprintf(path, sizeof(path), "crash-%s-%016llx", driver->program, (unsigned long long)hash);
	fprintf(stderr, "%s ", driver->program);
	print_end(status);
	if (work->run > 0)
		fprintf(stderr, " in run %llu of seed %llu, made from %s\n",
			(unsigned long long)work->run, (unsigned long long)driver->seed,
			work->name);
	else
		fprintf(stderr, " on %s\n", work->name);
	if (write_input(path, work->data, work->size))
		fprintf(stderr, "the input is in %s\n", path);
}

static int run(struct driver *driver)
{
	printf("%s: %zu inputs, %llu runs of seed %llu\n", driver->program, driver->input_count,
	       (unsigned long long)driver->runs, (unsigned long long)driver->seed);
	if (driver->input_count == 0) {
		fputs("there is no input\n", stderr);
		return EXIT_FAILURE;
	}
	int status = in_child(driver, run_all);
	if (status == 0)
		return EXIT_SUCCESS;
	report(driver, status);
	return EXIT_FAILURE;
}

/* Whether `bytes` fails as the first input did; then they are the best that is known. */
static bool takes(struct driver *driver, int status, const struct ctr_buf *bytes)
{
	note(driver->work, 0, driver->minimise, ctr_buf_bytes(bytes));
	return in_child(driver, run_work) == status;
}

/* Without each block of `size` bytes that is not needed. Whether any was not. */
static bool leave_out(struct driver *driver, int status, struct ctr_buf *best, size_t size)
{
	struct ctr_buf bytes;
	bool is_smaller = false;
	ctr_buf_init(&bytes, NULL, 0);
	for (size_t at = 0; at + size <= best->size;) {
		ctr_buf_clear(&bytes);
		ctr_buf_append(&bytes, best->data, at);
		ctr_buf_append(&bytes, best->data + at + size, best->size - at - size);
		if (takes(driver, status, &bytes)) {
			memcpy(best->data, bytes.data, bytes.size);
			ctr_buf_truncate(best, bytes.size);
			is_smaller = true;
		} else {
			at += size;
		}
	}
	ctr_buf_fini(&bytes);
	return is_smaller;
}

static void make_zero(struct driver *driver, int status, struct ctr_buf *best)
{
	for (size_t at = 0; at < best->size; at++) {
		uint8_t was = best->data[at];
		best->data[at] = 0;
		if (was != 0 && !takes(driver, status, best))
			best->data[at] = was;
	}
}

static int minimise(struct driver *driver)
{
	struct ctr_buf best;
	char path[1024];
	read_input(&best, driver->minimise);
	note(driver->work, 0, driver->minimise, ctr_buf_bytes(&best));
	int status = in_child(driver, run_work);
	if (status == 0) {
		fprintf(stderr, "%s does not fail\n", driver->minimise);
		return EXIT_FAILURE;
	}
	bool is_smaller = true;
	while (is_smaller) {
		is_smaller = false;
		for (size_t size = best.size / 2 + 1; size > 0; size /= 2)
			is_smaller |= leave_out(driver, status, &best, size);
	}
	make_zero(driver, status, &best);
	snprintf(path, sizeof(path), "%s.min", driver->minimise);
	bool is_written = write_input(path, best.data, best.size);
	printf("%s: %zu bytes\n", path, best.size);
	ctr_buf_fini(&best);
	return is_written ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int usage(const char *program)
{
	fprintf(stderr,
		"usage: %s [--seed N] [--runs N] PATH...\n"
		"       %s --minimise FILE\n",
		program, program);
	return 2;
}

static bool parse(struct driver *driver, int argc, char **argv)
{
	static const struct option options[] = {
		{"seed", required_argument, NULL, 's'},
		{"runs", required_argument, NULL, 'r'},
		{"minimise", required_argument, NULL, 'm'},
		{0},
	};
	bool is_right = true;
	int option;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 's')
			is_right &= ctr_parse_u64(ctr_bytes_str(optarg), &driver->seed);
		else if (option == 'r')
			is_right &= ctr_parse_u64(ctr_bytes_str(optarg), &driver->runs);
		else if (option == 'm')
			driver->minimise = optarg;
		else
			is_right = false;
	}
	for (int i = optind; i < argc; i++)
		is_right &= add_path(driver, argv[i]);
	return is_right && (driver->minimise || optind < argc);
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	struct driver driver = {.program = slash ? slash + 1 : argv[0], .seed = 1};
	driver.work = mmap(NULL, sizeof(*driver.work), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (driver.work == MAP_FAILED)
		need(NULL);
	int code;
	if (!parse(&driver, argc, argv))
		code = usage(driver.program);
	else
		code = driver.minimise ? minimise(&driver) : run(&driver);
	free_inputs(&driver);
	munmap(driver.work, sizeof(*driver.work));
	return code;
}
