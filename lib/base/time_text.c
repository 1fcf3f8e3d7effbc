/* SPDX-License-Identifier: MIT */
/*
 * time_text.c - RFC 3339 times, both ways.
 *
 * Layer: base.
 */
#include "base/bytes.h"
#include "base/calendar.h"
#include "base/str.h"

#define SECONDS_MIN INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */
#define SECONDS_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

static int append_fraction(struct ctr_buf *buf, int32_t nanos)
{
	if (nanos == 0)
		return ctr_buf_append_char(buf, 'Z');
	if (nanos % 1000000 == 0)
		return ctr_buf_appendf(buf, ".%03dZ", (int)(nanos / 1000000));
	if (nanos % 1000 == 0)
		return ctr_buf_appendf(buf, ".%06dZ", (int)(nanos / 1000));
	return ctr_buf_appendf(buf, ".%09dZ", (int)nanos);
}

int ctr_time_format(struct ctr_buf *buf, int64_t seconds, int32_t nanos)
{
	if (seconds < SECONDS_MIN || seconds > SECONDS_MAX || nanos < 0 || nanos > 999999999)
		return CENTRO_ERR_INVALID;

	int64_t days = ctr_day_of_seconds(seconds);
	int rest = (int)(seconds - days * CTR_SECONDS_PER_DAY);
	struct ctr_date date = ctr_date_from_days(days);

	size_t before = buf->size;
	ctr_buf_appendf(buf, "%04d-%02d-%02dT%02d:%02d:%02d", date.year, date.month, date.day,
			rest / 3600, rest / 60 % 60, rest % 60);
	int status = append_fraction(buf, nanos);
	if (status != CENTRO_OK)
		ctr_buf_truncate(buf, before);
	return status;
}

/* Exactly `count` digits, at most 9. Moves *text behind them. */
static bool take_digits(struct centro_bytes *text, size_t count, int *ret_value)
{
	if (text->size < count)
		return false;
	int value = 0;
	for (size_t i = 0; i < count; i++) {
		if (text->data[i] < '0' || text->data[i] > '9')
			return false;
		value = value * 10 + (text->data[i] - '0');
	}
	*text = ctr_bytes(text->data + count, text->size - count);
	*ret_value = value;
	return true;
}

static bool take_char(struct centro_bytes *text, char c)
{
	if (text->size == 0 || text->data[0] != (uint8_t)c)
		return false;
	*text = ctr_bytes(text->data + 1, text->size - 1);
	return true;
}

static bool take_date(struct centro_bytes *text, int64_t *ret_days)
{
	struct ctr_date date;
	if (!take_digits(text, 4, &date.year) || !take_char(text, '-') ||
	    !take_digits(text, 2, &date.month) || !take_char(text, '-') ||
	    !take_digits(text, 2, &date.day))
		return false;
	if (date.month < 1 || date.month > 12)
		return false;
	if (date.day < 1 || date.day > ctr_days_in_month(date.year, date.month))
		return false;
	*ret_days = ctr_days_from_date(date);
	return true;
}

static bool take_clock(struct centro_bytes *text, int *ret_seconds)
{
	int hours, minutes, seconds;
	if (!take_digits(text, 2, &hours) || !take_char(text, ':') ||
	    !take_digits(text, 2, &minutes) || !take_char(text, ':') ||
	    !take_digits(text, 2, &seconds))
		return false;
	if (hours > 23 || minutes > 59 || seconds > 59)
		return false;
	*ret_seconds = hours * 3600 + minutes * 60 + seconds;
	return true;
}

/* Nothing, or '.' and one to nine digits. */
static bool take_fraction(struct centro_bytes *text, int32_t *ret_nanos)
{
	if (!take_char(text, '.')) {
		*ret_nanos = 0;
		return true;
	}
	size_t count = 0;
	while (count < text->size && text->data[count] >= '0' && text->data[count] <= '9')
		count++;
	int nanos;
	if (count < 1 || count > 9 || !take_digits(text, count, &nanos))
		return false;
	for (; count < 9; count++)
		nanos *= 10;
	*ret_nanos = nanos;
	return true;
}

static bool take_offset(struct centro_bytes *text, int *ret_seconds)
{
	if (take_char(text, 'Z')) {
		*ret_seconds = 0;
		return true;
	}
	bool negative = take_char(text, '-');
	if (!negative && !take_char(text, '+'))
		return false;
	int hours, minutes;
	if (!take_digits(text, 2, &hours) || !take_char(text, ':') ||
	    !take_digits(text, 2, &minutes))
		return false;
	if (hours > 23 || minutes > 59)
		return false;
	int seconds = hours * 3600 + minutes * 60;
	*ret_seconds = negative ? -seconds : seconds;
	return true;
}

bool ctr_time_parse(struct centro_bytes text, int64_t *ret_seconds, int32_t *ret_nanos)
{
	int64_t days;
	int clock_seconds, offset_seconds;
	int32_t nanos;
	if (!take_date(&text, &days) || !take_char(&text, 'T') ||
	    !take_clock(&text, &clock_seconds) || !take_fraction(&text, &nanos) ||
	    !take_offset(&text, &offset_seconds) || text.size != 0)
		return false;

	int64_t seconds = days * CTR_SECONDS_PER_DAY + clock_seconds - offset_seconds;
	if (seconds < SECONDS_MIN || seconds > SECONDS_MAX)
		return false;
	*ret_seconds = seconds;
	*ret_nanos = nanos;
	return true;
}
