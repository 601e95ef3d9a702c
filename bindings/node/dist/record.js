"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.TrainingRecord = exports.InferenceRecord = void 0;
exports.setExplain = setExplain;
exports.costOf = costOf;
const names_1 = require("./names");
let explainCost = () => '';
/** @internal Set once by the module that knows the engine; a direct import would be a circle. */
function setExplain(explain) {
    explainCost = explain;
}
/** @internal A cost from its wire form. */
function costOf(wire) {
    const cost = (0, names_1.fromWire)(wire);
    return Object.defineProperty(cost, 'explain', { value: () => explainCost(wire), enumerable: false });
}
/**
 * What one inference cost, used and emitted.
 *
 * Own properties are plain numbers, so that `console.log` shows them; the exact side (`cost`, `usage`, `energy`, `carbon`, `toJSON()`) is
 * computed when asked for, from the rates and factors that the record was made with.
 */
class InferenceRecord {
    #details;
    /** @internal */
    constructor(timestamp, model, inputTokens, outputTokens, totalTokens, durationMs, inputCostUsd, outputCostUsd, computeCostUsd, unitCostUsd, energyJoules, carbonKg, carbonIntensityGPerKwh, metadata, details) {
        this.timestamp = timestamp;
        this.model = model;
        this.inputTokens = inputTokens;
        this.outputTokens = outputTokens;
        this.totalTokens = totalTokens;
        this.durationMs = durationMs;
        this.inputCostUsd = inputCostUsd;
        this.outputCostUsd = outputCostUsd;
        this.computeCostUsd = computeCostUsd;
        this.unitCostUsd = unitCostUsd;
        this.energyJoules = energyJoules;
        this.carbonKg = carbonKg;
        this.carbonIntensityGPerKwh = carbonIntensityGPerKwh;
        if (metadata !== undefined)
            this.metadata = metadata;
        this.#details = details;
    }
    /** @internal A record from its wire form. */
    static fromWire(wire, metadata) {
        const float = (key) => (wire[key] === null || wire[key] === undefined ? null : Number(wire[key]));
        return new InferenceRecord(wire.timestamp, wire.model, wire.input_tokens, wire.output_tokens, wire.total_tokens, float('duration_ms'), float('input_cost_usd'), float('output_cost_usd'), float('compute_cost_usd'), float('unit_cost_usd'), Number(wire.energy_joules), Number(wire.carbon_kg), Number(wire.carbon_intensity_g_per_kwh), metadata ?? wire.metadata, wire);
    }
    #wire() {
        const details = this.#details;
        if (typeof details.wire === 'function') {
            this.#details = details.wire(this);
            return this.#details;
        }
        return details;
    }
    /** The exact cost with its line items. */
    get cost() {
        return costOf(this.#wire().cost);
    }
    /** Every token bucket and counter. */
    get usage() {
        return (0, names_1.fromWire)(this.#wire().usage);
    }
    /** Joules with range, tier and method. */
    get energy() {
        return (0, names_1.fromWire)(this.#wire().energy);
    }
    /** Operational carbon with range, tier and method. */
    get carbon() {
        return (0, names_1.fromWire)(this.#wire().carbon);
    }
    get status() {
        return this.#wire().status;
    }
    get priceSource() {
        return (this.#wire().price_source ?? null);
    }
    get provider() {
        return (this.#wire().provider ?? null);
    }
    get requestedModel() {
        return (this.#wire().requested_model ?? null);
    }
    get tags() {
        return this.#wire().tags;
    }
    get requestId() {
        return (this.#wire().request_id ?? null);
    }
    get finish() {
        return (this.#wire().finish ?? null);
    }
    get outcome() {
        return this.#wire().outcome;
    }
    /** False for a stream that broke off. */
    get complete() {
        return this.#wire().complete;
    }
    get serviceTier() {
        return (this.#wire().service_tier ?? null);
    }
    /** Whatever was assumed about usage, price, energy and carbon. */
    get assumptions() {
        return this.#wire().assumptions;
    }
    /** The wire form: snake_case, money, joules and kilograms as exact decimal strings. */
    toJSON() {
        const wire = this.#wire();
        return this.metadata === undefined ? wire : { ...wire, metadata: this.metadata };
    }
}
exports.InferenceRecord = InferenceRecord;
/** What one training run cost, used and emitted. */
class TrainingRecord {
    #wire;
    /** @internal */
    constructor(wire, metadata) {
        this.type = 'training';
        this.timestamp = wire.timestamp;
        this.model = wire.model;
        this.durationHours = Number(wire.duration_hours);
        this.gpuCount = wire.gpu_count;
        this.computeCostUsd = Number(wire.compute_cost_usd);
        this.energyJoules = Number(wire.energy_joules);
        this.carbonKg = Number(wire.carbon_kg);
        this.carbonIntensityGPerKwh = Number(wire.carbon_intensity_g_per_kwh);
        const kept = metadata ?? wire.metadata;
        if (kept !== undefined)
            this.metadata = kept;
        this.#wire = wire;
    }
    /** Joules with range, tier and method. */
    get energy() {
        return (0, names_1.fromWire)(this.#wire.energy);
    }
    /** Operational carbon with range, tier and method. */
    get carbon() {
        return (0, names_1.fromWire)(this.#wire.carbon);
    }
    get tags() {
        return this.#wire.tags;
    }
    get assumptions() {
        return this.#wire.assumptions;
    }
    /** The wire form: snake_case, money, joules and kilograms as exact decimal strings. */
    toJSON() {
        return this.metadata === undefined ? this.#wire : { ...this.#wire, metadata: this.metadata };
    }
}
exports.TrainingRecord = TrainingRecord;
