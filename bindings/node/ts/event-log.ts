/** An event log that proves itself: without its secret nobody can edit, insert, drop, reorder, replay or splice a record unseen. */
import { LedgerError } from './errors'
import { Handle, guard, native, told, toldOf } from './native'
import {
  eventTime,
  exactly,
  membersText,
  method,
  methodLater,
  recorded,
  scriptNames,
  textArgument,
  withJson,
  withText,
  wrongArgument,
} from './ledger-value'
import type { LedgerAmount } from './opportunity'
import type { Instant } from './time'
import { type Anchor, Verification, checking } from './verification'

/** What happened: `data` is an object; money as decimal text, other fractions become text of their shortest digits. */
export interface EventInput {
  /** For example `acme.deploy`. */
  kind: string
  data?: Record<string, unknown> | Map<string, unknown> | null
  /** Who did it, for example `svc:ci` or `user:ana`; no address, because a log cannot forget one. */
  actor: string
  /** Unique in the log; left out: a UUIDv7. A retry gives id and time again. */
  id?: string | null
  /** Left out: the clock. */
  at?: Instant | null
}

/** A record of a log. */
export interface EventRecord {
  readonly seq: bigint
  /** The public name of the key that sealed it. */
  readonly kid: string
  /** Its tag, in hexadecimal digits. */
  readonly tag: string
  /** actor, at, data, id, kind, log, v. */
  readonly event: { actor: string; at: string; data: Record<string, any>; id: string; kind: string; log: string; v: number }
}

/** What became of a checkpoint that was kept elsewhere. */
export interface Anchored {
  readonly note: string
  readonly size: bigint
  readonly root: string
  readonly to: string
  /** The position of `log.anchored`. */
  readonly seq: bigint
}

/** That a record is in a tree; `ledger.inclusion(proof)` checks it. */
export interface InclusionProof {
  readonly leaf: string
  readonly index: bigint
  readonly size: bigint
  readonly proof: readonly string[]
  readonly root: string
}

/** That one tree begins another; `ledger.consistency(proof)` checks it. */
export interface ConsistencyProof {
  readonly old: bigint
  readonly new: bigint
  readonly oldRoot: string
  readonly newRoot: string
  readonly proof: readonly string[]
}

/** Where a log is kept, and how its secrets are given. */
export interface EventLogOptions {
  /** 32 to 1024 printable ASCII characters. Left out: `SAVE_HMAC_SECRET`, or the file `SAVE_HMAC_SECRET_FILE`. */
  secret?: string | null
  /** Secrets of before a rotation. */
  previous?: Iterable<string>
  /** The seed of the Ed25519 key that signs for auditors, in 64 hexadecimal digits. */
  ed25519Seed?: string | null
  /** Left out: in memory, and gone with the process. */
  store?: Store | string | null
  /** Seconds of silence after which a store writes a heartbeat, 60 to 86400; a new log names it. */
  heartbeatS?: number | null
  /** From this estimate a month on, a store refuses that one person proposes and approves a change, or approves and makes it. */
  fourEyesAbove?: LedgerAmount | null
  /** Where secrets are read when none is given: `process.env`. */
  env?: Record<string, string | undefined>
}

/**
 * Where a log is kept: `sqlite:///path` (absolute with a fourth slash), `sqlite::memory:`, `postgres://…`, `file:///path`, or a plain path,
 * which is SQLite. Opening verifies the whole log; one that fails can be read, and appends reject with `store.read_only` and the reason. A
 * secret that is not the log's opens it only with `readOnly`.
 */
export class Store {
  readonly readOnly: boolean
  readonly #url: string

  constructor(url: string, options: { readOnly?: boolean } = {}) {
    this.#url = textArgument(url, 'url')
    this.readOnly = options.readOnly === true
  }

  /** What kind of store it is; the address may hold a password and is not shown. */
  get kind(): string {
    return /^[a-z]+(?=:)/.exec(this.#url)?.[0] ?? 'sqlite'
  }

  /** @internal */
  static url(store: Store): string {
    return store.#url
  }
}

/** What is read when no secret is given. */
const VARIABLES = ['SAVE_HMAC_SECRET', 'SAVE_HMAC_SECRET_FILE', 'SAVE_HMAC_SECRET_PREVIOUS', 'SAVE_ED25519_SEED_FILE']
/** Records that are read at once. */
const PAGE = 1000
/** Requests and characters that one batch takes: the store's own limits (1,000 events, 4 MiB). */
const BATCH_EVENTS = 1000
const BATCH_TEXT = 4 * 1_048_576

/** Hands over a log that `EventLog.open` opened. */
const OPENED = Symbol('opened')

interface Request {
  /** The events of one call, as a JSON list. */
  text: string
  events: number
  resolve: (seqs: bigint[]) => void
  reject: (error: unknown) => void
}

/**
 * A log that proves what was appended to it, in memory or in a store.
 *
 * ```js
 * const log = new EventLog('acme.example/prod', { secret: 'a-secret-of-at-least-32-characters!' })
 * await log.append('acme.deploy', { service: 'api', cost: 12.5 }, 'svc:ci') // 1n
 * const anchor = await log.checkpoint() // keep it where a holder of the secret cannot change it
 * const verification = await log.verify({ anchors: [anchor] })
 * verification.anchoredUpTo // 2n
 * ```
 *
 * A holder of the secret can rewrite what is not anchored, and a missing tail shows only against an anchor. Appends are recorded in the
 * order of the calls; calls that wait at once share one write. No message and no inspection shows a secret.
 */
export class EventLog {
  readonly origin: string
  readonly #handle: Handle
  /** Whether appends answer without waiting for a disk or a network. */
  readonly #quick: boolean
  #waiting: Request[] = []
  #running: Promise<void> | undefined

  /** Opens the log `origin`, or makes it. With a store this verifies the whole log and blocks meanwhile: `EventLog.open` does not. */
  constructor(origin: string, options: EventLogOptions = {}) {
    const given = options ?? {}
    this.origin = textArgument(origin, 'origin')
    this.#quick = given.store === undefined || given.store === null
    const opened = (given as { [OPENED]?: number })[OPENED]
    this.#handle = kept(opened ?? guard(() => native.ledgerLog(...opening(origin, given))))
  }

  /** Opens a log on another thread. */
  static async open(origin: string, options: EventLogOptions = {}): Promise<EventLog> {
    const name = textArgument(origin, 'origin')
    try {
      const opened = await native.ledgerLogLater(...opening(name, options ?? {}))
      return new EventLog(name, { ...options, [OPENED]: opened } as EventLogOptions)
    } catch (error) {
      throw toldOf(error)
    }
  }

  /** @internal */
  static handle(log: EventLog): Handle {
    if (typeof log !== 'object' || log === null || !(#handle in log)) throw wrongArgument('log', log, 'give an EventLog')
    return log.#handle
  }

  /** @internal */
  static isQuick(log: EventLog): boolean {
    return log.#quick
  }

  /**
   * Records an event; the promise is its sequence number, once it is durable. A retry with the same id, time and data answers the number
   * that the event has already.
   */
  async append(
    kind: string,
    data: EventInput['data'],
    actor: string,
    options: { id?: string | null; at?: Instant | null } = {},
  ): Promise<bigint> {
    const [seq] = await this.#append([eventText({ kind, data, actor, ...options }, '')])
    return seq as bigint
  }

  /** Records a batch, all or nothing. */
  async appendMany(events: Iterable<EventInput>): Promise<bigint[]> {
    return this.#append(Array.from(events, (event, at) => eventText(event, `/${at}`)))
  }

  /** Records an event without waiting until it is durable; `flush` waits and tells what became of it. */
  appendNowait(kind: string, data: EventInput['data'], actor: string, options: { id?: string | null; at?: Instant | null } = {}): void {
    method(this.#handle, 'append_nowait', eventText({ kind, data, actor, ...options }, ''))
  }

  /** Waits until everything is durable. */
  async flush(): Promise<void> {
    await this.#settled()
    await methodLater(this.#handle, 'flush')
  }

  /** Ends writing: everything is durable, and a store has its last checkpoint and is let go of. */
  async close(): Promise<void> {
    await this.#settled()
    await methodLater(this.#handle, 'close')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** The number of records; record 0 is `log.created`. */
  get size(): bigint {
    return BigInt((method(this.#handle, 'head') as { size: number | bigint }).size)
  }

  /** The root of the tree over all records, in hexadecimal digits. */
  get root(): string {
    return (method(this.#handle, 'head') as { root: string }).root
  }

  /** The verifier key for auditors; null without an Ed25519 seed. */
  get vkey(): string | null {
    return method(this.#handle, 'vkey') as string | null
  }

  /** Every record after the sequence number `after`, read page by page. */
  *events(after?: bigint | number | null): Generator<EventRecord, void, undefined> {
    let last = after
    for (;;) {
      const page = method(this.#handle, 'events', membersText({ after: last, limit: PAGE })) as Record<string, any>[]
      if (page.length === 0) return
      for (const { seq, kid, tag, event } of page) {
        last = BigInt(seq)
        yield withJson({ seq: last, kid, tag, event: JSON.parse(event) as EventRecord['event'] })
      }
    }
  }

  /** A checkpoint of the log as it stands: a signed note. Keep it where a holder of the secret cannot change it. */
  async checkpoint(): Promise<string> {
    return (await this.#later('checkpoint')) as string
  }

  /** That a record is in the tree of `size` records, or of all. */
  prove(seq: bigint | number, size?: bigint | number | null): InclusionProof {
    const proof = method(this.#handle, 'prove', membersText({ seq, size })) as InclusionProof
    return withJson({ ...proof, index: BigInt(proof.index), size: BigInt(proof.size) })
  }

  /** That the first `old` records begin the first `newer`, or all. */
  proveConsistency(old: bigint | number, newer?: bigint | number | null): ConsistencyProof {
    const wire = method(this.#handle, 'prove_consistency', membersText({ old, new: newer })) as Record<string, any>
    const proof = scriptNames(wire) as unknown as ConsistencyProof
    const { old: from, new: to } = proof
    return withJson({ ...proof, old: BigInt(from), new: BigInt(to) }, () => wire)
  }

  /** The receipt of a record, checked offline with the verifier key alone: `ledger.receipt`. Needs an Ed25519 seed. */
  async receipt(seq: bigint | number): Promise<string> {
    return (await this.#later('receipt', membersText({ seq }))) as string
  }

  /** Verifies every record, and that the log extends the anchors. What is wrong stands in the answer. */
  async verify(options: { anchors?: Iterable<Anchor>; vkeys?: Iterable<string> } = {}): Promise<Verification> {
    return new Verification((await this.#later('verify', checking(options))) as Record<string, any>)
  }

  /** Goes on under a new secret; keep the old one in `SAVE_HMAC_SECRET_PREVIOUS` to verify what it sealed. */
  async rotate(newSecret: string): Promise<bigint> {
    return BigInt((await this.#later('rotate', '{}', textArgument(newSecret, 'newSecret'))) as number)
  }

  /** Goes on under the next epoch of the key: what lies before cannot be forged by who has only the state of after. */
  async ratchet(): Promise<bigint> {
    return BigInt((await this.#later('ratchet')) as number)
  }

  /** What to put into an event in place of personal data; `redact` deletes the value later. */
  commit(value: string): { $commit: string } {
    return method(this.#handle, 'commit', membersText({ value: textArgument(value, 'value') })) as { $commit: string }
  }

  /** The value that a member hides, by JSON pointer into the event (`/data/email`); null when it hides nothing or was redacted. */
  reveal(eventId: string, field: string): string | null {
    return method(this.#handle, 'reveal', membersText({ event_id: eventId, field })) as string | null
  }

  /** Deletes what a member hides and records that; every tag and proof stays valid. */
  async redact(eventId: string, field: string, reason: string): Promise<bigint> {
    return BigInt((await this.#later('redact', membersText({ event_id: eventId, field, reason }))) as number)
  }

  /**
   * Signs a checkpoint, keeps it at `to` and records `log.anchored`. `to` is a file (for git or CI), `-` for standard output, or an address
   * that takes a POST.
   */
  async anchor(to: string): Promise<Anchored> {
    const anchored = (await this.#later('anchor', membersText({ to: textArgument(to, 'to') }))) as Record<string, any>
    return Object.freeze({ ...anchored, size: BigInt(anchored.size), seq: BigInt(anchored.seq) }) as Anchored
  }

  /**
   * Records size and root of another log by its checkpoint, which a secret of this log or one of `vkeys` must have signed; answers the
   * position of `log.rolled_up`.
   */
  async rollUp(note: string, options: { vkeys?: Iterable<string> } = {}): Promise<bigint> {
    const vkeys = Array.from(options?.vkeys ?? [], (each) => textArgument(each, 'vkeys'))
    return BigInt((await this.#later('roll_up', membersText({ note: textArgument(note, 'note'), vkeys }))) as number)
  }

  /** Writes the tables that follow from the log anew, and answers which. */
  async rebuild(): Promise<string[]> {
    return (await this.#later('rebuild')) as string[]
  }

  /** Writes the log as a file that `verifyLog` and `verify_ledger.py` read, whole or not at all; answers the records. */
  async export(path: string): Promise<bigint> {
    return BigInt((await this.#later('export', membersText({ path: textArgument(path, 'path') }))) as number)
  }

  /** What reads or ends the log waits for the appends that were called before. */
  async #later(name: string, json = '{}', secret?: string): Promise<unknown> {
    await this.#settled()
    return methodLater(this.#handle, name, json, secret)
  }

  async #settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  #append(events: string[]): Promise<bigint[]> {
    const text = `[${events.join(',')}]`
    return new Promise((resolve, reject) => {
      const request = { text, events: events.length, resolve, reject }
      if (this.#quick) return settle([request], () => native.ledgerAppend(this.#handle.id, `[${text}]`))
      this.#waiting.push(request)
      this.#running ??= this.#drain()
    })
  }

  /** Writes what waits, one batch after another: requests that came meanwhile share the next one. */
  async #drain(): Promise<void> {
    // Calls of this turn of the event loop come together.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, batchSize(this.#waiting))
      const json = `[${batch.map((request) => request.text).join(',')}]`
      let answer: string | undefined
      let failure: unknown
      try {
        answer = await native.ledgerAppendLater(this.#handle.id, json)
      } catch (error) {
        failure = error
      }
      settle(batch, () => {
        if (answer === undefined) throw failure
        return answer
      })
    }
    this.#running = undefined
  }
}

function batchSize(waiting: readonly Request[]): number {
  let [count, events, text] = [0, 0, 0]
  for (const request of waiting) {
    events += request.events
    text += request.text.length
    if (count > 0 && (events > BATCH_EVENTS || text > BATCH_TEXT)) break
    count += 1
  }
  return count
}

/** Tells each request what became of it. */
function settle(requests: readonly Request[], run: () => string): void {
  let answers: ({ seqs: number[] } | { error: object })[]
  try {
    answers = JSON.parse(run()) as typeof answers
  } catch (error) {
    const reason = toldOf(error)
    return requests.forEach(({ reject }) => reject(reason))
  }
  requests.forEach(({ resolve, reject }, at) => {
    const answer = answers[at]
    if (answer !== undefined && 'seqs' in answer) resolve(answer.seqs.map(BigInt))
    else reject(told(JSON.stringify(answer?.error ?? {})))
  })
}

function kept(id: number): Handle {
  return new Handle(id, native.ledgerFree)
}

/** The arguments of the native constructor: no secret is among the JSON but those of the environment. */
function opening(origin: string, options: EventLogOptions): [string, string | undefined, string[], string | undefined] {
  const { secret, previous = [], ed25519Seed, store, heartbeatS, fourEyesAbove, env = process.env } = options
  if (secret !== undefined && secret !== null) textArgument(secret, 'secret')
  if (ed25519Seed !== undefined && ed25519Seed !== null) textArgument(ed25519Seed, 'ed25519Seed')
  const given = secret ?? undefined
  const environment = given === undefined ? VARIABLES.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const])) : []
  const place = store === undefined || store === null || store instanceof Store ? store : new Store(store)
  const json = membersText({
    origin,
    store: place ? Store.url(place) : undefined,
    read_only: place?.readOnly,
    heartbeat_s: heartbeatS,
    four_eyes_above: fourEyesAbove === undefined || fourEyesAbove === null ? undefined : String(exactly(fourEyesAbove)),
    environment: Object.fromEntries(environment),
  })
  const older = typeof previous === 'string' ? [previous] : Array.from(previous, (each) => textArgument(each, 'previous'))
  return [json, given, older, ed25519Seed ?? undefined]
}

const MEMBERS = new Set(['kind', 'data', 'actor', 'id', 'at'])

/** One event as JSON text. */
function eventText(event: EventInput, path: string): string {
  if (typeof event !== 'object' || event === null) throw wrongArgument(path || 'event', event, 'give an object of kind, data and actor')
  const other = Object.keys(event).find((name) => !MEMBERS.has(name))
  if (other !== undefined) {
    throw new LedgerError(`\`${other.slice(0, 80)}\` is no member of an event; use kind, data, actor, id, at`, 'ledger.wire', other)
  }
  const { kind, data, actor, id, at } = event
  const time = at === undefined || at === null ? undefined : eventTime(at)
  return withText({ kind, actor, id, at: time }, { data: recorded(data ?? {}, '/data') })
}
