/** What is in a cluster. */
import { ConfigError } from './errors'
import { writeDocument } from './exact'
import { Handle, guard, guardLater, native } from './native'
import { shown } from './policy-document'
import { type Day, dayText } from './time'

/** A document: text, bytes, or the object that they hold. Bytes are read where they lie. */
export type Document = string | Uint8Array | Record<string, unknown>

/** A remark: what was left out or is odd, with where it stands as far as that is known. */
export interface Diagnostic {
  code: string
  message: string
  document?: number
  index?: number
  path?: string
  subject?: string
  resource?: string
  count?: number
}

/** The query that a metric expects. */
export interface PrometheusQuery {
  metric: string
  unit: string
  query: string
  windowSeconds: number
  stepSeconds: number
}

const bytesOf = (document: Document): Uint8Array =>
  document instanceof Uint8Array ? document : Buffer.from(typeof document === 'string' ? document : JSON.stringify(document))

const MOST = 2 ** 32 - 1

function seconds(value: number, path: string): number {
  if (Number.isInteger(value) && value >= 1 && value <= MOST) return value
  throw new ConfigError(`\`${path}\` is \`${String(value)}\`: give whole seconds, at least 1`, 'config.invalid', path)
}

/** Stands in the place of a value for an inventory that is read natively. */
const HELD = Symbol('held')

const held = (read: () => number): Handle => new Handle(guard(read), native.clusterFree)

/**
 * What is in a cluster: read from Kubernetes and Prometheus, or in the summary form. It is held in the engine's memory; nothing of it
 * becomes an object of JavaScript until it is asked for.
 */
export class ClusterInventory {
  readonly #handle: Handle

  /** An inventory in its wire form, or a `cluster_data`, whose time is `asOf`, else its own, else now. */
  constructor(value: Record<string, unknown>, options: { asOf?: Day | null } = {}) {
    const ready = (value as { [HELD]?: Handle })[HELD]
    if (ready !== undefined) {
      this.#handle = ready
      return
    }
    const json = writeDocument(value, 'value')
    const asOf = options.asOf === undefined || options.asOf === null ? undefined : dayText(options.asOf)
    this.#handle = held(() => native.clusterJson(json, asOf))
  }

  /** What `kubectl get -o json` prints; `asOf` is when it was read: an instant, or a date, which is its midnight in UTC; now without one. */
  static fromKubernetes(documents: readonly Document[], options: { cluster?: string; asOf?: Day | null } = {}): ClusterInventory {
    const asOf = dayText(options.asOf)
    const handle = held(() => native.clusterKubernetes(documents.map(bytesOf), options.cluster ?? 'unknown', asOf))
    return new ClusterInventory({ [HELD]: handle } as Record<string, unknown>)
  }

  /**
   * As `fromKubernetes`, read by another thread while JavaScript goes on: the documents are copied, and a large cluster takes as long as
   * before. Refusals reject the promise.
   *
   * ```js
   * const inventory = await ClusterInventory.fromKubernetesAsync([pods, nodes], { cluster: 'prod' })
   * ```
   */
  static async fromKubernetesAsync(
    documents: readonly Document[],
    options: { cluster?: string; asOf?: Day | null } = {},
  ): Promise<ClusterInventory> {
    const asOf = dayText(options.asOf)
    const id = await guardLater(() => native.clusterKubernetesLater(documents.map(bytesOf), options.cluster ?? 'unknown', asOf))
    return new ClusterInventory({ [HELD]: new Handle(id, native.clusterFree) } as Record<string, unknown>)
  }

  /** An inventory of usage alone. */
  static fromPrometheus(
    metric: string,
    answer: Document,
    options: { cluster?: string; asOf?: Day | null; stepSeconds?: number } = {},
  ): ClusterInventory {
    return ClusterInventory.fromKubernetes([], options).addPrometheus(metric, answer, options)
  }

  /**
   * The summary form; its time is `asOf`, else its own, else now. It places no workload on a node and gives nodes no capacity: `allocate`
   * prices its volumes, and lists workloads and nodes as unpriced, each with the reason.
   */
  static fromClusterData(clusterData: Record<string, unknown>, options: { asOf?: Day | null } = {}): ClusterInventory {
    return new ClusterInventory(clusterData, options)
  }

  /** The query that each metric of `addPrometheus` expects. */
  static queries(options: { windowSeconds?: number; stepSeconds?: number } = {}): PrometheusQuery[] {
    const window = seconds(options.windowSeconds ?? 14 * 86_400, 'windowSeconds')
    const text = native.clusterQueries(window, seconds(options.stepSeconds ?? 75, 'stepSeconds'))
    return (JSON.parse(text) as unknown[]).map((query) => shown<PrometheusQuery>(query, 1))
  }

  /** Adds the answer of a query for `metric`, such as `cpu_usage`, made with this step. Answers in several pieces of time are joined. */
  addPrometheus(metric: string, answer: Document, options: { stepSeconds?: number } = {}): this {
    const step = seconds(options.stepSeconds ?? 60, 'stepSeconds')
    guard(() => native.clusterPrometheus(this.#handle.id, metric, bytesOf(answer), step))
    return this
  }

  /** As `addPrometheus`, read by another thread while JavaScript goes on; the answer is copied. Answers are added as they are read. */
  async addPrometheusAsync(metric: string, answer: Document, options: { stepSeconds?: number } = {}): Promise<this> {
    const step = seconds(options.stepSeconds ?? 60, 'stepSeconds')
    await guardLater(() => native.clusterPrometheusLater(this.#handle.id, metric, bytesOf(answer), step))
    return this
  }

  /** The name of the cluster. */
  get cluster(): string {
    return this.#method('name') as string
  }

  /** What was left out or is odd, with where. */
  get diagnostics(): readonly Readonly<Diagnostic>[] {
    return this.#method('diagnostics') as Diagnostic[]
  }

  /** The wire form. */
  toJSON(): Record<string, unknown> {
    return this.#method('json') as Record<string, unknown>
  }

  /** @internal Its number in the native library. */
  static handle(inventory: ClusterInventory): number {
    return inventory.#handle.id
  }

  #method(name: 'json' | 'name' | 'diagnostics'): unknown {
    return JSON.parse(guard(() => native.clusterMethod(this.#handle.id, name)))
  }
}
