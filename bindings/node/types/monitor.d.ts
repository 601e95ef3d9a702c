import { type Amount, type Reservation } from './budget';
import type { IntensityLike } from './carbon';
import { type AnyRecord, type Batch, type BatchResult, type InferenceOptions, type MetricsOptions, type MonitorOptions } from './options';
import { type ResponseOptions, type Stats, type SummaryRow } from './options';
import type { ModelPrice } from './prices';
import { type Cost, InferenceRecord, type Metadata, TrainingRecord } from './record';
import { StreamMeter } from './stream';
import { type Instant } from './time';
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
