/**
 * Findings: records in, a table of findings out; identity, severity, totals, redaction, order.
 *
 * `validate` reads records or JSON lines; `totals`, `combine` and `contentHash` sum up what it made. Findings have the names of the wire.
 * The other computations are functions of their names: they take their input as a value or as JSON text, which keeps every digit.
 */
import { FindingError } from './errors'
import { isPlain, readExact, writeDocument, writeRecord } from './exact'
import { Handle, guard, native, toldOf } from './native'
import { renamed, shown } from './policy-document'
import { type Instant, instantText } from './time'
import { callTopic, topicKind, topicKinds } from './topic'

const kind = topicKind('findings')

/** Computes a kind from JSON text to JSON text. */
export const call = (name: string, text: string): string => callTopic('findings', name, text)
/** The names of every computation. */
export const kinds = (): string[] => topicKinds('findings')

/** A finding in canonical form, with the names of the wire. */
export type Finding = Readonly<Record<string, any>>

/** A record, a line of text, or bytes of JSON lines that need not end where a line ends, such as a stream gives. */
export type RecordItem = string | Uint8Array | Readonly<Record<string, unknown>>

/** JSON lines as text or bytes, one record, or a (perhaps asynchronous) iterable of items. */
export type Records = RecordItem | Iterable<RecordItem> | AsyncIterable<RecordItem>

/** What records leave out: members of the run, and how ids are derived. */
export interface RunContext {
  tenantId?: string
  workspaceId?: string
  runId?: string
  runTs?: Instant
  engineName?: string
  engineVersion?: string
  rulepackVersion?: string
  /** The currency of amounts that name none. */
  defaultCurrency?: string
  findingIdMode?: 'stable' | 'per_run' | 'per_day'
}

/** How records are read. */
export interface ValidateOptions {
  context?: RunContext
  /** Whether members that no record has are refused, or dropped and counted. */
  unknown?: 'reject' | 'drop'
}

/** What is wrong with a record, or was changed in it. */
export interface RecordProblem {
  code: string
  /** A JSON pointer into the record. */
  path: string
  value?: string
  help?: string
}

/** What became of one record. */
export interface Checked {
  /** Its place in the input. */
  index: number
  /** The record, where it stands. */
  finding: Finding | null
  /** Why it does not. */
  errors: readonly RecordProblem[]
  /** What was cleaned or cut. */
  warnings: readonly RecordProblem[]
}

/** What became of many records. */
export interface Validated {
  /** The records that stand, in total order. */
  accepted: Findings
  /** Their places in the input. */
  places: readonly number[]
  /** The first 1,000 refused ones, by place. */
  rejected: readonly { index: number; errors: readonly RecordProblem[] }[]
  /** How many were refused. */
  rejectedCount: number
  /** What was cleaned or cut. */
  warnings: readonly { index: number; code: string; path: string }[]
  /** What was changed over all records: aliases, redactions, duplicates and so on; zeros are left out. */
  counts: Readonly<Record<string, number>>
}

/** Findings that cross at once. */
const CHUNK = 256
/** Characters of records that cross at once. */
const PIECE = 1 << 20

/** A table of findings, held by the engine: a finding is made when it is asked for. */
export class Findings {
  readonly #handle: Handle
  readonly length: number

  /** @internal */
  constructor(table: number, length: number) {
    this.#handle = new Handle(table, native.findingsDrop)
    this.length = length
  }

  /** The finding at a place; negative places count from the end. */
  at(place: number): Finding | undefined {
    const at = place < 0 ? this.length + place : place
    return Number.isInteger(at) && at >= 0 && at < this.length ? this.#some(at, 1)[0] : undefined
  }

  *[Symbol.iterator](): Iterator<Finding> {
    for (let from = 0; from < this.length; from += CHUNK) yield* this.#some(from, CHUNK)
  }

  #some(from: number, count: number): Finding[] {
    return readExact(guard(() => native.findingsAt(this.#handle.id, from, count))) as Finding[]
  }

  /** @internal */
  async sum(what: 'totals' | 'combine' | 'content_hash'): Promise<unknown> {
    return readExact(await told(native.findingsSum(this.#handle.id, what)))
  }
}

/** What a native promise says, its error with class and code. */
async function told<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise
  } catch (error) {
    throw toldOf(error)
  }
}

function settings(given: ValidateOptions): string {
  const { runTs, ...rest } = given.context ?? {}
  const runTime = runTs === undefined ? {} : { run_ts: typeof runTs === 'string' ? runTs : instantText(runTs) }
  return writeDocument({ context: { ...(renamed(rest) as object), ...runTime }, unknown: given.unknown ?? 'reject' }, 'options')
}

/** A record whose times are text. */
function plain(record: unknown): unknown {
  if (typeof record !== 'object' || record === null || !isPlain(record)) return record
  const dated = Object.entries(record).filter(([, value]) => value instanceof Date)
  return dated.length === 0 ? record : { ...record, ...Object.fromEntries(dated.map(([name, at]) => [name, timeText(at as Date)])) }
}

const timeText = (at: Date): string => (Number.isNaN(at.getTime()) ? 'Invalid Date' : at.toISOString())

/** Records on their way to the engine, some at a time. */
class Taker {
  readonly handle: Handle
  #lines = ''

  constructor(mode: 'table' | 'list' | 'stream', given: ValidateOptions, strict = false) {
    const json = settings(given)
    this.handle = new Handle(
      guard(() => native.findingsNew(json, mode, strict)),
      native.findingsFree,
    )
  }

  /** Gives all records; what the engine answers. */
  async *feed(records: Records): AsyncGenerator<string> {
    if (typeof records === 'string' || records instanceof Uint8Array) {
      const bytes = typeof records === 'string' ? Buffer.from(records) : records
      for (let at = 0; at < bytes.length; at += PIECE) yield await this.#take(bytes.subarray(at, at + PIECE))
    } else {
      const many = Symbol.iterator in records || Symbol.asyncIterator in records
      for await (const item of many ? (records as Iterable<unknown>) : [records]) {
        yield* this.#item(item)
        if (this.#lines.length >= PIECE) yield* this.#flush()
      }
      yield* this.#flush()
    }
    yield await told(native.findingsTake(this.handle.id))
  }

  async *#item(item: unknown): AsyncGenerator<string> {
    if (item instanceof Uint8Array) {
      yield* this.#flush()
      yield await this.#take(item)
      return
    }
    if (typeof item === 'string') {
      this.#lines += item.endsWith('\n') ? item : `${item}\n`
      return
    }
    const { text, foreign } = writeRecord(plain(item))
    const [first] = foreign
    if (first === undefined) {
      this.#lines += `${text}\n`
      return
    }
    yield* this.#flush()
    const [path, number, found] = first
    yield await told(native.findingsTake(this.handle.id, undefined, JSON.stringify({ path, number, found })))
  }

  async *#flush(): AsyncGenerator<string> {
    if (this.#lines === '') return
    const lines = Buffer.from(this.#lines)
    this.#lines = ''
    yield await this.#take(lines)
  }

  #take(bytes: Uint8Array): Promise<string> {
    return told(native.findingsTake(this.handle.id, bytes))
  }

  /** Takes all records and makes the table. */
  async table(records: Records): Promise<{ findings: Findings; said: any }> {
    const answers = this.feed(records)
    while (!(await answers.next()).done);
    const made = JSON.parse(await told(native.findingsFinish(this.handle.id))) as { table: number; length: number; told: unknown }
    return { findings: new Findings(made.table, made.length), said: made.told }
  }
}

/**
 * Makes findings of records: objects, JSON lines, streams of them. A bad record is rejected with codes and paths and the others go on; with
 * `strict` the first one is a `FindingError`. The work is done on another thread, a piece at a time.
 */
export async function validate(records: Records, options: ValidateOptions & { strict?: boolean } = {}): Promise<Validated> {
  const { findings, said } = await new Taker('table', options, options.strict ?? false).table(records)
  const { rejected, rejected_count, warnings, counts } = said.said
  return {
    accepted: findings,
    places: said.places as number[],
    rejected: rejected as Validated['rejected'],
    rejectedCount: rejected_count as number,
    warnings: warnings as Validated['warnings'],
    counts: shown<Record<string, number>>(counts, 1),
  }
}

/**
 * Judges records one by one, in the order of the input, in the memory of some of them: for files of any length. Duplicates are not looked
 * for, and there is no total order.
 */
export async function* validateEach(records: Records, options: ValidateOptions = {}): AsyncGenerator<Checked> {
  for await (const answer of new Taker('stream', options).feed(records)) {
    for (const [index, finding, said] of readExact(answer) as [number, Finding | null, RecordProblem[]][]) {
      yield { index, finding, errors: finding === null ? said : [], warnings: finding === null ? [] : said }
    }
  }
}

/** Findings as they stand, or records of which each must stand; ids of any mode are taken. */
async function tableOf(findings: Validated | Findings | Records): Promise<Findings> {
  if (findings instanceof Findings) return findings
  if (typeof findings === 'object' && 'accepted' in findings && findings.accepted instanceof Findings) return findings.accepted
  return (await new Taker('list', {}).table(findings as Records)).findings
}

/** Sums of one currency. */
export interface FindingTotal {
  findings: number
  savings: string
  cost: string
  savingsUnknown: number
  costUnknown: number
}

/** Sums by currency over what fails, is additive and open; the row `-` holds findings without an amount. */
export async function totals(findings: Validated | Findings | Records): Promise<Record<string, FindingTotal>> {
  const rows = (await (await tableOf(findings)).sum('totals')) as Record<string, unknown>
  return Object.fromEntries(Object.entries(rows).map(([currency, row]) => [currency, shown<FindingTotal>(row, 1)]))
}

/** What findings on shared resources are worth together. */
export interface CombinedFindings {
  monthlyCost: string | null
  monthlySavings: string | null
  /** 0 to 100. */
  confidence: number | null
  currency: string | null
  reason: string | null
}

/** What findings on shared resources are worth together: no dollar of a resource counts twice. */
export async function combine(findings: Validated | Findings | Records): Promise<CombinedFindings> {
  return shown<CombinedFindings>(await (await tableOf(findings)).sum('combine'), 1)
}

/** The SHA-256 of a table, whatever its order: of its rows as JSON lines in total order, without times of ingestion. */
export async function contentHash(findings: Validated | Findings | Records): Promise<string> {
  return (await (await tableOf(findings)).sum('content_hash')) as string
}

function computed(name: string, input: unknown, member: string): string {
  const answer = kind(name)(plain(input)) as Record<string, any>
  const [first] = (answer.errors ?? []) as RecordProblem[]
  if (first !== undefined) {
    throw new FindingError(`\`${first.path}\`: \`${first.value ?? ''}\` is refused; ${first.help ?? ''}`, first.code, first.path)
  }
  return answer[member] as string
}

/** What makes a record the same issue in every run: 64 hexadecimal digits. Run, status and money may be left out. */
export const fingerprint = (record: unknown): string => computed('fingerprint', record, 'fingerprint')

/** The fingerprint of schema version 1, under which older lifecycle states are kept. */
export const seedFingerprint = (record: unknown): string => computed('seed_fingerprint', record, 'fingerprint')

/** The id of a finding: 32 hexadecimal digits. `per_run` takes `runId` in, `per_day` the date of `runTs`. */
export function findingId(
  fingerprint: string,
  mode: 'stable' | 'per_run' | 'per_day' = 'stable',
  run: { runId?: string; runTs?: Instant } = {},
): string {
  const missing = mode === 'per_run' && !run.runId ? 'runId' : mode === 'per_day' && run.runTs === undefined ? 'runTs' : undefined
  if (missing !== undefined) {
    throw new FindingError(`\`${missing}\`: it is missing; \`${mode}\` needs it`, 'finding.missing_field', missing)
  }
  const runTs = run.runTs === undefined || typeof run.runTs === 'string' ? run.runTs : instantText(run.runTs)
  return computed('finding_id', { fingerprint, mode, run_id: run.runId ?? null, run_ts: runTs ?? null }, 'finding_id')
}

/** The canonical bytes of a record as text: RFC 8785 of its checked form, without what is added after the run. */
export function canonicalize(record: unknown, context: RunContext = {}): string {
  const text = typeof record === 'string' ? record : writeDocument(plain(record), 'record')
  return guard(() => native.findingsCanonical(text, settings({ context })))
}

// Names of the public system.

/** `fingerprint` of these members. */
export function computeFingerprint(members: {
  tenantId: string
  checkId: string
  scope: Readonly<Record<string, unknown>>
  issueKey?: Readonly<Record<string, unknown>> | null
  workspaceId?: string
}): string {
  const { tenantId, checkId, scope, issueKey, workspaceId } = members
  return fingerprint({ tenant_id: tenantId, check_id: checkId, scope, issue_key: issueKey ?? null, workspace_id: workspaceId ?? null })
}

/** `findingId`: stable, or with a salt that of the run of this id. */
export const computeFindingId = (members: { fingerprint: string; salt?: string | null; tenantId?: string }): string =>
  members.salt ? findingId(members.fingerprint, 'per_run', { runId: members.salt }) : findingId(members.fingerprint)

/** Checks a record and writes its `fingerprint` and `finding_id` into it; it is returned, too. */
export function buildIdsAndValidate<T extends Record<string, unknown>>(
  record: T,
  given: { issueKey?: Readonly<Record<string, unknown>>; findingIdSalt?: string | null } = {},
): T & { fingerprint: string; finding_id: string } {
  const { fingerprint: _fingerprint, finding_id: _id, ...rest } = record
  const own = given.issueKey === undefined ? {} : { issue_key: given.issueKey }
  const found = JSON.parse(canonicalize({ ...rest, ...own })) as { fingerprint: string }
  const finding_id = computeFindingId({ fingerprint: found.fingerprint, salt: given.findingIdSalt ?? null })
  return Object.assign(record, own, { fingerprint: found.fingerprint, finding_id })
}

/** Checks a record; a `FindingError` with code and path where it is refused. How its id was salted is not known here. */
export function validateRecordOrRaise(record: Readonly<Record<string, unknown>>): void {
  const { finding_id: _id, ...rest } = record
  canonicalize(rest)
}

// Computations by their names.

/** Computes `digest`. */
export const digest = kind('digest')
/** Computes `order`. */
export const order = kind('order')
/** Computes `outcome`. */
export const outcome = kind('outcome')
/** Computes `priority`. */
export const priority = kind('priority')
/** Computes `record`. */
export const record = kind('record')
/** Computes `redact`. */
export const redact = kind('redact')
/** Computes `severity`. */
export const severity = kind('severity')
