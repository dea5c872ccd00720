/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vocabulary of the law data, and look-ups. Reading the files is in law_load.c.
 */
#include "collector/workflow/law.h"

#include <string.h>
#include <time.h>

static const char *const grade_names[GRADES] = {
	[GRADE_GENERAL] = "一般",
	[GRADE_RELATIVELY_MAJOR] = "较大",
	[GRADE_MAJOR] = "重大",
	[GRADE_PARTICULARLY_MAJOR] = "特别重大",
};

static const char *const clock_kind_names[CLOCK_KINDS] = {
	[CLOCK_DISCOVERY] = "discovery",
	[CLOCK_RECEIPT] = "receipt",
	[CLOCK_CONFIRMED] = "confirmed",
	[CLOCK_RESPONDING] = "responding",
	[CLOCK_DISPOSAL_ENDED] = "disposal_ended",
};

static const char *const report_kind_names[REPORT_KINDS] = {
	[REPORT_INITIAL] = "初报",
	[REPORT_FOLLOW_UP] = "续报",
	[REPORT_FINAL] = "终报",
	[REPORT_CORRECTION] = "更正",
};

/* Ten years of minutes, and more people and yuan than there are: typing errors end here. */
#define MAX_MINUTES 5256000
#define MAX_PEOPLE 10000000000
#define MAX_YUAN 100000000000000

const struct fact facts[] = {
	{ "portal_down_min", FACT_NUMBER, MAX_MINUTES },
	{ "portal_level", FACT_WORD, 0, { "province", "prefecture", "other" } },
	{ "cii_outage_whole_min", FACT_NUMBER, MAX_MINUTES },
	{ "cii_outage_main_min", FACT_NUMBER, MAX_MINUTES },
	{ "people_affected", FACT_NUMBER, MAX_PEOPLE },
	{ "people_share_province_pct", FACT_NUMBER, 100 },
	{ "people_share_prefecture_pct", FACT_NUMBER, 100 },
	{ "data_threat", FACT_WORD, 0, { "特别严重", "严重", "较严重" } },
	{ "pi_count", FACT_NUMBER, MAX_PEOPLE },
	{ "tamper_home_min", FACT_NUMBER, MAX_MINUTES },
	{ "tamper_other_min", FACT_NUMBER, MAX_MINUTES },
	{ "tamper_reposts", FACT_NUMBER, MAX_PEOPLE },
	{ "tamper_views", FACT_NUMBER, MAX_PEOPLE },
	{ "loss_cny", FACT_NUMBER, MAX_YUAN },
	{ "system_loss", FACT_WORD, 0, { "大面积瘫痪", "局部瘫痪", "中断" } },
};
const size_t n_facts = sizeof(facts) / sizeof(facts[0]);

const char *
grade_name(enum grade grade)
{
	return grade < GRADES ? grade_names[grade] : NULL;
}

enum grade
grade_from_text(const char *text)
{
	for (int g = GRADE_GENERAL; text && g < GRADES; g++) {
		if (strcmp(text, grade_names[g]) == 0)
			return (enum grade)g;
	}
	return GRADE_NONE;
}

const char *
clock_kind_name(enum clock_kind kind)
{
	return clock_kind_names[kind];
}

const char *
report_kind_name(enum report_kind kind)
{
	return report_kind_names[kind];
}

int
report_kind_from_text(const char *text)
{
	for (int k = 0; text && k < REPORT_KINDS; k++) {
		if (strcmp(text, report_kind_names[k]) == 0)
			return k;
	}
	return -1;
}

const struct fact *
fact_find(const char *name)
{
	for (size_t i = 0; i < n_facts; i++) {
		if (strcmp(facts[i].name, name) == 0)
			return &facts[i];
	}
	return NULL;
}

const struct law_category *
law_category(const struct law *law, const char *key)
{
	for (size_t i = 0; key && i < law->n_categories; i++) {
		if (strcmp(law->categories[i].key, key) == 0)
			return &law->categories[i];
	}
	return NULL;
}

void
law_day(int64_t at_us, char out[11])
{
	/* China keeps UTC+8 all year, so no time zone data is needed. */
	time_t shanghai = (time_t)(at_us / 1000000 + 8 * 3600);
	struct tm tm;

	if (!gmtime_r(&shanghai, &tm) || strftime(out, 11, "%Y-%m-%d", &tm) == 0)
		strcpy(out, "0000-00-00");
}

bool
law_in_force(const char *from, const char *to, int64_t at_us)
{
	char day[11];

	law_day(at_us, day);
	return strcmp(day, from) >= 0 && (!to || strcmp(day, to) < 0);
}
