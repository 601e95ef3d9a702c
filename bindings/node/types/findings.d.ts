/** Computes a kind from JSON text to JSON text. */
export declare const call: (name: string, text: string) => string;
/** The names of every computation. */
export declare const kinds: () => string[];
/** Computes `combine`. */
export declare const combine: (input: unknown) => any;
/** Computes `digest`. */
export declare const digest: (input: unknown) => any;
/** Computes `finding_id`. */
export declare const findingId: (input: unknown) => any;
/** Computes `fingerprint`. */
export declare const fingerprint: (input: unknown) => any;
/** Computes `order`. */
export declare const order: (input: unknown) => any;
/** Computes `outcome`. */
export declare const outcome: (input: unknown) => any;
/** Computes `priority`. */
export declare const priority: (input: unknown) => any;
/** Computes `record`. */
export declare const record: (input: unknown) => any;
/** Computes `redact`. */
export declare const redact: (input: unknown) => any;
/** Computes `seed_fingerprint`. */
export declare const seedFingerprint: (input: unknown) => any;
/** Computes `severity`. */
export declare const severity: (input: unknown) => any;
/** Computes `totals`. */
export declare const totals: (input: unknown) => any;
/** Computes `validate`. */
export declare const validate: (input: unknown) => any;
