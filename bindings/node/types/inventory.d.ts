import { type Instant } from './time';
/** A document: text, bytes, or the object that they hold. */
export type Document = string | Uint8Array | Record<string, unknown>;
/** What is in a cluster: read from Kubernetes and Prometheus, or in the summary form. */
export declare class ClusterInventory {
    #private;
    /** An inventory in its wire form, or a `cluster_data`. */
    constructor(value: Record<string, unknown>);
    /** What `kubectl get -o json` prints; `asOf` is when it was read, now without one. */
    static fromKubernetes(documents: readonly Document[], options?: {
        cluster?: string;
        asOf?: Instant | null;
    }): ClusterInventory;
    /** An inventory of usage alone. */
    static fromPrometheus(metric: string, answer: Document, options?: {
        cluster?: string;
        asOf?: Instant | null;
        stepSeconds?: number;
    }): ClusterInventory;
    /** The summary form, for the detectors; it holds no pods that a cost could be divided over. */
    static fromClusterData(clusterData: Record<string, unknown>): ClusterInventory;
    /** Adds the answer of a query for `metric`, such as `cpu_usage`, made with this step. */
    addPrometheus(metric: string, answer: Document, options?: {
        stepSeconds?: number;
    }): this;
    /** What was left out or is odd, with where. */
    get diagnostics(): readonly Readonly<Record<string, unknown>>[];
    /** The wire form. */
    toJSON(): Record<string, unknown>;
}
/** GPUs, endpoints, calls to models and training runs over a window, for the detectors of AI workloads. */
export declare class AiInventory {
    #private;
    /**
     * The wire form: `window`, `provider`, `account_id`, `cluster`, `tags`, `prices` and the lists `gpu_containers`, `endpoints`,
     * `provisioned`, `call_groups`, `training_runs`, `evaluations`, `calls`.
     */
    constructor(value: Record<string, unknown>);
    /**
     * The calls that a monitor kept; `window` is `[start, end]` of all of them, from the first to the last without one. A call belongs to
     * the route of its tag `route`, else to its model. Records of training runs are left out; other members are those of the wire form.
     */
    static fromRecords(records: Iterable<unknown>, options?: {
        window?: readonly [Instant, Instant];
        [member: string]: unknown;
    }): AiInventory;
    /** The wire form. */
    toJSON(): Record<string, unknown>;
}
/** A row of a report: amounts as text, ratios as text. */
export interface AllocationRow {
    name: string;
    key: Record<string, string>;
    cost: Record<string, string>;
    attributed: Record<string, string>;
    total: string;
    sharePpm: number | null;
    efficiency: Record<string, string | boolean | null>;
    rows: number;
    unpricedRows: number;
}
/** Rows of an allocation, summed by keys; iterable. */
export declare class AllocationReport {
    #private;
    readonly rows: readonly AllocationRow[];
    readonly total: string;
    readonly currency: string;
    [Symbol.iterator](): Iterator<AllocationRow>;
    /** Comma-separated values whose columns add up to their totals. */
    toCsv(places?: number): string;
    /** A table in Markdown whose columns add up to their totals. */
    toMarkdown(places?: number): string;
    /** The report with the names of the wire. */
    toJSON(): Record<string, unknown>;
}
/** What a cluster costs, divided over its containers: rows, assets, totals; they add up to the last digit. */
export declare class AllocationSet {
    #private;
    /** Rows summed by keys such as `namespace` or `label:team`. */
    aggregate(options: {
        by: readonly string[];
        filter?: Record<string, readonly string[]>;
    }): AllocationReport;
    /** The same by what the bill charges for each asset. */
    reconcile(bill: readonly Record<string, unknown>[]): AllocationSet;
    /** The set with the names of the wire. */
    toJSON(): Record<string, any>;
}
/**
 * Divides what a cluster costs over its containers. `window` is `[start, end]`; the inventory's, else the day before it was read, without
 * one. The other settings are those of the allocation: `idle`, `shared`, `rates`, `labelFallbacks` and so on.
 */
export declare function allocate(inventory: ClusterInventory | Record<string, unknown>, options?: {
    window?: readonly [Instant, Instant];
    prices?: unknown;
    [setting: string]: unknown;
}): AllocationSet;
