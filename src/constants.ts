// Every limit and lifetime, with its unit in the name and its reason beside it.

/** Longest form that an OAuth endpoint reads, in bytes (a token is at most 8 KiB, details a few more). */
export const MAX_FORM_BYTES = 64 * 1024

/** Longest token that the server looks at before any cryptography, in bytes. */
export const MAX_TOKEN_BYTES = 8 * 1024

/** Longest credential (client id or secret) that is hashed, in characters; ours have at most 47. */
export const MAX_CREDENTIAL_CHARS = 256

/** Token lifetime where neither audience nor client says otherwise, in seconds. */
export const DEFAULT_TOKEN_TTL_SECONDS = 900
export const MIN_TOKEN_TTL_SECONDS = 60
/** Longest lifetime of any token, in seconds. Rules are kept for as long as a token can live. */
export const MAX_TOKEN_TTL_SECONDS = 24 * 60 * 60

/** Longest clock tolerance that a verifier may be given, in seconds: a token lives that much longer there. */
export const MAX_CLOCK_TOLERANCE_SECONDS = 60

/** How long a rule over generations is kept, in seconds: until every token that it matches has expired. */
export const RULE_RETENTION_SECONDS = MAX_TOKEN_TTL_SECONDS + MAX_CLOCK_TOLERANCE_SECONDS

/** Wall clock and time lived differ by more than this, in seconds: a jump, which the log says. */
export const CLOCK_APART_SECONDS = 60
/**
 * How long a server runs beside a wall clock that is apart before it believes it, in seconds: every token that was out
 * when the clock jumped has expired by then.
 */
export const CLOCK_CONFIRM_SECONDS = RULE_RETENTION_SECONDS
/** The most that one scheduled run counts as time lived, in seconds: Workers are called once a minute, or a bit late. */
export const MAX_SCHEDULED_STEP_SECONDS = 90
/** How far the time lived is written behind, in seconds: other processes write it, too. */
export const CLOCK_WRITE_SECONDS = 30
/** Tries of a process to write the time lived while others write it. */
export const MAX_CLOCK_TRIES = 3
/** How long a rule stays after its tokens have expired everywhere, in seconds: clocks that are set back a little. */
export const PRUNE_GRACE_SECONDS = 10 * 60

/** Live `jti` rules of one client; the next revocation raises the client's generation instead. */
export const MAX_JTI_RULES_PER_CLIENT = 1_000

/** The generation written when something is deleted: above every generation that a token can carry. */
export const LAST_GENERATION = Number.MAX_SAFE_INTEGER

/** Secrets of one client that are live at the same time: enough to rotate, few enough to compare all. */
export const MAX_LIVE_SECRETS = 5

/** What the older secrets still live when one is added, in seconds, and the longest that may be asked for. */
export const DEFAULT_PREVIOUS_EXPIRES_IN_SECONDS = 24 * 60 * 60
export const MAX_PREVIOUS_EXPIRES_IN_SECONDS = 90 * 24 * 60 * 60

/** Longest life of a secret that ends by itself, in seconds. */
export const MAX_SECRET_TTL_SECONDS = 10 * 365 * 24 * 60 * 60

/** Life of an enrollment token, in seconds: what it is where nobody says, and the longest. */
export const DEFAULT_ENROLLMENT_TTL_SECONDS = 15 * 60
export const MAX_ENROLLMENT_TTL_SECONDS = 24 * 60 * 60

/** How long an enrollment is kept after its end, in seconds, so that who uses it twice is told so. */
export const ENROLLMENT_RETENTION_SECONDS = 2 * 24 * 60 * 60

export const DAY_SECONDS = 24 * 60 * 60

/** Longest time without a login after which a client may be told to be removed, in days. */
export const MAX_UNUSED_AFTER_DAYS = 3_650

/** What a login takes to be written, in seconds, and more: a client that has just logged in is not unused. */
export const UNUSED_GRACE_SECONDS = 5 * 60

/** How long a process runs before it removes unused clients, in seconds: after an outage all must log in first. */
export const UNUSED_START_DELAY_SECONDS = 60 * 60

/** Unused clients that are removed in one minute. */
export const MAX_UNUSED_AT_A_TIME = 1_000

/** Longest metadata of a client that enrolls itself, in bytes. */
export const MAX_METADATA_BYTES = 64 * 1024

/** Random bytes of a secret (256 bits), of an id and of a `jti` (128 bits). */
export const SECRET_BYTES = 32
export const ID_BYTES = 16

/** An id that a person chooses: plugin, workspace, resource, run. At most 128 characters. */
export const CHOSEN_ID = /^[A-Za-z0-9][A-Za-z0-9._:/~-]{0,127}$/

/** Separates two ids in the target of an audit row. No id has it, so two different pairs have two different texts. */
export const TARGET_SEPARATOR = '#'

/** Longest human-readable name, in characters. */
export const MAX_NAME_CHARS = 200

/** Longest URI in the metadata of a client, in characters. */
export const MAX_URI_CHARS = 2_048

/** Redirection URIs of a client that enrolls itself: 20 KiB of its row, which only the client reads back. */
export const MAX_REDIRECT_URIS = 10

/**
 * Authorization details of one client or request: entries, members of an entry, values of a list, characters of
 * a value. A token has 8 KiB for all that it carries.
 */
export const MAX_DETAILS = 100
export const MAX_DETAIL_MEMBERS = 32
export const MAX_DETAIL_LIST = 500
export const MAX_DETAIL_TEXT_CHARS = 512

/**
 * Products of the limits above and below: what is read and prepared for a client at its first token request after
 * a change takes about 10 ms at each of these. Existing rows beyond a bound go on working.
 */
/** Values in all lists of one client's authorization details, and characters of all details as JSON. */
export const MAX_DETAIL_VALUES = 5_000
export const MAX_DETAILS_CHARS = 128 * 1024
/** Direct implications of all permissions of one audience. */
export const MAX_IMPLICATIONS = 5_000
/** Permissions that one client is granted, at all audiences together. */
export const MAX_GRANTED_PERMISSIONS = 5_000
/** Permissions and direct implications that the audiences of one client declare, all together. */
export const MAX_DECLARED_PERMISSIONS = 10_000
/** Capabilities of one plugin, in characters as JSON: a token of 8 KiB carries them all. */
export const MAX_CAPABILITIES_CHARS = 4_096
/** Capabilities of all plugins of one client. */
export const MAX_CLIENT_CAPABILITIES = 10_000
/** Rows that are read at a time to look up what a client is given: a bound above is noticed before all are read. */
export const REFERENCES_BATCH = 20

/** Highest quota of token requests per client and minute. */
export const MAX_QUOTA_PER_MINUTE = 1_000_000
/** Clients without a quota whose requests of a minute a process keeps count of, twice over at most: 30 MB. */
export const MAX_UNCHARGED_CLIENTS = 100_000

/**
 * Writes that clients and bound administrators may make, with or without a quota, in units of `WRITE_COSTS`. A
 * platform that closes 100,000 runs a day through one client has room for twice as many, and for peaks of 20 a
 * second. A workspace has room for five such clients.
 */
export const WRITE_BOUNDS = {
  client: { perMinute: 1_200, perDay: 200_000 },
  workspace: { perMinute: 6_000, perDay: 1_000_000 },
} as const
/** Units of one write. Registration costs the most: it writes the most and is needed the least. */
export const WRITE_COSTS = {
  closedRun: 1,
  revokedToken: 1,
  administration: 2,
  registration: 20,
} as const
/** Keys that an isolate counts writes for; beyond that it forgets them all and begins anew. */
export const MAX_COUNTED_KEYS = 10_000

/**
 * Live rules over closed runs of one workspace: while there are as many, closing another run raises the workspace's
 * generation instead. Two and a half days of a platform that closes 100,000 runs a day; rules live for one.
 */
export const MAX_RUN_RULES_PER_WORKSPACE = 250_000
/** Closed runs of one workspace, which are kept for good: about 35 GB, or 2.7 years of 100,000 runs a day. */
export const MAX_CLOSED_RUNS_PER_WORKSPACE = 100_000_000
/** By how many hours closed runs are counted until their rules have ended: the retention, rounded up. */
export const RUN_RULE_HOURS = Math.ceil(RULE_RETENTION_SECONDS / 3_600) + 1

/** The revocation list: entries of one page, and how long a signed page is good, in seconds. */
export const REVOCATION_PAGE_ENTRIES = 5_000
export const REVOCATION_LIST_TTL_SECONDS = 120
/** How old a signature of the last page may be, in milliseconds: all who ask for the same page share it so long. */
export const REVOCATION_SIGNATURE_MAX_AGE_MS = 5_000
/**
 * The same for a page that is not the last, which never changes: a follower on its way through the list gets pages
 * that are far from expired, and no two of them are further apart than the minute that a follower allows.
 */
export const REVOCATION_KEPT_PAGE_MAX_AGE_MS = 45_000
/** Cursors so near the end of the list are answered exactly: live followers ask for them, in short pages. */
export const REVOCATION_NEAR_HEAD = 20
/** Ends of pages that one query finds: about 8 ms, in which the process answers nobody. */
export const REVOCATION_ENDS_READ = 20
/** Last pages that a process keeps: one for each cursor near the end, and two for each doubling of the distance. */
export const MAX_LAST_PAGES = 128
/** Memory for compressed pages that are not the last, in bytes: two million rules. On Workers an isolate has 128 MB. */
export const REVOCATION_PAGES_MAX_BYTES = 96 * 1024 * 1024
export const WORKERS_PAGES_MAX_BYTES = 16 * 1024 * 1024
/** Memory for the same pages as text, for clients that take no compressed ones, as a part of that. */
export const PLAIN_PAGES_SHARE = 0.5
/** Shorter pages are sent as they are, in bytes: they fit into a few packets. */
export const MIN_COMPRESSED_BYTES = 4 * 1024
/** Kept pages that are made at a time: one is read while the other is signed and compressed. */
export const REVOCATION_PAGES_AT_A_TIME = 2
/** Kept pages that wait to be made: a list of five million rules has so many. */
export const MAX_WAITING_PAGES = 1_000
/**
 * Work on last pages, which every new rule makes anew: so much at once, and so much each second (a sixth of a core).
 * A signature costs 1 unit, and so do this many entries.
 */
export const LAST_PAGES_BURST = 1_000
export const LAST_PAGES_PER_SECOND = 100
export const LAST_PAGE_ENTRIES_PER_UNIT = 250
/** Past that, how long a last page is shared although there are newer rules, in milliseconds: its cursor says so. */
export const SHARED_LAST_PAGE_MS = 1_000
/** Answers that a process makes anew where it was held up for longer than a signature may be old. */
export const MAX_PAGE_TRIES = 3
/** Longest time that an answer is held until something new is known, in seconds: shorter than proxies wait. */
export const MAX_WAIT_SECONDS = 25
/** Answers that a process holds at a time; a request beyond is answered at once. */
export const MAX_WAITERS = 20_000
/** Held answers of one client address: enough for all resource servers behind it, too few to keep others out. */
export const MAX_WAITERS_PER_ADDRESS = 2_000
/** How often a process that holds answers looks for new rules, in milliseconds: other processes make them, too. */
export const WATCH_INTERVAL_MS = 50
/**
 * The same on Workers, where each held request looks for itself, and how long it is held there, in milliseconds: a
 * request has 50 queries at the least generous plan.
 */
export const LONELY_WATCH_INTERVAL_MS = 150
export const LONELY_MAX_WAIT_MS = 5_000
/** How long a cache may keep the JWKS, in seconds; a shorter time only while a change is due, and never none. */
export const JWKS_MAX_AGE_SECONDS = 60 * 60
export const JWKS_MIN_AGE_SECONDS = 1
/**
 * After a key was revoked caches keep the JWKS no longer than this, in seconds, and for how long after: until the last
 * copy from before has ended, and as long again for a second step, such as a further revocation.
 */
export const JWKS_EMERGENCY_MAX_AGE_SECONDS = 60
export const JWKS_EMERGENCY_SECONDS = 2 * JWKS_MAX_AGE_SECONDS

/** How long a signing key is active before the next one takes over, in seconds, where nobody says. */
export const DEFAULT_KEY_ROTATION_SECONDS = 90 * 24 * 60 * 60

/** How long a key is published before it signs, in seconds: some gateways fetch the JWKS hourly, some daily. */
export const MIN_NEXT_AGE_SECONDS = 24 * 60 * 60

/** How long a key stays published after its last signature, in seconds: until whatever it signed has expired. */
export const KEY_RETIREMENT_SECONDS = MAX_TOKEN_TTL_SECONDS + MAX_CLOCK_TOLERANCE_SECONDS

/** How long a cache may keep the metadata, in seconds: it changes with the configuration and the types of resources. */
export const METADATA_MAX_AGE_SECONDS = 60 * 60

/** Bits of a new RSA key: 2048 signs ten times as fast as 4096 and is what every library accepts. */
export const RSA_MODULUS_BITS = 2048

/** Bytes of the key-encryption key (A256GCM). */
export const KEK_BYTES = 32

/** Imported keys that a process keeps; a few are published at a time, the rest is margin. */
export const MAX_CACHED_KEYS = 64

/** Answers of the store that a process keeps while nothing changes: far more than are busy at a time. */
export const MAX_REMEMBERED_ANSWERS = 1_000

/** Kinds of refused logins that are told apart in one minute; the rest is one row without a target. */
export const MAX_COUNTED_KINDS = 20

/** Secrets whose use is kept in mind until it is written, once a minute. */
export const MAX_USED_SECRETS = 10_000

/** How long an entry of the ledger may wait to be written with others, in milliseconds: what a crash may cost. */
export const LEDGER_FLUSH_MS = 100
/** Entries of the ledger that are written, or forgotten, in one step: about 10 ms, in which others wait to write. */
export const LEDGER_BATCH_ENTRIES = 500
/** Entries of the ledger that wait in memory while its file cannot be written: then the oldest are dropped. */
export const MAX_LEDGER_ENTRIES = 10_000
/** How soon what could not be written is tried again, in milliseconds. */
export const LEDGER_RETRY_MS = 1_000
/** How long the ledger waits for another process's write, in milliseconds. */
export const LEDGER_BUSY_TIMEOUT_MS = 500
/** How often the log says that the ledger cannot be written, in milliseconds. */
export const LEDGER_COMPLAINT_MS = 60_000

/** Rows of the audit table that one seal covers, and that are read at a time. */
export const MAX_SEALED_ROWS = 1_000
export const AUDIT_PAGE_ROWS = 1_000
/** Rows that one statement over the audit table looks at: a few milliseconds, in which the process answers nobody. */
export const AUDIT_STEP_ROWS = 1_000
/** Steps of one list of audit events: 50,000 rows that do not fit. Then the answer ends with what was found. */
export const MAX_AUDIT_LIST_STEPS = 50
/** Events of a list that are read at a time: its characters are counted in between. */
export const AUDIT_LIST_BATCH_ROWS = 100
/** Longest time that an export or a check of the audit may take, in milliseconds: a million events at 350 KB a second. */
export const MAX_EXPORT_MS = 15 * 60 * 1000
/** How long an administrator's authority is taken for granted while it is sent an answer, in milliseconds. */
export const AUTHORITY_MAX_AGE_MS = 1_000
/** Seals that are read at a time: each holds the digests of up to a thousand rows. */
export const AUDIT_PAGE_SEALS = 100
/** Findings that a check of the audit table names; the rest is counted. */
export const MAX_AUDIT_FINDINGS = 1_000
/** How long audit events are kept where nobody says, in seconds: a year and what an auditor needs to ask. */
export const DEFAULT_AUDIT_RETENTION_SECONDS = 400 * 24 * 60 * 60
/** How much older they may become, in seconds: a cut leaves an event, so there is none each minute. */
export const AUDIT_CUT_DELAY_SECONDS = 60 * 60
/** Seals that retention cuts in one minute: 20,000 events, or 28 million a day. */
export const MAX_AUDIT_CUTS = 20

/** How often what runs beside the requests is done, and how soon after a start, in milliseconds. */
export const UPKEEP_INTERVAL_MS = 60_000
export const FIRST_UPKEEP_MS = 1_000

/** Longest request id taken over from `X-Request-Id`, in characters. */
export const MAX_REQUEST_ID_CHARS = 64

/** Characters of a path that are logged: an address of administration with two chosen ids fits. */
export const MAX_LOGGED_PATH_CHARS = 512

/** Longest sent value that a refusal or a log line repeats, in characters, and how many of several. */
export const MAX_SHOWN_CHARS = 128
export const MAX_SHOWN_VALUES = 5
/**
 * Shortest presented secret that is hidden in the values beside it, in characters. Shorter texts are part of a client id
 * or a scope by chance, and an attacker who presents one would hide the value from the operator.
 */
export const MIN_HIDDEN_SECRET_CHARS = 8

/** Seconds after which a client asks again when the database does not answer. */
export const RETRY_AFTER_SECONDS = 1

/** Time for the request line and headers to arrive, in milliseconds. */
export const HEADERS_TIMEOUT_MS = 10_000
/** Time for the whole request, body included, to arrive, in milliseconds. */
export const REQUEST_TIMEOUT_MS = 15_000
/** How often open connections are held against these two limits, in milliseconds. */
export const CONNECTIONS_CHECK_MS = 1_000
/** How long an idle connection stays open, in milliseconds: longer than the usual 60 s of a load balancer. */
export const KEEP_ALIVE_TIMEOUT_MS = 65_000
/** Open connections of a process: one for each held answer, and some for the rest. */
export const MAX_CONNECTIONS = 24_000
/** Open connections of one address, trusted proxies excepted: a follower has two at a time. */
export const MAX_CONNECTIONS_PER_ADDRESS = 4_000
/** Bytes that the HTTP parser is given at once: one request head, or so much of a long one or of a body. */
export const PARSED_SLICE_BYTES = 2_048
/**
 * Least bytes of a slice within a body. A slice ends at an empty line, behind which a request may begin; a body of nothing
 * else would otherwise come in slices of 4 bytes. In so many bytes 7 request heads fit at the most.
 */
export const MIN_BODY_SLICE_BYTES = 128
/** Bytes of input of all connections that waits or belongs to a request that is being answered: 1,000 of the longest forms. */
export const MAX_INPUT_BYTES_HELD = 64 * 1024 * 1024
/**
 * Slices of bodies that the process parses between two looks at its sockets; further ones take turns with requests. A slice
 * of chunks of one byte costs 0.4 ms, any other some microseconds.
 */
export const BODY_SLICES_PER_TURN = 16
/** How long a connection that is refused may take to read why, in milliseconds. */
export const REFUSED_LINGER_MS = 2_000
/**
 * Requests that the process begins between two looks at its sockets, those that followers send excepted. Beside 60 busy
 * connections a follower waits 4 ms with 8, 9 ms with 16 and 2 ms with 2. A token costs 1 to 4 % more processor time with 8
 * than with 16, and 15 % more with 2: each look wakes other threads and readers of answers.
 */
export const REQUESTS_PER_TURN = 8
/** No further request is begun in a turn that has taken so long, in milliseconds: some cost ten times as much as others. */
export const MAX_TURN_MS = 3
/** How long a reader may take nothing of its answer, in milliseconds: a large page on a slow line takes seconds. */
export const WRITE_TIMEOUT_MS = 30_000
/** What a shutdown waits for running requests, in milliseconds. */
export const SHUTDOWN_TIMEOUT_MS = 20_000
/** How often a server that npm has started looks for npm, in milliseconds: its port is free soon after npm has ended. */
export const PARENT_CHECK_MS = 1_000

/** Log lines that wait in memory for a reader, in bytes: about 5,000. Then new ones are dropped and counted. */
export const MAX_LOG_BUFFER_BYTES = 1024 * 1024
/** Bytes of the log that are written at once: a pipe takes so many whole or not at all (PIPE_BUF). */
export const PIPE_WRITE_BYTES = 4_096
/** How soon a full pipe is tried again, in milliseconds. */
export const LOG_RETRY_MS = 20
/** How long the end of a process waits for its last log lines, in milliseconds. */
export const LOG_FLUSH_TIMEOUT_MS = 1_000

/** How long a step waits for another process's write, in milliseconds. */
export const BUSY_TIMEOUT_MS = 5_000
/** How long it waits before it tries again, in milliseconds. */
export const BUSY_RETRY_MS = 10

/** Items of one part of a list: what is sent where nobody says how many, and the most. */
export const DEFAULT_PAGE = 100
export const MAX_PAGE = 1_000
/**
 * Entries of an index that one statement of a list looks at, where not every one fits: a few milliseconds, in which
 * the process answers nobody.
 */
export const LIST_STEP_ENTRIES = 1_000
/** Rows that one statement of a list reads as a whole. */
export const LIST_BATCH_ROWS = 100
/** Clients of a plugin or an audience that are few enough to be looked up one by one. */
export const FEW_CLIENTS = 200
/** A part of a list ends early beyond so many characters; its rows are read so many at a time. */
export const MAX_PAGE_CHARS = 1024 * 1024
export const PAGE_BATCH_ROWS = 20

/** Codings of one `Accept-Encoding` that are looked at. */
export const MAX_CODINGS = 32

/** Longest cursor of a list, in characters: an id of 128 needs 200. */
export const MAX_CURSOR_CHARS = 512

/** Longest JSON body that administration reads, in bytes, and its deepest nesting. */
export const MAX_JSON_BYTES = 256 * 1024
export const MAX_JSON_DEPTH = 16

/** Tries of an administrative change that another administrator overtakes. */
export const MAX_CHANGE_TRIES = 5

/** The audience of administration, and the permission without which nobody changes anything. */
export const ADMIN_AUDIENCE = 'latchkey'
export const ADMIN_READ = 'admin:read'
export const ADMIN_WRITE = 'admin:write'

/** The workspace of whatever names none. */
export const DEFAULT_WORKSPACE = 'default'

/** Symbolic links on the way to a key file, as many as Linux follows. */
export const MAX_LINKS = 40
