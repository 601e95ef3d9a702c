/** What is in a cluster, and whose cost it is. */
import { writeDocument } from './exact'
import { call, guard, native } from './native'
import { renamed, shown } from './policy-document'
import { type Instant, instantText } from './time'

/** A document: text, bytes, or the object that they hold. */
export type Document = string | Uint8Array | Record<string, unknown>

const bytesOf = (document: Document): Uint8Array =>
  document instanceof Uint8Array ? document : Buffer.from(typeof document === 'string' ? document : JSON.stringify(document))

/** What is in a cluster: read from Kubernetes and Prometheus, or in the summary form. */
export class ClusterInventory {
  #value: Record<string, unknown>
  #diagnostics: Record<string, unknown>[] = []

  /** An inventory in its wire form, or a `cluster_data`. */
  constructor(value: Record<string, unknown>) {
    this.#value = value
  }

  /** What `kubectl get -o json` prints; `asOf` is when it was read, now without one. */
  static fromKubernetes(documents: readonly Document[], options: { cluster?: string; asOf?: Instant | null } = {}): ClusterInventory {
    const read = guard(() => native.inventoryKubernetes(documents.map(bytesOf), options.cluster ?? 'unknown', instantText(options.asOf)))
    return new ClusterInventory({}).#take(read)
  }

  /** An inventory of usage alone. */
  static fromPrometheus(
    metric: string,
    answer: Document,
    options: { cluster?: string; asOf?: Instant | null; stepSeconds?: number } = {},
  ): ClusterInventory {
    return ClusterInventory.fromKubernetes([], options).addPrometheus(metric, answer, options)
  }

  /** The summary form, for the detectors; it holds no pods that a cost could be divided over. */
  static fromClusterData(clusterData: Record<string, unknown>): ClusterInventory {
    return new ClusterInventory(clusterData)
  }

  /** Adds the answer of a query for `metric`, such as `cpu_usage`, made with this step. */
  addPrometheus(metric: string, answer: Document, options: { stepSeconds?: number } = {}): this {
    const text = JSON.stringify(this.#value)
    return this.#take(guard(() => native.inventoryPrometheus(text, metric, bytesOf(answer), options.stepSeconds ?? 60)))
  }

  /** What was left out or is odd, with where. */
  get diagnostics(): readonly Readonly<Record<string, unknown>>[] {
    return this.#diagnostics
  }

  /** The wire form. */
  toJSON(): Record<string, unknown> {
    return this.#value
  }

  #take(text: string): this {
    const read = JSON.parse(text) as { inventory: Record<string, unknown>; diagnostics: Record<string, unknown>[] }
    this.#value = read.inventory
    this.#diagnostics = [...this.#diagnostics, ...read.diagnostics]
    return this
  }
}

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

/** A row of a report: amounts as text, ratios as text. */
export interface AllocationRow {
  name: string
  key: Record<string, string>
  cost: Record<string, string>
  attributed: Record<string, string>
  total: string
  sharePpm: number | null
  efficiency: Record<string, string | boolean | null>
  rows: number
  unpricedRows: number
}

const compute = (kind: string, input: Record<string, unknown>): any =>
  JSON.parse(guard(() => native.topicCall('allocation', kind, writeDocument(input, 'input'))))

/** Rows of an allocation, summed by keys; iterable. */
export class AllocationReport {
  readonly rows: readonly AllocationRow[]
  readonly total: string
  readonly currency: string
  readonly #input: Record<string, unknown>
  readonly #wire: Record<string, unknown>

  /** @internal */
  constructor(input: Record<string, unknown>) {
    this.#input = input
    this.#wire = compute('allocation_report', input) as Record<string, unknown>
    this.rows = (this.#wire.rows as unknown[]).map((row) => shown<AllocationRow>(row, 1))
    this.total = this.#wire.total as string
    this.currency = this.#wire.currency as string
  }

  [Symbol.iterator](): Iterator<AllocationRow> {
    return this.rows[Symbol.iterator]()
  }

  /** Comma-separated values whose columns add up to their totals. */
  toCsv(places = 2): string {
    return compute('allocation_report', { ...this.#input, format: 'csv', places }) as string
  }

  /** A table in Markdown whose columns add up to their totals. */
  toMarkdown(places = 2): string {
    return compute('allocation_report', { ...this.#input, format: 'md', places }) as string
  }

  /** The report with the names of the wire. */
  toJSON(): Record<string, unknown> {
    return this.#wire
  }
}

/** What a cluster costs, divided over its containers: rows, assets, totals; they add up to the last digit. */
export class AllocationSet {
  readonly #input: Record<string, unknown>
  readonly #wire: Record<string, any>

  /** @internal */
  constructor(input: Record<string, unknown>) {
    this.#input = input
    this.#wire = compute('allocation_set', input) as Record<string, any>
  }

  /** Rows summed by keys such as `namespace` or `label:team`. */
  aggregate(options: { by: readonly string[]; filter?: Record<string, readonly string[]> }): AllocationReport {
    return new AllocationReport({ ...this.#input, by: options.by, filter: options.filter ?? null })
  }

  /** The same by what the bill charges for each asset. */
  reconcile(bill: readonly Record<string, unknown>[]): AllocationSet {
    return new AllocationSet({ ...this.#input, bill })
  }

  /** The set with the names of the wire. */
  toJSON(): Record<string, any> {
    return this.#wire
  }
}

/**
 * Divides what a cluster costs over its containers. `window` is `[start, end]`; the inventory's, else the day before it was read, without
 * one. The other settings are those of the allocation: `idle`, `shared`, `rates`, `labelFallbacks` and so on.
 */
export function allocate(
  inventory: ClusterInventory | Record<string, unknown>,
  options: { window?: readonly [Instant, Instant]; prices?: unknown; [setting: string]: unknown } = {},
): AllocationSet {
  const { prices, window, ...settings } = options
  const config = renamed(settings) as Record<string, unknown>
  if (window !== undefined) config.window = window.map((at) => (typeof at === 'string' ? at : instantText(at)))
  const value = inventory instanceof ClusterInventory ? inventory.toJSON() : inventory
  return new AllocationSet({ inventory: value, config, ...(prices === undefined ? {} : { prices }) })
}
