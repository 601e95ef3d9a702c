"use strict";
/** Names on both sides of the border: the wire form is snake_case, JavaScript reads camelCase. */
Object.defineProperty(exports, "__esModule", { value: true });
exports.camel = camel;
exports.snake = snake;
exports.fromWire = fromWire;
exports.toWire = toWire;
const CAMEL = new Map();
const SNAKE = new Map();
/** Keys that are names of ours; any other (`intel-rapl:0`, `gen_ai.usage`, `ENERGY_WH`) is somebody else's word and stays as it is. */
const WIRE_NAME = /^[a-z][a-z0-9_]*$/;
const SCRIPT_NAME = /^[a-z][a-zA-Z0-9]*$/;
/** @internal `cache_write_5m` is `cacheWrite5m`. */
function camel(key) {
    return cached(CAMEL, key, () => WIRE_NAME.test(key) ? key.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase()) : key);
}
/** @internal `cacheWrite5m` is `cache_write_5m`; `gramsCo2e` is `grams_co2e`. */
function snake(key) {
    return cached(SNAKE, key, () => (SCRIPT_NAME.test(key) ? key.replace(/(1k|5m|1h)(?=[A-Z]|$)|[A-Z]/g, (part) => `_${part.toLowerCase()}`) : key));
}
function cached(table, key, make) {
    let name = table.get(key);
    if (name === undefined) {
        name = make();
        if (table.size < 1024)
            table.set(key, name);
    }
    return name;
}
/** Members whose keys are the user's own words and stay as they are. */
const VERBATIM = new Set(['metadata', 'tags', 'scope', 'where', 'env', 'body', 'tag_aliases', 'rows']);
/** Members whose keys are names of models; their values are ours. */
const KEYED = new Set(['model_params', 'modelParams']);
/** @internal A wire object with JavaScript's names, deeply. */
function fromWire(value) {
    return convert(value, camel);
}
/** @internal A JavaScript object with the wire's names, deeply. */
function toWire(value) {
    return convert(value, snake);
}
function convert(value, name) {
    if (Array.isArray(value))
        return value.map((item) => convert(item, name));
    if (value === null || typeof value !== 'object')
        return value;
    if ('toJSON' in value && typeof value.toJSON === 'function')
        return value.toJSON();
    const out = {};
    for (const [key, member] of Object.entries(value)) {
        const renamed = name(key);
        if (VERBATIM.has(key) || VERBATIM.has(renamed))
            out[renamed] = member;
        else if (KEYED.has(key) || byModel(key, member)) {
            const values = Object.entries((member ?? {})).map(([model, value]) => [model, convert(value, name)]);
            out[renamed] = Object.fromEntries(values);
        }
        else
            out[renamed] = convert(member, name);
    }
    return out;
}
/** Parameters may be those of one model or, by name, of several. */
function byModel(key, member) {
    return key === 'params' && typeof member === 'object' && member !== null && !('totalB' in member || 'total_b' in member);
}
