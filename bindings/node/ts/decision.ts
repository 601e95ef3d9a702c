import { camel } from './names'

/** What a rule demands when it fires, and what a decision says. */
export type PolicyAction = 'allow' | 'deny' | 'require_approval'

/** One failing check. */
export interface Violation {
  /** The stable id, for example `budget.unit_cost`. */
  rule: string
  action: 'deny' | 'require_approval'
  /** JSON pointer into the input. */
  path?: string
  /** What the rule was about, for example the tag. */
  subject?: string
  /** The value found, as a decimal in normal form. */
  actual?: string
  /** The limit, as a decimal in normal form. */
  limit?: string
  resource?: string
}

/** A warning or advice: it changes nothing. */
export type PolicyWarning = Omit<Violation, 'action'>

/** What the approvals achieved. */
export interface Approvals {
  /** By rule, how many people are still needed. */
  missing: Record<string, number>
  /** Ids of those that counted. */
  used: string[]
  /** Id, if there is one, and why it does not count. */
  rejected: [id: string | null, code: string][]
}

/** What a candidate configuration would have answered. */
export interface Shadow {
  decision: PolicyAction
  changed: boolean
  added: [rule: string, subject: string | null][]
  removed: [rule: string, subject: string | null][]
}

/** @internal What a decision was made on: enough to explain and to log it. */
export interface Asked {
  /** The record as the engine wrote it. */
  record: string
  /** The input as text; null when it could not be read. */
  input: string | Uint8Array | null
  nowMs: number
  /** What else the decision knew, as JSON text without its braces; empty when nothing. */
  more: string
}

/** The answer to "may I?". `JSON.stringify` gives the record with the names of the wire. */
export class Decision {
  /** `require_approval`: not without an approval. */
  readonly decision: PolicyAction
  /** Whether the answer is yes; an outstanding approval is no yes. */
  readonly allowed: boolean
  /** All failing checks: those that deny, then those that ask for an approval. */
  readonly violations: readonly Violation[]
  readonly warnings: readonly PolicyWarning[]
  readonly advice: readonly PolicyWarning[]
  /** Sentences for people, in the order of the violations; a fault comes last. */
  readonly denyMessages: readonly string[]
  readonly approvalMessages: readonly string[]
  readonly warnMessages: readonly string[]
  readonly adviceMessages: readonly string[]
  /** Rules that could not be evaluated, with the reason. */
  readonly notEvaluated: readonly (readonly [rule: string, reason: string])[]
  /** Why there is no complete evaluation, for example `policy.timeout`; null when there is one. */
  readonly code: string | null
  readonly detail: string | null
  readonly exempted: readonly { rule: string; subject?: string; exemption: string }[]
  readonly exemptionWarnings: readonly (readonly [code: string, id: string | null])[]
  /** Null when no approval was needed or given. */
  readonly approvals: Approvals | null
  readonly decisionId: string
  /** `sha256:<hex>` of the canonical input. */
  readonly inputDigest: string
  readonly policyRevision: string
  readonly policyDigest: string
  readonly engine: 'typed' | 'rvm' | 'interpreter' | 'remote'
  /** Who decided: this process, an OPA, or nobody, because a fault denied. */
  readonly decisionSource: 'embedded' | 'opa' | 'fail_closed'
  /** Null without a candidate. */
  readonly shadow: Shadow | null
  /** Nanoseconds that the decision took. */
  readonly evalNs: number

  /** @internal */
  readonly #asked: Asked

  /** @internal */
  constructor(asked: Asked) {
    const record = JSON.parse(asked.record) as Record<string, any>
    this.#asked = asked
    this.decision = record.decision
    this.allowed = record.allowed
    this.violations = record.violations
    this.warnings = record.warnings
    this.advice = record.advice ?? []
    this.denyMessages = record.deny_messages
    this.approvalMessages = record.approval_messages
    this.warnMessages = record.warn_messages
    this.adviceMessages = record.advice_messages ?? []
    this.notEvaluated = record.not_evaluated
    this.code = record.code ?? null
    this.detail = record.detail ?? null
    this.exempted = record.exempted
    this.exemptionWarnings = record.exemption_warnings ?? []
    this.approvals = record.approvals ?? null
    this.decisionId = record.decision_id
    this.inputDigest = record.input_digest
    this.policyRevision = record.policy_revision
    this.policyDigest = record.policy_digest
    this.engine = record.engine
    this.decisionSource = record.decision_source
    this.shadow = record.shadow ?? null
    this.evalNs = record.eval_ns
  }

  /** The record with the names of the wire. */
  toJSON(): Record<string, unknown> {
    return JSON.parse(this.#asked.record) as Record<string, unknown>
  }

  /** @internal What it was made on; undefined for an object that is no decision of this process. */
  static asked(decision: Decision): Asked | undefined {
    return typeof decision === 'object' && decision !== null && #asked in decision ? decision.#asked : undefined
  }
}

/** One rule's part in a decision. */
export interface ExplainedRule {
  rule: string
  outcome: 'deny' | 'require_approval' | 'warn' | 'advice' | 'exempted' | 'approved' | 'not_evaluated' | 'off' | 'passed'
  subject?: string
  /** By JSON pointer into the input, what the rule read. */
  operands?: Record<string, unknown>
  limit?: unknown
  /** The sentence for people, the exemption, or why it was not evaluated. */
  reason?: string
}

/** Each rule with its operands, its limit and its outcome; for policies in Rego also the lines that ran, by file. */
export interface Explanation {
  rules: ExplainedRule[]
  code?: string
  detail?: string
  lines?: Record<string, number[]>
}

/** One unit test of a policy. */
export interface TestResult {
  package: string
  name: string
  status: 'pass' | 'fail' | 'error' | 'skip'
  message: string | null
  file: string
  line: number | null
}

/** Which lines of the policies the tests ran. */
export interface Coverage {
  covered: number
  lines: number
  files: { path: string; covered: number[]; notCovered: number[] }[]
}

/** A run of the unit tests of a set of policies. */
export class TestReport {
  readonly results: readonly TestResult[]
  readonly passed: number
  readonly failed: number
  readonly errored: number
  readonly skipped: number
  /** No test failed or broke, and one passed. */
  readonly success: boolean
  /** Null unless it was asked for. */
  readonly coverage: Coverage | null
  readonly #texts: { junit: string; sarif: string; github: string }

  /** @internal */
  constructor(told: { report: Record<string, any>; junit: string; sarif: string; github: string }) {
    const { report, ...texts } = told
    this.#texts = texts
    this.results = report.results
    this.passed = report.passed
    this.failed = report.failed
    this.errored = report.errored
    this.skipped = report.skipped
    this.success = report.success
    const coverage = report.coverage as { covered: number; lines: number; files: Record<string, any>[] } | undefined
    const file = (file: Record<string, unknown>): unknown => Object.fromEntries(Object.entries(file).map(([key, value]) => [camel(key), value]))
    this.coverage = coverage === undefined ? null : { ...coverage, files: coverage.files.map(file) as Coverage['files'] }
  }

  /** JUnit XML. */
  junit(): string {
    return this.#texts.junit
  }

  /** SARIF 2.1.0 as JSON text. */
  sarif(): string {
    return this.#texts.sarif
  }

  /** Annotations of GitHub Actions, one a line. */
  github(): string {
    return this.#texts.github
  }
}
