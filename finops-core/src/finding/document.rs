//! Records as files hold them.

use super::batch::Batch;
use crate::{
    error::{Fault, shorten},
    json::{Json, Limits, MAX_DEPTH, read},
};

/// Where the records of a document stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One a line: a record's place is its line, from 0.
    Lines,
    /// A list, or the member `findings` of a report: a record's place is that in the list.
    List,
    /// One record alone.
    One,
}

impl Batch {
    /// Takes the records of a document: JSON Lines, a list of records, the report of a run, or one record. Places count
    /// from `first`; the answer tells how many there were, with blank lines.
    ///
    /// ```
    /// use finops_core::finding::{Batch, Layout, RunContext, Validator};
    /// let validator = Validator::new(&RunContext::engine("2026-11-21T08:00:00Z".parse()?))?;
    /// let mut batch = Batch::new(validator);
    /// assert_eq!(batch.document(0, b"{\"check_id\": 1}\n\n{}\n")?, (Layout::Lines, 3));
    /// assert_eq!(batch.document(3, b"[{}]")?, (Layout::List, 1));
    /// assert_eq!(batch.finish().rejected_count, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `finding.bad_json` for a document that is neither JSON nor JSON Lines, `finding.wrong_type` for one without records.
    pub fn document(&mut self, first: usize, text: &[u8]) -> Result<(Layout, usize), Fault> {
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        let limits = Limits { bytes: usize::MAX, depth: MAX_DEPTH };
        let error = match read(text, &limits) {
            Ok(Json::Array(records)) => return Ok((Layout::List, self.list(first, &records))),
            Ok(Json::Object(members)) => match members.get("findings") {
                Some(Json::Array(records)) => return Ok((Layout::List, self.list(first, records))),
                _ => {
                    self.record(first, &Json::Object(members));
                    return Ok((Layout::One, 1));
                }
            },
            Ok(other) => {
                let problem = format!("is a {}, which holds no records", other.type_name());
                let help = "give JSON Lines, a list of records or the report of a run";
                return Err(Fault::new("finding.wrong_type", "", problem, help));
            }
            Err(error) => error,
        };
        // Lines are told from a broken document by the first of them.
        let line = text.split(|byte| *byte == b'\n').find(|line| !line.iter().all(u8::is_ascii_whitespace));
        if line.is_none_or(|line| read(line, &limits).is_err()) {
            let problem = shorten(&error.to_string());
            return Err(Fault::new("finding.bad_json", "", problem, "give JSON Lines or a list of records"));
        }
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let mut count = 0_usize;
        for line in text.split(|byte| *byte == b'\n') {
            self.line(first.saturating_add(count), line);
            count = count.saturating_add(1);
        }
        Ok((Layout::Lines, count))
    }

    fn list(&mut self, first: usize, records: &[Json]) -> usize {
        for (index, record) in records.iter().enumerate() {
            self.record(first.saturating_add(index), record);
        }
        records.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{RunContext, Validator};

    fn batch() -> Batch {
        Batch::new(Validator::new(&RunContext::engine(crate::time::Timestamp::default())).unwrap())
    }

    #[test]
    fn what_holds_no_records_is_refused() {
        for (text, code) in [
            ("", "finding.bad_json"),
            ("{\"check_id\":\n", "finding.bad_json"),
            ("[{}, {\"a\": ", "finding.bad_json"),
            ("12", "finding.wrong_type"),
        ] {
            assert_eq!(batch().document(0, text.as_bytes()).unwrap_err().code(), code, "{text}");
        }
    }

    #[test]
    fn a_report_and_lines_give_the_same_places() {
        let mut one = batch();
        assert_eq!(one.document(5, br#"{"as_of": "x", "findings": [{}, {}]}"#).unwrap(), (Layout::List, 2));
        let places: Vec<usize> = one.finish().rejected.iter().map(|rejection| rejection.index).collect();
        assert_eq!(places, [5, 6]);
        let mut two = batch();
        assert_eq!(two.document(5, b"{}\r\n{").unwrap(), (Layout::Lines, 2), "a broken line is one record");
        assert_eq!(two.finish().rejected_count, 2);
        let mut three = batch();
        assert_eq!(three.document(0, b"{}").unwrap(), (Layout::One, 1));
    }
}
