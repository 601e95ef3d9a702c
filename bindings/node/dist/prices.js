"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Catalogue = exports.ModelPrice = void 0;
exports.prices = prices;
exports.cost = cost;
exports.extract = extract;
const native_1 = require("./native");
const body_1 = require("./body");
const names_1 = require("./names");
const record_1 = require("./record");
const time_1 = require("./time");
const usage_1 = require("./usage");
(0, record_1.setExplain)((cost) => (0, native_1.call)('explain', { cost }));
/** The price that you pay for a model: it wins over everything else. */
class ModelPrice {
    constructor(model, options = {}) {
        this.model = model;
        this.options = options;
    }
    toJSON() {
        const { provider, hosting, ...rates } = this.options;
        const text = Object.fromEntries(Object.entries(rates).map(([key, value]) => [key, value === undefined ? undefined : String(value)]));
        return { model: this.model, provider, hosting, ...(0, names_1.toWire)(text) };
    }
}
exports.ModelPrice = ModelPrice;
/** Dated prices of models, with provenance. */
class Catalogue {
    /** @internal */
    constructor(handle) {
        this.handle = handle;
    }
    /** A catalogue from its text. */
    static fromJsonl(text) {
        return new Catalogue(native_1.Handle.object('catalogue', '{}', text));
    }
    /** Identifies the bytes that the prices came from. */
    get id() {
        return this.#call('id', {});
    }
    /** The day it was built. */
    get generated() {
        return this.#call('generated', {});
    }
    /** The model that a name stands for: exact or by an anchored form, never by resemblance. */
    resolve(model, provider) {
        return this.#call('resolve', { model, provider });
    }
    /** Every row, or those of one model, as in the catalogue's text and with its id. */
    rows(model) {
        return this.#call('rows', { model });
    }
    /** This catalogue with the rows of `text` over it. */
    overlay(text) {
        return new Catalogue(native_1.Handle.object('catalogue', (0, native_1.stringify)({ overlay: true, base: this.handle?.id }), text));
    }
    #call(method, input) {
        return (0, native_1.call)(`catalogue_${method}`, { ...input, catalogue: this.handle?.id });
    }
}
exports.Catalogue = Catalogue;
const builtin = new Catalogue();
/** The compiled catalogue. */
function prices() {
    return builtin;
}
/** What `usage` of `model` costs; `onUnknown: 'null'` gives status `unpriced` and amounts null instead of an error. */
function cost(model, usage, options = {}) {
    const { at, catalogue, ...rest } = options;
    return (0, record_1.costOf)((0, native_1.call)('cost', { model, usage: (0, usage_1.asUsage)(usage), ...(0, names_1.toWire)(rest), at: (0, time_1.instantText)(at), catalogue: catalogue?.handle?.id }));
}
/** Reads the usage of a response body: a parsed body, an SDK's object, JSON text or its bytes. */
function extract(body, options = {}) {
    return (0, names_1.fromWire)((0, native_1.call)('extract', options, (0, body_1.bodyOf)(body)));
}
