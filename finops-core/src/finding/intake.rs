//! Records as they come: lines in pieces of any length, values, or both.

use super::{
    batch::{Batch, Rejection, Validated},
    problem::Problem,
    read::LINE_MAX,
    validate::{Checked, Validator},
};
use crate::{error::Fault, json::Json};

/// What became of one record: its place in the input, and the record or what is wrong with it.
pub type Judged = (usize, Result<Checked, Vec<Problem>>);

/// Cuts JSON Lines that come in pieces of any length, and counts records.
///
/// Memory is bounded: of a line that is longer than any record only the start is kept, which is refused.
#[derive(Debug, Clone, Default)]
struct Lines {
    /// The start of a line whose end has not come yet.
    rest: Vec<u8>,
    next: usize,
}

impl Lines {
    fn place(&mut self) -> usize {
        let place = self.next;
        self.next = place.saturating_add(1);
        place
    }

    fn piece(&mut self, mut bytes: &[u8], mut each: impl FnMut(usize, &[u8])) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (line, more) = bytes.split_at(end);
            let place = self.place();
            if self.rest.is_empty() {
                each(place, line);
            } else {
                self.keep(line);
                each(place, &self.rest);
                self.rest.clear();
            }
            bytes = more.get(1..).unwrap_or_default();
        }
        self.keep(bytes);
    }

    /// One byte more than a line may have is enough to refuse it.
    fn keep(&mut self, bytes: &[u8]) {
        let room = LINE_MAX.saturating_add(1).saturating_sub(self.rest.len());
        self.rest.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    fn end(&mut self, each: impl FnOnce(usize, &[u8])) {
        if !self.rest.is_empty() {
            let place = self.place();
            each(place, &std::mem::take(&mut self.rest));
        }
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

/// Judges records one by one and holds none, so that a file of any length needs the memory of a line: duplicates are not
/// looked for, and there is no total order.
///
/// ```
/// use finops_core::finding::{RecordStream, RunContext, Validator};
/// let mut stream = RecordStream::new(Validator::new(&RunContext::default())?);
/// let mut judged = Vec::new();
/// stream.piece(b"{}\n\n[", |one| judged.push(one));
/// stream.piece(b"]", |one| judged.push(one));
/// stream.end(|one| judged.push(one));
/// let codes = judged.iter().map(|(place, found)| (*place, found.as_ref().unwrap_err()[0].code)).collect::<Vec<_>>();
/// assert_eq!(codes, [(0, "finding.missing_field"), (2, "finding.not_object")]);
/// # Ok::<(), finops_core::error::Fault>(())
/// ```
#[derive(Debug, Clone)]
pub struct RecordStream {
    validator: Validator,
    lines: Lines,
}

impl RecordStream {
    /// A stream of which nothing was read.
    #[must_use]
    pub fn new(validator: Validator) -> Self {
        Self { validator, lines: Lines::default() }
    }

    /// Takes the next bytes of JSON Lines; they need not end where a line ends. Blank lines are counted and skipped.
    pub fn piece(&mut self, bytes: &[u8], mut each: impl FnMut(Judged)) {
        let validator = &mut self.validator;
        self.lines.piece(bytes, |place, line| {
            if !is_blank(line) {
                each((place, validator.line(line)));
            }
        });
    }

    /// Takes a record; a line that was not finished ends before it.
    pub fn record(&mut self, record: &Json, mut each: impl FnMut(Judged)) {
        self.end(&mut each);
        let place = self.lines.place();
        each((place, self.validator.record(record)));
    }

    /// Takes a record that could not be read, and why.
    pub fn refuse(&mut self, problems: Vec<Problem>, mut each: impl FnMut(Judged)) {
        self.end(&mut each);
        let place = self.lines.place();
        each((place, Err(problems)));
    }

    /// The last line, where no line feed ends it.
    pub fn end(&mut self, each: impl FnOnce(Judged)) {
        let validator = &mut self.validator;
        self.lines.end(|place, line| {
            if !is_blank(line) {
                each((place, validator.line(line)));
            }
        });
    }

    /// The validator, which has counted what was changed.
    #[must_use]
    pub const fn validator(&self) -> &Validator {
        &self.validator
    }
}

/// Takes records into a table: in total order, of each issue of a run one.
#[derive(Debug, Clone)]
pub struct Intake {
    stream: RecordStream,
    batch: Batch,
    strict: bool,
}

impl Intake {
    /// An intake without records. A `strict` one fails on the first bad record.
    #[must_use]
    pub fn new(validator: Validator, strict: bool) -> Self {
        Self { batch: Batch::new(validator.clone()), stream: RecordStream::new(validator), strict }
    }

    /// Takes the next bytes of JSON Lines; they need not end where a line ends.
    ///
    /// # Errors
    /// Where it is strict, the first error of the first bad record.
    pub fn piece(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let Self { stream, batch, .. } = self;
        stream.piece(bytes, |(place, result)| batch.take(place, result));
        self.check()
    }

    /// Takes a record.
    ///
    /// # Errors
    /// As [`Self::piece`].
    pub fn record(&mut self, record: &Json) -> Result<(), Fault> {
        let Self { stream, batch, .. } = self;
        stream.record(record, |(place, result)| batch.take(place, result));
        self.check()
    }

    /// Takes a record that could not be read, and why.
    ///
    /// # Errors
    /// As [`Self::piece`].
    pub fn refuse(&mut self, problems: Vec<Problem>) -> Result<(), Fault> {
        let Self { stream, batch, .. } = self;
        stream.refuse(problems, |(place, result)| batch.take(place, result));
        self.check()
    }

    fn check(&self) -> Result<(), Fault> {
        match self.batch.first_refused().filter(|_| self.strict) {
            Some(first) => Err(first.to_fault()),
            None => Ok(()),
        }
    }

    /// The table.
    ///
    /// # Errors
    /// As [`Self::piece`]; a strict intake also refuses two different records of one issue.
    pub fn finish(mut self) -> Result<Validated, Fault> {
        let Self { stream, batch, .. } = &mut self;
        stream.end(|(place, result)| batch.take(place, result));
        self.check()?;
        let counts = self.stream.validator().counts();
        self.batch.count(&counts);
        let validated = self.batch.finish();
        match validated.rejected.first().filter(|_| self.strict) {
            Some(first) => Err(first.to_fault()),
            None => Ok(validated),
        }
    }
}

impl Rejection {
    /// The first error as one fault, its path below `records`.
    #[must_use]
    pub fn to_fault(&self) -> Fault {
        let place = self.index;
        match self.errors.first() {
            None => Fault::new(
                "finding.not_object",
                format!("records/{place}"),
                "it is refused",
                "give a finding",
            ),
            Some(Problem { path, code, value, help }) => {
                Fault::new(code, format!("records/{place}{path}"), format!("`{value}` is refused"), help)
            }
        }
    }

    /// `index` and `errors`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let errors = Json::array(self.errors.iter().map(Problem::to_json));
        Json::object([("index", Json::from(self.index)), ("errors", errors)])
    }
}

#[cfg(test)]
mod tests {
    use super::{Intake, Json, LINE_MAX, Lines, RecordStream, Validator};
    use crate::finding::RunContext;

    fn validator() -> Validator {
        Validator::new(&RunContext::new("acme", "prod", "r1", crate::time::Timestamp::default())).unwrap()
    }

    fn record(account: &str) -> String {
        format!(
            r#"{{"check_id":"custom.a","status":"fail","scope":{{"cloud":"gcp","account_id":"{account}","service":"s"}}}}"#
        )
    }

    #[test]
    fn pieces_of_any_length_are_the_same_lines() {
        let text = format!("{}\n\n{}\r\n[\n{}", record("a"), record("b"), record("a"));
        let whole = |size: usize| {
            let mut intake = Intake::new(validator(), false);
            text.as_bytes().chunks(size).for_each(|piece| intake.piece(piece).unwrap());
            intake.finish().unwrap()
        };
        let validated = whole(text.len());
        assert_eq!(validated.accepted.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [0, 2]);
        assert_eq!((validated.rejected[0].index, validated.counts.duplicates), (3, 1));
        for size in [1, 7, 64] {
            assert_eq!(whole(size), validated);
        }
    }

    #[test]
    fn a_strict_intake_stops_at_the_first_bad_record() {
        let mut intake = Intake::new(validator(), true);
        intake.piece(record("a").as_bytes()).unwrap();
        let fault = intake.record(&Json::Null).unwrap_err();
        assert_eq!((fault.code(), fault.path()), ("finding.not_object", "records/1"));
        let mut intake = Intake::new(validator(), true);
        let other = record("a").replace("fail", "info");
        let fault =
            intake.piece(format!("{}\n{other}\n", record("a")).as_bytes()).and_then(|()| intake.finish());
        assert_eq!(fault.unwrap_err().code(), "finding.duplicate");
    }

    #[test]
    fn a_line_without_end_takes_no_memory() {
        let mut lines = Lines::default();
        (0..40).for_each(|_| lines.piece(&vec![b'x'; 1 << 17], |_, _| panic!("no line ended")));
        assert_eq!(lines.rest.len(), LINE_MAX + 1);
        let mut stream = RecordStream { validator: validator(), lines };
        let mut codes = Vec::new();
        stream.piece(b"\n{", |(place, found)| codes.push((place, found.unwrap_err()[0].code)));
        stream.end(|(place, found)| codes.push((place, found.unwrap_err()[0].code)));
        assert_eq!(codes, [(0, "finding.too_large"), (1, "finding.bad_json")]);
    }
}
