"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.rfc3339 = rfc3339;
exports.instantMs = instantMs;
exports.instantText = instantText;
const errors_1 = require("./errors");
let cachedSecond = NaN;
let cachedPrefix = '';
/** @internal RFC 3339 in UTC with milliseconds; formatting a date costs ten times the rest of a record, so the second is kept. */
function rfc3339(ms) {
    const second = Math.floor(ms / 1000);
    if (second !== cachedSecond) {
        cachedPrefix = new Date(second * 1000).toISOString().slice(0, 20);
        cachedSecond = second;
    }
    const rest = ms - second * 1000;
    return cachedPrefix + (rest < 10 ? '00' : rest < 100 ? '0' : '') + rest + 'Z';
}
/** @internal Milliseconds since 1970 of an instant that the caller gave. */
function instantMs(at, path = 'at') {
    if (at instanceof Date)
        return check(at.getTime(), String(at), path);
    if (typeof at === 'number')
        return check(Math.round(at * 1000), String(at), path);
    if (typeof at === 'string' && /(?:[zZ]|[+-]\d\d:\d\d)$/.test(at))
        return check(Date.parse(at), at, path);
    throw naive(String(at), path);
}
function check(ms, value, path) {
    if (!(ms >= -62_135_596_800_000 && ms <= 253_402_300_799_999))
        throw naive(value, path);
    return ms;
}
function naive(value, path) {
    const problem = 'no instant; give a Date, RFC 3339 text with a zone, or seconds since 1970';
    return new errors_1.UsageError(`\`${path}\` is \`${value.slice(0, 80)}\`: ${problem}`, 'usage.naive_time', path);
}
/** @internal RFC 3339 text of an instant that the caller may have given. */
function instantText(at) {
    return rfc3339(at === undefined || at === null ? Date.now() : instantMs(at));
}
