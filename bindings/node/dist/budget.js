"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Budgets = exports.Reservation = exports.Budget = void 0;
const native_1 = require("./native");
const names_1 = require("./names");
const time_1 = require("./time");
/** A limit on what calls may take. */
class Budget {
    constructor(id, limit, options = {}) {
        this.id = id;
        this.limit = String(limit);
        this.options = options;
    }
    toJSON() {
        const { window, warnAt, ...rest } = this.options;
        return {
            id: this.id,
            limit: this.limit,
            ...(0, names_1.toWire)(rest),
            ...(window === undefined ? {} : { window: typeof window === 'string' ? window : `every(${window.every})` }),
            ...(warnAt === undefined ? {} : { warn_at: warnAt.map(String) }),
        };
    }
}
exports.Budget = Budget;
/** Room that is held for a call. */
class Reservation {
    #budgets;
    /** @internal */
    constructor(budgets, told) {
        this.#budgets = budgets;
        this.id = told.id;
        this.level = told.level;
    }
    /** Frees the hold and charges what was spent. */
    settle(actual = {}) {
        return this.#budgets.settle(this.id, actual);
    }
    /** Frees the hold; nothing was spent. */
    release(options = {}) {
        this.#budgets.release(this.id, options);
    }
    /** `using held = budgets.reserve(…)` frees the hold when it was not settled. */
    [Symbol.dispose]() {
        this.release();
    }
}
exports.Reservation = Reservation;
/** Budgets that are reserved from together, all or nothing. */
class Budgets {
    constructor(budgets) {
        this.handle = native_1.Handle.object('budgets', (0, native_1.stringify)(budgets));
    }
    /** Budgets as `JSON.stringify(budgets)` wrote them, holds and all. */
    static fromJSON(state) {
        return new Budgets({ state });
    }
    /** @internal A reservation that a monitor made in its budgets. */
    static reservation(budgets, told) {
        return new Reservation(budgets ?? new Budgets([]), told);
    }
    /** Holds room in every budget that covers the call, or in none: `budget.exceeded`, `budget.unpriced`. */
    reserve(call) {
        return new Reservation(this, this.handle.call('reserve', wire(call)));
    }
    /** Frees a hold and charges what was spent. */
    settle(id, actual = {}) {
        return (0, names_1.fromWire)(this.handle.call('settle', { id, ...wire(actual) }));
    }
    /** Frees a hold; may be repeated. */
    release(id, options = {}) {
        this.handle.call('release', { id, at: (0, time_1.instantText)(options.at) });
    }
    /** Charges without asking. */
    recordSpend(call) {
        return (0, names_1.fromWire)(this.handle.call('record_spend', wire(call)));
    }
    state(id, options = {}) {
        return (0, names_1.fromWire)(this.handle.call('state', { id, at: (0, time_1.instantText)(options.at) }));
    }
    /** Everything, holds and all: `JSON.stringify(budgets)` survives a restart. */
    toJSON() {
        return this.handle.call('to_json', {});
    }
}
exports.Budgets = Budgets;
function wire(call) {
    const { at, usd, joules, gramsCo2e, ...rest } = call;
    const text = (value) => value === undefined || value === null ? value : String(value);
    return {
        ...(0, names_1.toWire)(rest),
        usd: text(usd),
        joules: text(joules),
        grams_co2e: text(gramsCo2e),
        at: (0, time_1.instantText)(at),
    };
}
