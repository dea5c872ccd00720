/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "collector/api/handlers.h"
#include "collector/api/session.h"
#include "collector/api/throttle.h"
#include "collector/api/view.h"
#include "collector/store/account.h"
#include "collector/workflow/audit.h"
#include "common/log.h"

#define PASSWORD_CHARS ACCOUNT_PASSWORD_MAX

static json_t *
view_session(const struct session *session)
{
	json_t *json = json_object();

	json_object_set_new(json, "user", view_text(session->name));
	json_object_set_new(json, "display_name", view_text(session->display_name));
	json_object_set_new(json, "role", json_string(role_name(session->role)));
	json_object_set_new(json, "csrf_token", json_string(session->csrf));
	json_object_set_new(json, "expires_at", view_time(session->expires_us));
	json_object_set_new(json, "must_change", json_boolean(session->must_change));
	return json;
}

static void
set_cookie(struct call *call, const char *token, int64_t max_age_s)
{
	char cookie[256];

	snprintf(cookie, sizeof(cookie),
	    SESSION_COOKIE "=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s", token,
	    (long long)max_age_s, call->api->is_behind_tls ? "; Secure" : "");
	evhttp_add_header(evhttp_request_get_output_headers(call->req), "Set-Cookie", cookie);
}

static void
too_many(struct call *call, unsigned wait_s)
{
	char text[16];

	call->api->counts.login_throttled++;
	snprintf(text, sizeof(text), "%u", wait_s);
	evhttp_add_header(evhttp_request_get_output_headers(call->req), "Retry-After", text);
	call_problem(call, 429, "throttled", "too many attempts; wait, then try again");
}

/* Whether a password may be hashed for this client and account now. */
static bool
may_try(struct call *call, const char *account)
{
	int64_t now = api_mono_us();
	unsigned address_s =
	    throttle_wait_s(call->api->throttle, THROTTLE_ADDRESS, call->peer, now);
	unsigned account_s =
	    throttle_wait_s(call->api->throttle, THROTTLE_ACCOUNT, account, now);

	if (address_s > 0 || account_s > 0) {
		too_many(call, address_s > account_s ? address_s : account_s);
		return false;
	}
	if (!throttle_take_hash(call->api->throttle, now)) {
		too_many(call, 1);
		return false;
	}
	return true;
}

/* 1: right. Counts a wrong one against the client and the account. */
static int
verify(struct call *call, const char *account, const char *password)
{
	static struct log_limit limit;
	struct throttle *throttle = call->api->throttle;
	int r = account_verify(call->api->db, account, password);

	if (r > 0) {
		throttle_forget(throttle, THROTTLE_ADDRESS, call->peer);
		throttle_forget(throttle, THROTTLE_ACCOUNT, account);
	} else if (r == 0) {
		throttle_failed(throttle, THROTTLE_ADDRESS, call->peer, api_mono_us());
		throttle_failed(throttle, THROTTLE_ACCOUNT, account, api_mono_us());
		call->api->counts.login_failures++;
		log_limited(&limit, LOG_LEVEL_WARN, "wrong password or account from %s",
		    call->peer);
	}
	return r;
}

void
handle_login(struct call *call)
{
	static const char *const keys[] = { "user", "password", NULL };
	char token[SESSION_TOKEN_LEN + 1];
	const char *user = call_text(call, "user", NEEDED, 64);
	const char *password = call_text(call, "password", NEEDED, PASSWORD_CHARS);
	const struct session *session = NULL;
	int64_t now = workflow_now(call->api->wf);
	int r;

	call_known_keys(call, keys);
	if (call_refused(call) || !may_try(call, user))
		return;
	r = verify(call, user, password);
	if (r > 0)
		session = session_open(call->api->sessions, call->api->db, user, now, token);
	if (r < 0 || (r > 0 && !session)) {
		call_problem(call, 503, "store", "the accounts cannot be read");
		return;
	}
	if (!session) {
		call_problem(call, 401, "bad_credentials", "wrong name or password");
		return;
	}
	call->api->counts.logins++;
	log_info("%s logged in from %s", session->name, call->peer);
	set_cookie(call, token, (session->expires_us - now) / 1000000);
	call_json(call, 201, view_session(session));
	sodium_memzero(token, sizeof(token));
}

void
handle_session(struct call *call)
{
	call_json(call, 200, view_session(call->session));
}

void
handle_logout(struct call *call)
{
	session_close(call->api->sessions, call->session);
	set_cookie(call, "", 0);
	call_empty(call, 204);
}

static int
store_password(struct call *call, const char *password)
{
	char hash[crypto_pwhash_STRBYTES];
	struct db *db = call->api->db;
	int64_t now = workflow_now(call->api->wf);
	int r;

	if (crypto_pwhash_str(hash, password, strlen(password),
		crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
		return -ENOMEM;
	r = db_begin(db);
	if (r < 0)
		return r;
	r = db_run(db, NULL,
	    "UPDATE account SET password_hash = $2, must_change = 0, changed_at = $3 WHERE id "
	    "= $1",
	    "iti", call->session->account, hash, now);
	if (r == 0)
		r = audit_write(db, &(struct audit_row){ .at = now,
					.actor = call->session->name,
					.object_kind = "account",
					.object_id = call->session->account,
					.what = "account.password",
					.why = "本人修改口令" });
	if (r < 0) {
		db_rollback(db);
		return r;
	}
	return db_commit(db);
}

void
handle_password(struct call *call)
{
	static const char *const keys[] = { "old", "new", NULL };
	const char *old = call_text(call, "old", NEEDED, PASSWORD_CHARS);
	const char *fresh = call_text(call, "new", NEEDED, PASSWORD_CHARS);
	int r;

	call_known_keys(call, keys);
	if (fresh && text_chars(fresh) < ACCOUNT_PASSWORD_MIN)
		fault_field(&call->fault, "new", "must have at least %d characters",
		    ACCOUNT_PASSWORD_MIN);
	if (fresh && old && strcmp(fresh, old) == 0)
		fault_field(&call->fault, "new", "must differ from the old one");
	if (call_refused(call) || !may_try(call, call->session->name))
		return;
	r = verify(call, call->session->name, old);
	if (r == 0) {
		fault_field(&call->fault, "old", "is not your password");
		call_refused(call);
		return;
	}
	if (r > 0)
		r = store_password(call, fresh);
	if (r < 0) {
		call_problem(call, 503, "store", "the password could not be stored");
		return;
	}
	session_renew(call->api->sessions, call->api->db, call->session);
	call_empty(call, 204);
}
