import type { Amount } from './budget';
import { type RowError } from './native';
/** A figure with its range, how good it is, and how it was made. */
export interface Estimate {
    low: number;
    central: number;
    high: number;
    unit: string;
    tier: 'measured' | 'vendor_disclosed' | 'benchmarked' | 'declared' | 'modelled' | 'assumed';
    method: string;
    data: string[];
}
/** Grid intensity: g/kWh, or an intensity or series as `feeds.parse` gives it. */
export type IntensityLike = Amount | Record<string, unknown>;
/** Named arguments in camelCase; the specification of each function is in docs/carbon.md. */
export type Arguments = Record<string, unknown>;
/** A result in camelCase; numbers are JSON numbers. */
export type Result = Record<string, any>;
/** Energy and carbon of one inference, with range, tier and method. */
export declare const estimateInference: (input?: Arguments) => Result;
/** Energy and carbon of one training run. */
export declare const estimateTraining: (input?: Arguments) => Result;
/** Columns of inferences in, columns of joules and kilograms out. */
export declare function estimateInferenceBatch(columns: {
    input: Float64Array;
    output: Float64Array;
}, options?: Arguments): {
    energyJoules: Float64Array;
    carbonKg: Float64Array;
    errors: RowError[];
};
/** The grid intensity of a zone: ISO country, US state, `provider:region`, or `WORLD`. */
export declare const intensity: (zone: string, options?: Arguments) => Result;
/** The PUE of a site and where it came from. */
export declare const pue: (site: string) => Result;
/** Every zone that resolves. */
export declare const zones: () => string[];
export declare const vcpuEnergy: (input?: Arguments) => Result;
export declare const memoryEnergy: (input?: Arguments) => Result;
export declare const storageEnergy: (input?: Arguments) => Result;
export declare const networkEnergy: (input?: Arguments) => Result;
export declare const cpuTdpPower: (input?: Arguments) => Result;
export declare const powerCurve: (input?: Arguments) => Result;
export declare const unitToKwh: (input?: Arguments) => Result;
export declare const unitLbsPerMwh: (input?: Arguments) => Result;
export declare const operational: (input?: Arguments) => Result;
export declare const operationalSeries: (input?: Arguments) => Result;
export declare const seriesAverage: (input?: Arguments) => Result;
export declare const commonBasis: (input?: Arguments) => Result;
export declare const embodied: (input?: Arguments) => Result;
export declare const serverEmbodied: (input?: Arguments) => Result;
export declare const embodiedLlm: (input?: Arguments) => Result;
export declare const prefillAttention: (input?: Arguments) => Result;
export declare const water: (input?: Arguments) => Result;
export declare const rangeArithmetic: (input?: Arguments) => Result;
export declare const exactSum: (input?: Arguments) => Result;
export declare const sci: (input?: Arguments) => Result;
export declare const compareRegions: (input?: Arguments) => Result;
export declare const bestWindow: (input?: Arguments) => Result;
export declare const bestSlots: (input?: Arguments) => Result;
export declare const windowAllocation: (input?: Arguments) => Result;
export declare const raplCounter: (input?: Arguments) => Result;
export declare const raplTree: (input?: Arguments) => Result;
export declare const nvmlCounter: (input?: Arguments) => Result;
export declare const migAllocation: (input?: Arguments) => Result;
export declare const counters: (input?: Arguments) => Result;
export declare const configuration: (input?: Arguments) => Result;
/** The request that asks an intensity service: method, URL and headers, secrets included; sending it is yours. */
export declare const feedsRequest: (feed: string, parameters?: Arguments) => FeedRequest;
/** What an intensity service answered, as text or parsed: an intensity, a series, a region's row or a token. */
export declare const feedsParse: (feed: string, body: unknown, select?: Arguments) => Result;
/** A request for an intensity service. */
export interface FeedRequest {
    method: string;
    url: string;
    headers: Record<string, string>;
    timeoutS: number;
}
