//! What the lock guards.

use super::{
    config::MonitorConfig,
    ids::{MAX_IDS, RequestIds},
    names::Names,
    routes::Routes,
    settings::Settings,
};
use crate::{
    Error,
    record::{Context, Record},
    ring::Ring,
    rollup::Rollup,
};
use finops_core::{carbon::CarbonModel, cost::CostPolicy};
use std::sync::Arc;

/// A record and what the caller keeps beside it.
#[derive(Debug)]
pub struct Entry<P> {
    /// The record.
    pub record: Record,
    /// What the caller gave with it, shared.
    pub payload: Option<Arc<P>>,
}

impl<P> Clone for Entry<P> {
    fn clone(&self) -> Self {
        Self { record: self.record.clone(), payload: self.payload.clone() }
    }
}

#[derive(Debug)]
pub(super) struct State<P> {
    pub(super) settings: Settings,
    pub(super) policy: CostPolicy,
    pub(super) carbon: CarbonModel,
    /// What the next records share: made anew when the carbon model changes.
    pub(super) context: Arc<Context>,
    pub(super) ring: Ring<Entry<P>>,
    pub(super) rollup: Rollup,
    pub(super) ids: RequestIds<Entry<P>>,
    pub(super) names: Names,
    /// What was found out about earlier calls: forgotten when prices, factors or groups change.
    pub(super) routes: Routes,
    pub(super) sink_errors: u64,
    pub(super) budget_errors: u64,
}

impl<P> State<P> {
    pub(super) fn new(config: MonitorConfig) -> Result<Self, Error> {
        let carbon = Some(config.carbon.clone());
        let context = Arc::new(Context { schema: Arc::clone(config.schema()), carbon });
        Ok(Self {
            context,
            settings: config.settings,
            policy: config.policy,
            carbon: config.carbon,
            ring: Ring::new(config.max_records),
            rollup: Rollup::new(config.rollup)?,
            ids: RequestIds::new(MAX_IDS),
            names: Names::default(),
            routes: Routes::default(),
            sink_errors: 0,
            budget_errors: 0,
        })
    }

    pub(super) fn set_carbon(&mut self, carbon: CarbonModel) {
        let schema = Arc::clone(&self.context.schema);
        self.context = Arc::new(Context { schema, carbon: Some(carbon.clone()) });
        self.carbon = carbon;
        self.routes = Routes::default();
    }
}
