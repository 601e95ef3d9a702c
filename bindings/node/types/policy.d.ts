/** Members of an input by name. */
export type Members = Record<string, unknown>;
/** Members of an answer, with the names of the wire; integers beyond 2^53 are bigints. */
export type Answer = Record<string, any>;
/** The default policy: `inputJson`, `config`. */
export declare const gate: (input?: Members) => Answer;
/** A decimal: accepted, normal form, directed rounding: `text`. */
export declare const number: (input?: Members) => Answer;
/** Canonical form of an input and its SHA-256: `inputJson`. */
export declare const digest: (input?: Members) => Answer;
/** The guardrails: `changeJson`, `historyJson`, `now`, `config`. */
export declare const guardrail: (input?: Members) => Answer;
/** Whether an instant lies in the change windows, and when they open next: `now`, `timeZone`, `changeWindows`. */
export declare const window: (input?: Members) => Answer;
/** One change of a guardrail: `name`, `value` or `valueJson`, `config`. */
export declare const updatePolicy: (input?: Members) => Answer;
/** A Terraform plan against the infrastructure gates: `plan`, `config`. */
export declare const terraform: (input?: Members) => Answer;
/** Kubernetes documents against the infrastructure gates: `documents`, `config`. */
export declare const kubernetes: (input?: Members) => Answer;
/** An Infracost report against the infrastructure gates: `document`, `config`. */
export declare const infracost: (input?: Members) => Answer;
/** A decision event as it is logged: `event`, `masks`. */
export declare const mask: (input?: Members) => Answer;
/** The default policy with exemptions: `inputJson`, `exemptions`, `now`. */
export declare const exemption: (input?: Members) => Answer;
/** What approvals lift: `pending`, `denied`, `approvals`, `quorum`, `requester`, `inputDigest`, `policyRevision`, `now`. */
export declare const approval: (input?: Members) => Answer;
/** An active and a candidate configuration side by side. */
export declare const shadow: (input?: Members) => Answer;
/** A policy of one's own in the gate: `module` or `modules`, `input`. */
export declare const policyGate: (input?: Members) => Answer;
/** Modules as loaded: errors, warnings, engine: `modules`, `data`, `entry`. */
export declare const lint: (input?: Members) => Answer;
/** One module, one query, one input, in both engines: `module`, `query`, `input`. */
export declare const rego: (input?: Members) => Answer;
/** The values of the entry rules as a decision: `result`, `allowDeclared`. */
export declare const resultContract: (input?: Members) => Answer;
/** The answer of a remote OPA as a decision: `status`, `contentType`, `body`, or `failure`. */
export declare const remoteOpa: (input?: Members) => Answer;
/** A bundle archive: `tarGzBase64`. */
export declare const bundle: (input?: Members) => Answer;
/** Unit tests in Rego: `modules`. */
export declare const testRunner: (input?: Members) => Answer;
/** The names of every computation, as on the wire. */
export declare const kinds: () => string[];
/** The default policy as Rego, to read, to copy and to change; a configuration becomes its data. */
export declare function builtin(config?: Members): {
    modules: Record<string, string>;
    data: Record<string, unknown>;
};
