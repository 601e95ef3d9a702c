"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Sketch = void 0;
const native_1 = require("./native");
/** A mergeable sketch of quantiles over whole numbers; a quantile is off by at most 1/128. */
class Sketch {
    #handle = native_1.Handle.object('sketch', '{}');
    /** Adds `value` `count` times. */
    add(value, count = 1) {
        this.#handle.call('add', { value: String(value), count });
    }
    /** The value at rank `ceil(q * n)`; null when nothing was added. */
    quantile(q) {
        const value = this.#handle.call('quantile', { q });
        return value === null ? null : BigInt(value);
    }
    /** Adds everything that `other` holds. */
    merge(other) {
        this.#handle.call('merge', { other: other.#handle.id });
    }
    /** The bucket of a value. */
    static bucket(value) {
        return (0, native_1.call)('sketch_bucket', { value: String(value) });
    }
    /** The value that stands for a bucket. */
    static representative(bucket) {
        return BigInt((0, native_1.call)('sketch_representative', { bucket }));
    }
}
exports.Sketch = Sketch;
