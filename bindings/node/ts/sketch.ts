import { Handle, call, guard, native, stringify } from './native'

/** A mergeable sketch of quantiles over whole numbers; a quantile is off by at most 1/128. */
export class Sketch {
  readonly #handle = new Handle(native.objectNew('sketch', '{}'), (id) => native.objectFree(id))

  /** Adds `value` `count` times. */
  add(value: number | bigint, count = 1): void {
    this.#call('add', { value: String(value), count })
  }

  /** The value at rank `ceil(q * n)`; null when nothing was added. */
  quantile(q: number): bigint | null {
    const value = this.#call('quantile', { q }) as string | null
    return value === null ? null : BigInt(value)
  }

  /** Adds everything that `other` holds. */
  merge(other: Sketch): void {
    this.#call('merge', { other: other.#handle.id })
  }

  /** The bucket of a value. */
  static bucket(value: number | bigint): number {
    return call('sketch_bucket', { value: String(value) })
  }

  /** The value that stands for a bucket. */
  static representative(bucket: number): bigint {
    return BigInt(call<string>('sketch_representative', { bucket }))
  }

  #call(method: string, input: unknown): unknown {
    const json = stringify(input)
    return JSON.parse(guard(() => native.objectCall(this.#handle.id, method, json)))
  }
}
