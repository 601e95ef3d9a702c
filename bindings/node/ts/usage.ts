import { bodyOf } from './body'
import { call } from './native'
import { fromWire, toWire } from './names'

/** Token buckets that never overlap, and counters; what is left out is 0. */
export interface Buckets {
  input?: number
  inputAudio?: number
  inputImage?: number
  inputVideo?: number
  cacheRead?: number
  cacheReadAudio?: number
  cacheReadImage?: number
  cacheReadVideo?: number
  cacheWrite5m?: number
  cacheWrite1h?: number
  output?: number
  outputAudio?: number
  outputImage?: number
  outputVideo?: number
  reasoning?: number
  webSearch?: number
  fileSearch?: number
  codeExecution?: number
  request?: number
  rerank?: number
  audioSecond?: number
  character?: number
  page?: number
  image?: number
}

interface Totals {
  usage: Record<string, number>
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
}

/**
 * Tokens of one call in buckets that never overlap: `input` excludes cached, written and audio tokens; `reasoning` is a subset of `output`
 * and never added.
 */
export class Usage {
  readonly input: number = 0
  readonly inputAudio: number = 0
  readonly inputImage: number = 0
  readonly inputVideo: number = 0
  readonly cacheRead: number = 0
  readonly cacheReadAudio: number = 0
  readonly cacheReadImage: number = 0
  readonly cacheReadVideo: number = 0
  readonly cacheWrite5m: number = 0
  readonly cacheWrite1h: number = 0
  readonly output: number = 0
  readonly outputAudio: number = 0
  readonly outputImage: number = 0
  readonly outputVideo: number = 0
  readonly reasoning: number = 0
  readonly webSearch: number = 0
  readonly fileSearch: number = 0
  readonly codeExecution: number = 0
  readonly request: number = 0
  readonly rerank: number = 0
  readonly audioSecond: number = 0
  readonly character: number = 0
  readonly page: number = 0
  readonly image: number = 0
  /** All prompt tokens: input, cache reads and cache writes. */
  readonly promptTokens: number
  /** All completion tokens, reasoning included. */
  readonly completionTokens: number
  /** Prompt and completion. */
  readonly totalTokens: number

  constructor(buckets: Buckets = {}) {
    const totals = call<Totals>('usage_new', { usage: toWire(buckets) })
    Object.assign(this, fromWire(totals.usage))
    this.promptTokens = totals.prompt_tokens
    this.completionTokens = totals.completion_tokens
    this.totalTokens = totals.total_tokens
    Object.freeze(this)
  }

  /** From counts whose prompt includes cached tokens, as OpenAI reports them; parts that exceed it are `usage.negative_remainder`. */
  static inclusive(prompt: number, completion: number, cached = 0, cacheWritten = 0): Usage {
    const { usage } = call<Totals>('usage_inclusive', { prompt, completion, cached, cache_written: cacheWritten })
    return new Usage(fromWire(usage) as Buckets)
  }

  /** The usage that a provider's response body reports. */
  static fromResponse(body: unknown, provider?: string): Usage {
    const { usage } = call<{ usage: Record<string, number> }>('extract', { provider }, bodyOf(body))
    return new Usage(fromWire(usage) as Buckets)
  }

  /** The wire form: snake_case, zeros left out. */
  toJSON(): Record<string, number> {
    const { promptTokens, completionTokens, totalTokens, ...buckets } = this
    return Object.fromEntries(Object.entries(toWire({ ...buckets }) as Record<string, number>).filter(([, count]) => count !== 0))
  }
}

/** @internal A usage from what a caller gives for one. */
export function asUsage(usage: Usage | Buckets): Usage {
  return usage instanceof Usage ? usage : new Usage(usage)
}
