/** What a log file or a signature is worth, without a log. */
import { readFile } from 'node:fs/promises'
import { LedgerError } from './errors'
import { guard, native, toldOf } from './native'
import { membersText, recorded, textArgument, wrongArgument } from './ledger-value'

/** A checkpoint kept elsewhere: its text, or a size with its root. */
export type Anchor = string | Uint8Array | { size: bigint | number; root: string }

/** What a verification says of a log. */
export class Verification {
  readonly ok: boolean
  /** What is wrong, for example `tag`; null when nothing is. */
  readonly error: string | null
  /** The record at fault, where one is. */
  readonly seq: bigint | null
  readonly origin: string | null
  /** Records that were verified. */
  readonly size: bigint
  /** The root of their tree. */
  readonly root: string
  /** `not_checked` without a secret. */
  readonly tags: 'checked' | 'not_checked'
  readonly keys: readonly { kid: string; epoch: bigint; first: bigint; last: bigint }[]
  /** The largest anchor that matches: what lies before cannot be rewritten unseen, not even with the secret. */
  readonly anchoredUpTo: bigint | null
  /** Records past it. */
  readonly unanchoredTail: bigint
  readonly gaps: readonly { afterSeq: bigint; seconds: number }[]
  readonly clockRegressions: number
  readonly tornTailBytes: number
  readonly #wire: string

  /** @internal */
  constructor(wire: Record<string, any>) {
    const whole = (value: number | bigint | null): bigint | null => (value === null ? null : BigInt(value))
    this.#wire = JSON.stringify(wire, (_key, value: unknown) => (typeof value === 'bigint' ? Number(value) : value))
    this.ok = wire.ok
    this.error = wire.error
    this.seq = whole(wire.seq)
    this.origin = wire.origin
    this.size = BigInt(wire.size)
    this.root = wire.root
    this.tags = wire.tags
    this.keys = wire.keys.map((run: any) => ({ kid: run.kid, epoch: BigInt(run.epoch), first: BigInt(run.first), last: BigInt(run.last) }))
    this.anchoredUpTo = whole(wire.anchored_up_to)
    this.unanchoredTail = BigInt(wire.unanchored_tail)
    this.gaps = wire.gaps.map((gap: any) => ({ afterSeq: BigInt(gap.after_seq), seconds: gap.seconds }))
    this.clockRegressions = wire.clock_regressions
    this.tornTailBytes = wire.torn_tail_bytes
    Object.freeze(this)
  }

  /** Throws `ledger.verify.<error>` where something is wrong. */
  throwForError(): void {
    if (this.error === null) return
    const place = this.seq === null ? '' : ` at record ${this.seq}`
    throw new LedgerError(`the log does not verify: \`${this.error}\`${place}`, `ledger.verify.${this.error}`, String(this.seq ?? ''))
  }

  /** The members with the names of the wire. */
  toJSON(): Record<string, unknown> {
    return JSON.parse(this.#wire) as Record<string, unknown>
  }
}

/** @internal What a verification is asked with, as JSON text. */
export function checking(options: { anchors?: Iterable<Anchor>; vkeys?: Iterable<string>; origin?: string | null | undefined }): string {
  const { anchors = [], vkeys = [], origin } = options
  if (typeof anchors === 'string' || anchors instanceof Uint8Array) throw wrongArgument('anchors', anchors, 'give a list, also of one')
  if (typeof vkeys === 'string') throw wrongArgument('vkeys', vkeys, 'give a list, also of one')
  const text = (anchor: Anchor): unknown => (anchor instanceof Uint8Array ? Buffer.from(anchor).toString('utf8') : anchor)
  return membersText({ anchors: Array.from(anchors, text), vkeys: [...vkeys], origin })
}

/**
 * Verifies a file that `EventLog.export` or a file store wrote, by its path or its bytes; the environment is not read. Without any secret the
 * log is verified in public: tags are not checked, and a checkpoint by one of `vkeys` is needed among the anchors.
 */
export async function verifyLog(
  file: string | URL | Uint8Array,
  options: {
    secret?: string | null
    secrets?: Iterable<string>
    anchors?: Iterable<Anchor>
    vkeys?: Iterable<string>
    origin?: string | null
  } = {},
): Promise<Verification> {
  const { secret, secrets = [], ...rest } = options
  const given = [...(secret === undefined || secret === null ? [] : [secret]), ...secrets].map((each) => textArgument(each, 'secret'))
  const json = checking(rest)
  const bytes = file instanceof Uint8Array ? file : await readFile(file)
  try {
    return new Verification(JSON.parse(await native.ledgerVerify(bytes, json, given)) as Record<string, any>)
  } catch (error) {
    throw toldOf(error)
  }
}

/** The signature of an event that is kept outside a log, in 64 hexadecimal digits. */
export function signEvent(event: Record<string, unknown>, secret: string): string {
  const json = recorded(event, '')
  return guard(() => native.ledgerSign(json, textArgument(secret, 'secret'))) as string
}

/** Whether `signature` is the one of `event`; a signature of any other form is not. */
export function verifyEvent(event: Record<string, unknown>, signature: string, secret: string): boolean {
  const json = recorded(event, '')
  return guard(() => native.ledgerSign(json, textArgument(secret, 'secret'), typeof signature === 'string' ? signature : '')) as boolean
}
