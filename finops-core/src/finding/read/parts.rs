//! Links, claims, lifecycle, source and lineage of a record.

use super::{
    super::parts::{
        Claim, ClaimKind, Lifecycle, LifecycleStatus, Lineage, LineageInput, Link, Source, SourceType,
    },
    Reader, empty,
};
use crate::json::Json;

/// Entries of a list that are looked at one by one; a longer list is refused as a whole.
const LIST_MAX: usize = 2_000;

impl Reader {
    /// The objects of a list with their places.
    fn objects<'j>(&mut self, value: &'j Json, path: &'static str) -> Vec<(String, &'j crate::json::Object)> {
        let values = self.list(value, path);
        if values.len() > LIST_MAX {
            self.notes.problem("finding.too_many", path, "", "give fewer");
            return Vec::new();
        }
        let places = values.iter().enumerate().map(|(index, value)| (format!("{path}/{index}"), value));
        let mut out = Vec::with_capacity(values.len());
        for (place, value) in places {
            match value {
                Json::Object(members) => out.push((place, members)),
                other => {
                    self.wrong::<()>(place, other, super::HELP_TYPE_OBJECT);
                }
            }
        }
        out
    }

    fn strange(&mut self, place: &str, name: &str) {
        let steps: Vec<&str> = place.split('/').skip(1).chain([name]).collect();
        self.unknown(&steps);
    }

    pub(super) fn links(&mut self, value: &Json) -> Vec<Link> {
        let mut links = Vec::new();
        for (place, members) in self.objects(value, "/links") {
            let mut link = Link::default();
            for (name, value) in members.iter() {
                match name {
                    "label" => link.label = self.text(value, format!("{place}/label")),
                    "url" => link.url = self.text(value, format!("{place}/url")).unwrap_or_default(),
                    _ => self.strange(&place, name),
                }
            }
            links.push(link);
        }
        links
    }

    pub(super) fn claims(&mut self, value: &Json) -> Vec<Claim> {
        let mut claims = Vec::new();
        for (place, members) in self.objects(value, "/claims") {
            let mut kind = None;
            let mut claim = Claim {
                resource: String::new(),
                component: String::new(),
                base: None,
                amount: None,
                kind: ClaimKind::Resize,
                exclusive: None,
            };
            for (name, value) in members.iter() {
                let path = format!("{place}/{name}");
                match name {
                    "resource" => claim.resource = self.text(value, path).unwrap_or_default(),
                    "component" => claim.component = self.text(value, path).unwrap_or_default(),
                    "base" => claim.base = self.amount(value, path),
                    "amount" => claim.amount = self.amount(value, path),
                    "exclusive" => claim.exclusive = self.text(value, path),
                    "kind" => {
                        if let Some(text) = self.trimmed(value, path.clone()) {
                            kind = ClaimKind::of(&text.to_ascii_lowercase());
                            if kind.is_none() {
                                let help = "give `delete`, `schedule`, `replicas`, `resize`, `consolidate` or `price_class`";
                                self.not_in(path, &text, help);
                            }
                        }
                    }
                    _ => self.strange(&place, name),
                }
            }
            match kind {
                Some(kind) => claim.kind = kind,
                None => self.notes.problem("finding.missing_field", format!("{place}/kind"), "", "give it"),
            }
            claims.push(claim);
        }
        claims
    }

    /// A lifecycle without a status is none.
    pub(super) fn lifecycle(&mut self, value: &Json) -> Option<Lifecycle> {
        let members = self.object(value, "/lifecycle")?;
        let status = self.trimmed(members.get("status").unwrap_or(&Json::Null), "/lifecycle/status");
        let known = status.as_deref().and_then(|text| LifecycleStatus::of(&text.to_ascii_lowercase()));
        if let (Some(text), None) = (&status, known) {
            let help = "give `open`, `acknowledged`, `snoozed`, `ignored` or `resolved`";
            self.not_in("/lifecycle/status", text, help);
        }
        let mut lifecycle = Lifecycle {
            status: known.unwrap_or(LifecycleStatus::Open),
            first_seen_ts: None,
            last_seen_ts: None,
            opened_ts: None,
            resolved_ts: None,
            resolved_reason: None,
            snooze_until_ts: None,
            reopened_count: 0,
        };
        for (name, value) in members.iter() {
            match name {
                "status" => {}
                "first_seen_ts" => lifecycle.first_seen_ts = self.time(value, "/lifecycle/first_seen_ts"),
                "last_seen_ts" => lifecycle.last_seen_ts = self.time(value, "/lifecycle/last_seen_ts"),
                "opened_ts" => lifecycle.opened_ts = self.time(value, "/lifecycle/opened_ts"),
                "resolved_ts" => lifecycle.resolved_ts = self.time(value, "/lifecycle/resolved_ts"),
                "resolved_reason" => {
                    lifecycle.resolved_reason = self.text(value, "/lifecycle/resolved_reason");
                }
                "snooze_until_ts" => {
                    lifecycle.snooze_until_ts = self.time(value, "/lifecycle/snooze_until_ts");
                }
                "reopened_count" if empty(value) => {}
                "reopened_count" => {
                    let most = u64::from(u32::MAX);
                    let count = self.integer(value, "/lifecycle/reopened_count", most, "give 0 or more");
                    lifecycle.reopened_count =
                        count.and_then(|count| u32::try_from(count).ok()).unwrap_or_default();
                }
                _ => self.unknown(&["lifecycle", name]),
            }
        }
        known.map(|_| lifecycle)
    }

    pub(super) fn source(&mut self, value: &Json, source: &mut Source) {
        let Some(members) = self.object(value, "/source") else { return };
        for (name, value) in members.iter() {
            match name {
                "source_type" => {
                    if let Some(text) = self.trimmed(value, "/source/source_type") {
                        match SourceType::of(&text.to_ascii_lowercase()) {
                            Some(known) => source.source_type = known,
                            None => {
                                let help = "give `detector`, `scanner`, `correlation`, `import` or `api`";
                                self.not_in("/source/source_type", &text, help);
                            }
                        }
                    }
                }
                "source_ref" => source.source_ref = self.text(value, "/source/source_ref"),
                "schema_version" => self.version(value),
                "external_id" => source.external_id = self.text(value, "/source/external_id"),
                _ => self.unknown(&["source", name]),
            }
        }
    }

    fn version(&mut self, value: &Json) {
        if empty(value) {
            return;
        }
        let Json::Number(number) = value else {
            self.wrong::<()>("/source/schema_version", value, super::HELP_TYPE_INTEGER);
            return;
        };
        if !matches!(number.text(), "1" | "2") {
            let help = "give 1 or 2";
            self.notes.problem("finding.unsupported_schema", "/source/schema_version", number.text(), help);
        }
    }

    pub(super) fn lineage(&mut self, value: &Json) -> Option<Lineage> {
        let members = self.object(value, "/lineage")?;
        let mut lineage = Lineage::default();
        const ANY: u64 = i64::MAX.unsigned_abs();
        for (name, value) in members.iter() {
            match name {
                "pricing_source" => lineage.pricing_source = self.text(value, "/lineage/pricing_source"),
                "pricing_version" => lineage.pricing_version = self.text(value, "/lineage/pricing_version"),
                "pricing_date" => lineage.pricing_date = self.text(value, "/lineage/pricing_date"),
                "rule_version" => lineage.rule_version = self.text(value, "/lineage/rule_version"),
                "sources_digest" => lineage.sources_digest = self.text(value, "/lineage/sources_digest"),
                "sources_total" => {
                    lineage.sources_total =
                        self.integer(value, "/lineage/sources_total", ANY, "give 0 or more");
                }
                "depth" => lineage.depth = self.integer(value, "/lineage/depth", ANY, "give 0 or more"),
                "inputs" if empty(value) => {}
                "inputs" => lineage.inputs = Some(self.inputs(value)),
                "source_fingerprints" if empty(value) => {}
                "source_fingerprints" => {
                    const PATH: &str = "/lineage/source_fingerprints";
                    let values = self.list(value, PATH);
                    let texts = values.iter().enumerate();
                    let texts = texts.filter_map(|(at, value)| self.text(value, format!("{PATH}/{at}")));
                    lineage.source_fingerprints = Some(texts.collect());
                }
                _ => self.unknown(&["lineage", name]),
            }
        }
        Some(lineage)
    }

    fn inputs(&mut self, value: &Json) -> Vec<LineageInput> {
        let mut inputs = Vec::new();
        for (place, members) in self.objects(value, "/lineage/inputs") {
            let mut input = LineageInput { name: String::new(), sha256: String::new() };
            for (name, value) in members.iter() {
                match name {
                    "name" => input.name = self.text(value, format!("{place}/name")).unwrap_or_default(),
                    "sha256" => {
                        input.sha256 = self.text(value, format!("{place}/sha256")).unwrap_or_default()
                    }
                    _ => self.strange(&place, name),
                }
            }
            inputs.push(input);
        }
        inputs
    }
}
