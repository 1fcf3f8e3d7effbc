/* SPDX-License-Identifier: MIT */
/*
 * time_text.c - RFC 3339 times, both ways.
 *
 * Days are counted in the proleptic Gregorian calendar by Howard Hinnant's
 * algorithm: a year that starts in March has its leap day at its end, so the
 * day of the year needs no table.
 *
 * Layer: base.
 */
#include "base/bytes.h"
#include "base/str.h"

#define SECONDS_PER_DAY  86400
#define SECONDS_MIN      INT64_C(-62135596800) /* 0001-01-01T00:00:00Z */
#define SECONDS_MAX      INT64_C(253402300799) /* 9999-12-31T23:59:59Z */
#define DAYS_PER_ERA     146097                /* 400 years */
#define DAYS_BEFORE_1970 719468                /* since 0000-03-01 */

struct date {
	int year, month, day;
};

/* Days since 1970-01-01 of a date in the years 0 and up. */
static int64_t days_from_date(struct date date)
{
	int year = date.month <= 2 ? date.year - 1 : date.year;
	int era = (year >= 0 ? year : year - 399) / 400;
	int year_of_era = year - era * 400;
	int month_from_march = (date.month + 9) % 12;
	int day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
	int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return (int64_t)era * DAYS_PER_ERA + day_of_era - DAYS_BEFORE_1970;
}

/* The inverse. */
static struct date date_from_days(int64_t days)
{
	int64_t from_march = days + DAYS_BEFORE_1970;
	int era = (int)(from_march / DAYS_PER_ERA);
	int day_of_era = (int)(from_march % DAYS_PER_ERA);
	int year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int month_from_march = (5 * day_of_year + 2) / 153;

	struct date date = {
		.day = day_of_year - (153 * month_from_march + 2) / 5 + 1,
		.month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9,
		.year = year_of_era + era * 400,
	};
	if (date.month <= 2)
		date.year++;
	return date;
}

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

	/* Days and seconds of the day, rounded down also before 1970. */
	int64_t days = seconds / SECONDS_PER_DAY;
	int rest = (int)(seconds % SECONDS_PER_DAY);
	if (rest < 0) {
		rest += SECONDS_PER_DAY;
		days--;
	}
	struct date date = date_from_days(days);

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

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return days[month - 1] + (month == 2 && is_leap);
}

static bool take_date(struct centro_bytes *text, int64_t *ret_days)
{
	struct date date;
	if (!take_digits(text, 4, &date.year) || !take_char(text, '-') ||
	    !take_digits(text, 2, &date.month) || !take_char(text, '-') ||
	    !take_digits(text, 2, &date.day))
		return false;
	if (date.month < 1 || date.month > 12)
		return false;
	if (date.day < 1 || date.day > days_in_month(date.year, date.month))
		return false;
	*ret_days = days_from_date(date);
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

	int64_t seconds = days * SECONDS_PER_DAY + clock_seconds - offset_seconds;
	if (seconds < SECONDS_MIN || seconds > SECONDS_MAX)
		return false;
	*ret_seconds = seconds;
	*ret_nanos = nanos;
	return true;
}
