/* SPDX-License-Identifier: Apache-2.0 */
/* smtp_parse: commands, content and replies; see smtp.h. */
#include "sensor/proto/smtp.h"

struct feed {
	struct app *app;
	struct smtp_flow *flow;
	const struct proto_input *in;
	bool is_last;
};

static void
event(struct feed *feed, struct smtp_tx *tx, unsigned what)
{
	if (tx)
		tx_event(&tx->tx, what);
}

/* --- Transactions --- */

static struct smtp_tx *
tx_find(struct feed *feed, uint64_t id)
{
	struct tx *tx;
	TAILQ_FOREACH (tx, &feed->app->txs, link) {
		if (tx->id == id)
			return (struct smtp_tx *)tx;
	}
	return NULL;
}

static bool
is_over(const struct smtp_tx *tx)
{
	return !tx || tx->tx.is_done[DIR_TOSERVER];
}

/* The transaction a command belongs to: the one at hand, or a new one. */
static struct smtp_tx *
tx_open(struct feed *feed)
{
	struct smtp_flow *flow = feed->flow;
	if (is_over(flow->tx))
		flow->tx = (struct smtp_tx *)app_tx_new(feed->app, feed->in->ts);
	return flow->tx;
}

static void
tx_finish(struct feed *feed, struct smtp_tx *tx)
{
	if (!tx)
		return;
	for (int dir = 0; dir < 2; dir++)
		tx_done(&tx->tx, (enum dir)dir, feed->in->ts);
}

void
smtp_tx_free(struct app *app, struct tx *tx)
{
	struct smtp_flow *flow = app->state;
	struct smtp_tx *smtp = (struct smtp_tx *)tx;
	if (flow->tx == smtp)
		flow->tx = NULL;
	proto_buf_free(app->worker, &smtp->mail_from);
	mime_list_free(app->worker, &smtp->rcpt_to);
	mime_free(app->worker, smtp->mime);
}

/* --- Questions that wait for their answers --- */

static void
ask(struct feed *feed, enum smtp_command command)
{
	struct smtp_flow *flow = feed->flow;
	if (flow->count && flow->has_greeted && !flow->is_unsure) {
		unsigned last = (flow->first + flow->count - 1u) % SMTP_QUEUE_MAX;
		/* Whoever has these to say must wait for the answer. */
		if (flow->queue[last].command == SMTP_CMD_DATA ||
		    flow->queue[last].command == SMTP_CMD_STARTTLS)
			event(feed, flow->tx, SMTP_EVENT_INVALID_PIPELINED_SEQUENCE);
	}
	if (flow->count == SMTP_QUEUE_MAX) {
		flow->is_unsure = true;
		flow->first = (uint16_t)((flow->first + 1) % SMTP_QUEUE_MAX);
		flow->count--;
	}
	flow->queue[(flow->first + flow->count) % SMTP_QUEUE_MAX] = (struct smtp_asked){
		.tx_id = flow->tx ? flow->tx->tx.id : UINT64_MAX,
		.command = (uint8_t)command,
	};
	flow->count++;
}

/* --- Content --- */

static void
content_begin(struct feed *feed)
{
	struct smtp_tx *tx = feed->flow->tx;
	const struct smtp_config *config = smtp_config(feed->app);
	if (!tx || tx->has_content)
		return;
	tx->has_content = true;
	if (config->decode_mime && !config->raw_extraction)
		tx->mime = mime_new(feed->app, &tx->tx, DIR_TOSERVER, &config->mime);
}

static void
raw_push(struct feed *feed, struct smtp_tx *tx, struct span bytes)
{
	const struct smtp_config *config = smtp_config(feed->app);
	if (!config->raw_extraction)
		return;
	if (!tx->raw)
		tx->raw = file_begin(feed->app, &tx->tx, DIR_TOSERVER, SPAN("rawmsg"),
		    &config->mime.body);
	file_append(feed->app, tx->raw, bytes);
	tx_moved(&tx->tx, DIR_TOSERVER, SMTP_CONTENT, feed->in->ts);
}

static void
content_moved(struct feed *feed, struct smtp_tx *tx)
{
	if (!tx->mime)
		return;
	if (tx->mime->has_headers)
		tx_moved(&tx->tx, DIR_TOSERVER, SMTP_CONTENT, feed->in->ts);
	unsigned events = tx->mime->events;
	for (unsigned i = 0; events >> i; i++) {
		if (events >> i & 1)
			tx_event(&tx->tx, SMTP_EVENT_COUNT + i);
	}
}

static void
content_push(struct feed *feed, struct span bytes)
{
	struct smtp_tx *tx = feed->flow->tx;
	if (is_over(tx) || bytes.len == 0)
		return;
	raw_push(feed, tx, bytes);
	if (tx->mime) {
		tx->mime->is_stuffed = feed->flow->mode == SMTP_DATA;
		mime_push(tx->mime, bytes);
	}
	content_moved(feed, tx);
}

static void
content_end(struct feed *feed, bool is_whole)
{
	struct smtp_flow *flow = feed->flow;
	struct smtp_tx *tx = flow->tx;
	flow->mode = SMTP_COMMANDS;
	if (is_over(tx))
		return;
	is_whole &= !tx->has_gap;
	if (tx->mime)
		mime_end(tx->mime, is_whole);
	file_end(feed->app, tx->raw, is_whole);
	content_moved(feed, tx);
	tx_moved(&tx->tx, DIR_TOSERVER, SMTP_DONE, feed->in->ts);
	tx_done(&tx->tx, DIR_TOSERVER, feed->in->ts);
}

/* The mail was not wanted after all: nothing of it was sent. */
static void
content_forget(struct feed *feed, struct smtp_tx *tx)
{
	mime_free(feed->app->worker, tx->mime);
	tx->mime = NULL;
	tx->has_content = false;
}

/* --- Commands --- */

static bool
word_is(struct span line, struct span word)
{
	return span_caseeq(span_sub(line, 0, word.len), word);
}

/* A command word that is followed by nothing, or by something that cannot be part of it. */
static bool
verb_is(struct span line, struct span verb)
{
	return word_is(line, verb) &&
	       (line.len == verb.len || line.p[verb.len] == ' ' || line.p[verb.len] == '\t');
}

/* The first word behind a command: options follow it. */
static struct span
argument(struct span line, size_t at)
{
	struct span rest = span_trim(span_from(line, at));
	ptrdiff_t blank = span_chr(rest, ' ');
	return blank < 0 ? rest : span_sub(rest, 0, (size_t)blank);
}

static void
take_helo(struct feed *feed, struct span line)
{
	struct smtp_flow *flow = feed->flow;
	struct smtp_tx *tx = flow->tx;
	if (flow->helo.len)
		event(feed, tx, SMTP_EVENT_DUPLICATE_FIELDS);
	else
		(void)proto_buf_append(feed->app->worker, &flow->helo, argument(line, 4),
		    SMTP_ADDRESS_MAX);
	ask(feed, tx && tx->mail_from.len ? SMTP_CMD_HELO_AGAIN : SMTP_CMD_HELO);
}

static void
take_mail(struct feed *feed, struct span line)
{
	struct smtp_tx *tx = feed->flow->tx;
	ask(feed, SMTP_CMD_MAIL);
	if (!tx)
		return;
	if (tx->mail_from.len) {
		tx_event(&tx->tx, SMTP_EVENT_DUPLICATE_FIELDS);
		return;
	}
	(void)proto_buf_append(feed->app->worker, &tx->mail_from, argument(line, 10),
	    SMTP_ADDRESS_MAX);
	tx_moved(&tx->tx, DIR_TOSERVER, SMTP_MAIL, feed->in->ts);
}

static void
take_rcpt(struct feed *feed, struct span line)
{
	struct smtp_tx *tx = feed->flow->tx;
	ask(feed, SMTP_CMD_RCPT);
	if (!tx)
		return;
	(void)mime_list_add(feed->app->worker, &tx->rcpt_to,
	    span_sub(argument(line, 8), 0, SMTP_ADDRESS_MAX), SMTP_RCPT_MAX);
	tx_moved(&tx->tx, DIR_TOSERVER, SMTP_RCPT, feed->in->ts);
}

/*
 * The content may follow at once, whatever the server says: where it says no, the client goes
 * back to commands with us.
 */
static void
take_data(struct feed *feed)
{
	struct smtp_flow *flow = feed->flow;
	if (flow->tx && flow->tx->has_content)
		event(feed, flow->tx, SMTP_EVENT_UNPARSABLE_CONTENT);
	ask(feed, SMTP_CMD_DATA);
	content_begin(feed);
	flow->mode = SMTP_DATA;
	flow->is_line_start = true;
	flow->is_confirmed = false;
}

static void
chunk_end(struct feed *feed)
{
	feed->flow->mode = SMTP_COMMANDS;
	if (feed->flow->is_last_chunk)
		content_end(feed, true);
}

static void
take_bdat(struct feed *feed, struct span line)
{
	struct smtp_flow *flow = feed->flow;
	struct span rest = span_trim(span_from(line, 4));
	uint64_t size = 0;
	size_t n = 0;
	for (; n < rest.len && rest.p[n] >= '0' && rest.p[n] <= '9' && n < 18; n++)
		size = size * 10 + (uint64_t)(rest.p[n] - '0');
	struct span tail = span_trim(span_from(rest, n));
	bool is_last = span_caseeq(tail, SPAN("LAST"));
	bool is_separate = n < rest.len ? rest.p[n] == ' ' || rest.p[n] == '\t' : true;
	if (n == 0 || !is_separate || (tail.len && !is_last)) {
		event(feed, flow->tx, SMTP_EVENT_INVALID_BDAT);
		ask(feed, SMTP_CMD_OTHER);
		return;
	}
	ask(feed, is_last ? SMTP_CMD_CONTENT : SMTP_CMD_BDAT);
	content_begin(feed);
	flow->chunk_left = size;
	flow->is_last_chunk = is_last;
	if (size)
		flow->mode = SMTP_CHUNK;
	else
		chunk_end(feed);
}

static void
take_rset(struct feed *feed)
{
	struct smtp_tx *tx = feed->flow->tx;
	if (is_over(tx) || (tx->mail_from.len == 0 && !tx->has_content)) {
		ask(feed, SMTP_CMD_RSET);
		return;
	}
	ask(feed, SMTP_CMD_CONTENT);
	content_end(feed, false);
}

static void
take_command(struct feed *feed, struct span line)
{
	struct smtp_flow *flow = feed->flow;
	bool is_rset = verb_is(line, SPAN("RSET")), is_quit = verb_is(line, SPAN("QUIT"));
	struct smtp_tx *tx = is_rset || is_quit ? flow->tx : tx_open(feed);
	if (!flow->has_asked && !flow->has_greeted && !feed->app->flow->is_midstream)
		event(feed, tx, SMTP_EVENT_NO_SERVER_WELCOME_MESSAGE);
	flow->has_asked = true;
	if (tx && !is_over(tx))
		tx_moved(&tx->tx, DIR_TOSERVER, SMTP_HELO, feed->in->ts);
	if (flow->is_answering) {
		flow->is_answering = false;
		ask(feed, SMTP_CMD_AUTH);
	} else if (is_rset) {
		take_rset(feed);
	} else if (is_quit) {
		ask(feed, SMTP_CMD_QUIT);
	} else if (verb_is(line, SPAN("EHLO")) || verb_is(line, SPAN("HELO")) ||
		   verb_is(line, SPAN("LHLO"))) {
		take_helo(feed, line);
	} else if (word_is(line, SPAN("MAIL FROM:"))) {
		take_mail(feed, line);
	} else if (word_is(line, SPAN("RCPT TO:"))) {
		take_rcpt(feed, line);
	} else if (verb_is(line, SPAN("DATA"))) {
		take_data(feed);
	} else if (verb_is(line, SPAN("BDAT"))) {
		take_bdat(feed, line);
	} else if (verb_is(line, SPAN("STARTTLS"))) {
		ask(feed, SMTP_CMD_STARTTLS);
	} else if (verb_is(line, SPAN("AUTH"))) {
		ask(feed, SMTP_CMD_AUTH);
	} else {
		ask(feed, SMTP_CMD_OTHER);
	}
}

/* --- Replies --- */

static void
answer_data(struct feed *feed, struct smtp_tx *tx, unsigned code)
{
	struct smtp_flow *flow = feed->flow;
	bool is_at_hand = tx && tx == flow->tx && flow->mode == SMTP_DATA;
	if (code == 354) {
		flow->is_confirmed = true;
		return;
	}
	event(feed, tx, SMTP_EVENT_DATA_COMMAND_REJECTED);
	/* Content that came all the same is content; else commands follow. */
	if (!is_at_hand)
		return;
	flow->mode = SMTP_COMMANDS;
	if (!tx->raw && (!tx->mime || (!tx->mime->headers.len && !tx->mime->held.len)))
		content_forget(feed, tx);
}

static void
answer_starttls(struct feed *feed, struct smtp_tx *tx, unsigned code)
{
	if (code != 220) {
		event(feed, tx, SMTP_EVENT_TLS_REJECTED);
		return;
	}
	tx_finish(feed, tx);
	app_change(feed->app);
}

static void
answer(struct feed *feed, const struct smtp_asked *asked, unsigned code)
{
	struct smtp_flow *flow = feed->flow;
	struct smtp_tx *tx = tx_find(feed, asked->tx_id);
	bool is_at_hand = tx && tx == flow->tx && !is_over(tx);
	if (tx)
		tx_moved(&tx->tx, DIR_TOCLIENT, SMTP_HELO, feed->in->ts);
	switch (asked->command) {
	case SMTP_CMD_DATA:
		answer_data(feed, tx, code);
		break;
	case SMTP_CMD_CONTENT:
		if (tx)
			tx_done(&tx->tx, DIR_TOCLIENT, feed->in->ts);
		break;
	case SMTP_CMD_RSET:
		if (is_at_hand && flow->count == 0 && !tx->has_content)
			tx_finish(feed, tx);
		break;
	case SMTP_CMD_HELO_AGAIN:
		if (is_at_hand && code / 100 == 2 && flow->count == 0 && !tx->has_content)
			tx_finish(feed, tx);
		break;
	case SMTP_CMD_STARTTLS:
		answer_starttls(feed, tx, code);
		break;
	case SMTP_CMD_AUTH:
		flow->is_answering = code == 334;
		break;
	case SMTP_CMD_QUIT:
		tx_finish(feed, tx);
		break;
	default:
		break;
	}
}

static void
reply_take(struct feed *feed, unsigned code)
{
	struct smtp_flow *flow = feed->flow;
	bool is_first = !flow->has_greeted;
	flow->has_greeted = true;
	if (is_first && code == 220)
		return;
	if (is_first && !feed->app->flow->is_midstream)
		event(feed, flow->tx, SMTP_EVENT_INVALID_REPLY);
	if (flow->count == 0) {
		/* The end of the content was lost with other bytes. */
		if (flow->mode == SMTP_DATA && flow->tx && flow->tx->has_gap) {
			struct smtp_tx *tx = flow->tx;
			content_end(feed, false);
			tx_finish(feed, tx);
			return;
		}
		if (code != 421 && !is_first && !flow->is_unsure)
			event(feed, flow->tx, SMTP_EVENT_UNABLE_TO_MATCH_REPLY);
		return;
	}
	struct smtp_asked asked = flow->queue[flow->first];
	flow->first = (uint16_t)((flow->first + 1) % SMTP_QUEUE_MAX);
	flow->count--;
	answer(feed, &asked, code);
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static void
reply_line(struct feed *feed, struct span line)
{
	struct smtp_flow *flow = feed->flow;
	bool has_code =
	    line.len >= 3 && is_digit(line.p[0]) && is_digit(line.p[1]) && is_digit(line.p[2]);
	if (!has_code) {
		if (!flow->multi_code)
			event(feed, flow->tx, SMTP_EVENT_INVALID_REPLY);
		return;
	}
	unsigned code = (line.p[0] - '0') * 100u + (line.p[1] - '0') * 10u + (line.p[2] - '0');
	if (line.len > 3 && line.p[3] == '-') {
		flow->multi_code = (uint16_t)code;
		return;
	}
	flow->multi_code = 0;
	reply_take(feed, code);
}

/* --- Feeding --- */

static struct span
without_eol(struct span line)
{
	while (line.len && (line.p[line.len - 1] == '\n' || line.p[line.len - 1] == '\r'))
		line.len--;
	return line;
}

/* A line of a command or reply. > 0: consumed; 0: needs more. */
static size_t
line_step(struct feed *feed, struct span rest)
{
	enum dir dir = feed->in->dir;
	bool *is_skipping = &feed->flow->is_skipping[dir];
	ptrdiff_t lf = span_chr(rest, '\n');
	size_t used = lf < 0 ? rest.len : (size_t)lf + 1;
	if (*is_skipping) {
		*is_skipping = lf < 0;
		return used;
	}
	bool is_long = used > SMTP_LINE_MAX;
	if (lf < 0 && !is_long && !feed->is_last)
		return 0;
	struct span line = without_eol(span_sub(rest, 0, is_long ? SMTP_LINE_MAX : used));
	if (is_long) {
		used = SMTP_LINE_MAX;
		*is_skipping = true;
	}
	if (dir == DIR_TOSERVER) {
		if (line.len || feed->flow->is_answering)
			take_command(feed, line);
		if (is_long)
			event(feed, feed->flow->tx, SMTP_EVENT_MAX_COMMAND_LINE_LEN_EXCEEDED);
	} else {
		if (is_long)
			event(feed, feed->flow->tx, SMTP_EVENT_MAX_REPLY_LINE_LEN_EXCEEDED);
		reply_line(feed, line);
	}
	return used;
}

/* Content up to the end of a line. > 0: consumed; 0: needs more. */
static size_t
data_step(struct feed *feed, struct span rest)
{
	struct smtp_flow *flow = feed->flow;
	ptrdiff_t lf = span_chr(rest, '\n');
	size_t used = lf < 0 ? rest.len : (size_t)lf + 1;
	struct span line = span_sub(rest, 0, used);
	if (flow->is_line_start && line.p[0] == '.') {
		if (lf < 0 && line.len < 3 && !feed->is_last)
			return 0;
		if (lf >= 0 && without_eol(line).len == 1) {
			ask(feed, SMTP_CMD_CONTENT);
			content_end(feed, true);
			return used;
		}
	}
	flow->is_line_start = lf >= 0;
	content_push(feed, line);
	return used;
}

static size_t
step(struct feed *feed, struct span rest)
{
	struct smtp_flow *flow = feed->flow;
	if (feed->in->dir == DIR_TOCLIENT || flow->is_skipping[DIR_TOSERVER] ||
	    flow->mode == SMTP_COMMANDS)
		return line_step(feed, rest);
	if (flow->mode == SMTP_DATA)
		return data_step(feed, rest);
	size_t n = rest.len < flow->chunk_left ? rest.len : (size_t)flow->chunk_left;
	content_push(feed, span_sub(rest, 0, n));
	flow->chunk_left -= n;
	if (flow->chunk_left == 0)
		chunk_end(feed);
	return n;
}

static void
content_gap(struct feed *feed, uint64_t bytes)
{
	struct smtp_tx *tx = feed->flow->tx;
	if (is_over(tx))
		return;
	tx->has_gap = true;
	file_gap(feed->app, tx->raw, bytes);
	if (tx->mime)
		mime_gap(tx->mime, bytes);
}

static void
gap(struct feed *feed, uint64_t bytes)
{
	struct smtp_flow *flow = feed->flow;
	flow->is_unsure = true;
	if (feed->in->dir == DIR_TOCLIENT) {
		/* Which answers were lost nobody knows: those that come fit no question. */
		struct tx *tx;
		TAILQ_FOREACH (tx, &feed->app->txs, link) {
			if (tx->is_done[DIR_TOSERVER])
				tx_done(tx, DIR_TOCLIENT, feed->in->ts);
		}
		flow->count = 0;
		flow->multi_code = 0;
		flow->is_skipping[DIR_TOCLIENT] = true;
		return;
	}
	if (flow->mode == SMTP_COMMANDS) {
		flow->is_skipping[DIR_TOSERVER] = true;
		return;
	}
	content_gap(feed, bytes);
	if (flow->mode == SMTP_DATA) {
		flow->is_line_start = false;
	} else if (bytes < flow->chunk_left) {
		flow->chunk_left -= bytes;
	} else {
		flow->is_skipping[DIR_TOSERVER] = bytes > flow->chunk_left;
		flow->chunk_left = 0;
		chunk_end(feed);
	}
}

static void
end(struct feed *feed)
{
	enum dir dir = feed->in->dir;
	struct tx *tx;
	if (dir == DIR_TOSERVER && feed->flow->mode != SMTP_COMMANDS)
		content_end(feed, false);
	TAILQ_FOREACH (tx, &feed->app->txs, link)
		tx_done(tx, dir, feed->in->ts);
}

ptrdiff_t
smtp_parse(struct app *app, const struct proto_input *in)
{
	struct feed feed = {
		.app = app,
		.flow = app->state,
		.in = in,
		.is_last = in->flags & (STREAM_EOF | STREAM_DEPTH),
	};
	struct span rest = in->data;
	if (in->gap_bytes)
		gap(&feed, in->gap_bytes);
	while (rest.len) {
		size_t used = step(&feed, rest);
		/* What follows is for whoever comes next. */
		if (app->is_changing)
			return (ptrdiff_t)(in->data.len - rest.len + used);
		if (used == 0)
			break;
		rest = span_from(rest, used);
	}
	if (feed.is_last)
		end(&feed);
	return (ptrdiff_t)(in->data.len - rest.len);
}
