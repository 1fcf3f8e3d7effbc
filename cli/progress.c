/* SPDX-License-Identifier: MIT */
/* progress.c - the live line. */
#include "progress.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <centro/job.h>

#include "call.h"
#include "text.h"

#define PAUSE_NS   UINT64_C(200000000) /* between two drawings at least */
#define REFRESH_MS 1000                /* the time that is left runs down by itself */
#define NS_PER_MS  UINT64_C(1000000)
#define CLEAR      "\r\033[K"

static bool is_dumb(void)
{
	const char *term = getenv("TERM");
	return term && strcmp(term, "dumb") == 0;
}

void progress_init(struct progress *progress, struct cli *cli)
{
	*progress = (struct progress){.cli = cli};
	progress->is_on = isatty(STDERR_FILENO) && !cli->quiet && !is_dumb();
	cli->live_line = &progress->line;
}

void progress_fini(struct progress *progress)
{
	live_line_clear(&progress->line);
	progress->is_on = false;
	progress->cli->live_line = NULL;
}

bool progress_is_due(const struct progress *progress)
{
	return progress->is_on && !progress->line.is_midline &&
	       cli_steady_ns() >= progress->next_ns;
}

int progress_wait_ms(const struct progress *progress)
{
	if (!progress->is_on || progress->line.is_midline)
		return -1;
	if (progress->line.is_shown)
		return REFRESH_MS;
	uint64_t now_ns = cli_steady_ns();
	return progress->next_ns <= now_ns ? 0
					   : (int)((progress->next_ns - now_ns) / NS_PER_MS) + 1;
}

/* A line that is broken could not be cleared. */
static int columns(void)
{
	struct winsize size;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return 79;
	return size.ws_col - 1;
}

void progress_show(struct progress *progress, const struct progress_tally *tally)
{
	char text[160];
	uint64_t now_ns = cli_steady_ns();
	if (!progress->has_first) {
		progress->has_first = true;
		progress->first_done = tally->done;
		progress->first_ns = now_ns;
	}
	progress->next_ns = now_ns + PAUSE_NS;
	if (tally->total < 2)
		return;
	uint64_t done_since =
		tally->done > progress->first_done ? tally->done - progress->first_done : 0;
	progress_text(tally, done_since, now_ns - progress->first_ns, text, sizeof(text));
	fprintf(stderr, CLEAR "%.*s", columns(), text);
	fflush(stderr);
	progress->line.is_shown = true;
}

/* ---- counting ---- */

static void count_instance(struct progress_tally *tally, const cJSON *instance)
{
	const char *word = json_text(instance, "state");
	for (int state = 1; state < CENTRO_INSTANCE_STATE_COUNT; state++) {
		if (strcmp(word, centro_instance_state_name(state)) != 0)
			continue;
		tally->done += centro_instance_state_is_final(state);
		tally->running += state == CENTRO_INSTANCE_RUNNING;
		tally->failed +=
			state == CENTRO_INSTANCE_FAILED || state == CENTRO_INSTANCE_TIMEOUT;
		return;
	}
}

void progress_count(struct progress_tally *tally, const cJSON *job)
{
	const cJSON *instance;
	int64_t count = json_int(job, "instance_count");
	tally->total += count > 0 ? (uint64_t)count : 1;
	cJSON_ArrayForEach(instance, json_get(job, "instances")) count_instance(tally, instance);
}

const char *progress_text(const struct progress_tally *tally, uint64_t done_since,
			  uint64_t elapsed_ns, char *buffer, size_t size)
{
	char failed[40] = "", left[60] = "", age[32];
	if (tally->failed > 0)
		snprintf(failed, sizeof(failed), ", %llu failed",
			 (unsigned long long)tally->failed);
	if (done_since > 0 && tally->done < tally->total) {
		uint64_t left_ms =
			elapsed_ns / NS_PER_MS * (tally->total - tally->done) / done_since;
		snprintf(left, sizeof(left), ", about %s left",
			 text_age(left_ms * NS_PER_MS, age, sizeof(age)));
	}
	snprintf(buffer, size, "%llu of %llu done, %llu running%s%s",
		 (unsigned long long)tally->done, (unsigned long long)tally->total,
		 (unsigned long long)tally->running, failed, left);
	return buffer;
}
