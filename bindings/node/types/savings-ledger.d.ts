/** What happened to every opportunity and what it saved. */
import { EventLog } from './event-log';
import { CostBaseline, type CostBaselineFields, type LedgerAmount, Opportunity, type OpportunityFields, type OpportunityStatus, type PriceBasis } from './opportunity';
import { type Instant } from './time';
/** Who acts, and when. */
export interface By {
    /** For example `user:ana`; `svc:finops` when nobody is named. */
    actor?: string;
    /** Left out: the clock. */
    at?: Instant | null;
}
/** An event that was recorded. */
export interface Recorded {
    readonly seq: bigint;
    /** By which a row is corrected later. */
    readonly id: string;
    readonly kind: string;
    readonly data: Readonly<Record<string, any>>;
}
/** What became of a measurement: a row with its verdict, or why nothing can be said; then nothing was recorded. */
export type Measured = ({
    readonly status: 'known';
} & Recorded) | {
    readonly status: 'unknown';
    readonly reason: 'driver_missing' | 'driver_zero' | 'split_required';
};
/** What was measured after a change. */
export interface MeasurementFields {
    resource: string;
    /** A: one price measured; B: all lines of the resource; C: a model of yours. */
    method: 'A' | 'B' | 'C';
    effect: 'eliminate' | 'usage' | 'rate';
    /** The day of the change. */
    implemented: Date | string;
    periodStart: Date | string;
    /** The day after the last. */
    periodEnd: Date | string;
    currency?: string;
    priceBasis?: PriceBasis;
    cost: LedgerAmount;
    driver?: LedgerAmount | null;
    quantity?: LedgerAmount | null;
    daily?: readonly (readonly [cost: LedgerAmount, driver?: LedgerAmount | null])[];
    nonRoutine?: readonly LedgerAmount[];
    /** Whether the resource is off the bill. */
    gone?: boolean;
    model?: {
        adjustedBaseline: LedgerAmount;
        halfWidth: LedgerAmount;
        cvRmse: LedgerAmount;
        r2: LedgerAmount;
    } | null;
}
/** A row of proof of one's own; names may also be those of the wire. */
export interface VerificationFields {
    resource: string;
    method: 'A' | 'B' | 'C';
    effect: 'eliminate' | 'usage' | 'rate';
    periodStart: Date | string;
    periodEnd: Date | string;
    currency?: string;
    priceBasis?: PriceBasis;
    adjustedBaseline: LedgerAmount;
    actual: LedgerAmount;
    nonRoutine?: LedgerAmount;
    total: LedgerAmount;
    usageEffect?: LedgerAmount | null;
    rateEffect?: LedgerAmount | null;
    claimed: LedgerAmount;
    cashReduction: LedgerAmount;
    avoidedGrowth: LedgerAmount;
    ci90Low?: LedgerAmount | null;
    ci90High?: LedgerAmount | null;
}
/** What counts of an estimate, and why it is not all of it. */
export interface Net {
    readonly net: string;
    readonly reason: string | null;
}
/** An event of the log that changed nothing, with why. */
export interface Refused {
    readonly seq: bigint;
    readonly code: string;
    readonly path: string;
    readonly message: string;
}
/**
 * What happened to every opportunity and what it saved: in memory, or on an event log.
 *
 * ```js
 * const ledger = new SavingsLedger()
 * const found = await ledger.addOpportunity({ type: 'idle_nodes', resource: 'i-1', estimatedMonthlySavings: '120.5' })
 * await ledger.propose(found.id, { prUrl: 'https://example.com/pull/1' })
 * ledger.getTotalEstimatedSavings() // '120.5'
 * ```
 *
 * Commands append an event and resolve once it is durable, in the order of their calls; what the lifecycle does not allow rejects and
 * records nothing. Queries answer at once, with exact decimal text; on a store they read what was appended, also by others.
 */
export declare class SavingsLedger {
    #private;
    /** The log that commands append to. */
    readonly log: EventLog | null;
    /** From an estimate of `fourEyesAbove` on, a proposal, its approval and the change need two people. */
    constructor(log?: EventLog | null, options?: {
        fourEyesAbove?: LedgerAmount | null;
    });
    /** Records an opportunity; one in any other state than detected is recorded as imported. Id, fingerprint and generation are filled in. */
    addOpportunity(opportunity: Opportunity | OpportunityFields, by?: By): Promise<Opportunity>;
    /** Records a finding of a detection cycle: a new item, or fresh figures for the open one, once a UTC day; null when there was nothing to record. */
    observe(finding: Opportunity | OpportunityFields, by?: By): Promise<Opportunity | null>;
    /** Proposes the change. */
    propose(id: string, options?: By & {
        prUrl?: string;
        prNumber?: number;
        change?: string;
        note?: string;
    }): Promise<Opportunity>;
    /** Approves the change; `baselineId` is the cost before it, frozen with `freeze`. */
    approve(id: string, options?: By & {
        baselineId?: string;
        decisionId?: string;
        policyDigest?: string;
        note?: string;
    }): Promise<Opportunity>;
    /** Begins the change. */
    start(id: string, by?: By): Promise<Opportunity>;
    /** Records that the change is made. */
    implement(id: string, options?: By & {
        commit?: string;
        afterState?: Record<string, unknown>;
    }): Promise<Opportunity>;
    /** Measures a saving against the baseline of the item, and records the row with its verdict. */
    verify(id: string, measurement: MeasurementFields, options?: By & {
        baselineId?: string;
    }): Promise<Measured>;
    /** Records a row of proof of your own, with what it says. */
    recordVerification(id: string, verdict: 'verified' | 'inconclusive' | 'regressed', verification: VerificationFields, by?: By): Promise<Recorded>;
    /** Records that the saving has gone, for example because the change was reverted. */
    regress(id: string, reason: string, by?: By): Promise<Opportunity>;
    /** Turns the change down. */
    reject(id: string, reason?: string, by?: By): Promise<Opportunity>;
    /** Lets the item lapse. */
    expire(id: string, reason?: string | null, by?: By): Promise<Opportunity>;
    /** Puts the item `other` in its place. */
    supersede(id: string, other: string, by?: By): Promise<Opportunity>;
    /** Records that the change failed; it may be proposed again. */
    fail(id: string, reason: string, by?: By): Promise<Opportunity>;
    /** Records that the change was taken back. */
    rollBack(id: string, reason: string, by?: By): Promise<Opportunity>;
    /** Ends the tracking of an item: its saving is the new normal. */
    close(id: string, by?: By): Promise<Opportunity>;
    /** Records the cost before a change; without an id, it gets the event's. */
    freeze(baseline: CostBaseline | CostBaselineFields, by?: By): Promise<CostBaseline>;
    /** Corrects the row that event `of` brought; the difference is booked now, so closed periods never change. */
    correct(of: string, verification: VerificationFields, reason: string, by?: By): Promise<Recorded>;
    /** Records an exchange rate: one `from` is `rate` `to` on the day `date`. */
    recordFx(from: string, to: string, rate: LedgerAmount, date: Date | string, source: string, by?: By): Promise<Recorded>;
    /** Records an event of any kind that the ledger knows, with the members of its data as on the wire. */
    record(kind: string, data: Record<string, unknown>, by?: By): Promise<Recorded>;
    /** The opportunity of an id. */
    getOpportunity(id: string): Opportunity | null;
    /** Every opportunity, by id. */
    getOpportunities(): Opportunity[];
    /** The opportunities in a state, by time of detection, then id. */
    getOpportunitiesByStatus(status: OpportunityStatus): Opportunity[];
    /** The frozen baseline of an id. */
    getBaseline(id: string): CostBaseline | null;
    /**
     * Estimated savings per month of 730 hours of open, implemented and verified items, netted so that nothing counts twice; `gross` is their
     * plain sum. With `currency`, converted by the rates of the log.
     */
    getTotalEstimatedSavings(options?: {
        gross?: boolean;
        currency?: string | null;
    }): string;
    /** What verified items saved. */
    getTotalRealizedSavings(options?: {
        currency?: string | null;
    }): string;
    /** What verified items saved by team, keys sorted; items without one are `unallocated`. */
    getSavingsByTeam(options?: {
        currency?: string | null;
    }): Record<string, string>;
    /** What verified items saved by type. */
    getSavingsByType(options?: {
        currency?: string | null;
    }): Record<string, string>;
    /** What verified items saved by cluster; items without one are `unallocated`. */
    getSavingsByCluster(options?: {
        currency?: string | null;
    }): Record<string, string>;
    /** What counts of each estimate, by id. */
    nets(): Record<string, Net>;
    /** What is due, by id; `now` is left out for the clock. */
    due(now?: Instant): Record<string, 'expire' | 'verify' | 'close'>;
    /** Events of the log that changed nothing. */
    refused(): Refused[];
}
