import type { Usage } from './usage';
import type { Estimate } from './carbon';
/** What a caller may hang on a call; tags are read from it, the rest is kept by reference. */
export type Metadata = Record<string, unknown>;
/** A wire form: snake_case, money, joules and kilograms as decimal strings. */
export type Wire = Record<string, unknown>;
/** How far a price can be trusted. */
export type Status = 'priced' | 'estimated' | 'unpriced' | 'provider_reported';
/** Where a price came from. */
export type PriceSource = 'custom' | 'configured' | 'provider' | 'catalogue' | 'default';
/** One line of a cost; `amount` is null when the price has no rate for the unit. */
export interface LineItem {
    unit: string;
    quantity: string | number;
    rate: string | null;
    per: string;
    amount: string | null;
    model?: string | null;
}
/** An exact cost in USD; amounts are decimal strings, null when not known. */
export interface Cost {
    total: string | null;
    input: string | null;
    output: string | null;
    compute: string | null;
    other: string | null;
    lineItems: LineItem[];
    status: Status;
    priceSource: PriceSource | null;
    assumptions: string[];
    catalogue: string | null;
    priceRows: string[];
    listPrice: string | null;
    reported: string | null;
    /** Items, one sentence an assumption, row ids and sources. */
    explain(): string;
}
/**
 * What one inference cost, used and emitted.
 *
 * Own properties are plain numbers, so that `console.log` shows them; the exact side (`cost`, `usage`, `energy`, `carbon`, `toJSON()`) is
 * computed when asked for, from the rates and factors that the record was made with.
 */
export declare class InferenceRecord {
    #private;
    /** RFC 3339 in UTC with milliseconds. */
    readonly timestamp: string;
    readonly model: string;
    readonly inputTokens: number;
    readonly outputTokens: number;
    readonly totalTokens: number;
    readonly durationMs: number | null;
    readonly inputCostUsd: number | null;
    readonly outputCostUsd: number | null;
    readonly computeCostUsd: number | null;
    readonly unitCostUsd: number | null;
    readonly energyJoules: number;
    readonly carbonKg: number;
    readonly carbonIntensityGPerKwh: number;
    /** The caller's object itself, present only when it was given. */
    readonly metadata?: Metadata;
    /** The exact cost with its line items. */
    get cost(): Cost;
    /** Every token bucket and counter. */
    get usage(): Partial<Usage>;
    /** Joules with range, tier and method. */
    get energy(): Estimate;
    /** Operational carbon with range, tier and method. */
    get carbon(): Estimate;
    /** Embodied carbon in kilograms, where it is modelled. */
    get embodiedKg(): number | null;
    get status(): Status;
    get priceSource(): PriceSource | null;
    get provider(): string | null;
    get requestedModel(): string | null;
    get tags(): Record<string, string>;
    get requestId(): string | null;
    get finish(): string | null;
    get outcome(): string;
    /** False for a stream that broke off. */
    get complete(): boolean;
    get serviceTier(): string | null;
    /** Whatever was assumed about usage, price, energy and carbon. */
    get assumptions(): string[];
    /** The wire form: snake_case, money, joules and kilograms as exact decimal strings. */
    toJSON(): Wire;
}
/** What one training run cost, used and emitted. */
export declare class TrainingRecord {
    #private;
    readonly timestamp: string;
    readonly type = "training";
    readonly model: string;
    readonly durationHours: number;
    readonly gpuCount: number;
    readonly computeCostUsd: number;
    readonly energyJoules: number;
    readonly carbonKg: number;
    readonly carbonIntensityGPerKwh: number;
    readonly metadata?: Metadata;
    /** Joules with range, tier and method. */
    get energy(): Estimate;
    /** Operational carbon with range, tier and method. */
    get carbon(): Estimate;
    get tags(): Record<string, string>;
    get assumptions(): string[];
    /** The wire form: snake_case, money, joules and kilograms as exact decimal strings. */
    toJSON(): Wire;
}
