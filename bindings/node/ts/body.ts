/** Response bodies: only the fields that say something of usage cross the border, never message text. */

import { type Body, stringify } from './native'

type Json = Record<string, unknown>

/** Members that hold text, audio, images or vectors and nothing of usage. */
const HEAVY = new Set([
  'content',
  'message',
  'messages',
  'text',
  'texts',
  'data',
  'embedding',
  'embeddings',
  'instructions',
  'tools',
  'input',
  'logprobs',
  'prompt',
  'citations',
  'search_results',
  'documents',
  'reasoning',
  'thinking',
  'context',
])

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Members of a list item that say how it ended or what it was. */
function ends(item: unknown): unknown {
  if (!isObject(item)) return item
  const { type, status, finish_reason, finishReason } = item
  return { type, status, finish_reason, finishReason }
}

/** @internal The small object of an SDK response or parsed body that the engine reads. */
export function slim(body: unknown): unknown {
  if (!isObject(body)) return body
  const source = typeof body.toJSON === 'function' ? (body.toJSON() as Json) : body
  const out: Json = {}
  for (const key of Object.keys(source)) {
    const value = source[key]
    if (typeof value === 'function') continue
    if (key === 'choices' || key === 'candidates') out[key] = Array.isArray(value) ? value.map(ends) : value
    else if (key === 'output') {
      if (Array.isArray(value)) out[key] = value.map(ends)
    } else if (key === 'response') out[key] = slim(value)
    else if (!HEAVY.has(key) || (key === 'message' && isObject(value) && 'usage' in value)) out[key] = key === 'message' ? slim(value) : value
  }
  return out
}

/** @internal A response as what crosses the border: text and bytes as they are, an object as the JSON of its small form. */
export function bodyOf(response: unknown): Body {
  if (typeof response === 'string' || response instanceof Uint8Array) return response
  return stringify(slim(response))
}
