/** Whose cost a cluster's is. */
import { writeDocument } from './exact'
import { ClusterInventory } from './inventory'
import { Handle, guard, native } from './native'
import { renamed, shown } from './policy-document'
import { type Instant, instantText } from './time'

/** What a row costs, by resource, as exact text. */
export interface AllocationCost {
  cpu: string
  memory: string
  gpu: string
  volume: string
  load_balancer: string
  network: string
  external: string
  /** What the row costs as the set distributes it: with idle time and shared costs where those are shared. */
  total: string
}

/** What idle time and shared costs add to a row; what is 0 may be left out. */
export type AttributedCost = Partial<Record<'idle' | 'shared' | 'shared_idle', string>>

/** Used over requested as exact text, to six places; null where nothing is known. */
export interface AllocationEfficiency {
  cpu: string | null
  memory: string | null
  /** Of both, weighted by what they cost. */
  total: string | null
  /** Whether something was used without a request, which counts as 1. */
  no_request?: boolean
}

/** A row of a report. */
export interface AllocationRow {
  name: string
  key: Record<string, string>
  cost: AllocationCost
  attributed: AttributedCost
  /** What it costs, as exact text. */
  total: string
  /** What it costs as a number, in sets in USD; null in others. */
  totalUsd: number | null
  sharePpm: number | null
  efficiency: AllocationEfficiency
  rows: number
  unpricedRows: number
  node?: Record<string, any>
}

/** A row of a set: a container, the rest of a pod, or what no pod has. Costs are null where they are unknown. */
export interface AllocationEntry {
  /** Cluster, node, namespace, pod and container. */
  key: [string, string, string, string, string]
  owner?: { kind: string; name: string }
  services?: string[]
  labels?: Record<string, string>
  start?: string
  end?: string
  requested?: Record<string, string>
  used?: Record<string, string> | null
  claimed?: Record<string, string>
  usageBasis?: Record<'cpu' | 'memory', 'none' | 'average' | 'series'>
  coveragePpm?: Record<'cpu' | 'memory', number | null>
  cost: AllocationCost | null
  attributed?: AttributedCost
  total: string | null
  totalUsd: number | null
  status: 'priced' | 'unpriced' | 'partly_priced' | 'undistributed'
  [more: string]: unknown
}

const COLUMNS = ['cpu', 'memory', 'gpu', 'volume', 'load_balancer', 'network', 'external'] as const
/** Rows that become objects at once while somebody iterates. */
const CHUNK = 1024
const MOST = 2 ** 32 - 1

interface Head {
  rows: number
  currency: string
}

function face<T>(row: unknown, currency: string): T {
  const wire = shown<Record<string, any>>(row, 1)
  const total = wire.total as string | null
  wire.totalUsd = total !== null && currency === 'USD' ? Number(total) : null
  if (wire.cost !== null && total !== null) {
    const cost = wire.cost as Record<string, string>
    wire.cost = { ...Object.fromEntries(COLUMNS.map((column) => [column, cost[column] ?? '0'])), total }
  }
  return wire as T
}

function* chunks<T>(count: number, read: (start: number, count: number) => T[]): Generator<T, void> {
  for (let start = 0; start < count; start += CHUNK) yield* read(start, CHUNK)
}

/** Rows of an allocation, summed by keys; iterable. */
export class AllocationReport {
  readonly #handle: Handle
  readonly #head: Head
  #wire: Record<string, any> | undefined

  /** @internal */
  constructor(id: number) {
    this.#handle = new Handle(id, native.reportFree)
    this.#head = JSON.parse(this.#text('head')) as Head
  }

  /** How many rows there are. */
  get length(): number {
    return this.#head.rows
  }

  get currency(): string {
    return this.#head.currency
  }

  /** The sum of the rows, as exact text. */
  get total(): string {
    return this.toJSON().total as string
  }

  /** The rows, in the order of their keys. */
  get rows(): readonly AllocationRow[] {
    return this.slice()
  }

  /** The rows from `start` to before `end`. */
  slice(start = 0, end = this.length): AllocationRow[] {
    const rows = JSON.parse(this.#text('rows', start, Math.max(0, end - start))) as unknown[]
    return rows.map((row) => face<AllocationRow>(row, this.currency))
  }

  [Symbol.iterator](): Iterator<AllocationRow> {
    return chunks(this.length, (start, count) => this.slice(start, start + count))
  }

  /** Comma-separated values whose columns add up to their totals. */
  toCsv(places = 2): string {
    return this.#text('csv', 0, 0, places)
  }

  /** A table in Markdown whose columns add up to their totals. */
  toMarkdown(places = 2): string {
    return this.#text('md', 0, 0, places)
  }

  /** The report with the names of the wire. */
  toJSON(): Record<string, any> {
    this.#wire ??= JSON.parse(this.#text('json')) as Record<string, any>
    return this.#wire
  }

  #text(method: 'json' | 'head' | 'rows' | 'csv' | 'md', start = 0, count = 0, places = 0): string {
    return guard(() => native.reportMethod(this.#handle.id, method, start, Math.min(count, MOST), places))
  }
}

/** What a bill charges for an asset in a period. */
export interface AssetCharge {
  /** What the provider calls it: the provider id of a node, a volume id, an instance id. */
  providerId: string
  period: readonly [Instant, Instant]
  amount: string | number
  [more: string]: unknown
}

/** What stands outside the cluster, for example a database. */
export interface ExternalCharge {
  name: string
  namespace?: string
  labels?: Record<string, string>
  amount: string | number
}

const windowText = (window: readonly Instant[]): string[] => window.map((at) => (typeof at === 'string' ? at : instantText(at)))

const charge = (line: AssetCharge | Record<string, unknown>): Record<string, unknown> => {
  const wire = renamed(line) as Record<string, unknown>
  return Array.isArray(wire.period) ? { ...wire, period: windowText(wire.period as Instant[]) } : wire
}

/**
 * What a cluster costs, divided over its containers: rows, assets, totals; they add up to the last digit. It is allocated once and held in
 * the engine's memory.
 */
export class AllocationSet {
  readonly #handle: Handle
  readonly #head: Head
  #wire: Record<string, any> | undefined

  /** @internal */
  constructor(id: number) {
    this.#handle = new Handle(id, native.allocationFree)
    this.#head = JSON.parse(this.#text('head')) as Head
  }

  /** How many rows there are. */
  get length(): number {
    return this.#head.rows
  }

  get currency(): string {
    return this.#head.currency
  }

  /** The cost of the assets less the rows: always `0`. */
  get difference(): string {
    return this.toJSON().difference as string
  }

  /** The rows from `start` to before `end`, in the order of their keys. */
  slice(start = 0, end = this.length): AllocationEntry[] {
    const rows = JSON.parse(this.#text('rows', start, Math.max(0, end - start))) as unknown[]
    return rows.map((row) => face<AllocationEntry>(row, this.currency))
  }

  [Symbol.iterator](): Iterator<AllocationEntry> {
    return chunks(this.length, (start, count) => this.slice(start, start + count))
  }

  /** Rows summed by keys such as `namespace` or `label:team`; a filter only hides rows. */
  aggregate(options: { by: readonly string[] | string; filter?: Record<string, readonly string[]> }): AllocationReport {
    const json = writeDocument({ by: options.by, filter: options.filter ?? null }, 'by')
    return new AllocationReport(guard(() => native.allocationAggregate(this.#handle.id, json)))
  }

  /** The same by what the bill charges for each asset, and with what stands outside the cluster. An asset without a charge keeps its price. */
  reconcile(
    bill: readonly (AssetCharge | Record<string, unknown>)[] | null,
    options: { external?: readonly ExternalCharge[] } = {},
  ): AllocationSet {
    const json = writeDocument({ bill: bill?.map(charge) ?? null, external: options.external ?? null }, 'bill')
    return new AllocationSet(guard(() => native.allocationReconcile(this.#handle.id, json)))
  }

  /** The sum of the sets of several windows of one cluster, days to a month for example. */
  static accumulate(sets: readonly AllocationSet[]): AllocationSet {
    const handles = sets.map((set) => set.#handle.id)
    return new AllocationSet(guard(() => native.allocationAccumulate(handles)))
  }

  /** The set with the names of the wire. */
  toJSON(): Record<string, any> {
    this.#wire ??= JSON.parse(this.#text('json')) as Record<string, any>
    return this.#wire
  }

  #text(method: 'json' | 'head' | 'rows', start = 0, count = 0): string {
    return guard(() => native.allocationMethod(this.#handle.id, method, start, Math.min(count, MOST)))
  }
}

/** How a cluster's cost is divided; the other settings are those of the allocation: `overAllocation`, `rates`, `labelFallbacks` and so on. */
export interface AllocateOptions {
  /** Start and end: instants or dates, which are their midnight in UTC. */
  window?: readonly [Instant, Instant] | { start: Instant; end: Instant }
  idle?: 'keep' | 'share'
  shared?: readonly Record<string, unknown>[]
  prices?: unknown
  [setting: string]: unknown
}

/**
 * Divides what a cluster costs over its containers. Without a `window` it is the inventory's, else the day before it was read.
 */
export function allocate(inventory: ClusterInventory | Record<string, unknown>, options: AllocateOptions = {}): AllocationSet {
  const { prices, window, ...settings } = options
  const config = renamed(settings) as Record<string, unknown>
  if (window !== undefined) config.window = windowText('start' in window ? [window.start, window.end] : window)
  const value = inventory instanceof ClusterInventory ? inventory : new ClusterInventory(inventory)
  const json = writeDocument({ config, ...(prices === undefined ? {} : { prices }) }, 'config')
  return new AllocationSet(guard(() => native.clusterAllocate(ClusterInventory.handle(value), json)))
}
