import { Handle, stringify } from './native'
import { fromWire, toWire } from './names'
import { type Instant, instantText } from './time'

/** An amount: a decimal string is exact; a number is read by its shortest decimal. */
export type Amount = string | number | bigint

/** What a call takes or took; a call counts one request by itself. */
export interface Amounts {
  usd?: Amount | null
  tokens?: number
  joules?: Amount
  gramsCo2e?: Amount
}

/** When, and for whom. */
export interface BudgetCall extends Amounts {
  tags?: Record<string, string>
  at?: Instant
}

/** One limit. */
export interface BudgetOptions {
  unit?: 'usd' | 'tokens' | 'requests' | 'joules' | 'grams_co2e'
  window?: 'total' | 'hour' | 'day' | 'iso_week' | 'month' | { every: number }
  /** The tags, with their values, that a covered call carries; none covers all. */
  scope?: Record<string, string>
  /** One counter a value of these tags. */
  per?: string[]
  hard?: boolean
  warnAt?: Amount[]
  onUnpriced?: 'deny' | 'allow'
}

/** A limit on what calls may take. */
export class Budget {
  readonly id: string
  readonly limit: string
  readonly options: BudgetOptions

  constructor(id: string, limit: Amount, options: BudgetOptions = {}) {
    this.id = id
    this.limit = String(limit)
    this.options = options
  }

  toJSON(): unknown {
    const { window, warnAt, ...rest } = this.options
    return {
      id: this.id,
      limit: this.limit,
      ...(toWire(rest) as object),
      ...(window === undefined ? {} : { window: typeof window === 'string' ? window : `every(${window.every})` }),
      ...(warnAt === undefined ? {} : { warn_at: warnAt.map(String) }),
    }
  }
}

/** The answer to a settlement. */
export interface Settlement {
  /** What the hold had too much. */
  released: string
  /** What was spent beyond the hold. */
  overrun: string
  /** Whether it came after the hold had lapsed. */
  late: boolean
  /** Thresholds crossed, as `id:threshold`. */
  events: string[]
}

/** Where a budget stands. */
export interface BudgetState {
  budget: string
  limit: string
  spent: string
  reserved: string
  remaining: string
}

/** Room that is held for a call. */
export class Reservation {
  readonly id: string
  readonly level: 'ok' | 'warn'
  readonly #budgets: Budgets

  /** @internal */
  constructor(budgets: Budgets, told: { id: string; level: 'ok' | 'warn' }) {
    this.#budgets = budgets
    this.id = told.id
    this.level = told.level
  }

  /** Frees the hold and charges what was spent. */
  settle(actual: Amounts & { at?: Instant } = {}): Settlement {
    return this.#budgets.settle(this.id, actual)
  }

  /** Frees the hold; nothing was spent. */
  release(options: { at?: Instant } = {}): void {
    this.#budgets.release(this.id, options)
  }

  /** `using held = budgets.reserve(…)` frees the hold when it was not settled. */
  [Symbol.dispose](): void {
    this.release()
  }
}

/** Budgets that are reserved from together, all or nothing. */
export class Budgets {
  /** @internal */
  readonly handle: Handle

  constructor(budgets: Budget[] | { state: string }) {
    this.handle = Handle.object('budgets', stringify(budgets))
  }

  /** Budgets as `JSON.stringify(budgets)` wrote them, holds and all. */
  static fromJSON(state: string): Budgets {
    return new Budgets({ state })
  }

  /** @internal A reservation that a monitor made in its budgets. */
  static reservation(budgets: Budgets | undefined, told: { id: string; level: 'ok' | 'warn' }): Reservation {
    return new Reservation(budgets ?? new Budgets([]), told)
  }

  /** Holds room in every budget that covers the call, or in none: `budget.exceeded`, `budget.unpriced`. */
  reserve(call: BudgetCall & { ttlS?: number }): Reservation {
    return new Reservation(this, this.handle.call<{ id: string; level: 'ok' | 'warn' }>('reserve', wire(call)))
  }

  /** Frees a hold and charges what was spent. */
  settle(id: string, actual: Amounts & { at?: Instant } = {}): Settlement {
    return fromWire(this.handle.call('settle', { id, ...(wire(actual) as object) })) as Settlement
  }

  /** Frees a hold; may be repeated. */
  release(id: string, options: { at?: Instant } = {}): void {
    this.handle.call('release', { id, at: instantText(options.at) })
  }

  /** Charges without asking. */
  recordSpend(call: BudgetCall): Settlement {
    return fromWire(this.handle.call('record_spend', wire(call))) as Settlement
  }

  /** Where the budgets stand; the one named, or all. */
  state(id: string, options?: { at?: Instant }): BudgetState
  state(id?: undefined, options?: { at?: Instant }): BudgetState[]
  state(id?: string, options: { at?: Instant } = {}): BudgetState | BudgetState[] {
    return fromWire(this.handle.call('state', { id, at: instantText(options.at) })) as BudgetState | BudgetState[]
  }

  /** Everything, holds and all: `JSON.stringify(budgets)` survives a restart. */
  toJSON(): unknown {
    return this.handle.call('to_json', {})
  }
}

function wire(call: BudgetCall & { ttlS?: number }): unknown {
  const { at, usd, joules, gramsCo2e, ...rest } = call
  const text = (value: Amount | null | undefined): string | null | undefined =>
    value === undefined || value === null ? value : String(value)
  return {
    ...(toWire(rest) as object),
    usd: text(usd),
    joules: text(joules),
    grams_co2e: text(gramsCo2e),
    at: instantText(at),
  }
}
