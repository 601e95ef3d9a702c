import { StreamError } from './errors'
import { Handle, stringify } from './native'
import type { FinishOptions } from './options'
import type { InferenceRecord } from './record'

/** Usage of one streamed response; events may repeat or arrive twice. */
export class StreamMeter {
  readonly #handle: Handle
  readonly #finish: (handle: number, more: FinishOptions) => InferenceRecord

  /** @internal */
  constructor(
    provider: string | null,
    options: { model?: string; requestId?: string },
    finish: (handle: number, more: FinishOptions) => InferenceRecord,
  ) {
    this.#handle = Handle.object('stream', stringify({ provider, model: options.model, request_id: options.requestId }))
    this.#finish = finish
  }

  /** Reads one event, parsed; or text or bytes of the stream, cut anywhere. */
  push(event: unknown): void {
    const parsed = typeof event !== 'string' && !(event instanceof Uint8Array)
    this.#handle.call('push', {}, parsed ? `${stringify(event)}\n` : event)
  }

  /**
   * Passes the events of an iterator on, reading each one, and logs the call: when it ends, as an error when it breaks off, as cancelled
   * when the consumer stops early.
   */
  async *wrap<T>(events: AsyncIterable<T> | Iterable<T>, options: FinishOptions = {}): AsyncGenerator<T, InferenceRecord> {
    let outcome: 'error' | 'cancelled' | undefined = 'cancelled'
    try {
      for await (const event of events) {
        this.push(event)
        yield event
      }
      outcome = undefined
    } catch (error) {
      outcome = 'error'
      throw error
    } finally {
      // The reason why it ended early must not be hidden by a stream that told of no usage.
      if (outcome !== undefined) this.#finishQuietly({ outcome, ...options })
    }
    return this.finish(options)
  }

  #finishQuietly(options: FinishOptions): void {
    try {
      this.finish(options)
    } catch (error) {
      if (!(error instanceof StreamError)) throw error
    }
  }

  /** Logs the call; `complete` of the record is false when the end marker never came. */
  finish(options: FinishOptions = {}): InferenceRecord {
    return this.#finish(this.#handle.id, options)
  }
}
