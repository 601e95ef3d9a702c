// The ES module face: the same names as the CommonJS one, and all of them as the default.
import * as finops from './index.js'
export * from './index.js'
export default finops
