/** Names on both sides of the border: the wire form is snake_case, JavaScript reads camelCase. */

const CAMEL = new Map<string, string>()
const SNAKE = new Map<string, string>()

/** @internal `cache_write_5m` is `cacheWrite5m`. */
export function camel(key: string): string {
  let name = CAMEL.get(key)
  if (name === undefined) {
    name = key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
    if (CAMEL.size < 1024) CAMEL.set(key, name)
  }
  return name
}

/** @internal `cacheWrite5m` is `cache_write_5m`. */
export function snake(key: string): string {
  let name = SNAKE.get(key)
  if (name === undefined) {
    name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replace(/([a-z])(\d+[a-z]*)$/, snakeTail)
    if (SNAKE.size < 1024) SNAKE.set(key, name)
  }
  return name
}

// Only the two cache lifetimes have a digit after an underscore: `cacheWrite5m`, `cacheWrite1h`.
function snakeTail(whole: string, letter: string, tail: string): string {
  return tail === '5m' || tail === '1h' ? `${letter}_${tail}` : whole
}

/** Members whose keys are the user's own words and stay as they are. */
const VERBATIM = new Set(['metadata', 'tags', 'scope', 'where', 'env', 'response', 'body', 'tag_aliases', 'rows', 'models_params', 'model_params'])

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
    out[renamed] = VERBATIM.has(key) || VERBATIM.has(renamed) ? member : convert(member, name)
  }
  return out
}
