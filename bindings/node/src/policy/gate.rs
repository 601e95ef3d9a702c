//! The methods of a gate other than deciding.

use super::{
    deciding::{Conditions, value},
    member, parse, refused, refused_member, refused_replay, refused_setup,
};
use finops::policy::{
    Json, PolicyGate, PolicyGateOptions, Source,
    decision::{Context, Decision, Input, log::EventFields, report::Report, shadow},
    json::Object,
    rego::{
        Module, RegoError, lint,
        test_runner::{self, TestOptions},
    },
};
use napi::Result;

/// `{options, path? | modules?, environment?}`; the archive of a bundle comes apart from it.
pub(super) fn new(arguments: &Json, archive: Option<&[u8]>) -> Result<PolicyGate> {
    let empty = Json::object::<&str>([]);
    let options = member(arguments, "options").unwrap_or(&empty);
    let mut options = PolicyGateOptions::from_json(options).map_err(refused)?;
    options.source = source(arguments, archive)?;
    let gate = match member(arguments, "environment") {
        None => PolicyGate::new(options),
        Some(environment) => {
            let variable = |name: &str| environment.get(name).and_then(Json::as_str).map(str::to_owned);
            PolicyGate::from_env(options, variable)
        }
    };
    gate.map_err(|error| refused_setup(&error))
}

/// Modules by name, the bytes of a bundle, or a path.
fn source(arguments: &Json, archive: Option<&[u8]>) -> Result<Option<Source>> {
    if let Some(bytes) = archive {
        return Ok(Some(Source::Archive(bytes.to_vec())));
    }
    if let Some(path) = member(arguments, "path").and_then(Json::as_str) {
        return Ok(Some(Source::Path(path.into())));
    }
    let Some(modules) = member(arguments, "modules") else { return Ok(None) };
    let help = "give a path, the bytes of a bundle, or an object of the text of each module by its name";
    let members = modules.as_object().ok_or_else(|| refused_member("/bundle", &modules.to_text(), help))?;
    let module = |(name, text): (&str, &Json)| match text.as_str() {
        Some(text) => Ok(Module::new(name, text)),
        None => Err(refused_member(&format!("/bundle/{name}"), &text.to_text(), help)),
    };
    Ok(Some(Source::Modules(members.iter().map(module).collect::<Result<_>>()?)))
}

pub(super) fn call(gate: &PolicyGate, method: &str, arguments: &Json, body: &[u8]) -> Result<Json> {
    let pure = gate.gate();
    Ok(match method {
        "reload" => {
            let archive = arguments.get("archive").and_then(Json::as_bool) == Some(true);
            let help =
                "give a path, the bytes of a bundle, or an object of the text of each module by its name";
            let source = source(arguments, archive.then_some(body))?;
            let source = source.ok_or_else(|| refused_member("/bundle", "null", help))?;
            let loaded = gate.reload(&source, member(arguments, "data"));
            loaded.map_err(|error| refused_setup(&error))?.to_json()
        }
        "status" => pure.status().to_json(),
        "lint" => {
            let (modules, data) = pure.sources();
            lint::lint(&modules, &data, pure.entry()).to_json()
        }
        "test" => test(gate, arguments.get("coverage").and_then(Json::as_bool) == Some(true))?,
        "explain" => {
            let (decision, _) = asked(arguments)?;
            let input = member(arguments, "readable").and_then(|_| value(body));
            pure.explain(&decision, input.as_ref()).to_json()
        }
        "log_event" => {
            let (decision, conditions) = asked(arguments)?;
            let input = member(arguments, "readable").and_then(|_| value(body));
            let context = Context {
                now: conditions.now,
                decision_id: decision.decision_id.as_deref(),
                requester: conditions.requester.as_deref(),
                approvals: &conditions.approvals,
            };
            let labels = member(arguments, "labels").and_then(Json::as_object).cloned().unwrap_or_default();
            let mut metrics = Object::new();
            if let Some(eval_ns) = arguments.pointer("/record/eval_ns") {
                metrics.insert("timer_rego_query_eval_ns", eval_ns.clone());
            }
            let fields = EventFields { timestamp: conditions.now, labels, metrics };
            let input = match &input {
                Some(input) => Input::Native(input, &conditions.foreign),
                None => Input::Text(&[]),
            };
            Json::from(pure.log_event(&decision, input, &context, &fields).to_text())
        }
        "replay" => {
            let replayed = pure.replay(&parse(body)?).map_err(|error| refused_replay(&error))?;
            Json::object([
                ("same", Json::from(replayed.same)),
                ("differences", Json::array(replayed.differences.iter().map(String::as_str))),
                ("event", Json::from(replayed.event.to_text())),
            ])
        }
        "impact" => {
            let events = member(arguments, "events").and_then(Json::as_array).unwrap_or_default();
            let event = |event: &Json| parse(event.as_str().unwrap_or_default().as_bytes());
            let events = events.iter().map(event).collect::<Result<Vec<_>>>()?;
            shadow::impact(&events, pure).to_json()
        }
        "about" => Json::object([
            ("policy_digest", Json::from(pure.policy_digest())),
            ("opa_url", Json::from(gate.remote_url())),
        ]),
        other => return Err(refused_member("method", other, "give a method of a gate")),
    })
}

/// `{report, junit, sarif, github}` of the unit tests of what is loaded.
fn test(gate: &PolicyGate, coverage: bool) -> Result<Json> {
    let (modules, data) = gate.gate().sources();
    let options = TestOptions { coverage, ..TestOptions::default() };
    let tests = test_runner::run(&modules, &data, &options)
        .map_err(|error| refused_setup(&RegoError::from(error).into()))?;
    let checks = Report::of_tests(&tests);
    Ok(Json::object([
        ("report", tests.to_json()),
        ("junit", Json::from(checks.junit())),
        ("sarif", Json::from(checks.sarif(env!("CARGO_PKG_VERSION")).to_text())),
        ("github", Json::from(checks.github())),
    ]))
}

/// A decision that JavaScript kept, and what it was made on: `{record, now_ms, ...}`.
fn asked(arguments: &Json) -> Result<(Decision, Conditions)> {
    let record = arguments.get("record").unwrap_or(&Json::Null);
    let decision = Decision::from_json(record).map_err(refused)?;
    let now_ms = arguments.get("now_ms").and_then(Json::as_number);
    let now_ms = now_ms.and_then(finops::policy::json::Number::as_f64).unwrap_or(f64::NAN);
    Ok((decision, Conditions::read(now_ms, arguments)?))
}
