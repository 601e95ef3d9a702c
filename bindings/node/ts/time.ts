import { UsageError } from './errors'

/** An instant: a `Date`, RFC 3339 text with a zone, or seconds since 1970. */
export type Instant = Date | string | number

let cachedSecond = NaN
let cachedPrefix = ''

/** @internal RFC 3339 in UTC with milliseconds; formatting a date costs ten times the rest of a record, so the second is kept. */
export function rfc3339(ms: number): string {
  const second = Math.floor(ms / 1000)
  if (second !== cachedSecond) {
    cachedPrefix = new Date(second * 1000).toISOString().slice(0, 20)
    cachedSecond = second
  }
  const rest = ms - second * 1000
  return cachedPrefix + (rest < 10 ? '00' : rest < 100 ? '0' : '') + rest + 'Z'
}

/** @internal Milliseconds since 1970 of an instant that the caller gave. */
export function instantMs(at: Instant, path = 'at'): number {
  if (at instanceof Date) return check(at.getTime(), String(at), path)
  if (typeof at === 'number') return check(Math.round(at * 1000), String(at), path)
  if (typeof at === 'string' && /(?:[zZ]|[+-]\d\d:\d\d)$/.test(at)) return check(Date.parse(at), at, path)
  throw naive(String(at), path)
}

function check(ms: number, value: string, path: string): number {
  if (!(ms >= -62_135_596_800_000 && ms <= 253_402_300_799_999)) throw naive(value, path)
  return ms
}

function naive(value: string, path: string): UsageError {
  const problem = 'no instant; give a Date, RFC 3339 text with a zone, or seconds since 1970'
  return new UsageError(`\`${path}\` is \`${value.slice(0, 80)}\`: ${problem}`, 'usage.naive_time', path)
}

/** @internal RFC 3339 text of an instant that the caller may have given. */
export function instantText(at: Instant | undefined | null): string {
  return rfc3339(at === undefined || at === null ? Date.now() : instantMs(at))
}

/** An instant, or a date such as `2026-11-20`, which is its midnight in UTC. */
export type Day = Instant

/** @internal RFC 3339 text of an instant or a date that the caller may have given. */
export function dayText(at: Day | undefined | null): string {
  return typeof at === 'string' && /^\d{4}-\d\d-\d\d$/.test(at) ? `${at}T00:00:00Z` : instantText(at)
}
