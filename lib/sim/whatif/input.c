/* SPDX-License-Identifier: MIT */
/*
 * input.c - bytes into lines, lines into fields, fields into numbers.
 *
 * Invariant: `partial` holds the bytes since the last end of a line, and never
 * more than a line may have.
 *
 * Layer: sim.
 */
#include "sim/whatif/input.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "base/time.h"
#include "core/show.h"

#define NANO_DIGITS 9

/* ---- fields ---- */

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static void add_field(struct ctr_line *line, struct centro_bytes field)
{
	if (line->count < CTR_INPUT_FIELDS_MAX)
		line->fields[line->count] = field;
	line->count++;
}

static void split_blanks(struct centro_bytes text, struct ctr_line *line)
{
	size_t at = 0;
	for (;;) {
		while (at < text.size && is_blank(text.data[at]))
			at++;
		size_t begin = at;
		while (at < text.size && !is_blank(text.data[at]))
			at++;
		if (at == begin)
			return;
		add_field(line, ctr_bytes(text.data + begin, at - begin));
	}
}

void ctr_line_split(struct centro_bytes text, char separator, struct ctr_line *ret_line)
{
	ret_line->count = 0;
	if (separator == ' ') {
		split_blanks(text, ret_line);
		return;
	}
	size_t begin = 0;
	for (size_t at = 0; at <= text.size; at++) {
		if (at < text.size && text.data[at] != (uint8_t)separator)
			continue;
		add_field(ret_line, ctr_bytes(text.data + begin, at - begin));
		begin = at + 1;
	}
}

static bool is_unknown(struct centro_bytes field)
{
	return ctr_bytes_equal(field, ctr_bytes_str("-1"));
}

/* Digits, zeros in front allowed: logs pad with them. */
static bool take_digits(struct centro_bytes digits, uint64_t *ret_value)
{
	while (digits.size > 1 && digits.data[0] == '0')
		digits = ctr_bytes(digits.data + 1, digits.size - 1);
	return ctr_parse_u64(digits, ret_value);
}

/* Nanoseconds of what stands behind the point; what is finer is dropped. */
static bool take_fraction(struct centro_bytes digits, uint64_t *ret_ns)
{
	uint64_t ns = 0;
	for (size_t i = 0; i < digits.size || i < NANO_DIGITS; i++) {
		uint8_t digit = i < digits.size ? digits.data[i] : '0';
		if (digit < '0' || digit > '9')
			return false;
		if (i < NANO_DIGITS)
			ns = ns * 10 + (uint64_t)(digit - '0');
	}
	*ret_ns = ns;
	return digits.size > 0;
}

static bool parse_seconds(struct centro_bytes field, uint64_t *ret_ns)
{
	const uint8_t *point = field.size > 0 ? memchr(field.data, '.', field.size) : NULL;
	size_t whole_size = point ? (size_t)(point - field.data) : field.size;
	uint64_t whole, fraction = 0, ns;

	if (!take_digits(ctr_bytes(field.data, whole_size), &whole))
		return false;
	if (point && !take_fraction(ctr_bytes(point + 1, field.size - whole_size - 1), &fraction))
		return false;
	if (__builtin_mul_overflow(whole, CTR_NS_PER_SEC, &ns) ||
	    __builtin_add_overflow(ns, fraction, &ns) || ns > CTR_WORKLOAD_TIME_NS_MAX)
		return false;
	*ret_ns = ns;
	return true;
}

int ctr_field_seconds(struct centro_bytes field, const char *what, bool *ret_known,
		      uint64_t *ret_ns, struct centro_error_text *text)
{
	*ret_known = !is_unknown(field);
	*ret_ns = 0;
	if (!*ret_known || parse_seconds(field, ret_ns))
		return CENTRO_OK;
	return ctr_error(text, CENTRO_ERR_INVALID,
			 "%s is %s; it must be seconds from 0 to %llu, or -1 for unknown", what,
			 ctr_show(field).text,
			 (unsigned long long)(CTR_WORKLOAD_TIME_NS_MAX / CTR_NS_PER_SEC));
}

int ctr_field_number(struct centro_bytes field, const char *what, uint64_t max, bool *ret_known,
		     uint64_t *ret_number, struct centro_error_text *text)
{
	*ret_known = !is_unknown(field);
	*ret_number = 0;
	if (!*ret_known || (take_digits(field, ret_number) && *ret_number <= max))
		return CENTRO_OK;
	return ctr_error(text, CENTRO_ERR_INVALID,
			 "%s is %s; it must be a whole number from 0 to %llu, or -1 for unknown",
			 what, ctr_show(field).text, (unsigned long long)max);
}

/* ---- lines ---- */

void ctr_input_free(struct ctr_input *input)
{
	if (!input)
		return;
	const struct centro_allocator *allocator = input->workload->allocator;
	ctr_buf_fini(&input->partial);
	ctr_free(allocator, input->name);
	ctr_free(allocator, input);
}

static int fail_line(struct ctr_input *input, int status, const struct centro_error_text *what,
		     struct centro_error_text *text)
{
	struct centro_workload *workload = input->workload;
	struct centro_error_text whole;
	ctr_error(&whole, status, "%.200s:%llu: %.280s", input->name,
		  (unsigned long long)input->line, what->text);
	if (status != CENTRO_ERR_INVALID || !workload->options.skip_malformed)
		return ctr_error(text, status, "%s", whole.text);
	if (workload->malformed++ == 0)
		workload->malformed_first = whole;
	return CENTRO_OK;
}

static int take_line(struct ctr_input *input, struct centro_bytes line,
		     struct centro_error_text *text)
{
	struct centro_error_text what = {""};
	input->line++;
	while (line.size > 0 &&
	       (line.data[line.size - 1] == '\r' || is_blank(line.data[line.size - 1])))
		line.size--;
	while (line.size > 0 && is_blank(line.data[0]))
		line = ctr_bytes(line.data + 1, line.size - 1);
	if (line.size == 0)
		return CENTRO_OK;
	int status = input->take(input, line, &what);
	return status == CENTRO_OK ? CENTRO_OK : fail_line(input, status, &what, text);
}

static int fail_long(struct ctr_input *input, struct centro_error_text *text)
{
	struct centro_error_text what;
	input->line++;
	ctr_error(&what, CENTRO_ERR_LIMIT, "it has more than %d bytes; is this a file of lines?",
		  CENTRO_WORKLOAD_LINE_SIZE_MAX);
	/* Where the next line begins is not known, so this one is not skipped. */
	return fail_line(input, CENTRO_ERR_LIMIT, &what, text);
}

/* A line whose end has come: what was kept of it, and `rest`. */
static int take_kept_line(struct ctr_input *input, struct centro_bytes rest,
			  struct centro_error_text *text)
{
	if (rest.size + input->partial.size > CENTRO_WORKLOAD_LINE_SIZE_MAX)
		return fail_long(input, text);
	if (input->partial.size == 0)
		return take_line(input, rest, text);
	if (ctr_buf_append_bytes(&input->partial, rest) != CENTRO_OK)
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	int status = take_line(input, ctr_buf_bytes(&input->partial), text);
	ctr_buf_clear(&input->partial);
	return status;
}

static int feed(struct ctr_input *input, struct centro_bytes bytes, struct centro_error_text *text)
{
	while (bytes.size > 0) {
		const uint8_t *end = memchr(bytes.data, '\n', bytes.size);
		if (!end)
			break;
		size_t size = (size_t)(end - bytes.data);
		int status = take_kept_line(input, ctr_bytes(bytes.data, size), text);
		if (status != CENTRO_OK)
			return status;
		bytes = ctr_bytes(end + 1, bytes.size - size - 1);
	}
	if (bytes.size + input->partial.size > CENTRO_WORKLOAD_LINE_SIZE_MAX)
		return fail_long(input, text);
	if (ctr_buf_append_bytes(&input->partial, bytes) != CENTRO_OK)
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	return CENTRO_OK;
}

/* ---- the public calls ---- */

static ctr_line_fn *reader_of(enum centro_workload_format format)
{
	switch (format) {
	case CENTRO_WORKLOAD_SWF:
		return ctr_swf_take;
	case CENTRO_WORKLOAD_OPENB_NODES:
		return ctr_openb_take_node;
	case CENTRO_WORKLOAD_OPENB_PODS:
		return ctr_openb_take_pod;
	}
	return NULL;
}

/* What follows an error was cut off in the middle. */
static int note_failure(struct centro_workload *workload, int status)
{
	workload->failed = workload->failed || status != CENTRO_OK;
	return status;
}

static int check_begin(const struct centro_workload *workload, enum centro_workload_format format,
		       struct centro_error_text *text)
{
	if (!reader_of(format))
		return ctr_error(text, CENTRO_ERR_INVALID, "format: %d is none", (int)format);
	if (workload->failed || workload->input)
		return ctr_error(text, CENTRO_ERR_STATE, "a file is being read, or failed to be");
	if (format != CENTRO_WORKLOAD_OPENB_NODES && workload->source != CTR_SOURCE_NONE)
		return ctr_error(text, CENTRO_ERR_STATE, "the workload has its jobs already");
	return CENTRO_OK;
}

int centro_workload_begin(struct centro_workload *workload, enum centro_workload_format format,
			  const char *name, struct centro_error_text *text)
{
	int status = check_begin(workload, format, text);
	if (status != CENTRO_OK)
		return status;
	struct ctr_input *input = ctr_alloc_zero(workload->allocator, sizeof(*input));
	char *copy = ctr_strdup(workload->allocator, ctr_bytes_str(name));
	if (!input || !copy) {
		ctr_free(workload->allocator, input);
		ctr_free(workload->allocator, copy);
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	}
	input->workload = workload;
	input->take = reader_of(format);
	input->name = copy;
	ctr_buf_init(&input->partial, workload->allocator, 0);
	workload->input = input;
	if (format != CENTRO_WORKLOAD_OPENB_NODES)
		workload->source = CTR_SOURCE_FILE;
	return CENTRO_OK;
}

int centro_workload_feed(struct centro_workload *workload, struct centro_bytes bytes,
			 struct centro_error_text *text)
{
	if (!workload->input || workload->failed)
		return ctr_error(text, CENTRO_ERR_STATE, "no file is being read");
	return note_failure(workload, feed(workload->input, bytes, text));
}

int centro_workload_end(struct centro_workload *workload, struct centro_error_text *text)
{
	struct ctr_input *input = workload->input;
	if (!input || workload->failed)
		return ctr_error(text, CENTRO_ERR_STATE, "no file is being read");
	/* A last line may lack its end. */
	int status = input->partial.size > 0 ? take_kept_line(input, ctr_bytes(NULL, 0), text)
					     : CENTRO_OK;
	bool is_csv = input->take != ctr_swf_take;
	if (status == CENTRO_OK && is_csv && !input->has_header)
		status = ctr_error(text, CENTRO_ERR_INVALID,
				   "%.200s: it is empty; its first line must name the columns",
				   input->name);
	if (status == CENTRO_OK) {
		ctr_workload_sort(workload);
		ctr_input_free(input);
		workload->input = NULL;
	}
	return note_failure(workload, status);
}
