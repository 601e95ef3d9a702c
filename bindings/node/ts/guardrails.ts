import type { PolicyAction } from './decision'
import { writeDocument, writeLenient } from './exact'
import type { Handle } from './native'
import { held, members, method, renamed, shown } from './policy-document'
import { type Instant, instantMs, rfc3339 } from './time'

/** When changes may be made: wall-clock times of `timeZone`; an end before its start is on the next day. */
export interface ChangeWindow {
  /** `HH:MM`, included. */
  start: string
  /** `HH:MM`, excluded; `24:00` is the end of the day. */
  end: string
  days?: ('mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun')[]
}

/** The limits; decimals as text, or numbers by their shortest digits. Names may also be those of the wire. */
export interface GuardrailLimits {
  minConfidence?: number | string
  maxRiskScore?: number | string
  maxSingleChange?: number | string
  maxDailyChange?: number | string
  protectedTags?: string[]
  changeWindows?: ChangeWindow[]
  changeWindowStart?: string
  changeWindowEnd?: string
  timeZone?: string
  blastRadiusLimit?: number
}

/** One guardrail that a change did not pass. */
export interface FailedCheck {
  policyName: string
  action: 'deny' | 'require_approval'
  reason: string
  /** JSON pointer to a malformed value. */
  path?: string
  /** Of `change_window`: when one opens next; null when none does within eight days. */
  nextOpen?: string | null
}

/** The answer of the guardrails. */
export class PolicyCheck {
  /** The check that decides; `all_checks` when none failed. */
  readonly policyName: string
  readonly action: PolicyAction
  readonly reason: string
  /** Every guardrail that failed. */
  readonly failed: readonly FailedCheck[]

  /** @internal */
  constructor(told: { policyName: string; action: PolicyAction; reason: string; failed: FailedCheck[] }) {
    this.policyName = told.policyName
    this.action = told.action
    this.reason = told.reason
    this.failed = told.failed
  }

  /** The check that decides: its path, and when a window opens next. Empty when none failed. */
  get details(): Omit<FailedCheck, 'action' | 'reason'> | Record<string, never> {
    const deciding = this.failed.find((check) => check.action === this.action)
    if (deciding === undefined) return {}
    const { action: _, reason: __, ...details } = deciding
    return details
  }
}

/** A change, as the waste engine or the original names its members; names may be those of the wire or ours. */
export type Change = Record<string, unknown>

/**
 * Typed limits on automated change. The first check denies, the others ask for an approval; what is unknown never passes.
 *
 * ```js
 * const guardrails = new Guardrails({ minConfidence: '0.8', timeZone: 'Europe/Berlin' })
 * guardrails.checkOpportunity({ confidence: 0.9, risk_score: 0.2, monthly_saving_usd: '120' }, changesOfToday).action
 * ```
 */
export class Guardrails {
  readonly #handle: Handle

  constructor(limits: GuardrailLimits | Record<string, unknown> = {}) {
    this.#handle = held('guardrails', writeDocument(renamed(limits), 'limits'))
  }

  /** Checks one change; `dailyChanges` are those already made. Left out, `now` is the clock; null is unknown. Never throws on a change. */
  checkOpportunity(opportunity: Change, dailyChanges: readonly Change[] = [], now?: Instant | null): PolicyCheck {
    const change = writeLenient(wireOf(opportunity))
    const history = writeLenient(Array.isArray(dailyChanges) ? dailyChanges.map(wireOf) : dailyChanges)
    const json = `{"change":${change},"history":${history},"now":${writeLenient(instantOf(now))}}`
    return new PolicyCheck(shown(method(this.#handle, 'check', json), 2))
  }

  /** Sets one limit, by its name on the wire or ours; a refused value throws and leaves the old one in force. */
  updatePolicy(name: string, value: unknown): void {
    const [wire] = Object.keys(renamed({ [name]: null }) as object)
    method(this.#handle, 'update', members({ name: wire, value }))
  }

  /** The limits in effect, decimals as text. */
  get limits(): Required<Omit<GuardrailLimits, 'changeWindowStart' | 'changeWindowEnd'>> {
    return shown(method(this.#handle, 'config'))
  }
}

/** A change with the names of the wire; an object of a class may know its own wire form. */
function wireOf(change: unknown): unknown {
  return quietly(() => {
    const { toJSON } = (change ?? {}) as { toJSON?: unknown }
    return renamed(typeof toJSON === 'function' ? (toJSON.call(change) as unknown) : change)
  })
}

/** An instant as the wire has it; what is none stays as it is, and the guardrails say so. */
function instantOf(now: unknown): unknown {
  if (now === undefined) return rfc3339(Date.now())
  if (now instanceof Date || typeof now === 'number') return quietly(() => rfc3339(instantMs(now, 'now'))) ?? String(now)
  return now
}

/** What `make` gives; undefined if it throws. */
function quietly<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}
