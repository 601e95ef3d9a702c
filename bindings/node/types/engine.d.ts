/** The money loop: detect waste, guard the change, propose it, record what it should save. */
import type { EventLog } from './event-log';
import { type GuardrailLimits, Guardrails, type PolicyCheck } from './guardrails';
import { Opportunity } from './opportunity';
import { Report, ReportGenerator } from './report';
import { SavingsLedger } from './savings-ledger';
import { type Instant } from './time';
/** A detector of one's own: what it finds in a cluster's data, with the ledger's names. */
export interface Detector {
    readonly name?: string;
    detect(clusterData: any): Iterable<Record<string, unknown>> | null | undefined;
}
/** Files that a change may edit, by path. */
export type Sources = Record<string, string | Uint8Array> | Map<string, string | Uint8Array>;
/** How an engine works. */
export interface EngineOptions {
    /** Where savings are kept: a ledger, or an event log; in memory without one. */
    ledger?: SavingsLedger | EventLog | null;
    /** For `PullRequest.open`; `GITHUB_TOKEN` without it. */
    githubToken?: string;
    /** The folder whose manifests and Terraform files may be edited. */
    repoPath?: string;
    /** Whose prices apply where data names none; `us-east-1`. */
    region?: string;
    guardrails?: Guardrails | GuardrailLimits | Record<string, unknown>;
    /** Constants of the detectors, with the names of the wire. */
    detection?: Record<string, unknown>;
    /** `helm`, `overlay`, `terraform_ids`, `labels`. */
    change?: Record<string, unknown>;
    prices?: unknown;
    environment?: string;
    /** Who records; `svc:finops`. */
    actor?: string;
}
/** A saving: its formula, its price, its claims, and what the portfolio made of it. */
export interface Estimate {
    grossMonthly: string | null;
    grossReason: string | null;
    grantedMonthly: string;
    realizableMonthly: string | null;
    realizableReason: string | null;
    costIncreaseMonthly: string | null;
    formula: string;
    monthHours: string;
    priceSource: string | null;
    priceDate: string | null;
    claims: Record<string, unknown>[];
    assumptions: string[];
    supersededBy: string[];
}
/** The report of a detection cycle, with the names of the wire below its members. */
export interface RunReport {
    asOf: string;
    opportunities: Record<string, any>[];
    assessments: Record<string, any>[];
    counts: Record<string, number>;
    guardrails: Record<string, number>;
    portfolio: Record<string, string | null>;
    findings: Record<string, any>[];
    failures: {
        detector: string;
        code: string;
        message: string;
    }[];
    notRecorded: Record<string, string>[];
    unknownKeys: Record<string, number>;
    config: Record<string, unknown>;
}
/** An opportunity that the engine detected. A saving that is not known is null, never 0. */
export declare class DetectedOpportunity extends Opportunity {
    #private;
    /** What to do, in one sentence. */
    get recommendation(): string;
    /** Tags of the cluster and of the subject. */
    get tags(): readonly string[];
    /** What the guardrails say. */
    get guardrail(): Pick<PolicyCheck, 'action' | 'policyName' | 'reason' | 'failed'>;
    /** The saving with its formula, and what the portfolio grants of it. */
    get estimate(): Estimate | null;
    /** What the guardrails decided on, with the names of the wire. */
    get guardrailInput(): Readonly<Record<string, unknown>>;
    /** Everything, with the names of the wire. */
    toJSON(): Record<string, unknown>;
}
/** A file of a change. */
export interface ChangedFile {
    path: string;
    action: 'edit' | 'create' | 'delete';
    oldDigest: string | null;
    newDigest: string | null;
    content: string | null;
    diff: string;
    edits: Record<string, unknown>[];
}
/** A commit that was written. */
export interface WrittenCommit {
    branch: string;
    commit: string;
    base: string;
    /** False where the branch held the same change already. */
    created: boolean;
    /** Commands that push it and open it, as lists of words. */
    publish: string[][];
}
/** A proposed change: branch, title, description and files. Nothing is pushed or opened by itself. */
export declare class PullRequest {
    #private;
    readonly id: string;
    readonly title: string;
    readonly branchName: string;
    readonly description: string;
    readonly commitMessage: string;
    readonly status: 'ready' | 'draft' | 'refused';
    readonly reason: {
        code: string;
        path: string;
        message: string;
    } | null;
    readonly kind: string | null;
    readonly changes: readonly ChangedFile[];
    readonly labels: readonly string[];
    readonly findingIds: readonly string[];
    readonly opportunityIds: readonly string[];
    readonly estimatedSavings: string | null;
    readonly confidence: string | null;
    readonly riskScore: string | null;
    readonly risk: Readonly<Record<string, any>>;
    readonly evidence: readonly Record<string, any>[];
    readonly guardrail: Readonly<Record<string, any>>;
    readonly requiresApproval: boolean;
    readonly patch: string;
    readonly rollback: string;
    /** Writes `pull_request.md`, `change.patch`, `rollback.patch` and the new files below `folder`; answers the files. */
    write(folder: string): Promise<string[]>;
    /** Writes a branch with one commit on `base` into the local repository; the working tree stays as it is. */
    commit(repository?: string, base?: string): Promise<WrittenCommit>;
    /** Opens it on GitHub in `owner/name`, once its branch is there. */
    open(repository: string, options?: {
        token?: string;
        base?: string;
        apiUrl?: string;
    }): Promise<{
        number: number;
        url: string;
    }>;
    /** The change with the names of the wire. */
    toJSON(): Record<string, unknown>;
}
/**
 * Detects waste, has the guardrails judge every finding, proposes changes and records what they should save.
 *
 * ```js
 * const engine = new FinOpsEngine()
 * const opportunities = engine.runDetectionCycle(clusterData)
 * const pullRequests = engine.generatePrs(opportunities)
 * engine.ledger.getTotalEstimatedSavings() // '109.5'
 * ```
 */
export declare class FinOpsEngine {
    #private;
    readonly ledger: SavingsLedger;
    readonly guardrails: Guardrails;
    readonly reporter: ReportGenerator;
    readonly repoPath: string | undefined;
    /** The report of the last detection cycle. */
    lastReport: RunReport | null;
    constructor(options?: EngineOptions);
    /** Adds a detector of one's own; where it throws, the run says so and the others go on. */
    registerDetector(detector: Detector): void;
    /**
     * Detects waste in a `cluster_data`, a `ClusterInventory`, an `AiInventory` or a list of them, and records it in the ledger. Answers all
     * findings, the largest saving first, each with its guardrail verdict. `asOf` is the time of the run: that of the data, else now, without one.
     */
    runDetectionCycle(clusterData: unknown, options?: {
        asOf?: Instant | null;
        record?: boolean;
    }): DetectedOpportunity[];
    /**
     * Proposes the changes of opportunities: those that the guardrails allow or that somebody must approve. `sources` are the files that
     * may be edited; those under `repoPath` without them. Nothing is pushed or opened.
     */
    generatePrs(opportunities?: Iterable<unknown>, options?: {
        sources?: Sources;
        asOf?: Instant | null;
    }): PullRequest[];
    /** Everything known about one opportunity, with the names of the wire: evidence, estimate, inputs of confidence and risk, change. */
    generateEvidencePack(opportunity: unknown, options?: {
        sources?: Sources;
    }): Record<string, any>;
    /** The report of the week that holds `weekStart`; left out, the present one. */
    generateWeeklyReport(weekStart?: Instant | null): Report;
    /** The report of the month that holds `monthStart`; left out, the present one. */
    generateMonthlyReport(monthStart?: Instant | null): Report;
}
/** The original's name for detecting alone: nothing is recorded. */
export declare class WasteDetectionEngine {
    #private;
    constructor(options?: EngineOptions);
    /** Adds a detector of one's own. */
    addDetector(detector: Detector): void;
    /** All findings, the largest saving first. */
    detectAll(clusterData: unknown, options?: {
        asOf?: Instant | null;
    }): DetectedOpportunity[];
    /** The report of the last run. */
    get lastReport(): RunReport | null;
}
/** The original's name for proposing one change at a time. */
export declare class PRGenerator {
    #private;
    constructor(options?: EngineOptions);
    /** The change of one opportunity; null where a guardrail denies it or there is nothing to change. */
    generatePr(opportunity: unknown, options?: {
        sources?: Sources;
    }): PullRequest | null;
}
/** Everything known about one opportunity, with the names of the wire. */
export declare function generateEvidencePack(opportunity: unknown, options?: {
    sources?: Sources;
}): Record<string, any>;
