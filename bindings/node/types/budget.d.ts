import { type Instant } from './time';
/** An amount: a decimal string is exact; a number is read by its shortest decimal. */
export type Amount = string | number | bigint;
/** What a call takes or took; a call counts one request by itself. */
export interface Amounts {
    usd?: Amount | null;
    tokens?: number;
    joules?: Amount;
    gramsCo2e?: Amount;
}
/** When, and for whom. */
export interface BudgetCall extends Amounts {
    tags?: Record<string, string>;
    at?: Instant;
}
/** One limit. */
export interface BudgetOptions {
    unit?: 'usd' | 'tokens' | 'requests' | 'joules' | 'grams_co2e';
    window?: 'total' | 'hour' | 'day' | 'iso_week' | 'month' | {
        every: number;
    };
    /** The tags, with their values, that a covered call carries; none covers all. */
    scope?: Record<string, string>;
    /** One counter a value of these tags. */
    per?: string[];
    hard?: boolean;
    warnAt?: Amount[];
    onUnpriced?: 'deny' | 'allow';
}
/** A limit on what calls may take. */
export declare class Budget {
    readonly id: string;
    readonly limit: string;
    readonly options: BudgetOptions;
    constructor(id: string, limit: Amount, options?: BudgetOptions);
    toJSON(): unknown;
}
/** The answer to a settlement. */
export interface Settlement {
    /** What the hold had too much. */
    released: string;
    /** What was spent beyond the hold. */
    overrun: string;
    /** Whether it came after the hold had lapsed. */
    late: boolean;
    /** Thresholds crossed, as `id:threshold`. */
    events: string[];
}
/** Where a budget stands. */
export interface BudgetState {
    budget: string;
    limit: string;
    spent: string;
    reserved: string;
    remaining: string;
}
/** Room that is held for a call. */
export declare class Reservation {
    #private;
    readonly id: string;
    readonly level: 'ok' | 'warn';
    /** Frees the hold and charges what was spent. */
    settle(actual?: Amounts & {
        at?: Instant;
    }): Settlement;
    /** Frees the hold; nothing was spent. */
    release(options?: {
        at?: Instant;
    }): void;
    /** `using held = budgets.reserve(…)` frees the hold when it was not settled. */
    [Symbol.dispose](): void;
}
/** Budgets that are reserved from together, all or nothing. */
export declare class Budgets {
    constructor(budgets: Budget[] | {
        state: string;
    });
    /** Budgets as `JSON.stringify(budgets)` wrote them, holds and all. */
    static fromJSON(state: string): Budgets;
    /** Holds room in every budget that covers the call, or in none: `budget.exceeded`, `budget.unpriced`. */
    reserve(call: BudgetCall & {
        ttlS?: number;
    }): Reservation;
    /** Frees a hold and charges what was spent. */
    settle(id: string, actual?: Amounts & {
        at?: Instant;
    }): Settlement;
    /** Frees a hold; may be repeated. */
    release(id: string, options?: {
        at?: Instant;
    }): void;
    /** Charges without asking. */
    recordSpend(call: BudgetCall): Settlement;
    /** Where the budgets stand; the one named, or all. */
    state(id: string, options?: {
        at?: Instant;
    }): BudgetState;
    state(id?: undefined, options?: {
        at?: Instant;
    }): BudgetState[];
    /** Everything, holds and all: `JSON.stringify(budgets)` survives a restart. */
    toJSON(): unknown;
}
