//! The formats of a report: `JUnit` XML, SARIF, annotations.

use super::{Check, CheckStatus, Level, Report};
use crate::{Json, json::Object};
use std::fmt::Write as _;

impl Report {
    /// `JUnit` XML: a suite for each [`Check::suite`], without times.
    #[must_use]
    pub fn junit(&self) -> String {
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        open(&mut xml, "testsuites", "finops", self, false);
        for (name, suite) in self.suites() {
            open(&mut xml, "  <testsuite", name, &suite, true);
            for check in &suite.checks {
                case(&mut xml, check);
            }
            xml.push_str("  </testsuite>\n");
        }
        xml.push_str("</testsuites>\n");
        xml
    }

    /// SARIF 2.1.0: a result for each check that did not pass silently; `version` is that of the tool.
    #[must_use]
    pub fn sarif(&self, version: &str) -> Json {
        let shown: Vec<&Check> = self.checks.iter().filter(|check| is_shown(check)).collect();
        let mut rules: Vec<&str> = shown.iter().map(|check| check.name.as_str()).collect();
        rules.sort_unstable();
        rules.dedup();
        let results = shown.iter().map(|check| result(check, &rules));
        let driver = Json::object([
            ("name", Json::from("finops")),
            ("version", Json::from(version)),
            ("rules", Json::array(rules.iter().map(|id| Json::object([("id", Json::from(*id))])))),
        ]);
        let run = Json::object([
            ("tool", Json::object([("driver", driver)])),
            ("columnKind", Json::from("utf16CodeUnits")),
            ("results", Json::array(results)),
        ]);
        Json::object([
            (
                "$schema",
                Json::from(
                    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json",
                ),
            ),
            ("version", Json::from("2.1.0")),
            ("runs", Json::array([run])),
        ])
    }

    /// Workflow commands of GitHub Actions, one a line, for each check that did not pass silently.
    #[must_use]
    pub fn github(&self) -> String {
        let mut text = String::new();
        for check in self.checks.iter().filter(|check| is_shown(check)) {
            let command = match check.level {
                Level::Error => "error",
                Level::Warning => "warning",
                Level::Note => "notice",
            };
            text.push_str("::");
            text.push_str(command);
            text.push(' ');
            if let Some(place) = &check.place {
                put(&mut text, format_args!("file={},", property(&place.file)));
                for (name, number) in [("line", place.line), ("col", place.column)] {
                    if let Some(number) = number {
                        put(&mut text, format_args!("{name}={number},"));
                    }
                }
            }
            put(&mut text, format_args!("title={}::{}\n", property(&check.name), data(&check.message)));
        }
        text
    }
}

/// A passed check with a message is a warning or advice.
fn is_shown(check: &Check) -> bool {
    check.status != CheckStatus::Passed || !check.message.is_empty()
}

fn result(check: &Check, rules: &[&str]) -> Json {
    let mut members = Object::new();
    members.insert("ruleId", check.name.as_str());
    if let Ok(index) = rules.binary_search(&check.name.as_str()) {
        members.insert("ruleIndex", index);
    }
    members.insert("level", check.level.as_str());
    let text = if check.message.is_empty() { &check.name } else { &check.message };
    members.insert("message", Json::object([("text", Json::from(text.as_str()))]));
    if let Some(place) = &check.place {
        let mut physical = Object::new();
        physical.insert("artifactLocation", Json::object([("uri", Json::from(uri(&place.file)))]));
        if let Some(line) = place.line {
            let mut region = Object::new();
            region.insert("startLine", line);
            if let Some(column) = place.column {
                region.insert("startColumn", column);
            }
            physical.insert("region", region);
        }
        let location = Json::object([("physicalLocation", Json::Object(physical))]);
        members.insert("locations", Json::array([location]));
    }
    if check.status == CheckStatus::Skipped {
        let accepted = Json::object([
            ("kind", Json::from("external")),
            ("justification", Json::from(check.message.as_str())),
        ]);
        members.insert("suppressions", Json::array([accepted]));
    }
    Json::Object(members)
}

/// A path as a URI reference (RFC 3986): what stands in no path is percent-encoded.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte))
            }
            b'\\' => uri.push('/'),
            other => put(&mut uri, format_args!("%{other:02X}")),
        }
    }
    uri
}

fn open(xml: &mut String, tag: &str, name: &str, checks: &Report, skipped: bool) {
    let bracket = if tag.contains('<') { "" } else { "<" };
    put(
        xml,
        format_args!(
            "{bracket}{tag} name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\"",
            attribute(name),
            checks.checks.len(),
            checks.count(CheckStatus::Failed),
            checks.count(CheckStatus::Errored),
        ),
    );
    if skipped {
        put(xml, format_args!(" skipped=\"{}\"", checks.count(CheckStatus::Skipped)));
    }
    xml.push_str(">\n");
}

fn case(xml: &mut String, check: &Check) {
    put(
        xml,
        format_args!(
            "    <testcase name=\"{}\" classname=\"{}\"",
            attribute(&check.name),
            attribute(&check.suite)
        ),
    );
    if let Some(place) = &check.place {
        put(xml, format_args!(" file=\"{}\"", attribute(&place.file)));
        if let Some(line) = place.line {
            put(xml, format_args!(" line=\"{line}\""));
        }
    }
    let message = attribute(&check.message);
    match check.status {
        CheckStatus::Passed if check.message.is_empty() => xml.push_str("/>\n"),
        CheckStatus::Passed => {
            put(xml, format_args!(">\n      <system-out>{message}</system-out>\n    </testcase>\n"));
        }
        CheckStatus::Skipped => {
            put(xml, format_args!(">\n      <skipped message=\"{message}\"/>\n    </testcase>\n"));
        }
        CheckStatus::Failed | CheckStatus::Errored => {
            let tag = if check.status == CheckStatus::Failed { "failure" } else { "error" };
            let kind = attribute(&check.name);
            put(
                xml,
                format_args!(
                    ">\n      <{tag} message=\"{message}\" type=\"{kind}\">{message}</{tag}>\n    </testcase>\n"
                ),
            );
        }
    }
}

/// XML text, also inside an attribute; what XML 1.0 cannot hold becomes U+FFFD.
fn attribute(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => put(&mut escaped, format_args!("&#{};", u32::from(c))),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            plain => escaped.push(plain),
        }
    }
    escaped
}

/// The text of a workflow command (docs.github.com, workflow commands): `%`, CR and LF are encoded.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

fn put(text: &mut String, more: std::fmt::Arguments<'_>) {
    // Writing to a `String` cannot fail.
    let _ = text.write_fmt(more);
}
