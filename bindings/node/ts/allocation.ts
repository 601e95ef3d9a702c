/** Whose cost a cluster's is: inventories, allocation, reports. Each computation is a function of its name: it takes its input as a value or as JSON text, which keeps every digit. */
import { callTopic, topicKind, topicKinds } from './topic'

const kind = topicKind('allocation')

/** Computes a kind from JSON text to JSON text. */
export const call = (name: string, text: string): string => callTopic('allocation', name, text)
/** The names of every computation. */
export const kinds = (): string[] => topicKinds('allocation')

/** Computes `aggregate`. */
export const aggregate = kind('aggregate')
/** Computes `allocate`. */
export const allocate = kind('allocate')
/** Computes `allocation_report`. */
export const allocationReport = kind('allocation_report')
/** Computes `allocation_set`. */
export const allocationSet = kind('allocation_set')
/** Computes `apportion`. */
export const apportion = kind('apportion')
/** Computes `baseline`. */
export const baseline = kind('baseline')
/** Computes `effective_request`. */
export const effectiveRequest = kind('effective_request')
/** Computes `efficiency`. */
export const efficiency = kind('efficiency')
/** Computes `kubernetes_reader`. */
export const kubernetesReader = kind('kubernetes_reader')
/** Computes `node_split`. */
export const nodeSplit = kind('node_split')
/** Computes `presence`. */
export const presence = kind('presence')
/** Computes `prometheus`. */
export const prometheus = kind('prometheus')
/** Computes `quantity`. */
export const quantity = kind('quantity')
/** Computes `quantity_error`. */
export const quantityError = kind('quantity_error')
/** Computes `read_cluster_data`. */
export const readClusterData = kind('read_cluster_data')
/** Computes `reconcile`. */
export const reconcile = kind('reconcile')
/** Computes `waterfall`. */
export const waterfall = kind('waterfall')
