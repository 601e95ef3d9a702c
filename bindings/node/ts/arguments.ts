import type { Reservation } from './budget'
import { ConfigError, UsageError } from './errors'
import type { Metadata } from './record'

/** @internal The members of metadata that can be tags. */
export function tagsOf(metadata: Metadata | null | undefined, keys: [string, number][]): Metadata | undefined {
  if (metadata === undefined || metadata === null) return undefined
  if (typeof metadata !== 'object') throw refused('metadata', metadata, 'not an object')
  const tags: Metadata = {}
  for (const [key] of keys) {
    const value = metadata[key]
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') tags[key] = value
  }
  return tags
}

/** @internal */
export function refused(name: string, value: unknown, problem: string): ConfigError {
  return new ConfigError(`\`${name}\` is \`${String(value).slice(0, 80)}\`: ${problem}`, 'config.invalid', name)
}

/** @internal A count as a number. */
export function number(value: unknown, path: string): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint' && value >= 0n && value <= 9007199254740991n) return Number(value)
  throw new UsageError(`\`${path}\` is ${String(value).slice(0, 80)}, not a count; give a whole number of at least 0`, 'usage.not_a_count', path)
}

/** @internal A duration as a number that is not negative. */
export function duration(value: unknown): number {
  // -1 stands for "not known" in the exchange array, so a negative duration must not reach it.
  if (typeof value === 'number' && value >= 0) return value
  const problem = `\`duration_ms\` is ${String(value).slice(0, 80)}, not a duration; give a finite number of at least 0`
  throw new UsageError(problem, 'usage.invalid_duration', 'duration_ms')
}

/** @internal */
export function reservationId(reservation: Reservation | string | undefined): string | undefined {
  return typeof reservation === 'object' ? reservation.id : reservation
}
