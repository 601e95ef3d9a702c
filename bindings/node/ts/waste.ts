/** Waste: detectors, right-sizing, the simulation of nodes, the portfolio and edits of manifests. Each computation is a function of its name: it takes its input as a value or as JSON text, which keeps every digit. */
import { callTopic, topicKind, topicKinds } from './topic'

const kind = topicKind('waste')

/** Computes a kind from JSON text to JSON text. */
export const call = (name: string, text: string): string => callTopic('waste', name, text)
/** The names of every computation. */
export const kinds = (): string[] => topicKinds('waste')

/** Series of one container, one a pod and metric: `values` or `samples` (pairs of time and value) at `step_seconds`, or a `summary`. */
export type UsageSeries = Record<string, unknown>
/** `exact` tests its own rule on the history; the others answer as robusta's KRR and the Vertical Pod Autoscaler do. */
export type Strategy = 'exact' | 'simple' | 'simple_limit' | 'vpa'
/** What a container has today: `requests`, `limits`, `autoscaler`, `limit_range`, `oom_limit`. */
export type CurrentResources = Record<string, unknown>

const given = (members: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== null))

/** What a container should request, from what it used: `cpu` and `memory` with request and why, `limits`, `backtest`. */
export const recommend = (
  series: readonly UsageSeries[],
  options: { current?: CurrentResources; strategy?: Strategy; config?: Record<string, unknown> } = {},
): any => kind('recommend')(given({ series, ...options }))

/** How a strategy would have fared on these series: folds, miss rate, samples above the recommendation, mean cut. */
export const backtest = (
  series: readonly UsageSeries[],
  options: { current?: CurrentResources; strategy?: Strategy; config?: Record<string, unknown>; split?: 'blocks' | 'halves' } = {},
): any => kind('backtest')(given({ series, ...options }))

/** What every container of an inventory should request, with what it would save a month where prices are known. */
export const rightsize = (
  inventory: unknown,
  options: { strategy?: Strategy; backtest?: boolean | 'blocks' | 'halves'; config?: Record<string, unknown>; detection?: Record<string, unknown> } = {},
): any => kind('rightsize')(given({ inventory, ...options }))

/** Run one detector over an inventory of AI workloads: `{detector, ai, prices, config}`. Answers its assessments: subject, outcome, reason, saving, confidence, risk, evidence. */
export const aiDetector = kind('ai_detector')
/** The branch of a change: `{slug, name, as_of, fingerprint}`. Answers `finops/SLUG-NAME-YYYYMMDD-8 hex digits`, which git accepts. */
export const branchName = kind('branch_name')
/** Run the detectors of the summary form: `{cluster_data, as_of, prices, config}`. Answers `findings`, and `others`: what was looked at and is none, with its reason. */
export const clusterData = kind('cluster_data')
/** The confidence of an assessment: `{cls, observed, threshold, side, span_hours, required_span_hours, samples, required_samples, folds, misses}`. Answers `base`, `coverage` and their product `confidence`, 0 to 1 with four places. */
export const confidence = kind('confidence')
/** Run one Kubernetes detector: `{detector, inventory, config}`. Answers its assessments: subject, outcome, reason, saving, confidence, risk, evidence, `after`. */
export const detector = kind('detector')
/** Our rule of right-sizing with its backtest: `{resource, blocks: [[sample]], oom_limit_bytes}`, the blocks being equal slices of the window. Answers `request`, `margin`, `folds`, `misses`, `largest_growth`, `base_confidence`, or the `reason` for none. */
export const exact = kind('exact')
/** What the guardrails decide a finding on: its type, cluster, tags, saving, cost, confidence and risk. Answers the record of the guardrails: kind, amounts, reversible, restarts, data, blast radius. */
export const guardrailInput = kind('guardrail_input')
/** Edit Terraform: `{text, target: address, set: {path: HCL text}}`, or `remove: true`. Answers the new `text`, in which no byte outside the edit differs. */
export const hclEdit = kind('hcl_edit')
/** Lower a request under a horizontal autoscaler: `{cpu_request, recommendation, target_utilization}`. Answers the request and target that keep the number of replicas, or `no_change`. */
export const hpaPair = kind('hpa_pair')
/** KRR's strategy `simple`: `{pods: [{cpu_p95, memory_max, points}], oom_limit_bytes, hpa_on_resource, span_seconds}`, in cores and bytes. Answers requests and limits as quantities, or `undetermined` with its reason. */
export const krrSimple = kind('krr_simple')
/** KRR's strategy `simple_limit`: `{cpu_samples}` in cores. Answers `cpu_request` and `cpu_limit` as quantities. */
export const krrSimpleLimit = kind('krr_simple_limit')
/** Project savings of short-lived pods to a month: `{core_hour_price, window_known_minutes, pods: [{name, minutes, allocated, recommended}]}`. Answers `monthly` by pod and their `total`. */
export const lifetimeProjection = kind('lifetime_projection')
/** Grant savings so that no dollar counts twice: `{findings: [{id, kind, detector, subject, claims}]}`. Answers what each is `granted`, by whom it is `superseded_by`, and the totals. */
export const portfolio = kind('portfolio')
/** What the bill will lack: `{node_supply: elastic | fixed | unknown, granted, simulation_today, simulation_with_proposals}`. Answers an amount a finding, null where it is unknown, and `consolidation` for nodes that could go. */
export const realizable = kind('realizable')
/** The risk of a change: `{base, factors}`. Answers the risk, 0 to 1. */
export const risk = kind('risk')
/** Which nodes could go: `{nodes, pods, profile}`. Answers `removed`, the `moves` of pods as (pod, from, to) and `monthly_saving`. */
export const scaleDown = kind('scale_down')
/** Whether an object outlived its annotation: `{annotations, created_at, as_of}` (`janitor/ttl`, `janitor/expires`). Answers `outcome` and `reason`. */
export const ttl = kind('ttl')
/** The Vertical Pod Autoscaler's recommendation for generated samples: `{start, cpu_millicore_samples, memory_byte_samples, oom, containers_in_pod}`. Answers `target`, `lower` and `upper` in millicores and bytes, percentiles and the checkpoint. */
export const vpa = kind('vpa')
/** The buckets of the autoscaler's histogram: `{first_bucket, max}`. Answers `buckets` and where each `starts`. */
export const vpaHistogram = kind('vpa_histogram')
/** Edit a manifest: `{text, target: {kind, name, namespace, container}, set: [{path: value}]}`. Answers the new `text`, in which no byte outside the edit differs. */
export const yamlEdit = kind('yaml_edit')
