//! The cost model: line items, assumptions, and a status that is never a silent zero.

mod assumptions;
mod call;
mod charge;
mod model_price;
mod policy;
mod quote;
mod rates;
mod settings;
mod statement;

pub use assumptions::{Assumption, Assumptions};
pub use call::Call;
pub use charge::Charge;
pub use model_price::{Hosting, ModelPrice};
pub use policy::{CostPolicy, Prepared, Standing, TokenCost};
pub use quote::{OnUnknown, cost, reprice};
pub use statement::{Cost, LineItem, PriceSource, RatePer, Status};

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
