/* SPDX-License-Identifier: MIT */
/*
 * mix.c - jobs drawn from a description: "jobs=10000,rate=2000/h,cores=1-8,…".
 *
 * A description is key=value with commas between; each key has a default, and is
 * one row of a table. A number may be a range "1-8" or a choice "1|2|4". The same
 * description and seed give the same jobs on every machine.
 *
 * Layer: sim.
 */
#include <centro/text.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "base/time.h"
#include "core/show.h"
#include "core/spec.h"
#include "sim/whatif/random.h"
#include "sim/whatif/workload.h"

#define CHOICES_MAX    32
#define VALUE_SIZE_MAX 256
#define NS_PER_HOUR    (3600 * CTR_NS_PER_SEC)

/* What a number is drawn from. */
struct pick {
	uint64_t min, max;
	uint64_t choices[CHOICES_MAX];
	size_t choice_count; /* 0: the range counts */
};

struct mix {
	uint64_t jobs, gap_ns;
	bool is_even; /* they come at even gaps */
	struct pick cores, instances, runtime_ns;
	uint64_t users;
	char queue[CTR_NAME_SIZE_MAX + 1];
};

typedef int parse_fn(struct mix *mix, const char *value, struct centro_error_text *text);

/* ---- values ---- */

static int parse_count(const char *value, uint64_t max, uint64_t *ret_count,
		       struct centro_error_text *text)
{
	if (ctr_parse_u64(ctr_bytes_str(value), ret_count) && *ret_count > 0 && *ret_count <= max)
		return CENTRO_OK;
	return ctr_error(text, CENTRO_ERR_INVALID, "%s is not a number from 1 to %llu",
			 ctr_show(ctr_bytes_str(value)).text, (unsigned long long)max);
}

/* One number of a range or a choice: whole, or a time. */
typedef bool parse_part_fn(const char *part, uint64_t *ret_number);

static bool parse_whole(const char *part, uint64_t *ret_number)
{
	return ctr_parse_u64(ctr_bytes_str(part), ret_number) && *ret_number > 0 &&
	       *ret_number <= CTR_INSTANCES_MAX;
}

static bool parse_time(const char *part, uint64_t *ret_number)
{
	struct centro_span span;
	if (centro_span_parse(part, &span) != CENTRO_OK || span.ns == 0 ||
	    span.ns > CTR_WORKLOAD_TIME_NS_MAX)
		return false;
	*ret_number = span.ns;
	return true;
}

/* "8", "1-8", "1|2|4". */
static int parse_pick(const char *value, parse_part_fn *parse_part, const char *example,
		      struct pick *ret_pick, struct centro_error_text *text)
{
	char parts[VALUE_SIZE_MAX];
	struct pick pick = {0};
	size_t size = strlen(value), count = 0;
	bool is_range = strchr(value, '-') != NULL;
	CTR_ASSERT(size < sizeof(parts));

	memcpy(parts, value, size + 1);
	for (char *part = parts; part && count < CHOICES_MAX;) {
		char *end = strchr(part, is_range ? '-' : '|');
		if (end)
			*end = '\0';
		if (!parse_part(part, &pick.choices[count++]))
			goto refuse;
		part = end ? end + 1 : NULL;
		if (part && count == CHOICES_MAX)
			goto refuse;
	}
	pick.choice_count = is_range ? 0 : count;
	pick.min = pick.choices[0];
	pick.max = pick.choices[is_range ? 1 : 0];
	if (is_range && (count != 2 || pick.min > pick.max))
		goto refuse;
	*ret_pick = pick;
	return CENTRO_OK;

refuse:
	return ctr_error(text, CENTRO_ERR_INVALID, "%s; write one value, a range or a choice: %s",
			 ctr_show(ctr_bytes_str(value)).text, example);
}

static uint64_t draw(struct ctr_prng *prng, const struct pick *pick, bool is_log)
{
	if (pick->choice_count > 0)
		return pick->choices[ctr_prng_below(prng, pick->choice_count)];
	return is_log ? ctr_draw_log(prng, pick->min, pick->max)
		      : ctr_draw_even(prng, pick->min, pick->max);
}

/* ---- keys ---- */

static int parse_jobs(struct mix *mix, const char *value, struct centro_error_text *text)
{
	return parse_count(value, CENTRO_WORKLOAD_JOBS_MAX, &mix->jobs, text);
}

/* "2000/h". */
static int parse_rate(struct mix *mix, const char *value, struct centro_error_text *text)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{"/s", CTR_NS_PER_SEC},
		{"/m", 60 * CTR_NS_PER_SEC},
		{"/h", NS_PER_HOUR},
		{"/d", 24 * NS_PER_HOUR},
	};
	const char *slash = strchr(value, '/');
	uint64_t count = 0;
	for (size_t i = 0; slash && i < CTR_ARRAY_SIZE(units); i++) {
		if (strcmp(slash, units[i].name) != 0)
			continue;
		if (!ctr_parse_u64(ctr_bytes(value, (size_t)(slash - value)), &count) ||
		    count == 0 || count > units[i].ns)
			break;
		mix->gap_ns = units[i].ns / count;
		return CENTRO_OK;
	}
	return ctr_error(text, CENTRO_ERR_INVALID, "%s; write how many in which time: 5/s, 2000/h",
			 ctr_show(ctr_bytes_str(value)).text);
}

static int parse_arrivals(struct mix *mix, const char *value, struct centro_error_text *text)
{
	mix->is_even = strcmp(value, "even") == 0;
	if (mix->is_even || strcmp(value, "poisson") == 0)
		return CENTRO_OK;
	return ctr_error(text, CENTRO_ERR_INVALID, "%s is neither poisson nor even",
			 ctr_show(ctr_bytes_str(value)).text);
}

static int parse_cores(struct mix *mix, const char *value, struct centro_error_text *text)
{
	return parse_pick(value, parse_whole, "4, 1-8, 1|2|4", &mix->cores, text);
}

static int parse_instances(struct mix *mix, const char *value, struct centro_error_text *text)
{
	return parse_pick(value, parse_whole, "4, 1-64, 1|16|64", &mix->instances, text);
}

static int parse_runtime(struct mix *mix, const char *value, struct centro_error_text *text)
{
	return parse_pick(value, parse_time, "90s, 10s-2h, 5m|1h", &mix->runtime_ns, text);
}

static int parse_users(struct mix *mix, const char *value, struct centro_error_text *text)
{
	return parse_count(value, CTR_WORKLOAD_USERS_MAX, &mix->users, text);
}

static int parse_queue(struct mix *mix, const char *value, struct centro_error_text *text)
{
	if (!ctr_is_name(ctr_bytes_str(value)))
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "%s is not a name: it must match [a-z][a-z0-9_-]*",
				 ctr_show(ctr_bytes_str(value)).text);
	memcpy(mix->queue, value, strlen(value) + 1);
	return CENTRO_OK;
}

static const struct {
	const char *name;
	parse_fn *parse;
} keys[] = {
	{"jobs", parse_jobs},   {"rate", parse_rate},           {"arrivals", parse_arrivals},
	{"cores", parse_cores}, {"instances", parse_instances}, {"runtime", parse_runtime},
	{"users", parse_users}, {"queue", parse_queue},
};

/* One "key=value". */
static int parse_pair(struct mix *mix, struct centro_bytes pair, struct centro_error_text *text)
{
	char buffer[VALUE_SIZE_MAX];
	struct centro_error_text why;
	const uint8_t *equals = pair.size > 0 ? memchr(pair.data, '=', pair.size) : NULL;
	if (!equals || pair.size >= sizeof(buffer))
		return ctr_error(text, CENTRO_ERR_INVALID, "mix: %s is not of the form key=value",
				 ctr_show(pair).text);
	memcpy(buffer, pair.data, pair.size);
	buffer[pair.size] = '\0';
	size_t name_size = (size_t)(equals - pair.data);
	buffer[name_size] = '\0';
	for (size_t i = 0; i < CTR_ARRAY_SIZE(keys); i++) {
		if (strcmp(keys[i].name, buffer) != 0)
			continue;
		if (keys[i].parse(mix, buffer + name_size + 1, &why) == CENTRO_OK)
			return CENTRO_OK;
		return ctr_error(text, CENTRO_ERR_INVALID, "mix: %s: %.300s", keys[i].name,
				 why.text);
	}
	return ctr_error(text, CENTRO_ERR_INVALID,
			 "mix: there is no key %s; there are jobs, rate, arrivals, cores, "
			 "instances, runtime, users and queue",
			 ctr_show(ctr_bytes_str(buffer)).text);
}

static int parse_mix(const char *description, struct mix *ret_mix, struct centro_error_text *text)
{
	*ret_mix = (struct mix){
		.jobs = 1000,
		.gap_ns = NS_PER_HOUR / 1000,
		.cores = {.min = 1, .max = 1},
		.instances = {.min = 1, .max = 1},
		.runtime_ns = {.min = 10 * CTR_NS_PER_SEC, .max = NS_PER_HOUR},
		.users = 1,
		.queue = CTR_NAME_DEFAULT,
	};
	while (*description) {
		size_t size = strcspn(description, ",");
		int status = parse_pair(ret_mix, ctr_bytes(description, size), text);
		if (status != CENTRO_OK)
			return status;
		description += size;
		description += *description == ',';
	}
	return CENTRO_OK;
}

/* ---- drawing ---- */

/* What falls on a fraction of a millisecond is moved down to it: times that can be read. */
static uint64_t whole_ms(uint64_t ns)
{
	return ns < CTR_NS_PER_MS ? ns : ns - ns % CTR_NS_PER_MS;
}

static int draw_job(struct centro_workload *workload, const struct mix *mix, uint64_t at_ns,
		    struct ctr_prng *prng, struct centro_error_text *text)
{
	struct centro_error_text user;
	/* One after the other: the order of calls in an initialiser is the compiler's. */
	uint64_t user_number = ctr_draw_even(prng, 1, mix->users);
	uint64_t run_ns = draw(prng, &mix->runtime_ns, /* is_log= */ true);
	uint64_t cores = draw(prng, &mix->cores, /* is_log= */ false);
	uint64_t instances = draw(prng, &mix->instances, /* is_log= */ false);
	ctr_error(&user, CENTRO_OK, "u%llu", (unsigned long long)user_number);
	const struct ctr_workload_entry entry = {
		.submit_ns = whole_ms(at_ns),
		.run_ns = whole_ms(run_ns),
		.number = workload->job_count + 1,
		.shape = {.cpu_milli = 1000 * (uint32_t)cores, .count = (uint32_t)instances},
		.user = ctr_bytes_str(user.text),
		.queue = ctr_bytes_str(mix->queue),
	};
	return ctr_workload_add_job(workload, &entry, text);
}

static int draw_mix(struct centro_workload *workload, const struct mix *mix, uint64_t seed,
		    struct centro_error_text *text)
{
	struct ctr_prng prng;
	uint64_t at_ns = 0;
	/* Another mix of the same seed must not come in step with this one. */
	ctr_prng_init(&prng, seed + workload->job_count);
	for (uint64_t i = 0; i < mix->jobs; i++) {
		int status = draw_job(workload, mix, at_ns, &prng, text);
		if (status != CENTRO_OK)
			return status;
		uint64_t gap = mix->is_even ? mix->gap_ns : ctr_draw_gap(&prng, mix->gap_ns);
		if (gap > CTR_WORKLOAD_TIME_NS_MAX - at_ns)
			return ctr_error(
				text, CENTRO_ERR_LIMIT,
				"mix: at this rate its jobs come over more than 146 years");
		at_ns += gap;
	}
	ctr_workload_sort(workload);
	return CENTRO_OK;
}

int centro_workload_add_mix(struct centro_workload *workload, const char *description,
			    uint64_t seed, struct centro_error_text *text)
{
	struct mix mix;
	if (workload->failed || workload->input || workload->source == CTR_SOURCE_FILE)
		return ctr_error(text, CENTRO_ERR_STATE, "the workload has its jobs from a file");
	int status = parse_mix(description, &mix, text);
	if (status != CENTRO_OK)
		return status;
	workload->source = CTR_SOURCE_MIX;
	status = draw_mix(workload, &mix, seed, text);
	workload->failed = status != CENTRO_OK;
	return status;
}
