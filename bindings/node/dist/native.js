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
exports.Handle = exports.native = void 0;
exports.told = told;
exports.guard = guard;
exports.call = call;
exports.stringify = stringify;
exports.column = column;
exports.places = places;
/**
 * The native library: numbers cross in one pinned typed array, everything else as JSON text.
 *
 * A call without arguments costs a few dozen nanoseconds, one with arguments many times that, and an object built natively microseconds:
 * so the hot call takes no argument, and JavaScript builds its own objects.
 */
const node_path_1 = require("node:path");
const errors = __importStar(require("./errors"));
/** @internal */
exports.native = require((0, node_path_1.join)(__dirname, '..', `finops.${process.platform}-${process.arch}.node`));
const CLASSES = {
    money: errors.MoneyError,
    config: errors.ConfigError,
    price: errors.PriceError,
    usage: errors.UsageError,
    stream: errors.StreamError,
    budget: errors.BudgetError,
    carbon: errors.CarbonError,
    meter: errors.MeterError,
};
/** @internal The error that the engine told of as JSON. */
function told(json) {
    let error;
    try {
        error = JSON.parse(json);
    }
    catch {
        return new Error(json);
    }
    const { code, path, message } = error;
    if (code === 'budget.exceeded') {
        const { budget, remaining, requested, retry_at } = error;
        const detail = { budget: budget ?? '', remaining: remaining ?? '', requested: requested ?? '', retryAt: retry_at ?? null };
        return new errors.BudgetExceeded(message, code, path, detail);
    }
    if (code.startsWith('budget.'))
        return new errors.BudgetError(message, code, path, error.budget ?? null);
    const Class = CLASSES[code.split('.', 1)[0] ?? ''] ?? errors.FinopsError;
    return new Class(message, code, path);
}
/** @internal Runs a native call and gives its error the class and the code that it tells of. */
function guard(run) {
    try {
        return run();
    }
    catch (error) {
        throw error instanceof Error && error.message.startsWith('{"') ? told(error.message) : error;
    }
}
/** @internal A pure function of the engine. */
function call(name, input, body) {
    const json = stringify(input);
    return JSON.parse(guard(() => exports.native.call(name, json, body)));
}
/** @internal JSON that keeps what JSON cannot say: a number that is none stays visible to the engine's checks. */
function stringify(value) {
    return JSON.stringify(value, replace) ?? 'null';
}
function replace(_key, value) {
    if (typeof value === 'number' && !Number.isFinite(value))
        return String(value);
    if (typeof value === 'bigint') {
        const number = Number(value);
        return Number.isSafeInteger(number) ? number : value.toString();
    }
    return value;
}
/** @internal Frees a native object when its JavaScript owner is gone. */
class Handle {
    constructor(id, free) {
        this.id = id;
        registry.register(this, { id, free });
    }
    /** An object other than a monitor. */
    static object(kind, json, body) {
        return new Handle(guard(() => exports.native.objectNew(kind, json, body)), exports.native.objectFree);
    }
    /** Calls a method of an object other than a monitor. */
    call(method, input, body) {
        const json = stringify(input);
        return JSON.parse(guard(() => exports.native.objectCall(this.id, method, json, body)));
    }
}
exports.Handle = Handle;
const registry = new FinalizationRegistry(({ id, free }) => free(id));
/** @internal A column that the engine may read: of this thread alone, because it is read without a lock. */
function column(values, path) {
    if (!(values instanceof Float64Array)) {
        throw new errors.ConfigError(`\`${path}\` is no Float64Array; give one number a row`, 'config.invalid', path);
    }
    return shared(values) ? values.slice() : values;
}
/** @internal As `column`, for places of models. */
function places(values, path) {
    if (!(values instanceof Uint32Array)) {
        throw new errors.ConfigError(`\`${path}\` is no Uint32Array; give the place of each row's model`, 'config.invalid', path);
    }
    return shared(values) ? values.slice() : values;
}
const shared = (values) => typeof SharedArrayBuffer === 'function' && values.buffer instanceof SharedArrayBuffer;
