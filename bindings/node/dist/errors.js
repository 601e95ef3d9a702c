"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.BudgetExceeded = exports.BudgetError = exports.MeterError = exports.CarbonError = exports.MoneyError = exports.ConfigError = exports.StreamError = exports.UsageError = exports.PriceError = exports.FinopsError = void 0;
/**
 * Errors of finops: one base with a stable dotted `code`, the `path` of the field at fault, and a class a topic.
 *
 * Switch on `code`; the message is for people.
 */
class FinopsError extends Error {
    constructor(message, code, path = '') {
        super(message);
        this.name = new.target.name;
        this.code = code;
        this.path = path;
    }
}
exports.FinopsError = FinopsError;
/** A name or a condition without a price. */
class PriceError extends FinopsError {
}
exports.PriceError = PriceError;
/** A count, a duration or a response body that cannot be used. */
class UsageError extends FinopsError {
}
exports.UsageError = UsageError;
/** A stream without usage, or events that do not belong together. */
class StreamError extends FinopsError {
}
exports.StreamError = StreamError;
/** A configuration value that cannot be used. */
class ConfigError extends FinopsError {
}
exports.ConfigError = ConfigError;
/** Money that does not fit or does not add up. */
class MoneyError extends FinopsError {
}
exports.MoneyError = MoneyError;
/** Energy or carbon that cannot be computed. */
class CarbonError extends FinopsError {
}
exports.CarbonError = CarbonError;
/** A meter that is absent or unreadable. */
class MeterError extends FinopsError {
}
exports.MeterError = MeterError;
/** A budget that cannot be used as asked. */
class BudgetError extends FinopsError {
    constructor(message, code, path = '', budget = null) {
        super(message, code, path);
        this.budget = budget;
    }
}
exports.BudgetError = BudgetError;
/** A hard budget refused a reservation. */
class BudgetExceeded extends BudgetError {
    constructor(message, code, path, detail) {
        super(message, code, path, detail.budget);
        this.remaining = detail.remaining;
        this.requested = detail.requested;
        this.retryAt = detail.retryAt;
    }
}
exports.BudgetExceeded = BudgetExceeded;
