/** A checkpoint kept elsewhere: its text, or a size with its root. */
export type Anchor = string | Uint8Array | {
    size: bigint | number;
    root: string;
};
/** What a verification says of a log. */
export declare class Verification {
    #private;
    readonly ok: boolean;
    /** What is wrong, for example `tag`; null when nothing is. */
    readonly error: string | null;
    /** The record at fault, where one is. */
    readonly seq: bigint | null;
    readonly origin: string | null;
    /** Records that were verified. */
    readonly size: bigint;
    /** The root of their tree. */
    readonly root: string;
    /** `not_checked` without a secret. */
    readonly tags: 'checked' | 'not_checked';
    readonly keys: readonly {
        kid: string;
        epoch: bigint;
        first: bigint;
        last: bigint;
    }[];
    /** The largest anchor that matches: what lies before cannot be rewritten unseen, not even with the secret. */
    readonly anchoredUpTo: bigint | null;
    /** Records past it. */
    readonly unanchoredTail: bigint;
    readonly gaps: readonly {
        afterSeq: bigint;
        seconds: number;
    }[];
    readonly clockRegressions: number;
    readonly tornTailBytes: number;
    /** Throws `ledger.verify.<error>` where something is wrong. */
    throwForError(): void;
    /** The members with the names of the wire. */
    toJSON(): Record<string, unknown>;
}
/**
 * Verifies a file that `EventLog.export` or a file store wrote, by its path or its bytes; the environment is not read. Without any secret the
 * log is verified in public: tags are not checked, and a checkpoint by one of `vkeys` is needed among the anchors.
 */
export declare function verifyLog(file: string | URL | Uint8Array, options?: {
    secret?: string | null;
    secrets?: Iterable<string>;
    anchors?: Iterable<Anchor>;
    vkeys?: Iterable<string>;
    origin?: string | null;
}): Promise<Verification>;
/** The signature of an event that is kept outside a log, in 64 hexadecimal digits. */
export declare function signEvent(event: Record<string, unknown>, secret: string): string;
/** Whether `signature` is the one of `event`; a signature of any other form is not. */
export declare function verifyEvent(event: Record<string, unknown>, signature: string, secret: string): boolean;
