"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Meter = exports.meters = exports.feeds = exports.configuration = exports.counters = exports.migAllocation = exports.nvmlCounter = exports.raplTree = exports.raplCounter = exports.windowAllocation = exports.bestSlots = exports.bestWindow = exports.compareRegions = exports.sci = exports.exactSum = exports.rangeArithmetic = exports.water = exports.prefillAttention = exports.llmFinops = exports.llmEcologits = exports.embodiedLlm = exports.serverEmbodied = exports.embodied = exports.commonBasis = exports.seriesAverage = exports.operationalSeries = exports.operational = exports.unitLbsPerMwh = exports.unitToKwh = exports.powerCurve = exports.cpuTdpPower = exports.networkEnergy = exports.storageEnergy = exports.memoryEnergy = exports.vcpuEnergy = exports.zones = exports.pue = exports.intensity = exports.estimateTraining = exports.estimateInference = void 0;
exports.estimateInferenceBatch = estimateInferenceBatch;
const native_1 = require("./native");
const names_1 = require("./names");
const pure = (kind) => (input = {}) => (0, names_1.fromWire)((0, native_1.call)(`carbon.${kind}`, (0, names_1.toWire)(input)));
/** Energy and carbon of one inference, with range, tier and method. */
exports.estimateInference = pure('estimate_inference');
/** Energy and carbon of one training run. */
exports.estimateTraining = pure('estimate_training');
/** Columns of inferences in, columns of joules and kilograms out. */
function estimateInferenceBatch(columns, options = {}) {
    const { input, output } = columns;
    const json = (0, native_1.stringify)((0, names_1.toWire)(options));
    const { json: told, ...out } = (0, native_1.guard)(() => native_1.native.carbonBatch(json, (0, native_1.column)(input, 'input'), (0, native_1.column)(output, 'output')));
    return { energyJoules: out.energyJoules, carbonKg: out.carbonKg, ...JSON.parse(told) };
}
/** The grid intensity of a zone: ISO country, US state, `provider:region`, or `WORLD`. */
const intensity = (zone, options = {}) => pure('intensity')({ zone, ...options });
exports.intensity = intensity;
/** The PUE of a site and where it came from. */
const pue = (site) => pure('pue')({ site });
exports.pue = pue;
/** Every zone that resolves. */
const zones = () => (0, native_1.call)('carbon.zones', {});
exports.zones = zones;
exports.vcpuEnergy = pure('vcpu_energy');
exports.memoryEnergy = pure('memory_energy');
exports.storageEnergy = pure('storage_energy');
exports.networkEnergy = pure('network_energy');
exports.cpuTdpPower = pure('cpu_tdp_power');
exports.powerCurve = pure('power_curve');
exports.unitToKwh = pure('unit_to_kwh');
exports.unitLbsPerMwh = pure('unit_lbs_per_mwh');
exports.operational = pure('operational');
exports.operationalSeries = pure('operational_series');
exports.seriesAverage = pure('series_average');
exports.commonBasis = pure('common_basis');
exports.embodied = pure('embodied_share');
exports.serverEmbodied = pure('embodied_server');
exports.embodiedLlm = pure('embodied_llm');
exports.llmEcologits = pure('llm_ecologits');
exports.llmFinops = pure('llm_finops');
exports.prefillAttention = pure('prefill_attention');
exports.water = pure('water');
exports.rangeArithmetic = pure('range_arithmetic');
exports.exactSum = pure('exact_sum');
exports.sci = pure('sci');
exports.compareRegions = pure('region_shift');
exports.bestWindow = pure('best_window');
exports.bestSlots = pure('best_slots');
exports.windowAllocation = pure('window_allocation');
exports.raplCounter = pure('rapl_counter');
exports.raplTree = pure('rapl_tree');
exports.nvmlCounter = pure('nvml_counter');
exports.migAllocation = pure('mig_allocation');
exports.counters = pure('counters');
exports.configuration = pure('configuration');
/** Intensity services: what to ask them, and what they answered. Sending the request is yours. */
exports.feeds = {
    /** The request that asks a feed, such as `electricity_maps.latest`: method, URL and headers, secrets included. */
    request(feed, parameters = {}) {
        const { headers, ...rest } = (0, native_1.call)('carbon.feed_request', { feed, ...(0, names_1.toWire)(parameters) });
        return { ...(0, names_1.fromWire)(rest), headers: headers };
    },
    /** What a feed answered, as text or parsed: `intensity`, `series`, `region` or `token`. */
    parse(feed, body, select = {}) {
        return (0, names_1.fromWire)((0, native_1.call)('carbon.feed_parse', { feed, body, select: (0, names_1.toWire)(select) }));
    },
};
/** Energy meters of this machine. `MeterError` where there is none: `meter.unavailable`, `meter.permission`. */
exports.meters = {
    /** The RAPL counters of processors and memory. */
    rapl: (root) => new Meter('rapl', { root }),
    /** The energy counters of NVIDIA's GPUs. */
    nvml: () => new Meter('nvml', {}),
};
/** Counts the joules of this machine since it was opened. A timer that keeps no process alive samples it before a counter can wrap. */
class Meter {
    #handle;
    #timer;
    /** @internal */
    constructor(kind, options) {
        this.#handle = native_1.Handle.object(kind, (0, native_1.stringify)(options));
        const info = (0, names_1.fromWire)(this.#handle.call('info', {}));
        this.meter = info.meter;
        this.devices = info.devices;
        const handle = new WeakRef(this.#handle);
        this.#timer = setInterval(() => {
            try {
                handle.deref()?.call('read', {});
            }
            catch {
                // The next reading counts from the last good one and says what is unknown.
            }
        }, info.intervalMaxS * 1000);
        this.#timer.unref();
    }
    /** Takes a sample now. */
    read() {
        return (0, names_1.fromWire)(this.#handle.call('read', {}));
    }
    /** Takes a last sample and stops the timer. */
    stop() {
        clearInterval(this.#timer);
        return this.read();
    }
    [Symbol.dispose]() {
        clearInterval(this.#timer);
    }
}
exports.Meter = Meter;
