"use strict";
var __createBinding = (this && this.__createBinding) || (Object.create ? (function(o, m, k, k2) {
    if (k2 === undefined) k2 = k;
    var desc = Object.getOwnPropertyDescriptor(m, k);
    if (!desc || ("get" in desc ? !m.__esModule : desc.writable || desc.configurable)) {
      desc = { enumerable: true, get: function() { return m[k]; } };
    }
    Object.defineProperty(o, k2, desc);
}) : (function(o, m, k, k2) {
    if (k2 === undefined) k2 = k;
    o[k2] = m[k];
}));
var __setModuleDefault = (this && this.__setModuleDefault) || (Object.create ? (function(o, v) {
    Object.defineProperty(o, "default", { enumerable: true, value: v });
}) : function(o, v) {
    o["default"] = v;
});
var __exportStar = (this && this.__exportStar) || function(m, exports) {
    for (var p in m) if (p !== "default" && !Object.prototype.hasOwnProperty.call(exports, p)) __createBinding(exports, m, p);
};
var __importStar = (this && this.__importStar) || (function () {
    var ownKeys = function(o) {
        ownKeys = Object.getOwnPropertyNames || function (o) {
            var ar = [];
            for (var k in o) if (Object.prototype.hasOwnProperty.call(o, k)) ar[ar.length] = k;
            return ar;
        };
        return ownKeys(o);
    };
    return function (mod) {
        if (mod && mod.__esModule) return mod;
        var result = {};
        if (mod != null) for (var k = ownKeys(mod), i = 0; i < k.length; i++) if (k[i] !== "default") __createBinding(result, mod, k[i]);
        __setModuleDefault(result, mod);
        return result;
    };
})();
Object.defineProperty(exports, "__esModule", { value: true });
exports.version = exports.carbon = exports.Usage = exports.Sketch = exports.TrainingRecord = exports.InferenceRecord = exports.prices = exports.extract = exports.cost = exports.ModelPrice = exports.Catalogue = exports.StreamMeter = exports.ResourceMonitor = exports.Reservation = exports.Budgets = exports.Budget = void 0;
exports.otelAttributes = otelAttributes;
exports.roundAmount = roundAmount;
exports.apportion = apportion;
exports.callSignals = callSignals;
/**
 * FinOps-as-code inside your process: what every inference and training run cost, how much energy and carbon it took, and whose it was.
 *
 * ```js
 * const { ResourceMonitor } = require('finops')
 * const monitor = new ResourceMonitor()
 * const record = monitor.logInference('gpt-4o', 1000, 500, 840, { team: 'search' })
 * record.unitCostUsd // 0.0075
 * record.cost.total // '0.0075', exact
 * ```
 */
const native_1 = require("./native");
const names_1 = require("./names");
__exportStar(require("./errors"), exports);
var budget_1 = require("./budget");
Object.defineProperty(exports, "Budget", { enumerable: true, get: function () { return budget_1.Budget; } });
Object.defineProperty(exports, "Budgets", { enumerable: true, get: function () { return budget_1.Budgets; } });
Object.defineProperty(exports, "Reservation", { enumerable: true, get: function () { return budget_1.Reservation; } });
var monitor_1 = require("./monitor");
Object.defineProperty(exports, "ResourceMonitor", { enumerable: true, get: function () { return monitor_1.ResourceMonitor; } });
Object.defineProperty(exports, "StreamMeter", { enumerable: true, get: function () { return monitor_1.StreamMeter; } });
var prices_1 = require("./prices");
Object.defineProperty(exports, "Catalogue", { enumerable: true, get: function () { return prices_1.Catalogue; } });
Object.defineProperty(exports, "ModelPrice", { enumerable: true, get: function () { return prices_1.ModelPrice; } });
Object.defineProperty(exports, "cost", { enumerable: true, get: function () { return prices_1.cost; } });
Object.defineProperty(exports, "extract", { enumerable: true, get: function () { return prices_1.extract; } });
Object.defineProperty(exports, "prices", { enumerable: true, get: function () { return prices_1.prices; } });
var record_1 = require("./record");
Object.defineProperty(exports, "InferenceRecord", { enumerable: true, get: function () { return record_1.InferenceRecord; } });
Object.defineProperty(exports, "TrainingRecord", { enumerable: true, get: function () { return record_1.TrainingRecord; } });
var sketch_1 = require("./sketch");
Object.defineProperty(exports, "Sketch", { enumerable: true, get: function () { return sketch_1.Sketch; } });
var usage_1 = require("./usage");
Object.defineProperty(exports, "Usage", { enumerable: true, get: function () { return usage_1.Usage; } });
exports.carbon = __importStar(require("./carbon"));
/** Version of the package. */
exports.version = (0, native_1.call)('version', {});
/** OpenTelemetry GenAI attributes of a record; `aliases` adds the names that older conventions use. */
function otelAttributes(record, options = {}) {
    return (0, native_1.call)('otel_attributes', { record, aliases: options.aliases ?? false });
}
/** `amount` with exactly `places` decimals, half to even. Amounts are decimal strings; numbers are read by their shortest decimal. */
function roundAmount(amount, places) {
    return (0, native_1.call)('round_amount', { amount: String(amount), places });
}
/** Rounds rows so that they add up to the rounded total: the missing units go to the largest remainders. */
function apportion(rows, places) {
    const text = Object.fromEntries(Object.entries(rows).map(([key, value]) => [key, String(value)]));
    return (0, native_1.call)('apportion', { rows: text, places });
}
/** Signs of waste among calls: failed and billed, retried, truncated, looping, repeated, uncached, unbatched. */
function callSignals(records, options = {}) {
    const input = { records, candidates: options.candidates, config: (0, names_1.toWire)(options.config ?? {}) };
    return (0, native_1.call)('call_signals', input).map((signal) => (0, names_1.fromWire)(signal));
}
