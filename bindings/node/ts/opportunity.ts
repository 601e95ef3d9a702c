/** Opportunities and the costs before them: checked by the engine when they are made, amounts as exact decimal text. */
import { compute, exactly, recorded, scriptNames, typedFields } from './ledger-value'
import type { Instant } from './time'

/** Where an opportunity stands. */
export const OpportunityStatus = Object.freeze({
  DETECTED: 'detected',
  PROPOSED: 'proposed',
  APPROVED: 'approved',
  IMPLEMENTING: 'implementing',
  IMPLEMENTED: 'implemented',
  VERIFIED: 'verified',
  INCONCLUSIVE: 'inconclusive',
  REGRESSED: 'regressed',
  FAILED: 'failed',
  REJECTED: 'rejected',
  EXPIRED: 'expired',
  ROLLED_BACK: 'rolled_back',
  SUPERSEDED: 'superseded',
  CLOSED: 'closed',
} as const)
export type OpportunityStatus = (typeof OpportunityStatus)[keyof typeof OpportunityStatus]

/** What was found. A type of your own is any other snake_case text, with an `effect`. */
export const OpportunityType = Object.freeze({
  OVER_REQUESTED_CPU: 'over_requested_cpu',
  OVER_REQUESTED_MEMORY: 'over_requested_memory',
  IDLE_NODES: 'idle_nodes',
  ORPHAN_VOLUMES: 'orphan_volumes',
  MISCONFIGURED_AUTOSCALING: 'misconfigured_autoscaling',
  KARPENTER_CONSOLIDATION: 'karpenter_consolidation',
  ZOMBIE_WORKLOADS: 'zombie_workloads',
  UNUSED_RESOURCES: 'unused_resources',
} as const)
export type OpportunityType = (typeof OpportunityType)[keyof typeof OpportunityType]

/** An amount: decimal text, a bigint, or a number by its shortest digits. */
export type LedgerAmount = string | number | bigint

/** What an amount is measured by. */
export type PriceBasis = 'effective' | 'contracted' | 'list' | 'billed'

/** The fields of an opportunity; names may also be those of the wire. */
export interface OpportunityFields {
  id?: string
  type: OpportunityType | (string & {})
  status?: OpportunityStatus
  detectedAt?: Instant | null
  cluster?: string
  namespace?: string
  workload?: string
  team?: string
  /** Per month of 730 hours, not negative. */
  estimatedMonthlySavings: LedgerAmount
  /** 0 to 1. */
  confidence?: LedgerAmount | null
  /** 0 to 1. */
  riskScore?: LedgerAmount | null
  evidence?: Record<string, unknown>
  beforeState?: Record<string, unknown>
  afterState?: Record<string, unknown>
  prUrl?: string | null
  prNumber?: number | null
  implementedAt?: Instant | null
  verifiedAt?: Instant | null
  realizedSavings?: LedgerAmount
  rollbackReason?: string | null
  resource?: string
  component?: string
  effect?: 'eliminate' | 'usage' | 'rate'
  /** ISO 4217; USD. */
  currency?: string
  priceBasis?: PriceBasis
  fingerprint?: string
  generation?: number
  findingId?: string | null
  detector?: string | null
  environment?: string | null
  baselineId?: string | null
  /** The pool on which a saving shows. */
  booksOn?: string | null
  measureRank?: number
  expiresAt?: Instant | null
  supersededBy?: string | null
}

const OPPORTUNITY_NUMBERS = ['estimated_monthly_savings', 'confidence', 'risk_score', 'realized_savings']
const OPPORTUNITY_TIMES = ['detected_at', 'implemented_at', 'verified_at', 'expires_at']

/** @internal An opportunity as JSON text. */
export function opportunityText(fields: Opportunity | OpportunityFields | Record<string, unknown>): string {
  const given = fields instanceof Opportunity ? Opportunity.given(fields) : fields
  return recorded(typedFields(given, OPPORTUNITY_NUMBERS, OPPORTUNITY_TIMES), '')
}

/** @internal Marks fields that the engine answered: they are checked already. */
export const READ = Symbol('read')

/** Fills a frozen object with the fields of the wire. */
function fill(into: object, wire: Record<string, unknown>): void {
  Object.assign(into, scriptNames(wire))
  Object.freeze(into)
}

/**
 * Something that would save money. Its state changes by events of the ledger, which answers a new one.
 *
 * ```js
 * const found = new Opportunity({ type: 'idle_nodes', resource: 'i-1', estimatedMonthlySavings: 120.5 })
 * found.estimatedMonthlySavings // '120.5'
 * found.effect // 'eliminate'
 * ```
 */
export class Opportunity {
  /** Empty until the ledger derives it from fingerprint and generation. */
  declare readonly id: string
  declare readonly type: OpportunityType | (string & {})
  declare readonly status: OpportunityStatus
  declare readonly detectedAt: string | null
  declare readonly cluster: string
  declare readonly namespace: string
  declare readonly workload: string
  declare readonly team: string
  declare readonly estimatedMonthlySavings: string
  declare readonly confidence: string | null
  declare readonly riskScore: string | null
  declare readonly evidence: Readonly<Record<string, any>>
  declare readonly beforeState: Readonly<Record<string, any>>
  declare readonly afterState: Readonly<Record<string, any>>
  declare readonly prUrl: string | null
  declare readonly prNumber: number | null
  declare readonly implementedAt: string | null
  declare readonly verifiedAt: string | null
  declare readonly realizedSavings: string
  declare readonly rollbackReason: string | null
  declare readonly resource: string
  declare readonly component: string
  declare readonly effect: 'eliminate' | 'usage' | 'rate'
  declare readonly currency: string
  declare readonly priceBasis: PriceBasis
  declare readonly fingerprint: string
  declare readonly generation: number
  declare readonly findingId: string | null
  declare readonly detector: string | null
  declare readonly environment: string | null
  declare readonly baselineId: string | null
  declare readonly booksOn: string | null
  declare readonly measureRank: number
  declare readonly expiresAt: string | null
  declare readonly supersededBy: string | null
  readonly #wire: string
  readonly #given: string

  constructor(fields: OpportunityFields | Record<string, unknown>) {
    const read = (fields as { [READ]?: Record<string, unknown> })?.[READ]
    this.#given = read === undefined ? opportunityText(fields) : ''
    const wire = read ?? (compute('opportunity', this.#given) as Record<string, unknown>)
    this.#wire = JSON.stringify(wire)
    fill(this, wire)
  }

  /** @internal One that the engine answered. */
  static read(wire: unknown): Opportunity {
    return new Opportunity({ [READ]: wire } as Record<string, unknown>)
  }

  /** @internal What was given, so that what the ledger derives stays the ledger's. */
  static given(item: Opportunity): Record<string, unknown> {
    return JSON.parse(item.#given === '' ? item.#wire : item.#given) as Record<string, unknown>
  }

  /** Every field with the names of the wire. */
  toJSON(): Record<string, unknown> {
    return JSON.parse(this.#wire) as Record<string, unknown>
  }
}

/** The fields of a baseline; one of `cost`, of the window, and `monthlyCost` suffices. */
export interface CostBaselineFields {
  workloadId?: string
  namespace?: string
  cluster?: string
  team?: string
  monthlyCost?: LedgerAmount | null
  cpuCost?: LedgerAmount | null
  memoryCost?: LedgerAmount | null
  storageCost?: LedgerAmount | null
  networkCost?: LedgerAmount | null
  periodStart: Instant
  /** 14 to 366 days after the start. */
  periodEnd: Instant
  id?: string
  resource?: string
  currency?: string
  priceBasis?: PriceBasis
  cost?: LedgerAmount | null
  /** The share of the cost that follows no driver, 0 to 1. */
  fixedShare?: LedgerAmount | null
  driver?: { name: string; quantity: LedgerAmount } | null
  unitPrice?: LedgerAmount | null
  /** `[cost, driver]` for each day. */
  daily?: readonly (readonly [cost: LedgerAmount, driver?: LedgerAmount | null])[]
  source?: string
  sourceSha256?: string | null
}

const BASELINE_NUMBERS = [
  'monthly_cost',
  'cpu_cost',
  'memory_cost',
  'storage_cost',
  'network_cost',
  'cost',
  'fixed_share',
  'unit_price',
]
const BASELINE_TIMES = ['period_start', 'period_end']

/** @internal Days of `[cost, driver]`, numbers as decimal text. */
export function days(value: unknown): unknown {
  return Array.isArray(value) ? value.map((day: unknown) => (Array.isArray(day) ? day.map(exactly) : day)) : value
}

/** @internal A baseline as JSON text. */
export function baselineText(fields: CostBaseline | CostBaselineFields | Record<string, unknown>): string {
  const typed = typedFields(fields, BASELINE_NUMBERS, BASELINE_TIMES)
  for (const name of BASELINE_TIMES) {
    const day = typed[name]
    // A day begins at midnight, UTC.
    if (typeof day === 'string' && /^\d{4}-\d\d-\d\d$/.test(day)) typed[name] = `${day}T00:00:00.000000Z`
  }
  if (typeof typed.driver === 'object') typed.driver = typedFields(typed.driver, ['quantity'], [])
  if ('daily' in typed) typed.daily = days(typed.daily)
  return recorded(typed, '')
}

/** The cost before a change; `SavingsLedger.freeze` records it. */
export class CostBaseline {
  declare readonly workloadId: string
  declare readonly namespace: string
  declare readonly cluster: string
  declare readonly team: string
  declare readonly monthlyCost: string
  declare readonly cpuCost: string | null
  declare readonly memoryCost: string | null
  declare readonly storageCost: string | null
  declare readonly networkCost: string | null
  declare readonly periodStart: string
  declare readonly periodEnd: string
  declare readonly id: string
  declare readonly resource: string
  declare readonly currency: string
  declare readonly priceBasis: PriceBasis
  declare readonly cost: string
  declare readonly fixedShare: string | null
  declare readonly driver: { readonly name: string; readonly quantity: string } | null
  declare readonly unitPrice: string | null
  declare readonly daily: readonly (readonly [cost: string, driver: string | null])[]
  declare readonly source: string
  declare readonly sourceSha256: string | null
  readonly #wire: string

  constructor(fields: CostBaselineFields | Record<string, unknown>) {
    const read = (fields as { [READ]?: Record<string, unknown> })?.[READ]
    const wire = read ?? (compute('baseline', baselineText(fields)) as Record<string, unknown>)
    this.#wire = JSON.stringify(wire)
    fill(this, wire)
  }

  /** @internal One that the engine answered. */
  static read(wire: unknown): CostBaseline {
    return new CostBaseline({ [READ]: wire } as Record<string, unknown>)
  }

  /** Every field with the names of the wire. */
  toJSON(): Record<string, unknown> {
    return JSON.parse(this.#wire) as Record<string, unknown>
  }
}
