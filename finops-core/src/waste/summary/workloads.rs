//! Workloads in a few blocks of memory: rows of one size, and the texts of all of them in one string.
//!
//! Who reads a cluster again and again, in a process that does other things too, pays for every small piece of memory: a heap
//! in use has them wherever a gap is. A run keeps the workloads that it looked at, so they are to be small as well.

use super::read::Field;
use crate::waste::Ratio;
use std::{borrow::Cow, collections::BTreeMap, fmt, mem, num::NonZero};

/// A workload on its way into [`Workloads`]; all amounts are totals over its replicas.
#[derive(Debug, Clone, Default)]
pub struct NewWorkload<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The team that owns it; an empty one is none.
    pub team: Option<&'a str>,
    /// What it is, for example `Deployment`; an empty one is none.
    pub kind: Option<&'a str>,
    /// Cores requested.
    pub cpu_request: Field,
    /// Cores used.
    pub cpu_usage: Field,
    /// Cores at most.
    pub cpu_limit: Field,
    /// GB requested.
    pub memory_request: Field,
    /// GB used.
    pub memory_usage: Field,
    /// GB at most.
    pub memory_limit: Field,
    /// Pods.
    pub replicas: Field,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

/// A number in one word: a decimal by its digits and places, or where another one stands.
#[derive(Debug, Clone, Copy)]
struct Cell(u64);

/// Bits of a cell below its digits: the places of the decimal, or one of the two values below.
const TAG_BITS: u32 = 8;
const TAG: u64 = (1 << TAG_BITS) - 1;
/// Nothing is given.
const ABSENT: u64 = 0xff;
/// What no cell holds: its place in the list of those.
const ELSEWHERE: u64 = 0xfe;

impl Cell {
    fn new(field: Field, elsewhere: &mut Vec<Field>) -> Self {
        if matches!(field, Field::Absent) {
            return Self(ABSENT);
        }
        let decimal = field.known().and_then(Ratio::decimal);
        if let Some((digits, places)) = decimal.filter(|(digits, _)| *digits <= u64::MAX >> TAG_BITS) {
            return Self((digits << TAG_BITS) | u64::from(places));
        }
        let place = u64::try_from(elsewhere.len()).unwrap_or(u64::MAX);
        elsewhere.push(field);
        Self((place << TAG_BITS) | ELSEWHERE)
    }

    fn field(self, elsewhere: &[Field]) -> Cow<'_, Field> {
        let value = self.0 >> TAG_BITS;
        match self.0 & TAG {
            ABSENT => Cow::Owned(Field::Absent),
            ELSEWHERE => {
                let place = usize::try_from(value).unwrap_or(usize::MAX);
                elsewhere.get(place).map_or(Cow::Owned(Field::Absent), Cow::Borrowed)
            }
            places => Cow::Owned(Ratio::from_decimal(value, places).map_or(Field::Absent, Field::Known)),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Row {
    /// Where its texts begin, and where each of them ends: the next one begins there.
    start: usize,
    namespace: usize,
    name: usize,
    team: usize,
    kind: usize,
    cpu_request: Cell,
    cpu_usage: Cell,
    cpu_limit: Cell,
    memory_request: Cell,
    memory_usage: Cell,
    memory_limit: Cell,
    replicas: Cell,
    /// One more than the place of its labels.
    labels: Option<NonZero<usize>>,
    is_repeated: bool,
}

/// The workloads of a cluster, in the order in which they were added until they are sorted.
///
/// ```
/// use finops_core::waste::{Ratio, summary::{Field, NewWorkload, Workloads}};
/// let mut all = Workloads::default();
/// let cpu_request = Field::Known(Ratio::thousandths(250));
/// all.push(NewWorkload { namespace: "shop", name: "web", cpu_request, ..NewWorkload::default() });
/// let web = all.find("shop", "web").ok_or("not there")?;
/// assert_eq!(web.cpu_request().known(), Some(&Ratio::thousandths(250)));
/// assert_eq!((web.team(), web.cpu_usage().known()), (None, None));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Default)]
pub struct Workloads {
    text: String,
    rows: Vec<Row>,
    /// What no cell holds: refused values, and numbers that are no decimals of few digits.
    elsewhere: Vec<Field>,
    labels: Vec<BTreeMap<String, String>>,
}

/// A text of a cluster is guessed to have so many bytes with its namespace and team, for room ahead.
const TEXT_GUESS: usize = 32;

impl Workloads {
    /// Makes room for so many more workloads.
    pub fn reserve(&mut self, count: usize) {
        self.rows.reserve_exact(count);
        self.text.reserve(count.saturating_mul(TEXT_GUESS));
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Workload<'_>> + DoubleEndedIterator {
        self.rows.iter().map(|row| Workload { all: self, row })
    }

    /// The one of this name; records must be sorted.
    #[must_use]
    pub fn find(&self, namespace: &str, name: &str) -> Option<Workload<'_>> {
        let place = self.rows.binary_search_by(|row| row.names(&self.text).cmp(&(namespace, name))).ok()?;
        self.rows.get(place).map(|row| Workload { all: self, row })
    }

    /// Adds one at the end.
    pub fn push(&mut self, new: NewWorkload<'_>) {
        let start = self.text.len();
        let mut add = |text: &str| {
            self.text.push_str(text);
            self.text.len()
        };
        let namespace = add(new.namespace);
        let name = add(new.name);
        let team = add(new.team.unwrap_or_default());
        let kind = add(new.kind.unwrap_or_default());
        let labels = (!new.labels.is_empty()).then(|| {
            self.labels.push(new.labels);
            self.labels.len()
        });
        let mut cell = |field| Cell::new(field, &mut self.elsewhere);
        self.rows.push(Row {
            start,
            namespace,
            name,
            team,
            kind,
            cpu_request: cell(new.cpu_request),
            cpu_usage: cell(new.cpu_usage),
            cpu_limit: cell(new.cpu_limit),
            memory_request: cell(new.memory_request),
            memory_usage: cell(new.memory_usage),
            memory_limit: cell(new.memory_limit),
            replicas: cell(new.replicas),
            labels: labels.and_then(NonZero::new),
            is_repeated: false,
        });
    }

    /// Brings them into the order of their names; `false` where two have the same one.
    pub(super) fn sort(&mut self) -> bool {
        let text = self.text.as_str();
        let in_order = |rows: &[Row]| rows.is_sorted_by(|one, other| one.names(text) < other.names(text));
        if in_order(&self.rows) {
            return true;
        }
        self.rows.sort_by(|one, other| one.names(text).cmp(&other.names(text)));
        in_order(&self.rows)
    }

    /// Sorts them; of equal ones one stays, unequal ones of the same name are marked.
    pub(super) fn settle(&mut self) {
        if self.sort() {
            return;
        }
        let mut kept: Vec<Row> = Vec::with_capacity(self.rows.len());
        for row in mem::take(&mut self.rows) {
            match kept.last_mut().filter(|last| last.names(&self.text) == row.names(&self.text)) {
                Some(last) if (Workload { all: self, row: last } == Workload { all: self, row: &row }) => {}
                Some(last) => last.is_repeated = true,
                None => kept.push(row),
            }
        }
        self.rows = kept;
    }
}

impl PartialEq for Workloads {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Workloads {}

impl fmt::Debug for Workloads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Row {
    fn names<'a>(&self, text: &'a str) -> (&'a str, &'a str) {
        let of = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
        (of(self.start, self.namespace), of(self.namespace, self.name))
    }
}

/// A workload as it stands in [`Workloads`].
#[derive(Clone, Copy)]
pub struct Workload<'a> {
    all: &'a Workloads,
    row: &'a Row,
}

impl<'a> Workload<'a> {
    fn word(self, from: usize, to: usize) -> Option<&'a str> {
        self.all.text.get(from..to).filter(|word| !word.is_empty())
    }

    fn field(self, cell: Cell) -> Cow<'a, Field> {
        cell.field(&self.all.elsewhere)
    }

    /// Its namespace.
    #[must_use]
    pub fn namespace(self) -> &'a str {
        self.row.names(&self.all.text).0
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.row.names(&self.all.text).1
    }

    /// The team that owns it.
    #[must_use]
    pub fn team(self) -> Option<&'a str> {
        self.word(self.row.name, self.row.team)
    }

    /// What it is, for example `Deployment`.
    #[must_use]
    pub fn kind(self) -> Option<&'a str> {
        self.word(self.row.team, self.row.kind)
    }

    /// Cores requested.
    #[must_use]
    pub fn cpu_request(self) -> Cow<'a, Field> {
        self.field(self.row.cpu_request)
    }

    /// Cores used.
    #[must_use]
    pub fn cpu_usage(self) -> Cow<'a, Field> {
        self.field(self.row.cpu_usage)
    }

    /// Cores at most.
    #[must_use]
    pub fn cpu_limit(self) -> Cow<'a, Field> {
        self.field(self.row.cpu_limit)
    }

    /// GB requested.
    #[must_use]
    pub fn memory_request(self) -> Cow<'a, Field> {
        self.field(self.row.memory_request)
    }

    /// GB used.
    #[must_use]
    pub fn memory_usage(self) -> Cow<'a, Field> {
        self.field(self.row.memory_usage)
    }

    /// GB at most.
    #[must_use]
    pub fn memory_limit(self) -> Cow<'a, Field> {
        self.field(self.row.memory_limit)
    }

    /// Pods.
    #[must_use]
    pub fn replicas(self) -> Cow<'a, Field> {
        self.field(self.row.replicas)
    }

    /// Its labels by key; a value that is no text is none.
    pub fn labels(self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let place = self.row.labels.and_then(|place| place.get().checked_sub(1));
        let labels = place.and_then(|place| self.all.labels.get(place));
        labels.into_iter().flatten().map(|(key, of)| (key.as_str(), of.as_str()))
    }

    /// Whether another record has the same name.
    #[must_use]
    pub const fn is_repeated(self) -> bool {
        self.row.is_repeated
    }

    /// Its numbers: CPU, memory, replicas.
    fn numbers(self) -> [Cow<'a, Field>; 7] {
        [
            self.cpu_request(),
            self.cpu_usage(),
            self.cpu_limit(),
            self.memory_request(),
            self.memory_usage(),
            self.memory_limit(),
            self.replicas(),
        ]
    }

    fn words(self) -> (&'a str, &'a str, Option<&'a str>, Option<&'a str>) {
        (self.namespace(), self.name(), self.team(), self.kind())
    }
}

impl PartialEq for Workload<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.words() == other.words()
            && self.is_repeated() == other.is_repeated()
            && self.numbers() == other.numbers()
            && self.labels().eq(other.labels())
    }
}

impl Eq for Workload<'_> {}

impl fmt::Debug for Workload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (words, numbers) = (self.words(), self.numbers());
        let labels: Vec<_> = self.labels().collect();
        f.debug_tuple("Workload")
            .field(&words)
            .field(&numbers)
            .field(&labels)
            .field(&self.is_repeated())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields() -> impl Strategy<Value = Field> {
        prop_oneof![
            Just(Field::Absent),
            (any::<u64>(), 0_i32..20).prop_map(|(digits, places)| {
                Field::Known(Ratio::parse(&format!("{digits}e-{places}")).unwrap())
            }),
            (any::<u32>(), 1_i128..1000).prop_map(|(n, d)| Field::Known(Ratio::new(n.into(), d).unwrap())),
            "[0-9]{40,60}".prop_map(|digits| Field::Known(Ratio::parse(&digits).unwrap())),
            "[a-z.]{1,8}".prop_map(Field::Bad),
        ]
    }

    proptest! {
        /// What comes out is what went in, whatever stands before and behind it.
        #[test]
        fn a_workload_is_kept_as_it_is(
            rows in prop::collection::vec(
                ("[a-cé]{0,3}", "[a-cé]{0,3}", prop::option::of("[a-z]{0,9}"), prop::collection::vec(fields(), 7),
                    prop::collection::btree_map("[a-z]{1,3}", "[a-z]{0,3}", 0..3)),
                0..12,
            ),
        ) {
            let mut all = Workloads::default();
            let mut expected = Vec::new();
            for (namespace, name, team, numbers, labels) in &rows {
                let [cpu_request, cpu_usage, cpu_limit, memory_request, memory_usage, memory_limit, replicas] =
                    <[Field; 7]>::try_from(numbers.clone()).unwrap();
                all.push(NewWorkload {
                    namespace, name, team: team.as_deref(), kind: team.as_deref(), cpu_request, cpu_usage, cpu_limit,
                    memory_request, memory_usage, memory_limit, replicas, labels: labels.clone(),
                });
                let team = team.as_deref().filter(|team| !team.is_empty());
                let labels: Vec<_> = labels.iter().map(|(key, of)| (key.as_str(), of.as_str())).collect();
                expected.push(((namespace.as_str(), name.as_str(), team, team), numbers, labels));
            }
            prop_assert_eq!(all.len(), expected.len());
            for (row, (words, numbers, labels)) in all.iter().zip(&expected) {
                prop_assert_eq!(row.words(), *words);
                let kept = row.numbers().map(Cow::into_owned);
                prop_assert_eq!(kept.as_slice(), numbers.as_slice());
                prop_assert_eq!(&row.labels().collect::<Vec<_>>(), labels);
            }
            prop_assert_eq!(&all, &all.clone());
            let names: std::collections::BTreeSet<_> = expected.iter().map(|(words, ..)| (words.0, words.1)).collect();
            let mut settled = all.clone();
            prop_assert_eq!(settled.sort(), names.len() == rows.len());
            settled.settle();
            prop_assert!(settled.iter().map(|row| (row.namespace(), row.name())).eq(names.iter().copied()));
            for (namespace, name) in names {
                let same: Vec<_> = all.iter().filter(|row| (row.namespace(), row.name()) == (namespace, name)).collect();
                let is_repeated = same.iter().any(|row| row != &same[0]);
                let found = settled.find(namespace, name).unwrap();
                prop_assert_eq!((found.is_repeated(), found.numbers()), (is_repeated, same[0].numbers()));
            }
        }
    }

    #[test]
    fn a_row_is_112_bytes() {
        assert_eq!(size_of::<Row>(), 112);
    }
}
