import { Handle, call } from './native'

/** A mergeable sketch of quantiles over whole numbers; a quantile is off by at most 1/128. */
export class Sketch {
  readonly #handle = Handle.object('sketch', '{}')

  /** Adds `value` `count` times. */
  add(value: number | bigint, count = 1): void {
    this.#handle.call('add', { value: String(value), count })
  }

  /** The value at rank `ceil(q * n)`; null when nothing was added. */
  quantile(q: number): bigint | null {
    const value = this.#handle.call<string | null>('quantile', { q })
    return value === null ? null : BigInt(value)
  }

  /** Adds everything that `other` holds. */
  merge(other: Sketch): void {
    this.#handle.call('merge', { other: other.#handle.id })
  }

  /** The bucket of a value. */
  static bucket(value: number | bigint): number {
    return call('sketch_bucket', { value: String(value) })
  }

  /** The value that stands for a bucket. */
  static representative(bucket: number): bigint {
    return BigInt(call<string>('sketch_representative', { bucket }))
  }
}
