//! Durable appends a second and the time to reopen: `cargo run --release -p finops-store --example speed -- <url> [events]`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::arithmetic_side_effects,
    reason = "a measurement may end at once"
)]

use finops_store::{Keyring, NewEvent, Options, Store};
use serde_json::json;
use std::time::Instant;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "sqlite::memory:".to_owned());
    let events: u64 = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(50_000);
    let ring = Keyring::from_secrets("0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0", [])
        .unwrap();
    let options = || Options::new("acme.example/finops/speed");
    let store = Store::open(&url, &ring, options()).unwrap();
    // About 350 bytes an event, as in section 16 of the specification.
    let event = |n: u64| {
        let data = json!({
            "provider": "openai", "model": "gpt-4.1-mini", "team": "search", "tokens_in": 1834 + n % 7, "tokens_out": 212,
            "cost": "0.000812", "request": format!("req-{n:012}"), "environment": "production", "currency": "USD",
        });
        NewEvent::new("acme.usage", data, "svc:gateway")
    };
    for size in [1000, 100, 1] {
        let count = if size == 1 { events / 100 } else { events };
        let started = Instant::now();
        for batch in 0..count / size {
            store.append_many((0..size).map(|n| event(batch * size + n)).collect()).unwrap();
        }
        let seconds = started.elapsed().as_secs_f64();
        println!("batches of {size}: {:.0} events/s", f64::from(u32::try_from(count).unwrap()) / seconds);
    }
    store.close().unwrap();
    drop(store);
    let started = Instant::now();
    let store = Store::open(&url, &ring, options()).unwrap();
    println!("reopened {} records in {:.2} s", store.size(), started.elapsed().as_secs_f64());
}
