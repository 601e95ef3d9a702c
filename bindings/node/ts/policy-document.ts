/** Documents of the policy engine: names on the wire are snake_case, and JavaScript may write ours in camelCase. */
import { isPlain, readExact, writeDocument } from './exact'
import { type Body, Handle, guard, native } from './native'
import { camel, snake } from './names'

/** @internal An object with its own names turned; `verbatim` names members whose inner names are the user's. Any other value as it is. */
export function renamed(value: unknown, depth = 0, verbatim: readonly string[] = []): unknown {
  if (Array.isArray(value)) return depth > 0 ? value.map((item) => renamed(item, depth, verbatim)) : (value as unknown)
  if (!isObject(value)) return value
  const out: [string, unknown][] = []
  for (const [key, member] of Object.entries(value)) {
    const name = snake(key)
    // A name that is there in both forms is the caller's on the wire.
    if (name !== key && Object.hasOwn(value, name)) continue
    out.push([name, depth > 0 && !verbatim.includes(name) ? renamed(member, depth - 1, verbatim) : member])
  }
  // Defines members, also `__proto__`, where an assignment would set the prototype.
  return Object.fromEntries(out)
}

/** @internal A wire object with JavaScript's names, `depth` levels of objects deep; `verbatim` names members that stay as they are. */
export function shown<T>(value: unknown, depth = 1, verbatim: readonly string[] = []): T {
  if (Array.isArray(value)) return value.map((item): unknown => shown(item, depth, verbatim)) as T
  if (!isObject(value) || depth === 0) return value as T
  const members = Object.entries(value).map(([key, member]): [string, unknown] => [
    camel(key),
    verbatim.includes(key) ? member : shown(member, depth - 1, verbatim),
  ])
  return Object.fromEntries(members) as T
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && isPlain(value)
}

/** @internal JSON text of members, each exact; what is undefined is left out. */
export function members(values: Record<string, unknown>): string {
  const written = Object.entries(values).filter(([, value]) => value !== undefined)
  return `{${written.map(([name, value]) => `"${name}":${writeDocument(value, name)}`).join(',')}}`
}

/** @internal A gate or guardrails of the native library. */
export function held(kind: 'gate' | 'guardrails', json: string, archive?: Uint8Array): Handle {
  return new Handle(
    guard(() => native.policyNew(kind, json, archive)),
    native.policyFree,
  )
}

/** @internal A method of a gate or of guardrails. */
export function method(handle: Handle, name: string, json = '{}', body?: Body): unknown {
  return readExact(guard(() => native.policyMethod(handle.id, name, json, body)))
}

/** @internal A computation by its name. */
export function compute(kind: string, json: string, bodyOf?: string, body?: Body): unknown {
  return readExact(guard(() => native.policyCall(kind, json, bodyOf, body)))
}
