import { ClusterInventory } from './inventory';
import { type Instant } from './time';
/** What a row costs, by resource, as exact text. */
export interface AllocationCost {
    cpu: string;
    memory: string;
    gpu: string;
    volume: string;
    load_balancer: string;
    network: string;
    external: string;
    /** What the row costs as the set distributes it: with idle time and shared costs where those are shared. */
    total: string;
}
/** What idle time and shared costs add to a row; what is 0 may be left out. */
export type AttributedCost = Partial<Record<'idle' | 'shared' | 'shared_idle', string>>;
/** Used over requested as exact text, to six places; null where nothing is known. */
export interface AllocationEfficiency {
    cpu: string | null;
    memory: string | null;
    /** Of both, weighted by what they cost. */
    total: string | null;
    /** Whether something was used without a request, which counts as 1. */
    no_request?: boolean;
}
/** A row of a report. */
export interface AllocationRow {
    name: string;
    key: Record<string, string>;
    cost: AllocationCost;
    attributed: AttributedCost;
    /** What it costs, as exact text. */
    total: string;
    /** What it costs as a number, in sets in USD; null in others. */
    totalUsd: number | null;
    sharePpm: number | null;
    efficiency: AllocationEfficiency;
    rows: number;
    unpricedRows: number;
    node?: Record<string, any>;
}
/** A row of a set: a container, the rest of a pod, or what no pod has. Costs are null where they are unknown. */
export interface AllocationEntry {
    /** Cluster, node, namespace, pod and container. */
    key: [string, string, string, string, string];
    owner?: {
        kind: string;
        name: string;
    };
    services?: string[];
    labels?: Record<string, string>;
    start?: string;
    end?: string;
    requested?: Record<string, string>;
    used?: Record<string, string> | null;
    claimed?: Record<string, string>;
    usageBasis?: Record<'cpu' | 'memory', 'none' | 'average' | 'series'>;
    coveragePpm?: Record<'cpu' | 'memory', number | null>;
    cost: AllocationCost | null;
    attributed?: AttributedCost;
    total: string | null;
    totalUsd: number | null;
    status: 'priced' | 'unpriced' | 'partly_priced' | 'undistributed';
    [more: string]: unknown;
}
/** Rows of an allocation, summed by keys; iterable. */
export declare class AllocationReport {
    #private;
    /** How many rows there are. */
    get length(): number;
    get currency(): string;
    /** The sum of the rows, as exact text. */
    get total(): string;
    /** The rows, in the order of their keys. */
    get rows(): readonly AllocationRow[];
    /** The rows from `start` to before `end`. */
    slice(start?: number, end?: number): AllocationRow[];
    [Symbol.iterator](): Iterator<AllocationRow>;
    /** Comma-separated values whose columns add up to their totals. */
    toCsv(places?: number): string;
    /** A table in Markdown whose columns add up to their totals. */
    toMarkdown(places?: number): string;
    /** The report with the names of the wire. */
    toJSON(): Record<string, any>;
}
/** What a bill charges for an asset in a period. */
export interface AssetCharge {
    /** What the provider calls it: the provider id of a node, a volume id, an instance id. */
    providerId: string;
    period: readonly [Instant, Instant];
    amount: string | number;
    [more: string]: unknown;
}
/** What stands outside the cluster, for example a database. */
export interface ExternalCharge {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    amount: string | number;
}
/**
 * What a cluster costs, divided over its containers: rows, assets, totals; they add up to the last digit. It is allocated once and held in
 * the engine's memory.
 */
export declare class AllocationSet {
    #private;
    /** How many rows there are. */
    get length(): number;
    get currency(): string;
    /** The cost of the assets less the rows: always `0`. */
    get difference(): string;
    /** The rows from `start` to before `end`, in the order of their keys. */
    slice(start?: number, end?: number): AllocationEntry[];
    [Symbol.iterator](): Iterator<AllocationEntry>;
    /** Rows summed by keys such as `namespace` or `label:team`; a filter only hides rows. */
    aggregate(options: {
        by: readonly string[] | string;
        filter?: Record<string, readonly string[]>;
    }): AllocationReport;
    /** The same by what the bill charges for each asset, and with what stands outside the cluster. An asset without a charge keeps its price. */
    reconcile(bill: readonly (AssetCharge | Record<string, unknown>)[] | null, options?: {
        external?: readonly ExternalCharge[];
    }): AllocationSet;
    /** The sum of the sets of several windows of one cluster, days to a month for example. */
    static accumulate(sets: readonly AllocationSet[]): AllocationSet;
    /** The set with the names of the wire. */
    toJSON(): Record<string, any>;
}
/** How a cluster's cost is divided; the other settings are those of the allocation: `overAllocation`, `rates`, `labelFallbacks` and so on. */
export interface AllocateOptions {
    /** Start and end: instants or dates, which are their midnight in UTC. */
    window?: readonly [Instant, Instant] | {
        start: Instant;
        end: Instant;
    };
    idle?: 'keep' | 'share';
    shared?: readonly Record<string, unknown>[];
    prices?: unknown;
    [setting: string]: unknown;
}
/**
 * Divides what a cluster costs over its containers. Without a `window` it is the inventory's, else the day before it was read.
 */
export declare function allocate(inventory: ClusterInventory | Record<string, unknown>, options?: AllocateOptions): AllocationSet;
