/** Computes a kind from JSON text to JSON text. */
export declare const call: (name: string, text: string) => string;
/** The names of every computation. */
export declare const kinds: () => string[];
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
