/** The money loop: detect waste, guard the change, propose it, record what it should save. */
import type { EventLog } from './event-log'
import { writeDocument, writeLenient } from './exact'
import { type GuardrailLimits, Guardrails, type PolicyCheck } from './guardrails'
import { ClusterInventory } from './inventory'
import { Handle, guard, native, toldOf } from './native'
import { Opportunity, READ } from './opportunity'
import { members, renamed, shown } from './policy-document'
import { Report, ReportGenerator } from './report'
import { SavingsLedger } from './savings-ledger'
import { type Instant, instantMs, rfc3339 } from './time'

/** A detector of one's own: what it finds in a cluster's data, with the ledger's names. */
export interface Detector {
  readonly name?: string
  detect(clusterData: any): Iterable<Record<string, unknown>> | null | undefined
}

/** Files that a change may edit, by path. */
export type Sources = Record<string, string | Uint8Array> | Map<string, string | Uint8Array>

/** How an engine works. */
export interface EngineOptions {
  /** Where savings are kept: a ledger, or an event log; in memory without one. */
  ledger?: SavingsLedger | EventLog | null
  /** For `PullRequest.open`; `GITHUB_TOKEN` without it. */
  githubToken?: string
  /** The folder whose manifests and Terraform files may be edited. */
  repoPath?: string
  /** Whose prices apply where data names none; `us-east-1`. */
  region?: string
  guardrails?: Guardrails | GuardrailLimits | Record<string, unknown>
  /** Constants of the detectors, with the names of the wire. */
  detection?: Record<string, unknown>
  /** `helm`, `overlay`, `terraform_ids`, `labels`. */
  change?: Record<string, unknown>
  prices?: unknown
  environment?: string
  /** Who records; `svc:finops`. */
  actor?: string
}

/** A saving: its formula, its price, its claims, and what the portfolio made of it. */
export interface Estimate {
  grossMonthly: string | null
  grossReason: string | null
  grantedMonthly: string
  realizableMonthly: string | null
  realizableReason: string | null
  costIncreaseMonthly: string | null
  formula: string
  monthHours: string
  priceSource: string | null
  priceDate: string | null
  claims: Record<string, unknown>[]
  assumptions: string[]
  supersededBy: string[]
}

/** The report of a detection cycle, with the names of the wire below its members. */
export interface RunReport {
  asOf: string
  opportunities: Record<string, any>[]
  assessments: Record<string, any>[]
  counts: Record<string, number>
  guardrails: Record<string, number>
  portfolio: Record<string, string | null>
  findings: Record<string, any>[]
  failures: { detector: string; code: string; message: string }[]
  notRecorded: Record<string, string>[]
  unknownKeys: Record<string, number>
  config: Record<string, unknown>
}

const BESIDE = new Set([
  'recommendation',
  'tags',
  'guardrail',
  'guardrail_input',
  'estimate',
  'confidence_inputs',
  'risk_inputs',
  'reason',
  'severity',
  'priority',
])

const pick = (wire: Record<string, unknown>, beside: boolean): Record<string, unknown> =>
  Object.fromEntries(Object.entries(wire).filter(([name]) => BESIDE.has(name) === beside))

/** An opportunity that the engine detected. A saving that is not known is null, never 0. */
export class DetectedOpportunity extends Opportunity {
  readonly #beside: Record<string, unknown>
  readonly #all: string

  /** @internal */
  constructor(wire: Record<string, unknown>) {
    super({ [READ]: pick(wire, false) } as Record<string, unknown>)
    this.#beside = shown(pick(wire, true), 1)
    this.#all = JSON.stringify(wire)
  }

  /** @internal The wire form with everything. */
  static wire(item: DetectedOpportunity): Record<string, unknown> {
    return JSON.parse(item.#all) as Record<string, unknown>
  }

  /** What to do, in one sentence. */
  get recommendation(): string {
    return this.#beside.recommendation as string
  }

  /** Tags of the cluster and of the subject. */
  get tags(): readonly string[] {
    return this.#beside.tags as string[]
  }

  /** What the guardrails say. */
  get guardrail(): Pick<PolicyCheck, 'action' | 'policyName' | 'reason' | 'failed'> {
    return shown(this.#beside.guardrail, 2)
  }

  /** The saving with its formula, and what the portfolio grants of it. */
  get estimate(): Estimate | null {
    return shown(this.#beside.estimate, 1)
  }

  /** What the guardrails decided on, with the names of the wire. */
  get guardrailInput(): Readonly<Record<string, unknown>> {
    return this.#beside.guardrailInput as Record<string, unknown>
  }

  /** Everything, with the names of the wire. */
  override toJSON(): Record<string, unknown> {
    return DetectedOpportunity.wire(this)
  }
}

/** A file of a change. */
export interface ChangedFile {
  path: string
  action: 'edit' | 'create' | 'delete'
  oldDigest: string | null
  newDigest: string | null
  content: string | null
  diff: string
  edits: Record<string, unknown>[]
}

/** A commit that was written. */
export interface WrittenCommit {
  branch: string
  commit: string
  base: string
  /** False where the branch held the same change already. */
  created: boolean
  /** Commands that push it and open it, as lists of words. */
  publish: string[][]
}

/** A proposed change: branch, title, description and files. Nothing is pushed or opened by itself. */
export class PullRequest {
  declare readonly id: string
  declare readonly title: string
  declare readonly branchName: string
  declare readonly description: string
  declare readonly commitMessage: string
  declare readonly status: 'ready' | 'draft' | 'refused'
  declare readonly reason: { code: string; path: string; message: string } | null
  declare readonly kind: string | null
  declare readonly changes: readonly ChangedFile[]
  declare readonly labels: readonly string[]
  declare readonly findingIds: readonly string[]
  declare readonly opportunityIds: readonly string[]
  declare readonly estimatedSavings: string | null
  declare readonly confidence: string | null
  declare readonly riskScore: string | null
  declare readonly risk: Readonly<Record<string, any>>
  declare readonly evidence: readonly Record<string, any>[]
  declare readonly guardrail: Readonly<Record<string, any>>
  declare readonly requiresApproval: boolean
  declare readonly patch: string
  declare readonly rollback: string
  readonly #wire: string
  readonly #repo: string | undefined
  readonly #token: string | undefined

  /** @internal */
  constructor(wire: Record<string, unknown>, repo?: string, token?: string) {
    this.#wire = JSON.stringify(wire)
    this.#repo = repo
    this.#token = token
    const { changes, ...rest } = wire
    Object.assign(this, shown(rest, 1), { changes: (changes as unknown[]).map((file) => shown(file, 1)) })
    Object.freeze(this)
  }

  /** Writes `pull_request.md`, `change.patch`, `rollback.patch` and the new files below `folder`; answers the files. */
  async write(folder: string): Promise<string[]> {
    return (await this.#later('write', { folder })) as string[]
  }

  /** Writes a branch with one commit on `base` into the local repository; the working tree stays as it is. */
  async commit(repository?: string, base = ''): Promise<WrittenCommit> {
    const folder = repository ?? this.#repo
    if (folder === undefined) throw new TypeError('name the repository, or give the engine a repoPath')
    return (await this.#later('commit', { folder, base })) as WrittenCommit
  }

  /** Opens it on GitHub in `owner/name`, once its branch is there. */
  async open(
    repository: string,
    options: { token?: string; base?: string; apiUrl?: string } = {},
  ): Promise<{ number: number; url: string }> {
    const token = options.token ?? this.#token ?? process.env.GITHUB_TOKEN ?? ''
    const api_url = options.apiUrl ?? 'https://api.github.com'
    return (await this.#later('open', { repository, token, base: options.base ?? 'main', api_url })) as { number: number; url: string }
  }

  /** The change with the names of the wire. */
  toJSON(): Record<string, unknown> {
    return JSON.parse(this.#wire) as Record<string, unknown>
  }

  async #later(method: string, json: Record<string, unknown>): Promise<unknown> {
    try {
      return JSON.parse(await native.changeLater(method, this.#wire, JSON.stringify(json)))
    } catch (error) {
      throw toldOf(error)
    }
  }
}

/** What JSON cannot hold is `false` here, which is wrong wherever a number or text is due: the record says so. */
function honest(value: unknown, depth = 0): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : false
  if (typeof value === 'function' || typeof value === 'symbol') return false
  if (Array.isArray(value)) return depth > 100 ? false : value.map((item) => honest(item, depth + 1))
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Map) return value
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return honest((value as { toJSON(): unknown }).toJSON(), depth + 1)
  if (depth > 100) return false
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, honest(member, depth + 1)]))
}

function wireOf(item: unknown): unknown {
  if (item instanceof DetectedOpportunity) return DetectedOpportunity.wire(item)
  if (item instanceof Opportunity) return Object.fromEntries(Object.entries(item.toJSON()).filter(([, value]) => value !== null))
  return renamed(item)
}

function files(sources: Sources | undefined): [string[] | undefined, Uint8Array[]] {
  if (sources === undefined) return [undefined, []]
  const entries = sources instanceof Map ? [...sources] : Object.entries(sources)
  return [entries.map(([path]) => path), entries.map(([, bytes]) => (typeof bytes === 'string' ? Buffer.from(bytes) : bytes))]
}

/**
 * Detects waste, has the guardrails judge every finding, proposes changes and records what they should save.
 *
 * ```js
 * const engine = new FinOpsEngine()
 * const opportunities = engine.runDetectionCycle(clusterData)
 * const pullRequests = engine.generatePrs(opportunities)
 * engine.ledger.getTotalEstimatedSavings() // '109.5'
 * ```
 */
export class FinOpsEngine {
  readonly ledger: SavingsLedger
  readonly guardrails: Guardrails
  readonly reporter: ReportGenerator
  readonly repoPath: string | undefined
  /** The report of the last detection cycle. */
  lastReport: RunReport | null = null
  readonly #handle: Handle
  readonly #token: string | undefined
  readonly #actor: string
  readonly #detectors: Detector[] = []

  constructor(options: EngineOptions = {}) {
    const { ledger, githubToken, repoPath, guardrails, actor, region, detection, change, prices, environment } = options
    this.ledger = ledger instanceof SavingsLedger ? ledger : new SavingsLedger(ledger)
    this.guardrails = guardrails instanceof Guardrails ? guardrails : new Guardrails(guardrails ?? {})
    this.reporter = new ReportGenerator(this.ledger)
    this.repoPath = repoPath
    this.#token = githubToken
    this.#actor = actor ?? 'svc:finops'
    const json = members({ region, detection, change, prices, environment })
    this.#handle = new Handle(
      guard(() => native.engineNew(json)),
      native.engineFree,
    )
  }

  /** Adds a detector of one's own; where it throws, the run says so and the others go on. */
  registerDetector(detector: Detector): void {
    if (typeof detector?.detect !== 'function') throw new TypeError('a detector has a method `detect(clusterData)`')
    this.#detectors.push(detector)
  }

  /**
   * Detects waste in a `cluster_data`, a `ClusterInventory`, an `AiInventory` or a list of them, and records it in the ledger. Answers all
   * findings, the largest saving first, each with its guardrail verdict. `asOf` is the time of the run: that of the data, else now, without one.
   */
  runDetectionCycle(clusterData: unknown, options: { asOf?: Instant | null; record?: boolean } = {}): DetectedOpportunity[] {
    const inventories: unknown[] = Array.isArray(clusterData) ? clusterData : [clusterData]
    const reported = this.#detectors.flatMap((detector) => inventories.map((inventory) => ask(detector, inventory)))
    const held = inventories.map((inventory) => (inventory instanceof ClusterInventory ? ClusterInventory.handle(inventory) : null))
    const given = inventories.map((inventory, place) => (held[place] === null ? writeLenient(honest(inventory)) : 'null'))
    const parts = [`"inventories":[${given.join(',')}]`, `"reported":${writeLenient(honest(reported))}`, this.#limits()]
    parts.push(`"actor":${JSON.stringify(this.#actor)}`)
    if (options.asOf !== undefined && options.asOf !== null) parts.push(`"as_of":"${rfc3339(instantMs(options.asOf, 'asOf'))}"`)
    const ledger = options.record === false ? undefined : SavingsLedger.handle(this.ledger).id
    const text = guard(() => native.engineRun(this.#handle.id, `{${parts.join(',')}}`, ledger, held))
    const report = shown<RunReport>(JSON.parse(text))
    this.lastReport = report
    return report.opportunities.map((wire) => new DetectedOpportunity(wire))
  }

  /**
   * Proposes the changes of opportunities: those that the guardrails allow or that somebody must approve. `sources` are the files that
   * may be edited; those under `repoPath` without them. Nothing is pushed or opened.
   */
  generatePrs(opportunities?: Iterable<unknown>, options: { sources?: Sources; asOf?: Instant | null } = {}): PullRequest[] {
    const items = [...(opportunities ?? this.lastReport?.opportunities ?? [])].map(wireOf)
    const parts = [`"opportunities":${writeLenient(honest(items))}`, this.#limits(), `"root":${JSON.stringify(this.repoPath ?? '')}`]
    if (options.asOf !== undefined && options.asOf !== null) parts.push(`"as_of":"${rfc3339(instantMs(options.asOf, 'asOf'))}"`)
    const [paths, bytes] = files(options.sources)
    const text = guard(() => native.enginePropose(this.#handle.id, `{${parts.join(',')}}`, paths, bytes))
    return (JSON.parse(text) as Record<string, unknown>[]).map((wire) => new PullRequest(wire, this.repoPath, this.#token))
  }

  /** Everything known about one opportunity, with the names of the wire: evidence, estimate, inputs of confidence and risk, change. */
  generateEvidencePack(opportunity: unknown, options: { sources?: Sources } = {}): Record<string, any> {
    const json = `{"opportunity":${writeLenient(honest(wireOf(opportunity)))},"root":${JSON.stringify(this.repoPath ?? '')}}`
    const [paths, bytes] = files(options.sources)
    return JSON.parse(guard(() => native.engineEvidence(this.#handle.id, json, paths, bytes))) as Record<string, any>
  }

  /** The report of the week that holds `weekStart`; left out, the present one. */
  generateWeeklyReport(weekStart?: Instant | null): Report {
    return this.reporter.generateWeeklyReport(weekStart)
  }

  /** The report of the month that holds `monthStart`; left out, the present one. */
  generateMonthlyReport(monthStart?: Instant | null): Report {
    return this.reporter.generateMonthlyReport(monthStart)
  }

  #limits(): string {
    return `"guardrails":${writeDocument(renamed(this.guardrails.limits), 'guardrails')}`
  }
}

/** What one detector of one's own says. */
function ask(detector: Detector, inventory: unknown): Record<string, unknown> {
  const name = detector.name ?? detector.constructor?.name ?? 'custom'
  try {
    return { detector: name, opportunities: [...(detector.detect(inventory) ?? [])].map(wireOf) }
  } catch (error) {
    return { detector: name, error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }
  }
}

/** The original's name for detecting alone: nothing is recorded. */
export class WasteDetectionEngine {
  readonly #engine: FinOpsEngine

  constructor(options: EngineOptions = {}) {
    this.#engine = new FinOpsEngine(options)
  }

  /** Adds a detector of one's own. */
  addDetector(detector: Detector): void {
    this.#engine.registerDetector(detector)
  }

  /** All findings, the largest saving first. */
  detectAll(clusterData: unknown, options: { asOf?: Instant | null } = {}): DetectedOpportunity[] {
    return this.#engine.runDetectionCycle(clusterData, { ...options, record: false })
  }

  /** The report of the last run. */
  get lastReport(): RunReport | null {
    return this.#engine.lastReport
  }
}

/** The original's name for proposing one change at a time. */
export class PRGenerator {
  readonly #engine: FinOpsEngine

  constructor(options: EngineOptions = {}) {
    this.#engine = new FinOpsEngine(options)
  }

  /** The change of one opportunity; null where a guardrail denies it or there is nothing to change. */
  generatePr(opportunity: unknown, options: { sources?: Sources } = {}): PullRequest | null {
    return this.#engine.generatePrs([opportunity], options)[0] ?? null
  }
}

/** Everything known about one opportunity, with the names of the wire. */
export function generateEvidencePack(opportunity: unknown, options: { sources?: Sources } = {}): Record<string, any> {
  return new FinOpsEngine().generateEvidencePack(opportunity, options)
}
