/** Computes a kind from JSON text to JSON text. */
export declare const call: (name: string, text: string) => string;
/** The names of every computation. */
export declare const kinds: () => string[];
/** Computes `aggregate`. */
export declare const aggregate: (input: unknown) => any;
/** Computes `allocate`. */
export declare const allocate: (input: unknown) => any;
/** Computes `allocation_report`. */
export declare const allocationReport: (input: unknown) => any;
/** Computes `allocation_set`. */
export declare const allocationSet: (input: unknown) => any;
/** Computes `apportion`. */
export declare const apportion: (input: unknown) => any;
/** Computes `baseline`. */
export declare const baseline: (input: unknown) => any;
/** Computes `effective_request`. */
export declare const effectiveRequest: (input: unknown) => any;
/** Computes `efficiency`. */
export declare const efficiency: (input: unknown) => any;
/** Computes `kubernetes_reader`. */
export declare const kubernetesReader: (input: unknown) => any;
/** Computes `node_split`. */
export declare const nodeSplit: (input: unknown) => any;
/** Computes `presence`. */
export declare const presence: (input: unknown) => any;
/** Computes `prometheus`. */
export declare const prometheus: (input: unknown) => any;
/** Computes `quantity`. */
export declare const quantity: (input: unknown) => any;
/** Computes `quantity_error`. */
export declare const quantityError: (input: unknown) => any;
/** Computes `read_cluster_data`. */
export declare const readClusterData: (input: unknown) => any;
/** Computes `reconcile`. */
export declare const reconcile: (input: unknown) => any;
/** Computes `waterfall`. */
export declare const waterfall: (input: unknown) => any;
