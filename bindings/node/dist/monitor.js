"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.StreamMeter = exports.ResourceMonitor = void 0;
const budget_1 = require("./budget");
const body_1 = require("./body");
const errors_1 = require("./errors");
const native_1 = require("./native");
const names_1 = require("./names");
const record_1 = require("./record");
const time_1 = require("./time");
const usage_1 = require("./usage");
const exchange = native_1.native.exchange();
// Places in the exchange array; `bindings/node/src/exchange.rs` has the same list.
const IN_HANDLE = 0;
const IN_MODEL = 1;
const IN_INPUT = 2;
const IN_OUTPUT = 3;
const IN_DURATION = 4;
const IN_AT = 5;
const IN_SLOT = 6;
const IN_TAGS = 8;
const OUT_INPUT_COST = 32;
const OUT_OUTPUT_COST = 33;
const OUT_COMPUTE_COST = 34;
const OUT_UNIT_COST = 35;
const OUT_JOULES = 36;
const OUT_KG = 37;
const OUT_VERSION = 38;
const OUT_DURATION_NS = 39;
/** Stands for a duration that is not known; a real one is never below 0. */
const NO_DURATION = -1;
const TAGS_MAX = 16;
/** Interned names a monitor keeps; then all are forgotten, so that memory stays bounded. */
const NAMES_MAX = 8192;
const REFUSED = 1;
/** The environment variables that configure a monitor. */
const VARIABLES = [
    'COST_PER_1K_INPUT_TOKENS',
    'COST_PER_1K_OUTPUT_TOKENS',
    'COMPUTE_COST_PER_HOUR',
    'ENERGY_WH_PER_1K_TOKENS',
    'CARBON_INTENSITY_G_PER_KWH',
];
/** Meters inference and training: cost, energy and carbon of every call, in bounded memory. */
class ResourceMonitor {
    #handle;
    #clock;
    /** Metadata keys that fill tags, names before aliases, each with the place of its tag. */
    #tagKeys;
    #tagPlaces;
    #tagCount;
    #names = new Map();
    /** The records themselves, at the places that the engine's ring gives them. */
    #ring = [];
    #capacity;
    #budgets;
    #slot = 0;
    #version;
    #sink;
    constructor(options = {}) {
        const { clock, env = process.env, budgets, prices, ...rest } = options;
        this.#clock = clock ?? Date.now;
        this.#budgets = budgets;
        const json = (0, native_1.stringify)({
            ...(0, names_1.toWire)(amounts(rest)),
            env: Object.fromEntries(VARIABLES.map((name) => [name, env[name]])),
            budgets: budgets?.handle.id,
            prices: prices?.handle?.id,
        });
        this.#handle = new native_1.Handle((0, native_1.guard)(() => native_1.native.monitorNew(json)), native_1.native.monitorFree);
        const schema = this.#call('schema');
        this.#tagKeys = schema.keys;
        this.#tagPlaces = new Map(schema.keys);
        this.#tagCount = schema.tags;
        this.#capacity = schema.max_records;
    }
    /** Logs one inference and returns its record. */
    logInference(model, inputTokens, outputTokens, durationMs, metadata, options) {
        if (options !== undefined && options !== null)
            return this.#logLong(model, inputTokens, outputTokens, durationMs, metadata, options);
        const id = this.#names.get(model) ?? this.#intern(model);
        if (id < 0 || this.#tagCount > TAGS_MAX)
            return this.#logLong(model, inputTokens, outputTokens, durationMs, metadata, {});
        const ms = this.#now();
        const input = number(inputTokens, 'input_tokens');
        const output = number(outputTokens, 'output_tokens');
        exchange[IN_MODEL] = id;
        exchange[IN_INPUT] = input;
        exchange[IN_OUTPUT] = output;
        exchange[IN_DURATION] = durationMs === undefined || durationMs === null ? NO_DURATION : duration(durationMs);
        exchange[IN_AT] = ms;
        exchange[IN_SLOT] = this.#slot;
        for (let place = IN_TAGS + this.#tagCount - 1; place >= IN_TAGS; place--)
            exchange[place] = 0;
        if (metadata !== undefined && metadata !== null && !this.#putTags(metadata)) {
            return this.#logLong(model, inputTokens, outputTokens, durationMs, metadata, {});
        }
        exchange[IN_HANDLE] = this.#handle.id + 1;
        const status = native_1.native.log();
        if (status !== 0) {
            if (status === REFUSED)
                throw (0, native_1.told)(native_1.native.lastError());
            return this.#logLong(model, inputTokens, outputTokens, durationMs, metadata, {});
        }
        let version = this.#version;
        if (version === undefined || version.id !== exchange[OUT_VERSION])
            version = this.#newVersion(exchange[OUT_VERSION]);
        const ns = exchange[OUT_DURATION_NS];
        const record = new record_1.InferenceRecord((0, time_1.rfc3339)(ms), model, input + 0, output + 0, input + output, 
        // Whole nanoseconds, as the record keeps them; beyond 2^53 of them no float tells the difference.
        ns === ns ? ns / 1e6 : (durationMs ?? null), known(exchange[OUT_INPUT_COST]), known(exchange[OUT_OUTPUT_COST]), known(exchange[OUT_COMPUTE_COST]), known(exchange[OUT_UNIT_COST]), exchange[OUT_JOULES], exchange[OUT_KG], version.intensity, metadata ?? undefined, version);
        this.#keep(record);
        return record;
    }
    /** Logs the call that a response body tells of: a parsed body, an SDK's object, JSON text or its bytes. */
    logResponse(response, options = {}) {
        const { metadata, durationMs, at, reservation, ...rest } = options;
        const input = {
            ...(0, names_1.toWire)(rest),
            duration_ms: durationMs,
            metadata: this.#tagsOf(metadata),
            at: this.#at(at),
            slot: this.#slot,
            reservation: reservationId(reservation),
        };
        return this.#record(this.#call('log_response', input, (0, body_1.bodyOf)(response)), metadata);
    }
    /** Logs one training run. */
    logTraining(model, durationHours, gpuCount = 1, metadata, options = {}) {
        const wire = this.#call('log_training', {
            model,
            duration_hours: durationHours,
            gpu_count: gpuCount,
            gpu_power_kw: options.gpuPowerKw === undefined ? undefined : String(options.gpuPowerKw),
            metadata: this.#tagsOf(metadata),
            at: this.#at(options.at),
            slot: this.#slot,
        });
        const record = new record_1.TrainingRecord(wire.record, metadata ?? undefined);
        this.#keep(record);
        return record;
    }
    /** Logs columns at once: roll-ups, budgets and totals, no records. */
    logBatch(batch) {
        const json = (0, native_1.stringify)({ models: batch.models, provider: batch.provider, at: this.#at(batch.at) });
        const index = (0, native_1.places)(batch.modelIndex, 'model_index');
        const input = (0, native_1.column)(batch.inputTokens, 'input_tokens');
        const output = (0, native_1.column)(batch.outputTokens, 'output_tokens');
        const durations = batch.durationMs === undefined ? undefined : (0, native_1.column)(batch.durationMs, 'duration_ms');
        const { json: told, ...columns } = (0, native_1.guard)(() => native_1.native.monitorBatch(this.#handle.id, json, index, input, output, durations));
        return { ...columns, ...(0, names_1.fromWire)(JSON.parse(told)) };
    }
    /** A meter for one streamed response: push its events, or wrap its iterator. */
    stream(provider, options = {}) {
        const { metadata, ...given } = options;
        return new StreamMeter(provider, given, (stream, more) => {
            const { at, reservation, ...rest } = more;
            const input = {
                ...(0, names_1.toWire)(rest),
                stream,
                metadata: this.#tagsOf(metadata),
                slot: this.#slot,
                at: this.#at(at),
                reservation: reservationId(reservation),
            };
            return this.#record(this.#call('log_stream', input), metadata);
        });
    }
    /** What a call would cost at most; nothing is logged. */
    estimate(model, inputTokens, maxOutputTokens = 0, options = {}) {
        const { at, ...rest } = options;
        const input = { model, input_tokens: inputTokens, max_output_tokens: maxOutputTokens, ...(0, names_1.toWire)(rest), at: this.#at(at) };
        return (0, record_1.costOf)(this.#call('estimate', input));
    }
    /** Holds the estimate's upper bound in every budget that covers the call. */
    reserve(model, inputTokens, maxOutputTokens, options = {}) {
        const { metadata, at, ...rest } = options;
        const input = {
            model,
            input_tokens: inputTokens,
            max_output_tokens: maxOutputTokens,
            ...(0, names_1.toWire)(rest),
            metadata: this.#tagsOf(metadata),
            at: this.#at(at),
        };
        const told = this.#call('reserve', input);
        return budget_1.Budgets.reservation(this.#budgets, told);
    }
    /** The records that the ring still holds, oldest first; a number is the limit. */
    getMetrics(options = {}) {
        const { since, ...rest } = typeof options === 'number' ? { limit: options } : options;
        return this.#recordsAt(this.#call('metrics', { ...rest, since: since === undefined ? undefined : (0, time_1.instantText)(since) }));
    }
    /** Empties ring, roll-ups and ids; configuration, budgets and sinks stay. */
    resetMetrics() {
        this.#call('reset');
        this.#ring = [];
        this.#slot = 0;
    }
    /** Takes the records that no drain has taken yet, oldest first. */
    drain(max) {
        return this.#recordsAt(this.#call('drain', { max }));
    }
    /** Exact sums of everything logged, by any subset of `provider`, `model`, `status` and the tags. */
    summary(groupBy = ['model'], options = {}) {
        const rows = this.#call('summary', { group_by: groupBy, where: options.where ?? {} });
        return rows.map((row) => {
            // The names of tags are the caller's own.
            const key = Object.fromEntries(groupBy.map((name) => [name, row[name]]));
            return { ...key, ...(0, names_1.fromWire)(Object.fromEntries(Object.entries(row).filter(([name]) => !groupBy.includes(name)))) };
        });
    }
    /** Lengths of the tables and counts of what was kept and lost. */
    stats() {
        return (0, names_1.fromWire)(this.#call('stats'));
    }
    /** OpenMetrics 1.0 text. */
    openmetrics() {
        return this.#call('openmetrics', { at: this.#at() });
    }
    /** Sets or replaces the price of a model from now on. */
    setPrice(price) {
        this.#call('set_price', price);
    }
    /** Swaps the grid intensity, a number of g/kWh or a series, from now on. */
    setGrid(grid) {
        this.#call('set_grid', { grid: typeof grid === 'object' ? (0, names_1.toWire)(grid) : grid });
    }
    /** Totals and counters as text, for `restore`. Records are not in it: drain them. */
    snapshot() {
        return this.#call('snapshot');
    }
    /** Takes totals and counters from what `snapshot` wrote, in place of its own; records and configuration stay. */
    restore(text) {
        this.#call('restore', { text });
    }
    /** Adds the totals of another monitor; its records stay there. */
    merge(other) {
        this.#call('merge', { other: other.#handle.id });
    }
    /** The exact settings, and where each came from: constructor, environment, region, assignment or default. */
    get config() {
        return (0, names_1.fromWire)(this.#call('config'));
    }
    /** USD per 1,000 input tokens. Assigning makes it explicit, so that it wins over the catalogue. */
    get costPer1kInputTokens() {
        return this.#setting('cost_per_1k_input_tokens');
    }
    set costPer1kInputTokens(value) {
        this.#set('cost_per_1k_input_tokens', value);
    }
    /** USD per 1,000 output tokens. */
    get costPer1kOutputTokens() {
        return this.#setting('cost_per_1k_output_tokens');
    }
    set costPer1kOutputTokens(value) {
        this.#set('cost_per_1k_output_tokens', value);
    }
    /** USD per hour of compute. */
    get computeCostPerHour() {
        return this.#setting('compute_cost_per_hour');
    }
    set computeCostPerHour(value) {
        this.#set('compute_cost_per_hour', value);
    }
    /** Watt-hours per 1,000 tokens. */
    get energyWhPer1kTokens() {
        return this.#setting('energy_wh_per_1k_tokens');
    }
    set energyWhPer1kTokens(value) {
        this.#set('energy_wh_per_1k_tokens', value);
    }
    /** Grams of CO2e per kilowatt-hour; may be assigned as the grid changes. */
    get carbonIntensityGPerKwh() {
        return this.#setting('carbon_intensity_g_per_kwh');
    }
    set carbonIntensityGPerKwh(value) {
        this.#set('carbon_intensity_g_per_kwh', value);
    }
    /** Kilowatts of one GPU in training. */
    get gpuPowerKw() {
        return this.#setting('gpu_power_kw');
    }
    set gpuPowerKw(value) {
        this.#set('gpu_power_kw', value);
    }
    /**
     * Hands undrained records to `write` every `everyS` seconds, `batch` at a time. A failed batch, a throw or a rejected promise, is tried
     * once more before new ones, then counted in `sinkErrors` and `dropped`. The timer keeps no process alive.
     */
    startSink(write, options = {}) {
        const { everyS = 1, batch = 1000 } = options;
        if (typeof write !== 'function')
            throw refused('write', write, 'not a function');
        if (!(everyS > 0 && everyS < 2_147_483))
            throw refused('every_s', everyS, 'not a number of seconds above 0');
        if (!(Number.isSafeInteger(batch) && batch > 0))
            throw refused('batch', batch, 'not a whole number above 0');
        if (this.#sink !== undefined)
            throw refused('write', 'a second one', 'a monitor has one sink; stop it first');
        const sink = { write, batch, timer: setInterval(() => void this.#flush(sink), everyS * 1000), running: undefined, failed: undefined };
        sink.timer.unref();
        this.#sink = sink;
    }
    /** Stops the sink after a last flush, which has ended when this returns, or when the promise does if `write` gives promises. */
    stopSink() {
        const sink = this.#sink;
        if (sink === undefined)
            return Promise.resolve();
        this.#sink = undefined;
        clearInterval(sink.timer);
        const last = () => {
            // A batch that fails now has its second try at once: there is no later.
            const first = this.#flush(sink);
            return sink.failed === undefined ? first : first.then(() => this.#flush(sink));
        };
        return sink.running === undefined ? last() : sink.running.then(last);
    }
    /** Writes until nothing waits or a batch fails; one at a time. */
    #flush(sink) {
        if (sink.running !== undefined)
            return sink.running;
        for (;;) {
            const slots = this.#call('sink_next', { max: sink.batch });
            if (slots === null)
                return Promise.resolve();
            // The ring may have moved on since a batch failed, so the records of that batch are kept here.
            const records = sink.failed ?? this.#recordsAt(slots);
            let written;
            try {
                written = sink.write(records);
            }
            catch {
                if (this.#sinkFailed(sink, slots, records))
                    return Promise.resolve();
                continue;
            }
            if (typeof written?.then !== 'function') {
                this.#sinkWritten(sink);
                continue;
            }
            sink.running = Promise.resolve(written)
                .then(() => (this.#sinkWritten(sink), true), () => !this.#sinkFailed(sink, slots, records))
                .then((onward) => {
                sink.running = undefined;
                return onward ? this.#flush(sink) : undefined;
            });
            return sink.running;
        }
    }
    #sinkWritten(sink) {
        sink.failed = undefined;
        this.#call('sink_written');
    }
    /** Whether the batch is kept for another try. */
    #sinkFailed(sink, slots, records) {
        const kept = this.#call('sink_failed', { slots });
        sink.failed = kept ? records : undefined;
        return kept;
    }
    #setting(name) {
        return this.#call('setting', { name });
    }
    #set(name, value) {
        this.#call('set', { name, value: typeof value === 'boolean' ? value : String(value) });
    }
    #now() {
        const ms = Math.floor(this.#clock());
        return ms >= 0 && ms < 253_402_300_800_000 ? ms : (0, time_1.instantMs)(ms / 1000, 'clock');
    }
    #at(at) {
        return (0, time_1.rfc3339)(at === undefined || at === null ? this.#now() : (0, time_1.instantMs)(at));
    }
    #call(method, input = {}, body) {
        const json = (0, native_1.stringify)(input);
        return JSON.parse((0, native_1.guard)(() => native_1.native.monitorCall(this.#handle.id, method, json, body)));
    }
    /** The number of a name on the hot path; -1 sends the call the long way. */
    #intern(name) {
        if (typeof name !== 'string')
            return -1;
        if (this.#names.size >= NAMES_MAX) {
            native_1.native.forget(this.#handle.id);
            this.#names.clear();
        }
        const id = native_1.native.intern(this.#handle.id, name);
        if (id >= 0)
            this.#names.set(name, id);
        return id;
    }
    /** Writes the tags' numbers; false when the call has to go the long way. */
    #putTags(metadata) {
        const prototype = Object.getPrototypeOf(metadata);
        if (prototype !== Object.prototype && prototype !== null)
            return false;
        for (const key in metadata) {
            const place = this.#tagPlaces.get(key);
            if (place === undefined)
                continue;
            let value = metadata[key];
            if (value === null || value === undefined)
                continue;
            // A float is written as the engine writes it, which JavaScript does not.
            if (typeof value === 'boolean' || Number.isSafeInteger(value))
                value = String(value);
            if (typeof value !== 'string')
                return false;
            // A name and an alias for the same tag: the engine knows which wins.
            if (exchange[IN_TAGS + place] !== 0)
                return false;
            let id = this.#names.get(value);
            if (id === undefined) {
                // Forgetting names here would take the model's number back.
                const room = this.#names.size < NAMES_MAX;
                id = this.#intern(value);
                if (!room || id < 0)
                    return false;
            }
            exchange[IN_TAGS + place] = id + 1;
        }
        return true;
    }
    /** The members of metadata that can be tags: the rest is the caller's and crosses no border. */
    #tagsOf(metadata) {
        return tagsOf(metadata, this.#tagKeys);
    }
    #logLong(model, inputTokens, outputTokens, durationMs, metadata, options) {
        const { at, reservation, usage, ...rest } = options;
        const input = {
            ...(0, names_1.toWire)(rest),
            model,
            input_tokens: number(inputTokens, 'input_tokens'),
            output_tokens: number(outputTokens, 'output_tokens'),
            duration_ms: durationMs,
            metadata: this.#tagsOf(metadata),
            usage: usage === undefined ? undefined : (0, usage_1.asUsage)(usage),
            at: this.#at(at),
            slot: this.#slot,
            reservation: reservationId(reservation),
        };
        return this.#record(this.#call('log_inference', input), metadata);
    }
    #record(logged, metadata) {
        if (logged.duplicate) {
            // A request id that was logged before: its first record, when the ring still has it.
            const first = this.#ring[logged.slot % this.#capacity];
            if (first instanceof record_1.InferenceRecord && first.requestId === logged.record.request_id)
                return first;
        }
        const record = record_1.InferenceRecord.fromWire(logged.record, metadata ?? undefined);
        if (!logged.duplicate)
            this.#keep(record);
        return record;
    }
    #keep(record) {
        if (this.#capacity === 0)
            return;
        this.#ring[this.#slot % this.#capacity] = record;
        this.#slot += 1;
    }
    #recordsAt(slots) {
        return slots.map((slot) => this.#ring[slot % this.#capacity]);
    }
    #newVersion(id) {
        const { handle, intensity } = this.#call('pricing');
        this.#version = new Version(id, new native_1.Handle(handle, native_1.native.objectFree), intensity, this.#tagKeys);
        return this.#version;
    }
}
exports.ResourceMonitor = ResourceMonitor;
/** The prices and factors that records were made with; the engine keeps them for as long as a record may ask. */
class Version {
    #pricing;
    #tagKeys;
    constructor(id, pricing, intensity, tagKeys) {
        this.id = id;
        this.#pricing = pricing;
        this.intensity = intensity;
        this.#tagKeys = tagKeys;
    }
    wire(record) {
        const { model, inputTokens, outputTokens, durationMs, timestamp, metadata } = record;
        return this.#pricing.call('record', {
            model,
            input_tokens: inputTokens,
            output_tokens: outputTokens,
            duration_ms: durationMs,
            at: timestamp,
            metadata: tagsOf(metadata, this.#tagKeys),
        });
    }
}
function tagsOf(metadata, keys) {
    if (metadata === undefined || metadata === null)
        return undefined;
    if (typeof metadata !== 'object')
        throw refused('metadata', metadata, 'not an object');
    const tags = {};
    for (const [key] of keys) {
        const value = metadata[key];
        if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
            tags[key] = value;
    }
    return tags;
}
/** Usage of one streamed response; events may repeat or arrive twice. */
class StreamMeter {
    #handle;
    #finish;
    /** @internal */
    constructor(provider, options, finish) {
        this.#handle = native_1.Handle.object('stream', (0, native_1.stringify)({ provider, model: options.model, request_id: options.requestId }));
        this.#finish = finish;
    }
    /** Reads one event, parsed; or text or bytes of the stream, cut anywhere. */
    push(event) {
        const parsed = typeof event !== 'string' && !(event instanceof Uint8Array);
        this.#handle.call('push', {}, parsed ? `${(0, native_1.stringify)(event)}\n` : event);
    }
    /** Passes the events of an iterator on, reading each one; logs the call when it ends or breaks off. */
    async *wrap(events, options = {}) {
        try {
            for await (const event of events) {
                this.push(event);
                yield event;
            }
        }
        catch (error) {
            this.finish({ outcome: 'error', ...options });
            throw error;
        }
        return this.finish(options);
    }
    /** Logs the call; `complete` of the record is false when the end marker never came. */
    finish(options = {}) {
        return this.#finish(this.#handle.id, options);
    }
}
exports.StreamMeter = StreamMeter;
/** NaN in the exchange array is "not known". */
function known(amount) {
    return amount === amount ? amount : null;
}
function refused(name, value, problem) {
    return new errors_1.ConfigError(`\`${name}\` is \`${String(value).slice(0, 80)}\`: ${problem}`, 'config.invalid', name);
}
function number(value, path) {
    if (typeof value === 'number')
        return value;
    if (typeof value === 'bigint' && value >= 0n && value <= 9007199254740991n)
        return Number(value);
    throw new errors_1.UsageError(`\`${path}\` is ${String(value).slice(0, 80)}, not a count; give a whole number of at least 0`, 'usage.not_a_count', path);
}
function duration(value) {
    // -1 stands for "not known" in the exchange array, so a negative duration must not reach it.
    if (typeof value === 'number' && value >= 0)
        return value;
    const problem = `\`duration_ms\` is ${String(value).slice(0, 80)}, not a duration; give a finite number of at least 0`;
    throw new errors_1.UsageError(problem, 'usage.invalid_duration', 'duration_ms');
}
function reservationId(reservation) {
    return typeof reservation === 'object' ? reservation.id : reservation;
}
const AMOUNTS = new Set([
    'costPer1kInputTokens',
    'costPer1kOutputTokens',
    'costPer1kCachedInputTokens',
    'computeCostPerHour',
    'energyWhPer1kTokens',
    'carbonIntensityGPerKwh',
    'gpuPowerKw',
    'pue',
]);
/** Amounts as text: a number's shortest decimal, NaN and Infinity as themselves, so that the engine refuses them by name. */
function amounts(options) {
    const text = (value) => (typeof value === 'number' || typeof value === 'bigint' ? String(value) : value);
    return Object.fromEntries(Object.entries(options).map(([key, value]) => [key, AMOUNTS.has(key) ? text(value) : value]));
}
