/** Computes a kind from JSON text to JSON text. */
export declare const call: (name: string, text: string) => string;
/** The names of every computation. */
export declare const kinds: () => string[];
/** Series of one container, one a pod and metric: `values` or `samples` (pairs of time and value) at `step_seconds`, or a `summary`. */
export type UsageSeries = Record<string, unknown>;
/** `exact` tests its own rule on the history; the others answer as robusta's KRR and the Vertical Pod Autoscaler do. */
export type Strategy = 'exact' | 'simple' | 'simple_limit' | 'vpa';
/** What a container has today: `requests`, `limits`, `autoscaler`, `limit_range`, `oom_limit`. */
export type CurrentResources = Record<string, unknown>;
/** What a container should request, from what it used: `cpu` and `memory` with request and why, `limits`, `backtest`. */
export declare const recommend: (series: readonly UsageSeries[], options?: {
    current?: CurrentResources;
    strategy?: Strategy;
    config?: Record<string, unknown>;
}) => any;
/** How a strategy would have fared on these series: folds, miss rate, samples above the recommendation, mean cut. */
export declare const backtest: (series: readonly UsageSeries[], options?: {
    current?: CurrentResources;
    strategy?: Strategy;
    config?: Record<string, unknown>;
    split?: "blocks" | "halves";
}) => any;
/** What every container of an inventory should request, with what it would save a month where prices are known. */
export declare const rightsize: (inventory: unknown, options?: {
    strategy?: Strategy;
    backtest?: boolean | "blocks" | "halves";
    config?: Record<string, unknown>;
    detection?: Record<string, unknown>;
}) => any;
/** Computes `ai_detector`. */
export declare const aiDetector: (input: unknown) => any;
/** Computes `branch_name`. */
export declare const branchName: (input: unknown) => any;
/** Computes `cluster_data`. */
export declare const clusterData: (input: unknown) => any;
/** Computes `confidence`. */
export declare const confidence: (input: unknown) => any;
/** Computes `detector`. */
export declare const detector: (input: unknown) => any;
/** Computes `exact`. */
export declare const exact: (input: unknown) => any;
/** Computes `guardrail_input`. */
export declare const guardrailInput: (input: unknown) => any;
/** Computes `hcl_edit`. */
export declare const hclEdit: (input: unknown) => any;
/** Computes `hpa_pair`. */
export declare const hpaPair: (input: unknown) => any;
/** Computes `krr_simple`. */
export declare const krrSimple: (input: unknown) => any;
/** Computes `krr_simple_limit`. */
export declare const krrSimpleLimit: (input: unknown) => any;
/** Computes `lifetime_projection`. */
export declare const lifetimeProjection: (input: unknown) => any;
/** Computes `portfolio`. */
export declare const portfolio: (input: unknown) => any;
/** Computes `realizable`. */
export declare const realizable: (input: unknown) => any;
/** Computes `risk`. */
export declare const risk: (input: unknown) => any;
/** Computes `scale_down`. */
export declare const scaleDown: (input: unknown) => any;
/** Computes `ttl`. */
export declare const ttl: (input: unknown) => any;
/** Computes `vpa`. */
export declare const vpa: (input: unknown) => any;
/** Computes `vpa_histogram`. */
export declare const vpaHistogram: (input: unknown) => any;
/** Computes `yaml_edit`. */
export declare const yamlEdit: (input: unknown) => any;
