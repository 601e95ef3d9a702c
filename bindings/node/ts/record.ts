import type { Usage } from './usage'
import type { Estimate } from './carbon'
import { fromWire } from './names'

/** What a caller may hang on a call; tags are read from it, the rest is kept by reference. */
export type Metadata = Record<string, unknown>

/** A wire form: snake_case, money, joules and kilograms as decimal strings. */
export type Wire = Record<string, unknown>

/** How far a price can be trusted. */
export type Status = 'priced' | 'estimated' | 'unpriced' | 'provider_reported'
/** Where a price came from. */
export type PriceSource = 'custom' | 'configured' | 'provider' | 'catalogue' | 'default'

/** One line of a cost; `amount` is null when the price has no rate for the unit. */
export interface LineItem {
  unit: string
  quantity: string | number
  rate: string | null
  per: string
  amount: string | null
  model?: string | null
}

/** An exact cost in USD; amounts are decimal strings, null when not known. */
export interface Cost {
  total: string | null
  input: string | null
  output: string | null
  compute: string | null
  other: string | null
  lineItems: LineItem[]
  status: Status
  priceSource: PriceSource | null
  assumptions: string[]
  catalogue: string | null
  priceRows: string[]
  listPrice: string | null
  reported: string | null
  /** Items, one sentence an assumption, row ids and sources. */
  explain(): string
}

/** @internal Where a record's details come from, when they are asked for. */
export interface Details {
  wire(record: InferenceRecord): Wire
}

/** @internal Something that explains the wire form of a cost. */
export type Explain = (cost: unknown) => string
let explainCost: Explain = () => ''
/** @internal Set once by the module that knows the engine; a direct import would be a circle. */
export function setExplain(explain: Explain): void {
  explainCost = explain
}

/** @internal A cost from its wire form. */
export function costOf(wire: unknown): Cost {
  const cost = fromWire(wire) as Cost
  return Object.defineProperty(cost, 'explain', { value: () => explainCost(wire), enumerable: false })
}

/**
 * What one inference cost, used and emitted.
 *
 * Own properties are plain numbers, so that `console.log` shows them; the exact side (`cost`, `usage`, `energy`, `carbon`, `toJSON()`) is
 * computed when asked for, from the rates and factors that the record was made with.
 */
export class InferenceRecord {
  /** RFC 3339 in UTC with milliseconds. */
  readonly timestamp: string
  readonly model: string
  readonly inputTokens: number
  readonly outputTokens: number
  readonly totalTokens: number
  readonly durationMs: number | null
  readonly inputCostUsd: number | null
  readonly outputCostUsd: number | null
  readonly computeCostUsd: number | null
  readonly unitCostUsd: number | null
  readonly energyJoules: number
  readonly carbonKg: number
  readonly carbonIntensityGPerKwh: number
  /** The caller's object itself, present only when it was given. */
  readonly metadata?: Metadata
  #details: Details | Wire

  /** @internal */
  constructor(
    timestamp: string,
    model: string,
    inputTokens: number,
    outputTokens: number,
    totalTokens: number,
    durationMs: number | null,
    inputCostUsd: number | null,
    outputCostUsd: number | null,
    computeCostUsd: number | null,
    unitCostUsd: number | null,
    energyJoules: number,
    carbonKg: number,
    carbonIntensityGPerKwh: number,
    metadata: Metadata | undefined,
    details: Details | Wire,
  ) {
    this.timestamp = timestamp
    this.model = model
    this.inputTokens = inputTokens
    this.outputTokens = outputTokens
    this.totalTokens = totalTokens
    this.durationMs = durationMs
    this.inputCostUsd = inputCostUsd
    this.outputCostUsd = outputCostUsd
    this.computeCostUsd = computeCostUsd
    this.unitCostUsd = unitCostUsd
    this.energyJoules = energyJoules
    this.carbonKg = carbonKg
    this.carbonIntensityGPerKwh = carbonIntensityGPerKwh
    if (metadata !== undefined) this.metadata = metadata
    this.#details = details
  }

  /** @internal A record from its wire form. */
  static fromWire(wire: Wire, metadata?: Metadata): InferenceRecord {
    const float = (key: string): number | null => (wire[key] === null || wire[key] === undefined ? null : Number(wire[key]))
    return new InferenceRecord(
      wire.timestamp as string,
      wire.model as string,
      wire.input_tokens as number,
      wire.output_tokens as number,
      wire.total_tokens as number,
      float('duration_ms'),
      float('input_cost_usd'),
      float('output_cost_usd'),
      float('compute_cost_usd'),
      float('unit_cost_usd'),
      Number(wire.energy_joules),
      Number(wire.carbon_kg),
      Number(wire.carbon_intensity_g_per_kwh),
      metadata ?? (wire.metadata as Metadata | undefined),
      wire,
    )
  }

  #wire(): Wire {
    const details = this.#details
    if (typeof details.wire === 'function') {
      this.#details = (details as Details).wire(this)
      return this.#details
    }
    return details as Wire
  }

  /** The exact cost with its line items. */
  get cost(): Cost {
    return costOf(this.#wire().cost)
  }
  /** Every token bucket and counter. */
  get usage(): Partial<Usage> {
    return fromWire(this.#wire().usage) as Partial<Usage>
  }
  /** Joules with range, tier and method. */
  get energy(): Estimate {
    return fromWire(this.#wire().energy) as Estimate
  }
  /** Operational carbon with range, tier and method. */
  get carbon(): Estimate {
    return fromWire(this.#wire().carbon) as Estimate
  }
  /** Embodied carbon in kilograms, where it is modelled. */
  get embodiedKg(): number | null {
    const embodied = this.carbon.embodied
    return embodied === undefined ? null : embodied.central / 1000
  }
  get status(): Status {
    return this.#wire().status as Status
  }
  get priceSource(): PriceSource | null {
    return (this.#wire().price_source ?? null) as PriceSource | null
  }
  get provider(): string | null {
    return (this.#wire().provider ?? null) as string | null
  }
  get requestedModel(): string | null {
    return (this.#wire().requested_model ?? null) as string | null
  }
  get tags(): Record<string, string> {
    return this.#wire().tags as Record<string, string>
  }
  get requestId(): string | null {
    return (this.#wire().request_id ?? null) as string | null
  }
  get finish(): string | null {
    return (this.#wire().finish ?? null) as string | null
  }
  get outcome(): string {
    return this.#wire().outcome as string
  }
  /** False for a stream that broke off. */
  get complete(): boolean {
    return this.#wire().complete as boolean
  }
  get serviceTier(): string | null {
    return (this.#wire().service_tier ?? null) as string | null
  }
  /** Whatever was assumed about usage, price, energy and carbon. */
  get assumptions(): string[] {
    return this.#wire().assumptions as string[]
  }

  /** The wire form: snake_case, money, joules and kilograms as exact decimal strings. */
  toJSON(): Wire {
    return withMetadata(this.#wire(), this.metadata)
  }
}

/** What one training run cost, used and emitted. */
export class TrainingRecord {
  readonly timestamp: string
  readonly type = 'training'
  readonly model: string
  readonly durationHours: number
  readonly gpuCount: number
  readonly computeCostUsd: number
  readonly energyJoules: number
  readonly carbonKg: number
  readonly carbonIntensityGPerKwh: number
  readonly metadata?: Metadata
  #wire: Wire

  /** @internal */
  constructor(wire: Wire, metadata?: Metadata) {
    this.timestamp = wire.timestamp as string
    this.model = wire.model as string
    this.durationHours = Number(wire.duration_hours)
    this.gpuCount = wire.gpu_count as number
    this.computeCostUsd = Number(wire.compute_cost_usd)
    this.energyJoules = Number(wire.energy_joules)
    this.carbonKg = Number(wire.carbon_kg)
    this.carbonIntensityGPerKwh = Number(wire.carbon_intensity_g_per_kwh)
    const kept = metadata ?? (wire.metadata as Metadata | undefined)
    if (kept !== undefined) this.metadata = kept
    this.#wire = wire
  }

  /** Joules with range, tier and method. */
  get energy(): Estimate {
    return fromWire(this.#wire.energy) as Estimate
  }
  /** Operational carbon with range, tier and method. */
  get carbon(): Estimate {
    return fromWire(this.#wire.carbon) as Estimate
  }
  get tags(): Record<string, string> {
    return this.#wire.tags as Record<string, string>
  }
  get assumptions(): string[] {
    return this.#wire.assumptions as string[]
  }

  /** The wire form: snake_case, money, joules and kilograms as exact decimal strings. */
  toJSON(): Wire {
    return withMetadata(this.#wire, this.metadata)
  }
}

/** The wire form has the caller's metadata behind the numbers. */
function withMetadata(wire: Wire, metadata: Metadata | undefined): Wire {
  const entries = Object.entries(wire)
  if (metadata !== undefined) {
    entries.splice(entries.findIndex(([key]) => key === 'carbon_intensity_g_per_kwh') + 1, 0, ['metadata', metadata])
  }
  return Object.fromEntries(entries)
}
