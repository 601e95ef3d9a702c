/** Token buckets that never overlap, and counters; what is left out is 0. */
export interface Buckets {
    input?: number;
    inputAudio?: number;
    inputImage?: number;
    inputVideo?: number;
    cacheRead?: number;
    cacheReadAudio?: number;
    cacheReadImage?: number;
    cacheReadVideo?: number;
    cacheWrite5m?: number;
    cacheWrite1h?: number;
    output?: number;
    outputAudio?: number;
    outputImage?: number;
    outputVideo?: number;
    reasoning?: number;
    webSearch?: number;
    fileSearch?: number;
    codeExecution?: number;
    request?: number;
    rerank?: number;
    audioSecond?: number;
    character?: number;
    page?: number;
    image?: number;
}
/**
 * Tokens of one call in buckets that never overlap: `input` excludes cached, written and audio tokens; `reasoning` is a subset of `output`
 * and never added.
 */
export declare class Usage {
    readonly input: number;
    readonly inputAudio: number;
    readonly inputImage: number;
    readonly inputVideo: number;
    readonly cacheRead: number;
    readonly cacheReadAudio: number;
    readonly cacheReadImage: number;
    readonly cacheReadVideo: number;
    readonly cacheWrite5m: number;
    readonly cacheWrite1h: number;
    readonly output: number;
    readonly outputAudio: number;
    readonly outputImage: number;
    readonly outputVideo: number;
    readonly reasoning: number;
    readonly webSearch: number;
    readonly fileSearch: number;
    readonly codeExecution: number;
    readonly request: number;
    readonly rerank: number;
    readonly audioSecond: number;
    readonly character: number;
    readonly page: number;
    readonly image: number;
    /** All prompt tokens: input, cache reads and cache writes. */
    readonly promptTokens: number;
    /** All completion tokens, reasoning included. */
    readonly completionTokens: number;
    /** Prompt and completion. */
    readonly totalTokens: number;
    constructor(buckets?: Buckets);
    /** From counts whose prompt includes cached tokens, as OpenAI reports them; parts that exceed it are `usage.negative_remainder`. */
    static inclusive(prompt: number, completion: number, cached?: number, cacheWritten?: number): Usage;
    /** The usage that a provider's response body reports. */
    static fromResponse(body: unknown, provider?: string): Usage;
    /** The wire form: snake_case, zeros left out. */
    toJSON(): Record<string, number>;
}
