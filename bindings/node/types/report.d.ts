import type { LedgerAmount } from './opportunity';
import { type By, type Recorded, SavingsLedger } from './savings-ledger';
import { type Instant } from './time';
/** Two numbers that make a ratio, and where they come from. */
export interface Ratio {
    part: LedgerAmount;
    whole: LedgerAmount;
    source?: string;
}
/** What a report shows beside the ledger; all of it may be left out. Where origin, root and anchor are, they are the log's. */
export interface ReportInputs {
    origin?: string;
    root?: string;
    anchoredUpTo?: bigint | number;
    latestBillingDay?: string;
    estimatedLinesShare?: LedgerAmount;
    currency?: string;
    costRows?: readonly {
        list?: LedgerAmount | null;
        effective: LedgerAmount;
        purchase?: boolean;
    }[];
    costSource?: string;
    allocation?: Ratio;
    forecast?: Ratio;
    commitmentCoverage?: Ratio;
    commitmentUtilisation?: Ratio;
    unitCost?: Ratio;
    figures?: readonly {
        name: string;
        value?: LedgerAmount | null;
        unit?: string;
        reason?: string;
        source?: string;
    }[];
}
/** The members of a report, with the names of the wire: money as text, unknown as null with its reason. */
export interface ReportModel {
    v: number;
    kind: 'weekly' | 'monthly';
    period: {
        label: string;
        start: string;
        end: string;
    };
    header: Record<string, string | number | null>;
    totals: Record<string, string>;
    kpis: Record<string, {
        value: string | null;
        reason: string | null;
        source: string | null;
    }>;
    counts: Record<string, number>;
    by_status: Record<string, number>;
    by_team: ReportRow[];
    by_type: ReportRow[];
    by_cluster: ReportRow[];
    top: Record<string, string>[];
    trend: Record<string, string>[];
    ageing_days: Record<string, number>;
    regressions: Record<string, unknown>[];
    recommendations: Record<string, unknown>[];
    figures: Record<string, string | null>[];
}
export interface ReportRow {
    key: string;
    open: number;
    estimated_monthly: string;
    realized: string;
    cash_reduction: string;
    avoided_growth: string;
}
/** A report. */
export declare class Report {
    #private;
    /** The week or month, for example `2026-W12`. */
    readonly label: string;
    /** Every figure, with the names of the wire; `JSON.stringify` calls it. */
    toJSON(): ReportModel;
    /** Canonical JSON: complete, money as text. Its SHA-256 is what `issue` records. */
    toJson(): string;
    /** CommonMark with tables. */
    toMarkdown(): string;
    /** One HTML file without script and network. */
    toHtml(): string;
    /** The SHA-256 of `toJson()`, in hexadecimal digits. */
    get sha256(): string;
    /** Writes a file: `.json`, `.md` or `.html`. */
    save(path: string): Promise<void>;
    /**
     * Records `report.issued` with the digest of this report. A store with tables keeps its JSON in `savings_reports` and signs a checkpoint,
     * unless a time is given.
     */
    issue(by?: By): Promise<Recorded>;
}
/**
 * Makes the reports of a ledger.
 *
 * ```js
 * const reports = new ReportGenerator(ledger)
 * const report = reports.weekly('2026-W12')
 * report.toMarkdown()
 * ```
 */
export declare class ReportGenerator {
    #private;
    constructor(ledger: SavingsLedger);
    /** The report of a week such as `2026-W12`: ISO 8601, Monday to Monday, UTC. */
    weekly(label: string, inputs?: ReportInputs): Report;
    /** The report of a month such as `2026-03`. */
    monthly(label: string, inputs?: ReportInputs): Report;
    /** The original's name: the week that holds `weekStart`; left out, the present one. */
    generateWeeklyReport(weekStart?: Instant | null, inputs?: ReportInputs): Report;
    /** The original's name: the month that holds `monthStart`; left out, the present one. */
    generateMonthlyReport(monthStart?: Instant | null, inputs?: ReportInputs): Report;
    /** The original's name for `report.toHtml()`. */
    exportReportHtml(report: Report): string;
}
