//! A report as CommonMark with tables.

use super::{
    Report,
    document::{Cell, Table, document},
};

/// Text in a table cell: a backslash precedes each character that CommonMark could read as markup; runs of line breaks
/// and tabs become one space.
///
/// ```
/// assert_eq!(finops_ledger::report::escape_markdown("p|q\nr"), "p\\|q r");
/// ```
#[must_use]
pub fn escape_markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_break = false;
    for c in text.chars() {
        let is_break = matches!(c, '\n' | '\r' | '\t');
        match c {
            _ if is_break && in_break => {}
            _ if is_break => out.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
        in_break = is_break;
    }
    out
}

fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => escape_markdown(text),
        Cell::Number(text) => text.clone(),
        Cell::Unknown(reason) => format!("unknown ({})", escape_markdown(reason)),
    }
}

fn line(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

fn table(table: &Table, out: &mut String) {
    out.push_str(&line(table.columns.iter().map(|(name, _)| (*name).to_owned())));
    let rule = |(_, numeric): &(&str, bool)| (if *numeric { "---:" } else { "---" }).to_owned();
    out.push_str(&line(table.columns.iter().map(rule)));
    for row in &table.rows {
        out.push_str(&line(row.iter().map(cell)));
    }
    if let Some(total) = &table.total {
        out.push_str(&line(total.iter().map(|c| format!("**{}**", cell(c)))));
    }
    out.push('\n');
}

impl Report {
    /// The report as CommonMark with tables; charts are left to their tables.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let document = document(self);
        let mut out = format!("# {}\n\n{}\n\n", escape_markdown(&document.title), document.subtitle);
        out.push_str("| Figure | Value | What it is |\n| --- | ---: | --- |\n");
        for (name, value, note) in &document.lead {
            out.push_str(&line([(*name).to_owned(), escape_markdown(value), (*note).to_owned()].into_iter()));
        }
        out.push('\n');
        for section in &document.sections {
            out.push_str(&format!("## {}\n\n", section.heading));
            for text in &section.text {
                out.push_str(&format!("{text}\n\n"));
            }
            if let Some(rows) = &section.table {
                table(rows, &mut out);
            }
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
        out
    }
}
