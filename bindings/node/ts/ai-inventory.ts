/** What workloads of AI use, for the detectors. */
import { call } from './native'
import { type Instant, instantText } from './time'

/** GPUs, endpoints, calls to models and training runs over a window, for the detectors of AI workloads. */
export class AiInventory {
  readonly #value: Record<string, unknown>

  /**
   * The wire form: `window`, `provider`, `account_id`, `cluster`, `tags`, `prices` and the lists `gpu_containers`, `endpoints`,
   * `provisioned`, `call_groups`, `training_runs`, `evaluations`, `calls`.
   */
  constructor(value: Record<string, unknown>) {
    this.#value = value
  }

  /**
   * The calls that a monitor kept; `window` is `[start, end]` of all of them, from the first to the last without one. A call belongs to
   * the route of its tag `route`, else to its model. Records of training runs are left out; other members are those of the wire form.
   */
  static fromRecords(records: Iterable<unknown>, options: { window?: readonly [Instant, Instant]; [member: string]: unknown } = {}): AiInventory {
    const { window, ...members } = options
    const calls = call<Record<string, unknown>[]>('call_facts', { records: [...records] })
    const times = calls.map((one) => one.at as string).sort()
    const ends = window === undefined ? [times[0], times.at(-1)] : window.map((at) => (typeof at === 'string' ? at : instantText(at)))
    if (ends[0] === undefined || ends[0] === ends[1]) {
      throw new TypeError('the calls span no time: give the `window` that they are all of')
    }
    return new AiInventory({ ...members, window: { start: ends[0], end: ends[1] }, calls })
  }

  /** The wire form. */
  toJSON(): Record<string, unknown> {
    return this.#value
  }
}
