/**
 * Every computation of the policy engine by its name, as Rust and Python have it: the members of its input in, those of its answer out.
 * Names of members may be those of the wire (`input_json`) or ours (`inputJson`); `*Json` is exact text, because no number of
 * JavaScript holds all its digits. What lies inside a member keeps the names of the wire.
 */
import { compute, members, renamed } from './policy-document'

/** Members of an input by name. */
export type Members = Record<string, unknown>
/** Members of an answer, with the names of the wire; integers beyond 2^53 are bigints. */
export type Answer = Record<string, any>

const kind =
  (name: string) =>
  (input: Members = {}): Answer =>
    compute(name, members(renamed(input) as Members)) as Answer

/** The default policy: `inputJson`, `config`. */
export const gate = kind('gate')
/** A decimal: accepted, normal form, directed rounding: `text`. */
export const number = kind('number')
/** Canonical form of an input and its SHA-256: `inputJson`. */
export const digest = kind('digest')
/** The guardrails: `changeJson`, `historyJson`, `now`, `config`. */
export const guardrail = kind('guardrail')
/** Whether an instant lies in the change windows, and when they open next: `now`, `timeZone`, `changeWindows`. */
export const window = kind('window')
/** One change of a guardrail: `name`, `value` or `valueJson`, `config`. */
export const updatePolicy = kind('update_policy')
/** A Terraform plan against the infrastructure gates: `plan`, `config`. */
export const terraform = kind('terraform')
/** Kubernetes documents against the infrastructure gates: `documents`, `config`. */
export const kubernetes = kind('kubernetes')
/** An Infracost report against the infrastructure gates: `document`, `config`. */
export const infracost = kind('infracost')
/** A decision event as it is logged: `event`, `masks`. */
export const mask = kind('mask')
/** The default policy with exemptions: `inputJson`, `exemptions`, `now`. */
export const exemption = kind('exemption')
/** What approvals lift: `pending`, `denied`, `approvals`, `quorum`, `requester`, `inputDigest`, `policyRevision`, `now`. */
export const approval = kind('approval')
/** An active and a candidate configuration side by side. */
export const shadow = kind('shadow')
/** A policy of one's own in the gate: `module` or `modules`, `input`. */
export const policyGate = kind('policy_gate')
/** Modules as loaded: errors, warnings, engine: `modules`, `data`, `entry`. */
export const lint = kind('lint')
/** One module, one query, one input, in both engines: `module`, `query`, `input`. */
export const rego = kind('rego')
/** The values of the entry rules as a decision: `result`, `allowDeclared`. */
export const resultContract = kind('result_contract')
/** The answer of a remote OPA as a decision: `status`, `contentType`, `body`, or `failure`. */
export const remoteOpa = kind('remote_opa')
/** A bundle archive: `tarGzBase64`. */
export const bundle = kind('bundle')
/** Unit tests in Rego: `modules`. */
export const testRunner = kind('test_runner')

/** The names of every computation, as on the wire. */
export const kinds = (): string[] => compute('kinds', '{}') as string[]

/** The default policy as Rego, to read, to copy and to change; a configuration becomes its data. */
export function builtin(config: Members = {}): { modules: Record<string, string>; data: Record<string, unknown> } {
  const settings = renamed(config, 1, ['actions']) as Members
  return compute('builtin', members(settings)) as { modules: Record<string, string>; data: Record<string, unknown> }
}
