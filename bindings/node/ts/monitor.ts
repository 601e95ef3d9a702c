import { type Amount, Budgets, type Reservation } from './budget'
import { slim } from './body'
import { UsageError } from './errors'
import type { IntensityLike } from './carbon'
import { Handle, guard, native, stringify, told } from './native'
import { fromWire, toWire } from './names'
import { Catalogue, type ModelPrice } from './prices'
import { type Cost, type Details, InferenceRecord, type Metadata, TrainingRecord, type Wire, costOf } from './record'
import { type Instant, instantMs, instantText, rfc3339 } from './time'
import type { Usage } from './usage'

/** Constructor arguments; what is left out comes from the environment, then from the defaults. */
export interface MonitorOptions {
  costPer1kInputTokens?: Amount
  costPer1kOutputTokens?: Amount
  costPer1kCachedInputTokens?: Amount
  computeCostPerHour?: Amount
  energyWhPer1kTokens?: Amount
  carbonIntensityGPerKwh?: Amount
  gpuPowerKw?: Amount
  models?: ModelPrice[]
  prices?: Catalogue
  useCatalogue?: boolean
  strict?: boolean
  tags?: string[]
  tagAliases?: Record<string, string>
  maxRecords?: number
  maxGroups?: number
  maxUnknownModels?: number
  budgets?: Budgets
  /** Milliseconds since 1970; `Date.now` by default. */
  clock?: () => number
  /** Instead of `process.env`. */
  env?: Record<string, string | undefined>
  energyMethod?: 'flat' | 'auto' | 'parameters'
  energyBoundary?: 'facility' | 'it'
  whPer1k?: Record<string, Amount> | 'api_anchors'
  region?: string
  pue?: Amount
  grid?: IntensityLike
  modelParams?: Record<string, unknown>
}

/** What a caller may say of an inference beside its counts. */
export interface InferenceOptions {
  provider?: string
  usage?: Usage
  cacheReadTokens?: number
  cacheWriteTokens?: number
  cacheWrite1hTokens?: number
  reasoningTokens?: number
  serviceTier?: string
  region?: string
  requestId?: string
  outcome?: 'ok' | 'error' | 'cancelled'
  finish?: string
  trace?: { session?: string; promptHash?: string; prefixHash?: string; prefixTokens?: number; toolHash?: string }
  at?: Instant
  reservation?: Reservation | string
}

/** What a caller may say of a response body. */
export interface ResponseOptions extends Omit<InferenceOptions, 'usage'> {
  model?: string
  durationMs?: number
  metadata?: Metadata
}

/** Columns of calls; `modelIndex` points into `models`. */
export interface Batch {
  models: string[]
  modelIndex: Uint32Array
  inputTokens: Float64Array
  outputTokens: Float64Array
  durationMs?: Float64Array
  provider?: string
  at?: Instant
}

/** What a batch cost, row by row and in all; a bad row is an error with its index and NaN in the columns. */
export interface BatchResult {
  costUsd: Float64Array
  energyJoules: Float64Array
  carbonKg: Float64Array
  totalUsd: string | null
  logged: number
  errors: { index: number; code: string; path: string; message: string }[]
}

/** One group of a summary: the keys it was grouped by, and exact sums as decimal strings. */
export interface SummaryRow {
  [key: string]: unknown
  requests: number
  errors: number
  totalTokens: number
  costUsd: string | null
  energyJoules: string
  carbonKg: string
}

/** Counts of a monitor's own state. */
export interface Stats {
  [key: string]: number
  records: number
  requests: number
  errors: number
  dropped: number
  sinkErrors: number
}

const exchange = native.exchange()
// Places in the exchange array; `bindings/node/src/exchange.rs` has the same list.
const IN_HANDLE = 0
const IN_MODEL = 1
const IN_INPUT = 2
const IN_OUTPUT = 3
const IN_DURATION = 4
const IN_AT = 5
const IN_SLOT = 6
const IN_TAGS = 8
const OUT_INPUT_COST = 32
const OUT_OUTPUT_COST = 33
const OUT_COMPUTE_COST = 34
const OUT_UNIT_COST = 35
const OUT_JOULES = 36
const OUT_KG = 37
const OUT_INTENSITY = 38
const OUT_TOTAL_TOKENS = 39
const OUT_VERSION = 40
/** Stands for a duration that is not known; a real one is never below 0. */
const NO_DURATION = -1
const TAGS_MAX = 16
/** Interned names a monitor keeps; more go the long way, so that memory stays bounded. */
const NAMES_MAX = 8192

type AnyRecord = InferenceRecord | TrainingRecord

/** Meters inference and training: cost, energy and carbon of every call, in bounded memory. */
export class ResourceMonitor {
  readonly #handle: Handle
  readonly #clock: () => number
  readonly #tagPlaces = new Map<string, number>()
  readonly #tagCount: number
  readonly #names = new Map<string, number>()
  /** The records themselves, at the places that the engine's ring gives them. */
  readonly #ring: (AnyRecord | undefined)[] = []
  readonly #capacity: number
  readonly #budgets: Budgets | undefined
  #slot = 0
  #version: Version
  #sink: { timer: NodeJS.Timeout; flush: () => void } | undefined

  constructor(options: MonitorOptions = {}) {
    const { clock, env, budgets, prices, ...rest } = options
    this.#clock = clock ?? Date.now
    this.#budgets = budgets
    const json = stringify({
      ...(toWire(amounts(rest)) as object),
      env: env ?? process.env,
      budgets: budgets?.handle.id,
      prices: prices?.handle?.id,
    })
    this.#handle = new Handle(guard(() => native.monitorNew(json)), (id) => native.monitorFree(id))
    const told = this.#call<{ keys: [string, number][]; tags: number; max_records: number }>('schema', {})
    for (const [key, place] of told.keys) this.#tagPlaces.set(key, place)
    this.#tagCount = told.tags
    this.#capacity = told.max_records
    this.#version = new Version(this.#handle, 0)
  }

  /** Logs one inference and returns its record. */
  logInference(
    model: string,
    inputTokens: number,
    outputTokens: number,
    durationMs?: number | null,
    metadata?: Metadata | null,
    options?: InferenceOptions,
  ): InferenceRecord {
    if (options !== undefined || this.#tagCount > TAGS_MAX) {
      return this.#logLong(model, inputTokens, outputTokens, durationMs, metadata, options ?? {})
    }
    const id = this.#names.get(model) ?? this.#intern(model)
    if (id < 0) return this.#logLong(model, inputTokens, outputTokens, durationMs, metadata, {})
    const ms = this.#clock()
    exchange[IN_HANDLE] = this.#handle.id
    exchange[IN_MODEL] = id
    exchange[IN_INPUT] = number(inputTokens, 'input_tokens')
    exchange[IN_OUTPUT] = number(outputTokens, 'output_tokens')
    exchange[IN_DURATION] = durationMs === undefined || durationMs === null ? NO_DURATION : duration(durationMs)
    exchange[IN_AT] = ms
    exchange[IN_SLOT] = this.#slot
    exchange.fill(0, IN_TAGS, IN_TAGS + this.#tagCount)
    if (metadata !== undefined && metadata !== null && !this.#putTags(metadata)) {
      return this.#logLong(model, inputTokens, outputTokens, durationMs, metadata, {})
    }
    if (native.log() !== 0) throw told(native.lastError())
    const version = exchange[OUT_VERSION] as number
    if (version !== this.#version.id) this.#version = new Version(this.#handle, version)
    const record = new InferenceRecord(
      rfc3339(ms),
      model,
      inputTokens,
      outputTokens,
      exchange[OUT_TOTAL_TOKENS] as number,
      durationMs ?? null,
      amount(exchange[OUT_INPUT_COST] as number),
      amount(exchange[OUT_OUTPUT_COST] as number),
      amount(exchange[OUT_COMPUTE_COST] as number),
      amount(exchange[OUT_UNIT_COST] as number),
      exchange[OUT_JOULES] as number,
      exchange[OUT_KG] as number,
      exchange[OUT_INTENSITY] as number,
      metadata ?? undefined,
      this.#version,
    )
    this.#keep(record)
    return record
  }

  /** Logs the call that a response body tells of: a parsed body, an SDK's object, JSON text or its bytes. */
  logResponse(response: unknown, options: ResponseOptions = {}): InferenceRecord {
    const { metadata, durationMs, at, reservation, ...rest } = options
    const text = typeof response === 'string' ? response : response instanceof Uint8Array ? decode(response) : undefined
    const wire = this.#logged('log_response', {
      ...(toWire(rest) as object),
      ...(text === undefined ? { response: slim(response) } : { text }),
      duration_ms: durationMs,
      metadata,
      at: this.#at(at),
      slot: this.#slot,
      reservation: reservationId(reservation),
    })
    return this.#record(wire, metadata)
  }

  /** Logs one training run. */
  logTraining(
    model: string,
    durationHours: number | string,
    gpuCount = 1,
    metadata?: Metadata | null,
    options: { gpuPowerKw?: Amount; at?: Instant } = {},
  ): TrainingRecord {
    const wire = this.#logged('log_training', {
      model,
      duration_hours: durationHours,
      gpu_count: gpuCount,
      gpu_power_kw: options.gpuPowerKw === undefined ? undefined : String(options.gpuPowerKw),
      metadata,
      at: this.#at(options.at),
      slot: this.#slot,
    })
    const record = new TrainingRecord(wire.record, metadata ?? undefined)
    this.#keep(record)
    return record
  }

  /** Logs columns at once: roll-ups and totals, no records. */
  logBatch(batch: Batch): BatchResult {
    const rows = batch.modelIndex.length
    const json = stringify({ models: batch.models, provider: batch.provider, at: this.#at(batch.at) })
    const costUsd = new Float64Array(rows)
    const energyJoules = new Float64Array(rows)
    const carbonKg = new Float64Array(rows)
    const { modelIndex, inputTokens, outputTokens, durationMs } = batch
    const told = guard(() =>
      native.monitorBatch(this.#handle.id, json, modelIndex, inputTokens, outputTokens, durationMs ?? null, costUsd, energyJoules, carbonKg),
    )
    return { costUsd, energyJoules, carbonKg, ...(fromWire(JSON.parse(told)) as Pick<BatchResult, 'totalUsd' | 'logged' | 'errors'>) }
  }

  /** A meter for one streamed response: push its events, or wrap its iterator. */
  stream(provider: string | null, options: { model?: string; requestId?: string; metadata?: Metadata } = {}): StreamMeter {
    return new StreamMeter(provider, options, (handle, more) => {
      const wire = this.#logged('log_stream', {
        ...(toWire(more) as object),
        stream: handle,
        metadata: options.metadata,
        slot: this.#slot,
        at: this.#at(more.at),
      })
      return this.#record(wire, options.metadata)
    })
  }

  /** What a call would cost at most; nothing is logged. */
  estimate(
    model: string,
    inputTokens: number,
    maxOutputTokens = 0,
    options: { provider?: string; serviceTier?: string; at?: Instant } = {},
  ): Cost {
    const { at, ...rest } = options
    const input = { model, input_tokens: inputTokens, max_output_tokens: maxOutputTokens, ...(toWire(rest) as object), at: this.#at(at) }
    return costOf(this.#call('estimate', input))
  }

  /** Holds the estimate's upper bound in every budget that covers the call. */
  reserve(
    model: string,
    inputTokens: number,
    maxOutputTokens: number,
    options: { metadata?: Metadata; ttlS?: number; provider?: string; at?: Instant } = {},
  ): Reservation {
    const { metadata, at, ...rest } = options
    const input = {
      model,
      input_tokens: inputTokens,
      max_output_tokens: maxOutputTokens,
      ...(toWire(rest) as object),
      metadata,
      at: this.#at(at),
    }
    const told = this.#call<{ id: string; level: 'ok' | 'warn' }>('reserve', input)
    return Budgets.reservation(this.#budgets, told)
  }

  /** The records that the ring still holds, oldest first. */
  getMetrics(options: { limit?: number; type?: 'inference' | 'training'; model?: string; since?: Instant } = {}): AnyRecord[] {
    const { since, ...rest } = options
    const input = { ...rest, since: since === undefined ? undefined : instantText(since) }
    return this.#at_slots(this.#call<number[]>('metrics', input))
  }

  /** Empties ring, roll-ups and ids; configuration, budgets and sinks stay. */
  resetMetrics(): void {
    this.#call('reset', {})
    this.#ring.length = 0
  }

  /** Takes the records that no drain has taken yet, oldest first. */
  drain(max?: number): AnyRecord[] {
    return this.#at_slots(this.#call<number[]>('drain', { max }))
  }

  /** Exact sums of everything logged, by any subset of `provider`, `model`, `status` and the tags. */
  summary(groupBy: string[] = ['model'], options: { where?: Record<string, string | null> } = {}): SummaryRow[] {
    const rows = this.#call<Record<string, unknown>[]>('summary', { group_by: groupBy, where: options.where ?? {} })
    return rows.map((row) => fromWire(row) as SummaryRow)
  }

  /** Lengths of the tables and counts of what was kept and lost. */
  stats(): Stats {
    return fromWire(this.#call('stats', {})) as Stats
  }

  /** OpenMetrics 1.0 text. */
  openmetrics(): string {
    return this.#call('openmetrics', { at: this.#at() })
  }

  /** Sets or replaces the price of a model from now on. */
  setPrice(price: ModelPrice): void {
    this.#call('set_price', price)
  }

  /** Swaps the grid intensity, a number of g/kWh or a series, from now on. */
  setGrid(grid: IntensityLike): void {
    this.#call('set_grid', { grid: typeof grid === 'object' ? toWire(grid) : grid })
  }

  /** The roll-ups as text; `restore` adds them to another monitor's. */
  snapshot(): string {
    return this.#call('snapshot', {})
  }

  /** Adds the roll-ups that `snapshot` wrote. */
  restore(text: string): void {
    this.#call('restore', { text })
  }

  /** Adds the roll-ups of another monitor. */
  merge(other: ResourceMonitor): void {
    this.restore(other.snapshot())
  }

  /** The exact settings, and where each came from: constructor, environment or default. */
  get config(): Record<string, { value: string; source: string }> {
    return fromWire(this.#call('config', {})) as Record<string, { value: string; source: string }>
  }

  /**
   * Hands undrained records to `write` every `everyS` seconds, `batch` at a time. A failed batch is tried once more before new ones, then
   * counted in `sinkErrors` and `dropped`. The timer keeps no process alive.
   */
  startSink(write: (records: AnyRecord[]) => void, options: { everyS?: number; batch?: number } = {}): void {
    if (this.#sink !== undefined) this.stopSink()
    const batch = options.batch ?? 1000
    const flush = (): void => {
      for (;;) {
        const slots = this.#call<number[] | null>('sink_next', { max: batch })
        if (slots === null) return
        try {
          write(this.#at_slots(slots))
          this.#call('sink_written', {})
        } catch {
          if (!this.#call<boolean>('sink_failed', { slots })) return
        }
      }
    }
    const timer = setInterval(flush, (options.everyS ?? 1) * 1000)
    timer.unref()
    this.#sink = { timer, flush }
  }

  /** Stops the sink after a last flush. */
  stopSink(): void {
    const sink = this.#sink
    if (sink === undefined) return
    this.#sink = undefined
    clearInterval(sink.timer)
    sink.flush()
  }

  #at(at?: Instant): string {
    return at === undefined ? rfc3339(this.#clock()) : rfc3339(instantMs(at))
  }

  #call<T>(method: string, input: unknown): T {
    const json = stringify(input)
    return JSON.parse(guard(() => native.monitorCall(this.#handle.id, method, json))) as T
  }

  #intern(name: string): number {
    if (typeof name !== 'string' || this.#names.size >= NAMES_MAX) return -1
    const id = native.intern(this.#handle.id, name)
    this.#names.set(name, id)
    return id
  }

  /** Writes the tags' numbers; false when one of them is not interned. */
  #putTags(metadata: Metadata): boolean {
    for (const key in metadata) {
      const place = this.#tagPlaces.get(key)
      if (place === undefined) continue
      const value = metadata[key]
      if (typeof value !== 'string') return value === null || value === undefined ? true : false
      const id = this.#names.get(value) ?? this.#intern(value)
      if (id < 0 || exchange[IN_TAGS + place] !== 0) return false
      exchange[IN_TAGS + place] = id + 1
    }
    return true
  }

  #logLong(
    model: string,
    inputTokens: number,
    outputTokens: number,
    durationMs: number | null | undefined,
    metadata: Metadata | null | undefined,
    options: InferenceOptions,
  ): InferenceRecord {
    const { at, reservation, usage, ...rest } = options
    const wire = this.#logged('log_inference', {
      ...(toWire(rest) as object),
      model,
      input_tokens: number(inputTokens, 'input_tokens'),
      output_tokens: number(outputTokens, 'output_tokens'),
      duration_ms: durationMs,
      metadata,
      usage,
      at: this.#at(at),
      slot: this.#slot,
      reservation: reservationId(reservation),
    })
    return this.#record(wire, metadata ?? undefined)
  }

  #logged(method: string, input: unknown): Logged {
    return this.#call<Logged>(method, input)
  }

  #record(logged: Logged, metadata: Metadata | undefined | null): InferenceRecord {
    // A request id that was logged before: its first record, when the ring still has it.
    const first = logged.slot === this.#slot ? undefined : this.#ring[logged.slot % this.#capacity]
    if (first instanceof InferenceRecord && first.requestId === logged.record.request_id) return first
    const record = InferenceRecord.fromWire(logged.record, metadata ?? undefined)
    if (logged.slot === this.#slot) this.#keep(record)
    return record
  }

  #keep(record: AnyRecord): void {
    this.#ring[this.#slot % this.#capacity] = record
    this.#slot += 1
  }

  #at_slots(slots: number[]): AnyRecord[] {
    return slots.map((slot) => this.#ring[slot % this.#capacity] as AnyRecord)
  }
}

interface Logged {
  slot: number
  record: Wire
}

/** The prices and factors that records were made with; the engine keeps them as long as a record may ask. */
class Version implements Details {
  readonly id: number
  readonly #monitor: Handle

  constructor(monitor: Handle, id: number) {
    this.#monitor = monitor
    this.id = id
  }

  wire(record: InferenceRecord): Wire {
    const { model, inputTokens, outputTokens, durationMs, timestamp, metadata } = record
    const json = stringify({
      version: this.id,
      model,
      input_tokens: inputTokens,
      output_tokens: outputTokens,
      duration_ms: durationMs,
      at: timestamp,
      metadata,
    })
    return JSON.parse(guard(() => native.monitorCall(this.#monitor.id, 'remake', json))) as Wire
  }
}

/** Usage of one streamed response; events may repeat or arrive twice. */
export class StreamMeter {
  readonly #handle: Handle
  readonly #finish: (handle: number, more: FinishOptions) => InferenceRecord

  /** @internal */
  constructor(
    provider: string | null,
    options: { model?: string; requestId?: string },
    finish: (handle: number, more: FinishOptions) => InferenceRecord,
  ) {
    const json = stringify({ provider, model: options.model, request_id: options.requestId })
    this.#handle = new Handle(guard(() => native.objectNew('stream', json)), (id) => native.objectFree(id))
    this.#finish = finish
  }

  /** Reads one event: a parsed object, or text of server-sent events. */
  push(event: unknown): void {
    const json = typeof event === 'string' ? stringify({ sse: event }) : stringify({ event })
    guard(() => native.objectCall(this.#handle.id, 'push', json))
  }

  /** Passes the events of an iterator on, reading each one; logs the call when it ends or breaks off. */
  async *wrap<T>(events: AsyncIterable<T> | Iterable<T>, options: FinishOptions = {}): AsyncGenerator<T, InferenceRecord> {
    try {
      for await (const event of events) {
        this.push(event)
        yield event
      }
    } catch (error) {
      this.finish({ outcome: 'error', ...options })
      throw error
    }
    return this.finish(options)
  }

  /** Logs the call; `complete` of the record is false when the end marker never came. */
  finish(options: FinishOptions = {}): InferenceRecord {
    return this.#finish(this.#handle.id, options)
  }
}

/** What a caller may say when a stream has ended. */
export interface FinishOptions {
  durationMs?: number
  outcome?: 'ok' | 'error' | 'cancelled'
  serviceTier?: string
  region?: string
  at?: Instant
}

function amount(picodollars: number): number | null {
  // Both operands are exact, so the quotient is correctly rounded; NaN is "not known".
  return picodollars === picodollars ? picodollars / 1e12 : null
}

function number(value: unknown, path: string): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint' && value >= 0n && value <= 9007199254740991n) return Number(value)
  throw new UsageError(`\`${path}\` is ${String(value).slice(0, 80)}, not a count; give a whole number of at least 0`, 'usage.not_a_count', path)
}

function duration(value: unknown): number {
  // -1 stands for "not known" in the exchange array, so a negative duration must not reach it.
  if (typeof value === 'number' && value >= 0) return value
  const problem = `\`duration_ms\` is ${String(value).slice(0, 80)}, not a duration; give a finite number of at least 0`
  throw new UsageError(problem, 'usage.invalid_duration', 'duration_ms')
}

function reservationId(reservation: Reservation | string | undefined): string | undefined {
  return typeof reservation === 'object' ? reservation.id : reservation
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new UsageError('the body has no shape known here: it is not UTF-8; pass the decoded text', 'usage.unknown_shape', '')
  }
}

const AMOUNTS = new Set([
  'costPer1kInputTokens',
  'costPer1kOutputTokens',
  'costPer1kCachedInputTokens',
  'computeCostPerHour',
  'energyWhPer1kTokens',
  'carbonIntensityGPerKwh',
  'gpuPowerKw',
  'pue',
])

/** Amounts as text: a number's shortest decimal, NaN and Infinity as themselves, so that the engine refuses them by name. */
function amounts(options: Record<string, unknown>): Record<string, unknown> {
  const text = (value: unknown): unknown => (typeof value === 'number' || typeof value === 'bigint' ? String(value) : value)
  return Object.fromEntries(Object.entries(options).map(([key, value]) => [key, AMOUNTS.has(key) ? text(value) : value]))
}
