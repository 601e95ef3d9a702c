/** Names on both sides of the border: the wire form is snake_case, JavaScript reads camelCase. */

const CAMEL = new Map<string, string>()
const SNAKE = new Map<string, string>()

/** Keys that are names of ours; any other (`intel-rapl:0`, `gen_ai.usage`, `ENERGY_WH`) is somebody else's word and stays as it is. */
const WIRE_NAME = /^[a-z][a-z0-9_]*$/
const SCRIPT_NAME = /^[a-z][a-zA-Z0-9]*$/

/** @internal `cache_write_5m` is `cacheWrite5m`. */
export function camel(key: string): string {
  return cached(CAMEL, key, () =>
    WIRE_NAME.test(key) ? key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()) : key,
  )
}

/** @internal `cacheWrite5m` is `cache_write_5m`; `gramsCo2e` is `grams_co2e`. */
export function snake(key: string): string {
  return cached(SNAKE, key, () => (SCRIPT_NAME.test(key) ? key.replace(/(1k|5m|1h)(?=[A-Z]|$)|[A-Z]/g, (part) => `_${part.toLowerCase()}`) : key))
}

function cached(table: Map<string, string>, key: string, make: () => string): string {
  let name = table.get(key)
  if (name === undefined) {
    name = make()
    if (table.size < 1024) table.set(key, name)
  }
  return name
}

/** Members whose keys are the user's own words and stay as they are. */
const VERBATIM = new Set(['metadata', 'tags', 'scope', 'where', 'env', 'body', 'tag_aliases', 'rows'])
/** Members whose keys are names of models; their values are ours. */
const KEYED = new Set(['model_params', 'modelParams'])

/** @internal A wire object with JavaScript's names, deeply. */
export function fromWire(value: unknown): unknown {
  return convert(value, camel)
}

/** @internal A JavaScript object with the wire's names, deeply. */
export function toWire(value: unknown): unknown {
  return convert(value, snake)
}

function convert(value: unknown, name: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => convert(item, name))
  if (value === null || typeof value !== 'object') return value
  if ('toJSON' in value && typeof value.toJSON === 'function') return value.toJSON() as unknown
  const out: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) {
    const renamed = name(key)
    if (VERBATIM.has(key) || VERBATIM.has(renamed)) out[renamed] = member
    else if (KEYED.has(key) || byModel(key, member)) {
      const values = Object.entries((member ?? {}) as object).map(([model, value]) => [model, convert(value, name)] as const)
      out[renamed] = Object.fromEntries(values)
    } else out[renamed] = convert(member, name)
  }
  return out
}

/** Parameters may be those of one model or, by name, of several. */
function byModel(key: string, member: unknown): boolean {
  return key === 'params' && typeof member === 'object' && member !== null && !('totalB' in member || 'total_b' in member)
}
