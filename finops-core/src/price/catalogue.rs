use super::{
    Name, PriceError,
    compile::{self, Document, Problem},
    resolve::{self, Hit, Resolved},
    row::{self, Offering, Row, Schedule, Source},
    table::{self, Table},
};
use crate::cost::Status;
use std::{collections::BTreeSet, fmt, sync::Arc};

static BUILTIN: Table = Table::from_static(include_bytes!(concat!(env!("OUT_DIR"), "/prices.bin")));

/// The prices of models, dated and with their sources. Cheap to clone.
///
/// ```
/// use finops_core::price::{Catalogue, Match};
/// let prices = Catalogue::builtin();
/// let found = prices.resolve(None, "openai/gpt-4o")?;
/// assert_eq!((found.provider.as_str(), found.matched), ("openai", Match::ProviderPrefix));
/// // A name that resembles another one has no price.
/// assert_eq!(prices.resolve(None, "gpt-4o-ultra").unwrap_err().code(), "price.unknown_model");
/// # Ok::<(), finops_core::price::PriceError>(())
/// ```
#[derive(Clone)]
pub struct Catalogue(Handle);

#[derive(Clone)]
enum Handle {
    Builtin,
    Shared(Arc<Table>),
}

impl Default for Catalogue {
    fn default() -> Self {
        Self::builtin()
    }
}

impl fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Catalogue").field(&self.id()).finish()
    }
}

impl PartialEq for Catalogue {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for Catalogue {}

impl Catalogue {
    /// The compiled catalogue.
    #[must_use]
    pub const fn builtin() -> Self {
        Self(Handle::Builtin)
    }

    /// Reads a catalogue in the format of `data/prices/catalogue.jsonl`, in any order of its lines.
    ///
    /// # Errors
    /// `price.invalid_catalogue` with the first line that cannot be used.
    pub fn from_jsonl(text: &str) -> Result<Self, PriceError> {
        let bytes = compile::compile(text)?;
        Ok(Self(Handle::Shared(Arc::new(Table::from_bytes(&bytes)))))
    }

    /// This catalogue with the lines of `jsonl` laid over it.
    ///
    /// A price replaces every price of the same provider, model and condition; an offering, source or calendar the
    /// one of the same name; a schedule every schedule of its models. Everything else stays.
    ///
    /// # Errors
    /// As [`Catalogue::from_jsonl`].
    pub fn overlay(&self, jsonl: &str) -> Result<Self, PriceError> {
        let over = Document::parse(jsonl)?;
        let mut merged = self.document();
        let offered: BTreeSet<_> = over.offerings.iter().map(|(_, o)| (&o.provider, &o.model)).collect();
        merged.offerings.retain(|(_, o)| !offered.contains(&(&o.provider, &o.model)));
        let priced: BTreeSet<_> = over.prices.iter().map(|(_, p)| (&p.provider, &p.model, &p.when)).collect();
        merged.prices.retain(|(_, p)| !priced.contains(&(&p.provider, &p.model, &p.when)));
        for (_, schedule) in &over.schedules {
            for (_, old) in merged.schedules.iter_mut().filter(|(_, old)| old.provider == schedule.provider) {
                old.models.retain(|model| !schedule.models.contains(model));
            }
        }
        merged.schedules.retain(|(_, schedule)| !schedule.models.is_empty());
        merged.calendars.retain(|(_, c)| over.calendars.iter().all(|(_, new)| new.id != c.id));
        merged.sources.retain(|(_, s)| over.sources.iter().all(|(_, new)| new.id != s.id));
        merged.offerings.extend(over.offerings);
        merged.prices.extend(over.prices);
        merged.schedules.extend(over.schedules);
        merged.calendars.extend(over.calendars);
        merged.sources.extend(over.sources);
        let bytes = compile::compile_document(&merged, &merged.text())?;
        Ok(Self(Handle::Shared(Arc::new(Table::from_bytes(&bytes)))))
    }

    /// `cat-<date>-<12 hex of the SHA-256 of the text>`.
    #[must_use]
    pub fn id(&self) -> &str {
        self.table().text(self.table().identity().0)
    }

    /// The date of the youngest source, `YYYY-MM-DD`.
    #[must_use]
    pub fn generated(&self) -> &str {
        self.table().text(self.table().identity().1)
    }

    /// Finds what is sold as `model`: exactly, or by one of the anchored forms of [`Match`](super::Match).
    ///
    /// # Errors
    /// `price.unknown_provider`, `price.unknown_model`, `price.ambiguous_model`.
    pub fn resolve(&self, provider: Option<&str>, model: &str) -> Result<Resolved, PriceError> {
        resolve::find(self.table(), provider, model)
            .map(|hit| self.resolved(&hit))
            .map_err(|miss| resolve::explain(self, miss, provider, model))
    }

    /// Every offering, by provider and model.
    pub fn offerings(&self) -> impl Iterator<Item = Offering> + '_ {
        let mut aliases: Vec<Vec<String>> = vec![Vec::new(); self.table().offering_count()];
        for name in self.table().names() {
            for candidate in self.table().candidates(name).filter(|c| c.alias) {
                if let Some(of_offering) = aliases.get_mut(usize::from(candidate.offering)) {
                    of_offering.push(self.table().text(name.text).to_owned());
                }
            }
        }
        self.packed().zip(aliases).map(|((_, offering), aliases)| self.offering_line(&offering, aliases))
    }

    /// Every price, by provider, model, condition, threshold and time.
    pub fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        self.packed().flat_map(|(_, offering)| self.rows_of_packed(&offering))
    }

    /// The prices of an offering; none when it is not listed.
    #[must_use]
    pub fn rows_of(&self, provider: &str, model: &str) -> Vec<Row> {
        let found = resolve::find(self.table(), Some(provider), model).ok();
        let offering = found.and_then(|hit| self.table().offering(hit.offering));
        offering.map(|offering| self.rows_of_packed(&offering)).unwrap_or_default()
    }

    /// The offering of that provider and model; `None` when it is not listed.
    #[must_use]
    pub fn offering(&self, provider: Option<&str>, model: &str) -> Option<Offering> {
        let hit = resolve::find(self.table(), provider, model).ok()?;
        let offering = self.table().offering(hit.offering)?;
        Some(self.offering_line(&offering, self.aliases_of(hit.offering)))
    }

    /// Every source, by id.
    pub fn sources(&self) -> impl Iterator<Item = Source> + '_ {
        (0..u16::MAX).map_while(|index| self.table().source(index)).map(|strings| self.source_line(strings))
    }

    /// Every schedule.
    #[must_use]
    pub fn schedules(&self) -> Vec<Schedule> {
        self.document().schedules.into_iter().map(|(_, schedule)| schedule).collect()
    }

    /// The text of the catalogue: keys and lines sorted.
    #[must_use]
    pub fn to_jsonl(&self) -> String {
        self.document().text()
    }

    pub(crate) fn table(&self) -> &Table {
        match &self.0 {
            Handle::Builtin => &BUILTIN,
            Handle::Shared(table) => table,
        }
    }

    /// A string of the table as a name, without a copy where it is compiled in.
    pub(crate) fn name(&self, string: u16) -> Name {
        let table = self.table();
        table.static_text(string).map_or_else(|| Name::from(table.text(string)), Name::from_static)
    }

    pub(crate) fn resolved(&self, hit: &Hit) -> Resolved {
        let table = self.table();
        let (provider, model) = table
            .offering(hit.offering)
            .map(|offering| (self.name(table.provider(offering.provider)), self.name(offering.model)))
            .unwrap_or((Name::from_static(""), Name::from_static("")));
        let status = if hit.snapshot { Status::Estimated } else { Status::Priced };
        Resolved { provider, model, matched: hit.matched, status, assumptions: hit.assumptions }
    }

    /// The row at `index` of the table, which belongs to `offering`.
    pub(crate) fn row_at(&self, offering: u16, index: u32) -> Option<Row> {
        let table = self.table();
        let offering = table.offering(offering)?;
        let provider = table.text(table.provider(offering.provider));
        let row = table.row(index)?;
        Some(Row::new(row::price_line(table, provider, table.text(offering.model), &row)))
    }

    fn packed(&self) -> impl Iterator<Item = (u16, table::Offering)> + '_ {
        (0..u16::MAX).map_while(|index| Some((index, self.table().offering(index)?)))
    }

    fn rows_of_packed(&self, offering: &table::Offering) -> Vec<Row> {
        let table = self.table();
        let provider = table.text(table.provider(offering.provider));
        let model = table.text(offering.model);
        table.rows_of(*offering).map(|row| Row::new(row::price_line(table, provider, model, &row))).collect()
    }

    fn offering_line(&self, offering: &table::Offering, aliases: Vec<String>) -> Offering {
        let table = self.table();
        Offering {
            aliases,
            cache_min_tokens: Some(offering.cache_min_tokens).filter(|tokens| *tokens != 0),
            first_party: offering.first_party,
            model: table.text(offering.model).to_owned(),
            provider: table.text(table.provider(offering.provider)).to_owned(),
            status: offering.retired.then(|| "retired".to_owned()),
        }
    }

    fn aliases_of(&self, index: u16) -> Vec<String> {
        let table = self.table();
        let names = table.names();
        let aliases = names.filter(|name| table.candidates(*name).any(|c| c.alias && c.offering == index));
        aliases.map(|name| table.text(name.text).to_owned()).collect()
    }

    fn source_line(&self, strings: [u16; 5]) -> Source {
        let [id, url, origin, licence, retrieved] =
            strings.map(|string| self.table().text(string).to_owned());
        Source { id, licence, origin, retrieved, url }
    }

    /// The lines that the table was compiled from.
    pub(super) fn document(&self) -> Document {
        let table = self.table();
        let offerings = self.offerings().map(|offering| (0, offering)).collect();
        let mut document = Document { offerings, ..Document::default() };
        let mut scheduled: Vec<Vec<String>> = Vec::new();
        for (_, offering) in self.packed() {
            let model = table.text(offering.model);
            let provider = table.text(table.provider(offering.provider));
            for row in table.rows_of(offering) {
                document.prices.push((0, row::price_line(table, provider, model, &row)));
            }
            for (index, schedule) in table.schedules_of(offering) {
                let index = usize::from(index);
                if scheduled.len() <= index {
                    scheduled.resize(index.saturating_add(1), Vec::new());
                    document.schedules.resize(index.saturating_add(1), (0, Schedule::default()));
                }
                if let (Some((_, line)), Some(models)) =
                    (document.schedules.get_mut(index), scheduled.get_mut(index))
                {
                    if models.is_empty() {
                        *line = row::schedule_line(table, provider, &schedule);
                    }
                    models.push(model.to_owned());
                }
            }
        }
        for ((_, line), models) in document.schedules.iter_mut().zip(scheduled) {
            line.models = models;
        }
        document.calendars = (0..u16::MAX)
            .map_while(|index| table.calendar(index))
            .map(|calendar| (0, row::calendar_line(table, &calendar)))
            .collect();
        document.sources = self.sources().map(|source| (0, source)).collect();
        document
    }
}

impl From<Problem> for PriceError {
    fn from(problem: Problem) -> Self {
        Self::InvalidCatalogue { line: problem.line, problem: problem.text }
    }
}
