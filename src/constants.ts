// Every limit and lifetime, with its unit in the name and its reason beside it.

/** Longest form that an OAuth endpoint reads, in bytes. A token has at most 8 KiB, authorization details a few more. */
export const MAX_FORM_BYTES = 64 * 1024

/** Longest token that the server parses, in bytes. It refuses a longer one before any cryptography. */
export const MAX_TOKEN_BYTES = 8 * 1024

/** Longest client id or secret that the server hashes, in characters. Its own have at most 47. */
export const MAX_CREDENTIAL_CHARS = 256

/** Version of this software, the same as in package.json. On Workers there is no file to read it from. */
export const VERSION = '0.1.0'

/** Address of the documentation, the same as `homepage` in package.json; null: it has no public address. */
export const HOMEPAGE: string | null = null

/** Lifetime of a token if neither the audience nor the client sets one, in seconds. */
export const DEFAULT_TOKEN_TTL_SECONDS = 900
export const MIN_TOKEN_TTL_SECONDS = 60
/** Longest lifetime of any token, in seconds. The server keeps rules for as long as a token can live. */
export const MAX_TOKEN_TTL_SECONDS = 24 * 60 * 60

/** Longest clock tolerance of a verifier, in seconds. A token lives that much longer there. */
export const MAX_CLOCK_TOLERANCE_SECONDS = 60

/** Time for which the server keeps a rule over generations, in seconds: until every token that it matches has expired. */
export const RULE_RETENTION_SECONDS = MAX_TOKEN_TTL_SECONDS + MAX_CLOCK_TOLERANCE_SECONDS

/** Difference between the wall clock and the time lived that counts as a jump and is logged, in seconds. */
export const CLOCK_APART_SECONDS = 60
/**
 * Time after which the server trusts a wall clock that jumped, in seconds. Every token that was valid at the jump has
 * expired by then.
 */
export const CLOCK_CONFIRM_SECONDS = RULE_RETENTION_SECONDS
/** Longest time that one scheduled run counts as time lived, in seconds. Workers are called once a minute, or a bit late. */
export const MAX_SCHEDULED_STEP_SECONDS = 90
/** Age from which the stored time lived is written again, in seconds. Every process of the server writes it. */
export const CLOCK_WRITE_SECONDS = 30
/** Tries of a process to write the time lived while others write it. */
export const MAX_CLOCK_TRIES = 3
/** Time for which a rule stays after its tokens have expired, in seconds. It covers clocks that are set back a little. */
export const PRUNE_GRACE_SECONDS = 10 * 60

/** Live `jti` rules of one client. The next revocation raises the client's generation instead. */
export const MAX_JTI_RULES_PER_CLIENT = 1_000

/**
 * Live rules over tokens of which only the id is known. No client bounds them; an administrator who has more of such
 * tokens revokes their clients, or the key.
 */
export const MAX_UNKNOWN_JTI_RULES = 10_000

/** Generation of a deleted client or plugin. It is above every generation that a token can carry. */
export const LAST_GENERATION = Number.MAX_SAFE_INTEGER

/** Live secrets of one client: enough to rotate, few enough to compare all of them at each login. */
export const MAX_LIVE_SECRETS = 5

/** Remaining life of the older secrets when an administrator adds one, in seconds: the default and the longest. */
export const DEFAULT_PREVIOUS_EXPIRES_IN_SECONDS = 24 * 60 * 60
export const MAX_PREVIOUS_EXPIRES_IN_SECONDS = 90 * 24 * 60 * 60

/** Longest life of a secret that expires, in seconds. */
export const MAX_SECRET_TTL_SECONDS = 10 * 365 * 24 * 60 * 60

/** Lifetime of an enrollment token, in seconds: the default and the longest. */
export const DEFAULT_ENROLLMENT_TTL_SECONDS = 15 * 60
export const MAX_ENROLLMENT_TTL_SECONDS = 24 * 60 * 60

/** Time for which an enrollment is kept after its end, in seconds. A client that presents it twice is told so. */
export const ENROLLMENT_RETENTION_SECONDS = 2 * 24 * 60 * 60

export const DAY_SECONDS = 24 * 60 * 60

/** Longest time without a login that an administrator may set for the removal of a client, in days. */
export const MAX_UNUSED_AFTER_DAYS = 3_650

/** Time within which a login is written to the database, in seconds. A client that has just logged in is not unused. */
export const UNUSED_GRACE_SECONDS = 5 * 60

/** Time for which a process runs before it removes unused clients, in seconds. Clients log in first after an outage. */
export const UNUSED_START_DELAY_SECONDS = 60 * 60

/** Unused clients that the server removes in one minute. */
export const MAX_UNUSED_AT_A_TIME = 1_000

/** Longest metadata of a client that enrolls itself, in bytes. */
export const MAX_METADATA_BYTES = 64 * 1024

/** Random bytes of a secret (256 bits), of an id and of a `jti` (128 bits). */
export const SECRET_BYTES = 32
export const ID_BYTES = 16
/** Random bytes that a process makes at once for ids: 256 of them. */
export const SUPPLY_BYTES = 256 * ID_BYTES

/** Id that a person chooses for a plugin, workspace, resource or run. It has at most 128 characters. */
export const CHOSEN_ID = /^[A-Za-z0-9][A-Za-z0-9._:/~-]{0,127}$/

/** Separates two ids in the target of an audit row. No id has it, so two different pairs have two different texts. */
export const TARGET_SEPARATOR = '#'

/** Longest name for people, in characters. */
export const MAX_NAME_CHARS = 200

/** Longest URI in the metadata of a client, in characters. */
export const MAX_URI_CHARS = 2_048

/** Redirection URIs of a client that enrolls itself. They have 20 KiB of its row, and only the client reads them. */
export const MAX_REDIRECT_URIS = 10

/**
 * Authorization details of one client or request: entries, members of an entry, values of a list, characters of
 * a value. A token has 8 KiB for all its claims.
 */
export const MAX_DETAILS = 100
export const MAX_DETAIL_MEMBERS = 32
export const MAX_DETAIL_LIST = 500
export const MAX_DETAIL_TEXT_CHARS = 512

/**
 * Bounds on products of the limits above and below. Reading and preparing a client for its first token request after
 * a change takes about 10 ms at each of them. Existing rows beyond a bound keep working.
 */
/** Values in all lists of one client's authorization details, and characters of all its details as JSON. */
export const MAX_DETAIL_VALUES = 5_000
export const MAX_DETAILS_CHARS = 128 * 1024
/** Direct implications of all permissions of one audience. */
export const MAX_IMPLICATIONS = 5_000
/** Permissions granted to one client, at all audiences together. */
export const MAX_GRANTED_PERMISSIONS = 5_000
/** Permissions and direct implications that the audiences of one client declare together. */
export const MAX_DECLARED_PERMISSIONS = 10_000
/** Capabilities of one plugin, in characters as JSON: a token of 8 KiB carries them all. */
export const MAX_CAPABILITIES_CHARS = 4_096
/** Capabilities of all plugins of one client. */
export const MAX_CLIENT_CAPABILITIES = 10_000
/** Rows read at a time to look up references of a client. A bound above is noticed before all rows are read. */
export const REFERENCES_BATCH = 20

/** Highest quota of a client, in token requests per minute. */
export const MAX_QUOTA_PER_MINUTE = 1_000_000
/** Clients without a quota whose requests a process counts for a minute. Two such counts take at most 30 MB. */
export const MAX_UNCHARGED_CLIENTS = 100_000

/**
 * Writes that clients and bound administrators may make, with or without a quota, in units of `WRITE_COSTS`. A
 * platform that closes 100,000 runs a day through one client may close twice as many, with peaks of 20 per second. A
 * workspace has room for five such clients.
 */
export const WRITE_BOUNDS = {
  client: { perMinute: 1_200, perDay: 200_000 },
  workspace: { perMinute: 6_000, perDay: 1_000_000 },
} as const
/** Units of one write. Registration costs the most, because it writes the most and is needed the least. */
export const WRITE_COSTS = {
  closedRun: 1,
  revokedToken: 1,
  administration: 2,
  registration: 20,
} as const
/** Keys for which an isolate of Workers counts writes. Beyond that it forgets all counts. */
export const MAX_COUNTED_KEYS = 10_000

/**
 * Live rules over closed runs of one workspace. With as many, closing another run raises the workspace's generation
 * instead. A platform that closes 100,000 runs a day makes as many in 2.5 days, and a rule lives for one.
 */
export const MAX_RUN_RULES_PER_WORKSPACE = 250_000
/** Closed runs of one workspace. The server keeps them for good: about 35 GB, or 2.7 years of 100,000 runs a day. */
export const MAX_CLOSED_RUNS_PER_WORKSPACE = 100_000_000
/** Hours by which closed runs are counted until their rules have expired: the retention, rounded up. */
export const RUN_RULE_HOURS = Math.ceil(RULE_RETENTION_SECONDS / 3_600) + 1

/** Revocation list: entries of one page, and lifetime of a signed page, in seconds. */
export const REVOCATION_PAGE_ENTRIES = 5_000
export const REVOCATION_LIST_TTL_SECONDS = 120
/** Time for which requests for the last page share one signature, in milliseconds. */
export const REVOCATION_SIGNATURE_MAX_AGE_MS = 5_000
/**
 * The same for a page that is not the last and therefore does not change. A follower that reads the list gets pages
 * that are far from expired. No two of them are further apart than the minute that a follower allows.
 */
export const REVOCATION_KEPT_PAGE_MAX_AGE_MS = 45_000
/** Rules before the end of the list whose cursors are answered exactly, in short pages. Live followers request them. */
export const REVOCATION_NEAR_HEAD = 20
/** Ends of pages that one query finds. It blocks the process for about 8 ms. */
export const REVOCATION_ENDS_READ = 20
/** Last pages that a process keeps: one for each cursor near the end, and two for each doubling of the distance. */
export const MAX_LAST_PAGES = 128
/** Memory for compressed pages that are not the last, in bytes: two million rules. An isolate of Workers has 128 MB. */
export const REVOCATION_PAGES_MAX_BYTES = 96 * 1024 * 1024
export const WORKERS_PAGES_MAX_BYTES = 16 * 1024 * 1024
/** Share of that memory for the same pages as text, for clients that do not accept compression. */
export const PLAIN_PAGES_SHARE = 0.5
/** Shortest page that is compressed, in bytes. A shorter one fits into a few packets. */
export const MIN_COMPRESSED_BYTES = 4 * 1024
/** Kept pages made at a time: one is read while the other is signed and compressed. */
export const REVOCATION_PAGES_AT_A_TIME = 2
/** Kept pages that wait to be made. A list of five million rules has that many. */
export const MAX_WAITING_PAGES = 1_000
/**
 * Budget for last pages, which change with every new rule: units at once, and units per second (a sixth of a core). A
 * signature costs 1 unit, and so do 250 entries.
 */
export const LAST_PAGES_BURST = 1_000
export const LAST_PAGES_PER_SECOND = 100
export const LAST_PAGE_ENTRIES_PER_UNIT = 250
/** Time for which requests share a last page once the budget is spent, in milliseconds. Its cursor leaves out newer rules. */
export const SHARED_LAST_PAGE_MS = 1_000
/** Tries to make a page whose signature became too old because the process was held up. */
export const MAX_PAGE_TRIES = 3
/** Longest time for which the server holds a request for the list, in seconds: shorter than proxies wait. */
export const MAX_WAIT_SECONDS = 25
/** Requests for the list that a process holds at a time. It answers a further one at once. */
export const MAX_WAITERS = 20_000
/** Held requests of one client address: enough for all resource servers behind it, too few to keep others out. */
export const MAX_WAITERS_PER_ADDRESS = 2_000
/** Interval at which a process that holds requests reads new rules, in milliseconds. Other processes make rules, too. */
export const WATCH_INTERVAL_MS = 50
/**
 * The same on Workers, where each held request reads for itself, and the longest time for which it is held, in
 * milliseconds. A request has 50 queries on the smallest plan.
 */
export const LONELY_WATCH_INTERVAL_MS = 150
export const LONELY_MAX_WAIT_MS = 5_000
/** Time for which a cache may keep the JWKS, in seconds, and the shortest, while a change is due. */
export const JWKS_MAX_AGE_SECONDS = 60 * 60
export const JWKS_MIN_AGE_SECONDS = 1
/**
 * Time for which a cache may keep the JWKS after a key was revoked, in seconds, and the time for which this holds: until
 * the last older copy has expired, and as long again for a second step, such as a further revocation.
 */
export const JWKS_EMERGENCY_MAX_AGE_SECONDS = 60
export const JWKS_EMERGENCY_SECONDS = 2 * JWKS_MAX_AGE_SECONDS

/** Default time for which a signing key is active before the next one replaces it, in seconds. */
export const DEFAULT_KEY_ROTATION_SECONDS = 90 * 24 * 60 * 60

/** Time for which a key is published before it signs, in seconds. Some gateways fetch the JWKS hourly, some daily. */
export const MIN_NEXT_AGE_SECONDS = 24 * 60 * 60

/** Time for which a key stays published after its last signature, in seconds: until all that it signed has expired. */
export const KEY_RETIREMENT_SECONDS = MAX_TOKEN_TTL_SECONDS + MAX_CLOCK_TOLERANCE_SECONDS

/** Time for which a cache may keep the metadata, in seconds. It changes with the configuration and the resource types. */
export const METADATA_MAX_AGE_SECONDS = 60 * 60

/** Bits of a new RSA key. 2,048 bits sign ten times as fast as 4,096, and every library accepts them. */
export const RSA_MODULUS_BITS = 2048

/** Bytes of the key-encryption key (A256GCM). */
export const KEK_BYTES = 32

/** Imported keys that a process keeps. A few are published at a time, the rest is margin. */
export const MAX_CACHED_KEYS = 64
/** Tokens whose signature a process has verified and need not verify again. Each has up to 16 KiB, most have 1 KiB. */
export const MAX_VERIFIED_TOKENS = 1_000

/** Answers of the store that a process keeps while the database does not change: far more than are in use at a time. */
export const MAX_REMEMBERED_ANSWERS = 1_000

/** Statements that a connection keeps prepared: about twice the texts that the store has. Each is about 5 KiB. */
export const MAX_PREPARED_STATEMENTS = 256

/** Kinds of refused logins that the audit tells apart in one minute. The rest is one row without a target. */
export const MAX_COUNTED_KINDS = 20

/** Secrets whose use a process remembers until it is written, once a minute. */
export const MAX_USED_SECRETS = 10_000

/** Longest time that an entry of the ledger waits to be written with others, in milliseconds. A crash may lose so much. */
export const LEDGER_FLUSH_MS = 100
/** Entries of the ledger that one step writes or deletes. Other writers wait for it for about 10 ms. */
export const LEDGER_BATCH_ENTRIES = 500
/** Entries of the ledger that wait in memory while its file cannot be written. Then the oldest are dropped. */
export const MAX_LEDGER_ENTRIES = 10_000
/** Time until a failed write of the ledger is tried again, in milliseconds. */
export const LEDGER_RETRY_MS = 1_000
/** Time for which the ledger waits for another process's write, in milliseconds. */
export const LEDGER_BUSY_TIMEOUT_MS = 500
/** Shortest time between two log lines about a ledger that cannot be written, in milliseconds. */
export const LEDGER_COMPLAINT_MS = 60_000

/** Rows of the audit table that one seal covers, and rows read at a time. */
export const MAX_SEALED_ROWS = 1_000
export const AUDIT_PAGE_ROWS = 1_000
/** Rows of the audit table that one statement reads. It blocks the process for a few milliseconds. */
export const AUDIT_STEP_ROWS = 1_000
/** Steps of one list of audit events: 50,000 rows that do not match. The answer then ends with the matches so far. */
export const MAX_AUDIT_LIST_STEPS = 50
/** Events of a list read at a time. The characters of the answer are counted in between. */
export const AUDIT_LIST_BATCH_ROWS = 100
/** Longest time for an export or a check of the audit, in milliseconds: a million events at 350 KB per second. */
export const MAX_EXPORT_MS = 15 * 60 * 1000
/** Time after which a long answer checks the administrator's authority again, in milliseconds. */
export const AUTHORITY_MAX_AGE_MS = 1_000
/** Seals read at a time. Each holds the digests of up to 1,000 rows. */
export const AUDIT_PAGE_SEALS = 100
/** Findings that a check of the audit table names. It counts the rest. */
export const MAX_AUDIT_FINDINGS = 1_000
/** Default time for which audit events are kept, in seconds: a year, and 35 days for an audit. */
export const DEFAULT_AUDIT_RETENTION_SECONDS = 400 * 24 * 60 * 60
/** Time by which they may become older, in seconds. A cut adds an event, so the server does not cut every minute. */
export const AUDIT_CUT_DELAY_SECONDS = 60 * 60
/** Seals that retention cuts in one minute: 20,000 events, or 28 million a day. */
export const MAX_AUDIT_CUTS = 20

/** Interval of the upkeep job, and its delay after a start, in milliseconds. */
export const UPKEEP_INTERVAL_MS = 60_000
export const FIRST_UPKEEP_MS = 1_000

/** Longest `X-Request-Id` that the server accepts from a client, in characters. */
export const MAX_REQUEST_ID_CHARS = 64

/** Longest logged path, in characters. An address of administration with two chosen ids fits. */
export const MAX_LOGGED_PATH_CHARS = 512

/** Longest value of a request that a refusal or a log line repeats, in characters, and the number of such values. */
export const MAX_SHOWN_CHARS = 128
export const MAX_SHOWN_VALUES = 5
/**
 * Shortest presented secret that is hidden in other values of the request, in characters. A shorter text is part of a
 * client id or a scope by chance. An attacker who presents one would hide the value from the operator.
 */
export const MIN_HIDDEN_SECRET_CHARS = 8

/** Seconds after which a client tries again if the database does not answer. */
export const RETRY_AFTER_SECONDS = 1

/** Time for a request line and its headers to arrive, in milliseconds. */
export const HEADERS_TIMEOUT_MS = 10_000
/** Time for a whole request to arrive, its body included, in milliseconds. */
export const REQUEST_TIMEOUT_MS = 15_000
/** Interval at which open connections are checked against these two limits, in milliseconds. */
export const CONNECTIONS_CHECK_MS = 1_000
/** Time for which an idle connection stays open, in milliseconds: longer than the usual 60 s of a load balancer. */
export const KEEP_ALIVE_TIMEOUT_MS = 65_000
/** Open connections of a process: one for each held request, and some for the rest. */
export const MAX_CONNECTIONS = 24_000
/** Open connections of one address, except trusted proxies. A follower has two at a time. */
export const MAX_CONNECTIONS_PER_ADDRESS = 4_000
/** Bytes that the HTTP parser gets at once: one request head, or part of a long head or a body. */
export const PARSED_SLICE_BYTES = 2_048
/**
 * Shortest slice within a body, in bytes. A slice ends at an empty line, because a request may begin after it. A body of
 * empty lines would otherwise come in slices of 4 bytes. At most 7 request heads fit into this many bytes.
 */
export const MIN_BODY_SLICE_BYTES = 128
/** Bytes of input of all connections that wait or belong to a request in progress: 1,000 of the longest forms. */
export const MAX_INPUT_BYTES_HELD = 64 * 1024 * 1024
/**
 * Slices of bodies that the process parses between two reads of its sockets. Further ones take turns with requests. A
 * slice of one-byte chunks costs 0.4 ms, any other some microseconds.
 */
export const BODY_SLICES_PER_TURN = 16
/** Time for which a refused connection may read the reason, in milliseconds. */
export const REFUSED_LINGER_MS = 2_000
/**
 * Requests that the process begins between two reads of its sockets, except those of followers. A follower beside 60 busy
 * connections waits 3 ms (median) with 8, 16 and 32 alike, and at most 16 requests that came earlier are answered first.
 * A token costs 4 % less processor time with 16 than with 8, because each read wakes other threads and readers of answers.
 */
export const REQUESTS_PER_TURN = 16
/** Time after which a turn begins no further request, in milliseconds. Some requests cost ten times as much as others. */
export const MAX_TURN_MS = 3
/** Time after which a connection that reads nothing of its answer is closed, in milliseconds. A slow line needs seconds. */
export const WRITE_TIMEOUT_MS = 30_000
/** Longest time that a shutdown waits for requests in progress, in milliseconds. */
export const SHUTDOWN_TIMEOUT_MS = 20_000
/** Interval at which a server checks whether the npm that started it still runs, in milliseconds. It frees the port then. */
export const PARENT_CHECK_MS = 1_000

/** Log lines that wait in memory for a reader, in bytes: about 5,000. Further lines are dropped and counted. */
export const MAX_LOG_BUFFER_BYTES = 1024 * 1024
/** Bytes of the log written at once. A pipe accepts this many whole or not at all (PIPE_BUF). */
export const PIPE_WRITE_BYTES = 4_096
/** Time for which the log gathers lines for one write, in milliseconds. A killed process loses those lines. */
export const LOG_GATHER_MS = 10
/** Time until a write to a full pipe is tried again, in milliseconds. */
export const LOG_RETRY_MS = 20
/** Longest time that the end of a process waits for its last log lines, in milliseconds. */
export const LOG_FLUSH_TIMEOUT_MS = 1_000

/** Longest time that a step waits for another process's write, in milliseconds. */
export const BUSY_TIMEOUT_MS = 5_000
/** Time until it tries again, in milliseconds. */
export const BUSY_RETRY_MS = 10
/**
 * Longest time for which a dry run of a server holds the write lock, in milliseconds: less than BUSY_TIMEOUT_MS, so that no
 * other change fails. 100,000 clients need 0.1 s.
 */
export const MAX_DRY_RUN_LOCK_MS = 2_000
/**
 * Part of the lock that each dry run is charged in any case, in milliseconds, so that a server makes at most 120 dry runs in a
 * minute: each starts a thread, which costs 0.2 s of processor time. Its client can close the connection before the server
 * has heard of the lock.
 */
export const MIN_DRY_RUN_LOCK_MS = 50
/** Longest time of a dry run of a server, in milliseconds: new signing keys take seconds, and so may a wait for the lock. */
export const DRY_RUN_TIMEOUT_MS = 20_000
/** Longest etag in an order for a dry run. Those of the server are shorter than 64 characters. */
export const MAX_ETAG_CHARS = 128
/**
 * Time for which dry runs hold the write lock in each minute, in milliseconds: those of bound administrators, and those of
 * unbound ones. Together they take a tenth of the time of all processes.
 */
export const DRY_RUN_LOCKS = { seconds: 60, limit: 3_000 } as const

/** Items of one page of a list: the default and the most. */
export const DEFAULT_PAGE = 100
export const MAX_PAGE = 1_000
/**
 * Entries of an index that one statement of a filtered list reads. It blocks the process for a few milliseconds.
 */
export const LIST_STEP_ENTRIES = 1_000
/** Rows that one statement of a list reads as a whole. */
export const LIST_BATCH_ROWS = 100
/** Clients of a plugin or an audience up to which a list looks them up one by one. */
export const FEW_CLIENTS = 200
/** Characters after which a page of a list ends early, and rows of it read at a time. */
export const MAX_PAGE_CHARS = 1024 * 1024
export const PAGE_BATCH_ROWS = 20

/** Codings of one `Accept-Encoding` that the server parses. */
export const MAX_CODINGS = 32

/** Longest cursor of a list, in characters. An id of 128 characters needs 200. */
export const MAX_CURSOR_CHARS = 512

/** Longest JSON body of an administrator's request, in bytes, and its deepest nesting. */
export const MAX_JSON_BYTES = 256 * 1024
export const MAX_JSON_DEPTH = 16

/**
 * Silence of a remote server after which a command ends, in milliseconds. A rotation on a busy machine makes RSA keys
 * for ten seconds.
 */
export const REMOTE_SILENCE_MS = 60_000
/** The same for a check of the audit, whose answer the server sends as a whole, after up to MAX_EXPORT_MS. */
export const REMOTE_CHECK_SILENCE_MS = MAX_EXPORT_MS + REMOTE_SILENCE_MS
/** Longest answer of a remote server that a command reads, in bytes. A page of a list has a few megabytes at most. */
export const MAX_REMOTE_ANSWER_BYTES = 64 * 1024 * 1024
/** Longest line of an export that a command reads, in characters. An event has a few thousand at most. */
export const MAX_REMOTE_LINE_CHARS = 1024 * 1024
/** A command requests a new token this long before its token expires, in seconds: longer than a request takes. */
export const TOKEN_RENEWAL_SECONDS = 10
/** Longest name of a profile, in characters. It is the name of a file. */
export const MAX_PROFILE_NAME_CHARS = 64

/** Tries of a change that conflicts with another administrator's change. */
export const MAX_CHANGE_TRIES = 5

/** Audience of administration, and its permissions to read and to change. */
export const ADMIN_AUDIENCE = 'latchkey'
export const ADMIN_READ = 'admin:read'
export const ADMIN_WRITE = 'admin:write'

/** Workspace of a client or resource for which no other is named. */
export const DEFAULT_WORKSPACE = 'default'

/** Symbolic links that the server follows to a key file: as many as Linux does. */
export const MAX_LINKS = 40

/** Columns of a terminal that a name or a list keeps when a table is too wide: enough to tell two names apart. */
export const MIN_CUT_COLUMN_CHARS = 12

/** Oldest version of Node.js, the same as `engines` in package.json and as that of the verifier. */
export const MIN_NODE_VERSION = '20.3'
/** Time for one request of `doctor` and `status`, in milliseconds: a server under load answers sooner. */
export const DOCTOR_REQUEST_TIMEOUT_MS = 5_000
/** Longest metadata or JWKS that `doctor` reads, in bytes. A server with all its keys has a hundredth of it. */
export const MAX_ISSUER_ANSWER_BYTES = 1024 * 1024
/** Longest answer of `/metrics` that `status` reads, in bytes. A server has a tenth of it. */
export const MAX_METRICS_BYTES = 1024 * 1024
/** Largest number of `/metrics` that `status` shows: the latest time of a Date, in seconds (ECMA-262 §21.4.1.1). */
export const MAX_METRIC_VALUE = 8.64e12
/** Files of one folder that `doctor` searches for copies of the database. A data folder has fewer. */
export const MAX_COPIES_SEARCHED = 1_000
/** Start of a file in which `doctor` searches for our table of migrations, in bytes. SQLite keeps the schema there. */
export const COPY_SEARCH_BYTES = 1024 * 1024

/** Time before a command shows its progress, in milliseconds: shorter work needs none. */
export const PROGRESS_DELAY_MS = 500
/** Time between two states of the progress on a terminal, in milliseconds: readable, and cheap. */
export const PROGRESS_INTERVAL_MS = 200

/** Pages that `backup` copies in one step: 40 MB. The progress is shown, and a signal is obeyed, behind each step. */
export const BACKUP_STEP_PAGES = 10_000
