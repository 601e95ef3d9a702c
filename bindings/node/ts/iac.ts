/** Gates on infrastructure as code: what a plan, a set of manifests or a cost report would do, before it is done. */
import type { JsonText } from './exact'
import { compute, members, renamed } from './policy-document'

/** What the gates ask for; objects merge by name with the defaults. Names may also be those of the wire. */
export interface IacConfig {
  requiredTags?: string[]
  exemptTypes?: string[]
  unknownTags?: IacAction
  forbiddenFamilies?: string[]
  forbiddenTypes?: string[]
  unknownInstance?: IacAction
  requiredRequests?: string[]
  missingRequests?: IacAction
  cost?: {
    currency?: string
    maxMonthlyDeltaUsd?: number | string | null
    warnMonthlyDeltaUsd?: number | string | null
    maxMonthlyTotalUsd?: number | string | null
    unpriced?: IacAction
  }
}

export type IacAction = 'deny' | 'require_approval' | 'warn' | 'off'

export interface IacViolation {
  action: 'deny' | 'require_approval' | 'warn'
  rule: string
  /** Null when it is about the document as a whole. */
  resource: string | null
  subject?: string
  message: string
}

export interface IacAnswer {
  decision: 'allow' | 'deny' | 'require_approval'
  violations: IacViolation[]
}

/** A document as JavaScript has it, or as JSON text or bytes, whose numbers keep every digit. */
export type Document = object | JsonText

/** A Terraform plan, as `terraform show -json` writes it. */
export function terraform(plan: Document, config?: IacConfig | Record<string, unknown>): IacAnswer {
  return judge('terraform', 'plan', plan, config)
}

/** Kubernetes documents, a list or a single one; lists of theirs are opened. */
export function kubernetes(documents: Document, config?: IacConfig | Record<string, unknown>): IacAnswer {
  return judge('kubernetes', 'documents', documents, config)
}

/** A report of `infracost breakdown` or `infracost diff` as JSON. */
export function infracost(report: Document, config?: IacConfig | Record<string, unknown>): IacAnswer {
  return judge('infracost', 'document', report, config)
}

function judge(kind: string, name: string, document: Document, config: unknown): IacAnswer {
  const settings = renamed(config, 1)
  if (typeof document === 'string' || document instanceof Uint8Array) {
    return compute(kind, members({ config: settings }), name, document) as IacAnswer
  }
  return compute(kind, members({ [name]: document, config: settings })) as IacAnswer
}
