/** The gate of a process: "may I?" answered with every reason, by the default policy, by policies in Rego, or by a remote OPA. */
import { Decision, type Explanation, TestReport } from './decision';
import { type Finding } from './errors';
import { type JsonText } from './exact';
import { type Instant } from './time';
/** A limit of two levels; a decimal as text, or a number by its shortest digits. A limit that is left out is no limit. */
export interface Threshold {
    warnAbove?: number | string | null;
    denyAbove?: number | string | null;
}
/** The default policy's configuration. A member that is given replaces its default whole. */
export interface GateConfig {
    unitCostUsd?: Threshold;
    carbonIntensityGPerKwh?: Threshold;
    testPassRate?: {
        denyBelow?: number | string | null;
    };
    requiredTags?: string[];
    carbonEfficientRegions?: string[];
    defaultBudgetCapUsd?: number | string | null;
    requiredInputs?: string[];
    knownOnly?: boolean;
    extraInputs?: string[];
    /** By rule, what it demands. */
    actions?: Record<string, 'deny' | 'require_approval' | 'warn' | 'off'>;
}
/** Policies in Rego: a folder, a `.rego` file or a bundle by its path, the bytes of a bundle, or the text of each module by its name. */
export type PolicySource = string | Uint8Array | Record<string, string>;
/** An accepted violation, for a time: ids, reasons and people are never blank. */
export interface Exemption {
    id: string;
    rule: string;
    /** By JSON pointer into the input, the value that must stand there. */
    selector?: Record<string, string | number | bigint | boolean>;
    subject?: string;
    /** `all` where there is no selector. */
    scope?: string;
    reason: string;
    owner: string;
    approvedBy: string;
    created: string;
    expires: string;
}
/** An approval lifts rules that ask for one, for one input under one policy. */
export interface Approval {
    id: string;
    approver: string;
    inputDigest: string;
    policyRevision: string;
    rules: string[];
    approvedAt: string;
    expiresAt: string;
}
/** How a gate is made. Names may also be those of the wire (`deny_above`). */
export interface PolicyGateOptions {
    config?: GateConfig | Record<string, unknown>;
    /** Policies beside the default one. */
    bundle?: PolicySource;
    /** Data documents that take the place of the bundle's. */
    data?: Record<string, unknown>;
    engine?: 'auto' | 'rvm' | 'interpreter';
    /** `none`: any JSON value goes to the policies, and the default policy is off. */
    schema?: 'finops' | 'none';
    defaultPolicy?: boolean;
    /** The package that decides, `finops`. */
    entry?: string;
    /** Whether policies whose own tests fail are refused, true. */
    runTests?: boolean;
    exemptions?: (Exemption | Record<string, unknown>)[];
    /** Of the log: a JSON pointer into the event (`/input/user/email`) that is removed, or what is done with it. */
    masks?: (string | {
        op: 'remove' | 'upsert';
        path: string;
        value?: unknown;
    })[];
    /** People needed by rule, and by `default`. */
    quorum?: Record<string, number>;
    /** Seconds after which loaded policies are too old to decide. */
    maxAgeS?: number;
    /** A configuration that answers beside; `decision.shadow` has what it would have said. */
    candidate?: GateConfig | Record<string, unknown>;
    expectedSha256?: string;
    skipVerify?: boolean;
    /** An OPA that decides in place of this process. */
    opaUrl?: string;
    /** What OPA is asked, after `/v1/data/`: `finops`. */
    policyPath?: string;
    /** The whole exchange with OPA: 500. */
    opaTimeoutMs?: number;
}
/** What a decision may know besides its input. */
export interface DecideOptions {
    approvals?: Iterable<Approval | Record<string, unknown>>;
    /** Who asks; nobody approves for themselves. */
    requester?: string | null;
    /** Left out: the clock. Null: unknown, so no exemption and no approval counts. */
    now?: Instant | null;
    /** Left out: a UUIDv7. */
    decisionId?: string | null;
}
/** What a load found. */
export interface LoadReport {
    engine: 'rvm' | 'interpreter';
    /** Why it is the interpreter. */
    engineReasons: Finding[];
    warnings: Finding[];
    /** The policies' own tests; null when they have none or did not run. */
    tests: Record<string, unknown> | null;
}
export interface LintReport {
    loads: boolean;
    errors: Finding[];
    warnings: Finding[];
    engine: 'rvm' | 'interpreter' | null;
    engineReasons: Finding[];
}
export interface GateStatus {
    revision: string;
    loadedAt: string | null;
    /** Why the last load failed; what was loaded before still decides. */
    lastError: {
        code: string;
        detail: string;
    } | null;
}
/** A recorded decision made again. */
export interface Replayed {
    /** Whether the event is the recorded one, byte for byte. */
    same: boolean;
    /** JSON pointers of what differs. */
    differences: string[];
    /** The event as the log would have it now, as exact text. */
    event: string;
}
/** What a gate would have made of recorded decisions. */
export interface Impact {
    events: number;
    evaluated: number;
    changed: number;
    flips: [before: string, after: string, count: number][];
    added: Record<string, number>;
    removed: Record<string, number>;
    /** By code, events that cannot be decided again. */
    skipped: Record<string, number>;
}
/**
 * Answers "may I?" in this process.
 *
 * ```js
 * const gate = new PolicyGate()
 * const decision = gate.decide({ unit_cost_usd: 0.6, cost_tags: { team: 'ai', environment: 'dev' } })
 * decision.allowed // false
 * decision.denyMessages // ['Unit cost 0.6 USD exceeds budget cap of 0.5 USD']
 * ```
 *
 * The names of an input are the policy's (`unit_cost_usd`) and are never turned. Deciding never throws on an input: whatever is
 * wrong with it is a reason to deny. With a remote OPA `decide` blocks this thread for up to `opaTimeoutMs`, and the event loop with
 * it; `decideAsync` does not.
 */
export declare class PolicyGate {
    #private;
    constructor(options?: PolicyGateOptions);
    /** A gate by `USE_OPA`, `OPA_URL`, `POLICY_PATH`, `OPA_TIMEOUT_MS` and `OPA_FALLBACK`; options count where these are silent. */
    static fromEnv(env?: Record<string, string | undefined>, options?: PolicyGateOptions): PolicyGate;
    /** Decides one input: numbers by their shortest digits, bigints whole. */
    decide(input: unknown, options?: DecideOptions): Decision;
    /** Decides one input given as JSON text; its numbers keep every digit. */
    decideJson(input: JsonText, options?: DecideOptions): Decision;
    /** Decides many inputs under the policies that are loaded now, at one instant. */
    decideMany(inputs: Iterable<unknown>, options?: Omit<DecideOptions, 'decisionId'>): Decision[];
    /** As `decide`, on another thread: nothing waits for a remote OPA or for slow policies. Rejects only where `decide` throws. */
    decideAsync(input: unknown, options?: DecideOptions): Promise<Decision>;
    /** Loads other policies. If they are refused, this throws, the last good ones stay in force and `status()` says why. */
    reload(bundle: PolicySource, data?: Record<string, unknown>): LoadReport;
    status(): GateStatus;
    /** The lint of what is loaded; without policies, of the default one as Rego. */
    lint(): LintReport;
    /** Runs the unit tests of what is loaded; without policies, those of the default one. */
    test(options?: {
        coverage?: boolean;
    }): TestReport;
    /** Why a decision came out as it did. */
    explain(decision: Decision): Explanation;
    /** The event of a decision in the form of OPA's decision log, masked, as JSON text that `replay` reads. */
    logEvent(decision: Decision, labels?: Record<string, unknown>): string;
    /** Decides an event of the log again. Throws where the input was masked or this gate holds another policy. */
    replay(event: JsonText): Replayed;
    /** What this gate, as a candidate, would have made of the events of a log. */
    impact(events: Iterable<JsonText>): Impact;
    /** `sha256:<hex>` over configuration, schema and policies. */
    get policyDigest(): string;
    /** The address of the OPA that decides in place of this process, if one does. */
    get opaUrl(): string | null;
}
