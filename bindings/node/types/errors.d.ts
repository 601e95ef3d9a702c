/**
 * Errors of finops: one base with a stable dotted `code`, the `path` of the field at fault, and a class a topic.
 *
 * Switch on `code`; the message is for people.
 */
export declare class FinopsError extends Error {
    /** Stable dotted code, for example `price.unknown_model`. */
    readonly code: string;
    /** The argument or the path into the input that is at fault; empty for the input as a whole. */
    readonly path: string;
    constructor(message: string, code: string, path?: string);
}
/** A name or a condition without a price. */
export declare class PriceError extends FinopsError {
}
/** A count, a duration or a response body that cannot be used. */
export declare class UsageError extends FinopsError {
}
/** A stream without usage, or events that do not belong together. */
export declare class StreamError extends FinopsError {
}
/** A configuration value that cannot be used. */
export declare class ConfigError extends FinopsError {
}
/** Money that does not fit or does not add up. */
export declare class MoneyError extends FinopsError {
}
/** Energy or carbon that cannot be computed. */
export declare class CarbonError extends FinopsError {
}
/** A meter that is absent or unreadable. */
export declare class MeterError extends FinopsError {
}
/** What refuses a set of policies, or is worth a look in it. */
export interface Finding {
    /** For example `lint.recursion`. */
    code: string;
    file: string;
    /** From 1; 0 when the finding is about the file as a whole. */
    line: number;
    column: number;
    message: string;
}
/** Policies, options or limits that cannot be used. Deciding never throws: what is wrong with an input is a reason to deny. */
export declare class PolicyError extends FinopsError {
    /** What refused a set of policies; empty for any other fault. */
    readonly findings: readonly Finding[];
    constructor(message: string, code: string, path?: string, findings?: readonly Finding[]);
}
/** An event, a key, a step of an opportunity or a file of a log that is refused; nothing was recorded. */
export declare class LedgerError extends FinopsError {
}
/** A store that cannot be opened, read or written; what was acknowledged stays. */
export declare class StoreError extends LedgerError {
}
/** A cluster that cannot be read or divided: `allocation.*`, `inventory.*`, `prometheus.*`, `quantity.*`. */
export declare class AllocationError extends FinopsError {
}
/** An input or a configuration of the detectors that cannot be read: `waste.*`, `rightsizing.*`. */
export declare class WasteError extends FinopsError {
}
/** A change that cannot be written, committed or opened: `change.*`, `engine.*`. */
export declare class ChangeError extends FinopsError {
}
/** A finding that is refused: `finding.*`. */
export declare class FindingError extends FinopsError {
}
/** A budget that cannot be used as asked. */
export declare class BudgetError extends FinopsError {
    /** Id of the budget, where one is at fault. */
    readonly budget: string | null;
    constructor(message: string, code: string, path?: string, budget?: string | null);
}
/** A hard budget refused a reservation. */
export declare class BudgetExceeded extends BudgetError {
    /** What was left, as a decimal string. */
    readonly remaining: string;
    /** What was asked for, as a decimal string. */
    readonly requested: string;
    /** RFC 3339 instant at which the window ends, or null when it never does. */
    readonly retryAt: string | null;
    constructor(message: string, code: string, path: string, detail: {
        budget: string;
        remaining: string;
        requested: string;
        retryAt: string | null;
    });
}
