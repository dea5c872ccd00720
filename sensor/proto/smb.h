/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smb: SMB 1, 2 and 3 (MS-CIFS, MS-SMB, MS-SMB2) over TCP 445, and 139 behind NetBIOS sessions.
 *
 * A stream is a row of records behind 4 bytes of NetBIOS; a record holds one message of SMB 1,
 * with a chain of commands in it, or a row of messages of SMB 2, here called units, or one that
 * is encrypted, which is passed over. Of a unit as many bytes are waited for as its commands
 * need; contents that are read and written go through to where they belong as they arrive:
 *
 *   smb.c          records and units, gaps, contents
 *   smb1*.c, smb2*.c   commands: what they make of transactions, and where contents go
 *   smb_file.c     contents of files, whose pieces may come in any order
 *   smb_pipe.c     contents of named pipes: calls of DCERPC
 *   smb_login.c    NTLMSSP and Kerberos in session setups
 *   smb_table.c    what a connection remembers: trees, open files, reads not answered yet
 *   smb_tx.c       transactions
 *   smb_record.c, smb_field.c   what leaves
 *
 * Of encrypted sessions only their first messages are seen.
 */
#ifndef GUAN_SENSOR_PROTO_SMB_H
#define GUAN_SENSOR_PROTO_SMB_H

#include "common/cursor.h"
#include "sensor/proto/dcerpc.h"
#include "sensor/proto/file.h"

/* Of a unit without contents; Windows keeps its own below 64 KiB. */
#define SMB_MESSAGE_MAX (66u << 10)
/* Names and shares, in UTF-8. */
#define SMB_TEXT_MAX 1024
#define SMB_ID_LEN 16

#define SMB_EVENTS(X)                                                               \
	X(INTERNAL_ERROR, "internal_error")                                         \
	X(MALFORMED_DATA, "malformed_data")                                         \
	X(RECORD_OVERFLOW, "record_overflow")                                       \
	X(MALFORMED_NTLMSSP_REQUEST, "malformed_ntlmssp_request")                   \
	X(MALFORMED_NTLMSSP_RESPONSE, "malformed_ntlmssp_response")                 \
	X(DUPLICATE_NEGOTIATE, "duplicate_negotiate")                               \
	X(NEGOTIATE_MALFORMED_DIALECTS, "negotiate_malformed_dialects")             \
	X(FILE_OVERLAP, "file_overlap")                                             \
	X(REQUEST_TO_CLIENT, "request_to_client")                                   \
	X(RESPONSE_TO_SERVER, "response_to_server")                                 \
	X(READ_REQUEST_TOO_LARGE, "read_request_too_large")                         \
	X(READ_RESPONSE_TOO_LARGE, "read_response_too_large")                       \
	X(READ_QUEUE_SIZE_EXCEEDED, "read_queue_size_exceeded")                     \
	X(READ_QUEUE_CNT_EXCEEDED, "read_queue_cnt_exceeded")                       \
	X(WRITE_REQUEST_TOO_LARGE, "write_request_too_large")                       \
	X(WRITE_QUEUE_SIZE_EXCEEDED, "write_queue_size_exceeded")                   \
	X(WRITE_QUEUE_CNT_EXCEEDED, "write_queue_cnt_exceeded")                     \
	X(NEGOTIATE_MAX_READ_SIZE_TOO_LARGE, "negotiate_max_read_size_too_large")   \
	X(NEGOTIATE_MAX_WRITE_SIZE_TOO_LARGE, "negotiate_max_write_size_too_large") \
	X(TOO_MANY_TRANSACTIONS, "too_many_transactions")
enum smb_event {
#define X(id, name) SMB_EVENT_##id,
	SMB_EVENTS(X)
#undef X
	    SMB_EVENT_COUNT
};

enum smb2_command {
	SMB2_NEGOTIATE,
	SMB2_SESSION_SETUP,
	SMB2_LOGOFF,
	SMB2_TREE_CONNECT,
	SMB2_TREE_DISCONNECT,
	SMB2_CREATE,
	SMB2_CLOSE,
	SMB2_FLUSH,
	SMB2_READ,
	SMB2_WRITE,
	SMB2_LOCK,
	SMB2_IOCTL,
	SMB2_CANCEL,
	SMB2_ECHO,
	SMB2_QUERY_DIRECTORY,
	SMB2_CHANGE_NOTIFY,
	SMB2_QUERY_INFO,
	SMB2_SET_INFO,
	SMB2_OPLOCK_BREAK,
};

enum smb1_command {
	SMB1_CLOSE = 0x04,
	SMB1_RENAME = 0x07,
	SMB1_WRITE = 0x0b,
	SMB1_TRANS = 0x25,
	SMB1_WRITE_AND_CLOSE = 0x2c,
	SMB1_OPEN_ANDX = 0x2d,
	SMB1_READ_ANDX = 0x2e,
	SMB1_WRITE_ANDX = 0x2f,
	SMB1_TRANS2 = 0x32,
	SMB1_TREE_DISCONNECT = 0x71,
	SMB1_NEGOTIATE = 0x72,
	SMB1_SESSION_SETUP_ANDX = 0x73,
	SMB1_LOGOFF_ANDX = 0x74,
	SMB1_TREE_CONNECT_ANDX = 0x75,
	SMB1_NT_CREATE_ANDX = 0xa2,
	SMB1_NO_ANDX = 0xff,
};

enum smb_status {
	SMB_STATUS_SUCCESS = 0,
	SMB_STATUS_PENDING = 0x103,
	SMB_STATUS_BUFFER_OVERFLOW = 0x80000005, /* the rest is to be read */
	SMB_STATUS_MORE_PROCESSING = 0xc0000016,
};

/* What an open file is known by: 16 bytes in SMB 2, a number of 2 in SMB 1. */
struct smb_id {
	uint8_t len;
	uint8_t b[SMB_ID_LEN];
};

/* What is told of a message by its header, the same for all versions. */
struct smb_head {
	uint8_t version; /* 1, 2 */
	bool is_answer, is_async, is_unicode;
	bool is_dos; /* status: class in the low byte, code in the upper half */
	uint16_t command;
	uint32_t status, tree_id;
	uint64_t message_id, session_id;
};

/* --- Transactions --- */

enum smb_kind {
	SMB_GENERIC, /* nothing but command and status */
	SMB_NEGOTIATION,
	SMB_LOGIN,
	SMB_TREE,
	SMB_CREATION,
	SMB_FILE, /* what is read from or written to it until it is closed */
	SMB_RENAMING,
	SMB_SETTING, /* of a file's information: whether it is to be deleted */
	SMB_CONTROL,
	SMB_CALL, /* of DCERPC */
};

enum smb_progress {
	SMB_NONE,
	SMB_BEGUN,
	SMB_WHOLE,
};
_Static_assert((int)SMB_WHOLE == (int)DCERPC_WHOLE, "dcerpc.stub_data is a row of both");

struct smb_ntlmssp {
	struct proto_buf domain, user, host;
	bool has_version;
	uint8_t major, minor, revision;
	uint16_t build;
};

#define SMB_SNAMES_MAX 8
struct smb_login {
	bool has_ntlmssp, has_kerberos, has_system[2];
	struct smb_ntlmssp ntlmssp;
	struct proto_buf realm, snames[SMB_SNAMES_MAX];
	struct proto_buf native_os[2], native_lm[2]; /* by enum dir, SMB 1 */
};

struct smb_chunk; /* a piece of a file that came too early */
struct smb_pipe;

struct smb_tx {
	struct tx tx;
	struct smb_head head; /* of the request; the status is the answer's */
	uint8_t kind;         /* enum smb_kind */
	bool has_status;
	struct smb_id id;
	struct proto_buf name;  /* of a file, a share; what it was called */
	struct proto_buf other; /* what it is to be called; its share; the service asked for */
	struct proto_buf more;  /* the service that is there */
	/* SMB_NEGOTIATION: dialects, each with its NUL */
	struct proto_buf dialects;
	uint8_t client_guid[SMB_ID_LEN], server_guid[SMB_ID_LEN];
	bool has_client_guid;
	struct smb_login *login;
	/* SMB_TREE */
	bool is_pipe;
	uint8_t share_type;
	/* SMB_CREATION, SMB_SETTING */
	bool is_directory, is_deleted;
	uint16_t subcommand, level;
	uint32_t disposition;
	uint64_t times[4], size; /* created, accessed, written, changed: seconds since 1970 */
	uint32_t function;       /* SMB_CONTROL */
	/* SMB_FILE */
	struct file *file;
	struct smb_chunk *chunks; /* by offset */
	uint32_t chunk_count, chunk_bytes;
	/* SMB_CALL */
	struct dcerpc_call call;
	struct smb_pipe *pipe; /* counted */
};

/* --- A connection --- */

enum smb_entry_kind {
	SMB_ENTRY_TREE, /* by session and tree */
	SMB_ENTRY_OPEN, /* by smb_id */
	SMB_ENTRY_READ, /* by message: a request that will be answered with contents */
};

struct smb_entry {
	TAILQ_ENTRY(smb_entry) age;
	struct smb_entry *next;
	uint8_t kind; /* enum smb_entry_kind */
	bool is_pipe;
	uint64_t key[2];
	struct proto_buf name;
	struct smb_pipe *pipe;   /* OPEN */
	struct smb_tx *files[2]; /* OPEN: by enum dir */
	struct smb_id id;        /* READ */
	uint64_t offset;         /* READ */
};
TAILQ_HEAD(smb_entries, smb_entry);

#define SMB_BUCKETS 32
struct smb_table {
	struct smb_entry *buckets[SMB_BUCKETS];
	struct smb_entries ages; /* oldest first */
	unsigned count;
};

/* Where the bytes of a content go. */
struct smb_sink {
	struct smb_tx *file;     /* or NULL */
	struct smb_pipe *pipe;   /* or NULL; counted */
	uint64_t offset;         /* in the file */
	bool is_direct;          /* it goes on where the file ends */
	struct smb_chunk *chunk; /* the piece that is being kept, when it comes too early */
};

struct smb_stream {
	bool is_lost;         /* where the next record begins is not known */
	uint32_t record_left; /* with the units that have not begun */
	uint32_t content_left;
	uint32_t skip_left;   /* of the unit, behind its content */
	struct smb_head head; /* of the last unit: whose content it is */
	struct smb_sink sink;
};

struct smb_flow {
	struct smb_stream stream[2];
	struct smb_table table;
	uint16_t dialect;      /* of SMB 2, or 0 */
	char dialect_text[24]; /* of SMB 1 */
	uint32_t max_read, max_write;
	struct smb_id created; /* what a chain of messages names without knowing it yet */
	bool is_overrun;       /* more transactions than allowed */
};

struct smb_config {
	uint32_t max_tx;
	uint32_t max_size[2];        /* of a write, of a read: by enum dir */
	uint32_t max_queue_bytes[2]; /* pieces that came too early */
	uint32_t max_queue_count[2];
	uint32_t stub_max;
};

/* A unit that is being read, and what became of it. */
struct smb_unit {
	struct app *app;
	struct smb_flow *flow;
	enum dir dir;
	nsec_t ts;
	struct smb_head head;
	struct span bytes; /* from its header on, as far as it is there */
	uint32_t len;      /* on the wire */
	/* Where its content lies; content_len 0: it has none. */
	uint32_t content_at, content_len;
	struct smb_sink sink;
};

static inline const struct smb_config *
smb_config_of(const struct app *app)
{
	return app->worker->options->config[app->proto->id];
}

/* --- smb1.c, smb2.c --- */

#define SMB1_HEADER_LEN 32
#define SMB2_HEADER_LEN 64

/* The length of the first unit of a record of which left bytes are to come; 0: no header. */
uint32_t smb1_unit_len(struct span bytes, uint32_t left);
uint32_t smb2_unit_len(struct span bytes, uint32_t left);
/* How many of its bytes smbN_take() wants. */
uint32_t smb1_need(struct span bytes, uint32_t len);
uint32_t smb2_need(struct span bytes, uint32_t len);
void smb1_take(struct smb_unit *unit);
/* before: the unit before it, which a related one refers to. */
void smb2_take(struct smb_unit *unit, const struct smb_head *before);

/* Commands of SMB 1 by their words and bytes; false: malformed. */
struct smb1_block {
	struct span words, bytes;
	uint32_t bytes_at; /* in the unit */
};
bool smb1_session_request(struct smb_unit *unit, const struct smb1_block *block);
bool smb1_session_answer(struct smb_unit *unit, const struct smb1_block *block);
bool smb1_file_request(struct smb_unit *unit, const struct smb1_block *block);
bool smb1_file_answer(struct smb_unit *unit, const struct smb1_block *block);
bool smb1_trans_request(struct smb_unit *unit, const struct smb1_block *block);
bool smb1_trans_answer(struct smb_unit *unit, const struct smb1_block *block);
bool smb1_trans2_request(struct smb_unit *unit, const struct smb1_block *block);
struct smb_id smb1_id(uint16_t fid);
/* A text of the block, aligned as UTF-16 in SMB 1 is. */
struct span smb1_text(const struct smb_unit *unit, const struct smb1_block *block,
    struct cursor *c);

/* Commands of SMB 2: smb2_request.c, smb2_answer.c; false: malformed. */
bool smb2_request(struct smb_unit *unit);
bool smb2_answer(struct smb_unit *unit);
bool smb_is_success(const struct smb_head *head);
/* A FILETIME as seconds since 1970. */
uint64_t smb_time_read(struct cursor *c);

/* --- smb_tx.c --- */

/* NULL: no memory, or too many (then flow->is_overrun). */
struct smb_tx *smb_tx_new(struct smb_unit *unit, enum smb_kind kind);
struct smb_tx *smb_tx_new_of(struct app *app, enum smb_kind kind, const struct smb_head *head,
    nsec_t ts);
/* The one that waits for the answer that the unit is, or NULL. */
struct smb_tx *smb_tx_find(struct smb_unit *unit);
/* The same, of any version and message: SMB 2 answers a negotiation of SMB 1, too. */
struct smb_tx *smb_tx_find_negotiation(struct app *app);
/* The answer is there: both sides are done. */
void smb_tx_answer(struct smb_unit *unit, struct smb_tx *tx);
void smb_tx_finish(struct smb_tx *tx, nsec_t ts);
void smb_tx_free(struct app *app, struct tx *tx);
void smb_event(struct app *app, enum smb_event event);

/* --- smb_table.c --- */

struct smb_entry *smb_entry_get(struct smb_flow *flow, enum smb_entry_kind kind, uint64_t a,
    uint64_t b);
/* The same, made when it is not there (in place of the oldest one if need be). */
struct smb_entry *smb_entry_make(struct app *app, enum smb_entry_kind kind, uint64_t a,
    uint64_t b);
void smb_entry_drop(struct app *app, struct smb_entry *entry);
void smb_table_free(struct app *app);

struct smb_entry *smb_open_get(struct smb_flow *flow, const struct smb_id *id);
struct smb_entry *smb_open_make(struct app *app, const struct smb_id *id);
struct smb_entry *smb_tree_get(struct smb_flow *flow, const struct smb_head *head);

/* --- smb_text.c --- */

/* Adds text, in UTF-16LE when is_unicode, as UTF-8, up to its first NUL if there is one. */
void smb_text_add(struct app *app, struct proto_buf *to, struct span text, bool is_unicode);
/* Takes a text that ends with NUL; what is there of it when it does not. */
struct span smb_text_next(struct cursor *c, bool is_unicode);

/* --- smb_login.c --- */

struct smb_login *smb_login_new(struct app *app);
void smb_login_free(struct app *app, struct smb_login *login);
/* Reads a security blob of a client. */
void smb_login_read(struct smb_unit *unit, struct smb_tx *tx, struct span blob);

/* --- smb_file.c --- */

/*
 * Says where content of an open file goes: a file, or a pipe. probe: its first bytes, for files
 * of which the opening was not seen.
 */
void smb_content_begin(struct smb_unit *unit, const struct smb_id *id, uint64_t offset,
    struct span probe);
void smb_sink_write(struct app *app, const struct smb_head *head, struct smb_sink *sink,
    enum dir dir, struct span bytes, nsec_t ts);
void smb_sink_skip(struct app *app, struct smb_sink *sink, uint64_t bytes);
void smb_sink_close(struct app *app, struct smb_sink *sink);
/* An id of all ones: the file that the message before it, in the same chain, opens. */
bool smb_id_is_related(const struct smb_id *id);
/* What an open file is called; empty when that is not known. */
struct span smb_name_of(struct smb_unit *unit, const struct smb_id *id);
/* A file was opened or made: tx tells its id and its name. */
void smb_open_note(struct smb_unit *unit, const struct smb_tx *tx);
/* Takes content that is there already, as far as it is. */
void smb_content_take(struct smb_unit *unit);
/* A file is closed: its transactions are done. */
void smb_file_close(struct smb_unit *unit, const struct smb_id *id);
void smb_file_finish(struct app *app, struct smb_tx *tx, bool is_whole);
void smb_chunks_free(struct app *app, struct smb_tx *tx);

/* --- smb_pipe.c --- */

struct smb_pipe *smb_pipe_new(struct app *app);
struct smb_pipe *smb_pipe_ref(struct smb_pipe *pipe);
void smb_pipe_unref(struct app *app, struct smb_pipe *pipe);
void smb_pipe_write(struct app *app, struct smb_pipe *pipe, const struct smb_head *head,
    enum dir dir, struct span bytes, nsec_t ts);
/* Some of it was lost, or a message ended before its call did. */
void smb_pipe_reset(struct app *app, struct smb_pipe *pipe, enum dir dir);
const struct dcerpc_binding *smb_pipe_binding(const struct smb_pipe *pipe);
/* The unit's content belongs to the pipe. */
void smb_pipe_content(struct smb_unit *unit, const struct smb_id *id);

/* --- smb_name.c, smb_status.c --- */

/* NULL: none. */
const char *smb1_command_name(uint16_t command);
const char *smb2_command_name(uint16_t command);
/* number: room for one that has no name. */
const char *smb2_dialect_name(uint16_t dialect, char number[8]);
const char *smb_status_name(uint32_t status);
const char *smb_dos_error_name(uint8_t class, uint16_t code);
const char *smb_control_name(uint32_t function);

/* --- smb_field.c, smb_record.c --- */

extern const struct field smb_fields[];
bool smb_record(const struct app *app, const struct tx *tx, struct json *json);
void *smb_configure(struct arena *arena, const struct conf_node *app_layer,
    const struct conf_node *eve_options, const char **ret_error);

#endif
