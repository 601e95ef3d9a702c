//! A report as one HTML file: no script, no network, readable by everyone, on paper too.

use super::{
    Report,
    document::{Cell, Section, Table, document},
    svg::svg,
};
use sha2::{Digest, Sha256};

/// The style sheet; the page's policy names its hash, so that no other style applies.
const STYLE: &str = include_str!("report.css");

/// Text in HTML, inside elements and attributes.
///
/// ```
/// assert_eq!(finops_ledger::report::escape_html("a & b 'c'"), "a &amp; b &#39;c&#39;");
/// ```
#[must_use]
pub fn escape_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// The value of the page's Content-Security-Policy.
fn policy() -> String {
    let hash = crate::event::base64::encode(&Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{hash}'; img-src data:")
}

/// Words of a user stand in `bdi`: right-to-left text cannot reorder what surrounds it.
fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => format!("<bdi>{}</bdi>", escape_html(text)),
        Cell::Number(text) => escape_html(text),
        Cell::Unknown(reason) => format!("<em>unknown</em> ({})", escape_html(reason)),
    }
}

fn row(cells: &[Cell], columns: &[(&str, bool)], out: &mut String) {
    out.push_str("<tr>");
    for (i, (content, (_, numeric))) in cells.iter().zip(columns).enumerate() {
        let text = cell(content);
        let class = if *numeric && !matches!(content, Cell::Unknown(_)) { " class=\"n\"" } else { "" };
        let html =
            if i == 0 { format!("<th scope=\"row\">{text}</th>") } else { format!("<td{class}>{text}</td>") };
        out.push_str(&html);
    }
    out.push_str("</tr>\n");
}

fn table(table: &Table, out: &mut String) {
    let caption = escape_html(&table.caption);
    // A wide table scrolls in its own region, which the keyboard can reach.
    let opening = format!(
        "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{caption}\"><table><caption>{caption}</caption>\n<thead><tr>"
    );
    out.push_str(&opening);
    for (name, numeric) in &table.columns {
        let class = if *numeric { " class=\"n\"" } else { "" };
        out.push_str(&format!("<th scope=\"col\"{class}>{}</th>", escape_html(name)));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for cells in &table.rows {
        row(cells, &table.columns, out);
    }
    out.push_str("</tbody>\n");
    if let Some(total) = &table.total {
        out.push_str("<tfoot>");
        row(total, &table.columns, out);
        out.push_str("</tfoot>");
    }
    out.push_str("</table></div>\n");
}

fn section(section: &Section, out: &mut String) {
    let (id, heading) = (section.id, escape_html(&section.heading));
    out.push_str(&format!("<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{heading}</h2>\n"));
    for text in &section.text {
        out.push_str(&format!("<p>{}</p>\n", escape_html(text)));
    }
    if let Some(chart) = &section.chart {
        out.push_str(&format!("<figure>{}</figure>\n", svg(chart, &format!("{id}-chart"))));
    }
    if let Some(rows) = &section.table {
        table(rows, out);
    }
    out.push_str("</section>\n");
}

impl Report {
    /// The report as one HTML file.
    #[must_use]
    pub fn to_html(&self) -> String {
        let document = document(self);
        let (title, policy) = (escape_html(&document.title), policy());
        let mut out = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n\
             <body>\n<a class=\"skip\" href=\"#main\">Skip to the report</a>\n<header>\n<h1>{title}</h1>\n<p>{}</p>\n</header>\n\
             <nav aria-label=\"Sections\"><ul>\n",
            escape_html(&document.subtitle)
        );
        for part in &document.sections {
            out.push_str(&format!("<li><a href=\"#{}\">{}</a></li>\n", part.id, escape_html(&part.heading)));
        }
        out.push_str("</ul></nav>\n<main id=\"main\" tabindex=\"-1\">\n<dl class=\"lead\">\n");
        for (name, value, note) in &document.lead {
            out.push_str(&format!(
                "<div><dt>{name}</dt><dd><strong>{}</strong><span>{note}</span></dd></div>\n",
                escape_html(value)
            ));
        }
        out.push_str("</dl>\n");
        for part in &document.sections {
            section(part, &mut out);
        }
        out.push_str("</main>\n</body>\n</html>\n");
        out
    }
}
