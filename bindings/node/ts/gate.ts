/** The gate of a process: "may I?" answered with every reason, by the default policy, by policies in Rego, or by a remote OPA. */
import { type Asked, Decision, type Explanation, TestReport } from './decision'
import { type Finding, PolicyError } from './errors'
import { type Foreign, type JsonText, lone, writeDocument, writeInput } from './exact'
import { type Handle, guard, native, toldOf } from './native'
import { held, members, method, renamed, shown } from './policy-document'
import { type Instant, instantMs } from './time'

/** A limit of two levels; a decimal as text, or a number by its shortest digits. A limit that is left out is no limit. */
export interface Threshold {
  warnAbove?: number | string | null
  denyAbove?: number | string | null
}

/** The default policy's configuration. A member that is given replaces its default whole. */
export interface GateConfig {
  unitCostUsd?: Threshold
  carbonIntensityGPerKwh?: Threshold
  testPassRate?: { denyBelow?: number | string | null }
  requiredTags?: string[]
  carbonEfficientRegions?: string[]
  defaultBudgetCapUsd?: number | string | null
  requiredInputs?: string[]
  knownOnly?: boolean
  extraInputs?: string[]
  /** By rule, what it demands. */
  actions?: Record<string, 'deny' | 'require_approval' | 'warn' | 'off'>
}

/** Policies in Rego: a folder, a `.rego` file or a bundle by its path, the bytes of a bundle, or the text of each module by its name. */
export type PolicySource = string | Uint8Array | Record<string, string>

/** An accepted violation, for a time: ids, reasons and people are never blank. */
export interface Exemption {
  id: string
  rule: string
  /** By JSON pointer into the input, the value that must stand there. */
  selector?: Record<string, string | number | bigint | boolean>
  subject?: string
  /** `all` where there is no selector. */
  scope?: string
  reason: string
  owner: string
  approvedBy: string
  created: string
  expires: string
}

/** An approval lifts rules that ask for one, for one input under one policy. */
export interface Approval {
  id: string
  approver: string
  inputDigest: string
  policyRevision: string
  rules: string[]
  approvedAt: string
  expiresAt: string
}

/** How a gate is made. Names may also be those of the wire (`deny_above`). */
export interface PolicyGateOptions {
  config?: GateConfig | Record<string, unknown>
  /** Policies beside the default one. */
  bundle?: PolicySource
  /** Data documents that take the place of the bundle's. */
  data?: Record<string, unknown>
  engine?: 'auto' | 'rvm' | 'interpreter'
  /** `none`: any JSON value goes to the policies, and the default policy is off. */
  schema?: 'finops' | 'none'
  defaultPolicy?: boolean
  /** The package that decides, `finops`. */
  entry?: string
  /** Whether policies whose own tests fail are refused, true. */
  runTests?: boolean
  exemptions?: (Exemption | Record<string, unknown>)[]
  /** Of the log: a JSON pointer into the event (`/input/user/email`) that is removed, or what is done with it. */
  masks?: (string | { op: 'remove' | 'upsert'; path: string; value?: unknown })[]
  /** People needed by rule, and by `default`. */
  quorum?: Record<string, number>
  /** Seconds after which loaded policies are too old to decide. */
  maxAgeS?: number
  /** A configuration that answers beside; `decision.shadow` has what it would have said. */
  candidate?: GateConfig | Record<string, unknown>
  expectedSha256?: string
  skipVerify?: boolean
  /** An OPA that decides in place of this process. */
  opaUrl?: string
  /** What OPA is asked, after `/v1/data/`: `finops`. */
  policyPath?: string
  /** The whole exchange with OPA: 500. */
  opaTimeoutMs?: number
}

/** What a decision may know besides its input. */
export interface DecideOptions {
  approvals?: Iterable<Approval | Record<string, unknown>>
  /** Who asks; nobody approves for themselves. */
  requester?: string | null
  /** Left out: the clock. Null: unknown, so no exemption and no approval counts. */
  now?: Instant | null
  /** Left out: a UUIDv7. */
  decisionId?: string | null
}

/** What a load found. */
export interface LoadReport {
  engine: 'rvm' | 'interpreter'
  /** Why it is the interpreter. */
  engineReasons: Finding[]
  warnings: Finding[]
  /** The policies' own tests; null when they have none or did not run. */
  tests: Record<string, unknown> | null
}

export interface LintReport {
  loads: boolean
  errors: Finding[]
  warnings: Finding[]
  engine: 'rvm' | 'interpreter' | null
  engineReasons: Finding[]
}

export interface GateStatus {
  revision: string
  loadedAt: string | null
  /** Why the last load failed; what was loaded before still decides. */
  lastError: { code: string; detail: string } | null
}

/** A recorded decision made again. */
export interface Replayed {
  /** Whether the event is the recorded one, byte for byte. */
  same: boolean
  /** JSON pointers of what differs. */
  differences: string[]
  /** The event as the log would have it now, as exact text. */
  event: string
}

/** What a gate would have made of recorded decisions. */
export interface Impact {
  events: number
  evaluated: number
  changed: number
  flips: [before: string, after: string, count: number][]
  added: Record<string, number>
  removed: Record<string, number>
  /** By code, events that cannot be decided again. */
  skipped: Record<string, number>
}

/** Where `fromEnv` hands the environment over. */
const ENVIRONMENT = Symbol('environment')
/** Bytes that an input may have; a longer text is no input and is not kept. */
const INPUT_BYTES = 1_048_576

/**
 * Answers "may I?" in this process.
 *
 * ```js
 * const gate = new PolicyGate()
 * const decision = gate.decide({ unit_cost_usd: 0.6, cost_tags: { team: 'ai', environment: 'dev' } })
 * decision.allowed // false
 * decision.denyMessages // ['Unit cost 0.6 USD exceeds budget cap of 0.5 USD']
 * ```
 *
 * The names of an input are the policy's (`unit_cost_usd`) and are never turned. Deciding never throws on an input: whatever is
 * wrong with it is a reason to deny. With a remote OPA `decide` blocks this thread for up to `opaTimeoutMs`, and the event loop with
 * it; `decideAsync` does not.
 */
export class PolicyGate {
  readonly #handle: Handle

  constructor(options: PolicyGateOptions = {}) {
    this.#handle = open(options ?? {})
  }

  /** A gate by `USE_OPA`, `OPA_URL`, `POLICY_PATH`, `OPA_TIMEOUT_MS` and `OPA_FALLBACK`; options count where these are silent. */
  static fromEnv(env: Record<string, string | undefined> = process.env, options: PolicyGateOptions = {}): PolicyGate {
    return new PolicyGate({ ...options, [ENVIRONMENT]: env } as PolicyGateOptions)
  }

  /** Decides one input: numbers by their shortest digits, bigints whole. */
  decide(input: unknown, options: DecideOptions = {}): Decision {
    const question = ask(options)
    const { text, foreign } = writeInput(input)
    return this.#decide(text, true, question.nowMs, more(question.more, foreign))
  }

  /** Decides one input given as JSON text; its numbers keep every digit. */
  decideJson(input: JsonText, options: DecideOptions = {}): Decision {
    const question = ask(options)
    return this.#decide(body(input, 'input'), false, question.nowMs, question.more)
  }

  /** Decides many inputs under the policies that are loaded now, at one instant. */
  decideMany(inputs: Iterable<unknown>, options: Omit<DecideOptions, 'decisionId'> = {}): Decision[] {
    const question = ask(options)
    return Array.from(inputs, (input) => {
      const { text, foreign } = writeInput(input)
      return this.#decide(text, true, question.nowMs, more(question.more, foreign))
    })
  }

  /** As `decide`, on another thread: nothing waits for a remote OPA or for slow policies. Rejects only where `decide` throws. */
  async decideAsync(input: unknown, options: DecideOptions = {}): Promise<Decision> {
    const question = ask(options)
    const { text, foreign } = writeInput(input)
    const known = more(question.more, foreign)
    try {
      const record = await native.policyDecideAsync(this.#handle.id, text, true, question.nowMs, braces(known))
      return new Decision({ record, input: text, nowMs: question.nowMs, more: known })
    } catch (error) {
      throw toldOf(error)
    }
  }

  #decide(input: JsonText, isValue: boolean, nowMs: number, known: string): Decision {
    let record: string
    try {
      record = native.policyDecide(this.#handle.id, input, isValue, nowMs, braces(known))
    } catch (error) {
      throw toldOf(error)
    }
    return new Decision({ record, input: kept(input), nowMs, more: known })
  }

  /** Loads other policies. If they are refused, this throws, the last good ones stay in force and `status()` says why. */
  reload(bundle: PolicySource, data?: Record<string, unknown>): LoadReport {
    const source = sourceOf(bundle)
    const json = members({ ...source.members, archive: source.archive !== undefined, data })
    return shown(method(this.#handle, 'reload', json, source.archive), 1)
  }

  status(): GateStatus {
    return shown(method(this.#handle, 'status'))
  }

  /** The lint of what is loaded; without policies, of the default one as Rego. */
  lint(): LintReport {
    return shown(method(this.#handle, 'lint'))
  }

  /** Runs the unit tests of what is loaded; without policies, those of the default one. */
  test(options: { coverage?: boolean } = {}): TestReport {
    const told = method(this.#handle, 'test', members({ coverage: options.coverage === true }))
    return new TestReport(told as ConstructorParameters<typeof TestReport>[0])
  }

  /** Why a decision came out as it did. */
  explain(decision: Decision): Explanation {
    const { json, input } = recorded(decision)
    return method(this.#handle, 'explain', `{${json}}`, input) as Explanation
  }

  /** The event of a decision in the form of OPA's decision log, masked, as JSON text that `replay` reads. */
  logEvent(decision: Decision, labels: Record<string, unknown> = {}): string {
    const { json, input } = recorded(decision)
    return method(this.#handle, 'log_event', `{${json},"labels":${writeDocument(labels, 'labels')}}`, input) as string
  }

  /** Decides an event of the log again. Throws where the input was masked or this gate holds another policy. */
  replay(event: JsonText): Replayed {
    return method(this.#handle, 'replay', '{}', body(event, 'event')) as Replayed
  }

  /** What this gate, as a candidate, would have made of the events of a log. */
  impact(events: Iterable<JsonText>): Impact {
    const texts = Array.from(events, (event) => (typeof event === 'string' ? event : Buffer.from(body(event, 'events')).toString('utf8')))
    return method(this.#handle, 'impact', members({ events: texts })) as Impact
  }

  /** `sha256:<hex>` over configuration, schema and policies. */
  get policyDigest(): string {
    return this.#about().policyDigest
  }

  /** The address of the OPA that decides in place of this process, if one does. */
  get opaUrl(): string | null {
    return this.#about().opaUrl
  }

  #about(): { policyDigest: string; opaUrl: string | null } {
    return shown(method(this.#handle, 'about'))
  }
}

function open(options: PolicyGateOptions & { [ENVIRONMENT]?: Record<string, string | undefined> }): Handle {
  const env = options[ENVIRONMENT]
  const { bundle, ...rest } = renamed(options) as Record<string, unknown>
  for (const name of ['config', 'candidate']) if (name in rest) rest[name] = renamed(rest[name], 1, ['actions'])
  if (Array.isArray(rest.exemptions)) rest.exemptions = rest.exemptions.map((item: unknown) => renamed(item))
  const source = bundle === undefined || bundle === null ? {} : sourceOf(bundle)
  const environment = env === undefined ? undefined : Object.fromEntries(Object.entries(env).filter(([name]) => VARIABLES.has(name)))
  return held('gate', members({ ...source.members, options: rest, environment }), source.archive)
}

/** What `fromEnv` reads. */
const VARIABLES = new Set(['USE_OPA', 'OPA_URL', 'POLICY_PATH', 'OPA_TIMEOUT_MS', 'OPA_FALLBACK'])

function sourceOf(bundle: unknown): { members?: Record<string, unknown>; archive?: Uint8Array } {
  if (typeof bundle === 'string') return { members: { path: bundle } }
  if (bundle instanceof Uint8Array) return { archive: bundle }
  if (typeof bundle === 'object' && bundle !== null) return { members: { modules: bundle } }
  throw refuse('bundle', bundle, 'give a path, the bytes of a bundle, or an object of the text of each module by its name')
}

/** The instant, and what else there is to know as members of JSON text. */
function ask(options: DecideOptions): { nowMs: number; more: string } {
  const { approvals, requester, now, decisionId } = options
  const nowMs = now === undefined ? Date.now() : now === null ? NaN : instantMs(now, 'now')
  if (approvals === undefined && requester === undefined && decisionId === undefined) return { nowMs, more: '' }
  for (const [name, value] of Object.entries({ requester, decisionId })) {
    if (value !== undefined && value !== null && typeof value !== 'string') throw refuse(name, value, 'give text')
  }
  const given = approvals === undefined ? undefined : Array.from(approvals, (approval) => renamed(approval))
  return { nowMs, more: members({ requester, decision_id: decisionId, approvals: given }).slice(1, -1) }
}

function more(known: string, foreign: readonly Foreign[]): string {
  if (foreign.length === 0) return known
  return `${known}${known === '' ? '' : ','}"foreign":${JSON.stringify(foreign)}`
}

const braces = (known: string): string => (known === '' ? '' : `{${known}}`)

/** The text of an input for later; bytes may change under us, so they are copied. */
function kept(input: JsonText): JsonText | null {
  if (input.length > INPUT_BYTES) return null
  return typeof input === 'string' ? input : input.slice()
}

/** What a decision was made on, as members of JSON text, and its input. */
function recorded(decision: Decision): { json: string; input?: JsonText } {
  const asked: Asked | undefined = Decision.asked(decision)
  if (asked === undefined) throw refuse('decision', decision, 'give a Decision of this thread; a copy has no input any more')
  const { record, input, nowMs } = asked
  const known = asked.more === '' ? '' : `,${asked.more}`
  const json = `"record":${record},"now_ms":${Number.isNaN(nowMs) ? 'null' : nowMs},"readable":${input === null ? 'null' : 'true'}${known}`
  return input === null ? { json } : { json, input }
}

/** Text or bytes. Text that has no UTF-8 crosses as bytes that are none, so that it is refused and not repaired. */
function body(value: JsonText, name: string): JsonText {
  if (typeof value === 'string') return lone(value) ? Buffer.from(value, 'utf16le') : value
  if (value instanceof Uint8Array) return value
  throw refuse(name, value, 'give JSON as text or as bytes')
}

function refuse(path: string, value: unknown, help: string): PolicyError {
  return new PolicyError(`\`${path}\` is of type ${value === null ? 'null' : typeof value}; ${help}`, 'policy.config', `/${path}`)
}
