/* SPDX-License-Identifier: MIT */
/*
 * cron_parse.c - what cron's fields say, as sets of numbers.
 *
 * The language is that of Vixie cron, with what is common since: "5/15" goes on to the
 * end of the range, and Sunday may end a range ("fri-sun"). What other schedulers have
 * beyond that (seconds, years, L, W, #, ?) is refused and not guessed at.
 *
 * Layer: core.
 */
#include "core/cron.h"

#include <centro/text.h>

#include "base/bytes.h"
#include "base/str.h"
#include "base/time.h"
#include "core/show.h"

#define SUNDAY_AS_END 7

struct field_kind {
	const char *name;
	const char *help; /* what its values are */
	unsigned min, max;
	const char *const *words; /* of `min` and up; NULL: numbers only */
};

static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
				     "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const weekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

static const struct field_kind kinds[CTR_CRON_FIELD_COUNT] = {
	[CTR_CRON_MINUTE] = {"minute", "0 to 59", 0, 59, NULL},
	[CTR_CRON_HOUR] = {"hour", "0 to 23", 0, 23, NULL},
	[CTR_CRON_DAY] = {"day of the month", "1 to 31", 1, 31, NULL},
	[CTR_CRON_MONTH] = {"month", "1 to 12, jan to dec", 1, 12, months},
	[CTR_CRON_WEEKDAY] = {"day of the week", "0 to 7, sun to sat", 0, SUNDAY_AS_END, weekdays},
};

static const struct {
	const char *name, *fields;
} shorthands[] = {
	{"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
	{"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
	{"@hourly", "0 * * * *"},
};

/* ---- text ---- */

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

/* `word` is in lower case. */
static bool is_word(struct centro_bytes text, const char *word)
{
	if (text.size != strlen(word))
		return false;
	for (size_t i = 0; i < text.size; i++) {
		if (lower(text.data[i]) != (uint8_t)word[i])
			return false;
	}
	return true;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* What stands before the first `separator`, and moves *text behind that. False: no more. */
static bool take_part(struct centro_bytes *text, char separator, struct centro_bytes *ret_part)
{
	size_t size = 0;
	if (!text->data)
		return false;
	while (size < text->size && text->data[size] != (uint8_t)separator)
		size++;
	*ret_part = ctr_bytes(text->data, size);
	*text = size < text->size ? ctr_bytes(text->data + size + 1, text->size - size - 1)
				  : ctr_bytes(NULL, 0);
	return true;
}

/* The next word between blanks. False: there is none. */
static bool take_word(struct centro_bytes *text, struct centro_bytes *ret_word)
{
	size_t begin = 0;
	while (begin < text->size && is_blank(text->data[begin]))
		begin++;
	size_t end = begin;
	while (end < text->size && !is_blank(text->data[end]))
		end++;
	if (begin == end)
		return false;
	*ret_word = ctr_bytes(text->data + begin, end - begin);
	*text = ctr_bytes(text->data + end, text->size - end);
	return true;
}

/* ---- one field ---- */

static int not_a_value(const struct field_kind *kind, struct centro_bytes value,
		       struct centro_error_text *text)
{
	return ctr_error(text, CENTRO_ERR_INVALID, "%s: %s is no such value; say %s, or *",
			 kind->name, ctr_show(value).text, kind->help);
}

/* A number of at most `max`, which anything larger is made one more than. */
static bool parse_number(struct centro_bytes value, unsigned max, unsigned *ret_number)
{
	unsigned number = 0;
	for (size_t i = 0; i < value.size; i++) {
		if (value.data[i] < '0' || value.data[i] > '9')
			return false;
		number = number * 10 + (value.data[i] - '0');
		if (number > max)
			number = max + 1;
	}
	*ret_number = number;
	return value.size > 0;
}

static bool find_name(const struct field_kind *kind, struct centro_bytes value,
		      unsigned *ret_number)
{
	for (unsigned i = 0; kind->words && kind->words[i]; i++) {
		if (!is_word(value, kind->words[i]))
			continue;
		*ret_number = kind->min + i;
		return true;
	}
	return false;
}

static int parse_value(const struct field_kind *kind, struct centro_bytes value,
		       unsigned *ret_number, struct centro_error_text *text)
{
	unsigned number;
	if (!find_name(kind, value, &number) && !parse_number(value, kind->max, &number))
		return not_a_value(kind, value, text);
	if (number < kind->min || number > kind->max)
		return ctr_error(text, CENTRO_ERR_INVALID, "%s: %.*s is %s %u", kind->name,
				 (int)(value.size < 20 ? value.size : 20), (const char *)value.data,
				 number > kind->max ? "above" : "below",
				 number > kind->max ? kind->max : kind->min);
	*ret_number = number;
	return CENTRO_OK;
}

static int parse_step(const struct field_kind *kind, struct centro_bytes value, unsigned *ret_step,
		      struct centro_error_text *text)
{
	unsigned max = kind->max - kind->min + 1, step;
	if (!parse_number(value, max, &step))
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "%s: %s is no step; behind a / stands a number", kind->name,
				 ctr_show(value).text);
	if (step == 0 || step > max)
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "%s: a step of %.*s makes no sense; say 1 to %u%s", kind->name,
				 (int)(value.size < 20 ? value.size : 20), (const char *)value.data,
				 max, step > max ? ", or @every with a length of time" : "");
	*ret_step = step;
	return CENTRO_OK;
}

struct range {
	unsigned low, high, step;
};

/* "5-10" or "5", or "*". What goes on to the end is told by `has_step`. */
static int parse_range(const struct field_kind *kind, struct centro_bytes item, bool has_step,
		       struct range *range, struct centro_error_text *text)
{
	struct centro_bytes rest = item, low, high;
	if (ctr_bytes_equal(item, ctr_bytes_str("*"))) {
		range->low = kind->min;
		range->high = kind->max;
		return CENTRO_OK;
	}
	take_part(&rest, '-', &low);
	int error = parse_value(kind, low, &range->low, text);
	if (error != CENTRO_OK)
		return error;
	range->high = has_step ? kind->max : range->low;
	if (!rest.data)
		return CENTRO_OK;

	high = rest;
	error = parse_value(kind, high, &range->high, text);
	if (error != CENTRO_OK)
		return error;
	if (kind->max == SUNDAY_AS_END && range->high == 0 && range->low > 0)
		range->high = SUNDAY_AS_END;
	if (range->low > range->high)
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "%s: %s runs backwards; say %u-%u,%u-%u for both ends", kind->name,
				 ctr_show(item).text, range->low, kind->max, kind->min,
				 range->high);
	return CENTRO_OK;
}

/* One of the items between commas, added to `values`. */
static int parse_item(const struct field_kind *kind, struct centro_bytes item, uint64_t *values,
		      struct centro_error_text *text)
{
	struct range range = {.step = 1};
	struct centro_bytes rest = item, front;
	take_part(&rest, '/', &front);
	bool has_step = rest.data != NULL;

	int error = parse_range(kind, front, has_step, &range, text);
	if (error == CENTRO_OK && has_step)
		error = parse_step(kind, rest, &range.step, text);
	if (error != CENTRO_OK)
		return error;
	for (unsigned value = range.low; value <= range.high; value += range.step)
		*values |= UINT64_C(1) << value;
	return CENTRO_OK;
}

static int parse_field(enum ctr_cron_field field, struct centro_bytes word, struct ctr_cron *cron,
		       struct centro_error_text *text)
{
	struct centro_bytes rest = word, item;
	uint64_t values = 0;
	while (take_part(&rest, ',', &item)) {
		int error = parse_item(&kinds[field], item, &values, text);
		if (error != CENTRO_OK)
			return error;
	}
	if (field == CTR_CRON_WEEKDAY)
		values = (values | values >> SUNDAY_AS_END) & ((1 << SUNDAY_AS_END) - 1);
	cron->values[field] = values;
	cron->begins_with_star[field] = word.data[0] == '*';
	return CENTRO_OK;
}

/* ---- the whole ---- */

static int parse_fields(struct centro_bytes expression, struct ctr_cron *cron,
			struct centro_error_text *text)
{
	struct centro_bytes words[CTR_CRON_FIELD_COUNT], word;
	size_t count = 0;
	for (; take_word(&expression, &word); count++) {
		if (count < CTR_CRON_FIELD_COUNT)
			words[count] = word;
	}
	if (count != CTR_CRON_FIELD_COUNT)
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "there are %zu fields; say five: minute, hour, day of the month, "
				 "month, day of the week, as in 30 6 * * mon-fri",
				 count);
	for (size_t i = 0; i < CTR_CRON_FIELD_COUNT; i++) {
		int error = parse_field((enum ctr_cron_field)i, words[i], cron, text);
		if (error != CENTRO_OK)
			return error;
	}
	return CENTRO_OK;
}

static int parse_every(struct centro_bytes rest, struct ctr_cron *cron,
		       struct centro_error_text *text)
{
	char length[CTR_CRON_SIZE_MAX + 1] = "";
	struct centro_bytes word;
	if (take_word(&rest, &word))
		memcpy(length, word.data, word.size);
	if (take_word(&rest, &word) || centro_span_parse(length, &cron->every) != CENTRO_OK)
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "@every: a length of time ought to follow, as in @every 1h30m");
	if (cron->every.ns < CTR_NS_PER_SEC)
		return ctr_error(text, CENTRO_ERR_INVALID, "@every: %s is below 1s", length);
	return CENTRO_OK;
}

static int parse_shorthand(struct centro_bytes expression, struct ctr_cron *cron,
			   struct centro_error_text *text)
{
	struct centro_bytes rest = expression, word, more;
	take_word(&rest, &word);
	if (is_word(word, "@every"))
		return parse_every(rest, cron, text);
	for (size_t i = 0; i < sizeof(shorthands) / sizeof(shorthands[0]); i++) {
		if (is_word(word, shorthands[i].name) && !take_word(&rest, &more))
			return parse_fields(ctr_bytes_str(shorthands[i].fields), cron, text);
	}
	return ctr_error(text, CENTRO_ERR_INVALID,
			 "%s is not known; say @hourly, @daily, @midnight, @weekly, @monthly, "
			 "@yearly, @annually or @every 90s",
			 ctr_show(expression).text);
}

int ctr_cron_parse(struct centro_bytes expression, struct ctr_cron *ret_cron,
		   struct centro_error_text *text)
{
	struct ctr_cron cron = {0};
	if (expression.size > CTR_CRON_SIZE_MAX)
		return ctr_error(text, CENTRO_ERR_LIMIT,
				 "a schedule of %zu bytes; at most %d are read", expression.size,
				 CTR_CRON_SIZE_MAX);

	struct centro_bytes rest = expression, word;
	bool is_shorthand = take_word(&rest, &word) && word.data[0] == '@';
	int error = is_shorthand ? parse_shorthand(expression, &cron, text)
				 : parse_fields(expression, &cron, text);
	if (error == CENTRO_OK)
		*ret_cron = cron;
	return error;
}
