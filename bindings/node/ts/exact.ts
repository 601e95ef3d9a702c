/**
 * Values as exact JSON text, and back: every number by its shortest digits, every bigint whole, and a note for each value that JSON
 * cannot hold. Writing never throws, whatever the value does: what cannot be read is noted, too.
 */
import { PolicyError } from './errors'

/** JSON as text or as its bytes. */
export type JsonText = string | Uint8Array

/** @internal A value that JSON cannot hold: its JSON pointer, whether it is a number that is none, and what was found there. */
export type Foreign = [path: string, number: boolean, found: string]

/** @internal */
export interface Written {
  text: string
  foreign: Foreign[]
}

/** Containers of an input inside one another, and one more: then the gate says that it is too deep (`finops_policy::json::Limits`). */
const INPUT_DEPTH = 65
/** Containers that the reader follows, less those around a document (`finops_policy::json::MAX_DEPTH` is 128). */
const DOCUMENT_DEPTH = 120
/** Bytes that an input may have (`finops_policy::json::Limits`). */
const INPUT_BYTES = 1_048_576
/** An escape writes at most six characters for a byte: text this long is larger than an input may be. */
const INPUT_TEXT = 6 * INPUT_BYTES + 1024
/** A V8 string ends at half a gigabyte; a document does far before. */
const DOCUMENT_TEXT = 256 * 1_048_576

/** Stands for every value that is larger than an input may be: nobody reads it. */
let oversized: string | undefined

/** Thrown, and caught here, when a text is full. */
const FULL = new Error('full')

class Writer {
  text = ''
  readonly foreign: Foreign[] = []
  private readonly path: (string | number)[] = []
  /** Characters that pointers of foreign values may still take. */
  private room: number

  constructor(
    private readonly depth: number,
    private readonly length: number,
  ) {
    this.room = length
  }

  write(value: unknown): void {
    switch (typeof value) {
      case 'string':
        return this.string(value)
      case 'number':
        return this.number(value)
      case 'boolean':
        this.text += value ? 'true' : 'false'
        return
      case 'bigint':
        this.text += value.toString()
        return
      case 'undefined':
        this.text += 'null'
        return
      case 'object':
        return value === null ? void (this.text += 'null') : this.container(value)
      default:
        this.refuse(false, typeof value)
    }
  }

  private string(value: string): void {
    if (value.length + this.text.length > this.length) throw FULL
    if (lone(value)) this.refuse(false, 'a string with a lone surrogate')
    else this.text += JSON.stringify(value)
  }

  private number(value: number): void {
    if (!Number.isFinite(value)) this.refuse(true, String(value))
    else this.text += value === 0 && 1 / value < 0 ? '-0.0' : String(value)
  }

  private container(value: object): void {
    // Also the end of every cycle.
    if (this.path.length >= this.depth) {
      this.text += 'null'
      return
    }
    if (this.text.length > this.length) throw FULL
    if (Array.isArray(value)) this.array(value)
    else if (value instanceof Map) this.map(value)
    else if (isPlain(value)) this.object(value as Record<string, unknown>)
    else this.refuse(false, nameOf(value))
  }

  private array(items: unknown[]): void {
    this.text += '['
    for (let at = 0; at < items.length; at++) {
      if (at > 0) this.text += ','
      if (this.text.length > this.length) throw FULL
      this.member(at, items, at)
    }
    this.text += ']'
  }

  private object(members: Record<string, unknown>): void {
    this.text += '{'
    let first = true
    for (const name of Object.keys(members)) {
      if (!this.name(name, first)) continue
      first = false
      this.member(name, members, name)
    }
    this.text += '}'
  }

  private map(members: Map<unknown, unknown>): void {
    this.text += '{'
    let first = true
    for (const [name, value] of members) {
      if (typeof name !== 'string') {
        this.note(false, `an object with a key of type ${name === null ? 'null' : typeof name}`)
        continue
      }
      if (!this.name(name, first)) continue
      first = false
      this.path.push(name)
      this.write(value)
      this.path.pop()
    }
    this.text += '}'
  }

  /** Writes a name; a name that is no text is noted instead. */
  private name(name: string, first: boolean): boolean {
    if (this.text.length + name.length > this.length) throw FULL
    if (lone(name)) {
      this.note(false, 'an object with a key with a lone surrogate')
      return false
    }
    this.text += first ? JSON.stringify(name) : ',' + JSON.stringify(name)
    this.text += ':'
    return true
  }

  private member(step: string | number, holder: object, key: string | number): void {
    this.path.push(step)
    let value: unknown
    try {
      value = (holder as Record<string | number, unknown>)[key]
    } catch {
      this.refuse(false, 'a member that cannot be read')
      this.path.pop()
      return
    }
    this.write(value)
    this.path.pop()
  }

  /** Notes a value that JSON cannot hold; null stands in its place. */
  private refuse(number: boolean, found: string): void {
    this.note(number, found)
    this.text += 'null'
  }

  private note(number: boolean, found: string): void {
    const path = pointer(this.path)
    this.room -= path.length + found.length
    if (this.room < 0) throw FULL
    this.foreign.push([path, number, found])
  }
}

/** @internal An object of `{}`, `Object.create(null)` or another realm; what a class made is none. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null
}

function nameOf(value: object): string {
  const constructor: unknown = (value as { constructor?: unknown }).constructor
  return typeof constructor === 'function' && constructor.name !== '' ? constructor.name : 'object'
}

/** @internal Whether half a surrogate pair stands alone: such text has no UTF-8. */
export function lone(text: string): boolean {
  return /[\ud800-\udfff]/.test(text) && /\p{Surrogate}/u.test(text)
}

function pointer(steps: (string | number)[]): string {
  return steps.map((step) => `/${String(step).replace(/~/g, '~0').replace(/\//g, '~1')}`).join('')
}

/** @internal An input of a gate. Never throws: what is wrong with the value is a reason to deny. */
export function writeInput(value: unknown): Written {
  const writer = new Writer(INPUT_DEPTH, INPUT_TEXT)
  try {
    writer.write(value)
    return writer
  } catch (error) {
    if (error === FULL) return { text: (oversized ??= JSON.stringify(' '.repeat(INPUT_BYTES))), foreign: [] }
    return { text: 'null', foreign: [['', false, 'a value that cannot be read']] }
  }
}

/** @internal One of many records: what JSON cannot hold is noted, and null stands in its place. Never throws. */
export function writeRecord(value: unknown): Written {
  const writer = new Writer(DOCUMENT_DEPTH, DOCUMENT_TEXT)
  try {
    writer.write(value)
    return writer
  } catch {
    return { text: 'null', foreign: [['', false, 'a value that cannot be read, or of this size']] }
  }
}

/** @internal A document whose nulls never pass, such as a change: what JSON cannot hold is null. Never throws. */
export function writeLenient(value: unknown): string {
  const writer = new Writer(DOCUMENT_DEPTH, DOCUMENT_TEXT)
  try {
    writer.write(value)
    return writer.text
  } catch {
    return 'null'
  }
}

/** @internal A configuration, an approval, a plan: what JSON cannot hold is an error at its place. */
export function writeDocument(value: unknown, name: string): string {
  const writer = new Writer(DOCUMENT_DEPTH, DOCUMENT_TEXT)
  const refuse = (path: string, found: string): PolicyError => {
    const help = 'give text, numbers, bigints, booleans, arrays, plain objects, Maps or null'
    return new PolicyError(`\`${path}\`: ${found} has no JSON form; ${help}`, 'policy.config', path)
  }
  try {
    writer.write(value)
  } catch (error) {
    throw refuse(`/${name}`, error === FULL ? 'a value of this size' : 'a value that cannot be read')
  }
  const [foreign] = writer.foreign
  if (foreign !== undefined) throw refuse(`/${name}${foreign[0]}`, `\`${foreign[2].slice(0, 80)}\``)
  return writer.text
}

/** @internal JSON text as values; an integer beyond 2^53 is a bigint, so that no digit is lost. */
export function readExact(text: string): unknown {
  // Only a long run of digits can be such an integer, and such runs are rare.
  return /\d{16}/.test(text) ? new Reader(text).value() : (JSON.parse(text) as unknown)
}

/** Reads text that the engine wrote: valid JSON without white space. */
class Reader {
  private at = 0

  constructor(private readonly text: string) {}

  value(): unknown {
    switch (this.text[this.at]) {
      case '{':
        return this.object()
      case '[':
        return this.array()
      default:
        return this.scalar()
    }
  }

  private array(): unknown[] {
    const items: unknown[] = []
    this.at += 1
    while (this.text[this.at] !== ']') {
      items.push(this.value())
      if (this.text[this.at] === ',') this.at += 1
    }
    this.at += 1
    return items
  }

  private object(): Record<string, unknown> {
    const members: [string, unknown][] = []
    this.at += 1
    while (this.text[this.at] !== '}') {
      const name = this.scalar() as string
      this.at += 1
      members.push([name, this.value()])
      if (this.text[this.at] === ',') this.at += 1
    }
    this.at += 1
    // Defines members, also `__proto__`, as JSON.parse does.
    return Object.fromEntries(members)
  }

  private scalar(): unknown {
    const scalar = /"(?:[^"\\]|\\.)*"|[^,:[\]{}"]+/y
    scalar.lastIndex = this.at
    const [token] = scalar.exec(this.text) ?? ['']
    this.at = scalar.lastIndex
    if (/^-?\d{16,}$/.test(token)) {
      const whole = BigInt(token)
      return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole
    }
    return JSON.parse(token) as unknown
  }
}
