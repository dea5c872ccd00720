/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/proto/text_gbk.h"

#include <errno.h>
#include <iconv.h>
#include <pthread.h>

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
converter_close(void *converter)
{
	if (converter && converter != (void *)-1)
		iconv_close((iconv_t)converter);
}

static void
key_make(void)
{
	pthread_key_create(&key, converter_close);
}

static iconv_t
converter_get(void)
{
	pthread_once(&once, key_make);
	void *c = pthread_getspecific(key);
	if (!c) {
		c = (void *)iconv_open("UTF-8", "GB18030");
		pthread_setspecific(key, c);
	}
	return (iconv_t)c;
}

size_t
text_gbk_to_utf8(struct span gbk, char *out, size_t cap, bool *ret_is_bad)
{
	iconv_t converter = converter_get();
	char *to = out;
	size_t room = cap;

	while (gbk.len && gbk.p[gbk.len - 1] == 0)
		gbk.len--;
	char *from = (char *)gbk.p;
	size_t left = gbk.len;
	if (converter == (iconv_t)-1)
		left = 0; /* the C library has no GB 18030: no text rather than a wrong one */
	else
		iconv(converter, NULL, NULL, NULL, NULL);
	while (left) {
		if (iconv(converter, &from, &left, &to, &room) != (size_t)-1)
			break;
		if (errno == E2BIG || room < 3)
			break;
		/* EILSEQ, or a half character at the end. */
		memcpy(to, "\xef\xbf\xbd", 3);
		to += 3;
		room -= 3;
		from++;
		left--;
		if (ret_is_bad)
			*ret_is_bad = true;
	}
	return (size_t)(to - out);
}
