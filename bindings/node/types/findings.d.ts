import { type Instant } from './time';
/** Computes a kind from JSON text to JSON text. */
export declare const call: (name: string, text: string) => string;
/** The names of every computation. */
export declare const kinds: () => string[];
/** A finding in canonical form, with the names of the wire. */
export type Finding = Readonly<Record<string, any>>;
/** A record, a line of text, or bytes of JSON lines that need not end where a line ends, such as a stream gives. */
export type RecordItem = string | Uint8Array | Readonly<Record<string, unknown>>;
/** JSON lines as text or bytes, one record, or a (perhaps asynchronous) iterable of items. */
export type Records = RecordItem | Iterable<RecordItem> | AsyncIterable<RecordItem>;
/** What records leave out: members of the run, and how ids are derived. */
export interface RunContext {
    tenantId?: string;
    workspaceId?: string;
    runId?: string;
    runTs?: Instant;
    engineName?: string;
    engineVersion?: string;
    rulepackVersion?: string;
    /** The currency of amounts that name none. */
    defaultCurrency?: string;
    findingIdMode?: 'stable' | 'per_run' | 'per_day';
}
/** How records are read. */
export interface ValidateOptions {
    context?: RunContext;
    /** Whether members that no record has are refused, or dropped and counted. */
    unknown?: 'reject' | 'drop';
}
/** What is wrong with a record, or was changed in it. */
export interface RecordProblem {
    code: string;
    /** A JSON pointer into the record. */
    path: string;
    value?: string;
    help?: string;
}
/** What became of one record. */
export interface Checked {
    /** Its place in the input. */
    index: number;
    /** The record, where it stands. */
    finding: Finding | null;
    /** Why it does not. */
    errors: readonly RecordProblem[];
    /** What was cleaned or cut. */
    warnings: readonly RecordProblem[];
}
/** What became of many records. */
export interface Validated {
    /** The records that stand, in total order. */
    accepted: Findings;
    /** Their places in the input. */
    places: readonly number[];
    /** The first 1,000 refused ones, by place. */
    rejected: readonly {
        index: number;
        errors: readonly RecordProblem[];
    }[];
    /** How many were refused. */
    rejectedCount: number;
    /** What was cleaned or cut. */
    warnings: readonly {
        index: number;
        code: string;
        path: string;
    }[];
    /** What was changed over all records: aliases, redactions, duplicates and so on; zeros are left out. */
    counts: Readonly<Record<string, number>>;
}
/** A table of findings, held by the engine: a finding is made when it is asked for. */
export declare class Findings {
    #private;
    readonly length: number;
    /** The finding at a place; negative places count from the end. */
    at(place: number): Finding | undefined;
    [Symbol.iterator](): Iterator<Finding>;
}
/**
 * Makes findings of records: objects, JSON lines, streams of them. A bad record is rejected with codes and paths and the others go on; with
 * `strict` the first one is a `FindingError`. The work is done on another thread, a piece at a time.
 */
export declare function validate(records: Records, options?: ValidateOptions & {
    strict?: boolean;
}): Promise<Validated>;
/**
 * Judges records one by one, in the order of the input, in the memory of some of them: for files of any length. Duplicates are not looked
 * for, and there is no total order.
 */
export declare function validateEach(records: Records, options?: ValidateOptions): AsyncGenerator<Checked>;
/** Sums of one currency. */
export interface FindingTotal {
    findings: number;
    savings: string;
    cost: string;
    savingsUnknown: number;
    costUnknown: number;
}
/** Sums by currency over what fails, is additive and open; the row `-` holds findings without an amount. */
export declare function totals(findings: Validated | Findings | Records): Promise<Record<string, FindingTotal>>;
/** What findings on shared resources are worth together. */
export interface CombinedFindings {
    monthlyCost: string | null;
    monthlySavings: string | null;
    /** 0 to 100. */
    confidence: number | null;
    currency: string | null;
    reason: string | null;
}
/** What findings on shared resources are worth together: no dollar of a resource counts twice. */
export declare function combine(findings: Validated | Findings | Records): Promise<CombinedFindings>;
/** The SHA-256 of a table, whatever its order: of its rows as JSON lines in total order, without times of ingestion. */
export declare function contentHash(findings: Validated | Findings | Records): Promise<string>;
/** What makes a record the same issue in every run: 64 hexadecimal digits. Run, status and money may be left out. */
export declare const fingerprint: (record: unknown) => string;
/** The fingerprint of schema version 1, under which older lifecycle states are kept. */
export declare const seedFingerprint: (record: unknown) => string;
/** The id of a finding: 32 hexadecimal digits. `per_run` takes `runId` in, `per_day` the date of `runTs`. */
export declare function findingId(fingerprint: string, mode?: 'stable' | 'per_run' | 'per_day', run?: {
    runId?: string;
    runTs?: Instant;
}): string;
/** The canonical bytes of a record as text: RFC 8785 of its checked form, without what is added after the run. */
export declare function canonicalize(record: unknown, context?: RunContext): string;
/** `fingerprint` of these members. */
export declare function computeFingerprint(members: {
    tenantId: string;
    checkId: string;
    scope: Readonly<Record<string, unknown>>;
    issueKey?: Readonly<Record<string, unknown>> | null;
    workspaceId?: string;
}): string;
/** `findingId`: stable, or with a salt that of the run of this id. */
export declare const computeFindingId: (members: {
    fingerprint: string;
    salt?: string | null;
    tenantId?: string;
}) => string;
/** Checks a record and writes its `fingerprint` and `finding_id` into it; it is returned, too. */
export declare function buildIdsAndValidate<T extends Record<string, unknown>>(record: T, given?: {
    issueKey?: Readonly<Record<string, unknown>>;
    findingIdSalt?: string | null;
}): T & {
    fingerprint: string;
    finding_id: string;
};
/** Checks a record; a `FindingError` with code and path where it is refused. How its id was salted is not known here. */
export declare function validateRecordOrRaise(record: Readonly<Record<string, unknown>>): void;
/** Computes `digest`. */
export declare const digest: (input: unknown) => any;
/** Computes `order`. */
export declare const order: (input: unknown) => any;
/** Computes `outcome`. */
export declare const outcome: (input: unknown) => any;
/** Computes `priority`. */
export declare const priority: (input: unknown) => any;
/** Computes `record`. */
export declare const record: (input: unknown) => any;
/** Computes `redact`. */
export declare const redact: (input: unknown) => any;
/** Computes `severity`. */
export declare const severity: (input: unknown) => any;
