//! Node bindings: types are converted here; the logic is in `finops`.
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::cell::RefCell;

thread_local! { static X: RefCell<Vec<f64>> = const { RefCell::new(Vec::new()) }; }

#[napi]
pub fn exchange(_env: Env) -> Result<Float64Array> {
    X.with(|x| {
        let mut x = x.borrow_mut();
        x.resize(64, 0.0);
        let p = x.as_mut_ptr();
        Ok(unsafe { Float64Array::with_external_data(p, 64, |_, _| {}) })
    })
}

#[napi]
pub fn zero() -> u32 {
    X.with(|x| { let mut x = x.borrow_mut(); x[1] = x[0] + 1.0; });
    0
}

#[napi]
pub fn three(a: f64, b: f64, c: f64) -> f64 { a + b + c }

#[napi(no_export)]
pub fn unused() {}

#[napi]
pub fn text(a: String) -> u32 { a.len() as u32 }
