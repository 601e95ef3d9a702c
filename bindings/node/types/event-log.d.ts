import type { LedgerAmount } from './opportunity';
import type { Instant } from './time';
import { type Anchor, Verification } from './verification';
/** What happened: `data` is an object; money as decimal text, other fractions become text of their shortest digits. */
export interface EventInput {
    /** For example `acme.deploy`. */
    kind: string;
    data?: Record<string, unknown> | Map<string, unknown> | null;
    /** Who did it, for example `svc:ci` or `user:ana`; no address, because a log cannot forget one. */
    actor: string;
    /** Unique in the log; left out: a UUIDv7. A retry gives id and time again. */
    id?: string | null;
    /** Left out: the clock. */
    at?: Instant | null;
}
/** A record of a log. */
export interface EventRecord {
    readonly seq: bigint;
    /** The public name of the key that sealed it. */
    readonly kid: string;
    /** Its tag, in hexadecimal digits. */
    readonly tag: string;
    /** actor, at, data, id, kind, log, v. */
    readonly event: {
        actor: string;
        at: string;
        data: Record<string, any>;
        id: string;
        kind: string;
        log: string;
        v: number;
    };
}
/** What became of a checkpoint that was kept elsewhere. */
export interface Anchored {
    readonly note: string;
    readonly size: bigint;
    readonly root: string;
    readonly to: string;
    /** The position of `log.anchored`. */
    readonly seq: bigint;
}
/** That a record is in a tree; `ledger.inclusion(proof)` checks it. */
export interface InclusionProof {
    readonly leaf: string;
    readonly index: bigint;
    readonly size: bigint;
    readonly proof: readonly string[];
    readonly root: string;
}
/** That one tree begins another; `ledger.consistency(proof)` checks it. */
export interface ConsistencyProof {
    readonly old: bigint;
    readonly new: bigint;
    readonly oldRoot: string;
    readonly newRoot: string;
    readonly proof: readonly string[];
}
/** Where a log is kept, and how its secrets are given. */
export interface EventLogOptions {
    /** 32 to 1024 printable ASCII characters. Left out: `SAVE_HMAC_SECRET`, or the file `SAVE_HMAC_SECRET_FILE`. */
    secret?: string | null;
    /** Secrets of before a rotation. */
    previous?: Iterable<string>;
    /** The seed of the Ed25519 key that signs for auditors, in 64 hexadecimal digits. */
    ed25519Seed?: string | null;
    /** Left out: in memory, and gone with the process. */
    store?: Store | string | null;
    /** Seconds of silence after which a store writes a heartbeat, 60 to 86400; a new log names it. */
    heartbeatS?: number | null;
    /** From this estimate a month on, a store refuses that one person proposes and approves a change, or approves and makes it. */
    fourEyesAbove?: LedgerAmount | null;
    /** Where secrets are read when none is given: `process.env`. */
    env?: Record<string, string | undefined>;
}
/**
 * Where a log is kept: `sqlite:///path` (absolute with a fourth slash), `sqlite::memory:`, `postgres://…`, `file:///path`, or a plain path,
 * which is SQLite. Opening verifies the whole log; one that fails can be read, and appends reject with `store.read_only` and the reason. A
 * secret that is not the log's opens it only with `readOnly`.
 */
export declare class Store {
    #private;
    readonly readOnly: boolean;
    constructor(url: string, options?: {
        readOnly?: boolean;
    });
    /** What kind of store it is; the address may hold a password and is not shown. */
    get kind(): string;
}
/**
 * A log that proves what was appended to it, in memory or in a store.
 *
 * ```js
 * const log = new EventLog('acme.example/prod', { secret: 'a-secret-of-at-least-32-characters!' })
 * await log.append('acme.deploy', { service: 'api', cost: 12.5 }, 'svc:ci') // 1n
 * const anchor = await log.checkpoint() // keep it where a holder of the secret cannot change it
 * const verification = await log.verify({ anchors: [anchor] })
 * verification.anchoredUpTo // 2n
 * ```
 *
 * A holder of the secret can rewrite what is not anchored, and a missing tail shows only against an anchor. Appends are recorded in the
 * order of the calls; calls that wait at once share one write. No message and no inspection shows a secret.
 */
export declare class EventLog {
    #private;
    readonly origin: string;
    /** Opens the log `origin`, or makes it. With a store this verifies the whole log and blocks meanwhile: `EventLog.open` does not. */
    constructor(origin: string, options?: EventLogOptions);
    /** Opens a log on another thread. */
    static open(origin: string, options?: EventLogOptions): Promise<EventLog>;
    /**
     * Records an event; the promise is its sequence number, once it is durable. A retry with the same id, time and data answers the number
     * that the event has already.
     */
    append(kind: string, data: EventInput['data'], actor: string, options?: {
        id?: string | null;
        at?: Instant | null;
    }): Promise<bigint>;
    /** Records a batch, all or nothing. */
    appendMany(events: Iterable<EventInput>): Promise<bigint[]>;
    /** Records an event without waiting until it is durable; `flush` waits and tells what became of it. */
    appendNowait(kind: string, data: EventInput['data'], actor: string, options?: {
        id?: string | null;
        at?: Instant | null;
    }): void;
    /** Waits until everything is durable. */
    flush(): Promise<void>;
    /** Ends writing: everything is durable, and a store has its last checkpoint and is let go of. */
    close(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
    /** The number of records; record 0 is `log.created`. */
    get size(): bigint;
    /** The root of the tree over all records, in hexadecimal digits. */
    get root(): string;
    /** The verifier key for auditors; null without an Ed25519 seed. */
    get vkey(): string | null;
    /** Every record after the sequence number `after`, read page by page. */
    events(after?: bigint | number | null): Generator<EventRecord, void, undefined>;
    /** A checkpoint of the log as it stands: a signed note. Keep it where a holder of the secret cannot change it. */
    checkpoint(): Promise<string>;
    /** That a record is in the tree of `size` records, or of all. */
    prove(seq: bigint | number, size?: bigint | number | null): InclusionProof;
    /** That the first `old` records begin the first `newer`, or all. */
    proveConsistency(old: bigint | number, newer?: bigint | number | null): ConsistencyProof;
    /** The receipt of a record, checked offline with the verifier key alone: `ledger.receipt`. Needs an Ed25519 seed. */
    receipt(seq: bigint | number): Promise<string>;
    /** Verifies every record, and that the log extends the anchors. What is wrong stands in the answer. */
    verify(options?: {
        anchors?: Iterable<Anchor>;
        vkeys?: Iterable<string>;
    }): Promise<Verification>;
    /** Goes on under a new secret; keep the old one in `SAVE_HMAC_SECRET_PREVIOUS` to verify what it sealed. */
    rotate(newSecret: string): Promise<bigint>;
    /** Goes on under the next epoch of the key: what lies before cannot be forged by who has only the state of after. */
    ratchet(): Promise<bigint>;
    /** What to put into an event in place of personal data; `redact` deletes the value later. */
    commit(value: string): {
        $commit: string;
    };
    /** The value that a member hides, by JSON pointer into the event (`/data/email`); null when it hides nothing or was redacted. */
    reveal(eventId: string, field: string): string | null;
    /** Deletes what a member hides and records that; every tag and proof stays valid. */
    redact(eventId: string, field: string, reason: string): Promise<bigint>;
    /**
     * Signs a checkpoint, keeps it at `to` and records `log.anchored`. `to` is a file (for git or CI), `-` for standard output, or an address
     * that takes a POST.
     */
    anchor(to: string): Promise<Anchored>;
    /**
     * Records size and root of another log by its checkpoint, which a secret of this log or one of `vkeys` must have signed; answers the
     * position of `log.rolled_up`.
     */
    rollUp(note: string, options?: {
        vkeys?: Iterable<string>;
    }): Promise<bigint>;
    /** Writes the tables that follow from the log anew, and answers which. */
    rebuild(): Promise<string[]>;
    /** Writes the log as a file that `verifyLog` and `verify_ledger.py` read, whole or not at all; answers the records. */
    export(path: string): Promise<bigint>;
}
