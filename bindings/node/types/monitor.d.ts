import { type Amount, Budgets, type Reservation } from './budget';
import type { IntensityLike } from './carbon';
import { type RowError } from './native';
import { Catalogue, type ModelPrice } from './prices';
import { type Cost, InferenceRecord, type Metadata, TrainingRecord } from './record';
import { type Instant } from './time';
import { type Buckets, type Usage } from './usage';
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
type AnyRecord = InferenceRecord | TrainingRecord;
/** Meters inference and training: cost, energy and carbon of every call, in bounded memory. */
export declare class ResourceMonitor {
    #private;
    constructor(options?: MonitorOptions);
    /** Logs one inference and returns its record. */
    logInference(model: string, inputTokens: number, outputTokens: number, durationMs?: number | null, metadata?: Metadata | null, options?: InferenceOptions): InferenceRecord;
    /** Logs the call that a response body tells of: a parsed body, an SDK's object, JSON text or its bytes. */
    logResponse(response: unknown, options?: ResponseOptions): InferenceRecord;
    /** Logs one training run. */
    logTraining(model: string, durationHours: number | string, gpuCount?: number, metadata?: Metadata | null, options?: {
        gpuPowerKw?: Amount;
        at?: Instant;
    }): TrainingRecord;
    /** Logs columns at once: roll-ups, budgets and totals, no records. */
    logBatch(batch: Batch): BatchResult;
    /** A meter for one streamed response: push its events, or wrap its iterator. */
    stream(provider: string | null, options?: {
        model?: string;
        requestId?: string;
        metadata?: Metadata;
    }): StreamMeter;
    /** What a call would cost at most; nothing is logged. */
    estimate(model: string, inputTokens: number, maxOutputTokens?: number, options?: {
        provider?: string;
        serviceTier?: string;
        at?: Instant;
    }): Cost;
    /** Holds the estimate's upper bound in every budget that covers the call. */
    reserve(model: string, inputTokens: number, maxOutputTokens: number, options?: {
        metadata?: Metadata;
        ttlS?: number;
        provider?: string;
        at?: Instant;
    }): Reservation;
    /** The records that the ring still holds, oldest first; a number is the limit. */
    getMetrics(options?: number | MetricsOptions): AnyRecord[];
    /** Empties ring, roll-ups and ids; configuration, budgets and sinks stay. */
    resetMetrics(): void;
    /** Takes the records that no drain has taken yet, oldest first. */
    drain(max?: number): AnyRecord[];
    /** Exact sums of everything logged, by any subset of `provider`, `model`, `status` and the tags. */
    summary(groupBy?: string[], options?: {
        where?: Record<string, string | null>;
    }): SummaryRow[];
    /** Lengths of the tables and counts of what was kept and lost. */
    stats(): Stats;
    /** OpenMetrics 1.0 text. */
    openmetrics(): string;
    /** Sets or replaces the price of a model from now on. */
    setPrice(price: ModelPrice): void;
    /** Swaps the grid intensity, a number of g/kWh or a series, from now on. */
    setGrid(grid: IntensityLike): void;
    /** Totals and counters as text, for `restore`. Records are not in it: drain them. */
    snapshot(): string;
    /** Takes totals and counters from what `snapshot` wrote, in place of its own; records and configuration stay. */
    restore(text: string): void;
    /** Adds the totals of another monitor; its records stay there. */
    merge(other: ResourceMonitor): void;
    /** The exact settings, and where each came from: constructor, environment, region, assignment or default. */
    get config(): Record<string, {
        value: string;
        source: string;
    }>;
    /** USD per 1,000 input tokens. Assigning makes it explicit, so that it wins over the catalogue. */
    get costPer1kInputTokens(): number;
    set costPer1kInputTokens(value: Amount);
    /** USD per 1,000 output tokens. */
    get costPer1kOutputTokens(): number;
    set costPer1kOutputTokens(value: Amount);
    /** USD per hour of compute. */
    get computeCostPerHour(): number;
    set computeCostPerHour(value: Amount);
    /** Watt-hours per 1,000 tokens. */
    get energyWhPer1kTokens(): number;
    set energyWhPer1kTokens(value: Amount);
    /** Grams of CO2e per kilowatt-hour; may be assigned as the grid changes. */
    get carbonIntensityGPerKwh(): number;
    set carbonIntensityGPerKwh(value: Amount);
    /** Kilowatts of one GPU in training. */
    get gpuPowerKw(): number;
    set gpuPowerKw(value: Amount);
    /**
     * Hands undrained records to `write` every `everyS` seconds, `batch` at a time. A failed batch, a throw or a rejected promise, is tried
     * once more before new ones, then counted in `sinkErrors` and `dropped`. The timer keeps no process alive.
     */
    startSink(write: (records: AnyRecord[]) => void | Promise<void>, options?: {
        everyS?: number;
        batch?: number;
    }): void;
    /** Stops the sink after a last flush, which has ended when this returns, or when the promise does if `write` gives promises. */
    stopSink(): Promise<void>;
}
/** Which records to read. */
export interface MetricsOptions {
    /** At most so many, the newest; still oldest first. */
    limit?: number;
    type?: 'inference' | 'training';
    model?: string;
    since?: Instant;
}
/** Usage of one streamed response; events may repeat or arrive twice. */
export declare class StreamMeter {
    #private;
    /** Reads one event, parsed; or text or bytes of the stream, cut anywhere. */
    push(event: unknown): void;
    /**
     * Passes the events of an iterator on, reading each one, and logs the call: when it ends, as an error when it breaks off, as cancelled
     * when the consumer stops early.
     */
    wrap<T>(events: AsyncIterable<T> | Iterable<T>, options?: FinishOptions): AsyncGenerator<T, InferenceRecord>;
    /** Logs the call; `complete` of the record is false when the end marker never came. */
    finish(options?: FinishOptions): InferenceRecord;
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
export {};
