use crate::rollup::Group;
use std::borrow::Cow;

/// Labels that single families add, and the names of the fixed fields: no tag may have one of them.
pub(super) const EXTRA: [&str; 3] = ["component", "kind", "le"];
pub(super) const COMPONENT: usize = 0;
pub(super) const KIND: usize = 1;
pub(super) const LE: usize = 2;

/// Fields of a key as labels, sorted by name.
pub(super) struct Names {
    /// Name of the label and place of the field among provider, model, status and tags.
    sorted: Vec<(String, usize)>,
}

impl Names {
    /// Characters that a label name cannot have become `_`; a name taken already gets `_` at its end, in the order of
    /// the tags.
    pub(super) fn new(tags: &[String]) -> Self {
        let mut sorted: Vec<(String, usize)> =
            ["provider", "model", "status"].into_iter().map(str::to_owned).zip(0..).collect();
        for (tag, place) in tags.iter().zip(3..) {
            let mut name: String =
                tag.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
            // Names that begin with two underscores are reserved for the scraper.
            if name.starts_with("__") || name.starts_with(|c: char| c.is_ascii_digit()) {
                name.insert_str(0, "tag_");
            }
            while EXTRA.contains(&name.as_str()) || sorted.iter().any(|(taken, _)| *taken == name) {
                name.push('_');
            }
            sorted.push((name, place));
        }
        sorted.sort();
        Self { sorted }
    }

    /// The labels of a group; what was not given is left out.
    pub(super) fn labels(&self, group: Group<'_>) -> Labels {
        let fields: Vec<Option<&str>> =
            [group.provider(), group.model(), group.status()].into_iter().chain(group.tags()).collect();
        let mut text = String::with_capacity(128);
        text.push('{');
        // Where each extra label goes: after all names below it.
        let mut cuts = [1_usize; EXTRA.len()];
        for (name, place) in &self.sorted {
            let Some(value) = fields.get(*place).copied().flatten() else { continue };
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(name);
            text.push_str("=\"");
            text.push_str(&escape(value));
            text.push('"');
            for (cut, extra) in cuts.iter_mut().zip(EXTRA) {
                if name.as_str() < extra {
                    *cut = text.len();
                }
            }
        }
        text.push('}');
        Labels { text, cuts }
    }
}

/// The labels of a group as text.
pub(super) struct Labels {
    text: String,
    cuts: [usize; EXTRA.len()],
}

impl Labels {
    pub(super) fn all(&self) -> &str {
        &self.text
    }

    /// Writes the labels with an extra one in its place.
    pub(super) fn write_with(&self, out: &mut String, label: usize, value: &str) {
        let cut = self.cuts.get(label).copied().unwrap_or(1);
        let (before, after) = self.text.split_at_checked(cut).unwrap_or(("{", "}"));
        out.push_str(before);
        if cut > 1 {
            out.push(',');
        }
        out.push_str(EXTRA.get(label).copied().unwrap_or_default());
        out.push_str("=\"");
        out.push_str(value);
        out.push('"');
        // What follows the cut starts with a comma of its own, unless it is the start of the list.
        if cut == 1 && after.len() > 1 {
            out.push(',');
        }
        out.push_str(after);
    }
}

/// The value of a label with `\`, `"` and newline escaped.
pub(super) fn escape(value: &str) -> Cow<'_, str> {
    if !value.contains(['\\', '"', '\n']) {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len().saturating_add(8));
    for c in value.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}
