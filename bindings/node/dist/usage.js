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
    constructor(buckets = {}) {
        this.input = 0;
        this.inputAudio = 0;
        this.inputImage = 0;
        this.inputVideo = 0;
        this.cacheRead = 0;
        this.cacheReadAudio = 0;
        this.cacheReadImage = 0;
        this.cacheReadVideo = 0;
        this.cacheWrite5m = 0;
        this.cacheWrite1h = 0;
        this.output = 0;
        this.outputAudio = 0;
        this.outputImage = 0;
        this.outputVideo = 0;
        this.reasoning = 0;
        this.webSearch = 0;
        this.fileSearch = 0;
        this.codeExecution = 0;
        this.request = 0;
        this.rerank = 0;
        this.audioSecond = 0;
        this.character = 0;
        this.page = 0;
        this.image = 0;
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
