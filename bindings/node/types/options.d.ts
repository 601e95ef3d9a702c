/** What callers say to a monitor, and what it answers. */
import type { Amount, Budgets, Reservation } from './budget';
import type { IntensityLike } from './carbon';
import type { RowError } from './native';
import type { Catalogue, ModelPrice } from './prices';
import type { InferenceRecord, Metadata, TrainingRecord } from './record';
import type { Instant } from './time';
import type { Buckets, Usage } from './usage';
/** A record of either kind; `type` of a training run is `training`. */
export type AnyRecord = InferenceRecord | TrainingRecord;
/** Constructor arguments; what is left out comes from the environment, then from the defaults. */
export interface MonitorOptions {
    costPer1kInputTokens?: Amount;
    costPer1kOutputTokens?: Amount;
    costPer1kCachedInputTokens?: Amount;
    computeCostPerHour?: Amount;
    energyWhPer1kTokens?: Amount;
    carbonIntensityGPerKwh?: Amount;
    gpuPowerKw?: Amount;
    models?: ModelPrice[];
    prices?: Catalogue;
    useCatalogue?: boolean;
    strict?: boolean;
    tags?: string[];
    tagAliases?: Record<string, string>;
    maxRecords?: number;
    maxGroups?: number;
    maxUnknownModels?: number;
    budgets?: Budgets;
    /** Milliseconds since 1970; `Date.now` by default. */
    clock?: () => number;
    /** Instead of `process.env`. */
    env?: Record<string, string | undefined>;
    energyMethod?: 'flat' | 'auto' | 'parameters' | 'ecologits';
    energyBoundary?: 'facility' | 'it';
    whPer1k?: Record<string, Amount> | 'api_anchors';
    region?: string;
    /** What an unknown region gives; an error unless said otherwise. */
    onUnknown?: 'error' | 'world';
    pue?: Amount | [low: number, high: number];
    grid?: IntensityLike;
    modelParams?: Record<string, unknown>;
    /** Requests served together. */
    batch?: number | [low: number, high: number];
    bits?: number;
    wueDatacentre?: number | [low: number, high: number];
    wueGrid?: number | [low: number, high: number];
}
/** What a caller may say of an inference beside its counts. */
export interface InferenceOptions {
    provider?: string;
    usage?: Usage | Buckets;
    cacheReadTokens?: number;
    cacheWriteTokens?: number;
    cacheWrite1hTokens?: number;
    reasoningTokens?: number;
    serviceTier?: string;
    region?: string;
    requestId?: string;
    outcome?: 'ok' | 'error' | 'cancelled';
    finish?: string;
    trace?: {
        session?: string;
        promptHash?: string;
        prefixHash?: string;
        prefixTokens?: number;
        toolHash?: string;
    };
    at?: Instant;
    reservation?: Reservation | string;
}
/** What a caller may say of a response body. */
export interface ResponseOptions extends Omit<InferenceOptions, 'usage'> {
    model?: string;
    durationMs?: number;
    metadata?: Metadata;
}
/** Columns of calls; `modelIndex` points into `models`. */
export interface Batch {
    models: string[];
    modelIndex: Uint32Array;
    inputTokens: Float64Array;
    outputTokens: Float64Array;
    durationMs?: Float64Array;
    provider?: string;
    at?: Instant;
}
/** What a batch cost, row by row and in all; a bad row is an error with its index and NaN in the columns. */
export interface BatchResult {
    costUsd: Float64Array;
    energyJoules: Float64Array;
    carbonKg: Float64Array;
    /** Exact sum of the rows that have a price. */
    totalUsd: string | null;
    totalEnergyJoules: number;
    totalCarbonKg: number;
    totalTokens: string;
    /** Rows that were logged. */
    logged: number;
    /** Rows among them without a price. */
    unpriced: number;
    errors: RowError[];
}
/** One group of a summary: the keys it was grouped by, and exact sums as decimal strings. */
export interface SummaryRow {
    [key: string]: unknown;
    requests: number;
    errors: number;
    unpriced: number;
    totalTokens: number | string;
    costUsd: string | null;
    energyJoules: number | null;
    carbonKg: number | null;
}
/** Counts of a monitor's own state. */
export interface Stats {
    [key: string]: number;
    records: number;
    requests: number;
    errors: number;
    dropped: number;
    sinkErrors: number;
}
/** Which records to read. */
export interface MetricsOptions {
    /** At most so many, the newest; still oldest first. */
    limit?: number;
    type?: 'inference' | 'training';
    model?: string;
    since?: Instant;
}
/** What a caller may say when a stream has ended. */
export interface FinishOptions {
    durationMs?: number;
    outcome?: 'ok' | 'error' | 'cancelled';
    serviceTier?: string;
    region?: string;
    trace?: InferenceOptions['trace'];
    at?: Instant;
    reservation?: Reservation | string;
}
