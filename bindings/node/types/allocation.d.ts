/** Computes a kind from JSON text to JSON text. */
export declare const call: (name: string, text: string) => string;
/** The names of every computation. */
export declare const kinds: () => string[];
/** Sum rows by keys: `{rows: [{pod, namespace, labels, namespace_labels, services, total}], by, filter, config}`. Answers the total of each name; what has no value of a key is `__unallocated__`. */
export declare const aggregate: (input: unknown) => any;
/** Divide the cost of a cluster: `{inventory, config, prices}`. Answers `rows` (key, cost, attributed, total), `assets_total`, `difference` (always 0) and `diagnostics`. */
export declare const allocate: (input: unknown) => any;
/** Allocate and aggregate in one step: the input of `allocation_set` with `by`, `filter`, `format` and `places`. Answers the report; with `format` `csv` or `md` its text, rounded so that the rows shown add up to the total shown. */
export declare const allocationReport: (input: unknown) => any;
/** Divide the cost of a cluster: `{inventory, config, prices, bill, external}`. Answers the whole set with its assets, totals and configuration; with a `bill` at what the bill charges. */
export declare const allocationSet: (input: unknown) => any;
/** Split `total` by `weights` so that the parts add up to it (largest remainder): `{total, weights}`. Answers whole units in the order of the weights; equal remainders go to the first. */
export declare const apportion: (input: unknown) => any;
/** Statistics of `{samples}`, decimals. Answers `count`, `min`, `max`, `p50`, `p95`, `p99` (nearest rank) and the exact `mean`. */
export declare const baseline: (input: unknown) => any;
/** What the scheduler reserves for a pod: `{containers, overhead}`, init and sidecar containers by their `type`. Answers `cpu_nanocores` and `memory_nano_bytes` (bytes times 1e9). */
export declare const effectiveRequest: (input: unknown) => any;
/** Used of requested: `{cpu_used, cpu_requested, memory_used, memory_requested, cpu_cost, memory_cost}`. Answers `cpu`, `memory` and the cost-weighted `total`; null where nothing was requested and nothing used. */
export declare const efficiency: (input: unknown) => any;
/** Read what `kubectl get -o json` prints: `{cluster, as_of, documents}`. Answers the inventory in its wire form with `diagnostics`, each with the path of its object, and `ignored` kinds by count. */
export declare const kubernetesReader: (input: unknown) => any;
/** Divide the cost of a node over its resources: `{split, capacity, cost}`. Answers `cpu`, `memory` and `gpu` in the currency; they add up to `cost`. */
export declare const nodeSplit: (input: unknown) => any;
/** Share a cost by time of use: `{cost, window_seconds: [start, end], users: {name: [[start, end]]}}`. Answers the part of each of `users`, and `unmounted`: the time without a user. */
export declare const presence: (input: unknown) => any;
/** Read an answer of Prometheus: `{metric, step_seconds, document}`. Answers `series` in the integer unit of the metric (1e-9 cores, bytes) with `diagnostics`, or the `error` that the answer holds. */
export declare const prometheus: (input: unknown) => any;
/** Read a Kubernetes quantity such as `500m` or `1.5Gi`. Answers `nano` (its amount in 1e-9 units) and its `canonical` text. */
export declare const quantity: (input: unknown) => any;
/** Say why a text is no Kubernetes quantity. Answers `code` and `message`, or the quantity where it is one. */
export declare const quantityError: (input: unknown) => any;
/** Read the summary form: `{cluster_data, as_of}`. Answers the inventory in its wire form with `diagnostics`. */
export declare const readClusterData: (input: unknown) => any;
/** Divide what the bill charges: the input of `allocate` with `bill`, the charges of assets. Answers `list_total`, `reconciled_total` and both amounts of every row. */
export declare const reconcile: (input: unknown) => any;
/** Share idle and shared costs over rows: `{rows, node_idle, shared, idle, filter}`. Answers `assets_total`, `filtered` and `all` tenants with total and idle, and `idle_row`. */
export declare const waterfall: (input: unknown) => any;
