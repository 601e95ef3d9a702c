import { type Amount, Budgets, type Reservation } from './budget'
import { duration, number, refused, reservationId, tagsOf } from './arguments'
import { bodyOf } from './body'
import type { IntensityLike } from './carbon'
import { At, Known } from './exchange'
import { type Body, Handle, column, guard, native, places, exchange as shared, stringify, told } from './native'
import { fromWire, toWire } from './names'
import { type AnyRecord, type Batch, type BatchResult, type InferenceOptions, type MetricsOptions, type MonitorOptions } from './options'
import { type ResponseOptions, type Stats, type SummaryRow, amounts } from './options'
import type { ModelPrice } from './prices'
import { type Cost, type Details, InferenceRecord, type Metadata, TrainingRecord, type Wire, costOf } from './record'
import { Sink, type Source } from './sink'
import { StreamMeter } from './stream'
import { type Instant, instantMs, instantText, rfc3339 } from './time'
import { asUsage } from './usage'

// A name of this module: a lookup less at every number.
const exchange = shared

/** The environment variables that configure a monitor. */
const PRICES = ['COST_PER_1K_INPUT_TOKENS', 'COST_PER_1K_OUTPUT_TOKENS', 'COMPUTE_COST_PER_HOUR']
const VARIABLES = [...PRICES, 'ENERGY_WH_PER_1K_TOKENS', 'CARBON_INTENSITY_G_PER_KWH']

/** Meters inference and training: cost, energy and carbon of every call, in bounded memory. */
export class ResourceMonitor {
  readonly #handle: Handle
  readonly #clock: () => number
  /** Metadata keys that fill tags, names before aliases, each with the place of its tag. */
  readonly #tagKeys: [key: string, place: number][]
  readonly #tagPlaces: Map<string, number>
  readonly #tagCount: number
  readonly #names = new Map<string, number>()
  /** The records themselves, at the places that the engine's ring gives them. */
  #ring: (AnyRecord | undefined)[] = []
  readonly #capacity: number
  readonly #budgets: Budgets | undefined
  #slot = 0
  #version: Version | undefined
  #sink: Sink | undefined

  constructor(options: MonitorOptions = {}) {
    const { clock, env = process.env, budgets, prices, ...rest } = options
    this.#clock = clock ?? Date.now
    this.#budgets = budgets
    const json = stringify({
      ...(toWire(amounts(rest)) as object),
      env: Object.fromEntries(VARIABLES.map((name) => [name, env[name]])),
      budgets: budgets?.handle.id,
      prices: prices?.handle?.id,
    })
    this.#handle = new Handle(guard(() => native.monitorNew(json)), native.monitorFree)
    const schema = this.#call<{ keys: [string, number][]; tags: number; max_records: number }>('schema')
    this.#tagKeys = schema.keys
    this.#tagPlaces = new Map(schema.keys)
    this.#tagCount = schema.tags
    this.#capacity = schema.max_records
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
    if (options !== undefined && options !== null) return this.#logLong(model, inputTokens, outputTokens, durationMs, metadata, options)
    const id = this.#names.get(model) ?? this.#intern(model)
    if (id < 0 || this.#tagCount > Known.TAGS_MAX) return this.#logLong(model, inputTokens, outputTokens, durationMs, metadata, {})
    const ms = this.#now()
    const input = number(inputTokens, 'input_tokens')
    const output = number(outputTokens, 'output_tokens')
    exchange[At.IN_MODEL] = id
    exchange[At.IN_INPUT] = input
    exchange[At.IN_OUTPUT] = output
    exchange[At.IN_DURATION] = durationMs === undefined || durationMs === null ? Known.NO_DURATION : duration(durationMs)
    exchange[At.IN_AT] = ms
    exchange[At.IN_SLOT] = this.#slot
    for (let place = At.IN_TAGS + this.#tagCount - 1; place >= At.IN_TAGS; place--) exchange[place] = 0
    if (metadata !== undefined && metadata !== null && !this.#putTags(metadata)) {
      return this.#logLong(model, inputTokens, outputTokens, durationMs, metadata, {})
    }
    exchange[At.IN_HANDLE] = this.#handle.id + 1
    const status = native.log()
    if (status !== 0) {
      if (status === Known.REFUSED) throw told(native.lastError())
      return this.#logLong(model, inputTokens, outputTokens, durationMs, metadata, {})
    }
    let version = this.#version
    if (version === undefined || version.id !== exchange[At.OUT_VERSION]) version = this.#newVersion(exchange[At.OUT_VERSION] as number)
    const record = new InferenceRecord(
      rfc3339(ms),
      model,
      input + 0,
      output + 0,
      input + output,
      known(exchange[At.OUT_DURATION] as number),
      known(exchange[At.OUT_INPUT_COST] as number),
      known(exchange[At.OUT_OUTPUT_COST] as number),
      known(exchange[At.OUT_COMPUTE_COST] as number),
      known(exchange[At.OUT_UNIT_COST] as number),
      exchange[At.OUT_JOULES] as number,
      exchange[At.OUT_KG] as number,
      // Of a series, each call has the intensity of its instant.
      known(exchange[At.OUT_INTENSITY] as number) ?? version.intensity,
      metadata ?? undefined,
      version,
    )
    this.#keep(record)
    return record
  }

  /** Logs the call that a response body tells of: a parsed body, an SDK's object, JSON text or its bytes. */
  logResponse(response: unknown, options: ResponseOptions = {}): InferenceRecord {
    const { metadata, durationMs, at, reservation, ...rest } = options
    const input = {
      ...(toWire(rest) as object),
      duration_ms: durationMs,
      metadata: this.#tagsOf(metadata),
      at: this.#at(at),
      slot: this.#slot,
      reservation: reservationId(reservation),
    }
    return this.#record(this.#call<Logged>('log_response', input, bodyOf(response)), metadata)
  }

  /** Logs one training run. */
  logTraining(
    model: string,
    durationHours: number | string,
    gpuCount = 1,
    metadata?: Metadata | null,
    options: { gpuPowerKw?: Amount; at?: Instant } = {},
  ): TrainingRecord {
    const wire = this.#call<Logged>('log_training', {
      model,
      duration_hours: durationHours,
      gpu_count: gpuCount,
      gpu_power_kw: options.gpuPowerKw === undefined ? undefined : String(options.gpuPowerKw),
      metadata: this.#tagsOf(metadata),
      at: this.#at(options.at),
      slot: this.#slot,
    })
    const record = new TrainingRecord(wire.record, metadata ?? undefined)
    this.#keep(record)
    return record
  }

  /** Logs columns at once: roll-ups, budgets and totals, no records. */
  logBatch(batch: Batch): BatchResult {
    const json = stringify({ models: batch.models, provider: batch.provider, at: this.#at(batch.at) })
    const index = places(batch.modelIndex, 'model_index')
    const input = column(batch.inputTokens, 'input_tokens')
    const output = column(batch.outputTokens, 'output_tokens')
    const durations = batch.durationMs === undefined ? undefined : column(batch.durationMs, 'duration_ms')
    const { json: told, ...columns } = guard(() => native.monitorBatch(this.#handle.id, json, index, input, output, durations))
    return { ...columns, ...(fromWire(JSON.parse(told)) as Omit<BatchResult, keyof typeof columns>) }
  }

  /** A meter for one streamed response: push its events, or wrap its iterator. */
  stream(provider: string | null, options: { model?: string; requestId?: string; metadata?: Metadata } = {}): StreamMeter {
    const { metadata, ...given } = options
    return new StreamMeter(provider, given, (stream, more) => {
      const { at, reservation, ...rest } = more
      const input = {
        ...(toWire(rest) as object),
        stream,
        metadata: this.#tagsOf(metadata),
        slot: this.#slot,
        at: this.#at(at),
        reservation: reservationId(reservation),
      }
      return this.#record(this.#call<Logged>('log_stream', input), metadata)
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
      metadata: this.#tagsOf(metadata),
      at: this.#at(at),
    }
    const told = this.#call<{ id: string; level: 'ok' | 'warn' }>('reserve', input)
    return Budgets.reservation(this.#budgets, told)
  }

  /** The records that the ring still holds, oldest first; a number is the limit. */
  getMetrics(options: number | MetricsOptions = {}): AnyRecord[] {
    const { since, ...rest } = typeof options === 'number' ? { limit: options } : options
    return this.#recordsAt(this.#call<number[]>('metrics', { ...rest, since: since === undefined ? undefined : instantText(since) }))
  }

  /** Empties ring, roll-ups and ids; configuration, budgets and sinks stay. */
  resetMetrics(): void {
    this.#call('reset')
    this.#ring = []
    this.#slot = 0
  }

  /** Takes the records that no drain has taken yet, oldest first. */
  drain(max?: number): AnyRecord[] {
    return this.#recordsAt(this.#call<number[]>('drain', { max }))
  }

  /** Exact sums of everything logged, by any subset of `provider`, `model`, `status` and the tags. */
  summary(groupBy: string[] = ['model'], options: { where?: Record<string, string | null> } = {}): SummaryRow[] {
    const rows = this.#call<Record<string, unknown>[]>('summary', { group_by: groupBy, where: options.where ?? {} })
    return rows.map((row) => {
      // The names of tags are the caller's own.
      const key = Object.fromEntries(groupBy.map((name) => [name, row[name]]))
      return { ...key, ...(fromWire(Object.fromEntries(Object.entries(row).filter(([name]) => !groupBy.includes(name)))) as SummaryRow) }
    })
  }

  /** Lengths of the tables and counts of what was kept and lost. */
  stats(): Stats {
    return fromWire(this.#call('stats')) as Stats
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

  /** Totals and counters as text, for `restore`. Records are not in it: drain them. */
  snapshot(): string {
    return this.#call('snapshot')
  }

  /** Takes totals and counters from what `snapshot` wrote, in place of its own; records and configuration stay. */
  restore(text: string): void {
    this.#call('restore', { text })
  }

  /** Adds the totals of another monitor; its records stay there. */
  merge(other: ResourceMonitor): void {
    this.#call('merge', { other: other.#handle.id })
  }

  /** The exact settings, and where each came from: constructor, environment, region, assignment or default. */
  get config(): Record<string, { value: string; source: string }> {
    return fromWire(this.#call('config')) as Record<string, { value: string; source: string }>
  }

  /** USD per 1,000 input tokens. Assigning makes it explicit, so that it wins over the catalogue. */
  get costPer1kInputTokens(): number {
    return this.#setting('cost_per_1k_input_tokens')
  }
  set costPer1kInputTokens(value: Amount) {
    this.#set('cost_per_1k_input_tokens', value)
  }
  /** USD per 1,000 output tokens. */
  get costPer1kOutputTokens(): number {
    return this.#setting('cost_per_1k_output_tokens')
  }
  set costPer1kOutputTokens(value: Amount) {
    this.#set('cost_per_1k_output_tokens', value)
  }
  /** USD per hour of compute. */
  get computeCostPerHour(): number {
    return this.#setting('compute_cost_per_hour')
  }
  set computeCostPerHour(value: Amount) {
    this.#set('compute_cost_per_hour', value)
  }
  /** Watt-hours per 1,000 tokens. */
  get energyWhPer1kTokens(): number {
    return this.#setting('energy_wh_per_1k_tokens')
  }
  set energyWhPer1kTokens(value: Amount) {
    this.#set('energy_wh_per_1k_tokens', value)
  }
  /** Grams of CO2e per kilowatt-hour; may be assigned as the grid changes. */
  get carbonIntensityGPerKwh(): number {
    return this.#setting('carbon_intensity_g_per_kwh')
  }
  set carbonIntensityGPerKwh(value: Amount) {
    this.#set('carbon_intensity_g_per_kwh', value)
  }
  /** Kilowatts of one GPU in training. */
  get gpuPowerKw(): number {
    return this.#setting('gpu_power_kw')
  }
  set gpuPowerKw(value: Amount) {
    this.#set('gpu_power_kw', value)
  }

  /**
   * Hands undrained records to `write` every `everyS` seconds, `batch` at a time. A failed batch, a throw or a rejected promise, is tried
   * once more before new ones, then counted in `sinkErrors` and `dropped`. The timer keeps no process alive.
   */
  startSink(write: (records: AnyRecord[]) => void | Promise<void>, options: { everyS?: number; batch?: number } = {}): void {
    if (this.#sink !== undefined) throw refused('write', 'a second one', 'a monitor has one sink; stop it first')
    const source: Source = {
      next: (max) => this.#call<number[] | null>('sink_next', { max }),
      recordsAt: (slots) => this.#recordsAt(slots),
      written: () => this.#call('sink_written'),
      failed: (slots) => this.#call<boolean>('sink_failed', { slots }),
    }
    this.#sink = new Sink(source, write, options)
  }

  /** Stops the sink after a last flush, which has ended when this returns, or when the promise does if `write` gives promises. */
  stopSink(): Promise<void> {
    const sink = this.#sink
    this.#sink = undefined
    return sink === undefined ? Promise.resolve() : sink.stop()
  }

  #setting(name: string): number {
    return this.#call('setting', { name })
  }

  #set(name: string, value: Amount): void {
    this.#call('set', { name, value: typeof value === 'boolean' ? value : String(value) })
  }

  #now(): number {
    const ms = Math.floor(this.#clock())
    return ms >= 0 && ms < 253_402_300_800_000 ? ms : instantMs(ms / 1000, 'clock')
  }

  #at(at?: Instant): string {
    return rfc3339(at === undefined || at === null ? this.#now() : instantMs(at))
  }

  #call<T>(method: string, input: object = {}, body?: Body): T {
    const json = stringify(input)
    return JSON.parse(guard(() => native.monitorCall(this.#handle.id, method, json, body))) as T
  }

  /** The number of a name on the hot path; -1 sends the call the long way. */
  #intern(name: unknown): number {
    if (typeof name !== 'string') return -1
    if (this.#names.size >= Known.NAMES_MAX) {
      native.forget(this.#handle.id)
      this.#names.clear()
    }
    const id = native.intern(this.#handle.id, name)
    if (id >= 0) this.#names.set(name, id)
    return id
  }

  /** Writes the tags' numbers; false when the call has to go the long way. */
  #putTags(metadata: Metadata): boolean {
    const prototype: unknown = Object.getPrototypeOf(metadata)
    if (prototype !== Object.prototype && prototype !== null) return false
    for (const key in metadata) {
      const place = this.#tagPlaces.get(key)
      if (place === undefined) continue
      let value = metadata[key]
      if (value === null || value === undefined) continue
      // A float is written as the engine writes it, which JavaScript does not.
      if (typeof value === 'boolean' || Number.isSafeInteger(value)) value = String(value)
      if (typeof value !== 'string') return false
      // A name and an alias for the same tag: the engine knows which wins.
      if (exchange[At.IN_TAGS + place] !== 0) return false
      let id = this.#names.get(value)
      if (id === undefined) {
        // Forgetting names here would take the model's number back.
        const room = this.#names.size < Known.NAMES_MAX
        id = this.#intern(value)
        if (!room || id < 0) return false
      }
      exchange[At.IN_TAGS + place] = id + 1
    }
    return true
  }

  /** The members of metadata that can be tags: the rest is the caller's and crosses no border. */
  #tagsOf(metadata: Metadata | null | undefined): Metadata | undefined {
    return tagsOf(metadata, this.#tagKeys)
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
    const input = {
      ...(toWire(rest) as object),
      model,
      input_tokens: number(inputTokens, 'input_tokens'),
      output_tokens: number(outputTokens, 'output_tokens'),
      duration_ms: durationMs,
      metadata: this.#tagsOf(metadata),
      usage: usage === undefined ? undefined : asUsage(usage),
      at: this.#at(at),
      slot: this.#slot,
      reservation: reservationId(reservation),
    }
    return this.#record(this.#call<Logged>('log_inference', input), metadata)
  }

  #record(logged: Logged, metadata: Metadata | undefined | null): InferenceRecord {
    if (logged.duplicate) {
      // A request id that was logged before: its first record, when the ring still has it.
      const first = this.#ring[logged.slot % this.#capacity]
      if (first instanceof InferenceRecord && first.requestId === logged.record.request_id) return first
    }
    const record = InferenceRecord.fromWire(logged.record, metadata ?? undefined)
    if (!logged.duplicate) this.#keep(record)
    return record
  }

  #keep(record: AnyRecord): void {
    if (this.#capacity === 0) return
    this.#ring[this.#slot % this.#capacity] = record
    this.#slot += 1
  }

  #recordsAt(slots: number[]): AnyRecord[] {
    return slots.map((slot) => this.#ring[slot % this.#capacity] as AnyRecord)
  }

  #newVersion(id: number): Version {
    const { handle, intensity } = this.#call<{ handle: number; intensity: number }>('pricing')
    this.#version = new Version(id, new Handle(handle, native.objectFree), intensity, this.#tagKeys)
    return this.#version
  }
}

interface Logged {
  slot: number
  duplicate: boolean
  record: Wire
}

/** The prices and factors that records were made with; the engine keeps them for as long as a record may ask. */
class Version implements Details {
  readonly id: number
  readonly intensity: number
  readonly #pricing: Handle
  readonly #tagKeys: [string, number][]

  constructor(id: number, pricing: Handle, intensity: number, tagKeys: [string, number][]) {
    this.id = id
    this.#pricing = pricing
    this.intensity = intensity
    this.#tagKeys = tagKeys
  }

  wire(record: InferenceRecord): Wire {
    const { model, inputTokens, outputTokens, durationMs, timestamp, metadata } = record
    return this.#pricing.call('record', {
      model,
      input_tokens: inputTokens,
      output_tokens: outputTokens,
      duration_ms: durationMs,
      at: timestamp,
      metadata: tagsOf(metadata, this.#tagKeys),
    })
  }
}

/** NaN in the exchange array is "not known". */
function known(amount: number): number | null {
  return amount === amount ? amount : null
}
