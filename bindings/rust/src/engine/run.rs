//! One run: detect, portfolio, guardrails, in this order.

use super::{
    EngineError, EngineOptions, Given, Reported,
    finding::{Told, evidence, record},
    guard,
    input::{Place, is_llm},
    opportunity::recommendation,
    other::{Other, Rest, order},
    overlap,
    portfolio::{self, Portfolio, Share},
    reported,
};
use finops_core::{
    finding::{Finding, Problem, RunContext, Validator},
    json::Json,
    time::Timestamp,
    waste::{Amount, Assessment, Context, Failure, assess_briefly, detectors, wire},
};
use finops_policy::guardrail::Check;
use std::sync::Arc;

/// A finding with everything that the engine knows of it.
#[derive(Debug, Clone)]
pub struct Found {
    /// The cluster; of calls to models, endpoints and training the account at the provider.
    pub cluster: String,
    /// Who serves the models, for findings that are not in a cluster.
    pub provider: Option<String>,
    /// Tags of the cluster and of the subject.
    pub tags: Vec<String>,
    /// The environment, where known.
    pub environment: Option<String>,
    /// The detector: one of the engine's, or `custom.<name>`.
    pub detector: String,
    /// The type of opportunity; a detector of one's own may have its own.
    pub type_name: String,
    /// What was assessed.
    pub assessment: Assessment,
    /// The record.
    pub finding: Finding,
    /// What it rests on.
    pub evidence: Json,
    /// The state now.
    pub before: Json,
    /// The state after the change.
    pub after: Json,
    /// What to do.
    pub recommendation: String,
    /// What the portfolio grants of the saving.
    pub granted: Amount,
    /// What of it the bill will lack.
    pub realizable: Option<Amount>,
    /// Why that is unknown.
    pub realizable_reason: Option<&'static str>,
    /// Ids of the findings that took what it claims, where nothing is granted.
    pub superseded_by: Vec<String>,
    /// What the guardrails decided on.
    pub guardrail_input: Json,
    /// What they decided.
    pub guardrail: Check,
    /// What became of it in the ledger, once it was recorded.
    pub recorded: Option<Recorded>,
}

/// The item of the ledger that stands for a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its id.
    pub id: String,
    /// How often the finding came back after it was closed, from 1.
    pub generation: u64,
    /// Where it stands.
    pub status: &'static str,
}

/// A finding that the ledger did not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its finding id.
    pub finding_id: String,
    /// The code: `waste.no_estimate` where its saving is unknown, else the ledger's.
    pub code: String,
    /// What was wrong.
    pub message: String,
}

/// What a run found.
#[derive(Debug, Clone)]
pub struct Run {
    /// The time of the run.
    pub as_of: Timestamp,
    /// Findings: the largest saving first, unknown savings last, then by detector, subject and cluster.
    pub found: Vec<Found>,
    /// All other assessments, or what they are made from.
    pub(super) rest: Rest,
    /// Records of what could not be judged, in the order of [`Run::others`].
    pub unknown: Vec<Finding>,
    /// Detectors that failed and records that could not be written.
    pub failures: Vec<Failure>,
    /// What the findings are worth together.
    pub portfolio: Portfolio,
    /// Findings that the ledger did not take.
    pub refused: Vec<Refused>,
    /// Keys of summaries that are not known, with how often each was met.
    pub unknown_keys: Vec<(String, u64)>,
}

/// A finding on its way.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// The place of the inventory.
    pub given: Option<usize>,
    pub place: Place,
    pub tags: Vec<String>,
    pub check_id: String,
    pub type_name: String,
    pub assessment: Assessment,
    /// What a detector of one's own said: evidence, states, recommendation.
    pub said: Option<Json>,
}

impl Draft {
    fn member(&self, name: &str) -> Option<Json> {
        self.said.as_ref().and_then(|said| said.get(name)).filter(|member| !member.is_null()).cloned()
    }

    fn evidence(&self) -> Json {
        self.member("evidence").unwrap_or_else(|| evidence(&self.assessment))
    }

    fn recommendation(&self) -> String {
        let said = self.member("recommendation");
        said.as_ref().and_then(Json::as_str).map_or_else(|| recommendation(&self.assessment), str::to_owned)
    }
}

fn place(one: &Draft, other: &Draft) -> std::cmp::Ordering {
    // `None` is below every amount, so a larger amount first puts it last.
    let gross = other.assessment.gross().cmp(&one.assessment.gross());
    gross
        .then_with(|| one.check_id.cmp(&other.check_id))
        .then_with(|| one.assessment.subject.cmp(&other.assessment.subject))
        .then_with(|| one.place.account.cmp(&other.place.account))
}

fn told(problems: &[Problem]) -> String {
    let one = |problem: &Problem| format!("{} `{}`: {}", problem.path, problem.value, problem.help);
    problems.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// Looks at every inventory, alone. Of a summary the assessments that are ok are left to whoever asks for them; those that are
/// undetermined are in `open`.
fn look(given: &[Given], contexts: &[Context<'_>], run: &mut Run, open: &mut Vec<Other>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (index, (one, context)) in given.iter().zip(contexts).enumerate() {
        let (report, brief) = assess_briefly(&detectors(), context);
        run.failures.extend(report.failures);
        let (places, tags) = (one.places(), one.tags());
        let others = report.others.into_iter().map(|assessment| {
            let place = places.of(&assessment.subject);
            Other { cluster: place.account, provider: place.provider, assessment }
        });
        match one {
            Given::Summary(data) if brief => {
                run.rest.summaries.push(Arc::clone(data));
                open.extend(others.filter(Other::is_undetermined));
            }
            _ => run.rest.made.extend(others),
        }
        drafts.extend(report.findings.into_iter().map(|assessment| Draft {
            given: Some(index),
            place: places.of(&assessment.subject),
            tags: tags.clone(),
            check_id: assessment.detector.to_owned(),
            type_name: assessment.opportunity.code().to_owned(),
            assessment,
            said: None,
        }));
        for (key, count) in one.unknown_keys() {
            match run.unknown_keys.iter_mut().find(|(known, _)| known == key) {
                Some((_, sum)) => *sum = sum.saturating_add(count),
                None => run.unknown_keys.push((key.to_owned(), count)),
            }
        }
    }
    drafts
}

/// Reads what detectors of one's own reported, or what a run found and comes `back`: the latter keeps the engine's detectors.
/// A bad record is a failure of its detector and stops no other.
fn hear(given: &[Given], all: &[Reported], back: bool, run: &mut Run) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for reported in all {
        let check_id = reported.check_id();
        let mut fail = |code: &str, message: String| {
            run.failures.push(Failure {
                detector: reported.detector.clone(),
                code: code.to_owned(),
                message,
            });
        };
        let items = match &reported.result {
            Ok(items) => items,
            Err(message) => {
                fail("waste.detector_failed", message.clone());
                continue;
            }
        };
        for (place, item) in items.iter().enumerate() {
            match reported::assessment(item) {
                Ok(read) => {
                    let said = item.get("cluster").and_then(Json::as_str);
                    let index = given.iter().position(|one| Some(one.cluster()) == said);
                    let index = index.or(if given.is_empty() { None } else { Some(0) });
                    let of = index.and_then(|index| given.get(index));
                    let mut place = Place::unnamed(of);
                    if let Some(said) = said {
                        said.clone_into(&mut place.account);
                    }
                    if is_llm(read.assessment.subject.kind()) {
                        let provider = item.get("provider").and_then(Json::as_str).unwrap_or("unknown");
                        place.provider = Some(provider.to_owned());
                    }
                    drafts.push(Draft {
                        given: index,
                        place,
                        tags: of.map(Given::tags).unwrap_or_default(),
                        check_id: match read.assessment.detector {
                            own if back && own != "custom" => own.to_owned(),
                            _ => check_id.clone(),
                        },
                        type_name: read.type_name,
                        assessment: read.assessment,
                        said: Some(item.clone()),
                    });
                }
                Err(fault) => {
                    let fault = fault.below(&format!("[{place}]"));
                    fail(fault.code(), fault.to_string());
                }
            }
        }
    }
    drafts
}

pub(super) fn run(
    options: &Arc<EngineOptions>,
    given: &[Given],
    all: &[Reported],
    as_of: Timestamp,
    made: &[(String, Json)],
) -> Result<Run, EngineError> {
    run_with(options, given, (all, false), as_of, made)
}

/// The run of an opportunity that comes back.
pub(super) fn back(
    options: &Arc<EngineOptions>,
    opportunity: Reported,
    as_of: Timestamp,
) -> Result<Run, EngineError> {
    run_with(options, &[], (&[opportunity], true), as_of, &[])
}

fn run_with(
    options: &Arc<EngineOptions>,
    given: &[Given],
    (all, is_back): (&[Reported], bool),
    as_of: Timestamp,
    made: &[(String, Json)],
) -> Result<Run, EngineError> {
    let mut run = Run {
        as_of,
        found: Vec::new(),
        rest: Rest::new(Arc::clone(options)),
        unknown: Vec::new(),
        failures: Vec::new(),
        portfolio: Portfolio::default(),
        refused: Vec::new(),
        unknown_keys: Vec::new(),
    };
    let context = |one| Context::new(one, &options.prices, &options.detection);
    let contexts: Vec<Context<'_>> = given.iter().map(|one| context(one.inventory())).collect();
    let mut open = Vec::new();
    let mut drafts = look(given, &contexts, &mut run, &mut open);
    drafts.extend(hear(given, all, is_back, &mut run));
    drafts.sort_by(place);
    run.failures.extend(overlap::once(&mut drafts, given));
    open.extend(run.rest.made.iter().filter(|other| other.is_undetermined()).cloned());
    open.sort_by(order);
    let mut validator = Validator::new(&RunContext::engine(as_of))?;
    write_unknown(&mut validator, &open, &mut run);
    // A finding that cannot be written takes no part: the others are granted what it would have taken.
    loop {
        let (shares, sums) = portfolio::settle(&mut drafts, given, &contexts, &options.detection);
        let mut found = Vec::with_capacity(drafts.len());
        let mut bad = Vec::new();
        for (index, (draft, share)) in drafts.iter().zip(&shares).enumerate() {
            match write(&mut validator, options, draft, share) {
                Ok(Some(item)) => found.push(item),
                Ok(None) => bad.push((index, Vec::new())),
                Err(problems) => bad.push((index, problems)),
            }
        }
        if bad.is_empty() {
            let ids: Vec<String> = found.iter().map(|item| item.finding.finding_id()).collect();
            for (item, share) in found.iter_mut().zip(&shares) {
                let takers = share.superseded_by.iter().filter_map(|index| ids.get(*index));
                item.superseded_by = takers.cloned().collect();
            }
            run.portfolio = sums;
            run.found = found;
            break;
        }
        for (index, problems) in bad.into_iter().rev() {
            let draft = drafts.remove(index);
            run.failures.push(Failure {
                detector: draft.check_id,
                code: problems.first().map_or("waste.invalid_record", |problem| problem.code).to_owned(),
                message: format!("`{}`: {}", draft.assessment.subject.text(), told(&problems)),
            });
        }
    }
    run.failures.sort();
    guard::judge(&mut run.found, made, &options.guardrails, as_of);
    Ok(run)
}

fn write_unknown(validator: &mut Validator, open: &[Other], run: &mut Run) {
    for other in open {
        let assessment = &other.assessment;
        let told_of = Told {
            account: &other.cluster,
            provider: other.provider.as_deref(),
            check_id: assessment.detector,
            type_name: assessment.opportunity.code(),
            advice: None,
            evidence: wire::evidence(&assessment.evidence),
            granted: None,
            realizable: None,
            realizable_reason: None,
        };
        match record(validator, assessment, told_of) {
            Ok(finding) => run.unknown.extend(finding),
            Err(problems) => run.failures.push(Failure {
                detector: assessment.detector.to_owned(),
                code: problems.first().map_or("waste.invalid_record", |problem| problem.code).to_owned(),
                message: format!("`{}`: {}", assessment.subject.text(), told(&problems)),
            }),
        }
    }
}

fn write(
    validator: &mut Validator,
    options: &EngineOptions,
    draft: &Draft,
    share: &Share,
) -> Result<Option<Found>, Vec<Problem>> {
    let assessment = &draft.assessment;
    let (evidence, recommendation) = (draft.evidence(), draft.recommendation());
    let before = draft.member("before_state").unwrap_or_else(|| wire::facts(&assessment.before));
    let after = draft.member("after_state").unwrap_or_else(|| wire::facts(&assessment.after));
    let mut shown = match &evidence {
        Json::Object(members) => members.clone(),
        _ => finops_core::json::Object::new(),
    };
    shown.insert("before", before.clone());
    shown.insert("after", after.clone());
    let told_of = Told {
        account: &draft.place.account,
        provider: draft.place.provider.as_deref(),
        check_id: &draft.check_id,
        type_name: &draft.type_name,
        advice: Some(&recommendation),
        evidence: shown.into(),
        granted: Some(share.granted),
        realizable: share.realizable,
        realizable_reason: share.reason,
    };
    let Some(finding) = record(validator, assessment, told_of)? else { return Ok(None) };
    let environment = draft.member("environment").as_ref().and_then(Json::as_str).map(str::to_owned);
    Ok(Some(Found {
        cluster: draft.place.account.clone(),
        provider: draft.place.provider.clone(),
        tags: tags(draft),
        environment: environment.or_else(|| options.environment.clone()),
        detector: draft.check_id.clone(),
        type_name: draft.type_name.clone(),
        assessment: assessment.clone(),
        finding,
        evidence,
        before,
        after,
        recommendation,
        granted: share.granted,
        realizable: share.realizable,
        realizable_reason: share.reason,
        superseded_by: Vec::new(),
        guardrail_input: Json::Null,
        guardrail: guard::undecided(),
        recorded: None,
    }))
}

/// Tags of the cluster and, from detectors of one's own, of the subject: sorted, once each.
fn tags(draft: &Draft) -> Vec<String> {
    let mut tags = draft.tags.clone();
    let said = draft.member("tags");
    let own = said.as_ref().and_then(Json::as_array).unwrap_or_default();
    tags.extend(own.iter().filter_map(Json::as_str).map(str::to_owned));
    tags.sort_unstable();
    tags.dedup();
    tags
}
