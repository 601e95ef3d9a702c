import type { Amount } from './budget'
import { Handle, call, stringify } from './native'
import { bodyOf } from './body'
import { fromWire, toWire } from './names'
import { type Cost, costOf, setExplain } from './record'
import { type Instant, instantText } from './time'
import { type Buckets, type Usage, asUsage } from './usage'

setExplain((cost) => call<string>('explain', { cost }))

/** The price that you pay for a model: it wins over everything else. */
export class ModelPrice {
  readonly model: string
  readonly options: ModelPriceOptions

  constructor(model: string, options: ModelPriceOptions = {}) {
    this.model = model
    this.options = options
  }

  toJSON(): unknown {
    const { provider, hosting, ...rates } = this.options
    const text = Object.fromEntries(Object.entries(rates).map(([key, value]) => [key, value === undefined ? undefined : String(value)]))
    return { model: this.model, provider, hosting, ...(toWire(text) as object) }
  }
}

/** Rates in USD per million tokens, compute in USD per hour. */
export interface ModelPriceOptions {
  provider?: string
  hosting?: 'api' | 'self_hosted'
  inputUsdPerMtok?: Amount
  outputUsdPerMtok?: Amount
  cacheReadUsdPerMtok?: Amount
  cacheWriteUsdPerMtok?: Amount
  computeCostPerHour?: Amount
}

/** What a name resolves to. */
export interface Resolved {
  provider: string
  model: string
  match: 'exact' | 'alias' | 'case_insensitive' | 'provider_prefix' | 'fine_tuned' | 'date_suffix'
  status: 'priced' | 'estimated'
}

/** Dated prices of models, with provenance. */
export class Catalogue {
  /** @internal The compiled catalogue has none. */
  readonly handle: Handle | undefined

  /** @internal */
  constructor(handle?: Handle) {
    this.handle = handle
  }

  /** A catalogue from its text. */
  static fromJsonl(text: string): Catalogue {
    return new Catalogue(Handle.object('catalogue', '{}', text))
  }

  /** Identifies the bytes that the prices came from. */
  get id(): string {
    return this.#call('id', {})
  }

  /** The day it was built. */
  get generated(): string {
    return this.#call('generated', {})
  }

  /** The model that a name stands for: exact or by an anchored form, never by resemblance. */
  resolve(model: string, provider?: string): Resolved {
    return this.#call('resolve', { model, provider })
  }

  /** Every row, or those of one model, as in the catalogue's text and with its id. */
  rows(model?: string): Record<string, unknown>[] {
    return this.#call('rows', { model })
  }

  /** This catalogue with the rows of `text` over it. */
  overlay(text: string): Catalogue {
    return new Catalogue(Handle.object('catalogue', stringify({ overlay: true, base: this.handle?.id }), text))
  }

  #call<T>(method: string, input: object): T {
    return call<T>(`catalogue_${method}`, { ...input, catalogue: this.handle?.id })
  }
}

const builtin = new Catalogue()

/** The compiled catalogue. */
export function prices(): Catalogue {
  return builtin
}

/** Under which conditions, and by which prices. */
export interface CostOptions {
  provider?: string
  at?: Instant
  serviceTier?: string
  region?: string
  speed?: string
  searchContext?: string
  /** The compiled catalogue unless given. */
  catalogue?: Catalogue
  onUnknown?: 'raise' | 'null'
}

/** What `usage` of `model` costs; `onUnknown: 'null'` gives status `unpriced` and amounts null instead of an error. */
export function cost(
  model: string,
  usage: Usage | Buckets,
  options: CostOptions = {},
): Cost {
  const { at, catalogue, ...rest } = options
  return costOf(call('cost', { model, usage: asUsage(usage), ...(toWire(rest) as object), at: instantText(at), catalogue: catalogue?.handle?.id }))
}

/** What a response body says of its call. */
export interface Extracted {
  usage: Record<string, number>
  provider: string | null
  model: string | null
  requestId: string | null
  finish: string | null
  serviceTier: string | null
  region: string | null
  speed: string | null
  searchContext: string | null
  reportedCost: string | null
  durationNs: number | null
  parts: { model: string | null; usage: Record<string, number> }[]
  complete: boolean
  assumptions: string[]
}

/** Reads the usage of a response body: a parsed body, an SDK's object, JSON text or its bytes. */
export function extract(body: unknown, options: { provider?: string; model?: string } = {}): Extracted {
  return fromWire(call('extract', options, bodyOf(body))) as Extracted
}
