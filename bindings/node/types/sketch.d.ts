/** A mergeable sketch of quantiles over whole numbers; a quantile is off by at most 1/128. */
export declare class Sketch {
    #private;
    /** Adds `value` `count` times. */
    add(value: number | bigint, count?: number): void;
    /** The value at rank `ceil(q * n)`; null when nothing was added. */
    quantile(q: number): bigint | null;
    /** Adds everything that `other` holds. */
    merge(other: Sketch): void;
    /** The bucket of a value. */
    static bucket(value: number | bigint): number;
    /** The value that stands for a bucket. */
    static representative(bucket: number): bigint;
}
