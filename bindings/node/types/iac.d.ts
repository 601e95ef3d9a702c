/** Gates on infrastructure as code: what a plan, a set of manifests or a cost report would do, before it is done. */
import type { JsonText } from './exact';
/** What the gates ask for; objects merge by name with the defaults. Names may also be those of the wire. */
export interface IacConfig {
    requiredTags?: string[];
    exemptTypes?: string[];
    unknownTags?: IacAction;
    forbiddenFamilies?: string[];
    forbiddenTypes?: string[];
    unknownInstance?: IacAction;
    requiredRequests?: string[];
    missingRequests?: IacAction;
    cost?: {
        currency?: string;
        maxMonthlyDeltaUsd?: number | string | null;
        warnMonthlyDeltaUsd?: number | string | null;
        maxMonthlyTotalUsd?: number | string | null;
        unpriced?: IacAction;
    };
}
export type IacAction = 'deny' | 'require_approval' | 'warn' | 'off';
export interface IacViolation {
    action: 'deny' | 'require_approval' | 'warn';
    rule: string;
    /** Null when it is about the document as a whole. */
    resource: string | null;
    subject?: string;
    message: string;
}
export interface IacAnswer {
    decision: 'allow' | 'deny' | 'require_approval';
    violations: IacViolation[];
}
/** A document as JavaScript has it, or as JSON text or bytes, whose numbers keep every digit. */
export type Document = object | JsonText;
/** A Terraform plan, as `terraform show -json` writes it. */
export declare function terraform(plan: Document, config?: IacConfig | Record<string, unknown>): IacAnswer;
/** Kubernetes documents, a list or a single one; lists of theirs are opened. */
export declare function kubernetes(documents: Document, config?: IacConfig | Record<string, unknown>): IacAnswer;
/** A report of `infracost breakdown` or `infracost diff` as JSON. */
export declare function infracost(report: Document, config?: IacConfig | Record<string, unknown>): IacAnswer;
