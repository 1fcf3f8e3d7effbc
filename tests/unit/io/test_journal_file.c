/* SPDX-License-Identifier: MIT */
/* test_journal_file.c - a new file of the owner's own, which stops in order. */
#include "io/journal_file.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "support/failing_allocator.h"
#include "support/suite.h"
#include "temp_dir.h"

struct scene {
	struct temp_dir dir;
	char path[96];
	struct ctr_journal_file *file;
	struct centro_error_text text;
	struct centro_log log;
	size_t lines;
	char line[512];
};

static void take_line(void *arg, enum centro_log_level level, const char *message)
{
	struct scene *scene = arg;
	scene->lines++;
	snprintf(scene->line, sizeof(scene->line), "%s", message);
}

static int open_file(struct scene *scene, uint64_t bytes_max)
{
	return ctr_journal_file_open(NULL, &scene->log, scene->path, bytes_max, &scene->file,
				     &scene->text);
}

static void scene_init(struct scene *scene, uint64_t bytes_max)
{
	*scene = (struct scene){
		.log = {.size = sizeof(struct centro_log),
			.arg = scene,
			.level = CENTRO_LOG_INFO,
			.write = take_line},
	};
	temp_dir_init(&scene->dir);
	snprintf(scene->path, sizeof(scene->path), "%s/journal", scene->dir.path);
	ck_assert_msg(open_file(scene, bytes_max) == CENTRO_OK, "%s", scene->text.text);
}

static void scene_fini(struct scene *scene)
{
	ctr_journal_file_free(scene->file);
	temp_dir_fini(&scene->dir);
}

static bool put(struct scene *scene, const char *text)
{
	struct ctr_journal_sink *sink = ctr_journal_file_sink(scene->file);
	return sink->write(sink, ctr_bytes_str(text));
}

static void assert_holds(const struct scene *scene, const char *text)
{
	char content[64] = "";
	FILE *file = fopen(scene->path, "r");
	ck_assert_ptr_nonnull(file);
	content[fread(content, 1, sizeof(content) - 1, file)] = '\0';
	fclose(file);
	ck_assert_str_eq(content, text);
}

START_TEST(what_is_written_is_there_at_once)
{
	struct scene scene;
	struct stat status;
	scene_init(&scene, 0);
	ck_assert(put(&scene, "one "));
	assert_holds(&scene, "one ");
	ck_assert(put(&scene, "two"));
	assert_holds(&scene, "one two");
	ck_assert_int_eq(stat(scene.path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 0777, 0600);
	ck_assert_uint_eq(scene.lines, 0);
	scene_fini(&scene);
}
END_TEST

START_TEST(no_file_is_overwritten)
{
	struct scene scene;
	char expected[256];
	scene_init(&scene, 0);
	put(&scene, "precious");
	ctr_journal_file_free(scene.file);
	scene.file = NULL;
	ck_assert_int_eq(open_file(&scene, 0), CENTRO_ERR_EXISTS);
	snprintf(
		expected, sizeof(expected),
		"%s: there is such a file, and a recording overwrites none; move it away or choose "
		"another name",
		scene.path);
	ck_assert_str_eq(scene.text.text, expected);
	assert_holds(&scene, "precious");
	/* Nor one that a link leads to. */
	char link[128];
	snprintf(link, sizeof(link), "%s.link", scene.path);
	ck_assert_int_eq(symlink("elsewhere", link), 0);
	snprintf(scene.path, sizeof(scene.path), "%.90s", link);
	ck_assert_int_eq(open_file(&scene, 0), CENTRO_ERR_EXISTS);
	scene_fini(&scene);
}
END_TEST

START_TEST(a_file_that_cannot_be_made_says_why)
{
	struct scene scene;
	scene_init(&scene, 0);
	ctr_journal_file_free(scene.file);
	scene.file = NULL;
	snprintf(scene.path, sizeof(scene.path), "%s/no/such", scene.dir.path);
	ck_assert_int_eq(open_file(&scene, 0), CENTRO_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(scene.text.text, "cannot record there: No such file"));
	scene_fini(&scene);
}
END_TEST

START_TEST(at_its_limit_it_stops)
{
	struct scene scene;
	scene_init(&scene, 10);
	ck_assert(put(&scene, "0123456"));
	ck_assert(put(&scene, "789"));
	ck_assert(!put(&scene, "x"));
	assert_holds(&scene, "0123456789");
	ck_assert_uint_eq(scene.lines, 1);
	ck_assert_str_eq(scene.line, "recording stops bytes=10 bytes_max=10: it is full");
	scene_fini(&scene);
}
END_TEST

/* A write that the system cuts short, and then refuses. */
START_TEST(when_the_disk_is_full_it_stops)
{
	struct scene scene;
	const struct rlimit limit = {6, 6};
	scene_init(&scene, 0);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert(put(&scene, "whole"));
	ck_assert(!put(&scene, "half"));
	assert_holds(&scene, "whole");
	ck_assert_uint_eq(scene.lines, 1);
	ck_assert_str_eq(scene.line, "recording stops bytes=5: File too large");
	scene_fini(&scene);
}
END_TEST

START_TEST(no_memory_leaves_no_file)
{
	struct failing_allocator failing;
	struct scene scene;
	scene_init(&scene, 0);
	ctr_journal_file_free(scene.file);
	scene.file = NULL;
	ck_assert_int_eq(unlink(scene.path), 0);
	failing_allocator_init(&failing, 1);
	ck_assert_int_eq(ctr_journal_file_open(&failing.allocator, NULL, scene.path, 0, &scene.file,
					       &scene.text),
			 CENTRO_ERR_NOMEM);
	ck_assert_int_ne(access(scene.path, F_OK), 0);
	scene_fini(&scene);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("journal_file");
	TCase *tcase = tcase_create("journal_file");

	tcase_add_test(tcase, what_is_written_is_there_at_once);
	tcase_add_test(tcase, no_file_is_overwritten);
	tcase_add_test(tcase, a_file_that_cannot_be_made_says_why);
	tcase_add_test(tcase, at_its_limit_it_stops);
	tcase_add_test(tcase, when_the_disk_is_full_it_stops);
	tcase_add_test(tcase, no_memory_leaves_no_file);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}
