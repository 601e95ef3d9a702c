// The vectors with the text of their numbers: JSON.parse would round them.

/** A number as it is written. */
export class Exact {
  constructor(text) {
    this.text = text
  }

  get isInteger() {
    return /^-?\d+$/.test(this.text)
  }
}

const MARK = '\0number'

/** JSON with every number as an `Exact`. */
export function readExact(text) {
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) => (token[0] === '"' ? token : `{"\\u0000number":"${token}"}`))
  return JSON.parse(marked, (_key, value) => (value !== null && typeof value === 'object' && MARK in value ? new Exact(value[MARK]) : value))
}

/** The JavaScript value that stands for it; an integer that a number would round is a bigint. Throws for a decimal that none holds. */
export function toValue(value, normalForm) {
  if (Array.isArray(value)) return value.map((item) => toValue(item, normalForm))
  if (value instanceof Exact) {
    const number = Number(value.text)
    if (value.isInteger && !Number.isSafeInteger(number)) return BigInt(value.text)
    if (!Number.isFinite(number) || normalForm(String(number)) !== normalForm(value.text)) throw new Error(`no JavaScript value is ${value.text}`)
    return number
  }
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toValue(member, normalForm)]))
}

/** Equal in type and value, members in any order; doubles by value and sign. `wanted` has `Exact`s. */
export function same(wanted, found) {
  if (wanted instanceof Exact) {
    if (typeof found === 'bigint') return wanted.isInteger ? BigInt(wanted.text) === found : Object.is(Number(wanted.text), Number(found))
    if (typeof found !== 'number') return false
    return wanted.isInteger && Number.isSafeInteger(found) ? BigInt(wanted.text) === BigInt(found) : Object.is(Number(wanted.text), found)
  }
  if (Array.isArray(wanted)) return Array.isArray(found) && wanted.length === found.length && wanted.every((item, at) => same(item, found[at]))
  if (wanted === null || typeof wanted !== 'object') return wanted === found
  if (found === null || typeof found !== 'object' || Array.isArray(found)) return false
  const names = Object.keys(wanted)
  return names.length === Object.keys(found).length && names.every((name) => Object.hasOwn(found, name) && same(wanted[name], found[name]))
}
