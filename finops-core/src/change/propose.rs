//! From findings to a proposal.

use super::{
    BlastRadius, ChangeConfig, ChangeProposal, GuardrailInput, Request, SourceFile, Status, body, branch,
    diff,
    intent::{self, Intent},
    kubernetes::{self, Made},
    sources::Sources,
    terraform, unmade,
};
use crate::{
    error::Fault,
    waste::{Amount, Assessment, ChangeKind, OpportunityType},
};

/// Files that changes may edit, read once for many proposals.
#[derive(Debug)]
pub struct SourceSet<'a> {
    files: &'a [SourceFile],
    manifests: Sources<'a>,
}

impl<'a> SourceSet<'a> {
    /// Reads the files. One that cannot be read matters only where it may hold what is sought.
    #[must_use]
    pub fn read(files: &'a [SourceFile]) -> Self {
        Self { files, manifests: Sources::read(files) }
    }
}

/// Proposes the change that findings ask for; never fails: what cannot be proposed is refused with its reason.
///
/// The parts are one finding, or the findings on the cores and the memory of one workload. For many proposals on the same
/// files, read them once and use [`propose_in`].
#[must_use]
pub fn propose(request: &Request<'_>, files: &[SourceFile], config: &ChangeConfig) -> ChangeProposal {
    propose_in(request, &SourceSet::read(files), config)
}

/// As [`propose`], in files that were read before.
#[must_use]
pub fn propose_in(request: &Request<'_>, sources: &SourceSet<'_>, config: &ChangeConfig) -> ChangeProposal {
    let made = make(request, sources, config);
    assemble(request, made, config)
}

fn make(request: &Request<'_>, sources: &SourceSet<'_>, config: &ChangeConfig) -> Result<Made, Fault> {
    let leading = request.parts.first().ok_or_else(|| nothing("no finding is given"))?.assessment;
    let mut intents: Vec<Intent> = Vec::new();
    for part in request.parts {
        if part.assessment.subject.name() != leading.subject.name()
            || part.assessment.subject.namespace() != leading.subject.namespace()
        {
            return Err(nothing("the findings are on several subjects"));
        }
        intents.extend(intent::of(part.assessment));
    }
    if intents.is_empty() {
        return Err(unmade::fault(leading));
    }
    if intents.iter().any(|intent| matches!(intent, Intent::NodeCount(_) | Intent::DeleteVolume)) {
        return terraform::make(&intents, leading, sources.files, config);
    }
    kubernetes::make(&intents, &leading.subject, request.cluster, &sources.manifests, config)
}

fn nothing(problem: &str) -> Fault {
    Fault::new("change.not_found", "finding", problem, "propose changes for findings that have one")
}

fn assemble(request: &Request<'_>, made: Result<Made, Fault>, config: &ChangeConfig) -> ChangeProposal {
    let leading = request.parts.first();
    let kind = leading.and_then(|part| part.assessment.proposal);
    let name = leading.map_or("x", |part| part.assessment.subject.name());
    let slug = kind.map_or_else(|| "finding".to_owned(), ChangeKind::slug);
    let fingerprint = leading.map_or("", |part| part.fingerprint);
    let branch = branch(&slug, name, request.as_of, fingerprint);
    let (status, reason, made) = match (made, &branch) {
        (Ok(made), Ok(_)) => (made.status(), made.draft.clone(), made),
        (Err(fault), _) => (Status::Refused, Some(fault), Made::default()),
        (_, Err(fault)) => (Status::Refused, Some(fault.clone()), Made::default()),
    };
    let branch = branch.unwrap_or_default();
    let finding_ids: Vec<String> = request.parts.iter().map(|part| part.finding_id.to_owned()).collect();
    let digest =
        diff::digest([std::slice::from_ref(&branch), finding_ids.as_slice()].concat().join("\n").as_bytes());
    let id = format!("chg-{}", digest.get(..16).unwrap_or_default());
    let title = kind.map_or_else(|| name.to_owned(), |kind| kind.title(name));
    let title = format!("Cost Optimization: {}", one_line(&title));
    let monthly_saving = sum(request.parts.iter().map(|part| part.assessment.gross()));
    let files = made.files.len();
    let mut proposal = ChangeProposal {
        guardrail_input: guardrail_input(request, &id, status, files),
        id,
        finding_ids,
        kind,
        status,
        reason,
        branch,
        commit_message: String::new(),
        labels: config.labels.clone(),
        files: made.files,
        monthly_saving,
        body: String::new(),
        title,
    };
    proposal.body = body::write(request, &proposal, &made.notes);
    let ids = proposal.finding_ids.join(", ");
    proposal.commit_message = format!("{}\n\nFinding: {ids}\n", proposal.title);
    proposal
}

/// Names go into titles and commit messages: no control character, no second line.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

/// The sum, unknown where a part is.
fn sum(amounts: impl Iterator<Item = Option<Amount>>) -> Option<Amount> {
    amounts.reduce(|sum, amount| Some(sum?.plus(amount?))).flatten()
}

/// What the guardrails decide on for findings of one subject, before or after the change is written.
#[must_use]
pub fn guardrail_record(request: &Request<'_>) -> GuardrailInput {
    guardrail_input(request, "", Status::Draft, 0)
}

fn guardrail_input(request: &Request<'_>, id: &str, status: Status, files: usize) -> GuardrailInput {
    let leading: Option<&Assessment> = request.parts.first().map(|part| part.assessment);
    let opportunity = leading.map_or(OpportunityType::UnusedResources, |assessment| assessment.opportunity);
    let kind = leading.and_then(|assessment| assessment.proposal);
    let number = |name: &str, facts: Option<&[crate::waste::Fact]>| {
        let value = intent::fact(facts?, name)?;
        match value {
            crate::waste::Value::Count(count) => u64::try_from(*count).ok(),
            crate::waste::Value::Number(number) => u64::try_from(number.floor()?).ok(),
            _ => None,
        }
    };
    let before = leading.map(|assessment| &*assessment.before);
    let after = leading.map(|assessment| &*assessment.after);
    let removed = number("node_count", before)
        .zip(number("node_count", after))
        .and_then(|(before, after)| before.checked_sub(after));
    let replicas = number("replicas", before)
        .or_else(|| leading.and_then(|assessment| number("replicas", Some(&assessment.evidence.measured()))));
    let claims = request.parts.iter().filter_map(|part| part.assessment.estimate.as_ref());
    let cost = claims.flat_map(|estimate| &estimate.claims).map(|claim| Some(claim.base));
    let intents: Vec<Intent> = request.parts.iter().flat_map(|part| intent::of(part.assessment)).collect();
    // The least sure and the most risky part speak for the whole.
    let confidence = request.parts.iter().filter_map(|part| part.assessment.confidence.as_ref());
    let risk = request.parts.iter().filter_map(|part| part.assessment.risk.as_ref());
    GuardrailInput {
        change_id: Some(id.to_owned()).filter(|id| !id.is_empty()),
        kind,
        opportunity,
        cluster: Some(request.cluster.to_owned()),
        namespace: leading.and_then(|assessment| assessment.subject.namespace()).map(str::to_owned),
        workload: leading.map(|assessment| assessment.subject.name().to_owned()),
        team: leading.and_then(|assessment| assessment.team.as_deref()).map(str::to_owned),
        environment: request.environment.map(str::to_owned),
        tags: request.tags.to_vec(),
        saving: sum(request.parts.iter().map(|part| part.assessment.gross())),
        cost: sum(cost),
        confidence: confidence.min_by(|one, other| one.value().cmp(&other.value())).map(|least| least.text()),
        risk: risk.max_by(|one, other| one.value().cmp(&other.value())).map(|most| most.text()),
        has_snapshot: leading.and_then(|assessment| {
            let measured = assessment.evidence.measured();
            let facts = [&*measured, assessment.evidence.more(), &assessment.before];
            facts.into_iter().find_map(|facts| match intent::fact(facts, "has_snapshot") {
                Some(crate::waste::Value::Flag(flag)) => Some(*flag),
                _ => None,
            })
        }),
        only_min_replicas: intents.iter().all(|intent| matches!(intent, Intent::MinReplicas(_))),
        removes_claim: leading
            .is_some_and(|assessment| assessment.subject.kind() == crate::waste::SubjectKind::Claim),
        blast_radius: kind.map(|kind| BlastRadius::of(kind, replicas, removed)).unwrap_or_default(),
        files: u64::try_from(files).ok().filter(|files| *files > 0),
        sources_verified: (files > 0).then_some(status == Status::Ready),
        requested_at: Some(request.as_of),
    }
}
