/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/registry/uscc.h"

#include <string.h>

/* GB 32100: what is easily misread is left out. */
static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

static char
check_of(const char *code)
{
	unsigned sum = 0, weight = 1; /* the weight of place i is 3^(i-1) mod 31 */
	for (int i = 0; i < 17; i++) {
		sum += (unsigned)(strchr(alphabet, code[i]) - alphabet) * weight;
		weight = weight * 3 % 31;
	}
	return alphabet[(31 - sum % 31) % 31];
}

/* GB 11714 over the eight characters from code[8] on. */
static char
inner_check_of(const char *code)
{
	static const unsigned weights[8] = { 3, 7, 9, 10, 5, 8, 4, 2 };
	unsigned sum = 0;
	for (int i = 0; i < 8; i++) {
		char c = code[8 + i];
		sum += (unsigned)(c <= '9' ? c - '0' : c - 'A' + 10) * weights[i];
	}
	unsigned check = 11 - sum % 11;
	return check == 10 ? 'X' : check == 11 ? '0' : (char)('0' + check);
}

enum uscc_fault
uscc_check(const char *code)
{
	if (strlen(code) != 18)
		return USCC_LENGTH;
	if (strspn(code, alphabet) != 18)
		return USCC_CHARACTER;
	if (strspn(code + 2, "0123456789") < 6)
		return USCC_DIVISION;
	if (inner_check_of(code) != code[16])
		return USCC_INNER_CHECK;
	if (check_of(code) != code[17])
		return USCC_CHECK;
	return USCC_GOOD;
}

const char *
uscc_fault_text(enum uscc_fault fault)
{
	static const char *const texts[] = {
		[USCC_GOOD] = "is valid",
		[USCC_LENGTH] = "has not 18 characters",
		[USCC_CHARACTER] = "has a character that is not allowed (digits and upper case "
				   "letters but I, O, S, V, Z)",
		[USCC_DIVISION] = "has no division code of six digits at place 3",
		[USCC_INNER_CHECK] =
		    "has a wrong check character of the organisation code (place 17)",
		[USCC_CHECK] = "has a wrong check character (place 18)",
	};
	return texts[fault];
}
