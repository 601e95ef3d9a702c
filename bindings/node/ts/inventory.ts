/** What is in a cluster, and whose cost it is. */
import { writeDocument } from './exact'
import { guard, native } from './native'
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

  /**
   * The summary form; its time is `asOf`, else its own, else now. It places no workload on a node and gives nodes no capacity: `allocate`
   * prices its volumes, and lists workloads and nodes as unpriced, each with the reason.
   */
  static fromClusterData(clusterData: Record<string, unknown>, options: { asOf?: Instant | null } = {}): ClusterInventory {
    const own = options.asOf == null && clusterData.as_of != null
    const value = own ? clusterData : { ...clusterData, as_of: instantText(options.asOf) }
    const inventory = new ClusterInventory(value)
    inventory.#diagnostics = compute('read_cluster_data', { cluster_data: value }).diagnostics as Record<string, unknown>[]
    return inventory
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
