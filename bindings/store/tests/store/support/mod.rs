//! Places to store, and what every kind of store must do.

#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(all(feature = "postgres", unix))]
pub mod proxy;
pub mod suite;

use finops_store::{Keyring, NewEvent, Options};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

pub const SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0";
pub const NEW_SECRET: &str = "another-secret-of-more-than-32-characters-for-the-next-year";
pub const ORIGIN: &str = "acme.example/finops/prod";

pub fn ring() -> Keyring {
    Keyring::from_secrets(SECRET, []).unwrap()
}

pub fn options() -> Options {
    Options { heartbeats: false, ..Options::new(ORIGIN) }
}

/// A folder that goes with the test.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let unique = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("finops-store-{name}-{}-{unique}", std::process::id()));
        let _absent = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn sqlite(&self) -> String {
        format!("sqlite:///{}", self.0.join("ledger.db").display())
    }

    pub fn file(&self) -> String {
        format!("file://{}", self.0.join("ledger.log").display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

pub fn thing(n: u64) -> NewEvent {
    NewEvent::new("acme.thing", json!({ "n": n }), "svc:test").with_at("2026-03-14T09:26:53.589793Z")
}

pub fn step(kind: &str, data: Value) -> NewEvent {
    NewEvent::new(&format!("opportunity.{kind}"), data, "svc:test").with_at("2026-03-14T09:26:53.589793Z")
}

pub fn detected(id: &str, resource: &str) -> NewEvent {
    step(
        "detected",
        json!({"opportunity": {
            "id": id, "type": "idle_nodes", "resource": resource, "team": "core", "estimated_monthly_savings": "120.5",
            "confidence": "0.75", "evidence": {"cpu": "0.02", "days": 14},
        }}),
    )
}

/// The row that proves 60 of item `id`.
pub fn proof(resource: &str, claimed: &str) -> Value {
    json!({
        "resource": resource, "method": "A", "effect": "eliminate", "period_start": "2026-02-01",
        "period_end": "2026-03-03", "currency": "USD", "adjusted_baseline": "100.25", "actual": "40.25", "total": "60",
        "claimed": claimed, "cash_reduction": claimed, "avoided_growth": "0", "ci90_low": null, "ci90_high": null,
    })
}

/// A life from detection to proof and correction, with a baseline and deployments.
pub fn life(id: &str) -> Vec<NewEvent> {
    let resource = format!("i-{id}");
    let event = |kind: &str, data: Value| {
        NewEvent::new(kind, data, "svc:test").with_at("2026-03-14T09:26:53.589793Z")
    };
    let verified = format!("{id}-verified");
    vec![
        detected(id, &resource),
        event(
            "baseline.frozen",
            json!({"baseline": {
                "id": format!("b-{id}"), "resource": resource, "monthly_cost": "730.5", "cpu_cost": "700.000000000001",
                "period_start": "2026-01-01T00:00:00.000000Z", "period_end": "2026-01-31T00:00:00.000000Z",
                "driver": {"name": "requests", "quantity": "1000000.5"}, "fixed_share": "0.25",
            }}),
        ),
        step("proposed", json!({"opportunity": id, "pr_url": "https://example.com/1", "pr_number": 7})),
        step("approved", json!({"opportunity": id, "baseline_id": format!("b-{id}")})),
        step("started", json!({"opportunity": id})),
        step("implemented", json!({"opportunity": id, "after_state": {"nodes": 2}})),
        step("verified", json!({"opportunity": id, "verification": proof(&resource, "60")}))
            .with_id(&verified),
        event(
            "savings.corrected",
            json!({"of": verified, "reason": "late credit", "verification": proof(&resource, "55.5")}),
        ),
        event(
            "deployment.recorded",
            json!({"deployment_id": format!("d-{id}"), "environment": "prod", "outcome": "failure"}),
        ),
        event(
            "deployment.recorded",
            json!({"deployment_id": format!("d-{id}"), "environment": "prod", "outcome": "success", "team": "core",
                   "restored_at": "2026-03-14T10:26:53.589793Z"}),
        ),
    ]
}
