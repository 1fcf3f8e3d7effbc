/* SPDX-License-Identifier: MIT */
/* sim_replay.c - centro sim --replay: reads the file, shows what centro/replay.h says of it. */
#include "sim_replay.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <centro/replay.h>
#include <centro/text.h>

#include "output.h"
#include "text.h"

#define READ_BYTES     ((size_t)256 * 1024)
#define PROGRESS_READS 16

enum { REPLAY = SIM_FLAG_SEED + 1, UNTIL, KEEP_GOING, VERBOSE };

const struct flag sim_replay_flags[] = {
	{REPLAY, "replay", 0, "FILE", "what centrod --record wrote; - is stdin"},
	{UNTIL, "until", 0, "N", "stop after so many inputs, and say why jobs wait"},
	{KEEP_GOING, "keep-going", 0, NULL, "go on behind a difference, and count them"},
	{VERBOSE, "verbose", 'v', NULL, "a line of each input and of each event"},
	{0},
};

struct request {
	const char *file; /* "-": standard input */
	bool verbose, keep_going;
	uint64_t until; /* 0: to the end */
	bool has_seed;  /* `seed` instead of what was recorded */
	uint64_t seed;
};

static const char *const states[] = {
	[CENTRO_REPLAY_GOING] = "going",       [CENTRO_REPLAY_ENDED] = "ended",
	[CENTRO_REPLAY_CUT_OFF] = "cut_off",   [CENTRO_REPLAY_STOPPED] = "stopped",
	[CENTRO_REPLAY_DIVERGED] = "diverged", [CENTRO_REPLAY_BROKEN] = "broken",
};

struct run {
	struct cli *cli;
	const struct request *what;
	struct centro_replay *replay;
	struct centro_replay_report report;
	FILE *lines;         /* of --verbose */
	uint64_t bytes;      /* of the file; 0: not known */
	bool shows_progress; /* on stderr */
	cJSON *waiting;      /* of --until, in JSON */
};

/* ---- reading ---- */

static void print_line(void *arg, const char *line)
{
	struct run *run = arg;
	fprintf(run->lines, "%s\n", line);
}

static void get_report(struct run *run)
{
	run->report.size = sizeof(run->report);
	int error = centro_replay_get_report(run->replay, &run->report);
	(void)error; /* the size is right */
}

static void show_progress(struct run *run)
{
	get_report(run);
	if (run->bytes)
		fprintf(stderr, "\rreplaying: %" PRIu64 " inputs, %" PRIu64 " %%",
			run->report.inputs, run->report.place * 100 / run->bytes);
	else
		fprintf(stderr, "\rreplaying: %" PRIu64 " inputs", run->report.inputs);
}

/* 0, or the exit code: it has been said. */
static int fail(struct run *run, const struct centro_error_text *text)
{
	if (run->shows_progress)
		fputc('\n', stderr);
	return cli_error(run->cli, EXIT_CLI_OTHER, "%s: %s", run->what->file, text->text);
}

static int feed_all(struct run *run, int fd, uint8_t *buffer)
{
	struct centro_error_text text;
	ssize_t size = 0;
	for (int reads = 0; run->report.state == CENTRO_REPLAY_GOING; reads++) {
		size = read(fd, buffer, READ_BYTES);
		if (size < 0 && errno == EINTR)
			continue;
		if (size <= 0)
			break;
		struct centro_bytes bytes = {buffer, (size_t)size};
		if (centro_replay_feed(run->replay, bytes, &text))
			return fail(run, &text);
		if (run->shows_progress && reads % PROGRESS_READS == 0)
			show_progress(run);
		get_report(run);
	}
	if (size < 0) {
		snprintf(text.text, sizeof(text.text), "%s", strerror(errno));
		return fail(run, &text);
	}
	return centro_replay_end(run->replay, &text) ? fail(run, &text) : 0;
}

static int read_file(struct run *run)
{
	struct stat status;
	bool is_stdin = strcmp(run->what->file, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(run->what->file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return cli_error(run->cli, EXIT_CLI_USAGE, "%s: %s", run->what->file,
				 strerror(errno));
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		run->bytes = (uint64_t)status.st_size;
	uint8_t *buffer = need(malloc(READ_BYTES));
	int code = feed_all(run, fd, buffer);
	if (code == 0 && run->shows_progress)
		fputs("\r\x1b[K", stderr);
	free(buffer);
	if (!is_stdin)
		close(fd);
	get_report(run);
	return code;
}

/* ---- showing: a table ---- */

static void print_differences(const struct centro_replay_report *report)
{
	if (report->differences == 0) {
		printf("the same   each status, answer and hash is what was recorded\n");
		return;
	}
	printf("DIVERGED   at input %" PRIu64 ": ", report->input);
	text_write_escaped(stdout, report->input_text.text);
	printf("\n           its %s differs", report->difference);
	if (report->status_recorded != report->status_found)
		printf("; status: recorded %s, found %s",
		       centro_error_name(report->status_recorded),
		       centro_error_name(report->status_found));
	printf("\n           hash: recorded %016" PRIx64 ", found %016" PRIx64 "\n",
	       report->hash_recorded, report->hash_found);
	if (report->differences > 1)
		printf("           %" PRIu64 " inputs differ in all\n", report->differences);
}

static void print_end(const struct centro_replay_report *report)
{
	if (report->state == CENTRO_REPLAY_CUT_OFF)
		printf("cut off    at byte %" PRIu64 ", with %" PRIu64
		       " bytes of a record: the server was killed, the\n"
		       "           recording reached its limit, or it is still being written\n",
		       report->place, report->bytes_left);
	if (report->skipped)
		printf("left out   %" PRIu64 " commands, for which the server had no memory\n",
		       report->skipped);
}

static void print_report(const struct centro_replay_report *report)
{
	char first[64], last[64], length[32];
	uint64_t span_ns = report->last_wall.ns > report->first_wall.ns
				   ? report->last_wall.ns - report->first_wall.ns
				   : 0;
	printf("replayed   %" PRIu64 " inputs in %" PRIu64 " sections: %" PRIu64
	       " commands, %" PRIu64 " events\n",
	       report->inputs, report->sections, report->commands, report->events);
	if (report->first_wall.ns)
		printf("time       %s to %s, %s\n",
		       text_time(report->first_wall.ns, first, sizeof(first)),
		       text_time(report->last_wall.ns, last, sizeof(last)),
		       text_age(span_ns, length, sizeof(length)));
	printf("jobs       %" PRIu64 " submitted, %" PRIu64 " not ended\n"
	       "nodes      %" PRIu64 "\n"
	       "hash       %016" PRIx64 "\n",
	       report->jobs_submitted, report->jobs_live, report->nodes, report->hash);
	print_end(report);
	print_differences(report);
}

static void print_waiting(void *arg, centro_job_id id, const char *text)
{
	struct run *run = arg;
	if (!output_is_table(run->cli)) {
		cJSON *job = json_object();
		json_set_u64(job, "id", id);
		json_set_text(job, "pending_reason", text);
		json_append(run->waiting, job);
		return;
	}
	printf("waits      job %" PRIu64 ": ", id);
	text_write_escaped(stdout, text);
	putchar('\n');
}

/* ---- showing: JSON ---- */

static void set_hash(cJSON *object, const char *name, uint64_t hash)
{
	char text[17];
	snprintf(text, sizeof(text), "%016" PRIx64, hash);
	json_set_text(object, name, text);
}

/* In whole seconds, as JSON has it elsewhere: "2026-01-31T09:30:00Z". */
static void set_time(cJSON *object, const char *name, struct centro_instant wall)
{
	char text[64];
	if (!wall.ns)
		return;
	text_time(wall.ns, text, sizeof(text)); /* "2026-01-31 09:30:00 UTC" */
	text[10] = 'T';
	memcpy(text + 19, "Z", 2);
	json_set_text(object, name, text);
}

static void set_difference(cJSON *object, const struct centro_replay_report *report)
{
	if (report->differences == 0)
		return;
	cJSON *first = json_add_object(object, "first_difference");
	json_set_u64(first, "input", report->input);
	json_set_text(first, "text", report->input_text.text);
	json_set_text(first, "what", report->difference);
	json_set_text(first, "status_recorded", centro_error_name(report->status_recorded));
	json_set_text(first, "status_found", centro_error_name(report->status_found));
	set_hash(first, "hash_recorded", report->hash_recorded);
	set_hash(first, "hash_found", report->hash_found);
}

static cJSON *make_json(const struct centro_replay_report *report)
{
	cJSON *object = json_object();
	json_set_text(object, "state", states[report->state]);
	json_set_u64(object, "inputs", report->inputs);
	json_set_u64(object, "sections", report->sections);
	json_set_u64(object, "commands", report->commands);
	json_set_u64(object, "skipped", report->skipped);
	json_set_u64(object, "events", report->events);
	json_set_u64(object, "jobs_submitted", report->jobs_submitted);
	json_set_u64(object, "jobs_live", report->jobs_live);
	json_set_u64(object, "nodes", report->nodes);
	set_time(object, "first_time", report->first_wall);
	set_time(object, "last_time", report->last_wall);
	json_set_u64(object, "place", report->place);
	json_set_u64(object, "bytes_left", report->bytes_left);
	set_hash(object, "hash", report->hash);
	json_set_u64(object, "differences", report->differences);
	set_difference(object, report);
	return object;
}

static const char *state_of(const cJSON *message)
{
	return json_text(message, "state");
}

/* ------------------------------------------------------------------ */

/* Is the state sound where --until stopped, or where it diverged? */
static int check(struct run *run)
{
	struct centro_error_text text;
	if (run->what->until == 0 && run->report.state != CENTRO_REPLAY_DIVERGED)
		return 0;
	int error = centro_replay_check(run->replay, &text);
	if (error == CENTRO_ERR_STATE)
		return 0; /* nothing is loaded there */
	if (error)
		return cli_error(run->cli, EXIT_SIM_DIVERGED, "the state is not sound: %s",
				 text.text);
	if (output_is_table(run->cli))
		printf("sound      every invariant holds\n");
	if (run->what->until)
		centro_replay_explain(run->replay, print_waiting, run);
	return 0;
}

static int show(struct run *run)
{
	bool is_table = output_is_table(run->cli);
	if (is_table)
		print_report(&run->report);
	run->waiting = json_array();
	int code = check(run);
	if (is_table) {
		cJSON_Delete(run->waiting);
	} else {
		cJSON *reports = json_array(), *report = make_json(&run->report);
		json_set(report, "waiting", run->waiting);
		json_append(reports, report);
		output_print(run->cli, reports, true, state_of);
		cJSON_Delete(reports);
	}
	return run->report.differences > 0 ? EXIT_SIM_DIVERGED : code;
}

static int replay(struct cli *cli, const struct request *what)
{
	struct run run = {
		.cli = cli,
		.what = what,
		.lines = output_is_table(cli) ? stdout : stderr,
		.shows_progress = isatty(STDERR_FILENO) && !cli->quiet && !what->verbose,
	};
	struct centro_replay_options options = CENTRO_REPLAY_OPTIONS_INIT;
	options.inputs_max = what->until;
	options.keep_going = what->keep_going;
	options.has_seed = what->has_seed;
	options.seed = what->seed;
	options.arg = &run;
	options.line = what->verbose ? print_line : NULL;
	int error = centro_replay_new(&options, &run.replay);
	if (error)
		return cli_error(cli, EXIT_CLI_OTHER, "%s", centro_error_help(error));
	int code = read_file(&run);
	if (code == 0)
		code = show(&run);
	centro_replay_free(run.replay);
	return code;
}

/* ---- flags ---- */

/* Also the seeds beyond INT64_MAX, which servers draw. */
static int parse_u64(const struct cli *cli, const char *flag, const char *value,
		     uint64_t *ret_number)
{
	char *end;
	errno = 0;
	unsigned long long number = strtoull(value, &end, 10);
	if (errno || *end || value[0] < '0' || value[0] > '9')
		return cli_usage_error(cli, "--%s: \"%s\" is not a number", flag, value);
	*ret_number = number;
	return 0;
}

static int set_flag(const struct cli *cli, const struct arg *arg, struct request *what)
{
	switch (arg->id) {
	case REPLAY:
		what->file = arg->value;
		return 0;
	case UNTIL:
		return parse_u64(cli, "until", arg->value, &what->until);
	case KEEP_GOING:
		what->keep_going = true;
		return 0;
	case VERBOSE:
		what->verbose = true;
		return 0;
	case SIM_FLAG_SEED:
		what->has_seed = true;
		return parse_u64(cli, "seed", arg->value, &what->seed);
	default:
		return cli_usage_error(cli, "a replay takes --until, --keep-going, --seed and "
					    "--verbose; the rest is for what-ifs");
	}
}

bool sim_replay_is_wanted(const struct args *args)
{
	for (size_t i = 0; i < args->flag_count; i++) {
		if (args->flags[i].id > SIM_FLAG_SEED)
			return true;
	}
	return false;
}

int cli_sim_replay(struct cli *cli, const struct args *args)
{
	struct request what = {0};
	int code = 0;
	for (size_t i = 0; i < args->flag_count && code == 0; i++)
		code = set_flag(cli, &args->flags[i], &what);
	if (code == 0 && args->word_count > 0)
		code = cli_usage_error(cli, "there is an argument too many");
	if (code == 0 && !what.file)
		code = cli_usage_error(cli, "of which recording? Say --replay FILE");
	return code ? code : replay(cli, &what);
}
