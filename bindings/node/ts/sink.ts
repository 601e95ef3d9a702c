import { refused } from './arguments'
import type { AnyRecord } from './options'

/** @internal What a sink asks of its monitor. */
export interface Source {
  /** The places of the next records that wait, at most `max`; null when none do. */
  next(max: number): number[] | null
  recordsAt(slots: number[]): AnyRecord[]
  written(): void
  /** Whether the batch is kept for another try. */
  failed(slots: number[]): boolean
}

/** @internal Hands records to `write` in batches, on a timer that keeps no process alive. */
export class Sink {
  readonly #source: Source
  readonly #write: (records: AnyRecord[]) => void | Promise<void>
  readonly #batch: number
  readonly #timer: NodeJS.Timeout
  /** The write under way, when `write` gives promises. */
  #running: Promise<void> | undefined
  /** The records of the batch that waits for its second try. */
  #failed: AnyRecord[] | undefined

  constructor(source: Source, write: (records: AnyRecord[]) => void | Promise<void>, options: { everyS?: number; batch?: number }) {
    const { everyS = 1, batch = 1000 } = options
    if (typeof write !== 'function') throw refused('write', write, 'not a function')
    if (!(everyS > 0 && everyS < 2_147_483)) throw refused('every_s', everyS, 'not a number of seconds above 0')
    if (!(Number.isSafeInteger(batch) && batch > 0)) throw refused('batch', batch, 'not a whole number above 0')
    this.#source = source
    this.#write = write
    this.#batch = batch
    this.#timer = setInterval(() => void this.#flush(), everyS * 1000)
    this.#timer.unref()
  }

  /** Stops after a last flush. */
  stop(): Promise<void> {
    clearInterval(this.#timer)
    return this.#running === undefined ? this.#empty() : this.#running.then(() => this.#empty())
  }

  /** Flushes until nothing is left; a batch that fails has its second try at once. */
  #empty(): Promise<void> {
    for (;;) {
      const flushed = this.#flush()
      if (this.#running !== undefined) return flushed.then(() => (this.#failed === undefined ? undefined : this.#empty()))
      if (this.#failed === undefined) return flushed
    }
  }

  /** Writes until nothing waits or a batch fails; one at a time. */
  #flush(): Promise<void> {
    if (this.#running !== undefined) return this.#running
    for (;;) {
      const slots = this.#source.next(this.#batch)
      if (slots === null) return Promise.resolve()
      // The ring may have moved on since a batch failed, so the records of that batch are kept here.
      const records = this.#failed ?? this.#source.recordsAt(slots)
      const write = this.#write
      let written: void | Promise<void>
      try {
        written = write(records)
      } catch {
        if (this.#refused(slots, records)) return Promise.resolve()
        continue
      }
      if (typeof written?.then !== 'function') {
        this.#written()
        continue
      }
      this.#running = Promise.resolve(written)
        .then(
          () => (this.#written(), true),
          () => !this.#refused(slots, records),
        )
        .then((onward) => {
          this.#running = undefined
          return onward ? this.#flush() : undefined
        })
      return this.#running
    }
  }

  #written(): void {
    this.#failed = undefined
    this.#source.written()
  }

  /** Whether the batch is kept for another try. */
  #refused(slots: number[], records: AnyRecord[]): boolean {
    const kept = this.#source.failed(slots)
    this.#failed = kept ? records : undefined
    return kept
  }
}
