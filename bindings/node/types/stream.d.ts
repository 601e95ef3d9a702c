import type { FinishOptions } from './options';
import type { InferenceRecord } from './record';
/** Usage of one streamed response; events may repeat or arrive twice. */
export declare class StreamMeter {
    #private;
    /** Reads one event, parsed; or text or bytes of the stream, cut anywhere. */
    push(event: unknown): void;
    /**
     * Passes the events of an iterator on, reading each one, and logs the call: when it ends, as an error when it breaks off, as cancelled
     * when the consumer stops early.
     */
    wrap<T>(events: AsyncIterable<T> | Iterable<T>, options?: FinishOptions): AsyncGenerator<T, InferenceRecord>;
    /** Logs the call; `complete` of the record is false when the end marker never came. */
    finish(options?: FinishOptions): InferenceRecord;
}
