import type { PolicyAction } from './decision';
import { type Instant } from './time';
/** When changes may be made: wall-clock times of `timeZone`; an end before its start is on the next day. */
export interface ChangeWindow {
    /** `HH:MM`, included. */
    start: string;
    /** `HH:MM`, excluded; `24:00` is the end of the day. */
    end: string;
    days?: ('mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun')[];
}
/** The limits; decimals as text, or numbers by their shortest digits. Names may also be those of the wire. */
export interface GuardrailLimits {
    minConfidence?: number | string;
    maxRiskScore?: number | string;
    maxSingleChange?: number | string;
    maxDailyChange?: number | string;
    protectedTags?: string[];
    changeWindows?: ChangeWindow[];
    changeWindowStart?: string;
    changeWindowEnd?: string;
    timeZone?: string;
    blastRadiusLimit?: number;
}
/** One guardrail that a change did not pass. */
export interface FailedCheck {
    policyName: string;
    action: 'deny' | 'require_approval';
    reason: string;
    /** JSON pointer to a malformed value. */
    path?: string;
    /** Of `change_window`: when one opens next; null when none does within eight days. */
    nextOpen?: string | null;
}
/** The answer of the guardrails. */
export declare class PolicyCheck {
    /** The check that decides; `all_checks` when none failed. */
    readonly policyName: string;
    readonly action: PolicyAction;
    readonly reason: string;
    /** Every guardrail that failed. */
    readonly failed: readonly FailedCheck[];
    /** The check that decides: its path, and when a window opens next. Empty when none failed. */
    get details(): Omit<FailedCheck, 'action' | 'reason'> | Record<string, never>;
}
/** A change, as the waste engine or the original names its members; names may be those of the wire or ours. */
export type Change = Record<string, unknown>;
/**
 * Typed limits on automated change. The first check denies, the others ask for an approval; what is unknown never passes.
 *
 * ```js
 * const guardrails = new Guardrails({ minConfidence: '0.8', timeZone: 'Europe/Berlin' })
 * guardrails.checkOpportunity({ confidence: 0.9, risk_score: 0.2, monthly_saving_usd: '120' }, changesOfToday).action
 * ```
 */
export declare class Guardrails {
    #private;
    constructor(limits?: GuardrailLimits | Record<string, unknown>);
    /** Checks one change; `dailyChanges` are those already made. Left out, `now` is the clock; null is unknown. Never throws on a change. */
    checkOpportunity(opportunity: Change, dailyChanges?: readonly Change[], now?: Instant | null): PolicyCheck;
    /** Sets one limit, by its name on the wire or ours; a refused value throws and leaves the old one in force. */
    updatePolicy(name: string, value: unknown): void;
    /** The limits in effect, decimals as text. */
    get limits(): Required<Omit<GuardrailLimits, 'changeWindowStart' | 'changeWindowEnd'>>;
}
