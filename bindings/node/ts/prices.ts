import type { Amount } from './budget'
import { Handle, call, guard, native, stringify } from './native'
import { fromWire, toWire } from './names'
import { type Cost, costOf, setExplain } from './record'
import { type Instant, instantText } from './time'
import type { Usage } from './usage'

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
    const json = stringify({ text })
    return new Catalogue(new Handle(guard(() => native.objectNew('catalogue', json)), (id) => native.objectFree(id)))
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

  /** Every row, as in the catalogue's text. */
  rows(): Record<string, unknown>[] {
    return this.#call('rows', {})
  }

  /** This catalogue with the rows of `text` over it. */
  overlay(text: string): Catalogue {
    const json = stringify({ text, base: this.handle?.id })
    return new Catalogue(new Handle(guard(() => native.objectNew('catalogue', json)), (id) => native.objectFree(id)))
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

/** What `usage` of `model` costs; `onUnknown: 'null'` gives status `unpriced` and amounts null instead of an error. */
export function cost(
  model: string,
  usage: Usage,
  options: { provider?: string; at?: Instant; serviceTier?: string; region?: string; onUnknown?: 'raise' | 'null' } = {},
): Cost {
  const { at, ...rest } = options
  return costOf(call('cost', { model, usage, ...(toWire(rest) as object), at: instantText(at) }))
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
  reportedCost: string | null
  durationNs: number | null
  parts: { model: string | null; usage: Record<string, number> }[]
  complete: boolean
  assumptions: string[]
}

/** Reads the usage of a response body: a parsed body, an SDK's object, or JSON text. */
export function extract(body: unknown, options: { provider?: string; model?: string } = {}): Extracted {
  const input = typeof body === 'string' ? { text: body } : { body }
  return fromWire(call('extract', { ...input, ...options })) as Extracted
}
