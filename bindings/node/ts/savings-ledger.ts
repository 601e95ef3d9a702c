/** What happened to every opportunity and what it saved. */
import { EventLog } from './event-log'
import { Handle, guard, native } from './native'
import {
  dayOf,
  eventTime,
  exactly,
  issueLater,
  membersText,
  method,
  methodLater,
  recorded,
  typedFields,
  withJson,
  withText,
  wrongArgument,
} from './ledger-value'
import {
  CostBaseline,
  type CostBaselineFields,
  type LedgerAmount,
  Opportunity,
  type OpportunityFields,
  type OpportunityStatus,
  type PriceBasis,
  baselineText,
  days,
  opportunityText,
} from './opportunity'
import { type Instant, instantMs } from './time'

/** Who acts, and when. */
export interface By {
  /** For example `user:ana`; `svc:finops` when nobody is named. */
  actor?: string
  /** Left out: the clock. */
  at?: Instant | null
}

/** An event that was recorded. */
export interface Recorded {
  readonly seq: bigint
  /** By which a row is corrected later. */
  readonly id: string
  readonly kind: string
  readonly data: Readonly<Record<string, any>>
}

/** What became of a measurement: a row with its verdict, or why nothing can be said; then nothing was recorded. */
export type Measured =
  | ({ readonly status: 'known' } & Recorded)
  | { readonly status: 'unknown'; readonly reason: 'driver_missing' | 'driver_zero' | 'split_required' }

/** What was measured after a change. */
export interface MeasurementFields {
  resource: string
  /** A: one price measured; B: all lines of the resource; C: a model of yours. */
  method: 'A' | 'B' | 'C'
  effect: 'eliminate' | 'usage' | 'rate'
  /** The day of the change. */
  implemented: Date | string
  periodStart: Date | string
  /** The day after the last. */
  periodEnd: Date | string
  currency?: string
  priceBasis?: PriceBasis
  cost: LedgerAmount
  driver?: LedgerAmount | null
  quantity?: LedgerAmount | null
  daily?: readonly (readonly [cost: LedgerAmount, driver?: LedgerAmount | null])[]
  nonRoutine?: readonly LedgerAmount[]
  /** Whether the resource is off the bill. */
  gone?: boolean
  model?: { adjustedBaseline: LedgerAmount; halfWidth: LedgerAmount; cvRmse: LedgerAmount; r2: LedgerAmount } | null
}

/** A row of proof of one's own; names may also be those of the wire. */
export interface VerificationFields {
  resource: string
  method: 'A' | 'B' | 'C'
  effect: 'eliminate' | 'usage' | 'rate'
  periodStart: Date | string
  periodEnd: Date | string
  currency?: string
  priceBasis?: PriceBasis
  adjustedBaseline: LedgerAmount
  actual: LedgerAmount
  nonRoutine?: LedgerAmount
  total: LedgerAmount
  usageEffect?: LedgerAmount | null
  rateEffect?: LedgerAmount | null
  claimed: LedgerAmount
  cashReduction: LedgerAmount
  avoidedGrowth: LedgerAmount
  ci90Low?: LedgerAmount | null
  ci90High?: LedgerAmount | null
}

/** What counts of an estimate, and why it is not all of it. */
export interface Net {
  readonly net: string
  readonly reason: string | null
}

/** An event of the log that changed nothing, with why. */
export interface Refused {
  readonly seq: bigint
  readonly code: string
  readonly path: string
  readonly message: string
}

const ACTOR = 'svc:finops'
const MEASURED = ['cost', 'driver', 'quantity']
const MODEL = ['adjusted_baseline', 'half_width', 'cv_rmse', 'r2']
const ROW = [
  'adjusted_baseline',
  'actual',
  'non_routine',
  'total',
  'usage_effect',
  'rate_effect',
  'claimed',
  'cash_reduction',
  'avoided_growth',
  'ci90_low',
  'ci90_high',
]

/**
 * What happened to every opportunity and what it saved: in memory, or on an event log.
 *
 * ```js
 * const ledger = new SavingsLedger()
 * const found = await ledger.addOpportunity({ type: 'idle_nodes', resource: 'i-1', estimatedMonthlySavings: '120.5' })
 * await ledger.propose(found.id, { prUrl: 'https://example.com/pull/1' })
 * ledger.getTotalEstimatedSavings() // '120.5'
 * ```
 *
 * Commands append an event and resolve once it is durable, in the order of their calls; what the lifecycle does not allow rejects and
 * records nothing. Queries answer at once, with exact decimal text; on a store they read what was appended, also by others.
 */
export class SavingsLedger {
  /** The log that commands append to. */
  readonly log: EventLog | null
  readonly #handle: Handle
  #last: Promise<unknown> = Promise.resolve()

  /** From an estimate of `fourEyesAbove` on, a proposal, its approval and the change need two people. */
  constructor(log?: EventLog | null, options: { fourEyesAbove?: LedgerAmount | null } = {}) {
    this.log = log ?? null
    const above = options?.fourEyesAbove
    const text = above === undefined || above === null ? undefined : String(exactly(above))
    const number = this.log === null ? undefined : EventLog.handle(this.log).id
    this.#handle = new Handle(
      guard(() => native.ledgerSavings(number, text)),
      native.ledgerFree,
    )
  }

  /** @internal */
  static handle(ledger: SavingsLedger): Handle {
    if (typeof ledger !== 'object' || ledger === null || !(#handle in ledger)) throw wrongArgument('ledger', ledger, 'give a SavingsLedger')
    return ledger.#handle
  }

  /** @internal Records that a report was issued. */
  static async issue(ledger: SavingsLedger, report: Handle, by: By): Promise<Recorded> {
    const issued = ledger.#last.then(() => issueLater(SavingsLedger.handle(ledger), report, membersText(who(by))))
    ledger.#last = issued.catch(() => undefined)
    return told(await issued)
  }

  /** Records an opportunity; one in any other state than detected is recorded as imported. Id, fingerprint and generation are filled in. */
  async addOpportunity(opportunity: Opportunity | OpportunityFields, by: By = {}): Promise<Opportunity> {
    return Opportunity.read(await this.#command('add', withText(who(by), { opportunity: opportunityText(opportunity) })))
  }

  /** Records a finding of a detection cycle: a new item, or fresh figures for the open one, once a UTC day; null when there was nothing to record. */
  async observe(finding: Opportunity | OpportunityFields, by: By = {}): Promise<Opportunity | null> {
    const seen = await this.#command('observe', withText(who(by), { opportunity: opportunityText(finding) }))
    return seen === null ? null : Opportunity.read(seen)
  }

  /** Proposes the change. */
  async propose(id: string, options: By & { prUrl?: string; prNumber?: number; change?: string; note?: string } = {}): Promise<Opportunity> {
    const { prUrl, prNumber, change, note } = options
    return this.#step('proposed', id, options, { pr_url: prUrl, pr_number: prNumber, change, note })
  }

  /** Approves the change; `baselineId` is the cost before it, frozen with `freeze`. */
  async approve(
    id: string,
    options: By & { baselineId?: string; decisionId?: string; policyDigest?: string; note?: string } = {},
  ): Promise<Opportunity> {
    const { baselineId, decisionId, policyDigest, note } = options
    return this.#step('approved', id, options, { baseline_id: baselineId, decision_id: decisionId, policy_digest: policyDigest, note })
  }

  /** Begins the change. */
  async start(id: string, by: By = {}): Promise<Opportunity> {
    return this.#step('started', id, by)
  }

  /** Records that the change is made. */
  async implement(id: string, options: By & { commit?: string; afterState?: Record<string, unknown> } = {}): Promise<Opportunity> {
    const { commit, afterState } = options
    return this.#step('implemented', id, options, { commit, after_state: afterState })
  }

  /** Measures a saving against the baseline of the item, and records the row with its verdict. */
  async verify(id: string, measurement: MeasurementFields, options: By & { baselineId?: string } = {}): Promise<Measured> {
    const members = { ...who(options), id, baseline_id: options.baselineId }
    const measured = await this.#command('verify', withText(members, { measurement: measurementText(measurement) }))
    const { status } = measured as { status: string }
    return (status === 'known' ? told(measured) : Object.freeze(measured)) as Measured
  }

  /** Records a row of proof of your own, with what it says. */
  async recordVerification(
    id: string,
    verdict: 'verified' | 'inconclusive' | 'regressed',
    verification: VerificationFields,
    by: By = {},
  ): Promise<Recorded> {
    if (!['verified', 'inconclusive', 'regressed'].includes(verdict)) {
      throw wrongArgument('verdict', verdict, 'give `verified`, `inconclusive` or `regressed`')
    }
    return this.record(`opportunity.${verdict}`, { opportunity: id, verification: row(verification) }, by)
  }

  /** Records that the saving has gone, for example because the change was reverted. */
  async regress(id: string, reason: string, by: By = {}): Promise<Opportunity> {
    return this.#step('regressed', id, by, { reason })
  }

  /** Turns the change down. */
  async reject(id: string, reason?: string, by: By = {}): Promise<Opportunity> {
    return this.#step('rejected', id, by, { reason })
  }

  /** Lets the item lapse. */
  async expire(id: string, reason?: string | null, by: By = {}): Promise<Opportunity> {
    return this.#step('expired', id, by, { reason })
  }

  /** Puts the item `other` in its place. */
  async supersede(id: string, other: string, by: By = {}): Promise<Opportunity> {
    return this.#step('superseded', id, by, { by: other })
  }

  /** Records that the change failed; it may be proposed again. */
  async fail(id: string, reason: string, by: By = {}): Promise<Opportunity> {
    return this.#step('failed', id, by, { reason })
  }

  /** Records that the change was taken back. */
  async rollBack(id: string, reason: string, by: By = {}): Promise<Opportunity> {
    return this.#step('rolled_back', id, by, { reason })
  }

  /** Ends the tracking of an item: its saving is the new normal. */
  async close(id: string, by: By = {}): Promise<Opportunity> {
    return this.#step('closed', id, by)
  }

  /** Records the cost before a change; without an id, it gets the event's. */
  async freeze(baseline: CostBaseline | CostBaselineFields, by: By = {}): Promise<CostBaseline> {
    return CostBaseline.read(await this.#command('freeze', withText(who(by), { baseline: baselineText(baseline) })))
  }

  /** Corrects the row that event `of` brought; the difference is booked now, so closed periods never change. */
  async correct(of: string, verification: VerificationFields, reason: string, by: By = {}): Promise<Recorded> {
    return this.record('savings.corrected', { of, reason, verification: row(verification) }, by)
  }

  /** Records an exchange rate: one `from` is `rate` `to` on the day `date`. */
  async recordFx(from: string, to: string, rate: LedgerAmount, date: Date | string, source: string, by: By = {}): Promise<Recorded> {
    return this.record('fx.recorded', { from, to, rate: exactly(rate), date: dayOf(date), source }, by)
  }

  /** Records an event of any kind that the ledger knows, with the members of its data as on the wire. */
  async record(kind: string, data: Record<string, unknown>, by: By = {}): Promise<Recorded> {
    return told(await this.#command('record', withText({ ...who(by), kind }, { data: recorded(data, '/data') })))
  }

  /** The opportunity of an id. */
  getOpportunity(id: string): Opportunity | null {
    const found = this.#ask('item', { id })
    return found === null ? null : Opportunity.read(found)
  }

  /** Every opportunity, by id. */
  getOpportunities(): Opportunity[] {
    return (this.#ask('items') as unknown[]).map(Opportunity.read)
  }

  /** The opportunities in a state, by time of detection, then id. */
  getOpportunitiesByStatus(status: OpportunityStatus): Opportunity[] {
    if (typeof status !== 'string') throw wrongArgument('status', status, 'give a status')
    return (this.#ask('items', { status }) as unknown[]).map(Opportunity.read)
  }

  /** The frozen baseline of an id. */
  getBaseline(id: string): CostBaseline | null {
    const found = this.#ask('baseline', { id })
    return found === null ? null : CostBaseline.read(found)
  }

  /**
   * Estimated savings per month of 730 hours of open, implemented and verified items, netted so that nothing counts twice; `gross` is their
   * plain sum. With `currency`, converted by the rates of the log.
   */
  getTotalEstimatedSavings(options: { gross?: boolean; currency?: string | null } = {}): string {
    return this.#ask('total_estimated', { gross: options.gross === true, currency: options.currency }) as string
  }

  /** What verified items saved. */
  getTotalRealizedSavings(options: { currency?: string | null } = {}): string {
    return this.#ask('total_realized', { currency: options.currency }) as string
  }

  /** What verified items saved by team, keys sorted; items without one are `unallocated`. */
  getSavingsByTeam(options: { currency?: string | null } = {}): Record<string, string> {
    return this.#ask('by_team', { currency: options.currency }) as Record<string, string>
  }

  /** What verified items saved by type. */
  getSavingsByType(options: { currency?: string | null } = {}): Record<string, string> {
    return this.#ask('by_type', { currency: options.currency }) as Record<string, string>
  }

  /** What verified items saved by cluster; items without one are `unallocated`. */
  getSavingsByCluster(options: { currency?: string | null } = {}): Record<string, string> {
    return this.#ask('by_cluster', { currency: options.currency }) as Record<string, string>
  }

  /** What counts of each estimate, by id. */
  nets(): Record<string, Net> {
    return this.#ask('nets') as Record<string, Net>
  }

  /** What is due, by id; `now` is left out for the clock. */
  due(now?: Instant): Record<string, 'expire' | 'verify' | 'close'> {
    const now_ms = now === undefined ? Date.now() : instantMs(now, 'now')
    return this.#ask('due', { now_ms }) as Record<string, 'expire' | 'verify' | 'close'>
  }

  /** Events of the log that changed nothing. */
  refused(): Refused[] {
    return (this.#ask('refused') as Refused[]).map((refused) => withJson({ ...refused, seq: BigInt(refused.seq) }))
  }

  #ask(name: string, members: Record<string, unknown> = {}): unknown {
    return method(this.#handle, name, membersText(members))
  }

  async #step(event: string, id: string, by: By, more: Record<string, unknown> = {}): Promise<Opportunity> {
    const known = Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined && value !== null))
    const data = recorded({ opportunity: id, ...known }, '/data')
    return Opportunity.read(await this.#command('step', withText({ ...who(by), kind: `opportunity.${event}` }, { data })))
  }

  /** One command after another: each decides on what the one before it recorded. */
  async #command(name: string, json: string): Promise<unknown> {
    if (this.log === null || EventLog.isQuick(this.log)) return method(this.#handle, name, json)
    const mine = this.#last.then(() => methodLater(this.#handle, name, json))
    this.#last = mine.catch(() => undefined)
    return mine
  }
}

function who(by: By): Record<string, unknown> {
  const { actor = ACTOR, at } = by ?? {}
  return { actor, at: at === undefined || at === null ? undefined : eventTime(at) }
}

function told(wire: unknown): Recorded {
  const recorded = wire as Recorded
  return withJson({ ...recorded, seq: BigInt(recorded.seq) })
}

const DAYS = ['implemented', 'period_start', 'period_end']

/** Typed fields whose times are days. */
function withDays(value: unknown, numbers: readonly string[]): Record<string, unknown> {
  const typed = typedFields(value, numbers, [])
  for (const name of DAYS) if (typed[name] instanceof Date) typed[name] = dayOf(typed[name])
  return typed
}

function measurementText(measurement: MeasurementFields): string {
  const typed = withDays(measurement, MEASURED)
  if ('daily' in typed) typed.daily = days(typed.daily)
  if (Array.isArray(typed.non_routine)) typed.non_routine = typed.non_routine.map(exactly)
  if (typeof typed.model === 'object') typed.model = typedFields(typed.model, MODEL, [])
  return recorded(typed, '/measurement')
}

/** A row of proof with the names of the wire, amounts as text. */
const row = (verification: VerificationFields): Record<string, unknown> => withDays(verification, ROW)
