/**
 * Values as the ledger records them. A log holds no binary fractions: an integral safe number stays an integer, any other number becomes
 * decimal text of its shortest digits, so that every language writes the same bytes.
 */
import { LedgerError } from './errors'
import { isPlain, lone, readExact } from './exact'
import { type Handle, guard, native, toldOf } from './native'
import { camel, snake } from './names'
import { type Instant, instantMs } from './time'

/** Containers within one another that an event may have (`finops_ledger::event::canonical::DEPTH_MAX`). */
const EVENT_DEPTH = 32
/** Containers that the reader of the engine follows are 128; some stand around a document. */
const DOCUMENT_DEPTH = 120
/** A V8 string ends at half a gigabyte. */
const TEXT_MAX = 256 * 1_048_576

/** The digits of a number that is no integer, without an exponent. */
function digits(value: number): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? []
  const point = whole.length + Number(exponent)
  const all = whole + fraction
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${all}`
  if (point >= all.length) return sign + all + '0'.repeat(point - all.length)
  return `${sign}${all.slice(0, point)}.${all.slice(point)}`
}

/** @internal A number as decimal text in normal form. */
export function decimalOf(value: number | bigint): string {
  return typeof value === 'bigint' ? value.toString() : value === 0 ? '0' : digits(value)
}

/** @internal RFC 3339 UTC with six digits, as events have it; a text that is none stays as it is for the engine to refuse. */
export function eventTime(at: Instant, path = 'at'): string {
  if (typeof at !== 'string') return stamp(instantMs(at, path))
  const text = /^(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/.exec(at)
  const second = text === null ? NaN : Date.parse(`${text[1]}${text[3]}`)
  if (text === null || Number.isNaN(second)) return at
  return `${stamp(second).slice(0, 20)}${(text[2] ?? '').padEnd(6, '0').slice(0, 6)}Z`
}

const stamp = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z')

/** @internal The day of an instant, UTC. */
export function dayOf(at: Instant): string {
  return typeof at === 'string' ? at : stamp(instantMs(at)).slice(0, 10)
}

class Writer {
  text = ''
  private readonly path: (string | number)[] = []

  constructor(
    private readonly at: string,
    /** Whether numbers become what a log holds; else they stay JSON numbers. */
    private readonly event: boolean,
  ) {}

  write(value: unknown): void {
    switch (typeof value) {
      case 'string':
        if (lone(value)) throw this.refuse('surrogate')
        this.text += JSON.stringify(value)
        break
      case 'number':
        this.number(value)
        break
      case 'boolean':
        this.text += value ? 'true' : 'false'
        break
      case 'bigint':
        if (this.event && !Number.isSafeInteger(Number(value))) throw this.refuse('integer_range')
        this.text += value.toString()
        break
      case 'undefined':
        this.text += 'null'
        break
      case 'object':
        if (value === null) this.text += 'null'
        else this.container(value)
        break
      default:
        throw this.unwritable(`a ${typeof value}`)
    }
    if (this.text.length > TEXT_MAX) throw this.refuse('size')
  }

  private number(value: number): void {
    if (!Number.isFinite(value)) throw this.refuse('not_finite')
    if (!this.event) this.text += value === 0 && 1 / value < 0 ? '-0.0' : String(value)
    else this.text += Number.isSafeInteger(value) ? String(value) : `"${digits(value)}"`
  }

  private container(value: object): void {
    if (value instanceof Date) return this.write(Number.isNaN(value.getTime()) ? NaN : eventTime(value))
    if ('toJSON' in value && typeof value.toJSON === 'function') return this.write(value.toJSON())
    // Also the end of every cycle.
    if (this.path.length >= (this.event ? EVENT_DEPTH : DOCUMENT_DEPTH)) throw this.refuse('depth')
    if (Array.isArray(value)) {
      this.text += '['
      for (let at = 0; at < value.length; at++) this.member(at, value[at], at === 0)
      this.text += ']'
      return
    }
    const entries = value instanceof Map ? value : isPlain(value) ? Object.entries(value) : undefined
    if (entries === undefined) throw this.unwritable('an object of a class')
    this.text += '{'
    let first = true
    for (const [name, member] of entries) {
      // As in JSON.stringify: what is undefined is not there.
      if (member === undefined) continue
      if (typeof name !== 'string') throw this.unwritable(`a key of type ${typeof name}`)
      if (lone(name)) throw this.refuse('surrogate')
      this.member(name, member, first)
      first = false
    }
    this.text += '}'
  }

  private member(step: string | number, value: unknown, first: boolean): void {
    if (!first) this.text += ','
    if (typeof step === 'string') this.text += `${JSON.stringify(step)}:`
    this.path.push(step)
    this.write(value)
    this.path.pop()
  }

  private pointer(): string {
    return this.at + this.path.map((step) => `/${String(step).replace(/~/g, '~0').replace(/\//g, '~1')}`).join('')
  }

  private refuse(word: string): unknown {
    return refusal({ word, at: this.pointer() })
  }

  private unwritable(found: string): unknown {
    const problem = `${found} has no JSON form; give text, numbers, bigints, booleans, Dates, arrays, plain objects, Maps or null`
    return refusal({ at: this.pointer(), problem })
  }
}

/** The engine's own error for a value that it will not see. */
function refusal(members: Record<string, string>): unknown {
  try {
    return native.ledgerCall('refuse', JSON.stringify(members))
  } catch (error) {
    return toldOf(error)
  }
}

/** @internal The JSON text of a value as an event holds it; `at` is where it will stand. */
export function recorded(value: unknown, at: string): string {
  const writer = new Writer(at, true)
  writer.write(value)
  return writer.text
}

/** @internal The JSON text of members, numbers as they are; what is undefined or null at the top is left out. */
export function membersText(values: Record<string, unknown>): string {
  const written = Object.entries(values).filter(([, value]) => value !== undefined && value !== null)
  const member = ([name, value]: [string, unknown]): string => {
    const writer = new Writer(`/${name}`, false)
    writer.write(value)
    return `${JSON.stringify(name)}:${writer.text}`
  }
  return `{${written.map(member).join(',')}}`
}

/** @internal Members of which some are JSON text already. */
export function withText(values: Record<string, unknown>, texts: Record<string, string>): string {
  const members = membersText(values).slice(1, -1)
  const more = Object.entries(texts).map(([name, text]) => `${JSON.stringify(name)}:${text}`)
  return `{${[...(members === '' ? [] : [members]), ...more].join(',')}}`
}

/** @internal An object's own names as the wire has them, one level deep. */
export function wireNames(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { '': value }
  const given = 'toJSON' in value && typeof value.toJSON === 'function' ? (value.toJSON() as object) : value
  const entries = given instanceof Map ? [...(given as Map<string, unknown>)] : Object.entries(given)
  return Object.fromEntries(entries.map(([key, member]) => [snake(String(key)), member]))
}

/** @internal Numbers among `names` as decimal text, instants among `times` as times of events, and nothing that is unknown. */
export function typedFields(value: unknown, names: readonly string[], times: readonly string[]): Record<string, unknown> {
  const fields = wireNames(value)
  for (const [name, member] of Object.entries(fields)) {
    if (member === undefined || member === null) delete fields[name]
    else if (names.includes(name)) fields[name] = exactly(member)
    else if (times.includes(name) && (typeof member === 'string' || typeof member === 'number' || member instanceof Date)) {
      fields[name] = eventTime(member, name)
    }
  }
  return fields
}

/** @internal An amount in normal form, text as people write it (`500.00`) too; anything else as it is, for the engine to refuse. */
export function exactly(value: unknown): unknown {
  if ((typeof value === 'number' && Number.isFinite(value)) || typeof value === 'bigint') return decimalOf(value)
  const [, sign, whole, fraction] = (typeof value === 'string' && /^([+-]?)0*(\d+)(?:\.(\d*?)0*)?$/.exec(value)) || []
  if (whole === undefined) return value
  const digits = `${whole}${fraction ? `.${fraction}` : ''}`
  return sign === '-' && digits !== '0' ? `-${digits}` : digits
}

/** @internal Wire members with JavaScript's names, one level deep. */
export function scriptNames(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [camel(key), member]))
}

/** @internal A bigint as JSON has it. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]))
}

/** @internal Gives an object with bigints a JSON form, which `JSON.stringify` finds and `Object.keys` does not. */
export function withJson<T extends object>(value: T, wire: () => unknown = () => plain({ ...value })): Readonly<T> {
  Object.defineProperty(value, 'toJSON', { value: wire, enumerable: false })
  return Object.freeze(value)
}

/** @internal A method of a log, a ledger or a report. */
export function method(handle: Handle, name: string, json = '{}', secret?: string): unknown {
  return readExact(guard(() => native.ledgerMethod(handle.id, name, json, secret)))
}

/** @internal As `method`, on another thread. */
export async function methodLater(handle: Handle, name: string, json = '{}', secret?: string): Promise<unknown> {
  try {
    return readExact(await native.ledgerMethodLater(handle.id, name, json, secret))
  } catch (error) {
    throw toldOf(error)
  }
}

/** @internal Records a report on another thread. */
export async function issueLater(ledger: Handle, report: Handle, json: string): Promise<unknown> {
  try {
    return readExact(await native.ledgerIssue(ledger.id, report.id, json))
  } catch (error) {
    throw toldOf(error)
  }
}

/** @internal A computation by its name. */
export function compute(group: string, json: string): unknown {
  return readExact(guard(() => native.ledgerCall(group, json)))
}

/** @internal An argument of the wrong type; never shows what was given. */
export function wrongArgument(path: string, value: unknown, help: string): LedgerError {
  const type = value === null ? 'null' : typeof value
  return new LedgerError(`\`${path}\` is of type ${type}; ${help}`, 'ledger.wire', path)
}

/** @internal An argument that is text. */
export function textArgument(value: unknown, path: string): string {
  if (typeof value !== 'string') throw wrongArgument(path, value, 'give text')
  return value
}
