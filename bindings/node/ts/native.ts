/**
 * The native library: numbers cross in one pinned typed array, everything else as JSON text.
 *
 * A call without arguments costs a few dozen nanoseconds, one with arguments many times that, and an object built natively microseconds:
 * so the hot call takes no argument, and JavaScript builds its own objects.
 */
import { join } from 'node:path'
import * as errors from './errors'

/** @internal */
export interface Native {
  /** The array through which numbers cross; one a module, never moved. */
  exchange(): Float64Array
  /** Logs the call that lies in the exchange array: 0 when it went well, 1 when refused, 2 when the array is not shared. */
  log(): number
  /** Estimates the tokens that lie in the exchange array, with nothing configured: 0 when it went well. */
  flat(): number
  /** The error of the last `log()` that was refused, as JSON. */
  lastError(): string
  /** A pure function of the engine by name: JSON in, JSON out. A response body comes as text or bytes of its own. */
  call(name: string, json: string, body?: Body): string
  monitorNew(json: string): number
  monitorFree(handle: number): void
  monitorCall(handle: number, method: string, json: string, body?: Body): string
  /** The number of a model's name or of a tag's value, for the exchange array; -1 when there are too many. */
  intern(handle: number, text: string): number
  /** Forgets these numbers. */
  forget(handle: number): void
  /** Logs columns at once. */
  monitorBatch(
    handle: number,
    json: string,
    modelIndex: Uint32Array,
    inputTokens: Float64Array,
    outputTokens: Float64Array,
    durationMs?: Float64Array,
  ): { costUsd: Float64Array; energyJoules: Float64Array; carbonKg: Float64Array; json: string }
  carbonBatch(json: string, input: Float64Array, output: Float64Array): { energyJoules: Float64Array; carbonKg: Float64Array; json: string }
  objectNew(kind: string, json: string, body?: Body): number
  objectFree(handle: number): void
  objectCall(handle: number, method: string, json: string, body?: Body): string
  policyNew(kind: 'gate' | 'guardrails', json: string, archive?: Uint8Array): number
  policyFree(handle: number): void
  /** Decides a value, or the text that a caller had; the instant is NaN when unknown. */
  policyDecide(handle: number, input: Body, isValue: boolean, nowMs: number, more: string): string
  policyDecideAsync(handle: number, input: Body, isValue: boolean, nowMs: number, more: string): Promise<string>
  policyMethod(handle: number, method: string, json: string, body?: Body): string
  /** A computation by name; the text of one member may come apart. */
  policyCall(kind: string, json: string, bodyOf?: string, body?: Body): string
  /** A computation by name. */
  ledgerCall(group: string, json: string): string
  /** The signature of an event outside a log, or whether `signature` is it. */
  ledgerSign(json: string, secret: string, signature?: string): string | boolean
  ledgerLog(json: string, secret: string | undefined, previous: string[], seed: string | undefined): number
  ledgerLogLater(json: string, secret: string | undefined, previous: string[], seed: string | undefined): Promise<number>
  ledgerSavings(log: number | undefined, fourEyesAbove: string | undefined): number
  ledgerReport(ledger: number, label: string, json: string): number
  ledgerIssue(ledger: number, report: number, json: string): Promise<string>
  ledgerFree(handle: number): void
  /** Requests in, each a list of events; what became of each out. */
  ledgerAppend(handle: number, json: string): string
  ledgerAppendLater(handle: number, json: string): Promise<string>
  ledgerMethod(handle: number, method: string, json: string, secret?: string): string
  ledgerMethodLater(handle: number, method: string, json: string, secret?: string): Promise<string>
  engineNew(json: string): number
  engineFree(handle: number): void
  engineRun(handle: number, json: string, ledger: number | undefined, clusters?: (number | null)[]): string
  enginePropose(handle: number, json: string, paths: string[] | undefined, files: Uint8Array[]): string
  engineEvidence(handle: number, json: string, paths: string[] | undefined, files: Uint8Array[]): string
  changeMethod(method: string, change: string, json: string): string
  changeLater(method: string, change: string, json: string): Promise<string>
  /** A computation of `waste`, `allocation` or `findings`; without a kind, the names of all. */
  topicCall(topic: string, kind: string, json: string): string
  clusterKubernetes(documents: Uint8Array[], cluster: string, asOf: string): number
  clusterKubernetesLater(documents: Uint8Array[], cluster: string, asOf: string): Promise<number>
  clusterJson(json: string, asOf: string | undefined): number
  clusterFree(handle: number): void
  clusterPrometheus(handle: number, metric: string, answer: Uint8Array, stepSeconds: number): void
  clusterPrometheusLater(handle: number, metric: string, answer: Uint8Array, stepSeconds: number): Promise<void>
  clusterMethod(handle: number, method: 'json' | 'name' | 'diagnostics'): string
  clusterQueries(windowSeconds: number, stepSeconds: number): string
  clusterAllocate(handle: number, json: string): number
  allocationFree(handle: number): void
  allocationReconcile(handle: number, json: string): number
  allocationAccumulate(handles: number[]): number
  allocationAggregate(handle: number, json: string): number
  allocationMethod(handle: number, method: 'json' | 'head' | 'rows', start: number, count: number): string
  reportFree(handle: number): void
  reportMethod(handle: number, method: 'json' | 'head' | 'rows' | 'csv' | 'md', start: number, count: number, places: number): string
  /** What takes records into a `table`, a `list` or a `stream`. */
  findingsNew(json: string, mode: 'table' | 'list' | 'stream', strict: boolean): number
  findingsFree(handle: number): void
  /** Takes bytes of JSON lines, a record without a JSON form, or the end. */
  findingsTake(handle: number, bytes?: Uint8Array, foreign?: string): Promise<string>
  findingsFinish(handle: number): Promise<string>
  findingsAt(table: number, from: number, count: number): string
  findingsDrop(table: number): void
  findingsSum(table: number, what: 'totals' | 'combine' | 'content_hash'): Promise<string>
  findingsCanonical(record: string, json: string): string
  ledgerVerify(file: Uint8Array, json: string, secrets: string[]): Promise<string>
}

/** @internal Text or its bytes. */
export type Body = string | Uint8Array

/** @internal */
export const native: Native = require(join(__dirname, '..', `finops.${process.platform}-${process.arch}.node`))

/** @internal Numbers cross the border in this array, which never moves. */
export const exchange = native.exchange()

type ErrorClass = new (message: string, code: string, path?: string) => errors.FinopsError

const CLASSES: Record<string, ErrorClass> = {
  money: errors.MoneyError,
  config: errors.ConfigError,
  price: errors.PriceError,
  usage: errors.UsageError,
  stream: errors.StreamError,
  budget: errors.BudgetError,
  carbon: errors.CarbonError,
  meter: errors.MeterError,
  ledger: errors.LedgerError,
  store: errors.StoreError,
  allocation: errors.AllocationError,
  inventory: errors.AllocationError,
  prometheus: errors.AllocationError,
  quantity: errors.AllocationError,
  waste: errors.WasteError,
  rightsizing: errors.WasteError,
  change: errors.ChangeError,
  engine: errors.ChangeError,
  finding: errors.FindingError,
}

/** Codes of the policy engine, by their first part. */
const POLICY = new Set(['policy', 'guardrail', 'lint', 'bundle', 'input'])

interface Told {
  code: string
  path: string
  message: string
  budget?: string | null
  remaining?: string
  requested?: string
  retry_at?: string | null
  findings?: errors.Finding[]
}

/** @internal The error that the engine told of as JSON. */
export function told(json: string): Error {
  let error: Told
  try {
    error = JSON.parse(json) as Told
  } catch {
    return new Error(json)
  }
  const { code, path, message } = error
  if (code === 'budget.exceeded') {
    const { budget, remaining, requested, retry_at } = error
    const detail = { budget: budget ?? '', remaining: remaining ?? '', requested: requested ?? '', retryAt: retry_at ?? null }
    return new errors.BudgetExceeded(message, code, path, detail)
  }
  if (code.startsWith('budget.')) return new errors.BudgetError(message, code, path, error.budget ?? null)
  const topic = code.split('.', 1)[0] ?? ''
  if (POLICY.has(topic)) return new errors.PolicyError(message, code, path, error.findings ?? [])
  const Class = CLASSES[topic] ?? errors.FinopsError
  return new Class(message, code, path)
}

/** @internal Runs a native call and gives its error the class and the code that it tells of. */
export function guard<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw toldOf(error)
  }
}

/** @internal As `guard`, of a call that answers later. */
export async function guardLater<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw toldOf(error)
  }
}

/** @internal The error of a native call as what it tells of. */
export function toldOf(error: unknown): unknown {
  return error instanceof Error && error.message.startsWith('{"') ? told(error.message) : error
}

/** @internal A pure function of the engine. */
export function call<T>(name: string, input: unknown, body?: Body): T {
  const json = stringify(input)
  return JSON.parse(guard(() => native.call(name, json, body))) as T
}

/** @internal JSON that keeps what JSON cannot say: a number that is none stays visible to the engine's checks. */
export function stringify(value: unknown): string {
  return JSON.stringify(value, replace) ?? 'null'
}

function replace(this: unknown, _key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value.toString()
  }
  return value
}

/** @internal Frees a native object when its JavaScript owner is gone. */
export class Handle {
  readonly id: number

  constructor(id: number, free: (id: number) => void) {
    this.id = id
    registry.register(this, { id, free })
  }

  /** An object other than a monitor. */
  static object(kind: string, json: string, body?: Body): Handle {
    return new Handle(guard(() => native.objectNew(kind, json, body)), native.objectFree)
  }

  /** Calls a method of an object other than a monitor. */
  call<T>(method: string, input: unknown, body?: Body): T {
    const json = stringify(input)
    return JSON.parse(guard(() => native.objectCall(this.id, method, json, body))) as T
  }
}

const registry = new FinalizationRegistry<{ id: number; free: (id: number) => void }>(({ id, free }) => free(id))

/** A row of a batch that was refused. */
export interface RowError {
  index: number
  code: string
  path: string
  message: string
}

/** @internal A column that the engine may read: of this thread alone, because it is read without a lock. */
export function column(values: Float64Array, path: string): Float64Array {
  if (!(values instanceof Float64Array)) {
    throw new errors.ConfigError(`\`${path}\` is no Float64Array; give one number a row`, 'config.invalid', path)
  }
  return shared(values) ? values.slice() : values
}

/** @internal As `column`, for places of models. */
export function places(values: Uint32Array, path: string): Uint32Array {
  if (!(values instanceof Uint32Array)) {
    throw new errors.ConfigError(`\`${path}\` is no Uint32Array; give the place of each row's model`, 'config.invalid', path)
  }
  return shared(values) ? values.slice() : values
}

const shared = (values: ArrayBufferView): boolean => typeof SharedArrayBuffer === 'function' && values.buffer instanceof SharedArrayBuffer
