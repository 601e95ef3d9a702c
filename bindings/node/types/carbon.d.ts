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
    /** Carbon of making the hardware, where it is modelled. */
    embodied?: Estimate;
}
/** Grid intensity: g/kWh, or a range, or an intensity or series as `feeds.parse` gives it. */
export type IntensityLike = Amount | [low: number, high: number] | Record<string, unknown>;
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
export declare const llmEcologits: (input?: Arguments) => Result;
export declare const llmFinops: (input?: Arguments) => Result;
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
/** Intensity services: what to ask them, and what they answered. Sending the request is yours. */
export declare const feeds: {
    /** The request that asks a feed, such as `electricity_maps.latest`: method, URL and headers, secrets included. */
    request(feed: string, parameters?: Arguments): FeedRequest;
    /** What a feed answered, as text or parsed: `intensity`, `series`, `region` or `token`. */
    parse(feed: string, body: unknown, select?: Arguments): Result;
};
/** Energy meters of this machine. `MeterError` where there is none: `meter.unavailable`, `meter.permission`. */
export declare const meters: {
    /** The RAPL counters of processors and memory. */
    rapl: (root?: string) => Meter;
    /** The energy counters of NVIDIA's GPUs. */
    nvml: () => Meter;
};
/** A request for an intensity service. */
export interface FeedRequest {
    method: string;
    url: string;
    headers: Record<string, string>;
    timeoutS: number;
}
/** Joules since a meter was opened; null where nothing is known, never 0. */
export interface MeterReading {
    measuredJoules: number | null;
    /** Between samples that were too far apart to be sure. */
    filledJoules: number | null;
    unknownS: number;
    tier: string | null;
    assumptions: string[];
    elapsedS: number;
    devices: {
        name: string;
        measuredJoules: number | null;
        filledJoules: number | null;
        unknownS: number;
        tier: string | null;
        assumptions: string[];
    }[];
}
/** Counts the joules of this machine since it was opened. A timer that keeps no process alive samples it before a counter can wrap. */
export declare class Meter {
    #private;
    readonly meter: string;
    readonly devices: {
        name: string;
        id: string;
        limitW: number | null;
    }[];
    /** Takes a sample now. */
    read(): MeterReading;
    /** Takes a last sample and stops the timer. */
    stop(): MeterReading;
    [Symbol.dispose](): void;
}
