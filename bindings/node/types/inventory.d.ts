import { type Day } from './time';
/** A document: text, bytes, or the object that they hold. Bytes are read where they lie. */
export type Document = string | Uint8Array | Record<string, unknown>;
/** A remark: what was left out or is odd, with where it stands as far as that is known. */
export interface Diagnostic {
    code: string;
    message: string;
    document?: number;
    index?: number;
    path?: string;
    subject?: string;
    resource?: string;
    count?: number;
}
/** The query that a metric expects. */
export interface PrometheusQuery {
    metric: string;
    unit: string;
    query: string;
    windowSeconds: number;
    stepSeconds: number;
}
/**
 * What is in a cluster: read from Kubernetes and Prometheus, or in the summary form. It is held in the engine's memory; nothing of it
 * becomes an object of JavaScript until it is asked for.
 */
export declare class ClusterInventory {
    #private;
    /** An inventory in its wire form, or a `cluster_data`, whose time is `asOf`, else its own, else now. */
    constructor(value: Record<string, unknown>, options?: {
        asOf?: Day | null;
    });
    /** What `kubectl get -o json` prints; `asOf` is when it was read: an instant, or a date, which is its midnight in UTC; now without one. */
    static fromKubernetes(documents: readonly Document[], options?: {
        cluster?: string;
        asOf?: Day | null;
    }): ClusterInventory;
    /**
     * As `fromKubernetes`, read by another thread while JavaScript goes on: the documents are copied, and a large cluster takes as long as
     * before. Refusals reject the promise.
     *
     * ```js
     * const inventory = await ClusterInventory.fromKubernetesAsync([pods, nodes], { cluster: 'prod' })
     * ```
     */
    static fromKubernetesAsync(documents: readonly Document[], options?: {
        cluster?: string;
        asOf?: Day | null;
    }): Promise<ClusterInventory>;
    /** An inventory of usage alone. */
    static fromPrometheus(metric: string, answer: Document, options?: {
        cluster?: string;
        asOf?: Day | null;
        stepSeconds?: number;
    }): ClusterInventory;
    /**
     * The summary form; its time is `asOf`, else its own, else now. It places no workload on a node and gives nodes no capacity: `allocate`
     * prices its volumes, and lists workloads and nodes as unpriced, each with the reason.
     */
    static fromClusterData(clusterData: Record<string, unknown>, options?: {
        asOf?: Day | null;
    }): ClusterInventory;
    /** The query that each metric of `addPrometheus` expects. */
    static queries(options?: {
        windowSeconds?: number;
        stepSeconds?: number;
    }): PrometheusQuery[];
    /** Adds the answer of a query for `metric`, such as `cpu_usage`, made with this step. Answers in several pieces of time are joined. */
    addPrometheus(metric: string, answer: Document, options?: {
        stepSeconds?: number;
    }): this;
    /** As `addPrometheus`, read by another thread while JavaScript goes on; the answer is copied. Answers are added as they are read. */
    addPrometheusAsync(metric: string, answer: Document, options?: {
        stepSeconds?: number;
    }): Promise<this>;
    /** The name of the cluster. */
    get cluster(): string;
    /** What was left out or is odd, with where. */
    get diagnostics(): readonly Readonly<Diagnostic>[];
    /** The wire form. */
    toJSON(): Record<string, unknown>;
}
