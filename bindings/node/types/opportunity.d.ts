import type { Instant } from './time';
/** Where an opportunity stands. */
export declare const OpportunityStatus: Readonly<{
    readonly DETECTED: "detected";
    readonly PROPOSED: "proposed";
    readonly APPROVED: "approved";
    readonly IMPLEMENTING: "implementing";
    readonly IMPLEMENTED: "implemented";
    readonly VERIFIED: "verified";
    readonly INCONCLUSIVE: "inconclusive";
    readonly REGRESSED: "regressed";
    readonly FAILED: "failed";
    readonly REJECTED: "rejected";
    readonly EXPIRED: "expired";
    readonly ROLLED_BACK: "rolled_back";
    readonly SUPERSEDED: "superseded";
    readonly CLOSED: "closed";
}>;
export type OpportunityStatus = (typeof OpportunityStatus)[keyof typeof OpportunityStatus];
/** What was found. A type of your own is any other snake_case text, with an `effect`. */
export declare const OpportunityType: Readonly<{
    readonly OVER_REQUESTED_CPU: "over_requested_cpu";
    readonly OVER_REQUESTED_MEMORY: "over_requested_memory";
    readonly IDLE_NODES: "idle_nodes";
    readonly ORPHAN_VOLUMES: "orphan_volumes";
    readonly MISCONFIGURED_AUTOSCALING: "misconfigured_autoscaling";
    readonly KARPENTER_CONSOLIDATION: "karpenter_consolidation";
    readonly ZOMBIE_WORKLOADS: "zombie_workloads";
    readonly UNUSED_RESOURCES: "unused_resources";
}>;
export type OpportunityType = (typeof OpportunityType)[keyof typeof OpportunityType];
/** An amount: decimal text, a bigint, or a number by its shortest digits. */
export type LedgerAmount = string | number | bigint;
/** What an amount is measured by. */
export type PriceBasis = 'effective' | 'contracted' | 'list' | 'billed';
/** The fields of an opportunity; names may also be those of the wire. */
export interface OpportunityFields {
    id?: string;
    type: OpportunityType | (string & {});
    status?: OpportunityStatus;
    detectedAt?: Instant | null;
    cluster?: string;
    namespace?: string;
    workload?: string;
    team?: string;
    /** Per month of 730 hours, not negative. */
    estimatedMonthlySavings: LedgerAmount;
    /** 0 to 1. */
    confidence?: LedgerAmount | null;
    /** 0 to 1. */
    riskScore?: LedgerAmount | null;
    evidence?: Record<string, unknown>;
    beforeState?: Record<string, unknown>;
    afterState?: Record<string, unknown>;
    prUrl?: string | null;
    prNumber?: number | null;
    implementedAt?: Instant | null;
    verifiedAt?: Instant | null;
    realizedSavings?: LedgerAmount;
    rollbackReason?: string | null;
    resource?: string;
    component?: string;
    effect?: 'eliminate' | 'usage' | 'rate';
    /** ISO 4217; USD. */
    currency?: string;
    priceBasis?: PriceBasis;
    fingerprint?: string;
    generation?: number;
    findingId?: string | null;
    detector?: string | null;
    environment?: string | null;
    baselineId?: string | null;
    /** The pool on which a saving shows. */
    booksOn?: string | null;
    measureRank?: number;
    expiresAt?: Instant | null;
    supersededBy?: string | null;
}
/**
 * Something that would save money. Its state changes by events of the ledger, which answers a new one.
 *
 * ```js
 * const found = new Opportunity({ type: 'idle_nodes', resource: 'i-1', estimatedMonthlySavings: 120.5 })
 * found.estimatedMonthlySavings // '120.5'
 * found.effect // 'eliminate'
 * ```
 */
export declare class Opportunity {
    #private;
    /** Empty until the ledger derives it from fingerprint and generation. */
    readonly id: string;
    readonly type: OpportunityType | (string & {});
    readonly status: OpportunityStatus;
    readonly detectedAt: string | null;
    readonly cluster: string;
    readonly namespace: string;
    readonly workload: string;
    readonly team: string;
    readonly estimatedMonthlySavings: string;
    readonly confidence: string | null;
    readonly riskScore: string | null;
    readonly evidence: Readonly<Record<string, any>>;
    readonly beforeState: Readonly<Record<string, any>>;
    readonly afterState: Readonly<Record<string, any>>;
    readonly prUrl: string | null;
    readonly prNumber: number | null;
    readonly implementedAt: string | null;
    readonly verifiedAt: string | null;
    readonly realizedSavings: string;
    readonly rollbackReason: string | null;
    readonly resource: string;
    readonly component: string;
    readonly effect: 'eliminate' | 'usage' | 'rate';
    readonly currency: string;
    readonly priceBasis: PriceBasis;
    readonly fingerprint: string;
    readonly generation: number;
    readonly findingId: string | null;
    readonly detector: string | null;
    readonly environment: string | null;
    readonly baselineId: string | null;
    readonly booksOn: string | null;
    readonly measureRank: number;
    readonly expiresAt: string | null;
    readonly supersededBy: string | null;
    constructor(fields: OpportunityFields | Record<string, unknown>);
    /** Every field with the names of the wire. */
    toJSON(): Record<string, unknown>;
}
/** The fields of a baseline; one of `cost`, of the window, and `monthlyCost` suffices. */
export interface CostBaselineFields {
    workloadId?: string;
    namespace?: string;
    cluster?: string;
    team?: string;
    monthlyCost?: LedgerAmount | null;
    cpuCost?: LedgerAmount | null;
    memoryCost?: LedgerAmount | null;
    storageCost?: LedgerAmount | null;
    networkCost?: LedgerAmount | null;
    periodStart: Instant;
    /** 14 to 366 days after the start. */
    periodEnd: Instant;
    id?: string;
    resource?: string;
    currency?: string;
    priceBasis?: PriceBasis;
    cost?: LedgerAmount | null;
    /** The share of the cost that follows no driver, 0 to 1. */
    fixedShare?: LedgerAmount | null;
    driver?: {
        name: string;
        quantity: LedgerAmount;
    } | null;
    unitPrice?: LedgerAmount | null;
    /** `[cost, driver]` for each day. */
    daily?: readonly (readonly [cost: LedgerAmount, driver?: LedgerAmount | null])[];
    source?: string;
    sourceSha256?: string | null;
}
/** The cost before a change; `SavingsLedger.freeze` records it. */
export declare class CostBaseline {
    #private;
    readonly workloadId: string;
    readonly namespace: string;
    readonly cluster: string;
    readonly team: string;
    readonly monthlyCost: string;
    readonly cpuCost: string | null;
    readonly memoryCost: string | null;
    readonly storageCost: string | null;
    readonly networkCost: string | null;
    readonly periodStart: string;
    readonly periodEnd: string;
    readonly id: string;
    readonly resource: string;
    readonly currency: string;
    readonly priceBasis: PriceBasis;
    readonly cost: string;
    readonly fixedShare: string | null;
    readonly driver: {
        readonly name: string;
        readonly quantity: string;
    } | null;
    readonly unitPrice: string | null;
    readonly daily: readonly (readonly [cost: string, driver: string | null])[];
    readonly source: string;
    readonly sourceSha256: string | null;
    constructor(fields: CostBaselineFields | Record<string, unknown>);
    /** Every field with the names of the wire. */
    toJSON(): Record<string, unknown>;
}
