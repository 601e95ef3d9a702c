import { type Instant } from './time';
/** GPUs, endpoints, calls to models and training runs over a window, for the detectors of AI workloads. */
export declare class AiInventory {
    #private;
    /**
     * The wire form: `window`, `provider`, `account_id`, `cluster`, `tags`, `prices` and the lists `gpu_containers`, `endpoints`,
     * `provisioned`, `call_groups`, `training_runs`, `evaluations`, `calls`.
     */
    constructor(value: Record<string, unknown>);
    /**
     * The calls that a monitor kept; `window` is `[start, end]` of all of them, from the first to the last without one. A call belongs to
     * the route of its tag `route`, else to its model. Records of training runs are left out; other members are those of the wire form.
     */
    static fromRecords(records: Iterable<unknown>, options?: {
        window?: readonly [Instant, Instant];
        [member: string]: unknown;
    }): AiInventory;
    /** The wire form. */
    toJSON(): Record<string, unknown>;
}
