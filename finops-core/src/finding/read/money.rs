//! Amounts, shares and severity of a record.

use super::{
    super::{
        map::Map,
        money::{AmountError, Attos},
        parts::{Basis, Estimated, Level, Severity, Share},
        problem::count,
        record::FindingDraft,
        validate::currency,
    },
    Path, Reader, empty,
};
use crate::json::{Json, pointer_of};

/// Flat names of the public system for members of `estimated`, and that object itself.
#[derive(Default)]
pub(super) struct Aliases<'j> {
    estimated: Option<&'j Json>,
    monthly_savings: Option<&'j Json>,
    monthly_cost: Option<&'j Json>,
    confidence: Option<&'j Json>,
    notes: Option<&'j Json>,
}

impl<'j> Aliases<'j> {
    pub(super) fn take(&mut self, name: &str, value: &'j Json) -> bool {
        let slot = match name {
            "estimated" => &mut self.estimated,
            "estimated_monthly_savings" => &mut self.monthly_savings,
            "estimated_monthly_cost" => &mut self.monthly_cost,
            "estimate_confidence" => &mut self.confidence,
            "estimate_notes" => &mut self.notes,
            _ => return false,
        };
        *slot = Some(value);
        true
    }
}

/// The hundredths that a word of confidence stands for.
fn word_percent(word: &str) -> Option<u8> {
    match word {
        "low" => Some(30),
        "medium" => Some(60),
        "high" => Some(85),
        _ => None,
    }
}

impl Reader {
    pub(super) fn amounts(&mut self, aliases: &Aliases<'_>, draft: &mut FindingDraft) {
        let estimated = &mut draft.estimated;
        if let Some(members) = aliases.estimated.and_then(|value| self.object(value, "/estimated")) {
            for (name, value) in members.iter() {
                self.estimated(name, value, estimated);
            }
        }
        if let Some(value) = aliases.monthly_savings.filter(|value| !empty(value)) {
            count(&mut self.notes.counts.aliases);
            let amount = self.amount(value, "/estimated_monthly_savings");
            self.instead(
                &mut estimated.monthly_savings,
                "/estimated/monthly_savings",
                amount,
                "/estimated_monthly_savings",
            );
        }
        if let Some(value) = aliases.monthly_cost.filter(|value| !empty(value)) {
            count(&mut self.notes.counts.aliases);
            let amount = self.amount(value, "/estimated_monthly_cost");
            self.instead(
                &mut estimated.monthly_cost,
                "/estimated/monthly_cost",
                amount,
                "/estimated_monthly_cost",
            );
        }
        if let Some(value) = aliases.confidence.filter(|value| !empty(value)) {
            count(&mut self.notes.counts.aliases);
            let percent = self.percent(value, "/estimate_confidence");
            self.instead(&mut estimated.confidence, "/estimated/confidence", percent, "/estimate_confidence");
        }
        if let Some(value) = aliases.notes.filter(|value| !empty(value)) {
            count(&mut self.notes.counts.aliases);
            let text = self.text(value, "/estimate_notes");
            self.instead(&mut estimated.notes, "/estimated/notes", text, "/estimate_notes");
        }
        // The writer of version 1 stores 0.0 for an amount that it does not know.
        if self.old && estimated.confidence == Some(0) {
            for amount in [
                &mut estimated.monthly_savings,
                &mut estimated.monthly_cost,
                &mut estimated.one_time_savings,
                &mut estimated.realizable_monthly,
                &mut estimated.cost_increase_monthly,
            ] {
                amount.take_if(|amount| *amount == Attos::ZERO);
            }
        }
    }

    fn estimated(&mut self, name: &str, value: &Json, estimated: &mut Estimated) {
        match name {
            "currency" => {
                if let Some(text) = self.trimmed(value, "/estimated/currency") {
                    estimated.currency = currency(&text);
                    if estimated.currency.is_none() {
                        let help = "write three letters of ISO 4217 such as `USD`";
                        self.not_in("/estimated/currency", &text, help);
                    }
                }
            }
            "monthly_savings" => estimated.monthly_savings = self.amount(value, "/estimated/monthly_savings"),
            "monthly_cost" => estimated.monthly_cost = self.amount(value, "/estimated/monthly_cost"),
            "one_time_savings" => {
                estimated.one_time_savings = self.amount(value, "/estimated/one_time_savings")
            }
            "realizable_monthly" => {
                estimated.realizable_monthly = self.amount(value, "/estimated/realizable_monthly");
            }
            "realizable_reason" => {
                estimated.realizable_reason = self.text(value, "/estimated/realizable_reason");
            }
            "cost_increase_monthly" => {
                estimated.cost_increase_monthly = self.amount(value, "/estimated/cost_increase_monthly");
            }
            "confidence" => estimated.confidence = self.percent(value, "/estimated/confidence"),
            "additive" => estimated.additive = self.flag(value, "/estimated/additive").unwrap_or(true),
            "reason" => estimated.reason = self.text(value, "/estimated/reason"),
            "notes" => estimated.notes = self.text(value, "/estimated/notes"),
            _ => self.unknown(&["estimated", name]),
        }
    }

    /// An amount: digits as a number or as text; an empty text is none.
    pub(super) fn amount(&mut self, value: &Json, path: impl Into<Path>) -> Option<Attos> {
        let path = path.into();
        let text = match value {
            value if empty(value) => return None,
            Json::Number(number) => number.text(),
            Json::String(text) => text,
            other => return self.wrong(path, other, "give a decimal, best as text"),
        };
        match Attos::parse(text) {
            Ok(amount) => Some(amount),
            Err(error) => {
                self.notes.problem(error.code(), path, text, error.help());
                None
            }
        }
    }

    /// Whole hundredths: 0 to 100, or a word of the public system.
    fn percent(&mut self, value: &Json, path: &'static str) -> Option<u8> {
        const HELP: &str = "give a whole number from 0 to 100";
        match value {
            Json::String(text) if text.trim().is_empty() => None,
            Json::String(text) => {
                let percent = word_percent(&text.trim().to_ascii_lowercase());
                match percent {
                    Some(_) => count(&mut self.notes.counts.aliases),
                    None => self.not_in(path, text, HELP),
                }
                percent
            }
            other => self.integer(other, path, 100, HELP).and_then(|value| u8::try_from(value).ok()),
        }
    }

    /// A share of one, rounded down to four places.
    pub(super) fn share(&mut self, value: &Json, path: &'static str) -> Option<Share> {
        const HELP: &str = "give a decimal from 0 to 1";
        /// 10^-4 in 10^-18.
        const PART: i128 = 100_000_000_000_000;
        let text = match value {
            value if empty(value) => return None,
            Json::Number(number) => number.text(),
            Json::String(text) => {
                if let Some(percent) = word_percent(&text.trim().to_ascii_lowercase()) {
                    count(&mut self.notes.counts.aliases);
                    return Share::from_percent(percent);
                }
                text
            }
            other => return self.wrong(path, other, HELP),
        };
        let amount = match Attos::parse(text) {
            Ok(amount) => amount,
            Err(AmountError::Grammar) => {
                self.not_in(path, text, HELP);
                return None;
            }
            Err(error @ AmountError::TooPrecise) => {
                self.notes.problem(error.code(), path, text, error.help());
                return None;
            }
            Err(AmountError::Overflow) => {
                self.notes.problem("finding.out_of_range", path, text, HELP);
                return None;
            }
        };
        let within = (Attos::ZERO..=Attos::from_units(1)).contains(&amount);
        let parts = amount.get().checked_div(PART).and_then(|parts| u16::try_from(parts).ok());
        let share = parts.filter(|_| within).and_then(Share::from_ten_thousandths);
        if share.is_none() {
            self.notes.problem("finding.out_of_range", path, text, HELP);
        }
        share
    }

    pub(super) fn metrics(&mut self, value: &Json) -> Map<Attos> {
        let Some(members) = self.object(value, "/metrics") else { return Map::new() };
        let mut entries = Vec::with_capacity(members.len());
        for (name, value) in members.iter() {
            if let Some(amount) = self.amount(value, pointer_of(["metrics", name])) {
                entries.push((name.to_owned(), amount));
            }
        }
        entries.into()
    }

    /// A severity as an object, or the bare level of the public system.
    pub(super) fn severity(&mut self, value: Option<&Json>, draft: &mut FindingDraft) {
        let Some(value) = value.filter(|value| !empty(value)) else { return };
        if let Json::String(text) = value {
            count(&mut self.notes.counts.aliases);
            let level = self.level(text, "/severity");
            draft.severity =
                level.map(|level| Severity { level, score: level.base_score(), basis: Basis::Given });
            return;
        }
        let Some(members) = self.object(value, "/severity") else { return };
        let (mut level, mut score, mut basis) = (None, None, None);
        for (name, value) in members.iter() {
            match name {
                "level" => {
                    if let Some(text) = self.trimmed(value, "/severity/level") {
                        level = self.level(&text, "/severity/level");
                    }
                }
                "score" => score = self.integer(value, "/severity/score", 1000, "give 0 to 1000"),
                "basis" => {
                    if let Some(text) = self.trimmed(value, "/severity/basis") {
                        basis = Basis::of(&text.to_ascii_lowercase());
                        if basis.is_none() {
                            let help = "give `given`, `check`, `money` or `rule`, or leave it out";
                            self.not_in("/severity/basis", &text, help);
                        }
                    }
                }
                _ => self.unknown(&["severity", name]),
            }
        }
        let score = score.and_then(|score| u16::try_from(score).ok());
        let level = level.or_else(|| score.map(Level::of_score));
        draft.severity = level.map(|level| Severity {
            level,
            score: score.unwrap_or_else(|| level.base_score()),
            basis: basis.unwrap_or(Basis::Given),
        });
    }

    fn level(&mut self, text: &str, path: &'static str) -> Option<Level> {
        let level = Level::of(&text.trim().to_ascii_lowercase());
        if level.is_none() {
            self.not_in(path, text, "give `info`, `low`, `medium`, `high` or `critical`");
        }
        level
    }
}
