import type { Amount } from './budget';
import { type Cost } from './record';
import { type Instant } from './time';
import { type Buckets, type Usage } from './usage';
/** The price that you pay for a model: it wins over everything else. */
export declare class ModelPrice {
    readonly model: string;
    readonly options: ModelPriceOptions;
    constructor(model: string, options?: ModelPriceOptions);
    toJSON(): unknown;
}
/** Rates in USD per million tokens, compute in USD per hour. */
export interface ModelPriceOptions {
    provider?: string;
    hosting?: 'api' | 'self_hosted';
    inputUsdPerMtok?: Amount;
    outputUsdPerMtok?: Amount;
    cacheReadUsdPerMtok?: Amount;
    cacheWriteUsdPerMtok?: Amount;
    computeCostPerHour?: Amount;
}
/** What a name resolves to. */
export interface Resolved {
    provider: string;
    model: string;
    match: 'exact' | 'alias' | 'case_insensitive' | 'provider_prefix' | 'fine_tuned' | 'date_suffix';
    status: 'priced' | 'estimated';
}
/** Dated prices of models, with provenance. */
export declare class Catalogue {
    #private;
    /** A catalogue from its text. */
    static fromJsonl(text: string): Catalogue;
    /** Identifies the bytes that the prices came from. */
    get id(): string;
    /** The day it was built. */
    get generated(): string;
    /** The model that a name stands for: exact or by an anchored form, never by resemblance. */
    resolve(model: string, provider?: string): Resolved;
    /** Every row, or those of one model, as in the catalogue's text and with its id. */
    rows(model?: string): Record<string, unknown>[];
    /** This catalogue with the rows of `text` over it. */
    overlay(text: string): Catalogue;
}
/** The compiled catalogue. */
export declare function prices(): Catalogue;
/** Under which conditions, and by which prices. */
export interface CostOptions {
    provider?: string;
    at?: Instant;
    serviceTier?: string;
    region?: string;
    speed?: string;
    searchContext?: string;
    /** The compiled catalogue unless given. */
    catalogue?: Catalogue;
    onUnknown?: 'raise' | 'null';
}
/** What `usage` of `model` costs; `onUnknown: 'null'` gives status `unpriced` and amounts null instead of an error. */
export declare function cost(model: string, usage: Usage | Buckets, options?: CostOptions): Cost;
/** What a response body says of its call. */
export interface Extracted {
    usage: Record<string, number>;
    provider: string | null;
    model: string | null;
    requestId: string | null;
    finish: string | null;
    serviceTier: string | null;
    region: string | null;
    speed: string | null;
    searchContext: string | null;
    reportedCost: string | null;
    durationNs: number | null;
    parts: {
        model: string | null;
        usage: Record<string, number>;
    }[];
    complete: boolean;
    assumptions: string[];
}
/** Reads the usage of a response body: a parsed body, an SDK's object, JSON text or its bytes. */
export declare function extract(body: unknown, options?: {
    provider?: string;
    model?: string;
}): Extracted;
