"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Usage = void 0;
exports.asUsage = asUsage;
const body_1 = require("./body");
const native_1 = require("./native");
const names_1 = require("./names");
/**
 * Tokens of one call in buckets that never overlap: `input` excludes cached, written and audio tokens; `reasoning` is a subset of `output`
 * and never added.
 */
class Usage {
    input = 0;
    inputAudio = 0;
    inputImage = 0;
    inputVideo = 0;
    cacheRead = 0;
    cacheReadAudio = 0;
    cacheReadImage = 0;
    cacheReadVideo = 0;
    cacheWrite5m = 0;
    cacheWrite1h = 0;
    output = 0;
    outputAudio = 0;
    outputImage = 0;
    outputVideo = 0;
    reasoning = 0;
    webSearch = 0;
    fileSearch = 0;
    codeExecution = 0;
    request = 0;
    rerank = 0;
    audioSecond = 0;
    character = 0;
    page = 0;
    image = 0;
    /** All prompt tokens: input, cache reads and cache writes. */
    promptTokens;
    /** All completion tokens, reasoning included. */
    completionTokens;
    /** Prompt and completion. */
    totalTokens;
    constructor(buckets = {}) {
        const totals = (0, native_1.call)('usage_new', { usage: (0, names_1.toWire)(buckets) });
        Object.assign(this, (0, names_1.fromWire)(totals.usage));
        this.promptTokens = totals.prompt_tokens;
        this.completionTokens = totals.completion_tokens;
        this.totalTokens = totals.total_tokens;
        Object.freeze(this);
    }
    /** From counts whose prompt includes cached tokens, as OpenAI reports them; parts that exceed it are `usage.negative_remainder`. */
    static inclusive(prompt, completion, cached = 0, cacheWritten = 0) {
        const { usage } = (0, native_1.call)('usage_inclusive', { prompt, completion, cached, cache_written: cacheWritten });
        return new Usage((0, names_1.fromWire)(usage));
    }
    /** The usage that a provider's response body reports. */
    static fromResponse(body, provider) {
        const { usage } = (0, native_1.call)('extract', { provider }, (0, body_1.bodyOf)(body));
        return new Usage((0, names_1.fromWire)(usage));
    }
    /** The wire form: snake_case, zeros left out. */
    toJSON() {
        const { promptTokens, completionTokens, totalTokens, ...buckets } = this;
        return Object.fromEntries(Object.entries((0, names_1.toWire)({ ...buckets })).filter(([, count]) => count !== 0));
    }
}
exports.Usage = Usage;
/** @internal A usage from what a caller gives for one. */
function asUsage(usage) {
    return usage instanceof Usage ? usage : new Usage(usage);
}
